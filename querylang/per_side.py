"""Sides said once: "on both sides: 5 points on the eyebrow and 8 on the upper lid".

In: clauses and asks; out: asks counted for each side.
"""

from __future__ import annotations

from collections.abc import Mapping

from .asks import Draft
from .entries import Entry
from .meaning import NO_NAME, Item
from .phrase_compositions import HALVES


def find_per_side(draft: Draft, entry: Entry, item: Item, sentence: int) -> str:
    """Return "each" or "both" where a clause says them of the sides of all that its sentence asks, "" elsewhere."""
    asks = (ask for ask in draft.asks if ask.sentence == sentence)
    if item.each and any(edge.category == "PER_SIDE" for edge in draft.lattice.edges[entry.start]):
        return "each" if item == Item(each=True) or not any(asks) else ""
    phrase = item.phrase or NO_NAME
    is_sides = phrase.is_free and phrase.ops[:1] == (HALVES,) and item == Item(phrase=phrase)
    are_both = (ask.phrase.is_free or ask.thing.is_several_sided or ask.thing.is_pair for ask in asks)
    return phrase.det if is_sides and all(are_both) else ""


def ask_per_side(draft: Draft, per_side: Mapping[int, str]) -> None:
    """Count for each side what some sentences ask.

    Args:
        draft: The instruction.
        per_side: The word of those sentences.
    """
    for ask in draft.asks:
        if ask.sentence in per_side and not ask.phrase.det:
            ask.item = draft.rules.per_side(ask.item, per_side[ask.sentence]) or ask.item
