"""Distances along curves, on curves whose length is known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from faceql.engine.curves import Place, TracedCurve, space_by_step, space_evenly, trace_curve


def on_circle(places: Sequence[Place]) -> np.ndarray:
    """A circle of radius 50, run through at uneven pace: the FPALP is bent, the curve is not."""
    turns = np.array([2 * math.pi * (p.fpalp + 0.1 * math.sin(2 * math.pi * p.fpalp)) for p in places])
    return np.stack([50 * np.cos(turns), 50 * np.sin(turns)], axis=1)


def on_line(places: Sequence[Place]) -> np.ndarray:
    """A straight line of 100 px, run through ever faster."""
    return np.array([(100 * p.fpalp**2, 0.0) for p in places])


def locate(fpalps: np.ndarray, curve: TracedCurve) -> np.ndarray:
    where = on_circle if curve.part == "outer lip" else on_line
    return where([Place(curve.part, f) for f in fpalps.tolist()])


@pytest.fixture
def ring() -> TracedCurve:
    return trace_curve("outer lip", 0, 1, True, on_circle)


@pytest.fixture
def line() -> TracedCurve:
    return trace_curve("nose bridge", 0, 1, False, on_line)


def test_lengths(ring: TracedCurve, line: TracedCurve) -> None:
    assert ring.length_px == pytest.approx(2 * math.pi * 50, abs=0.02)
    assert line.length_px == pytest.approx(100)
    assert trace_curve("nose bridge", 1, 0.5, False, on_line).length_px == pytest.approx(75)


def test_a_stretch_through_the_start_of_a_closed_curve() -> None:
    curve = trace_curve("outer lip", 0.75, 1.25, True, on_circle)
    assert curve.length_px == pytest.approx(2 * math.pi * 50 * (0.5 + 0.2), abs=0.02)
    assert curve.fpalps[0] == 0.75
    assert curve.fpalps[-1] == 1.25


@pytest.mark.parametrize("count", [1, 2, 3, 12, 500])
def test_a_ring_is_parted_evenly_without_its_end(ring: TracedCurve, count: int) -> None:
    fpalps = space_evenly(ring, count, "first")
    assert len(fpalps) == count
    assert fpalps[0] == 0
    points = locate(fpalps, ring)
    gaps = np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, 2 * 50 * math.sin(math.pi / count), atol=0.01)


def test_a_line_is_parted_evenly_with_its_ends(line: TracedCurve) -> None:
    x = locate(space_evenly(line, 5, "both"), line)[:, 0]
    np.testing.assert_allclose(x, [0, 25, 50, 75, 100], atol=0.01)


def test_a_line_is_parted_evenly_without_its_ends(line: TracedCurve) -> None:
    x = locate(space_evenly(line, 4, "neither"), line)[:, 0]
    np.testing.assert_allclose(x, [20, 40, 60, 80], atol=0.01)


@pytest.mark.parametrize("ends", ["both", "neither"])
def test_one_point_lies_in_the_middle(line: TracedCurve, ends: str) -> None:
    x = locate(space_evenly(line, 1, ends), line)[:, 0]
    np.testing.assert_allclose(x, [50], atol=0.01)


@pytest.mark.parametrize(
    ("step", "want"),
    [(25, [0, 25, 50, 75, 100]), (30, [0, 30, 60, 90]), (100, [0, 100]), (101, [0]), (40, [0, 40, 80])],
)
def test_steps_reach_the_end_only_if_it_falls_there(line: TracedCurve, step: float, want: list[float]) -> None:
    np.testing.assert_allclose(locate(space_by_step(line, step, "both"), line)[:, 0], want, atol=0.05)


def test_steps_may_leave_the_ends_out(line: TracedCurve) -> None:
    np.testing.assert_allclose(locate(space_by_step(line, 25, "neither"), line)[:, 0], [25, 50, 75], atol=0.05)
    np.testing.assert_allclose(locate(space_by_step(line, 40, "neither"), line)[:, 0], [40, 80], atol=0.05)
    assert len(space_by_step(line, 150, "neither")) == 0


def test_steps_round_a_ring_do_not_repeat_the_start(ring: TracedCurve) -> None:
    assert len(space_by_step(ring, ring.length_px / 8, "first")) == 8
    assert len(space_by_step(ring, ring.length_px / 8.5, "first")) == 9


def test_a_stretch_that_runs_backwards(line: TracedCurve) -> None:
    back = trace_curve("nose bridge", 1, 0, False, on_line)
    x = locate(space_by_step(back, 30, "both"), back)[:, 0]
    np.testing.assert_allclose(x, [100, 70, 40, 10], atol=0.05)


def test_a_curve_of_no_length_keeps_its_count() -> None:
    curve = trace_curve("nose bridge", 0.5, 0.5, False, on_line)
    np.testing.assert_array_equal(space_evenly(curve, 3, "both"), [0.5, 0.5, 0.5])
    np.testing.assert_array_equal(space_by_step(curve, 5, "both"), [0.5])
