"""Headings: names that only say on what the items after them lie; and items that come part by part."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise, takewhile

from .asks import AMOUNTS, BREAKS, WHOLE_FACE, Ask, Draft, flip, only
from .beside import lie_on, needs_owner
from .clause_kinds import is_bare_route
from .joining import is_side
from .meaning import Item, MistakeError, Phrase, add
from .restated import opens_bracket

MOST_SUMMED = 50
"""No heading is the sum of more items, or says "each" of more."""


def drop_headers(draft: Draft) -> None:
    """Leave out a name that only heads the items after its colon, all of which lie on it.

    Raises:
        MistakeError: The numbers below a heading add up to another one than its own, or it heads what lies elsewhere.
    """
    distribute_all(draft)
    for index in range(len(draft.asks) - 1):
        ask, later = draft.asks[index : index + 2]
        if later.is_removal:
            continue
        count_listed(draft, index)
        if is_sum(draft, index) or is_named_out(draft, index):
            ask.is_header = True
        elif is_apposition(draft, index):
            later.is_header = True
            ask.item = add(ask.item, only(later.item, AMOUNTS))
        elif names_pair(draft, index + 1):
            later.is_header = True
            # What stands before it is counted for each.
            for one in draft.line_before(index + 1):
                one.become(replace(one.phrase, det=one.phrase.det or "both"))
        elif lie_on_each(draft, index):
            ask.is_header = True
        elif heads_list(draft, index) and not draft.find_own(index):
            ask.is_header = lies_under(draft, later, ask) or put_aside(draft, index)
            if ask.is_header and ask.thing.is_several_sided:
                count_each(draft, index)
    carry_owners(draft)
    leave_out_headers(draft)


def count_each(draft: Draft, index: int) -> None:
    """Let "each" behind the last of what a heading heads be said of all of it: "eyes: 5 upper, 4 lower per eye"."""
    ask, later = draft.asks[index], draft.asks[index + 1 : index + 1 + MOST_SUMMED]
    near = [*takewhile(lambda one: one.sentence == ask.sentence, later)]
    last = next((one for one in reversed(near) if one.item.each or one.phrase.det == "each"), None)
    if last is None:
        return
    under = [*takewhile(lambda one: lies_under(draft, one, ask), near)]
    if under[-1:] != [last]:
        return
    for one in under[:-1]:
        if one.item.count is not None and not (one.item.total or one.phrase.det):
            one.item = replace(one.item, each=True)


def leave_out_headers(draft: Draft) -> None:
    """Take the headings out of the asks; what a heading heads starts where it stood, and comes in its shape."""
    head: Ask | None = None
    for ask in draft.asks:
        if ask.is_header or (head is not None and ask.sentence != head.sentence):
            head = ask if ask.is_header and ask.item.shape else None
        elif head is not None:
            ask.item = add(ask.item, only(head.item, ("shape",)))
    for loose in draft.loose:
        loose.at -= sum(ask.is_header for ask in draft.asks[: loose.at])
    for ask, later in pairwise(draft.asks):
        if ask.is_header:
            later.before |= ask.before & {*BREAKS, "then"}
    draft.asks[:] = [ask for ask in draft.asks if not ask.is_header]


def carry_owners(draft: Draft) -> None:
    """Let what a heading's owner owns be the owner's: "the patient's nose: the right wing"."""
    for number, header in enumerate(draft.asks):
        for ask in draft.asks[number + 1 :] if header.is_header and header.phrase.frame else ():
            if ask.sentence == header.sentence and not ask.phrase.frame and not ask.item.frame:
                ask.item = replace(ask.item, frame=header.phrase.frame)


def is_sum(draft: Draft, index: int) -> bool:
    """Whether a counted name is the sum of what lies on it: "6 points on the left eye: 3 on the upper lid, ...".

    Raises:
        MistakeError: The numbers add up to another sum.
    """
    ask, *later = draft.asks[index:]
    told = ask.item.count or next((one.item.count for one in draft.find_own(index) if one.item.total), None)
    if told is None or ask.item.each or not later[0].before & {"colon", "comma"}:
        return False
    # Up to the next heading.
    rest = takewhile(lambda one: one.sentence == ask.sentence and "colon" not in one.before, later[1:])
    under = [later[0], *islice(rest, MOST_SUMMED)]
    counts = [count for one in under if (count := count_below(one, ask)) is not None]
    if len(counts) < len(under) or len(under) > MOST_SUMMED or not all(lies_under(draft, one, ask) for one in under):
        return False
    is_heading = "colon" in later[0].before or says_share(draft, later[0])
    is_divided = len(under) > 1 and later[0].before == {"comma"} and all(divides(one, ask) for one in under)
    adds_up = sum(counts) == told.value
    if is_heading and not adds_up:
        message = f"{told.value} points in all, but the items add up to {sum(counts)}"
        raise draft.mistake("contradiction", message, ask)
    return adds_up and (is_heading or is_divided)


def says_share(draft: Draft, ask: Ask) -> bool:
    """Whether an ask says that it is some of the points before it: "20 points on the lips, 12 of them outer"."""
    nodes = draft.lattice.edges[max(0, ask.start - 2) : ask.stop]
    return any(edge.category == "SHARE_OF" and edge.stop <= ask.stop for node in nodes for edge in node)


def count_below(ask: Ask, header: Ask) -> Fraction | int | None:
    """Return how many points of what its heading counts an ask says, for each where that is of each."""
    if ask.phrase.det == "all" and ask.thing.is_place and not header.phrase.det:
        # "2 on the nostrils" says how many there are.
        return len(ask.thing.units)
    return ask.item.count.value if ask.item.count is not None and ask.phrase.det == header.phrase.det else None


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
    wanted = count.value * count_sides(ask)
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


def count_sides(ask: Ask) -> int:
    """Return how many an ask's number is said of, each: both of a pair, both lips."""
    is_each = ask.item.each or ask.phrase.det
    return len({(unit.side, unit.level) for unit in ask.thing.units}) if is_each else 1


