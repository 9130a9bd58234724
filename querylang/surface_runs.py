"""Runs of points on surfaces: single places, grids, evenly spread points, and outlines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from .surfaces import Surface

Spot = tuple[Fraction, Fraction]
"""A 2-D FPALP (u, v)."""

CENTER: Spot = (Fraction(1, 2), Fraction(1, 2))
OUTLINE_COUNT = 24
"""Points of an outline whose number is not told."""


@dataclass(frozen=True, slots=True)
class SpotRun:
    """Explicit places on one surface, in order."""

    surface: str
    places: tuple[Spot, ...]

    @property
    def part(self) -> str:
        return self.surface

    @property
    def count(self) -> int:
        return len(self.places)

    def spots(self) -> Iterator[Spot]:
        """Yield the (u, v) in order."""
        return iter(self.places)


@dataclass(frozen=True, slots=True)
class GridRun:
    """A grid over a whole surface, row by row from the upper left: the centres of rows x columns cells."""

    surface: str
    rows: int
    columns: int

    @property
    def part(self) -> str:
        return self.surface

    @property
    def count(self) -> int:
        return self.rows * self.columns

    def spots(self) -> Iterator[Spot]:
        """Yield the (u, v) in order."""
        for row in range(self.rows):
            yield from lay_row(row, self.rows, self.columns)


@dataclass(frozen=True, slots=True)
class SpreadRun:
    """Points spread evenly over a surface, row by row: cells as near to squares as their number allows.

    Attributes:
        surface: Its name.
        count: How many.
        aspect: The surface's width over its height.
    """

    surface: str
    count: int
    aspect: Fraction

    @property
    def part(self) -> str:
        return self.surface

    @property
    def columns(self) -> tuple[int, ...]:
        """How many points each row has; they differ by one at most."""
        rows = max(1, min(self.count, round((self.count / float(self.aspect)) ** 0.5)))
        # Rows with more points lie evenly among those with fewer.
        return tuple(self.count * (row + 1) // rows - self.count * row // rows for row in range(rows))

    def spots(self) -> Iterator[Spot]:
        """Yield the (u, v) in order."""
        columns = self.columns
        for row, number in enumerate(columns):
            yield from lay_row(row, len(columns), number)


@dataclass(frozen=True, slots=True)
class OutlineRun:
    """Points along a surface's edge, once round from the upper left, first along its top.

    Attributes:
        surface: Its name.
        count: How many.
        spacing: "fpalp" for equal steps round the unit square, "arc" for equal distances in the picture.
    """

    surface: str
    count: int
    spacing: Literal["fpalp", "arc"] = "fpalp"

    @property
    def part(self) -> str:
        return self.surface

    def spots(self) -> Iterator[Spot]:
        """Yield the (u, v) in order; with spacing "arc" provisional ones."""
        return (walk_round(Fraction(number, self.count)) for number in range(self.count))


SurfaceRun = SpotRun | GridRun | SpreadRun | OutlineRun


def lay_row(row: int, rows: int, columns: int) -> Iterator[Spot]:
    """Yield the centres of one row's cells."""
    v = Fraction(2 * row + 1, 2 * rows)
    return ((Fraction(2 * column + 1, 2 * columns), v) for column in range(columns))


def walk_round(share: Fraction) -> Spot:
    """Return the place at a share 0..1 of the way round the unit square, from the upper left, clockwise."""
    side, along = divmod(share * 4, 1)
    corners = (along, Fraction(0)), (Fraction(1), along), (1 - along, Fraction(1)), (Fraction(0), 1 - along)
    return corners[int(side) % 4]


def spread_points(surface: Surface, count: int) -> SurfaceRun:
    """Return points spread evenly over a surface; one alone lies in its centre."""
    return SpotRun(surface.name, (CENTER,)) if count == 1 else SpreadRun(surface.name, count, surface.aspect)


def take_spots(run: SurfaceRun, indices: range) -> SpotRun:
    """Return the points of a run at some indices."""
    spots = tuple(run.spots())
    return SpotRun(run.surface, tuple(spots[i] for i in indices))
