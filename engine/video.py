"""Moving pictures: the frames of a file, of a camera, or given one by one, each with its time.

Files and cameras are read by PyAV, which brings FFmpeg along: one package reads and writes, keeps sound, and tells each
frame's own time and turn. OpenCV tells neither and drops the sound.
"""

from __future__ import annotations

import importlib
import math
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, get_args

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, ImageError, TooManyPixelsError, VideoError
from .arguments import check_choice, read_number, read_whole, show, show_path
from .images import MAX_PIXELS, ColorOrder, ImageSource, Photo, read_many, read_photo
from .missing_bytes import find_missing

ByteArray = npt.NDArray[np.uint8]

USUAL_FPS = 30.0
# Lists of files (HLS, concat) would open others, and the network.
CONTAINERS = "mov,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,gif,mjpeg"
OPEN_OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
# A file that ends so much sooner than it says is cut short.
MISSING_SECONDS = 0.2
# The same where only the length of the whole file is told: that of its longest stream, and less exactly.
MISSING_OF_FILE = 0.5
CAMERA_WAIT = 10.0
QUARTER = 90


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """A frame of a moving picture.

    Attributes:
        image: Its picture, as `Engine.ask` takes one.
        time: Seconds from the beginning.
        is_color_known: Whether the picture is RGB, whatever the order of the other frames' channels.

    Examples:
        >>> frames = [VideoFrame(photo.photo, 0.0), VideoFrame(photo.photo, 0.25)]
        >>> [frame.time for frame in engine.track(frames, "pupils")]
        [0.0, 0.25]
    """

    image: ImageSource = field(repr=False)
    time: float
    is_color_known: bool = False


FrameSource = str | os.PathLike[str] | int | Iterable[ImageSource | VideoFrame]


def read_frames(
    source: FrameSource, *, fps: float | None = None, color: ColorOrder = "rgb", max_pixels: int = MAX_PIXELS
) -> Iterator[tuple[float, Photo]]:
    """Yield the time in seconds and the picture of each frame.

    Args:
        source: A video's path, a camera's number (0 is the first), or the frames: photos as `Engine.ask` takes them, or
            `VideoFrame`s, which have their own times.
        fps: Frames a second, for frames without times; None for 30.
        color: The order of arrays' channels.
        max_pixels: Larger frames are refused.

    Raises:
        VideoError: The file or camera cannot be read, or no further than here.
        ImageError: A frame cannot be read.
        ConfigError: The extra `video` is not installed, or an argument is wrong.

    Examples:
        >>> [(time, frame.size) for time, frame in read_frames(["examples/astronaut.jpg"] * 2, fps=25)]
        [(0.0, (512, 512)), (0.04, (512, 512))]
    """
    fps = USUAL_FPS if fps is None else read_number("fps", fps, "a number above 0, such as 25")
    check_choice("color", color, get_args(ColorOrder))
    max_pixels = read_whole("max_pixels", max_pixels, 1)
    frames: Iterable[ImageSource | VideoFrame]
    if isinstance(source, str | os.PathLike):
        frames = VideoFile(source, max_pixels=max_pixels).read()
    elif isinstance(source, int) and not isinstance(source, bool):
        frames = watch_camera(source)
    else:
        frames = read_many("frames, where it is neither a video's path nor a camera's number,", source)
    return _read_each(frames, fps, color, max_pixels)


def _read_each(
    frames: Iterable[ImageSource | VideoFrame], fps: float, color: ColorOrder, max_pixels: int
) -> Iterator[tuple[float, Photo]]:
    last = -math.inf
    for index, frame in enumerate(frames):
        own = frame if isinstance(frame, VideoFrame) else VideoFrame(frame, index / fps)
        at = read_number(f"the time of frame {index}", own.time, "a number of seconds", low=-math.inf)
        if at <= last:
            raise ConfigError(f"the times of frames rise: frame {index} is at {at!r} s, the one before {last!r}")
        last = at
        yield at, read_photo(own.image, color="rgb" if own.is_color_known else color, max_pixels=max_pixels)


