"""Routes: ranges of an item as stretches of parts.

In: an item with a range and perhaps a phrase that carries it; out: `Region`, its units of pieces, and how ends count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from .asks import find_side
from .canonical import write_piece
from .concept_data import Unit
from .meaning import End, Item, MistakeError, Phrase
from .numbers import Number
from .pieces import CurvePiece, Patch, Piece, Pieces, Place, Stretch
from .portions import find_x
from .registry import Part
from .rules import Rules
from .surface_runs import place_within

Span = tuple[int, int]
DIRECTIONS = {"top": "upper", "bottom": "lower", "start": "start", "end": "end"}
PAIRS = ({"left", "right"}, {"upper", "lower"}, {"start", "end"})


@dataclass(frozen=True, slots=True)
class Region:
    """Where an ask's points lie.

    Attributes:
        units: Pieces of each unit.
        ends: Which ends of its stretches belong to it: "both", "neither" or "first".
        is_literal: Its ends are numbers.
        steps_of: N of a range "k/N to m/N".
        stretches: The units where two or more points are asked, if they differ.
    """

    units: tuple[Pieces, ...]
    ends: str = "both"
    is_literal: bool = False
    steps_of: int = 0
    stretches: tuple[Pieces, ...] | None = None

    @property
    def pieces(self) -> Pieces:
        return tuple(piece for unit in self.units for piece in unit)

    @property
    def curves(self) -> list[CurvePiece]:
        """Its pieces but those on surfaces."""
        return [piece for piece in self.pieces if not isinstance(piece, Patch)]


class Router:
    """Resolves ranges; `notes` says which way was taken where there were two."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.registry = rules.concepts.registry
        self.notes: list[str] = []

    def resolve(self, item: Item, units: Sequence[Unit], span: Span) -> Region:
        """Return the stretches of an item's range.

        Args:
            item: The item.
            units: The units of its phrase, if it names any.
            span: Its words.

        Raises:
            MistakeError: The ends lie on two parts, or are no places.
        """
        asked = item.range
        assert asked is not None
        first, last = asked.first, asked.last
        ends = "neither" if asked.is_open or item.strict else "both"
        if isinstance(first, Number) and isinstance(last, Number):
            region = self.resolve_numbers(first, last, units, span)
            return replace(region, ends=ends)
        if isinstance(first, Number) or isinstance(last, Number):
            raise MistakeError("syntax", "give both ends as places, or both as numbers", span)
        if last is None:
            return Region(self.resolve_pair(first, item, units, span), ends)
        words = (direction_of(first, item.frame or ""), direction_of(last, item.frame or ""))
        if set(words) in PAIRS and all(words):
            return Region(self.direct_units(units, words[0], words[1], span), ends)
        firsts = self.find_places(first, last, item, units, span)
        lasts = self.find_places(last, first, item, units, span)
        return Region(self.join_ends(firsts, lasts, item, units, span), ends)

    def resolve_numbers(self, first: Number, last: Number, units: Sequence[Unit], span: Span) -> Region:
        """Return a range between numbers: literal, from the first to the second."""
        if not units:
            raise MistakeError("no_part", "a range of which part?", span)
        found: list[Pieces] = []
        for unit in units:
            pieces: list[Piece] = []
            for piece in unit.pieces:
                if isinstance(piece, Patch):
                    pieces.append(self.find_spot(piece, first, last, span))
                    continue
                if isinstance(piece, Place):
                    if unit.concept == "face":
                        pieces.append(piece)
                        continue
                    raise MistakeError("fpalp_range", f"the {piece.part} is one point and has no range", span)
                most = 2 if self.registry.parts[piece.part].is_closed else 1
                for number in (first, last):
                    check_fpalp(number, most, span)
                low, length = piece.start, piece.stop - piece.start
                whole = piece.is_whole and [first.value, last.value] == [0, 1] and most == 1
                pieces.append(
                    Stretch(piece.part, low + first.value * length, low + last.value * length, is_whole=whole)
                )
            found.append(tuple(pieces))
        steps_of = first.denominator if first.denominator == last.denominator else 0
        return Region(tuple(found), is_literal=True, steps_of=steps_of)

    def find_spot(self, patch: Patch, u: Number, v: Number, span: Span) -> Patch:
        """Return the place (u, v) on a surface."""
        for number in (u, v):
            check_fpalp(number, 1, span)
        return replace(patch, spot=place_within((u.value, v.value), patch.box))

    # --- ends ------------------------------------------------------------------------------------------------

    def units_of(self, phrase: Phrase, item: Item) -> tuple[Unit, ...]:
        assert phrase.thing is not None
        return phrase.thing.units if item.frame != "subject" else phrase.thing.turned

    def candidates(self, end: Phrase, other: End, item: Item) -> list[Phrase]:
        """Return the ways to read an end: on the part that carries the range, on that of the other end, alone."""
        found: list[Phrase | None] = []
        carrier = item.phrase
        bare = all(op[0] == "adj" for op in end.ops)
        if bare and isinstance(other, Phrase):
            found.append(self.borrow(end, other, carrier))
        if carrier is not None and carrier.thing is not None:
            if bare:
                found.append(self.rules.phrase((*carrier.ops, ("rel", "end"), *end.ops)))
            else:
                found.append(self.rules.phrase(carrier.ops + end.ops))
                found += [
                    self.rules.phrase(carrier.ops[:length] + end.ops) for length in range(len(carrier.ops) - 1, 0, -1)
                ]
        if isinstance(other, Phrase) and not bare:
            found += [self.rules.phrase(other.ops[:length] + end.ops) for length in range(len(other.ops), 0, -1)]
        if end.thing is not None:
            found.insert(0 if end.thing.is_sided else len(found), end)
        return [one for one in found if one is not None and one.thing is not None]

    def borrow(self, end: Phrase, other: Phrase, carrier: Phrase | None) -> Phrase | None:
        """Return "from the inner ..." with the place of "... to the outer corner of the left eye"."""
        kinds = {kind for op in end.ops for kind, _, _ in op[1]}
        kinds |= {"end"} if "side" in kinds else set()
        ops = tuple(op for op in other.ops if op[0] != "adj" or op[1][0][0] not in kinds)
        if not ops:
            return None
        if ops[0][0] != "noun" and carrier is not None:
            ops = carrier.ops + ops
        return self.rules.phrase(ops + end.ops)

    def find_places(self, end: Phrase, other: End, item: Item, units: Sequence[Unit], span: Span) -> list[Unit]:
        """Return the places an end may mean: one, or the left and the right one."""
        if end.ref == "one" and not end.ops and isinstance(other, Phrase):
            end = replace(end, ops=tuple(op for op in other.ops if op[0] != "adj"), thing=other.thing, ref="")
        options = self.candidates(end, other, item)
        for phrase in options:
            found = [unit for unit in self.units_of(phrase, item) if len(unit.pieces) == 1]
            if not found or not all(unit.is_place for unit in found):
                continue
            found = self.narrow(found, end, other, item, units)
            if len(found) in (1, 2):
                return found
            if len(found) > 2:
                raise MistakeError("ambiguous", "which one of these places?", span, "a side, inner or outer")
        if not options:
            raise MistakeError("no_part", "on which part is that?", span)
        parts = {p.part for phrase in options for unit in self.units_of(phrase, item) for p in unit.pieces}
        if isinstance(other, Phrase) and other.thing is not None:
            there = {p.part for unit in self.units_of(other, item) for p in unit.pieces}
            if not parts & there:
                raise MistakeError("range_across_parts", "a range must stay on one face part", span)
        raise MistakeError(
            "ambiguous",
            "a range goes from a place to a place; which place of that part?",
            span,
            "'left corner of the lips'",
        )

    def narrow(self, found: list[Unit], end: Phrase, other: End, item: Item, units: Sequence[Unit]) -> list[Unit]:
        """Keep of several places those on the side that the other end, or the part that carries the range, names."""
        if len(found) < 2:
            return found
        guides: list[Unit] = []
        if isinstance(other, Phrase) and other.thing is not None and find_side(other.ops):
            guides += self.units_of(other, item)
        guides += [unit for unit in units if item.phrase is not None and find_side(item.phrase.ops)]
        sides = {unit.side or unit.end for unit in guides} - {""}
        if len(sides) == 1:
            (side,) = sides
            kept = [unit for unit in found if (unit.side or unit.end) == side]
            if kept and len(kept) < len(found):
                found = kept
        parts = {piece.part for unit in units for piece in unit.pieces}
        kept = [unit for unit in found if unit.pieces[0].part in parts]
        return kept or found

    def resolve_pair(self, phrase: Phrase, item: Item, units: Sequence[Unit], span: Span) -> tuple[Pieces, ...]:
        """Return "between the mouth corners": a name that means two places (of each part)."""
        made = phrase if phrase.thing is not None else None
        if item.phrase is not None and item.phrase.thing is not None:
            made = self.rules.phrase(item.phrase.ops + phrase.ops) or made
        if made is None or made.thing is None:
            raise MistakeError("no_part", "between which places?", span)
        found = self.units_of(made, item)
        if not all(unit.is_place and len(unit.pieces) == 1 for unit in found) or len(found) < 2 or len(found) % 2:
            raise MistakeError("range_across_parts", "a range needs two places on one part", span)
        return self.join_ends(list(found[::2]), list(found[1::2]), item, units, span, is_pair=True)

    def join_ends(
        self,
        firsts: list[Unit],
        lasts: list[Unit],
        item: Item,
        units: Sequence[Unit],
        span: Span,
        *,
        is_pair: bool = False,
    ) -> tuple[Pieces, ...]:
        if len(firsts) == len(lasts) == 2 and [u.pieces for u in firsts] == [u.pieces for u in lasts]:
            firsts, lasts = firsts[:1], lasts[1:]
        if len(firsts) != len(lasts):
            firsts = firsts * len(lasts) if len(firsts) == 1 else firsts
            lasts = lasts * len(firsts) if len(lasts) == 1 else lasts
        limits = [piece for unit in units for piece in unit.pieces]
        found: list[Pieces] = []
        for one, two in zip(firsts, lasts, strict=True):
            first, last = one.pieces[0], two.pieces[0]
            assert isinstance(first, Place)
            assert isinstance(last, Place)
            if first.part != last.part:
                raise MistakeError("range_across_parts", "a range must stay on one face part", span)
            if self.registry.parts[first.part].is_point:
                raise MistakeError("range_across_parts", f"the {first.part} is one point", span)
            if limits and not any(piece.part == first.part for piece in limits):
                raise MistakeError("range_across_parts", f"that range lies on the {first.part}", span)
            within = [p for p in limits if p.part == first.part and not isinstance(p, Patch)]
            found.append((self.connect(first, last, within, item, span),))
        if len(found) > 1 and not is_pair:
            curves = [piece for unit in found for piece in unit if not isinstance(piece, Patch)]
            sides = " or ".join(write_piece(piece, self.registry) for piece in curves)
            self.notes.append(f"no side was given: both sides, left then right; for one of them: {sides}")
        return tuple(found)

    # --- the way between -------------------------------------------------------------------------------------

    def connect(self, first: Place, last: Place, within: Sequence[Place | Stretch], item: Item, span: Span) -> Stretch:
        """Return the way from one place to another on a part; on a closed one the way people mean."""
        part = self.registry.parts[first.part]
        if not part.is_closed:
            if item.turn is not None and (last.fpalp > first.fpalp) != (item.turn == "counter_clockwise"):
                raise MistakeError("contradiction", f"that is not {item.turn.replace('_', '-')}", span)
            return Stretch(part.name, first.fpalp, last.fpalp)
        up, down = (last.fpalp - first.fpalp) % 1, (first.fpalp - last.fpalp) % 1
        rising = Stretch(part.name, first.fpalp, first.fpalp + up)
        start = first.fpalp if first.fpalp >= down else first.fpalp + 1
        falling = Stretch(part.name, start, start - down)
        if item.turn is not None:
            return rising if item.turn == "clockwise" else falling
        limits = [p for p in within if isinstance(p, Place) or not p.is_whole]
        limits = self.find_via(item, part.name) or limits
        if limits:
            ways = [way for way in (rising, falling) if any(fits(way, limit) for limit in limits)]
            if len(ways) == 2 and item.turn is None:
                ways.sort(key=lambda way: abs(way.stop - way.start))
            if not ways:
                raise MistakeError("contradiction", "those places do not both lie there", span)
            return ways[0]
        level = find_level(item.phrase) or find_level(item.via)
        if level is not None:
            edge = part.edges[level]
            middle = Place(part.name, (edge[0] + edge[1]) / 2)
            return next((way for way in (rising, falling) if fits(way, middle)), rising)
        if up != down:
            return rising if up < down else falling
        top = Place(part.name, (part.edges["upper"][0] + part.edges["upper"][1]) / 2)
        is_upper = fits(falling, top) and not fits(rising, top)
        chosen, other = (falling, rising) if is_upper else (rising, falling)
        self.notes.append(f"both ways are as long; for the other one: {write_piece(other, self.registry)}")
        return chosen

    def find_via(self, item: Item, part: str) -> list[Place | Stretch]:
        """Return the pieces of a part that the way runs along or through."""
        if item.via is None or item.via.thing is None:
            return []
        pieces = [piece for unit in self.units_of(item.via, item) for piece in unit.pieces if piece.part == part]
        return [p for p in pieces if isinstance(p, Place) or (isinstance(p, Stretch) and not p.is_whole)]

    def direct_units(self, units: Sequence[Unit], begin: str, end: str, span: Span) -> tuple[Pieces, ...]:
        """Return whole names in a direction: "the upper lip from left to right" is its outer edge."""
        if not units:
            raise MistakeError("no_part", "from where to where? name a part", span)
        found: list[Pieces] = []
        for unit in units:
            pieces = [piece for piece in unit.pieces if isinstance(piece, Stretch)]
            if any(isinstance(piece, Patch) and piece.spot is None for piece in unit.pieces):
                found.append(direct_surfaces(unit.pieces, begin, end, span))
                continue
            if len(pieces) != len(unit.pieces):
                raise MistakeError("contradiction", "one point has no direction", span)
            if len(pieces) > 1 and not any(piece.is_whole for piece in pieces):
                pieces = pieces[:1]
            found.append(tuple(self.direct(piece, begin, end, span) for piece in pieces))
        return tuple(found)

    def direct(self, piece: Stretch, begin: str, end: str, span: Span) -> Stretch:
        part = self.registry.parts[piece.part]
        turned = Stretch(part.name, piece.stop, piece.start, piece.is_whole)
        if {begin, end} == {"upper", "lower"}:
            if part.ends or part.is_closed:
                raise MistakeError(
                    "ambiguous", f"top to bottom of the {part.name}: along which side?", span, "two named places"
                )
            return piece if begin == "upper" else turned
        if {begin, end} == {"start", "end"}:
            if (
                part.is_closed and piece.is_whole and part.ends.get("inner") not in (None, Fraction(0), Fraction(1, 2))
            ) or (part.is_closed and piece.is_whole and part.unified_count == 9):
                ends = [Place(part.name, part.ends["inner"]), Place(part.name, part.ends["outer"])]
                first, last = ends if begin == "start" else ends[::-1]
                return self.connect(first, last, (), Item(), span)
            return piece if begin == "start" or (piece.is_whole and part.is_closed) else turned
        if not part.ends:
            raise MistakeError("contradiction", f"the {part.name} does not run that way", span)
        stretch = self.across(part) if piece.is_whole and part.is_closed else piece
        ordered = sorted((stretch.start, stretch.stop), key=lambda f: find_x(Place(part.name, f), self.registry))
        if begin == "right":
            ordered.reverse()
        return Stretch(part.name, ordered[0], ordered[1], is_whole=stretch.is_whole)

    def across(self, part: Part) -> Stretch:
        """Return the upper way across a whole closed part."""
        return Stretch(part.name, *part.edges["upper"])


