"""Errors of predicted points on annotated faces: by normaliser, subset, part and landmark, with intervals.

It knows no detector: whatever gives points in the columns of an annotation is scored alike.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..data.packs import AnnotatedFaces, Visibility
from .metrics import FloatArray, area_under_ced, bootstrap_intervals, failure_rate, normalized_errors
from .offsets import MeanOffset, measure_offsets

Normalizer = Literal["inter-ocular", "diagonal", "inter-pupil"]
NORMALIZERS: tuple[Normalizer, ...] = ("inter-ocular", "diagonal", "inter-pupil")


@dataclass(frozen=True)
class MeanError:
    """A mean over faces and its 95% bootstrap interval, in %."""

    nme: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.nme:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass(frozen=True)
class ErrorSummary:
    """Errors over faces, in the set's own normaliser.

    Attributes:
        faces: how many.
        nme: mean, %.
        nme_low, nme_high: 95% bootstrap interval over faces, %.
        median: over faces, %.
        failure_8, failure_10: share of faces over 8% and 10%, %.
        auc_8, auc_10: area under the cumulative error curve up to 8% and 10%, 0..1.
        by_normalizer: the mean under every normaliser that the faces have.
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
    by_normalizer: dict[str, MeanError]


@dataclass(frozen=True)
class LandmarkError:
    """One landmark's mean error; `id` counts from 1."""

    id: int
    part: str
    fpalp: str
    error: MeanError


@dataclass(frozen=True)
class Scores:
    """What `score_faces` found.

    Attributes:
        normalizer: the set's own, see `own_normalizer`.
        diagonal_of: whose diagonal the one is.
        subsets: summaries by name; "all" is every face.
        parts: mean error by part.
        landmarks: mean error by landmark, in the annotation's order.
        visibility: mean error of the points that were "seen" and of those that were "hidden", over the faces that have
            any; empty where the source does not tell.
        offsets: by subset, how answers lie beside labels on all faces alike.
        face_errors: (faces,) mean error of each face, a share of the set's own normaliser.
    """

    normalizer: Normalizer
    diagonal_of: str
    subsets: dict[str, ErrorSummary]
    parts: dict[str, MeanError]
    landmarks: tuple[LandmarkError, ...]
    visibility: dict[str, MeanError]
    offsets: dict[str, MeanOffset]
    face_errors: FloatArray


def own_normalizer(faces: AnnotatedFaces) -> Normalizer:
    """Return the diagonal for AFLW (paper, section 4) and for sets with profiles, inter-ocular otherwise.

    A profile shows one outer eye corner; near a profile the distance between the two tells no size.
    """
    if faces.layout == "aflw" or faces.inter_ocular_px is None or np.isnan(faces.inter_ocular_px).any():
        return "diagonal"
    return "inter-ocular"


def measure_normalizers(faces: AnnotatedFaces) -> dict[str, FloatArray]:
    """Return each normaliser's length (faces,), pixels of the picture; NaN on faces that do not have it.

    "inter-ocular" is the distance between the outer eye corners; "diagonal" that of the source's face box, or of the
    tight box of the annotated points where the source has none; "inter-pupil" the distance between the pupils, or
    between the means of each eye's points where no pupils are annotated (300W's custom).
    """
    found = {}
    if faces.inter_ocular_px is not None:
        found["inter-ocular"] = faces.inter_ocular_px
    boxes = faces.boxes
    if boxes is None:
        boxes = np.concatenate([np.nanmin(faces.points, axis=1), np.nanmax(faces.points, axis=1)], axis=1)
    found["diagonal"] = np.linalg.norm(boxes[:, 2:] - boxes[:, :2], axis=-1)
    centers = [eye_centers(faces, side) for side in ("left", "right")]
    found["inter-pupil"] = np.linalg.norm(centers[0] - centers[1], axis=-1)
    return {name: length for name, length in found.items() if np.isfinite(length).any()}


def eye_centers(faces: AnnotatedFaces, side: str) -> FloatArray:
    """Return (faces, 2): the pupil, or else the mean of the eye's annotated points; NaN where neither is known."""
    parts = [landmark.part for landmark in faces.scheme.landmarks]
    part = f"{side} pupil" if f"{side} pupil" in parts else f"{side} eye"
    centers: FloatArray = nanmean(faces.points[:, [i for i, name in enumerate(parts) if name == part]], axis=1)
    return centers


