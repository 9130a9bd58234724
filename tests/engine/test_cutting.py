"""Pieces of a photo: upright, of the size asked, and with a matrix that says where everything lies."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine import UPRIGHT_INSTRUCTION, Engine, Measures, crop_answer, cut_out, write_region_instruction
from faceql.errors import ConfigError, ImageError, QueryError

ASTRONAUT = Path(__file__).parents[2] / "examples" / "astronaut.jpg"
PLACES = f"{UPRIGHT_INSTRUCTION}; pupils"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("cpu")


def test_a_leaning_face_is_cut_out_upright(engine: Engine) -> None:
    leaning = Image.open(ASTRONAUT).convert("RGB").rotate(-30, Image.Resampling.BICUBIC)
    answer = engine.ask(leaning, PLACES)
    cut = cut_out(answer, answer.xy[answer.find("eyes")].astype(float), size=200)
    assert max(cut.picture.size) == 200
    assert cut.angle == pytest.approx(30, abs=4)
    left, right = (cut.matrix @ (*answer[name][0].xy, 1) for name in ("left pupil", "right pupil"))
    assert abs(math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))) < 3
    # What the matrix says is what the picture shows: the pupils are found there again.
    whole = cut_out(answer, answer.xy.astype(float), size=300, margin=0.8)
    found = engine.ask(whole.picture, "pupils")
    for name in ("left pupil", "right pupil"):
        assert found[name][0].xy == pytest.approx(whole.matrix @ (*answer[name][0].xy, 1), abs=4)
    assert Measures(engine.ask(whole.picture, PLACES)).roll == pytest.approx(0, abs=3)


def test_a_cut_that_is_not_turned_is_the_photos_own_pixels(engine: Engine) -> None:
    answer = engine.ask(ASTRONAUT, PLACES)
    corners = np.array([[170.0, 60.0], [269.0, 159.0]])
    cut = cut_out(answer, corners, size=100, margin=0.005, upright=False)
    x, y = np.rint(-cut.matrix[:, 2]).astype(int)
    own = np.asarray(Image.open(ASTRONAUT).convert("RGB"))[y : y + 100, x : x + 100]
    assert np.abs(np.asarray(cut.picture).astype(int) - own).mean() < 12
    assert np.diag(cut.matrix[:, :2]) == pytest.approx([1, 1], abs=0.02)


def test_an_answer_on_a_part_of_its_photo(engine: Engine) -> None:
    answer = engine.ask(ASTRONAUT, "outer lip; pupils")
    near = crop_answer(answer, answer.xy[answer.find("outer lip")].astype(float))
    moved = answer.xy[0] - near.xy[0]
    x, y = np.rint(moved).astype(int)
    height, width = near.image_size
    assert 40 < width < 120
    assert 20 < height < 100
    own = np.asarray(Image.open(ASTRONAUT).convert("RGB"))[y : y + height, x : x + width]
    assert np.array_equal(near.photo.pixels, own)
    assert np.allclose(answer.xy - near.xy, moved)
    assert near.draw(scale=4).size == (4 * width, 4 * height)


def test_all_of_an_answer_moves_with_its_piece_of_the_photo(engine: Engine) -> None:
    answer = engine.ask(ASTRONAUT, "left cheek * 9; 60 points on the outer lip")
    near = crop_answer(answer, answer.xy[answer.find("outer lip")])
    left, top = (answer.xy - near.xy)[0].round().astype(int).tolist()
    height, width = near.image_size
    for region in ("left cheek", "outer lip"):
        whole = answer.mask(region)[top : top + height, left : left + width]
        np.testing.assert_allclose(near.mask(region), whole, atol=0.02)
    x0, y0, x1, y1 = answer.faces[0].box
    assert near.faces[0].box == (x0 - left, y0 - top, x1 - left, y1 - top)


def test_what_cannot_be_cut(engine: Engine) -> None:
    answer = engine.ask(ASTRONAUT, PLACES)
    for wrong in ({"size": 8}, {"size": 5000}, {"margin": -1}):
        with pytest.raises(ConfigError):
            cut_out(answer, answer.xy.astype(float), **wrong)
    read = type(answer).from_dict(answer.to_dict())
    with pytest.raises(ImageError):
        cut_out(read, read.xy.astype(float))
    with pytest.raises(ImageError):
        crop_answer(read, read.xy.astype(float))


@pytest.mark.parametrize(
    "region", ["lips", "left eye", "eyes", "upper lip", "face contour", "outer_lip[0 .. 6/12] * 9"]
)
def test_a_region_says_what_to_ask_for_it(engine: Engine, region: str) -> None:
    answer = engine.ask(ASTRONAUT, write_region_instruction(region))
    assert answer.mask(region).sum() > 10


def test_what_is_no_region() -> None:
    with pytest.raises(ConfigError):
        write_region_instruction("left pupil")
    with pytest.raises(QueryError):
        write_region_instruction("ear")


def test_measures_in_pixels_and_in_eye_distances(engine: Engine) -> None:
    (face,) = engine.measure(ASTRONAUT)
    by_eyes, by_pixels = face.to_dict(), face.to_dict("px")
    unit = face.interocular_px
    assert by_pixels["mouth_width"] == pytest.approx(by_eyes["mouth_width"] * unit)
    assert by_pixels["lips_area"] == pytest.approx(by_eyes["lips_area"] * unit**2)
    assert by_pixels["roll"] == by_eyes["roll"]
