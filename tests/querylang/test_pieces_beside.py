"""A part and a piece of it that stand side by side, with a mark between them, are one place, and no list of two.

Written the way people fill in forms: "left eye - upper lid - 7 points". What is said so may be refused, but is never
answered with other points than "7 points on the upper lid of the left eye".
"""

from itertools import permutations

import pytest

import faceql

STRETCHES = [
    ("upper lid", "left eye"),
    ("lower lid", "right eye"),
    ("inner half", "left eyebrow"),
    ("outer third", "right brow"),
    ("upper edge", "right eyebrow"),
    ("outer edge", "lower lip"),
    ("left half", "jaw line"),
    ("middle third", "nose bridge"),
    ("left half", "upper lip"),
    ("upper half", "left eye"),
    ("left quarter", "outer lip"),
    ("lower lash line", "left eye"),
]
PLACES = [
    ("outer corner", "left eye"),
    ("inner corner", "right eye"),
    ("tail", "left eyebrow"),
    ("arch", "right brow"),
    ("right corner", "mouth"),
    ("tip", "nose"),
    ("centre", "upper lip"),
]
MARKS = (", ", " - ", " \u2013 ", " | ", " / ")
COUNTED = (
    "{whole}: {piece}, 7 points",
    "{whole} - {piece}: 7 points",
    "{piece}, {whole}: 7 points",
    "{whole} ({piece}): 7 points",
    "{piece} ({whole}): 7 points",
    "7 points: {whole}, {piece}",
    "7 points on the {whole}, {piece}",
    "7 points on the {piece}, {whole}",
    "{whole}, 7 points, {piece} only",
    "{whole} => {piece} => 7 points",
    "on the {whole}, 7 points along the {piece}",
    "part: {whole}, region: {piece}, count: 7",
    "{whole}'s {piece}, 7 points",
)
PLAIN = (
    "{whole} ({piece})",
    "{piece} ({whole})",
    "{whole}: just the {piece}",
    "{whole}, only the {piece}",
    "on the {whole}, the {piece}",
)


def check(text: str, wanted: str) -> bool:
    """Whether a text was read; what it gives is then what is wanted."""
    try:
        query = faceql.parse(text)
    except faceql.QueryError:
        return False
    assert query.landmarks == faceql.parse(wanted).landmarks, text
    return True


@pytest.mark.parametrize(("piece", "whole"), STRETCHES)
def test_a_stretch_its_part_and_a_number(piece: str, whole: str) -> None:
    texts = [mark.join(order) for mark in MARKS for order in permutations((piece, whole, "7 points"))]
    texts += [form.format(piece=piece, whole=whole) for form in COUNTED]
    read = sum(check(text, f"7 points on the {piece} of the {whole}") for text in texts)
    assert read > 0.7 * len(texts)


@pytest.mark.parametrize(("piece", "whole"), PLACES)
def test_a_place_and_its_part(piece: str, whole: str) -> None:
    texts = [mark.join(order) for mark in MARKS for order in permutations((piece, whole))]
    texts += [form.format(piece=piece, whole=whole) for form in PLAIN]
    read = sum(check(text, f"the {piece} of the {whole}") for text in texts)
    assert read > 0.7 * len(texts)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("WFLW, the even ids", "the even ids of WFLW"),
        ("dlib 36-41 and the 42-47", "dlib 36-47"),
        ("nose boundary at 20% and the 40%, and the nose tip", "nose boundary at 20% and 40%; nose tip"),
        ("300W, inner points", "the 51 inner points of 300W"),
        ("300W from 27 down to 18", "300W 27-18"),
        (
            "upper lid: left eye 6 points, right eye 8 points",
            "6 points on the left upper lid; 8 points on the right upper lid",
        ),
        (
            "lower lid - right eye - from inner to outer corner - 7 points",
            "7 points on the right lower lid from the inner to the outer corner",
        ),
        ("tail, arch, then head \u2014 left eyebrow only", "left brow tail; left brow arch; left brow head"),
        ("jaw at 10, 50 and 90 percent", "jaw at 10%, 50% and 90%"),
        ("left eye, right eye: 5 points each", "5 points on the left eye; 5 points on the right eye"),
    ],
)
def test_what_is_said_apart_is_not_lost(text: str, same: str) -> None:
    assert faceql.parse(text).landmarks == faceql.parse(same).landmarks


@pytest.mark.parametrize(
    "text",
    [
        "inner zorble lip: 8 points",
        "- chin\n- zorble: 8\n- mouth corners",
        "central third of the lips: 12; contour zorble of the upper lip: 9",
        "For each zorble eye: 6 points on the upper lid",
        "left eyebrow: 5 points; the zorble other eyebrow: 7 points",
    ],
)
def test_a_heading_that_says_more_of_a_part_is_not_put_aside(text: str) -> None:
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse(text)
    assert caught.value.problems[0].code == "unknown_words"


def test_what_a_heading_names_owns_what_stands_under_it() -> None:
    lines = "The left eye:\n- test of the upper lid: 6 points\n- lower lid: 5 points"
    assert faceql.parse(lines).landmarks == faceql.parse("left eye: upper lid 6, lower lid 5").landmarks
    assert faceql.parse("brow height: tail and arch").landmarks == faceql.parse("brow tails and arches").landmarks
    assert faceql.parse("lip width: left corner, right corner").landmarks == faceql.parse("mouth corners").landmarks
