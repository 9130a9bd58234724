"""Numbers in the lattice: single ones, lists, ids with their ranges, intervals, and the numbers of a list.

In: words; out: edges `(stop, category, value, cost)` that start at one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from .brackets import counts_item
from .lexicon import Lexicon
from .numbers import FRACTIONAL, GROUPS, MAX_DIGITS, NUMBER_WORDS, PER_CENT, Number, as_part, read_number
from .words import Lexeme

JOINS_LIST = frozenset({",", "and", "-", "to", "..", "through"})
LISTED = NUMBER_WORDS | GROUPS.keys()
"""Words of a list of numbers."""
COUNTED = frozenset({"POINTS", "INNER_POINTS"})
COUNTABLE = frozenset({"ADJ", "NOUN", "NOUNS", "REL", "SPACING"})
"""Behind the last of a list of ids they tell that it is a count: "WFLW 61-68 and 4 eye corners"."""
AT_WORDS = frozenset({"at", "@", ",", ":", "(", "the"})
"""What stands before places along a part."""
MOST_PREFIXES = 12
"""How many beginnings of a list of numbers are readings of their own; the whole list always is."""
RESPECTIVELY = 8.0
"""How much surer it is that numbers are one for each, where that is said."""
COUNTED_COST = 5.0
"""What it costs to read "and 6" before "points", or "and 300" of "300W", as one more of a list of ids."""

LONGEST_BRACKET = 40
"""Words of a bracket that a number may close."""


def is_line_start(lexemes: Sequence[Lexeme], i: int) -> bool:
    return i == 0 or lexemes[i - 1].type == "newline"


def read_interval(lexemes: Sequence[Lexeme], i: int) -> Iterator[tuple[int, str, Any, float]]:
    """Yield "[0.2, 0.8]" and "(0.2 .. 0.8)" as a range."""
    found = read_plain(lexemes, i + 1)
    if found is None or found[0] >= len(lexemes) or lexemes[found[0]].word not in (",", "..", "...", "-", ";", "to"):
        return
    second = read_plain(lexemes, found[0] + 1)
    if second is None or second[0] >= len(lexemes) or lexemes[second[0]].word not in ")]":
        return
    is_open = lexemes[i].word == "(" and lexemes[second[0]].word == ")"
    yield second[0] + 1, "INTERVAL", (found[1], second[1], is_open), 0.5


def read_plain(lexemes: Sequence[Lexeme], i: int) -> tuple[int, Number] | None:
    if i >= len(lexemes) or lexemes[i].type != "number":
        return None
    found = read_number(lexemes, i)
    if found is None:
        return None
    return i + found[0], found[1].at(lexemes, i, i + found[0])


ARTICLES = ("a", "one")


def read_one(
    lexemes: Sequence[Lexeme], i: int, stop: int, number: Number, lexicon: Lexicon
) -> Iterator[tuple[int, str, Any, float]]:
    """Yield a number by itself: a third is a share, and behind an article no third one."""
    is_step = stop < len(lexemes) and (lexemes[stop].word == "the" or is_kind(lexemes, stop, "FINDING", lexicon))
    if number.form == "ordinal" and is_step:
        # "First the patient's right eye, then the left" chooses no patient, "first find the face" no face.
        if lexemes[stop].word != "the":
            yield stop, "SKIP", None, 0.3
        return
    part = as_part(number)
    if part is not None:
        yield stop, "NUMBER", part, 1.0
    if part is None or i == 0 or lexemes[i - 1].word not in ARTICLES:
        # "300W" is no number before a "with".
        cost = 1.0 + COUNTED_COST * is_kind(lexemes, i, "LAYOUT", lexicon)
        yield stop, "ORDINAL" if number.form == "ordinal" else "NUMBER", number, cost


def read_numbers(
    lexemes: Sequence[Lexeme], i: int, found: tuple[int, Number], lexicon: Lexicon
) -> Iterator[tuple[int, str, Any, float]]:
    """Yield a number, a list of them, and ids with their ranges."""
    length, number = found
    stop = i + length
    is_counted = is_kind(lexemes, stop, "POINTS", lexicon) and not names_next(lexemes, stop, lexicon)
    number = number.at(lexemes, i, stop, is_counted=is_counted)
    if is_minus(lexemes, i):
        number = replace(number, value=-number.value, span=(lexemes[i - 1].start, number.span[1]))
    yield from read_one(lexemes, i, stop, number, lexicon)
    yield from read_slashed(lexemes, i)
    after = lexemes[stop].word if stop < len(lexemes) else ""
    if lexemes[i].type == "number" and number.form == "integer" and after in (")", ".") and is_bullet(lexemes, i, stop):
        yield stop + 1, "BULLET", None, 0.2
    if after == "|" and counts_item(lexemes, i):
        yield stop + 1, "BULLET", None, 0.2
    counts_faces = i > 0 and is_kind(lexemes, i - 1, "FACE_WORD", lexicon)
    for end, category, value, cost in read_list(lexemes, i, stop, number):
        if counts_faces and category == "NUMBERS" and any(one.form != "integer" for one in value):
            # "On face 2, 40% of the way along the jaw."
            continue
        behind = find_kinds(lexemes, end, lexicon)
        names = "HEADS" in behind and behind.isdisjoint(("PURPOSE", "FILLER", "AND"))
        counts = category == "IDS_LIST" and (names or not behind.isdisjoint(COUNTABLE))
        if category == "COUNTS":
            # "5 and 7 points respectively".
            is_said = any(one.word == "respectively" for one in lexemes[end : end + 3])
            is_last = end + ("POINTS" in behind) == len(lexemes)
            is_said = is_said or (is_last and heads_names(lexemes, i, lexicon))
            # "From the left corner to the right one, 7 points via the top".
            is_one = lexemes[i].word == "one" and i > 0 and is_kind(lexemes, i - 1, "ADJ", lexicon)
            if (is_said or "POINTS" in behind) and not (counts_faces or is_one):
                yield end, category, value, cost - RESPECTIVELY * is_said
            continue
        goes_on = counts or not behind.isdisjoint(COUNTED) or is_kind(lexemes, end - 1, "LAYOUT", lexicon)
        is_way = category == "NUMBERS" and value[-1].form == "part" and not behind.isdisjoint(("WAY", "OF"))
        if is_way and any(one.form not in ("part", "integer") for one in value):
            # "At 3/8 and 5/8, a quarter of the way along the jaw."
            continue
        yield end, category, value, cost + COUNTED_COST * (goes_on and len(value) > 1)


def names_next(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a word for points is a verb: "on face 2 mark the nose tip", "on face 2 mark both pupils"."""
    readings = [one for _, found, is_plural in lexicon.match(lexemes, i) if not is_plural for one in found]
    is_verb = [value for kind, value in readings if kind == "POINTS"] == ["verbs"]
    if not is_verb or i + 1 >= len(lexemes):
        return False
    is_named = lexemes[i + 1].word == "the" or is_kind(lexemes, i + 1, "EACH", lexicon)
    return is_named or read_number(lexemes, i + 1) is not None


