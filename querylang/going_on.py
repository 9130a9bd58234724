"""Clauses that go on in the way of the one before: what they leave out is how it asked.

In: a draft whose asks so far are read, and the clause that comes next; out: what it says, or that it was added to the
one before. "A third of the way along the jaw, and two thirds", "in 8 equal parts, the bridge in 4", "300W 37, then 43".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .asks import Ask, Draft
from .beside import contrast, make_end, oppose, turn_side
from .clause_kinds import is_bare_number, is_region, is_route
from .concept_data import SIDES
from .entries import Entry
from .joining import find_side, goes_sideways, is_side
from .leaning import STEPS, turn_ends
from .meaning import NO_NAME, Item, Phrase, add
from .numbers import Number
from .phrase_compositions import THIRD

JOINED = frozenset({"and", "also", "comma", "then"})
WAYS = ("segments", "positions", "density")
"""Ways to say where points lie that the next clause may say in fewer words."""
SETTLED = (*STEPS, "pick")
"""What a clause may say itself, so that nothing is left out."""
TOP_OR_BOTTOM = ((("rel", "top"),), (("rel", "bottom"),))
MOST_LISTED = 4
"""Names between a side and a "top" that makes a place of it."""
AMOUNT_WORDS = frozenset({"NUMBER", "APPROX", "FACTOR"})


def ask_alike(draft: Draft, number: int) -> Item:
    """Return a clause as it goes on in the way of the one before it, where it can."""
    entry = draft.entries[number]
    item = point_to_side(draft, number) or count_on(draft, entry)
    last = draft.asks[-1] if draft.asks else None
    if last is not None and turns_back(item, last):
        return replace(item, phrase=last.item.phrase, range=last.item.range)
    if last is not None and "stop" in entry.before:
        return (goes_via(draft, entry) and go_the_other_way(draft, entry, item, last)) or item
    if last is None:
        return item
    if last.item.is_layout and item.layout is not None:
        return ask_other_layout(draft, entry, item, last)
    if last.item.range is not None:
        return go_the_other_way(draft, entry, item, last) or turn_ends(draft, item, last.item.range)
    way = next((one for one in WAYS if getattr(last.item, one) is not None), None)
    if way is None or any(getattr(item, name) is not None for name in SETTLED):
        return item
    return say_so(item, way) or next((other for _, other in entry.others if getattr(other, way) is not None), item)


def ask_other_layout(draft: Draft, entry: Entry, item: Item, last: Ask) -> Item:
    """Return what is asked of another layout: "the left eye of 300W, then that of WFLW"."""
    links = (edge.category for edge in draft.lattice.edges[max(0, entry.start - 1)])
    is_alike = item.same or "of" in entry.before or ("and" in entry.before and "HEADS" in links)
    if item.says_only("layout", "zero", "same") and is_alike:
        return replace(last.item, layout=item.layout, zero=item.zero)
    if item.says_only("layout", "zero", "phrase"):
        # "The left brow from 300W, the right from WFLW".
        made = turn_side(draft.rules, item.phrase or NO_NAME, last.phrase)
        return item if made is None else replace(item, phrase=made)
    return item


def point_to_side(draft: Draft, number: int) -> Item | None:
    """Return a side beside "top" or "bottom" as the place on it: "the top, bottom, left and right of the mouth"."""
    entry = draft.entries[number]
    phrase: Phrase = entry.value.phrase or NO_NAME
    *lower, last = phrase.ops or (("",),)
    is_third = last[:2] == ("portion", THIRD) and last[2] in SIDES
    if not (is_third or (not lower and is_side(last))) or entry.value != Item(phrase=phrase):
        return None
    nodes = draft.lattice.edges[entry.start : entry.stop]
    if draft.ends_owning(entry) or any(edge.category == "NUMBER" for node in nodes for edge in node):
        return None
    near = [*list_near(draft, number, -1), *list_near(draft, number, 1)]
    named = [(one.value.phrase or NO_NAME).ops for one in near if one.kind == "item"]
    if not any(ops[-1:] in TOP_OR_BOTTOM and ops[:-1] in ((), tuple(lower)) for ops in named):
        return None
    end = make_end(last) if is_side(last) else ("adj", (("end", *last[2:]),))
    made = draft.rules.sound_phrase((*lower, ("rel", "corner"), end))
    return None if made is None else Item(phrase=replace(phrase.mean(made), ref=""))


def go_the_other_way(draft: Draft, entry: Entry, item: Item, last: Ask) -> Item | None:
    """Return the way between the same ends: "... over the top, 5 points, and along the bottom, 4"."""
    phrase, asked = item.phrase or NO_NAME, last.item.range
    if asked is None:
        return None
    if item.range is not None and item.phrase is None:
        # "The jaw from left to right with 17 points, then right to left with 9."
        is_back = goes_sideways(item) and goes_sideways(last.item) and last.is_named
        return replace(item, phrase=last.phrase) if is_back else None
    if item.range is not None or not phrase.ops or find_side(phrase.ops):
        return None
    if last.item.via is None:
        # "5 via the upper lid from the outer to the inner corner of the left eye, 4 via the lower".
        if not (last.is_named and draft.has_amount(len(draft.asks) - 1) and goes_via(draft, entry)):
            return None
        made = contrast(draft.rules, phrase, last.phrase)
        made = made or (phrase if phrase.ops[:1] == last.phrase.ops[:1] else None)
        return None if made is None else replace(item, phrase=made, range=asked)
    is_other = phrase.is_free and any(way(draft.rules, phrase, last.item.via) for way in (oppose, contrast))
    if not (goes_via(draft, entry) or is_other):
        return None
    if phrase.ref == "one":
        phrase = replace(phrase, ref="")
    if not is_route(phrase, last):
        return None
    via = contrast(draft.rules, phrase, last.item.via) or phrase
    return replace(item, phrase=last.item.phrase, range=asked, via=via)


def turns_back(item: Item, last: Ask) -> bool:
    """Whether a clause asks for the same the other way round: "... clockwise, 5 points; counter-clockwise, 4"."""
    is_turned = item.turn is not None and last.item.turn is not None and item.turn != last.item.turn
    return is_turned and item.says_only("turn", "count") and last.item.is_region


def goes_via(draft: Draft, entry: Entry) -> bool:
    """Whether a clause begins with "via", "over" or, but at the start of a sentence, with "along"."""
    edges, first = draft.lattice.edges, entry.start
    while first < entry.stop - 1 and any(edge.category in (*AMOUNT_WORDS, "POINTS") for edge in edges[first]):
        # "... and 4 via the lower".
        first += 1
    near = [edge for node in edges[max(0, entry.start - 2) : first + 1] for edge in node]
    found = {edge.category for edge in near if edge.stop <= first + 1}
    return "VIA" in found and not ("HEADS" in found and ("stop" in entry.before or first > entry.start))


def list_near(draft: Draft, number: int, step: int) -> Iterator[Entry]:
    """Yield the entries of a list beside one of them, the nearest first, up to what names a part."""
    at = number
    while 0 <= at + step < len(draft.entries) and abs(at - number) < MOST_LISTED:
        later = draft.entries[max(at, at + step)]
        if not later.before or not later.before <= JOINED:
            return
        at += step
        yield draft.entries[at]
        if not (draft.entries[at].kind == "item" and (draft.entries[at].value.phrase or NO_NAME).is_free):
            return


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
    """Raise the mistake of a way through three places: "head -> arch -> tail", "ear to chin to ear"."""
    first = entry.value.range.first if entry.value.range is not None else None
    is_next = isinstance(first, Phrase) and first.ref == "start" and not entry.before
    if is_next and draft.asks and draft.asks[-1].item.range is not None:
        raise draft.mistake("ambiguous", "a way through three places: say it as two", entry)
    if entry.value.range is None or not draft.asks or "colon" not in entry.before or "line" in entry.before:
        return
    at, last = draft.lattice.nodes[entry.start], draft.asks[-1]
    is_place = last.item.range is not None or last.thing.is_place or last.phrase.is_free
    words = "".join(lexeme.word for lexeme in draft.lattice.lexemes[max(0, at - 3) : at])
    if is_place and "->" in words:
        raise draft.mistake("ambiguous", "a way through three places, or three points?", entry)
