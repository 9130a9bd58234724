"""Decoding photos in processes that can be killed, so that no file holds the server, whatever its decoder does."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from ..engine.images import Photo
from ..errors import ImageError, ServiceError, TooManyPixelsError
from .decoder_process import REPLY, REQUEST

PROGRAM = f"import sys; sys.path[:] = {{path!r}}; from {__package__}.decoder_process import main; main()"
MOST_IDLE = 4


class TooSlowError(ImageError):
    """A photo takes more processor time to decode than it is given."""


class DecoderEndedError(Exception):
    """A decoder's process is gone before it answered."""


class Decoder:
    """One process that decodes one photo after the other, on behalf of one thread at a time."""

    def __init__(self) -> None:
        self._is_last = False
        # A program of its own, not multiprocessing: that would run the main script of whoever embeds a service anew.
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def decode(self, data: bytes, max_pixels: int, seconds: float) -> Photo:
        """Return the photo that a file holds.

        Args:
            data: The file.
            max_pixels: A photo with more is refused.
            seconds: The most processor time it may take.

        Raises:
            ImageError: It cannot be read.
            TooSlowError: It takes longer.
            TooManyPixelsError: It has more pixels; it was not decoded.
            DecoderEndedError: The process was ended from outside, or ended itself.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(REQUEST.pack(len(data), max_pixels, seconds))
            stdin.write(data)
            stdin.flush()
            text_bytes, pixel_bytes = REPLY.unpack(stdout.read(REPLY.size).ljust(REPLY.size, b"\0"))
            told = json.loads(stdout.read(text_bytes) or b"null")
            if told is None:
                raise EOFError
            self._is_last = self._is_last or told["is_last"]
            if "too_large" in told:
                name, width, height = told["too_large"]
                raise TooManyPixelsError(name, width, height, max_pixels)
            if "error" in told:
                raise ImageError(told["error"])
            data = stdout.read(pixel_bytes)
            if len(data) != pixel_bytes:
                raise EOFError
        except (OSError, EOFError, ValueError) as error:
            self.kill()
            if self._process.wait() == -getattr(signal, "SIGXCPU", 0):
                raise TooSlowError(f"the image takes more than {seconds:g} seconds to decode") from error
            raise DecoderEndedError from error
        # Read-only, as the bytes are.
        return Photo(np.frombuffer(data, np.uint8).reshape(*told["size"], 3), tuple(told["notes"]))

    @property
    def is_alive(self) -> bool:
        """Whether it can take another photo."""
        return not self._is_last and self._process.poll() is None

    def kill(self) -> None:
        """End the process at once, from any thread."""
        self._is_last = True
        self._process.kill()

    def close(self) -> None:
        """End the process and wait for it."""
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


class DecoderPool:
    """Decoders that are free; they know nothing of whom they served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Decoder] = []

    @contextmanager
    def lend(self) -> Iterator[Decoder]:
        """Lend a decoder; one that has ended meanwhile does not come back."""
        with self._lock:
            decoder = self._idle.pop() if self._idle else None
        if decoder is None or not decoder.is_alive:
            decoder = Decoder()
        try:
            yield decoder
        finally:
            with self._lock:
                is_kept = decoder.is_alive and len(self._idle) < MOST_IDLE
                if is_kept:
                    self._idle.append(decoder)
            if not is_kept:
                decoder.close()

    def close(self) -> None:
        """End all that are free."""
        with self._lock:
            ended, self._idle = self._idle, []
        for decoder in ended:
            decoder.close()

    def forget(self) -> None:
        """Leave the decoders to the process this one was forked from."""
        self._lock = threading.Lock()
        self._idle = []


POOL = DecoderPool()
atexit.register(POOL.close)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=POOL.forget)


def decode_apart(data: bytes, *, max_pixels: int, seconds: float, ends: float, lent: list[Decoder]) -> Photo:
    """Return the photo that a file holds, decoded in a process of its own.

    Args:
        data: The file.
        max_pixels: A photo with more is refused.
        seconds: The most processor time it may take.
        ends: When it is of no use any more, on the monotonic clock.
        lent: Holds the decoder while it works, so that others can kill it.

    Raises:
        ImageError: It cannot be read, has too many pixels, or takes longer; see `Decoder.decode`.
        ServiceError: It did not come in time, or was given up ("deadline").
    """
    with POOL.lend() as decoder:
        lent.append(decoder)
        timer = threading.Timer(max(0.0, ends - time.monotonic()), decoder.kill)
        timer.daemon = True
        timer.start()
        try:
            return decoder.decode(data, max_pixels, seconds)
        except DecoderEndedError:
            if time.monotonic() >= ends:
                raise ServiceError("deadline", "the photo was not decoded in time", retry_after=5.0) from None
            raise ImageError("the image cannot be read: its decoder broke off") from None
        finally:
            timer.cancel()
            lent.remove(decoder)
