"""Owners: which part each name of a list lies on.

A part named once owns every item of its list or heading that can lie on it and names no part or side of its own
(language.md, section 6).
"""

from __future__ import annotations

from dataclasses import replace

from .asks import WHOLE_FACE, Draft, find_side, is_side
from .concepts import Op
from .meaning import MistakeError, Phrase


class Owners:
    """Lets names lie on the parts named for their lists."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def own_all(self) -> None:
        """Let each name that waits for a part, or names no side, lie on the part named for its list."""
        for i in range(len(self.draft.asks)):
            self.own(i)
        for i, ask in enumerate(self.draft.asks):
            if ask.phrase is not None and ask.phrase.is_free and ask.item.range is None and ask.item.layout is None:
                self.refuse_free(i)

    def own(self, index: int) -> None:
        ask = self.draft.asks[index]
        phrase = ask.phrase
        if phrase is None or ask.item.layout is not None or ask.is_owned:
            return
        if phrase.ops == (("noun", WHOLE_FACE),) and index and self.opens_list(index - 1):
            head = self.draft.asks[index - 1].phrase
            if head is not None:
                self.take(index, head)
            return
        if not phrase.is_free and not self.needs_owner(phrase):
            self.inherit_side(index)
            return
        if self.take_other_side(index):
            return
        if not self.lie_on_owner(index) and not self.lie_near_owner(index):
            self.inherit_side(index)

    def take(self, index: int, phrase: Phrase) -> bool:
        """Let an ask be what it was found to be on an owner."""
        ask = self.draft.asks[index]
        ask.item = replace(ask.item, phrase=phrase)
        ask.is_owned = True
        return True

    def lie_on_owner(self, index: int) -> bool:
        """Let an ask lie on the first owner that it can lie on."""
        ask = self.draft.asks[index]
        phrase = ask.phrase
        assert phrase is not None
        for owner, is_heading in self.find_owners(index):
            whole = is_heading or self.narrows(index, owner)
            made = self.contrast(phrase, owner) or self.lie_on(phrase, owner, whole=whole)
            if made is None or is_same_place(made, owner):
                continue
            if owner.det and not phrase.det and not phrase.is_free and made.thing is phrase.thing:
                return self.take(index, made)
            if phrase.is_free or (made.thing != phrase.thing and find_side(owner.ops)):
                ask.is_narrower = phrase.is_free and index > 0 and owner is self.draft.asks[index - 1].phrase
                return self.take(index, made)
        return False

    def lie_near_owner(self, index: int) -> bool:
        """Let an ask without a part lie on the part that another one's place lies on."""
        phrase = self.draft.asks[index].phrase
        assert phrase is not None
        if not phrase.is_free or not phrase.ops:
            return False
        for owner, _ in sorted(self.find_owners(index), key=lambda one: find_side(one[0].ops) is None):
            made = self.lie_beside(phrase, owner)
            if made is not None:
                return self.take(index, made)
        return False

    def take_other_side(self, index: int) -> bool:
        """ "7 on the left eye's lower lid, and 5 on the right": a side alone is that side of all that was named."""
        ask = self.draft.asks[index]
        phrase, later = ask.phrase, self.draft.asks[index + 1 : index + 2]
        is_apart = (index == 0 or bool(ask.before)) and all(one.before for one in later)
        if phrase is None or not phrase.ops or not is_apart or not all(is_side(op) for op in phrase.ops):
            return False
        for owner, _ in self.find_owners(index):
            ops = tuple(op for op in owner.ops if not is_side(op))
            made = self.draft.rules.on_side(ops, *phrase.ops) if ops else None
            if made is not None and self.is_paired(ops):
                frame = phrase.frame or owner.frame
                return self.take(index, replace(phrase, ops=made.ops, thing=made.thing, frame=frame, ref=""))
        return False

    def narrows(self, index: int, owner: Phrase) -> bool:
        """Whether a name without a part narrows the one right before it: "the left eye's lower lid, inner half"."""
        ask, last = self.draft.asks[index], self.draft.asks[index - 1]
        if index == 0 or owner is not last.phrase or set(ask.before) != {"comma"} or last.item.has_amount:
            return False
        is_last = ask is self.draft.asks[-1] or self.draft.has_own(index)
        return is_last and ask.phrase is not None and ask.phrase.is_free and bool(ask.phrase.ops)

    def inherit_side(self, index: int) -> None:
        """ "The left eye and eyebrow" are both on the left."""
        ask = self.draft.asks[index]
        phrase = ask.phrase
        if index == 0 or phrase is None or phrase.thing is None or phrase.is_plural or phrase.det or ask.leads:
            return
        if phrase.thing.is_sided or not phrase.thing.is_pair:
            return
        last = self.draft.asks[index - 1]
        side = find_side(last.phrase.ops) if last.phrase is not None else None
        if side is None or not set(ask.before) <= {"and", "comma"} or ask.sentence != last.sentence:
            return
        if last.item.has_amount and ask.item.has_amount:
            return
        made = self.draft.rules.on_side(phrase.ops, side)
        if made is not None:
            assert last.phrase is not None
            ask.item = replace(
                ask.item, phrase=replace(phrase, ops=made.ops, thing=made.thing, frame=last.phrase.frame)
            )
            self.draft.notes.append(f"'{self.draft.words(ask.start, ask.stop)}' is read as on the side named before it")

    def refuse_free(self, index: int) -> None:
        ask = self.draft.asks[index]
        assert ask.phrase is not None
        if ask.phrase.fault:
            code, message, suggestion = ask.phrase.fault
            raise MistakeError(code, message, self.draft.span(ask), suggestion)
        for owner, _ in self.find_owners(index):
            made = self.draft.rules.phrase(owner.ops + ask.phrase.ops)
            if made is not None and made.fault:
                raise MistakeError(made.fault[0], made.fault[1], self.draft.span(ask), made.fault[2])
        if ask.phrase.ops == (("rel", "outline"),) and any(one.item.is_layout for one in self.draft.asks):
            ask.item = replace(ask.item, phrase=self.draft.rules.phrase((("noun", "contour"),)))
            return
        words = self.draft.words(ask.start, ask.stop)
        only_side = bool(ask.phrase.ops) and all(op[0] == "adj" for op in ask.phrase.ops)
        later = self.draft.asks[index + 1] if index + 1 < len(self.draft.asks) else None
        if only_side and len(self.draft.asks) > 1:
            near = later if later is not None and not later.before else ask
            # An exception said first stands after what it is taken from, so that the next ask may lie before this one.
            start, stop = min(ask.start, near.start), max(ask.stop, near.stop)
            whole = self.draft.words(start, stop)
            raise MistakeError("ambiguous", f"there is no '{whole}'", self.draft.lattice.span(start, stop))
        last = self.draft.asks[index - 1] if index else None
        if last is not None and not ask.before and last.stop == ask.start:
            span = self.draft.lattice.span(last.start, ask.stop)
            raise MistakeError("unknown_part", f"there is no '{self.draft.words(last.start, ask.stop)}'", span)
        raise MistakeError(
            "no_part", f"'{words}' of what? name a part", self.draft.span(ask), "'left eye', 'lips' or 'jaw'"
        )

    def needs_owner(self, phrase: Phrase) -> bool:
        """Whether a name could lie on one of a pair, and does not say on which."""
        thing = phrase.thing
        if thing is None or thing.is_sided or phrase.ref:
            return False
        concepts = self.draft.rules.concepts
        noun = concepts[phrase.ops[0][1]]
        if not thing.is_several_sided or not noun.of:
            return False
        several = any(sum(unit.side == one.side for unit in thing.units) > 1 for one in thing.units)
        return several or not (phrase.is_plural or phrase.det)

    def find_owners(self, index: int) -> list[tuple[Phrase, bool]]:
        """Return the phrases that may own an ask, and whether each heads its list.

        First its heading, then what opens its sentence behind "on", then what another item of its list is said to lie
        on, then any other item: those before it first.
        """
        ask = self.draft.asks[index]
        assert ask.phrase is not None
        heads: list[tuple[Phrase, bool]] = []
        located: list[tuple[Phrase, bool]] = []
        before: list[tuple[Phrase, bool]] = []
        farther: list[tuple[Phrase, bool]] = []
        for i in range(index - 1, -1, -1):
            one = self.draft.asks[i]
            if one.phrase is None or one.phrase.thing is None:
                continue
            if self.opens_list(i):
                heads = heads or [(one.phrase, True)]
            if one.sentence == ask.sentence and one.is_located:
                located.append((one.phrase, not one.phrase.owner_len or self.is_bare_head(i)))
            elif one.sentence == ask.sentence and not (ask.is_removal and one.is_removal):
                before.append((one.phrase, not one.phrase.owner_len))
            elif ask.phrase.is_free:
                farther.append((one.phrase, not one.phrase.owner_len))
        after = [(phrase, not phrase.owner_len) for phrase in self.find_after(index)]
        others = after + before if self.belongs_ahead(index) else before + after
        others.sort(key=lambda one: (self.needs_owner(one[0]), one[1]))
        if heads and not find_side(heads[0][0].ops):
            told = [one for one in others if not one[1] and (find_side(one[0].ops) or one[0].det)]
            heads = told + heads
        return heads + located + others + farther

    def opens_list(self, index: int) -> bool:
        """Whether an item stands bare before a colon, or above bullets."""
        if index + 1 >= len(self.draft.asks) or self.draft.asks[index].item.has_amount:
            return False
        before, later = self.draft.asks[index].before, self.draft.asks[index + 1].before
        return "colon" in later or ("bullet" in later and "bullet" not in before)

    def is_bare_head(self, index: int) -> bool:
        """Whether an item stands bare before a comma, as what heads a list does."""
        return not self.draft.asks[index].item.has_amount and set(self.draft.asks[index + 1].before) <= {"comma"}

    def belongs_ahead(self, index: int) -> bool:
        """Whether "and" joins an item to the next, and not to the one before."""
        if "and" in self.draft.asks[index].before:
            return False
        later = (one for one in self.draft.asks[index + 1 :] if set(one.before) != {"comma"})
        return "and" in next((one.before for one in later), ())

    def find_after(self, index: int) -> list[Phrase]:
        """Return what later items of the same list lie on."""
        ask = self.draft.asks[index]
        assert ask.phrase is not None
        found: list[Phrase] = []
        for later in self.draft.asks[index + 1 :]:
            if later.sentence != ask.sentence or set(later.before) & {"stop", "colon"} or later.item.layout is not None:
                break
            phrase = later.phrase
            if (
                phrase is not None
                and phrase.thing is not None
                and (find_side(phrase.ops) or phrase.det or ask.phrase.is_free)
            ):
                found.append(phrase)
        return sorted(found, key=lambda phrase: (not phrase.owner_len, self.needs_owner(phrase)))

    def lie_on(self, phrase: Phrase, owner: Phrase, *, whole: bool = True) -> Phrase | None:
        """Return a phrase as lying on what another names.

        Args:
            phrase: What lies there; without operations it is all of it.
            owner: What it may lie on.
            whole: On all that the owner names first ("left eye: ..."); else on what the owner itself lies on, as one
                of a list does ("the upper half and the pupil of the left eye").
        """
        side = find_side(owner.ops)
        longest = len(owner.ops) if whole or not owner.owner_len else owner.owner_len
        for length in range(longest, 0, -1):
            if length < len(owner.ops) and owner.ops[length][0] == "adj" and length != owner.owner_len:
                continue
            lower = owner.ops[:length]
            made = None
            if side is not None and side not in lower and self.is_paired(lower):
                made = self.draft.rules.on_side(lower + phrase.ops, side)
                lower = (lower[0], side, *lower[1:]) if made is not None else lower
            made = made or self.draft.rules.sound_phrase(lower + phrase.ops)
            if made is not None and not is_both_of_one(phrase, made):
                return replace(
                    made,
                    det=phrase.det or owner.det,
                    frame=phrase.frame or owner.frame,
                    is_late=phrase.is_late,
                    is_plural=phrase.is_plural,
                    owner_len=len(lower),
                )
        return None

    def contrast(self, phrase: Phrase, owner: Phrase) -> Phrase | None:
        """ "The inner lip's upper edge, and the lower edge": what differs takes the place of what it differs from."""
        own = {kind_of(op): op for op in phrase.ops}
        if (
            not phrase.is_free
            or all(is_side(op) for op in phrase.ops)
            or not own.keys() <= {kind_of(op) for op in owner.ops}
        ):
            return None
        made = self.draft.rules.sound_phrase(tuple(own.get(kind_of(op), op) for op in owner.ops))
        if made is None:
            return None
        det, frame = phrase.det or owner.det, phrase.frame or owner.frame
        return replace(phrase, ops=made.ops, thing=made.thing, det=det, frame=frame, owner_len=owner.owner_len)

    def is_paired(self, ops: tuple[Op, ...]) -> bool:
        """Whether what operations name comes in pairs, so that a side of a place on it is its own side."""
        return ops[0][0] == "noun" and self.draft.rules.concepts[ops[0][1]].is_paired

    def lie_beside(self, phrase: Phrase, place: Phrase) -> Phrase | None:
        """Return a phrase as lying on the part that a place with a name of its own lies on ("brow tail and peak")."""
        side = find_side(place.ops)
        concepts = self.draft.rules.concepts
        for base in sorted(concepts[place.ops[0][1]].of) if place.ops and place.ops[0][0] == "noun" else ():
            lower: tuple[Op, ...] = (("noun", base),)
            lower += (side,) if side and self.is_paired(lower) else ()
            made = self.draft.rules.sound_phrase((*lower, *phrase.ops))
            if made is not None and not is_both_of_one(phrase, made):
                return replace(made, frame=phrase.frame or place.frame, det=phrase.det, owner_len=len(lower))
        return None


def kind_of(op: Op) -> tuple[object, ...]:
    """Return what two operations share of which one may stand in the other's place."""
    return (op[0], op[1][0][0]) if op[0] == "adj" else op[:2]


def is_same_place(made: Phrase, owner: Phrase) -> bool:
    """Whether a name found on a place is only another name of it ("the base" beside "the right ala")."""
    thing = owner.thing
    return thing is not None and made.thing is not None and thing.is_place and made.thing.units == thing.units


def is_both_of_one(phrase: Phrase, made: Phrase) -> bool:
    """Whether "both" would be said of a single thing ("both inner corners" of one brow)."""
    return phrase.det == "both" and made.thing is not None and len(made.thing.units) < 2
