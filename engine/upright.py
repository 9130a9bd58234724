"""Turned faces: how far a face is turned in its crop, and the crop in which it stands upright."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..model.crops import DEFAULT_MARGIN, CropFrame
from ..querylang.landmarks import LandmarkQuery
from ..querylang.registry import load_registry

FloatArray = npt.NDArray[np.float64]

UPPER_PARTS = ("left eyebrow", "right eyebrow", "left eye", "right eye", "left pupil", "right pupil")
LOWER_PARTS = ("outer lip", "inner lip", "nose boundary")

ANGLE_STEP = math.radians(0.1)
SIDE_STEP = 1 / 64
"""In octaves: 1.1%."""
CENTER_STEP = 1 / 256
"""In sides of the crop."""


@dataclass(frozen=True)
class RollGauge:
    """Reads a face's roll off some of its landmarks.

    Landmarks that mirror each other give the face's own x axis, whichever way it looks; brows and eyes against nose and
    lips give its y axis. A turned head shortens one of the two, so both are added up.

    Attributes:
        lefts, rights: (pairs,) indices of landmarks that mirror each other, the left one in the picture first.
        uppers, lowers: Indices of the landmarks above and below.
    """

    lefts: npt.NDArray[np.intp]
    rights: npt.NDArray[np.intp]
    uppers: npt.NDArray[np.intp]
    lowers: npt.NDArray[np.intp]

    @classmethod
    def for_landmarks(cls, landmarks: Sequence[tuple[str, Fraction]]) -> RollGauge:
        """Return the gauge of a list of landmarks, each a part and an FPALP."""
        registry = load_registry()
        places = [registry.canonical_place(LandmarkQuery(*landmark)) for landmark in landmarks]
        index = {place: i for i, place in enumerate(places)}
        pairs = [(i, index[mirror]) for i, place in enumerate(places) if (mirror := registry.mirror(place)) in index]
        # Each pair comes twice, once each way round.
        ordered = [pair for pair in pairs if is_left(places[pair[0]], places[pair[1]])]
        return cls(
            lefts=np.array([left for left, _ in ordered], dtype=np.intp),
            rights=np.array([right for _, right in ordered], dtype=np.intp),
            uppers=np.array([i for i, place in enumerate(places) if place.part in UPPER_PARTS], dtype=np.intp),
            lowers=np.array([i for i, place in enumerate(places) if place.part in LOWER_PARTS], dtype=np.intp),
        )

    def measure(self, points: FloatArray) -> float:
        """Return how far a face is turned, radians, clockwise as seen, -pi..pi.

        Args:
            points: (landmarks, 2), in any frame whose y axis points down.
        """
        across = (points[self.rights] - points[self.lefts]).sum(axis=0) / len(self.lefts)
        down = points[self.lowers].mean(axis=0) - points[self.uppers].mean(axis=0)
        # The y axis turned back by a right angle is the x axis again.
        return math.atan2(across[1] - down[0], across[0] + down[1])


def is_left(place: LandmarkQuery, mirror: LandmarkQuery) -> bool:
    """Whether a landmark is the left one of its pair in the picture of an upright face."""
    if place.part != mirror.part:
        return place.part.startswith("left ")
    part = load_registry().parts[place.part]
    if not part.is_closed:
        return place.fpalp < mirror.fpalp
    # Closed parts that mirror themselves run over the upper edge from left (0) to right (1/2), and back.
    return abs(place.fpalp - Fraction(1, 2)) > Fraction(1, 4)


def turn_upright(frame: CropFrame, points_norm: FloatArray, roll: float) -> CropFrame:
    """Return the crop frame in which a face stands upright.

    Args:
        frame: The frame that the face was seen in.
        points_norm: (landmarks, 2) crop units of that frame, enough of them to span the face.
        roll: How far the face is turned in that frame, radians.

    Returns:
        The square round the landmarks' own box, turned as the face is, with the detector's margin; all three in steps
        that the eye cannot see, because a crop's pixels are whole numbers: without them the last bits of where the
        landmarks lie, which differ from machine to machine, would move answers by a hundredth of a pixel.
    """
    angle = math.remainder(snap(frame.angle + roll, ANGLE_STEP), 2 * math.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    axes = np.array([[cos, -sin], [sin, cos]])  # the face's x and y axis in the photo, as columns
    own = frame.to_photo(points_norm) @ axes
    low, high = own.min(axis=0), own.max(axis=0)
    x, y = axes @ ((low + high) / 2)
    side = 2 ** snap(math.log2(float((high - low).max()) * DEFAULT_MARGIN), SIDE_STEP)
    return CropFrame((snap(x, CENTER_STEP * side), snap(y, CENTER_STEP * side)), side, angle)


def snap(value: float, step: float) -> float:
    """Return the multiple of a step that is nearest to a value."""
    return round(value / step) * step
