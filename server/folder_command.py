"""`faceql ask FOLDER`: one instruction on all photos below a folder, into one file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..engine.ask_settings import DEFAULT_SETTINGS, AskSettings
from .folder_results import RESULT_ENDINGS, ResultFile, list_photos, name_photo
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
        asked: Which faces, and how the instruction is meant.
        retry_failed: Ask photos again that had no answer.
        settings: How the engine is set up, where it changes answers: what results must not be mixed of.

    Raises:
        QueryError: The instruction cannot be understood.
        ConfigError: The file cannot be written, holds something else than results of this instruction or with these
            settings, or another process writes to it.
        click.UsageError: There is no --out for results.
    """
    query = asked.parse(instruction)
    if out is None or out.suffix.lower() not in RESULT_ENDINGS:
        raise click.UsageError(f"{str(folder)!r} is a folder: say where the answers go, --out results.jsonl or .csv")
    names = list_photos(folder)
    if not names:
        raise click.UsageError(f"there is no photo in {str(folder)!r}")
    # Through a link it is the same file, with one lock.
    real = Path(os.path.realpath(out))
    asked_with: dict[str, Any] = {
        "instruction": query.canonical,
        "perspective": asked.perspective,
        "faces": asked.faces or "as asked",
    }
    kept = SettingsFile(real)
    try:
        is_new = overwrite or not real.exists() or not real.stat().st_size
        if not is_new:
            kept.check(asked_with | dict(settings or {}))
        results = ResultFile(real, query, overwrite=overwrite, retry_failed=retry_failed)
        try:
            missing = [name for name in names if name_photo(name) not in results.done]
            progress = Progress(len(names), len(names) - len(missing))
            errors: list[str] = []
            if missing:
                engine = load_engine()
                asked_with |= dict(settings or {}) | {"weights": engine.model_version}
                if not is_new:
                    kept.check(asked_with)
                with tell_full_disk(out):
                    kept.write(asked_with)
                ask_missing(engine, folder, missing, query, asked.faces, results, progress, errors)
        finally:
            results.close()
    finally:
        kept.close()
    progress.end()
    click.echo(f"{len(missing) - len(errors)} of {len(names)} photos answered now", err=True, nl=False)
    click.echo(f", {len(names) - len(missing)} before" if len(missing) < len(names) else "", err=True)
    if errors:
        click.echo(f"{len(errors)} skipped:", err=True)
        click.echo("\n".join(errors[:MOST_ERRORS_SHOWN]), err=True)
        if len(errors) > MOST_ERRORS_SHOWN:
            click.echo(f"  and {len(errors) - MOST_ERRORS_SHOWN} more", err=True)
    click.echo(f"results: {out}")
    return int(bool(errors) and len(errors) == len(names))


def ask_missing(
    engine: Engine,
    folder: Path,
    missing: list[str],
    query: Query,
    faces: str | None,
    results: ResultFile,
    progress: Progress,
    errors: list[str],
) -> None:
    """Write down the answer of each photo, or why it has none, which `errors` gets too."""
    outcomes = engine.ask_many([folder / name for name in missing], query, faces=faces)
    for name, outcome in zip(map(name_photo, missing), outcomes, strict=True):
        if outcome.error is not None:
            results.add_error(name, outcome.error)
            errors.append(f"  {name}: {outcome.error}")
        else:
            results.add_answer(name, outcome.get())
        progress.show(len(errors))


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
