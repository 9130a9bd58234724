"""Where photos lie: a folder, a glob or a Parquet table, on this machine or in a store (s3://, gs://, ...)."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
from fsspec.implementations.arrow import ArrowFSWrapper
from pyarrow import fs, parquet

from ...errors import ConfigError, ImageError
from ..folder_results import is_photo, list_photos

WILDCARDS = re.compile(r"[*?\[]")
PHOTO_COLUMNS = ("image", "photo", "bytes", "path", "file", "url")
NAME_COLUMNS = ("file", "path", "name", "id", "key", "url")


@dataclass(frozen=True)
class Photos:
    """Photos by name.

    Attributes:
        names: All, in order.
        filesystem: Of what is read.
        base: The folder that paths begin at.
        table: The Parquet file or folder, where the photos are in or named by one.
        columns: Of that: each photo's name, and its bytes or path.
    """

    names: list[str]
    filesystem: fs.FileSystem
    base: str
    table: str | None = None
    columns: tuple[str, str] = ("name", "path")

    def read(self, value: bytes | str | dict[str, Any]) -> bytes | Path | ImageError:
        """Return what an engine takes for a photo, or why it cannot be read."""
        if isinstance(value, dict):  # as Hugging Face's data sets have images
            value = value.get("bytes") or value.get("path") or ""
        if isinstance(value, bytes):
            if self.table is not None:
                return value
            value = os.fsdecode(value)
        try:
            filesystem, path = open_filesystem(value) if "://" in value else (self.filesystem, value)
            path = path if path.startswith("/") or "://" in value else f"{self.base}/{path}"
            if isinstance(filesystem, fs.LocalFileSystem):
                return Path(path)
            with filesystem.open_input_stream(path) as stream:
                data: bytes = stream.read()
        except (OSError, ConfigError) as error:
            return ImageError(f"{value!r} cannot be read: {error}")
        return data


def open_filesystem(place: str) -> tuple[fs.FileSystem, str]:
    """Return a filesystem and the path in it that a path or URI names.

    Raises:
        ConfigError: There is no such store, or a package for it is missing.
    """
    if "://" not in place:
        return fs.LocalFileSystem(), str(Path(place).absolute())
    try:
        filesystem, path = fs.FileSystem.from_uri(place)
    except pa.ArrowInvalid:
        from fsspec.core import url_to_fs

        try:
            wrapped, path = url_to_fs(place)
        except (ImportError, ValueError) as error:
            raise ConfigError(f"{place!r} cannot be read: {error}") from error
        filesystem = fs.PyFileSystem(fs.FSSpecHandler(wrapped))
    return filesystem, path


def find_photos(source: str) -> Photos:
    """Return the photos of a folder, of a glob ("s3://bucket/**/*.jpg"), or of a Parquet file or a folder of some.

    Names are paths below the folder, below the part of a glob before its first wildcard, or what a column of the table
    says: `file`, `path`, `name`, `id`, `key` or `url`.

    Raises:
        ConfigError: There is nothing, or it cannot be read, or a table has no column of photos or of names, or names
            twice.
    """
    # A question mark of a URI begins what tells of the store: s3://bucket/photos?endpoint_override=...
    place, mark, query = source.partition("?") if "://" in source else (source, "", "")
    found = WILDCARDS.search(place)
    base = place[: place.rfind("/", 0, found.start()) + 1] if found else place
    filesystem, path = open_filesystem((base or ".") + mark + query)
    path = path.rstrip("/")
    try:
        if found:
            matches = ArrowFSWrapper(filesystem).glob(f"{path}/{place[len(base) :]}")
            names = [str(PurePosixPath(match).relative_to(path)) for match in matches]
        elif path.endswith(".parquet"):
            return read_table(filesystem, path)
        elif isinstance(filesystem, fs.LocalFileSystem):
            names = list_photos(Path(path))
        else:
            names = [str(PurePosixPath(match).relative_to(path)) for match in ArrowFSWrapper(filesystem).find(path)]
    except OSError as error:
        raise ConfigError(f"{source!r} cannot be read: {error}") from error
    return Photos(sorted(filter(is_photo, names)), filesystem, path)


def read_table(filesystem: fs.FileSystem, path: str) -> Photos:
    """Return the photos of a Parquet file, or of a folder of some; only their names are read.

    Raises:
        ConfigError: As `find_photos`.
    """
    data = parquet.ParquetDataset(path, filesystem=filesystem)
    photo = choose_column(data.schema, PHOTO_COLUMNS, "bytes or paths of photos", is_photo_type)
    name = choose_column(data.schema, NAME_COLUMNS, "a name for each photo", pa.types.is_string)
    names = data.read(columns=[name])[name].to_pylist()
    twice = [name for name, count in Counter(names).items() if count > 1 or name is None]
    if twice:
        raise ConfigError(f"{path!r} has {twice[0]!r} more than once in its column {name!r}: names tell photos apart")
    return Photos(names, filesystem, str(PurePosixPath(path).parent), path, (name, photo))


def is_photo_type(kind: pa.DataType) -> bool:
    """Return whether a column may hold photos."""
    types = pa.types
    return any(is_kind(kind) for is_kind in (types.is_binary, types.is_large_binary, types.is_struct, types.is_string))


def choose_column(schema: pa.Schema, wanted: tuple[str, ...], what: str, fits: Any) -> str:
    """Return the first of the wanted columns that is there and fits.

    Raises:
        ConfigError: None does.
    """
    for name in wanted:
        if name in schema.names and fits(schema.field(name).type):
            return name
    raise ConfigError(f"the table has no column of {what}: call one {', '.join(wanted[:-1])} or {wanted[-1]}")
