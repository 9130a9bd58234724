"""What the language says has its effect on a photo, with the shipped weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faceql.engine import EncodedImage, Engine

BY_LAYOUT = {"300W": 68, "WFLW": 98, "AFLW": 19, "COFW": 29}


@pytest.fixture(scope="module")
def image(shipped_engine: Engine, astronaut_path: Path) -> EncodedImage:
    return shipped_engine.encode(astronaut_path)


def gaps(xy: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(xy, axis=0), axis=1)


@pytest.mark.parametrize(("layout", "count"), BY_LAYOUT.items())
def test_layouts_have_their_points_in_the_face(
    shipped_engine: Engine, image: EncodedImage, layout: str, count: int
) -> None:
    answer = shipped_engine.ask(image, f"the {layout} layout")
    assert len(answer) == count
    assert ((answer.xy > (165, 60)) & (answer.xy < (280, 195))).all()


@pytest.mark.parametrize(("step", "part"), [(3, "face contour"), (5, "face contour"), (2.5, "outer lip")])
def test_pixel_steps_are_steps_on_the_photo(
    shipped_engine: Engine, image: EncodedImage, step: float, part: str
) -> None:
    xy = shipped_engine.ask(image, f"every {step} px along the {part}").xy
    assert len(xy) > 10
    # A chord is no longer than its arc, and shorter across a corner.
    assert gaps(xy).max() < 1.04 * step
    assert np.median(gaps(xy)) == pytest.approx(step, rel=0.03)
    whole = shipped_engine.ask(image, f"200 points on the {part}").curve(part).length_px
    assert len(xy) == pytest.approx(whole / step, abs=1.6)


def test_equal_distances_go_round_a_ring(shipped_engine: Engine, image: EncodedImage) -> None:
    xy = shipped_engine.ask(image, "24 points around the outer lip at equal distances").xy
    around = gaps(np.vstack([xy, xy[:1]]))
    # Only the two chords across the mouth's corners are shorter than the others.
    assert (around > 0.94 * np.median(around)).sum() >= 22
    assert around.max() < 1.06 * np.median(around)


def test_exceptions_leave_a_hole(shipped_engine: Engine, image: EncodedImage) -> None:
    whole = shipped_engine.ask(image, "face contour")
    rest = shipped_engine.ask(image, "face contour except the chin area")
    assert 0 < len(rest) < len(whole)
    chin = shipped_engine.ask(image, "chin tip").xy[0]
    assert np.linalg.norm(whole.xy - chin, axis=1).min() < 1
    assert np.linalg.norm(rest.xy - chin, axis=1).min() > 8


def test_a_stretch_begins_and_ends_where_it_says(shipped_engine: Engine, image: EncodedImage) -> None:
    xy = shipped_engine.ask(image, "10 points from left chin to jaw end").xy
    ends = shipped_engine.ask(image, "left chin; left jaw end").xy
    np.testing.assert_allclose(xy[[0, -1]], ends, atol=1e-3)
    assert (np.diff(xy[:, 1]) < 0).all(), "upwards all the way"


def test_a_shape_is_drawn_as_it_is_asked(shipped_engine: Engine, image: EncodedImage) -> None:
    inside = (222, 146)  # between the lips
    plain = shipped_engine.ask(image, "40 points on the outer lip").draw(legend=False)
    filled = shipped_engine.ask(image, "40 points on the outer lip as a polygon").draw(legend=False)
    assert plain.getpixel(inside) != filled.getpixel(inside)


def test_upper_and_lower_and_left_and_right_are_where_they_are_said_to_be(
    shipped_engine: Engine, image: EncodedImage
) -> None:
    def middle(text: str) -> np.ndarray:
        return shipped_engine.ask(image, text).xy.mean(axis=0)

    assert middle("upper lip")[1] < middle("lower lip")[1]
    assert middle("left eye")[0] < middle("nose tip")[0] < middle("right eye")[0]
    assert middle("upper half of the left eye")[1] < middle("lower half of the left eye")[1]
    assert middle("inner third of the left eyebrow")[0] > middle("outer third of the left eyebrow")[0]
    np.testing.assert_array_equal(
        shipped_engine.ask(image, "her left eye").xy, shipped_engine.ask(image, "right eye").xy
    )
