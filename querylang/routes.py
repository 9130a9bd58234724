"""Routes: ranges of an item as stretches of parts.

In: an item with a range and perhaps a phrase that carries it; out: `Region`, its units of pieces, and how ends count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from .canonical import write_piece
from .concept_data import Unit
from .concepts import Op
from .joining import find_side
from .meaning import NO_NAME, End, Item, MistakeError, Phrase, Range
from .numbers import Number
from .pieces import CurvePiece, Patch, Piece, Pieces, Place, Stretch
from .portions import find_x
from .registry import Part
from .rules import Rules
from .runs import Ends
from .spreading import Span, check_fpalp
from .surface_runs import place_within

DIRECTIONS = {"top": "upper", "bottom": "lower", "start": "start", "end": "end"}
FORWARD = (("left", "right"), ("upper", "lower"), ("start", "end"))
"""How the points of a surface go by themselves."""
MOST_OVER = Fraction(1, 9)
"""How far a way may go past the edge it runs along: a brow's head lies between its edges."""
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
    ends: Ends = "both"
    is_literal: bool = False
    steps_of: int = 0
    stretches: tuple[Pieces, ...] = ()

    @property
    def pieces(self) -> Pieces:
        return tuple(piece for unit in self.units for piece in unit)

    @property
    def curves(self) -> list[CurvePiece]:
        """Its pieces but those on surfaces."""
        return [piece for piece in self.pieces if not isinstance(piece, Patch)]


