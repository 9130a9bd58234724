"""Lists of parts in a layout: which names beside "the lips of 300W" are in it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from .asks import LINES, Ask, Draft
from .beside import share_side, turn_side
from .entries import Entry
from .meaning import Item, Phrase
from .numbers import Number
from .pieces import Patch
from .runs import lies_on

COUNTED = ("phrase", "frame", "only", "count", "each", "approx")
LABEL_MARKS = frozenset({":", "=", "-", "->", "|"})
LONGEST_LABEL = 3
"""Words of one: "number of points"."""


def number_ids(draft: Draft) -> None:
    """Let numbers before a layout's numbering be its ids: "37-42, 300W numbering", "97 and 98, WFLW numbering"."""
    entries = list(draft.entries)
    for number, entry in enumerate(draft.entries):
        if entry.kind != "item" or entry.value.layout is None or not entry.value.says_only("layout", "zero", "only"):
            continue
        if not (entry.value.only and entry.before == {"comma"}) and not has_label(draft, entry):
            continue
        first = number
        while first and is_id(entries[first - 1]) and (first == number or entries[first].before <= {"and", "comma"}):
            first -= 1
        if first == number or not (first == 0 or entries[first].before & {"stop", *LINES}):
            continue
        items = [one.value for one in entries[first:number]]
        if not entry.value.only and len(items) == 1 and items[0].ids is None:
            # "Points: 98, layout: WFLW" is no id.
            continue
        ids = tuple(pair for item in items for pair in (item.ids or ((item.count, item.count),)))
        value = replace(entry.value, ids=ids, only=None)
        entries[first : number + 1] = [replace(entries[first], value=value, stop=entry.stop, others=())]
        draft.entries = entries
        return


def tell_zero(draft: Draft, item: Item) -> Item:
    """Return where ids start as what they count from: "WFLW indices 36-41, starting at 0"."""
    is_behind = bool(draft.asks) and draft.asks[-1].item.ids is not None and item.says_only("origin")
    start = item.origin if is_behind and isinstance(item.origin, Number) else None
    return Item(zero=int(start.value)) if start is not None and start.value in (0, 1) else item


def is_id(entry: Entry) -> bool:
    """Whether a clause is no more than a number, or ids without a layout."""
    if entry.kind != "item" or not entry.value.says_only("ids", "count"):
        return False
    count = entry.value.count
    return count is None or (count.form == "integer" and not count.is_counted)


def carry_layout(draft: Draft) -> None:
    """Let "the left eye and the lips of 300W", "300W, only the left eye and the lips" ask for both in the layout."""
    asks = draft.asks
    last = asks[-1]
    if last.item.layout is not None and last.item.ids is not None:
        carry_ids(asks)
    elif is_in_layout(last):
        # "The chin and the 300W left eye" names the layout before what is in it.
        is_behind = not any(edge.category in ("LAYOUT", "PROGRAM") for edge in draft.lattice.edges[last.start])
        for index in range(len(asks) - 2, -1, -1) if is_behind else ():
            if draft.has_amount(index) or not joins_layout(draft, asks[index], last, asks[index + 1].before):
                return
            asks[index].item = replace(asks[index].item, layout=last.item.layout, zero=last.item.zero)
    elif len(asks) > 1 and is_in_layout(asks[-2]) and joins_layout(draft, last, asks[-2], read_marks(draft)):
        made = turn_side(draft.rules, last.phrase, asks[-2].phrase)
        made = made or (None if last.phrase.det else share_side(draft.rules, last.phrase, asks[-2].phrase))
        if made is not None:
            last.become(made)
        last.item = replace(last.item, layout=asks[-2].item.layout, zero=asks[-2].item.zero)


