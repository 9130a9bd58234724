"""An evaluation on annotated faces: overall, by subset, by part, between the layout's points, and of the scale."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

import numpy as np

from ...querylang.landmarks import LandmarkQuery
from ..crops import CropFrame
from ..data.curves import apply_targets, target_matrix
from ..data.packs import AnnotatedFaces
from ..detector import Detector
from ..reader import LandmarkReader
from .expected_error import ExpectedErrorScores, score_expected_errors
from .metrics import FloatArray, normalized_errors
from .offsets import offsets_to_markdown
from .predict import predict_landmarks
from .scores import NORMALIZERS, Scores, measure_normalizers, score_faces, summarize
from .visibility import VisibilityScores, score_visibility

CURVE_SAMPLES = 41


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
        scores: errors by normaliser, subset, part and landmark.
        curves: by part with more than two annotated points.
        expected_error: whether it tells the true one.
        visibility: whether it tells which points are seen; None where the set or the detector does not.
        predicted: (faces, landmarks, 2) pixels of the picture.
        expected_errors, true_errors: (faces, landmarks) shares of the set's own normaliser; true ones may be NaN.
    """

    set_name: str
    layout: str
    scores: Scores
    curves: dict[str, CurveSummary]
    expected_error: ExpectedErrorScores
    visibility: VisibilityScores | None
    predicted: FloatArray
    expected_errors: FloatArray
    true_errors: FloatArray

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON; what is known of single faces is left out."""
        told = asdict(self)
        scores = told.pop("scores")
        del scores["face_errors"], told["predicted"], told["expected_errors"], told["true_errors"]
        return {**{key: told.pop(key) for key in ("set_name", "layout")}, **scores, **told}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2)

    def to_markdown(self) -> str:
        """Return the tables of the model card."""
        subsets, own = self.scores.subsets, self.scores.normalizer
        lines = [
            f"### {self.set_name}, {self.layout or len(self.scores.landmarks)} points",
            "",
            f"Errors in % of the {own} distance, with 95% bootstrap intervals over faces.",
            "",
            "| faces | n | NME % | 95% interval | median | FR@8 % | FR@10 % | AUC@8 | AUC@10 |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for name, s in subsets.items():
            lines.append(
                f"| {name} | {s.faces} | {s.nme:.2f} | {s.nme_low:.2f}-{s.nme_high:.2f} | {s.median:.2f} | "
                f"{s.failure_8:.1f} | {s.failure_10:.1f} | {s.auc_8:.3f} | {s.auc_10:.3f} |"
            )
        used = [name for name in NORMALIZERS if name in subsets["all"].by_normalizer]
        lines += ["", "| NME % by normaliser | " + " | ".join(used) + " |", "|---" * (1 + len(used)) + "|"]
        for name, s in subsets.items():
            cells = [str(s.by_normalizer.get(key, "-")) for key in used]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines += [
            "",
            f"Inter-ocular: between the outer eye corners. Diagonal: of {self.scores.diagonal_of}. Inter-pupil: "
            "between the pupils, or the means of the eyes' points where no pupils are annotated.",
            *self._visibility_lines(),
            "",
            offsets_to_markdown(self.scores.offsets),
            "",
            "| part | NME % | path length over the spline's | distance to the spline % |",
            "|---|---|---|---|",
        ]
        for part, error in self.scores.parts.items():
            curve = self.curves.get(part)
            extra = f"{curve.path_ratio:.3f} | {curve.distance:.2f}" if curve else "- | -"
            lines.append(f"| {part} | {error} | {extra} |")
        lines += ["", self.expected_error.to_markdown()]
        if self.visibility is not None:
            lines += ["", self.visibility.to_markdown()]
        return "\n".join(lines)

    def _visibility_lines(self) -> list[str]:
        """Return the table of seen and hidden points, where the source tells them apart."""
        if not self.scores.visibility:
            return []
        rows = [f"| {name} | {error} |" for name, error in self.scores.visibility.items()]
        return ["", "| points | NME % |", "|---|---|", *rows]

    def landmarks_to_markdown(self) -> str:
        """Return the table of single landmarks."""
        lines = ["| id | part | FPALP | NME % |", "|---|---|---|---|"]
        lines += [f"| {mark.id} | {mark.part} | {mark.fpalp} | {mark.error} |" for mark in self.scores.landmarks]
        return "\n".join(lines)


def evaluate_faces(
    reader: LandmarkReader,
    faces: AnnotatedFaces,
    frames: Sequence[CropFrame],
    subsets_of_faces: Sequence[Sequence[str]] | None = None,
) -> Evaluation:
    """Evaluate a detector on the landmarks that the faces' columns are.

    Args:
        reader: of a detector in evaluation mode.
        faces: pictures and annotation.
        frames: one crop a face.
        subsets_of_faces: for each face, the subsets it belongs to; the source's by default.
    """
    predicted, expected = predict_landmarks(reader, faces, frames, faces.scheme.landmarks)
    scores = score_faces(faces, predicted, subsets_of_faces)
    normalizer = measure_normalizers(faces)[scores.normalizer]
    errors = normalized_errors(predicted, faces.points, normalizer)
    expected = expected / normalizer[:, None]
    return Evaluation(
        set_name=faces.name,
        layout=faces.layout,
        scores=scores,
        curves=evaluate_curves(reader, faces, frames, normalizer),
        expected_error=score_expected_errors(expected, errors),
        visibility=judge_visibility(reader, faces, frames),
        predicted=predicted,
        expected_errors=expected,
        true_errors=errors,
    )


def judge_visibility(
    reader: LandmarkReader, faces: AnnotatedFaces, frames: Sequence[CropFrame]
) -> VisibilityScores | None:
    """Score how a detector tells which points are seen, where it does and people have told."""
    detector = reader.detector
    if faces.visibility is None or not isinstance(detector, Detector) or detector.visibility is None:
        return None
    return score_visibility(reader, faces, frames)


def evaluate_curves(
    reader: LandmarkReader,
    faces: AnnotatedFaces,
    frames: Sequence[CropFrame],
    normalizer: FloatArray,
) -> dict[str, CurveSummary]:
    """Compare densely asked curves with splines through the annotated points."""
    scheme = faces.scheme
    curves = [curve for curve in scheme.curves if len(curve.columns) > 2 and curve.is_dense]
    asked = [LandmarkQuery(c.part, Fraction(f)) for c in curves for f in np.linspace(*c.reach, CURVE_SAMPLES)]
    if not asked:
        return {}
    paths, _ = predict_landmarks(reader, faces, frames, asked)
    summaries = {}
    for number, curve in enumerate(curves):
        path = paths[:, number * CURVE_SAMPLES : (number + 1) * CURVE_SAMPLES]
        dense = np.linspace(*curve.reach, 8 * (CURVE_SAMPLES - 1) + 1).tolist()
        spline = apply_targets(target_matrix(scheme, [curve.part] * len(dense), dense), faces.points)
        ratio = path_lengths(path) / path_lengths(spline)
        gap = np.array(  # face by face: all at once is gigabytes on large sets
            [
                np.linalg.norm(own[:, None] - true[None], axis=-1).min(axis=1).mean()
                for own, true in zip(path, spline, strict=True)
            ]
        )
        summaries[curve.part] = CurveSummary(float(np.nanmean(ratio)), 100 * float(np.nanmean(gap / normalizer)))
    return summaries


def path_lengths(points: FloatArray) -> FloatArray:
    """Return (faces,): the length of each polyline of points (faces, samples, 2)."""
    lengths: FloatArray = np.linalg.norm(np.diff(points, axis=1), axis=-1).sum(axis=1)
    return lengths


def score_together(evaluations: Sequence[Evaluation]) -> tuple[ExpectedErrorScores, int, int] | None:
    """Score the expected errors on the faces of several sets as one, on the landmarks that all of them have.

    Sets of another normaliser than the first's are left out.

    Returns:
        The scores, how many faces and how many landmarks; None where the sets share too little to be put together.
    """
    evaluations = [each for each in evaluations if each.scores.normalizer == evaluations[0].scores.normalizer]
    columns = [{(mark.part, mark.fpalp): i for i, mark in enumerate(each.scores.landmarks)} for each in evaluations]
    shared = [key for key in columns[0] if all(key in own for own in columns)]
    if len(evaluations) < 2 or not shared:
        return None
    chosen = [[own[key] for key in shared] for own in columns]
    expected, true = (
        np.concatenate([errors[:, some] for errors, some in zip(sets, chosen, strict=True)])
        for sets in ([each.expected_errors for each in evaluations], [each.true_errors for each in evaluations])
    )
    return score_expected_errors(expected, true), len(expected), len(shared)


def format_overview(evaluations: Sequence[Evaluation]) -> str:
    """Return a table of all sets, and of all faces of a layout together where several sets have it.

    Below it, how the expected error tells the true one over the faces of all sets with the first's normaliser.
    """
    lines = [
        "### All sets",
        "",
        "| layout | set | faces | normaliser | NME % | FR@8 % | FR@10 % | AUC@8 | AUC@10 |",
        "|---" * 9 + "|",
    ]
    by_layout: dict[tuple[str, str], list[Evaluation]] = {}
    for evaluation in evaluations:
        by_layout.setdefault((evaluation.layout, evaluation.scores.normalizer), []).append(evaluation)
    for (layout, normalizer), members in by_layout.items():
        rows = [(each.set_name, each.scores.subsets["all"]) for each in members]
        if len(members) > 1 and layout:
            rows.append(("all of the layout", summarize(np.concatenate([each.scores.face_errors for each in members]))))
        for name, s in rows:
            cells = [layout or "-", name, str(s.faces), normalizer, f"{s.nme:.2f} ({s.nme_low:.2f}-{s.nme_high:.2f})"]
            cells += [f"{s.failure_8:.1f}", f"{s.failure_10:.1f}", f"{s.auc_8:.3f}", f"{s.auc_10:.3f}"]
            lines.append(f"| {' | '.join(cells)} |")
    if (together := score_together(evaluations)) is not None:
        scores, faces, landmarks = together
        normalizer = evaluations[0].scores.normalizer
        told = f"All {faces} faces of an {normalizer} error as one set, the {landmarks} landmarks that every set has:"
        lines += ["", told, ""]
        lines.append(scores.to_markdown())
    return "\n".join(lines)
