"""Chunks: the pieces of a sentence between two separators."""

from __future__ import annotations

from dataclasses import dataclass, field

from .syntax import (
    Density,
    Ids,
    Interval,
    Phrase,
    Piece,
    Pixels,
    Positions,
    Range,
    Segments,
    Sentence,
    Steps,
)
from .targets import MistakeError
from .tokens import OPERATORS, Token

Quantity = Positions | Steps | Pixels | Density | Segments | Token


TARGET_MARKS = {"LAYOUT", "ALL_POINTS", "INNER_POINTS"}


@dataclass(slots=True)
class Chunk:
    """The pieces between two separators."""

    separator: str
    pieces: list[Piece] = field(default_factory=list)
    is_removal: bool = False

    @property
    def start(self) -> int:
        return self.pieces[0].start

    @property
    def stop(self) -> int:
        return self.pieces[-1].stop

    @property
    def quantities(self) -> list[Quantity]:
        return [p for p in self.pieces if is_quantity(p)]  # type: ignore[misc]

    @property
    def has_target(self) -> bool:
        return any(is_target(p) for p in self.pieces)

    @property
    def is_dependent(self) -> bool:
        """Whether its only name is a range that needs the name of another chunk ("from tail to head")."""
        targets = [p for p in self.pieces if is_target(p)]
        return bool(targets) and all(is_bare_range(p) for p in targets)


def is_quantity(piece: Piece) -> bool:
    if isinstance(piece, Token):
        return piece.kind == "COUNT"
    return isinstance(piece, Positions | Steps | Pixels | Density | Segments)


def is_target(piece: Piece) -> bool:
    if isinstance(piece, Token):
        return piece.kind in TARGET_MARKS
    return isinstance(piece, Phrase | Range | Interval | Ids)


def is_bare_range(piece: Piece) -> bool:
    """Whether a range says nothing about the part it lies on."""
    if isinstance(piece, Interval):
        return True
    if not isinstance(piece, Range):
        return False
    return not any(isinstance(end, Phrase) and has_base(end) for end in (piece.first, piece.last))


def has_base(phrase: Phrase) -> bool:
    """Whether a phrase names a part, not only a place on one."""
    return any(w.kind == "NOUN" and not set(w.value.split()) <= OPERATORS for w in phrase.words)


def split_chunks(sentence: Sentence) -> list[Chunk]:
    """Split a sentence at its separators, at "except", and where a second count begins."""
    chunks: list[Chunk] = []
    chunk = Chunk("")
    has_target = has_quantity = False

    def close(separator: str) -> None:
        nonlocal chunk, has_target, has_quantity
        if chunk.pieces:
            chunks.append(chunk)
        elif chunk.separator and separator == "":
            separator = chunk.separator
        removal = chunk.is_removal and not chunk.pieces
        chunk = Chunk(separator, is_removal=removal)
        has_target = has_quantity = False

    for piece in sentence.pieces:
        if isinstance(piece, Token) and piece.kind in ("AND", "COMMA"):
            close(piece.kind)
            continue
        if isinstance(piece, Token) and piece.kind == "EXCEPT":
            close("EXCEPT")
            chunk.is_removal = True
            chunk.pieces.append(piece)
            continue
        if is_quantity(piece):
            if has_quantity and (has_target or not isinstance(piece, Token)):
                close("")
            has_quantity = True
        elif is_target(piece):
            if has_quantity and has_target and not is_bare_range(piece) and starts_clause(chunk, piece):
                check_whole(chunk, piece)
                close("")
            has_target = True
        elif isinstance(piece, Token) and piece.kind == "COLON":
            has_target = False
        chunk.pieces.append(piece)
    close("")
    return chunks


def check_whole(chunk: Chunk, piece: Piece) -> None:
    """Raise the mistake of a name that something stands in ("the left clockwise eye")."""
    before = chunk.pieces[-1]
    names = [p for p in chunk.pieces if isinstance(p, Phrase)]
    if not isinstance(piece, Phrase) or not names or is_quantity(before):
        return
    if not any(word.kind in ("NOUN", "PART") for word in names[-1].words):
        raise MistakeError("syntax", "this stands inside a name", (names[-1].start, piece.stop))


def starts_clause(chunk: Chunk, piece: Piece) -> bool:
    """Whether a further name after a count opens a clause of its own ("left eye 6 right eye 6")."""
    before = chunk.pieces[-1]
    if isinstance(before, Token) and before.kind in ("VIA", "COLON"):
        return False
    if isinstance(piece, Token | Ids) or isinstance(before, Ids):
        return False
    if isinstance(piece, Range | Interval) and isinstance(before, Phrase):
        return False
    return not (isinstance(before, Token) and before.kind == "LAYOUT")
