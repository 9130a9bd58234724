"""`faceql ask PHOTOS --ray ADDRESS`: one instruction on the photos of a folder, glob or table, by many engines.

The photos are read where they are asked about; what comes back are rows of results, in the photos' order.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pyarrow as pa
import ray
from ray.data import ActorPoolStrategy, DataContext, Dataset
from ray.exceptions import RayTaskError

from ...engine.ask_settings import AskSettings
from ...errors import ConfigError, FaceQLError
from ..folder_command import check_out, describe_asked, write_results
from ..folder_results import JsonLines, ResultFile, ResultRow, Results, name_photo, write_row
from ..folder_settings import Settings
from .parquet_results import ParquetParts
from .photo_sources import Photos, find_photos

if TYPE_CHECKING:
    from ...engine import Engine
    from ...querylang.query import Query

ENDINGS = (".jsonl", ".parquet")
BATCH = 16
READERS = 8
CONNECT_SECONDS = 10.0


class Asker:
    """An actor with an engine: a table of photos becomes one of rows.

    Args:
        photos: Where they are; its names are not needed.
        query: What is asked of each.
        asked: Which faces, and the units of what is written.
        load_engine: Makes the engine.
        done: Photos that have results already.
    """

    def __init__(
        self, photos: Photos, query: Query, asked: AskSettings, load_engine: Callable[[], Engine], done: frozenset[str]
    ) -> None:
        self._engine = load_engine()
        self._photos, self._query, self._faces, self._done = photos, query, asked.faces, done
        self._kind = JsonLines(query, asked.units)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return name, text and error of each photo that has no results yet."""
        names, values = (batch[column].to_pylist() for column in self._photos.columns)
        asked = [(name, value) for name, value in zip(names, values, strict=True) if name not in self._done]
        with ThreadPoolExecutor(READERS, "faceql-reader") as readers:
            sources = list(readers.map(self._photos.read, [value for _, value in asked]))
        outcomes = self._engine.ask_many(
            [source for source in sources if not isinstance(source, FaceQLError)],
            self._query,
            faces=self._faces or None,
        )
        rows: dict[str, list[str | None]] = {"name": [], "text": [], "error": []}
        for (name, _), source in zip(asked, sources, strict=True):
            if isinstance(source, FaceQLError):
                row = write_row(self._kind, name, source)
            else:
                outcome = next(outcomes)
                row = write_row(self._kind, name, outcome.error or outcome.get())
            for column, value in zip(rows, (row.name, row.text, row.error), strict=True):
                rows[column].append(value)
        return pa.table(rows, pa.schema([(column, pa.large_string()) for column in rows]))


