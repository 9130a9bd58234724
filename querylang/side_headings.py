"""Clauses that are only a side: one that heads what follows, or says which of two comes first.

In: a draft whose asks so far are read, and a clause of it; out: the side, and what stands on it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from .asks import BREAKS, Ask, Clause, Draft, find_phrases, flip
from .beside import lie_on_side
from .concept_data import SIDES
from .entries import Entry
from .joining import are_sides, find_side
from .meaning import NO_NAME, WHOLE_FACE, Item, Phrase
from .portions import HALF
from .word_edges import SKIP

ARTICLES = frozenset({"the", "a", "an"})

LINKS = frozenset({"EACH", "HEADS", "OF"})


def find_side_heading(draft: Draft, number: int) -> Phrase | None:
    """Return the side of an entry that is only a side and heads what follows.

    "Left: 5 points on the eyebrow", "On the left side, 5 points on the eyebrow".
    """
    entry = draft.entries[number]
    opens = (not draft.asks or bool(entry.before & {"stop", "line"})) and not entry.value.faces
    later = draft.entries[number + 1] if number + 1 < len(draft.entries) else None
    if not opens or later is None:
        return None
    names_one = later.kind == "item" and later.value.is_region
    is_linked = names_one and later.before == {"comma"} and opens_behind_link(draft, number)
    # "LEFT\nbrow: 5\neye: 8".
    lines = (draft.entries[0], entry)
    is_line = "line" in later.before and all(
        one.kind == "item" and are_sides(one.value.phrase or NO_NAME) for one in lines
    )
    if "colon" not in later.before and not (is_linked or is_line):
        return None
    if is_doctors(entry, entry.value.phrase or NO_NAME):
        return head_side(draft, number)
    if are_sides(later.value.phrase or NO_NAME if later.kind == "item" else NO_NAME):
        # "Brow, upper edge: left 6, right 8; lower: left 4, right 5".
        return None
    readings = (item for _, item in ((0.0, entry.value), *entry.others))
    side = next((side for item in readings if (side := only_side(item)) is not None), None)
    return side or (side_of_origin(entry.value) if "colon" in later.before else None)


def side_of_origin(item: Item) -> Phrase | None:
    """Return the side that "from the left side: brow, eye" heads with, which starts nowhere."""
    origin = item.origin if item.says_only("origin", "frame") else None
    if not isinstance(origin, Phrase) or len(origin.ops) != 1 or origin.ops[0][:2] != ("portion", HALF):
        return None
    frame = origin.frame or item.frame or ""
    return replace(NO_NAME, ops=(("adj", (("side", *origin.ops[0][2:]),)),), frame=frame)


def is_doctors(clause: Clause | Entry, phrase: Phrase) -> bool:
    """Whether a name is no more than a doctor's word for an eye, which may mean its side: "OD"."""
    return clause.stop - clause.start == 1 and phrase.frame == "subject" and len(phrase.ops) <= 2


def head_side(draft: Draft, number: int) -> Phrase | None:
    """Return the side of a doctor's word for an eye that heads what lies on no eye: "OD: brow 5, upper lid 6"."""
    eye: Phrase = draft.entries[number].value.phrase
    under = takewhile(lambda one: not one.before & BREAKS, draft.entries[number + 1 :])
    names = [name for one in under if one.kind == "item" for name in find_phrases(one.value) if name.ops]
    if any(name.is_free for name in names):
        return None
    elsewhere = [one for one in names if one.ops[0] != eye.ops[0] and draft.rules.phrase(eye.ops + one.ops) is None]
    return replace(NO_NAME, ops=eye.ops[1:], frame="subject") if elsewhere else None


def find_labelled_side(draft: Draft, number: int) -> Phrase | None:
    """Return the side that an entry says behind its label: "part: eyebrow; side: left".

    Raises:
        MistakeError: It says whose side it is, and not which.
    """
    entry, lexemes = draft.entries[number], draft.lattice.lexemes
    at = draft.lattice.nodes[entry.start]
    words = [one.word for one in lexemes[max(0, at - 3) : at] if one.word not in ARTICLES][-2:]
    if words not in (["side", ":"], ["side", "="]):
        return None
    side = only_side(entry.value)
    if side is None and entry.value.says_only("frame", "late"):
        raise draft.mistake("ambiguous", "which side?", entry, "'left' or 'right'")
    return side


