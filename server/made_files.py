"""Files made for clients and kept in memory for a while: masks, crops, drawings, tables."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FILES = "faceql://files/"
"""What a file's resource is called, before its key."""
TEXTS = ("json", "jsonl", "svg+xml")


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that was made.

    Attributes:
        key: Its name, 128 random bits and an ending.
        media: Its media type.
        data: Its bytes.
        ends: When it is forgotten, on the store's clock.
    """

    key: str
    media: str
    data: bytes
    ends: float

    @property
    def uri(self) -> str:
        """What its resource is called."""
        return FILES + self.key

    @property
    def content(self) -> str | bytes:
        """What it holds: text where it is text, which a model reads as it is."""
        is_text = self.media.startswith("text/") or self.media.partition("/")[2] in TEXTS
        return self.data.decode() if is_text else self.data


class FileStore:
    """Holds made files in memory only; bounded in bytes and time, the oldest are forgotten first.

    Args:
        seconds: Life of a file.
        max_bytes: The most bytes held.
        clock: Seconds that only rise.
    """

    def __init__(self, *, seconds: float, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._clock = clock
        self._files: OrderedDict[str, MadeFile] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, data: bytes, media: str, ending: str) -> MadeFile:
        """Keep a file."""
        made = MadeFile(f"{secrets.token_urlsafe(16)}.{ending}", media, data, self._clock() + self._seconds)
        with self._lock:
            self._files[made.key] = made
            self._forget()
        return made

    def get(self, key: str) -> MadeFile | None:
        """Return a file; None where it never was or is forgotten."""
        with self._lock:
            self._forget()
            return self._files.get(key)

    def _forget(self) -> None:
        now = self._clock()
        for key in [key for key, made in self._files.items() if made.ends <= now]:
            del self._files[key]
        while len(self._files) > 1 and sum(len(made.data) for made in self._files.values()) > self._max_bytes:
            self._files.popitem(last=False)
