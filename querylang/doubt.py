"""Doubt: names that were read as on both sides, though what stands before them is on one, or as whole, though what
stands beside them is at a place.

In: a draft whose asks are bound; out: what each such name would mean on that side, or there, for a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .asks import Ask, Draft
from .entries import Entry
from .joining import find_side
from .listed_steps import find_other
from .meaning import Item, Phrase


def add_doubts(entries: Sequence[Entry], draft: Draft) -> list[Entry]:
    """Return entries with what such names may be as their second reading."""
    doubts, items = dict(find_doubtful(draft)), find_other(draft)
    return [doubt(entry, doubts.get(entry.start), items.get(entry.start)) for entry in entries]


def doubt(entry: Entry, phrase: Phrase | None, item: Item | None) -> Entry:
    """Return an entry with another phrase or another item as its second reading."""
    if entry.kind != "item" or entry.value.phrase is None or (phrase is None and item is None):
        return entry
    other = item or replace(entry.value, phrase=phrase)
    return replace(entry, others=((0.0, other), *entry.others))


def find_doubtful(draft: Draft) -> Iterator[tuple[int, Phrase]]:
    """Yield where such a name starts, and the phrase it may be: "left upper lid, 6 points; then the lower lid, 4"."""
    for index, ask in enumerate(draft.asks):
        if not may_be_one(ask):
            continue
        sides = {find_side(one.phrase.ops): one for one in draft.asks[:index] if one.thing.is_sided}
        if len(sides) != 1 or None in sides:
            continue
        ((side, last),) = sides.items()
        assert side is not None
        made = draft.rules.on_side(ask.phrase.ops, side)
        if made is not None:
            yield ask.start, replace(ask.phrase.mean(made), frame=last.phrase.frame or ask.phrase.frame)


def may_be_one(ask: Ask) -> bool:
    """Whether a name in the singular means one on each side, and no word says so."""
    phrase = ask.phrase
    is_one = ask.is_named and not (phrase.is_free or phrase.is_plural or phrase.det or ask.item.each or ask.is_owned)
    return is_one and ask.thing.takes_side and ask.item.range is None and not ask.item.is_layout