def heads_names(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether several names stand before a colon and numbers: "brows, eyes, lips: 5, 6, 12"."""
    before = [one.word for one in lexemes[max(0, i - LONGEST_BRACKET) : i]]
    is_list = before[-1:] in ([":"], ["="]) and not {",", "and", "/"}.isdisjoint(before)
    return is_list and not is_kind(lexemes, i - 2, "POINTS", lexicon)


def is_kind(lexemes: Sequence[Lexeme], i: int, kind: str, lexicon: Lexicon) -> bool:
    """Whether a phrase of one kind starts at a lexeme."""
    return kind in find_kinds(lexemes, i, lexicon)


def find_kinds(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> set[str]:
    """Return the kinds of the phrases that start at a lexeme."""
    return {category for _, readings, _ in lexicon.match(lexemes, i) for category, _ in readings}


def is_bullet(lexemes: Sequence[Lexeme], i: int, stop: int) -> bool:
    if stop + 1 >= len(lexemes):
        return False
    if is_line_start(lexemes, i):
        return True
    if lexemes[stop].word != ")" or not lexemes[stop].is_glued:
        return False
    near = (one.word for one in reversed(lexemes[max(0, i - LONGEST_BRACKET) : i - 1]))
    if next((word for word in near if word in ("(", ")")), "") == "(":
        # "Left eye (upper lid 6, lower lid 4), ..." closes a bracket.
        return False
    if counts_item(lexemes, i):
        return True
    before = i - 2 if lexemes[i - 1].word == "(" else i - 1
    return before < 0 or lexemes[before].type != "word" or lexemes[i - 1].word != "("


def is_minus(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether the dash before a number is its sign."""
    if i == 0 or lexemes[i - 1].word != "-" or not lexemes[i].is_glued or lexemes[i].type != "number":
        return False
    return (i < 2 or lexemes[i - 2].type != "number") and not lexemes[i - 1].is_glued


def read_list(lexemes: Sequence[Lexeme], i: int, stop: int, first: Number) -> Iterator[tuple[int, str, Any, float]]:
    """Yield the numbers "0.25, 0.5 and 0.75" and the ids "37-42 and 46", up to each of the first and up to the last."""
    if continues_list(lexemes, i, first):
        return
    steps = list(read_members(lexemes, stop, first))
    numbers = [pair[0] for _, pair in steps]
    singles = next((n for n, (_, (low, high)) in enumerate(steps) if low is not high), len(steps))
    if singles == len(steps) and (shares := as_percents(numbers)) is not None:
        # "Left brow 6 and 25% along the jaw" counts first.
        cost = 0.5 if len(shares) > 2 or i == 0 or lexemes[i - 1].word in AT_WORDS else COUNTED_COST
        yield steps[-1][0], "NUMBERS", shares, cost
    if 1 < len(numbers) <= MOST_PREFIXES and singles == len(steps) and all(one.form == "integer" for one in numbers):
        yield steps[-1][0], "COUNTS", tuple(numbers), COUNTED_COST
    for count in {*range(1, min(len(steps), MOST_PREFIXES) + 1), len(steps)}:
        end = steps[count - 1][0]
        if 1 < count <= singles and are_alike(numbers[:count]):
            yield end, "NUMBERS", tuple(numbers[:count]), 1.0
        if all(number.form == "integer" for number in numbers[:count]):
            yield end, "IDS_LIST", tuple(pair for _, pair in steps[:count]), 1.0


def read_slashed(lexemes: Sequence[Lexeme], i: int) -> Iterator[tuple[int, str, Any, float]]:
    """Yield "5/6" as a number each where as many names stand so: "left eye/jaw: 5/6"."""
    if i > 0 and lexemes[i - 1].word == "/":
        return
    stop = i
    while (
        stop < min(len(lexemes), i + LONGEST_BRACKET)
        and lexemes[stop].type == "number"
        and lexemes[stop].word.isdigit()
    ):
        stop += 2
        if stop > len(lexemes) or lexemes[stop - 1].word != "/":
            break
    numbers = [read_whole(lexemes, at) for at in range(i, stop, 2)]
    stop -= 1
    near = range(max(1, i - LONGEST_BRACKET), min(len(lexemes) - 1, stop + LONGEST_BRACKET))
    parted = [n for n in near if lexemes[n].word == "/" and lexemes[n + 1].type == "word"]
    names = 1 + len([n for n in parted if lexemes[n - 1].type == "word"])
    if len(numbers) > 1 and (len(numbers) > 2 or names == len(numbers)):
        yield stop, "COUNTS", tuple(numbers), -RESPECTIVELY


def read_whole(lexemes: Sequence[Lexeme], i: int) -> Number:
    return Number(Fraction(int(lexemes[i].word[:MAX_DIGITS])), "integer").at(lexemes, i, i + 1)


def are_alike(numbers: Sequence[Number]) -> bool:
    """Whether numbers may stand in one list: counts and ids, or places along a part."""
    return all(number.form == "integer" for number in numbers) or all(
        number.form != "integer" or number.value <= 1 for number in numbers
    )


def as_percents(numbers: Sequence[Number]) -> tuple[Number, ...] | None:
    """Return "10, 50 and 90 percent" as percents all; None where the word behind the last is not meant of all."""
    *others, last = numbers
    if last.form != "percent" or not others or any(one.form != "integer" or one.value > 100 for one in others):
        return None
    if all(one.value <= 1 for one in others):
        return None
    return (*(replace(one, value=one.value / 100, form="percent") for one in others), last)


def continues_list(lexemes: Sequence[Lexeme], i: int, number: Number) -> bool:
    """Whether a number belongs to a list that began before it."""
    before = i - 1 - (i > 1 and lexemes[i - 1].word in ("a", "an"))
    is_lower = before > 0 and lexemes[before].word == "/" and lexemes[before - 1].type == "number"
    if is_lower or (i > 0 and lexemes[i - 1].word in NUMBER_WORDS):
        # The lower number of "1/2, 3/4", the last word of "one half, twenty one".
        return True
    while before > 0 and lexemes[before].word in JOINS_LIST and i - before < 3:
        before -= 1
    is_per_cent = before > 0 and lexemes[before].word in PER_CENT
    before -= is_per_cent
    if not 0 <= before < i - 1:
        return False
    # "At 1/2, 3/4" is one list, "Outer lip 12, 25% and 75% of the jaw" a count and a list.
    is_whole = not is_per_cent and lexemes[before].type == "number" and lexemes[before - 1].word != "/"
    if (
        number.form in FRACTIONAL
        and is_whole
        and lexemes[before].word.isdigit()
        and lexemes[before].word not in ("0", "1")
    ):
        return False
    return lexemes[before].type == "number" or lexemes[before].word in LISTED


def read_members(lexemes: Sequence[Lexeme], stop: int, first: Number) -> Iterator[tuple[int, tuple[Number, Number]]]:
    """Yield the members of a list, each as a pair of ends, with where it stops."""
    number = first
    while True:
        upper = read_upper(lexemes, stop) if first.form == "integer" else None
        last = number
        if upper is not None and upper[1].form == "integer":
            stop, last = upper
        yield stop, (number, last)
        following = read_next(lexemes, stop)
        if following is None:
            return
        stop, number = following


def read_upper(lexemes: Sequence[Lexeme], i: int) -> tuple[int, Number] | None:
    """Return the number after "-", "to", "through" or "..": the end of a range of ids."""
    while i + 1 < len(lexemes) and lexemes[i].word in ("down", "up", "back") and lexemes[i + 1].word == "to":
        i += 1
    if i + 1 >= len(lexemes) or lexemes[i].word not in ("-", "to", "..", "...", "through", "until", "thru"):
        return None
    if lexemes[i + 1].word not in NUMBER_WORDS:
        return read_plain(lexemes, i + 1)
    found = read_number(lexemes, i + 1)
    if found is None:
        return None
    stop = i + 1 + found[0]
    return stop, found[1].at(lexemes, i + 1, stop)


def read_next(lexemes: Sequence[Lexeme], i: int) -> tuple[int, Number] | None:
    """Return the number after a comma, "and" or both."""
    start = i
    while i < len(lexemes) and lexemes[i].word in (",", "and") and i - start < 2:
        i += 1
    if i > start and i < len(lexemes) and lexemes[i].word == "the":
        i += 1
    if i == start or i >= len(lexemes):
        return None
    found = read_number(lexemes, i)
    if found is None or found[1].form == "ordinal":
        return None
    return i + found[0], found[1].at(lexemes, i, i + found[0])
