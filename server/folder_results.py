"""Results of a folder of photos in one file: JSON lines or CSV, written photo by photo, gone on with after a stop."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from ..errors import ConfigError, FaceQLError
from .error_kinds import describe_error
from .writing import append_whole, tell_full_disk, write_file

if TYPE_CHECKING:
    from ..engine import Answer
    from ..engine.answer_units import Units
    from ..querylang.query import Query

RESULT_ENDINGS = (".jsonl", ".csv")
FAILURE = re.compile(rb'\{"file": "(?:[^"\\]|\\.)*", "error": ')


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What is written down of a photo.

    Attributes:
        name: The photo.
        text: As the kind of file has it.
        error: Why there is no answer, for people; None where there is one.
    """

    name: str
    text: str
    error: str | None


class Results(Protocol):
    """Where results are kept; `done` has the photos that need not be asked again."""

    done: set[str]

    def add(self, row: ResultRow) -> None:
        """Write a photo's row down, whole."""

    def close(self) -> None:
        """Close it."""


class JsonLines:
    """One line a photo: {"file": ..., "answer": {...}} as `Answer.to_dict` has it, or {"file": ..., "error": {...}}."""

    def __init__(self, query: Query, units: Units = "px") -> None:
        self._query = query
        self._units = units

    def head(self) -> str:
        """Return what the file begins with."""
        return ""

    def row(self, name: str, answer: Answer) -> str:
        """Return the text of a photo that was answered."""
        return json.dumps({"file": name, "answer": answer.to_dict(units=self._units)}, ensure_ascii=False) + "\n"

    def failure(self, name: str, error: FaceQLError) -> str:
        """Return the text of a photo that was not."""
        return json.dumps({"file": name, "error": describe_error(error)}, ensure_ascii=False) + "\n"

    def drop_failures(self, data: bytes) -> bytes:
        """Return a file's text without the photos that have no answer; what is cut off at its end stays."""
        return b"".join(line for line in data.splitlines(keepends=True) if not FAILURE.match(line))

    def read(self, data: bytes) -> tuple[set[str], int]:
        """Return the photos that a file has, and how many of its bytes are whole lines.

        Raises:
            ConfigError: It is another kind of file, or has answers to another instruction.
        """
        done: set[str] = set()
        whole = data.rfind(b"\n") + 1
        for line in data[:whole].splitlines():
            try:
                row: dict[str, Any] = json.loads(line)
                done.add(row["file"])
                answer = row.get("answer")
                told = (answer["canonical"], answer["perspective"]) if answer else None
                units = answer.get("units", "px") if answer else self._units
            except (ValueError, KeyError, TypeError) as error:
                raise ConfigError("it holds something else than results") from error
            if told and told != (self._query.canonical, self._query.perspective):
                raise ConfigError(f"it holds answers to another instruction ({told[0]!r})")
            if units != self._units:
                raise ConfigError(f"it holds answers with units {units!r}, and now it is units {self._units!r}")
        return done, whole


class CsvRows:
    """One row a point, the photo's name before the columns of `Answer.to_csv`; a photo without an answer has none."""

    def __init__(self, query: Query, units: Units = "px") -> None:
        self._query = query
        self._units = units

    def head(self) -> str:
        """Return what the file begins with."""
        from ..engine.formats import CSV_COLUMNS

        return ",".join(("file", *CSV_COLUMNS)) + "\n"

    def row(self, name: str, answer: Answer) -> str:
        """Return the text of a photo that was answered."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        _, *rows = csv.reader(io.StringIO(answer.to_csv(units=self._units)))
        writer.writerows([name, *row] for row in rows)
        return text.getvalue()

    def failure(self, name: str, error: FaceQLError) -> str:
        """Return the text of a photo that was not: none, so that it is tried again."""
        return ""

    def drop_failures(self, data: bytes) -> bytes:
        """Return a file's text: it holds none."""
        return data

    def read(self, data: bytes) -> tuple[set[str], int]:
        """Return the photos that a file has whole, and how many of its bytes belong to them.

        The last photo's rows may have been cut off, so they are written again.

        Raises:
            ConfigError: It is another kind of file, or has answers to another instruction.
        """
        head = self.head().encode()
        if not data.startswith(head):
            if head.startswith(data):
                return set(), 0
            raise ConfigError("it holds something else than results")
        lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)[1:]
        # Names may hold line breaks, which a writer would quote: `list_photos` leaves such files out.
        names = [next(csv.reader([line.decode("utf-8", "replace")]), [""])[0] for line in lines]
        kept = len(names)
        while kept and names[kept - 1] == names[-1]:
            kept -= 1
        self._check(lines[:kept])
        return set(names[:kept]), len(head) + sum(map(len, lines[:kept]))

    def _check(self, lines: list[bytes]) -> None:
        if self._query.count is None or self._query.spacing != "fpalp":
            return
        wanted = [(landmark.part, float(landmark.fpalp)) for landmark in self._query]
        rows = csv.reader(line.decode("utf-8", "replace") for line in lines[: len(wanted)])
        found = [(row[3], float(row[4])) for row in rows]
        if found and found != wanted:
            raise ConfigError("it holds answers to another instruction")


