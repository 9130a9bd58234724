"""The assembly: the runs of a query, put together ask by ask, with the shape of each and what is left out of them.

In: asks in order; out: runs, their shapes, and the faces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..errors import Problem
from .asks import Ask, Draft
from .concept_data import SIDES
from .interludes import find_interlude, place_with_interludes
from .meaning import Item, MistakeError
from .pieces import Patch, Piece, Stretch
from .placing import Placer
from .removal import find_pieces, remove_pieces_from, remove_point
from .runs import Run
from .shapes import RunShape, Shape, cut_holes, find_thin, merge_shaped, part_of, settle_shapes
from .surface_placing import outline_unit

Segment = tuple[RunShape | None, list[Run]]


class Assembly:
    """Lays out asks one after the other."""

    def __init__(self, placer: Placer, draft: Draft) -> None:
        self.placer = placer
        self.draft = draft
        self.segments: list[Segment] = []
        self.problems: list[Problem] = []

    @property
    def runs(self) -> list[Run]:
        return [run for _, runs in self.segments for run in runs]

    def assemble(self, asks: Sequence[Ask], whole: tuple[int, int]) -> None:
        """Lay out asks; `problems` holds what is wrong with single ones.

        Args:
            asks: The asks.
            whole: The place of the whole text.

        Raises:
            MistakeError: Nothing is asked or left.
        """
        self.placer.notes += outline_surfaces(asks)
        i = 0
        while i < len(asks):
            stop = self.find_stop(asks, i)
            try:
                self.place(asks[i:stop])
            except MistakeError as mistake:
                self.problems.append(mistake.problem)
            i = stop
        if self.problems:
            return
        self.remove_points()
        if not self.runs:
            raise MistakeError("no_part", "nothing is asked for", whole)
        if sum(run.count or 0 for run in self.runs) > self.placer.limit:
            raise MistakeError("too_many", f"more than {self.placer.limit:,} points", whole)
        runs, shape, shapes = self.shaped()
        if find_thin(runs, shapes or [shape] * len(runs)) is not None:
            raise MistakeError("contradiction", "a polygon has three points or more", whole)

    def place(self, asks: Sequence[Ask]) -> None:
        """Lay out asks that belong together."""
        if asks[0].is_removal:
            if self.segments or not self.problems:
                self.remove(asks[0])
        elif asks[0].weave >= 0:
            self.place_woven(asks)
        else:
            whole = all(ask.group == asks[0].group for ask in asks)
            runs = self.placer.place_group(asks) if whole else place_with_interludes(self.placer, asks)
            self.segments += bind_shapes(asks, runs)

    def find_stop(self, asks: Sequence[Ask], start: int) -> int:
        """Return where the asks end that are laid out together with one."""
        first, stop = asks[start], start + 1
        if first.is_removal:
            return stop
        while stop < len(asks) and not asks[stop].is_removal:
            is_woven = asks[stop].weave == first.weave >= 0
            is_shared = first.weave < 0 and asks[stop].group == first.group >= 0
            if not (is_woven or is_shared):
                after = find_interlude(asks, stop) if first.weave < 0 <= asks[stop - 1].group == first.group else stop
                if after == stop:
                    break
                stop = after
            stop += 1
        return stop

    def place_woven(self, asks: Sequence[Ask]) -> None:
        """Lay out places of each of a pair part by part."""
        for side in SIDES:
            for ask in asks:
                units = tuple(unit for unit in ask.units if unit.side == side)
                self.segments.append((ask.item.shape, self.placer.place_group([replace(ask, units=units)])))

    def remove(self, ask: Ask) -> None:
        """Take away the points that lie on a removal."""
        span = self.placer.span([ask])
        before = self.runs
        if not before:
            raise MistakeError("no_part", "except from what? name a part first", span)
        pieces = find_pieces(ask, self.placer)
        if ask.item.shape is not None:
            # Said at the end, it binds to all.
            self.segments = [(shape or ask.item.shape, runs) for shape, runs in self.segments]
        if self.cut(pieces):
            return
        self.segments = [(shape, remove_pieces_from(runs, pieces, self.placer, span)) for shape, runs in self.segments]
        if not self.runs:
            raise MistakeError("nothing_left", "the exception removes every point", span)
        if self.runs == before and ask.before and self.follows_removal(ask):
            raise MistakeError("ambiguous", "is this left out as well, or asked for?", span)
        if self.runs == before:
            self.placer.notes.append("the exception removes no point")

    def cut(self, pieces: Sequence[Piece]) -> bool:
        """Cut whole closed parts out of the polygons that they lie in; False if there is nothing to cut."""
        closed = self.placer.registry.parts
        if not all(isinstance(piece, Stretch) and piece.is_whole and closed[piece.part].is_closed for piece in pieces):
            return False
        parts = [piece.part for piece in pieces]
        segments: list[Segment] = []
        is_cut = False
        for shape, runs in self.segments:
            holes = cut_holes(runs, parts, self.placer.registry) if shape == "polygon" else None
            is_cut = is_cut or holes is not None
            segments += holes or [(shape, runs)]
        if is_cut:
            self.segments = segments
        return is_cut

    def follows_removal(self, ask: Ask) -> bool:
        """Whether an exception is only joined to one before it, so that it may be meant as asked for."""
        index = next(i for i, one in enumerate(self.draft.asks) if one is ask)
        return index > 0 and self.draft.asks[index - 1].is_removal

    def remove_points(self) -> None:
        """Take away first or last points, where those are left out."""
        for loose in self.draft.loose:
            for index in loose.item.pick or () if loose.is_removal else ():
                shape = self.segments[0][0] if self.segments else None
                self.segments = [(shape, remove_point(self.runs, index))]

    def shaped(self) -> tuple[tuple[Run, ...], Shape | None, tuple[RunShape | None, ...]]:
        """Return the runs, the shape of them all, and the shape of each where they differ."""
        shapes = [shape for shape, runs in self.segments for _ in runs]
        told = {shape for shape in shapes if shape and shape != "hole"}
        if len(told) == 1 and shapes[-1]:
            (last,) = told
            shapes = [shape or last for shape in shapes]
        runs, own = merge_shaped(self.runs, shapes)
        return runs, *settle_shapes(runs, own)

    @property
    def visible_only(self) -> bool:
        """Whether points that are not seen are to be left out."""
        values = (entry.value for entry in self.draft.entries)
        return any(value.visible for value in values if isinstance(value, Item))

    def faces(self) -> str:
        """Return the faces an instruction names.

        Raises:
            MistakeError: It names two, or a face that cannot be.
        """
        found = ""
        for entry in self.draft.entries:
            item = entry.value
            if entry.kind != "item" or not isinstance(item, Item) or item.faces is None:
                continue
            span = self.draft.lattice.span(entry.start, entry.stop)
            if found and found != item.faces:
                raise MistakeError("contradiction", f"both {found} and {item.faces}", span)
            found = item.faces
            check_faces(found, self.draft.lattice.text, span)
        return found or "largest"


def bind_shapes(asks: Sequence[Ask], runs: Sequence[Run]) -> list[Segment]:
    """Return the runs of asks that share one amount, each with the shape of its own ask; one said last is for all."""
    last = asks[-1].item.shape
    if last or not any(ask.item.shape for ask in asks):
        return [(last, list(runs))]
    segments: list[Segment] = []
    at = 0
    for run in runs:
        # In the order asked, so that a part named twice is told apart.
        owners = (i for i in range(at, len(asks)) if part_of(run) in parts_of(asks[i]))
        at = next(owners, at)
        segments.append((asks[at].item.shape, [run]))
    return segments


def outline_surfaces(asks: Sequence[Ask]) -> list[str]:
    """Let surfaces that are to be polygons be their outlines; a shape said at the end, and no other, is that of all.

    Returns:
        Notes of what is read otherwise because it is a polygon.
    """
    kept = [ask for ask in asks if not ask.is_removal]
    last = next((one[-1].item.shape for one in (asks, kept) if one and one[-1].item.shape), None)
    is_for_all = last is not None and not {ask.item.shape for ask in kept} - {None, last}
    notes: list[str] = []
    for ask in kept:
        if is_for_all and any(isinstance(piece, Patch) or unit.filled for unit in ask.units for piece in unit.pieces):
            ask.item = replace(ask.item, shape=last)
    for ask in asks:
        if ask.item.shape == "polygon":
            names = {unit.concept: unit.filled[0].part for unit in ask.units if unit.filled}
            notes += [f"the {name} as a polygon is read as the {surface}" for name, surface in names.items()]
            ask.units = tuple(map(outline_unit, ask.units))
    return notes


def parts_of(ask: Ask) -> set[str]:
    """Return the parts that an ask lies on."""
    return {piece.part for unit in ask.units for piece in (*unit.pieces, *unit.stretch)}


def check_faces(value: str, text: str, span: tuple[int, int]) -> None:
    """Raise the mistake of faces that no photo can have."""
    number = value.split()[0]
    found = re.search(rf"(?i)(?:face|person)\w*\W*(?:number|no|nr)?\W*{re.escape(number)}", text[slice(*span)])
    if found is not None:
        span = (span[0] + found.start(), span[0] + found.end())
    if value.endswith("right") and " from " in value:
        raise MistakeError("face", "faces are numbered from the left", span, "'face 2' or 'the rightmost face'")
    for number in value.split():
        if number.replace("/", "").isdigit() and (not number.isdigit() or int(number) < 1):
            raise MistakeError("face", "faces count from 1, left to right", span, "'face 1'")
