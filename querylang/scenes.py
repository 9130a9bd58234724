"""Scenes: how many people a photo shows, told in a clause of its own: "There are two people here. Take the left one".

In: the words; out: the words without such clauses, "one", "all three" and "each of them" behind them as words for
faces, and the clauses.  They are put aside only where the rest chooses among the faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .number_edges import find_kinds
from .numbers import read_number
from .word_edges import PARTS
from .words import Lexeme, rename

if TYPE_CHECKING:
    from .lexicon import Lexicon

ENDS = frozenset({".", ";", ",", ":", "!", "\n"})
LONGEST = 14
"""Words of a clause that tells a scene."""
CHOICES = frozenset({"FACE_CHOICE", "EVERYONE", "FACE_WORD"})
PLAIN = frozenset(
    {"SCENE", "GROUP", "NUMBER", "FILLER", "FACE_WORD", "VIEWER", "VIEWER_PHRASE", "LINK", "POSSESSIVE", "AND", "OF"}
)
"""Categories of words that tell a scene, and nothing else."""


def drop_scenes(text: str, lexemes: Sequence[Lexeme], lexicon: Lexicon) -> tuple[Sequence[Lexeme], list[str]]:
    """Return the words without what they tell of the scene, and that; all words where nothing chooses a face."""
    found = list(find_scenes(lexemes, lexicon))
    if not found:
        return lexemes, []
    gone = {i for start, stop in found for i in range(start, stop)}
    left = [one for i, one in enumerate(lexemes) if i not in gone]
    rest = list(tell_faces(left, lexicon))
    if not any(chooses(rest, i, lexicon) for i in range(len(rest))):
        return lexemes, []
    return rest, [text[lexemes[start].start : lexemes[stop - 1].stop].rstrip(",.;:! \n") for start, stop in found]


def find_scenes(lexemes: Sequence[Lexeme], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """Yield where each clause that tells a scene starts, and where what follows it does."""
    for start in range(len(lexemes)):
        if start and lexemes[start - 1].word not in ".;!?\n":
            continue
        kinds, stop = read_clause(lexemes, start, lexicon)
        order = [kind for one in kinds for kind in ("SCENE", "GROUP", "NUMBER", "FACE_WORD") if kind in one]
        counts = "FACE_WORD" in order and order[0] in ("SCENE", "NUMBER")
        if kinds and all(one & PLAIN for one in kinds) and (counts or order[:1] == ["GROUP"]):
            yield start, stop + (stop < len(lexemes))


def read_clause(lexemes: Sequence[Lexeme], start: int, lexicon: Lexicon) -> tuple[list[set[str]], int]:
    """Return the kinds of a clause's phrases, and where it stops."""
    kinds: list[set[str]] = []
    stop = start
    while stop < min(len(lexemes), start + LONGEST) and lexemes[stop].word not in ENDS:
        number, matches = read_number(lexemes, stop), lexicon.match(lexemes, stop)
        longest = max((length for length, _, _ in matches), default=1)
        found = {category for _, readings, _ in matches for category, _ in readings}
        if number is not None:
            # "The second face" is none of several.
            found = {"NUMBER"} if number[1].form == "integer" and number[1].value > 1 else {"ONE"}
        is_group = any(dict(readings).get("SCENE") == "group" for _, readings, _ in matches)
        # "Faces" are also all that lies on them.
        kinds.append({"GROUP"} if is_group else found - PARTS if "FACE_WORD" in found else found)
        stop += longest if number is None else number[0]
    return kinds, stop


def tell_faces(lexemes: Sequence[Lexeme], lexicon: Lexicon) -> Iterator[Lexeme]:
    """Yield the words, those for the people of a scene as faces: "the left one", "each of them", "all three"."""
    at, is_named = 0, False
    while at < len(lexemes):
        words = [one.word for one in lexemes[at : at + 3]]
        number = read_number(lexemes, at + 1) if at + 1 < len(lexemes) else None
        if words[:3] in (["each", "of", "them"], ["all", "of", "them"], ["both", "of", "them"]):
            yield from (rename(lexemes[at], "every"), rename(lexemes[at + 2], "face"))
            at += 3
        elif (
            words[:1] in (["all"], ["both"]) and number is not None and ends_name(lexemes, at + 1 + number[0], lexicon)
        ):
            yield from (lexemes[at], rename(lexemes[at + 1], "faces"))
            at += 1 + number[0]
        elif words[0] == "one" and at and not is_named and lexemes[at - 1].word != "per":
            yield rename(lexemes[at], "face")
            at += 1
        else:
            is_named = is_named or bool(find_kinds(lexemes, at, lexicon) & PARTS)
            is_named = is_named and lexemes[at].word != "of"
            yield lexemes[at]
            at += 1


def ends_name(lexemes: Sequence[Lexeme], at: int, lexicon: Lexicon) -> bool:
    """Whether a number names those of the scene: no name or count goes on behind it."""
    return at >= len(lexemes) or lexemes[at].type != "word" or not find_kinds(lexemes, at, lexicon) - {"FILLER", "GIVE"}


def chooses(lexemes: Sequence[Lexeme], at: int, lexicon: Lexicon) -> bool:
    """Whether a word is one for a face, or of a choice among faces."""
    return not find_kinds(lexemes, at, lexicon).isdisjoint(CHOICES)
