"""Compositions: what two neighbouring meanings make together, by type.

`rules.py` says which categories meet; the functions here say what their values mean together, or None where their types
do not fit.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from .concepts import Concepts, MismatchError, Op
from .joining import FRACTIONAL, by_end, is_bare_side, is_parts, may_carry
from .meaning import Item, Phrase, Range, join
from .numbers import Number
from .registry import LAYOUT_FILES

LEFT = ("left", "right")
"""A side as the picture's and as the person's own."""
HALF = Number(Fraction(1, 2), "part")
BOUND_FAULT = ("unknown_words", "give one number of points, not a bound", "'20 points'")


class Compositions:
    """Compositions over one language's concepts."""

    def __init__(self, concepts: Concepts) -> None:
        self.concepts = concepts

    # --- what phrases mean -----------------------------------------------------------------------------------

    def phrase(self, ops: tuple[Op, ...], **attributes: Any) -> Phrase | None:
        """Return the phrase of some operations, None where they mean nothing together."""
        if not ops or ops[0][0] != "noun":
            return None if any(op[0] == "noun" for op in ops) else Phrase(ops, None, **attributes)
        try:
            return Phrase(ops, self.concepts.evaluate(ops), **attributes)
        except MismatchError as mismatch:
            if not mismatch.code:
                return None
            return Phrase(ops, None, fault=(mismatch.code, mismatch.message, mismatch.suggestion), **attributes)

    def sound_phrase(self, ops: tuple[Op, ...], **attributes: Any) -> Phrase | None:
        """Return the phrase of some operations, None where they have no answer together either."""
        made = self.phrase(ops, **attributes)
        return None if made is None or made.fault else made

    def on_side(self, ops: tuple[Op, ...], *sides: Op, **attributes: Any) -> Phrase | None:
        """Return what operations name on a side, which goes with their noun; None where that has no answer."""
        return self.sound_phrase((*ops[:1], *sides, *ops[1:]), **attributes)

    def noun(self, value: tuple[tuple[Op, ...], bool, str]) -> Phrase | None:
        ops, is_plural, frame = value
        return self.phrase(ops, is_plural=is_plural, frame=frame)

    def qualify(self, adjectives: Any, phrase: Phrase) -> Phrase | None:
        """An adjective before or after what it narrows."""
        if phrase.fault or not phrase.ops:
            return None
        if phrase.owner_len and phrase.ops[-1][0] == "portion" and adjectives[0][0] != "side":
            return None
        if adjectives[0][0] == "side" and any(op[0] == "adj" and op[1][0][0] == "side" for op in phrase.ops):
            return None
        if phrase.is_of and phrase.is_plural and phrase.thing is not None and not phrase.thing.is_sided:
            op = by_end(("adj", adjectives)) if phrase.ops[-1][0] == "rel" else ("adj", adjectives)
            return self.extend(phrase, (op,))
        return self.extend(phrase, (("adj", adjectives),))

    def extend(self, phrase: Phrase, ops: tuple[Op, ...]) -> Phrase | None:
        made = self.phrase(phrase.ops + ops)
        if made is None:
            return None
        return replace(phrase, ops=made.ops, thing=made.thing, fault=made.fault)

    def of(self, part: Phrase, owner: Phrase) -> Phrase | None:
        """What lies on an owner: "the corner of the left eye"."""
        if owner.fault or part.fault or (part.ref and owner.ref) or (part.det and owner.det):
            return None
        ops = part.ops
        if not ops or not owner.ops:
            return None
        if len(ops) > 1 and ops[0] == owner.ops[0]:
            ops = ops[1:]
        if ops[0][0] == "noun" and owner.thing is not None and owner.thing.concept == ops[0][1]:
            return owner if len(ops) == 1 and not part.is_plural else None
        if ops[0][0] == "rel" and (owner.is_plural or owner.det) and owner.thing and not owner.thing.is_sided:
            ops = tuple(by_end(op) for op in ops)
        made = self.phrase(owner.ops + ops)
        if made is None:
            return None
        frame = part.frame or owner.frame
        if part.frame and owner.frame and part.frame != owner.frame:
            return None
        return replace(
            made,
            det=part.det or owner.det,
            frame=frame,
            is_late=part.is_late or owner.is_late,
            ref=owner.ref or ("" if part.ref == "it" else part.ref),
            is_plural=part.is_plural or owner.is_plural,
            is_of=True,
            owner_len=len(owner.ops),
        )

    def stand_on_side(self, phrase: Phrase, side: Any) -> Phrase | None:
        """ "The eye on the right side" is the right eye; "the jaw on the right side" is a half of the jaw."""
        if phrase.det or phrase.thing is None or phrase.thing.is_sided:
            return None
        if not phrase.thing.is_several_sided and not phrase.thing.is_pair:
            return None
        made = self.qualify(side, phrase)
        return made if made is not None and not made.fault else None

    def compound(self, owner: Phrase, part: Phrase) -> Phrase | None:
        if part.frame and part.ops == owner.ops:
            return replace(owner, det="both", frame=part.frame)
        if part.det or part.frame or (part.ops == owner.ops and len(part.ops) == 1):
            return None
        made = self.of(part, owner)
        return replace(made, is_of=False) if made is not None else None

    def backwards(self, part: Phrase, owner: Phrase) -> Phrase | None:
        if part.ops == owner.ops and len(part.ops) == 1:
            return None
        return self.of(part, owner)

    def determine(self, det: str, phrase: Phrase) -> Phrase | None:
        if phrase.det or phrase.fault:
            return None
        ops = phrase.ops
        if not ops:
            return replace(phrase, det=det)
        if det in ("each", "both") and phrase.is_free and ops[-1][0] == "portion" and not ops[-1][2]:
            return replace(self.portion_phrase(ops[-1][1], "each", "each"), det=det)
        if det in ("each", "both") and ops[0][0] == "rel" and ops[0][1].startswith("side"):
            return replace(self.portion_phrase(Fraction(1, 2), "sides", "sides"), det=det)
        if det in ("each", "both") and len(ops) > 1 and ops[-1][0] == "rel" and ops[-1][1].startswith("side"):
            halves = self.phrase((*ops[:-1], ("portion", Fraction(1, 2), "sides", "sides")))
            if (
                phrase.thing is not None
                and not any(unit.is_place for unit in phrase.thing.units)
                and halves is not None
            ):
                return replace(phrase, ops=halves.ops, thing=halves.thing, fault=halves.fault, det=det)
        if (
            (det == "both" or (det == "each" and not phrase.is_plural))
            and len(ops) == 1
            and phrase.thing is not None
            and (both := self.concepts[ops[0][1]].both)
        ):
            made = self.phrase((("noun", both),), det=det, is_plural=True)
            return made
        return replace(phrase, det=det)

    def per_side(self, item: Item, which: str) -> Item | None:
        """ "5 points on the brow on each side": of a pair each, of another curve each half; a place has no halves."""
        thing = item.phrase.thing if item.phrase is not None else None
        if item.phrase is None or thing is None:
            return None
        if thing.is_several_sided or thing.is_pair:
            return replace(item, phrase=replace(item.phrase, det=which))
        if thing.is_place or which == "both":
            return item
        halves = self.sound_phrase(
            (*item.phrase.ops, self.portion_phrase(HALF.value, "sides", "sides").ops[0]), det="each"
        )
        return None if halves is None else replace(item, phrase=halves)

    def portion_phrase(self, size: Fraction, viewer: str, subject: str) -> Phrase:
        return Phrase((("portion", size, viewer, subject),))

    def bare_portion(self, number: Number) -> Phrase | None:
        if number.form != "part" or number.value > 1:
            return None
        return Phrase((("portion", number.value, "", ""),), is_plural=number.is_plural)

    def portion(self, adjectives: Any, number: Number) -> Phrase | None:
        if len(adjectives) != 1 or number.form not in ("part", "percent") or not 0 < number.value < 1:
            return None
        _, viewer, subject = adjectives[0]
        return self.portion_phrase(number.value, viewer, subject)

    def selected_portion(self, which: str, number: Number) -> Phrase | None:
        if number.form not in ("part", "percent") or not 0 < number.value < 1:
            return None
        return self.portion_phrase(number.value, which, which)

    def nth_portion(self, ordinal: Number, number: Number) -> Phrase | None:
        if number.form != "part" or number.is_marked:
            return None
        which = str(int(ordinal.value))
        return self.portion_phrase(number.value, which, which)

    def side_as_half(self, adjectives: Any, word: str) -> Phrase | None:
        """ "The left side of the mouth" is its left half, where the part has no sides of its own."""
        if word not in ("side", "part", "sides") or len(adjectives) != 1:
            return None
        kind, viewer, subject = adjectives[0]
        if kind == "side" or word == "part" or kind in ("level", "depth"):
            return self.portion_phrase(Fraction(1, 2), viewer, subject)
        return None

    def own(self, _: Any, phrase: Phrase | None) -> Phrase | None:
        return replace(phrase, frame="subject") if phrase is not None and phrase.frame != "viewer" else None

    def own_side(self, adjectives: Any) -> Item:
        """ "3 on the left brow and 2 on her right"."""
        return Item(phrase=Phrase((("adj", adjectives),), frame="subject"))

    def way_out(self, where: str) -> Item:
        """ "From the nose outwards": from the inner end to the outer one; "from end to end": from left to right."""
        if where == "across":
            left, right = (Phrase((("adj", (("side", *sides),)),)) for sides in (LEFT, LEFT[::-1]))
            return Item(range=Range(left, right))
        inner, outer = (Phrase((("rel", "end"), ("adj", (("depth", depth, depth),)))) for depth in ("inner", "outer"))
        return Item(range=Range(inner, outer) if where == "outwards" else Range(outer, inner))

    def ear(self, ops: tuple[Op, ...]) -> Phrase | None:
        """ "From the left ear to the chin" starts where the jaw ends."""
        return self.sound_phrase((("noun", "jaw end"), *ops))

    def as_many(self, item: Item) -> Item | None:
        """ "The right brow too"."""
        return replace(item, same="amount") if item.phrase is not None and not item.has_amount else None

    def side_first(self, adjectives: Any) -> Item | None:
        """ "The right one first"."""
        return Item(phrase=Phrase((("adj", adjectives),)), lead=True) if adjectives[0][0] == "side" else None

    def own_late(self, phrase: Phrase, _: Any) -> Phrase | None:
        return replace(phrase, frame="subject", is_late=True) if not phrase.frame else None

    def refer(self, kind: str, phrase: Phrase) -> Phrase | None:
        if phrase.ref or phrase.det or phrase.fault:
            return None
        return replace(phrase, ref=kind)

    # --- what items mean -------------------------------------------------------------------------------------

    def count(self, number: Number) -> Item | None:
        return Item(count=number) if number.form in ("integer", "decimal") else None

    def parts(self, number: Number) -> Item | None:
        """ "In thirds" is in three equal parts."""
        if number.form != "part" or not number.is_plural or number.is_marked:
            return None
        return Item(segments=Number(1 / number.value, "integer", is_plural=True, span=number.span))

    def rough(self, _: Any, number: Number) -> Item | None:
        return None if number.form == "part" else Item(count=number, approx=True)

    def fractions(self, numbers: tuple[Number, ...]) -> Item | None:
        if all(number.form in FRACTIONAL and number.value <= 1 for number in numbers):
            return Item(positions=numbers)
        if all(number.form in FRACTIONAL or number.value <= 1 for number in numbers) and any(
            number.form in FRACTIONAL for number in numbers
        ):
            return Item(positions=numbers)
        return None

    def place(self, phrase: Phrase) -> Item:
        return Item(phrase=phrase)

    def adjectives_alone(self, adjectives: Any) -> Item | None:
        """ "Right 6" of a heading; "the top and the bottom" are places, no adjectives."""
        if len(adjectives) > 1 and adjectives[0][0] == "level":
            return None
        return Item(phrase=Phrase((("adj", adjectives),)))

    def link(self, one: Item, other: Item) -> Item | None:
        if one.same == "amount":
            return None
        if one.phrase is not None and other.phrase is not None and other == Item(phrase=other.phrase):
            return self.lay_on(one, other.phrase)
        joined = join(one, other)
        if joined is None or (joined.layout is not None and joined.range and isinstance(joined.range.first, Number)):
            return None
        if joined.range is not None and joined.phrase is not None and not may_carry(joined.phrase):
            return None
        return joined

    def restrict(self, layout: str, ids: Any) -> Item:
        return Item(layout=layout, ids=ids)

    def name_point(self, layout: str, points: tuple[tuple[str, str], ...]) -> Item | None:
        """ "Rekognition's leftEyeBrowUp"."""
        own = tuple(point for point in points if point[0] == layout)
        return Item(layout=layout, named=own) if own else None

    def ask_of(self, item: Item, owner: Phrase) -> Item | None:
        """ "10 points of the lips"; "the lower lid, 5 points, of the left eye"."""
        if item.phrase is not None:
            return self.lay_on(item, owner)
        return None if is_parts(item) else join(item, Item(phrase=owner))

    def lay_on(self, item: Item, owner: Phrase) -> Item | None:
        """ "The upper lid, 5 points, on the left eye": what is counted lies on what is named behind its count."""
        part = item.phrase
        assert part is not None
        if (part.thing is not None and part.thing.is_sided) or item.range is not None or not item.has_amount:
            return None
        if not (owner.det or (owner.thing is not None and owner.thing.is_sided)):
            return None
        made = self.of(part, owner)
        return None if made is None or made.fault else replace(item, phrase=made)

    def own_size(self, layout: str, number: Number) -> str | None:
        """ "COFW 29" is the layout."""
        known = self.concepts.registry.layouts.get(layout)
        return layout if known is not None and number.form == "integer" and number.value == known.size else None

    def size_of(self, layout: str, number: Number) -> str:
        """ "dlib's 68 points"; a size that the layout has not is remembered as such."""
        return self.own_size(layout, number) or f"?{number.value}"

    def by_size(self, number: Number, _: Any, *, known: bool = False) -> str | None:
        """ "The 68-point layout"; a size that no layout has is remembered as such."""
        if number.form != "integer":
            return None
        layouts = self.concepts.registry.layouts
        found = [name for name in layouts if name in LAYOUT_FILES and layouts[name].size == number.value]
        return found[0] if found else None if known else f"?{number.value}"

    def range(self, first: Any, last: Any) -> Item | None:
        if isinstance(first, Number) != isinstance(last, Number):
            return None
        return Item(range=Range(first, last))

    def plain_range(self, first: Any, last: Any) -> Item | None:
        if isinstance(first, Number) and isinstance(last, Number) and max(first.value, last.value) > 2:
            return None
        if isinstance(first, Phrase) and first.thing is not None and not first.thing.is_place and is_bare_side(last):
            return None
        return self.range(first, last)

    def all_of(self, number: Number, phrase: Phrase) -> Phrase | None:
        """ "The two eyes" are both."""
        thing = phrase.thing
        if thing is None or number.form != "integer" or not phrase.is_plural or phrase.det:
            return None
        if number.value != len(thing.units) or number.value < 2:
            return None
        return phrase

    def depth_of(self, adjectives: Any, phrase: Phrase) -> Phrase | None:
        """ "The outside of the lips"."""
        return self.qualify(adjectives, phrase) if adjectives[0][0] == "depth" and len(adjectives) == 1 else None

    def side_of(self, adjectives: Any, phrase: Phrase) -> Phrase | None:
        """ "Left of the mouth" is its left third."""
        if len(adjectives) != 1 or adjectives[0][0] != "side" or phrase.fault or not phrase.ops:
            return None
        _, viewer, subject = adjectives[0]
        return self.extend(phrase, (("portion", Fraction(1, 3), viewer, subject),))

    def face(self, choice: str, word: Any, *, owns: bool = False) -> tuple[str, bool, bool]:
        return choice, owns, word is not None and word[0] != "face"

    def numbered(self, word: tuple[str, bool], numbers: Any) -> tuple[str, bool, bool] | None:
        """ "Face 2", "faces 1 and 3"."""
        if word[0] == "role" or any(number.form not in ("integer", "decimal") for number in numbers):
            return None
        return self.face(" ".join(str(number.value) for number in numbers), word)

    def each_face(self, det: str, word: tuple[str, bool]) -> tuple[str, bool, bool] | None:
        return self.face("all", word) if det != "all" or word[1] else None

    def side_face(self, adjectives: Any, word: Any, *, owns: bool = False) -> tuple[str, bool, bool] | None:
        if len(adjectives) != 1 or adjectives[0][0] != "side":
            return None
        return self.face("leftmost" if adjectives[0][1] == "left" else "rightmost", word, owns=owns)
