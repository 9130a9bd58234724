"""Owners: which part each name of a list lies on.

A part named once owns every item of its list or heading that can lie on it and names no part or side of its own
(language.md, section 6).
"""

from __future__ import annotations

from dataclasses import replace

from .asks import WHOLE_FACE, Ask, Draft, find_phrases, find_side
from .beside import contrast, inherit, lie_near, lie_on, move_place, needs_owner, oppose, take_side, turn_side
from .concepts import Op
from .meaning import Item, MistakeError, Phrase
from .possible_owners import PossibleOwners

MOST_BETWEEN = 6
"""Names between one of two opposites and the other."""


def own_all(draft: Draft) -> None:
    """Let each name that waits for a part, or names no side, lie on the part named for its list.

    Raises:
        MistakeError: A name lies on nothing.
    """
    own_names(draft)
    for index, ask in enumerate(draft.asks):
        if ask.is_named and ask.phrase.is_free and ask.item.range is None and ask.item.layout is None:
            refuse_free(draft, index)


def own_names(draft: Draft) -> None:
    """Let each name lie on the part named for its list, if there is one."""
    owners = PossibleOwners(draft)
    for index in range(len(draft.asks)):
        own(draft, index, owners)
        owners.pass_by(index)


def own(draft: Draft, index: int, owners: PossibleOwners) -> None:
    """Let one ask lie on the part named for its list."""
    ask = draft.asks[index]
    if ask.item.range is not None and not ask.is_named:
        own_ends(draft, index)
        return
    if not ask.is_named or ask.item.layout is not None or ask.is_owned:
        return
    if ask.phrase.ops == WHOLE_FACE and index and draft.opens_list(index - 1):
        ask.become(draft.asks[index - 1].phrase, is_owned=True)
        return
    if (made := share_plural(draft, index) or share_place(draft, index)) is not None:
        ask.become(made, is_owned=True)
        return
    is_all = ask.thing.is_place and ask.item.count is not None and ask.item.count.value == len(ask.thing.units) > 2
    if ask.phrase.is_free or (needs_owner(draft.rules, ask.phrase) and not is_all):
        made = find_side_of(draft, index, owners) or find_owned(draft, index, owners) or find_near(draft, index, owners)
        if made is not None:
            ask.become(made, is_owned=True)
            return
    inherit_side(draft, index)


def own_ends(draft: Draft, index: int) -> None:
    """Let both ends of a range lie on the one part that its list names.

    "3 points from the tail to the arch and 4 from the arch to the head of the left brow".
    """
    ask = draft.asks[index]
    asked = ask.item.range
    if asked is None or asked.last is None:
        return
    both = [end for end in (asked.first, asked.last) if isinstance(end, Phrase)]
    # Those that are no mere direction.
    ends = [end for end in both if any(op[0] != "adj" for op in end.ops)]
    named = [end for end in ends if not end.is_free]
    if len(ends) < 2 or not named or not all(needs_owner(draft.rules, end) for end in named):
        return
    others = [*reversed(draft.asks[:index]), *draft.asks[index + 1 :]]
    names = [name for one in others if one.sentence == ask.sentence for name in find_phrases(one.item)]
    if index and draft.asks[index - 1].item.range is not None:
        # "Left brow: tail to arch, 3 points; arch to head, 4 points".
        names += find_phrases(draft.asks[index - 1].item)
    nearest: dict[tuple[Op, ...], Phrase] = {}
    for name in names:
        nearest.setdefault(name.ops, name)
    for name in nearest.values():
        first, last = (lie_on(draft.rules, end, name, whole=False) for end in ends)
        if find_side(name.ops) and first is not None and last is not None:
            ask.item = replace(ask.item, range=replace(asked, first=first, last=last))
            return


def share_plural(draft: Draft, index: int) -> Phrase | None:
    """ "The outer corners of the left eye and the right eye": many of what is one on each is one of both.

    "The upper half of the left eye and of the right one" says so itself.
    """
    ask, before = draft.asks[index], draft.asks[index - 1]
    last = before.phrase
    own, rest = last.ops[: last.owner_len], last.ops[last.owner_len :]
    if not (index and own and rest) or ask.item != Item(phrase=ask.phrase) or draft.starts_line(index):
        return None
    if not ("of" in before.before if before.is_owned else last.is_of):
        return None
    is_alike = len(ask.phrase.ops) == len(own) and ask.phrase.ops[0] == own[0] and ask.phrase.ops != own
    is_many = is_alike and last.is_plural and len(last.thing.units) == 1 and ask.before == {"and"}
    if not is_many and "of" not in ask.before:
        return None
    made = draft.rules.sound_phrase((*ask.phrase.ops, *rest))
    return None if made is None else replace(ask.phrase.mean(made), owner_len=len(own), is_plural=True)


