"""Beside: what a name means beside another: on what that one names, in its place, or on its side.

In: a phrase and one named elsewhere in the instruction; out: the phrase as it is meant there, None where the two have
nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile

from .asks import Draft, flip, is_end
from .concept_data import OPPOSITES, SIDES
from .concepts import Op
from .joining import are_sides, find_side, is_side
from .meaning import WHOLE_FACE, Phrase
from .portions import HALF
from .rules import Rules

CHOICES = {
    "side": ("left", "right", "middle"),
    "level": ("upper", "lower"),
    "depth": ("inner", "outer"),
    "order": ("first", "middle", "last"),
}
"""Which portions an adjective of a kind tells apart."""
PAIRS = (("inner", "outer"), ("upper", "lower"), ("first", "last"), ("left", "right"))
TURNED = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
"""What "the other" is of each."""


def lie_on(rules: Rules, phrase: Phrase, owner: Phrase, *, whole: bool = True) -> Phrase | None:
    """Return a phrase as lying on what another names.

    Args:
        rules: The grammar.
        phrase: What lies there; without operations it is all of it.
        owner: What it may lie on.
        whole: On all that the owner names first ("left eye: ..."); else on what the owner itself lies on, as one of a
            list does ("the upper half and the pupil of the left eye").
    """
    side = find_side(owner.ops)
    longest = len(owner.ops) if whole or not owner.owner_len else owner.owner_len
    for length in range(longest, 0, -1):
        if length < len(owner.ops) and owner.ops[length][0] == "adj" and length != owner.owner_len:
            continue
        lower = owner.ops[:length]
        made = None
        if side is not None and side not in lower and rules.is_paired(lower):
            made = rules.on_side(lower + phrase.ops, side)
            lower = (lower[0], side, *lower[1:]) if made is not None else lower
        made = made or rules.sound_phrase(lower + phrase.ops)
        if made is not None and not is_both_of_one(phrase, made):
            turned = turn_owner(rules, phrase, lower) if owner.thing.is_place else None
            return turned or settle(phrase, made, owner, len(lower))
    return lie_by(rules, phrase, owner) if owner.is_of and side is not None else None


def lie_by(rules: Rules, phrase: Phrase, owner: Phrase) -> Phrase | None:
    """ "The upper lid and the brow of the left eye": what lies on that eye."""
    bases = rules.concepts[owner.ops[0][1]].by if owner.ops[0][0] == "noun" else ()
    tries = (rules.sound_phrase((("noun", base), *owner.ops[1:2], *phrase.ops)) for base in bases)
    made = next((one for one in tries if one is not None), None)
    return None if made is None else settle(phrase, made, owner, 2)


def turn_owner(rules: Rules, phrase: Phrase, lower: tuple[Op, ...]) -> Phrase | None:
    """ "The eyebrow's peak on the left, the head on the right": the side is the brow's."""
    *place, last = phrase.ops or ((),)
    own, side = find_side((last,)) if place else None, find_side(lower)
    if own is None or side is None or own[1] == side[1] or not rules.is_paired(lower) or lower[1:] != (side,):
        return None
    if place[-1][1] in ("end", "ends", "corner", "corners"):
        # "Left brow: left end, right end".
        return None
    only = rules.sound_phrase((*lower, *place))
    made = rules.on_side((lower[0], *place), own) if only is not None and len(only.thing.units) == 1 else None
    return None if made is None else replace(phrase.mean(made), owner_len=2)


def contrast(rules: Rules, phrase: Phrase, owner: Phrase) -> Phrase | None:
    """ "The inner lip's upper edge, and the lower edge": what differs takes the place of what it differs from."""
    if not phrase.is_free:
        return None
    ops = phrase.ops
    if len(ops) == 1 and ops[0][0] == "portion" and owner.ops[-2:-1] == (("rel", "side"),):
        # "The left side of the nose, the right side": of a nose, whose sides are places, that is no half.
        ops = (("rel", "side"), ("adj", (("side", *ops[0][2:]),)))
    if all(map(is_side, phrase.ops)):
        # "Left, centre and right third of the jaw"; of a side of a pair `take_side` tells.
        return take_place(rules, phrase, ops, owner) if ops and owner.ops[-1][0] == "portion" else None
    # "Left mouth corner, right corner": the name says by itself that it is one.
    ops = tuple(op for op in ops if op[0] != "rel" or not is_named_for(rules, owner, op[1]))
    return take_place(rules, phrase, ops, owner) if ops else None


