"""Properties of any text and of any query."""

import json
import random
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import faceql
from faceql.querylang.query import Query
from faceql.querylang.registry import load_registry
from faceql.querylang.runs import CurveRun, LayoutRun, PlaceRun
from faceql.querylang.shapes import find_thin

REGISTRY = load_registry()
CASES = Path(__file__).parents[1] / "cases"
TEXTS = [
    json.loads(line)["text"]
    for path in sorted(CASES.glob("[low]*.jsonl"))
    for line in path.read_text("utf-8").split("\n")
    if line
]
CHUNKS = [
    # A fifth of them by default, all of them by name: `-m "slow or not slow"`.
    pytest.param(sorted(set(TEXTS))[i::20], id=f"{i} of 20", marks=[pytest.mark.slow] if i % 5 else [])
    for i in range(20)
]
WORDS = sorted({word for text in TEXTS for word in text.split() if len(word) < 40})


def check_error(text, error):
    assert error.problems
    assert str(error)
    for problem in error.problems:
        start, stop = problem.span
        assert 0 <= start <= stop <= len(text), (text, problem)
        assert problem.code
        assert problem.message


def check(text):
    """Parse a text: a query in order, or an error whose spans lie in the text."""
    try:
        query = faceql.parse(text, limit=2000)
    except faceql.QueryError as error:
        check_error(text, error)
        return
    for landmark in query.landmarks:
        assert 0 <= landmark.fpalp <= 1
        if landmark.v is not None:
            assert landmark.part in REGISTRY.surfaces
            assert 0 <= landmark.v <= 1
            continue
        assert not (REGISTRY.parts[landmark.part].is_point and landmark.fpalp)
    assert query.count is None or query.count == len(query.landmarks)
    assert faceql.parse(query.canonical, perspective="subject", ids_from=1) == query


@given(st.text(max_size=80))
def test_any_text_gives_a_query_or_an_error(text):
    check(text)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_known_words_give_a_query_or_an_error(words):
    check(" ".join(words))


CANONICAL_WORDS = [
    "left_eye", "outer_lip", "face_contour", "left_pupil", "300w", "wflw", "unified", "except", "density", "arc",
    "every", "px", "polygon", "polyline", "all", "faces", "face", "second", "largest", "leftmost", "left", "on",
    "*", "@", "|", ";", ",", "..", "[", "]", "(", ")", "/",
    "0", "1", "2", "1/2", "0.25", "9/12", "15/12", "68", "99", "1/0", "100000000",
]  # fmt: skip


@settings(max_examples=500)
@given(st.lists(st.sampled_from(CANONICAL_WORDS), max_size=14))
@example(["except", "outer_lip", "left", "1"])
def test_any_canonical_words_give_a_query_or_an_error(words):
    check(" ".join(words))


@settings(max_examples=200)
@given(st.text("0123456789/.,;:*@|[]()-+ aefilnorst_", max_size=60))
def test_any_marks_and_digits_give_a_query_or_an_error(text):
    check(text)


QUOTED = re.compile(r"(?<!\w)'((?:[^']|'(?=s\b))+)'")


def list_offers(problem):
    """The texts a problem offers in quotes, where it offers them to be pasted in place of the words at fault."""
    if problem.suggestion is None or not problem.suggestion.endswith("'"):
        return []
    return QUOTED.findall(problem.suggestion)


def find_mistakes(text):
    """Return the error of a text, None if it has a query."""
    try:
        faceql.parse(text, limit=2000)
    except faceql.QueryError as error:
        return error
    return None


def check_offers(text):
    """Paste every offer: it differs from what it replaces and is accepted; other mistakes may stay where they were."""
    error = find_mistakes(text)
    for problem in error.problems if error else ():
        start, stop = problem.span
        for offer in list_offers(problem):
            assert offer.lower() != text[start:stop].lower(), (text, problem)
            left = find_mistakes(text[:start] + offer + text[stop:])
            if left is not None:
                assert len(error.problems) > 1, (text, offer, str(left))
                touching = [p for p in left.problems if p.span[0] < start + len(offer) and start < p.span[1]]
                assert not touching, (text, offer, str(left))


