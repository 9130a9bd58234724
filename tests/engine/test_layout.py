"""What the language says about places that only the picture tells: equal distances and pixel steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from faceql.engine.curves import Place
from faceql.engine.layout import lay_out
from faceql.errors import QueryError
from faceql.querylang.parse import parse
from faceql.querylang.query import Query
from faceql.querylang.runs import CurveRun, Ends


def bent(places: Sequence[Place]) -> np.ndarray:
    """A face whose every part is a straight line of 90 px that is run through ever faster."""
    return np.array([(90 * place.fpalp**2, 7.0) for place in places])


def on_ring(places: Sequence[Place]) -> np.ndarray:
    """A face whose every part is a circle of 360 px, run through at uneven pace."""
    turns = np.array([2 * np.pi * (p.fpalp + 0.1 * np.sin(2 * np.pi * p.fpalp)) for p in places])
    return np.stack([np.cos(turns), np.sin(turns)], axis=1) * 360 / (2 * np.pi)


def never(places: Sequence[Place]) -> np.ndarray:
    raise AssertionError("equal FPALP steps need no look at the picture")


def leave_out(query: Query, low: str, high: str) -> Query:
    """Return the query of one run at distances, with the points of a range of FPALPs left out."""
    (run,) = query.runs
    return replace(query, runs=(replace(run, removed=((Fraction(low), Fraction(high)),)),))


def line_x(text: str) -> list[float]:
    """Return how far along the 90 px line each of the instruction's points lies."""
    return bent(lay_out(parse(text), bent))[:, 0].tolist()


def ring_degrees(text: str) -> list[float]:
    """Return how far round the 360 px ring each of the instruction's points lies, in degrees or pixels."""
    points = on_ring(lay_out(parse(text), on_ring))
    return (np.degrees(np.arctan2(points[:, 1], points[:, 0])) % 360).tolist()


def test_fpalp_steps_are_laid_out_without_the_picture() -> None:
    places = lay_out(parse("left eye @ 0, 0.25; face contour[13/32 .. 0] * 3; outer lip[9/12 .. 15/12] * 3"), never)
    assert places == (
        Place("left eye", 0.0),
        Place("left eye", 0.25),
        Place("face contour", 13 / 32),
        Place("face contour", 13 / 64),
        Place("face contour", 0.0),
        Place("outer lip", 0.75),
        Place("outer lip", 0.0),
        Place("outer lip", 0.25),
    )


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("4 points on the nose bridge at equal distances", [0, 30, 60, 90]),
        ("nose bridge * 1 | arc", [22.5]),  # one point is the middle of the FPALPs: no distances to be equal
        ("nose_bridge[1 .. 0] * 4 | arc", [90, 60, 30, 0]),
        ("nose_bridge(0 .. 1) * 2 | arc", [30, 60]),
        ("every 40 px along the nose bridge", [0, 40, 80]),
        ("every 45 pixels along the nose bridge", [0, 45, 90]),
        ("every 200 px along the nose bridge", [0]),
    ],
)
def test_distances_along_an_open_part(text: str, want: list[float]) -> None:
    assert line_x(text) == pytest.approx(want, abs=0.05)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("4 points on the outer lip at equal distances", [0, 90, 180, 270]),
        ("every 90 px around the outer lip", [0, 90, 180, 270]),
        ("every 100 px around the outer lip", [0, 100, 200, 300]),
        ("3 points on the upper eyelid of the left eye at equal distances", [0, 90, 180]),
    ],
)
def test_distances_round_a_closed_part(text: str, want: list[float]) -> None:
    assert ring_degrees(text) == pytest.approx(want, abs=0.1)


def test_a_stretch_through_the_start_of_a_closed_part() -> None:
    places = lay_out(parse("outer_lip[9/12 .. 15/12] * 5 | arc"), on_ring)
    assert all(0 <= place.fpalp < 1 for place in places)
    degrees = np.unwrap(ring_degrees("outer_lip[9/12 .. 15/12] * 5 | arc"), period=360)
    assert np.diff(degrees) == pytest.approx([(degrees[-1] - degrees[0]) / 4] * 4, abs=0.1)


def test_exceptions_are_taken_away_after_the_points_are_laid_out() -> None:
    query = parse("19 points on the face contour at equal distances")
    whole = lay_out(query, bent)
    rest = lay_out(leave_out(query, "13/32", "19/32"), bent)
    assert rest == tuple(place for place in whole if not 13 / 32 <= place.fpalp <= 19 / 32)
    assert 0 < len(rest) < len(whole)
    assert lay_out(leave_out(query, "1", "1"), bent) == whole[:-1]


def test_exceptions_on_a_closed_part_hold_on_both_sides_of_its_start() -> None:
    query = parse("outer_lip[9/12 .. 15/12] * 7 | arc")
    whole, rest = lay_out(query, on_ring), lay_out(leave_out(query, "0", "1/4"), on_ring)
    assert rest == tuple(place for place in whole if not 0 <= place.fpalp <= 1 / 4)
    assert 0 < len(rest) < len(whole)


def test_several_parts_keep_their_order() -> None:
    places = lay_out(parse("3 points on the nose bridge and 2 points on the face contour at equal distances"), bent)
    assert [place.part for place in places] == ["nose bridge"] * 3 + ["face contour"] * 2


def test_steps_without_end_are_refused() -> None:
    with pytest.raises(QueryError) as caught:
        lay_out(parse("every 0.0005 px along the nose bridge"), bent)
    assert caught.value.code == "too_many"


def test_an_exception_that_leaves_nothing_on_this_face_is_refused() -> None:
    with pytest.raises(QueryError) as caught:
        lay_out(parse("every 200 px along the nose bridge except the nose root"), bent)
    assert caught.value.code == "nothing_left"


@pytest.mark.parametrize("ends", ["both", "neither", "first"])
@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize(
    ("start", "stop"), [("0", "1"), ("7/12", "19/12"), ("3/8", "3/8"), ("1", "1/3"), ("-1/9", "5")]
)
def test_a_runs_floats_are_its_fractions_rounded_once(ends: Ends, is_closed: bool, start: str, stop: str) -> None:
    for count in (1, 2, 7, 200):
        run = CurveRun("outer_lip", Fraction(start), Fraction(stop), count, ends)
        want = [float(place % 1 if is_closed else place) for place in run.fpalps()]
        assert run.fpalp_floats(is_closed) == want
