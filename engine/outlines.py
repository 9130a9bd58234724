"""Rings and lines: which points of an answer are joined, and what is cut out of what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..querylang.query import Query
from ..querylang.shapes import Role, Shape

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outline:
    """A ring or a line through points of one face.

    Attributes:
        face: Index into `Answer.faces`.
        shape: "polygon", a ring whose last point joins its first, or "polyline".
        points: Indices of its points in the answer, along it.
        holes: Of a polygon, the rings that are cut out of it.

    Examples:
        >>> (outline,) = engine.ask(photo, "lips without the mouth opening as a polygon").outlines
        >>> outline.shape, len(outline.points), len(outline.holes)
        ('polygon', 12, 1)
    """

    face: int
    shape: Shape
    points: tuple[int, ...]
    holes: tuple[tuple[int, ...], ...] = ()

    @property
    def rings(self) -> tuple[tuple[int, ...], ...]:
        """The outline itself, then its holes.

        Examples:
            >>> (outline,) = engine.ask(photo, "lips without the mouth opening as a polygon").outlines
            >>> [len(ring) for ring in outline.rings]
            [12, 8]
        """
        return (self.points, *self.holes)


class Piece(NamedTuple):
    """Neighbouring points of one face and part with one role."""

    face: int
    role: Role | None
    part: str
    points: list[int]


def join_outlines(
    query: Query, parts: Sequence[str], run_index: Sequence[int], face_index: Sequence[int]
) -> tuple[Outline, ...]:
    """Return the rings and lines that a query asks for.

    Args:
        query: What was asked.
        parts: The part of each of the N points.
        run_index: Which of the query's runs each belongs to, (N,).
        face_index: Whose each is, (N,).
    """
    roles = query.roles
    if not any(roles):
        return ()
    pieces: list[Piece] = []
    for i, (part, run, face) in enumerate(zip(parts, run_index, face_index, strict=True)):
        key = (face, roles[run], part)
        if pieces and pieces[-1][:3] == key:
            pieces[-1].points.append(i)
        else:
            pieces.append(Piece(*key, [i]))
    outlines: list[Outline] = []
    for piece in pieces:
        points = tuple(piece.points)
        if piece.role in ("polygon", "polyline"):
            outlines.append(Outline(piece.face, piece.role, points))
        elif piece.role is not None and outlines and outlines[-1].face == piece.face:
            last = outlines.pop()
            holes = (*last.holes, points) if piece.role == "hole" else last.holes
            ring = last.points + points[::-1] if piece.role == "back" else last.points
            outlines.append(Outline(last.face, last.shape, ring, holes))
    return tuple(outline for outline in outlines if len(outline.points) >= least_points(outline.shape))


def keep_points(outlines: Sequence[Outline], kept: npt.NDArray[np.bool_]) -> tuple[Outline, ...]:
    """Return what is left of outlines when only some points are kept: lines break where one is gone.

    Args:
        outlines: Of the whole answer.
        kept: (N,) for each of its points.
    """
    numbers = np.cumsum(kept) - 1
    left: list[Outline] = []
    for outline in outlines:
        holes = [renumber(hole, kept, numbers) for hole in outline.holes]
        if outline.shape == "polygon":
            ring = renumber(outline.points, kept, numbers)
            left.append(Outline(outline.face, "polygon", ring, tuple(hole for hole in holes if len(hole) >= 3)))
            continue
        stretches: list[list[int]] = [[]]
        for point in outline.points:
            if kept[point]:
                stretches[-1].append(point)
            else:
                stretches.append([])
        left += [Outline(outline.face, "polyline", renumber(some, kept, numbers)) for some in stretches]
    return tuple(outline for outline in left if len(outline.points) >= least_points(outline.shape))


def renumber(points: Sequence[int], kept: npt.NDArray[np.bool_], numbers: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """Return the new indices of those points that are kept."""
    return tuple(int(numbers[point]) for point in points if kept[point])


def least_points(shape: Shape) -> int:
    """Return how many points an outline has at least."""
    return 3 if shape == "polygon" else 2


def count_runs(query: Query, points: int, faces: int) -> npt.NDArray[np.int64]:
    """Return which run each point of an answer belongs to, (points,), where the query alone tells how many each has."""
    counts = [run.count for run in query.runs]
    if len(counts) == 1 or None in counts or sum(count or 0 for count in counts) * faces != points:
        return np.zeros(points, dtype=np.int64)
    return np.tile(np.repeat(np.arange(len(counts)), [count or 0 for count in counts]), faces)
