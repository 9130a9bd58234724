"""Reading photos ahead of the engine: small ones in a few threads, large ones one by one, none in the others' way.

A photo is decoded (in a process of its own, where the limits say so), then its faces are found. What is read waits for
the engine, within bounds on its memory.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from ..errors import ServiceError, TooManyPixelsError
from .limits import Limits

if TYPE_CHECKING:
    from ..engine import EncodedImage, Engine, ImageSource
    from .ask_queue import Job
    from .decoders import Decoder

QUICK_BYTES = 8_000_000
"""A file of more is as good as a large photo: what a file of a million empty pieces costs goes with its bytes."""
SECONDS_PER_BYTE = 1e-6
MOST_SECONDS = 10.0
"""How much later a file's turn comes for its size: small ones pass large ones, which are not passed for ever."""
QUICK_SECONDS = 1.0
"""Processor time after which a photo is as good as a large one; the kernel counts whole seconds."""
FIRST_GUESS = 0.1e-6
"""Seconds that a pixel of a large photo takes, before any was read."""


class Line:
    """A line in which small files pass large ones for a while; None ends it."""

    def __init__(self) -> None:
        self._waiting: queue.PriorityQueue[tuple[float, int, Job | None]] = queue.PriorityQueue()
        self._numbers = itertools.count()

    def put(self, job: Job | None) -> None:
        """Let a job wait."""
        later = 0.0 if job is None else min(MOST_SECONDS, job.size * SECONDS_PER_BYTE)
        self._waiting.put((time.monotonic() + later, next(self._numbers), job))

    def get(self) -> Job | None:
        """Wait for whose turn it is."""
        return self._waiting.get()[2]