def opens_behind_link(draft: Draft, number: int) -> bool:
    """Whether an entry opens a sentence behind "on", "for" or the like."""
    entry = draft.entries[number]
    is_headed = number > 0 and draft.entries[number - 1].kind == "heading"
    edges = draft.lattice.edges
    before = (edge for node in edges[max(0, entry.start - 6) : entry.start] for edge in node)
    if any(edge.category == SKIP and edge.stop == entry.start and edge.stop - edge.start > 1 for edge in before):
        # "The coordinates of ..." only wraps.
        return False
    found = {edge.category for node in edges[max(0, entry.start - 1) : entry.start + 1] for edge in node}
    if number == 0 or entry.before & BREAKS or (is_headed and not entry.before):
        return not LINKS.isdisjoint(found)
    is_listed = bool(entry.before & {"and", "comma"})
    return is_listed and "HEADS" in found and "OF" not in found and counts_next(draft, number)


def counts_next(draft: Draft, number: int) -> bool:
    """Whether an entry stands bare before one that is counted: "... and on the right eye 6 points on the lower lid"."""
    entry, later = draft.entries[number], draft.entries[number + 1 : number + 2]
    if not later or later[0].kind != "item" or not later[0].before <= {"comma"} or entry.value.has_amount:
        return False
    return bool(later[0].value.count is not None and later[0].value.phrase is not None)


def only_side(item: Item) -> Phrase | None:
    """Return the side that an item says, "left" or "left side", where it says nothing else."""
    phrase = item.phrase or NO_NAME
    ops = phrase.ops if item.says_only("phrase", "frame", "only") else ()
    # "Everything on the left".
    sides = tuple(op for op in ops if op != ("rel", "side") and op not in WHOLE_FACE)
    is_side = bool(sides) and all(op[0] == "adj" for op in sides)
    return replace(phrase, ops=sides, frame=phrase.frame or item.frame or "") if is_side else None


def put_on_side(draft: Draft, item: Item, side: Phrase) -> Item:
    """Return an item on the side its heading names, if it names none."""
    phrase = item.phrase or NO_NAME
    if phrase.is_free and phrase.ops[:1] and phrase.ops[0][0] == "rel" and not phrase.ref and side.ops:
        # "Of the left brow the tail; of the right, the head".
        near = [ask.phrase for ask in reversed(draft.asks[-MOST_ORDERED:]) if ask.phrase.ops and not ask.phrase.is_free]
        found = (lie_on_side(draft.rules, phrase, side.ops[0], one) for one in near)
        turned = next((one for one in found if one is not None), None)
        return item if turned is None else replace(item, phrase=replace(turned, frame=side.frame or turned.frame))
    made = draft.rules.on_side(phrase.ops, *side.ops) if phrase.ops and not phrase.thing.is_sided else None
    if made is None:
        return item
    return replace(item, phrase=replace(phrase.mean(made), frame=side.frame or phrase.frame))


def put_first(draft: Draft, item: Item, sentence: int) -> bool:
    """Whether a clause only says which side comes first: "upper lids, 7 each, the right one first"."""
    side = item.phrase or NO_NAME
    near = [ask for ask in draft.asks if ask.sentence == sentence] or draft.asks[-1:]
    found = [ask for ask in near if comes_in_order(ask, side)]
    for ask in found:
        ask.first = side
    return bool(found)


def find_depth(phrase: Phrase) -> str:
    """Return "inner" or "outer" of a phrase that says nothing but that, and at most of what: "the outer corner"."""
    told = [op[1][0] for op in phrase.ops if op[0] == "adj" and len(op[1]) == 1]
    is_only = phrase.is_free and len(told) == 1 and all(op[0] in ("adj", "rel") for op in phrase.ops)
    return told[0][1] if is_only and told[0][0] == "depth" else ""


MOST_ORDERED = 8
"""Names of a group whose sides come in an order that is said behind it."""


def comes_second(draft: Draft, item: Item, sentence: int) -> bool:
    """Whether a clause only says which side comes after the first: "eyes: right first, then left"."""
    side = item.phrase
    own = find_side(side.ops) if side is not None and item == Item(phrase=side) else None
    if side is None or own is None:
        return False
    near = [ask for ask in draft.asks[-MOST_ORDERED:] if ask.sentence >= sentence - 1]
    ordered = [ask for ask in near if find_side(ask.first.ops) == flip(own)]
    # "Five points per eye, right eye first and then left eye".
    return any(len(side.ops) == 1 or {*side.thing.units} <= {*ask.thing.units} for ask in ordered)


def comes_in_order(ask: Ask, side: Phrase) -> bool:
    """Whether what is asked lies on both sides, or at both ends, of which one may come first; or inner and outer."""
    thing = ask.thing
    if find_depth(side):
        return thing.is_place and len({unit.depth for unit in thing.units}) > 1
    if find_side(side.ops) is None:
        return False
    is_both = {unit.side or unit.end for unit in thing.units} >= {*SIDES}
    return is_both and (side.is_free or bool(side.thing.parts & thing.parts))
