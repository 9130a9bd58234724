"""Many photos in bounded memory, answered in order.

On a CPU every thread that PyTorch may use takes photos of its own, from the file to the answer: several small pieces of
work side by side keep the cores busier than one piece cut up. On a GPU photos are read ahead and encoded together.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from ..errors import FaceQLError
from ..querylang.query import Query
from .answer import Answer
from .encoded_image import EncodedImage, choose_asked_faces
from .encoding import FACES_PER_PASS
from .images import ColorOrder, ImageSource

if TYPE_CHECKING:
    from .engine import Engine

READERS = 2
# A batch is closed early when its photos hold more than this: eight of 8 megapixels.
MAX_BATCH_PIXELS = 64_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one of many photos: an answer, or the error that it met.

    Attributes:
        index: The photo's place among all, from 0.
        source: The photo as it was given.
        answer: The answer; None where there is an error.
        error: What was wrong with the photo; None where there is an answer.

    Examples:
        >>> (outcome,) = engine.ask_many(["missing.jpg"], "pupils")
        >>> outcome.index, outcome.source, outcome.answer, str(outcome.error)
        (0, 'missing.jpg', None, "there is no file 'missing.jpg'")
    """

    index: int
    source: ImageSource | EncodedImage = field(repr=False)
    answer: Answer | None
    error: FaceQLError | None

    def get(self) -> Answer:
        """Return the answer.

        Raises:
            FaceQLError: What the photo met instead.

        Examples:
            >>> (outcome,) = engine.ask_many([photo], "pupils")
            >>> len(outcome.get())
            2
        """
        if self.answer is None:
            assert self.error is not None
            raise self.error
        return self.answer


@dataclass(slots=True)
class _Reading:
    """A photo on its way: in the hands of a reader, then encoded or failed."""

    index: int
    source: ImageSource | EncodedImage
    future: Future[EncodedImage] | None
    image: EncodedImage | None = None
    error: FaceQLError | None = None

    def wait(self) -> int:
        """Wait until the photo is read and its faces are found; return its pixels."""
        try:
            if isinstance(self.source, EncodedImage):
                self.image = self.source
            elif self.future is not None:
                self.image = self.future.result()
        except FaceQLError as error:
            self.error = error
        height, width = self.image.image_size if self.image is not None else (0, 0)
        return height * width


def ask_each(
    engine: Engine,
    images: Iterable[ImageSource | EncodedImage],
    query: Query,
    *,
    faces: str | None,
    color: ColorOrder,
    batch: int,
    keep_photos: bool,
) -> Iterator[Outcome]:
    """Yield the outcome of each photo, in order; see `Engine.ask_many`."""
    asking = _Asking(engine, query, faces, color, keep_photos)
    if FACES_PER_PASS.get(engine.device.type, 1) == 1:
        return _ask_side_by_side(asking, images)
    return _ask_together(asking, images, batch)


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked of each photo; see `Engine.ask_many`."""

    engine: Engine
    query: Query
    faces: str | None
    color: ColorOrder
    keep_photos: bool

    def ask(self, index: int, source: ImageSource | EncodedImage, image: EncodedImage | None = None) -> Outcome:
        """Return the outcome of one photo, which may be encoded already."""
        try:
            answer = self.engine.ask(source if image is None else image, self.query, faces=self.faces, color=self.color)
        except FaceQLError as error:
            return Outcome(index, source, None, error)
        return Outcome(index, source, answer if self.keep_photos else replace(answer, photo=None), None)


def _ask_side_by_side(asking: _Asking, images: Iterable[ImageSource | EncodedImage]) -> Iterator[Outcome]:
    """Yield outcomes in order, a photo ahead of the workers' own."""
    workers = torch.get_num_threads()
    with _start_workers(workers) as pool:
        waiting: deque[Future[Outcome]] = deque()
        try:
            for index, source in enumerate(images):
                waiting.append(pool.submit(asking.ask, index, source))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            # The caller may have had enough: what waits is given up.
            for future in waiting:
                future.cancel()


def _start_workers(count: int) -> ThreadPoolExecutor:
    """Return a pool whose threads each work on one core.

    A thread of PyTorch's takes its number of cores from what is set when it first works, and keeps it.
    """
    pool = ThreadPoolExecutor(count, "faceql-worker")
    all_started = threading.Barrier(count + 1)

    def begin() -> None:
        torch.get_num_threads()
        all_started.wait()

    torch.set_num_threads(1)
    try:
        for _ in range(count):
            pool.submit(begin)
        all_started.wait()
    finally:
        torch.set_num_threads(count)
    return pool


def _ask_together(asking: _Asking, images: Iterable[ImageSource | EncodedImage], batch: int) -> Iterator[Outcome]:
    """Yield outcomes in order, the faces of a batch of photos encoded together."""
    with ThreadPoolExecutor(READERS, "faceql-reader") as readers:
        waiting: deque[_Reading] = deque()
        source = enumerate(images)
        try:
            while True:
                together: list[_Reading] = []
                pixels = 0
                while len(together) < batch and pixels < MAX_BATCH_PIXELS:
                    # As many photos ahead as there are readers, and no more.
                    while len(waiting) < READERS and (following := next(source, None)) is not None:
                        waiting.append(_start(asking, readers, *following))
                    if not waiting:
                        break
                    reading = waiting.popleft()
                    pixels += reading.wait()
                    together.append(reading)
                if not together:
                    return
                yield from _answer_batch(asking, together)
        finally:
            # The caller may have had enough: what waits is given up.
            for reading in waiting:
                if reading.future is not None:
                    reading.future.cancel()


def _start(asking: _Asking, readers: ThreadPoolExecutor, index: int, source: ImageSource | EncodedImage) -> _Reading:
    if isinstance(source, EncodedImage):
        return _Reading(index, source, None)
    return _Reading(index, source, readers.submit(asking.engine.encode, source, color=asking.color))


def _answer_batch(asking: _Asking, together: list[_Reading]) -> Iterator[Outcome]:
    wanted: list[tuple[EncodedImage, int]] = []
    for reading in together:
        if reading.image is not None:
            # An error about its faces shows again when it is asked.
            with suppress(FaceQLError):
                faces = choose_asked_faces(reading.image, asking.query, asking.faces)
                wanted += [(reading.image, index) for index in faces]
    asking.engine.encode_faces(wanted)
    wanted.clear()
    together.reverse()
    while together:
        reading = together.pop()
        if reading.image is None:
            yield Outcome(reading.index, reading.source, None, reading.error)
        else:
            yield asking.ask(reading.index, reading.source, reading.image)
