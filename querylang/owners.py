"""Owners: which part each name of a list lies on.

A part named once owns every item of its list or heading that can lie on it and names no part or side of its own
(language.md, section 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from .asks import Ask, Draft, find_phrases, flip
from .beside import inherit, lie_on, needs_owner
from .clause_kinds import is_bare_route
from .concepts import Op
from .joining import are_sides, find_side, is_side
from .lattice import Edge
from .leaning import (
    repeats_way,
    share_counted,
    share_place,
    share_plural,
    tell_shared,
    waits_for_place,
)
from .meaning import WHOLE_FACE, Item, MistakeError, Phrase
from .phrase_compositions import END, START
from .possible_owners import PossibleOwners
from .ways_to_own import choose_side, find_joined, find_near, find_owned, find_side_of

MOST_BEFORE = 8
"""Names between a range and the curve that it lies on."""


def own_all(draft: Draft) -> None:
    """Let each name that waits for a part, or names no side, lie on the part named for its list.

    Raises:
        MistakeError: A name lies on nothing.
    """
    own_names(draft)
    for index, ask in enumerate(draft.asks):
        refuse_edge(draft, ask)
        waits = ask.is_named and ask.phrase.is_free and not ask.is_header
        if waits and ask.item.range is None and ask.item.layout is None:
            refuse_free(draft, index)
        if ask.phrase.ops[-1:] == (START,):
            tell_ends(draft, index)


def refuse_edge(draft: Draft, ask: Ask) -> None:
    """Raise the mistake of an end that a lip has not: "the upper lip near the nose" is not its inner edge."""
    edges = (edge for node in draft.lattice.edges[ask.start : ask.stop] for edge in node)
    where = {edge.value[0][1] for edge in edges if lies_by(draft, edge)}
    if any(part.split()[0] in where for part in ask.thing.parts):
        raise draft.mistake("ambiguous", f"there is no '{draft.words(ask)}'", ask)


def lies_by(draft: Draft, edge: Edge) -> bool:
    """Whether an adjective says what is near: "near the nose", "by the ears"."""
    if edge.category != "ADJ" or edge.value[0][0] != "depth" or edge.stop - edge.start < 2:
        return False
    inside = {one.category for node in draft.lattice.edges[edge.start : edge.stop] for one in node if one is not edge}
    return not inside.isdisjoint({"NOUN", "NOUNS", "EAR"})


def tell_ends(draft: Draft, index: int) -> None:
    """Let "the end" beside "the start" be the other one: "start, middle and end of the jaw"."""
    start = draft.asks[index]
    for ask in draft.asks[max(0, index - MOST_BEFORE) : index + MOST_BEFORE]:
        is_end = ask.phrase.ops == (*start.phrase.ops[:-1], END) and ask.sentence == start.sentence
        if is_end and not ask.phrase.is_plural:
            ask.become(replace(ask.phrase, thing=ask.thing.without(start.thing)))


def own_names(draft: Draft) -> None:
    """Let each name lie on the part named for its list, if there is one."""
    owners = PossibleOwners(draft)
    for index in range(len(draft.asks)):
        settle_both(draft, index)
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
    if owns_last(draft, index) or heads_wholes(draft, index) or stands_on_side(draft, index):
        return
    made = share_plural(draft, index) or share_place(draft, index) or share_counted(draft, index)
    if made is not None:
        give(draft, index, made)
        return
    if repeats_way(draft, index):
        ask.source = draft.asks[index - 1].source or draft.asks[index - 1]
    tell_shared(draft, index)
    refuse_round(draft, index)
    if is_torn(draft, index):
        raise draft.mistake("unknown_part", f"there is no '{draft.words(draft.asks[index - 1], ask)}'", ask)
    is_all = ask.thing.is_place and ask.item.count is not None and ask.item.count.value == len(ask.thing.units) > 2
    if ask.phrase.is_free or (needs_owner(draft.rules, ask.phrase) and not is_all):
        ways = (find_side_of, find_joined, find_owned, find_near)
        made = next(filter(None, (way(draft, index, owners) for way in ways)), None)
        if made is not None:
            give(draft, index, widen(draft, ask, made) if ask.is_removal else head_sides(draft, index, made))
            return
    inherit_side(draft, index)


def stands_on_side(draft: Draft, index: int) -> bool:
    """Whether a side behind a name of both sides is that one's: "the brow, left side", "upper lid, her left side"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    if not index or ask.before != {"comma"} or not last.item.says_only("phrase", "count"):
        return False
    made = choose_side(draft, ask, ask.phrase, last.phrase) if ask.item.says_only("phrase", "frame", "count") else None
    if made is None or (ask.item.count is not None and last.item.count is not None):
        return False
    last.item = replace(last.item, phrase=made, count=last.item.count or ask.item.count)
    ask.is_header = True
    return True


