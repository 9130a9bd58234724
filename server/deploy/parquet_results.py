"""Results as a folder of Parquet files, each written whole; read by pandas, polars, DuckDB and Ray as one table."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ...errors import ConfigError
from ..folder_results import ResultRow
from ..writing import tell_full_disk, write_file

ROWS = 1000
"""Rows of a file: what a process that is killed has to ask again, at most."""
SCHEMA = pa.schema([("file", pa.string()), ("answer", pa.large_string()), ("error", pa.large_string())])
"""The members of a line of JSON, answer and error as JSON text; one of both is null."""


class ParquetParts:
    """A folder `part-00000.parquet`, ... that grows; opening an old one goes on where it left off.

    Args:
        folder: Where they are; made if need be.
        overwrite: Begin anew.
        retry_failed: Forget the photos without an answer, so that they are asked again.

    Raises:
        ConfigError: It cannot be read or written, or holds something else than results.
    """

    def __init__(self, folder: Path, *, overwrite: bool, retry_failed: bool) -> None:
        self._folder = folder
        self._waiting: list[dict[str, str | None]] = []
        self.done: set[str] = set()
        with tell_full_disk(folder):
            folder.mkdir(exist_ok=True)
        parts = sorted(folder.glob("part-*.parquet"))
        self._next = int(parts[-1].stem.removeprefix("part-")) + 1 if parts and not overwrite else 0
        for part in parts:
            if overwrite:
                part.unlink()
            else:
                self._open(part, retry_failed)

    def add(self, row: ResultRow) -> None:
        """Keep a photo's row, a line of JSON; it is written with those that follow."""
        line = json.loads(row.text)
        given = {name: json.dumps(line[name], ensure_ascii=False) if name in line else None for name in SCHEMA.names}
        self._waiting.append(given | {"file": line["file"]})
        if len(self._waiting) >= ROWS:
            self._write()

    def close(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._write()

    def _open(self, part: Path, retry_failed: bool) -> None:
        try:
            table = parquet.read_table(part, schema=SCHEMA)
        except (OSError, pa.ArrowInvalid) as error:
            raise ConfigError(f"{str(part)!r} holds something else than results; give another --out") from error
        if retry_failed and table["error"].null_count < len(table):
            kept = table.filter(pa.compute.is_null(table["error"]))
            write_file(part, lambda aside: parquet.write_table(kept, aside))
            table = kept
        self.done.update(table["file"].to_pylist())

    def _write(self) -> None:
        table = pa.Table.from_pylist(self._waiting, SCHEMA)
        write_file(self._folder / f"part-{self._next:05}.parquet", lambda aside: parquet.write_table(table, aside))
        self._next += 1
        self._waiting = []
