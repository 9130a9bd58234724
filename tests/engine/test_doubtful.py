"""What may be no face is said to be, and an answer's angle is that of its points, with the shipped weights."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from faceql.engine import Answer, Engine, Measures
from faceql.errors import ConfigError
from faceql.server.cli import main

FACE = (178.0, 62.0, 267.0, 172.0)  # the astronaut's


@pytest.fixture(scope="module")
def flag(astronaut: np.ndarray) -> Answer:
    """Of a box on the flag behind the astronaut."""
    return Engine("cpu").ask(astronaut, "pupils", boxes=[FACE, (10.0, 200.0, 110.0, 320.0)])


def test_a_face_is_not_doubtful(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    answer = shipped_engine.ask(astronaut, "pupils")
    assert [face.doubtful for face in answer.faces] == [False]
    assert answer.notes == ()


def test_what_is_no_face_is_doubtful_and_a_note_says_why(flag: Answer) -> None:
    assert [face.doubtful for face in flag.faces] == [False, True]
    (note,) = [note for note in flag.notes if "doubtful" in note]
    assert note.startswith(
        "face 1 is doubtful and may be none: on it, whose box is 100 x 120 px, the first look expects"
    )


@pytest.mark.parametrize("box", [(220.0, 100.0, 221.0, 101.0), (500.0, 3.0, 503.0, 6.0)])
def test_a_box_of_a_pixel_has_a_note(shipped_engine: Engine, astronaut: np.ndarray, box: tuple[float, ...]) -> None:
    answer = shipped_engine.ask(astronaut, "pupils", boxes=[box])
    assert answer.faces[0].doubtful
    size = f"{box[2] - box[0]:.0f} x {box[3] - box[1]:.0f} px"
    assert any("doubtful" in note and size in note for note in answer.notes)


@pytest.mark.parametrize("grey", [0, 127, 255])
def test_a_box_on_flat_grey_has_a_note(shipped_engine: Engine, grey: int) -> None:
    answer = shipped_engine.ask(np.full((300, 300, 3), grey, np.uint8), "pupils", boxes=[(90, 80, 190, 200)])
    assert answer.faces[0].doubtful
    assert any("may be none" in note for note in answer.notes)


def test_several_doubtful_faces_have_one_note(shipped_engine: Engine) -> None:
    boxes = [(20, 80, 120, 200), (160, 80, 260, 200)]
    answer = shipped_engine.ask(np.full((300, 300, 3), 90, np.uint8), "pupils", boxes=boxes)
    (note,) = [note for note in answer.notes if "doubtful" in note]
    assert note.startswith("faces 1, 2 are doubtful and may be none: on face ")


def test_the_threshold_can_be_set(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    loaded = {"device": "cpu"}
    assert Engine(**loaded, doubtful_above=0.005).ask(astronaut, "pupils").faces[0].doubtful
    generous = Engine(**loaded, doubtful_above=1.0)
    answer = generous.ask(np.full((300, 300, 3), 127, np.uint8), "pupils", boxes=[(90, 80, 190, 200)])
    assert not any("doubtful" in note for note in answer.notes)
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ConfigError, match="doubtful_above"):
            Engine("cpu", doubtful_above=wrong)


def test_every_format_says_it(flag: Answer) -> None:
    assert [face["doubtful"] for face in flag.to_dict()["faces"]] == [False, True]
    assert Answer.from_json(flag.to_json()) == flag
    assert Answer.from_json(flag.to_json()).faces == flag.faces


def test_the_command_line_says_it(astronaut_path: Path) -> None:
    command = ["ask", str(astronaut_path), "pupils", "--box", "10,200,110,320", "--device", "cpu"]
    said = CliRunner().invoke(main, command).output
    assert "note: face 1 is doubtful" in said
    assert "face 1: box 10, 200, 110, 320, doubtful\n" in said
    assert "doubtful" not in CliRunner().invoke(main, [*command, "--doubtful-above", "1"]).output


def cover_below_the_nose(astronaut: np.ndarray, kind: str) -> Image.Image:
    picture = Image.fromarray(astronaut)
    patch = {
        "cloth": Image.new("RGB", (130, 75), (40, 60, 120)),
        "hair": picture.crop((170, 20, 275, 62)).resize((130, 75)),
        "hand": Image.new("RGB", (130, 75), (205, 150, 125)),
    }[kind]
    picture.paste(patch, (158, 132))
    return picture


@pytest.mark.parametrize("kind", ["cloth", "hair", "hand"])
@pytest.mark.parametrize("side", [512, 200])
def test_an_upright_face_with_its_lower_half_hidden_stays_upright(
    shipped_engine: Engine, astronaut: np.ndarray, kind: str, side: int
) -> None:
    photo = cover_below_the_nose(astronaut, kind).resize((side, side), Image.Resampling.LANCZOS)
    box = tuple(value * side / 512 for value in FACE)
    for asked in ({"boxes": [box]}, {}):
        answer = shipped_engine.ask(photo, "pupils; nose tip", **asked)
        assert abs(answer.faces[0].angle) < 30
        left, right, tip = answer.xy * 512 / side
        assert np.hypot(*(left - (202, 100))) < 12
        assert np.hypot(*(right - (247, 102))) < 12
        assert tip[1] > 105


@pytest.mark.parametrize("degrees", [0, 40, 110, 180, 195, 300])
def test_the_angle_of_a_face_agrees_with_its_points(
    shipped_engine: Engine, astronaut: np.ndarray, degrees: int
) -> None:
    photo = Image.fromarray(astronaut).rotate(
        -degrees, Image.Resampling.BICUBIC, center=(223, 118), translate=(33, 138), fillcolor=(110, 110, 110)
    )
    answer = shipped_engine.ask(photo, "the 300W layout")
    face = answer.faces[0]
    assert -180 <= face.angle <= 180
    assert abs(math.remainder(face.angle - degrees, 360)) < 16
    assert abs(math.remainder(face.angle - Measures(answer).roll, 360)) < 16
