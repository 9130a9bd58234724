"""Repeats: what comes again on the other side, or in the same way on another part.

In: an entry that says "the same", "likewise" or "too", and the asks before it; out: the asks that it adds.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from .asks import AMOUNTS, Ask, Draft, Loose, find_phrases, flip, only
from .beside import find_bases, find_nouns, move_place, take_place, turn_side
from .concept_data import SIDES
from .concepts import Op
from .entries import Entry
from .headings import drop_headers
from .joining import are_sides, find_side, is_side
from .layout_lists import is_in_layout
from .meaning import NO_NAME, Item, Phrase, join
from .numbers import Number
from .owners import own_names
from .references import resolve

MANNER = ("spacing", "shape", "reverse", "turn", "origin")
"""What else is the same of what comes "likewise"."""


def repeat(draft: Draft, entry: Entry, item: Item, sentence: int) -> None:
    """ "The same on the right": repeat, mirrored, all since the last owner of that kind was named.

    Raises:
        MistakeError: Nothing is there to be repeated.
    """
    if item == Item(same="all") and entry.before == {"comma"} and draft.asks and draft.asks[-1].source is not None:
        # "... and then the left one, same".
        return
    own_names(draft)
    drop_headers(draft)
    item = name_side(draft, item)
    if (
        item.same == "amount"
        and draft.asks
        and draft.asks[-1].item.range is not None
        and are_sides(item.phrase or NO_NAME)
    ):
        # "Between the corners of the right eye, along the lower lid; on the left likewise".
        item = replace(item, same="all")
    if item.phrase is None and "colon" in entry.before and draft.asks:
        item = replace(item, phrase=draft.asks.pop().phrase)
    tail = find_repeated(draft, entry, item)
    phrase = item.phrase or NO_NAME
    made = [(ask, mirror(draft, ask.item, item.frame or phrase.frame, entry)) for ask in tail]
    if counted := start_from(draft, item, entry):
        made, item = counted, Item(same="all")
    made = made or vary_asks(draft, item)
    if not made:
        for one in move_places(draft, entry, item):
            repeat_amount(draft, entry, one, sentence)
        return
    for number, (ask, own) in enumerate(made):
        before = ask.before if number else entry.before
        again = Ask(
            own, entry.start, entry.stop, sentence, before, ask.is_removal, leads=ask.leads, source=ask, like=ask
        )
        if item.count is not None and not ask.thing.is_place:
            # "The upper edge of the left brow with 6 points, that of the right with 7".
            again.item, again.source = replace(own, **dict.fromkeys(AMOUNTS)), None
        again.is_owned = again.is_named and not again.phrase.is_free
        draft.asks.append(again)
    rest = replace(item, phrase=None, same=None)
    if rest != Item() and not restates_places(rest, [ask for ask, _ in made]):
        draft.loose.append(Loose(rest, entry.start, entry.stop, sentence, entry.before, at=len(draft.asks)))


def name_side(draft: Draft, item: Item) -> Item:
    """Return "the same on the right side" as on the right, where what comes again runs from or to a side."""
    asked = draft.asks[-1].item.range if draft.asks else None
    ops = (item.phrase or NO_NAME).ops
    if asked is None or len(ops) != 1 or ops[0][0] != "portion" or ops[0][2] not in SIDES or item.phrase is None:
        return item
    return replace(item, phrase=replace(item.phrase, ops=(("adj", (("side", *ops[0][2:]),)),)))


def start_from(draft: Draft, item: Item, entry: Entry) -> list[tuple[Ask, Item]]:
    """Return what was asked last, from the other side.

    "A quarter of the way along the jaw from the left, and the same from the right", "from the left chin to the jaw
    end, likewise from the right".
    """
    if not draft.asks or item.origin is None or item != Item(same="all", origin=item.origin):
        return []
    ask = draft.asks[-1]
    if ask.item.positions:
        return [(ask, replace(ask.item, origin=item.origin))]
    first = ask.item.range.first if ask.item.range is not None else None
    is_turned = isinstance(item.origin, Phrase) and are_sides(item.origin) and isinstance(first, Phrase)
    is_sided = isinstance(first, Phrase) and find_side(first.ops) is not None
    return [(ask, mirror(draft, ask.item, item.frame or "", entry))] if is_turned and is_sided else []


def vary_asks(draft: Draft, item: Item) -> list[tuple[Ask, Item]]:
    """Return what was asked last, as it is asked of what is named again in its place."""
    if item.same not in ("all", "amount") or item.has_amount:
        return []
    return [(ask, replace(ask.item, phrase=other)) for ask, other in vary_tail(draft, item.phrase or NO_NAME)]


def find_repeated(draft: Draft, entry: Entry, item: Item) -> list[Ask]:
    """Return what is to come again on the other side.

    Raises:
        MistakeError: It is said to, and cannot.
    """
    phrase = item.phrase or NO_NAME
    is_likewise = item.same == "amount" and repeats_places(draft, item.phrase)
    tail = find_tail(draft, item.phrase) if item.same == "all" or is_likewise else []
    if phrase.ops and phrase.ref in ("", "it") and not find_side(phrase.ops):
        # "Ditto the lower lid" names what it is on, and no other side.
        tail = []
    if is_likewise and not (tail and (phrase.ref or find_side(phrase.ops))):
        raise draft.mistake("ambiguous", "which places of it?", entry, "the same places by name")
    if find_nouns(phrase) and not phrase.ref and not any(is_kind_of(phrase, one) for one in tail):
        tail = []
    if not tail and item.same == "all" and not phrase.ref and are_sides(phrase) and not has_other_side(draft):
        raise draft.mistake("ambiguous", "what came before names no side, and has no other", entry, "the part's name")
    return tail


def restates_places(rest: Item, again: list[Ask]) -> bool:
    """Whether a number only says how many come again: "2 points on the left corners, 2 on those of the right"."""
    count = rest.count if rest.says_only("count") and all(ask.thing.is_place for ask in again) else None
    return count is not None and count.value == sum(len(ask.thing.units) for ask in again)


def move_places(draft: Draft, entry: Entry, item: Item) -> list[Item]:
    """Return an item that repeats places as those of its own part: "the corners of the eye and those of the mouth".

    Raises:
        MistakeError: Its part has no such place.
    """
    phrase, last = item.phrase, draft.asks[-1] if draft.asks else None
    if item.same != "all" or phrase is None or phrase.ref or last is None or not find_nouns(phrase):
        return [item]
    if phrase.thing.is_place or not last.thing.is_place or draft.has_amount(len(draft.asks) - 1) or item.has_amount:
        return [item]
    places: list[Item] = []
    of = last.phrase.ops[:1]
    for ask in takewhile(lambda one: one.thing.is_place and one.phrase.ops[:1] == of, reversed(draft.asks)):
        made = move_place(draft.rules, phrase, ask.phrase)
        if made is None or made.fault:
            raise draft.mistake("ambiguous", "which places of it?", entry, "the same places by name")
        places.insert(0, replace(item, phrase=made))
    return places


def repeats_places(draft: Draft, phrase: Phrase | None) -> bool:
    """Whether what is asked likewise has no number to take, but places: "left eye: top, bottom; right eye likewise"."""
    last = draft.asks[-1] if draft.asks else None
    if last is None or phrase is None or not phrase.ops or phrase.ref not in ("", "other"):
        return False
    if last.is_removal:
        # "The left eye without its corners; the other one likewise".
        return any(is_kind_of(phrase, ask) for ask in draft.asks if not ask.is_removal)
    if is_piece_of(draft, last, phrase):
        # "Left eye: upper lid 5, lower lid 3. Right eye likewise."
        return True
    if not last.thing.is_place:
        return False
    if draft.has_amount(len(draft.asks) - 1) or last.item.layout is not None:
        return False
    if all(op[0] == "adj" for op in phrase.ops):
        return True
    return not phrase.thing.is_place and len(last.phrase.ops) > 1 and is_kind_of(phrase, last)


def is_piece_of(draft: Draft, ask: Ask, whole: Phrase) -> bool:
    """Whether what an ask names, on its other side, is a piece of what a phrase names."""
    is_part = (ask.is_owned or ask.phrase.owner_len > 0) and ask.item.range is None
    made = draft.rules.sound_phrase(tuple(map(flip, ask.phrase.ops))) if is_part else None
    return made is not None and made.thing.parts <= whole.thing.parts and made.thing.divides(whole.thing)


def has_other_side(draft: Draft) -> bool:
    """Whether what was asked last lies on one side: "the left half of the jaw"."""
    last = draft.asks[-1] if draft.asks else None
    return last is not None and not last.is_removal and any(flip(op, ends=True) != op for op in last.phrase.ops)


def repeat_amount(draft: Draft, entry: Entry, item: Item, sentence: int) -> None:
    """ "The same on the nose", "the right brow too": as many points as were said last."""
    last = draft.asks[-1] if draft.asks else None
    if item.same == "number":
        counted = [ask for i, ask in enumerate(draft.asks) if draft.has_amount(i) and not ask.is_removal]
        last = counted[-1] if counted else None
    # A place "too" is asked as well, and has no number.
    is_place = item.same == "amount" and (item.phrase or NO_NAME).thing.is_place
    amounts = () if is_place else (*AMOUNTS, *MANNER)
    asked = last.item.range if item.same == "all" and last is not None else None
    if asked is not None and all(end.is_free for end in find_phrases(Item(range=asked))):
        # "Along the upper lip 7 points from corner to corner; the lower lip the same".
        amounts = (*amounts, "range")
    own = () if item.same == "number" else [name for name in amounts if getattr(item, name) is not None]
    told = join(replace(item, same=None), only(last.item, [a for a in amounts if a not in own])) if last else None
    if told is None or told.phrase is None:
        raise draft.mistake("ambiguous", "the same as what?", entry)
    if last is not None and is_in_layout(last) and not told.is_layout and not told.has_amount:
        turned = turn_side(draft.rules, told.phrase, last.phrase) or told.phrase
        told = replace(told, layout=last.item.layout, zero=last.item.zero, phrase=turned)
    ask = resolve(draft, Ask(told, entry.start, entry.stop, sentence, entry.before, leads=True))
    if not told.has_amount and not is_place:
        ask.source = last
    draft.asks.append(ask)


def repeats_list(draft: Draft, entry: Entry, item: Item) -> bool:
    """Whether a side behind "of" is that of a whole list: "the tail and head of the left brow, then of the right"."""
    last = draft.asks[-1] if draft.asks else None
    if last is None or item != Item(phrase=item.phrase) or not are_sides(item.phrase or NO_NAME):
        return False
    is_owner = draft.ends_owning(entry)
    is_of_list = "of" in entry.before and last.phrase.is_of
    return "and" in last.before and (is_of_list or (is_owner and not last.item.has_amount))


def vary_tail(draft: Draft, phrase: Phrase) -> list[tuple[Ask, Phrase]]:
    """Return the last asks that lie on the other level of what a name means, and what they are there.

    "The upper lip's outer edge with 7 points and the inner edge with 5; the same for the lower lip".
    """
    told = [op for op in phrase.ops if op[0] == "adj" and len(op[1]) == 1 and not is_side(op)]
    if len(told) != 1 or phrase.ref:
        return []
    found: list[tuple[Ask, Phrase]] = []
    for ask in reversed(draft.asks):
        own = ask.phrase
        made = vary(draft, own, phrase, told[0]) if own.ops else None
        if made is None:
            break
        found.insert(0, (ask, made))
    return found


def vary(draft: Draft, own: Phrase, phrase: Phrase, told: Op) -> Phrase | None:
    """Return what lies on one thing as lying on the other one of its kind: on the lower lip."""
    nouns = find_nouns(Phrase(own.ops[:1]))
    is_other = phrase.ops[0][1] in nouns | find_bases(draft.rules, nouns) and told not in own.ops
    made = take_place(draft.rules, own, (told,), own) if is_other else None
    return None if made is None or made.ops == phrase.ops else made


def find_tail(draft: Draft, phrase: Phrase | None) -> list[Ask]:
    """Return the last asks that lie on one side, another than is wanted, since the last of the kind that is named."""
    tail: list[Ask] = []
    wanted = find_side(phrase.ops) if phrase is not None else None
    side: Op | None = None
    for ask in reversed(draft.asks):
        own = next((found for one in find_phrases(ask.item) if (found := find_side(one.ops))), None)
        is_told = ask.thing.is_several_sided and not (ask.phrase.is_plural or ask.phrase.det)
        if own is None and ask.is_named and (ask.phrase.is_free or is_told or ask.is_removal):
            # Its side is that of an owner beside it; what is left out may have none.
            tail.insert(0, ask)
            continue
        if own is None and side is None and phrase is not None and find_nouns(phrase) and ask.thing.is_place:
            # "..., chin, and the same for the left brow": the chin has no other side.
            continue
        is_other = own is not None and (side is None or own[1][0][1] == side[1][0][1])
        if own is None or not is_other or (wanted is not None and own[1][0][1] == wanted[1][0][1]):
            break
        side = own
        tail.insert(0, ask)
    if side is None:
        return []
    return trim_to_kind(phrase, tail) if phrase is not None and find_nouns(phrase) else tail


def trim_to_kind(phrase: Phrase, tail: list[Ask]) -> list[Ask]:
    """Return what of a tail comes since the last owner of a name's kind was named, or all of it."""
    start = next((i for i in range(len(tail) - 1, -1, -1) if is_kind_of(phrase, tail[i])), 0)
    while start > 0 and is_kind_of(phrase, tail[start - 1]):
        start -= 1
    return tail[start:]


