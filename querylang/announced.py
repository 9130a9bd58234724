"""Announcements: a bare name on which all lies that the next sentence asks for, and what only says what points are.

"Mark the eyelids of both eyes. Three points on each upper lid and three on each lower one", "dlib 27 to 35. That's the
nose", "the nostrils, and nothing else on the nose".  In: an ask of a draft and those before it; out: whether one of the
two asks for nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import takewhile

from .asks import Ask, Draft
from .counted_clauses import restates_places
from .numbered_again import is_bare, list_heads, names_ids
from .pieces import Patch, Place
from .runs import lies_on
from .side_headings import ARTICLES

MOST_PLACES = 50
"""No sentence announces, or sums, more."""
TELLING = re.compile(
    r"\b(that's|that is|these are|this is|those are|they are|which is|which are|meaning|namely"
    r"|(which|that) (marks?|is called|are called|corresponds? to|covers?|outlines?|belongs? to|lies? on|traces?))\b"
)
SUMMING = re.compile(r"\b(so|there are|there is|that makes|which makes|making|that's|i\.e\.)\s")
ELSE = re.compile(r"\b(nothing (else|more)|no (other|more))\b")


def announces(draft: Draft, index: int) -> bool:
    """Whether names are only what all that the next sentence asks for lies on."""
    heads, ask = list_heads(draft, index), draft.asks[index]
    if len(heads) == 1 and heads[0].thing.is_surface and ask.parts == heads[0].parts and ask.before == {"comma"}:
        # "Forehead, 5 points along the hairline".
        return draft.has_amount(index) and not draft.has_amount(index - 1)
    if not heads or ask.sentence == heads[-1].sentence or draft.has_amount(index - 1):
        return False
    own = draft.list_kinds(ask)
    is_free = ask.is_owned and own.isdisjoint(("NOUN", "NOUNS"))
    if not (is_free or is_asked_for(draft, heads[0]) or any(head.item.only for head in heads)):
        # "The jaw. The chin, 5 points." is a list.
        return False
    below = takewhile(lambda one: one.sentence == ask.sentence, draft.asks[index : index + MOST_PLACES])
    return all(one.is_removal or any(lies_inside(draft, one, head) for head in heads) for one in below)


def counts_names(draft: Draft, index: int) -> bool:
    """Whether each of the names before an ask is counted once more: "the eyes and lips, 12 on each eye and 18 ..."."""
    heads, ask = list_heads(draft, index), draft.asks[index]
    if len(heads) < 2 or "and" not in heads[-1].before or ask.before not in ({"comma"}, {"colon"}):
        return False
    below = [*takewhile(lambda one: one.sentence == ask.sentence, draft.asks[index : index + MOST_PLACES])]
    found = [[head for head in heads if lies_inside(draft, one, head)] for one in below]
    are_counted = all(one.item.has_amount and not one.is_removal for one in below)
    return are_counted and all(found) and {*heads} == {head for several in found for head in several}


def is_asked_for(draft: Draft, head: Ask) -> bool:
    """Whether words stand before the first name of a sentence: "get the nose landmarks", "I need the eyelids"."""
    at = draft.lattice.nodes[head.start]
    near = draft.lattice.lexemes[max(0, at - MOST_PLACES) : at]
    before = takewhile(lambda one: one.type == "word", reversed(near))
    return any(one.word not in ARTICLES for one in before)


def lies_inside(draft: Draft, ask: Ask, head: Ask) -> bool:
    """Whether all that an ask names lies on the curves that another does."""
    places = [
        (one.part, at)
        for one in ask.pieces
        if not isinstance(one, Patch)
        for at in ((one.fpalp,) if isinstance(one, Place) else (one.start, (one.start + one.stop) / 2, one.stop))
    ]
    registry, curves = draft.rules.concepts.registry, [one for one in head.pieces if not isinstance(one, Patch)]
    is_inside = all(any(lies_on(part, at, one, registry) for one in curves) for part, at in places)
    return is_inside and bool(places) and not head.is_place


def sums_up(draft: Draft, index: int) -> bool:
    """Whether a number is the sum of those behind it: "14 points on each eye. Seven go on the upper lid and seven ...".

    Where it is for each, so are they.
    """
    last, ask = draft.asks[index - 1 : index + 1]
    below = [*takewhile(lambda one: one.sentence == ask.sentence, draft.asks[index : index + MOST_PLACES])]
    own = [last.item, *(one.item for one in draft.find_own(index - 1))]
    told = next((item.count for item in own if item.count is not None), None)
    counts = [one.item.count.value for one in below if one.item.count is not None]
    if told is None or len(below) < 2 or len(counts) < len(below) or sum(counts) != told.value:
        return False
    if not all(lies_inside(draft, one, last) for one in below):
        return False
    if last.phrase.det in ("each", "both") or any(item.each for item in own):
        for one in below:
            one.item = replace(one.item, each=True)
    draft.loose[:] = [one for one in draft.loose if one not in draft.find_own(index - 1)]
    return True


def shares_out(draft: Draft, index: int) -> bool:
    """Whether a number for each is how the one before it is shared: "ten on the brows altogether. Five on each ..."."""
    last, ask = draft.asks[index - 1 : index + 1]
    said = [one.item for one in draft.loose if one.at == index and one.sentence == ask.sentence]
    each = next((item.count for item in (ask.item, *said) if item.count is not None), None)
    if each is None or last.item.count is None or ask.phrase.ops != last.phrase.ops or last.item.range is not None:
        return False
    if len(last.units) < 2 or not (ask.item.each or ask.phrase.det or any(item.each for item in said)):
        return False
    return each.value * len(last.units) == last.item.count.value and not (last.item.each or last.phrase.det)


def tells_what(draft: Draft, index: int) -> bool:
    """Whether an ask only says what the points before it are, or how many, or what is not wanted beside them."""
    last, ask = draft.asks[index - 1 : index + 1]
    between = draft.lattice.text[draft.span(last)[1] : draft.span(ask)[1]].lower()
    if ask.is_removal or last.is_removal:
        return False
    if is_bare(ask) and not draft.has_amount(index):
        is_told = bool(TELLING.search(between)) and (last.item.is_layout or bool(last.parts & ask.parts))
        if is_told and last.item.ids:
            # From where its ids count.
            names_ids(draft, last, [ask], is_told=True)
        return is_told or bool(ELSE.search(between))
    return "and" not in ask.before and counts_what(draft, index, between)


def counts_what(draft: Draft, index: int, between: str) -> bool:
    """Whether a number is only that of the places before it: "... so three per brow", "... One per eye"."""
    last, ask = draft.asks[index - 1 : index + 1]
    bare = replace(last, item=replace(last.item, frame=None))
    if ask.sentence != last.sentence and restates_places(draft, replace(ask.item, frame=None), bare):
        return True
    if ask.item.count is None or not ask.item.says_only("phrase", "frame", "count") or not SUMMING.search(between):
        return False
    before = reversed(draft.asks[max(0, index - MOST_PLACES) : index])
    near = [*takewhile(lambda one: one.is_place and one.parts <= ask.parts, before)]
    told = ask.item.count.value * (len(ask.units) if ask.phrase.det in ("each", "both") else 1)
    return last.item.is_layout or (bool(near) and told == sum(len(one.units) for one in near))
