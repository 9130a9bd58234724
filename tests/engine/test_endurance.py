"""One engine, many threads and many asks: the same answers, and memory that does not grow."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest

from faceql.engine import Engine

TEXTS = [
    "pupils",
    "the 300W layout",
    "30 points on the face contour at equal distances",
    "every 4 px along the outer lip",
    "4 points per eyebrow",
    "WFLW",
]


def resident_bytes() -> int:
    """Return the memory of this process that is in use."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def run_threads(work: list) -> list[BaseException]:
    errors: list[BaseException] = []

    def guarded(function) -> None:
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(function,)) for function in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_threads_with_photos_of_their_own_get_their_own_answers(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    photos = [astronaut, astronaut[:, ::-1], np.rot90(astronaut), astronaut[20:400, 60:420]]
    want = [shipped_engine.ask(photo, "WFLW").xy for photo in photos]

    def ask(index: int):
        def run() -> None:
            for _ in range(3):
                np.testing.assert_array_equal(shipped_engine.ask(photos[index], "WFLW").xy, want[index])

        return run

    assert run_threads([ask(index % 4) for index in range(8)]) == []


@pytest.mark.slow
def test_memory_does_not_grow_over_ten_thousand_asks(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    image = shipped_engine.encode(astronaut)
    want = {text: shipped_engine.ask(image, text).xy for text in TEXTS}

    def ask_many(count: int, first: int) -> None:
        for i in range(count):
            text = TEXTS[(first + i) % len(TEXTS)]
            np.testing.assert_array_equal(shipped_engine.ask(image, text).xy, want[text])

    ask_many(500, 0)
    gc.collect()
    before = resident_bytes()
    assert run_threads([lambda first=first: ask_many(5000, first) for first in range(2)]) == []  # type: ignore[misc]
    gc.collect()
    assert resident_bytes() - before < 30_000_000


@pytest.mark.slow
def test_memory_does_not_grow_over_hundreds_of_photos(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    def photos(count: int):
        for i in range(count):
            yield np.roll(astronaut, i % 50, axis=1)

    def drain(count: int) -> int:
        return sum(outcome.answer is not None for outcome in shipped_engine.ask_many(photos(count), "WFLW"))

    assert drain(60) == 60
    gc.collect()
    before = resident_bytes()
    assert drain(400) == 400
    gc.collect()
    assert resident_bytes() - before < 40_000_000
