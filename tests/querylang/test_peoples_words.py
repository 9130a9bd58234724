"""Laws of language.md, section 9, on the instructions that people wrote: wrapping, and mirrored words."""

from __future__ import annotations

import json
import re
import runpy
from functools import cache
from pathlib import Path
from random import Random

import pytest

import faceql

CASES = sorted((Path(__file__).parents[1] / "cases").glob("written_*.jsonl"))
FRAMES = runpy.run_path(str(Path(__file__).with_name("law_frames.py")))["FRAMES"]
ASKING = "please can could i give mark place show where what find get need put for on at in from with how hi hello"
ASKING += " let use draw we my starting start between only just without except all both along is are would which"
ASKING += " as take track sample of"
ASKS_ALREADY = re.compile(rf"(?i)({'|'.join(ASKING.split())}|i'm|i'd|the user)\b")
OWNERS = (
    "her his their my your our its own image picture photo screen viewer camera subject patient model actor actress"
)
OWNERS += (
    " person see anatomical stage od os ou face faces people woman man 300w wflw cofw aflw dlib openface azure mlkit"
)
OWNERS += " google rekognition mediapipe seen perspective l r lt rt leftmost rightmost"
OWNED = re.compile(rf"(?i)\b({'|'.join(OWNERS.split())}|\w+'s|\w+_\w+|ml kit|left out)\b")


def is_answered(case: dict) -> bool:
    return "error" not in case["expect"] and not case.get("alt_error")


@cache
def read_cases() -> tuple[tuple[str, str], ...]:
    """Texts that are answered, each with its perspective."""
    cases = (json.loads(line) for path in CASES for line in path.read_text("utf-8").splitlines())
    return tuple((case["text"], case["perspective"]) for case in cases if is_answered(case))


def points(text: str, perspective: str) -> object:
    query = faceql.parse(text, perspective=perspective)
    return [(one.part, one.fpalp, one.v) for one in query.landmarks], query.spacing, query.faces, query.shape


@pytest.mark.parametrize("frame", FRAMES)
def test_a_sentence_around_it_changes_nothing(frame):
    rng = Random(frame)
    plain = [
        (text, perspective)
        for text, perspective in read_cases()
        if len(text) < 90 and not re.search(r"\n|[.:;!?]\s|^\W|[?!.]$|:", text) and not ASKS_ALREADY.match(text)
    ]
    for text, perspective in rng.sample(plain, 12):
        framed = frame.format(x=text)
        try:
            want = points(text, perspective)
        except faceql.QueryError:
            continue
        assert points(framed[0].upper() + framed[1:], perspective) == want, framed


def swap_sides(text: str) -> str:
    other = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}
    return re.sub(r"\b(left|right|Left|Right)\b", lambda found: other[found[0]], text)


MISSPELT = re.compile(r"\b(rigth|rihgt|rgiht|letf|lfet)\b", re.IGNORECASE)
"""Sides that `swap_sides` would leave as they are."""


def test_mirrored_words_are_the_same_from_the_other_perspective():
    sided = [
        text
        for text, _ in read_cases()
        if len(text) < 1000
        and re.search(r"\b([lL]eft|[rR]ight)\b", text)
        and not OWNED.search(text)
        and not MISSPELT.search(text)
    ]
    assert len(sided) > 1000
    for text in Random(0).sample(sided, 400):
        assert points(swap_sides(text), "subject") == points(text, "viewer"), text
