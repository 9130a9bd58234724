"""The generated part of the model card."""

from __future__ import annotations

from pathlib import Path

from ...errors import ConfigError

START, END = "<!-- evaluation: generated -->", "<!-- end of evaluation -->"


def write_evaluation(card: Path, body: str) -> None:
    """Put an evaluation between the card's two marks, in place of the last one.

    Raises:
        ConfigError: the card lacks the marks.
    """
    text = card.read_text(encoding="utf-8")
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ConfigError(f"{card} has no lines {START!r} and {END!r} to write between")
    card.write_text(f"{before}{START}\n\n{body}\n\n{END}{after}", encoding="utf-8")
