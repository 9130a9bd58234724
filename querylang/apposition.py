"""Names side by side that say one thing: "lower lid, right eye" and "right eye, lower lid"."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from .chunks import Chunk, has_base, is_target
from .syntax import Phrase, Piece
from .targets import MistakeError
from .tokens import OPERATORS, Token

OWNERS = {"lid": "eye", "pupil": "eye"}
"""Names of places that lie on a part, or in it, without naming it."""


def merge_appositions(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Join a place and the part it lies on, named on both sides of a comma, to the one name they make.

    Raises:
        MistakeError: Further names follow, so that the place may as well be an item of a list.
    """
    named = [i for i, chunk in enumerate(chunks) if chunk.has_target and not chunk.is_removal]
    if len(named) > 2 and named[0] == 0 and heads_list(chunks[0], [chunks[i] for i in named[1:]]):
        return put_label(chunks)
    for before, after in itertools.pairwise(named):
        first, second = read_name(chunks[before]), read_name(chunks[after])
        between = chunks[before + 1 : after]
        if first is None or second is None or any(c.separator != "COMMA" for c in (*between, chunks[after])):
            continue
        is_only = len(named) == 2
        is_next = not between and not chunks[before].quantities
        if is_place_of(first, second):
            if is_only:
                return put_together(chunks, before, after, Phrase((*first.groups, *second.groups)))
            if has_base(first) and not any(word.is_plural for word in first.words):
                raise MistakeError(
                    "ambiguous",
                    "is this place on the part after it, or an item of its own?",
                    (first.start, second.stop),
                    "'of' between them, or a side for each",
                )
        elif is_only and is_next and is_place_of(second, first):
            return put_together(chunks, before, after, Phrase((*second.groups, *first.groups)))
    return list(chunks)


def heads_list(first: Chunk, rest: Sequence[Chunk]) -> bool:
    """Whether a part is named first and only places on it after ("right eyebrow, tail and arch")."""
    part = read_name(first)
    if part is None or first.quantities or rest[0].separator != "COMMA":
        return False
    names = [read_name(chunk) for chunk in rest]
    if all(n is not None and is_modifier(n) and c.quantities for n, c in zip(names, rest, strict=True)):
        return not any(word.kind == "SIDE" for word in part.words)
    return all(name is not None and is_place_of(name, part) and is_detail(name) for name in names)


def is_modifier(name: Phrase) -> bool:
    """Whether a name only says which one: "left", "the outer"."""
    return all(word.kind in ("SIDE", "LEVEL", "DEPTH", "ONE") for word in name.words)


def is_detail(name: Phrase) -> bool:
    """Whether a name is no part of its own: a bare place, or an upper or lower lid."""
    return not has_base(name) or any(word.kind == "LEVEL" for word in name.words)


def put_label(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return the chunks with the first one made the label of the others."""
    first, second = chunks[0], chunks[1]
    colon = Token("COLON", None, first.stop, first.stop)
    return [Chunk(first.separator, [*first.pieces, colon, *second.pieces]), *chunks[2:]]


def put_together(chunks: Sequence[Chunk], before: int, after: int, name: Phrase) -> list[Chunk]:
    """Return the chunks with one of two names replaced by what both make, the other left out."""
    first = chunks[before]
    pieces: list[Piece] = [name if isinstance(piece, Phrase) else piece for piece in first.pieces]
    rest: list[Piece] = [piece for piece in chunks[after].pieces if not isinstance(piece, Phrase)]
    merged = [Chunk(first.separator, pieces), *chunks[before + 1 : after]]
    if rest and not first.quantities:
        merged[0].pieces += rest
    elif rest:
        merged.append(Chunk(chunks[after].separator, rest))
    return [*chunks[:before], *merged, *chunks[after + 1 :]]


def read_name(chunk: Chunk) -> Phrase | None:
    """Return the name of a chunk that holds one and no range, None of any other chunk."""
    names = [piece for piece in chunk.pieces if is_target(piece)]
    marked = any(isinstance(piece, Token) and piece.kind in ("COLON", "SAME", "VIA") for piece in chunk.pieces)
    return names[0] if len(names) == 1 and isinstance(names[0], Phrase) and not marked else None


def is_place_of(place: Phrase, part: Phrase) -> bool:
    """Whether a name is a place on a part: one without a part of its own, or one of the same part without a side."""
    kinds = {word.kind for word in place.words}
    whole = {feature for word in part.words if word.kind == "NOUN" for feature in word.value.split()}
    if not whole or whole & OPERATORS or {word.kind for word in part.words} & {"PART", "ORDER", "QUANTITY"}:
        return False
    if not has_base(place):
        return bool(kinds & {"NOUN", "PART"}) and "EACH_OF" not in kinds
    if "SIDE" in kinds or "EACH_OF" in kinds or not any(word.kind in ("SIDE", "EACH_OF") for word in part.words):
        return False
    features = {feature for word in place.words if word.kind == "NOUN" for feature in word.value.split()}
    owner = {OWNERS.get(feature, feature) for feature in features - OPERATORS - {"inner", "outer", "upper", "lower"}}
    is_detail = features != owner or bool(kinds & {"LEVEL", "DEPTH", "PART"})
    is_plural_pupil = features == {"pupil"} and any(word.is_plural for word in place.words)
    return owner == whole and is_detail and not is_plural_pupil
