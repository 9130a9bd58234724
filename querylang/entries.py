"""Entries: the clauses of an instruction, one after the other, as the chart's readings cover the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One clause, in the order of the text.

    Attributes:
        kind: "item", "except", "heading", "purpose", "unknown", "bad", "condition" or "gap".
        value: An Item, or what the kind needs.
        start, stop: Its nodes.
        before: The separators between the entry before and this one.
        others: Further readings, with how much dearer each is.
    """

    kind: str
    value: Any
    start: int
    stop: int
    before: frozenset[str] = frozenset()
    others: tuple[tuple[float, Any], ...] = field(default=())


Step = tuple[int, float, Entry | str | None]
"""Where it stops, its cost, and the entry or separator."""


def gather(path: Sequence[Entry | str]) -> list[Entry]:
    """Return the entries of a path, each with the separators before it."""
    entries: list[Entry] = []
    before: list[str] = []
    for what in path:
        if isinstance(what, str):
            # "As many on the left eye as on the right one" is a list, too.
            before += [what, "and"] if what in ("as", "including") else [what]
        else:
            what.before = frozenset(before)
            before = []
            entries.append(what)
    if "and" in before and entries:
        entries.append(Entry("end", None, entries[-1].stop, entries[-1].stop + 1, frozenset(before)))
    return entries
