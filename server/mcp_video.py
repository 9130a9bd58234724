"""`ask_landmarks` on videos: of one moment as of a photo, of a range with its faces followed.

A range is answered by a summary within the budget of tokens, and by a file with all of it, as `faceql track` writes it.
"""

from __future__ import annotations

import asyncio
import io
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mcp.types import CallToolResult, ResourceLink

from ..engine.answer_units import Units, find_share, is_normalized, normalize_answer, share_box
from ..engine.ask_settings import AskSettings
from ..errors import InvalidRequestError, ServiceError, VideoError
from ..querylang.query import Query
from .answers import Detail, page_answer
from .image_listing import is_video
from .image_store import is_handle
from .intents import hint_at_intent
from .mcp_asking import Ctx
from .mcp_results import fit_page, give_result, link_file
from .service import late
from .track_results import CsvFrames, JsonFrames

if TYPE_CHECKING:
    from ..engine import FrameAnswer, VideoFile, VideoFrame
    from .mcp_calls import Calls

MOST_FRAMES = 300
"""Answered in one call."""
MOST_SHOWN = 12
SAME_MOMENT = 0.5e-3
LONGEST_STILL = 1.0
"""Seconds that a frame may be shown for and still be found by a time within."""
PROGRESS_SECONDS = 1.0
HEAD = ("canonical", "perspective", "image_size", "frame", "units", "model_version")