class Route:
    """The range of one item, on what the item names.

    Attributes:
        notes: Which way was taken where there were two.
    """

    def __init__(self, rules: Rules, item: Item, units: Sequence[Unit], span: Span) -> None:
        self.rules = rules
        self.registry = rules.concepts.registry
        self.item = item
        self.carrier = item.phrase or NO_NAME
        self.frame = item.frame or ""
        self.units = units
        self.span = span
        self.notes: list[str] = []

    def mistake(self, code: str, message: str, suggestion: str | None = None) -> MistakeError:
        return MistakeError(code, message, self.span, suggestion)

    def resolve(self, asked: Range) -> Region:
        """Return the stretches of a range.

        Raises:
            MistakeError: The ends lie on two parts, or are no places.
        """
        first, last = asked.first, asked.last
        ends: Ends = "neither" if asked.is_open or self.item.strict else "both"
        if isinstance(first, Number) and isinstance(last, Number):
            found = tuple(tuple(self.cut(piece, unit, first, last) for piece in unit.pieces) for unit in self.units)
            if not found:
                raise self.mistake("no_part", "a range of which part?")
            steps_of = first.denominator if first.denominator == last.denominator else 0
            return Region(found, ends, is_literal=True, steps_of=steps_of)
        if isinstance(first, Number) or isinstance(last, Number):
            raise self.mistake("syntax", "give both ends as places, or both as numbers")
        if last is None:
            return Region(self.join_pair(first), ends)
        words = (direction_of(first, self.frame), direction_of(last, self.frame))
        if set(words) in PAIRS:
            return Region(self.direct_units(*words), ends)
        return Region(self.join_ends(self.find_places(first, last), self.find_places(last, first)), ends)

    def cut(self, piece: Piece, unit: Unit, first: Number, last: Number) -> Piece:
        """Return what of a piece lies between two numbers, from the first to the second; on a surface their place."""
        if isinstance(piece, Place):
            if unit.concept == "face":
                return piece
            raise self.mistake("fpalp_range", f"the {piece.part} is one point and has no range")
        most = 2 if isinstance(piece, Stretch) and self.registry.parts[piece.part].is_closed else 1
        for number in (first, last):
            check_fpalp(number, most, self.span)
        if isinstance(piece, Patch):
            return replace(piece, spot=place_within((first.value, last.value), piece.box))
        low, length = piece.start, piece.stop - piece.start
        whole = piece.is_whole and not first.value and last.value == 1 == most
        return Stretch(piece.part, low + first.value * length, low + last.value * length, is_whole=whole)

    # --- ends ------------------------------------------------------------------------------------------------

    def units_of(self, phrase: Phrase) -> tuple[Unit, ...]:
        return phrase.thing.turned if self.frame == "subject" else phrase.thing.units

    def candidates(self, end: Phrase, other: End) -> list[Phrase]:
        """Return the ways to read an end: on the part that carries the range, on that of the other end, alone."""
        carrier = () if self.carrier.is_free else self.carrier.ops
        there = other.ops if isinstance(other, Phrase) else ()
        if all(op[0] == "adj" for op in end.ops):
            # "The upper edge of the brow, inner to outer" runs between the brow's ends.
            on_carrier = ((*carrier[:length], ("rel", "end"), *end.ops) for length in range(len(carrier), 0, -1))
            tries = [self.borrow(end, there), *on_carrier]
            if isinstance(other, Phrase) and len(other.thing.units) == 1 and not other.thing.is_sided:
                # "The jaw from the chin to the left" ends at the jaw's end.
                tries.reverse()
        else:
            # "From the chin to the right angle" is the jaw's, not the chin's.
            on = (carrier, self.part_of(there), there)
            tries = [ops[:length] + end.ops for ops in on for length in range(len(ops), 0, -1)]
        found = [self.rules.phrase(ops) for ops in tries if ops]
        found.insert(0 if end.thing.is_sided else len(found), end)
        return [one for one in found if one is not None and not one.is_free]

    def part_of(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        """Return the part that a place with a name of its own lies on: "the right brow tail to the head"."""
        if not ops or ops[0][0] != "noun" or not (bases := self.rules.concepts[ops[0][1]].of):
            return ()
        base: tuple[Op, ...] = (("noun", min(bases)),)
        side = find_side(ops)
        return (*base, side) if side is not None and self.rules.is_paired(base) else base

    def borrow(self, end: Phrase, there: tuple[Op, ...]) -> tuple[Op, ...]:
        """Return "from the inner ..." with the place of "... to the outer corner of the left eye"."""
        kinds = {kind for op in end.ops for kind, _, _ in op[1]}
        kinds |= {"end"} if "side" in kinds else set()
        ops = tuple(op for op in there if op[0] != "adj" or op[1][0][0] not in kinds)
        if ops and ops[0][0] != "noun":
            ops = self.carrier.ops + ops
        return ops + end.ops if ops else ()

    def find_places(self, end: Phrase, other: Phrase) -> list[Unit]:
        """Return the places an end may mean: one, or the left and the right one."""
        options = self.candidates(end, other)
        for phrase in options:
            found = [unit for unit in self.units_of(phrase) if len(unit.pieces) == 1]
            if all(unit.is_place for unit in found):
                found = self.narrow(found, other)
                if len(found) in (1, 2):
                    return found
        if not options:
            raise self.mistake("no_part", "on which part is that?")
        if not other.is_free and not any(other.thing.parts & phrase.thing.parts for phrase in options):
            raise self.mistake("range_across_parts", "a range must stay on one face part")
        message = "a range goes from a place to a place; which place of that part?"
        raise self.mistake("ambiguous", message, "'left corner of the lips'")

    def narrow(self, found: list[Unit], other: Phrase) -> list[Unit]:
        """Keep of several places those on the side that the other end, or the part that carries the range, names."""
        if len(found) < 2:
            return found
        guides = [*self.units_of(other)] if find_side(other.ops) else []
        guides += self.units if find_side(self.carrier.ops) else []
        sides = {unit.side or unit.end for unit in guides} - {""}
        if len(sides) == 1:
            found = [unit for unit in found if (unit.side or unit.end) in sides] or found
        carried = [piece for unit in self.units for piece in unit.pieces]
        parts = {piece.part for piece in carried}
        found = [unit for unit in found if unit.pieces[0].part in parts] or found
        # "The right half of the jaw, from the chin to the ear".
        return [unit for unit in found if any(self.holds(piece, unit.pieces[0]) for piece in carried)] or found

    def holds(self, piece: Piece, place: Piece) -> bool:
        """Whether a place lies on a stretch of its part, which wraps if the part is closed."""
        if not (isinstance(piece, Stretch) and isinstance(place, Place)) or piece.part != place.part:
            return False
        low, high = sorted((piece.start, piece.stop))
        is_closed = self.registry.parts[piece.part].is_closed
        return low <= place.fpalp <= high or (is_closed and fits(piece, place))

    def join_pair(self, phrase: Phrase) -> tuple[Pieces, ...]:
        """Return "between the mouth corners": a name that means two places (of each part)."""
        made = phrase if self.carrier.is_free else self.rules.phrase(self.carrier.ops + phrase.ops) or phrase
        if made.is_free:
            raise self.mistake("no_part", "between which places?")
        found = list(self.units_of(made))
        if not all(unit.is_place and len(unit.pieces) == 1 for unit in found) or len(found) < 2 or len(found) % 2:
            raise self.mistake("range_across_parts", "a range needs two places on one part")
        return self.join_ends(found[::2], found[1::2], is_pair=True)

    def join_ends(self, firsts: list[Unit], lasts: list[Unit], *, is_pair: bool = False) -> tuple[Pieces, ...]:
        """Return the ways from some places to others; where one end names both sides, the other one is met twice."""
        if len(firsts) == len(lasts) == 2 and [u.pieces for u in firsts] == [u.pieces for u in lasts]:
            firsts, lasts = firsts[:1], lasts[1:]
        count = max(len(firsts), len(lasts))
        firsts, lasts = (ends * count if len(ends) == 1 else ends for ends in (firsts, lasts))
        found = [self.join(one.pieces[0], two.pieces[0]) for one, two in zip(firsts, lasts, strict=True)]
        if len(found) > 1 and not (is_pair or self.carrier.det or self.carrier.is_plural):
            sides = " or ".join(write_piece(stretch, self.registry) for stretch in found)
            self.notes.append(f"no side was given: both sides, left then right; for one of them: {sides}")
        return tuple((stretch,) for stretch in found)

    def join(self, first: Piece, last: Piece) -> Stretch:
        assert isinstance(first, Place)
        assert isinstance(last, Place)
        limits = [piece for unit in self.units for piece in unit.pieces]
        if first.part != last.part:
            raise self.mistake("range_across_parts", "a range must stay on one face part")
        if first == last:
            raise self.mistake("contradiction", "a range goes from one place to another; both ends are the same")
        if self.registry.parts[first.part].is_point:
            raise self.mistake("range_across_parts", f"the {first.part} is one point")
        if limits and first.part not in {piece.part for piece in limits}:
            raise self.mistake("range_across_parts", f"that range lies on the {first.part}")
        return self.connect(first, last, [piece for piece in limits if piece.part == first.part])

    # --- the way between -------------------------------------------------------------------------------------

    def connect(self, first: Place, last: Place, within: Sequence[Piece] = ()) -> Stretch:
        """Return the way from one place to another on a part; on a closed one the way people mean."""
        part, turn = self.registry.parts[first.part], self.item.turn
        if not part.is_closed:
            if turn is not None and (last.fpalp > first.fpalp) != (turn == "counter_clockwise"):
                raise self.mistake("contradiction", f"that is not {turn.replace('_', '-')}")
            return Stretch(part.name, first.fpalp, last.fpalp)
        up, down = (last.fpalp - first.fpalp) % 1, (first.fpalp - last.fpalp) % 1
        rising = Stretch(part.name, first.fpalp, first.fpalp + up)
        start = first.fpalp if first.fpalp >= down else first.fpalp + 1
        falling = Stretch(part.name, start, start - down)
        if turn is not None:
            return rising if turn == "clockwise" else falling
        via = self.item.via or NO_NAME
        if limits := part_of_way(self.find_through(part)) or part_of_way(within):
            ways = [way for way in (rising, falling) if any(fits(way, limit) for limit in limits)]
            ways = ways or [way for way in (rising, falling) if any(passes(way, limit) for limit in limits)]
            if not ways:
                raise self.mistake("contradiction", "those places do not both lie there")
            return min(ways, key=lambda way: abs(way.stop - way.start))
        level = find_level(self.carrier) or find_level(via)
        if level is None and up == down:
            level = level_of_ends(self.item.range)
        if level is None and up != down:
            return rising if up < down else falling
        edge = part.edges[level or "upper"]
        on_edge = [way for way in (rising, falling) if fits(way, Stretch(part.name, *edge))]
        if level is not None and on_edge:
            # "From the arch to the tail along the top" goes no way round by the head.
            return min(on_edge, key=lambda way: abs(way.stop - way.start))
        middle = Place(part.name, (edge[0] + edge[1]) / 2)
        chosen, other = (rising, falling) if fits(rising, middle) or not fits(falling, middle) else (falling, rising)
        if level is None:
            self.notes.append(f"both ways are as long; for the other one: {write_piece(other, self.registry)}")
        return chosen

    def find_through(self, part: Part) -> list[Piece]:
        """Return what of a part the range is said to run along or through."""
        units = self.units_of(self.item.via or NO_NAME)
        return [piece for unit in units for piece in unit.pieces if piece.part == part.name]

    def find_way_across(self, part: Part) -> Stretch:
        """Return the edge of a closed part that a direction runs along: the one it names, or else the upper."""
        for piece in part_of_way(self.find_through(part)):
            if isinstance(piece, Stretch):
                return piece
        level = find_level(self.carrier) or find_level(self.item.via or NO_NAME)
        return Stretch(part.name, *part.edges[level or "upper"])

    def direct_units(self, begin: str, end: str) -> tuple[Pieces, ...]:
        """Return whole names in a direction: "the upper lip from left to right" is its outer edge."""
        if not self.units:
            raise self.mistake("no_part", "from where to where? name a part")
        found: list[Pieces] = []
        for unit in self.units:
            pieces = [piece for piece in unit.pieces if isinstance(piece, Stretch)]
            if any(isinstance(piece, Patch) and piece.spot is None for piece in unit.pieces):
                if (begin, end) not in FORWARD:
                    message = "points on a surface go row by row from the upper left; 'in reverse' turns them round"
                    raise self.mistake("contradiction", message)
                found.append(unit.pieces)
                continue
            if len(pieces) != len(unit.pieces):
                raise self.mistake("contradiction", "one point has no direction")
            if not any(piece.is_whole for piece in pieces):
                pieces = pieces[:1]
            found.append(tuple(self.direct(piece, begin, end) for piece in pieces))
        return tuple(found)

    def direct(self, piece: Stretch, begin: str, end: str) -> Stretch:
        """Return a stretch in a direction."""
        part = self.registry.parts[piece.part]
        is_ring = piece.is_whole and part.is_closed
        turned = Stretch(part.name, piece.stop, piece.start, piece.is_whole)
        if {begin, end} == {"upper", "lower"}:
            if part.ends or part.is_closed:
                message = f"top to bottom of the {part.name}: along which side?"
                raise self.mistake("ambiguous", message, "two named places")
            return piece if begin == "upper" else turned
        if {begin, end} == {"start", "end"}:
            if is_ring and part.ends.get("inner") not in (None, *part.edges.get("upper", ())):
                # A brow starts at its head; the corners of an eye are where its edges meet.
                first, last = (Place(part.name, part.ends[end]) for end in ("inner", "outer"))
                return self.connect(first, last) if begin == "start" else self.connect(last, first)
            return piece if begin == "start" or is_ring else turned
        if not part.ends:
            raise self.mistake("contradiction", f"the {part.name} does not run that way")
        if is_ring:
            piece = self.find_way_across(part)
        ordered = sorted((piece.start, piece.stop), key=lambda f: find_x(Place(part.name, f), self.registry))
        if begin == "right":
            ordered.reverse()
        return Stretch(part.name, ordered[0], ordered[1], is_whole=piece.is_whole)


def part_of_way(pieces: Sequence[Piece]) -> list[CurvePiece]:
    """Return of what a way is said to run along or through what can tell one way from another."""
    return [one for one in pieces if isinstance(one, Place) or (isinstance(one, Stretch) and not one.is_whole)]


def passes(way: Stretch, limit: CurvePiece) -> bool:
    """Whether a way goes all along a limit and hardly past it: "the upper edge of the brow, from head to tail"."""
    over = abs(way.stop - way.start) - (0 if isinstance(limit, Place) else limit.stop - limit.start)
    return not isinstance(limit, Place) and fits(limit, way) and over <= MOST_OVER


def fits(way: Stretch, limit: CurvePiece) -> bool:
    """Whether a way lies within a stretch, or goes through a place, on a closed part."""
    low, high = min(way.start, way.stop), max(way.start, way.stop)
    if isinstance(limit, Place):
        return any(low <= limit.fpalp + k <= high for k in (-2, -1, 0, 1, 2))
    a, b = min(limit.start, limit.stop), max(limit.start, limit.stop)
    return any(a <= low + k and high + k <= b for k in (-2, -1, 0, 1, 2))


def find_level(phrase: Phrase) -> str | None:
    """Return "upper" or "lower" of a way that is only called the top or the bottom."""
    for op in phrase.ops if phrase.is_free else ():
        if op[0] == "adj" and op[1][0][0] == "level":
            return str(op[1][0][1])
        if op[0] == "rel" and DIRECTIONS.get(op[1]) in ("upper", "lower"):
            return DIRECTIONS[op[1]]
    return None


def level_of_ends(asked: Range | None) -> str | None:
    """Return "upper" or "lower" of what the ends lie on: "from the left to the right corner of the lower lip"."""
    ends = (asked.first, asked.last) if asked is not None else ()
    ops = [op for end in ends if isinstance(end, Phrase) and not end.is_free for op in end.ops]
    levels = {str(op[1][0][1]) for op in ops if op[0] == "adj" and op[1][0][0] == "level"}
    return levels.pop() if len(levels) == 1 else None


def direction_of(end: End, frame: str) -> str:
    """Return "left", "upper", "start" ... of an end that is only a direction, else ""."""
    if not isinstance(end, Phrase):
        return ""
    # "Starting from the person's left side".
    ops = end.ops[1:] if end.ops[:1] == (("rel", "side"),) else end.ops
    if len(ops) != 1:
        return ""
    op, frame = ops[0], end.frame or frame
    if op[0] == "adj" and len(op[1]) == 1 and op[1][0][0] in ("side", "level"):
        return str(op[1][0][2 if frame == "subject" else 1])
    if op[0] == "portion" and op[1] == Fraction(1, 2):
        return str(op[3 if frame == "subject" else 2])
    return DIRECTIONS.get(op[1], "") if op[0] == "rel" else ""