def is_named_for(rules: Rules, owner: Phrase, word: str) -> bool:
    """Whether a name is that of a place of its part that this word makes, as the mouth corner is for "corner"."""
    kind, name = (*owner.ops[:1], ("", ""))[0][:2]
    words = {word, word.removesuffix("s")}
    return kind == "noun" and any(
        rules.concepts[base].has.get(one) == name for base in rules.concepts[name].of for one in words
    )


def oppose(rules: Rules, phrase: Phrase, owner: Phrase) -> Phrase | None:
    """ "The top of the left eye, the bottom, and ...": one of two opposites where the other was named."""
    other = ("rel", OPPOSITES.get(phrase.ops[0][1])) if len(phrase.ops) == 1 and phrase.ops[0][0] == "rel" else None
    if other in owner.ops:
        made = rules.sound_phrase(tuple(phrase.ops[0] if op == other else op for op in owner.ops))
        return None if made is None else settle(phrase, made, owner, owner.owner_len)
    # "The upper lid of the left eye, the lower lid, and ..."
    return take_place(rules, phrase, phrase.ops, owner) if needs_owner(rules, phrase) else None


def take_place(rules: Rules, phrase: Phrase, ops: Sequence[Op], owner: Phrase) -> Phrase | None:
    """Return what an owner names with each of these operations in the place of its last one of that kind."""
    made, sides = [*owner.ops], []
    for op in ops:
        at, own = find_place(owner.ops, op)
        if own is not None:
            made[at] = own
        elif is_side(op) and len(ops) > 1 and rules.is_paired(owner.ops) and not owner.thing.is_sided:
            # "The inner corner of both eyes, and the outer of the left".
            sides.append(op)
        else:
            return None
    found = rules.sound_phrase((*made[:1], *sides, *made[1:]))
    if found is None:
        return None
    settled = settle(phrase, found, owner, owner.owner_len)
    return replace(settled, det=phrase.det) if sides else settled


def swap_piece(rules: Rules, phrase: Phrase, owner: Phrase) -> Phrase | None:
    """ "The middle of the inner edge of the upper lip and of the lower lip": the same of the other one of a pair."""
    told = phrase.ops[1:]
    if not told or phrase.ops[:1] != owner.ops[:1] or any(op[0] != "adj" or is_side(op) for op in told):
        return None
    return take_place(rules, phrase, told, owner)


def find_place(ops: Sequence[Op], op: Op) -> tuple[int, Op | None]:
    """Return where an operation may stand among others, and as what: a side also as an end, or as which half."""
    kind = op[1][0][0] if op[0] == "adj" and len(op[1]) == 1 else ""
    choices = CHOICES.get(kind, ())
    alike = [n for n, own in enumerate(ops) if kind_of(own) == kind_of(op)]
    if alike:
        return alike[-1], op
    portions = [n for n, own in enumerate(ops) if own[0] == "portion" and own[2] in choices]
    if portions:
        return portions[-1], (*ops[portions[-1]][:2], *op[1][0][1:])
    ends = [n for n, own in enumerate(ops) if kind == "side" and is_end(own)]
    return (ends[-1], make_end(op)) if ends else (-1, None)


def make_end(side: Op) -> Op:
    """Return a side as the end on it."""
    return (side[0], tuple(("end", viewer, subject) for _, viewer, subject in side[1]))


def lie_near(rules: Rules, phrase: Phrase, place: Phrase) -> Phrase | None:
    """Return a phrase as lying on the part that a place with a name of its own lies on ("brow tail and peak")."""
    side = find_side(place.ops)
    is_adjective = all(op[0] == "adj" for op in phrase.ops)
    for base in sorted(rules.concepts[place.ops[0][1]].of):
        if is_adjective and (("noun", base),) == WHOLE_FACE:
            # "Inside the jaw" is not the inner lip, of all of a face.
            continue
        lower: tuple[Op, ...] = (("noun", base),)
        lower += (side,) if side and rules.is_paired(lower) else ()
        made = rules.sound_phrase((*lower, *phrase.ops))
        if made is not None and not is_both_of_one(phrase, made):
            return replace(settle(phrase, made, place, len(lower)), det=phrase.det)
    return None


