"""What phrases mean: the values that `table.py` composes and `discourse.py` reads.

A `Phrase` names places on a face; a `Range` goes from one to another; an `Item` is what one clause asks: a phrase,
range or layout with how many points, where, for which faces.  Every field of an item may be said in any order, so
composing two items is joining their fields; a field said twice does not join.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cache
from operator import attrgetter

from ..errors import Problem
from .concept_data import NOTHING, Thing
from .concepts import Op
from .numbers import Number
from .shapes import Shape


class MistakeError(Exception):
    """Something in the instruction cannot be answered."""

    def __init__(self, code: str, message: str, span: tuple[int, int], suggestion: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, span, suggestion)


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """Places named by words; two are equal when they mean the same, however they are built.

    Attributes:
        ops: Operations of `concepts.py`, the innermost first.
        thing: What they mean; `NOTHING` while they wait for the part they lie on ("corner", "upper half").
        det: "each", "both", "all" or "".
        frame: Whose left is left: "subject", "viewer", or "" for the setting's.
        is_late: The owner was named after the name ("of the patient").
        ref: "that", "it", "other", "one", "there" or "start" where the words refer to something named before.
        is_plural: The name stands in the plural.
        fault: Code, message and suggestion where the words make sense but no answer.
        is_of: It was put together with "of".
        owner_len: How many of its operations are what it lies on.
    """

    ops: tuple[Op, ...]
    thing: Thing = NOTHING
    det: str = ""
    frame: str = ""
    is_late: bool = False
    ref: str = ""
    is_plural: bool = False
    fault: tuple[str, str, str | None] | None = None
    is_of: bool = False
    owner_len: int = 0

    @property
    def is_free(self) -> bool:
        return self.thing is NOTHING

    @property
    def is_fixed(self) -> bool:
        """Whether it names a side of the picture, whoever's left is left: "camera left", "left_eye"."""
        sides = [one for op in self.ops if op[0] == "adj" for one in op[1] if one[0] == "side"]
        return any(viewer == subject for _, viewer, subject in sides)

    def mean(self, made: Phrase) -> Phrase:
        """Return this phrase with what other words make of it."""
        return replace(self, ops=made.ops, thing=made.thing, fault=made.fault)

    def _key(self) -> tuple[object, ...]:
        meaning = self.ops if self.is_free else id(self.thing)
        return (meaning, self.det, self.frame, self.is_late, self.ref, self.fault)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phrase) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


WHOLE_FACE: tuple[Op, ...] = (("noun", "face"),)
"""What names all parts."""
NO_NAME = Phrase(())
"""The phrase of an item that names nothing."""
End = Phrase | Number


