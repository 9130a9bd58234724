"""Numbers as people write them: digits, fractions, per cent, words."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from .registry import GRAMMAR
from .words import Lexeme

NumberForm = Literal["integer", "decimal", "fraction", "percent", "part", "ordinal"]
FRACTIONAL = frozenset({"percent", "decimal", "fraction", "part"})
"""Forms in which a place along a part is told."""

WORDS: dict[str, Any] = tomllib.loads((GRAMMAR / "numbers.toml").read_text("utf-8"))
UNITS = {word: number for number, word in enumerate(WORDS["units"])}
ORDINALS = {word: number for number, word in enumerate(WORDS["ordinals"], 1)}
TENS, SCALES, GROUPS = WORDS["tens"], WORDS["scales"], WORDS["groups"]
PARTS = WORDS["parts"] | {f"{word}s": number for word, number in ORDINALS.items() if number > 3}
NUMBER_WORDS = frozenset({*UNITS, *ORDINALS, *TENS, *SCALES, *GROUPS, *PARTS})
PER_CENT = frozenset(WORDS["per_cent"])
NOT_BEFORE = frozenset(WORDS["not_before"])
MAX_DIGITS = 30
"""No number of points or place has more."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number and how it was written.

    Attributes:
        value: Exact value; per cent are already divided by 100.
        form: "integer", "decimal", "fraction" (3/8), "percent", "part" (a third, halves) or "ordinal".
        denominator: The one written in a fraction (16 of 4/16), else 0.
        is_plural: A part in the plural ("thirds").
        is_marked: "a", "one" or a count stood before a part ("a third", "two thirds").
        is_counted: "Points" or the like stands behind it, so that it names no face.
        span: Its place in the text.
    """

    value: Fraction
    form: NumberForm
    denominator: int = 0
    is_plural: bool = False
    is_marked: bool = False
    is_counted: bool = field(default=False, compare=False)
    span: tuple[int, int] = field(default=(0, 0), compare=False)

    def at(self, lexemes: Sequence[Lexeme], start: int, stop: int, *, is_counted: bool = False) -> Number:
        """Return the number as standing from one lexeme up to another."""
        span = (lexemes[start].start, lexemes[stop - 1].stop)
        # A list may be thousands long, and `replace` takes several times as long.
        return Number(self.value, self.form, self.denominator, self.is_plural, self.is_marked, is_counted, span)


def as_part(number: Number) -> Number | None:
    """Return the part that an ordinal names as well: a third; None where it names none."""
    is_name = number.form == "ordinal" and number.value in (3, 4, 5)
    return Number(Fraction(1, int(number.value)), "part") if is_name else None


def read_number(lexemes: Sequence[Lexeme], start: int) -> tuple[int, Number] | None:
    """Return how many lexemes a number at a place takes, and the number; None if there is none."""
    first = lexemes[start]
    if word_at(lexemes, start + 1) in NOT_BEFORE:
        return None
    if first.type == "number":
        return read_digits(lexemes, start)
    if first.type != "word":
        return None
    return read_number_words(lexemes, start)


def word_at(lexemes: Sequence[Lexeme], i: int) -> str:
    return lexemes[i].word if i < len(lexemes) else ""


def read_per_cent(lexemes: Sequence[Lexeme], i: int) -> int:
    """Return how many lexemes say "per cent" at a place, 0 for none."""
    if word_at(lexemes, i) in PER_CENT:
        return 1
    return 2 if f"{word_at(lexemes, i)} {word_at(lexemes, i + 1)}" in PER_CENT else 0


def read_digits(lexemes: Sequence[Lexeme], start: int) -> tuple[int, Number]:
    text = lexemes[start].word[:MAX_DIGITS]
    value = Fraction(text) if "." in text else Fraction(int(text))
    i = start + 1
    after = word_at(lexemes, i)
    if after == "/" and i + 1 < len(lexemes) and lexemes[i + 1].type == "number":
        below = Fraction(lexemes[i + 1].word[:MAX_DIGITS])
        # "5/6/7 points on A, B and C".
        goes_on = word_at(lexemes, i + 2) == "/" and i + 3 < len(lexemes) and lexemes[i + 3].type == "number"
        if below and not goes_on and (lexemes[i + 1].is_glued or not lexemes[i].is_glued):
            return 3, Number(value / below, "fraction", int(below) if below.denominator == 1 else 0)
    if length := read_per_cent(lexemes, i):
        return 1 + length, Number(value / 100, "percent")
    if "." in text:
        return 1, Number(value, "decimal")
    if after in WORDS["suffixes"] and lexemes[i].is_glued:
        return 2, Number(value, "ordinal")
    if after in SCALES or after == "dozen":
        return 2, Number(value * (SCALES | GROUPS)[after], "integer")
    return 1, Number(value, "integer")


def read_number_words(lexemes: Sequence[Lexeme], start: int) -> tuple[int, Number] | None:
    word = lexemes[start].word
    after = word_at(lexemes, start + 1)
    if word == "single" and after in WORDS["counted"]:
        return 1, Number(Fraction(1), "integer")
    if word in ("a", "an"):
        return read_after_article(lexemes, start, after)
    if word == "half":
        return read_half(lexemes, start, after)
    if word in GROUPS and word not in ("score", "pair"):
        return after_group(lexemes, start, GROUPS[word], start)
    if word in UNITS or word in TENS or word in SCALES:
        return read_parts_of(lexemes, start, read_cardinal(lexemes, start, start))
    if word in ORDINALS:
        return 1, Number(Fraction(ORDINALS[word]), "ordinal")
    if word in PARTS:
        return 1, Number(Fraction(1, PARTS[word]), "part", is_plural=word.endswith("s"))
    return None


def read_after_article(lexemes: Sequence[Lexeme], start: int, after: str) -> tuple[int, Number] | None:
    """ "A dozen", "a hundred", "a third", "a point on"."""
    if after in GROUPS:
        return after_group(lexemes, start + 1, GROUPS[after], start)
    if after in SCALES:
        return read_cardinal(lexemes, start + 1, start)
    if after in WORDS["counted"] and word_at(lexemes, start + 2) in WORDS["counting"]:
        return 1, Number(Fraction(1), "integer")
    if after in PARTS or (after in ORDINALS and ORDINALS[after] > 2):
        return 2, Number(Fraction(1, PARTS.get(after) or ORDINALS[after]), "part", is_marked=True)
    return None


def read_half(lexemes: Sequence[Lexeme], start: int, after: str) -> tuple[int, Number]:
    if after in ("a", "an") and word_at(lexemes, start + 2) == "dozen":
        return 3, Number(Fraction(6), "integer")
    if after == "dozen":
        return 2, Number(Fraction(6), "integer")
    return 1, Number(Fraction(1, 2), "part")


def after_group(lexemes: Sequence[Lexeme], at: int, value: int, start: int) -> tuple[int, Number]:
    """A dozen, a couple of: swallow a following "of"."""
    length = at - start + 1
    if word_at(lexemes, at + 1) == "of":
        length += 1
    return length, Number(Fraction(value), "integer")


def read_cardinal(lexemes: Sequence[Lexeme], at: int, start: int) -> tuple[int, Number]:
    """Return how many lexemes "two hundred and five" takes from `start` on, and the number."""
    total, current, i = 0, 0, at
    while True:
        word = word_at(lexemes, i)
        if word in SCALES and word != "hundred":
            total, current = total + max(current, 1) * SCALES[word], 0
        elif word == "hundred":
            current = max(current, 1) * 100
        elif (added := add_word(lexemes, at, i, current)) is not None:
            current += added
        elif not joins_cardinal(lexemes, at, i):
            break
        i += 1
    return end_cardinal(lexemes, i, start, Fraction(total + current))


def add_word(lexemes: Sequence[Lexeme], at: int, i: int, current: int) -> int | None:
    """Return what a word adds to a cardinal so far, None if it does not go on with it."""
    word = word_at(lexemes, i)
    if word in TENS:
        return TENS[word] if current % 100 == 0 else None
    if word not in UNITS or (i > at and word_at(lexemes, i - 1) in UNITS):
        return None
    return UNITS[word] if current % 100 == 0 or (current % 10 == 0 and UNITS[word] < 10) else None


def joins_cardinal(lexemes: Sequence[Lexeme], at: int, i: int) -> bool:
    """Whether an "and" goes on with a cardinal: "two hundred and five"."""
    is_and = word_at(lexemes, i) == "and" and i > at
    return is_and and word_at(lexemes, i - 1) in SCALES and word_at(lexemes, i + 1) in UNITS | TENS


def end_cardinal(lexemes: Sequence[Lexeme], i: int, start: int, value: Fraction) -> tuple[int, Number]:
    """Return a cardinal with what may end it: "dozen", "and a half", "point five", "per cent"."""
    if [word_at(lexemes, i + k) for k in range(3)] == ["and", "a", "half"]:
        return i + 3 - start, Number(value + Fraction(1, 2), "decimal")
    if word_at(lexemes, i) == "point" and word_at(lexemes, i + 1) in UNITS:
        digits = ""
        while word_at(lexemes, i + 1 + len(digits)) in UNITS:
            digits += str(UNITS[lexemes[i + 1 + len(digits)].word])
        return i + 1 + len(digits) - start, Number(value + Fraction(int(digits), 10 ** len(digits)), "decimal")
    if word_at(lexemes, i) == "dozen":
        value, i = value * GROUPS["dozen"], i + 1
    if length := read_per_cent(lexemes, i):
        return i + length - start, Number(value / 100, "percent")
    return i - start, Number(value, "integer")


def read_parts_of(lexemes: Sequence[Lexeme], start: int, found: tuple[int, Number]) -> tuple[int, Number]:
    """Turn "two" before "thirds" into 2/3; leave every other number alone."""
    length, number = found
    word = word_at(lexemes, start + length)
    if number.form == "integer" and number.value <= 20:
        below = PARTS.get(word, 0)
        if not below and number.value == 1 and word in ORDINALS and ORDINALS[word] > 2:
            below = ORDINALS[word]
        if below > number.value:
            # "Two halves" are no share of one, but both.
            return length + 1, Number(number.value / below, "part", is_marked=True)
        ordinal = ORDINALS.get(word, 0)
        if length == 1 and lexemes[start].word in TENS and 0 < ordinal < 10:
            return 2, Number(number.value + ordinal, "ordinal")
    return found
