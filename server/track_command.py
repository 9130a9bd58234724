"""`faceql track`: one instruction on every frame of a video or a camera."""

from __future__ import annotations

import heapq
import itertools
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ConfigError, VideoError
from ..loading import pause_gc
from ..querylang.parse import parse
from .folder_command import Progress
from .folder_settings import SettingsFile
from .shared_options import (
    Amount,
    backend_option,
    doubtful_option,
    flip_test_option,
    ids_from_option,
    perspective_option,
    precision_option,
    units_option,
    weights_option,
)
from .track_results import TRACK_ENDINGS, Continuation, DrawnVideo, TrackFile
from .writing import tell_full_disk, write_aside

if TYPE_CHECKING:
    from PIL import Image

    from ..engine import Backend, FrameAnswer, Precision, VideoFile
    from ..engine.answer_units import Units
    from ..querylang.query import Perspective

VIDEO_OUT = (".mp4", ".mov", ".mkv")
Track = Callable[[Any], "Iterator[FrameAnswer]"]
Settings = dict[str, str | bool]


@click.command("track")
@click.argument("words", nargs=-1, metavar="[VIDEO] INSTRUCTION")
@click.option("--camera", type=click.IntRange(0), help="Watch this camera instead of a video: 0 is the first.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the answers into a video, with its sound (.mp4, .mov, .mkv), or write them (.jsonl, .csv). Without it a "
    "camera is shown in a window.",
)
@click.option(
    "--faces", metavar="WHICH", help='Which: largest (default), leftmost, all, "face 2", ...; told once, then kept.'
)
@click.option("--raw", is_flag=True, help="What each frame shows, not smoothed over time.")
@click.option("--seconds", type=Amount(0, min_open=True), help="Stop after so much of the video.")
@click.option("--overwrite", is_flag=True, help="Begin anew instead of going on with --out.")
@units_option
@perspective_option
@ids_from_option
@click.option("--device", default="auto", show_default=True, help='"auto", "cpu", "cuda", "cuda:1", ...')
@weights_option
@backend_option
@precision_option
@flip_test_option
@doubtful_option
def track_command(
    words: tuple[str, ...],
    camera: int | None,
    out: Path | None,
    faces: str | None,
    raw: bool,
    seconds: float | None,
    overwrite: bool,
    units: Units,
    perspective: Perspective,
    ids_from: int,
    device: str,
    weights: Path | None,
    backend: Backend,
    precision: Precision,
    flip_test: bool,
    doubtful_above: float | None,
) -> None:
    """Answer INSTRUCTION ("lips as a polygon") on every frame of VIDEO, or of a camera.

    Faces are followed from frame to frame and keep an identity; points are smoothed. What was stopped is gone on with,
    by the same command. Needs the extra: pip install 'faceql[video]'.
    """
    *videos, instruction = words or ("",)
    if len(words) != (1 if camera is not None else 2):
        raise click.UsageError("give a video and an instruction, or --camera and an instruction")
    if out is None and camera is None:
        raise click.UsageError("say where the answers go: --out out.mp4, .jsonl or .csv")
    if out is not None and out.suffix.lower() not in VIDEO_OUT + TRACK_ENDINGS:
        raise click.UsageError(f"{str(out)!r} must end in {', '.join(VIDEO_OUT + TRACK_ENDINGS)}")
    if units != "px" and (out is None or out.suffix.lower() not in TRACK_ENDINGS):
        raise click.UsageError(f"--units is for answers: an --out that ends in {' or '.join(TRACK_ENDINGS)}")
    query = parse(instruction, perspective=perspective, ids_from=ids_from)
    with pause_gc():
        from ..engine import Engine, VideoFile
    video = VideoFile(videos[0]) if videos else None
    if video is not None and out is not None and out.exists() and out.samefile(video.path):
        raise ConfigError("--out is the video itself: give another name")
    engine = Engine(
        device, weights, flip_test=flip_test, backend=backend, precision=precision, doubtful_above=doubtful_above
    )

    def track(frames: Any) -> Iterator[FrameAnswer]:
        is_drawn = out is None or out.suffix.lower() in VIDEO_OUT
        answers = engine.track(frames, query, smooth=not raw, faces=faces or None, keep_photos=is_drawn)
        return itertools.takewhile(lambda frame: seconds is None or frame.time < seconds, answers)

    if out is None:
        from .track_window import show_answers

        show_answers(track(camera), title=f"faceql: {instruction}")
    else:
        asked: Settings = {
            "instruction": query.canonical,
            "perspective": perspective,
            "faces": faces or "as asked",
            "video": str(video.path) if video else f"camera {camera}",
            "units": units,
            "raw": raw,
            "flip-test": flip_test,
            "precision": precision,
            "weights": engine.model_version,
        }
        if out.suffix.lower() in VIDEO_OUT:
            draw_video(track, video, camera, out, asked, overwrite=overwrite)
        else:
            write_answers(track, video, camera, out, asked, units, overwrite=overwrite)


