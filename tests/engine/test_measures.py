"""Measures of a drawn face whose sizes are known, and what they keep under turns, scales and mirrors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from faceql.engine import MEASURES_INSTRUCTION, Measures
from faceql.errors import ConfigError, NoSuchFaceError, NoSuchPointError, QueryError

IOD = 120.0  # the drawn face's outer eye corners lie at x = 40 and x = 160


def turn(degrees: float, scale: float = 1.0):
    cos, sin = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    return lambda points: points @ np.array([[cos, sin], [-sin, cos]]) + (500, 300)


def test_distances_in_pixels_and_in_inter_ocular_units(drawn_answer) -> None:
    measures = Measures(drawn_answer(MEASURES_INSTRUCTION))
    assert measures.interocular_px == pytest.approx(IOD)
    assert measures.distance("left pupil", "right pupil") == pytest.approx(80)
    assert measures.distance("left pupil", "right pupil", "iod") == pytest.approx(80 / IOD)
    assert measures.distance("nose tip", "chin tip") == pytest.approx(80, abs=1e-4)
    with pytest.raises(ConfigError, match="unit must be"):
        measures.distance("left pupil", "right pupil", "mm")  # type: ignore[arg-type]


def test_a_place_between_the_points_is_taken_from_the_curve(drawn_answer) -> None:
    measures = Measures(drawn_answer("8 points on the left eye; 8 points on the outer lip"))
    x, y, width, height = 60, 75, 20, 8
    want = (x - width * math.cos(math.pi / 3), y - height * math.sin(math.pi / 3))
    np.testing.assert_allclose(measures.point("left eye at 1/6"), want, atol=0.5)


def test_angles(drawn_answer) -> None:
    measures = Measures(drawn_answer(MEASURES_INSTRUCTION))
    assert measures.angle("left pupil", "nose tip", "right pupil") == pytest.approx(
        2 * math.degrees(math.atan2(40, 35))
    )
    assert measures.angle("nose root", "nose tip", "chin tip") == pytest.approx(180)


def test_lengths_and_areas(drawn_answer) -> None:
    measures = Measures(drawn_answer(MEASURES_INSTRUCTION))
    assert measures.length("nose bridge") == pytest.approx(40)
    assert measures.area("left eye") == pytest.approx(math.pi * 20 * 8, rel=5e-3)
    assert measures.area("lips") == pytest.approx(math.pi * (30 * 16 - 22 * 6), rel=5e-3)
    assert measures.area("lips", "iod") == pytest.approx(measures.area("lips") / IOD**2)
    assert measures.area("lips") == pytest.approx(measures.answer.mask("lips").sum(), rel=5e-3)


def test_openness_is_height_over_width(drawn_answer) -> None:
    measures = Measures(drawn_answer(MEASURES_INSTRUCTION))
    # Lid points at a third and two thirds of the half turn.
    assert measures.eye_openness("left eye") == pytest.approx(2 * 8 * math.sin(math.pi / 3) / 40, rel=5e-3)
    mean = (2 * math.sin(math.pi / 4) + 1) / 3
    assert measures.mouth_openness == pytest.approx(2 * 6 * mean / 44, rel=5e-3)
    with pytest.raises(ConfigError, match="an eye is 'left eye' or 'right eye'"):
        measures.eye_openness("nose")


@pytest.mark.parametrize("degrees", [-150, -30, 0, 12, 90, 179])
def test_the_roll_is_the_turn_of_the_face(drawn_answer, degrees: float) -> None:
    measures = Measures(drawn_answer(MEASURES_INSTRUCTION, turn(degrees)))
    assert math.remainder(measures.roll - degrees, 360) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("text", ["300W", "WFLW", MEASURES_INSTRUCTION])
def test_turning_and_scaling_the_picture_changes_only_pixels_and_roll(drawn_answer, text: str) -> None:
    here, there = Measures(drawn_answer(text)), Measures(drawn_answer(text, turn(40, 3)))
    assert there.interocular_px == pytest.approx(3 * here.interocular_px)
    assert there.roll - here.roll == pytest.approx(40, abs=0.01)
    for name in ("mouth_openness", "asymmetry"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), abs=1e-3)
    assert there.eye_openness("right eye") == pytest.approx(here.eye_openness("right eye"), abs=1e-3)
    assert there.area("lips", "iod") == pytest.approx(here.area("lips", "iod"), rel=1e-3)


def test_a_face_of_two_like_halves_has_no_asymmetry_and_a_dented_one_has(drawn_answer) -> None:
    even = Measures(drawn_answer("face contour; pupils; eyes; lips"))
    assert even.asymmetry == pytest.approx(0, abs=1e-3)

    def dent(points: np.ndarray) -> np.ndarray:
        return points + np.where(points[:, :1] < 95, (0.0, 6.0), 0.0)

    dented = Measures(drawn_answer("face contour; pupils; eyes; lips", dent))
    assert dented.asymmetry > 0.02


def test_all_measures_by_name(drawn_answer) -> None:
    values = Measures(drawn_answer(MEASURES_INSTRUCTION, lambda p: p, turn(20)), face=1).to_dict()
    assert all(math.isfinite(value) for value in values.values())
    assert values["roll"] == pytest.approx(20, abs=0.1)
    assert values["mouth_width"] == pytest.approx(60 / IOD, rel=1e-3)
    assert values["jaw_width"] == pytest.approx(180 / IOD, rel=1e-3)


def test_what_the_answer_lacks_is_named(drawn_answer) -> None:
    measures = Measures(drawn_answer("300W points 37 to 40; pupils"))
    with pytest.raises(NoSuchPointError, match=r"do not reach 0\.8333"):
        measures.eye_openness("left eye")
    with pytest.raises(NoSuchPointError, match="'right eye'"):
        _ = measures.interocular_px
    with pytest.raises(NoSuchPointError, match="'middle of mouth'"):
        measures.point("middle of mouth")
    with pytest.raises(NoSuchPointError, match="roll needs"):
        _ = measures.roll
    with pytest.raises(ConfigError, match="is 2 points, and one is wanted"):
        measures.distance("pupils", "left pupil")
    with pytest.raises(QueryError):
        measures.point("left ear")
    with pytest.raises(NoSuchFaceError):
        Measures(measures.answer, face=1)


def test_the_engine_measures_every_face_asked_for(engine, astronaut: np.ndarray) -> None:
    boxes = [(180, 64, 266, 172), (40, 40, 200, 240)]
    first, second = engine.measure(astronaut, boxes=boxes)
    assert (first.face, second.face) == (0, 1)
    assert len(engine.measure(astronaut, boxes=boxes, faces="largest")) == 1
    assert all(math.isfinite(value) for value in second.to_dict().values())
