"""The landmark query: what the language resolves to and the detector answers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, repr=False)
class LandmarkQuery:
    """One landmark asked for: a face part and a place along its curve, or a surface and a place on it.

    Attributes:
        part: Plain part name with spaces, in the viewer's terms ("left eyebrow", "left cheek").
        fpalp: Face Part-Anchored Landmark Position, exact, 0 at the curve's start and 1 at its end; on a surface the u
            of the 2-D FPALP (u, v), from left to right.
        v: On a surface, from top to bottom; None on a curve.

    Examples:
        >>> faceql.LandmarkQuery("left pupil", Fraction(0)) in faceql.parse("pupils").landmarks
        True
    """

    part: str
    fpalp: Fraction
    v: Fraction | None = None

    def __repr__(self) -> str:
        place = "" if self.v is None else f", v={self.v!r}"
        return f"LandmarkQuery(part={self.part!r}, fpalp={self.fpalp!r}{place})"