def share_place(draft: Draft, index: int) -> Phrase | None:
    """ "The middle of the left brow, then of the mouth", "the mouth's left corner and the right eye's": the same place.

    Raises:
        MistakeError: A possessive waits for a place, and the one beside it is none of its part.
    """
    ask = draft.asks[index]
    waits = waits_for_place(draft, index)
    if not ask.phrase.ops or not (waits or continues_of(draft, index) or is_short_side(draft, index)):
        return None
    later = draft.asks[index + 1 : index + 2]
    # "The left eye's and the right eye's pupils" have the place behind.
    is_ahead = waits and any(one.before for one in later) and not draft.ends_line(index)
    beside = later[0] if is_ahead else draft.asks[index - 1]
    is_cut = waits and any(not one.before for one in later)
    made = None
    is_beside = beside is not ask and beside.sentence == ask.sentence and bool(beside.phrase.ops)
    if is_beside and not (ask.item.has_amount or is_cut):
        made = turn_side(draft.rules, ask.phrase, beside.phrase) or move_place(draft.rules, ask.phrase, beside.phrase)
    if made is None and waits:
        raise draft.mistake("ambiguous", f"'{draft.words(ask)}' what?", ask)
    return made


def waits_for_place(draft: Draft, index: int) -> bool:
    """Whether a name ends in an apostrophe-s that owns nothing after it."""
    ask, later = draft.asks[index], draft.asks[index + 1 : index + 2]
    own = draft.list_lexemes(ask)
    if not own or not own[-1].is_possessive:
        return False
    after = next((one for one in draft.lattice.lexemes if one.start > own[-1].start), None)
    is_last = after is None or after.type != "word"
    # "The right eye's outer" lacks a place, "the jaw's two ends" does not.
    are_cut = (
        one.before == {"and"} or not (one.before or any(op[0] != "adj" for op in one.phrase.ops)) for one in later
    )
    return (is_last and draft.ends_line(index)) or any(are_cut)


def is_short_side(draft: Draft, index: int) -> bool:
    """Whether a name is no more than a doctor's word for a side, after a place on the other: "OD pupil, then OS"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    is_short = ask.stop - ask.start == 1 and ask.phrase.frame == "subject" and len(ask.phrase.ops) == 2
    is_place = index > 0 and last.thing.is_place and not (draft.has_amount(index - 1) or draft.opens_list(index))
    side = find_side(last.phrase.ops)
    return bool(is_short and is_place and side and side != find_side(ask.phrase.ops))


def continues_of(draft: Draft, index: int) -> bool:
    """Whether a name goes on with what the one before it began: "the middle of the left brow, then of the mouth"."""
    last = draft.asks[index - 1]
    is_begun = last.phrase.is_of or (last.is_owned and follows_of(draft, last))
    return index > 0 and is_begun and follows_of(draft, draft.asks[index])


def follows_of(draft: Draft, ask: Ask) -> bool:
    """Whether "of" stands before a name, and nothing before it that it could belong to."""
    if ask.start < 2:
        return False
    before, of = ({edge.category for edge in draft.lattice.edges[node]} for node in (ask.start - 2, ask.start - 1))
    return "OF" in of and not before.isdisjoint(("AND", "COMMA", "THEN"))


def find_side_of(draft: Draft, index: int, owners: PossibleOwners) -> Phrase | None:
    """Return what a side alone is of what was named."""
    ask = draft.asks[index]
    is_apart = (index == 0 or ask.before) and all(one.before for one in draft.asks[index + 1 : index + 2])
    found = owners.find(index) if is_apart else []
    if is_apart and index and (made := turn_side(draft.rules, ask.phrase, draft.asks[index - 1].phrase)):
        is_named = any(made.ops == one.phrase.ops for one in draft.asks[: index - 1])
        if not is_named and draft.asks[index - 1].sentence == ask.sentence:
            return made
    return next((made for owner, _ in found if (made := take_side(draft.rules, ask.phrase, owner))), None)


def find_owned(draft: Draft, index: int, owners: PossibleOwners) -> Phrase | None:
    """Return an ask's name as lying on the first owner that it can lie on."""
    ask = draft.asks[index]
    phrase = ask.phrase
    if (made := differ_from_last(draft, index)) is not None:
        return made
    found: tuple[Phrase, Phrase] | None = None
    for owner, is_whole in owners.find(index):
        is_whole = is_whole or narrows(draft, index, owner)
        made = contrast(draft.rules, phrase, owner) or lie_on(draft.rules, phrase, owner, whole=is_whole)
        if made is None or (owner.thing.is_place and made.thing.units == owner.thing.units):
            continue
        is_each = owner.det and not phrase.det and made.thing == phrase.thing
        if phrase.is_free and (made.thing.units == owner.thing.units or is_too_many(phrase, made, owner)):
            # The bridge's outline is the bridge: "nose: the bridge, 4, and the boundary, 7" has a better one.
            found = found or (owner, made)
        elif phrase.is_free or is_each or (made.thing != phrase.thing and find_side(owner.ops)):
            found = owner, made
            break
    if found is None:
        return None
    owner, made = found
    ask.is_narrower = phrase.is_free and index > 0 and owner is draft.asks[index - 1].phrase
    return made


