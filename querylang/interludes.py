"""Interludes: stretches that share one count, with places between them that take none of it.

"9 points on the upper lid, the pupil and the lower lid": the lids share nine, and the pupil keeps its place among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from .asks import Ask
from .counting import share, weigh
from .numbers import Number
from .placing import Placer
from .runs import Run


def find_interlude(asks: Sequence[Ask], start: int) -> int:
    """Return where places end that stand from an index on between asks of one group; the index itself if none do."""
    group = asks[start - 1].group
    stop = start
    while stop < len(asks) and asks[stop].group < 0 and asks[stop].is_place and not asks[stop].is_removal:
        stop += 1
    is_between = stop < len(asks) and asks[stop].group == group and not asks[stop].is_removal
    return stop if is_between else start


def place_with_interludes(placer: Placer, asks: Sequence[Ask]) -> list[Run]:
    """Return the runs of asks of one group with places between them.

    Raises:
        MistakeError: As `Placer.place_group`.
    """
    amount = asks[0].amount
    shares = [ask for ask in asks if ask.group == asks[0].group]
    parts = {id(ask): replace(ask, amount=amount) for ask in shares}
    if amount.count is not None and not any(placer.is_each(ask, amount) for ask in shares):
        span = placer.span(asks)
        total = placer.check_count(amount.count, span)
        weights = [sum(weigh(piece, placer.registry) for piece in placer.find_region(ask).pieces) for ask in shares]
        for ask, number in zip(shares, share(total, weights, [None] * len(shares)), strict=True):
            own = replace(amount, count=Number(Fraction(number), "integer", span=amount.count.span)) if number else None
            parts[id(ask)] = replace(ask, amount=own) if own else replace(ask, units=())
        placer.notes.append(f"{total} points in all, shared in proportion; a place between takes none of them")
    return [run for ask in asks for run in place_part(placer, parts.get(id(ask), ask))]


def place_part(placer: Placer, ask: Ask) -> list[Run]:
    """Return the runs of one of the asks; none of one that has got no point."""
    return placer.place_group([ask]) if ask.units or ask.item.range is not None else []
