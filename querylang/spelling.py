"""Spelling: unknown words that lie one edit from exactly one word of the language.

In: words and the lattice; out: the words with those mended, and a note for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

from .lattice import Lattice
from .numbers import NUMBER_WORDS
from .word_edges import ASIDE
from .words import Lexeme

if TYPE_CHECKING:
    from .language import Language

SHORTEST = 4
MOST_MENDED = 10
"""A text with more unknown words than that is no misspelt instruction."""
NO_TARGETS = ASIDE | {"HEADING", "PRODUCT", "PURPOSE", "FACE_WORD", "BAD", "LOOSE_END", "BULLET_WORD"}
"""Categories whose words are no spelling of anything else."""


def is_near(one: str, other: str) -> bool:
    """Whether one insertion, deletion, change or swap of neighbours makes one word the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    if one[start + 1 :] == other[start + 1 :]:
        return True
    return one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]


def find_near(word: str, language: Language, least: int = SHORTEST) -> list[str]:
    """Return the words of the language of so many letters, plurals too, one edit from a word."""
    words = language.lexicon.words(NO_TARGETS) | NUMBER_WORDS
    found = {known for known in words if len(known) >= least and is_near(word, known)}
    if word.endswith("s"):
        found |= {known + "s" for known in words if len(known) > 3 and is_near(word[:-1], known)}
    found |= {
        known + "s" for known in words if len(known) > 3 and is_near(word, known + "s") and known + "s" not in words
    }
    singles = {known for known in found if not (known.endswith("s") and known[:-1] in found)}
    return sorted(singles)


def same_meaning(near: list[str], language: Language) -> list[str]:
    """Return the shortest alone of words that are names of one thing ("pupil", "pupilla")."""
    nouns = [[value for category, value in language.lexicon.find(word) if category == "NOUN"] for word in near]
    if len(near) > 1 and all(nouns) and all(noun == nouns[0] for noun in nouns):
        return [min(near, key=len)]
    return near


def is_side(word: str, near: str, language: Language) -> bool:
    """Whether what a word lies near tells one part from another, as left, upper and inner do; "cleft" is no "left"."""
    return word[0] == near[0] and any(category == "ADJ" for category, _ in language.lexicon.find(near))


def mend_spelling(
    lexemes: Sequence[Lexeme], lattice: Lattice, strange: Sequence[int], aside: Sequence[int], language: Language
) -> tuple[list[Lexeme], list[str]]:
    """Return the words with each misspelt one mended, and the notes about it.

    Args:
        lexemes: The words.
        lattice: Their lattice.
        strange: Nodes of words that fit nowhere.
        aside: Nodes of unknown words in purposes and headings, which are mended where they name a part or a side.
        language: The language.
    """
    mended = list(lexemes)
    notes: list[str] = []
    known = {**language.near["not_covered"], **language.near["layouts"]}
    for node in (*strange, *aside)[:MOST_MENDED]:
        i = lattice.nodes[node]
        word = lexemes[i].word
        if (
            lexemes[i].type != "word"
            or len(word) < SHORTEST
            or word in known
            or word in language.near["other"]["words"]
        ):
            continue
        near = same_meaning(find_near(word, language), language)
        if len(near) != 1 or len(near[0]) < SHORTEST:
            continue
        if node in aside and near[0] not in language.lexicon.names and not is_side(word, near[0], language):
            continue
        fixed = copy(lexemes[i])
        fixed.word = near[0]
        mended[i] = fixed
        notes.append(f"'{word}' is read as '{near[0]}'")
    return mended, notes