def settle_both(draft: Draft, index: int) -> None:
    """Let "both" be of a place and the next one: "both the head and the tail of the left brow"."""
    ask, later = draft.asks[index], draft.asks[index + 1 : index + 2]
    is_one = ask.phrase.det == "both" and ask.phrase.is_free and not ask.phrase.is_plural
    if is_one and any(one.before == {"and"} for one in later):
        ask.become(replace(ask.phrase, det=""))


def owns_last(draft: Draft, index: int) -> bool:
    """Whether a possessive behind a dash only says whose the last one is: "lower lid, 6 points - the right eye's"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    if not index or ask.before != {"colon"} or not draft.ends_line(index) or not waits_for_place(draft, index):
        return False
    # What comes behind it is its owner already.
    ask.is_header = last.is_owned and last.phrase.ops[: len(ask.phrase.ops)] == ask.phrase.ops
    return ask.is_header


def heads_wholes(draft: Draft, index: int) -> bool:
    """Whether a place before a colon is that of each name behind it: "corners: mouth, eyes"."""
    ask = draft.asks[index]
    if (
        not (ask.is_rel and draft.starts_line(index))
        or ask.item != Item(phrase=ask.phrase)
        or not draft.opens_list(index)
    ):
        return False
    below = draft.asks[index + 1 : index + 1 + MOST_BEFORE]
    # Up to the next heading of its kind.
    listed = [*takewhile(lambda one: one.sentence == ask.sentence and not one.is_rel, below)]
    bare = all(one.item.says_only("phrase", "count") and not (one.phrase.is_free or one.is_removal) for one in listed)
    made = [draft.rules.sound_phrase((*one.phrase.ops, *ask.phrase.ops)) if bare else None for one in listed]
    # "Corners: mouth, eyes", "upper edges: left brow 4, right brow 6".
    counted = [one.item.count is not None for one in listed]
    if not all(one is not None and one.thing.is_place != is_told for one, is_told in zip(made, counted, strict=True)):
        return False
    for one, phrase in zip(listed, made, strict=True):
        assert phrase is not None
        one.become(replace(one.phrase.mean(phrase), owner_len=len(one.phrase.ops)), is_owned=True)
    ask.is_header = bool(listed)
    return ask.is_header


def widen(draft: Draft, ask: Ask, made: Phrase) -> Phrase:
    """Return what is left out as on both sides where both were named: "left eye and right eye, without the corners"."""
    side = find_side(made.ops)
    if side is None or not ask.phrase.is_plural or any(map(is_side, ask.phrase.ops[:1])):
        return made
    owner = made.ops[: made.owner_len]
    other = tuple(flip(op) for op in owner)
    named = {one.phrase.ops for one in draft.asks if not one.is_removal and one.sentence == ask.sentence}
    both = draft.rules.sound_phrase(tuple(op for op in made.ops if op != side)) if {owner, other} <= named else None
    return made if both is None else replace(made.mean(both), owner_len=0)


def head_sides(draft: Draft, index: int, made: Phrase) -> Phrase:
    """Return what heads sides alone as on no side: "brow, upper edge: left 6, right 8; lower: left 4, right 5"."""
    ask, later = draft.asks[index], draft.asks[index + 1 : index + 2]
    opens = draft.starts_line(index) or draft.opens_list(index - 1)
    is_bare = opens and ask.item == Item(phrase=ask.phrase) and not find_side(ask.phrase.ops)
    if not is_bare or made.thing.is_place or not any(are_sides(one.phrase) and one.item.has_amount for one in later):
        return made
    both = draft.rules.sound_phrase(tuple(op for op in made.ops if not is_side(op)))
    ask.is_header = both is not None
    return made if both is None else replace(made.mean(both), owner_len=0)


def give(draft: Draft, index: int, made: Phrase) -> None:
    """Let an ask's name be what it was found to mean, asked as the one before it where it goes on with that."""
    ask = draft.asks[index]
    if goes_on(draft, index):
        ask.source = draft.asks[index - 1]
    if stands_alone(draft, index):
        # "The left temple as a polygon, and the right".
        ask.item = replace(ask.item, shape=draft.asks[index - 1].item.shape)
    ask.become(made, is_owned=True)


