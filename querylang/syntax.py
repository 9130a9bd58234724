"""The syntax tree: what the grammar finds in an instruction, with spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from .numbers import Number
from .tokens import Token


@dataclass(frozen=True, slots=True)
class Group:
    """Words that stand together without "of": "the left eye", "outer third"."""

    words: tuple[Token, ...]

    @property
    def start(self) -> int:
        return min(word.start for word in self.words)

    @property
    def stop(self) -> int:
        return max(word.stop for word in self.words)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A name: groups joined by "of", the outermost first."""

    groups: tuple[Group, ...]

    @property
    def start(self) -> int:
        return min(group.start for group in self.groups)

    @property
    def stop(self) -> int:
        return max(group.stop for group in self.groups)

    @property
    def words(self) -> Iterator[Token]:
        return (word for group in self.groups for word in group.words)

    @property
    def has_noun(self) -> bool:
        return any(word.kind == "NOUN" for word in self.words)


End = Phrase | Token
"""An end of a range: a name, or a VALUE token."""


@dataclass(frozen=True, slots=True)
class Range:
    """From one place to another; `last` is None for "between the mouth corners"."""

    first: End
    last: End | None
    form: Literal["from", "to", "between"]
    start: int
    stop: int
    via: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a walk round a closed curve begins: "from the left corner"."""

    end: End
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A literal interval in brackets: [0.1, 0.9], or (0.1, 0.9) and [0 .. 1) without ends."""

    first: Token
    last: Token
    has_first: bool
    has_last: bool
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Positions:
    """FPALPs written out."""

    values: tuple[Token, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Steps:
    """Every so much of the way."""

    step: Number
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Pixels:
    """Every so many pixels."""

    step: Number
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Density:
    """So many times the points of the unified layout."""

    factor: Number
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Segments:
    """So many equal parts."""

    count: Number
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids and id ranges of a layout, first and last of each."""

    ranges: tuple[tuple[Token, Token], ...]
    start: int
    stop: int


Piece = Phrase | Range | Origin | Interval | Positions | Steps | Pixels | Density | Segments | Ids | Token


@dataclass(frozen=True, slots=True)
class Sentence:
    pieces: tuple[Piece, ...] = field(default_factory=tuple)
