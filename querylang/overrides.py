"""Overrides: "5 on each brow but 3 on the left" counts one of those before anew.

In: asks with their amounts; out: asks in which each thing counted anew has left the item that counted it with the
others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .asks import AMOUNTS, Ask, Draft
from .concept_data import Unit
from .meaning import Item, MistakeError


class Overrides:
    """Puts what is said behind "but" in the place of what was said for all."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def apply(self) -> None:
        """Settle every counted item behind "but" that lies on what was counted before.

        Raises:
            MistakeError: The one before counts all together, so that it is not clear what is left of its count.
        """
        for ask in [one for one in self.draft.asks if "but" in one.before]:
            if not ask.pieces or not ask.item.has_amount or ask.item.range is not None:
                continue
            index = next(i for i, one in enumerate(self.draft.asks) if one is ask)
            for i in range(index - 1, -1, -1):
                if set(ask.pieces) <= set(self.draft.asks[i].pieces):
                    self.put(ask, i)
                    break

    def put(self, ask: Ask, index: int) -> None:
        """Put an ask in the place of its things among those of an earlier one."""
        earlier = self.draft.asks[index]
        if not earlier.amount.each or earlier.is_removal or earlier.item.range is not None:
            message = "is this beside the points before it, or in place of some?"
            raise MistakeError("ambiguous", message, self.draft.span(ask))
        pieces = set(ask.pieces)
        kept = [unit for unit in earlier.units if pieces.isdisjoint(unit.pieces)]
        first = next(i for i, unit in enumerate(earlier.units) if not pieces.isdisjoint(unit.pieces))
        asks = [one for one in self.draft.asks if one is not ask]
        group = max(one.group for one in self.draft.asks) + 1
        parted = [ask]
        if kept[:first]:
            parted.insert(0, part(earlier, kept[:first], group))
        if kept[first:]:
            parted.append(part(earlier, kept[first:], group + 1))
        asks[index : index + 1] = parted
        self.draft.asks[:] = asks
        self.draft.notes.append(f"'{self.draft.words(ask.start, ask.stop)}' in place of what was said for all")


def part(ask: Ask, units: Sequence[Unit], group: int) -> Ask:
    """Return an ask for some of its units, in a group of its own; places left alone take one point each."""
    made = replace(ask, units=tuple(units), group=group)
    if made.is_place:
        made.amount, made.item = Item(), replace(made.item, **dict.fromkeys(AMOUNTS))
    return made
