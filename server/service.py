"""The service: one object behind the command line, HTTP and MCP, so that all of them answer alike."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING

from ..engine.ask_settings import DEFAULT_SETTINGS, AskSettings
from ..errors import CheckpointError, ConfigError, InvalidRequestError, ServiceError
from ..querylang.describe import describe_layouts, describe_parts, describe_surfaces
from ..querylang.query import Query
from .answers import (
    PartsAnswer,
    describe_layout,
    describe_part,
    describe_surface,
)
from .ask_queue import Asked, AskQueue, Job, check_points
from .image_store import ImageStore, OpenImage
from .limits import Limits
from .metrics import Metrics

if TYPE_CHECKING:
    from ..engine import EncodedImage, Engine, ImageSource

EXAMPLES = (
    "4 points per eyebrow",
    "10 points from left chin to jaw end",
    "upper lip and lower lip, 12 points each",
    "mouth corners",
    "the 300W layout",
    "left eye and right eye, 20 points each, at equal distances",
    "outer lip as a polygon",
    "nose tip of every face",
    "her left eyebrow, 9 points",
    "face contour except the chin area",
    "20 points on the left cheek",
    "outline of the forehead",
    "outer_lip[9/12 .. 15/12] * 7; left_pupil",
)


class Service:
    """Answers requests within limits; thread-safe.

    Nothing is loaded until `start_loading` or the first request that needs the engine, and everything that needs no
    photo is answered before that.

    Args:
        load_engine: Makes the engine; runs once, in a thread.
        limits: Bounds.
        images: Where open images are kept; of its own by default.
    """

    def __init__(
        self, load_engine: Callable[[], Engine], limits: Limits | None = None, images: ImageStore | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.images = ImageStore.within(self.limits) if images is None else images
        self._load_engine = load_engine
        self._engine: Future[Engine] = Future()
        self._loading = threading.Lock()
        self._is_loading = False
        self._queue = AskQueue(
            self._engine.result, self.limits, tick=self.images.forget_ended, observe_batch=self.metrics.observe_batch
        )
        self.metrics.watch(
            queue_depth=lambda: self._queue.depth,
            open_images=lambda: len(self.images),
            open_image_bytes=lambda: self.images.nbytes,
            ready=lambda: int(self.is_ready),
        )

    def start_loading(self) -> None:
        """Load the engine in the background, if nobody has begun to."""
        with self._loading:
            if self._is_loading:
                return
            self._is_loading = True
        threading.Thread(target=self._load, name="faceql-loader", daemon=True).start()

    def _load(self) -> None:
        try:
            self._engine.set_result(self._load_engine())
        except ConfigError as error:  # the operator's setting, not one of whoever asks
            self._engine.set_exception(CheckpointError(str(error)))
        except BaseException as error:  # handed to everyone who waits, here and later
            self._engine.set_exception(error)

    @property
    def is_ready(self) -> bool:
        """Whether the engine is loaded."""
        return self._engine.done() and self._engine.exception() is None

    @property
    def loading_error(self) -> BaseException | None:
        """Why the engine could not be loaded; None while it may yet be."""
        return self._engine.exception() if self._engine.done() else None

    def check_ready(self) -> None:
        """Check that the engine is loaded.

        Raises:
            ServiceError: It is not yet ("loading"), or could not be ("checkpoint").
        """
        if self.loading_error is not None:
            raise ServiceError("checkpoint", "the model could not be loaded; the log says why")
        if not self.is_ready:
            raise ServiceError("loading", "the model is being loaded", retry_after=2.0)

    def wait_for_engine(self) -> Engine:
        """Return the engine, as soon as it is loaded.

        Raises:
            CheckpointError: It could not be.
        """
        self.start_loading()
        return self._engine.result()

    def close(self, seconds: float = 0.0) -> None:
        """Take no more requests, answer those that wait as far as `seconds` go, and forget all images."""
        self._queue.close(seconds)
        self.images.clear()

    def parse(self, text: str, settings: AskSettings = DEFAULT_SETTINGS) -> Query:
        """Return the query of an instruction.

        Raises:
            QueryError: It cannot be understood, or asks for more points than are answered.
            ConfigError: A setting is wrong.
        """
        return settings.parse(text, limit=self.limits.points)

    def parse_all(
        self,
        texts: Sequence[str | Query],
        settings: AskSettings = DEFAULT_SETTINGS,
        *,
        ends: float | None = None,
    ) -> tuple[Query, ...]:
        """Return the queries of one request's instructions; those that are parsed already are let through.

        Args:
            texts: The instructions.
            settings: How they are meant.
            ends: When the answer is of no use any more, on the monotonic clock.

        Raises:
            QueryError: One cannot be understood.
            ServiceError: They are too many ("invalid_request"), have too many points together ("too_many"), or took
                too long to read ("deadline").
            ConfigError: A setting is wrong.
        """
        if len(texts) > self.limits.instructions:
            most = self.limits.instructions
            raise InvalidRequestError([{"loc": ["instructions"], "msg": f"{len(texts)} at once, and {most} at most"}])
        queries: list[Query] = []
        points = 0
        for text in texts:
            if ends is not None and time.monotonic() >= ends:
                raise late()
            query = settings.parse(text, limit=self.limits.points)
            queries.append(query)
            points += query.count or 0
            check_points(points, self.limits)
        return tuple(queries)

    def find_end(self, seconds: float | None) -> float:
        """Return when an answer is of no use any more, on the monotonic clock, if it is `seconds` from now."""
        limit = self.limits.deadline_seconds
        return time.monotonic() + (limit if seconds is None else min(seconds, limit))

    def list_parts(self) -> PartsAnswer:
        """Return every face part, surface and layout, and instructions to learn from."""
        return PartsAnswer(
            parts=[describe_part(part) for part in describe_parts()],
            surfaces=[describe_surface(surface) for surface in describe_surfaces()],
            layouts=[describe_layout(layout) for layout in describe_layouts()],
            examples=list(EXAMPLES),
        )

    def submit(
        self,
        photo: ImageSource | EncodedImage,
        instructions: Sequence[str | Query],
        settings: AskSettings = DEFAULT_SETTINGS,
        *,
        seconds: float | None = None,
    ) -> Future[Asked]:
        """Put a request in line and return where its outcome will be; cancelling it gives it up.

        Args:
            photo: The photo, or an image that is open.
            instructions: What is asked of it, as text or parsed; none only finds its faces and encodes the largest.
            settings: Which faces, and how the instructions are meant.
            seconds: When the answer is of no use any more; at most the limits' deadline.

        Raises:
            QueryError: An instruction cannot be understood.
            ServiceError: Too many instructions, too much work that waits ("busy"), or a shutdown ("closing").
            ConfigError: A setting is wrong.
        """
        ends = self.find_end(seconds)
        queries = self.parse_all(instructions, settings, ends=ends)
        size = len(photo) if isinstance(photo, bytes | bytearray | memoryview) else 0
        job = Job(photo, queries, settings, ends, size)
        self.start_loading()
        self._queue.put(job)
        return job.future

    def ask(
        self,
        photo: ImageSource | EncodedImage,
        instructions: Sequence[str | Query],
        settings: AskSettings = DEFAULT_SETTINGS,
        *,
        seconds: float | None = None,
    ) -> Asked:
        """Answer instructions on a photo and wait for it; see `submit`.

        Raises:
            FaceQLError: As `submit`, or what the engine raised, or the deadline passed ("deadline").
        """
        future = self.submit(photo, instructions, settings, seconds=seconds)
        return wait_for(future, seconds or self.limits.deadline_seconds)

    async def ask_async(
        self,
        photo: ImageSource | EncodedImage,
        instructions: Sequence[str | Query],
        settings: AskSettings = DEFAULT_SETTINGS,
        *,
        seconds: float | None = None,
    ) -> Asked:
        """Answer like `ask` without holding up the event loop; cancelling gives the request up."""
        ends = self.find_end(seconds)
        try:
            async with asyncio.timeout(ends - time.monotonic()):
                # In a thread: parsing a long instruction takes a while.
                queries = await asyncio.to_thread(self.parse_all, instructions, settings, ends=ends)
                left = ends - time.monotonic()
                return await asyncio.wrap_future(self.submit(photo, queries, settings, seconds=max(0.0, left)))
        except TimeoutError:
            raise late() from None

    def keep(self, image: EncodedImage) -> OpenImage:
        """Keep an encoded image under a handle.

        Raises:
            ServiceError: It is larger than all open images may be ("too_large").
        """
        return self.images.add(image)


def wait_for(future: Future[Asked], seconds: float) -> Asked:
    """Return a future's outcome.

    Raises:
        FaceQLError: What it holds, or ServiceError("deadline") after `seconds`.
    """
    try:
        return future.result(seconds)
    except (FutureTimeoutError, CancelledError):
        future.cancel()
        raise late() from None


def late() -> ServiceError:
    """Return the error of a request whose deadline has passed."""
    return ServiceError("deadline", "the answer was not ready in time", retry_after=5.0)
