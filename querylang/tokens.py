"""Tokens: a piece of the instruction, what it may mean, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Span = tuple[int, int]
"""Half-open range of Python string indices in the text as given."""

OPERATORS = frozenset(
    [
        "corner",
        "end",
        "start",
        "tip",
        "top",
        "bottom",
        "middle",
        "side",
        "part",
        "outline",
        "line",
        "arch",
        "peak",
        "tail",
        "head",
        "root",
        "base",
        "area",
        "around",
        "along",
        "opening",
    ]
)
"""Feature words that name a place on a part, not a part."""

NO_READINGS: Mapping[str, str] = {}


class Token:
    """A word, phrase, number or mark of the instruction.

    Attributes:
        kind: What query.lark sees ("COUNT", "SIDE"); empty until the tagger has chosen.
        value: The meaning: a feature word, a number, a name.
        start, stop: The half-open span in the original text.
        readings: Kinds the vocabulary allows for the phrase, with the value each gives.
        is_plural: The phrase stood in the plural.
        is_possessive: The phrase ended in an apostrophe-s.
        is_canonical: Written as canonical text is, which no setting changes: a name_with_underscores, a bracketed id.
    """

    __slots__ = ("is_canonical", "is_plural", "is_possessive", "kind", "readings", "start", "stop", "value")

    def __init__(
        self,
        kind: str,
        value: Any,
        start: int,
        stop: int,
        readings: Mapping[str, str] = NO_READINGS,
        is_plural: bool = False,
        is_possessive: bool = False,
        is_canonical: bool = False,
    ) -> None:
        self.kind = kind
        self.value = value
        self.start = start
        self.stop = stop
        self.readings = readings
        self.is_plural = is_plural
        self.is_possessive = is_possessive
        self.is_canonical = is_canonical

    def __repr__(self) -> str:
        return f"{self.kind}({self.value})@{self.start}:{self.stop}"

    @property
    def span(self) -> Span:
        return (self.start, self.stop)


def cover(*tokens: Any) -> Span:
    """Return the span from the first to the last of tokens or nodes that have `start` and `stop`."""
    return (min(t.start for t in tokens), max(t.stop for t in tokens))