def refuse_round(draft: Draft, index: int) -> None:
    """Raise the mistake of what goes round a place: "10 points round each iris"."""
    ask, later = draft.asks[index], draft.asks[index + 1 : index + 2]
    if ask.phrase.ops == (("rel", "around"),) and later and later[0].thing.is_place and not later[0].before:
        message = f"'{draft.words(later[0])}' is one point, and nothing goes round it"
        raise MistakeError("count", message, draft.span(ask, later[0]))
    is_next = bool(later) and not later[0].before and later[0].start == ask.stop
    if is_next and ask.phrase.ops[:1] == (("rel", "line"),) and later[0].thing.is_place:
        # "The midpoint of the line where the lips meet".
        words = draft.words(ask, later[0])
        raise MistakeError("unknown_part", f"there is no '{words}'", draft.span(ask, later[0]))


def is_torn(draft: Draft, index: int) -> bool:
    """Whether a name without a part goes on with the one right before it: "the middle of the mouth corners"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    is_next = index > 0 and not ask.before and last.stop == ask.start
    if is_next and ask.phrase.ops == (("rel", "line"),) and not last.phrase.is_free:
        # "The right eyebrow line": a brow has no lash line.
        return True
    # "The iris outline": a place has none.
    is_next = is_next and (last.phrase.is_of or (last.thing.is_place and ask.phrase.ops == (("rel", "outline"),)))
    return is_next and ask.phrase.is_free and not (ask.item.has_amount or last.item.has_amount)


def goes_on(draft: Draft, index: int) -> bool:
    """Whether what differs from the last name alone is asked in its way: "halfway along the left brow and the right".

    A count it shares; behind "of" it has as many: "5 points on the top of the left brow, and of the right".
    """
    ask, last = draft.asks[index], draft.asks[index - 1]
    is_counted = last.item.count is not None and "of" not in ask.before
    return stands_alone(draft, index) and last.item.has_amount and not (is_counted or draft.find_own(index))


def stands_alone(draft: Draft, index: int) -> bool:
    """Whether an ask says no more than what differs from the one before it."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    ops = ask.phrase.ops
    is_alone = bool(ops) and ask.item == Item(phrase=ask.phrase) and all(op[0] == "adj" for op in ops)
    return is_alone and index > 0 and ask.sentence == last.sentence and not (last.phrase.is_free or last.is_removal)


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
    if len(named) < len(ends) and (curve := find_curve(draft, index, ends)) is not None:
        ask.item = replace(ask.item, phrase=curve)
        return
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


def find_curve(draft: Draft, index: int, ends: Sequence[Phrase]) -> Phrase | None:
    """Return what was named before a range whose ends lie on it: "the right jaw: ..., from the angle to the chin"."""
    for ask in reversed(draft.asks[max(0, index - MOST_BEFORE) : index]):
        if (
            ask.is_named
            and not ask.phrase.is_free
            and not ask.thing.is_place
            and is_bare_route(draft.asks[index].item, ask)
        ):
            free = [end for end in ends if end.is_free]
            on = [draft.rules.sound_phrase(ask.phrase.ops[:1] + end.ops) for end in free]
            return ask.phrase if all(one is not None for one in on) else None
    return None


