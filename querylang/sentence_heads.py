"""Sentences that are no more than a name, and head the next one: "Right eye only. Give the pupil and both corners".

In: the entries of a draft; out: the same, the next sentence set apart as by a colon where all that waits for a part may
lie on the name.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from .asks import Draft
from .beside import lie_on
from .entries import Entry
from .joining import find_side
from .meaning import NO_NAME
from .numbers import Number


def open_heads(draft: Draft) -> None:
    """Let sentences that only name a part head what is asked of it in the next."""
    for number, (entry, later) in enumerate(zip(draft.entries, draft.entries[1:], strict=False)):
        opens = number == 0 or "stop" in entry.before
        if opens and later.before == {"stop"} and names_part(entry) and lies_on_it(draft, entry, later):
            later.before = frozenset({"colon"})


def count_first(draft: Draft) -> None:
    """Let "first 5 points on the jaw, then ..." be five points that come first, not the first five of its points."""
    for entry, later in zip(draft.entries[:1], draft.entries[1:2], strict=False):
        item = entry.value
        if entry.kind != "item" or later.kind != "item" or "then" not in later.before or later.value.pick is not None:
            continue
        words = draft.words(entry).lower().split()
        is_picked = item.pick is not None and item.pick == tuple(range(1, len(item.pick) + 1)) and "of" not in words
        if is_picked and len(item.pick) > 1:
            count = Number(Fraction(len(item.pick)), "integer", is_counted=True)
            entry.value = replace(item, pick=None, count=count)


def names_part(entry: Entry) -> bool:
    """Whether an entry is a part, and no more: "the right eye only"."""
    if entry.kind != "item" or not entry.value.says_only("phrase", "only", "frame", "faces"):
        return False
    phrase = entry.value.phrase or NO_NAME
    return not (phrase.is_free or phrase.thing.is_place or phrase.ref or phrase.thing.is_surface)


def lies_on_it(draft: Draft, entry: Entry, later: Entry) -> bool:
    """Whether what begins the next sentence is looked for on a part, or waits for one, and may lie on it."""
    phrase = (later.value.phrase or NO_NAME) if later.kind == "item" else NO_NAME
    if not phrase.ops or phrase.ref or find_side(phrase.ops):
        return False
    before = draft.lattice.edges[entry.start - 1] if entry.start else ()
    is_found = any(edge.category == "FINDING" and edge.stop == entry.start for edge in before)
    if not (entry.value.only or is_found or (phrase.is_free and later.value.has_amount)):
        return False
    made = lie_on(draft.rules, phrase, entry.value.phrase)
    return made is not None and made.ops[:1] == entry.value.phrase.ops[:1] and made.ops != entry.value.phrase.ops
