"""Compositions of phrases: what names, adjectives, portions and owners make together, by type.

`table.py` says which categories meet; the functions here say what their values mean together, or None where their types
do not fit.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from .concept_data import FEATURES, NOTHING
from .concepts import Concepts, MismatchError, Op
from .joining import by_end, find_side, is_one_side, is_side, is_unchosen_part, may_carry
from .meaning import NO_NAME, WHOLE_FACE, Item, Phrase, Range
from .numbers import Number

LEFT = ("left", "right")
"""A side as the picture's and as the person's own."""
HALF = Number(Fraction(1, 2), "part")
THIRD = Fraction(1, 3)
"""What "left of" something is, where no place is meant."""
SIDEMOST = {f"{side}most": (("end", side, side),) for side in LEFT}
"""What is farthest to one side of the picture, whoever's left is meant."""
HALVES = ("portion", HALF.value, "sides", "sides")
"""The two sides of a thing: each half of a curve, each of a pair."""
CORNER = ("rel", "corner")
START, END, ENDS = ("rel", "start"), ("rel", "end"), ("rel", "ends")
SIDEWAYS = {"across": ((), "side"), "corners": ((CORNER,), "end")}
"""What a way from left to right ends at: the sides of a curve, or its corners."""
OUTLINES = ((("rel", "outline"),), (("rel", "outlines"),))
LEVELS = ("adj", (("level", "upper", "upper"), ("level", "lower", "lower")))
"""The upper and the lower one."""


