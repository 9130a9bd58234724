"""Layouts and their ids: the landmarks of a dataset's template that an item asks for."""

from __future__ import annotations

from typing import NoReturn

from .meaning import Item, MistakeError
from .numbers import Number
from .pieces import Place, Stretch
from .registry import Layout, Registry
from .routes import Region
from .runs import LayoutRun, Run, lies_on
from .spreading import Span

INNER_FROM = 18
OFFERS = "'300W', 'WFLW', 'AFLW' or 'COFW'"


class IdResolver:
    """Resolves layouts, ids and layouts restricted to parts; `last` is the layout named last."""

    def __init__(self, registry: Registry, ids_from: int) -> None:
        self.registry = registry
        self.ids_from = ids_from
        self.notes: list[str] = []
        self.last: str | None = None
        self.last_zero: int | None = None

    def take_notes(self) -> list[str]:
        notes, self.notes = self.notes, []
        return notes

    def resolve(self, item: Item, region: Region | None, span: Span) -> list[Run]:
        """Return the landmarks of a layout.

        Raises:
            MistakeError: No layout is named, an id is not in it, or it has no point there.
        """
        if item.named is not None:
            return self.resolve_named(item, span)
        name = item.layout or self.last or self.refuse_unnamed(item, span)
        if name.startswith("?"):
            raise MistakeError("unknown_layout", f"no layout has {name[1:]} points", span, OFFERS)
        # "dlib 36-41 and the 42-47": ids without a name count as those before them.
        zero = self.last_zero if item.layout is None and item.zero is None else item.zero
        self.last, self.last_zero = name, zero
        layout = self.registry.layouts[name]
        ids = self.choose(layout, item, self.find_base(layout, item, zero, region, span), span)
        if region is not None:
            named, ids = ids, self.restrict(layout, ids, item, region)
            if item.ids is not None and 0 < len(ids) < len(named):
                message = f"{len(ids)} of these {len(named)} ids of {layout.title} lie there: the part, or the ids?"
                raise MistakeError("contradiction", message, span)
        if not ids:
            raise MistakeError("nothing_left", f"{layout.title} has no such points", span)
        return [LayoutRun(layout.name, tuple(ids))]

    def find_base(self, layout: Layout, item: Item, zero: int | None, region: Region | None, span: Span) -> int:
        """Return from what ids count; where nothing is said, as they do if all lie on what is named with them."""
        bases = list_bases(layout, zero, self.ids_from)
        if region is None or item.ids is None:
            return bases[0]
        for base in bases:
            ids = list_ids(layout, item, base, span)
            if ids and len(self.restrict(layout, ids, item, region)) == len(ids):
                return base
        return bases[0]

    def refuse_unnamed(self, item: Item, span: Span) -> NoReturn:
        if item.count is not None:
            raise MistakeError("contradiction", "two numbers of points", span)
        if item.phrase is None:
            raise MistakeError("unknown_layout", "ids of which layout?", span, OFFERS)
        raise MistakeError("ambiguous", "ids of which layout, or how many points?", span, OFFERS)

    def choose(self, layout: Layout, item: Item, ids_from: int, span: Span) -> list[int]:
        """Return the ids, from 1, that an item names."""
        if not layout.own_numbering:
            self.notes.append(f"{layout.title} is numbered as in the paper; the dataset's files number otherwise")
        if layout.missing:
            self.notes.append(f"{layout.title}'s {', '.join(layout.missing)} lie on no face part and are left out")
        if item.ids is not None or item.inner or item.parity is not None or item.zero is not None:
            self.notes.append(f"ids count from {ids_from}")
        ids = list(range(1, layout.size + 1))
        if item.ids is not None:
            ids = [number for first, last in item.ids for number in expand(layout, first, last, ids_from, span)]
        if item.inner:
            if layout.name != "300w":
                raise MistakeError("id_range", "only 300W has 51 inner points", span)
            ids = [number for number in ids if number >= INNER_FROM]
        if item.parity is not None:
            ids = [number for number in ids if (number - 1 + ids_from) % 2 == (item.parity == "odd")]
        return ids

    def resolve_named(self, item: Item, span: Span) -> list[Run]:
        """Return a service's point by its published name; the service named last goes before others."""
        assert item.named is not None
        wanted = item.layout or self.last
        name, point = next((one for one in item.named if one[0] == wanted), item.named[0])
        self.last = name
        layout = self.registry.layouts[name]
        if point in layout.missing:
            raise MistakeError("unknown_part", layout.missing[point], span)
        if item.layout is None:
            self.notes.append(f"'{point}' is read as {layout.title}'s point of that name")
        return [LayoutRun(name, (layout.names.index(point) + 1,))]

    def restrict(self, layout: Layout, ids: list[int], item: Item, region: Region) -> list[int]:
        """Return the landmarks of a layout that lie on named pieces, piece by piece; along a range in its direction."""
        whole = {piece.part for piece in region.curves if isinstance(piece, Place) or piece.is_whole}
        has_surfaces = any(landmark.v is not None for landmark in layout.landmarks)
        if has_surfaces and whole >= {part.name for part in self.registry.parts.values() if part.in_face}:
            # The whole face: with what lies on surfaces, in the layout's own order.
            return ids
        kept: list[int] = []
        for piece in region.curves:
            inside = [
                number
                for number in ids
                if number not in kept
                and lies_on(layout.landmarks[number - 1].part, layout.landmarks[number - 1].fpalp, piece, self.registry)
            ]
            if item.range is not None and isinstance(piece, Stretch):
                low = min(piece.start, piece.stop)
                inside.sort(key=lambda number, low=low: (layout.landmarks[number - 1].fpalp - low) % 1)  # type: ignore[misc]
                if piece.start > piece.stop:
                    inside.reverse()
            kept += inside
        return kept


def list_bases(layout: Layout, zero: int | None, ids_from: int) -> list[int]:
    """Return from what a layout's ids may count, the likeliest first."""
    if zero is not None or layout.first_id != 1:
        return [layout.first_id if zero is None else zero]
    return [ids_from, 1 - ids_from]


def list_ids(layout: Layout, item: Item, base: int, span: Span) -> list[int]:
    """Return the ids, from 1, that an item says, none where the layout has not all of them."""
    try:
        return [number for first, last in item.ids or () for number in expand(layout, first, last, base, span)]
    except MistakeError:
        return []


def expand(layout: Layout, first: Number, last: Number, ids_from: int, span: Span) -> list[int]:
    """Return the ids, from 1, of "37 to 42" (falling ranges turn the order)."""
    bounds = []
    for number in (first, last):
        own = number.value - ids_from + 1
        if own.denominator != 1 or not 1 <= own <= layout.size:
            message = f"{layout.title} has the ids {ids_from} to {layout.size + ids_from - 1}"
            raise MistakeError("id_range", message, number.span if number.span[1] else span)
        bounds.append(int(own))
    step = 1 if bounds[0] <= bounds[1] else -1
    return list(range(bounds[0], bounds[1] + step, step))