def mirror(draft: Draft, item: Item, frame: str, entry: Entry) -> Item:
    """Return an item with every side turned over.

    Raises:
        MistakeError: It has no other side.
    """

    def turn(phrase: Phrase) -> Phrase:
        made = draft.rules.phrase(tuple(flip(op) for op in phrase.ops))
        if made is None:
            raise draft.mistake("ambiguous", "what came before has no other side", entry)
        return replace(phrase.mean(made), frame=frame or phrase.frame)

    if item.range is not None:
        first, last = item.range.first, item.range.last
        first = turn(first) if isinstance(first, Phrase) else first
        last = turn(last) if isinstance(last, Phrase) else last
        if item.phrase is not None and item.phrase.thing.is_surface and isinstance(first, Number):
            # u runs from the left of the picture to the right.
            first = replace(first, value=1 - first.value)
        item = replace(item, range=replace(item.range, first=first, last=last))
    return item if item.phrase is None else replace(item, phrase=turn(item.phrase))


def is_kind_of(phrase: Phrase, ask: Ask) -> bool:
    """Whether an ask lies on what a name means, on whichever side."""

    def kinds(one: Phrase) -> set[str]:
        return {part.split()[-1] for part in one.thing.parts} | find_nouns(one)

    return any(kinds(phrase) & kinds(one) for one in find_phrases(ask.item))
