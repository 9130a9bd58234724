"""`faceql parse`, `faceql parts`, `faceql layouts`."""

import json

import pytest
from click.testing import CliRunner

from faceql.errors import QueryError
from faceql.server.language_commands import layouts_command, parse_command, parts_command


def test_parse_prints_canonical_text_points_and_notes():
    done = CliRunner().invoke(parse_command, ["about 4 points per eyebrow"])
    assert done.exit_code == 0
    assert "left_eyebrow * 4; right_eyebrow * 4" in done.output
    assert "8  right eyebrow  3/4" in done.output
    assert "Note: 'about'" in done.output


def test_parse_json_carries_query_or_problems():
    done = CliRunner().invoke(parse_command, ["left eye", "--perspective", "subject", "--json"])
    assert json.loads(done.output)["canonical"] == "right_eye * 8"
    failed = CliRunner().invoke(parse_command, ["left ear", "--json"])
    assert failed.exit_code == 2
    assert json.loads(failed.output)["problems"][0]["code"] == "unknown_part"


def test_parse_leaves_a_plain_error_to_the_command_line():
    failed = CliRunner().invoke(parse_command, ["left ear"])
    assert isinstance(failed.exception, QueryError)


def test_long_queries_are_cut_short():
    done = CliRunner().invoke(parse_command, ["5000 points on the jaw"])
    assert "... and 4,800 more" in done.output
    assert len(done.output.splitlines()) < 220


@pytest.mark.parametrize("command", [parts_command, layouts_command])
def test_listings(command):
    plain = CliRunner().invoke(command, [])
    rows = json.loads(CliRunner().invoke(command, ["--json"]).output)
    assert all(row["name"] in plain.output for row in rows)


def test_places_are_listed_on_demand():
    assert "gonion" not in CliRunner().invoke(parts_command, []).output
    assert "face_contour @ 8/32" in CliRunner().invoke(parts_command, ["--places"]).output
