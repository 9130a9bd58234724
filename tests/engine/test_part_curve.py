"""Curves through an answer's points: on rings and lines whose length, direction and area are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from faceql.engine.part_curve import PartCurve
from faceql.errors import ConfigError, NoSuchPointError, QueryError

RADIUS = 50.0


def circle(fpalps: np.ndarray) -> np.ndarray:
    turns = 2 * math.pi * np.asarray(fpalps)
    return np.stack([RADIUS * np.cos(turns), RADIUS * np.sin(turns)], axis=1)


def ring(count: int = 24) -> PartCurve:
    fpalps = np.arange(count) / count
    return PartCurve.through("outer lip", 0, fpalps, circle(fpalps), is_closed=True)


def arc(first: float, last: float, count: int = 13, *, is_closed: bool = False) -> PartCurve:
    fpalps = np.linspace(first, last, count)
    return PartCurve.through(
        "face contour", 0, fpalps % 1 if is_closed else fpalps, circle(fpalps), is_closed=is_closed
    )


def test_the_curve_passes_through_its_points_and_near_what_lies_between() -> None:
    curve = ring()
    np.testing.assert_allclose(curve.at(curve.fpalps), circle(curve.fpalps), atol=1e-9)
    fpalps = np.linspace(-0.7, 1.9, 333)
    np.testing.assert_allclose(curve.at(fpalps), circle(fpalps), atol=0.05)
    assert curve.is_ring
    assert curve.length_px == pytest.approx(2 * math.pi * RADIUS, rel=2e-4)


@pytest.mark.parametrize("count", [3, 4, 7, 500])
def test_few_points_still_make_a_ring_without_a_kink(count: int) -> None:
    fpalps = np.arange(count) / count
    curve = PartCurve.through("left eye", 0, fpalps, circle(fpalps), is_closed=True)
    assert curve.is_ring is (count > 3)
    before, after = curve.tangents(curve.fpalps[1:-1] - 1e-9), curve.tangents(curve.fpalps[1:-1] + 1e-9)
    np.testing.assert_allclose(before, after, atol=1e-6)
    if curve.is_ring:
        np.testing.assert_allclose(curve.tangents([1 - 1e-9]), curve.tangents([1e-9]), atol=1e-6)


def test_the_order_of_the_points_does_not_matter_and_a_repeated_place_counts_once() -> None:
    fpalps = np.arange(12) / 12
    order = np.random.default_rng(1).permutation(12)
    mixed = np.concatenate([fpalps[order], [1.0, 0.5]])
    curve = PartCurve.through("outer lip", 0, mixed, circle(mixed), is_closed=True)
    np.testing.assert_allclose(curve.fpalps, fpalps, atol=1e-9)
    np.testing.assert_allclose(curve.at(np.linspace(0, 1, 50)), ring(12).at(np.linspace(0, 1, 50)))


def test_an_open_curve_ends_where_its_points_end() -> None:
    curve = arc(0.1, 0.6)
    assert not curve.is_ring
    assert (curve.start, curve.stop) == pytest.approx((0.1, 0.6))
    np.testing.assert_allclose(curve.at([-3, 0.1, 0.6, 9]), circle([0.1, 0.1, 0.6, 0.6]), atol=1e-9)
    assert curve.length_px == pytest.approx(math.pi * RADIUS, rel=1e-3)


def test_a_stretch_through_the_start_of_a_closed_part_stays_in_one_piece() -> None:
    curve = arc(0.75, 1.25, is_closed=True)
    assert not curve.is_ring
    assert (curve.start, curve.stop) == pytest.approx((0.75, 1.25))
    assert curve.length_px == pytest.approx(math.pi * RADIUS, rel=1e-3)


def test_tangents_and_normals_are_unit_vectors_along_and_across() -> None:
    curve = ring(40)
    fpalps = np.linspace(0, 0.999, 77)
    turns = 2 * math.pi * fpalps
    np.testing.assert_allclose(curve.tangents(fpalps), np.stack([-np.sin(turns), np.cos(turns)], 1), atol=0.01)
    # Clockwise as seen from a ring that runs clockwise as seen: inwards.
    np.testing.assert_allclose(curve.normals(fpalps), -circle(fpalps) / RADIUS, atol=0.01)


def test_samples_lie_at_equal_distances_however_the_fpalps_run() -> None:
    fpalps = (np.arange(60) / 60 + 0.1 * np.sin(2 * np.pi * np.arange(60) / 60)) % 1
    turned = np.arange(60) / 60
    uneven = PartCurve.through("outer lip", 0, turned, circle(fpalps), is_closed=True)
    points = uneven.sample(16)
    gaps = np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, 2 * RADIUS * math.sin(math.pi / 16), rtol=0.01)
    line = arc(0, 0.5).sample(5)
    np.testing.assert_allclose(line, circle(np.linspace(0, 0.5, 5)), atol=0.1)


def test_a_curve_that_stands_still_has_no_nan() -> None:
    curve = PartCurve.through("nose bridge", 0, np.linspace(0, 1, 5), np.full((5, 2), 3.0), is_closed=False)
    assert curve.length_px == pytest.approx(0, abs=1e-9)
    assert np.isfinite(curve.tangents([0.2, 0.5])).all()
    np.testing.assert_allclose(curve.sample(4), np.full((4, 2), 3.0))
    np.testing.assert_allclose(curve.dense(), np.full((5, 2), 3.0))


def test_one_point_is_no_curve() -> None:
    with pytest.raises(NoSuchPointError, match="'60 points on the nose bridge'"):
        PartCurve.through("nose bridge", 0, np.array([0.5]), np.zeros((1, 2)), is_closed=False)


def test_two_points_are_a_line() -> None:
    curve = PartCurve.through("nose bridge", 0, np.array([0.0, 1.0]), np.array([(0, 0), (0, 8.0)]), is_closed=False)
    np.testing.assert_allclose(curve.at([0, 0.25, 1]), [(0, 0), (0, 2), (0, 8)])
    np.testing.assert_allclose(curve.tangents([0.3]), [(0, 1)])


def test_dense_points_are_close_together() -> None:
    points = ring().dense(0.5)
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 0.51


def test_an_answers_curve_is_chosen_by_words(drawn_answer) -> None:
    answer = drawn_answer("12 points on the outer lip; 40 on the left eye; 300W", lambda p: p, lambda p: p + 300)
    curve = answer.curve("outer lip", face=1)
    assert (curve.part, curve.face, curve.is_ring) == ("outer lip", 1, True)
    np.testing.assert_allclose(curve.at([0]), [(370, 450)], atol=1e-4)
    upper = answer.curve("upper half of the left eye")
    assert not upper.is_ring
    np.testing.assert_allclose(upper.at([0, 0.25, 0.5]), [(40, 75), (60, 67), (80, 75)], atol=1e-3)
    most = answer.curve("outer lip from 10% to 90%")
    assert not most.is_ring
    assert (most.start, most.stop) == pytest.approx((1 / 6, 5 / 6))


def test_what_is_no_curve_says_so(drawn_answer) -> None:
    answer = drawn_answer("4 points on the nose bridge; left pupil; outer lip @ 0")
    for where in ("left pupil", "eyes", "nose"):
        with pytest.raises(ConfigError, match="a curve is a part"):
            answer.curve(where)
    with pytest.raises(NoSuchPointError, match="no points on 'left eye'"):
        answer.curve("left eye")
    with pytest.raises(NoSuchPointError, match="there is 1 on the outer lip"):
        answer.curve("outer lip")
    with pytest.raises(NoSuchPointError, match="1 face"):
        answer.curve("nose bridge", face=1)
    with pytest.raises(QueryError):
        answer.curve("left ear")
