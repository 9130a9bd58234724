"""Compositions of items: what a clause asks, made of what it names, how many and how, by type.

`table.py` says which categories meet; the functions here say what their values mean together, or None where their types
do not fit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .joining import is_bare_side, is_parts, may_carry
from .meaning import NO_NAME, Item, Phrase, Range, join
from .numbers import FRACTIONAL, Number
from .phrase_compositions import END, START, PhraseCompositions
from .registry import LAYOUT_FILES

BOUND_FAULT = ("unknown_words", "give one number of points, not a bound", "'20 points'")

MIDDLE_FAULT = ("ambiguous", "the middle ones of how many?", "'5 points on the middle third of the jaw'")


class Compositions(PhraseCompositions):
    """Compositions over one language's concepts."""

    def count(self, number: Number) -> Item | None:
        return Item(count=number) if number.form in ("integer", "decimal") else None

    def parts(self, number: Number) -> Item | None:
        """ "In thirds" is in three equal parts."""
        if number.form != "part" or not number.is_plural or number.is_marked:
            return None
        return Item(segments=Number(1 / number.value, "integer", is_plural=True, span=number.span))

    def fractions(self, numbers: tuple[Number, ...]) -> Item | None:
        """Places along a part, of which a whole number is 0 or 1; the fractions alone may be over 1.

        "3/3" by itself are two numbers.
        """
        parts = [number for number in numbers if number.form in FRACTIONAL]
        are_places = parts and all(number in parts or number.value <= 1 for number in numbers)
        if len(numbers) == 1 and numbers[0].denominator == numbers[0].value * numbers[0].denominator > 0:
            return None
        return Item(positions=numbers) if are_places else None

    def adjectives_alone(self, adjectives: Any) -> Item | None:
        """ "Right 6" of a heading; "the top and the bottom" are places, no adjectives."""
        if len(adjectives) > 1 and adjectives[0][0] == "level":
            return None
        return Item(phrase=Phrase((("adj", adjectives),)))

    def link(self, one: Item, other: Item) -> Item | None:
        if one.same == "amount":
            return None
        if one.phrase is not None and other.phrase is not None and other.says_only("phrase"):
            return self.lay_on(one, other.phrase)
        joined = join(one, other)
        if joined is not None and joined.ids is not None and joined.layout is None and joined.count is not None:
            return None
        if joined is not None and joined.density is not None and joined.count is not None:
            # "The left eye at density 2 the right eye with 5 points": they are of two.
            return None
        if joined is None or (joined.layout is not None and joined.range and isinstance(joined.range.first, Number)):
            return None
        if joined.named is not None and joined.phrase is not None:
            return None
        if joined.range is not None and joined.phrase is not None and not may_carry(joined.phrase):
            return None
        return joined

    def link_amount(self, one: Item, other: Item) -> Item | None:
        """ "Nose: 9 points"; what says only how, before a colon, says it of all that follows."""
        if (one.phrase or NO_NAME).thing.is_surface:
            # "Left cheek: (0.7, 0.25)" is one place, no two positions.
            is_told = other.has_numbers or (other.has_amount and other.positions is None)
            return self.link(one, other) if is_told and other.phrase is None else None
        may_head = one.is_region or one.says_only("strict")
        return self.link(one, other) if may_head and other.has_amount and not other.is_region else None

    def name_point(self, layout: Item, points: tuple[tuple[str, str], ...]) -> Item | None:
        """ "Rekognition's leftEyeBrowUp"."""
        own = tuple(point for point in points if point[0] == layout.layout)
        return join(layout, Item(named=own)) if own else None

    def ask_of(self, item: Item, owner: Phrase) -> Item | None:
        """ "10 points of the lips"; "the lower lid, 5 points, of the left eye"."""
        if item.phrase is not None:
            return self.lay_on(item, owner)
        return None if is_parts(item) else join(item, Item(phrase=owner))

    def lay_on(self, item: Item, owner: Phrase) -> Item | None:
        """ "The upper lid, 5 points, on the left eye": what is counted lies on what is named behind its count."""
        part = item.phrase or NO_NAME
        if part.thing.is_sided or item.range is not None or not item.has_amount:
            return None
        made = self.of(part, owner) or self.share_side_by(part, owner) if owner.det or owner.thing.is_sided else None
        return None if made is None or made.fault else replace(item, phrase=made)

    def manner_of_all(self, item: Item) -> Item | None:
        """ "..., all at equal distances"."""
        return item if item.shape is not None or item.says_only("spacing") else None

    def on_side_of_all(self, side: Any, frame: str) -> Item:
        """ "Brow arch, pupil and mouth corner, all on the patient's right"."""
        return Item(phrase=Phrase((("adj", side),), frame=frame), only=True)

    def own_size(self, layout: Item, number: Number) -> Item | None:
        """ "COFW 29" is the layout."""
        known = self.concepts.registry.layouts.get(layout.layout or "")
        return layout if known and number.form == "integer" and number.value == known.size else None

    def take_ids(self, layout: Item, ids: tuple[tuple[Number, Number], ...]) -> Item | None:
        """ "300W 20 and 25" are landmarks; so many as "as 300W does it (20 points)" are a number of them."""
        (first, last), *others = ids
        known = self.concepts.registry.layouts.get(layout.layout or "")
        is_count = first is last and first.is_counted and not others and known and 1 < first.value <= known.size
        return None if is_count else join(layout, Item(ids=ids))

    def size_of(self, layout: Item, number: Number) -> Item:
        """ "dlib's 68 points"; a size that the layout has not is remembered as such."""
        return self.own_size(layout, number) or replace(layout, layout=f"?{number.value}")

    def all_points_of(self, number: Number, layout: Item) -> Item | None:
        """ "The 68 points of dlib"."""
        return self.size_of(layout, number) if self.some_of(number, layout) is None else None

    def some_of(self, number: Number, layout: Item) -> Item | None:
        """ "(The jaw,) 17 points of 300W": fewer than it has."""
        known = self.concepts.registry.layouts.get(layout.layout or "")
        return replace(layout, count=number) if known is not None and number.value < known.size else None

    def by_size(self, number: Number, *, known: bool = False) -> Item | None:
        """ "The 68-point layout"; a size that no layout has is remembered as such."""
        layouts = self.concepts.registry.layouts
        found = next((name for name in LAYOUT_FILES if name in layouts and layouts[name].size == number.value), None)
        return None if known and not found else Item(layout=found or f"?{number.value}")

    def from_size(self, item: Item, number: Number) -> Item | None:
        """ "The eyes from the 68 landmarks", "points 37 and 40 of the 68": of the layout that has so many."""
        layout = self.by_size(number, known=True)
        is_bare = (item.says_only("phrase", "ids", "only") and not item.is_layout) or item.ids is not None
        return join(item, layout) if layout is not None and layout.layout in LAYOUT_FILES and is_bare else None

    def range(self, first: Any, last: Any) -> Item | None:
        if isinstance(first, Phrase) and isinstance(last, Phrase) and first.ops[-1:] == (START,):
            last = self.end_behind(last)
        return Item(range=Range(first, last)) if isinstance(first, Number) == isinstance(last, Number) else None

    def end_behind(self, last: Phrase) -> Phrase:
        """Return an end as the one that is not where the same thing starts: "from the start to the end of the jaw"."""
        start = self.sound_phrase((*last.ops[:-1], START)) if last.ops[-1:] == (END,) and not last.is_free else None
        return last if start is None else replace(last, thing=last.thing.without(start.thing))

    def between(self, first: Any, last: Any) -> Item | None:
        """ "Between the left and the right jaw angle" is told already, whatever "and" joins to it."""
        are_same = isinstance(first, Phrase) and isinstance(last, Phrase) and not first.is_free
        return None if are_same and first.thing.units == last.thing.units else self.range(first, last)

    def plain_range(self, first: Any, last: Any) -> Item | None:
        if isinstance(first, Number) and isinstance(last, Number) and max(first.value, last.value) > 2:
            return None
        # Not "the jaw, left to right", nor "the mouth corners, right to left".
        is_all = isinstance(first, Phrase) and not first.is_free and (first.is_plural or not first.thing.is_place)
        return None if is_all and is_bare_side(last) else self.range(first, last)