def is_plain_place(draft: Draft, ask: Ask, header: Ask) -> bool:
    """Whether an ask is a place, without a number of its own, on what a heading names."""
    is_plain = ask.is_named and not (ask.item.has_amount or ask.is_removal) and ask.item.range is None
    return is_plain and ask.thing.is_place and lies_under(draft, ask, header)


def heads_list(draft: Draft, index: int) -> bool:
    """Whether an item may only say on what the items after it lie."""
    ask, later = draft.asks[index : index + 2]
    if ask.item.has_amount or ask.is_removal or not ask.is_named:
        return False
    if draft.opens_list(index):
        return True
    if draft.starts_line(index + 1):
        return False
    is_next = not later.before and later.item.count is not None and ask.stop == later.start
    if is_next and ask.thing != later.thing and lies_under(draft, later, ask):
        # "Nose 4 bridge, 5 boundary".
        return True
    is_under = divides_each(later, ask) or (
        (later.is_owned or is_same(draft, later, ask)) and lies_under(draft, later, ask)
    )
    is_piece = later.is_owned and not ask.thing.is_place
    has_own = is_under and (is_piece or draft.has_amount(index + 1))
    return later.before <= {"comma"} and (later.is_narrower or has_own or ask.is_located)


def is_elsewhere(draft: Draft, index: int) -> bool:
    """Whether what opens a sentence behind "on" is not what the next item counts: "on the lips, 4 points per eye"."""
    ask, later = draft.asks[index : index + 2]
    is_counted = ask.is_located and later.item.count is not None and later.before <= {"comma"}
    opening = {edge.category for node in draft.lattice.edges[max(0, ask.start - 1) : ask.start + 1] for edge in node}
    is_counted = is_counted and "HEADS" in opening and "OF" not in opening
    return is_counted and not (ask.phrase.is_free or later.phrase.is_free or ask.phrase.ops == WHOLE_FACE)


def put_aside(draft: Draft, index: int) -> bool:
    """Whether a name that heads what does not lie on it is left out, with a note.

    Raises:
        MistakeError: It says that it does.
    """
    ask, later = draft.asks[index : index + 2]
    is_each = later.phrase.det == "each" and "colon" in later.before and later.item.has_amount
    if is_each and is_put_aside(draft, index):
        raise MistakeError("contradiction", f"'{draft.words(ask)}', but {draft.words(later)}", draft.span(ask, later))
    if is_put_aside(draft, index):
        draft.notes.append(f"ignored: '{draft.words(ask)}'")
        return True
    if is_elsewhere(draft, index):
        message = f"'{draft.words(ask)}', but {draft.words(later)}"
        raise MistakeError("contradiction", message, draft.span(ask, later))
    return False