def is_too_many(phrase: Phrase, made: Phrase, owner: Phrase) -> bool:
    """Whether a name in the singular would mean several on one owner: the corner of the lips."""
    is_one = not (phrase.is_plural or phrase.det or owner.det or owner.thing.is_several_sided)
    return is_one and len(made.thing.units) > 1


def differ_from_last(draft: Draft, index: int) -> Phrase | None:
    """Return what differs from the item right before it: "..., the inner lip's upper edge 5, lower edge 5"."""
    last = draft.asks[index - 1]
    if not index or draft.starts_line(index) or last.is_removal or not last.phrase.ops:
        return None
    ask = draft.asks[index]
    made = contrast(draft.rules, ask.phrase, last.phrase)
    is_listed = ask.before == {"comma"} and any("comma" in one.before for one in draft.asks[index + 1 : index + 2])
    if made is None and is_listed:
        made = oppose(draft.rules, ask.phrase, last.phrase)
    is_done = last.thing.is_place or draft.has_amount(index - 1)
    if made is None and is_done and ask.before == {"comma"} and (is_listed or draft.ends_line(index)):
        # "The jaw: left end, chin, right end"; a last one that is no more than named may be narrowed instead.
        near = draft.asks[max(0, index - MOST_BETWEEN) : index - 1]
        earlier = [one for one in near if one.sentence == ask.sentence and one.phrase.ops]
        made = next(filter(None, (contrast(draft.rules, ask.phrase, one.phrase) for one in reversed(earlier))), None)
    return made if made is not None and made.ops != last.phrase.ops else None


def find_near(draft: Draft, index: int, owners: PossibleOwners) -> Phrase | None:
    """Return a name without a part as lying on the part that another one's place lies on."""
    phrase = draft.asks[index].phrase
    if not phrase.is_free or not phrase.ops:
        return None
    found = sorted(owners.find(index), key=lambda one: find_side(one[0].ops) is None)
    return next((made for owner, _ in found if (made := lie_near(draft.rules, phrase, owner))), None)


def narrows(draft: Draft, index: int, owner: Phrase) -> bool:
    """Whether a name without a part narrows the one right before it: "the left eye's lower lid, inner half"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    if index == 0 or owner is not last.phrase or ask.before != {"comma"} or last.item.has_amount:
        return False
    is_last = ask is draft.asks[-1] or draft.find_own(index)
    return bool(is_last and ask.phrase.is_free and ask.phrase.ops)


def inherit_side(draft: Draft, index: int) -> None:
    """ "The left eye and eyebrow" are both on the left."""
    ask = draft.asks[index]
    if (made := inherit(draft, index)) is not None:
        ask.become(made)
        draft.notes.append(f"'{draft.words(ask)}' is read as on the side named before it")


def refuse_free(draft: Draft, index: int) -> None:
    """Raise the mistake of a name that lies on nothing."""
    ask = draft.asks[index]
    owners = PossibleOwners(draft)
    for before in range(index):
        owners.pass_by(before)
    tries = [draft.rules.phrase(owner.ops + ask.phrase.ops) for owner, _ in owners.find(index)]
    for made in (ask.phrase, *tries):
        if made is not None and made.fault:
            code, message, suggestion = made.fault
            raise draft.mistake(code, message, ask, suggestion)
    if ask.phrase.ops == (("rel", "outline"),) and any(one.item.is_layout for one in draft.asks):
        ask.item = replace(ask.item, phrase=draft.rules.phrase((("noun", "contour"),)))
        return
    later = draft.asks[index + 1] if index + 1 < len(draft.asks) else None
    if ask.phrase.ops and all(op[0] == "adj" for op in ask.phrase.ops) and len(draft.asks) > 1:
        near = later if later is not None and not later.before else ask
        raise MistakeError("ambiguous", f"there is no '{draft.words(ask, near)}'", draft.span(ask, near))
    last = draft.asks[index - 1] if index else None
    if last is not None and not ask.before and last.stop == ask.start:
        raise MistakeError("unknown_part", f"there is no '{draft.words(last, ask)}'", draft.span(last, ask))
    message = f"'{draft.words(ask)}' of what? name a part"
    raise draft.mistake("no_part", message, ask, "'left eye', 'lips' or 'jaw'")
