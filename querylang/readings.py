"""Readings: what an instruction could as well have meant, told in a note.

In: the entries that were read, each with its second reading; out: the canonical text of answers that lie so near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .canonical import write_query
from .entries import Entry
from .lattice import Lattice
from .registry import Registry
from .runs import Run, lay_out

OTHER_READING = "it could also mean "
"""What a note on a second reading begins with; its canonical text follows."""
NEAR = 0.25
"""A second reading that costs no more than that is as likely as the first."""
FAR = 1.5
"""A second reading that costs more than that makes no sense of what has none."""
MOST_TRIED = 3

Placed = Sequence[Run] | None


def find_other_readings(
    entries: Sequence[Entry], runs: Sequence[Run], place: Callable[[list[Entry]], Placed], registry: Registry
) -> list[str]:
    """Return the canonical texts of other readings.

    Args:
        entries: The entries as read, before they were bound.
        runs: What they were read as.
        place: Lays out entries; None where they make no query.
        registry: Parts and layouts.
    """
    near = [i for i, entry in enumerate(entries) if entry.others and entry.others[0][0] <= NEAR]
    own = list(lay_out(runs, registry)) if near else []
    found: list[str] = []
    for i in near[:MOST_TRIED]:
        other = place(take_second(entries, i))
        if other is not None and list(lay_out(other, registry)) != own:
            found.append(write_query(other, None, "largest", registry))
    return found


def vary(entries: Sequence[Entry], lattice: Lattice) -> Iterator[tuple[list[Entry], str]]:
    """Yield entries with one of them in its second reading, if that is not far-fetched, and its words."""
    open_to = [i for i, entry in enumerate(entries) if entry.others and entry.others[0][0] <= FAR]
    # "All faces, 5 points each: ..." is no whole face.
    open_to = [i for i in open_to if entries[i].value.faces == entries[i].others[0][1].faces]
    for i in open_to[:MOST_TRIED]:
        yield take_second(entries, i), lattice.words(entries[i].start, entries[i].stop)
    counted = [i for i in open_to if entries[i].kind == "item" and entries[i].value.count is not None][:MOST_TRIED]
    if len(counted) > 1:
        # "Lids of the right eye: 5 top, 4 bottom".
        others = list(entries)
        for i in counted:
            others = take_second(others, i)
        yield others, lattice.words(entries[counted[0]].start, entries[counted[-1]].stop)


def take_second(entries: Sequence[Entry], index: int) -> list[Entry]:
    """Return entries, one of them in its second reading."""
    others = list(entries)
    others[index] = replace(entries[index], value=entries[index].others[0][1])
    return others