def is_put_aside(draft: Draft, index: int) -> bool:
    """Whether a name before a colon is a heading that names no side: "lip aperture: ..."."""
    ask, later = draft.asks[index : index + 2]
    opens = index == 0 or ask.sentence != draft.asks[index - 1].sentence
    is_plain = not (ask.phrase.is_free or ask.thing.is_sided or ask.phrase.det)
    return opens and is_plain and "colon" in later.before and later.is_named and not later.is_owned


def is_apposition(draft: Draft, index: int) -> bool:
    """Whether a name only says on which part the ones before it lie: "upper lid, right eye", "... x8, left eye"."""
    ask, later = draft.asks[index : index + 2]
    ops = later.phrase.ops
    if later.before - {"of"} not in ({"comma"}, {"colon"}) or later.item.range is not None or len(ops) > 2:
        return False
    if not ask.is_owned or ask.phrase.ops[: len(ops)] != ops:
        return False
    is_counted, has_own = draft.has_amount(index), draft.has_amount(index + 1)
    waiting = [*draft.line_before(index), ask]
    if has_own or is_counted:
        # Of a list that goes on, those alone that wait for it: "nose 5, upper lid, right eye, 6 points, chin".
        named = [one for one in waiting if one.phrase.ops[: len(ops)] == ops]
        bare = takewhile(lambda i: not (draft.has_amount(i) or draft.asks[i].thing.is_place), range(index - 1, -1, -1))
        waiting = named if is_counted else waiting[-1 - len(list(bare)) :]
        if is_counted == has_own or (has_own and (waiting != [ask] or ask.is_place or ask.thing.is_place)):
            return False
    elif not draft.ends_line(index + 1):
        return False
    return ask in waiting and all(one.is_owned and one.phrase.ops[: len(ops)] == ops for one in waiting)


def distribute_all(draft: Draft) -> None:
    for index in reversed(range(len(draft.asks))):
        distribute(draft, index)


def distribute(draft: Draft, index: int) -> None:
    """Let what waits for a part lie on each of two that end its line: "top and bottom, left eye then right"."""
    last, *behind = draft.asks[index : index + 4]
    if len(behind) < 2 or not last.is_owned or behind[0].before != {"comma"} or not draft.ends_line(index + 2):
        return
    one, other = (ask.phrase.ops for ask in behind[:2])
    is_bare = all(ask.item == Item(phrase=ask.phrase) for ask in behind[:2])
    waiting = [*draft.line_before(index), last]
    if not is_bare or other != tuple(map(flip, one)) or other == one:
        return
    if any(ask.item != Item(phrase=ask.phrase) or ask.phrase.ops[: len(one)] != one for ask in waiting):
        return
    turned = [draft.rules.sound_phrase(tuple(map(flip, ask.phrase.ops))) for ask in waiting]
    again = [
        replace(ask, item=Item(phrase=ask.phrase.mean(made))) for ask, made in zip(waiting, turned, strict=True) if made
    ]
    draft.asks[index + 1 : index + 3] = again
    for loose in draft.loose:
        loose.at += (len(again) - 2) * (loose.at > index + 1)


def names_pair(draft: Draft, index: int) -> bool:
    """Whether the last name of a list only says that all before it is meant of both: "pupils, both eyes", "OU"."""
    ask = draft.asks[index]
    phrase = ask.phrase
    if ask.item.has_amount or ask.before != {"comma"} or not draft.ends_line(index) or not phrase.ops or ask.is_owned:
        return False
    if not ask.thing.is_several_sided or ask.thing.is_place or not (phrase.det in ("both", "each") or phrase.frame):
        return False
    before = draft.line_before(index)
    return all(one.thing.is_several_sided and (divides(one, ask) or belongs(draft, one, ask)) for one in before)


def list_before(draft: Draft, index: int) -> list[Ask]:
    """Return what its sentence asks before an ask."""
    return [one for one in draft.asks[:index] if one.sentence == draft.asks[index].sentence]


def belongs(draft: Draft, ask: Ask, owner: Ask) -> bool:
    """Whether what an ask names may be said to be of what another one names: pupils of eyes."""
    kind, noun = ask.phrase.ops[0][:2]
    return bool(kind == "noun" and owner.phrase.ops[0][1] in draft.rules.concepts[noun].of)


def divides(ask: Ask, whole: Ask) -> bool:
    """Whether what an ask names are pieces of what another one names."""
    return ask.thing.parts <= whole.thing.parts and ask.thing.divides(whole.thing)


