"""Photos that are costly to read: ended in time, held within bounds, and in nobody's way."""

from __future__ import annotations

import gc
import io
import os
import signal
import struct
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Engine
from faceql.engine.images import read_photo
from faceql.errors import ImageError, ServiceError, TooManyPixelsError
from faceql.server import decoder_process, decoders
from faceql.server.decoders import POOL, TooSlowError, decode_apart
from faceql.server.error_kinds import error_code
from faceql.server.limits import Limits
from faceql.server.service import Service

from .conftest import GatedEngine, make_photo


def save_png(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (width, height)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def slow_tiff() -> bytes:
    """A TIFF of 7 MB whose 900,000 strips of one pixel take seconds to read, and of which nothing tells that before."""
    strips, entries = 900_000, 9
    at = 8 + 2 + 12 * entries + 4
    tags = [
        (256, 1, 1),
        (257, 1, strips),
        (258, 1, 8),
        (259, 1, 1),
        (262, 1, 1),
        (273, strips, at),
        (277, 1, 1),
        (278, 1, 1),
    ]
    tags.append((279, strips, at + 4 * strips))
    head = struct.pack("<2sHIH", b"II", 42, 8, entries)
    table = b"".join(struct.pack("<HHII", tag, 4, count, value) for tag, count, value in tags)
    return head + table + bytes(4) + struct.pack("<I", 8) * strips + struct.pack("<I", 1) * strips


def decode(data: bytes, *, seconds: float = 8.0, wait: float = 60.0, max_pixels: int = 1_000_000):
    ends = time.monotonic() + wait
    return decode_apart(data, max_pixels=max_pixels, seconds=seconds, ends=ends, lent=[])


def test_a_decoder_reads_what_the_engine_reads(photo: bytes) -> None:
    want = read_photo(photo)
    for _ in range(2):
        found = decode(photo)
        np.testing.assert_array_equal(found.pixels, want.pixels)
        assert found.notes == want.notes
        assert not found.pixels.flags.writeable
    with pytest.raises(ImageError, match="not an image"):
        decode(b"no image")
    with pytest.raises(TooManyPixelsError) as caught:
        decode(photo, max_pixels=100)
    assert caught.value.pixels == 320 * 200


def test_processor_time_is_bounded_and_the_next_photo_is_read(slow_tiff: bytes, photo: bytes) -> None:
    with pytest.raises(TooSlowError, match=r"more than 0\.2 seconds"):
        decode(slow_tiff, seconds=0.2)
    assert decode(photo).size == (200, 320)


def test_a_deadline_ends_a_decoding(slow_tiff: bytes, photo: bytes) -> None:
    decode(photo)
    started = time.monotonic()
    with pytest.raises(ServiceError) as caught:
        decode(slow_tiff, wait=0.2)
    assert caught.value.code == "deadline"
    assert time.monotonic() - started < 10
    assert decode(photo).size == (200, 320)


def test_a_decoder_that_breaks_down_costs_its_own_photo_only(photo: bytes, monkeypatch) -> None:
    lent: list[decoders.Decoder] = []
    # As a fault in a decoder's C code would end it.
    monkeypatch.setattr(decoders.Decoder, "decode", lambda self, *rest: break_down(self, original, *rest))
    original = DECODE
    with pytest.raises(ImageError, match="broke off"):
        decode_apart(photo, max_pixels=10**6, seconds=8, ends=time.monotonic() + 20, lent=lent)
    assert lent == []
    monkeypatch.undo()
    assert decode(photo).size == (200, 320)


DECODE = decoders.Decoder.decode


def break_down(decoder: decoders.Decoder, original, *rest: object):
    os.kill(decoder._process.pid, signal.SIGSEGV)
    return original(decoder, *rest)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="where getrusage begins with the parent's memory")
def test_a_decoder_serves_again_however_large_its_parent_is(photo: bytes) -> None:
    """It was thought to have taken what the server holds, and started anew for every photo."""
    held = bytearray(b"x") * decoder_process.SWOLLEN_BYTES
    decoder = decoders.Decoder()
    try:
        for _ in range(2):
            decoder.decode(photo, max_pixels=10**6, seconds=8)
            assert decoder.is_alive
    finally:
        decoder.close()
    assert held[-1] == ord("x")


def test_nothing_is_left_behind(photo: bytes) -> None:
    decode(photo)
    POOL.close()
    before = len(os.listdir("/proc/self/fd"))
    decode(photo)
    POOL.close()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.slow
def test_slow_photos_are_refused_and_pass_nobody(engine: Engine, slow_tiff: bytes, photo: bytes) -> None:
    """Three of them, where two threads read, and thirty others."""
    limits = Limits(decode_seconds=1.0)
    service = Service(lambda: engine, limits)
    want = engine.ask(photo, "chin")
    slow = [service.submit(slow_tiff, ["chin"]) for _ in range(3)]
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: service.ask(photo, ["chin"]).answers[0], range(30)))
    assert all(answer == want for answer in answers)
    assert not all(future.done() for future in slow)
    for future in slow:
        assert error_code(future.exception(60)) in ("image", "busy", "deadline")
    service.close(20)


def test_large_photos_wait_for_each_other_and_small_ones_pass_them(gated: GatedEngine, photo: bytes) -> None:
    gated.gate.set()
    limits = Limits(quick_pixels=100_000)
    service = Service(lambda: gated, limits)
    large = make_photo(3, 1600, 1200)
    order: list[str] = []
    futures = [service.submit(large, ["chin"]) for _ in range(4)]
    for future in futures:
        future.add_done_callback(lambda _: order.append("large"))
    small = [service.submit(photo, ["chin"]) for _ in range(4)]
    for future in small:
        future.add_done_callback(lambda _: order.append("small"))
    assert all(future.result(30) for future in [*futures, *small])
    assert order.index("small") < len(order) - 1 - order[::-1].index("large")
    service.close(20)


