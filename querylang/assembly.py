"""The assembly: the runs of a query, put together ask by ask, with the shape of each and what is left out of them.

In: asks in order; out: runs, their shapes, and the faces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile

from ..errors import Problem
from .asked_twice import refuse_asked_twice
from .asks import LINES, Ask, Draft
from .concept_data import Unit
from .discourse import bind
from .meaning import Item, MistakeError
from .pieces import Patch, Piece, Stretch
from .placing import Placer
from .removal import find_pieces, remove_pieces_from
from .runs import Run, drop_index
from .shapes import RunShape, Segment, Shape, cut_holes, find_thin, merge_shaped, settle_shapes


class Assembly:
    """What one reading of an instruction asks for, laid out.

    Attributes:
        problems: What is wrong with it; there are no runs then.
        faces: Which faces.
        idle: The exceptions that took no point away.
    """

    def __init__(self, placer: Placer, draft: Draft) -> None:
        self.placer = placer
        self.draft = draft
        self.segments: list[Segment] = []
        self.problems: list[Problem] = []
        self.faces = ""
        self.idle: list[Ask] = []

    @property
    def runs(self) -> list[Run]:
        return [run for _, runs in self.segments for run in runs]

    @property
    def notes(self) -> list[str]:
        return [*self.draft.notes, *self.placer.notes]

    def assemble(self, perspective: str) -> None:
        """Bind the clauses and lay out what they ask for; `problems` holds what is wrong."""
        try:
            bind(self.draft, perspective)
            self.faces = find_faces(self.draft)
            self.lay_out(self.draft.asks)
        except MistakeError as mistake:
            self.problems.append(mistake.problem)

    def lay_out(self, asks: Sequence[Ask]) -> None:
        """Lay out asks one after the other.

        Raises:
            MistakeError: Nothing is asked or left.
        """
        self.placer.notes += outline_surfaces(asks)
        i = 0
        while i < len(asks):
            stop = find_stop(asks, i)
            try:
                self.place(asks[i:stop])
            except MistakeError as mistake:
                self.problems.append(mistake.problem)
            i = stop
        if self.problems:
            return
        refuse_asked_twice(self.draft, self.placer.placed, self.placer.registry)
        self.remove_points()
        whole = (0, len(self.draft.lattice.text))
        if not self.runs:
            raise MistakeError("no_part", "nothing is asked for", whole)
        if sum(run.count or 0 for run in self.runs) > self.placer.spreader.limit:
            raise MistakeError("too_many", f"more than {self.placer.spreader.limit:,} points", whole)
        runs, shape, shapes = self.shaped()
        if find_thin(runs, shapes or [shape] * len(runs)) is not None:
            raise MistakeError("contradiction", "a polygon has three points or more", whole)

    def place(self, asks: Sequence[Ask]) -> None:
        """Lay out asks that belong together."""
        if asks[0].is_removal:
            if self.segments or not self.problems:
                self.remove(asks[0])
        elif asks[0].weave >= 0:
            for side in dict.fromkeys(unit.side for ask in asks for unit in ask.units):
                for ask in asks:
                    units = tuple(unit for unit in ask.units if unit.side == side)
                    self.segments += self.placer.place_group([replace(ask, units=units)])
        else:
            self.segments += self.placer.place_group(asks)

    def span_removal(self, ask: Ask) -> tuple[int, int]:
        """Return the place of what is left out with an ask: "except the left one and the right one"."""
        before = takewhile(lambda one: one.is_removal, reversed(self.draft.asks[: self.draft.asks.index(ask)]))
        return self.draft.span([ask, *before][-1], ask)

    def remove(self, ask: Ask) -> None:
        """Take away the points that lie on a removal."""
        span, before = self.draft.span(ask), self.runs
        if not before:
            raise MistakeError("no_part", "except from what? name a part first", span)
        pieces = find_pieces(ask, self.placer)
        if ask.item.shape is not None:
            # Said at the end, it binds to all.
            self.segments = [(shape or ask.item.shape, runs) for shape, runs in self.segments]
        if self.cut(pieces):
            return
        is_told = self.finds_word(ask, "contrast") or self.begins_sentence(ask)
        if is_told and self.touches(pieces, span):
            self.leave_all(ask)
            return
        self.segments = remove_pieces_from(self.segments, pieces, self.placer, span)
        if not self.runs:
            raise MistakeError("nothing_left", "the exception removes every point", self.span_removal(ask))
        if self.runs == before:
            index = self.draft.asks.index(ask)
            last = self.draft.asks[index - 1]
            is_idle = any(one is last for one in self.idle)
            is_apart = bool(ask.before & LINES) or self.is_apart(index)
            if index and last.is_removal and not (is_idle or is_apart):
                raise MistakeError("ambiguous", "is this left out as well, or asked for?", span)
            self.leave_all(ask)

    def leave_all(self, ask: Ask) -> None:
        self.idle.append(ask)
        self.placer.notes.append("the exception removes no point")

    def begins_sentence(self, ask: Ask) -> bool:
        """Whether an exception is a sentence of its own: "the nose tip. Skip the bridge" keeps the tip."""
        words = (one.before for one in self.draft.entries if one.kind == "except" and one.stop == ask.start)
        return any("stop" in before for before in words)

    def finds_word(self, ask: Ask, *values: str) -> bool:
        """Whether an exception has a word of its own before it, of one of these kinds where any are given."""
        words = (one.value for one in self.draft.entries if one.kind == "except" and one.stop == ask.start)
        return any(not values or value in values for value in words)

    def touches(self, pieces: Sequence[Piece], span: tuple[int, int]) -> bool:
        """Whether pieces and what is asked have no more in common than their ends."""
        rings = [piece for piece in pieces if isinstance(piece, Stretch) and self.placer.spreader.is_ring(piece)]
        inside = [piece if piece in rings else shrink(piece) for piece in pieces]
        return remove_pieces_from(self.segments, inside, self.placer, span) == self.segments

    def is_apart(self, index: int) -> bool:
        """Whether an exception has a word of its own, and nothing to do with the one before it: "no eyes, no nose"."""
        last, ask = self.draft.asks[index - 1 : index + 1]
        are_apart = last.thing.parts.isdisjoint(ask.thing.parts) and not last.item.is_layout
        between = self.draft.lattice.text[self.draft.span(last)[1] : self.draft.span(ask)[0]]
        return are_apart and ("or" in between.lower().split() or self.finds_word(ask))

    def cut(self, pieces: Sequence[Piece]) -> bool:
        """Cut whole closed parts out of the polygons that they lie in; False if there is nothing to cut."""
        if not all(isinstance(piece, Stretch) and self.placer.spreader.is_ring(piece) for piece in pieces):
            return False
        segments: list[Segment] = []
        is_cut = False
        for shape, runs in self.segments:
            parts = [piece.part for piece in pieces]
            holes = cut_holes(runs, parts, self.placer.registry) if shape == "polygon" else None
            is_cut = is_cut or holes is not None
            segments += holes or [(shape, runs)]
        self.segments = segments
        return is_cut

    def remove_points(self) -> None:
        """Take away first or last points, where those are left out."""
        for loose in self.draft.loose:
            for index in loose.item.pick or () if loose.is_removal else ():
                shape = self.segments[0][0] if self.segments else None
                self.segments = [(shape, drop_index(self.runs, index - 1 if index > 0 else index))]

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


HARDLY = Fraction(1, 1000)
"""Of a curve, less than lies between any two landmarks."""


def shrink(piece: Piece) -> Piece:
    """Return a stretch without its ends."""
    if not isinstance(piece, Stretch):
        return piece
    step = HARDLY if piece.stop > piece.start else -HARDLY
    return replace(piece, start=piece.start + step, stop=piece.stop - step, is_whole=False)


def find_stop(asks: Sequence[Ask], start: int) -> int:
    """Return where the asks end that are laid out with one: they share its amount; places between them do not."""
    first, stop = asks[start], start + 1
    if first.is_removal:
        return stop
    for i in range(stop, len(asks)):
        ask = asks[i]
        is_together = ask.weave == first.weave if first.weave >= 0 else ask.group == first.group >= 0
        is_single = ask.is_place or ask.is_spot
        if ask.is_removal or not (is_together or (first.weave < 0 <= first.group and ask.group < 0 and is_single)):
            break
        stop = i + 1 if is_together else stop
    return stop


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
        # "A grid on the forehead; the left eye as a polygon" keeps its grid.
        is_alike = is_for_all and ask.sentence == asks[-1].sentence
        if is_alike and any(isinstance(piece, Patch) or unit.filled for unit in ask.units for piece in unit.pieces):
            ask.item = replace(ask.item, shape=last)
    for ask in asks:
        if ask.item.shape == "polygon":
            names = {unit.concept: unit.filled[0].part for unit in ask.units if unit.filled}
            notes += [f"the {name} as a polygon is read as the {surface}" for name, surface in names.items()]
            ask.units = tuple(map(outline_unit, ask.units))
    return notes


def outline_unit(unit: Unit) -> Unit:
    """Return a unit whose surfaces are their outlines, as what is to be a polygon is."""

    def outline(piece: Piece) -> Piece:
        return replace(piece, edge="outline") if isinstance(piece, Patch) and piece.spot is None else piece

    return replace(unit, pieces=tuple(map(outline, unit.filled or unit.pieces)))


EACH_ALONE = "a request for each, of 'the face on the left', 'face 2' or 'all faces'"


def find_faces(draft: Draft) -> str:
    """Return the faces an instruction names.

    Raises:
        MistakeError: It names two, or a face that cannot be.
    """
    found = ""
    for entry in draft.entries:
        if entry.kind == "item" and entry.value.faces is not None:
            if found and found != entry.value.faces:
                raise draft.mistake("contradiction", f"both {found} and {entry.value.faces}", entry)
            found = entry.value.faces
            check_faces(found, draft.lattice.text, draft.span(entry))
    check_people(draft)
    return found or "largest"


def check_people(draft: Draft) -> None:
    """Raise the mistake of several people: "the man's eyes and the woman's lips"."""
    first = ""
    for entry in draft.entries:
        for node in range(entry.start, entry.stop) if entry.kind == "item" else ():
            for edge in draft.lattice.edges[node]:
                if edge.category not in ("FACE_WORD", "PERSON_OWNER") or not edge.value.name:
                    continue
                first = first or edge.value.name
                if edge.value.name != first:
                    raise MistakeError("face", "the points of several people", draft.span(entry), EACH_ALONE)


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
