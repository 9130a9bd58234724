"""Sides said once: "on both sides: 5 points on the eyebrow and 8 on the upper lid".

In: entries and asks; out: asks counted for each side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .asks import Ask, Draft
from .chart import Entry
from .meaning import Item
from .rules import Rules


def find_per_side(entry: Entry, draft: Draft, sentence: int) -> str:
    """Return "each" or "both" where an entry says them of the sides of all that its sentence asks, "" elsewhere."""
    item: Item = entry.value
    asks = [ask for ask in draft.asks if ask.sentence == sentence]
    if item.each and any(edge.category == "PER_SIDE" for edge in draft.lattice.edges[entry.start]):
        return "each" if not asks or item == Item(each=True) else ""
    phrase = item.phrase
    if phrase is None or item != Item(phrase=phrase) or not phrase.det or not phrase.ops or phrase.ops[0][2:] != SIDES:
        return ""
    is_over_pairs = all(ask.phrase and ask.phrase.thing and ask.phrase.thing.is_several_sided for ask in asks)
    return phrase.det if phrase.is_free and is_over_pairs else ""


SIDES = ("sides", "sides")


def ask_per_side(asks: Sequence[Ask], per_side: Mapping[int, str], rules: Rules) -> None:
    """Count for each side what some sentences ask.

    Args:
        per_side: The word of those sentences.
    """
    for ask in asks:
        if ask.sentence in per_side and ask.phrase is not None and not ask.phrase.det:
            ask.item = rules.per_side(ask.item, per_side[ask.sentence]) or ask.item
