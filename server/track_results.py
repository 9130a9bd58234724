"""Answers of a clip in one file, JSON lines, CSV or a drawn video, gone on with after a stop."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..engine.answer_units import Units, is_normalized
from ..errors import ConfigError
from .writing import append_whole, tell_full_disk

if TYPE_CHECKING:
    from PIL import Image

    from ..engine import FrameAnswer

TRACK_ENDINGS = (".jsonl", ".csv")
FRAME_COLUMNS = ("frame", "time", "identity", "how")
# Of the clip, seconds before the place where a stop was: enough for points to be smoothed as before.
WARM_UP = 1.0
TICK = 1e-3
OUT_OF_ORDER = 8
"""Frames that an encoder may write before earlier ones: where a full disk cut it off, some of these may be missing."""
SAME_FACE = 0.5
"""In face sizes: a face that lies no further from where one was a moment ago, in the same frame, is that one."""


@dataclass(frozen=True)
class Left:
    """Where a file of answers was left off.

    Attributes:
        frame: The last frame that it has whole.
        time: Of that frame, seconds.
        middles: Of each identity in that frame the mean of its points, in the file's units.
        identities: How many identities there were.
    """

    frame: int
    time: float
    middles: dict[int, tuple[float, float]]
    identities: int


class JsonFrames:
    """A line a frame: `FrameAnswer.to_dict` as JSON.

    Args:
        units: As `FrameAnswer.to_dict` takes them.
    """

    def __init__(self, units: Units = "px") -> None:
        self._units = units

    def write(self, frame: FrameAnswer) -> str:
        """Return the text of a frame."""
        return json.dumps(frame.to_dict(units=self._units), ensure_ascii=False) + "\n"

    def read(self, data: bytes) -> tuple[Left | None, int]:
        """Return where a file was left off, and how many of its bytes are whole lines.

        Raises:
            ConfigError: It holds something else.
        """
        whole = data.rfind(b"\n") + 1
        rows: list[dict[str, Any]] = []
        try:
            for line in data[:whole].splitlines():
                rows.append(json.loads(line))
            identities = max((identity for row in rows for identity in row["identities"]), default=0)
            if not rows:
                return None, 0
            last = rows[-1]
            units = last["answer"].get("units", "px")
            points: dict[int, list[tuple[float, float]]] = {}
            for point in last["answer"]["points"]:
                points.setdefault(int(last["identities"][point["face"]]), []).append((point["x"], point["y"]))
            middles = {identity: middle(places) for identity, places in points.items()}
            left = Left(int(last["frame"]), float(last["time"]), middles, identities)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise ConfigError("it holds something else than answers of a clip") from error
        if units != self._units:
            raise ConfigError(f"it holds answers with units {units!r}, and now it is units {self._units!r}")
        return left, whole


class CsvFrames:
    """A row a point, with its frame, time and identity before the columns of `Answer.to_csv`.

    A frame without an answer has no row, so that one which was the last is answered again.

    Args:
        units: As `Answer.to_csv` takes them.
    """

    def __init__(self, units: Units = "px") -> None:
        self._units = units
        self.has_head = False

    def write(self, frame: FrameAnswer) -> str:
        """Return the text of a frame, under the heading where it is the first."""
        head, *rows = csv.reader(io.StringIO(frame.answer.to_csv(units=self._units)))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self.has_head:
            writer.writerow((*FRAME_COLUMNS, *head))
            self.has_head = True
        for row in rows:
            face = int(row[1])
            writer.writerow((frame.frame, f"{frame.time:.6g}", frame.identities[face], frame.how[face], *row))
        return text.getvalue()

    def read(self, data: bytes) -> tuple[Left | None, int]:
        """Return where a file was left off, and how many of its bytes are whole frames.

        The last frame's rows may have been cut off, so it is answered again.

        Raises:
            ConfigError: It holds something else.
        """
        lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
        if not lines:
            return None, 0
        head, *rows = [next(csv.reader([line.decode("utf-8", "replace")]), [""]) for line in lines]
        if tuple(head[: len(FRAME_COLUMNS)]) != FRAME_COLUMNS:
            raise ConfigError("it holds something else than answers of a clip")
        kept = len(rows)
        while kept and rows[kept - 1][0] == rows[-1][0]:
            kept -= 1
        self.has_head = True
        bytes_kept = sum(map(len, lines[: kept + 1]))
        if not kept:
            return None, bytes_kept
        try:
            x, y = head.index("x"), head.index("y")
            last = [row for row in rows[:kept] if row[0] == rows[kept - 1][0]]
            middles = {
                identity: middle([(float(row[x]), float(row[y])) for row in last if int(row[2]) == identity])
                for identity in {int(row[2]) for row in last}
            }
            left = Left(int(last[0][0]), float(last[0][1]), middles, max(int(row[2]) for row in rows))
        except (ValueError, IndexError) as error:
            raise ConfigError("it holds something else than answers of a clip") from error
        return left, bytes_kept


class TrackFile:
    """A file of a clip's answers that grows; opening an old one goes on where it was left off.

    Args:
        path: Ends in .jsonl or .csv; the ending chooses the kind.
        units: Of points and boxes, as `Answer.to_dict` takes them.
        overwrite: Begin anew whatever the file holds.

    Attributes:
        left: Where it was left off; None for a new one.

    Raises:
        ConfigError: The file cannot be written, or holds something else.
    """

    def __init__(self, path: Path, units: Units = "px", *, overwrite: bool) -> None:
        self._path = path
        kind = JsonFrames if path.suffix.lower() == ".jsonl" else CsvFrames
        self._kind: JsonFrames | CsvFrames = kind(units)
        with tell_full_disk(path):
            data = path.read_bytes() if path.exists() and not overwrite else b""
            try:
                self.left, whole = self._kind.read(data)
            except ConfigError as error:
                raise ConfigError(f"{str(path)!r}: {error}; give another --out, or --overwrite") from error
            self._stream: BinaryIO = path.open("r+b" if path.exists() and not overwrite else "wb", buffering=0)
            # What a stop cut off is written again.
            self._stream.truncate(whole)
            self._stream.seek(whole)

    def add(self, frame: FrameAnswer) -> None:
        """Write a frame's answers down.

        Raises:
            ConfigError: The disk is full.
        """
        append_whole(self._stream, self._kind.write(frame), self._path)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


@dataclass
class Continuation:
    """Goes on with a clip where a file was left off: frames count on, and faces keep their identities.

    Attributes:
        left: Where that was.
        units: Of the file.
    """

    left: Left
    units: Units = "px"
    _names: dict[int, int] = field(default_factory=dict)

    @property
    def start(self) -> float:
        """From when on the clip is to be answered again, seconds."""
        return max(0.0, self.left.time - WARM_UP)

    def go_on(self, answers: Iterable[FrameAnswer]) -> Iterator[FrameAnswer]:
        """Yield the answers after the last one of the file, of all from `start` on."""
        number = self.left.frame
        for frame in answers:
            if frame.time <= self.left.time + 1e-4:
                self._name_faces(frame)
            else:
                number += 1
                yield replace(frame, frame=number, identities=tuple(map(self._name, frame.identities)))

    def _name_faces(self, frame: FrameAnswer) -> None:
        """Call the faces of a frame that was answered before what they were called then; the last frame is right."""
        self._names.clear()
        middles = self._find_middles(*frame.answer.image_size)
        for index, identity in enumerate(frame.identities):
            here = middle(frame.answer.xy[frame.answer.face_index == index].tolist())
            size = frame.answer.faces[index].area ** 0.5
            away = {name: math.dist(here, at) for name, at in middles.items()}
            nearest = min(away, key=lambda name: away[name], default=None)
            if nearest is not None and away[nearest] < SAME_FACE * size and nearest not in self._names.values():
                self._names[identity] = nearest

    def _find_middles(self, height: int, width: int) -> dict[int, tuple[float, float]]:
        """Return where the faces were in the last frame, pixels."""
        if not is_normalized(self.units):
            return self.left.middles
        return {name: (x * width - 0.5, y * height - 0.5) for name, (x, y) in self.left.middles.items()}

    def _name(self, identity: int) -> int:
        if identity not in self._names:
            self._names[identity] = max(self.left.identities, *self._names.values(), 0) + 1
        return self._names[identity]


class DrawnVideo:
    """A video that was drawn before, up to where it was stopped.

    Args:
        path: Where it is.

    Attributes:
        count: How many frames it holds.
        warm_up: From when on its source is to be answered again, so that points go on smoothly.

    Raises:
        VideoError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        from ..engine import VideoFile

        self._video = VideoFile(path)
        times = [frame.time + self._video.start for frame in self._video.read()]
        self.count = len(times)
        self._recent = times[-OUT_OF_ORDER:]
        self.warm_up = max(0.0, max(times, default=0.0) - WARM_UP)

    def lacks(self, time: float) -> bool:
        """Whether a frame from `warm_up` on, of a time in seconds, is still to be drawn."""
        is_early = bool(self._recent) and time < self._recent[0]
        # Times are written in ticks.
        return not is_early and all(abs(time - known) > TICK for known in self._recent)

    def choose_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the (width, height) of what was drawn on it, where the next picture is so large; that may differ."""
        tall, wide = self._video.size
        return (width, height) if (width + width % 2, height + height % 2) == (wide, tall) else (wide, tall)

    def read(self, size: tuple[int, int]) -> Iterator[tuple[Image.Image, float]]:
        """Yield its pictures, each with its time, without what rounds their size (width, height) up."""
        import numpy as np
        from PIL import Image

        for frame in self._video.read():
            yield Image.fromarray(np.asarray(frame.image)).crop((0, 0, *size)), frame.time + self._video.start


def middle(points: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the mean of points (x, y)."""
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return x, y
