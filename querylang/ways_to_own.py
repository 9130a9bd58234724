"""Ways to own: on what a name that waits for a part lies, or on which side.

In: an ask of a draft and the phrases that may own it; out: its name in full, None where that way tells nothing.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import Clause, Draft
from .beside import contrast, find_nouns, lie_near, lie_on, take_place, take_side, turn_side
from .entries import Entry
from .joining import find_side
from .leaning import differ_from_last, turn_over_one
from .meaning import NO_NAME, WHOLE_FACE, Item, Phrase
from .phrase_compositions import END, ENDS
from .portions import HALF
from .possible_owners import PossibleOwners
from .restated import opens_bracket


def find_side_of(draft: Draft, index: int, owners: PossibleOwners) -> Phrase | None:
    """Return what a side alone is of what was named."""
    ask = draft.asks[index]
    is_apart = (index == 0 or ask.before) and all(
        one.before or one.is_removal for one in draft.asks[index + 1 : index + 2]
    )
    found = owners.find(index) if is_apart else []
    if is_apart and index > 1 and not draft.has_amount(index) and not draft.opens_list(index - 1):
        # "Chin: left, middle, right".
        made = turn_over_one(draft.rules, ask.phrase, draft.asks[index - 2 : index], ask.sentence)
        if made is not None:
            return made
    if is_apart and index and (made := turn_side(draft.rules, ask.phrase, draft.asks[index - 1].phrase)):
        is_named = any(made.ops == one.phrase.ops for one in draft.asks[: index - 1])
        last = draft.asks[index - 1]
        goes_over = (draft.has_amount(index) and draft.has_amount(index - 1)) or (
            last.thing.is_place and "and" in ask.before
        )
        if not is_named and (goes_over or last.sentence == ask.sentence):
            return made
    is_told = len(ask.phrase.ops) > 1 and all(op[0] == "adj" for op in ask.phrase.ops)
    # "Inner corner, left eye; outer, right".
    ways = (take_side, contrast) if is_told and find_side(ask.phrase.ops) else (take_side,)
    return next((made for owner, _ in found for way in ways if (made := way(draft.rules, ask.phrase, owner))), None)


def choose_side(draft: Draft, clause: Clause | Entry, phrase: Phrase, whole: Phrase) -> Phrase | None:
    """Return the one that "left side" is of a name of both sides, for which it is no half."""
    ops = phrase.ops
    if not phrase.is_free or len(ops) != 1 or ops[0][:2] != ("portion", HALF) or whole.is_plural:
        return None
    edges = draft.lattice.edges[clause.start : clause.stop]
    rels = {edge.value for node in edges for edge in node if edge.category == "REL"}
    if rels != {"side"} or not whole.thing.takes_side or whole.ops == WHOLE_FACE:
        return None
    made = draft.rules.on_side(whole.ops, ("adj", (("side", *ops[0][2:]),)))
    return None if made is None else replace(whole.mean(made), frame=phrase.frame or whole.frame, det="")


def find_joined(draft: Draft, index: int, _: PossibleOwners) -> Phrase | None:
    """Return a place without a part as one of the part that the name joined to it lies on.

    "Brow tail and peak, mouth corners and middle".
    """
    ask, last = draft.asks[index], draft.asks[index - 1]
    is_pair = index > 0 and ask.before == {"and"} and last.before <= {"comma"} and ask.phrase.is_free
    # "The jaw but not the chin tip and the right end": what is left out is left out of the jaw.
    is_pair = is_pair and not ask.is_removal
    if not is_pair or not ask.phrase.ops or ask.phrase.ops[0][0] != "rel" or not last.thing.is_place:
        return None
    line = range(index - len(draft.line_before(index)), index)
    is_headed = any(draft.opens_list(at) or draft.asks[at].is_located for at in line)
    is_named = len(last.phrase.ops) == 1 and last.phrase.ops[0][0] == "noun"
    return lie_near(draft.rules, ask.phrase, last.phrase) if is_named and not is_headed else None


def find_owned(draft: Draft, index: int, owners: PossibleOwners) -> Phrase | None:
    """Return an ask's name as lying on the first owner that it can lie on."""
    ask = draft.asks[index]
    phrase = ask.phrase
    if (made := lie_in_bracket(draft, index) or differ_from_last(draft, index)) is not None:
        return made
    found: tuple[Phrase, Phrase] | None = None
    for owner, is_whole in owners.find(index):
        is_whole = is_whole or narrows(draft, index, owner)
        made = contrast_beside(draft, index, owner) or lie_on(draft.rules, phrase, owner, whole=is_whole)
        if made is None or (owner.thing.is_place and made.thing.units == owner.thing.units):
            continue
        is_end = phrase.ops[:1] in ((END,), (ENDS,)) and made.ops[: len(owner.ops)] == owner.ops
        if owner.thing.is_place and is_end and not (index and draft.opens_list(index - 1)):
            # "Chin 1 point, jaw angles 2, ends 2": those of its curve.
            continue
        is_each = owner.det and not phrase.det and made.thing == phrase.thing
        is_same = made.thing.units == owner.thing.units and made.ops[: len(owner.ops)] == owner.ops
        if phrase.is_free and (is_same or is_too_many(phrase, made, owner)):
            # The bridge's outline is the bridge: "nose: the bridge, 4, and the boundary, 7" has a better one.
            found = found or (owner, made)
        elif phrase.is_free or is_each or (made.thing != phrase.thing and find_side(owner.ops)):
            found = owner, made
            break
    if found is None:
        return None
    owner, made = found
    at = next((n for n in range(index - 1, -1, -1) if not draft.asks[n].is_removal), -1)
    last = draft.asks[at].phrase if at >= 0 else NO_NAME
    is_itself = phrase.ops and owner.ops[: len(last.ops)] == last.ops and made.thing.units == last.thing.units
    is_told = any(op[0] == "adj" and op[1][0][0] == "depth" for op in phrase.ops)
    says_again = is_itself and ((ask.before == {"comma"} and not draft.has_amount(at)) or is_told)
    if is_itself and not says_again and (other := lie_near(draft.rules, phrase, last)):
        # "The mouth opening 8 points, outline 12" has no other than itself; "lower lip contour, outer edge" is it.
        return other
    is_within = made.ops[: len(owner.ops)] == owner.ops
    ask.is_narrower = phrase.is_free and index > 0 and owner is draft.asks[index - 1].phrase and is_within
    return made