class VideoFile:
    """A video in a file; nothing of it is decoded until it is read.

    Args:
        path: Where it is.
        max_pixels: A video of larger frames is refused.
        opened: The file, open for reading, where it is not to be opened by its path; it stays open.

    Attributes:
        path: Where it is.
        size: (height, width) of an upright frame in pixels, as the file's head has it.
        fps: Frames a second on average.
        count: How many frames it says to have; None where it does not say.
        seconds: How long it says to be; None where it does not say.
        start: When its first frame is shown, in seconds of the file's own clock; the frames' times count from there.
        angle: By how many degrees its frames are turned anticlockwise to stand upright: a multiple of 90.

    Raises:
        VideoError: There is no such file, it is no video that can be read here, or holds no picture.
        TooManyPixelsError: Its frames are too large.
        ConfigError: The extra `video` is not installed, or an argument is wrong.

    Examples:
        >>> from PIL import Image
        >>> still = Image.open("examples/astronaut.jpg")
        >>> still.save("nod.gif", save_all=True, append_images=[still.rotate(3)], duration=40)
        >>> VideoFile("nod.gif").size
        (512, 512)
    """

    def __init__(
        self, path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS, opened: BinaryIO | None = None
    ) -> None:
        if not isinstance(path, str | os.PathLike):
            raise ConfigError(f"a video is told by its path, not by {show(path)}")
        self.path = Path(path)
        max_pixels = read_whole("max_pixels", max_pixels, 1)
        self._opened = opened
        self._av = load_av()
        with self._open() as container:
            stream = self._pick_stream(container)
            width, height = stream.codec_context.width, stream.codec_context.height
            if width * height > max_pixels:
                raise TooManyPixelsError(self._name, width, height, max_pixels)
            self.fps = float(stream.average_rate or stream.guessed_rate or USUAL_FPS)
            self.count: int | None = stream.frames or None
            length = stream.duration * stream.time_base if stream.duration else None
            self.seconds: float | None = float(length) if length else self._tell_length(container)
            self.start = float((stream.start_time or 0) * stream.time_base)
            self.angle = self._read_angle(container, stream)
            self.size = (width, height) if self.angle % 180 else (height, width)

    def read(self, start: float = 0.0) -> Iterator[VideoFrame]:
        """Yield the frames from a time in seconds on, upright, RGB.

        Raises:
            ConfigError: `start` is no time.
            VideoError: The file is damaged or cut short; every frame before that was given.

        Examples:
            >>> from PIL import Image
            >>> still = Image.open("examples/astronaut.jpg")
            >>> still.save("nod.gif", save_all=True, append_images=[still.rotate(3)], duration=40)
            >>> [round(frame.time, 2) for frame in VideoFile("nod.gif").read()]
            [0.0, 0.04]
        """
        start = read_number("start", start, "a number of seconds from 0 up", may_be_low=True)
        with self._open() as container:
            stream = self._pick_stream(container)
            stream.thread_type = "AUTO"
            if start > 0:
                container.seek(int(start / stream.time_base) + (stream.start_time or 0), stream=stream)
            for moment, frame in self._decode(container, stream):
                if moment >= start - 0.5e-3:
                    yield VideoFrame(self._make_upright(frame), moment, is_color_known=True)

    @property
    def _name(self) -> str:
        return show_path(self.path)

    def _open(self) -> Any:
        if self._opened is not None:
            self._opened.seek(0)
        else:
            self._check_path()
        try:
            return open_to_read(self._av, self._opened or str(self.path))
        except PermissionError as error:
            raise VideoError(f"{self._name} may not be read: permission denied") from error
        except (self._av.FFmpegError, ValueError) as error:
            raise VideoError(
                f"{self._name} is not a video that can be read here (MP4, MOV, MKV, WebM, AVI, ...), or it is cut short"
            ) from error

    def _check_path(self) -> None:
        try:
            if self.path.is_file():
                return
            kind = "is a folder" if self.path.is_dir() else "is not a regular file"
            raise VideoError(f"{self._name} {kind}" if self.path.exists() else f"there is no file {self._name}")
        except OSError as error:  # a name that is too long
            raise VideoError(f"{self._name} cannot be opened: {error.strerror}") from error

    def _pick_stream(self, container: Any) -> Any:
        if not container.streams.video:
            raise VideoError(f"{self._name} holds no picture: it has no video stream")
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise VideoError(f"{self._name} is compressed in a way that cannot be read here")
        return stream

    def _tell_length(self, container: Any) -> float | None:
        return container.duration / self._av.time_base if container.duration else None

    def _read_angle(self, container: Any, stream: Any) -> int:
        # Told with each frame, and the same for all.
        try:
            first = next(container.decode(stream), None)
        except self._av.FFmpegError:
            return 0
        return 0 if first is None else round(first.rotation / QUARTER) * QUARTER % 360

    def _decode(self, container: Any, stream: Any) -> Iterator[tuple[float, Any]]:
        """Yield frames with their times, which rise."""
        origin = (stream.start_time or 0) * stream.time_base
        # Matroska tells how long the file is, and not how long its pictures go on: they may end before the sound.
        is_own = bool(stream.duration) and "matroska" not in container.format.name
        begin = origin if is_own else 0
        last, read, end = -1 / self.fps, 0, 0.0
        problem = ""
        try:
            for packet in demux(container, *([stream] if is_own else [])):
                if packet.pts is not None:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.stream.time_base - begin))
                if packet.stream.index != stream.index:
                    continue
                for frame in packet.decode():
                    at = float(frame.pts * frame.time_base - origin) if frame.pts is not None else -math.inf
                    # Some files repeat a time, or have none.
                    last = at if at > last else last + 1 / self.fps
                    read += 1
                    yield last, frame
        except self._av.FFmpegError as error:
            problem = f": {error.strerror}"
        length = float(stream.duration * stream.time_base) if is_own else self._tell_length(container) or 0.0
        problem = problem or self._find_missing(container.format.name)
        if not problem and end < length - (MISSING_SECONDS if is_own else MISSING_OF_FILE):
            problem = f": {length:.2f} s are announced"
        if problem:
            where = f"after {read} frames, at {max(last, 0):.2f} s" if read else "at its first frame"
            raise VideoError(f"{self._name} is damaged or cut short {where}{problem}")

    def _find_missing(self, kind: str) -> str:
        """Return what the file lacks at its end; "" where nothing is known to."""
        try:
            with nullcontext(self._opened) if self._opened is not None else self.path.open("rb") as file:
                missing = find_missing(file, kind)
        except OSError:
            return ""
        return f": {missing}" if missing else ""

    def _make_upright(self, frame: Any) -> ByteArray:
        pixels: ByteArray = frame.to_ndarray(format="rgb24")
        return np.rot90(pixels, self.angle // QUARTER) if self.angle else pixels


def open_to_read(av: ModuleType, file: str | BinaryIO) -> Any:
    """Return PyAV's container of a video: of one file, whatever its titles are written in."""
    # Before 19 PyAV failed at titles that are not UTF-8 unless told not to; since then it cannot be told, and does not.
    is_old = int(av.__version__.partition(".")[0]) < 19
    return av.open(file, options=OPEN_OPTIONS, **({"metadata_errors": "ignore"} if is_old else {}))


def demux(container: Any, *streams: Any) -> Iterator[Any]:
    """Yield the packets of streams, of all where none is given."""
    try:
        yield from container.demux(*streams)
    except IndexError:
        # At the end of a file in which a stream turned up late PyAV fails at that one; the others have ended by then.
        return


def load_av() -> ModuleType:
    """Return PyAV.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module("av")
    except ImportError as error:
        raise ConfigError("PyAV, which reads videos, is not installed: pip install 'faceql[video]'") from error


def watch_camera(number: int) -> Iterator[VideoFrame]:
    """Yield what a camera sees, always the newest frame: who is slow misses some, and is never behind.

    Args:
        number: 0 for the first camera.

    Raises:
        VideoError: There is no such camera, it may not be used, or it stopped.
        ConfigError: The extra `video` is not installed.
    """
    av = load_av()
    try:
        container = av.open(**name_camera(av, number))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"camera {number} cannot be used: {getattr(error, 'strerror', None) or error}") from error
    newest = _Newest()
    reader = threading.Thread(target=_read_camera, args=(av, container, newest), daemon=True, name="faceql-camera")
    reader.start()
    try:
        while True:
            yield newest.take(number)
    finally:
        newest.close()
        reader.join(CAMERA_WAIT)


def name_camera(av: ModuleType, number: int, platform: str = sys.platform) -> dict[str, Any]:
    """Return how PyAV opens a camera on a platform.

    Raises:
        VideoError: There is no such camera.
    """
    if number < 0:
        raise VideoError(f"cameras are counted from 0: there is no camera {number}")
    if platform == "darwin":
        return {"file": str(number), "format": "avfoundation", "options": {"framerate": "30"}}
    if platform == "win32":
        names = [device.description for device in av.enumerate_input_devices("dshow") if "video" in device.media_types]
        if number >= len(names):
            raise VideoError(f"there is no camera {number}: {len(names)} found")
        return {"file": f"video={names[number]}", "format": "dshow"}
    return {"file": f"/dev/video{number}", "format": "v4l2"}


class _Newest:
    """Holds one frame between a camera that does not wait and a reader that may be slow."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: VideoFrame | None = None
        self._error: str | None = None
        self.is_closed = False

    def put(self, frame: VideoFrame) -> None:
        with self._changed:
            self._frame = frame
            self._changed.notify()

    def fail(self, error: str) -> None:
        with self._changed:
            self._error = error
            self._changed.notify()

    def take(self, number: int) -> VideoFrame:
        with self._changed:
            came = self._changed.wait_for(lambda: self._frame or self._error, CAMERA_WAIT)
            frame, self._frame = self._frame, None
        if frame is None:
            reason = self._error if came else f"it gave no picture in {CAMERA_WAIT:.0f} s"
            raise VideoError(f"camera {number} stopped: {reason}")
        return frame

    def close(self) -> None:
        self.is_closed = True


def _read_camera(av: ModuleType, container: Any, newest: _Newest) -> None:
    started = time.monotonic()
    with container:
        try:
            for frame in container.decode(video=0):
                if newest.is_closed:
                    return
                pixels = frame.to_ndarray(format="rgb24")
                newest.put(VideoFrame(pixels, time.monotonic() - started, is_color_known=True))
            newest.fail("its picture ended")
        except (av.FFmpegError, ImageError, OSError) as error:
            newest.fail(str(error))
