"""The example programs run, and their pictures show what they say."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import faceql

EXAMPLES = Path(__file__).parents[2] / "examples"
PHOTO = EXAMPLES / "astronaut.jpg"


def run(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def load(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / name))


@pytest.fixture(scope="module")
def engine() -> faceql.Engine:
    return faceql.Engine("cpu")


def test_several_asks_are_drawn_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "several_asks.py", tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 3 * sheet.height
        assert len(sheet.convert("RGB").getcolors(1 << 24)) > 1000


def test_makeup_is_shown_beside_the_plain_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "makeup.py", PHOTO, tmp_path / "makeup.png")
    with Image.open(tmp_path / "makeup.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    before, after = np.split(pixels, 2, axis=1)
    assert 0.005 < (np.abs(after - before).max(axis=2) > 12).mean() < 0.15


def test_lipstick_reddens_the_lips_and_spares_teeth_and_skin(engine: faceql.Engine) -> None:
    makeup = load("makeup.py")
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    answer = engine.ask(photo, makeup["INSTRUCTION"])
    painted = makeup["make_up"](photo, answer).astype(int)
    change = painted - photo
    lips, teeth = answer.mask("lips") == 1, answer.mask("mouth opening") == 1
    assert lips.sum() > 100
    assert np.median(change[lips][:, 0] - change[lips][:, 1]) > 15
    assert np.abs(change[teeth]).mean() < 25
    near = answer.mask("outer lip", feather=6) + answer.mask("eyes", feather=6) + answer.mask("eyebrows", feather=6)
    assert (np.abs(change[near < 0.001]) <= 1).all()


@pytest.mark.parametrize("turns", [0, 1, 2])
def test_an_aligned_face_has_its_eyes_where_they_belong(engine: faceql.Engine, turns: int) -> None:
    aligned = load("aligned_crop.py")
    photo = Image.open(PHOTO).convert("RGB").rotate(90 * turns, expand=True)
    crop = aligned["align"](photo, engine.ask(photo, "eyes and outer lip"), 0, 200)
    again = engine.ask(crop, "eyes and outer lip")
    for part, x in (("left eye", 0.35), ("right eye", 0.65)):
        middle = again.xy[again.find(part)].mean(axis=0)
        np.testing.assert_allclose(middle, (x * 200, 0.4 * 200), atol=9)


def test_openness_tells_of_every_photo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, "openness.py", PHOTO, "missing.jpg")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{PHOTO}, face 1: eyes open (")
    assert "mouth open (" in first
    assert "there is no file" in second
