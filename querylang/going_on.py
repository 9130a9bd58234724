"""Clauses that go on in the way of the one before: what they leave out is how it asked.

In: a draft whose asks so far are read, and the clause that comes next; out: what it says, or that it was added to the
one before. "A third of the way along the jaw, and two thirds", "in 8 equal parts, the bridge in 4", "300W 37, then 43".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .asks import Ask, Draft
from .clause_kinds import is_bare_number, is_region
from .entries import Entry
from .leaning import STEPS, turn_ends
from .meaning import NO_NAME, Item, Phrase, add
from .numbers import Number

JOINED = frozenset({"and", "also", "comma", "then"})
WAYS = ("segments", "positions", "density")
"""Ways to say where points lie that the next clause may say in fewer words."""
SETTLED = (*STEPS, "pick")
"""What a clause may say itself, so that nothing is left out."""
AMOUNT_WORDS = frozenset({"NUMBER", "APPROX", "FACTOR"})


def ask_alike(draft: Draft, entry: Entry) -> Item:
    """Return a clause as it goes on in the way of the one before it, where it can."""
    item = count_on(draft, entry)
    last = draft.asks[-1] if draft.asks and "stop" not in entry.before else None
    if last is None:
        return item
    if last.item.is_layout and item.says_only("layout", "zero", "same"):
        # "The left eye of 300W, then that of WFLW".
        is_alike = item.same or "of" in entry.before
        return replace(last.item, layout=item.layout, zero=item.zero) if is_alike else item
    if last.item.range is not None:
        return turn_ends(draft, item, last.item.range)
    way = next((one for one in WAYS if getattr(last.item, one) is not None), None)
    if way is None or any(getattr(item, name) is not None for name in SETTLED):
        return item
    return say_so(item, way) or next((other for _, other in entry.others if getattr(other, way) is not None), item)


def say_so(item: Item, way: str) -> Item | None:
    """Return a share of nothing as a position or a density: "double density on the outer lip, half on the inner"."""
    first, *rest = (item.phrase or NO_NAME).ops or ((),)
    if first[:1] != ("portion",) or first[2] or way == "segments":
        return None
    share = Number(first[1], "part")
    said = Item(positions=(share,)) if way == "positions" else Item(density=share.value)
    return add(replace(item, phrase=Phrase(tuple(rest)) if rest else None), said)


def count_on(draft: Draft, entry: Entry) -> Item:
    """Return a clause whose number stands on what it names as counting it: "5 on the jaw, two on the lips"."""
    item: Item = entry.value
    phrase, edges = item.phrase or NO_NAME, draft.lattice.edges
    is_on = entry.stop > entry.start + 2 and any(edge.category == "HEADS" for edge in edges[entry.start + 1])
    if phrase.det != "all" or phrase.thing.is_place or not is_on:
        return item
    return next((other for _, other in entry.others if other.count is not None), item)


def go_on(draft: Draft, number: int, sentence: int) -> bool:
    """Whether an entry that names nothing was added to the one before it, or to the next."""
    entry, later = draft.entries[number], draft.entries[number + 1 : number + 2]
    item: Item = entry.value
    last = draft.asks[-1] if draft.asks and draft.asks[-1].sentence == sentence else None
    # "The left eye at 0.25, a quarter of the jaw": that one is of the eye.
    is_apart = bool(entry.before) or not draft.asks
    if later and is_apart and leads_places(draft, item, later[0]):
        # "At a quarter and at three quarters of the upper edge of the left brow."
        later[0].value = replace(later[0].value, positions=(*(item.positions or ()), *later[0].value.positions))
        return True
    if last is not None and numbers_on(draft, last, entry, later):
        # "300W 37 and 40, then 43 and 46."
        assert item.count is not None
        last.item = replace(last.item, ids=(*(last.item.ids or ()), (item.count, item.count)))
        return True
    if last is not None and places_on(last, entry):
        # "At 25 percent 50 percent and 75 percent."
        last.item = replace(last.item, positions=(*(last.item.positions or ()), *(item.positions or ())))
        return True
    return False


def leads_places(draft: Draft, item: Item, later: Entry) -> bool:
    """Whether positions are the first ones on what the next clause names."""
    if not item.says_only("positions") or not is_region(later) or not later.before <= JOINED:
        return False
    leads = any(edge.category in {*AMOUNT_WORDS, "AT", "HALFWAY"} for edge in draft.lattice.edges[later.start])
    return later.value.positions is not None and leads


def numbers_on(draft: Draft, last: Ask, entry: Entry, later: Sequence[Entry]) -> bool:
    """Whether a bare number is one more id of the layout before it, or the first of several."""
    if not last.item.is_layout or last.item.named or not is_bare_number(draft, entry):
        return False
    is_list = bool(later) and is_bare_number(draft, later[0]) and later[0].before <= JOINED
    is_next = entry.before <= (JOINED if last.item.ids else JOINED | {"colon"})
    return is_next and (last.item.ids is not None or is_list)


def places_on(last: Ask, entry: Entry) -> bool:
    """Whether positions go on with those of the ask before them."""
    is_next = entry.value.says_only("positions") and entry.before <= {"and", "comma"}
    return bool(is_next and last.item.positions is not None and not last.is_removal)


def refuse_chain(draft: Draft, entry: Entry) -> None:
    """Raise the mistake of a way behind a place and an arrow: "head -> arch -> tail"."""
    if entry.value.range is None or not draft.asks or "colon" not in entry.before:
        return
    at, last = draft.lattice.nodes[entry.start], draft.asks[-1]
    is_place = last.item.range is not None or last.thing.is_place or last.phrase.is_free
    words = "".join(lexeme.word for lexeme in draft.lattice.lexemes[max(0, at - 3) : at])
    if is_place and "->" in words:
        raise draft.mistake("ambiguous", "a way through three places, or three points?", entry)
