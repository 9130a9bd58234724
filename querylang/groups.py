"""The words of a name that stand together: features, a side, portions, with every 'left and right' spelled out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from .portions import HALF, Portion
from .syntax import Group
from .targets import MistakeError
from .tokens import OPERATORS, Span, Token

THIRD = Fraction(1, 3)

MOST_MEANINGS = 64
"""How many things one name may mean ("left and right upper and lower lids" are four)."""

DIMENSIONS = ("SIDE", "LEVEL", "DEPTH", "ORDER")


@dataclass(slots=True)
class Chosen:
    """One group with every "left and right" decided: features, at most one side, portions in order."""

    features: set[str] = field(default_factory=set)
    side: str | None = None
    portions: list[tuple[Portion, Span]] = field(default_factory=list)
    is_plural: bool = False
    start: int = 0
    stop: int = 0

    @property
    def is_operator(self) -> bool:
        return self.features <= OPERATORS | {"upper", "lower", "inner", "outer"}


def join_one(groups: Sequence[Group]) -> list[Group]:
    """Join "the left one" of "the eyes" to the name it chooses from."""
    kept: list[Group] = []
    for group in groups:
        before = kept[-1].words if kept else ()
        chooses = any(w.kind == "ONE" for w in before) and all(
            w.kind in ("ONE", "SIDE", "LEVEL", "DEPTH") for w in before
        )
        if chooses:
            kept[-1] = Group((*(w for w in before if w.kind != "ONE"), *group.words))
        else:
            kept.append(group)
    return kept


def split_possessive(group: Group) -> list[Group]:
    """Split "right eye's left corner" into "left corner" of "right eye"."""
    words = group.words
    for i, word in enumerate(words[:-1]):
        if word.kind != "NOUN":
            continue
        later = [w for w in words[i + 1 :] if w.kind in ("SIDE", "NOUN", "PART")]
        twice = any(w.kind == "SIDE" for w in words[:i]) and any(w.kind == "SIDE" for w in later)
        if (word.is_possessive and later) or (twice and later[-1].kind != "SIDE"):
            return [Group(words[i + 1 :]), *split_possessive(Group(words[: i + 1]))]
    return [group]


def check_size(counts: Iterable[int], span: Span) -> None:
    """Raise the mistake of a name that joins so many things that nobody means them all."""
    if prod(counts) > MOST_MEANINGS:
        raise MistakeError("syntax", "too much is joined in one name", span, "a list of names")


def read_group(group: Group, has_side_place: bool) -> Iterator[Chosen]:
    """Yield the group once for each way "left and right" in it can be taken.

    Args:
        group: The words.
        has_side_place: Whether "side" is a place on the part ("side of the nose"), not a half of it.

    Raises:
        MistakeError: It holds left and right, or upper and lower, at once.
    """
    pending: dict[str, list[Token]] = {}
    features: set[str] = set()
    portions: list[tuple[list[str], Fraction, Token]] = []
    joins = 0
    plural = False
    joined: Token | None = None
    places: list[str] = []
    kept: dict[str, list[Token]] = {}
    nouns = [word for word in group.words if word.kind == "NOUN"]
    if len({word.value for word in nouns}) < len(nouns):
        raise MistakeError(
            "syntax", "the same name twice with nothing between", (group.start, group.stop), "'and' between"
        )
    for previous, word in zip((None, *group.words), group.words, strict=False):
        before_join = previous if word.kind == "JOIN" else None
        if word.kind == "JOIN":
            joins += 1
            joined = before_join if before_join is not None and before_join.kind == "NOUN" else None
        elif word.kind in DIMENSIONS:
            pending.setdefault(word.kind, []).append(word)
        elif word.kind == "PART" or (
            word.kind == "NOUN" and (word.value == "part" or (word.value == "side" and not has_side_place))
        ):
            size = word.value.value if word.kind == "PART" else HALF
            before = [t for kind in DIMENSIONS for t in pending.pop(kind, [])]
            if word.kind == "NOUN" and any(t.value == "middle" for t in before):
                size = THIRD
            choices = [str(t.value) for t in before]
            if not choices:
                choices = [word.value if word.kind == "NOUN" else ""]
            portions.append((choices, size, word))
        elif word.kind == "NOUN":
            if joined is not None:
                places = [joined.value, word.value]
            else:
                features |= set(word.value.split())
            plural = plural or word.is_plural
            for kind, tokens in pending.items():
                kept.setdefault(kind, []).extend(tokens)
            pending = {}
    for kind, tokens in pending.items():
        kept.setdefault(kind, []).extend(tokens)
    for kind, tokens in kept.items():
        values = [token.value for token in tokens]
        if len(values) > 1 and joins < len(values) - 1:
            span = (min(t.start for t in tokens), max(t.stop for t in tokens))
            raise MistakeError("contradiction", f"{' and '.join(map(str, values))} at once", span)
        if kind == "ORDER":
            raise MistakeError("no_part", "first or last what?", tokens[0].span)
    options: list[list[tuple[str, Any]]] = [
        [("side", t.value) for t in kept.get("SIDE", [])] or [("side", None)],
        [("level", t.value) for t in kept.get("LEVEL", [])] or [("level", None)],
        [("noun", value) for value in places] or [("noun", None)],
        [("depth", t.value) for t in kept.get("DEPTH", [])] or [("depth", None)],
        *[[("portion", (Portion(choice, size), word.span)) for choice in choices] for choices, size, word in portions],
    ]
    check_size([len(option) for option in options], (group.start, group.stop))
    for combination in product(*options):
        chosen = Chosen(features - set(places), is_plural=plural, start=group.start, stop=group.stop)
        for kind, value in combination:
            if kind == "side":
                chosen.side = value
            elif kind == "portion":
                chosen.portions.append(value)
            elif value is not None:
                chosen.features.add(value)
        yield chosen
