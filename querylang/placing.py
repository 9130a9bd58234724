"""Placing: how many points go where, and in which order.

In: asks; out: the runs of the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from .asks import Ask, find_phrases
from .canonical import write_run
from .counting import count_by_density, find_unified, make_default, make_run, share, weigh
from .lattice import Lattice
from .layout_ids import IdResolver
from .meaning import Item, MistakeError, Phrase
from .numbers import Number
from .ordering import Orderer
from .pieces import CurvePiece, Patch, Piece, Pieces, Place, Stretch
from .portions import find_x
from .registry import Registry
from .routes import Region, Router, Span, check_fpalp, direction_of
from .rules import Rules
from .runs import CurveRun, Ends, PlaceRun, Run
from .shapes import find_thin
from .surface_placing import place_on_surfaces


class Placer:
    """Makes runs of asks.

    Attributes:
        limit: The most points a query may ask for.
        notes: What the answer says about the readings chosen.
    """

    def __init__(self, rules: Rules, lattice: Lattice, limit: int, ids_from: int) -> None:
        self.rules = rules
        self.registry = rules.concepts.registry
        self.lattice = lattice
        self.limit = limit
        self.router = Router(rules)
        self.orderer = Orderer(self.router)
        self.ids = IdResolver(self.registry, ids_from)
        self.notes: list[str] = []

    def place_group(self, asks: Sequence[Ask]) -> list[Run]:
        """Return the runs of asks that share one amount (or of one ask).

        Raises:
            MistakeError: The amount does not suit what it stands with.
        """
        span = self.span(asks)
        amount = asks[0].amount
        layouts = [ask for ask in asks if ask.item.is_layout]
        if layouts:
            return self.place_layouts(asks, amount, span)
        regions = [self.find_region(ask) for ask in asks]
        whole = [p for r in regions for p in r.pieces if isinstance(p, Stretch) and p.is_whole]
        if amount.strict and any(self.registry.parts[p.part].is_closed for p in whole):
            self.notes.append("a closed curve has no ends, so none are left out of it")
        runs = self.place(asks, regions, amount, span)
        manner = asks[0].item
        from_where = next((ask for ask in asks if ask.item.origin is not None), None)
        if from_where is not None:
            runs = [self.orderer.start_at(run, from_where, span) for run in runs]
        elif manner.turn is not None and manner.range is None:
            runs = [self.orderer.turn_run(run, manner.turn, span) for run in runs]
        runs = self.orderer.order(runs, manner, amount, span)
        self.check_shape(asks, runs)
        return runs

    def check_shape(self, asks: Sequence[Ask], runs: Sequence[Run]) -> None:
        """Raise the mistake of one point as a polygon or a line."""
        shapes = {ask.item.shape for ask in asks} - {None}
        least = 3 if "polygon" in shapes else 2
        are_places = all(isinstance(run, PlaceRun) for run in runs) and sum(run.count or 0 for run in runs) < least
        if (shapes and are_places) or ("polygon" in shapes and find_thin(runs, ["polygon"] * len(runs)) is not None):
            raise MistakeError("contradiction", f"so few places are no {shapes.pop()}", self.span(asks))

    def span(self, asks: Sequence[Ask]) -> Span:
        spans = [self.lattice.span(ask.start, ask.stop) for ask in asks]
        return min(a for a, _ in spans), max(b for _, b in spans)

    def find_region(self, ask: Ask) -> Region:
        """Return where an ask's points lie."""
        if ask.item.range is not None:
            region = self.router.resolve(ask.item, ask.units, self.span([ask]))
            self.notes += self.router.notes
            self.router.notes = []
            return region
        stretches = None
        if any(unit.stretch for unit in ask.units):
            stretches = tuple(unit.stretch or unit.pieces for unit in ask.units)
        return Region(
            tuple(unit.pieces for unit in ask.units),
            "neither" if ask.amount.strict or ask.item.strict else "both",
            stretches=stretches,
        )

    def place(self, asks: Sequence[Ask], regions: Sequence[Region], amount: Item, span: Span) -> list[Run]:
        if amount.count is not None and amount.positions is not None:
            if amount.count.value != len(amount.positions) * (
                1 if amount.each else sum(len(r.pieces) for r in regions)
            ):
                raise MistakeError("contradiction", "another number of points than of positions", span)
        elif amount.count is not None:
            return self.place_count(asks, regions, amount, span)
        grids = place_on_surfaces(regions, amount, span)
        if grids:
            return grids
        return [run for region in regions for run in self.place_region(region, asks, amount, span)]

    def place_region(self, region: Region, asks: Sequence[Ask], amount: Item, span: Span) -> list[Run]:
        """Return the runs of one region that is asked for without a number of points."""
        if amount.positions is not None:
            return self.place_positions(region, amount.positions, span, self.origin_side(asks))
        if amount.density is not None:
            return self.place_density(region, amount.density, span)
        if amount.every is not None:
            return self.place_steps(region, amount.every, span)
        if amount.segments is not None:
            return self.place_segments(region, amount.segments, span)
        if amount.pixels is not None:
            return self.place_pixels(region, amount.pixels, span)
        return self.place_default(region, span)

    # --- the unified layout's points -------------------------------------------------------------------------

    def place_default(self, region: Region, span: Span) -> list[Run]:
        runs: list[Run] = []
        for piece in region.pieces:
            if region.is_literal and isinstance(piece, Stretch) and piece.start == 0 and piece.stop == 1:
                piece = replace(piece, is_whole=True)
            if isinstance(piece, Stretch) and region.steps_of:
                steps = int(abs(piece.stop - piece.start) * region.steps_of)
                closed = piece.is_whole and self.registry.parts[piece.part].is_closed
                runs.append(make_run(piece, steps if closed else steps + 1, self.registry))
                continue
            if region.ends != "both" and not isinstance(piece, Patch):
                runs += self.place_inside(piece, span)
                continue
            run = make_default(piece, self.registry)
            if run is None:
                raise MistakeError(
                    "count", "no point of the unified layout lies there: say how many", span, "a number of points"
                )
            runs.append(run)
        return runs

    def place_inside(self, piece: CurvePiece, span: Span) -> list[Run]:
        """Return the unified points of an open range."""
        fpalps = find_unified(piece, self.registry)
        if isinstance(piece, Stretch) and not (piece.is_whole and self.registry.parts[piece.part].is_closed):
            fpalps = [f for f in fpalps if f not in (piece.start, piece.stop)]
        if not fpalps:
            raise MistakeError("count", "no point of the unified layout lies there: say how many", span)
        return [PlaceRun(piece.part, tuple(fpalps))]

    # --- counts ----------------------------------------------------------------------------------------------

    def place_count(self, asks: Sequence[Ask], regions: Sequence[Region], amount: Item, span: Span) -> list[Run]:
        assert amount.count is not None
        count = self.check_count(amount.count, span)
        span = amount.count.span if amount.count.span[1] else span
        each = [self.is_each(ask, amount) for ask in asks]
        several = count > 1
        units: list[Pieces] = []
        ends: list[str] = []
        marked: list[bool] = []
        for region, own in zip(regions, each, strict=True):
            found = region.units
            if several and region.stretches and (own or len(asks) > 1 or len(region.stretches) <= len(found)):
                found = region.stretches
            if not own:
                found = (tuple(piece for unit in found for piece in unit),)
            units += found
            ends += [region.ends] * len(found)
            marked += [own] * len(found)
        if any(each):
            return self.place_each(units, ends, marked, count, span)
        pieces = tuple(piece for unit in units for piece in unit)
        all_ends = [end for unit, end in zip(units, ends, strict=True) for _ in unit]
        return self.place_shared(pieces, all_ends, count, span)

    def is_each(self, ask: Ask, amount: Item) -> bool:
        if amount.total:
            return False
        return bool(amount.each) or any(phrase.det in ("each", "both") for phrase in find_phrases(ask.item))

    def place_each(
        self, units: Sequence[Pieces], ends: Sequence[str], marked: Sequence[bool], count: int, span: Span
    ) -> list[Run]:
        """Return count points on each unit; parts of one point take one each."""
        places = [
            unit for unit, own in zip(units, marked, strict=True) if own and all(isinstance(p, Place) for p in unit)
        ]
        if places and count > 1:
            points = all(self.registry.parts[piece.part].is_point for unit in places for piece in unit)
            if len(places) == len(units) or not points:
                raise MistakeError(
                    "count", f"{count} points at one place", span, "1 point for each, or a part with a curve"
                )
            self.notes.append("parts of one point take one point each")
        runs: list[Run] = []
        for unit, end in zip(units, ends, strict=True):
            if all(isinstance(piece, Place) for piece in unit):
                runs += [make_run(piece, 1, self.registry) for piece in unit]
            else:
                runs += self.share_unit(unit, [end] * len(unit), count)
        return runs

    def place_shared(self, pieces: Pieces, ends: Sequence[str], count: int, span: Span) -> list[Run]:
        places = [piece for piece in pieces if isinstance(piece, Place)]
        if len(places) == len(pieces) and count != len(pieces):
            if count < len(pieces) and all(self.registry.parts[p.part].is_point for p in places):
                return self.share_unit(pieces, ends, count)
            what = "place" if len(pieces) == 1 else "places"
            raise MistakeError("count", f"that names {len(pieces)} {what}, not {count} points", span, f"{len(pieces)}")
        return self.share_unit(pieces, ends, count)

    def share_unit(self, pieces: Pieces, ends: Sequence[str], count: int) -> list[Run]:
        """Return count points shared over pieces in proportion to the unified layout's points."""
        if len(pieces) == 1:
            return [self.run_of(pieces[0], count, ends[0])]
        weights = [weigh(piece, self.registry) for piece in pieces]
        caps = [1 if isinstance(piece, Place) else None for piece in pieces]
        runs = []
        for piece, number, end in zip(pieces, share(count, weights, caps), ends, strict=True):
            if number:
                runs.append(self.run_of(piece, number, end))
            else:
                self.notes.append(f"the {piece.part} gets no point: there are fewer points than parts")
        if not all(isinstance(p, Place) for p in pieces):
            each = [make_run(piece, count, self.registry) for piece in pieces]
            other = "; ".join(write_run(run, self.registry) for run in each)
            self.notes.append(f"{count} points in all, shared in proportion; for {count} on each: {other}")
        return runs

    def run_of(self, piece: Piece, count: int, ends: str) -> Run:
        if isinstance(piece, Patch) and piece.spot is not None and count > 1:
            raise MistakeError("count", f"that names 1 place, not {count} points", (0, len(self.lattice.text)), "1")
        return make_run(piece, count, self.registry, "neither" if ends == "neither" else "both")

    def check_count(self, number: Number, span: Span) -> int:
        """Return a number of points.

        Raises:
            MistakeError: It is no whole number, under 1 or over the limit.
        """
        span = number.span if number.span[1] else span
        if number.value.denominator != 1:
            raise MistakeError("count", "a number of points is whole", span)
        if number.value <= 0:
            raise MistakeError("count", "a number of points is at least 1", span)
        if number.value > self.limit:
            raise MistakeError("too_many", f"more than {self.limit:,} points", span)
        return int(number.value)

    # --- positions, densities, steps -------------------------------------------------------------------------

    def origin_side(self, asks: Sequence[Ask]) -> str:
        """Return the side of the picture from which positions count, "" where they count along the curve."""
        ask = next((one for one in asks if isinstance(one.item.origin, Phrase)), None)
        if ask is None:
            return ""
        assert isinstance(ask.item.origin, Phrase)
        return direction_of(ask.item.origin, ask.item.frame or "")

    def place_positions(self, region: Region, positions: Sequence[Number], span: Span, origin: str) -> list[Run]:
        runs: list[Run] = []
        pieces = region.curves
        only_points = all(self.registry.parts[piece.part].is_point for piece in pieces)
        for piece in pieces:
            if isinstance(piece, Place):
                if self.registry.parts[piece.part].is_point and not only_points:
                    runs.append(PlaceRun(piece.part, (piece.fpalp,)))
                    continue
                if not only_points or any(number.value != 0 for number in positions):
                    raise MistakeError("contradiction", "one place has no positions along it", span)
                runs.append(PlaceRun(piece.part, (piece.fpalp,) * len(positions)))
                continue
            for number in positions:
                check_fpalp(number, 1, span)
            ends = (piece.start, piece.stop)
            start, stop = ends[::-1] if starts_across(piece, origin, self.registry) else ends
            runs.append(PlaceRun(piece.part, tuple(start + number.value * (stop - start) for number in positions)))
        return runs

    def place_density(self, region: Region, factor: Fraction, span: Span) -> list[Run]:
        if factor <= 0:
            raise MistakeError("count", "a density is above zero", span)
        runs: list[Run] = []
        for piece in region.curves:
            if isinstance(piece, Place):
                runs.append(make_run(piece, 1, self.registry))
                continue
            count = count_by_density(piece, factor, self.registry)
            if count > self.limit:
                raise MistakeError("too_many", f"more than {self.limit:,} points", span)
            runs.append(make_run(piece, count, self.registry))
        return runs

    def place_steps(self, region: Region, step: Number, span: Span) -> list[Run]:
        if not 0 < step.value <= 1:
            raise MistakeError("fpalp_range", "a step along a part lies between 0 and 1", span, "a per cent")
        runs: list[Run] = []
        for piece in region.curves:
            if isinstance(piece, Place):
                if not self.registry.parts[piece.part].is_point:
                    raise MistakeError("contradiction", "one place has no steps along it", span)
                runs.append(make_run(piece, 1, self.registry))
                continue
            length = piece.stop - piece.start
            size = step.value if region.is_literal else step.value * abs(length)
            number = int(abs(length) / size) + 1
            if piece.is_whole and self.registry.parts[piece.part].is_closed and abs(length) % size == 0:
                number -= 1
            if number > self.limit:
                raise MistakeError("too_many", f"more than {self.limit:,} points", span)
            stop = piece.start + (number - 1) * (size if length >= 0 else -size)
            run = CurveRun(piece.part, piece.start, stop, number)
            runs.append(run if number > 1 else PlaceRun(piece.part, (piece.start,)))
        return runs

    def place_segments(self, region: Region, segments: Number, span: Span) -> list[Run]:
        count = self.check_count(segments, span)
        runs: list[Run] = []
        for piece in region.curves:
            if isinstance(piece, Place):
                raise MistakeError("contradiction", "one place cannot be divided", span)
            closed = piece.is_whole and self.registry.parts[piece.part].is_closed
            runs.append(make_run(piece, count if closed else count + 1, self.registry))
        return runs

    def place_pixels(self, region: Region, pixels: Number, span: Span) -> list[Run]:
        if pixels.value <= 0:
            raise MistakeError("count", "a distance is above zero", span)
        runs: list[Run] = []
        for piece in region.curves:
            if isinstance(piece, Place):
                raise MistakeError("contradiction", "one place has no distances along it", span)
            closed = piece.is_whole and self.registry.parts[piece.part].is_closed
            ends: Ends = "first" if closed else "both"
            runs.append(CurveRun(piece.part, piece.start, piece.stop, None, ends, "arc", pixels.value))
        return runs

    # --- layouts ---------------------------------------------------------------------------------------------

    def place_layouts(self, asks: Sequence[Ask], amount: Item, span: Span) -> list[Run]:
        runs: list[Run] = []
        for ask in asks:
            region = self.find_region(ask) if ask.item.phrase is not None or ask.item.range is not None else None
            found = self.ids.resolve(ask.item, region, self.span([ask]))
            runs += self.orderer.order(found, ask.item, amount, span)
        self.notes += self.ids.take_notes()
        own = amount.count
        if own is not None and own.value != sum(run.count or 0 for run in runs):
            raise MistakeError("contradiction", "a layout has its own points and takes no number", span)
        if any(getattr(amount, name) is not None for name in ("density", "positions", "every", "pixels", "segments")):
            raise MistakeError("contradiction", "a layout has its own points", span)
        return runs


def starts_across(piece: Stretch, side: str, registry: Registry) -> bool:
    """Whether a stretch starts on the other side of the picture than the one from which its positions count."""
    if side not in ("left", "right"):
        return False
    first, last = (find_x(Place(piece.part, at), registry) for at in (piece.start, piece.stop))
    return first != last and (first > last) == (side == "left")
