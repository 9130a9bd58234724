"""Headings: names that only say on what the items after them lie; and items that come part by part."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise, takewhile

from .asks import AMOUNTS, BREAKS, LINES, Ask, Draft, flip, only
from .beneath import divides, divides_each, is_same, lies_under
from .beside import lie_on, needs_owner
from .meaning import WHOLE_FACE, Item, MistakeError, Phrase, add
from .sums import MOST_SUMMED, count_listed, is_named_out, is_sum


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
        elif later.item.range is None and names_pair(draft, index + 1):
            later.is_header = True
            # What stands before it is counted for each.
            for one in draft.line_before(index + 1):
                one.become(replace(one.phrase, det=one.phrase.det or "both"))
        elif lie_on_each(draft, index) or leads_need(draft, index):
            ask.is_header = True
        elif heads_list(draft, index) and not draft.find_own(index):
            ask.is_header = lies_under(draft, later, ask) or put_aside(draft, index)
            if ask.is_header and ask.thing.is_several_sided:
                count_each(draft, index)
    carry_owners(draft)
    leave_out_headers(draft)


def leads_need(draft: Draft, index: int) -> bool:
    """Whether a bare name is only what the rest of its sentence is needed for: "for mouth opening I need ..."."""
    ask, later = draft.asks[index : index + 2]
    if later.before or not draft.starts_line(index):
        return False
    rest = [one for one in draft.asks[index + 1 :] if one.sentence == ask.sentence]
    is_bare = ask.item == Item(phrase=ask.phrase) and not ask.thing.is_place
    between = draft.lattice.text[draft.span(ask)[1] : draft.span(later)[0]].split()
    is_led = is_bare and len(between) > 1 and bool(rest)
    return is_led and all(bool(one.thing.parts) and one.thing.parts <= ask.thing.parts for one in rest)


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
    """Let what a heading's owner owns be the owner's: "the patient's nose: the right wing"; and keep its first side."""
    for number, header in enumerate(draft.asks):
        for ask in draft.asks[number + 1 :] if header.is_header and header.first.ops else ():
            if ask.sentence == header.sentence and not ask.first.ops:
                ask.first = header.first
        for ask in draft.asks[number + 1 :] if header.is_header and header.phrase.frame else ():
            if ask.sentence == header.sentence and not ask.phrase.frame and not ask.item.frame:
                ask.item = replace(ask.item, frame=header.phrase.frame)


def heads_list(draft: Draft, index: int) -> bool:
    """Whether an item may only say on what the items after it lie."""
    ask, later = draft.asks[index : index + 2]
    if ask.item.has_amount or ask.item.has_numbers or ask.is_removal or not ask.is_named:
        return False
    if draft.opens_list(index):
        return True
    if draft.starts_line(index + 1):
        return heads_pieces(draft, index)
    if not later.item.has_amount and any(one.word == "with" for one in draft.list_beside(later, 2)[0]):
        return False
    is_next = not later.before and later.item.count is not None and ask.stop == later.start
    if is_next and ask.thing != later.thing and lies_under(draft, later, ask):
        # "Nose 4 bridge, 5 boundary".
        return True
    is_under = divides_each(later, ask) or (
        (later.is_owned or is_same(draft, later, ask)) and lies_under(draft, later, ask)
    )
    # "Right eye: upper half, upper lid" names it twice.
    is_piece = later.is_owned and not ask.thing.is_place and later.thing.units != ask.thing.units
    has_own = is_under and (is_piece or draft.has_amount(index + 1))
    # "All points of the right eye, with the pupil" are asked for.
    is_located = ask.is_located and ask.phrase.det != "all"
    return later.before <= {"comma"} and (later.is_narrower or has_own or is_located)


def heads_pieces(draft: Draft, index: int) -> bool:
    """Whether a name alone on its line heads counted pieces of it on the next: "Jaw\nleft half 5\nright half 7"."""
    ask, later = draft.asks[index : index + 2]
    is_alone = draft.starts_line(index) and ask.item == Item(phrase=ask.phrase) and bool(later.before & LINES)
    ops, above = later.phrase.ops, ask.phrase.ops
    is_piece = later.is_owned and ops[: len(above)] == above != ops and draft.has_amount(index + 1)
    return is_alone and is_piece and not ask.thing.is_place


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
    # "Chin - nose tip" asks for both.
    is_plain = not (ask.phrase.is_free or ask.thing.is_sided or ask.phrase.det or ask.thing.is_place)
    return opens and is_plain and "colon" in later.before and later.is_named and not later.is_owned


def is_apposition(draft: Draft, index: int) -> bool:
    """Whether a name only says on which part the ones before it lie: "upper lid, right eye", "... x8, left eye"."""
    ask, later = draft.asks[index : index + 2]
    ops = later.phrase.ops
    if later.before - {"of"} not in ({"comma"}, {"colon"}) or later.item.range is not None or len(ops) > 3:
        return False
    if not ask.is_owned or not lies_on_last(ask, later):
        return False
    is_counted, has_own = draft.has_amount(index), draft.has_amount(index + 1)
    waiting = [*draft.line_before(index), ask]
    if has_own or is_counted:
        # Of a list that goes on, those alone that wait for it: "nose 5, upper lid, right eye, 6 points, chin".
        named = [one for one in waiting if lies_on_last(one, later)]
        bare = takewhile(lambda i: not (draft.has_amount(i) or draft.asks[i].thing.is_place), range(index - 1, -1, -1))
        waiting = named if is_counted else waiting[-1 - len(list(bare)) :]
        if is_counted == has_own or (has_own and (waiting != [ask] or ask.is_place or ask.thing.is_place)):
            return False
    elif not draft.ends_line(index + 1):
        return False
    return ask in waiting and all(one.is_owned and lies_on_last(one, later) for one in waiting)


def lies_on_last(ask: Ask, last: Ask) -> bool:
    """Whether a name lies on the one that ends its list: "inner corner, left eye", "3 upper, 5 lower: the lids"."""
    ops = last.phrase.ops
    is_lid = len(ops) == 3 and last.phrase.is_plural and divides(ask, last)
    return ask.phrase.ops[: len(ops)] == ops or is_lid


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


def belongs(draft: Draft, ask: Ask, owner: Ask) -> bool:
    """Whether what an ask names may be said to be of what another one names: pupils of eyes."""
    kind, noun = ask.phrase.ops[0][:2]
    return bool(kind == "noun" and owner.phrase.ops[0][1] in draft.rules.concepts[noun].of)


def lie_on_each(draft: Draft, index: int) -> bool:
    """Let what a heading names lie on each of the list under it: "upper lid: left eye 6 points, right eye 8"."""
    ask = draft.asks[index]
    if "colon" not in draft.asks[index + 1].before or not draft.opens_list(index) or ask.thing.is_sided:
        return False
    if ask.phrase.is_free or not needs_owner(draft.rules, replace(ask.phrase, is_plural=False)):
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
    if ask.phrase.det != "each" or later.phrase.det != "each" or not later.before & {"and", "comma", "bullet"}:
        return False
    is_one_list = ask.phrase.ops[:1] == later.phrase.ops[:1] and (ask.is_owned or later.is_owned)
    return is_one_list and ask.thing.is_several_sided and not (says_each(draft, ask) and says_each(draft, later))


def says_each(draft: Draft, ask: Ask) -> bool:
    """Whether an ask itself says "each": "each upper lid 7 points, each lower 5" are no list of one."""
    nodes = draft.lattice.edges[ask.start : ask.stop]
    return bool(ask.item.each) or any(edge.category == "EACH" for node in nodes for edge in node)
