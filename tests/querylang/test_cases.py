"""Instructions with their meanings, as data: tests/cases, language.jsonl, own_*.jsonl and written_*.jsonl.

A case expects points, canonical text, or an error with its code and the words at fault.  To add one, add a line.
"""

import importlib.util
import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

import faceql

CASES = Path(__file__).parents[1] / "cases"


def load_score():
    spec = importlib.util.spec_from_file_location("score", CASES / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


score = load_score()


TOGETHER = 20
"""So many cases are one test: ten thousand tests cost a minute more than what they test."""
EVERY = 3
"""Of so many such tests of what others wrote one is slow: the default run has five minutes."""


def load_cases():
    for path in sorted(CASES.glob("[low]*.jsonl")):
        cases = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
        for start in range(0, len(cases), TOGETHER):
            some = cases[start : start + TOGETHER]
            is_slow = path.stem.startswith("written") and start // TOGETHER % EVERY == EVERY - 1
            marks = [pytest.mark.slow] if is_slow else []
            yield pytest.param(some, id=f"{path.stem}-{some[0]['id']}-{some[-1]['id']}", marks=marks)


@pytest.mark.parametrize("cases", list(load_cases()))
def test_instructions_mean_what_their_cases_say(cases):
    failures = []
    for case in cases:
        try:
            check_case(case)
        except (AssertionError, faceql.QueryError) as failure:
            failures.append(f"{case['id']}: {case['text']!r}: {failure}")
    assert not failures, "\n".join(failures)


def check_case(case):
    text, expect = case["text"], case["expect"]
    try:
        query = faceql.parse(text, perspective=case["perspective"])
    except faceql.QueryError as error:
        if "error" not in expect:
            if not case.get("alt_error"):
                raise
            return
        check_error(error, text, expect)
        return
    assert "error" not in expect, f"{text!r} gave {query.canonical}"
    assert faceql.parse(query.canonical, perspective="subject") == query
    if "canonical" in expect:
        want = faceql.parse(expect["canonical"])
        assert (query.landmarks, query.spacing) == (want.landmarks, want.spacing)
        assert query.spacing == "fpalp" or query.runs == want.runs
        assert (query.faces, query.shape) == (expect.get("faces", want.faces), expect.get("shape", want.shape))
    elif "step_px" in expect:
        assert [(run.part, str(run.pixels)) for run in query.runs] == [
            (r[0], expect["step_px"]) for r in expect["ranges"]
        ]
    else:
        check_points(query, expect)


def check_points(query, expect):
    want = {"spacing": "fpalp", "faces": "largest", **expect}
    if "points" in want:
        want["points"] = [[part, float(Fraction(place))] for part, place in want["points"]]
    same, why, faces, shape, _ = score.compare_answer(query, want, Counter())
    assert same, f"{why}: {query.canonical}"
    assert not faces
    assert not shape


def check_error(error, text, expect):
    accepted = expect.get("codes") or expect.get("kinds_ok") or [expect["kind"]]
    right = [problem for problem in error.problems if problem.code in accepted]
    assert right, f"{text!r}: {[p.code for p in error.problems]}, expected {accepted}"
    assert len(error.problems) >= len(expect.get("problems", ()))
    words = [expect["span_text"]] if "span_text" in expect else expect.get("span_any", [])
    if words and text:
        assert any(score.overlaps(problem.span, text, words) for problem in right), [p.span for p in right]
    if "suggest" in expect:
        assert expect["suggest"] in " ".join(problem.suggestion or "" for problem in error.problems)
