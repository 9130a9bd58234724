"""Positions measured from a named end: "a quarter of the way along the left brow, from its inner end".

In: an ask with positions and where they count from; out: the way from that end to the one across from it.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import Ask
from .concept_data import OPPOSITES
from .concepts import Op
from .meaning import Item, Phrase, Range
from .rules import Rules

ACROSS = {"left": "right", "inner": "outer", "upper": "lower"}
ACROSS |= {second: first for first, second in ACROSS.items()}


def measure_from(ask: Ask, rules: Rules) -> Item:
    """Return an ask's item with its positions on the way from the end they are measured from to the other one."""
    item, origin = ask.item, ask.item.origin
    positions = ask.amount.positions or item.positions
    if positions is None or not isinstance(origin, Phrase) or item.range is not None:
        return item
    ops = find_across(origin.ops)
    if ops is None or (len(ops) == 1 and ops[0][0] == "adj"):
        # "From the right" is a direction.
        return item
    first = replace(origin, ref="")
    last = replace(first, ops=ops) if origin.is_free else rules.sound_phrase(ops, frame=origin.frame)
    return item if last is None else replace(item, origin=None, range=Range(first, last))


def find_across(ops: tuple[Op, ...]) -> tuple[Op, ...] | None:
    """Return the operations of the end across from one: the outer of the inner, the tail of the head."""
    if not ops:
        return None
    *before, last = ops
    if last[0] == "adj" and len(last[1]) == 1 and last[1][0][1] in ACROSS:
        ((kind, viewer, subject),) = last[1]
        return (*before, ("adj", ((kind, ACROSS[viewer], ACROSS[subject]),)))
    if last[0] == "rel" and last[1] in OPPOSITES:
        return (*before, ("rel", OPPOSITES[last[1]]))
    return None
