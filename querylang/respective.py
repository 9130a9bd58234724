"""Counts in a row: "the left and the right eye, 6 and 10 points respectively".

In: clauses with several counts, and asks whose sides are known; out: asks with one of them each.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import Ask, Draft
from .meaning import MistakeError


def give_counts(draft: Draft) -> None:
    """Give each name of a list its own of the counts that stand behind the list, or before it.

    Raises:
        MistakeError: There are more or fewer names than counts.
    """
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
