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
