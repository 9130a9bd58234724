"""Exceptions: which clauses behind "except" are left out, and of what.

In: clauses already read, and the entry that is being read; out: what it is.  `removal.py` takes the points away.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from .asks import Draft
from .beside import find_bases, find_nouns
from .entries import Entry
from .layout_lists import find_landmarks, has_points
from .meaning import NO_NAME, WHOLE_FACE, Item, Phrase


def follows_except(draft: Draft, number: int) -> bool:
    """Whether an entry stands right behind "except"."""
    return number > 0 and draft.entries[number - 1].kind == "except"


def ends_removal(draft: Draft, number: int) -> bool:
    """Whether a counted name behind an exception is asked again: "without the corners, 5 points on the jaw".

    Places are left out, by however many: "but not the two canthi".

    Raises:
        MistakeError: It stands right behind the exception.
    """
    entry = draft.entries[number]
    item: Item = entry.value
    if says_its_share(draft, item):
        entry.value = replace(item, count=None)
        return False
    if entry.before == {"comma", "and"} and lies_elsewhere(draft, item.phrase or NO_NAME):
        # "300W without the jaw, and both pupils", but "both eyes without the nose, the mouth, and the jaw".
        removed = [*takewhile(lambda ask: ask.is_removal, reversed(draft.asks))]
        return not removed or not is_foreign(draft, removed[-1].phrase)
    if not (item.has_amount and item.is_region) or item.positions is not None:
        return False
    if not follows_except(draft, number):
        return True
    phrase = item.phrase or NO_NAME
    if item.count is None or not (phrase.thing.is_place or (phrase.is_free and phrase.is_plural)):
        raise draft.mistake("ambiguous", "points are left out by where they are, not by their number", entry)
    return False


def says_its_share(draft: Draft, item: Item) -> bool:
    """Whether a number is that of a layout's points left out, or left: "98 WFLW points except the 33 on the jaw"."""
    last = next((ask.item for ask in reversed(draft.asks) if not ask.is_removal), Item())
    layout = draft.rules.concepts.registry.layouts.get(last.layout or "")
    if layout is None or item.count is None or not item.says_only("phrase", "count", "frame") or item.phrase is None:
        return False
    size = len(find_landmarks(draft, layout.name, item.phrase))
    return item.count.value in (size, layout.size - size)


def lies_elsewhere(draft: Draft, phrase: Phrase) -> bool:
    """Whether a name lies on nothing that was asked, so that it cannot be left out of it."""
    asked = [ask for ask in draft.asks if not ask.is_removal]
    if phrase.is_free or not asked or any(ask.item.range is not None and not ask.is_named for ask in asked):
        return False
    return not any(
        has_points(draft, ask.item.layout, phrase) if ask.item.is_layout else ask.thing.parts & phrase.thing.parts
        for ask in asked
    )


def is_foreign(draft: Draft, phrase: Phrase) -> bool:
    """Whether a name has nothing to do with what was asked, not even as the pupil has with the eye."""
    nouns = {noun for ask in draft.asks if not ask.is_removal for noun in find_nouns(ask.phrase)}
    own = find_nouns(phrase)
    return lies_elsewhere(draft, phrase) and nouns.isdisjoint(own | find_bases(draft.rules, own))


def is_all_but(draft: Draft, entry: Entry) -> bool:
    """Whether "but" takes away: "everything but the lips"."""
    last = draft.asks[-1].phrase if draft.asks else NO_NAME
    item: Item = entry.value
    is_all = last.det in ("all", "each") or last.ops == WHOLE_FACE
    # "300W but the jaw".
    is_all = is_all or (bool(draft.asks) and draft.asks[-1].item.says_only("layout", "zero", "faces"))
    is_but = "but" in entry.before and not (item.only or "also" in entry.before)
    return is_all and is_but and not item.has_amount and item.phrase is not None


def name_id(draft: Draft, item: Item) -> Item:
    """Return a number behind an exception from a layout's ids as an id: "300W 37 to 42 but not 39"."""
    last = next((ask.item for ask in reversed(draft.asks) if not ask.is_removal), Item())
    if item.count is None or item.is_region or not last.is_layout or item.count.form != "integer":
        return item
    if item.count.is_counted and item.count.value > 1:
        # "..., so 60 points".
        return item
    return Item(layout=last.layout, ids=((item.count, item.count),), zero=last.zero)


def share_layout(draft: Draft, item: Item) -> None:
    """Let what is left out in a layout be of the whole face in it: "everything except the jaw of the 68 points"."""
    asks = [ask for ask in draft.asks if not ask.is_removal]
    if item.is_layout and all(ask.phrase.ops == WHOLE_FACE and ask.item.says_only("phrase", "frame") for ask in asks):
        for ask in asks:
            ask.item = replace(ask.item, phrase=None, layout=item.layout, zero=item.zero)


def ask_again(draft: Draft) -> None:
    """Ask for the last of a list where it lies on nothing asked: "left brow except its tail, jaw except the chin"."""
    others = [ask for ask in draft.asks if not ask.is_removal]
    for ask in reversed(draft.asks):
        is_listed = bool(ask.before) and ask.before <= {"comma", "and"} and ask.is_removal and ask.is_named
        if not is_listed or any(one.item.is_layout or one.thing.parts & ask.thing.parts for one in others):
            return
        ask.is_removal = False


def leaves_places(draft: Draft, number: int) -> bool:
    """Whether positions are left out: "except at 25% and 75%", and those of a list that goes on."""
    is_in_list = bool(draft.asks and draft.asks[-1].is_removal)
    return draft.entries[number].value.positions is not None and (follows_except(draft, number) or is_in_list)


def place_left_out(draft: Draft, entry: Entry, sentence: int) -> Item:
    """Return positions that are left out as along the one thing that their sentence asks for.

    Raises:
        MistakeError: It asks for none, or for several.
    """
    item: Item = entry.value
    asks = [ask for ask in draft.asks if ask.sentence == sentence and not ask.is_removal]
    if len(asks) != 1 or asks[0].item.is_layout or asks[0].thing.is_place or item.count is not None:
        raise draft.mistake("ambiguous", "positions along what are left out? name the part", entry)
    on = asks[0].item
    return replace(item, phrase=on.phrase, range=on.range, via=on.via)


def refuse_ids_left(draft: Draft, entry: Entry, item: Item) -> None:
    """Raise the mistake of ids behind a name that is left out: "98 points without the contour, so 33 to 97"."""
    last = draft.asks[-1] if draft.asks else None
    is_behind = last is not None and last.is_removal and last.is_named and last.item.ids is None
    if is_behind and item.ids is not None and item.says_only("ids", "zero") and entry.before == {"comma"}:
        raise draft.mistake("ambiguous", "are these ids left out too, or what is left? 'and' for both", entry)