def divides_each(ask: Ask, whole: Ask) -> bool:
    """Whether an ask is of each piece of what another one names: "lips: 5 points on each lip"."""
    return bool(ask.phrase.det) and divides(ask, whole)


def lies_under(draft: Draft, ask: Ask, header: Ask) -> bool:
    """Whether what an ask names lies on what its heading names."""
    ops, above = ask.phrase.ops, header.phrase.ops
    if ask.item.range is not None and not ask.is_named:
        # "Jaw line:\n1) left end to the chin, 9 points".
        return is_bare_route(ask.item, header)
    if ask.phrase.is_free or header.phrase.is_free:
        return False
    if ops[: len(above)] == above and (len(ops) > len(above) or ask.is_owned):
        return True
    bare = tuple(op for op in ops if not is_side(op))
    if ask.is_owned and ask.thing.is_sided and bare[: len(above)] == above:
        # "Upper lids: left 5, right 7".
        return True
    if is_same(draft, ask, header) or divides_each(ask, header):
        return True
    if ask.is_owned and not ask.thing.is_place and ask.thing.units == header.thing.units:
        # "Lip line: 20 outer, 12 inner".
        return True
    made = draft.rules.phrase(above + ops)
    return made is not None and made.thing.units == ask.thing.units


def is_same(draft: Draft, ask: Ask, header: Ask) -> bool:
    """Whether a heading and what it heads are two names of one thing: "OU, palpebral fissure"."""
    is_short = bool(header.phrase.frame) and len(header.phrase.ops) <= 2 and ask.phrase.frame != header.phrase.frame
    if not is_short or header.thing.is_place or ask.thing.units != header.thing.units:
        return False
    return not list_before(draft, draft.asks.index(header))


def lie_on_each(draft: Draft, index: int) -> bool:
    """Let what a heading names lie on each of the list under it: "upper lid: left eye 6 points, right eye 8"."""
    ask = draft.asks[index]
    if "colon" not in draft.asks[index + 1].before or not draft.opens_list(index) or ask.thing.is_sided:
        return False
    if ask.phrase.is_free or not needs_owner(draft.rules, ask.phrase):
        return False
    under = takewhile(lambda one: one.sentence == ask.sentence, islice(draft.asks, index + 1, None))
    lying = [*takewhile(lambda pair: pair[1] is not None, ((one, lie_on_all(draft, ask, one)) for one in under))]
    for one, phrase in lying:
        assert phrase is not None
        one.become(replace(phrase, frame=one.phrase.frame), is_owned=True)
    return bool(lying)


def lie_on_all(draft: Draft, ask: Ask, whole: Ask) -> Phrase | None:
    """Return what an ask names as lying on all of one side that another one names."""
    if not whole.thing.is_sided or whole.item.range is not None or whole.phrase.ops[:1] == ask.phrase.ops[:1]:
        # "Lids - left: upper 6, lower 4" divides the lids, which lie on nothing of them.
        return None
    made = lie_on(draft.rules, ask.phrase, whole.phrase)
    return made if made is not None and made.owner_len == len(whole.phrase.ops) else None


def weave(draft: Draft) -> None:
    """Mark asks of several places of each of a pair, which come part by part."""
    asks = draft.asks
    for i in range(len(asks) - 1, 0, -1):
        if is_woven(draft, asks[i - 1], asks[i]):
            asks[i].weave = asks[i].weave if asks[i].weave >= 0 else i
            asks[i - 1].weave = asks[i].weave


def is_woven(draft: Draft, ask: Ask, later: Ask) -> bool:
    """Whether two asks lie on each of one pair: "the top and the bottom of each eye"."""
    if ask.phrase.det != "each" or later.phrase.det != "each" or not later.before & {"and", "comma"}:
        return False
    is_one_list = ask.phrase.ops[:1] == later.phrase.ops[:1] and (ask.is_owned or later.is_owned)
    return is_one_list and ask.thing.is_several_sided and not (says_each(draft, ask) and says_each(draft, later))


def says_each(draft: Draft, ask: Ask) -> bool:
    """Whether an ask itself says "each": "each upper lid 7 points, each lower 5" are no list of one."""
    nodes = draft.lattice.edges[ask.start : ask.stop]
    return bool(ask.item.each) or any(edge.category == "EACH" for node in nodes for edge in node)
