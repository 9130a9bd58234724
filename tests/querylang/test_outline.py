"""Outlines: what they say in full is in `tests/cases/own_outlines.jsonl`; here, where their mistakes are found."""

from __future__ import annotations

from random import Random

import pytest

import faceql
from faceql.querylang.language import load_language
from faceql.querylang.outline import read_outline

LINES = (
    "eyes",
    "left",
    "right:",
    "- upper lid 7",
    "# Brows",
    "mouth:",
    "corners",
    "1. chin",
    "  ",
    "a) tip",
    "ear 5",
    ",",
)


def find_mistakes(text: str) -> list[tuple[int, int]]:
    try:
        faceql.parse(text)
    except faceql.QueryError as error:
        return [problem.span for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("left eye\n  upper lid 7\n  lower ear 5", "ear"),
        ("Eyes:\n  left:\n    upper lid 7\n    pupil 1000000\nchin", "1000000"),
        ("left ear\n  upper lid 7\n  lower lid 5", "ear"),
        ("- mouth\n\t- corners\n\t- fhqwgads\n- chin", "fhqwgads"),
    ],
)
def test_a_mistake_is_found_where_it_was_written(text: str, word: str) -> None:
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse(text)
    assert caught.value.text == text
    assert {text[slice(*problem.span)] for problem in caught.value.problems} == {word}


def test_a_query_has_the_text_as_given() -> None:
    text = "left eye\n  upper lid 7\n  lower lid 5"
    assert faceql.parse(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "5 points on the left\n  eyebrow",
        "Left eye:\n- upper lid 7\n- lower lid 5",
        "10 points in all:\n  left brow\n  right brow",
        "the jaw,\n  6 points",
        "chin\nnose tip",
        "left eye: upper lid 7",
    ],
)
def test_one_list_or_wrapped_text_is_left_as_it_is(text: str) -> None:
    assert read_outline(text, load_language().lexicon, 4000) is None


def test_every_span_lies_in_the_text() -> None:
    rng, outlines = Random(5), 0
    for _ in range(400):
        text = "\n".join(" " * rng.choice((0, 2, 4)) + rng.choice(LINES) for _ in range(rng.randint(2, 7)))
        outline = read_outline(text, load_language().lexicon, 4000)
        if outline is None:
            continue
        outlines += 1
        assert len(outline.places) == len(outline.text)
        for start in range(len(outline.text)):
            left, right = outline.find_span((start, min(start + 9, len(outline.text))))
            assert 0 <= left < right <= len(text)
        assert all(0 <= start < stop <= len(text) for start, stop in find_mistakes(text))
    assert outlines > 40
