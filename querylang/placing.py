"""Placing: how many points go where, and in which order.

In: asks; out: the runs of the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice

from .asks import Ask, find_phrases
from .canonical import write_run
from .concept_data import Unit
from .counting import make_run, share, weigh
from .lattice import Lattice
from .layout_ids import IdResolver
from .meaning import Item, MistakeError, Phrase
from .measured import measure_from
from .numbers import Number
from .ordering import Orderer, turn_back
from .pieces import Patch, Piece, Place, Stretch
from .routes import Region, Route, direction_of
from .rules import Rules
from .runs import PlaceRun, Run
from .shapes import Shape, find_thin
from .spreading import ALONG, Span, Spreader

Lot = list[tuple[int, Piece]]
"""Pieces that share one count, each with the number of its ask."""


class Placer:
    """Makes runs of asks.

    Attributes:
        spreader: Spreads points over pieces.
        notes: What the answer says about the readings chosen.
        placed: The runs of each ask.
    """

    def __init__(self, rules: Rules, lattice: Lattice, limit: int, ids_from: int) -> None:
        self.rules = rules
        self.registry = rules.concepts.registry
        self.lattice = lattice
        self.spreader = Spreader(self.registry, limit)
        self.orderer = Orderer(rules)
        self.ids = IdResolver(self.registry, ids_from)
        self.notes: list[str] = []
        self.placed: list[tuple[Ask, list[Run]]] = []

    def place_group(self, asks: Sequence[Ask]) -> list[tuple[Shape | None, list[Run]]]:
        """Return the runs of asks that share one amount (or of one ask), by shape; places between them have their own.

        Raises:
            MistakeError: The amount does not suit what it stands with.
        """
        span, amount, manner = self.span(asks), asks[0].amount, asks[0].item
        if any(ask.item.is_layout for ask in asks):
            return [(asks[-1].item.shape, self.place_layouts(asks, amount, span))]
        regions = [self.find_region(ask) for ask in asks]
        whole = [
            piece for region in regions for piece in region.pieces if isinstance(piece, Stretch) and piece.is_whole
        ]
        if amount.strict and any(self.spreader.is_ring(piece) for piece in whole):
            self.notes.append("a closed curve has no ends, so none are left out of it")
        placed = self.place(asks, regions, amount, span)
        last = asks[-1].item.shape
        placed = [self.orderer.direct(runs, ask, span) for ask, runs in zip(asks, placed, strict=True)]
        self.placed += zip(asks, placed, strict=True)
        if all(ask.item.reverse for ask in asks):
            asks, placed = asks[::-1], placed[::-1]
        ordered = self.orderer.order([run for runs in placed for run in runs], manner, amount, span)
        self.check_shape(asks, ordered)
        if last or not any(ask.item.shape for ask in asks) or len(ordered) != sum(map(len, placed)):
            return [(last, ordered)]
        left = iter(ordered)
        return [(ask.item.shape, list(islice(left, len(runs)))) for ask, runs in zip(asks, placed, strict=True)]

    def check_shape(self, asks: Sequence[Ask], runs: Sequence[Run]) -> None:
        """Raise the mistake of one point as a polygon or a line."""
        shapes = {ask.item.shape for ask in asks} - {None}
        least = 3 if "polygon" in shapes else 2
        are_places = all(isinstance(run, PlaceRun) for run in runs) and sum(run.count or 0 for run in runs) < least
        if (shapes and are_places) or ("polygon" in shapes and find_thin(runs, ["polygon"] * len(runs)) is not None):
            raise MistakeError("contradiction", f"so few places are no {shapes.pop()}", self.span(asks))

    def span(self, asks: Sequence[Ask]) -> Span:
        return self.lattice.span(min(ask.start for ask in asks), max(ask.stop for ask in asks))

    def find_region(self, ask: Ask) -> Region:
        """Return where an ask's points lie."""
        ask.item = measure_from(ask, self.rules)
        if ask.item.range is not None:
            route = Route(self.rules, ask.item, spread_units(ask), self.span([ask]))
            region = route.resolve(ask.item.range)
            self.notes += route.notes
            return region
        units = tuple(unit.pieces for unit in ask.units)
        stretches = tuple(unit.stretch or unit.pieces for unit in ask.units)
        return Region(units, "neither" if ask.amount.strict or ask.item.strict else "both", stretches=stretches)

    def place(self, asks: Sequence[Ask], regions: Sequence[Region], amount: Item, span: Span) -> list[list[Run]]:
        """Return the runs of each ask."""
        amount = settle_grid(asks, amount, span)
        if amount.count is not None and amount.positions is None:
            return self.place_count(asks, regions, amount, span)
        pieces = [piece for region in regions for piece in region.pieces]
        self.spreader.check_surfaces(pieces, amount, span)
        if amount.count is not None and amount.positions is not None:
            if amount.count.value != len(amount.positions) * (1 if amount.each else len(pieces)):
                raise MistakeError("contradiction", "another number of points than of positions", span)
            amount = replace(amount, count=None)
        return [
            self.place_region(region, amount, span, origin_side(ask)) for ask, region in zip(asks, regions, strict=True)
        ]

    def place_region(self, region: Region, amount: Item, span: Span, origin: str = "") -> list[Run]:
        """Return the runs of one region that is asked for without a number of points."""
        runs: list[Run] = []
        are_points = all(self.registry.parts[piece.part].is_point for piece in region.curves)
        for piece in region.pieces:
            own, ends = amount, region.ends
            if region.is_literal and isinstance(piece, Stretch) and not amount.has_amount:
                piece = replace(piece, is_whole=piece.start == 0 and piece.stop == 1)
                steps = Fraction(int(abs(piece.stop - piece.start) * region.steps_of))
                own, ends = (Item(segments=Number(steps, "integer")), "both") if steps else (own, ends)
            elif amount.positions and not are_points and isinstance(piece, Place):
                # Beside curves a part of one point has its place once.
                own = Item() if self.registry.parts[piece.part].is_point else amount
            is_literal = region.is_literal
            runs.append(self.spreader.spread(piece, own, span, ends=ends, origin=origin, is_literal=is_literal))
        return runs

    # --- counts ----------------------------------------------------------------------------------------------

    def place_count(self, asks: Sequence[Ask], regions: Sequence[Region], amount: Item, span: Span) -> list[list[Run]]:
        """Return count points: on each unit of what is counted each, shared over all pieces of what is not."""
        assert amount.count is not None
        count = self.spreader.check_count(amount.count, span)
        span = amount.count.span if amount.count.span[1] else span
        runs: list[list[Run]] = [[] for _ in asks]
        each: list[Lot] = []
        rest: list[Lot] = []
        for i, (ask, region) in enumerate(zip(asks, regions, strict=True)):
            if ask.group != asks[0].group:
                runs[i] = self.place_region(region, Item(), span)
                continue
            units = region.stretches if region.stretches and count > 1 else region.units
            lots = [[(i, piece) for piece in unit] for unit in units]
            if self.is_each(ask, amount):
                each += lots
            else:
                rest.append([one for lot in lots for one in lot])
        if not each:
            rest = [[one for lot in rest for one in lot]]
        self.check_each(each, rest, count, span)
        for lot in (*each, *rest):
            numbers = self.share_out([piece for _, piece in lot], count, span, is_each=bool(each))
            for (i, piece), number in zip(lot, numbers, strict=True):
                if number:
                    runs[i].append(make_run(piece, number, self.registry, regions[i].ends))
        return runs

    def is_each(self, ask: Ask, amount: Item) -> bool:
        if amount.total:
            return False
        return bool(amount.each) or any(phrase.det in ("each", "both") for phrase in find_phrases(ask.item))

    def check_each(self, each: Sequence[Lot], rest: Sequence[Lot], count: int, span: Span) -> None:
        """Raise the mistake of several points for each of what is one point, unless a curve stands beside it."""
        places = [lot for lot in each if all(isinstance(piece, Place) for _, piece in lot)]
        if not places or count == 1:
            return
        are_points = all(self.registry.parts[piece.part].is_point for lot in places for _, piece in lot)
        if not are_points or len(places) == len(each) + len(rest):
            message = f"{count} points at one place"
            raise MistakeError("count", message, span, "1 point for each, or a part with a curve")
        self.notes.append("parts of one point take one point each")

    def share_out(self, pieces: Sequence[Piece], count: int, span: Span, *, is_each: bool) -> list[int]:
        """Return how many of count points each piece gets, in proportion to the unified layout's points on it."""
        are_places = all(isinstance(one, Place) or (isinstance(one, Patch) and one.spot) for one in pieces)
        if are_places and is_each:
            return [1] * len(pieces)
        parts = self.registry.parts
        are_points = are_places and all(one.part in parts and parts[one.part].is_point for one in pieces)
        if are_places and count != len(pieces) and not (are_points and count < len(pieces)):
            what = "place" if len(pieces) == 1 else "places"
            raise MistakeError("count", f"that names {len(pieces)} {what}, not {count} points", span, f"{len(pieces)}")
        if len(pieces) == 1:
            return [count]
        caps = [1 if isinstance(piece, Place) else None for piece in pieces]
        numbers = share(count, [weigh(piece, self.registry) for piece in pieces], caps)
        self.notes += [
            f"the {piece.part} gets no point: there are fewer points than parts"
            for piece, number in zip(pieces, numbers, strict=True)
            if not number
        ]
        if not are_places:
            other = "; ".join(write_run(make_run(piece, count, self.registry), self.registry) for piece in pieces)
            self.notes.append(f"{count} points in all, shared in proportion; for {count} on each: {other}")
        return numbers

    # --- layouts ---------------------------------------------------------------------------------------------

    def place_layouts(self, asks: Sequence[Ask], amount: Item, span: Span) -> list[Run]:
        runs: list[Run] = []
        for ask in asks:
            region = self.find_region(ask) if ask.is_named or ask.item.range is not None else None
            found = self.ids.resolve(ask.item, region, self.span([ask]))
            found = turn_back(found) if ask.item.reverse else found
            runs += self.orderer.order(found, ask.item, amount, span)
            self.placed.append((ask, found))
        self.notes += self.ids.take_notes()
        own = amount.count
        each = len({unit.side for ask in asks for unit in ask.units}) if self.is_each(asks[0], amount) else 1
        if own is not None and own.value * max(1, each) != sum(run.count or 0 for run in runs):
            raise MistakeError("contradiction", "a layout has its own points and takes no number", span)
        if any(getattr(amount, name) is not None for name in ("positions", *ALONG)):
            raise MistakeError("contradiction", "a layout has its own points", span)
        return runs


def origin_side(ask: Ask) -> str:
    """Return the side of the picture from which positions count, "" where they count along the curve."""
    origin = ask.item.origin
    return direction_of(origin, ask.item.frame or "") if isinstance(origin, Phrase) else ""


def spread_units(ask: Ask) -> tuple[Unit, ...]:
    """Return the units of an ask, as stretches where several points are asked of what may be one place ("the chin")."""
    if ask.amount.count is None or ask.amount.count.value < 2:
        return ask.units
    return tuple(replace(unit, pieces=unit.stretch or unit.pieces) for unit in ask.units)


def settle_grid(asks: Sequence[Ask], amount: Item, span: Span) -> Item:
    """Return an amount without a number that is that of its grid's cells: "6 points in two rows of three".

    Raises:
        MistakeError: It is another one.
    """
    if amount.grid is None or amount.count is None:
        return amount
    rows, columns = (number.value for number in amount.grid)
    if amount.count.value not in (rows * columns, rows * columns * sum(len(ask.units) for ask in asks)):
        message = f"{amount.count.value} points are no {rows} rows of {columns}"
        raise MistakeError("contradiction", message, span)
    return replace(amount, count=None)
