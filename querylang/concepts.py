"""Concepts: what the words of names mean, and what a chain of them means together.

In: operations (a noun, a place word, an adjective, a portion), innermost first; out: a `Thing`, the units named, once
for each reading of plain left and right.  Everything that depends on the face comes from `grammar/places.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from .concept_data import SIDES, Concept, Thing, Unit, find_end, read_concept
from .pieces import Piece, Place, Stretch
from .portions import HALF, NoSuchPortionError, Portion, cut_portion
from .registry import Registry
from .surface_runs import CENTER
from .surface_things import (
    MIDDLE_NOTE,
    find_corners,
    find_edges,
    find_on_edges,
    find_quadrants,
    has_edges,
    is_outline,
)

Op = tuple[Any, ...]
"""("noun", concept), ("rel", word), ("adj", ((kind, viewer's value, subject's value), ...)) or
("portion", size, viewer's choice, subject's choice)."""


MOST_KNOWN = 20_000
"""Chains whose meaning is kept; a server that reads for weeks must not grow."""


CENTRE = " centre"
"""What a place word ends in that is the middle of one: "top centre"."""


class MismatchError(Exception):
    """These words mean nothing together; code and message say why where a person should be told."""

    def __init__(self, code: str = "", message: str = "", suggestion: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.suggestion = code, message, suggestion


Refusal = tuple[str, str, str | None]
"""What a `MismatchError` is made of."""


def is_of_several(ops: tuple[Op, ...], owner: Thing | None) -> bool:
    """Whether the last operation is of each of several things: "the centre of the upper and lower lip"."""
    is_told_apart = len(ops) > 1 and ops[-2][0] == "adj" and len(ops[-2][1]) > 1 and ops[-1][0] == "rel"
    return owner is not None and is_told_apart and not owner.concept


class Concepts:
    """All concepts by name, and what chains of operations on them mean."""

    def __init__(self, tables: Iterable[Mapping[str, Any]], registry: Registry) -> None:
        """Take the `[[concept]]` tables.

        Raises:
            ConfigError: One is malformed, or two have one name.
        """
        self.registry = registry
        self.tables = tuple(tables)
        self.known: dict[tuple[Op, ...], Thing | Refusal] = {}
        self.shared: dict[Thing, Thing] = {}

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, Any]]:
        return {table["name"]: table for table in self.tables}

    def __getitem__(self, name: str) -> Concept:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = read_concept(self.names[name], self.registry)
        return made

    @cached_property
    def _made(self) -> dict[str, Concept]:
        return {}

    def evaluate(self, ops: tuple[Op, ...]) -> Thing:
        """Return what a chain of operations means, the innermost first.

        Raises:
            MismatchError: They mean nothing together, or not one thing.
        """
        found = self.known.get(ops)
        if found is None:
            try:
                owner = self.evaluate(ops[:-1]) if len(ops) > 1 else None
                found = self.apply_to_each(ops) if is_of_several(ops, owner) else self.apply(ops[-1], owner)
                found = self.shared.setdefault(found, found)
            except MismatchError as mismatch:
                # The error itself would keep the frames of every text that met it.
                found = mismatch.code, mismatch.message, mismatch.suggestion
            if len(self.known) > MOST_KNOWN:
                self.known.clear()
                self.shared.clear()
            self.known[ops] = found
        if isinstance(found, tuple):
            raise MismatchError(*found)
        return found

    def apply(self, op: Op, owner: Thing | None) -> Thing:
        kind = op[0]
        if kind == "noun":
            return self.apply_noun(op[1], owner)
        if owner is None:
            raise MismatchError
        if kind == "rel":
            return self.apply_rel(op[1], owner)
        if kind == "adj":
            return self.apply_adjectives(op[1], owner)
        return self.apply_portion(op, owner)

    def apply_noun(self, name: str, owner: Thing | None) -> Thing:
        concept = self[name]
        notes = (concept.note,) if concept.note else ()
        if owner is None:
            return Thing(concept.units, concept.units, name, notes=notes)
        owners = {owner.concept, *(unit.concept for unit in owner.units)}
        if not owners & concept.of and name not in owners:
            raise MismatchError
        return self.find_on(concept, owner, notes)

    def find_on(self, concept: Concept, owner: Thing, notes: tuple[str, ...] = ()) -> Thing:
        """Return the units of a concept that lie on an owner's units."""

        def lie(units: Sequence[Unit]) -> tuple[Unit, ...]:
            found = [unit for one in units for unit in concept.units if suits(unit, one)]
            # "The right and left eyebrow arches" come in that order.
            sides = [*dict.fromkeys(one.side for one in units)]
            rank = {side: number for number, side in enumerate(sides)}
            return tuple(
                sorted(dict.fromkeys(found), key=lambda one: (rank.get(one.side, len(sides)), concept.units.index(one)))
            )

        units, turned = lie(owner.units), lie(owner.turned)
        if not units or (owner.is_sided and owner.is_place and not any(unit.side or unit.end for unit in units)):
            # "The bottom edge of the left nostril" would lose its side.
            raise MismatchError
        return Thing(units, turned, concept.name, owner.is_sided, owner.notes + notes)

    def apply_rel(self, word: str, owner: Thing) -> Thing:
        if word.endswith(CENTRE):
            # "The top centre of the upper lip" is its top, that of the forehead the middle of its upper edge.
            found = self.apply_rel(word.removesuffix(CENTRE), owner)
            return find_on_edges(found, "middle") if found.is_surface and has_edges(found) else found
        has = self.has_of(owner)
        are_many = word.endswith("s")
        single = word[:-1] if are_many else word
        target = has.get(word) or has.get(single)
        word = single
        if target is not None:
            own = self[target]
            found = self.find_on(own, owner, (own.note,) if own.note else ())
            return self.give_stretch(found, owner) if word == "middle" else found
        if owner.is_surface and (on_surface := self.apply_to_surface(word, owner)) is not None:
            return on_surface
        if word in ("outline", "area", "around") and not owner.is_place:
            return owner
        if word == "middle" and owner.is_place and (are_many or len(owner.units) > 1):
            if are_many:
                # "Nostril centres" are the nostrils.
                return owner
            raise MismatchError("range_across_parts", "the middle of two places lies on no curve", None)
        if word == "middle":
            return self.find_middle(owner)
        if word in ("end", "start", "corner"):
            return self.find_ends(owner, word)
        raise MismatchError

    def apply_to_surface(self, word: str, owner: Thing) -> Thing | None:
        """Return what a place word makes of a surface or its edges."""
        if word in ("outline", "around"):
            return owner.on_surface(edge="outline")
        if word in ("middle", "end") and has_edges(owner):
            if is_outline(owner):
                raise MismatchError("ambiguous", f"an outline has no {word}", None)
            return find_on_edges(owner, word)
        if word == "corner":
            return find_corners(owner)
        return owner.on_surface(spot=CENTER) if word == "middle" else None

    def give_stretch(self, middle: Thing, owner: Thing) -> Thing:
        """Let "middle of X" mean the middle third of X where two or more points are asked, unless it has a stretch."""
        if owner.concept == "eye" or len(middle.units) != len(owner.units) or any(u.stretch for u in middle.units):
            return middle
        try:
            thirds = [self.cut_unit(unit, Portion("middle", Fraction(1, 3))).pieces for unit in owner.units]
            turned = [self.cut_unit(unit, Portion("middle", Fraction(1, 3))).pieces for unit in owner.turned]
        except NoSuchPortionError:
            return middle
        left = iter(thirds + turned)
        return middle.change(lambda unit: [replace(unit, stretch=next(left))])

    def find_middle(self, owner: Thing) -> Thing:
        """Return the middle of stretches that have no name for it."""

        def halve(unit: Unit) -> list[Unit]:
            stretches = self.open_stretches(unit)
            places = tuple(Place(piece.part, (piece.start + piece.stop) / 2) for piece in stretches)
            return [replace(unit, pieces=places, stretch=(), concept="middle")]

        return self.give_stretch(owner.change(halve, concept="middle"), owner)

    def find_ends(self, owner: Thing, word: str) -> Thing:
        """Return the two ends of stretches that have no names of their own, or where they start."""

        def ends(unit: Unit) -> list[Unit]:
            stretches = self.open_stretches(unit)
            found = [Place(one.part, end) for one in stretches for end in (one.start, one.stop)]
            return [
                replace(unit, pieces=(place,), concept="end", end=find_end(place, self.registry), stretch=())
                for place in found[:: 2 if word == "start" else 1]
            ]

        return owner.change(ends, concept="end")

    def open_stretches(self, unit: Unit) -> list[Stretch]:
        """Return the stretches of a unit.

        Raises:
            MismatchError: It has other pieces, or a whole closed curve.
        """
        closed = self.registry.parts
        found = [piece for piece in unit.pieces if isinstance(piece, Stretch)]
        if len(found) < len(unit.pieces) or any(piece.is_whole and closed[piece.part].is_closed for piece in found):
            raise MismatchError
        return found

    def apply_adjectives(self, adjectives: tuple[tuple[str, str, str], ...], owner: Thing) -> Thing:
        """Return an owner narrowed by each adjective, one after the other, part by part."""
        found = [self.apply_adjective(kind, viewer, subject, owner) for kind, viewer, subject in adjectives]
        return found[0] if len(found) == 1 else self.join(found, is_side=adjectives[0][0] == "side")

    def apply_to_each(self, ops: tuple[Op, ...]) -> Thing:
        """Return what the last operation means on each that the one before it tells apart."""
        *lower, adjectives, last = ops
        each = [self.evaluate((*lower, ("adj", (adjective,)), last)) for adjective in adjectives[1]]
        return self.join(each, is_side=False)

    def join(self, found: list[Thing], *, is_side: bool) -> Thing:
        """Return several things as one, each unit once; from left to right, unless sides tell them apart."""

        def merge(lists: list[tuple[Unit, ...]]) -> tuple[Unit, ...]:
            units = [*dict.fromkeys(unit for one in lists for unit in one)]
            if not is_side and len({unit.side for unit in units}) > 1:
                units.sort(key=lambda unit: SIDES.index(unit.side))
            return tuple(units)

        concept = found[0].concept if len({thing.concept for thing in found}) == 1 else ""
        return Thing(
            merge([thing.units for thing in found]),
            merge([thing.turned for thing in found]),
            concept,
            any(thing.is_sided for thing in found),
            tuple(dict.fromkeys(note for thing in found for note in thing.notes)),
        )

    def apply_adjective(self, kind: str, viewer: str, subject: str, owner: Thing) -> Thing:
        if kind == "order":
            # "The first half, and the last": it only stands in the place of another portion.
            raise MismatchError
        has = self[owner.concept].has if owner.concept in self.names else {}
        if kind != "side" and viewer in has:
            return self.find_on(self[has[viewer]], owner)
        units, turned = select(owner.units, kind, viewer), select(owner.turned, kind, subject)
        if not units and is_outline(owner) and (edges := find_edges(owner, viewer, subject)) is not None:
            return edges
        if units and turned:
            return replace(owner, units=units, turned=turned, is_sided=owner.is_sided or kind in ("side", "end"))
        if kind == "side" and "sided" in has:
            return self.apply_adjective(kind, viewer, subject, self.find_on(self[has["sided"]], owner))
        if kind == "depth" and (found := select_curves(owner, viewer)) is not None:
            return found
        if owner.is_surface and all(unit.concept == "portion" for unit in owner.units):
            return self.narrow_portion(viewer, subject, owner)
        if kind == "level" and all(unit.concept == "portion" for unit in owner.units):
            return self.apply_portion(("portion", HALF, viewer, subject), owner)
        raise MismatchError

    def narrow_portion(self, viewer: str, subject: str, owner: Thing) -> Thing:
        found = find_quadrants(owner, viewer, subject)
        if found is None:
            raise MismatchError("ambiguous", "that is a portion in two directions: only quarters go so", None)
        return found

    def apply_portion(self, op: Op, owner: Thing) -> Thing:
        _, size, viewer, subject = op
        if owner.concept == "face":
            raise MismatchError(
                "ambiguous", "a portion of the whole face: name a part", "'left half of the face contour'"
            )

        if not viewer:
            parts = dict.fromkeys(piece.part for unit in owner.units for piece in unit.pieces)
            offers = [f"'{which} half of the {part}'" for part in parts for which in ("left", "upper", "first")]
            raise MismatchError("ambiguous", "which one of them?", " or ".join(offers))
        if size == HALF and viewer in ("upper", "lower") and viewer in self.has_of(owner):
            return self.apply_adjective("level", viewer, viewer, owner)
        if viewer == "sides":
            if owner.is_several_sided:
                return owner
            viewer = subject = "each"
        try:
            units = self.cut_units(owner, owner.units, Portion(viewer, size))
            turned = self.cut_units(owner, owner.turned, Portion(subject, size))
        except NoSuchPortionError as error:
            raise MismatchError(error.code, error.message, error.suggestion) from None
        notes = (*owner.notes, MIDDLE_NOTE) if owner.is_surface and viewer == "middle" else owner.notes
        return Thing(units, turned, "", owner.is_sided, notes)

    def has_of(self, owner: Thing) -> Mapping[str, str]:
        return self[owner.concept].has if owner.concept in self.names else {}

    def cut_units(self, owner: Thing, units: tuple[Unit, ...], portion: Portion) -> tuple[Unit, ...]:
        """Return a portion of each unit; the curves of one group, such as the lips, stay together."""
        if portion.choice == "each":
            choices = SIDES if portion.size == HALF else map(str, range(1, round(1 / portion.size) + 1))
            each = [self.cut_units(owner, units, replace(portion, choice=one)) for one in choices]
            return tuple(unit for one in each for unit in one)
        cut = tuple(self.cut_unit(unit, portion) for unit in units)
        if len(cut) > 1 and owner.concept in self.names and not self[owner.concept].is_paired:
            levels = dict.fromkeys(unit.level for unit in cut)
            groups = [[unit for unit in cut if unit.level == level] for level in levels]
            return tuple(map(join_units, groups))
        return cut

    def cut_unit(self, unit: Unit, portion: Portion) -> Unit:
        pieces: list[Piece] = []
        for piece in unit.pieces if not unit.stretch else unit.stretch:
            pieces += cut_portion(piece, portion, self.registry)
        choice = portion.choice
        return replace(
            unit,
            concept="portion",
            pieces=tuple(pieces),
            stretch=(),
            end=choice if choice in SIDES else unit.end,
            level=choice if choice in ("upper", "lower") else unit.level,
            depth=choice if choice in ("inner", "outer") else unit.depth,
        )