class PhraseCompositions:
    """What names make together, over one language's concepts."""

    def __init__(self, concepts: Concepts) -> None:
        self.concepts = concepts

    # --- what phrases mean -----------------------------------------------------------------------------------

    def phrase(self, ops: tuple[Op, ...], **attributes: Any) -> Phrase | None:
        """Return the phrase of some operations, None where they mean nothing together."""
        if not ops or ops[0][0] != "noun":
            return None if any(op[0] == "noun" for op in ops) else Phrase(ops, **attributes)
        try:
            return Phrase(ops, self.concepts.evaluate(ops), **attributes)
        except MismatchError as mismatch:
            if not mismatch.code:
                return None
            return Phrase(ops, fault=(mismatch.code, mismatch.message, mismatch.suggestion), **attributes)

    def sound_phrase(self, ops: tuple[Op, ...], **attributes: Any) -> Phrase | None:
        """Return the phrase of some operations, None where they have no answer together either."""
        made = self.phrase(ops, **attributes)
        return None if made is None or made.fault else made

    def on_side(self, ops: tuple[Op, ...], *sides: Op, **attributes: Any) -> Phrase | None:
        """Return what operations name on a side, which goes with their noun; None where that has no answer."""
        return self.sound_phrase((*ops[:1], *sides, *ops[1:]), **attributes)

    def noun(self, value: tuple[tuple[Op, ...], bool, str]) -> Phrase | None:
        ops, is_plural, frame = value
        # "OU" is both eyes; of a noun with an owner of its own no other names no side.
        det = "both" if frame and not any(map(is_side, ops)) else ""
        return self.phrase(ops, is_plural=is_plural, frame=frame, det=det)

    def extend(self, phrase: Phrase, ops: tuple[Op, ...]) -> Phrase | None:
        made = self.phrase(phrase.ops + ops)
        return None if made is None else phrase.mean(made)

    def qualify(self, adjectives: Any, phrase: Phrase) -> Phrase | None:
        """An adjective before or after what it narrows."""
        kind, op = adjectives[0][0], ("adj", adjectives)
        if phrase.fault or not phrase.ops or (kind == "side" and any(map(is_side, phrase.ops))):
            return None
        if phrase.owner_len and phrase.ops[-1][0] == "portion" and kind != "side":
            return None
        if any(own[0] == "adj" and own[1][0][0] == kind and own != op for own in phrase.ops):
            # "The upper lip's lower edge" is no lower edge of the lips that is upper.
            return None
        if phrase.ops == (("rel", "outline"),) and kind == "depth":
            # "The inner contour" of the lips is that of the inner lip.
            return replace(phrase, ops=(op, *phrase.ops))
        is_of_several = phrase.is_of and phrase.is_plural and not phrase.is_free and not phrase.thing.is_sided
        return self.extend(phrase, (by_end(op) if is_of_several and phrase.ops[-1][0] == "rel" else op,))

    def tell_apart(self, phrase: Phrase, adjectives: Any) -> Phrase | None:
        """ "Eye corners, left and right", "... (inner and outer)", which are all of them."""
        made = self.qualify(adjectives, phrase)
        if made is None or adjectives[0][0] == "side" or phrase.is_free:
            return made
        return phrase if {*made.thing.units} == {*phrase.thing.units} else None

    def end_of(self, phrase: Phrase, adjectives: Any) -> Phrase | None:
        """ "left_eye_inner" is a corner, as rigs and other programs name it."""
        ops = (("rel", "end"), ("adj", adjectives))
        return self.extend(phrase, ops) if not (phrase.is_free or phrase.fault or phrase.thing.is_place) else None

    def end_on(self, owner: Phrase, sides: Any) -> Phrase | None:
        """ "The leftmost point of the mouth" is its left corner."""
        if owner.is_free or owner.fault or owner.thing.is_place:
            return None
        made = self.sound_phrase((*owner.ops, ENDS, ("adj", sides)))
        made = made or self.sound_phrase((*owner.ops, CORNER, ("adj", sides)))
        return None if made is None else replace(owner.mean(made), is_of=True, owner_len=len(owner.ops))

    def of_one(self, part: Phrase, owner: Phrase) -> Phrase | None:
        """ "The lower lid of the other one", "the arch of the right one"."""
        if part.thing.is_sided or part.ref or part.fault or not part.ops:
            return None
        if owner.ref == "other" and not owner.ops:
            return replace(part, ref="other")
        if part.is_free:
            return None
        if owner.ref == "one" and owner.ops and all(map(is_side, owner.ops)):
            return replace(part, ops=(*owner.ops, *part.ops), thing=NOTHING, ref="one")
        return None

    def of(self, part: Phrase, owner: Phrase) -> Phrase | None:
        """What lies on an owner: "the corner of the left eye"; the left eye of the face is the left eye."""
        if owner.ops[:1] == WHOLE_FACE and (owner.is_plural or any(map(is_one_side, owner.ops[1:2]))):
            # "For all faces", "of the left face" choose them.
            return None
        is_part = owner.ops == WHOLE_FACE and part.ops != WHOLE_FACE and not (part.is_free or owner.det == "each")
        if is_part:
            # "The left eye and brow of her face".
            return replace(part, frame=part.frame or owner.frame, is_late=bool(owner.frame) or part.is_late)
        return self.lie_on(part, owner)

    def lie_on(self, part: Phrase, owner: Phrase) -> Phrase | None:
        ops = part.ops
        if owner.fault or part.fault or (part.ref and owner.ref):
            return None
        if part.det and owner.det and (part.det != "each" or HALVES in ops):
            # "Each side of each brow" is how many?
            return None
        if not ops or not owner.ops or (part.frame and owner.frame and part.frame != owner.frame):
            return None
        if not part.is_free and part.thing.is_sided and owner.thing.is_sided and find_side(ops) != find_side(owner.ops):
            # "Tear duct of the left eye tear duct of the right eye" is two.
            return None
        if len(ops) > 1 and ops[0] == owner.ops[0]:
            ops = ops[1:]
        if part.det in ("each", "both") and ops in OUTLINES and self.is_paired(owner.ops):
            # "Each edge of each brow".
            ops = (*ops, LEVELS)
        if ops[0][0] == "noun" and owner.thing.concept == ops[0][1]:
            return owner if len(ops) == 1 and not part.is_plural else None
        if owner.det == "both" and len(owner.thing.units) == 1 and not owner.is_free:
            # "Chin both jaw angles".
            return None
        if ops[0][0] == "rel" and (owner.is_plural or owner.det) and not (owner.is_free or owner.thing.is_sided):
            ops = tuple(map(by_end, ops))
        return self.phrase(
            owner.ops + ops,
            det=part.det or owner.det,
            frame=part.frame or owner.frame,
            is_late=part.is_late or owner.is_late,
            ref=owner.ref or ("" if part.ref == "it" else part.ref),
            # "The left corner of the mouth" is one, though a mouth is two lips.
            is_plural=part.is_plural or (owner.is_plural and owner.thing.is_several_sided),
            is_of=True,
            owner_len=len(owner.ops),
        )

    def stand_on_side(self, phrase: Phrase, side: Any) -> Phrase | None:
        """ "The eye on the right side" is the right eye; "the jaw on the right side" is a half of the jaw."""
        thing = phrase.thing
        if phrase.det or not thing.takes_side:
            return None
        if thing.concept == "face":
            # "Everything on the left side" would be half of what lies in the middle, too.
            return self.cut_face(phrase, side)
        made = self.qualify(side, phrase)
        return made if made is not None and not made.fault else None

    def on_side_of_eye(self, side: tuple[Op, ...], phrase: Phrase) -> Phrase | None:
        """ "OD brow", "OU mouth corners": a doctor's word for an eye is a side of what is no part of it."""
        if not phrase.ops or phrase.is_free or phrase.det or phrase.frame or phrase.thing.is_sided:
            return None
        made = self.on_side(phrase.ops, *side)
        return None if made is None else replace(phrase.mean(made), frame="subject", det="" if side else "both")

    def cut_face(self, phrase: Phrase, side: Any) -> Phrase | None:
        """A half of the whole face, which is the mistake of naming no part."""
        return self.extend(phrase, (("portion", HALF.value, *side[0][1:]),))

    def share_side_of(self, phrase: Phrase, other: Phrase) -> Phrase | None:
        """ "The brow above the left eye" is the left one."""
        side = find_side(other.ops)
        is_one = phrase.thing.is_pair and not (phrase.thing.is_sided or phrase.det or phrase.fault or other.fault)
        if side is None or not is_one or not self.is_paired(other.ops):
            return None
        made = self.on_side(phrase.ops, side)
        return None if made is None else replace(phrase.mean(made), frame=other.frame)

    def share_side_by(self, phrase: Phrase, other: Phrase) -> Phrase | None:
        """ "The brow of the left eye"."""
        is_by = phrase.ops[:1] and phrase.ops[0][0] == "noun" and self.concepts[phrase.ops[0][1]].by
        if not is_by or other.is_free or other.ops[0][1] not in is_by or phrase.ref:
            return None
        made = self.share_side_of(phrase, other)
        return None if made is None else replace(made, is_of=True)

    def compound(self, owner: Phrase, part: Phrase) -> Phrase | None:
        is_other = part.ref == "one" and owner.thing.is_sided and any(map(is_side, part.ops))
        if is_other or part.ops[:1] == (("rel", "around"),):
            # "Around" stands before what it goes round; "... of the left eye tear duct of the right" is two.
            return None
        if len(owner.ops) > 1 and is_side(owner.ops[-1]) and part.ops[:1] == (("noun", owner.thing.concept),):
            # "Left brow head right brow head" is two.
            return None
        if part.frame and part.ops == owner.ops:
            return replace(owner, det="both", frame=part.frame)
        made = None if part.det or part.frame else self.backwards(part, owner)
        return replace(made, is_of=False) if made is not None else None

    def backwards(self, part: Phrase, owner: Phrase) -> Phrase | None:
        # "The tail (outer end)" is told twice.
        are_places = part.is_free and owner.is_free and part.ops and owner.ops and not may_carry(owner)
        return None if are_places or (part.ops == owner.ops and len(part.ops) == 1) else self.of(part, owner)

    def said_before(self, part: Phrase, owner: Phrase) -> Phrase | None:
        """ "Corner left eye"; "base right wing" are two, as a place has no base."""
        made = self.backwards(part, owner)
        is_same = made is not None and owner.thing.is_place and made.thing.pieces == owner.thing.pieces
        return None if is_same and part.is_free else made

    def determine(self, det: str, phrase: Phrase) -> Phrase | None:
        """ "Each eye", "both lips"; "each half of the jaw" and "both its sides" are its two halves."""
        if phrase.det == "both" and det == "all":
            return phrase
        if phrase.det not in ("", "all") or phrase.fault:
            return None
        ops = phrase.ops
        # "Each end of the brow" is its head, too, "each edge of it" the upper and the lower one.
        made = None
        if det != "all" and ops[-1:] == (END,):
            made = self.sound_phrase((*ops[:-1], ENDS))
        elif (
            det != "all"
            and ops[-1:] in OUTLINES
            and ((phrase.is_of and self.is_paired(ops)) or (det == "each" and self.has_both(ops)))
        ):
            # "Each lip's inner edge" is that of the upper one and of the lower one, "each eye contour" no lid's.
            made = self.sound_phrase((*ops, LEVELS))
        phrase = phrase if made is None else phrase.mean(made)
        if det != "all" and ops and is_unchosen_part(ops[-1]):
            portion = ("portion", ops[-1][1], "each", "each") if ops[-1][0] == "portion" else HALVES
            halves = self.phrase((*ops[:-1], portion))
            if halves is not None and not any(unit.is_place for unit in phrase.thing.units):
                return replace(phrase.mean(halves), det=det)
        is_one = det == "both" or (det == "each" and not phrase.is_plural)
        if is_one and len(ops) == 1 and not phrase.is_free and (both := self.concepts[ops[0][1]].both):
            return self.phrase((("noun", both),), det=det, is_plural=True)
        return replace(phrase, det=det)

    def determine_one(self, det: str, phrase: Phrase) -> Phrase | None:
        """ "Each eye"; "every face's left eye" is one of each face."""
        is_one = det == "each" and not (phrase.is_plural or phrase.is_free) and any(map(is_one_side, phrase.ops[1:]))
        return None if is_one and len(phrase.ops) == 2 else self.determine(det, phrase)

    def has_both(self, ops: tuple[Op, ...]) -> bool:
        """Whether "each" of a name means each of two that have one name: the upper and the lower lip."""
        is_told = any(op[0] == "adj" and op[1][0][0] == "level" for op in ops)
        return bool(ops) and ops[0][0] == "noun" and bool(self.concepts[ops[0][1]].both) and not is_told

    def determine_of(self, det: str, phrase: Phrase) -> Phrase | None:
        """ "Each of the brows"; "each of the upper lid and the lower lid" is each of a list."""
        is_one = det == "each" and phrase.thing.is_several_sided and not (phrase.is_plural or phrase.det)
        return None if is_one else self.determine(det, phrase)

    def per_side(self, item: Item, which: str) -> Item | None:
        """ "5 points on the brow on each side": of a pair each, of another curve each half; a place has no halves."""
        phrase = item.phrase or NO_NAME
        if phrase.thing.is_several_sided or phrase.thing.is_pair:
            return replace(item, phrase=replace(phrase, det=which))
        if phrase.is_free or phrase.thing.is_place or which == "both":
            return None if phrase.is_free else item
        halves = self.sound_phrase((*phrase.ops, HALVES), det="each")
        return None if halves is None else replace(item, phrase=halves)

    def on_both(self, noun: tuple[Any, ...], phrase: Phrase) -> Phrase | None:
        """ "OD/OS pupil" is one of each."""
        one = self.noun(noun)
        side = next((op for op in phrase.ops[1:2] if op[0] == "adj"), None)
        if one is None or side is None or len(one.ops) != 2 or len(phrase.ops) < 3 or one.frame != phrase.frame:
            return None
        if one.ops[0] != phrase.ops[0] or one.ops[1] == side or one.ops[1][1][0][0] != side[1][0][0]:
            return None
        made = self.phrase((phrase.ops[0], *phrase.ops[2:]))
        return None if made is None else replace(phrase.mean(made), is_plural=True)

    def give(self, number: Number, to: Phrase) -> Item | None:
        """ "Give 5 to the left brow", no place of which takes five."""
        is_stretch = not (to.is_free or to.fault) and any(not unit.is_place for unit in to.thing.units)
        return Item(phrase=to, count=number) if is_stretch and number.form == "integer" else None

    def all_of(self, number: Number, phrase: Phrase) -> Phrase | None:
        """ "The two eyes" are both."""
        if number.form == "integer" and number.value == 2 and phrase.is_plural and self.comes_in_two(phrase.ops):
            # "The two halves of the jaw", "the two lips".
            both = self.determine("both", phrase)
            return None if both is None else replace(both, det="all")
        is_all = phrase.is_plural and not phrase.det and number.form == "integer" and number.value >= 2
        return replace(phrase, det="all") if is_all and number.value == len(phrase.thing.units) else None

    def comes_in_two(self, ops: tuple[Op, ...]) -> bool:
        """Whether what operations name in the plural are two where they do not say which: halves, sides, lips."""
        is_whole = len(ops) == 1 and ops[0][0] == "noun" and bool(self.concepts[ops[0][1]].both)
        return is_whole or (bool(ops) and is_unchosen_part(ops[-1]))

    def is_paired(self, ops: tuple[Op, ...]) -> bool:
        """Whether what operations name comes in pairs, so that a side of a place on it is its own side."""
        return ops[0][0] == "noun" and self.concepts[ops[0][1]].is_paired

    # --- portions --------------------------------------------------------------------------------------------

    def bare_portion(self, number: Number) -> Phrase | None:
        return (
            Phrase((("portion", number.value, "", ""),), is_plural=number.is_plural) if number.form == "part" else None
        )

    def portion(self, adjectives: Any, number: Number) -> Phrase | None:
        return self.cut(number, *adjectives[0][1:]) if len(adjectives) == 1 else None

    def selected_portion(self, which: str, number: Number) -> Phrase | None:
        return self.cut(number, which, which)

    def nth_portion(self, ordinal: Number, number: Number) -> Phrase | None:
        which = str(int(ordinal.value))
        return self.cut(number, which, which) if number.form == "part" and not number.is_marked else None

    def cut(self, number: Number, viewer: str, subject: str) -> Phrase | None:
        """ "The left half", "the first 20%"."""
        is_portion = number.form in ("part", "percent") and 0 < number.value < 1
        return Phrase((("portion", number.value, viewer, subject),), is_plural=number.is_plural) if is_portion else None

    def side_as_half(self, adjectives: Any, word: str) -> Phrase | None:
        """ "The left side of the mouth" is its left half, where the part has no sides of its own."""
        return self.portion(adjectives, HALF) if word in ("side", "part", "sides") else None

    def of_other(self, part: Phrase, adjectives: Any) -> Phrase | None:
        """ "The bottom of the left eye and the top of the right"."""
        if len(adjectives) != 1 or part.ref or part.det or part.fault or not part.ops or part.thing.is_sided:
            return None
        if part.ops[0][0] == "portion" and part.ops[0][2] not in FEATURES:
            return None
        return Phrase((("adj", adjectives), *part.ops), ref="one", is_plural=part.is_plural, is_of=True)

    def part_of(self, adjectives: Any, phrase: Phrase) -> Phrase | None:
        """ "Left of the mouth" is its left third, "the outside of the lips" the outer lip."""
        kind, viewer, subject = adjectives[0]
        if len(adjectives) != 1 or not phrase.ops:
            return None
        if kind == "level":
            # "The lower of the two lips".
            return self.qualify(adjectives, replace(phrase, det="")) if phrase.det == "all" else None
        if kind == "depth":
            return self.qualify(adjectives, phrase)
        if phrase.thing.is_pair and phrase.det == "all" and not phrase.fault:
            # "The left of the two eyes".
            return self.qualify(adjectives, replace(phrase, det="", is_plural=False))
        return None if phrase.fault else self.extend(phrase, (("portion", THIRD, viewer, subject),))

    # --- whose left is left, and what refers to something --------------------------------------------------

    def own(self, phrase: Phrase | None) -> Phrase | None:
        return replace(phrase, frame="subject") if phrase is not None and phrase.frame != "viewer" else None

    def way_out(self, where: str) -> Item:
        """ "From the nose outwards": from the inner end to the outer one; "from end to end": from left to right."""
        if where in SIDEWAYS:
            place, kind = SIDEWAYS[where]
            left, right = (Phrase((*place, ("adj", ((kind, *sides),)))) for sides in (LEFT, LEFT[::-1]))
            return Item(range=Range(left, right))
        inner, outer = (Phrase((("rel", "end"), ("adj", (("depth", depth, depth),)))) for depth in ("inner", "outer"))
        return Item(range=Range(inner, outer) if where == "outwards" else Range(outer, inner))

    def ear(self, ops: tuple[Op, ...]) -> Phrase | None:
        """ "From the left ear to the chin" starts where the jaw ends."""
        return self.sound_phrase((("noun", "jaw end"), *ops))

    def own_ear(self, adjectives: Any) -> Phrase | None:
        """ "To the person's right ear"."""
        made = self.ear((("adj", adjectives),))
        return None if made is None else self.own(made)

    def as_many(self, item: Item) -> Item | None:
        """ "The right brow too"; what says its own number has that one."""
        if item.has_amount or item.ids is not None:
            return item
        if item.phrase is None:
            # "... and from 0.6 to 0.9 with as many".
            return replace(item, same="number") if item.has_numbers else None
        return item if item.same else replace(item, same="amount")

    def own_late(self, phrase: Phrase) -> Phrase | None:
        return replace(phrase, frame="subject", is_late=True) if not phrase.frame else None

    def refer(self, kind: str, phrase: Phrase) -> Phrase | None:
        if phrase.ref or phrase.det or phrase.fault:
            return None
        return replace(phrase, ref=kind)
