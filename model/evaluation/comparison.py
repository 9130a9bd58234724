"""Other systems beside the detector: the same faces, the same crops, the same points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import ConfigError
from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import load_registry
from ..crops import CropFrame
from ..data.curves import apply_targets, make_scheme, target_matrix
from ..data.packs import AnnotatedFaces
from ..template.dense_curves import make_dense_curves
from ..template.registration import Registration, register_layout
from .metrics import FloatArray, normalized_errors
from .other_systems import OtherSystem, columns_of, locate_all
from .predict import landmark_frames
from .scores import (
    ErrorSummary,
    MeanError,
    mean_error,
    mean_errors,
    measure_normalizers,
    nanmean,
    own_normalizer,
    summarize,
)

REGISTERED_FACES = 150
TUNING_FACES = 60
REGRESSED_FACES = 800
RIDGE = 10.0


@dataclass(frozen=True)
class SystemScores:
    """One system against the detector, on the points that it gives.

    Attributes:
        title: of the system.
        how: how its points became the layout's.
        points: how many of the layout's points it gives.
        theirs, ours: errors at these points.
        difference: theirs less ours over the same faces, with a paired interval; positive where ours is nearer.
        parts: theirs and ours, by part.
        subsets: theirs and ours, by the faces' subsets.
        face_errors: (faces,) theirs.
    """

    title: str
    how: str
    points: int
    theirs: ErrorSummary
    ours: ErrorSummary
    difference: MeanError
    parts: dict[str, tuple[MeanError, MeanError]]
    subsets: dict[str, tuple[MeanError, MeanError]]
    face_errors: FloatArray


class FittedSystem:
    """A system with all that it learnt from training faces: where it wants a face, and what its points are."""

    def __init__(self, system: OtherSystem, training: AnnotatedFaces) -> None:
        self.system = system
        self.training = training
        system.tune(*self._spread(TUNING_FACES))
        self._registration: Registration | None = None
        self._located: tuple[AnnotatedFaces, FloatArray] | None = None

    def _spread(self, count: int) -> tuple[AnnotatedFaces, list[CropFrame]]:
        """Return so many training faces, evenly spread over the set, and their crops."""
        faces = self.training.thin_out(count)
        return faces, landmark_frames(faces)

    def located(self) -> tuple[AnnotatedFaces, FloatArray]:
        """Return training faces and the system's own points (faces, points, 2) on them."""
        if self._located is None:
            faces, frames = self._spread(REGRESSED_FACES)
            self._located = faces, locate_all(self.system, faces, frames)
        return self._located

    def registration(self) -> Registration:
        """Return where the system's points lie on the parts, as it was registered on training faces."""
        if self._registration is None:
            faces, points = self.located()
            rows = slice(None, None, max(1, len(faces) // REGISTERED_FACES))
            registry = load_registry()
            curves = make_dense_curves(faces.scheme.landmarks, faces.points[rows], registry)
            self._registration = register_layout(points[rows], curves, registry)
        return self._registration

    def map_points(self, points: FloatArray, faces: AnnotatedFaces) -> list[tuple[str, FloatArray]]:
        """Bring the system's points (faces, points, 2) to an annotation's columns.

        Returns:
            Ways to do it, the plainest first: how, and points (faces, columns, 2), NaN in columns that it cannot give.
        """
        landmarks = faces.scheme.landmarks
        if self.system.layout and self.system.layout == faces.layout:
            return [("its own layout", points)]
        if self.system.layout:
            registry = load_registry()
            scheme = make_scheme(registry.layouts[self.system.layout].landmarks, registry)
            matrix = target_matrix(scheme, [q.part for q in landmarks], [float(q.fpalp) for q in landmarks])
            return [("splines through its own layout", apply_targets(matrix, points))]
        registration = self.registration()
        how = f"registered on {registration.faces} training faces, mean offsets taken off"
        ways = [(how, registration.map_points(points, landmarks, take_offsets_off=True))]
        trained, located = self.located()
        columns = columns_of(trained, landmarks)
        if columns is not None:
            linear = fit_linear_map(located, trained.points[:, columns])
            ways.append((f"linear map fitted on {len(trained)} training faces", linear.map_points(points)))
        return ways


@dataclass(frozen=True)
class LinearMap:
    """A ridge regression from a system's points to annotated ones, each face brought to one size and upright.

    Attributes:
        left, right: of the system's points, the two whose line stands for the face's roll.
        mean_in, mean_out, weights: of the regression.
    """

    left: int
    right: int
    mean_in: FloatArray
    mean_out: FloatArray
    weights: FloatArray

    def map_points(self, points: FloatArray) -> FloatArray:
        """Return annotated points (faces, columns, 2) from the system's (faces, points, 2)."""
        axes, size, center = upright(points, self.left, self.right)
        inputs = np.einsum("fij,fkj->fki", axes, (points - center) / size).reshape(len(points), -1)
        mapped = ((inputs - self.mean_in) @ self.weights + self.mean_out).reshape(len(points), -1, 2)
        back: FloatArray = np.einsum("fji,fkj->fki", axes, mapped) * size + center
        return back


def upright(points: FloatArray, left: int, right: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return each face's axes (faces, 2, 2) as rows, its size (faces, 1, 1) and its centre (faces, 1, 2)."""
    center = points.mean(axis=1, keepdims=True)
    size = np.sqrt(((points - center) ** 2).mean(axis=(1, 2), keepdims=True))
    line = points[:, right] - points[:, left]
    along = line / np.linalg.norm(line, axis=-1, keepdims=True)
    return np.stack([along, np.stack([-along[:, 1], along[:, 0]], axis=-1)], axis=1), size, center


def fit_linear_map(points: FloatArray, annotated: FloatArray) -> LinearMap:
    """Fit the map from a system's points (faces, points, 2) to annotated ones (faces, columns, 2), in pixels.

    The system's two points that lie furthest apart sideways stand for the roll. The tenth of the faces that fit worst
    leaves the second fit: the system went astray on them.
    """
    mean_x = (points - points.mean(axis=1, keepdims=True)).mean(axis=0)[:, 0]
    left, right = int(mean_x.argmin()), int(mean_x.argmax())
    axes, size, center = upright(points, left, right)
    inputs = np.einsum("fij,fkj->fki", axes, (points - center) / size).reshape(len(points), -1)
    targets = np.einsum("fij,fkj->fki", axes, (annotated - center) / size).reshape(len(points), -1)
    used = np.isfinite(targets).all(axis=1)
    if not used.any():
        raise ConfigError("no training face has all points of the layout: no linear map can be fitted")
    for _ in range(2):
        mean_in, mean_out = inputs[used].mean(axis=0), targets[used].mean(axis=0)
        x = inputs[used] - mean_in
        weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (targets[used] - mean_out))
        miss = np.linalg.norm((inputs - mean_in) @ weights + mean_out - targets, axis=1)
        used = used & (miss <= np.nanquantile(miss, 0.9))
    return LinearMap(left, right, mean_in, mean_out, weights)


def choose_training(candidates: Sequence[AnnotatedFaces], tests: Sequence[AnnotatedFaces]) -> AnnotatedFaces:
    """Return the human-labelled training faces that other systems are fitted on; none of the evaluated ones.

    A set with 300W's points comes first: it has whole curves of every large part.

    Raises:
        ConfigError: there are none.
    """
    evaluated = {path for faces in tests for path in faces.image_paths}
    layout = load_registry().layouts["300w"].landmarks
    ordered = sorted(candidates, key=lambda faces: columns_of(faces, layout) is None)
    for faces in ordered:
        keep = np.array([path not in evaluated for path in faces.image_paths])
        if keep.any():
            return faces.subset(keep, faces.name)
    raise ConfigError(
        "other systems are fitted on training faces, and no dataset given here has any: add human68 or 300W"
    )


def compare_system(
    fitted: FittedSystem, faces: AnnotatedFaces, frames: Sequence[CropFrame], ours: FloatArray
) -> list[SystemScores]:
    """Score a system, and the detector's points `ours` (faces, columns, 2) beside it, on the columns that it gives."""
    located = locate_all(fitted.system, faces, frames)
    normalizer = measure_normalizers(faces)[own_normalizer(faces)]
    found = []
    for how, mapped in fitted.map_points(located, faces):
        columns = np.flatnonzero(np.isfinite(mapped).all(axis=(0, 2)))
        if len(columns) == 0:
            continue
        errors = [
            normalized_errors(points[:, columns], faces.points[:, columns], normalizer) for points in (mapped, ours)
        ]
        per_face = [nanmean(each, axis=1) for each in errors]
        both = np.isfinite(per_face[0])
        difference = (per_face[0] - per_face[1])[both]
        landmarks = [faces.scheme.landmarks[column] for column in columns]
        found.append(
            SystemScores(
                title=fitted.system.title,
                how=how,
                points=len(columns),
                theirs=summarize(per_face[0]),
                ours=summarize(per_face[1]),
                difference=mean_error(difference),
                parts=score_parts(errors, landmarks),
                subsets=score_subsets(np.stack(per_face, axis=1), faces.subsets),
                face_errors=per_face[0],
            )
        )
    return found


def score_parts(
    errors: Sequence[FloatArray], landmarks: Sequence[LandmarkQuery]
) -> dict[str, tuple[MeanError, MeanError]]:
    """Return theirs and ours by part, of errors (faces, columns) of the two."""
    found = {}
    for part in dict.fromkeys(landmark.part for landmark in landmarks):
        columns = [column for column, landmark in enumerate(landmarks) if landmark.part == part]
        means = np.stack([nanmean(each[:, columns], axis=1) for each in errors], axis=1)
        theirs, ours = mean_errors(means)
        found[part] = (theirs, ours)
    return found


def score_subsets(
    errors: FloatArray, subsets_of_faces: Sequence[Sequence[str]]
) -> dict[str, tuple[MeanError, MeanError]]:
    """Return theirs and ours by subset, of each face's errors (faces, 2)."""
    found = {}
    for subset in sorted({name for names in subsets_of_faces for name in names}):
        theirs, ours = mean_errors(errors[[subset in names for names in subsets_of_faces]])
        found[subset] = (theirs, ours)
    return found


def format_comparison(scores: Sequence[SystemScores]) -> str:
    """Return the tables of the systems beside the detector."""
    lines = [
        "Other systems on the same faces and crops; each row compares the points that the system gives. The last "
        "column is theirs less faceql's on the same faces, with a paired 95% interval: positive where faceql is "
        "nearer.",
        "",
        "| system | how | points | NME % | median | FR@8 % | FR@10 % | AUC@8 | AUC@10 | faceql there % | difference |",
        "|---" * 11 + "|",
    ]
    for each in scores:
        s, gap = each.theirs, each.difference
        lines.append(
            f"| {each.title} | {each.how} | {each.points} | {s.nme:.2f} ({s.nme_low:.2f}-{s.nme_high:.2f}) | "
            f"{s.median:.2f} | {s.failure_8:.1f} | {s.failure_10:.1f} | {s.auc_8:.3f} | {s.auc_10:.3f} | "
            f"{each.ours.nme:.2f} ({each.ours.nme_low:.2f}-{each.ours.nme_high:.2f}) | "
            f"{gap.nme:+.2f} ({gap.low:+.2f} to {gap.high:+.2f}) |"
        )
    names = [f"{each.title}, {each.how}: theirs, faceql's" for each in scores]
    for what in ("subset", "part"):
        tables = [each.subsets if what == "subset" else each.parts for each in scores]
        lines += ["", f"| {what} | " + " | ".join(names) + " |", "|---" * (1 + len(scores)) + "|"]
        for row in dict.fromkeys(row for table in tables for row in table):
            cells = [", ".join(map(str, table[row])) if row in table else "-" for table in tables]
            lines.append(f"| {row} | {' | '.join(cells)} |")
    if any(each.title == "dlib" for each in scores):
        lines += ["", "dlib's predictor was trained on 300W's faces, human68's among them: its errors there are of "
                  "faces that it has seen."]  # fmt: skip
    return "\n".join(lines)
