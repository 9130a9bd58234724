"""Answers of the shipped weights: smooth along parts, mirrored with the photo, errors that have a shape."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from faceql.engine import Answer, Engine
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_registry


def read_places(answer: Answer) -> list[LandmarkQuery]:
    """Return what an answer's points are."""
    rows = zip(answer.parts, answer.fpalps.tolist(), strict=True)
    return [LandmarkQuery(part, Fraction(fpalp).limit_denominator(1000)) for part, fpalp in rows]


BOX = (178.0, 62.0, 267.0, 172.0)  # the astronaut's face


def test_a_part_asked_at_two_hundred_places_has_no_kinks(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    """Its direction turns little more than a curve of 20 places through it does."""

    def total_turn(points: np.ndarray) -> float:
        steps = np.diff(np.concatenate([points, points[:2]]), axis=0)
        angles = np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))
        return float(np.degrees(np.abs(angles).sum()))

    image = shipped_engine.encode(astronaut, boxes=[BOX])
    for part in ("outer lip", "left eye"):
        dense, sparse = (shipped_engine.ask(image, f"{count} points on the {part}").xy for count in (200, 20))
        assert 360 <= total_turn(dense) < 1.25 * total_turn(sparse)
        gap, steps = np.linalg.norm(dense[0] - dense[-1]), np.linalg.norm(np.diff(dense, axis=0), axis=1)
        assert steps.min() / 3 < gap < 3 * steps.max()


def test_flip_test_answers_a_mirrored_photo_with_the_mirrored_points(astronaut: np.ndarray) -> None:
    engine = Engine("cpu", flip_test=True)
    width = astronaut.shape[1]
    mirrored_box = (width - 1 - BOX[2], BOX[1], width - 1 - BOX[0], BOX[3])
    here = engine.ask(astronaut, "left eyebrow; right eye; nose boundary @ 0; left pupil", boxes=[BOX])
    there = engine.ask(
        np.ascontiguousarray(astronaut[:, ::-1]),
        "right eyebrow; left eye; nose boundary @ 1; right pupil",
        boxes=[mirrored_box],
    )
    registry = load_registry()
    index = {registry.mirror(place): i for i, place in enumerate(read_places(there))}
    order = [index[place] for place in read_places(here)]
    moved = there.xy[order] * (-1, 1) + (width - 1, 0)
    np.testing.assert_allclose(moved, here.xy, atol=0.02)
    np.testing.assert_allclose(there.expected_error[order], here.expected_error, rtol=1e-3)
    # An ellipse's direction is mirrored too.
    shape, other = here.error_ellipses, there.error_ellipses[order]
    np.testing.assert_allclose(other[:, :2], shape[:, :2], rtol=1e-3)
    apart = (shape[:, 2] + other[:, 2] + 90) % 180 - 90
    assert np.abs(apart[shape[:, 0] > 1.1 * shape[:, 1]]).max() < 2


def test_the_plain_answer_is_another_than_the_mean_with_the_mirror(
    shipped_engine: Engine, astronaut: np.ndarray
) -> None:
    plain = shipped_engine.ask(astronaut, "300W", boxes=[BOX])
    mean = Engine("cpu", flip_test=True).ask(astronaut, "300W", boxes=[BOX])
    distance = np.linalg.norm(plain.xy - mean.xy, axis=1)
    assert 0.05 < distance.mean() < 0.02 * (BOX[2] - BOX[0])


def test_ellipses_turn_with_the_photo_and_have_the_area_of_the_error(
    shipped_engine: Engine, astronaut: np.ndarray
) -> None:
    here = shipped_engine.ask(astronaut, "300W")
    turned = shipped_engine.ask(np.ascontiguousarray(np.rot90(astronaut, -1)), "300W")
    long, short, degrees = here.error_ellipses.T
    assert (long >= short).all()
    np.testing.assert_allclose(long * short, here.expected_error**2, rtol=1e-4)
    long_turned, _, degrees_turned = turned.error_ellipses.T
    is_long = (long > 1.3 * short) & (long_turned > 1.3 * turned.error_ellipses[:, 1])
    assert is_long.sum() > 10
    apart = (degrees_turned - degrees - 90 + 90) % 180 - 90
    assert np.median(np.abs(apart[is_long])) < 10