@pytest.mark.parametrize("texts", CHUNKS)
def test_what_is_offered_is_accepted(texts):
    for text in texts:
        check_offers(text)


def test_what_is_offered_for_mutated_instructions_is_accepted():
    rng = random.Random(4)
    for _ in range(1000):
        text = rng.choice(TEXTS)[:200]
        for _ in range(rng.randrange(1, 3)):
            text = mutate(text, rng) if text else text
        check_offers(text)


def mutate(text, rng):
    """Return a text with a word or character changed, doubled, dropped or moved."""
    words = text.split(" ")
    i = rng.randrange(len(words))
    kind = rng.randrange(7)
    if kind == 0:
        words[i] = rng.choice(WORDS)
    elif kind == 1:
        del words[i]
    elif kind == 2:
        words.insert(i, rng.choice(WORDS))
    elif kind == 3:
        j = rng.randrange(len(words))
        words[i], words[j] = words[j], words[i]
    elif kind == 4:
        words.insert(i, words[i])
    else:
        at = rng.randrange(len(text) + 1)
        char = rng.choice("abcdeilnoprst0123456789 ,.;:-/()[]%*'\n")
        return text[:at] + char + text[at + (kind == 5) :]
    return " ".join(words)


def run_mutations(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        text = rng.choice(TEXTS)[:300]
        for _ in range(rng.randrange(1, 4)):
            text = mutate(text, rng) if text else text
        check(text)


def test_mutated_instructions():
    run_mutations(1500, seed=1)


@pytest.mark.slow
def test_many_mutated_instructions():
    run_mutations(200_000, seed=2)


CURVES = [part for part in REGISTRY.parts.values() if not part.is_point]


@st.composite
def make_runs(draw):
    """A run as the resolver may make one."""
    part = draw(st.sampled_from(CURVES))
    top = 2 if part.is_closed else 1
    fractions = st.fractions(min_value=0, max_value=top, max_denominator=40)
    kind = draw(st.sampled_from(["whole", "range", "open", "half", "places", "layout", "pixels", "steps"]))
    spacing = draw(st.sampled_from(["fpalp", "arc"]))
    count = draw(st.integers(2, 30))
    if kind == "layout":
        layout = draw(st.sampled_from(list(REGISTRY.layouts.values())))
        return LayoutRun(layout.name, tuple(draw(st.lists(st.integers(1, layout.size), min_size=1, max_size=12))))
    if kind == "places":
        places = draw(st.lists(st.fractions(min_value=0, max_value=1, max_denominator=40), min_size=1, max_size=6))
        return PlaceRun(part.name, tuple(places))
    if kind == "whole":
        return CurveRun(part.name, Fraction(0), Fraction(1), count, "first" if part.is_closed else "both", spacing)
    if kind == "pixels":
        ends = "first" if part.is_closed else "both"
        return CurveRun(
            part.name, Fraction(0), Fraction(1), None, ends, "arc", draw(st.fractions(1, 50, max_denominator=8))
        )
    start, stop = draw(fractions), draw(fractions)
    if kind == "steps":
        return CurveRun(part.name, start, stop, None, "first", "arc", draw(st.fractions(1, 50, max_denominator=8)))
    ends = {"range": "both", "open": "neither", "half": "first"}[kind]
    return CurveRun(part.name, start, stop, count, ends, spacing)


@settings(max_examples=400)
@given(
    st.lists(make_runs(), min_size=1, max_size=5),
    st.sampled_from(["largest", "smallest", "leftmost", "rightmost", "middle", "all", "2", "17", "second largest"]),
    st.sampled_from([None, "polygon", "polyline"]),
    st.sampled_from(["viewer", "subject"]),
    st.sampled_from([0, 1]),
    st.booleans(),
)
def test_canonical_text_parses_back_under_any_setting(runs, faces, shape, perspective, ids_from, visible):
    assume(find_thin(runs, [shape] * len(runs)) is None)  # "a point as a polygon" is no query
    query = Query("", tuple(runs), faces, shape, visible_only=visible)
    again = faceql.parse(query.canonical, perspective=perspective, ids_from=ids_from)
    assert again == query
    assert again.canonical == query.canonical
