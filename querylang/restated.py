"""Names said again in brackets: "all four eye corners (inner and outer)", "the tail (outer end) of the left brow".

In: asks that lie on what they lie on; out: those without what only says another one again.
"""

from __future__ import annotations

from .asks import Ask, Draft
from .chart import Entry
from .meaning import Item


def opens_bracket(draft: Draft, clause: Ask | Entry) -> bool:
    """Whether a clause stands right behind a bracket that opens."""
    at = draft.lattice.nodes[clause.start] - 1
    return at >= 0 and draft.lattice.lexemes[at].word == "("


def drop_restated(draft: Draft) -> None:
    """Leave out what stands in brackets and asks, without numbers, for just what stands before them."""
    index = 1
    while index < len(draft.asks):
        count = count_inside(draft, index)
        inside = draft.asks[index : index + count]
        if inside and restates(draft.asks[index - 1], inside):
            draft.notes.append(f"ignored: '{draft.words(inside[0], inside[-1])}'")
            del draft.asks[index : index + count]
            for loose in draft.loose:
                loose.at -= max(0, min(count, loose.at - index))
        else:
            index += 1


def count_inside(draft: Draft, index: int) -> int:
    """Return how many asks stand in the bracket that opens before one, 0 where none does."""
    ask, lexemes = draft.asks[index], draft.lattice.lexemes
    if not opens_bracket(draft, ask):
        return 0
    first = draft.lattice.nodes[ask.start]
    closing = next((i for i in range(first, len(lexemes)) if lexemes[i].word == ")"), len(lexemes))
    return sum(first <= draft.lattice.nodes[one.start] < closing for one in draft.asks[index:])


def restates(ask: Ask, inside: list[Ask]) -> bool:
    """Whether asks in brackets name all that the one before them names, and nothing else."""
    if any(one.item != Item(phrase=one.phrase) or one.phrase.is_free for one in inside) or ask.item.range is not None:
        return False
    pieces = {piece for unit in ask.thing.units for piece in unit.pieces}
    return bool(pieces) and {piece for one in inside for unit in one.thing.units for piece in unit.pieces} == pieces
