"""One point of an answer, and a run of them on one part."""

from __future__ import annotations

from dataclasses import dataclass

from .visibility import PointVisibility


@dataclass(frozen=True, slots=True)
class Landmark:
    """One landmark of an answer.

    Attributes:
        part: Its face part, in the viewer's terms.
        fpalp: Its place along the part's curve, 0 at the start and 1 at the end; on a surface from left to right.
        name: Its own name where it has one ("left mouth corner"), else its part and place.
        xy: Pixels of the photo.
        expected_error: How far off it is likely to be, in pixels of the photo.
        face: Index into `Answer.faces`.
        v: On a surface its place from top to bottom; None on a curve.
        visibility: How likely it is seen, hidden, turned away or outside the photo; None where the weights do not tell.

    Examples:
        >>> point = engine.ask(photo, "nose tip")[0]
        >>> point.name, point.part, point.fpalp, point.visibility.is_seen
        ('nose tip', 'nose bridge', 1.0, True)
    """

    part: str
    fpalp: float
    name: str
    xy: tuple[float, float]
    expected_error: float
    face: int
    visibility: PointVisibility | None
    v: float | None = None


@dataclass(frozen=True, slots=True)
class Stroke:
    """A run of an answer's points on one part of one face: a line or a ring.

    Attributes:
        part: The part.
        face: Index into `Answer.faces`.
        start: First index of the run among the answer's points.
        stop: The index after its last.

    Examples:
        >>> answer.strokes[1]
        Stroke(part='inner lip', face=0, start=60, stop=120)
    """

    part: str
    face: int
    start: int
    stop: int
