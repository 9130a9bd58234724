"""Overrides: "5 on each brow but 3 on the left" counts one of those before anew.

In: asks with their amounts; out: asks in which each thing counted anew has left the item that counted it with the
others.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import AMOUNTS, Ask, Draft
from .concept_data import Unit
from .meaning import Item


def apply_overrides(draft: Draft) -> None:
    """Settle every counted item behind "but" that lies on what was counted before.

    Raises:
        MistakeError: The one before counts all together, so that it is not clear what is left of its count.
    """
    for ask in [one for one in draft.asks if "but" in one.before and one.pieces and one.item.has_amount]:
        before = reversed(draft.asks[: draft.asks.index(ask)])
        earlier = next((one for one in before if set(ask.pieces) <= set(one.pieces)), None)
        if earlier is not None and ask.item.range is None:
            put(draft, ask, earlier)


def put(draft: Draft, ask: Ask, earlier: Ask) -> None:
    """Put an ask in the place of its things among those of an earlier one."""
    if not earlier.amount.each or earlier.is_removal or earlier.item.range is not None:
        raise draft.mistake("ambiguous", "is this beside the points before it, or in place of some?", ask)
    pieces = set(ask.pieces)
    kept = [unit for unit in earlier.units if pieces.isdisjoint(unit.pieces)]
    first = next(i for i, unit in enumerate(earlier.units) if not pieces.isdisjoint(unit.pieces))
    group = max(one.group for one in draft.asks) + 1
    draft.asks.remove(ask)
    at = draft.asks.index(earlier)
    draft.asks[at : at + 1] = [*part(earlier, kept[:first], group), ask, *part(earlier, kept[first:], group + 1)]
    draft.notes.append(f"'{draft.words(ask)}' in place of what was said for all")


def part(ask: Ask, units: list[Unit], group: int) -> list[Ask]:
    """Return an ask for some of its units, in a group of its own; places left alone take one point each."""
    made = replace(ask, units=tuple(units), group=group)
    if made.is_place:
        made.amount, made.item = Item(), replace(made.item, **dict.fromkeys(AMOUNTS))
    return [made] if units else []