@dataclass(frozen=True, slots=True)
class Range:
    """From one place to another.

    Attributes:
        first, last: Phrases or numbers; last is None for "between the corners", both in one phrase.
        is_open: Both ends are left out.
    """

    first: End
    last: End | None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """What one clause asks; every field may be missing (None).

    Attributes:
        phrase, range: Where.
        layout, ids, parity, inner: A dataset's template, its ids as pairs, "odd" or "even", the inner points.
        named: A service's point by its published name: (layout, name) of each service that has it.
        count: How many.
        counts: How many on each of a list, one after the other ("6 and 10 points respectively").
        each: The count is for each.
        total: The count is for all together.
        density: Multiple of the unified layout's density; `as_many` where it multiplies a count said before.
        positions: FPALPs; from_side "right" counts them from the right.
        every, pixels: The step, as a share of the curve or in pixels.
        segments: Number of equal parts.
        grid: Rows and columns of a grid on a surface.
        nth: Every so-manieth point.
        pick: Which of the ordered points, from 1; below 0 from the end.
        spacing: "arc" or "even".
        shape, faces: As in the query.
        frame: As in the phrase.
        reverse: The order is turned.
        turn: "clockwise" or "counter_clockwise".
        origin: Where a whole curve starts, or from which side positions count.
        strict: The ends are left out.
        zero: Ids count from 0 or 1.
        only: Restricts what stands before.
        left_out: It is taken away from what stands before.
        same: "all" repeats what stands before, on another side; "amount" takes its count alone, "number" the last one
            that was said.
        lead: Its side comes first of those named before.
        approx: The count was rough.
        late: Its frame was said after what it owns.
        visible: Only points that are seen.
        via: What a range runs along or through.
        fault: Code, message and suggestion of something that cannot be answered.
    """

    phrase: Phrase | None = None
    range: Range | None = None
    layout: str | None = None
    ids: tuple[tuple[Number, Number], ...] | None = None
    named: tuple[tuple[str, str], ...] | None = None
    parity: str | None = None
    inner: bool | None = None
    count: Number | None = None
    counts: tuple[Number, ...] | None = None
    each: bool | None = None
    total: bool | None = None
    density: Fraction | None = None
    as_many: bool | None = None
    positions: tuple[Number, ...] | None = None
    every: Number | None = None
    pixels: Number | None = None
    segments: Number | None = None
    grid: tuple[Number, Number] | None = None
    nth: int | None = None
    pick: tuple[int, ...] | None = None
    spacing: str | None = None
    shape: Shape | None = None
    faces: str | None = None
    frame: str | None = None
    reverse: bool | None = None
    turn: str | None = None
    origin: End | None = None
    strict: bool | None = None
    zero: int | None = None
    only: bool | None = None
    left_out: bool | None = None
    same: str | None = None
    lead: bool | None = None
    approx: bool | None = None
    late: bool | None = None
    visible: bool | None = None
    via: Phrase | None = None
    fault: tuple[str, str, str | None] | None = None

    def says_only(self, *names: str) -> bool:
        """Whether no field but the named ones is said."""
        others = others_than(names)(self)
        return others.count(None) == len(others)

    @property
    def is_region(self) -> bool:
        return any(value is not None for value in (self.phrase, self.range, self.layout, self.ids, self.named))

    @property
    def is_layout(self) -> bool:
        """Whether it asks for landmarks of a layout."""
        return self.layout is not None or self.ids is not None or self.named is not None

    @property
    def has_numbers(self) -> bool:
        """Whether it has a range from one number to another, or a place (u, v)."""
        return self.range is not None and isinstance(self.range.first, Number) and isinstance(self.range.last, Number)

    @property
    def has_amount(self) -> bool:
        amounts = read_amounts(self)
        return amounts.count(None) < len(amounts)


FIELDS = tuple(field.name for field in fields(Item))
read_fields = attrgetter(*FIELDS)
read_amounts = attrgetter("count", "density", "positions", "every", "pixels", "segments", "grid", "nth", "pick")


@cache
def others_than(names: tuple[str, ...]) -> Callable[[Item], tuple[object, ...]]:
    """Return what reads all fields of an item but the named ones."""
    return attrgetter(*(name for name in FIELDS if name not in names))


FLAGS = frozenset(
    {"each", "total", "only", "strict", "reverse", "frame", "approx", "late", "spacing", "zero", "visible"}
)
"""Fields that may be said twice, if they say the same."""


def join(one: Item, other: Item) -> Item | None:
    """Return an item with the fields of both, None where they say one thing twice."""
    fields_of = [*read_fields(one)]
    for number, value in enumerate(read_fields(other)):
        own = fields_of[number]
        if value is None:
            continue
        if own is not None and (FIELDS[number] not in FLAGS or own != value):
            if FIELDS[number] != "spacing":
                return None
            value = "arc"
        fields_of[number] = value
    joined = Item(*fields_of)
    return None if joined.count is not None and joined.every is not None else joined


def add(one: Item, other: Item) -> Item:
    """Return an item with the fields of another too, itself where they say one thing twice."""
    return join(one, other) or one


def has_misfit(item: Item) -> bool:
    """Whether an item counts more points than the places it names."""
    thing = item.phrase.thing if item.phrase is not None and item.range is None else NOTHING
    if item.count is None or item.count.value <= len(thing.units) or not thing.is_place:
        return False
    is_each = item.phrase is not None and item.phrase.det == "each"
    return not is_each and not any(unit.stretch for unit in thing.units)
