"""The bounded queue before the engine: photos are read ahead, requests that are ready together answered together."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import FaceQLError, ServiceError
from .limits import Limits
from .reading_lanes import ReadingLanes, kill_all

if TYPE_CHECKING:
    from ..engine import Answer, AskSettings, EncodedImage, Engine, ImageSource
    from ..querylang.query import Query
    from .decoders import Decoder

logger = logging.getLogger("faceql.server")
IDLE_SECONDS = 1.0
FACES_AT_ONCE = 32
"""Faces that are encoded before it is looked again who still waits."""
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
        settings: Which faces, and how the photo is read.
        deadline: When its answer is of no use any more, on the monotonic clock.
        size: Bytes it holds while it waits.
        arrived: When it came, on the monotonic clock.
        future: Where the outcome goes. It is never marked as running, so that it can be cancelled to the end.
        image: The photo once it is read and its faces are found.
        decoders: What decodes the photo at the moment.
        held_bytes: Of its pixels, as long as it waits for the engine.
        large_pixels: Of a photo that is read by itself.
    """

    photo: ImageSource | EncodedImage
    queries: tuple[Query, ...]
    settings: AskSettings
    deadline: float
    size: int
    arrived: float = field(default_factory=time.monotonic)
    future: Future[Asked] = field(default_factory=Future)
    image: EncodedImage | None = None
    decoders: list[Decoder] = field(default_factory=list)
    held_bytes: int = 0
    large_pixels: int = 0

    def check_wanted(self) -> None:
        """Stop where nobody waits for the outcome any more.

        Raises:
            CancelledError: The client hung up.
            ServiceError: The deadline has passed ("deadline").
        """
        if self.future.cancelled():
            raise CancelledError
        if time.monotonic() >= self.deadline:
            raise ServiceError("deadline", "the deadline passed before the answer was ready", retry_after=5.0)


