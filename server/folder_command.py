"""`faceql ask FOLDER`: one instruction on all photos below a folder, into one file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..engine.ask_settings import DEFAULT_SETTINGS, AskSettings
from .folder_results import (
    RESULT_ENDINGS,
    ResultFile,
    ResultRow,
    Results,
    choose_kind,
    list_photos,
    name_photo,
    write_row,
)
from .folder_settings import Settings, SettingsFile
from .writing import tell_full_disk

if TYPE_CHECKING:
    from ..engine import Engine
    from ..querylang.query import Query

# Lines of a log, where the progress cannot be drawn over itself.
SECONDS_BETWEEN_LINES = 10.0
MOST_ERRORS_SHOWN = 20


def ask_folder(
    folder: Path,
    instruction: str,
    out: Path | None,
    load_engine: Callable[[], Engine],
    *,
    overwrite: bool,
    asked: AskSettings = DEFAULT_SETTINGS,
    retry_failed: bool = False,
    settings: Settings | None = None,
) -> int:
    """Answer an instruction on every photo below a folder; return the exit status: 1 if none was answered.

    Photos that cannot be answered are told at the end and skipped. A file that has results already is gone on with,
    if they were asked with the same settings; photos without an answer in a .csv are tried again, those in a .jsonl
    are done unless `retry_failed` says otherwise.

    Args:
        folder: Where the photos are.
        instruction: As `Engine.ask` has it.
        out: Ends in .jsonl or .csv. Beside it a file keeps the settings.
        load_engine: Makes the engine, if there is work for it.
        overwrite: Begin anew.
        asked: Which faces, how the instruction is meant, and the units of what is written.
        retry_failed: Ask photos again that had no answer.
        settings: How the engine is set up, where it changes answers: what results must not be mixed of.

    Raises:
        QueryError: The instruction cannot be understood.
        ConfigError: The file cannot be written, holds something else than results of this instruction or with these
            settings, or another process writes to it.
        click.UsageError: There is no --out for results.
    """
    query = asked.parse(instruction)
    out = check_out(out, folder)
    # Through a link it is the same file, with one lock.
    real = Path(os.path.realpath(out))
    names = list_photos(folder)

    def ask(missing: list[str]) -> tuple[str, Iterator[ResultRow]]:
        engine = load_engine()
        kind = choose_kind(real, query, asked.units)
        outcomes = engine.ask_many([folder / name for name in missing], query, faces=asked.faces or None)
        rows = (
            write_row(kind, name, outcome.error or outcome.get())
            for name, outcome in zip(map(name_photo, missing), outcomes, strict=True)
        )
        return engine.model_version, rows

    status = write_results(
        real,
        folder,
        names,
        ask,
        lambda: ResultFile(real, query, asked.units, overwrite=overwrite, retry_failed=retry_failed),
        asked_with=describe_asked(query, asked) | dict(settings or {}),
        overwrite=overwrite,
    )
    click.echo(f"results: {out}")
    return status


def check_out(out: Path | None, source: object, endings: tuple[str, ...] = RESULT_ENDINGS) -> Path:
    """Return where results go.

    Raises:
        click.UsageError: Nothing was said, or another kind of file.
    """
    if out is None or out.suffix.lower() not in endings:
        *others, last = endings
        raise click.UsageError(
            f"{str(source)!r} is a folder: say where the answers go, --out results{', '.join(others)} or {last}"
        )
    return out


def describe_asked(query: Query, asked: AskSettings) -> dict[str, str | bool]:
    """Return what results must not be mixed of."""
    return {
        "instruction": query.canonical,
        "perspective": asked.perspective,
        "faces": asked.faces or "as asked",
        "units": asked.units,
    }


def write_results(
    out: Path,
    source: object,
    names: list[str],
    ask: Callable[[list[str]], tuple[str, Iterator[ResultRow]]],
    open_results: Callable[[], Results],
    *,
    asked_with: dict[str, str | bool],
    overwrite: bool,
) -> int:
    """Have photos asked that have no result yet, write the rows down, and tell how it went; see `ask_folder`.

    Args:
        out: Where results are; beside it a file keeps the settings.
        source: Where the photos are, for people.
        names: All photos, in order.
        ask: Given those that are missing, returns the version of the weights and a row for each, in order.
        open_results: Opens what is at `out`.
        asked_with: All settings that change answers, but the weights.
        overwrite: Begin anew.
    """
    if not names:
        raise click.UsageError(f"there is no photo in {str(source)!r}")
    kept = SettingsFile(out)
    errors: list[str] = []
    try:
        is_new = overwrite or not out.exists() or not out.stat().st_size
        if not is_new:
            kept.check(asked_with)
        results = open_results()
        try:
            missing = [name for name in names if name_photo(name) not in results.done]
            if missing:
                version, rows = ask(missing)
                asked_with = asked_with | {"weights": version}
                if not is_new:
                    kept.check(asked_with)
                with tell_full_disk(out):
                    kept.write(asked_with)
                progress = Progress(len(names), len(names) - len(missing))
                for row in rows:
                    results.add(row)
                    if row.error is not None:
                        errors.append(f"  {row.name}: {row.error}")
                    progress.show(len(errors))
                progress.end()
        finally:
            results.close()
    finally:
        kept.close()
    tell_end(len(names), len(missing), errors)
    return int(bool(errors) and len(errors) == len(names))


def tell_end(count: int, missing: int, errors: list[str]) -> None:
    """Say how many photos were answered, and which were not."""
    click.echo(f"{missing - len(errors)} of {count} photos answered now", err=True, nl=False)
    click.echo(f", {count - missing} before" if missing < count else "", err=True)
    if errors:
        click.echo(f"{len(errors)} skipped:", err=True)
        click.echo("\n".join(errors[:MOST_ERRORS_SHOWN]), err=True)
        if len(errors) > MOST_ERRORS_SHOWN:
            click.echo(f"  and {len(errors) - MOST_ERRORS_SHOWN} more", err=True)


class Progress:
    """A line on standard error that says how far the work is; on a terminal always the same line.

    Args:
        total: How many there are; 0 where that is not known.
        done: How many were done before.
        things: What they are.
    """

    def __init__(self, total: int, done: int, things: str = "photos") -> None:
        self._things = things
        self._total, self._done, self._begun = total, done, done
        self._started = self._shown = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def show(self, skipped: int) -> None:
        """Tell of one more; `skipped` of them had no answer."""
        self._done += 1
        now = time.monotonic()
        if now - self._shown < (0.2 if self._is_terminal else SECONDS_BETWEEN_LINES):
            return
        self._shown = now
        each = (now - self._started) / (self._done - self._begun)
        left = each * (self._total - self._done)
        text = f"{self._done} of {self._total}" if self._total else f"{self._done}"
        text += f" {self._things}, {1 / max(each, 1e-9):.1f} a second"
        text += f", {describe_seconds(max(0.0, left))} left" if self._total else ""
        text += f", {skipped} skipped" if skipped else ""
        click.echo(f"\r{text:<78}" if self._is_terminal else text, err=True, nl=not self._is_terminal)

    def end(self) -> None:
        """Wipe the line."""
        if self._is_terminal:
            click.echo(f"\r{'':<78}\r", err=True, nl=False)


def describe_seconds(seconds: float) -> str:
    """Return a time for people: "40 s", "3 min", "1.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
