"""Names of landmarks: what people call a place on a face."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from types import MappingProxyType

from .curves import Place

# Each name, given as an instruction, asks for that place again. "left" is the left of the picture.
PLACE_NAMES = MappingProxyType(
    {
        ("face contour", Fraction(0)): "left jaw end",
        ("face contour", Fraction(8, 32)): "left jaw corner",
        ("face contour", Fraction(13, 32)): "left chin",
        ("face contour", Fraction(16, 32)): "chin tip",
        ("face contour", Fraction(19, 32)): "right chin",
        ("face contour", Fraction(24, 32)): "right jaw corner",
        ("face contour", Fraction(1)): "right jaw end",
        ("left eyebrow", Fraction(0)): "left eyebrow tail",
        ("left eyebrow", Fraction(2, 9)): "left eyebrow arch",
        ("left eyebrow", Fraction(1, 2)): "left eyebrow head",
        ("right eyebrow", Fraction(2, 9)): "right eyebrow arch",
        ("right eyebrow", Fraction(4, 9)): "right eyebrow tail",
        ("right eyebrow", Fraction(17, 18)): "right eyebrow head",
        ("nose bridge", Fraction(0)): "nose root",
        ("nose bridge", Fraction(1)): "nose tip",
        ("nose boundary", Fraction(0)): "left nostril wing",
        ("nose boundary", Fraction(1, 2)): "base of the nose",
        ("nose boundary", Fraction(1)): "right nostril wing",
        ("left eye", Fraction(0)): "left eye outer corner",
        ("left eye", Fraction(1, 4)): "top of the left eye",
        ("left eye", Fraction(1, 2)): "left eye inner corner",
        ("left eye", Fraction(3, 4)): "bottom of the left eye",
        ("right eye", Fraction(0)): "right eye inner corner",
        ("right eye", Fraction(1, 4)): "top of the right eye",
        ("right eye", Fraction(1, 2)): "right eye outer corner",
        ("right eye", Fraction(3, 4)): "bottom of the right eye",
        ("outer lip", Fraction(0)): "left mouth corner",
        ("outer lip", Fraction(2, 12)): "left peak of the cupid's bow",
        ("outer lip", Fraction(3, 12)): "cupid's bow",
        ("outer lip", Fraction(4, 12)): "right peak of the cupid's bow",
        ("outer lip", Fraction(6, 12)): "right mouth corner",
        ("outer lip", Fraction(9, 12)): "bottom of the lower lip",
        ("inner lip", Fraction(0)): "left inner mouth corner",
        ("inner lip", Fraction(4, 8)): "right inner mouth corner",
        ("left pupil", Fraction(0)): "left pupil",
        ("right pupil", Fraction(0)): "right pupil",
        ("middle of left eyebrow", Fraction(0)): "middle of left eyebrow",
        ("middle of right eyebrow", Fraction(0)): "middle of right eyebrow",
        ("middle of mouth", Fraction(0)): "middle of mouth",
    }
)

_NAMES_BY_FPALP = {(part, round(float(fpalp), 9)): name for (part, fpalp), name in PLACE_NAMES.items()}


def name_places(places: Iterable[Place]) -> tuple[str, ...]:
    """Return each place's own name, or its part and FPALP ("outer lip at 0.125") where it has none."""
    return tuple(
        _NAMES_BY_FPALP.get((place.part, round(place.fpalp, 9))) or f"{place.part} at {place.fpalp:.4g}"
        for place in places
    )
