"""Texts of the greatest length that cost the parser most: they are answered or refused, and soon."""

import contextlib
import gc
import time
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

import faceql

LENGTH = 4000
WORST = tomllib.loads((Path(__file__).parents[1] / "cases" / "worst.toml").read_text("utf-8"))
PIECES = {f"{kind}: {name}": piece for kind, pieces in WORST.items() for name, piece in pieces.items()}


def repeat(piece):
    """Return a piece repeated to the greatest length of an instruction."""
    text = "".join(piece.replace("{n}", str(n)) for n in range(LENGTH // len(piece) + 1))
    return text[:LENGTH]


def time_parse(piece):
    """Return the seconds that a text of one piece takes."""
    faceql.parse("left eye")
    text = repeat(piece)
    start = time.process_time()
    with contextlib.suppress(faceql.QueryError):
        faceql.parse(text)
    return time.process_time() - start


@pytest.mark.parametrize("piece", list(PIECES.values()), ids=list(PIECES))
def test_worst_texts_end_soon(piece):
    """A generous bound, so that a busy machine passes and a parser that grows with the square of the text does not."""
    assert any(time_parse(piece) < 3 for _ in range(3))


@pytest.mark.benchmark
@pytest.mark.parametrize("piece", list(PIECES.values()), ids=list(PIECES))
def test_worst_texts_take_at_most_300_ms(piece):
    gc.collect()
    assert min(time_parse(piece) for _ in range(3)) < 0.3


DIGITS = "9" * 4500
SOME_DIGITS = DIGITS[:3900]
LONG = "123456789" * 12


@pytest.mark.parametrize(
    "text",
    [
        f"left_eye * {DIGITS}",
        f"left_eye @ {DIGITS}",
        f"left_eye @ 0, {DIGITS}/7",
        f"left_eye[0 .. {DIGITS}] * 3",
        f"left_eye density {DIGITS}",
        f"left_eye * 0.{DIGITS}",
        f"left_eye * 5; {DIGITS}",
        f"left_eye | face {DIGITS}",
        f"left_eye | faces 1 {DIGITS}",
        f"left_eye | every {DIGITS} px",
        f"left_eye_{DIGITS}",
        f"300w[{DIGITS}]",
        f"300w[1 .. {DIGITS}]",
        DIGITS,
        f"{DIGITS} points on the left eye",
        f"{SOME_DIGITS} points on the left eye",
        f"{DIGITS[:60]} points on the left eye",
        "1" + ",000" * 950 + " points on the left eye",
        f"left eye at 0.{SOME_DIGITS}",
        f"left eye at {DIGITS[:1900]}/{DIGITS[:1900]}",
        f"left eye from 0 to {SOME_DIGITS}",
        f"left eye density {SOME_DIGITS}",
        f"{SOME_DIGITS}x denser left eye",
        f"every {SOME_DIGITS} px on the jaw",
        f"every {SOME_DIGITS}% of the jaw",
        f"every {SOME_DIGITS}th point of the jaw",
        f"left eye of face {SOME_DIGITS}",
        f"300W {SOME_DIGITS}",
        f"300W 1-{SOME_DIGITS}",
    ],
    ids=lambda text: text[:24],
)
def test_long_numbers_are_errors(text):
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse(text)
    assert str(caught.value)


@pytest.mark.parametrize(
    ("text", "fpalp"),
    [
        (f"left_eye @ 0.{LONG}", Fraction(f"0.{LONG}")),
        (f"left_eye @ 1/{LONG}", Fraction(1, int(LONG))),
        (f"left_eye[0 .. 0.{LONG}] * 3", Fraction(f"0.{LONG}")),
    ],
    ids=["position", "fraction", "end of a range"],
)
def test_long_fractions_are_kept_or_refused(text, fpalp):
    """Never cut short without a word."""
    with contextlib.suppress(faceql.QueryError):
        query = faceql.parse(text)
        assert query.landmarks[-1].fpalp == fpalp
        assert query == faceql.parse(query.canonical)


def test_a_text_with_more_readings_than_are_tried_is_refused_and_not_read_in_part():
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("both mouth corners and " * 160 + "the chin")
    assert [problem.code for problem in caught.value.problems] == ["too_long"]
    assert faceql.parse("the upper half of the left eye with 5 points, " * 10 + "the chin").canonical.endswith(
        "; face_contour @ 16/32"
    )