def join_units(group: Sequence[Unit]) -> Unit:
    """Return the portions of a group's curves as one: they stay together, and are neither outer nor inner."""
    depth = group[0].depth if len({unit.depth for unit in group}) == 1 else ""
    return replace(group[0], depth=depth, pieces=tuple(piece for unit in group for piece in unit.pieces))


def select_curves(owner: Thing, depth: str) -> Thing | None:
    """Return the outer or inner curves of portions that hold both: "the outer edge of the left half of the lips"."""

    def narrow(units: Sequence[Unit]) -> tuple[Unit, ...]:
        kept = ((unit, tuple(one for one in unit.pieces if one.part.split()[0] == depth)) for unit in units)
        return tuple(replace(unit, depth=depth, pieces=pieces) for unit, pieces in kept if pieces)

    units, turned = narrow(owner.units), narrow(owner.turned)
    are_portions = all(unit.concept == "portion" for unit in owner.units)
    return replace(owner, units=units, turned=turned) if are_portions and units and turned else None


def suits(unit: Unit, owner: Unit) -> bool:
    """Whether a unit can lie on an owner: no feature of the two differs."""
    if unit.side and owner.side:
        if unit.side != owner.side:
            return False
    elif unit.end and owner.end and unit.end != owner.end:
        return False
    is_level = not unit.level or not owner.level or unit.level == owner.level
    is_depth = not unit.depth or not owner.depth or unit.depth == owner.depth
    return is_level and is_depth


def select(units: tuple[Unit, ...], kind: str, value: str) -> tuple[Unit, ...]:
    """Return the units an adjective names; none where it tells nothing apart."""
    if kind == "side":
        sides = {unit.side for unit in units}
        if len(sides) > 1:
            return tuple(unit for unit in units if unit.side == value)
        return tuple(unit for unit in units if unit.end == value)
    if kind == "end":
        return tuple(unit for unit in units if unit.end == value)
    return tuple(unit for unit in units if getattr(unit, kind) == value)
