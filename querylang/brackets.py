"""Brackets: what stands in them and before them that counts items, or says again what was said.

In: lexemes and a place among them; out: whether a bullet stands there, or where the bracket ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from .numbers import read_number
from .words import Lexeme

MOST_LETTERS = 8
"""Items are counted from a to h."""
FARTHEST = 3
"""A number is said again at most so many words before its bracket."""


def counts_on(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a number in brackets goes on counting those before it from a first: "(1) left eye (2) right eye"."""
    word = lexemes[i].word
    wanted = int(word) - 1 if word.isdecimal() and len(word) < 3 else 0
    for at in range(i - 2, 0, -1):
        if wanted and lexemes[at].word == str(wanted) and lexemes[at - 1].word == "(" and lexemes[at + 1].word == ")":
            wanted -= 1
            if not wanted:
                return opens_item(lexemes, at - 1)
    return False


def is_letter(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a letter counts items: "a) chin b) nose tip", "(a) the jaw, (b) the lips"."""
    number = number_of(lexemes, i)
    if not number:
        return False
    wanted = number - 1
    for at in range(i - 1, -1, -1):
        if wanted and number_of(lexemes, at) == wanted:
            wanted -= 1
    first = i - 1 if i and lexemes[i - 1].word == "(" else i
    return not wanted and (number > 1 or opens_item(lexemes, first))


def number_of(lexemes: Sequence[Lexeme], i: int) -> int:
    """Return the place in the alphabet of a letter right before a bracket that closes, 0 for anything else."""
    word = lexemes[i].word
    if len(word) != 1 or i + 1 >= len(lexemes) or lexemes[i + 1].word != ")" or not lexemes[i + 1].is_glued:
        return 0
    number = ord(word) - ord("a") + 1
    return number if 1 <= number <= MOST_LETTERS else 0


def opens_item(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a place is the first of a text, a line, a clause or behind a colon."""
    return i == 0 or lexemes[i - 1].type == "newline" or lexemes[i - 1].word in (":", ".", ";", ",", "-")


def restates_number(lexemes: Sequence[Lexeme], i: int) -> int | None:
    """Return where a bracket ends that says a number again: "12 (twelve) points", "twelve points (a dozen)"."""
    found = read_number(lexemes, i + 1) if i + 1 < len(lexemes) else None
    if found is None or i + 1 + found[0] >= len(lexemes) or lexemes[i + 1 + found[0]].word != ")":
        return None
    for start in range(max(0, i - FARTHEST), i):
        before = read_number(lexemes, start)
        if before is not None and (before[1].value, before[1].form) == (found[1].value, found[1].form):
            return i + 2 + found[0]
    return None
