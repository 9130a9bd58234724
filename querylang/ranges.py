"""Ranges: from one place to another, on the part both lie on, the way people mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .canonical import write_piece
from .chunks import has_base
from .names import Piece, Pieces, Place, Stretch
from .numbers import Number
from .phrases import PhraseResolver
from .portions import find_x
from .registry import Part, Registry
from .syntax import Group, Interval, Phrase, Range
from .targets import MistakeError, Target
from .tokens import OPERATORS, Span, Token

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Track:
    """A range resolved: its stretches, and what to say about the reading.

    Attributes:
        units: The stretches, grouped like the names they come from.
        steps_of: The common denominator N of a literal range "k/N to m/N", else 0.
        is_literal: The ends were numbers.
        has_first, has_last: Whether the ends themselves belong to it.
    """

    units: tuple[Pieces, ...]
    notes: tuple[str, ...] = ()
    steps_of: int = 0
    is_literal: bool = False
    has_first: bool = True
    has_last: bool = True


class RangeResolver:
    """Resolves ranges against the names they stand with."""

    def __init__(self, phrases: PhraseResolver, registry: Registry) -> None:
        self.phrases = phrases
        self.registry = registry
        self.notes: list[str] = []

    def resolve(
        self, node: Range | Interval, carrier: Phrase | None, via: Sequence[Phrase], turn: Token | None
    ) -> Track:
        """Return the stretches of a range.

        Args:
            node: The range.
            carrier: The name it stands with ("the left eyebrow, from tail to head").
            via: Names that say which way to go ("along the lower lip").
            turn: "clockwise" or "counter_clockwise".

        Raises:
            MistakeError: The ends lie on two parts, or are no places.
        """
        span = (node.start, node.stop)
        if isinstance(node, Interval):
            return self.resolve_literal(node.first, node.last, carrier, span, node.has_first, node.has_last)
        first, last = node.first, node.last
        if node.via is not None:
            via = (*via, node.via)
        if isinstance(first, Token) and (last is None or isinstance(last, Token)):
            if last is None:
                raise MistakeError("syntax", "a range needs two ends", span)
            if carrier is None and via:
                carrier = via[0]
            return self.resolve_literal(first, last, carrier, span, True, True)
        if carrier is None and via and not any(isinstance(e, Phrase) and has_base(e) for e in (first, last)):
            carrier, via = via[0], via[1:]
        if last is None:
            assert isinstance(first, Phrase)
            return self.resolve_pair(first, carrier, via, turn, span)
        if is_direction(first) and is_direction(last):
            return self.resolve_direction(first, last, carrier, span)
        firsts = self.find_ends(first, last, carrier, span)
        lasts = self.find_ends(last, first, carrier, span)
        return self.join_ends(firsts, lasts, carrier, via, turn, span)

    # -- numbers -------------------------------------------------------------------------------------------

    def resolve_literal(
        self, first: Token, last: Token, carrier: Phrase | None, span: Span, has_first: bool, has_last: bool
    ) -> Track:
        """Return a range between numbers: literal, from the first to the second."""
        if carrier is None:
            raise MistakeError("no_part", "a range of which part?", span)
        target = self.phrases.resolve(carrier)
        ends = [value_of(token) for token in (first, last)]
        units: list[Pieces] = []
        for unit in target.units:
            pieces: list[Piece] = []
            for piece in unit:
                if isinstance(piece, Place):
                    if target.is_all_face:
                        pieces.append(piece)
                        continue
                    raise MistakeError("fpalp_range", f"the {piece.part} is one point and has no range", span)
                most = 2 if self.registry.parts[piece.part].is_closed else 1
                for token, end in zip((first, last), ends, strict=True):
                    check_fpalp(token, end, most)
                low, length = piece.start, piece.stop - piece.start
                whole = piece.is_whole and ends == [0, 1] and most == 1
                pieces.append(Stretch(piece.part, low + ends[0] * length, low + ends[1] * length, is_whole=whole))
            units.append(tuple(pieces))
        numbers: list[Number] = [first.value, last.value]
        steps_of = numbers[0].denominator if numbers[0].denominator == numbers[1].denominator else 0
        return Track(tuple(units), target.notes, steps_of, True, has_first, has_last)

    # -- names ---------------------------------------------------------------------------------------------

    def resolve_pair(
        self, phrase: Phrase, carrier: Phrase | None, via: Sequence[Phrase], turn: Token | None, span: Span
    ) -> Track:
        """Return "between the mouth corners": a name that means two places (of each part)."""
        target = self.phrases.resolve(phrase if has_base(phrase) or carrier is None else of(phrase, carrier))
        places = [piece for piece in target.pieces if isinstance(piece, Place)]
        if len(places) != len(target.pieces) or len(places) < 2 or len(places) % 2:
            raise MistakeError("range_across_parts", "a range needs two places on one part", span)
        units: list[Pieces] = []
        for first, last in zip(places[::2], places[1::2], strict=True):
            if first.part != last.part:
                raise MistakeError("range_across_parts", "a range must stay on one face part", span)
            units.append((self.connect(first, last, None, via, turn, span),))
        return Track(tuple(units), target.notes)

    def resolve_direction(
        self, first: Phrase | Token, last: Phrase | Token, carrier: Phrase | None, span: Span
    ) -> Track:
        """Return a whole name in a direction: "the upper lip from left to right"."""
        if carrier is None:
            raise MistakeError("no_part", "from where to where? name a part", span)
        target = self.phrases.resolve(carrier)
        begin, end = direction_word(first), direction_word(last)
        units: list[Pieces] = []
        for unit in target.units:
            pieces = [p for p in unit if isinstance(p, Stretch)]
            if len(pieces) != len(unit):
                raise MistakeError("contradiction", "one point has no direction", span)
            if not any(piece.is_whole for piece in pieces):
                outer = [piece for piece in pieces if piece.part == "outer lip"]
                pieces = outer or pieces
            units.append(tuple(self.direct(piece, begin, end, span) for piece in pieces))
        return Track(tuple(units), target.notes)

    def direct(self, piece: Stretch, begin: str, end: str, span: Span) -> Stretch:
        part = self.registry.parts[piece.part]
        if {begin, end} == {"upper", "lower"}:
            if part.name != "nose bridge":
                raise MistakeError(
                    "ambiguous", f"top to bottom of the {part.name}: along which side?", span, "two named places"
                )
            return piece if begin == "upper" else Stretch(part.name, piece.stop, piece.start)
        if {begin, end} == {"start", "end"}:
            if part.is_closed and piece.is_whole and "inner" in part.ends and part.name.endswith("eyebrow"):
                ends = [Place(part.name, part.ends["inner"]), Place(part.name, part.ends["outer"])]
                first, last = ends if begin == "start" else ends[::-1]
                return self.connect(first, last, None, (), None, span)
            if piece.is_whole and part.is_closed:
                return piece
            return piece if begin == "start" else Stretch(part.name, piece.stop, piece.start)
        if {begin, end} != {"left", "right"} or not part.ends:
            raise MistakeError("contradiction", f"the {part.name} does not run that way", span)
        if piece.is_whole and part.is_closed:
            if part.name.endswith("eyebrow"):
                stretch = Stretch(part.name, *part.edges["upper"])
            else:
                left, right = Place(part.name, part.ends["left"]), Place(part.name, part.ends["right"])
                stretch = self.connect(left, right, None, (), None, span)
        else:
            stretch = piece
        ordered = sorted((stretch.start, stretch.stop), key=lambda f: find_x(Place(part.name, f), self.registry))
        if begin == "right":
            ordered.reverse()
        return Stretch(part.name, ordered[0], ordered[1], is_whole=stretch.is_whole)

    def find_ends(self, end: Phrase | Token, other: Phrase | Token, carrier: Phrase | None, span: Span) -> list[Target]:
        """Return the places an end may mean: one, or the left and the right one."""
        if isinstance(end, Token):
            raise MistakeError("syntax", "give both ends as places, or both as numbers", span)
        if not has_base(end):
            end = complete(end, other, carrier, span)
        target = self.phrases.resolve(end)
        if not target.is_place:
            raise self.across(target, other, carrier, span)
        if len(target.units) == 1 and len(target.pieces) == 1:
            return [target]
        side = side_of(other) or (side_of(carrier) if carrier is not None else None)
        if side is not None and side_of(end) is None:
            sided = self.phrases.resolve(with_side(end, side))
            if len(sided.pieces) == 1:
                return [sided]
        if len(target.pieces) == 2:
            return [Target((((piece),),), target.start, target.stop) for piece in target.pieces]
        raise MistakeError("ambiguous", "which one of these places?", (end.start, end.stop), "a side, inner or outer")

    def across(self, target: Target, other: Phrase | Token, carrier: Phrase | None, span: Span) -> MistakeError:
        """Return the mistake of a range whose end is a part, not a place."""
        parts = {piece.part for piece in target.pieces}
        if isinstance(other, Phrase):
            try:
                there = self.phrases.resolve(complete(other, other, carrier, span) if not has_base(other) else other)
            except MistakeError as mistake:
                return mistake
            if not parts & {piece.part for piece in there.pieces}:
                return MistakeError("range_across_parts", "a range must stay on one face part", span)
        return MistakeError(
            "ambiguous", "a range goes from a place to a place; which place of that part?", span, "'left corner of ...'"
        )

    def join_ends(
        self,
        firsts: list[Target],
        lasts: list[Target],
        carrier: Phrase | None,
        via: Sequence[Phrase],
        turn: Token | None,
        span: Span,
    ) -> Track:
        notes: tuple[str, ...] = ()
        if len(firsts) == len(lasts) == 2 and [one.pieces for one in firsts] == [one.pieces for one in lasts]:
            firsts, lasts = firsts[:1], lasts[1:]  # "from corner to corner"
        if len(firsts) != len(lasts):
            firsts = firsts * len(lasts) if len(firsts) == 1 else firsts
            lasts = lasts * len(firsts) if len(lasts) == 1 else lasts
        limits = self.phrases.resolve(carrier).pieces if carrier is not None else ()
        units: list[Pieces] = []
        for one, two in zip(firsts, lasts, strict=True):
            first, last = one.pieces[0], two.pieces[0]
            assert isinstance(first, Place)
            assert isinstance(last, Place)
            if first.part != last.part:
                raise MistakeError("range_across_parts", "a range must stay on one face part", span)
            here = [p for p in limits if p.part == first.part and isinstance(p, Stretch)]
            if limits and not any(piece.part == first.part for piece in limits):
                raise MistakeError("range_across_parts", f"that range lies on the {first.part}", span)
            if self.registry.parts[first.part].is_point:
                raise MistakeError("range_across_parts", f"the {first.part} is one point", span)
            units.append((self.connect(first, last, here[0] if here else None, via, turn, span),))
        if len(units) > 1:
            sides = " or ".join(write_piece(piece, self.registry) for unit in units for piece in unit)
            notes = (f"no side was given: both sides, left then right; for one of them: {sides}",)
        return Track(tuple(units), notes)

    def connect(
        self,
        first: Place,
        last: Place,
        within: Stretch | None,
        via: Sequence[Phrase],
        turn: Token | None,
        span: Span,
    ) -> Stretch:
        """Return the way from one place to another on a part; on a closed one the way people mean."""
        part = self.registry.parts[first.part]
        if not part.is_closed:
            if turn is not None:
                rising = turn.value == "counter_clockwise"
                if (last.fpalp > first.fpalp) != rising:
                    raise MistakeError("contradiction", f"that is not {turn.value.replace('_', '-')}", turn.span)
            return Stretch(part.name, first.fpalp, last.fpalp)
        up, down = (last.fpalp - first.fpalp) % 1, (first.fpalp - last.fpalp) % 1
        rising = Stretch(part.name, first.fpalp, first.fpalp + up)
        start = first.fpalp if first.fpalp >= down else first.fpalp + 1
        falling = Stretch(part.name, start, start - down)
        if turn is not None:
            return rising if turn.value == "clockwise" else falling
        level = self.find_level(via)
        if within is not None and not within.is_whole:
            for way in (rising, falling):
                if contains(within, way):
                    return way
            raise MistakeError("contradiction", "those places do not both lie there", span)
        midway = self.find_stop(via, part)
        if midway is not None:
            here = Stretch(part.name, midway, midway)
            return next((way for way in (rising, falling) if contains(way, here)), rising)
        if level is not None:
            edge = Stretch(part.name, *part.edges[level])
            middle = (edge.start + edge.stop) / 2
            return next((way for way in (rising, falling) if contains(way, Stretch(part.name, middle, middle))), rising)
        if up != down:
            return rising if up < down else falling
        high, low = part.edges["upper"]
        top = Stretch(part.name, (high + low) / 2, (high + low) / 2)
        is_upper = contains(falling, top) and not contains(rising, top)
        chosen, other = (falling, rising) if is_upper else (rising, falling)
        self.notes.append(f"both ways are as long; for the other one: {write_piece(other, self.registry)}")
        return chosen

    def find_stop(self, via: Sequence[Phrase], part: Part) -> Fraction | None:
        """Return the place a way goes through ("over the cupid's bow"), None if none is named."""
        for phrase in via:
            if has_base(phrase):
                for piece in self.phrases.resolve(phrase).pieces:
                    if piece.part == part.name:
                        return piece.fpalp if isinstance(piece, Place) else (piece.start + piece.stop) / 2
        return None

    def find_level(self, via: Sequence[Phrase]) -> str | None:
        for phrase in via:
            for word in phrase.words:
                if word.kind == "LEVEL":
                    return str(word.value)
                if word.kind == "NOUN" and word.value in ("top", "bottom"):
                    return {"top": "upper", "bottom": "lower"}[word.value]
        return None


def contains(outer: Stretch, inner: Stretch) -> bool:
    """Whether a stretch lies within another on a closed part."""
    low, high = min(outer.start, outer.stop), max(outer.start, outer.stop)
    a, b = min(inner.start, inner.stop), max(inner.start, inner.stop)
    return any(low <= a + k and b + k <= high for k in (-2, -1, 0, 1, 2))


def value_of(token: Token) -> Fraction:
    number: Number = token.value
    return number.value


def check_fpalp(token: Token, value: Fraction, most: int) -> None:
    """Raise the mistake of a number that is no FPALP."""
    if not 0 <= value <= most:
        hint = None
        if 1 < value <= 100 and value.denominator == 1 and token.value.form != "percent":
            hint = f"'{value}%'"
        raise MistakeError(
            "fpalp_range", f"a place along a part lies between 0 and 1, not at {float(value):g}", token.span, hint
        )


def side_of(phrase: Phrase | Token) -> str | None:
    if isinstance(phrase, Token):
        return None
    sides = [word.value for word in phrase.words if word.kind == "SIDE"]
    return sides[0] if len(sides) == 1 else None


def with_side(phrase: Phrase, side: str) -> Phrase:
    """Return the phrase with a side before its innermost name."""
    last = phrase.groups[-1]
    token = Token("SIDE", side, last.start, last.start)
    return Phrase((*phrase.groups[:-1], Group((token, *last.words))))


def of(outer: Phrase, inner: Phrase) -> Phrase:
    return Phrase((*outer.groups, *inner.groups))


def is_direction(end: Phrase | Token) -> bool:
    """Whether an end is only a side, top or bottom, start or end."""
    return isinstance(end, Phrase) and direction_word(end) != ""


def direction_word(end: Phrase | Token) -> str:
    if isinstance(end, Token):
        return ""
    words = [word for word in end.words if word.kind not in ("ONE", "EACH_OF")]
    if len(words) == 2 and words[0].kind == "SIDE" and words[1].kind == "NOUN" and words[1].value == "side":
        return str(words[0].value)
    if len(words) != 1:
        return ""
    word = words[0]
    if word.kind == "SIDE":
        return str(word.value)
    if word.kind == "NOUN" and word.value in ("top", "bottom", "start", "end"):
        return {"top": "upper", "bottom": "lower"}.get(str(word.value), str(word.value))
    return ""


def complete(end: Phrase, other: Phrase | Token, carrier: Phrase | None, span: Span) -> Phrase:
    """Give an end the part it leaves out ("from the inner to the outer corner of the left eye")."""
    has_operator = any(w.kind in ("NOUN", "PART") for w in end.words)
    if carrier is not None and has_operator and not has_place_word(other):
        return of(end, carrier)
    if isinstance(other, Phrase) and (has_base(other) or not has_operator):
        kinds = {word.kind for word in end.words}
        groups = []
        for group in other.groups:
            words = tuple(w for w in group.words if keeps(w, kinds, has_operator))
            if words:
                groups.append(Group(words))
        borrowed = Phrase(tuple(groups)) if groups else None
        if borrowed is not None and (has_base(borrowed) or carrier is not None):
            first = Group(tuple(w for g in end.groups for w in g.words if w.kind != "ONE"))
            if not first.words:
                raise MistakeError("no_part", "which one?", span)
            if has_operator and not ({"SIDE"} & kinds):
                joined = Phrase((first, *borrowed.groups))
            else:
                joined = Phrase((Group((*first.words, *borrowed.groups[0].words)), *borrowed.groups[1:]))
            return joined if has_base(joined) or carrier is None else of(joined, carrier)
    if carrier is not None:
        return of(end, carrier)
    raise MistakeError("no_part", "on which part is that?", (end.start, end.stop))


def has_place_word(end: Phrase | Token) -> bool:
    """Whether an end says corner, end, tip or the like of a part, so that the other end may borrow the part."""
    return isinstance(end, Phrase) and any(
        word.kind == "NOUN" and set(word.value.split()) & OPERATORS for word in end.words
    )


def keeps(word: Token, kinds: set[str], has_operator: bool) -> bool:
    """Whether a word of the other end fills a gap of this one."""
    if word.kind in ("ONE", "QUANTITY", "JOIN"):
        return False
    if word.kind in ("SIDE", "LEVEL", "DEPTH"):
        return (word.kind not in kinds and not has_operator) or (
            word.kind == "SIDE" and has_operator and "SIDE" not in kinds
        )
    return not (has_operator and word.kind == "NOUN" and set(word.value.split()) <= OPERATORS)