@dataclass(frozen=True, slots=True)
class Span:
    """Which frames of a video are asked about.

    Attributes:
        start, end: Seconds; alike for one moment.
        step: Seconds between two answers; 0 answers every frame.
    """

    start: float
    end: float
    step: float = 0.0

    @property
    def is_moment(self) -> bool:
        """Whether it is one frame."""
        return self.start == self.end

    def pick(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """Yield the frames that are asked about, of those from `start` on."""
        due = self.start
        for frame in frames:
            if frame.time > self.end + SAME_MOMENT:
                return
            if frame.time >= due - SAME_MOMENT:
                yield frame
                while self.step and due <= frame.time + SAME_MOMENT:
                    due += self.step


def read_span(image: str, seconds: Sequence[float] | None) -> Span | None:
    """Return which frames a call asks about; None where it is about a photo.

    Raises:
        InvalidRequestError: The numbers make no sense, or a photo is asked about a time.
    """
    if seconds is None:
        if is_video(image):
            raise refuse("is needed for a video: a time [2.5], a range [2, 4], or one with a step [2, 4, 0.2]")
        return None
    if is_handle(image) or image.startswith(("data:", "https:", "http:")):
        raise refuse("is for a video, named by its path")
    span = Span(*seconds) if len(seconds) > 1 else Span(seconds[0], seconds[0])
    if span.start < 0 or span.end < span.start or (len(seconds) == 3 and span.step <= 0):
        raise refuse("is [time], [start, end] or [start, end, step]: seconds from 0 on, the end last, a step above 0")
    return span


def check_range_arguments(**given: Any) -> None:
    """Check that a call about a range asks for nothing that only one picture has.

    Raises:
        InvalidRequestError: It does.
    """
    files = given.pop("files") or []
    wrong = [name for name, value in given.items() if value] + ["files"] * ("svg" in files)
    if wrong:
        message = "is of one picture: give a single time, seconds=[2.5]; a range takes one instruction, csv and json"
        raise InvalidRequestError([{"loc": [name], "msg": message} for name in wrong])


def refuse(message: str, name: str = "seconds") -> InvalidRequestError:
    """Return the error of an argument."""
    return InvalidRequestError([{"loc": [name], "msg": message}])


def open_video(calls: Calls, stream: BinaryIO, name: str, start: float) -> VideoFile:
    """Return a video.

    Raises:
        InvalidRequestError: It ends before `start`.
        VideoError: It cannot be read.
        ConfigError: The extra `video` is not installed.
    """
    from ..engine import VideoFile

    video = VideoFile(Path(name).name, max_pixels=calls.service.limits.pixels, opened=stream)
    if video.seconds is not None and start > video.seconds:
        raise refuse(f"lies beyond the end: the video is {video.seconds:.2f} s long")
    return video


def read_moment(calls: Calls, image: str, roots: Sequence[Path], at: float) -> bytes:
    """Return the frame that a video shows at a time, as a PNG file.

    Raises:
        FaceQLError: As `open_video`, or the file may not be read.
    """
    from PIL import Image

    with calls.sources.open_path(image, roots) as stream:
        shown: VideoFrame | None = None
        for frame in open_video(calls, stream, image, at).read(max(0.0, at - LONGEST_STILL)):
            if shown is None or frame.time <= at + SAME_MOMENT:
                shown = frame
            if frame.time >= at:
                break
        if shown is None or shown.time < at - LONGEST_STILL:
            raise refuse("lies beyond the end of the video")
        file = io.BytesIO()
        Image.fromarray(shown.image).save(file, "PNG", compress_level=1)  # type: ignore[arg-type]
        return file.getvalue()


@dataclass(frozen=True, slots=True)
class RangeAsk:
    """A call about a range of a video.

    Attributes:
        image: The video's path.
        instruction: What is asked.
        settings: How.
        span: Which frames.
        detail: Of the frames that are shown.
        limit: The most points that are shown.
        endings: Of the files that are linked to.
    """

    image: str
    instruction: str
    settings: AskSettings
    span: Span
    detail: Detail
    limit: int
    endings: tuple[str, ...]


@dataclass(slots=True)
class Followed:
    """What came of a range, growing while it is worked on.

    Attributes:
        expected: About how many frames there will be.
        answers: The frames' answers.
        seconds, fps: Of the whole video.
        notes: What is worth knowing.
        is_given_up: Whether nobody waits for it any more.
    """

    expected: int = 0
    answers: list[FrameAnswer] = field(default_factory=list)
    seconds: float | None = None
    fps: float = 0.0
    notes: list[str] = field(default_factory=list)
    is_given_up: bool = False


async def answer_range(calls: Calls, ctx: Ctx, asked: RangeAsk) -> CallToolResult:
    """Return the result of a call about a range.

    Raises:
        FaceQLError: It cannot be answered.
    """
    prepared = await calls.prepare(ctx, asked.image, [asked.instruction], asked.settings)
    (query,) = prepared.queries
    if not calls.tracks.acquire(blocking=False):
        raise ServiceError("busy", "too many videos are worked on", retry_after=5.0)
    followed = Followed()

    def work() -> None:
        try:
            follow_faces(calls, asked, query, prepared.roots, prepared.ends, followed)
        finally:
            calls.tracks.release()

    working = asyncio.get_running_loop().run_in_executor(calls.trackers, work)
    try:
        while not (await asyncio.wait({working}, timeout=PROGRESS_SECONDS))[0]:
            await ctx.report_progress(len(followed.answers), followed.expected or None, "following the faces")
        await working
    finally:
        followed.is_given_up = True
    calls.service.metrics.observe_points(sum(len(frame.answer) for frame in followed.answers))
    links = await asyncio.to_thread(make_range_files, calls, followed.answers, asked)
    page = await asyncio.to_thread(fit_page, lambda most: describe_range(followed, asked, most), asked.limit)
    return give_result(page, *links)


def follow_faces(
    calls: Calls, asked: RangeAsk, query: Query, roots: Sequence[Path], ends: float, followed: Followed
) -> None:
    """Answer the frames of a range; where the file is damaged, those before are kept, with a note.

    Raises:
        FaceQLError: Nothing could be answered, or it is too much, or took too long.
    """
    limits, span = calls.service.limits, asked.span
    engine = calls.service.wait_for_engine()
    with calls.sources.open_path(asked.image, roots) as stream:
        video = open_video(calls, stream, asked.image, span.start)
        followed.seconds, followed.fps = video.seconds, video.fps
        # The last frame is shown until the end: none begins there.
        end = span.end if video.seconds is None else min(span.end, max(span.start, video.seconds - 0.5 / video.fps))
        followed.expected = check_length(end - span.start, max(span.step, 1 / video.fps)) + 1
        try:
            for frame in engine.track(span.pick(video.read(span.start)), query, faces=asked.settings.faces or None):
                if time.monotonic() > ends:
                    raise late()
                if followed.is_given_up:
                    return
                check_frame(frame, len(followed.answers), limits.faces, limits.points)
                followed.answers.append(frame)
        except VideoError as error:
            if not followed.answers:
                raise
            followed.notes.append(str(error))
    if not followed.answers:
        raise refuse("holds no frame of the video: it ends before")


def check_length(seconds: float, step: float) -> int:
    """Return how many steps a range has.

    Raises:
        ServiceError: Too many for one call ("too_large").
    """
    count = int(seconds / step + 1e-6)
    if count >= MOST_FRAMES:
        least = math.ceil(100 * seconds / (MOST_FRAMES - 1)) / 100
        raise ServiceError(
            "too_large",
            f"{count + 1} frames, and {MOST_FRAMES} at most in a call: give a shorter range, or a step of {least:g} s "
            "or more as the third of seconds",
        )
    return count


def check_frame(frame: FrameAnswer, before: int, faces: int, points: int) -> None:
    """Check one frame's answer against the limits.

    Raises:
        ServiceError: It, or the number of frames, is too much.
    """
    if before >= MOST_FRAMES:  # of a file that says less than it holds
        raise ServiceError("too_large", f"more than {MOST_FRAMES} frames: give a shorter range, or a larger step")
    if len(frame.answer.faces) > faces:
        raise ServiceError("too_many_faces", f"more than {faces} faces are followed")
    if len(frame.answer) > points:
        raise ServiceError("too_large", f"an answer has more than {points:,} points")


def make_range_files(calls: Calls, answers: Sequence[FrameAnswer], asked: RangeAsk) -> list[ResourceLink]:
    """Return links to all answers, as `faceql track` writes them."""
    links = []
    for ending in asked.endings:
        kind = CsvFrames(asked.settings.units) if ending == "csv" else JsonFrames(asked.settings.units)
        name, media = ("csv", "text/csv") if ending == "csv" else ("jsonl", "application/jsonl")
        text = "".join(kind.write(frame) for frame in answers)
        made = calls.files.add(text.encode(), media, name)
        links.append(link_file(made, f"frames.{name}", f"all {len(answers)} frames, {media}"))
    return links


def describe_range(followed: Followed, asked: RangeAsk, most: int) -> dict[str, Any]:
    """Return the summary of a range, with some of its frames, evenly spread, of `most` points together."""
    answers = followed.answers
    points = max(1, *(len(frame.answer) for frame in answers))
    count = max(1, min(MOST_SHOWN, len(answers), most // points))
    chosen = [answers[round(i * (len(answers) - 1) / max(1, count - 1))] for i in range(count)]
    units = asked.settings.units
    pages = [describe_frame(frame, asked.detail, units, most) for frame in chosen]
    head = {name: pages[0][name] for name in HEAD if name in pages[0]}
    notes = dict.fromkeys(note for frame in answers for note in frame.answer.query.notes)
    hint = hint_at_intent(asked.instruction, "mcp", is_answered=True)
    return {
        **head,
        "video": {"seconds": followed.seconds, "fps": round(followed.fps, 3)},
        "range": [round(answers[0].time, 3), round(answers[-1].time, 3)],
        "frames_answered": len(answers),
        "frames_without_face": sum(not frame.identities for frame in answers),
        "cuts": [round(frame.time, 3) for frame in answers if frame.is_cut],
        "faces": describe_identities(answers, units),
        "frames": [
            {
                "frame": frame.frame,
                "time": round(frame.time, 3),
                "identities": list(frame.identities),
                **{name: page[name] for name in ("count", "shown", "groups", "points") if name in page},
            }
            for frame, page in zip(chosen, pages, strict=True)
        ],
        "notes": [*notes, *followed.notes],
        **({"hint": hint} if hint else {}),
    }


def describe_frame(frame: FrameAnswer, detail: Detail, units: Units, most: int) -> dict[str, Any]:
    """Return a frame's answer, of its points `most`."""
    page = page_answer(frame.answer, detail, limit=most).model_dump(mode="json", exclude_defaults=True)
    return normalize_answer(page) if is_normalized(units) else page


def describe_identities(answers: Sequence[FrameAnswer], units: Units) -> list[dict[str, Any]]:
    """Return of each face when it was seen, how often, and where at first and last."""
    faces: dict[int, dict[str, Any]] = {}
    for frame in answers:
        height, width = frame.answer.image_size
        share = partial(find_share, width=width, height=height)
        for identity, face in zip(frame.identities, frame.answer.faces, strict=True):
            box = share_box(face.box, share) if is_normalized(units) else [round(value, 1) for value in face.box]
            moment = round(frame.time, 3)
            known = faces.setdefault(identity, {"identity": identity, "frames": 0, "first": moment, "first_box": box})
            known |= {"frames": known["frames"] + 1, "last": moment, "last_box": box}
    return [faces[identity] for identity in sorted(faces)]
