"""Every part's curve on every face, at even FPALPs: what a new layout's landmarks are compared with.

They come from a known layout's points on the same faces (splines through them), or from a detector's answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import Registry
from ..crops import CropFrame
from ..data.curves import AnnotatedCurve, gather_curves
from ..data.packs import AnnotatedFaces
from ..detector import Detector
from ..evaluation.predict import predict_landmarks
from ..reader import LandmarkReader

FloatArray = npt.NDArray[np.float64]

STEPS = 360
"""Samples of a whole curve: every mirror map of the parts takes sample to sample."""
ASKED_STEPS = 72
"""Places of a whole curve that the detector is asked; the rest are splines through them."""

EYE_CORNERS = (("left eye", Fraction(0)), ("right eye", Fraction(1, 2)))

# How far a point of a part is known, % of inter-ocular, where no detector says it: what two systems or people differ
# by there (the mesh's regression against 300W's human labels, README of the face packs).
KNOWN_TO = {"face contour": 6.3, "eyebrow": 4.1, "nose": 2.8, "eye": 1.9, "pupil": 1.9, "lip": 3.1, "mouth": 3.1}
KNOWN_TO_ELSE = 3.5  # parts of one's own


@dataclass(frozen=True)
class DenseCurves:
    """The parts' curves on a set of faces.

    Attributes:
        landmarks: the place of each sample, FPALPs in steps of 1/STEPS.
        points: (faces, samples, 2) pixels, NaN where unknown.
        known_to: (samples,) how far a point is known there, as a share of inter-ocular.
        mirror: (samples,) which sample takes each one's place in the mirror; -1 where none does.
        axes: (faces, 2, 2) rows: along the line of the eyes, and down the face.
        origin: (faces, 2) the middle of the outer eye corners, pixels.
        inter_ocular: (faces,) the distance of the outer eye corners, pixels.
    """

    landmarks: tuple[LandmarkQuery, ...]
    points: FloatArray
    known_to: FloatArray
    mirror: npt.NDArray[np.intp]
    axes: FloatArray
    origin: FloatArray
    inter_ocular: FloatArray

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def index(self) -> dict[LandmarkQuery, int]:
        """The sample at each place."""
        return {landmark: number for number, landmark in enumerate(self.landmarks)}

    def to_face(self, points: FloatArray) -> FloatArray:
        """Return pixels (faces, landmarks, 2) in each face's own frame: eyes level and 1 apart, their middle at 0."""
        shifted = (points - self.origin[:, None]) / self.inter_ocular[:, None, None]
        turned: FloatArray = np.einsum("fij,fkj->fki", self.axes, shifted)
        return turned


def make_dense_curves(
    landmarks: Sequence[LandmarkQuery], points: FloatArray, registry: Registry, known_to: FloatArray | None = None
) -> DenseCurves:
    """Return the curves through known points.

    Args:
        landmarks: what the columns are; only the stretches of the parts that they cover are known.
        points: (faces, landmarks, 2) pixels, NaN where unknown.
        registry: the parts.
        known_to: (landmarks,) shares of inter-ocular; by part from `KNOWN_TO` if None.

    Raises:
        ConfigError: the outer eye corners are not among the landmarks' curves, or no face has both.
    """
    samples: list[LandmarkQuery] = []
    found, known = [], []
    for curve in gather_curves(landmarks, registry):
        at = sample_fpalps(curve)
        weights = curve.weights([float(fpalp) for fpalp in at])  # (samples, columns)
        samples += [LandmarkQuery(curve.part, fpalp) for fpalp in at]
        found.append(np.einsum("sc,fcd->fsd", weights, points[:, curve.columns]))
        if known_to is None:
            known.append(np.full(len(at), look_up_known_to(curve.part)))
        else:
            nearest = np.abs(np.array([float(f) for f in at])[:, None] - np.array(curve.fpalps)).argmin(axis=1)
            known.append(known_to[list(curve.columns)][nearest])
    index = {sample: number for number, sample in enumerate(samples)}
    dense = np.concatenate(found, axis=1)
    left, right = (index.get(LandmarkQuery(*corner)) for corner in EYE_CORNERS)
    if left is None or right is None:
        raise ConfigError("the known points need both outer eye corners: a layout with whole eyes, such as 300W")
    keep = np.isfinite(dense[:, [left, right]]).all(axis=(1, 2))
    if not keep.any():
        raise ConfigError("no face has both outer eye corners annotated")
    line = dense[:, right] - dense[:, left]
    length = np.linalg.norm(line, axis=-1)
    along = line / length[:, None]
    return DenseCurves(
        landmarks=tuple(samples),
        points=dense,
        known_to=np.concatenate(known),
        mirror=np.array([index.get(registry.mirror(sample), -1) for sample in samples], dtype=np.intp),
        axes=np.stack([along, np.stack([-along[:, 1], along[:, 0]], axis=-1)], axis=1),
        origin=(dense[:, left] + dense[:, right]) / 2,
        inter_ocular=length,
    )


def detect_dense_curves(
    detector: Detector, faces: AnnotatedFaces, frames: Sequence[CropFrame], registry: Registry
) -> DenseCurves:
    """Return the curves as a detector answers them on faces' pictures; their expected errors say how far to trust them.

    Args:
        detector: in evaluation mode.
        faces: the pictures; their annotation is not looked at.
        frames: one crop a face.
        registry: the parts.
    """
    asked = [
        LandmarkQuery(part.name, Fraction(step, ASKED_STEPS))
        for part in registry.parts.values()
        if part.name not in detector.parts_without_vector
        for step in range(1 if part.is_point else ASKED_STEPS + (not part.is_closed))
    ]
    points, expected = predict_landmarks(LandmarkReader(detector), faces, frames, asked, batch_size=4)
    index = {landmark: number for number, landmark in enumerate(asked)}
    left, right = (points[:, index[LandmarkQuery(*corner)]] for corner in EYE_CORNERS)
    size = np.linalg.norm(right - left, axis=-1, keepdims=True)
    return make_dense_curves(asked, points, registry, np.median(expected / size, axis=0))


def sample_fpalps(curve: AnnotatedCurve) -> list[Fraction]:
    """Return the FPALPs of a curve's samples; only its own points where they are too few for a spline."""
    if not curve.is_dense:
        return [Fraction(fpalp).limit_denominator(STEPS) for fpalp in curve.fpalps]
    low, high = curve.reach
    steps = [Fraction(step, STEPS) for step in range(STEPS + 1)]
    inside = [fpalp for fpalp in steps if low - 1e-9 <= float(fpalp) <= high + 1e-9]
    return inside[:-1] if curve.is_periodic else inside


def look_up_known_to(part: str) -> float:
    """Return how far a part's points are known, as a share of inter-ocular."""
    kinds = (value for key, value in KNOWN_TO.items() if part.endswith(key) or part.startswith(key))
    return next(kinds, KNOWN_TO_ELSE) / 100
