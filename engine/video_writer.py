"""Writing a moving picture: pictures with their times, and the sound of the video that they were drawn on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image

from ..errors import ConfigError
from .arguments import read_number, read_whole, show
from .video import VideoFile, load_av, open_to_read

CLOCK = 90_000
"""Ticks a second: times of all usual rates are whole numbers of them."""
QUALITY = "18"
MOST_SIDE = 16_384
"""H.264's own limit."""
MOST_FPS = 1000.0
"""Some files say more; each picture keeps its own time anyway."""
VIDEO_ENDINGS = (".mp4", ".mov", ".mkv")
FRAGMENTS = {"movflags": "hybrid_fragmented+delay_moov", "frag_duration": "1000000"}
"""Until it is finished, an MP4 consists of pieces of a second that can each be played."""
BOX_HEAD = 8
"""Bytes of a box's length and name."""
FRAGMENTS_SINCE = (62, 12, 100)
"""Of libavformat: FFmpeg 8.1, which PyAV 18 brings. Before it the finished file loses when its first frame is shown."""


class VideoWriter:
    """Writes a video, picture by picture; what is written when it is closed can be played, of a full disk too.

    Args:
        path: Where to; ends in one of VIDEO_ENDINGS.
        size: (width, height) of the pictures in pixels.
        fps: Frames a second, for players; each picture keeps its own time.
        sound_of: A video whose sound is kept, as it is; None for none.

    Attributes:
        notes: What could not be kept.

    Raises:
        ConfigError: The extra `video` is not installed, the file cannot be written, or an argument is of a wrong kind.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float, sound_of: VideoFile | None = None) -> None:
        self._av = load_av()
        self.notes: list[str] = []
        self._size = size = read_whole("the width", size[0], 1), read_whole("the height", size[1], 1)
        if max(size) > MOST_SIDE:
            raise ConfigError(f"a video is {MOST_SIDE:,} px wide and high at most, not {show(size)}")
        fps = min(read_number("fps", fps, "a number above 0, such as 25"), MOST_FPS)
        self._last = -1
        self._begin(path, fps)
        self._sound = self._read_sound(sound_of) if sound_of is not None else iter(())
        self._waiting = next(self._sound, None)
        if self._waiting is not None and (problem := self._try_head()):
            # Some kinds of file name a codec among their own, and then do not write it.
            self._drop_sound(problem)
            self._begin(path, fps)

    def _begin(self, path: Path, fps: float) -> None:
        """Open the file, with a stream for the pictures."""
        self._path = path
        has_fragments = path.suffix.lower() != ".mkv" and self._av.library_versions["libavformat"] >= FRAGMENTS_SINCE
        try:
            self._container = self._av.open(str(path), "w", options=FRAGMENTS if has_fragments else {})
        except (self._av.FFmpegError, OSError, ValueError) as error:
            raise ConfigError(f"cannot write {str(path)!r}: {error}") from error
        codec = "libx264" if "libx264" in self._av.codecs_available else "mpeg4"
        self._stream = self._container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        width, height = self._size
        # Two pixels share a colour.
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, CLOCK)
        if codec == "libx264":
            self._stream.options = {"crf": QUALITY, "preset": "veryfast"}

    def _try_head(self) -> str:
        """Write the head, which names the streams; return what is wrong with it, "" for nothing."""
        try:
            self._container.start_encoding()
        except (self._av.FFmpegError, ValueError) as error:
            return str(error.strerror if isinstance(error, self._av.FFmpegError) else error)
        return ""

    def _drop_sound(self, problem: str) -> None:
        name = self._container.streams.audio[0].codec_context.name
        self.notes.append(f"the sound ({name}) cannot be kept in this kind of file: {problem}")
        self._sound, self._waiting = iter(()), None
        with suppress(self._av.FFmpegError, OSError, ValueError):
            self._container.close()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An error that came before says more than one that comes of it.
        with suppress(ConfigError) if error is not None else nullcontext():
            self.close()

    def add(self, picture: Image.Image, time: float) -> None:
        """Write a picture that is shown from a time in seconds on; times rise.

        Raises:
            ConfigError: It is of another size, the time is none, or the disk is full.
        """
        if picture.size != self._size:
            raise ConfigError(f"the pictures are {self._size}, and this one is {picture.size}")
        time = read_number("time", time, "a number of seconds", low=-math.inf)
        pixels = np.asarray(picture.convert("RGB"))
        height, width = pixels.shape[:2]
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = self._av.VideoFrame.from_ndarray(pixels, format="rgb24")
        self._last = max(self._last + 1, round(time * CLOCK))
        frame.pts, frame.time_base = self._last, Fraction(1, CLOCK)
        self._mux(self._stream.encode(frame))
        self._mux_sound(time)

    def close(self) -> None:
        """Finish the file, with the sound up to its last picture.

        Raises:
            ConfigError: The disk is full.
        """
        try:
            if self._last >= 0:
                self._mux(self._stream.encode(None))
                self._mux_sound(self._last / CLOCK + float(1 / self._stream.average_rate))
        finally:
            self._finish()

    def _finish(self) -> None:
        try:
            self._container.close()
        except (self._av.FFmpegError, OSError) as error:
            if self._path.suffix.lower() != ".mkv":
                cut_half_box(self._path)
            raise ConfigError(f"cannot write the video: {error.strerror or error}") from error

    def _mux(self, packets: Any) -> None:
        try:
            self._container.mux(packets)
        except (self._av.FFmpegError, OSError) as error:
            raise ConfigError(f"cannot write the video: {error.strerror or error}") from error

    def _mux_sound(self, until: float) -> None:
        while self._waiting is not None and float(self._waiting.pts * self._waiting.time_base) <= until:
            self._mux(self._waiting)
            self._waiting = next(self._sound, None)

    def _read_sound(self, source: VideoFile) -> Iterator[Any]:
        """Yield the packets of a video's sound, ready to be written; none where there is none."""
        with open_to_read(self._av, str(source.path)) as container:
            if not container.streams.audio:
                return
            stream = container.streams.audio[0]
            try:
                own = self._container.add_stream_from_template(stream)
            except (self._av.FFmpegError, ValueError) as error:
                self.notes.append(
                    f"the sound ({stream.codec_context.name}) cannot be kept in this kind of file: {error}"
                )
                return
            picture = container.streams.video[0]
            shift = int((picture.start_time or 0) * picture.time_base / stream.time_base)
            try:
                for packet in container.demux(stream):
                    if packet.pts is not None and packet.dts is not None and packet.pts >= shift:
                        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                        packet.stream = own
                        yield packet
            except self._av.FFmpegError:
                self.notes.append("the sound is damaged, and kept up to there")


def cut_half_box(path: Path) -> None:
    """Cut off what a full disk has left of the last box of an MP4, and the head of a fragment that lost its data."""
    size, at, whole = path.stat().st_size, 0, 0
    with path.open("r+b") as file:
        while at + BOX_HEAD <= size:
            file.seek(at)
            head = file.read(BOX_HEAD)
            at += int.from_bytes(head[:4], "big") or size
            if at > size:
                break
            if head[4:] != b"moof":
                whole = at
        file.truncate(whole)
