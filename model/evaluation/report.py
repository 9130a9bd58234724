"""An evaluation on annotated faces: overall, by subset, by part, between the layout's points, and of the scale."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

import numpy as np
from scipy.stats import spearmanr

from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import Layout, load_registry
from ..crops import CropFrame
from ..data.curves import apply_targets, make_scheme, target_matrix
from ..data.packs import AnnotatedFaces
from ..reader import LandmarkReader
from .metrics import FloatArray, area_under_ced, bootstrap_interval, failure_rate, inter_ocular, normalized_errors
from .predict import predict_landmarks

CURVE_SAMPLES = 41
CALIBRATION_BINS = 10


@dataclass(frozen=True)
class ErrorSummary:
    """Mean inter-ocular NME over faces.

    Attributes:
        faces: how many.
        nme: mean, %.
        nme_low, nme_high: 95% bootstrap interval over faces, %.
        median: over faces, %.
        failure_8, failure_10: share of faces over 8% and 10%, %.
        auc_8, auc_10: area under the cumulative error curve up to 8% and 10%, 0..1.
    """

    faces: int
    nme: float
    nme_low: float
    nme_high: float
    median: float
    failure_8: float
    failure_10: float
    auc_8: float
    auc_10: float


@dataclass(frozen=True)
class CurveSummary:
    """How a part's curve, asked at 41 FPALPs over the annotated stretch, follows the spline through the annotation.

    Attributes:
        path_ratio: length of the asked path over the spline's, mean over faces.
        distance: mean distance to the nearest point of the spline, % of inter-ocular.
    """

    path_ratio: float
    distance: float


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate_faces` found.

    Attributes:
        subsets: summaries by name; "all" is every face.
        parts: mean NME by part, %.
        curves: by part with more than two annotated points.
        scale_correlation: Spearman's rho of expected and true error over faces, mean over landmarks.
        scale_ratio: mean expected error over mean true error; 1 is calibrated.
        calibration: mean expected and mean true error, % of inter-ocular, of the tenths of all points by rising
            expected error.
    """

    set_name: str
    layout: str
    subsets: dict[str, ErrorSummary]
    parts: dict[str, float]
    curves: dict[str, CurveSummary]
    scale_correlation: float
    scale_ratio: float
    calibration: tuple[tuple[float, float], ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    def to_markdown(self) -> str:
        """Return the tables of the model card."""
        lines = [
            f"### {self.set_name}, {self.layout} points",
            "",
            "| faces | n | NME % | 95% interval | median | FR@8 % | FR@10 % | AUC@8 | AUC@10 |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for name, s in self.subsets.items():
            lines.append(
                f"| {name} | {s.faces} | {s.nme:.2f} | {s.nme_low:.2f}-{s.nme_high:.2f} | {s.median:.2f} | "
                f"{s.failure_8:.1f} | {s.failure_10:.1f} | {s.auc_8:.3f} | {s.auc_10:.3f} |"
            )
        lines += [
            "",
            "| part | NME % | path length over the spline's | distance to the spline % |",
            "|---|---|---|---|",
        ]
        for part, nme in self.parts.items():
            curve = self.curves.get(part)
            extra = f"{curve.path_ratio:.3f} | {curve.distance:.2f}" if curve else "- | -"
            lines.append(f"| {part} | {nme:.2f} | {extra} |")
        lines += [
            "",
            f"Expected error: Spearman correlation with the true error {self.scale_correlation:.2f} "
            f"(mean over landmarks); mean expected over mean true error {self.scale_ratio:.2f}.",
            "",
            "| tenth of the points by expected error | " + " | ".join(map(str, range(1, CALIBRATION_BINS + 1))) + " |",
            "|---" * (CALIBRATION_BINS + 1) + "|",
            "| expected % | " + " | ".join(f"{expected:.2f}" for expected, _ in self.calibration) + " |",
            "| true % | " + " | ".join(f"{true:.2f}" for _, true in self.calibration) + " |",
        ]
        return "\n".join(lines)


def summarize(face_errors: FloatArray) -> ErrorSummary:
    """Summarise mean errors of faces (faces,), inter-ocular units."""
    low, high = bootstrap_interval(face_errors)
    return ErrorSummary(
        faces=len(face_errors),
        nme=100 * float(face_errors.mean()),
        nme_low=100 * low,
        nme_high=100 * high,
        median=100 * float(np.median(face_errors)),
        failure_8=100 * failure_rate(face_errors, 0.08),
        failure_10=100 * failure_rate(face_errors, 0.10),
        auc_8=area_under_ced(face_errors, 0.08),
        auc_10=area_under_ced(face_errors, 0.10),
    )


def evaluate_faces(
    reader: LandmarkReader,
    faces: AnnotatedFaces,
    annotated: FloatArray,
    frames: Sequence[CropFrame],
    layout: Layout,
    subsets_of_faces: Sequence[Sequence[str]],
) -> Evaluation:
    """Evaluate a detector.

    Args:
        reader: of a detector in evaluation mode.
        faces: pictures and names.
        annotated: (faces, layout.size, 2) pixels of the picture.
        frames: one crop a face.
        layout: what the annotation's columns are.
        subsets_of_faces: for each face, the subsets it belongs to.
    """
    normalizer = inter_ocular(annotated, layout.name)
    predicted, expected = predict_landmarks(reader, faces, frames, layout.landmarks)
    errors = normalized_errors(predicted, annotated, normalizer)
    per_face = errors.mean(axis=1)
    members: dict[str, list[int]] = {}
    for row, names in enumerate(subsets_of_faces):
        for subset in names:
            members.setdefault(subset, []).append(row)
    subsets = {"all": summarize(per_face)}
    subsets.update({name: summarize(per_face[members[name]]) for name in sorted(members)})
    parts: dict[str, float] = {}
    for part in dict.fromkeys(landmark.part for landmark in layout.landmarks):
        columns = [i for i, landmark in enumerate(layout.landmarks) if landmark.part == part]
        parts[part] = 100 * float(errors[:, columns].mean())
    expected_norm = expected / normalizer[:, None]
    correlations = [spearmanr(expected_norm[:, i], errors[:, i]).statistic for i in range(layout.size)]
    return Evaluation(
        set_name=faces.name,
        layout=layout.name,
        subsets=subsets,
        parts=parts,
        curves=evaluate_curves(reader, faces, annotated, frames, layout, normalizer),
        scale_correlation=float(np.mean(correlations)),
        scale_ratio=float(expected_norm.mean() / errors.mean()),
        calibration=calibrate(expected_norm.ravel(), errors.ravel()),
    )


def calibrate(expected: FloatArray, true: FloatArray) -> tuple[tuple[float, float], ...]:
    """Return mean expected and mean true error in % of equal shares of the points (points,), surest first."""
    order = np.argsort(expected, kind="stable")
    return tuple(
        (100 * float(expected[rows].mean()), 100 * float(true[rows].mean()))
        for rows in np.array_split(order, CALIBRATION_BINS)
    )


def evaluate_curves(
    reader: LandmarkReader,
    faces: AnnotatedFaces,
    annotated: FloatArray,
    frames: Sequence[CropFrame],
    layout: Layout,
    normalizer: FloatArray,
) -> dict[str, CurveSummary]:
    """Compare densely asked curves with splines through the annotated points."""
    scheme = make_scheme(layout.landmarks, load_registry())
    curves = [curve for curve in scheme.curves if len(curve.columns) > 2]
    asked = [LandmarkQuery(c.part, Fraction(f)) for c in curves for f in np.linspace(*c.reach, CURVE_SAMPLES)]
    paths, _ = predict_landmarks(reader, faces, frames, asked)
    summaries = {}
    for number, curve in enumerate(curves):
        path = paths[:, number * CURVE_SAMPLES : (number + 1) * CURVE_SAMPLES]
        dense = np.linspace(*curve.reach, 8 * (CURVE_SAMPLES - 1) + 1).tolist()
        spline = apply_targets(target_matrix(scheme, [curve.part] * len(dense), dense), annotated)
        ratio = path_lengths(path) / path_lengths(spline)
        gap = np.linalg.norm(path[:, :, None] - spline[:, None], axis=-1).min(axis=2).mean(axis=1)
        summaries[curve.part] = CurveSummary(float(ratio.mean()), 100 * float((gap / normalizer).mean()))
    return summaries


def path_lengths(points: FloatArray) -> FloatArray:
    """Return (faces,): the length of each polyline of points (faces, samples, 2)."""
    lengths: FloatArray = np.linalg.norm(np.diff(points, axis=1), axis=-1).sum(axis=1)
    return lengths
