"""Joining: what two plain values make together, which needs no concepts.

`rules.py` says which categories meet; a function returns None where its values do not fit.
"""

from __future__ import annotations

from typing import Any

from .concepts import Op
from .meaning import Item, Phrase
from .numbers import Number

FRACTIONAL = frozenset({"percent", "decimal", "fraction", "part"})
MOST_PICKED = 1000
FACES_FAULT = ("face", "say which of the faces", "'all faces', 'face 2' or 'the two largest faces'")


def join_adjectives(one: Any, other: Any) -> Any:
    """ "Left and right", "inner, outer"; of one kind, none twice."""
    return one + other if one[0][0] == other[0][0] and not set(one) & set(other) else None


def read_step(_: Any, number: Number) -> Item | None:
    return Item(every=number) if number.form in FRACTIONAL else None


def read_density(number: Number, kind: str) -> Item | None:
    """ "Twice as many" may multiply a count said before; "twice as dense" never does."""
    if number.form == "part" and number.value >= 1:
        return None
    return Item(density=number.value, as_many=True if kind == "many" else None)


def choose_nth(ordinal: Number, choice: str) -> str | None:
    words = ("", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    if choice not in ("largest", "smallest") or not 1 <= ordinal.value <= len(words):
        return None
    return f"{words[int(ordinal.value) - 1]} {choice}".strip()


def start_from(end: Any) -> Item | None:
    """ "From the right"; what names both sides is no one place to start at."""
    if isinstance(end, Phrase) and any(op[0] == "adj" and len(op[1]) > 1 for op in end.ops):
        return None
    return Item(origin=end)


def may_count(item: Item, amount: Item) -> bool:
    """Whether "of" may join an item and a count: "the right eye of 8 points", "an even spread of 25 points"."""
    is_bare = item.has_amount is False and (item.phrase is not None or item.spacing is not None)
    return is_bare and amount == Item(count=amount.count, approx=amount.approx)


def may_carry(phrase: Phrase) -> bool:
    """Whether a range can run along what a phrase names, if only along "the top" of what its ends lie on."""
    return not phrase.is_free or all(op[0] == "adj" or op[1] in ("top", "bottom", "outline") for op in phrase.ops)


def is_parts(item: Item) -> bool:
    """Whether an item is "thirds", which of something are not all of them."""
    return item.phrase is not None or (item.segments is not None and item.segments.is_plural)


def some_faces(number: Number, word: tuple[str, bool]) -> Item | None:
    """ "The two faces": which of them is not said."""
    return Item(fault=FACES_FAULT) if word[1] and number.form == "integer" and number.value > 1 else None


def join_faces(one: tuple[str, bool, bool], other: tuple[str, bool, bool]) -> tuple[str, bool, bool] | None:
    """ "Face 2 and face 3"."""
    if not (one[0].replace(" ", "").isdigit() and other[0].isdigit()):
        return None
    return f"{one[0]} {other[0]}", one[1] or other[1], one[2] or other[2]


def pick_faces(pick: tuple[int, ...], word: tuple[str, bool]) -> tuple[str, bool, bool] | None:
    """ "The first and third face"."""
    if len(pick) < 2 or min(pick) < 1:
        return None
    return " ".join(map(str, pick)), False, word[0] != "face"


def pick_several(which: str, number: Number) -> tuple[int, ...] | None:
    """ "The first three", "the last two"."""
    if number.form != "integer" or not 1 <= number.value <= MOST_PICKED or which == "middle":
        return None
    count = int(number.value)
    return tuple(range(1, count + 1)) if which == "first" else tuple(range(-count, 0))


def one_id(is_plural: bool, number: Number) -> Item | None:
    """ "Point 3" is an id."""
    return None if is_plural or number.form != "integer" else Item(ids=((number, number),))


def is_bare_side(end: Any) -> bool:
    """Whether an end of a range is only a side ("the brow to the right")."""
    return isinstance(end, Phrase) and bool(end.ops) and all(op[0] == "adj" for op in end.ops)


def from_side_of(end: Any, phrase: Phrase) -> Item | None:
    """ "A third of the way from the left along the jaw"."""
    return Item(phrase=phrase, origin=end) if is_bare_side(end) and phrase.thing is not None else None


def one_side(adjectives: Any) -> Any:
    """Return an adjective that is one side, None for any other."""
    return adjectives if adjectives[0][0] == "side" and len(adjectives) == 1 else None


def one_on(adjectives: Any) -> Phrase | None:
    """ "The one on the right"."""
    return Phrase((("adj", adjectives),), None, ref="one") if adjectives[0][0] == "side" else None


def by_end(op: Op) -> Op:
    """Let a side choose by where a place lies on its own part: "the left corners of the eyes"."""
    if op[0] != "adj" or op[1][0][0] != "side":
        return op
    return ("adj", tuple(("end", viewer, subject) for _, viewer, subject in op[1]))


def count_from_left(faces: tuple[str, bool, bool], end: Any) -> tuple[str, bool, bool] | None:
    """ "The second face from the left"; faces are numbered from there."""
    if not isinstance(end, Phrase) or len(end.ops) != 1 or end.ops[0][0] != "adj" or not faces[0].isdigit():
        return None
    if end.ops[0][1][0][1] == "left":
        return faces
    return (f"{faces[0]} from the right", *faces[1:]) if end.ops[0][1][0][1] == "right" else None