class ReadingLanes:
    """Threads that read the photos of jobs.

    Args:
        get_engine: Waits for the engine.
        limits: Bounds.
        done: Told each job once: with an image, or with the error that it met.
    """

    def __init__(
        self, get_engine: Callable[[], Engine], limits: Limits, done: Callable[[Job, Exception | None], None]
    ) -> None:
        self._get_engine = get_engine
        self._limits = limits
        self._done = done
        self._quick = Line()
        self._large = Line()
        self._room = threading.Condition()
        self._held_bytes = 0
        self._large_pixels = 0
        self._large_bytes = 0
        self._large_count = 0
        self._seconds_per_pixel = FIRST_GUESS
        self._is_started = False
        self._threads: list[threading.Thread] = []

    def put(self, job: Job) -> None:
        """Let a job's photo be read."""
        if not self._is_started:
            self._start()
        if self._limits.decode_seconds is not None and job.size > QUICK_BYTES:
            self._pass_on(job, self._limits.quick_pixels)
        else:
            self._quick.put(job)

    @property
    def large_count(self) -> int:
        """How many large photos wait for their lane or are in it: they hold up each other, and no small one."""
        return self._large_count

    def release(self, job: Job) -> None:
        """Say that a job's image has been answered for."""
        with self._room:
            self._held_bytes -= job.held_bytes
            job.held_bytes = 0
            self._room.notify_all()

    def close(self, seconds: float) -> None:
        """End the threads, once they have done what they are at; wait for it as far as `seconds` go."""
        for _ in range(self._limits.readers):
            self._quick.put(None)
        self._large.put(None)
        ends = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _start(self) -> None:
        self._is_started = True
        lines = [(self._quick, True, "faceql-reader")] * self._limits.readers + [(self._large, False, "faceql-large")]
        for line, is_quick, name in lines:
            thread = threading.Thread(target=self._run, args=(line, is_quick), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, line: Line, is_quick: bool) -> None:
        while (job := line.get()) is not None:
            self._work(job, is_quick)
            # Its photo may be large, and the next one long in coming.
            del job

    def _work(self, job: Job, is_quick: bool) -> None:
        started = time.monotonic()
        is_read = False
        try:
            job.check_wanted()
            self._wait_for_room(job)
            job.image = self._read(job, is_quick)
            self._hold(job)
            is_read = True
        except Exception as error:
            pixels = self._count_large_pixels(error) if is_quick else 0
            if pixels:
                self._pass_on(job, pixels)
            else:
                self._done(job, self._retell(error))
        else:
            self._done(job, None)
        if not is_quick:
            self._settle(job, time.monotonic() - started if is_read else None)

    def _count_large_pixels(self, error: Exception) -> int:
        """Return the pixels of a photo that is too large for the quick lanes, or is as slow as one; 0 for any other."""
        from .decoders import TooSlowError

        if isinstance(error, TooManyPixelsError):
            return error.pixels if error.pixels <= self._limits.pixels else 0
        return self._limits.quick_pixels if isinstance(error, TooSlowError) else 0

    def _retell(self, error: Exception) -> Exception:
        """Return an error as it is told: a photo too large for every lane is measured by what the largest takes."""
        if not isinstance(error, TooManyPixelsError) or error.max_pixels != self._limits.quick_pixels:
            return error
        return TooManyPixelsError(error.name, error.width, error.height, self._limits.pixels)

    def _read(self, job: Job, is_quick: bool) -> EncodedImage:
        """Return a job's photo with its faces found.

        Raises:
            TooManyPixelsError, TooSlowError: It is too much for a quick lane.
            FaceQLError: It cannot be read, or not in time.
        """
        from .decoders import decode_apart

        photo, limits = job.photo, self._limits
        if limits.decode_seconds is not None and isinstance(photo, bytes | bytearray | memoryview):
            photo = decode_apart(
                bytes(photo),
                max_pixels=min(limits.quick_pixels, limits.pixels) if is_quick else limits.pixels,
                seconds=min(QUICK_SECONDS, limits.decode_seconds) if is_quick else limits.decode_seconds,
                ends=job.deadline,
                lent=job.decoders,
            )
            job.check_wanted()
        engine = self._get_engine()
        job.check_wanted()
        # What is open already never waits to be read.
        return engine.encode(cast("ImageSource", photo), boxes=job.settings.boxes, color=job.settings.color)

    def _pass_on(self, job: Job, pixels: int) -> None:
        """Let a large photo wait for its lane, if its turn can come in time."""
        with self._room:
            wait = self._large_pixels * self._seconds_per_pixel
            is_late = time.monotonic() + wait > job.deadline
            # Half of the line is left to the others.
            is_too_much = self._large_bytes > 0 and self._large_bytes + job.size > self._limits.queued_bytes // 2
            is_taken = not is_late and not is_too_much
            if is_taken:
                job.large_pixels = pixels
                self._large_count += 1
                self._large_pixels += pixels
                self._large_bytes += job.size
        if not is_taken:
            error = ServiceError("busy", "too many large photos are waiting", retry_after=max(1.0, round(wait)))
            self._done(job, error)
        else:
            self._large.put(job)

    def _settle(self, job: Job, seconds: float | None) -> None:
        """Take a large photo off the account, and learn from the seconds that it took, if it was read."""
        with self._room:
            self._large_count -= 1
            self._large_pixels -= job.large_pixels
            self._large_bytes -= job.size
            if seconds is not None:
                self._seconds_per_pixel += 0.3 * (seconds / job.large_pixels - self._seconds_per_pixel)

    def _hold(self, job: Job) -> None:
        assert job.image is not None
        with self._room:
            job.held_bytes = job.image.photo.pixels.nbytes
            self._held_bytes += job.held_bytes

    def _wait_for_room(self, job: Job) -> None:
        """Wait until what is read and waits has become less.

        Raises:
            ServiceError: The job's deadline came first ("deadline").
        """
        with self._room:
            while self._held_bytes >= self._limits.decoded_bytes:
                job.check_wanted()
                self._room.wait(0.2)


def kill_all(decoders: list[Decoder]) -> None:
    """End the decodings that are at work for a job that nobody waits for any more."""
    for decoder in tuple(decoders):
        decoder.kill()
