"""Lists of parts in a layout: which names beside "the lips of 300W" are in it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .asks import Ask
from .meaning import Item
from .registry import Registry


def carry_layout(asks: Sequence[Ask], registry: Registry) -> None:
    """Let "the left eye and the lips of 300W", "300W, only the left eye and the lips" ask for both in the layout."""
    last = asks[-1]
    if last.item.layout is not None and last.item.ids is not None:
        carry_ids(asks)
    elif is_in_layout(last):
        for one, later in zip(asks[-2::-1], asks[:0:-1], strict=True):
            if not joins_layout(one, last, later.before, registry):
                return
            one.item = replace(one.item, layout=last.item.layout, zero=last.item.zero)
    elif len(asks) > 1 and is_in_layout(asks[-2]) and joins_layout(last, asks[-2], last.before, registry):
        last.item = replace(last.item, layout=asks[-2].item.layout, zero=asks[-2].item.zero)


def carry_ids(asks: Sequence[Ask]) -> None:
    """Let "37-42 as well as 43-48 of 300W" be ids of one layout."""
    last = asks[-1]
    for one, later in zip(asks[-2::-1], asks[:0:-1], strict=True):
        is_bare = one.item == Item(ids=one.item.ids) and one.sentence == last.sentence
        if not is_bare or not later.before or not later.before <= {"and", "comma"}:
            return
        one.item = replace(one.item, layout=last.item.layout, zero=last.item.zero)


def is_in_layout(ask: Ask) -> bool:
    """Whether an ask is for a part in a layout's points."""
    item = ask.item
    return item.layout is not None and item.phrase is not None and item.ids is None and item.named is None


def joins_layout(ask: Ask, other: Ask, before: frozenset[str], registry: Registry) -> bool:
    """Whether an ask without an amount stands in one list with one in a layout, which has points on what it names."""
    if ask.item != Item(phrase=ask.item.phrase, only=ask.item.only) or ask.is_removal or ask.sentence != other.sentence:
        return False
    layout = registry.layouts.get(other.item.layout or "")
    if layout is None or not before or not before <= {"and", "comma"} or other.is_removal:
        return False
    return bool(ask.thing.parts & {landmark.part for landmark in layout.landmarks})
