"""Spreading: the points that an amount asks for on a piece of a part or of a surface.

In: pieces and an amount, as English and canonical text both say them; out: runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .counting import count_by_density, find_unified, make_default, make_run
from .meaning import Item, MistakeError
from .numbers import Number
from .pieces import CurvePiece, Patch, Piece, Place, Stretch
from .portions import find_x
from .registry import Registry
from .runs import CurveRun, Ends, PlaceRun, Run, drop_index
from .surface_runs import GridRun

Span = tuple[int, int]
ALONG = {
    "density": "has no density",
    "every": "has no steps along it",
    "segments": "cannot be divided",
    "pixels": "has no distances along it",
}
"""Amounts that are laid along a curve, and what is said of one place."""
NONE_THERE = "no point of the unified layout lies there: say how many"


@dataclass(frozen=True, slots=True)
class Spreader:
    """Spreads points.

    Attributes:
        registry: Parts, layouts and surfaces.
        limit: The most points a query may ask for.
    """

    registry: Registry
    limit: int

    def is_ring(self, piece: Piece) -> bool:
        """Whether a piece is a whole closed curve."""
        return isinstance(piece, Stretch) and piece.is_whole and self.registry.parts[piece.part].is_closed

    def check_count(self, number: Number, span: Span) -> int:
        """Return a number of points.

        Raises:
            MistakeError: It is no whole number, under 1 or over the limit.
        """
        span = number.span if number.span[1] else span
        if number.value.denominator != 1 or number.denominator:
            raise MistakeError("count", "a number of points is whole", span)
        if number.value <= 0:
            raise MistakeError("count", "a number of points is at least 1", span)
        if number.value > self.limit:
            raise MistakeError("too_many", f"more than {self.limit:,} points", span)
        return int(number.value)

    def check_surfaces(self, pieces: Sequence[Piece], amount: Item, span: Span) -> None:
        """Raise the mistake of what a surface, or what is no surface, cannot be asked for."""
        is_along = amount.positions is not None or any(getattr(amount, name) is not None for name in ALONG)
        if is_along and any(isinstance(piece, Patch) for piece in pieces):
            message = "a surface is asked by a number of points, a grid, a place such as (0.3, 0.6), or its outline"
            raise MistakeError("contradiction", message, span)
        if amount.grid is None:
            return
        if min(number.value for number in amount.grid) < 1:
            raise MistakeError("count", "a grid has at least one row and one column", span)
        if not all(isinstance(piece, Patch) and not piece.edge and piece.spot is None for piece in pieces):
            is_outline = all(isinstance(piece, Patch) and piece.edge for piece in pieces)
            message = "a grid fills a surface and makes no ring" if is_outline else "only a surface takes a grid"
            raise MistakeError("contradiction", message, span)

    def spread(
        self, piece: Piece, amount: Item, span: Span, *, ends: Ends = "both", origin: str = "", is_literal: bool = False
    ) -> Run:
        """Return the points that an amount asks for on one piece, those of the unified layout where it tells nothing.

        Args:
            piece: The piece.
            amount: How many, or where.
            span: The words that say so.
            ends: Which ends belong to it.
            origin: The side of the picture from which positions count, "" for along the curve.
            is_literal: Steps are measured on the whole part.

        Raises:
            MistakeError: The piece does not take such an amount.
        """
        if amount.count is not None:
            count = self.check_count(amount.count, span)
            if count > 1 and (isinstance(piece, Place) or (isinstance(piece, Patch) and piece.spot is not None)):
                raise MistakeError("count", f"that names 1 place, not {count} points", span, "1")
            return make_run(piece, count, self.registry, ends)
        if isinstance(piece, Patch) or (amount.positions is None and all(getattr(amount, n) is None for n in ALONG)):
            if amount.grid is not None and isinstance(piece, Patch):
                rows, columns = (int(number.value) for number in amount.grid)
                return GridRun(piece.part, rows, columns, piece.box)
            return self.place_default(piece, span, ends)
        if amount.positions is not None:
            return self.place_positions(piece, amount.positions, span, origin)
        return self.place_along(piece, amount, span, ends, is_literal=is_literal)

    def place_default(self, piece: Piece, span: Span, ends: Ends) -> Run:
        """Return the unified layout's points on a piece."""
        if ends == "both" or not isinstance(piece, Stretch):
            run = make_default(piece, self.registry)
        else:
            left_out = (piece.start, piece.stop) if ends == "neither" else (piece.stop,)
            fpalps = find_unified(piece, self.registry)
            inside = tuple(fpalp for fpalp in fpalps if self.is_ring(piece) or fpalp not in left_out)
            run = PlaceRun(piece.part, inside) if inside else None
        if run is None:
            raise MistakeError("count", NONE_THERE, span, "a number of points")
        return run

    def place_positions(self, piece: CurvePiece, positions: Sequence[Number], span: Span, origin: str) -> Run:
        """Return places along a piece; a part of one point has only its own."""
        if isinstance(piece, Place):
            if not self.registry.parts[piece.part].is_point or any(number.value for number in positions):
                raise MistakeError("contradiction", "one place has no positions along it", span)
            return PlaceRun(piece.part, (piece.fpalp,) * len(positions))
        for number in positions:
            check_fpalp(number, 1, span)
        start, stop = piece.start, piece.stop
        if starts_across(piece, origin, self.registry):
            start, stop = stop, start
        return PlaceRun(piece.part, tuple(start + number.value * (stop - start) for number in positions))

    def place_along(self, piece: CurvePiece, amount: Item, span: Span, ends: Ends, *, is_literal: bool) -> Run:
        """Return the run of a piece that is asked for by density, steps, equal parts or pixels."""
        if isinstance(piece, Place):
            name = next(name for name in ALONG if getattr(amount, name) is not None)
            if name == "density" or (name == "every" and self.registry.parts[piece.part].is_point):
                return make_run(piece, 1, self.registry)
            raise MistakeError("contradiction", f"one place {ALONG[name]}", span)
        is_cut = ends == "neither" and not self.is_ring(piece)
        if amount.every is not None:
            run = self.place_steps(piece, amount.every, span, is_literal=is_literal)
            return leave_ends(run, piece, span) if is_cut else run
        if amount.pixels is not None:
            if amount.pixels.value <= 0:
                raise MistakeError("count", "a distance is above zero", span)
            ends = "first" if ends == "first" or self.is_ring(piece) else "both"
            return CurveRun(piece.part, piece.start, piece.stop, None, ends, "arc", amount.pixels.value)
        if amount.segments is not None:
            count = self.check_count(amount.segments, span) + (not self.is_ring(piece))
            if is_cut:
                return leave_ends(make_run(piece, count, self.registry), piece, span)
        else:
            assert amount.density is not None
            if amount.density <= 0:
                raise MistakeError("count", "a density is above zero", span)
            count = count_by_density(piece, amount.density, self.registry)
        return make_run(piece, self.check_count(Number(Fraction(count), "integer"), span), self.registry, ends)

    def place_steps(self, piece: Stretch, step: Number, span: Span, *, is_literal: bool) -> Run:
        """Return points at steps along a piece, from its start."""
        if not 0 < step.value <= 1:
            raise MistakeError("fpalp_range", "a step along a part lies between 0 and 1", span, "a per cent")
        length = piece.stop - piece.start
        size = step.value if is_literal else step.value * abs(length)
        number = int(abs(length) / size) + 1
        if self.is_ring(piece) and abs(length) % size == 0:
            number -= 1
        self.check_count(Number(Fraction(number), "integer"), span)
        stop = piece.start + (number - 1) * (size if length >= 0 else -size)
        return CurveRun(piece.part, piece.start, stop, number) if number > 1 else PlaceRun(piece.part, (piece.start,))


def leave_ends(run: Run, piece: Stretch, span: Span) -> Run:
    """Return the points of a run that are no ends of its piece.

    Raises:
        MistakeError: There are none.
    """
    kept = drop_index([run], 0)
    if isinstance(run, CurveRun) and run.stop == piece.stop:
        kept = drop_index(kept, -1)
    if not kept:
        raise MistakeError("nothing_left", "without its ends nothing is left", span)
    return kept[0]


def check_fpalp(number: Number, most: int, span: Span) -> None:
    """Raise the mistake of a number that is no FPALP."""
    if 0 <= number.value <= most:
        return
    span = number.span if number.span[1] else span
    hint = f"'{number.value}%'" if number.form == "integer" and 1 < number.value <= 100 else None
    message = f"a place along a part lies between 0 and 1, not at {float(number.value):g}"
    raise MistakeError("fpalp_range", message, span, hint)


def starts_across(piece: Stretch, side: str, registry: Registry) -> bool:
    """Whether a stretch starts on the other side of the picture than the one from which its positions count."""
    if side not in ("left", "right"):
        return False
    first, last = (find_x(Place(piece.part, at), registry) for at in (piece.start, piece.stop))
    return first != last and (first > last) == (side == "left")