def test_a_photo_too_large_for_all_lanes_is_measured_by_the_largest(engine: Engine) -> None:
    """It was said to have more pixels than the quick lanes take, a third of what is read."""
    service = Service(lambda: engine, Limits(quick_pixels=100_000, pixels=1_000_000))
    for side, told in ((1100, "1100 x 1100, more than 1,000,000 pixels"), (2000, "2000 x 2000, more than 1,000,000")):
        with pytest.raises(ImageError, match=told):
            service.ask(save_png(side, side), ["chin"])
    service.close(20)


def test_large_photos_that_wait_turn_no_small_one_away(gated: GatedEngine, photo: bytes) -> None:
    """They are read in their own lane, one by one: what they take says nothing of how long a small one will wait."""
    gated.gate.set()
    service = Service(lambda: gated, Limits(quick_pixels=100_000, deadline_seconds=20.0))
    assert service.ask(photo, ["chin"]).answers
    # Made before: while one is made another is read, and there are never four.
    photo_of_many_pixels = save_png(1600, 1600)
    large = [service.submit(photo_of_many_pixels, ["chin"]) for _ in range(6)]
    queue = service._queue
    deadline = time.monotonic() + 20
    while queue._lanes.large_count < 4:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    queue._seconds_per_job = 4.0  # as if a request took so long; four ahead would be too many
    assert service.submit(photo, ["chin"]).result(20).answers
    queue._seconds_per_job = 0.1
    for future in large:
        future.exception(30)
    assert queue._seconds_per_job < 1.0
    assert queue._lanes.large_count == 0
    service.close(20)


def test_large_photos_whose_turn_would_come_too_late_are_refused_at_once(engine: Engine, photo: bytes) -> None:
    service = Service(lambda: engine, Limits(quick_pixels=100_000))
    lanes = service._queue._lanes
    lanes._large_pixels, lanes._seconds_per_pixel = 160_000, 1e-3  # as if one waited that takes 160 s
    error = service.submit(save_png(400, 400), ["chin"]).exception(20)
    assert isinstance(error, ServiceError)
    assert error.code == "busy"
    assert error.retry_after == 160
    assert service.ask(photo, ["chin"]).answers
    service.close(20)


def test_large_photos_leave_half_of_the_line_to_others(gated: GatedEngine, photo: bytes) -> None:
    large = save_png(1600, 1600)
    service = Service(lambda: gated, Limits(quick_pixels=100_000, queued_bytes=2 * len(large) + 100))
    service._queue._lanes._large_bytes = 1000
    assert error_code(service.submit(large, ["chin"]).exception(20)) == "busy"
    service.close()


def test_what_is_read_and_waits_is_bounded(gated: GatedEngine) -> None:
    """Eight photos of 192 kB wait for a busy engine; two fit, and each thread has one more in its hands."""
    limits = Limits(decoded_bytes=300_000)
    service = Service(lambda: gated, limits)
    futures = [service.submit(make_photo(1), ["chin"]) for _ in range(8)]
    assert gated.entered.wait(20)
    time.sleep(0.5)
    assert service._queue._lanes._held_bytes <= 300_000 + limits.readers * 192_000
    gated.gate.set()
    assert all(future.result(20) for future in futures)
    assert service._queue._lanes._held_bytes == 0
    service.close(20)


def test_work_of_clients_that_hung_up_is_ended(engine: Engine, slow_tiff: bytes, photo: bytes) -> None:
    service = Service(lambda: engine, Limits(readers=1))
    given_up = [service.submit(slow_tiff, ["chin"]) for _ in range(12)]
    time.sleep(0.3)
    # Those that are more than half of the line were refused at once.
    assert sum(future.cancel() for future in given_up) >= 3
    started = time.monotonic()
    assert service.ask(photo, ["chin"]).answers
    assert time.monotonic() - started < 20
    assert service._queue.depth == 0
    service.close(20)


def test_texts_are_charged_to_the_deadline(engine: Engine, photo: bytes) -> None:
    service = Service(lambda: engine)
    # Each another one: those asked before are remembered.
    texts = ["; ".join(f"left_eye[0 .. 1/{2 + (i + k) % 97}] * 1" for i in range(600)) for k in range(16)]
    started = time.monotonic()
    with pytest.raises(ServiceError) as caught:
        service.ask(photo, texts, seconds=0.3)
    assert caught.value.code == "deadline"
    assert time.monotonic() - started < 10
    # What was begun ends too: the next one does not wait for it.
    started = time.monotonic()
    assert service.ask(photo, ["chin"]).answers
    assert time.monotonic() - started < 10
    service.close(20)


def test_the_points_of_all_instructions_are_counted_before_the_photo_is_read(service: Service) -> None:
    with pytest.raises(ServiceError, match="2,100 points") as caught:
        service.ask(b"no image", ["1500 points on the left eye", "600 points on the right eye"])
    assert caught.value.code == "too_many"


def test_what_was_answered_waits_for_no_collector(engine: Engine, photo: bytes) -> None:
    """A request holds megabytes: were it in a ring of references, a server would grow between two collections."""
    service = Service(lambda: engine, Limits())
    gc.collect()
    gc.disable()
    try:
        gone = weakref.ref(service.submit(photo, ["chin"]).result().image)
        # The one after it takes its place in the threads.
        for _ in range(4):
            service.submit(photo, ["chin"]).result()
        assert gone() is None
    finally:
        gc.enable()
        service.close()
