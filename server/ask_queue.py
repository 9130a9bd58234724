"""The bounded queue before the engine: requests that wait together are worked on together."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import FaceQLError, ServiceError
from .limits import Limits

if TYPE_CHECKING:
    from ..engine import Answer, EncodedImage, Engine, ImageSource
    from ..querylang.query import Query

Boxes = Sequence[Sequence[float]]
logger = logging.getLogger("faceql.server")
IDLE_SECONDS = 1.0
PRUDENCE = 1.3
"""Waits are longer than what was measured, in about that proportion, when all come at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one request: the encoded photo, and an answer for each query."""

    image: EncodedImage
    answers: tuple[Answer, ...]


@dataclass(slots=True)
class Job:
    """One request on its way through the queue.

    Attributes:
        photo: The photo, or an image that is open already.
        queries: What is asked of it; none encodes the largest face and asks nothing.
        faces: Which faces, over what the queries say.
        boxes: Face boxes in place of finding faces.
        deadline: When its answer is of no use any more, on the monotonic clock.
        size: Bytes it holds while it waits.
        future: Where the outcome goes.
        image: The photo once it is read and its faces are found.
    """

    photo: ImageSource | EncodedImage
    queries: tuple[Query, ...]
    faces: str | None
    boxes: Boxes | None
    deadline: float
    size: int
    future: Future[Asked] = field(default_factory=Future)
    image: EncodedImage | None = None


class AskQueue:
    """Feeds the engine from one thread, so that requests wait in line instead of fighting over the processor.

    Each round takes all requests that wait, up to a batch: photos are read and faces found in a few threads, all new
    faces go through the image encoder (together on a GPU), then each request is answered.

    Args:
        get_engine: Waits for the engine.
        limits: Bounds.
        tick: Called at least every second.
        observe_batch: Told the number of requests of each round.
    """

    def __init__(
        self,
        get_engine: Callable[[], Engine],
        limits: Limits,
        *,
        tick: Callable[[], None],
        observe_batch: Callable[[int], None],
    ) -> None:
        self._get_engine = get_engine
        self._limits = limits
        self._tick = tick
        self._observe_batch = observe_batch
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._at_work = 0
        self._waiting_bytes = 0
        self._seconds_per_job = 0.2
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def depth(self) -> int:
        """How many requests wait."""
        return self._waiting

    def put(self, job: Job) -> None:
        """Let a request wait for its turn; its future gets the outcome.

        Raises:
            ServiceError: The queue is full ("busy"), or closed ("closing").
        """
        with self._lock:
            if self._closing:
                raise ServiceError("closing", "the service is shutting down", retry_after=5.0)
            if self._waiting >= self._limits.queued_asks or self._waiting_bytes + job.size > max(
                self._limits.queued_bytes, job.size
            ):
                wait = max(1.0, round(self._waiting * self._seconds_per_job, 0))
                raise ServiceError("busy", f"{self._waiting} requests are waiting already", retry_after=wait)
            self._check_in_time(job)
            self._waiting += 1
            self._waiting_bytes += job.size
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="faceql-engine", daemon=True)
                self._thread.start()
        self._jobs.put(job)

    def _check_in_time(self, job: Job) -> None:
        """Refuse a request whose turn would come too late: better now than after its deadline, with the work done.

        Raises:
            ServiceError: It would ("busy").
        """
        ahead = self._waiting + self._at_work
        wait = ahead * self._seconds_per_job
        if ahead and wait * PRUDENCE > job.deadline - time.monotonic():
            raise ServiceError(
                "busy",
                f"{ahead} requests are ahead, some {wait:.0f} s of work: this one would not be answered in time",
                retry_after=max(1.0, round(wait / 2)),
            )

    def close(self, seconds: float) -> None:
        """Take no more requests, and answer those that wait as far as `seconds` go."""
        with self._lock:
            self._closing = True
            thread = self._thread
        self._jobs.put(None)
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        with ThreadPoolExecutor(self._limits.readers, "faceql-reader") as readers:
            while True:
                self._tick()
                try:
                    first = self._jobs.get(timeout=IDLE_SECONDS)
                except queue.Empty:
                    continue
                batch, is_over = self._take_batch(first)
                started = time.monotonic()
                try:
                    self._work(batch, readers)
                except Exception as error:
                    for job in batch:
                        fail(job, error)
                if batch:
                    self._observe_batch(len(batch))
                    spent = (time.monotonic() - started) / len(batch)
                    self._seconds_per_job += 0.2 * (spent - self._seconds_per_job)
                self._at_work = 0
                if is_over:
                    return

    def _take_batch(self, first: Job | None) -> tuple[list[Job], bool]:
        """Return the requests of the next round, without those given up meanwhile, and whether it is the last."""
        taken = [first]
        with suppress(queue.Empty):
            while taken[-1] is not None and len(taken) < self._limits.batch:
                taken.append(self._jobs.get_nowait())
        jobs = [job for job in taken if job is not None]
        with self._lock:
            self._waiting -= len(jobs)
            self._at_work = len(jobs)
            self._waiting_bytes -= sum(job.size for job in jobs)
        batch = []
        for job in jobs:
            # False where the client hung up meanwhile.
            if job.future.set_running_or_notify_cancel():
                if time.monotonic() < job.deadline:
                    batch.append(job)
                else:
                    fail(job, ServiceError("deadline", "the deadline passed in line", retry_after=5.0))
        return batch, taken[-1] is None

    def _work(self, batch: list[Job], readers: ThreadPoolExecutor) -> None:
        engine = self._get_engine()
        for job, reading in [(job, readers.submit(self._read_photo, engine, job)) for job in batch]:
            try:
                job.image = reading.result()
            except Exception as error:
                fail(job, error)
        wanted: list[tuple[EncodedImage, int]] = []
        for job in batch:
            if job.image is not None:
                try:
                    wanted += self._find_wanted(job, job.image)
                except Exception as error:
                    fail(job, error)
        engine.encode_faces(wanted)
        for job in batch:
            if job.image is not None and not job.future.done():
                try:
                    job.future.set_result(Asked(job.image, self._answer(engine, job, job.image)))
                except Exception as error:
                    fail(job, error)

    def _answer(self, engine: Engine, job: Job, image: EncodedImage) -> tuple[Answer, ...]:
        """Return the answers of one request.

        Raises:
            ServiceError: They hold too many points, which only the picture could tell.
        """
        from ..engine import choose_asked_faces

        answers: list[Answer] = []
        points = 0
        for query in job.queries:
            chosen = choose_asked_faces(image, query, job.faces)
            if query.count is None and len(chosen) > 1:
                # "every 0.001 pixels" of many faces: stop at the first face that is too much.
                found = points
                for index in chosen:
                    found += len(engine.ask(image, query, faces=f"face {image.faces[index].number}"))
                    check_points(found, self._limits)
            answers.append(engine.ask(image, query, faces=job.faces))
            points += len(answers[-1])
            check_points(points, self._limits)
        return tuple(answers)

    @staticmethod
    def _read_photo(engine: Engine, job: Job) -> EncodedImage:
        from ..engine import EncodedImage

        if not isinstance(job.photo, EncodedImage):
            return engine.encode(job.photo, boxes=job.boxes)
        # The pixels of an open image with other boxes; its own faces stay what they are.
        return job.photo if job.boxes is None else engine.encode(job.photo.photo.pixels, boxes=job.boxes)

    def _find_wanted(self, job: Job, image: EncodedImage) -> Iterable[tuple[EncodedImage, int]]:
        """Return the faces a request is about.

        Raises:
            ServiceError: They are too many, or have too many points.
        """
        from ..engine import choose_asked_faces

        if not job.queries:
            largest = sorted(range(len(image.faces)), key=lambda index: -image.faces[index].area)[:1]
            return [(image, index) for index in largest]
        wanted: list[tuple[EncodedImage, int]] = []
        points = 0
        for query in job.queries:
            chosen = choose_asked_faces(image, query, job.faces)
            if len(chosen) > self._limits.faces:
                raise ServiceError(
                    "too_many_faces",
                    f"{len(chosen)} faces are asked for: {self._limits.faces} are answered at most",
                )
            points += (query.count or 0) * len(chosen)
            wanted += [(image, index) for index in chosen]
        check_points(points, self._limits)
        return wanted


def check_points(count: int, limits: Limits) -> None:
    """Refuse an answer of too many points.

    Raises:
        ServiceError: It is one ("too_many").
    """
    if count > limits.points:
        raise ServiceError("too_many", f"{count:,} points are asked for, and {limits.points:,} are answered at most")


def fail(job: Job, error: Exception) -> None:
    """Give a request its error; one that was not raised on purpose is logged and told without its text."""
    if job.future.done():
        return
    if not isinstance(error, FaceQLError):
        logger.error("the engine failed", exc_info=error)
        error = ServiceError("internal", "something went wrong while answering; it was logged")
    job.future.set_exception(error)