def lie_in_bracket(draft: Draft, index: int) -> Phrase | None:
    """Return a name in brackets as lying on the one before them: "brows: the right (4 points on the upper edge)"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    if not index or not opens_bracket(draft, ask) or not ask.phrase.is_free or last.item != Item(phrase=last.phrase):
        return None
    made = lie_on(draft.rules, ask.phrase, last.phrase)
    ask.is_narrower = made is not None
    return made


def contrast_beside(draft: Draft, index: int, owner: Phrase) -> Phrase | None:
    """Return what differs from an owner, on the side of the part named between the two.

    "The left eye without its inner corner, the right eye without its outer".
    """
    made = contrast(draft.rules, draft.asks[index].phrase, owner)
    last = draft.asks[index - 1].phrase if index else NO_NAME
    side = find_side(last.ops)
    if made is None or side is None or last.thing.is_place or last.ops[: len(owner.ops)] == owner.ops:
        return made
    is_alike = find_nouns(last) & find_nouns(owner)
    return (take_place(draft.rules, made, (side,), made) or made) if is_alike else made


def is_too_many(phrase: Phrase, made: Phrase, owner: Phrase) -> bool:
    """Whether a name in the singular would mean several on one owner: the corner of the lips."""
    is_one = not (phrase.is_plural or phrase.det or owner.det or owner.thing.is_several_sided)
    return is_one and len(made.thing.units) > 1


def find_near(draft: Draft, index: int, owners: PossibleOwners) -> Phrase | None:
    """Return a name without a part as lying on the part that another one's place lies on."""
    phrase = draft.asks[index].phrase
    if not phrase.is_free or not phrase.ops:
        return None
    found = [one for one, _ in sorted(owners.find(index), key=lambda one: find_side(one[0].ops) is None)]
    last = draft.asks[index - 1] if index and draft.asks[index].before == {"and"} else None
    if last is not None and last.phrase in found and not draft.starts_line(index):
        # "The lips' corners and centre, the eyes' corners and centres".
        found.insert(0, last.phrase)
    return next((made for owner in found if (made := lie_near(draft.rules, phrase, owner))), None)


def narrows(draft: Draft, index: int, owner: Phrase) -> bool:
    """Whether a name without a part narrows the one right before it: "the left eye's lower lid, inner half"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    if index == 0 or owner is not last.phrase or ask.before != {"comma"} or last.item.has_amount:
        return False
    is_last = ask is draft.asks[-1] or draft.find_own(index)
    return bool(is_last and ask.phrase.is_free and ask.phrase.ops)