def draw_video(
    track: Track, video: VideoFile | None, camera: int | None, out: Path, asked: Settings, *, overwrite: bool
) -> None:
    """Draw the answers into a video; what was drawn before an error or a stop is kept, and gone on with.

    Raises:
        VideoError: The video is damaged, or the camera stopped; the file holds what came before.
        ConfigError: The file cannot be written, or holds something else, or was drawn with other settings.
    """
    real = Path(os.path.realpath(out))
    settings = SettingsFile(real)
    try:
        is_new = overwrite or video is None or not real.exists() or not real.stat().st_size
        if not is_new and not settings.read():
            raise ConfigError(f"{str(out)!r} was not drawn by this command: give another --out, or --overwrite")
        if not is_new:
            settings.check(asked)
        drawn = None if is_new else open_drawn(real)
        with tell_full_disk(out):
            settings.write(asked)
        draw_frames(track, video, camera, out, drawn)
    finally:
        settings.close()


def open_drawn(path: Path) -> DrawnVideo:
    """Return the video that was drawn before.

    Raises:
        ConfigError: It is damaged.
    """
    try:
        return DrawnVideo(path)
    except VideoError as error:
        raise ConfigError(f"{error}: give another --out, or --overwrite") from error


def draw_frames(track: Track, video: VideoFile | None, camera: int | None, out: Path, drawn: DrawnVideo | None) -> None:
    """Draw the answers that a video does not hold yet behind those that it holds."""
    from ..engine.video_writer import VideoWriter

    progress = begin_progress(video, 0 if drawn is None else drawn.count)
    source: Any = camera if video is None else video.path if drawn is None else video.read(drawn.warm_up)
    rest = Kept(track(source))
    problem: ConfigError | None = None
    with rest.hold_stops(), write_aside(out) as aside:
        answers = (frame for frame in rest if drawn is None or drawn.lacks(frame.time))
        # Nothing is written where nothing can be read, or is left.
        first = next(answers, None)
        if first is None and drawn is None:
            rest.tell()
            raise VideoError("there is no frame in the video")
        if first is not None:
            height, width = first.answer.image_size
            size = (width, height) if drawn is None else drawn.choose_size(width, height)
            new = draw_each(itertools.chain([first], answers), size, progress)
            try:
                with VideoWriter(aside, size, video.fps if video else 30.0, video) as writer:
                    for picture, moment in heapq.merge(drawn.read(size) if drawn else (), new, key=itemgetter(1)):
                        writer.add(picture, moment)
            except ConfigError as error:
                way_on = "" if video is None else ", and the same command goes on from there"
                problem = ConfigError(f"{error}; {keep_drawn(aside, drawn, out, error)}{way_on}")
            else:
                for note in writer.notes:
                    click.echo(f"note: {note}", err=True)
        else:
            shutil.copy2(out, aside)
    progress.end()
    click.echo(f"video: {out}" if first is not None else f"video: {out}, and nothing was left to draw")
    if problem is not None:
        raise problem
    rest.tell()


