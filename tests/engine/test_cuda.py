"""The engine on a GPU answers as on the CPU. FACEQL_GPU=cpu tries the tests where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Answer, Engine

pytestmark = pytest.mark.gpu

DEVICE = os.environ.get("FACEQL_GPU", "cuda")
# bfloat16 keeps three digits: of a crop of 256 pixels about the face of 110, that is this much of the photo.
MOST_PX, MEAN_PX = 2.0, 0.7


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DEVICE)


def assert_near(found: Answer, want: Answer) -> None:
    distances = np.linalg.norm(found.xy - want.xy, axis=1)
    assert distances.max() < MOST_PX
    assert distances.mean() < MEAN_PX
    assert np.isfinite(found.expected_error).all()


@pytest.mark.parametrize("text", ["the 300W layout", "200 points on the outer lip", "a grid of 6 by 6 on the forehead"])
def test_answers_are_the_cpus(engine: Engine, shipped_engine: Engine, astronaut: np.ndarray, text: str) -> None:
    found = engine.ask(astronaut, text)
    assert_near(found, shipped_engine.ask(astronaut, text))
    np.testing.assert_array_equal(engine.ask(astronaut, text).xy, found.xy)


def test_masks_and_measures_are_the_cpus(engine: Engine, shipped_engine: Engine, astronaut: np.ndarray) -> None:
    text = "60 points on the outer lip; 60 on the inner lip; left cheek * 9"
    found, want = engine.ask(astronaut, text), shipped_engine.ask(astronaut, text)
    for region in ("lips", "left cheek", "skin"):
        assert np.abs(found.mask(region) - want.mask(region)).sum() < 0.2 * want.mask(region).sum()
    (measured,), (expected,) = engine.measure(astronaut), shipped_engine.measure(astronaut)
    assert measured.mouth_openness == pytest.approx(expected.mouth_openness, abs=0.05)
    assert measured.roll == pytest.approx(expected.roll, abs=3)


def test_many_photos_are_answered_as_each_alone(engine: Engine, astronaut_path: Path) -> None:
    with Image.open(astronaut_path) as photo:
        turned = [np.asarray(photo.rotate(4 * i)) for i in range(9)]
    outcomes = list(engine.ask_many([*turned, np.zeros((80, 80, 3), np.uint8)], "pupils and mouth corners", batch=4))
    for photo, outcome in zip(turned, outcomes, strict=False):
        assert_near(outcome.get(), engine.ask(photo, "pupils and mouth corners"))
    assert outcomes[-1].answer is None


def test_many_faces_are_answered(engine: Engine, astronaut: np.ndarray) -> None:
    crowd = np.tile(astronaut[10:266, 100:356], (4, 4, 1))
    answer = engine.ask(crowd, "the 300W layout", faces="all")
    assert len(answer.faces) >= 14
    assert len(answer) == 68 * len(answer.faces)


def test_the_mean_with_the_mirrored_crop_is_near(engine: Engine, astronaut: np.ndarray) -> None:
    found = Engine(DEVICE, flip_test=True).ask(astronaut, "the 300W layout")
    assert_near(found, engine.ask(astronaut, "the 300W layout"))