def direct_surfaces(pieces: Pieces, begin: str, end: str, span: Span) -> Pieces:
    """Return surfaces whose points are to go some way: row by row from the upper left they go already."""
    if (begin, end) in (("left", "right"), ("upper", "lower"), ("start", "end")):
        return pieces
    message = "points on a surface go row by row from the upper left; 'in reverse' turns them round"
    raise MistakeError("contradiction", message, span)


def fits(way: Stretch, limit: Place | Stretch) -> bool:
    """Whether a way lies within a stretch, or goes through a place, on a closed part."""
    low, high = min(way.start, way.stop), max(way.start, way.stop)
    if isinstance(limit, Place):
        return any(low <= limit.fpalp + k <= high for k in (-2, -1, 0, 1, 2))
    a, b = min(limit.start, limit.stop), max(limit.start, limit.stop)
    return any(a <= low + k and high + k <= b for k in (-2, -1, 0, 1, 2))


def find_level(phrase: Phrase | None) -> str | None:
    """Return "upper" or "lower" of a way that is only called the top or the bottom."""
    if phrase is None or phrase.thing is not None:
        return None
    for op in phrase.ops:
        if op[0] == "adj" and op[1][0][0] == "level":
            return str(op[1][0][1])
        if op[0] == "rel" and DIRECTIONS.get(op[1]) in ("upper", "lower"):
            return DIRECTIONS[op[1]]
    return None


def direction_of(end: End, frame: str) -> str:
    """Return "left", "upper", "start" ... of an end that is only a direction, else ""."""
    if not isinstance(end, Phrase) or len(end.ops) != 1:
        return ""
    op = end.ops[0]
    if op[0] == "adj" and len(op[1]) == 1 and op[1][0][0] in ("side", "level"):
        return str(op[1][0][2 if frame == "subject" else 1])
    if op[0] == "portion" and op[1] == Fraction(1, 2):
        return str(op[3 if frame == "subject" else 2])
    return DIRECTIONS.get(op[1], "") if op[0] == "rel" else ""


def check_fpalp(number: Number, most: int, span: Span) -> None:
    """Raise the mistake of a number that is no FPALP."""
    if 0 <= number.value <= most:
        return
    span = number.span if number.span[1] else span
    hint = None
    if 1 < number.value <= 100 and number.value.denominator == 1 and number.form != "percent":
        hint = f"'{number.value}%'"
    raise MistakeError(
        "fpalp_range", f"a place along a part lies between 0 and 1, not at {float(number.value):g}", span, hint
    )