class AskQueue:
    """Feeds the engine from one thread, so that requests wait in line instead of fighting over the processor.

    Photos are read and faces found ahead, in `ReadingLanes`. Each round takes all requests that are ready, up to a
    batch: all new faces go through the image encoder (together on a GPU), then each request is answered. Between the
    steps, those whose client hung up or whose deadline passed are dropped.

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
        self._last_end: float | None = None
        self._closing = False
        self._thread: threading.Thread | None = None
        self._lanes = ReadingLanes(get_engine, limits, self._take_from_lane)
        self._unanswered = 0
        self._answered = threading.Condition(self._lock)

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
            self._unanswered += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="faceql-engine", daemon=True)
                self._thread.start()
        # Not the job: it has the future, and an image of megabytes, and a ring of the two would wait for the collector.
        decoders = job.decoders
        job.future.add_done_callback(lambda _: self._end(decoders))
        if is_read(job):
            self._jobs.put(job)
        else:
            self._lanes.put(job)

    def _check_in_time(self, job: Job) -> None:
        """Refuse a request whose turn would come too late: better now than after its deadline, with the work done.

        Raises:
            ServiceError: It would ("busy").
        """
        ahead = self._waiting + self._at_work - self._lanes.large_count
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
            self._answered.wait_for(lambda: not self._unanswered, seconds)
        self._lanes.close(min(seconds, IDLE_SECONDS))
        self._jobs.put(None)
        if thread is not None:
            thread.join(min(seconds, IDLE_SECONDS))

    def _end(self, decoders: list[Decoder]) -> None:
        """Clear up after a job that has its outcome, or whose client hung up: end what still decodes for it."""
        kill_all(decoders)
        with self._lock:
            self._unanswered -= 1
            self._answered.notify_all()

    def _leave_line(self, job: Job) -> None:
        with self._lock:
            self._waiting -= 1
            self._waiting_bytes -= job.size

    def _take_from_lane(self, job: Job, error: Exception | None) -> None:
        """Let a job whose photo was read wait for the engine; one whose photo was not gets its error."""
        if error is None:
            self._jobs.put(job)
        else:
            self._leave_line(job)
            fail(job, error)

    def _run(self) -> None:
        while True:
            self._tick()
            try:
                first = self._jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                continue
            batch, is_over = self._take_batch(first)
            try:
                self._work(batch)
            except Exception as error:
                for job in batch:
                    fail(job, error)
            for job in batch:
                self._lanes.release(job)
                # Its photo may be large, and the next round long in coming.
                job.image = None
            if batch:
                self._observe_batch(len(batch))
                self._learn(batch)
            self._at_work = 0
            if is_over:
                return

    def _learn(self, batch: list[Job]) -> None:
        """Learn how long a request takes, with what reading its photo held the engine up; large photos tell nothing
        of how long a small one will wait."""
        now = time.monotonic()
        arrivals = [job.arrived for job in batch if not job.large_pixels]
        # The first round waited for the model too.
        if self._last_end is not None and arrivals:
            began = max(self._last_end, min(arrivals))
            self._seconds_per_job += 0.2 * ((now - began) / len(batch) - self._seconds_per_job)
        self._last_end = now

    def _take_batch(self, first: Job | None) -> tuple[list[Job], bool]:
        """Return the requests of the next round, without those given up meanwhile, and whether it is the last."""
        taken = [first]
        with suppress(queue.Empty):
            while taken[-1] is not None and len(taken) < self._limits.batch:
                taken.append(self._jobs.get_nowait())
        batch = [job for job in taken if job is not None]
        self._at_work = len(batch)
        for job in batch:
            self._leave_line(job)
        return batch, taken[-1] is None

    def _work(self, batch: list[Job]) -> None:
        engine = self._get_engine()
        wanted: list[tuple[Job, int]] = []
        for job in batch:
            try:
                job.check_wanted()
                job.image = job.image or read_open_image(engine, job)
                wanted += [(job, index) for index in self._find_wanted(job, job.image)]
            except Exception as error:
                fail(job, error)
        for start in range(0, len(wanted), FACES_AT_ONCE):
            chunk = [(job, index) for job, index in wanted[start : start + FACES_AT_ONCE] if is_wanted(job)]
            engine.encode_faces([(job.image, index) for job, index in chunk if job.image is not None])
        for job in batch:
            if job.image is not None and not job.future.done():
                try:
                    answers = self._answer(engine, job, job.image)
                    with suppress(InvalidStateError):  # the client has hung up by now
                        job.future.set_result(Asked(job.image, answers))
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
        if not job.queries:
            # Of many megapixels it takes a while; here, in nobody's way, for whoever opens the image.
            _ = image.content
        for query in job.queries:
            job.check_wanted()
            chosen = choose_asked_faces(image, query, job.settings.faces or None)
            if query.count is None and len(chosen) > 1:
                # "every 0.001 pixels" of many faces: stop at the first face that is too much.
                found = points
                for index in chosen:
                    job.check_wanted()
                    found += len(engine.ask(image, query, faces=f"face {image.faces[index].number}"))
                    check_points(found, self._limits)
            answers.append(engine.ask(image, query, faces=job.settings.faces or None))
            points += len(answers[-1])
            check_points(points, self._limits)
        return tuple(answers)

    def _find_wanted(self, job: Job, image: EncodedImage) -> Iterable[int]:
        """Return the indices of the faces a request is about.

        Raises:
            ServiceError: They are too many, or have too many points.
        """
        from ..engine import choose_asked_faces

        if not job.queries:
            return sorted(range(len(image.faces)), key=lambda index: -image.faces[index].area)[:1]
        wanted: list[int] = []
        points = 0
        for query in job.queries:
            chosen = choose_asked_faces(image, query, job.settings.faces or None)
            if len(chosen) > self._limits.faces:
                raise ServiceError(
                    "too_many_faces",
                    f"{len(chosen)} faces are asked for: {self._limits.faces} are answered at most",
                )
            points += (query.laid_out or 0) * len(chosen)
            wanted += chosen
        check_points(points, self._limits)
        return wanted


def is_read(job: Job) -> bool:
    """Whether a job is about an image that is open already."""
    from ..engine import EncodedImage

    return isinstance(job.photo, EncodedImage)


def read_open_image(engine: Engine, job: Job) -> EncodedImage:
    """Return a job's open image; with other boxes its pixels alone, and its own faces stay what they are."""
    from ..engine import EncodedImage

    assert isinstance(job.photo, EncodedImage)
    boxes = job.settings.boxes
    return job.photo if boxes is None else engine.encode(job.photo.photo, boxes=boxes)


def is_wanted(job: Job) -> bool:
    """Whether somebody still waits for a job; one whose deadline has passed gets its error."""
    try:
        job.check_wanted()
    except (CancelledError, ServiceError) as error:
        fail(job, error)
    return not job.future.done()


def check_points(count: int, limits: Limits) -> None:
    """Refuse an answer of too many points.

    Raises:
        ServiceError: It is one ("too_many").
    """
    if count > limits.points:
        raise ServiceError("too_many", f"{count:,} points are asked for, and {limits.points:,} are answered at most")


def fail(job: Job, error: Exception) -> None:
    """Give a request its error; one that was not raised on purpose is logged and told without its text."""
    if job.future.done() or isinstance(error, CancelledError):
        return
    if not isinstance(error, FaceQLError):
        logger.error("the engine failed", exc_info=error)
        error = ServiceError("internal", "something went wrong while answering; it was logged")
    # The places it passed would hold the photo until the garbage is next collected.
    error.__traceback__ = error.__cause__ = error.__context__ = None
    with suppress(InvalidStateError):  # the client has hung up by now
        job.future.set_exception(error)
