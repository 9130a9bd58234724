"""What is said again: a name that comes once more with its number, its places or its layout, and asks for nothing new.

In: asks whose units are known; out: those without what another one only says again, with a note for each.  "And", ";"
and lines make lists, whose items are kept however often they come (law 1): these are commas, colons and sentences.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import takewhile

from .announced import announces, counts_names, lies_inside, shares_out, sums_up, tells_what
from .asks import BREAKS, Ask, Draft, find_phrases, list_alike
from .beneath import divides
from .counting import find_unified
from .meaning import Item, join
from .numbered_again import (
    is_bare,
    leads_names,
    list_heads,
    names_ids_of_all,
    names_ids_of_last,
    names_part_of_ids,
    numbers_all,
    numbers_before,
    numbers_last,
)
from .phrase_compositions import HALVES, OUTLINES
from .pieces import Patch, Place, Stretch
from .registry import Registry
from .restated import opens_bracket
from .told_order import goes_first, put_in_order

MOST_NAMED = 50
"""No number is that of more places."""
INCLUDING = frozenset({"included", "including", "include", "incl", "inclusive"})


def drop_said_again(draft: Draft) -> None:
    """Leave out what is said again, before it or behind it."""
    index = len(draft.asks) if draft.keeps_all else 1
    while index < len(draft.asks):
        if counts_first(draft, index):
            continue
        gone, kept = find_again(draft, index)
        if not gone:
            index += 1
            continue
        draft.is_shortened = True
        draft.notes.append(f"asked once: '{draft.words(gone[0], gone[-1])}' and '{draft.words(kept)}'")
        for ask in gone:
            at = draft.asks.index(ask)
            keep_order(ask, kept)
            for later in draft.asks[at + 1 : at + 2]:
                later.before = ask.before if later is kept else later.before
            draft.drop(at)
        index = max(1, index - len(gone))


def counts_first(draft: Draft, index: int) -> bool:
    """Whether a number behind an exception is that of the name before it: "both eyes without pupils, 6 per eye"."""
    if draft.asks[index].is_removal or not draft.asks[index].item.has_amount:
        return False
    before = draft.asks[:index]
    while before and before[-1].is_removal:
        before.pop()
    ask, last = draft.asks[index], before[-1] if before else None
    is_behind = last is not None and len(before) < index and ask.before == {"comma"} and ask.sentence == last.sentence
    if last is None or not (is_behind and is_bare(last) and last.pieces and list_pieces(ask) == list_pieces(last)):
        return False
    last.item = ask.item
    draft.drop(index)
    return True


def keep_order(gone: Ask, kept: Ask) -> None:
    """Let what is kept come in the order that was said of what is not: "pupils. One per eye, the right one first"."""
    sides = [unit.side for unit in gone.units]
    if gone.first.ops and all(unit.side in sides for unit in kept.units):
        kept.units = tuple(sorted(kept.units, key=lambda unit: sides.index(unit.side)))


def find_again(draft: Draft, index: int) -> tuple[list[Ask], Ask]:
    """Return the asks that say nothing but what others say, and one of those others."""
    last, ask = draft.asks[index - 1 : index + 1]
    if only_looks(draft, index) or leads_names(draft, index):
        return [last], ask
    if ordering := put_in_order(draft, index):
        return ordering, last
    if any(rule(draft, index) for rule in SAY_HOW):
        return [ask], last
    is_apart = not is_apposed(draft, index) or any(one.is_removal for one in draft.asks[index + 1 : index + 2])
    return ([], ask) if is_apart else find_apposed(draft, index)


def find_apposed(draft: Draft, index: int) -> tuple[list[Ask], Ask]:
    """Return the same of two that no word joins to a list."""
    last, ask = draft.asks[index - 1 : index + 1]
    heads = list_heads(draft, index)
    if names_places(draft, index):
        return heads or [last], ask
    if counts_names(draft, index):
        return heads, ask
    later = [one for one in draft.asks[index + 1 : index + 2] if one.sentence == ask.sentence]
    if ask.before == {"comma"} and any("and" in one.before for one in later):
        # "A, B and C" are three.
        return [], ask
    if heads and any(rule(draft, index) for rule in SAY_HEADS):
        return heads, ask
    if any(rule(draft, index) for rule in SAY_LAST):
        return [ask], last
    return ([last], ask) if any(rule(draft, index) for rule in SAY_MORE) else ([], ask)


def is_apposed(draft: Draft, index: int) -> bool:
    """Whether no word stands between an ask and the one before it that joins the two to a list."""
    last, ask = draft.asks[index - 1 : index + 1]
    is_inside = opens_bracket(draft, ask) or (bool(ask.item.only) and not ask.before)
    if last.is_removal or ask.is_removal or not ask.before <= {"comma", "colon", "stop"}:
        return False
    parts = ";" in draft.lattice.text[draft.span(last)[1] : draft.span(ask)[0]]
    return bool(ask.before or is_inside) and (not parts or is_mere_way(draft, ask))


def is_mere_way(draft: Draft, ask: Ask) -> bool:
    """Whether an ask is a range that names no part: "5 points on the left lid; from the inner to the outer corner"."""
    nodes = ({edge.category for edge in node} for node in draft.lattice.edges[ask.start : ask.stop])
    return ask.item.range is not None and all("NOUN" not in kinds or "REL" in kinds for kinds in nodes)


def only_looks(draft: Draft, index: int) -> bool:
    """Whether a name only says where to look: "find both eyes and return their inner corners"."""
    last, ask = draft.asks[index - 1 : index + 1]
    if not is_bare(last) or last.is_removal or ask.is_removal or draft.has_amount(index - 1):
        return False
    before = draft.lattice.edges[last.start - 1] if last.start else ()
    is_found = any(edge.category == "FINDING" and edge.stop == last.start for edge in before)
    between = draft.lattice.text[draft.span(last)[1] : draft.span(ask)[0]].lower().split()
    if ask.before & BREAKS:
        # "Detect the irises. Return the pupil centres."
        return is_found and is_bare(ask) and {*ask.pieces} == {*last.pieces}
    is_inside = ask.is_owned or {*ask.pieces} <= {*last.pieces}
    return is_found and is_inside and refers(draft, ask) and not {*between} <= {"and", "then", ",", "."}


def refers(draft: Draft, ask: Ask) -> bool:
    """Whether an ask says "its" or "their": "return their corners", "return 8 points around its contour"."""
    nodes = draft.lattice.edges[ask.start : ask.stop]
    return any(edge.category in ("POSSESSIVE", "REF") for node in nodes for edge in node)


def names_before(draft: Draft, ask: Ask) -> bool:
    """Whether an ask lies on what was named before it: "the tear duct of that eye"."""
    return "REF" in draft.list_kinds(ask)


def counts_each(draft: Draft, index: int) -> bool:
    """Whether the asks from one on say again all that their heads name, with numbers: "Brows only. 5 per brow"."""
    heads = list_heads(draft, index)
    if draft.find_own(index - 1) or not {"stop", "colon"} & draft.asks[index].before:
        return False
    again = draft.asks[index : index + len(heads)]
    counted = all(one.item.has_amount for one in again)
    return counted and bool(heads[0].pieces) and sorted(map(list_pieces, heads)) == sorted(map(list_pieces, again))


def names_places(draft: Draft, index: int) -> bool:
    """Whether places are as many as was said of their heads: "eyes and mouth, 6 points: four ...", "eyes: 4 each, ...".

    The number is then that of the places, and gone.
    """
    own, last, rest = draft.find_own(index - 1), draft.asks[index - 1], draft.asks[index : index + MOST_NAMED]
    heads = list_heads(draft, index) or [last]
    bare = replace(last.item, phrase=None, frame=None, each=last.item.each or bool(last.phrase.det) or None)
    said = [item for item in (bare, *(one.item for one in own)) if item.has_amount]
    if len(said) != 1 or said[0].count is None or not said[0].says_only("count", "total", "each", "only"):
        return False
    (item,) = said
    assert item.count is not None
    places = [*takewhile(lambda one: one.is_place and one.sentence == rest[0].sentence, rest)]
    if all(head.is_place for head in heads):
        return False
    times = len({unit.side for head in heads for unit in head.units}) if item.each else 1
    is_sum = item.count.value * times == sum(len(one.units) for one in places)
    if draft.asks[index].before == {"comma"} and not item.each:
        # "3 points on the left half, the bow, both corners" is a list.
        return False
    inside = [any(lies_inside(draft, one, head) or {*one.pieces} <= {*head.pieces} for head in heads) for one in places]
    if not is_sum or not all(inside):
        # "Two points on the central third of the jaw. The ends of the jaw."
        return False
    draft.loose[:] = [one for one in draft.loose if one not in own]
    return True


def narrows_all(draft: Draft, index: int) -> bool:
    """Whether "only" says which of the names before it is meant: "eye loop, 16 points, the left eye only"."""
    heads, ask = list_heads(draft, index), draft.asks[index]
    if not (ask.item.only and is_bare(ask) and len(heads) == 1) or "comma" not in ask.before:
        return False
    return divides(ask, heads[0]) and list_pieces(ask) != list_pieces(heads[0])


def says_same(draft: Draft, index: int) -> bool:
    """Whether an ask names in other words what the one before it does, and says no more of it."""
    last, ask = draft.asks[index - 1 : index + 1]
    if not is_bare(ask) or draft.has_amount(index) or (last.is_owned and ask.is_owned):
        return False
    if "comma" in ask.before and not draft.ends_line(index):
        return False
    if not ask.pieces or list_pieces(ask) != list_pieces(last) or ask.phrase.frame != last.phrase.frame:
        return False
    # "The tear duct of that eye. Its inner canthus." are two of one list.
    is_told = ask.before != {"stop"} or (refers(draft, ask) and not names_before(draft, last))
    own, others = ([lexeme.word for lexeme in draft.list_lexemes(one)] for one in (ask, last))
    return is_told and own != others


def goes_along(draft: Draft, index: int) -> bool:
    """Whether a stretch only says along what a place between two others lies: "upper edge, halfway from A to B"."""
    last, ask = draft.asks[index - 1 : index + 1]
    if ask.item.range is None or ask.item.positions is None or ask.before != {"comma"} or not is_bare(last):
        return False
    ends = [phrase for phrase in find_phrases(ask.item) if not phrase.is_free]
    return not last.is_place and bool(ends) and all(end.thing.parts <= last.thing.parts for end in ends)


def runs_along(draft: Draft, index: int) -> bool:
    """Whether a range only says from where to where the points counted before it run; they then do.

    "The upper edge of each brow, 5 points each, from head to tail".
    """
    last, ask = draft.asks[index - 1 : index + 1]
    if ask.item.range is None or not ask.item.says_only("phrase", "frame", "range", "via") or draft.has_amount(index):
        return False
    ends = [end for end in find_phrases(Item(range=ask.item.range)) if not end.is_free]
    lies = not ask.is_named and bool(ends) and all(end.thing.parts <= last.parts for end in ends)
    is_same = (lies or ask.phrase.ops == last.phrase.ops) and last.item.range is None and draft.has_amount(index - 1)
    joined = join(last.item, Item(range=ask.item.range, via=ask.item.via)) if is_same else None
    # Whose left and right its ends are is the range's to say.
    if joined is None:
        return False
    last.item = replace(joined, frame=ask.item.frame)
    for other in list_alike(draft.asks[: index - 1], last):
        other.item = join(other.item, Item(range=ask.item.range, via=ask.item.via)) or other.item
    return True


def only_of(draft: Draft, index: int) -> bool:
    """Whether a sentence only says what is wanted of the one before it: "the bridge. Four points, top to bottom".

    "The upper lid of the left eye. Give me just its highest point".
    """
    last, ask = draft.asks[index - 1 : index + 1]
    if ask.sentence == last.sentence or not is_bare(last) or draft.has_amount(index - 1):
        return False
    is_way = ask.item.range is not None and ask.phrase.ops == last.phrase.ops
    kinds = draft.list_kinds(ask)
    # "Just its highest point", "just the lowest point".
    is_its = not kinds.isdisjoint(("POSSESSIVE", "REF")) or kinds.isdisjoint(("NOUN", "NOUNS"))
    return is_way or bool(ask.item.only and ask.is_owned and is_its)


def says_center(draft: Draft, index: int) -> bool:
    """Whether an ask only says where one point on each is: "one point on each cheek, at its centre"."""
    last, ask = draft.asks[index - 1 : index + 1]
    count = last.item.count
    is_middle = ask.is_owned and is_bare(ask) and ask.phrase.ops[-1][1] in ("middle", "middles")
    is_one = count is not None and count.value == 1 and last.thing.is_surface
    return is_middle and is_one and ask.parts == last.parts and not draft.has_amount(index)


def says_where(draft: Draft, index: int) -> bool:
    """Whether an ask without a part only says on what the places before it lie: "lower lip centre, bottom edge"."""
    last, ask = draft.asks[index - 1 : index + 1]
    own = draft.list_kinds(ask)
    is_manner = ask.is_owned and is_bare(ask) and not ask.is_place and own.isdisjoint(("NOUN", "NOUNS"))
    if not is_manner or ask.before != {"comma"} or not draft.ends_line(index) or draft.has_amount(index):
        return False
    # "The middle of the lower lip, both its upper and its lower edge" are two.
    is_one = ask.parts <= last.parts
    return last.is_place and is_one and not last.item.has_amount and lies_inside(draft, last, ask)


def says_sides(draft: Draft, index: int) -> bool:
    """Whether an ask only says on which sides the places before it are: "gonion points, both sides of the jaw"."""
    last, ask = draft.asks[index - 1 : index + 1]
    is_sides = ask.phrase.ops[-1:] == (HALVES,) and is_bare(ask) and not draft.has_amount(index)
    return is_sides and last.is_place and last.parts <= ask.parts and len(last.units) > 1


def narrows_counted(draft: Draft, index: int) -> bool:
    """Whether a name ends a list behind a count that is its own: "the mouth, 12 points, outer lip"; it then has it."""
    last, ask = draft.asks[index - 1 : index + 1]
    if ask.before != {"comma"} or not draft.ends_line(index) or not is_bare(ask) or ask.is_place or ask.item.only:
        return False
    if not draft.find_own(index - 1) or not is_bare(last) or draft.has_amount(index):
        return False
    return (
        list_pieces(ask) != list_pieces(last) and len(draft.line_before(index)) == 1 and lies_inside(draft, ask, last)
    )


def widens(draft: Draft, index: int) -> bool:
    """Whether an ask without a part names all that those before it do, and more: "lip line, inside and out"."""
    heads, ask = list_heads(draft, index), draft.asks[index]
    own, others = {*ask.pieces}, {piece for head in heads for piece in head.pieces}
    return not draft.has_amount(index - 1) and ask.is_owned and bool(others) and others < own


def is_included(draft: Draft, index: int) -> bool:
    """Whether a name is only said to be among the points before it: "17 points on the jaw, chin included"."""
    last, ask = draft.asks[index - 1 : index + 1]
    if not is_bare(ask) or ask.is_removal or last.is_removal or last.is_place:
        return False
    before, behind = draft.list_beside(ask, 3)
    near = {one.word for one in (*before, *behind)} & INCLUDING
    if not draft.list_kinds(ask) & {"NOUN", "NOUNS"} and draft.has_amount(index - 1):
        # "5 points on the upper lid, with the corners".
        near |= {one.word for one in before[-2:]} & {"with"}
    if not ask.is_place:
        return bool(near) and "including" in ask.before and lies_inside(draft, ask, last)
    registry = draft.rules.concepts.registry
    places = {turn_back(one.part, one.fpalp, registry) for one in ask.pieces if isinstance(one, Place)}
    return bool(near) and len(places) == len(ask.pieces) and places <= list_points(draft, index - 1)


def list_points(draft: Draft, index: int) -> set[tuple[str, Fraction]]:
    """Return the places where an ask is sure to have points: all of them, or the ends where a number is shared."""
    ask, registry = draft.asks[index], draft.rules.concepts.registry
    count = ask.item.count.value if ask.item.count is not None else None
    points: set[tuple[str, Fraction]] = set()
    for one in ask.pieces:
        fpalps = find_unified(one, registry)
        if isinstance(one, Stretch) and draft.has_amount(index):
            fpalps = [one.start, one.stop]
            if count is not None and count == int(count) and 1 < count <= MOST_NAMED and len(ask.pieces) == 1:
                steps = int(count) - (not (one.is_whole and registry.parts[one.part].is_closed))
                fpalps = [one.start + (one.stop - one.start) * n / steps for n in range(steps + 1)]
        if not isinstance(one, Patch):
            points |= {turn_back(one.part, at, registry) for at in fpalps}
    return points


def turn_back(part: str, fpalp: Fraction, registry: Registry) -> tuple[str, Fraction]:
    """Return a place as it is called once round: 1 of a closed part is its 0."""
    return part, fpalp % 1 if registry.parts[part].is_closed else fpalp


def says_middle(draft: Draft, index: int) -> bool:
    """Whether "middle points" only says of what the places before it are: "the top and the bottom, middle points".

    "Nostrils: the centre of each".
    """
    ask = draft.asks[index]
    count = ask.item.count
    is_each = bool(ask.item.each) and ask.item.says_only("phrase", "frame", "each", "count")
    is_each = is_each and (count is None or count.value == 1)
    is_middle = ask.is_owned and ask.phrase.ops[-1][1] in ("middle", "middles") and ask.is_place
    own = {edge.category: edge.value for node in draft.lattice.edges[ask.start : ask.stop] for edge in node}
    is_said = str(own.get("REL", "")).startswith("middle") and own.keys().isdisjoint(("NOUN", "NOUNS"))
    if not is_middle or not is_said or not draft.ends_line(index):
        return False
    line = draft.line_before(index)
    is_plural = is_bare(ask) and ask.phrase.ops[-1][1] == "middles" and ask.before == {"comma"} and len(line) > 1
    return (is_each or is_plural) and all(one.is_place for one in line)


def list_pieces(ask: Ask) -> list[str]:
    """Return the pieces of an ask, in an order of their own."""
    return [] if ask.item.range is not None else sorted(map(repr, ask.pieces))


def says_outline(draft: Draft, index: int) -> bool:
    """Whether "outlines" says again what curves are: "the left brow and the left eye; 8 points each; outlines"."""
    last, ask = draft.asks[index - 1 : index + 1]
    is_mere = is_bare(ask) and ask.is_owned and ask.phrase.ops[-1:] in OUTLINES and not draft.has_amount(index)
    kinds = draft.list_kinds(ask)
    return (
        is_mere and kinds.isdisjoint({"NOUN", "NOUNS"}) and {*ask.pieces} == {*last.pieces} and "and" not in ask.before
    )


SAY_HOW = (goes_first, tells_what, is_included, says_outline, numbers_all, numbers_last, numbers_before)
"""When an ask only says how the one before it goes, what it is, or how it is numbered, whatever joins the two."""
SAY_HEADS = (counts_each, narrows_all, names_ids_of_all, announces, widens)
"""When an ask says again all that stands before it, and more of it."""
SAY_LAST = (names_part_of_ids, says_same, says_center, runs_along, says_middle, says_sides, says_where)
"""When an ask only says again what the one before it does, or more of that."""
SAY_MORE = (names_ids_of_last, only_of, goes_along, sums_up, shares_out, narrows_counted)
"""When an ask says what is wanted of the one before it."""
