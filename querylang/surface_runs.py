"""Runs of points on surfaces: single places, grids, evenly spread points, and outlines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from .surfaces import Surface

Spot = tuple[Fraction, Fraction]
"""A 2-D FPALP (u, v)."""

Box = tuple[Fraction, Fraction, Fraction, Fraction]
"""A portion of a surface: u from the first to the third, v from the second to the last."""

WHOLE: Box = (Fraction(0), Fraction(0), Fraction(1), Fraction(1))
CENTER: Spot = (Fraction(1, 2), Fraction(1, 2))
OUTLINE_COUNT = 24
"""Points of an outline whose number is not told."""


@dataclass(frozen=True, slots=True)
class Spots(ABC):
    """Points on one surface."""

    surface: str

    @property
    def part(self) -> str:
        return self.surface

    @abstractmethod
    def spots(self) -> Iterator[Spot]:
        """Yield the (u, v) in order; with spacing "arc" provisional ones."""

    def take(self, indices: Iterable[int]) -> SpotRun:
        """Return the run of the points at some indices."""
        spots = tuple(self.spots())
        return SpotRun(self.surface, tuple(spots[i] for i in indices))


@dataclass(frozen=True, slots=True)
class SpotRun(Spots):
    """Explicit places on one surface, in order."""

    places: tuple[Spot, ...]

    @property
    def count(self) -> int:
        return len(self.places)

    def spots(self) -> Iterator[Spot]:
        return iter(self.places)


@dataclass(frozen=True, slots=True)
class GridRun(Spots):
    """A grid over a surface or a portion of it, row by row from the upper left: the centres of rows x columns cells."""

    rows: int
    columns: int
    box: Box = WHOLE

    @property
    def count(self) -> int:
        return self.rows * self.columns

    def spots(self) -> Iterator[Spot]:
        spots = (spot for row in range(self.rows) for spot in lay_row(row, self.rows, self.columns))
        return (place_within(spot, self.box) for spot in spots)


@dataclass(frozen=True, slots=True)
class SpreadRun(Spots):
    """Points spread evenly over a surface, row by row: cells as near to squares as their number allows.

    Attributes:
        surface: Its name.
        count: How many.
        aspect: The width over the height of what they are spread over.
        box: The portion of the surface.
    """

    count: int
    aspect: Fraction
    box: Box = WHOLE

    @property
    def columns(self) -> tuple[int, ...]:
        """How many points each row has; they differ by one at most."""
        rows = max(1, min(self.count, round((self.count / float(self.aspect)) ** 0.5)))
        # Rows with more points lie evenly among those with fewer.
        return tuple(self.count * (row + 1) // rows - self.count * row // rows for row in range(rows))

    def spots(self) -> Iterator[Spot]:
        columns = self.columns
        spots = (spot for row, number in enumerate(columns) for spot in lay_row(row, len(columns), number))
        return (place_within(spot, self.box) for spot in spots)


@dataclass(frozen=True, slots=True)
class OutlineRun(Spots):
    """Points along the edge of a surface, or of a portion of it, once round from the upper left, first along its top.

    Attributes:
        surface: Its name.
        count: How many.
        spacing: "fpalp" for equal steps round the unit square, "arc" for equal distances in the picture.
        box: The portion of the surface.
    """

    count: int
    spacing: Literal["fpalp", "arc"] = "fpalp"
    box: Box = WHOLE

    def spots(self) -> Iterator[Spot]:
        return (walk_round(Fraction(number, self.count), self.box) for number in range(self.count))


SurfaceRun = SpotRun | GridRun | SpreadRun | OutlineRun


def lay_row(row: int, rows: int, columns: int) -> Iterator[Spot]:
    """Yield the centres of one row's cells."""
    v = Fraction(2 * row + 1, 2 * rows)
    return ((Fraction(2 * column + 1, 2 * columns), v) for column in range(columns))


def walk_round(share: Fraction, box: Box = WHOLE) -> Spot:
    """Return the place at a share 0..1 of the way round a portion of the square, from the upper left, clockwise."""
    side, along = divmod(share * 4, 1)
    corners = (along, Fraction(0)), (Fraction(1), along), (1 - along, Fraction(1)), (Fraction(0), 1 - along)
    return place_within(corners[int(side) % 4], box)


def place_within(spot: Spot, box: Box) -> Spot:
    """Return where a place of the whole square lies when the square is shrunk to a portion."""
    (u, v), (left, top, right, bottom) = spot, box
    return left + u * (right - left), top + v * (bottom - top)


def cut_box(box: Box, choice: str, size: Fraction) -> Box:
    """Return the left, right, upper, lower or middle portion of a box, of a size 0..1; the middle one lies between
    left and right."""
    low = {"left": Fraction(0), "upper": Fraction(0), "middle": (1 - size) / 2}.get(choice, 1 - size)
    high = low + size
    cut = (0, low, 1, high) if choice in ("upper", "lower") else (low, 0, high, 1)
    corners = (Fraction(cut[0]), Fraction(cut[1])), (Fraction(cut[2]), Fraction(cut[3]))
    first, last = (place_within(corner, box) for corner in corners)
    return *first, *last


def find_edge(box: Box, edge: str, count: int) -> tuple[Spot, ...]:
    """Return places evenly along the top, bottom, left or right edge of a box, its ends included."""
    steps = max(1, count - 1)
    shares = [Fraction(i, steps) for i in range(count)] if count > 1 else [Fraction(1, 2)]
    across = Fraction(1) if edge in ("bottom", "right") else Fraction(0)
    spots = [(share, across) if edge in ("top", "bottom") else (across, share) for share in shares]
    return tuple(place_within(spot, box) for spot in spots)


def lies_within(spot: Spot, box: Box) -> bool:
    """Whether a place lies in a box, its edges included."""
    return box[0] <= spot[0] <= box[2] and box[1] <= spot[1] <= box[3]


def spread_points(surface: Surface, count: int, box: Box = WHOLE) -> SpreadRun:
    """Return points spread evenly over a surface or a portion of it; one alone lies in its centre."""
    aspect = surface.aspect * (box[2] - box[0]) / (box[3] - box[1])
    return SpreadRun(surface.name, count, aspect, box)
