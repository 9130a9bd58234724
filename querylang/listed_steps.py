"""Positions, densities and steps said once of a list, where its words say that they are each one's.

In: the asks of a draft; out: the same, where "at 25% of each of the left eye and the jaw", "both the brow and the jaw
at density 2" and "at density 2 each" are said of the whole list.  Else they belong to their own item (language.md,
section 4), and a note tells the other reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

from .asks import Ask, Draft, Loose, only
from .meaning import Item, add

STEPS = ("density", "positions", "every", "pixels", "segments", "nth")
LISTED = frozenset({"and", "comma", "of"})


def spread_steps(draft: Draft) -> None:
    """Let what words say is each one's be that of a whole list."""
    join_positions(draft)
    place_counted(draft)
    for ask, others in find_lists(draft):
        first = min((ask, *others), key=lambda one: one.start)
        is_each = first.phrase.det in ("each", "both") and len(first.thing.units) == 1
        words = {lexeme.word for lexeme in draft.list_lexemes(ask)}
        is_headed = ask is not first and ":" in words and "and" in ask.before
        if is_each or is_headed or ask.item.each or (ask.item.segments is not None and "into" in words):
            for one in others:
                one.item = add(one.item, only(ask.item, STEPS))
            ask.item = replace(ask.item, each=None)


def find_lists(draft: Draft) -> Iterator[tuple[Ask, list[Ask]]]:
    """Yield what says steps at the start or the end of a list, and the bare names beside it."""
    for index, ask in enumerate(draft.asks):
        if only(ask.item, STEPS) == Item() or ask.is_removal or ask.item.is_layout or not ask.is_named:
            continue
        later = [*takewhile(lambda at: follows(draft, at), range(index + 1, len(draft.asks)))]
        before = [*takewhile(lambda at: follows(draft, at + 1), range(index - 1, -1, -1))]
        others = [draft.asks[at] for at in (before if before and not later else later if later and not before else ())]
        if others and all(is_bare(draft, one) for one in others):
            yield ask, others


def follows(draft: Draft, index: int) -> bool:
    """Whether an ask is the next of a list."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    return bool(ask.before) and ask.before <= LISTED and ask.sentence == last.sentence


def is_bare(draft: Draft, ask: Ask) -> bool:
    """Whether an ask is the name of a stretch, and no more."""
    is_stretch = ask.is_named and not (ask.is_removal or ask.thing.is_place or ask.phrase.is_free)
    return is_stretch and ask.item.says_only("phrase", "frame") and not draft.has_amount(draft.asks.index(ask))


def join_positions(draft: Draft) -> None:
    """Make one of positions that are said one after the other: "..., at 25% and at 75%"."""
    loose = [one for one in draft.loose if one.item.says_only("positions") and one.item.positions is not None]
    for last, one in zip(loose[-2::-1], loose[:0:-1], strict=True):
        if last.at == one.at and last.sentence == one.sentence and one.before <= LISTED:
            last.item = replace(last.item, positions=(*(last.item.positions or ()), *(one.item.positions or ())))
            last.stop = one.stop
            draft.loose.remove(one)


def place_counted(draft: Draft) -> None:
    """Let positions behind a list be where the counted points of each lie: "two on each of ..., at 25% and 75%"."""
    for loose in [one for one in draft.loose if one.item.says_only("positions") and one.item.positions is not None]:
        asks = [*reversed([ask for ask in draft.asks[: loose.at] if ask.sentence == loose.sentence])]
        listed = asks[: 1 + len([*takewhile(lambda one: bool(one.before) and one.before <= LISTED, asks)])]
        counts = [one.item.count for one in listed if one.item.count is not None]
        is_each = bool(listed) and listed[-1].phrase.det in ("each", "both") and len(counts) == 1
        is_each = is_each or len(counts) == len(listed) > 1
        if len(listed) > 1 and is_each and all(count.value == len(loose.item.positions or ()) for count in counts):
            place(draft, loose, listed)


def place(draft: Draft, loose: Loose, listed: list[Ask]) -> None:
    """Let the points of a list lie where a clause behind it says."""
    if all(one.is_named and one.item.says_only("phrase", "frame", "count", "each") for one in listed):
        for one in listed:
            one.item = replace(one.item, count=None, each=None, positions=loose.item.positions)
        draft.loose.remove(loose)


def find_other(draft: Draft) -> dict[int, Item]:
    """Return what the one bare name beside another's steps may be: "the brow and the jaw at 25%"."""
    return {
        others[0].start: add(others[0].item, only(ask.item, STEPS))
        for ask, others in find_lists(draft)
        if len(others) == 1 and "and" in max(ask, others[0], key=lambda one: one.start).before
    }
