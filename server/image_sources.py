"""Where an image may come from: a file below a root, base64 text, an allowed URL."""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..errors import ConfigError, InvalidRequestError, ServiceError
from .image_listing import suggest_names
from .limits import Limits
from .url_fetcher import UrlFetcher

FETCHERS = 8
READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class ImageSources:
    """Turns what a client names into the bytes of an image file, within what the operator allowed.

    Args:
        limits: Bounds.
        roots: Folders below which files may be read; none by default.
        fetcher: For https URLs; None fetches none.

    Raises:
        ConfigError: A root is no folder.
    """

    def __init__(self, limits: Limits, roots: Iterable[Path] = (), fetcher: UrlFetcher | None = None) -> None:
        self._limits = limits
        self.roots = tuple(Path(os.path.realpath(root)) for root in roots)
        for root in self.roots:
            if not root.is_dir():
                raise ConfigError(f"--root {str(root)!r} is not a folder")
        # Of their own: slow sites should not hold the threads that parse and draw.
        self._fetchers = ThreadPoolExecutor(FETCHERS, "faceql-fetcher")
        self._fetcher = fetcher or UrlFetcher((), max_bytes=limits.image_bytes, seconds=limits.url_seconds)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The hosts images are fetched from."""
        return self._fetcher.allowed_hosts

    def read_path(self, text: str, roots: Sequence[Path] = ()) -> bytes:
        """Return the bytes of an image file below a root; see `open_path`.

        Raises:
            ServiceError: As `open_path`, or it is too large ("too_large").
        """
        with self.open_path(text, roots) as stream:
            return self.check_size(stream.read(self._limits.image_bytes + 1))

    def open_path(self, text: str, roots: Sequence[Path] = ()) -> BinaryIO:
        """Return a file below a root, open for reading, named by its path or a file: URL.

        A relative path starts at the first root that has it.

        Args:
            text: The path.
            roots: Folders in place of the operator's, where there are none of those.

        Raises:
            ServiceError: It may not be read, or is not there, alike ("image_source").
        """
        allowed = self.roots or tuple(roots)
        if not allowed:
            raise ServiceError("image_source", "files are not read here; the operator allows a folder with --root")
        name = read_file_name(text)
        if name is None or "\0" in name or len(name) > 4096:
            raise ServiceError("image_source", "that is no path of this machine")
        for root in allowed:
            # Symlinks are resolved first: one that leads out of the root is refused like any path that does.
            path = Path(os.path.realpath(root / name))
            if path != root and path.is_relative_to(root):
                try:
                    descriptor = open_below(root, path)
                except (OSError, ValueError):
                    continue
                # A folder cannot be read, and a pipe or a device might never end.
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    os.close(descriptor)
                    continue
                return os.fdopen(descriptor, "rb")
        raise refuse_name(allowed, name)

    def read_base64(self, text: str) -> bytes:
        """Return the bytes of base64 text, with or without a data: URL's head.

        Raises:
            ServiceError: It is not base64 (`InvalidRequestError`), or too large ("too_large").
        """
        if text.startswith("data:"):
            head, comma, text = text.partition(",")
            if not comma or not head.endswith(";base64"):
                message = "a data: URL of an image holds ';base64,' and base64 text"
                raise InvalidRequestError([{"loc": ["image"], "msg": message}])
        # Before decoding: four characters carry three bytes.
        if len(text) * 3 // 4 > self._limits.image_bytes + 3:
            raise self._too_large()
        try:
            return self.check_size(base64.b64decode("".join(text.split()), validate=True))
        except (binascii.Error, ValueError):
            raise InvalidRequestError([{"loc": ["image"], "msg": "is not base64 text"}]) from None

    async def read_url(self, url: str) -> bytes:
        """Return the bytes an https URL names; see `UrlFetcher.fetch`.

        Raises:
            ServiceError: As `UrlFetcher.fetch`, or so many are being fetched that it takes too long ("deadline").
        """
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(
                loop.run_in_executor(self._fetchers, self._fetcher.fetch, url), self._limits.deadline_seconds
            )
        except TimeoutError:
            raise ServiceError("deadline", "the image was not fetched in time", retry_after=5.0) from None

    def check_size(self, data: bytes) -> bytes:
        """Return the bytes of an image file if they are not too many.

        Raises:
            ServiceError: They are ("too_large").
        """
        if len(data) > self._limits.image_bytes:
            raise self._too_large()
        return data

    def _too_large(self) -> ServiceError:
        return ServiceError("too_large", f"the image is larger than {self._limits.image_bytes:,} bytes")


def refuse_name(roots: Sequence[Path], name: str) -> ServiceError:
    """Return the error of a file that is not there or may not be read, alike, with names that are near."""
    near = suggest_names(roots, name)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "; list_images tells which do"
    return ServiceError("image_source", f"no image file of this name lies below the folders that may be read{hint}")


def read_file_name(text: str) -> str | None:
    """Return the path a client means, which may begin with "~" or be a file: URL; None if it is not of this machine."""
    if not text.startswith("file:"):
        return os.path.expanduser(text)
    try:
        parts = urlsplit(text)
        return url2pathname(parts.path) if parts.netloc in ("", "localhost") else None
    except ValueError:
        return None


def open_below(root: Path, path: Path) -> int:
    """Open a file whose path holds no symlinks, folder by folder, so that none can be slipped in meanwhile.

    Raises:
        OSError: A component is a symlink by now, or cannot be opened.
    """
    *folders, name = path.relative_to(root).parts
    if os.open not in os.supports_dir_fd:  # Windows
        return os.open(path, READ_FLAGS | getattr(os, "O_BINARY", 0))
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, READ_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)
