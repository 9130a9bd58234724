"""Behind another clause: when one only says more of the one before it, and what it then says.

In: items and the ask before them; out: whether they belong together, and the item that they make.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import Ask, Draft, find_phrases
from .concept_data import Thing
from .entries import Entry
from .joining import goes_sideways, is_side, may_carry
from .meaning import NO_NAME, Item, MistakeError, Phrase, join
from .numbers import Number
from .pieces import Stretch

SPOTS = frozenset({"corner", "end", "tip", "head", "tail", "top", "bottom", "middle", "start"})
"""Places that points may start at."""


def name_ids(item: Item) -> Item:
    """Return a layout's item with the range of whole numbers behind it as ids: "300W, from 27 down to 18"."""
    assert item.range is not None
    ends = [end for end in (item.range.first, item.range.last) if isinstance(end, Number) and end.form == "integer"]
    if len(ends) < 2 or item.ids is not None:
        return item
    return replace(item, range=None, ids=((ends[0], ends[1]),))


def merge(last: Ask, item: Item, entry: Entry, own: Item | None = None) -> bool:
    """Whether a clause could be joined to the ask before it."""
    joined = join(own or last.item, item)
    if joined is not None:
        last.item, last.stop = joined, entry.stop
    return joined is not None


def is_region(entry: Entry) -> bool:
    return entry.kind == "item" and bool(entry.value.is_region)


def refuse_torn(draft: Draft, last: Entry, entry: Entry) -> None:
    """Raise the mistake of two clauses that are one name, which makes no sense as a whole.

    "L_mouth"; "right side of nose | bridge", whose last and first word are a name.
    """
    if not (is_region(last) and is_region(entry)):
        return
    before, after = draft.list_lexemes(last)[-1], draft.list_lexemes(entry)[0]
    is_one = before.is_underscored and after.is_underscored and draft.lattice.text[before.stop : after.start] == "_"
    edges = draft.lattice.edges[last.stop - 1] if last.stop == entry.start else ()
    is_name = any(edge.category in ("NOUN", "NOUNS") and edge.stop > last.stop for edge in edges)
    if is_one or is_name:
        message = f"there is no '{draft.words(last, entry)}'"
        raise MistakeError("ambiguous" if is_one else "unknown_part", message, draft.span(last, entry))


def is_bare_number(draft: Draft, entry: Entry) -> bool:
    """Whether a clause is one whole number, and no other word but "too"."""
    rest = draft.lattice.edges[entry.start + 1] if entry.stop - entry.start > 1 else ()
    is_alone = not rest or any(edge.category == "TOO" and edge.stop == entry.stop for edge in rest)
    return entry.kind == "item" and is_alone and bool(entry.value.says_only("count"))


def is_whole(phrase: Phrase) -> bool:
    """Whether a name means whole curves, on which a range may lie."""
    return any(isinstance(piece, Stretch) and piece.is_whole for piece in phrase.thing.pieces)


def is_adjective(entry: Entry, item: Item, last: Ask) -> bool:
    """Whether a clause is adjectives behind a name: "eyebrow, left", "both brows, the left one"."""
    phrase, thing = item.phrase or NO_NAME, last.thing
    is_one = phrase.ref == "one" and len(thing.units) > 1
    is_plain = not phrase.ref and "colon" not in entry.before and not item.has_amount
    may_count = is_one and not (item.has_amount and last.item.has_amount)
    return (is_plain or may_count) and not thing.is_sided and all(op[0] == "adj" for op in phrase.ops)


def is_route(phrase: Phrase, last: Ask) -> bool:
    """Whether a name is the way a range runs: "along the top", "along the lower lid"."""
    if phrase.is_free:
        return bool(phrase.ops) and may_carry(phrase)
    parts = {part for end in find_phrases(Item(range=last.item.range)) for part in end.thing.parts} | last.thing.parts
    stretches = {p.part for p in phrase.thing.pieces if isinstance(p, Stretch) and not p.is_whole}
    return bool(parts & stretches) and not phrase.thing.is_sided


def runs_within(phrase: Phrase, last: Ask) -> bool:
    """Whether a bare curve is one of those that a way is on: "inner lip, from corner to corner via the lower lip"."""
    is_bare = last.item.says_only("phrase", "count") and is_whole(last.phrase)
    return is_bare and last.thing.parts < phrase.thing.parts