def take_side(rules: Rules, phrase: Phrase, owner: Phrase) -> Phrase | None:
    """ "7 on the left eye's lower lid, and 5 on the right": a side alone is that side of all that was named."""
    ops = tuple(op for op in owner.ops if not is_side(op))
    is_pair = bool(ops) and rules.is_paired(ops)
    if not phrase.ops or not all(map(is_side, phrase.ops)) or not (is_pair or owner.thing.is_place):
        return None
    made = rules.on_side(ops, *phrase.ops) if is_pair else rules.sound_phrase((*ops, *phrase.ops))
    return None if made is None else replace(settle(phrase, made, owner, 0), det=phrase.det)


def turn_side(rules: Rules, phrase: Phrase, last: Phrase) -> Phrase | None:
    """ "The left nostril, the right": the other side alone, right after a name on one side, is of the same name."""
    if len(phrase.ops) != 1 or not is_side(phrase.ops[0]):
        return None
    ops = tuple(flip(op, ends=True) for op in last.ops)
    turned = [op for op, before in zip(ops, last.ops, strict=True) if op != before]
    if len(turned) != 1 or turned[0][0] != "adj" or turned[0][1][0][1] != phrase.ops[0][1][0][1]:
        return None
    made = rules.sound_phrase(ops)
    return None if made is None else replace(settle(phrase, made, last, 0), det=phrase.det)


def move_place(rules: Rules, phrase: Phrase, last: Phrase) -> Phrase | None:
    """Return the place that another phrase names on its part as one of what a phrase names."""
    if len(phrase.ops) > 1 and phrase.ops[0][1] in find_bases(rules, find_nouns(last)):
        # "The upper lip's outline, and the lower lip's".
        adjectives = [op for op in phrase.ops[1:] if op[0] == "adj" and not is_side(op)]
        swapped = take_place(rules, phrase, adjectives, last) if adjectives == [*phrase.ops[1:]] else None
        if swapped is not None:
            return swapped
    kinds = ("rel", "noun", "portion")
    own = (n for n, op in enumerate(last.ops) if n and op[0] in kinds and op not in phrase.ops)
    first = next(own, len(last.ops))
    if rules.is_paired(last.ops[:1]):
        place = tuple(op for op in last.ops[first:] if not is_side(op))
    else:
        place = tuple(make_end(op) if is_side(op) else op for op in last.ops[first:])
    if not place and phrase.ops[0][1] in find_bases(rules, find_nouns(last)):
        # "Left eye corners, then the right eye's": the name of the place itself.
        ops = tuple(op for op in last.ops if not is_side(op))
        made = rules.sound_phrase((*ops, *phrase.ops[1:]))
        return None if made is None else settle(phrase, made, last, 0)
    made = rules.sound_phrase((*phrase.ops, *place)) if place else None
    return None if made is None else settle(phrase, made, last, len(phrase.ops))


def share_side(rules: Rules, phrase: Phrase, other: Phrase) -> Phrase | None:
    """ "The left eye and eyebrow", "the right eye and its brow" are on one side."""
    side, thing = find_side(other.ops), phrase.thing
    if any(op[0] == "portion" and op[2] in SIDES for op in phrase.ops):
        # "... and the left half of the cheek" names a side of its own.
        return None
    if side is None or phrase.is_plural or not thing.takes_side:
        return None
    made = rules.on_side(phrase.ops, side)
    return None if made is None else replace(phrase.mean(made), frame=other.frame, ref="")


def lie_across(rules: Rules, phrase: Phrase, other: Phrase) -> Phrase | None:
    """ "The left mouth corner and the pupil on the other side"."""
    return share_side(rules, phrase, replace(other, ops=tuple(flip(op) for op in other.ops)))


