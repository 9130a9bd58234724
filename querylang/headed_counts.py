"""Counts in headings: "eyes (6 each): left and right", "lips, 10 points:\n- upper lip\n- lower lip".

In: a clause behind a colon and the asks before it; out: what the heading counts, which its list is then asked with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from .asks import LINES, Ask, Draft, Loose
from .clause_kinds import lies_within
from .concept_data import Thing
from .entries import Entry
from .joining import find_side
from .meaning import NO_NAME, Item

JOINS = LINES | {"comma", "and"}
COUNTING = ("count", "each", "total", "approx")


@dataclass
class Owed:
    """A count that a list is yet to get.

    Attributes:
        item: The count.
        head: The heading that says it.
        last: Which entry ends the list.
    """

    item: Item
    head: Ask
    last: int

    def pay(self, draft: Draft) -> None:
        """Let the list have its count."""
        asks = draft.asks[draft.asks.index(self.head) :]
        head = self.head
        before, at = frozenset({"comma"}), len(draft.asks)
        draft.loose.append(Loose(self.item, head.start, head.stop, head.sentence, before, at=at, of=tuple(asks)))


def owe(draft: Draft, number: int) -> Owed | None:
    """Return the count that a heading says of the list behind it, taken away from the heading; None if there is none.

    A count of places is that of those named: "3 points on the left brow: head, arch and tail".
    """
    entry, head = draft.entries[number], draft.asks[-1] if draft.asks else None
    if head is None or not stands_under(draft, entry) or not names_stretch(head):
        return None
    own = draft.find_own(len(draft.asks) - 1)
    said = [one.item for one in (replace(head, item=replace(head.item, phrase=None)), *own) if one.item != Item()]
    if len(said) != 1 or said[0].count is None or not said[0].says_only(*COUNTING):
        return None
    rest = takewhile(lambda one: one.before <= JOINS and one.before, draft.entries[number + 1 :])
    listed = [entry, *takewhile(lambda one: is_piece(one, head.thing), rest)]
    if not is_piece(entry, head.thing) or not are_several(listed) or all(map(is_placed, listed)):
        return None
    if entry.before == {"comma"} and not divide(draft, listed):
        return None
    head.item = Item(phrase=head.phrase)
    head.stop = max(head.stop, *(one.stop for one in own)) if own else head.stop
    draft.loose[:] = [one for one in draft.loose if one not in own]
    return Owed(said[0], head, number + len(listed) - 1)


def stands_under(draft: Draft, entry: Entry) -> bool:
    """Whether a colon, bullets or a comma set what a clause names apart from a heading."""
    is_above = "bullet" in entry.before and "bullet" not in draft.asks[-1].before
    is_above = is_above and draft.starts_line(len(draft.asks) - 1)
    return is_above or "colon" in entry.before or entry.before == {"comma"}


def divide(draft: Draft, listed: Sequence[Entry]) -> bool:
    """Whether a list that ends its sentence is edges or halves of what stands before it: "top edge and bottom edge"."""
    later = next((one for one in draft.entries if one.start >= listed[-1].stop), None)
    ends = later is None or "stop" in later.before
    pieces = [one.value.phrase for one in listed]
    return ends and all(one.is_free and not find_side(one.ops) and one.ops[0][0] != "adj" for one in pieces)


def names_stretch(ask: Ask) -> bool:
    """Whether an ask names what points can be spread over, on no "each" of it."""
    phrase = ask.phrase
    is_plain = ask.is_named and not (phrase.is_free or phrase.det or ask.thing.is_place or ask.is_removal)
    return is_plain and ask.item.says_only("phrase", *COUNTING)


def is_piece(entry: Entry, whole: Thing) -> bool:
    """Whether an entry is a bare name that may be a piece of what a heading names."""
    if entry.kind != "item" or not entry.value.says_only("phrase"):
        return False
    phrase = entry.value.phrase or NO_NAME
    return not phrase.ref and bool(phrase.ops) and (phrase.is_free or lies_within(phrase.thing, whole))


def are_several(listed: Sequence[Entry]) -> bool:
    """Whether a list has several names: "left and right" is two."""
    first = listed[0].value.phrase.ops[0]
    return len(listed) > 1 or (first[0] == "adj" and len(first[1]) > 1)


def is_placed(entry: Entry) -> bool:
    """Whether an entry names a place, on which no points can be spread."""
    phrase = entry.value.phrase or NO_NAME
    is_spot = phrase.is_free and any(op[0] == "rel" and op[1] not in ("outline", "side") for op in phrase.ops)
    return phrase.thing.is_place or is_spot