def is_bare_route(item: Item, last: Ask) -> bool:
    """Whether a range lies on what was named before: its ends name no part, or only places of that one."""
    ends = find_phrases(Item(range=item.range))
    if any(end.ref == "them" for end in ends):
        return False
    named = [end.thing for end in ends if not end.is_free]
    may_hold = not (last.phrase.is_free or last.thing.is_place)
    return not named or (may_hold and all(lies_within(thing, last.thing) for thing in named))


def lies_within(place: Thing, whole: Thing) -> bool:
    """Whether what a range ends at may lie on what was named before, if that says on which side."""
    return place.parts <= whole.parts or (not place.is_sided and bool(place.parts & whole.parts))


def tell_frame(item: Item) -> Item:
    """Return "left/right are anatomical" as whose they are: it asks for nothing."""
    phrase = item.phrase or NO_NAME
    is_both = phrase.is_free and len(phrase.ops) == 1 and is_side(phrase.ops[0]) and len(phrase.ops[0][1]) == 2
    return replace(item, phrase=None) if is_both and item.frame and not item.is_layout else item


def settle_item(item: Item) -> Item:
    """Return an item whose name stands where names do: what a range runs along, what "start with" says, an owner."""
    if item.range is not None and item.phrase is None and item.via is not None and not item.via.is_free:
        is_bare = all(end.is_free for end in find_phrases(Item(range=item.range)))
        item = replace(item, phrase=item.via, via=None) if is_bare or is_whole(item.via) else item
    if item.range is not None and item.range.last is None and lies_between_ends(item):
        # "The base of the nose between the nostrils".
        item = replace(item, range=None)
    if item.range is not None and item.phrase is not None and goes_sideways(item) and item.count is None:
        item = order_places(item)
    if item.layout is not None and item.phrase is None and item.has_numbers:
        item = name_ids(item)
    if isinstance(item.origin, Phrase) and (is_whole(item.origin) or item.origin.ref == "one") and not item.is_region:
        # "Starting with the right eye", "... with the right one".
        item = replace(item, phrase=item.origin, origin=None, lead=True)
    if item.pick == (1,) and item.says_only("phrase", "pick", "frame") and is_spot(item.phrase or NO_NAME):
        # "The first point should be the left corner".
        phrase = item.phrase or NO_NAME
        item = Item(phrase=replace(phrase, frame=phrase.frame or item.frame or ""), lead=True)
    phrase = item.phrase or NO_NAME
    is_many = phrase.is_plural or phrase.thing.is_place
    if item.each and is_many and phrase.thing.is_several_sided and not item.has_amount:
        # "The eyes (each): ...", "a pupil in each".
        item = replace(item, each=None, phrase=replace(phrase, det=phrase.det or "each"))
    if item.frame and item.phrase is not None and not item.phrase.frame:
        item = replace(item, phrase=replace(item.phrase, frame=item.frame))
    return item


def is_spot(phrase: Phrase) -> bool:
    """Whether a name is one place, or that of one: "the left corner"."""
    if not phrase.is_free:
        return phrase.thing.is_place
    return not phrase.ref and any(op[0] == "rel" and op[1] in SPOTS for op in phrase.ops[:1])


def lies_between_ends(item: Item) -> bool:
    """Whether a place is said to be between two others of its part, where it is."""
    thing, ends = (item.phrase or NO_NAME).thing, find_phrases(replace(item, phrase=None))
    if any(end.ref == "them" for end in ends):
        # "The two mouth corners and the middle of the bow between them".
        return bool(thing.units) and thing.is_place
    return bool(thing.units) and thing.is_place and all(thing.parts <= end.thing.parts for end in ends)


def order_places(item: Item) -> Item:
    """Return several places in the order that a way from side to side tells: "the mouth corners, right to left"."""
    thing, asked = (item.phrase or NO_NAME).thing, item.range
    if asked is None or not thing.is_place or len(thing.units) < 2 or not isinstance(asked.first, Phrase):
        return item
    is_back = asked.first.ops[0][1][0][1] == "right"
    return replace(item, range=None, reverse=is_back or item.reverse)


def is_manner(item: Item) -> bool:
    """Whether an item says how what it names is to come, and nothing else of it."""
    manner = Item(phrase=item.phrase, shape=item.shape, spacing=item.spacing, reverse=item.reverse)
    return item == manner != Item(phrase=item.phrase)
