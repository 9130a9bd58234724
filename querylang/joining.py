"""Joining: what two plain values make together, which needs no concepts.

`table.py` says which categories meet; a function returns None where its values do not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .concepts import Op
from .meaning import WHOLE_FACE, Item, Phrase, Range, join
from .numbers import Number

OTHER = {"left": "right", "right": "left"}
MOST_PICKED = 1000


def join_adjectives(one: Any, other: Any) -> Any:
    """ "Left and right", "inner, outer"; of one kind, none twice."""
    return one + other if one[0][0] == other[0][0] and not set(one) & set(other) else None


def adjectives_apart(one: Any, other: Any) -> Item | None:
    """ "Lower left", "the outer of the right": in the place of others, of another kind each."""
    if len(one) > 1 or len(other) > 1 or one[0][0] == other[0][0]:
        return None
    return Item(phrase=Phrase((("adj", one), ("adj", other))))


def of_side(amount: Item, adjectives: Any) -> Item | None:
    """ "Every 20% of the right", of what was named before."""
    is_bare = amount.has_amount and not amount.is_region
    return replace(amount, phrase=Phrase((("adj", adjectives),))) if is_bare and len(adjectives) == 1 else None


def as_seen(adjectives: Any) -> Any:
    """ "Image left" is the viewer's left."""
    are_sides = all(kind == "side" for kind, _, _ in adjectives)
    return tuple((kind, viewer, viewer) for kind, viewer, _ in adjectives) if are_sides else None


def read_density(number: Number, kind: str) -> Item | None:
    """ "Twice as many" may multiply a count said before; "twice as dense" never does."""
    if number.form == "part" and number.value >= 1:
        return None
    return Item(density=number.value, as_many=kind == "many" or None)


def count_ids(base: str, one: Number | None = None) -> Item | None:
    """ "Zero-based", and the one id behind it; "zero-based, 5 points" names none."""
    if one is not None and one.is_counted:
        return None
    return Item(zero=0 if base == "zero" else 1, ids=None if one is None else ((one, one),))


def start_from(end: Any) -> Item | None:
    """ "From the right"; what names both sides is no one place to start at, nor is "the inner" of the inner corner."""
    if isinstance(end, Phrase) and any(op[0] == "adj" and len(op[1]) > 1 for op in end.ops):
        return None
    if isinstance(end, Phrase) and [op[1][0][0] for op in end.ops if op[0] == "adj"] == ["depth"] and len(end.ops) == 1:
        return None
    if isinstance(end, Number) and end.value > 1 and end.form == "integer":
        return None
    # "The left eye from the face" starts nowhere else.
    return Item() if isinstance(end, Phrase) and end.ops == WHOLE_FACE else Item(origin=end)


def run_along(item: Item, way: Phrase) -> Item | None:
    """A range, and what it runs along or through."""
    return join(item, Item(via=way)) if item.range is not None else None


def go_back(way: Phrase) -> Item:
    """ "... and back along the bottom": from where the range before it ends to where it starts."""
    return Item(range=Range(Phrase((), ref="there"), Phrase((), ref="start")), via=way)


def goes_sideways(item: Item) -> bool:
    """Whether a range goes from one side to the other, and so lies on what it runs along."""
    ends = (item.range.first, item.range.last) if item.range is not None else (None,)
    return all(isinstance(end, Phrase) and len(end.ops) == 1 and is_side(end.ops[0]) for end in ends)


def is_end(end: Any) -> bool:
    """Whether a word before or behind an arrow is a place, or a number: else the arrow leads on to an item."""
    return isinstance(end, Number) or end.is_free or end.thing.is_place


def may_count(item: Item, amount: Item) -> bool:
    """Whether "of" may join an item and a count: "the right eye of 8 points", "an even spread of 25 points"."""
    is_bare = item.has_amount is False and (item.phrase is not None or item.spacing is not None)
    return is_bare and amount.says_only("count", "approx")


def may_carry(phrase: Phrase) -> bool:
    """Whether a range can run along what a phrase names, if only along "the top" of what its ends lie on."""
    return not phrase.is_free or all(op[0] == "adj" or op[1] in ("top", "bottom", "outline") for op in phrase.ops)


def is_parts(item: Item) -> bool:
    """Whether an item is "thirds", which of something are not all of them."""
    return item.phrase is not None or (item.segments is not None and item.segments.is_plural)


def pick_several(which: str, number: Number) -> tuple[int, ...] | None:
    """ "The first three", "the last two"."""
    if not 1 <= number.value <= MOST_PICKED or which == "middle":
        return None
    count = int(number.value)
    return tuple(range(1, count + 1)) if which == "first" else tuple(range(-count, 0))


def is_bare_side(end: Any) -> bool:
    """Whether an end of a range is only a side ("the brow to the right")."""
    return isinstance(end, Phrase) and bool(end.ops) and all(op[0] == "adj" for op in end.ops)


def ends_at_side(item: Item) -> bool:
    """Whether a range ends at no more than a side: "from the left corner to the right over the top"."""
    return item.range is not None and is_bare_side(item.range.last)


def from_side_of(end: Any, phrase: Phrase) -> Item | None:
    """ "A third of the way from the left along the jaw"."""
    return Item(phrase=phrase, origin=end) if is_bare_side(end) and not phrase.is_free else None


def name_side(side: str) -> Any:
    """Return the adjective of one side."""
    return (("side", side, OTHER[side]),)


def come_first(adjectives: Any, frame: str = "") -> Item | None:
    """ "The right one first", "outer first", "the subject's right first"."""
    is_told = len(adjectives) == 1 and adjectives[0][0] in ("side", "depth")
    return Item(phrase=Phrase((("adj", adjectives),), frame=frame), lead=True) if is_told else None


def one_side(adjectives: Any) -> Any:
    """Return an adjective that is one side, None for any other."""
    return adjectives if adjectives[0][0] == "side" and len(adjectives) == 1 else None


def one_of(adjectives: Any) -> Phrase:
    """ "The one on the right", "the left one"."""
    return Phrase((("adj", adjectives),), ref="one")


def is_side(op: Op) -> bool:
    return bool(op[0] == "adj" and op[1][0][0] == "side")


def find_side(ops: Sequence[Op]) -> Op | None:
    """Return the operation that names one side, None where there is none or several."""
    return next(filter(is_one_side, ops), None)


def is_one_side(op: Op) -> bool:
    """Whether an operation names one side."""
    return is_side(op) and len(op[1]) == 1


def are_sides(phrase: Phrase) -> bool:
    """Whether a name is only a side."""
    return bool(phrase.ops) and all(map(is_side, phrase.ops))


def is_unchosen_part(op: Op) -> bool:
    """Whether an operation names a half or a side, and not which."""
    return bool((op[0] == "portion" and not op[2]) or (op[0] == "rel" and op[1].startswith("side")))


def by_end(op: Op) -> Op:
    """Let a side choose by where a place lies on its own part: "the left corners of the eyes"."""
    return ("adj", tuple(("end", *sides) for _, *sides in op[1])) if is_side(op) else op