def draw_each(
    answers: Iterable[FrameAnswer], size: tuple[int, int], progress: Progress
) -> Iterator[tuple[Image.Image, float]]:
    """Yield pictures of a size (width, height) with the answers on them, each with its time."""
    for frame in answers:
        yield fit_picture(frame.answer.draw(legend=False), size), frame.time
        progress.show(0)


def keep_drawn(aside: Path, before: DrawnVideo | None, out: Path, error: ConfigError) -> str:
    """Return what is there of a video that could not be written whole, in words: more than before.

    Raises:
        ConfigError: It is as it was, or there is none.
    """
    try:
        count = DrawnVideo(aside).count
    except VideoError:
        raise error from None
    if count <= (before.count if before is not None else 0):
        raise error if before is None else ConfigError(f"{error}; {str(out)!r} is as it was") from error
    return f"{str(out)!r} has the first {count} frames"


def fit_picture(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture as large as the video's first: some videos change their size on the way, and none is lost."""
    from PIL import ImageOps

    return picture if picture.size == size else ImageOps.pad(picture, size)


def write_answers(
    track: Track,
    video: VideoFile | None,
    camera: int | None,
    out: Path,
    asked: Settings,
    units: Units,
    *,
    overwrite: bool,
) -> None:
    """Write the answers of all frames that a file does not have yet.

    Raises:
        VideoError: The video is damaged, or the camera stopped; the file holds what came before.
        ConfigError: The file cannot be written, or holds something else, or was asked with other settings.
    """
    # Through a link it is the same file, with one lock.
    real = Path(os.path.realpath(out))
    settings = SettingsFile(real)
    try:
        is_new = overwrite or video is None or not real.exists() or not real.stat().st_size
        if not is_new:
            settings.check(asked)
        results = TrackFile(real, units, overwrite=is_new)
        try:
            with tell_full_disk(out):
                settings.write(asked)
            going_on = Continuation(results.left, units) if results.left is not None else None
            source: Any = camera if video is None else video.read(going_on.start if going_on else 0.0)
            answers: Iterable[FrameAnswer] = track(source)
            if going_on is not None:
                answers = going_on.go_on(answers)
            progress = begin_progress(video, done=going_on.left.frame + 1 if going_on else 0)
            rest = Kept(answers)
            with rest.hold_stops():
                for frame in rest:
                    results.add(frame)
                    progress.show(0)
        finally:
            results.close()
    finally:
        settings.close()
    progress.end()
    if real.stat().st_size:
        click.echo(f"answers: {out}")
    rest.tell()


def begin_progress(video: VideoFile | None, done: int = 0) -> Progress:
    """Return a line that tells how many frames are done, of how many where the video tells."""
    count = 0 if video is None else video.count or round((video.seconds or 0) * video.fps)
    return Progress(count, done, "frames")


class Kept:
    """Answers up to the first error or the user's stop, which `tell` raises when what came before is safe."""

    def __init__(self, answers: Iterable[FrameAnswer]) -> None:
        self._answers = answers
        self._error: VideoError | KeyboardInterrupt | None = None
        self._is_reading = True
        self._is_stopped = False

    def __iter__(self) -> Iterator[FrameAnswer]:
        try:
            for answer in self._answers:
                self._is_reading = False
                yield answer
                if self._is_stopped:
                    raise KeyboardInterrupt
                self._is_reading = True
        except (VideoError, KeyboardInterrupt) as error:
            self._error = error
        self._is_reading = False

    @contextmanager
    def hold_stops(self) -> Iterator[None]:
        """Let Ctrl+C and SIGTERM, within the block, end the answers, and never the writing of one: that would lose all.

        Whoever does not want to wait for what is being written stops twice.
        """

        def stop(number: int, frame: object) -> None:
            if self._is_reading or self._is_stopped:
                raise KeyboardInterrupt
            self._is_stopped = True

        # Elsewhere no handler can be set, and no signal comes.
        stops = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
        before = {number: signal.signal(number, stop) for number in stops}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)

    def tell(self) -> None:
        """Raise what ended the answers, if it was not their end.

        Raises:
            VideoError, KeyboardInterrupt: As they came.
        """
        if self._error is not None:
            raise self._error
