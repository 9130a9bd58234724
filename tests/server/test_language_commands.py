"""`faceql parse`, `faceql parts`, `faceql layouts`."""

import json

import pytest
from click.testing import CliRunner

from faceql.server.answers import ParseAnswer
from faceql.server.cli import main


def run(*args: str):
    return CliRunner().invoke(main, args)


def test_parse_prints_canonical_text_points_and_notes():
    done = run("parse", "about 4 points per eyebrow")
    assert done.exit_code == 0
    assert "left_eyebrow * 4; right_eyebrow * 4" in done.output
    assert "8  right eyebrow  3/4" in done.output
    assert "Note: a rough number" in done.output


def test_parse_json_carries_query_or_problems():
    done = run("parse", "left eye", "--perspective", "subject", "--json")
    answer = ParseAnswer.model_validate_json(done.stdout)
    assert answer.canonical == "right_eye * 8"
    assert answer.landmarks[1].model_dump() == {"part": "right eye", "fpalp": 0.125}
    failed = run("parse", "0 points on the jaw; 5 points on the left ear", "--json")
    assert failed.exit_code == 2
    assert failed.stderr == ""
    problems = json.loads(failed.stdout)["error"]["problems"]
    assert [problem["code"] for problem in problems] == ["count", "unknown_part"]
    assert problems[1]["span"] == [42, 45]


def test_ids_may_count_from_0():
    assert json.loads(run("parse", "300W point 0", "--ids-from", "0", "--json").stdout)["canonical"] == "300w[1]"


def test_a_plain_error_has_a_caret():
    failed = run("parse", "left ear")
    assert failed.exit_code == 2
    assert failed.stdout == ""
    assert "^^^" in failed.stderr


def test_long_queries_are_cut_short():
    done = run("parse", "5000 points on the jaw")
    assert "... and 4,800 more" in done.output
    assert len(done.output.splitlines()) < 220


@pytest.mark.parametrize("command", ["parts", "surfaces", "layouts"])
def test_listings(command: str):
    plain = run(command)
    rows = json.loads(run(command, "--json").stdout)
    assert all(row["name"] in plain.output for row in rows)


def test_other_names_are_listed():
    (contour,) = [row for row in json.loads(run("parts", "--json").stdout) if row["name"] == "face contour"]
    assert "jaw" in contour["other_names"]


def test_places_are_listed_on_demand():
    assert "gonion" not in run("parts").output
    assert "face_contour @ 8/32" in run("parts", "--places").output