def ask_on_ray(
    source: str,
    instruction: str,
    out: Path | None,
    load_engine: Callable[[], Engine],
    *,
    address: str,
    actors: int | None,
    gpus_each: float | None,
    device: str,
    asked: AskSettings,
    settings: Settings,
    overwrite: bool,
    retry_failed: bool,
) -> int:
    """Answer an instruction on many photos on a cluster; return the exit status; see `ask_folder`.

    Args:
        source: As `find_photos` takes it.
        instruction: As `Engine.ask` has it.
        out: Ends in .jsonl, or in .parquet for a folder of Parquet files; on this machine.
        load_engine: Makes an engine, in another process.
        address: "local" for a cluster of this machine alone, "auto" for the one it belongs to, or where one is.
        actors: How many engines; by default as many as the cluster has room for now.
        gpus_each: Each engine's share of a GPU; by default a whole one where there are any.
        device: What the engines run on.
        asked: Which faces, how the instruction is meant, and the units of what is written.
        settings: How the engine is set up, where it changes answers.
        overwrite: Begin anew.
        retry_failed: Ask photos again that had no answer.

    Raises:
        QueryError: The instruction cannot be understood.
        ConfigError: The photos or the cluster are not there, or as `ask_folder`.
        click.UsageError: There is no --out for results.
    """
    query = asked.parse(instruction)
    out = check_out(out, source, ENDINGS)
    real = Path(os.path.realpath(out))
    photos = find_photos(source)

    def ask(missing: list[str]) -> tuple[str, Iterator[ResultRow]]:
        stack.enter_context(join_cluster(address))
        count, resources = share_cluster(actors, gpus_each, device)
        version = find_version(load_engine, resources)
        found = set(map(name_photo, missing))
        done = frozenset(name for name in photos.names if name not in found) if photos.table else frozenset()
        rows = open_dataset(photos, missing).map_batches(
            Asker,
            fn_constructor_args=(replace(photos, names=[]), query, asked, load_engine, done),
            compute=ActorPoolStrategy(size=min(count, -(-len(missing) // BATCH))),
            batch_size=BATCH,
            batch_format="pyarrow",
            **resources,
        )
        return version, read_rows(rows)

    def open_results() -> Results:
        if real.suffix.lower() == ".parquet":
            return ParquetParts(real, overwrite=overwrite, retry_failed=retry_failed)
        return ResultFile(real, query, asked.units, overwrite=overwrite, retry_failed=retry_failed)

    asked_with = describe_asked(query, asked) | dict(settings)
    with ExitStack() as stack:
        status = write_results(
            real, source, photos.names, ask, open_results, asked_with=asked_with, overwrite=overwrite
        )
    click.echo(f"results: {out}")
    return status


@contextmanager
def join_cluster(address: str) -> Iterator[None]:
    """Be part of a cluster for a while, unless this process is part of one already.

    Raises:
        ConfigError: There is none.
    """
    if ray.is_initialized():
        yield
        return
    host, mark, port = address.removeprefix("ray://").rpartition(":")
    try:
        if mark:
            # Ray itself tries for minutes.
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(
            f"no Ray cluster answers at {address!r}: start one with `ray start --head`, or say --ray local"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def share_cluster(actors: int | None, gpus_each: float | None, device: str) -> tuple[int, dict[str, float]]:
    """Return how many engines a cluster has room for, and what Ray is to give each."""
    there = ray.cluster_resources()
    if gpus_each is None:
        gpus_each = 1.0 if there.get("GPU") and device != "cpu" else 0.0
    room = there.get("GPU", 0.0) / gpus_each if gpus_each else there.get("CPU", 1.0)
    resources = {"num_gpus": gpus_each} if gpus_each else {"num_cpus": 1.0}
    return actors or max(1, int(room)), resources


def find_version(load_engine: Callable[[], Engine], resources: dict[str, float]) -> str:
    """Return the version of the weights, from an engine on the cluster: what is wrong with it shows here.

    Raises:
        CheckpointError: The weights cannot be loaded there.
        ConfigError: An option is wrong.
    """
    try:
        version: str = ray.get(ray.remote(load_version).options(**resources).remote(load_engine))
    except RayTaskError as error:
        if isinstance(error.cause, FaceQLError):
            raise error.cause from None
        raise
    return version


def load_version(load_engine: Callable[[], Engine]) -> str:
    return load_engine().model_version


def open_dataset(photos: Photos, missing: list[str]) -> Dataset:
    """Return names and photos, or where those are, as a data set whose order is kept."""
    context = DataContext.get_current()
    context.execution_options.preserve_order = True
    # This command tells itself how far it is.
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if photos.table is None:
        # As bytes: the name of a file need be no text.
        return ray.data.from_items([{"name": name_photo(name), "path": os.fsencode(name)} for name in missing])
    # For no processor: the engines hold all of them.
    return ray.data.read_parquet(
        photos.table, filesystem=photos.filesystem, columns=list(dict.fromkeys(photos.columns)), num_cpus=0
    )


def read_rows(dataset: Dataset) -> Iterator[ResultRow]:
    """Yield the row of each photo, in order."""
    for batch in dataset.iter_batches(batch_size=None, batch_format="pyarrow"):
        for row in batch.to_pylist():
            yield ResultRow(row["name"], row["text"], row["error"])
