"""Headings that count: names whose number is that of the items after them, or of the places named there.

In: an ask of a draft and those after it; out: whether its number is theirs, or a mistake where they add up to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice, takewhile

from .asks import Ask, Draft
from .beneath import divides, lies_under
from .restated import opens_bracket

MOST_SUMMED = 50
"""No heading is the sum of more items, or says "each" of more."""


def is_sum(draft: Draft, index: int) -> bool:
    """Whether a counted name is the sum of what lies on it: "6 points on the left eye: 3 on the upper lid, ...".

    Raises:
        MistakeError: The numbers add up to another sum.
    """
    ask, *later = draft.asks[index:]
    is_heading = draft.stands_above(index) or says_share(draft, later[0])
    own = (one.item.count for one in draft.find_own(index) if one.item.total or (is_heading and not one.item.each))
    told = ask.item.count or next(own, None)
    if told is None or ask.item.each or not (is_heading or "comma" in later[0].before):
        return False
    # Up to the next heading.
    rest = takewhile(lambda one: one.sentence == ask.sentence and "colon" not in one.before, later[1:])
    under = [later[0], *islice(rest, MOST_SUMMED)]
    counts = [count for one in under if (count := count_below(one, ask)) is not None]
    if len(counts) < len(under) or len(under) > MOST_SUMMED:
        return False
    if not all(lies_under(draft, one, ask) for one in under):
        if len(under) < 2 or not lie_around(draft, under, ask):
            return False
        is_heading = True
    is_divided = len(under) > 1 and later[0].before == {"comma"} and all(divides(one, ask) for one in under)
    adds_up = sum(counts) == told.value
    if is_heading and not adds_up:
        message = f"{told.value} points in all, but the items add up to {sum(counts)}"
        raise draft.mistake("contradiction", message, ask)
    return adds_up and (is_heading or is_divided)


def lie_around(draft: Draft, asks: Sequence[Ask], header: Ask) -> bool:
    """Whether asks are of what their heading goes round: "18 points around the mouth, 10 outer and 8 inner ones"."""
    whole = draft.rules.phrase(header.phrase.ops[:-1]) if header.phrase.ops[-1:] == (("rel", "around"),) else None
    return whole is not None and all(ask.thing.divides(whole.thing) for ask in asks)


def says_share(draft: Draft, ask: Ask) -> bool:
    """Whether an ask says that it is some of the points before it: "20 points on the lips, 12 of them outer"."""
    nodes = draft.lattice.edges[max(0, ask.start - 2) : ask.stop]
    return any(edge.category == "SHARE_OF" and edge.stop <= ask.stop for node in nodes for edge in node)


def count_below(ask: Ask, header: Ask) -> Fraction | int | None:
    """Return how many points of what its heading counts an ask says, for each where that is of each."""
    if ask.phrase.det == "all" and ask.thing.is_place and not header.phrase.det:
        # "2 on the nostrils" says how many there are.
        return len(ask.thing.units)
    # "10 points on both eyes, 5 on the left and 5 on the right".
    is_alike = ask.phrase.det == header.phrase.det or (header.phrase.det in ("both", "all") and not ask.phrase.det)
    return ask.item.count.value if ask.item.count is not None and is_alike else None


def is_named_out(draft: Draft, index: int) -> bool:
    """Whether a count is that of the places named after it: "3 points on the left brow: head, arch and tail".

    Raises:
        MistakeError: It is another one.
    """
    ask, *later = draft.asks[index:]
    own, first = draft.find_own(index), later[0]
    count = next((item.count for item in (ask.item, *(one.item for one in own)) if item.count is not None), None)
    is_told = "colon" in first.before or opens_bracket(draft, first)
    # "..., at the head, arch and tail".
    is_told = is_told or (first.before == {"comma"} and stands_at(draft, first.start))
    if count is None or ask.thing.is_place or not is_told:
        return False
    named = [*takewhile(lambda one: "colon" not in one.before or one is first, later)]
    named = [*takewhile(lambda one: one.sentence == ask.sentence and is_plain_place(draft, one, ask), named)]
    if not named:
        return False
    is_each = any(one.item.each for one in own)
    wanted = count.value * count_sides(ask, is_each=is_each)
    found = sum(len(one.thing.units) for one in named)
    if found != wanted and len(named) > 1:
        message = f"{count.value} points, but {found} are named after them"
        raise draft.mistake("contradiction", message, ask)
    if found == wanted:
        draft.loose = [one for one in draft.loose if one not in own]
    return found == wanted


def count_listed(draft: Draft, index: int) -> None:
    """Take away a count that is that of the places listed: "3 points on the brow (head, arch, tail)"."""
    ask, *later = draft.asks[index:]
    count = ask.item.count
    if count is None or not ask.thing.is_place:
        return
    own = draft.list_lexemes(ask)
    words = [one.word for one in own]
    if any(stands_at(draft, node) for node in range(ask.start + 1, ask.stop)):
        rest = takewhile(lambda one: one.sentence == ask.sentence and one.before <= {"comma", "and"}, later)
        inside = [ask, *islice(rest, MOST_SUMMED)]
    elif "(" in words and ")" not in words:
        closing = next((one.start for one in draft.lattice.lexemes if one.word == ")" and one.start > own[-1].start), 0)
        inside = [ask, *takewhile(lambda one: draft.list_lexemes(one)[0].start < closing, later)]
    else:
        return
    is_plain = all(one.thing.is_place and not one.item.has_amount for one in inside[1:])
    if len(inside) > 1 and is_plain and sum(len(one.thing.units) for one in inside) == count.value * count_sides(ask):
        ask.item = replace(ask.item, count=None)


def stands_at(draft: Draft, node: int) -> bool:
    """Whether "at" stands right before a node."""
    return node > 0 and any(edge.category == "AT" and edge.stop == node for edge in draft.lattice.edges[node - 1])


def count_sides(ask: Ask, *, is_each: bool = False) -> int:
    """Return how many an ask's number is said of, each: both of a pair, both lips."""
    is_each = bool(is_each or ask.item.each or ask.phrase.det)
    return len({(unit.side, unit.level) for unit in ask.thing.units}) if is_each else 1


def is_plain_place(draft: Draft, ask: Ask, header: Ask) -> bool:
    """Whether an ask is a place, without a number of its own, on what a heading names."""
    # "The two corners" of each eye.
    sides = max(1, len({unit.side for unit in ask.units or ask.thing.units}))
    count = ask.item.count if ask.item.says_only("phrase", "count") else None
    is_all = count is not None and count.value * sides == len(ask.thing.units)
    is_plain = ask.is_named and (is_all or not ask.item.has_amount) and not ask.is_removal and ask.item.range is None
    return is_plain and ask.thing.is_place and lies_under(draft, ask, header)
