"""Instructions that are asked again are parsed once."""

from __future__ import annotations

import pytest

from faceql.engine.ask_settings import MOST_POINTS_REMEMBERED, MOST_REMEMBERED, AskSettings, RememberedParses
from faceql.errors import ConfigError, QueryError


def test_an_instruction_is_parsed_once() -> None:
    remembered = RememberedParses()
    query = remembered.parse("4 points per eyebrow", "viewer", 1, 100_000)
    assert remembered.parse("4 points per eyebrow", "viewer", 1, 100_000) is query


def test_what_an_instruction_means_hangs_on_its_settings() -> None:
    viewer, subject = (AskSettings(perspective=name).parse("left eye") for name in ("viewer", "subject"))
    assert (viewer.canonical, subject.canonical) == ("left_eye * 8", "right_eye * 8")
    ones, zeros = (AskSettings(ids_from=start).parse("300W point 1") for start in (1, 0))
    assert ones != zeros
    with pytest.raises(QueryError):
        AskSettings().parse("300W", limit=10)


def test_mistakes_are_told_every_time() -> None:
    for _ in range(2):
        with pytest.raises(QueryError):
            AskSettings().parse("12 points on the left elbow")
        with pytest.raises(ConfigError, match="perspective"):
            AskSettings(perspective=["viewer"]).parse("left eye")  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="is text"):
            AskSettings().parse(["left eye"])  # type: ignore[arg-type]


def test_neither_many_nor_large_ones_pile_up() -> None:
    remembered = RememberedParses()
    queries = [remembered.parse(f"{count} points on the outer lip", "viewer", 1, 100_000) for count in range(2, 100)]
    assert len(remembered) == MOST_REMEMBERED
    assert remembered.parse(queries[-1].text, "viewer", 1, 100_000) is queries[-1]
    assert remembered.parse(queries[0].text, "viewer", 1, 100_000) is not queries[0]
    many = f"{MOST_POINTS_REMEMBERED + 1} points on the outer lip"
    assert remembered.parse(many, "viewer", 1, 100_000) is not remembered.parse(many, "viewer", 1, 100_000)