def inherit_side(draft: Draft, index: int) -> None:
    """ "The left eye and eyebrow" are both on the left, and so are "the brow and the eye on the left side"."""
    ask = draft.asks[index]
    before = inherit(draft, index)
    made = before or share_side_ahead(draft, index)
    if made is not None:
        where = "behind" if before is None else "before"
        late = ask.phrase.frame if ask.phrase.is_late else ""
        ask.become(replace(made, frame=made.frame or late, is_late=ask.phrase.is_late))
        draft.notes.append(f"'{draft.words(ask)}' is read as on the side named {where} it")


def share_side_ahead(draft: Draft, index: int) -> Phrase | None:
    """Return what a bare name means on the side that the end of its list says: of all of it, or of an eye it lies by.

    "Brow tails and eye corners on the left side", "the brow and the lids of the left eye".
    """
    ask = draft.asks[index]
    if not ask.item.says_only("phrase", "count") or ask.phrase.det or not ask.thing.takes_side:
        return None
    listed = takewhile(lambda at: goes_on_list(draft, at), range(index + 1, min(len(draft.asks), index + MOST_BEFORE)))
    later = [draft.asks[at] for at in listed]
    last = later[-1] if later else ask
    side = find_side(last.phrase.ops)
    if side is None or not last.item.says_only("phrase", "count") or ask.is_removal != last.is_removal:
        return None
    if (ask.item.count is None) < (last.item.count is None) and "comma" in last.before:
        # "7 points on the brow, and the eye on the left".
        return None
    said = [edge for node in draft.lattice.edges[last.stop - 1 : last.stop] for edge in node]
    of_all = any(edge.category == "REL" and edge.value == "side" for edge in said)
    of_all = (of_all and ask.item.count is None) or ((of_all or ends_on_side(draft, last)) and not ask.phrase.is_plural)
    noun, owner = ask.phrase.ops[0][1], last.phrase.ops[0][1]
    of_eye = last.phrase.is_of and not ask.phrase.is_plural and owner in draft.rules.concepts[noun].by
    made = draft.rules.on_side(ask.phrase.ops, side) if of_all or of_eye else None
    return None if made is None else replace(ask.phrase.mean(made), frame=last.phrase.frame or ask.phrase.frame)


def ends_on_side(draft: Draft, ask: Ask) -> bool:
    """Whether the side of a name stands behind it: "... and the eye on the patient's left"."""
    words = [one.word for one in draft.list_lexemes(ask)]
    at = max((n for n, word in enumerate(words) if word == "on"), default=len(words))
    sides = [edge.start for node in draft.lattice.edges[ask.start : ask.stop] for edge in node if edge.stop == ask.stop]
    nodes = draft.lattice.nodes
    return at < len(words) and any(nodes[start] >= nodes[ask.start] + at for start in sides) and at > 0


def goes_on_list(draft: Draft, index: int) -> bool:
    """Whether an ask is the next of the list that the one before it is in."""
    ask = draft.asks[index]
    last = draft.asks[index - 1]
    is_joined = bool(ask.before) and ask.before <= {"and", "comma"} and ask.sentence == last.sentence
    return is_joined and not draft.find_own(index - 1) and last.item.says_only("phrase", "frame", "count")


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
    is_any_named = any(one.is_named and not one.phrase.is_free for one in draft.asks)
    if ask.phrase.ops and all(op[0] == "adj" for op in ask.phrase.ops) and is_any_named:
        near = later if later is not None and not later.before else ask
        raise MistakeError("ambiguous", f"there is no '{draft.words(ask, near)}'", draft.span(ask, near))
    last = draft.asks[index - 1] if index else None
    if last is not None and not ask.before and last.stop == ask.start:
        raise MistakeError("unknown_part", f"there is no '{draft.words(last, ask)}'", draft.span(last, ask))
    message = f"'{draft.words(ask)}' of what? name a part"
    raise draft.mistake("no_part", message, ask, "'left eye', 'lips' or 'jaw'")
