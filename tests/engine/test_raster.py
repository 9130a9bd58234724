"""Filling rings, against areas that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from faceql.engine.raster import clip_window, cover_rings


def ellipse(x: float, y: float, width: float, height: float) -> np.ndarray:
    turns = np.linspace(0, 2 * math.pi, 2000)[:-1]
    return np.stack([x + width * np.cos(turns), y + height * np.sin(turns)], axis=1)


def square(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=float)


def test_whole_pixels_are_whole_and_halves_are_half() -> None:
    cover = cover_rings([square(1.5, 0.5, 3.5, 2.5)], (0, 0, 6, 4))
    want = np.zeros((4, 6))
    want[1:3, 2:4] = 1
    np.testing.assert_allclose(cover, want, atol=1e-12)
    np.testing.assert_allclose(cover_rings([square(2, 0.5, 2.75, 1.5)], (0, 0, 4, 3))[1], [0, 0, 0.5, 0.25], atol=1e-12)


@pytest.mark.parametrize(("x", "y"), [(30, 20), (30.3, 20.7), (29.5, 20.5)])
def test_area_and_middle_of_an_ellipse(x: float, y: float) -> None:
    cover = cover_rings([ellipse(x, y, 20, 10)], (0, 0, 60, 40))
    assert cover.sum() == pytest.approx(math.pi * 200, rel=1e-3)
    rows, columns = np.mgrid[0:40, 0:60]
    assert (cover * columns).sum() / cover.sum() == pytest.approx(x, abs=0.01)
    assert (cover * rows).sum() / cover.sum() == pytest.approx(y, abs=0.01)


def test_a_window_shows_its_part_of_the_whole() -> None:
    rings = [ellipse(10, 12, 25, 18), ellipse(12, 12, 5, 5)]
    whole = cover_rings(rings, (-40, -40, 60, 60))
    np.testing.assert_allclose(cover_rings(rings, (-7, 3, 20, 25)), whole[43:65, 33:60], atol=1e-9)


def test_the_sense_of_a_ring_does_not_matter_and_a_hole_is_a_hole() -> None:
    outer, hole = ellipse(20, 20, 15, 15), ellipse(20, 20, 5, 5)
    want = cover_rings([outer, hole], (0, 0, 40, 40))
    np.testing.assert_allclose(cover_rings([outer[::-1], hole], (0, 0, 40, 40)), want, atol=1e-9)
    assert want[20, 20] == 0
    assert want.sum() == pytest.approx(math.pi * (225 - 25), rel=1e-3)


def test_windows_are_clipped_to_the_picture() -> None:
    points = np.array([(3.2, 4.0), (9.0, 20.0)])
    assert clip_window(points, 2, (100, 100)) == (1, 2, 12, 23)
    assert clip_window(points, 2, (10, 8)) == (1, 2, 8, 10)
    assert clip_window(points - 50, 2, (10, 8)) is None
