"""Totals: one number said for all and another for each, "12 points on both eyes, 6 each", which must agree.

In: clauses and asks of a draft, with the amounts bound so far; out: whether they say one thing, or a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile

from .asks import BREAKS, Ask, Draft, Loose
from .meaning import Item, MistakeError
from .numbers import Number

JOINS = frozenset({"and", "also", "comma"})
KEPT_APART = BREAKS | {"then", "colon"}


def says_sum_again(loose: Loose, asks: Sequence[Ask], open_group: Callable[[], int]) -> bool:
    """Whether a number says for each, or in all, what the asks before it have: "12 points on both eyes, so 6 each"."""
    count, before = loose.item.count, [ask for ask in asks if not ask.is_removal]
    is_plain = loose.item.says_only("count", "each", "total")
    if count is None or not (is_plain and before) or loose.sentence - before[-1].sentence > 1:
        return False
    sharers = list_sharers(before)
    if not sharers or loose.item.each:
        return bool(sharers) and says_each(count, sharers, open_group)
    line = [ask for ask in before if ask.sentence == before[-1].sentence]
    amount, group = sharers[0].amount, sharers[0].group
    bare = [ask for ask in sharers if ask.group < 0] if amount.each else []
    for ask in bare:
        # "4 points each on the jaw and the nose bridge, 8 in total".
        ask.amount, ask.group = amount, group
    is_sum = bool(loose.item.total) and count.value in (sum_up(sharers), sum_up(line))
    for ask in bare if not is_sum else ():
        ask.amount, ask.group = Item(), -1
    return is_sum


def says_each(count: Number, sharers: Sequence[Ask], open_group: Callable[[], int]) -> bool:
    """Whether a number for each makes the number that asks have in all, which it then stands for."""
    told = sharers[0].amount.count
    sums = {sum_up(sharers), told.value if told is not None else 0}
    number = sum(len(ask.units) for ask in sharers)
    is_each = number > 1 and count.value * number in sums
    if not is_each and not (len(sharers) > 1 and count.value * len(sharers) in sums):
        return False
    group = sharers[0].group
    for ask in sharers:
        # "12 on the brow and the lips, 6 each" are 6 on both lips.
        ask.amount = replace(ask.amount, count=count, each=is_each or None, total=None)
        ask.item = ask.item if ask.item.count is None else replace(ask.item, count=count, each=None)
        ask.group = group if is_each else open_group()
    return True


def share_equally(draft: Draft, clause: Loose, sharers: Sequence[Ask]) -> None:
    """Give each of some asks as many points: "12 points on the jaw and the lower lip, half each".

    Raises:
        MistakeError: Their number cannot be shared equally.
    """
    count, number = sharers[0].amount.count, sum(len(ask.units) for ask in sharers)
    if count is None or number < 2 or (count.value / number).denominator != 1:
        raise draft.mistake("count", f"{count and count.value} points are not to be shared equally by {number}", clause)
    own = Number(count.value / number, "integer", span=count.span)
    for ask in sharers:
        ask.amount = replace(ask.amount, count=own, each=True, total=None)


def list_sharers(before: Sequence[Ask]) -> list[Ask]:
    """Return the last asks that have an amount in common, with the bare rest of the list that it stands before."""
    bare = list(takewhile(lambda ask: ask.group < 0 and ask.is_stretch and not ask.is_place, reversed(before)))
    first = before[-len(bare) - 1] if len(bare) < len(before) else None
    if first is None or first.group < 0:
        return []
    if bare and not (first.leads and all(follows(ask, first) for ask in bare)):
        return []
    return [ask for ask in before if ask.group == first.group or ask in bare]


def refuse_unequal(draft: Draft, clause: Loose | Ask, sharers: Sequence[Ask]) -> None:
    """Raise the mistake of "12 points on the left brow and the nose bridge, 5 each".

    Raises:
        MistakeError: A number for each is said of two that have another one in all.
    """
    if len(sharers) == 2 and all(len(ask.units) == 1 for ask in sharers) and clause.item.count is not None:
        message = f"{sum_up(sharers[:1])} points in all, but {clause.item.count.value} on each of 2"
        raise draft.mistake("contradiction", message, clause)


def check_sum(draft: Draft, loose: Loose, asks: Sequence[Ask]) -> None:
    """A count that leads or ends a list of counted items must be their sum.

    Raises:
        MistakeError: It is not.
    """
    # "5 + 5 on the brows".
    is_added = bool(asks) and asks[0].before == {"and"} and asks[0].leads and loose.start < asks[0].start
    if is_added or (asks and asks[0].start == loose.stop and not asks[0].before):
        raise MistakeError("contradiction", "two numbers of points", draft.span(loose, asks[0]))
    total = loose.item.count
    if total is None:
        raise draft.mistake("ambiguous", "which of the items is that for?", loose)
    whole = sum_up(asks)
    places = sum(len(ask.units) for ask in asks if not (ask.is_stretch or ask.is_removal or has_count(ask)))
    if total.value not in (whole, whole + places):
        message = f"{total.value} points in all, but the items add up to {whole}"
        if loose.item.each:
            message = f"{total.value} points on each, but those before are {whole} in all"
        raise draft.mistake("contradiction", message, loose)


def has_count(ask: Ask) -> bool:
    return (ask.amount.count or ask.item.count) is not None


def sum_up(asks: Sequence[Ask]) -> Fraction:
    """Return how many points counted asks have in all; what several share is counted once."""
    whole, shared = Fraction(0), set[int]()
    for ask in asks:
        amount = ask.amount if ask.amount.count is not None else ask.item
        if amount.count is None or (ask.group in shared and ask.group >= 0):
            continue
        is_each = (amount.each or bool(ask.phrase.det)) and not amount.total
        whole += amount.count.value * (len(ask.units) if is_each else 1)
        shared |= set() if is_each else {ask.group}
    return whole


def follows(ask: Ask, before: Ask) -> bool:
    """Whether an ask goes on with the list of one before it."""
    return ask.sentence == before.sentence and bool(ask.before & JOINS) and not ask.before & KEPT_APART
