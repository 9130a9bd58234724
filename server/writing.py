"""Writing files whole or not at all: what a full disk cuts off never takes the place of what was there."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..errors import ConfigError

if TYPE_CHECKING:
    from PIL import Image


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Give a path to write to; what is written takes the place of `path` when the block ends well.

    A device or a pipe is written to as it is. A link's target is replaced, not the link.

    Raises:
        ConfigError: It cannot be written; `path` is as it was.
    """
    real = Path(os.path.realpath(path))
    if real.exists() and not real.is_file():
        with tell_full_disk(path):
            yield real
        return
    # The ending stays: it chooses a picture's format.
    aside = real.with_name(f".{real.stem}.{os.getpid()}{real.suffix}")
    try:
        with tell_full_disk(path):
            yield aside
            if real.exists():
                shutil.copymode(real, aside)
            os.replace(aside, real)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@contextmanager
def tell_full_disk(path: Path) -> Iterator[None]:
    """Turn what the system says of a file that cannot be written into an error for people.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise ConfigError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def append_whole(stream: BinaryIO, text: str, path: Path) -> None:
    """Write a row of answers whole, or nothing of it.

    Args:
        stream: Has no buffer: what could not be written must not come back when it is closed.
        text: The row.
        path: What the file is called.

    Raises:
        ConfigError: The disk is full.
    """
    begin = stream.tell()
    rest = memoryview(text.encode())
    try:
        while rest:
            rest = rest[stream.write(rest) or 0 :]
    except OSError as error:
        with suppress(OSError):
            stream.truncate(begin)
        raise ConfigError(
            f"cannot write {str(path)!r}: {error.strerror or error}; the answers so far are whole, and the same "
            "command goes on from there"
        ) from error


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Have a function write a file, whole or not at all.

    Raises:
        ConfigError: It cannot be written.
    """
    with write_aside(path) as aside:
        write(aside)


def write_picture(path: Path, picture: Image.Image) -> None:
    """Write a picture in the format of a path's ending, whole or not at all.

    It is encoded first: Pillow does not say when it cannot write the whole of a JPEG.

    Raises:
        ConfigError: It cannot be written.
    """
    from PIL import Image

    stream = io.BytesIO()
    picture.save(stream, Image.registered_extensions()[path.suffix.lower()])
    write_file(path, lambda aside: aside.write_bytes(stream.getvalue()))