def inherit(draft: Draft, index: int) -> Phrase | None:
    """Return what an ask names as on the side of the one right before it, where nothing else tells its side."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    if not index or ask.phrase.det or not ask.thing.is_pair or not ask.before <= {"and", "comma"}:
        return None
    if ask.sentence != last.sentence or draft.opens_list(index):
        return None
    return share_side(draft.rules, ask.phrase, last.phrase)


def refer_to(rules: Rules, phrase: Phrase, before: Phrase) -> Phrase | None:
    """Return a reference read as about a phrase named before, None where it does not fit."""
    side = find_side(before.ops)
    if phrase.ref == "it":
        # "The first third of the jaw, and the last quarter of it" are both of the jaw.
        last = (*before.ops[-1:], *phrase.ops[-1:])
        is_portion = len(last) == 2 and all(op[0] == "portion" for op in last)
        # "Its top edge and its bottom edge" are both of one thing.
        rest = before.ops[before.owner_len :] if before.owner_len else ()
        is_parallel = [op[: 1 + (op[0] == "rel")] for op in rest] == [op[: 1 + (op[0] == "rel")] for op in phrase.ops]
        return lie_on(rules, phrase, before, whole=not (is_portion or is_parallel))
    if phrase.ref == "one" or not phrase.ops:
        ops = turn_over(before.ops, phrase.ops, has_side=side is not None)
        return rules.sound_phrase(ops, frame=phrase.frame or whose(before)) if ops else None
    if side is not None and phrase.thing.is_sided and len(phrase.ops) > 1 and not is_side(phrase.ops[1]):
        # "The left corner of that eye": the side is that of the place, and the eye is the one named before.
        return rules.on_side(phrase.ops, side, frame=before.frame) if find_nouns(phrase) & find_nouns(before) else None
    if side is None or phrase.thing.is_sided:
        return None
    side = flip(side) if phrase.ref == "other" else side
    if phrase.is_free:
        # "The inner corner of the other one".
        return lie_on_side(rules, phrase, side, before)
    owner = rules.phrase(phrase.ops[:1]) or phrase
    parts = phrase.thing.parts | owner.thing.parts
    own, nouns = find_nouns(phrase), find_nouns(before)
    # "The right pupil, the outer corner of that eye".
    nouns |= find_bases(rules, nouns)
    if phrase.ref in ("other", "that"):
        # "The left upper lid, and the other one's pupil", "right pupil, that eye's corners".
        own |= find_bases(rules, own)
    if not (parts & before.thing.parts or own & nouns):
        return None
    if phrase.ref == "that" and phrase.ops[0] in before.ops:
        # "The inner half of the left upper lid, and the outer half of that lid".
        start = before.ops.index(phrase.ops[0]) + 1
        told = takewhile(lambda op: op[0] == "adj", before.ops[start:])
        made = rules.sound_phrase((*before.ops[:start], *told, *phrase.ops[1:]), frame=before.frame)
        if made is not None:
            return made
    return rules.on_side(phrase.ops, side, frame=before.frame)


def turn_place(rules: Rules, phrase: Phrase, before: Phrase) -> Phrase | None:
    """ "The outer corner of the left eye and the other corner": the other one of that eye."""
    if phrase.ref != "other" or len(phrase.ops) != 1 or not before.ops:
        return None
    if phrase.ops[0] == ("portion", HALF, "", ""):
        # "The first half of the jaw, and the other half".
        at = next((n for n, op in enumerate(before.ops) if op[:2] == phrase.ops[0][:2]), 0)
        kind, share, *choice = before.ops[at]
        turned = (*before.ops[:at], (kind, share, *(TURNED.get(one, one) for one in choice)), *before.ops[at + 1 :])
        return rules.sound_phrase(turned, frame=before.frame) if at and turned != before.ops else None
    if phrase.ops[0][0] == "noun" and phrase.ops[0] in before.ops:
        # "The upper lid of the right eye, and the other lid".
        level = next((op for op in before.ops if op[0] == "adj" and op[1][0][0] == "level"), None)
        ops = tuple(turn_other(op) if op is level else op for op in before.ops)
        return None if level is None else rules.sound_phrase(ops, frame=before.frame)
    if phrase.ops[0][0] != "rel":
        return None
    word = phrase.ops[0][1].removesuffix("s")
    is_alike = any(op[0] == "rel" and op[1].removesuffix("s") == word for op in before.ops[1:])
    if not (is_alike or is_named_for(rules, before, word)) or not before.thing.is_place or len(before.thing.units) > 1:
        return None
    last = before.ops[-1]
    told = next((op for op in reversed(before.ops) if op[0] == "adj" and op[1][0][0] in ("depth", "end")), last)
    other = turn_other(told) if told[0] == "adj" else told
    made = None if other == told else rules.sound_phrase(tuple(other if op == told else op for op in before.ops))
    return None if made is None else replace(made, frame=before.frame)


def turn_other(op: Op) -> Op:
    """Return an adjective with inner for outer, upper for lower, left for right."""
    return ("adj", tuple((kind, *(TURNED.get(one, one) for one in told)) for kind, *told in op[1]))


def lie_on_side(rules: Rules, phrase: Phrase, side: Op, before: Phrase) -> Phrase | None:
    """Return a place on one side of what was named, or of the part that this one, a place of its own name, lies on."""
    first = before.ops[0]
    bases = (first, *(("noun", base) for base in sorted(find_bases(rules, {first[1]} if first[0] == "noun" else ()))))
    made = (rules.sound_phrase((base, side, *phrase.ops), frame=before.frame) for base in bases)
    return next((one for one in made if one is not None), None)


def turn_over(ops: tuple[Op, ...], told: Sequence[Op], *, has_side: bool) -> tuple[Op, ...]:
    """Return operations with the side, or what else is told, in place of their own: of "the right one", "the other"."""
    if told and ops:
        if not has_side and any(map(is_end, ops)):
            # "The left corner of the mouth, the right one".
            told = tuple(make_end(op) if is_side(op) else op for op in told)
        elif (
            not has_side and len(told) == 1 and is_side(told[0]) and ops[-1][:1] == ("portion",) and ops[-1][2] in SIDES
        ):
            # "The left half of the outer lip, then the right one".
            return (*ops[:-1], (*ops[-1][:2], *told[0][1][0][1:]))
        place = told[1:]
        if has_side and is_side(told[0]) and place:
            # "... and the inner corner of the right one": another place on the other.
            side = next(n for n, op in enumerate(ops) if is_side(op))
            return (*ops[:side], told[0], *place)
        if place and is_side(told[0]) and len(ops) > 1 and not any(map(is_side, ops)):
            # "The inner end of each brow, then the peak of the right one".
            return (ops[0], *told)
        kinds = [kind_of(op) for op in ops]
        if place and kind_of(told[0]) in kinds:
            # "The top of the upper lip, the bottom of the lower".
            return (*ops[: kinds.index(kind_of(told[0]))], *told)
        is_told = kind_of(told[0]) in kinds
        return tuple(told[0] if kind_of(op) == kind_of(told[0]) else op for op in ops) if is_told else (*ops, *told)
    return tuple(flip(op, ends=not has_side) for op in ops) if has_side or any(map(is_end, ops)) else ()


def narrow(rules: Rules, whole: Phrase, part: Phrase) -> Phrase | None:
    """Return what of a name another one leaves: "the left eye, upper lid only"."""
    if part.is_free:
        made = rules.extend(whole, part.ops)
    else:
        made = lie_on(rules, part, whole) if part.thing.is_several_sided and not part.thing.is_sided else None
    return None if made is None or made.fault else made


def settle(phrase: Phrase, made: Phrase, owner: Phrase, owner_len: int) -> Phrase:
    """Return a phrase as what it was found to mean on an owner, whose "each" and whose left it shares."""
    det = phrase.det or owner.det
    frame = phrase.frame or (whose(owner) if are_sides(phrase) else owner.frame)
    return replace(phrase.mean(made), det=det, frame=frame, owner_len=owner_len, ref="", is_of=False)


def whose(owner: Phrase) -> str:
    """Return whose left a side alone is that leans on a name: "viewer's left eye 6 points, right 4"."""
    return owner.frame or ("viewer" if owner.is_fixed else "")


def needs_owner(rules: Rules, phrase: Phrase) -> bool:
    """Whether a name could lie on one of a pair, and does not say on which."""
    thing = phrase.thing
    if phrase.det == "all" or thing.is_sided or not thing.is_several_sided or not rules.concepts[phrase.ops[0][1]].of:
        return False
    return has_several(phrase) or not (phrase.is_plural or phrase.det)


def has_several(phrase: Phrase) -> bool:
    """Whether a name means several of each side: both lids, both corners."""
    units = phrase.thing.units
    return any(sum(unit.side == one.side for unit in units) > 1 for one in units)


def find_nouns(phrase: Phrase) -> set[str]:
    return {op[1] for op in phrase.ops if op[0] == "noun"}


def find_bases(rules: Rules, nouns: Iterable[str]) -> set[str]:
    """Return what the places of some names lie on."""
    return {base for noun in nouns for base in rules.concepts[noun].of}


def kind_of(op: Op) -> tuple[object, ...]:
    """Return what two operations share of which one may stand in the other's place."""
    if op[0] == "portion":
        # An upper half stands in the place of a lower one, not of a left one.
        return (*op[:2], op[2] in ("upper", "lower"))
    return (op[0], op[1][0][0]) if op[0] == "adj" else op[:2]


def is_both_of_one(phrase: Phrase, made: Phrase) -> bool:
    """Whether "both" would be said of a single thing ("both inner corners" of one brow)."""
    return phrase.det == "both" and len(made.thing.units) < 2
