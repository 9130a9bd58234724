"""Names that only say how to count those before them: "eyes, 6 points per eye", "jaw with 5 points on each side"."""

from __future__ import annotations

from collections.abc import Sequence

from .apposition import OWNERS
from .chunks import Chunk, is_target
from .syntax import Phrase, Piece
from .tokens import Token

PAIRED = {"eye", "eyebrow", "lid", "pupil", "nostril", "wing", "corner", "end", "tail", "head", "arch", "peak"}
"""Nouns that mean a left and a right one, so that "per side" is one of them."""


def turn_counters(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Replace names that only count others by the mark EACH, or by the half of the part they mean."""
    kept: list[Chunk] = []
    for chunk in chunks:
        counter = find_counter(chunk)
        homes = find_homes(kept, chunk) if counter is not None else []
        if counter is None or not homes or not apply_counter(counter, homes, chunk):
            kept.append(chunk)
        elif chunk.separator == "":
            kept[-1].pieces += chunk.pieces
        elif chunk.pieces:
            kept.append(chunk)
    return kept


def find_counter(chunk: Chunk) -> Phrase | None:
    """Return the one name of a chunk if it is "each" or "per" something, on no side of its own."""
    names = [piece for piece in chunk.pieces if is_target(piece)]
    if len(names) != 1 or not isinstance(names[0], Phrase) or chunk.is_removal or len(names[0].groups) != 1:
        return None
    kinds = [(word.kind, word.value) for word in names[0].words]
    is_each = ("EACH_OF", "each") in kinds and not any(kind == "SIDE" for kind, _ in kinds)
    return names[0] if is_each else None


def find_homes(before: Sequence[Chunk], chunk: Chunk) -> list[tuple[Chunk, Phrase]]:
    """Return the names before a chunk that wait for a count, with their chunks, the last one first."""
    homes: list[tuple[Chunk, Phrase]] = []
    if chunk.separator == "AND":
        return homes
    for earlier in reversed(before):
        names = [piece for piece in earlier.pieces if is_target(piece)]
        is_counted = bool(earlier.quantities) and not (chunk.separator == "" and not homes)
        if len(names) != 1 or not isinstance(names[0], Phrase) or is_counted or earlier.is_removal:
            break
        homes.append((earlier, names[0]))
        if earlier.separator not in ("AND", "COMMA"):
            break
    if chunk.separator == "" and chunk.quantities and before and before[-1].quantities:
        return []
    return homes


def apply_counter(counter: Phrase, homes: list[tuple[Chunk, Phrase]], chunk: Chunk) -> bool:
    """Let a counter count the names before it; return whether it does."""
    nouns = find_nouns(counter)
    if nouns == {"side"} and not all(find_nouns(name) & PAIRED for _, name in homes):
        if len(homes) > 1:
            return False
        home, name = homes[0]
        replace(home.pieces, name, [Phrase((*counter.groups, *name.groups))])
        replace(chunk.pieces, counter, [])
        return True
    if nouns == {"lip"} and all(find_nouns(name) == {"lip"} for _, name in homes):
        home, name = homes[0]
        replace(home.pieces, name, [counter])
        replace(chunk.pieces, counter, [])
        return len(homes) == 1
    if nouns in ({"side"}, {"part"}) or all(counts(counter, name) for _, name in homes):
        replace(chunk.pieces, counter, [Token("EACH", "each", counter.start, counter.stop)])
        return True
    return False


def counts(counter: Phrase, name: Phrase) -> bool:
    """Whether "per eye" counts what a name means: the same part, or places on it."""
    nouns, named = find_nouns(counter), find_nouns(name)
    if "pupil" in named and nouns != named:
        return False
    if any(word.kind == "EACH_OF" and word.value == "each" for word in name.words) and nouns != named:
        return False
    kinds = {(w.kind, w.value) for w in counter.words if w.kind in ("LEVEL", "DEPTH")}
    if not kinds <= {(w.kind, w.value) for w in name.words} or any(w.kind == "SIDE" for w in name.words):
        return False
    return bool(nouns) and (nouns == named or {OWNERS.get(noun, noun) for noun in named} == nouns)


def find_nouns(phrase: Phrase) -> set[str]:
    return {feature for word in phrase.words if word.kind == "NOUN" for feature in word.value.split()}


def replace(pieces: list[Piece], old: Piece, new: list[Piece]) -> None:
    """Put other pieces where one was."""
    at = next(i for i, piece in enumerate(pieces) if piece is old)
    pieces[at : at + 1] = new
