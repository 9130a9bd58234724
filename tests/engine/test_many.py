"""Many photos: in order, the same answers as one by one, in bounded memory, bad ones told and skipped."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import faceql.engine.encoding as encoding_module
import faceql.engine.many as many_module
from faceql.engine import Engine, Face
from faceql.errors import ConfigError, ImageError, NoFaceError, NoSuchFaceError, QueryError
from faceql.model.checkpoint import LoadedDetector

BOX = (178.0, 62.0, 267.0, 172.0)


class FixedFinder:
    """Finds the astronaut's face in every photo that is not all one colour."""

    def find(self, photo: np.ndarray) -> list[Face]:
        return [Face(BOX, 0.9)] if photo.std() > 1 else []


@pytest.fixture
def fixed_engine(detector) -> Engine:
    return Engine("cpu", LoadedDetector(detector, "random", {}), face_finder=FixedFinder(), find_upright=False)


@pytest.fixture
def passes_of_32(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU."""
    monkeypatch.setitem(encoding_module.FACES_PER_PASS, "cpu", 32)


def test_answers_are_those_of_single_asks_in_order(
    fixed_engine: Engine, detector, astronaut: np.ndarray, passes_of_32: None
) -> None:
    photos = [np.roll(astronaut, shift, axis=1) for shift in (0, 7, 19, 40, 60)]
    want = [fixed_engine.ask(photo, "WFLW").xy for photo in photos]
    before = detector.encodes
    outcomes = list(fixed_engine.ask_many(photos, "WFLW", batch=2))
    assert detector.encodes == before + 3, "two photos in one pass"
    assert [outcome.index for outcome in outcomes] == [0, 1, 2, 3, 4]
    for outcome, photo, xy in zip(outcomes, photos, want, strict=True):
        assert outcome.source is photo
        np.testing.assert_allclose(outcome.get().xy, xy, atol=1e-3)
        assert outcome.get().photo is None


def test_bad_photos_are_told_and_skipped(fixed_engine: Engine, astronaut: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    blank = np.zeros((40, 40, 3), np.uint8)
    photos = [astronaut, tmp_path / "missing.jpg", tmp_path / "broken.jpg", blank, None, astronaut]
    outcomes = list(fixed_engine.ask_many(photos, "pupils", batch=4))
    kinds = [type(outcome.error) for outcome in outcomes]
    assert kinds == [type(None), ImageError, ImageError, NoFaceError, ImageError, type(None)]
    assert [outcome.answer is None for outcome in outcomes] == [False, True, True, True, True, False]
    with pytest.raises(NoFaceError):
        outcomes[3].get()
    (only,) = fixed_engine.ask_many([astronaut], "pupils of face 2")
    assert isinstance(only.error, NoSuchFaceError)


def test_encoded_images_are_taken_too(fixed_engine: Engine, astronaut: np.ndarray) -> None:
    image = fixed_engine.encode(astronaut)
    first, second = fixed_engine.ask_many([image, astronaut], "pupils", keep_photos=True)
    np.testing.assert_allclose(first.get().xy, second.get().xy, atol=1e-3)
    assert first.get().photo is image.photo
    assert first.get().draw().size == (512, 512)


def test_a_mistake_in_the_text_shows_before_any_photo_is_read(fixed_engine: Engine) -> None:
    def never() -> Iterator[np.ndarray]:
        raise AssertionError("a photo was read")
        yield

    with pytest.raises(QueryError):
        fixed_engine.ask_many(never(), "left ear")
    with pytest.raises(ConfigError, match="batch"):
        fixed_engine.ask_many(never(), "pupils", batch=0)
    with pytest.raises(ConfigError, match="bgr"):
        fixed_engine.ask_many(never(), "pupils", color="grb")  # type: ignore[arg-type]


def test_photos_are_read_no_further_ahead_than_a_batch(
    fixed_engine: Engine, astronaut: np.ndarray, passes_of_32: None
) -> None:
    taken = 0

    def photos() -> Iterator[np.ndarray]:
        nonlocal taken
        for _ in range(50):
            taken += 1
            yield astronaut

    outcomes = fixed_engine.ask_many(photos(), "pupils", batch=3)
    assert taken == 0
    next(outcomes)
    assert taken <= 3 + many_module.READERS
    outcomes.close()
    assert taken <= 3 + many_module.READERS


def test_each_thread_takes_a_photo_of_its_own_on_a_cpu(
    fixed_engine: Engine, detector, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_module.torch, "get_num_threads", lambda: 3)
    set_to: list[int] = []
    monkeypatch.setattr(many_module.torch, "set_num_threads", set_to.append)
    taken = 0

    def photos() -> Iterator[np.ndarray]:
        nonlocal taken
        for shift in range(50):
            taken += 1
            yield np.roll(astronaut, shift, axis=1)

    outcomes = fixed_engine.ask_many(photos(), "pupils")
    assert (taken, set_to) == (0, [])
    first = [next(outcomes) for _ in range(5)]
    assert set_to == [1, 3], "one core for each worker, and for everybody else what was set"
    assert [outcome.index for outcome in first] == [0, 1, 2, 3, 4]
    # One for each worker, and the next.
    assert taken <= 5 + 3 + 1
    outcomes.close()
    assert taken <= 5 + 3 + 1


def test_workers_answer_as_single_asks_do(fixed_engine: Engine, astronaut: np.ndarray) -> None:
    photos = [np.roll(astronaut, shift, axis=1) for shift in (0, 7, 19, 40, 60)]
    before = torch.get_num_threads()
    for photo, outcome in zip(photos, fixed_engine.ask_many(photos, "WFLW"), strict=True):
        np.testing.assert_allclose(outcome.get().xy, fixed_engine.ask(photo, "WFLW").xy, atol=1e-3)
    assert torch.get_num_threads() == before


def test_large_photos_close_a_batch_early(
    fixed_engine: Engine, detector, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch, passes_of_32: None
) -> None:
    monkeypatch.setattr(many_module, "MAX_BATCH_PIXELS", 512 * 512 + 1)
    before = detector.encodes
    list(fixed_engine.ask_many([astronaut] * 6, "pupils", batch=6))
    assert detector.encodes == before + 3


def test_what_is_answered_is_forgotten(fixed_engine: Engine, astronaut: np.ndarray) -> None:
    alive: list[weakref.ref] = []
    encode = fixed_engine.encode

    def watched(*args: object, **named: object):
        image = encode(*args, **named)
        alive.append(weakref.ref(image))
        return image

    fixed_engine.encode = watched  # type: ignore[method-assign]
    most = 0
    for _ in fixed_engine.ask_many([astronaut] * 9, "pupils", batch=2):
        gc.collect()
        most = max(most, sum(reference() is not None for reference in alive))
    assert most <= 2 + many_module.READERS


def test_many_faces_are_encoded_in_several_passes(
    engine: Engine, detector, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = [(100 + i, 60, 200 + i, 180) for i in range(7)]
    want = engine.ask(engine.encode(astronaut, boxes=boxes), "WFLW").xy
    monkeypatch.setitem(encoding_module.FACES_PER_PASS, "cpu", 3)
    image = engine.encode(astronaut, boxes=boxes)
    before = detector.encodes
    engine.encode_faces([(image, index) for index in range(7)])
    assert detector.encodes == before + 3
    np.testing.assert_allclose(engine.ask(image, "WFLW").xy, want, atol=1e-3)
