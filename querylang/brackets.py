"""Brackets: what stands in them and before them that counts items, or says again what was said.

In: lexemes and a place among them; out: whether a bullet stands there, or where the bracket ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .numbers import read_number
from .words import Lexeme

LATIN = re.compile(r"x{0,2}(?:ix|iv|v?i{1,3}|v)")
MOST_LETTERS = 8
"""Items are counted from a to h."""
MOST_DIGITS = 2
FARTHEST = 3
"""A number is said again at most so many words before its bracket."""


def counts_item(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a letter or number counts items from a first one on: "a) chin b) nose tip", "(1) chin (2) nose tip"."""
    kind, number = label_at(lexemes, i)
    first, wanted = i, number - 1
    for at in range(i - 1, -1, -1) if wanted > 0 else ():
        if label_at(lexemes, at) == (kind, wanted):
            first, wanted = at, wanted - 1
            if not wanted:
                break
    return not wanted and opens_item(lexemes, first - (lexemes[first - 1].word in ("(", "|")))


def counts_in_latin(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a line begins with a Roman numeral and a mark: "ii. right eyebrow"."""
    is_first = i == 0 or lexemes[i - 1].type == "newline"
    is_marked = i + 1 < len(lexemes) and lexemes[i + 1].is_glued and lexemes[i + 1].word in (".", ")")
    return is_first and is_marked and LATIN.fullmatch(lexemes[i].word) is not None


def label_at(lexemes: Sequence[Lexeme], i: int) -> tuple[str, int]:
    """Return what sets a letter or number apart and which one it is: "a)", "(1)" or the "| 1 |" of a table's row."""
    word = lexemes[i].word
    before, after = lexemes[i - 1].word if i else "", lexemes[i + 1].word if i + 1 < len(lexemes) else ""
    if after == ")" and lexemes[i + 1].is_glued and "a" <= word <= "z" and len(word) == 1:
        number = ord(word) - ord("a") + 1
        return ("letter", number) if number <= MOST_LETTERS else ("", -1)
    if not word.isdecimal() or len(word) > MOST_DIGITS or (before, after) not in (("(", ")"), ("|", "|")):
        return "", -1
    is_cell = before == "|" and i > 1 and lexemes[i - 2].type != "newline"
    return ("", -1) if is_cell else (before, int(word))


def opens_item(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a place is the first of a text, a line, a clause or behind a colon."""
    return i <= 0 or lexemes[i - 1].type == "newline" or lexemes[i - 1].word in (":", ".", ";", ",", "-")


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
