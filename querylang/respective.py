"""Counts in a row: "the left and the right eye, 6 and 10 points respectively".

In: clauses with several counts, and asks whose sides are known; out: asks with one of them each.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import Ask, Draft, Loose
from .meaning import Item, MistakeError
from .numbers import Number


def gather_counts(draft: Draft) -> None:
    """Put numbers that stand beside one another together where they are as many as the names beside them.

    "The brows and the jaw, 6 then 7 points", "5 points and 7 points on the left eye and the jaw".
    """
    for at in sorted({one.at for one in draft.loose}):
        row = [one for one in draft.loose if one.at == at and one.item.says_only("count") and one.item.count]
        if not row or any(one.sentence != row[0].sentence for one in row):
            continue
        bare, later = find_bare(draft, at - 1, -1), find_bare(draft, at, 1)
        leader = draft.asks[at] if at < len(draft.asks) else None
        if leader is not None and leader.is_named and leader.item.count and leader.sentence == row[0].sentence:
            names = [leader, *find_bare(draft, at + 1, 1)]
            if len(names) == len(row) + 1 and not bare:
                counts = (*(one.item.count for one in row), leader.item.count)
                leader.item = replace(leader.item, count=None)
                merge(draft, row, counts, names)
        elif len(row) > 1 and len(row) in (len(bare), len(later)):
            merge(draft, row, tuple(one.item.count for one in row), bare if len(bare) == len(row) else later)


def merge(draft: Draft, row: list[Loose], counts: tuple[Number | None, ...], names: list[Ask]) -> None:
    """Make one clause of several numbers that are those of names."""
    first, *others = row
    first.item = Item(counts=tuple(one for one in counts if one is not None))
    first.of, first.stop = tuple(names), row[-1].stop
    for one in others:
        draft.loose.remove(one)


def find_bare(draft: Draft, index: int, step: int) -> list[Ask]:
    """Return the asks of a sentence from one on, or back from it, that say no number, in their order."""
    found: list[Ask] = []
    while 0 <= index < len(draft.asks):
        ask = draft.asks[index]
        is_bare = ask.is_named and not ask.is_removal and not ask.item.has_amount
        if not is_bare or (found and ask.sentence != found[0].sentence):
            break
        found.append(ask)
        index += step
    return found[::step]


def give_counts(draft: Draft) -> None:
    """Give each name of a list its own of the counts that stand behind the list, or before it.

    Raises:
        MistakeError: There are more or fewer names than counts.
    """
    gather_counts(draft)
    for loose in [one for one in draft.loose if one.item.counts is not None]:
        counts = loose.item.counts or ()
        own = [i for i, ask in enumerate(draft.asks) if ask.sentence == loose.sentence and not ask.is_removal]
        listed = [i for i in own if draft.asks[i] in loose.of] or [i for i in own if i < loose.at] or own
        asks = [draft.asks[i] for i in listed]
        names = asks if len(asks) == len(counts) else [part for ask in asks for part in divide(ask)]
        if len(names) != len(counts) or any(map(draft.has_amount, listed)):
            message = f"{len(counts)} numbers of points, but {len(names)} names"
            raise MistakeError("contradiction", message, draft.span(loose))
        for ask, count in zip(names, counts, strict=True):
            ask.item, ask.leads = replace(ask.item, count=count, each=loose.item.each or ask.item.each), True
        draft.loose.remove(loose)
        draft.asks[listed[0] : listed[-1] + 1] = names
        for later in draft.loose:
            later.at += (len(names) - len(asks)) * (later.at > listed[0])


def divide(ask: Ask) -> list[Ask]:
    """Return an ask as one for each of its units: the left and the right eye."""
    return [replace(ask, units=(unit,)) for unit in ask.units]