class ResultFile:
    """A file of results that grows; opening an old one goes on where it left off.

    Args:
        path: Ends in .jsonl or .csv; the ending chooses the kind.
        query: What is asked.
        units: Of points and boxes, as `Answer.to_dict` takes them.
        overwrite: Begin anew whatever the file holds.
        retry_failed: Forget the photos without an answer, so that they are asked again.

    Raises:
        ConfigError: The file cannot be written, or holds something else than results of this instruction.
    """

    def __init__(
        self, path: Path, query: Query, units: Units = "px", *, overwrite: bool, retry_failed: bool = False
    ) -> None:
        self._path = path
        self._kind = choose_kind(path, query, units)
        with tell_full_disk(path):
            data = path.read_bytes() if path.exists() and not overwrite else b""
        try:
            self.done, whole = self._kind.read(data)
            if retry_failed and len(kept := self._kind.drop_failures(data)) < len(data):
                write_file(path, lambda aside: aside.write_bytes(kept))
                self.done, whole = self._kind.read(kept)
        except ConfigError as error:
            raise ConfigError(f"{str(path)!r}: {error}; give another --out, or --overwrite") from error
        with tell_full_disk(path):
            # Without a buffer: what could not be written must not come back when the file is closed.
            self._stream: BinaryIO = path.open("r+b" if path.exists() and not overwrite else "wb", buffering=0)
            # What a stop cut off is written again.
            self._stream.truncate(whole)
            self._stream.seek(whole)
        if not whole:
            append_whole(self._stream, self._kind.head(), path)

    def add(self, row: ResultRow) -> None:
        """Write a photo's row down, whole.

        Raises:
            ConfigError: The disk is full.
        """
        append_whole(self._stream, row.text, self._path)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def choose_kind(path: Path, query: Query, units: Units = "px") -> JsonLines | CsvRows:
    """Return what writes the rows of a file: CSV by its ending, else lines of JSON."""
    return CsvRows(query, units) if path.suffix.lower() == ".csv" else JsonLines(query, units)


def write_row(kind: JsonLines | CsvRows, name: str, found: Answer | FaceQLError) -> ResultRow:
    """Return the row of a photo's answer, or of the error that it met."""
    if isinstance(found, FaceQLError):
        return ResultRow(name, kind.failure(name, found), str(found))
    return ResultRow(name, kind.row(name, found), None)


def name_photo(path: str) -> str:
    """Return a photo's name for a file in UTF-8: bytes that are none become \\xff."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def list_photos(folder: Path) -> list[str]:
    """Return the image files below a folder by ending, as relative paths with slashes, sorted.

    Names that are no UTF-8 come as Python has them, with surrogates for the bytes at fault; see `name_photo`.
    """
    found = []
    for here, _, names in os.walk(folder):
        found += [(Path(here) / name).relative_to(folder).as_posix() for name in names if is_photo(name)]
    return sorted(found)


def is_photo(name: str) -> bool:
    """Return whether a file is a photo by its ending, and its name fits in a line."""
    return Path(name).suffix.lower() in PHOTO_ENDINGS and "\n" not in name and "\r" not in name


PHOTO_ENDINGS = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".avif", ".heic", ".heif")
)
