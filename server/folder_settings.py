"""The file beside a folder's results: what they were asked with, and a lock for whoever writes them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import ConfigError

ENDING = ".settings.json"
Settings = Mapping[str, str | bool]
FORMERLY = {"units": "px"}
"""What held before a setting was kept."""


class SettingsFile:
    """Keeps `results.jsonl.settings.json`, and holds its lock until it is closed or the process ends.

    Args:
        results: The file of results.

    Raises:
        ConfigError: It cannot be written, or another process holds the lock.
    """

    def __init__(self, results: Path) -> None:
        self._results = results
        self._path = path = results.with_name(results.name + ENDING)
        try:
            self._stream: BinaryIO = path.open("a+b", buffering=0)
        except OSError as error:
            # Where there is no such folder, it is the name that was given that is wrong.
            place = path if results.parent.is_dir() else results
            raise ConfigError(f"cannot write {str(place)!r}: {error.strerror or error}") from error
        try:
            lock(self._stream)
            # Whoever had it before may have removed it since it was opened.
            if not os.path.samestat(os.fstat(self._stream.fileno()), path.stat()):
                raise OSError
        except OSError as error:
            self._stream.close()
            raise ConfigError(
                f"another faceql is writing to {str(results)!r}: wait for it, or give another --out"
            ) from error

    def check(self, settings: Settings) -> None:
        """Refuse results that were asked with other settings; those that tell none fit all, but that units were pixels.

        Raises:
            ConfigError: A setting differs; the message names it and both values.
        """
        before = self.read()
        for name, now in settings.items():
            then = before.get(name, FORMERLY.get(name, now))
            if then != now and name == "instruction":
                raise ConfigError(
                    f"{str(self._results)!r}: it holds answers to another instruction ({then!r}); give another --out, "
                    "or --overwrite"
                )
            if then != now:
                raise ConfigError(
                    f"{str(self._results)!r} holds answers asked with {describe(name, then)}, and now it is "
                    f"{describe(name, now)}: give another --out, or --overwrite"
                )

    def read(self) -> dict[str, str | bool]:
        """Return the settings of the results that are there; none where they are not known."""
        self._stream.seek(0)
        try:
            found = json.loads(self._stream.read())
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, settings: Settings) -> None:
        """Keep the settings.

        Raises:
            OSError: The disk is full.
        """
        self._stream.truncate(0)
        self._stream.write((json.dumps(dict(settings), indent=1, ensure_ascii=False) + "\n").encode())

    def close(self) -> None:
        """Let go of the lock; where no settings were kept, nothing stays behind."""
        with suppress(OSError):
            if not os.fstat(self._stream.fileno()).st_size:
                self._path.unlink()
        self._stream.close()


def describe(name: str, value: object) -> str:
    """Return a setting for people."""
    if isinstance(value, bool):
        return f"{name} {'on' if value else 'off'}"
    return f"{name} {value!r}"


def lock(stream: BinaryIO) -> None:
    """Take the lock of a file, if nobody has it.

    Raises:
        OSError: Somebody has.
    """
    if sys.platform == "win32":
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
