"""Possible owners: the phrases of a list that a name without a part may lie on, the likeliest first.

In: the asks of a draft, passed by in order; out: for each, the owners before and after it, equal ones once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .asks import BREAKS, Ask, Draft
from .beside import has_several, inherit, needs_owner
from .concepts import Op
from .joining import are_sides, find_side
from .meaning import Item, Phrase

Owner = tuple[Phrase, bool]
"""A phrase that may own an ask, and whether the ask lies on all that it names."""
Key = tuple[tuple[Op, ...], str, str, int, bool, bool]


@dataclass(frozen=True, slots=True)
class Named:
    """What may own an ask: what it names, how it was said, and on which line."""

    phrase: Phrase
    is_located: bool
    is_removal: bool
    line: int
    is_bulleted: bool = False

    @property
    def key(self) -> Key:
        """What makes two of them own alike."""
        phrase = self.phrase
        return (phrase.ops, phrase.det, phrase.frame, phrase.owner_len, self.is_located, self.is_removal)

    @property
    def owner(self) -> Owner:
        """As an item of a list it is lain on as a whole where it names no owner of its own."""
        return self.phrase, not self.phrase.owner_len


class PossibleOwners:
    """The possible owners of each ask of a draft.

    A list may be a thousand names long: those before an ask are kept as they are passed by, those after it are
    gathered once.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._sentence = -1
        self._lines = draft.number_lines()
        self._heading: Phrase | None = None
        self._headed = -1
        # What the list is said to lie on, and whether an item of it lay elsewhere.
        self._led: tuple[Op, ...] = ()
        self._is_left = False
        # The last one said stands last.
        self._near: dict[Key, Named] = {}
        self._far: dict[Key, Named] = {}
        self._later, self._joins, self._is_told = gather_later(draft, self._lines)

    def pass_by(self, index: int) -> None:
        """Let an ask own those after it; each is passed by once, in order."""
        ask = self._draft.asks[index]
        if ask.phrase.is_free:
            return
        if ask.sentence != self._sentence:
            for key, one in self._near.items():
                put_last(self._far, key, one)
            self._near, self._sentence = {}, ask.sentence
        if self._draft.opens_list(index) or ask.is_header:
            self._heading, self._headed = ask.phrase, ask.sentence
        if ask.is_located or ask.phrase is self._heading:
            self._led = ask.phrase.ops
        self._is_left = ask.phrase.ops[: len(self._led)] != self._led
        is_bulleted = ask.is_located and any("bullet" in one.before for one in (*self._draft.line_before(index), ask))
        one = Named(ask.phrase, ask.is_located, ask.is_removal, self._lines[index], is_bulleted)
        put_last(self._near, one.key, one)

    def find(self, index: int) -> list[Owner]:
        """Return the phrases that may own an ask, when all before it have been passed by.

        First its heading, then what opens its sentence behind "on", then what another item of its list is said to lie
        on, then any other item: those before it first.
        """
        ask, line = self._draft.asks[index], self._lines[index]
        is_here = ask.sentence == self._sentence
        near = [*reversed(self._near.values())] if is_here else []
        located = [(one.phrase, True) for one in near if one.is_located and (one.line == line or not one.is_bulleted)]
        before = [one for one in near if not one.is_located and not (ask.is_removal and one.is_removal)]
        after = [one for one in self._later[index] if ask.phrase.is_free or find_side(one.phrase.ops) or one.phrase.det]
        if not self._is_told[index] and inherit(self._draft, index) is not None:
            # "The left brow tail, outer canthus and chin, and 6 points on the right eye".
            after = []
        # What is left out is left out of what stands before it.
        is_ahead = bool(after) and not ask.is_removal and self._belongs_ahead(index)
        listed = after + before if is_ahead else before + after
        # What makes sense by itself lies on nothing that another line names, "eye corners" on no item beside it.
        is_all = len(ask.phrase.ops) == 1 and ask.phrase.is_plural and not ask.phrase.det and has_several(ask.phrase)
        # "The lids and the pupil of the left eye" are all of that eye.
        is_all = is_all and not (is_ahead and self._is_told[index])
        listed = [one for one in listed if ask.phrase.is_free or (one.line == line and not is_all)]
        # Ahead, what others are said to lie on: "the left eye's top, bottom and pupil, and the nose boundary".
        is_of_list = is_ahead and not are_sides(ask.phrase)
        listed.sort(
            key=lambda one: (one.line != line, needs_owner(self._draft.rules, one.phrase), is_of_list and one.owner[1])
        )
        others = [one.owner for one in listed]
        heads = ([] if self._is_of_each(index) else self._find_heads(ask, others)) + located
        if self._is_left and is_all:
            heads = []
        if is_ahead and (are_sides(ask.phrase) or (self._is_left and self._is_told[index])):
            return others + heads + self._find_far(ask, is_here)
        return heads + others + self._find_far(ask, is_here)

    def _is_of_each(self, index: int) -> bool:
        """Whether a line begins with "each" or "both", so that what it asks lies on no heading above it."""
        loose = (one for one in self._draft.loose if one.at == index and one.before & BREAKS)
        return any(one.item == Item(each=True) for one in loose)

    def _find_heads(self, ask: Ask, others: list[Owner]) -> list[Owner]:
        """Return the heading, behind what says a side where it says none or heads another sentence."""
        if self._heading is None:
            return []
        # "Mouth: corners, plus the midpoints of both lips": a mouth needs no side.
        is_told = find_side(self._heading.ops) or not self._heading.thing.is_several_sided
        is_near = is_told and self._headed == ask.sentence
        sided = [one for one in others if not one[1] and (find_side(one[0].ops) or one[0].det)]
        return [*([] if is_near else sided), (self._heading, True)]

    def _find_far(self, ask: Ask, is_here: bool) -> list[Owner]:
        """Return what other sentences, or other exceptions, name."""
        if not ask.phrase.is_free:
            return []
        near = reversed(self._near.values())
        apart = [one for one in near if not is_here or (ask.is_removal and one.is_removal and not one.is_located)]
        return [one.owner for one in (*apart, *reversed(self._far.values()))]

    def _belongs_ahead(self, index: int) -> bool:
        """Whether an item is joined to the next ones, and not to the one before."""
        ask, last = self._draft.asks[index], self._draft.asks[index - 1]
        if are_sides(ask.phrase):
            # "5 points on the left and 7 on the right eyebrow".
            later, own, before = self._draft.asks[index + 1], find_side(ask.phrase.ops), find_side(last.phrase.ops)
            if index and before is not None and before != own and "and" not in ask.before:
                # "5 on the left eye, 7 on the right and 3 on the left brow".
                return False
            return ask.leads and later.leads and later.before == {"and"} and later.thing.is_sided
        if "and" not in ask.before:
            # "Left brow, upper edge, 7 points, and ..." has what it lies on before it.
            is_told = self._is_told[index] and (ask.leads or not divides_whole(ask.phrase))
            is_whole = last.is_named and not (last.thing.is_place or self._draft.has_amount(index - 1))
            return self._joins[index] and (is_told or not (is_whole or last.phrase.owner_len))
        # "..., and the top and the bottom of both eyes", "... and the tail, the arch and the head of the left brow".
        return self._joins[index] and self._is_told[index]