def read_marks(draft: Draft) -> frozenset[str]:
    """Return what stands before the last ask: a mere comma in a list under a layout, "300W:\\n- jaw\\n- chin"."""
    last = draft.asks[-1]
    listed = list(takewhile(is_in_layout, reversed(draft.asks[:-1]))) if last.before & LINES else []
    alike = list(takewhile(lambda one: one.before == last.before, listed))
    # The layout's name and the first line under it are one ask.
    head = listed[len(alike) : len(alike) + 1] or alike[-1:]
    is_under = any(lexeme.type == "newline" for one in head for lexeme in draft.list_lexemes(one))
    return last.before - LINES | {"comma"} if is_under else last.before


def has_label(draft: Draft, entry: Entry | Ask) -> bool:
    """Whether a label stands before a clause: "layout: 300W"."""
    before = draft.lattice.edges[max(0, entry.start - LONGEST_LABEL - 1) : entry.start]
    mark = draft.lattice.lexemes[draft.lattice.nodes[entry.start - 1]] if entry.start else None
    if mark is None or not (mark.type == "newline" or mark.word in LABEL_MARKS):
        return False
    return any(edge.category == "LABEL" and edge.stop == entry.start - 1 for node in before for edge in node)


def carry_ids(asks: Sequence[Ask]) -> None:
    """Let "37-42 as well as 43-48 of 300W" be ids of one layout."""
    last = asks[-1]
    for one, later in zip(asks[-2::-1], asks[:0:-1], strict=True):
        is_bare = one.item.says_only("ids") and one.sentence == last.sentence
        if not is_bare or not later.before or not later.before <= {"and", "comma"}:
            return
        one.item = replace(one.item, layout=last.item.layout, zero=last.item.zero)


def is_in_layout(ask: Ask) -> bool:
    """Whether an ask is for a part in a layout's points."""
    item = ask.item
    return item.layout is not None and item.phrase is not None and item.ids is None and item.named is None


def joins_layout(draft: Draft, ask: Ask, other: Ask, before: frozenset[str]) -> bool:
    """Whether an ask without an amount stands in one list with one in a layout, which has points on what it names."""
    if not ask.item.says_only("phrase", "only") or ask.is_removal or ask.sentence != other.sentence:
        return False
    if not before or not before <= {"and", "comma", "then", "of"} or other.is_removal:
        return False
    return ask.phrase.is_free or has_points(draft, other.item.layout, ask.phrase)


def says_its_size(draft: Draft, index: int, name: str | None) -> bool:
    """Whether an ask's number is that of a layout's points there, and then gone: "jaw, 17 points, 300W"."""
    if not has_its_size(draft, index, name):
        return False
    own = draft.find_own(index)
    draft.asks[index].item = replace(draft.asks[index].item, count=None, each=None)
    draft.loose[:] = [one for one in draft.loose if one not in own]
    return True


def has_its_size(draft: Draft, index: int, name: str | None) -> bool:
    """Whether an ask's number is that of a layout's points there."""
    ask = draft.asks[index]
    said = [item for item in (ask.item, *(one.item for one in draft.find_own(index))) if item.has_amount]
    if not all(item.count is not None and item.says_only(*COUNTED) for item in said) or len(said) != 1:
        return False
    (item,) = said
    assert item.count is not None
    is_each = item.each or ask.phrase.det in ("each", "both")
    sides = len({unit.side for unit in ask.thing.units}) if is_each else 1
    return item.count.value * sides == len(find_landmarks(draft, name, ask.phrase))


def find_landmarks(draft: Draft, name: str | None, phrase: Phrase) -> list[int]:
    """Return which of a layout's landmarks, from 0, lie on what a phrase names."""
    registry = draft.rules.concepts.registry
    landmarks = registry.layouts[name].landmarks if name is not None and name in registry.layouts else ()
    pieces = [piece for piece in phrase.thing.pieces if not isinstance(piece, Patch)]
    return [
        number
        for number, one in enumerate(landmarks)
        if any(lies_on(one.part, one.fpalp, piece, registry) for piece in pieces)
    ]


def has_points(draft: Draft, name: str | None, phrase: Phrase) -> bool:
    """Whether a layout has points on what a phrase names."""
    return bool(find_landmarks(draft, name, phrase))
