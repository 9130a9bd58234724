"""Spelling: unknown words that lie one edit from exactly one word of the language.

In: words and the lattice; out: the words with those mended, and a note for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .lattice import Lattice
from .numbers import NUMBER_WORDS
from .word_edges import ASIDE, EMPTY
from .words import Lexeme, rename

if TYPE_CHECKING:
    from .language import Language

SHORTEST = 4
MOST_MENDED = 10
"""A text with more unknown words than that is no misspelt instruction."""
NO_TARGETS = ASIDE | {
    "ACTIVITY", "BAD", "BULLET_WORD", "CORRECTION", "DROPPER", "FACE_WORD", "FIELD", "FINDING", "HEADING", "LOOSE_END",
    "PERSON_SIDE", "PRODUCT", "PURPOSE", "QUANTITY", "SCENE", "SPEAKER", "WHOSE_SIDE",
}  # fmt: skip
"""Categories whose words are no spelling of anything else."""


NAMES = frozenset({"NOUN", "NOUNS", "REL"})
"""Categories of words that name a part or a place."""
NAMING = frozenset({
    "NOUN", "NOUNS", "OWN_NOUN", "ADJ", "REL", "FACE_CHOICE", "FACE_WORD", "EVERYONE", "EACH", "VIEWER", "BESIDE",
    "REF", "SAME", "TOTAL", "ONLY", "EXCEPT", "NEGATION", "LAYOUT", "SELECT",
})  # fmt: skip
"""Categories of words that would be lost with what is put aside."""


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


def find_near(word: str, language: Language, least: int = SHORTEST, but: frozenset[str] = NO_TARGETS) -> list[str]:
    """Return the words of the language of so many letters, plurals too, one edit from a word."""
    words = language.lexicon.words(but) | NUMBER_WORDS
    found = {known for known in words if len(known) >= least and is_near(word, known)}
    if word.endswith("s"):
        found |= {known + "s" for known in words if len(known) > 3 and is_near(word[:-1], known)}
    found |= {
        known + "s" for known in words if len(known) > 3 and is_near(word, known + "s") and known + "s" not in words
    }
    # Of "face" and "faces", "facs" and "facse" are the second.
    found -= {known for known in found if known.endswith("ss") and known[:-1] in found}
    both = {known for known in found if known.endswith("s") and known[:-1] in found}
    plural = {known for known in both if word.endswith("s") or sorted(known) == sorted(word)}
    return sorted(found - (both - plural) - {known[:-1] for known in plural})


def same_meaning(near: list[str], language: Language) -> list[str]:
    """Return the shortest alone of words that are names of one thing ("pupil", "pupilla")."""
    nouns = [[value for category, value in language.lexicon.find(word) if category == "NOUN"] for word in near]
    if len(near) > 1 and all(nouns) and all(noun == nouns[0] for noun in nouns):
        return [min(near, key=len)]
    return near


def find_lost(word: str, language: Language, *, owns: bool) -> list[str]:
    """Return what an unknown word put aside with others may be a misspelling of, and would be lost with them."""
    for but in (NO_TARGETS, NO_TARGETS - {"FACE_WORD"}):
        # "Cleft" is no "left": slips seldom change the first letter.
        near = [one for one in find_near(word, language, but=but) if one[0] == word[0]]
        # What seems to own is no name where it is any word misspelt: "whre's the left pupil?"
        found = [one for one in near if owns or one in NUMBER_WORDS or find_categories(one, language) & NAMING]
        if found:
            return found
    return []


def find_categories(word: str, language: Language) -> set[str]:
    return {category for category, _ in language.lexicon.find(word)}


def find_meant(word: str, language: Language) -> list[str]:
    """Return what a word that fits nowhere may be a misspelling of: "rith" is no "with", which would say nothing."""
    near = find_near(word, language)
    return [one for one in near if one[0] == word[0] or not find_categories(one, language) <= {*EMPTY, "WITH"}]


def find_name(word: str, language: Language) -> list[str]:
    """Return the names that a word for a person may be a misspelling of: "nasal bride"."""
    return [one for one in find_near(word, language) if find_categories(one, language) & NAMES]


def mend_spelling(
    lexemes: Sequence[Lexeme],
    lattice: Lattice,
    strange: Sequence[int],
    aside: Sequence[int],
    beside: Sequence[int],
    language: Language,
) -> tuple[list[Lexeme], list[str], list[tuple[int, list[str]]]]:
    """Return the words with each misspelt one mended, the notes about it, and nodes that nothing may put aside.

    With these come the words that they may be.

    Args:
        lexemes: The words.
        lattice: Their lattice.
        strange: Nodes of words that fit nowhere.
        aside: Nodes of unknown words in purposes, headings and owners, mended where they name a part, a side or a face.
        beside: Nodes of words for persons right behind a name, which own nothing.
        language: The language.
    """
    mended = list(lexemes)
    notes: list[str] = []
    lost: list[tuple[int, list[str]]] = []
    known = {**language.near["not_covered"], **language.near["layouts"]}
    for node in (*strange, *aside, *beside)[:MOST_MENDED]:
        i = lattice.nodes[node]
        word = lexemes[i].word
        is_odd = word in known or word in language.near["other"]["words"] or word in language.lexicon.words()
        if lexemes[i].type != "word" or len(word) < SHORTEST or (is_odd and node not in beside):
            continue
        if node in beside:
            found = find_name(word, language)
        elif node in aside:
            found = find_lost(word, language, owns=lexemes[i].is_possessive)
        else:
            found = find_meant(word, language)
        near = same_meaning(found, language)
        if len(near) == 1 and len(near[0]) >= SHORTEST:
            mended[i] = rename(lexemes[i], near[0])
            notes.append(f"'{word}' is read as '{near[0]}'")
        elif near and node in aside:
            lost.append((node, near))
    return mended, notes, lost