def gather_later(draft: Draft, lines: Sequence[int]) -> tuple[list[tuple[Named, ...]], list[bool], list[bool]]:
    """Return what later items of the same list name, for each ask.

    And whether "and" is the first join but a comma, and whether the first of them that names a part lies on it by "of".
    """
    found: list[tuple[Named, ...]] = [()]
    joins, is_told = [False], [False]
    for index in range(len(draft.asks) - 1, 0, -1):
        ask, later = draft.asks[index - 1 : index + 1]
        is_apart = bool(later.before & {"stop", "colon"}) and not ends_list(draft, index)
        if later.sentence != ask.sentence or is_apart or later.item.layout is not None:
            found.append(())
        elif later.phrase.is_free:
            found.append(found[-1])
        else:
            one = Named(later.phrase, is_located=False, is_removal=False, line=lines[index])
            found.append((one, *(other for other in found[-1] if other.key != one.key)))
        joins.append(joins[-1] if later.before == {"comma"} else "and" in later.before)
        waits = later.phrase.is_free or needs_owner(draft.rules, later.phrase)
        is_told.append(is_told[-1] if waits else later.phrase.is_of)
    return found[::-1], joins[::-1], is_told[::-1]


def divides_whole(phrase: Phrase) -> bool:
    """Whether a name without a part is a portion or an edge of what stands before it: "lips, central third"."""
    return bool(phrase.ops) and (phrase.ops[0][0] in ("portion", "adj") or phrase.ops[0][1] == "outline")


def put_last(owners: dict[Key, Named], key: Key, owner: Named) -> None:
    owners.pop(key, None)
    owners[key] = owner


def ends_list(draft: Draft, index: int) -> bool:
    """Whether a bare name behind a dash only says on what its line lies: "tail, arch, head - left eyebrow"."""
    ask = draft.asks[index]
    if not draft.ends_line(index) or ask.before != {"colon"} or ask.item.has_amount or not names_whole(ask):
        return False
    return not any("colon" in one.before for one in draft.line_before(index))


def names_whole(ask: Ask) -> bool:
    """Whether an ask names a part of one side, or of each: "left eyebrow", "both brows"."""
    return ask.thing.is_sided or (bool(ask.phrase.det) and not ask.thing.is_place)
