"""grammar/README.md: its examples are true and its tables fresh."""

import re

import pytest

import faceql
from faceql.querylang.guide import fill_guide
from faceql.querylang.registry import GRAMMAR

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
