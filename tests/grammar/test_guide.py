"""grammar/README.md: its examples are true and its tables fresh."""

import re
from copy import deepcopy
from dataclasses import replace

import pytest

import faceql
from faceql.querylang.guide import fill_guide
from faceql.querylang.language import load_package_language
from faceql.querylang.lexicon import Lexicon
from faceql.querylang.meaning import Item
from faceql.querylang.numbers import Number
from faceql.querylang.registry import GRAMMAR
from faceql.querylang.rules import Rules

TEXT = (GRAMMAR / "README.md").read_text("utf-8")
ROWS = [
    (row[1], row[2].replace("\\|", "|")) for row in re.finditer(r"^\| `([^`]+)` \| `([^`]+)` \|$", TEXT, re.MULTILINE)
]
BREAK = ROWS.index(("5 points on the left ear", "unknown_part"))


@pytest.mark.parametrize(("text", "canonical"), ROWS[:BREAK])
def test_examples_mean_what_the_guide_says(text, canonical):
    query = faceql.parse(text)
    assert query == faceql.parse(canonical)
    assert query.canonical == faceql.parse(canonical).canonical


@pytest.mark.parametrize(("text", "code"), ROWS[BREAK:])
def test_failing_examples_fail_as_the_guide_says(text, code):
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse(text)
    assert caught.value.code == code


def test_tables_are_fresh():
    assert fill_guide(TEXT) == TEXT


def test_every_part_is_in_the_table():
    assert all(f"| {part} |" in TEXT for part in faceql.parse("left eye").registry.parts)


# --- a construct is a phrase and a row ------------------------------------------------------------------------------


class SquaredRules(Rules):
    """The table with one row more: "4 squared points"."""

    def rows(self):
        return [*super().rows(), ("I", "INTEGER squared points?", square, 0.0)]


def square(number):
    return Item(count=Number(number.value**2, "integer", span=number.span))


@pytest.fixture(scope="module")
def grown():
    """The language with that row and the word it waits for."""
    package = load_package_language()
    lexicon = Lexicon()
    lexicon.trie = deepcopy(package.lexicon.trie)
    lexicon.add("squared", "SQUARED", "")
    return replace(package, lexicon=lexicon, rules=SquaredRules(package.concepts))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("4 squared points on the jaw", "face_contour * 16"),
        ("left eye: 3 squared", "left_eye * 9"),
        ("two squared points on each brow, then the chin", "left_eyebrow * 4; right_eyebrow * 4; face_contour @ 1/2"),
        ("5 points on the jaw", "face_contour * 5"),
    ],
)
def test_a_construct_is_added_by_one_row(grown, text, canonical):
    assert faceql.parse(text, language=grown) == faceql.parse(canonical)


def test_the_package_does_not_know_the_construct():
    with pytest.raises(faceql.QueryError):
        faceql.parse("4 squared points on the jaw")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("N of N", "the corner of the eye"),
        ("from E to E", "from the chin to the left jaw end"),
        ("I I", "left eye, 4 points"),
    ],
)
def test_the_patterns_that_the_guide_names_are_in_the_table(pattern, text):
    assert pattern in [row[1] for row in load_package_language().rules.rows()]
    assert pattern in TEXT
    assert faceql.parse(text)
