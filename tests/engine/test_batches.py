"""Faces of several photos encoded in one pass answer as if each were encoded alone."""

from __future__ import annotations

import numpy as np
import pytest

from faceql.engine import Engine, choose_asked_faces
from faceql.engine import encoding as encoding_module
from faceql.errors import NoFaceError
from faceql.querylang.parse import parse

BOXES = [(180, 64, 266, 172), (40, 40, 200, 240)]


def test_a_batch_answers_like_single_faces(
    engine: Engine, detector, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(encoding_module.FACES_PER_PASS, "cpu", 32)
    turned = np.ascontiguousarray(astronaut[:, ::-1])
    alone = [engine.ask(photo, "20 points on the lips", boxes=BOXES) for photo in (astronaut, turned)]
    images = [engine.encode(photo, boxes=BOXES) for photo in (astronaut, turned)]
    before = detector.encodes
    engine.encode_faces([(image, index) for image in images for index in (0, 1, 0)])
    assert detector.encodes == before + 1
    for image, want in zip(images, alone, strict=True):
        np.testing.assert_allclose(engine.ask(image, "20 points on the lips").xy, want.xy, atol=1e-3)
    assert detector.encodes == before + 1
    engine.encode_faces([(images[0], 0)])
    assert detector.encodes == before + 1


def test_on_a_cpu_the_company_changes_no_bit(engine: Engine, astronaut: np.ndarray) -> None:
    alone = [engine.ask(astronaut, "WFLW", boxes=[box]) for box in BOXES]
    image = engine.encode(astronaut, boxes=BOXES)
    engine.encode_faces([(image, 0), (image, 1)])
    together = engine.ask(image, "WFLW").xy
    np.testing.assert_array_equal(together, np.concatenate([answer.xy for answer in alone]))


def test_bytes_grow_with_the_faces_encoded(engine: Engine, astronaut: np.ndarray) -> None:
    image = engine.encode(astronaut, boxes=BOXES)
    assert image.nbytes == astronaut.nbytes
    engine.encode_faces([(image, 0)])
    one = image.nbytes - astronaut.nbytes
    engine.encode_faces([(image, 1)])
    assert one > 0
    assert image.nbytes - astronaut.nbytes == 2 * one


def test_the_faces_an_ask_is_about(engine: Engine, astronaut: np.ndarray) -> None:
    image = engine.encode(astronaut, boxes=BOXES)
    assert choose_asked_faces(image, parse("pupils")) == [0, 1]
    assert choose_asked_faces(image, parse("pupils of the leftmost face")) == [1]
    assert choose_asked_faces(image, parse("pupils"), "rightmost") == [0]
    blank = engine.encode(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(NoFaceError, match="no face was found"):
        choose_asked_faces(blank, parse("pupils"))