def nanmean(values: FloatArray, axis: int) -> FloatArray:
    """Return means over what is known; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        means: FloatArray = np.nanmean(values, axis=axis)
    return means


def mean_errors(face_errors: FloatArray) -> list[MeanError]:
    """Return each column's mean error, of shares (faces, columns) that may be NaN."""
    lows, highs = 100 * bootstrap_intervals(face_errors)
    means = 100 * nanmean(face_errors, axis=0)
    return [MeanError(*map(float, bounds)) for bounds in zip(means, lows, highs, strict=True)]


def mean_error(face_errors: FloatArray) -> MeanError:
    """Return the mean error of shares (faces,)."""
    return mean_errors(face_errors[:, None])[0]


def summarize(face_errors: FloatArray, by_normalizer: dict[str, FloatArray] | None = None) -> ErrorSummary:
    """Summarise mean errors of faces (faces,), shares of the normaliser; under the others, where they are given.

    A face without any error (nothing is annotated on it) does not count.
    """
    known = face_errors[np.isfinite(face_errors)]
    (mean,) = mean_errors(known[:, None])
    return ErrorSummary(
        faces=len(known),
        nme=mean.nme,
        nme_low=mean.low,
        nme_high=mean.high,
        median=100 * float(np.median(known)),
        failure_8=100 * failure_rate(known, 0.08),
        failure_10=100 * failure_rate(known, 0.10),
        auc_8=area_under_ced(known, 0.08),
        auc_10=area_under_ced(known, 0.10),
        by_normalizer={
            name: mean_errors(errors[:, None])[0]
            for name, errors in (by_normalizer or {}).items()
            if np.isfinite(errors).any()
        },
    )


def score_faces(
    faces: AnnotatedFaces, predicted: FloatArray, subsets_of_faces: Sequence[Sequence[str]] | None = None
) -> Scores:
    """Score predictions.

    Args:
        faces: annotated.
        predicted: (faces, columns, 2) pixels of the picture, for the columns of `faces.points`.
        subsets_of_faces: for each face, the subsets it belongs to; the source's by default.
    """
    lengths = measure_normalizers(faces)
    own = own_normalizer(faces)
    errors = {name: normalized_errors(predicted, faces.points, length) for name, length in lengths.items()}
    per_face = {name: nanmean(each, axis=1) for name, each in errors.items()}
    members: dict[str, list[int]] = {}
    for row, names in enumerate(faces.subsets if subsets_of_faces is None else subsets_of_faces):
        for subset in names:
            members.setdefault(subset, []).append(row)
    rows_of = {"all": list(range(len(faces))), **{name: members[name] for name in sorted(members)}}
    landmarks = faces.scheme.landmarks
    parts = tuple(dict.fromkeys(landmark.part for landmark in landmarks))
    by_part = np.stack([nanmean(errors[own][:, [q.part == part for q in landmarks]], axis=1) for part in parts], axis=1)
    return Scores(
        normalizer=own,
        diagonal_of="the source's face box" if faces.boxes is not None else "the tight box of the annotated points",
        subsets={
            name: summarize(per_face[own][rows], {key: each[rows] for key, each in per_face.items()})
            for name, rows in rows_of.items()
        },
        parts=dict(zip(parts, mean_errors(by_part), strict=True)),
        landmarks=tuple(
            LandmarkError(number, landmark.part, str(landmark.fpalp), error)
            for number, (landmark, error) in enumerate(zip(landmarks, mean_errors(errors[own]), strict=True), start=1)
        ),
        visibility=score_by_visibility(faces, errors[own]),
        offsets=measure_offsets((predicted - faces.points) / lengths[own][:, None, None], rows_of),
        face_errors=per_face[own],
    )


def score_by_visibility(faces: AnnotatedFaces, errors: FloatArray) -> dict[str, MeanError]:
    """Return the mean errors of seen and of hidden points, of errors (faces, columns) that may be NaN."""
    if faces.visibility is None:
        return {}
    kinds = {"seen": Visibility.VISIBLE, "hidden": Visibility.EXTERNALLY_OCCLUDED}
    return {
        name: mean_error(nanmean(np.where(faces.visibility == kind, errors, np.nan), axis=1))
        for name, kind in kinds.items()
        if (faces.visibility == kind).any()
    }
