"""How many points go where, and in which order: the runs of a clause from what its names mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ..errors import Problem
from .canonical import write_run
from .chunks import has_base
from .clauses import Clause
from .counting import count_by_density, find_unified, make_default, make_run, share
from .names import Piece, Pieces, Place, Stretch
from .phrases import PhraseResolver
from .ranges import check_fpalp, complete
from .registry import Registry
from .runs import (
    CurveRun,
    Ends,
    PlaceRun,
    Run,
    keep_every,
    pick_index,
    reverse_run,
)
from .syntax import Density, Pixels, Positions, Segments, Steps
from .targets import MistakeError
from .tokens import Span, Token


@dataclass(slots=True)
class Subject:
    """What one member of a clause means: units of pieces, or runs of a layout.

    Attributes:
        runs: Fixed runs (a layout's landmarks), which take no count.
        steps_of: N of a literal range "k/N to m/N" without a count.
        ends: Which ends of its ranges belong to it.
    """

    units: tuple[Pieces, ...] = ()
    stretches: tuple[Pieces, ...] | None = None
    runs: list[Run] = field(default_factory=list)
    is_each: bool = False
    is_all_face: bool = False
    is_range: bool = False
    is_literal: bool = False
    steps_of: int = 0
    ends: str = "both"
    start: int = 0
    stop: int = 0

    @property
    def pieces(self) -> Pieces:
        return tuple(piece for unit in self.units for piece in unit)

    @property
    def span(self) -> Span:
        return (self.start, self.stop)


class Placer:
    """Makes runs of pieces by a clause's quantity.

    Attributes:
        limit: The most points a query may ask for.
        notes: What the answer says about the readings chosen.
    """

    def __init__(self, registry: Registry, phrases: PhraseResolver, limit: int) -> None:
        self.registry = registry
        self.phrases = phrases
        self.limit = limit
        self.notes: list[str] = []

    def place(self, clause: Clause, subjects: list[Subject]) -> list[Run]:
        """Return the runs of a clause by its quantity."""
        quantity = clause.quantity
        pieces = [piece for subject in subjects for piece in subject.pieces if isinstance(piece, Stretch)]
        if clause.is_strict and any(p.is_whole and self.registry.parts[p.part].is_closed for p in pieces):
            self.notes.append("a closed curve has no ends, so none are left out of it")
        if isinstance(quantity, Token):
            return self.place_count(clause, subjects, quantity)
        fixed = [subject for subject in subjects if subject.runs]
        if fixed and quantity is not None:
            raise MistakeError("contradiction", "a layout has its own points", (quantity.start, quantity.stop))
        if quantity is None:
            return [run for subject in subjects for run in self.place_default(subject, clause)]
        if isinstance(quantity, Positions):
            return [run for subject in subjects for run in self.place_positions(subject, quantity, clause)]
        if isinstance(quantity, Density):
            return self.place_density(subjects, quantity)
        if isinstance(quantity, Steps):
            return [run for subject in subjects for run in self.place_steps(subject, quantity, clause)]
        if isinstance(quantity, Segments):
            return self.place_segments(subjects, quantity)
        return self.place_pixels(subjects, quantity)

    def place_default(self, subject: Subject, clause: Clause) -> list[Run]:
        if subject.runs:
            return subject.runs
        runs: list[Run] = []
        for piece in subject.pieces:
            if subject.is_literal and isinstance(piece, Stretch) and piece.start == 0 and piece.stop == 1:
                piece = replace(piece, is_whole=True)
            if isinstance(piece, Stretch) and subject.steps_of:
                steps = int(abs(piece.stop - piece.start) * subject.steps_of)
                closed = piece.is_whole and self.registry.parts[piece.part].is_closed
                runs.append(make_run(piece, steps if closed else steps + 1, self.registry))
                continue
            if clause.is_strict or subject.ends != "both":
                runs += self.place_inside(piece, subject, clause)
                continue
            run = make_default(piece, self.registry)
            if run is None:
                raise MistakeError(
                    "count",
                    "no point of the unified layout lies there: say how many",
                    subject.span,
                    "a number of points",
                )
            runs.append(run)
        return runs

    def place_inside(self, piece: Piece, subject: Subject, clause: Clause) -> list[Run]:
        """Return the unified points of an open range."""
        fpalps = find_unified(piece, self.registry)
        if isinstance(piece, Stretch) and not (piece.is_whole and self.registry.parts[piece.part].is_closed):
            drop = {piece.stop} if subject.ends == "first" and not clause.is_strict else {piece.start, piece.stop}
            fpalps = [f for f in fpalps if f not in drop]
        if not fpalps:
            raise MistakeError("count", "no point of the unified layout lies there: say how many", subject.span)
        return [PlaceRun(piece.part, tuple(fpalps))]

    def place_count(self, clause: Clause, subjects: list[Subject], token: Token) -> list[Run]:
        count = self.check_count(token)
        fixed = [subject for subject in subjects if subject.runs]
        if fixed:
            if len(subjects) == 1 and count == sum(run.count or 0 for run in fixed[0].runs):
                return fixed[0].runs
            raise MistakeError("contradiction", "a layout has its own points and takes no number", token.span)
        is_each = (clause.is_each or any(subject.is_each for subject in subjects)) and not clause.is_total
        if (
            count > 1
            and not is_each
            and len(subjects) == 1
            and subjects[0].stretches
            and len(subjects[0].stretches) <= len(subjects[0].units)
        ):
            subjects[0].units = subjects[0].stretches
        elif count > 1 and is_each:
            for subject in subjects:
                subject.units = subject.stretches or subject.units
        units: list[Pieces] = []
        ends: list[str] = []
        beside: list[Pieces] = []
        for subject in subjects:
            if is_each and (subject.is_each or clause.is_each):
                found: list[Pieces] = list(subject.units)
            else:
                found = [subject.pieces]
            units += found
            ends += ["neither" if clause.is_strict else subject.ends] * len(found)
            if not (subject.is_each or clause.is_each) and all(isinstance(piece, Place) for piece in subject.pieces):
                beside += found
        if is_each:
            return self.place_each(units, ends, count, token, beside)
        pieces = tuple(piece for unit in units for piece in unit)
        all_ends = [end for unit, end in zip(units, ends, strict=True) for _ in unit]
        return self.place_shared(pieces, all_ends, count, token)

    def place_each(
        self, units: list[Pieces], ends: list[str], count: int, token: Token, beside: list[Pieces]
    ) -> list[Run]:
        """Return count points on each unit; places named beside them ("and the nose tip") take one each."""
        places = [unit for unit in units if all(isinstance(piece, Place) for piece in unit)]
        single = [unit for unit in places if unit not in beside]
        if single and count > 1:
            if len(single) == len(units):
                raise MistakeError(
                    "count", f"{count} points at one place", token.span, "1 point for each, or a part with a curve"
                )
            if not all(self.registry.parts[piece.part].is_point for unit in single for piece in unit):
                raise MistakeError("count", f"{count} points at one place", token.span)
            self.notes.append("parts of one point take one point each")
        runs: list[Run] = []
        for unit, end in zip(units, ends, strict=True):
            if all(isinstance(piece, Place) for piece in unit):
                runs += [make_run(piece, 1, self.registry) for piece in unit]
            else:
                runs += self.share_unit(unit, [end] * len(unit), count)
        return runs

    def place_shared(self, pieces: Pieces, ends: list[str], count: int, token: Token) -> list[Run]:
        places = [piece for piece in pieces if isinstance(piece, Place)]
        if len(places) == len(pieces) and count != len(pieces):
            if count < len(pieces) and all(self.registry.parts[p.part].is_point for p in places):
                return self.share_unit(pieces, ends, count)
            what = "place" if len(pieces) == 1 else "places"
            raise MistakeError(
                "count", f"that names {len(pieces)} {what}, not {count} points", token.span, f"{len(pieces)}"
            )
        return self.share_unit(pieces, ends, count)

    def share_unit(self, pieces: Pieces, ends: Sequence[str], count: int) -> list[Run]:
        """Return count points shared over pieces in proportion to the unified layout's points."""
        if len(pieces) == 1:
            return [self.run_of(pieces[0], count, ends[0])]
        weights = [max(1, len(find_unified(piece, self.registry))) for piece in pieces]
        caps = [1 if isinstance(piece, Place) else None for piece in pieces]
        runs = []
        for piece, number, end in zip(pieces, share(count, weights, caps), ends, strict=True):
            if number:
                runs.append(self.run_of(piece, number, end))
            else:
                self.notes.append(f"the {piece.part} gets no point: there are fewer points than parts")
        if len(pieces) > 1 and not all(isinstance(p, Place) for p in pieces):
            each = [make_run(piece, count, self.registry) for piece in pieces]
            other = "; ".join(write_run(run, self.registry) for run in each)
            self.notes.append(f"{count} points in all, shared in proportion; for {count} on each: {other}")
        return runs

    def run_of(self, piece: Piece, count: int, ends: str) -> Run:
        if ends == "first" and isinstance(piece, Stretch):
            return CurveRun(piece.part, piece.start, piece.stop, count, "first")
        return make_run(piece, count, self.registry, "neither" if ends == "neither" else "both")

    def check_count(self, token: Token) -> int:
        problem = self.find_count_problem(token)
        if problem is not None:
            raise MistakeError(problem.code, problem.message, problem.span)
        return int(token.value.value)

    def find_count_problem(self, token: Token) -> Problem | None:
        """Return what is wrong with a number of points, if anything."""
        value: Fraction = token.value.value
        if value.denominator != 1:
            return Problem("count", "a number of points is whole", token.span)
        if value <= 0:
            return Problem("count", "a number of points is at least 1", token.span)
        if value > self.limit:
            return Problem("too_many", f"more than {self.limit:,} points", token.span)
        return None

    def place_positions(self, subject: Subject, positions: Positions, clause: Clause) -> list[Run]:
        runs: list[Run] = []
        only_points = all(self.registry.parts[piece.part].is_point for piece in subject.pieces)
        for piece in subject.pieces:
            if isinstance(piece, Place):
                if self.registry.parts[piece.part].is_point and not only_points:
                    runs.append(PlaceRun(piece.part, (piece.fpalp,)))
                    continue
                for token in positions.values:
                    if not only_points or token.value.value != 0:
                        raise MistakeError(
                            "contradiction", "one place has no positions along it", (positions.start, positions.stop)
                        )
                runs.append(PlaceRun(piece.part, (piece.fpalp,) * len(positions.values)))
                continue
            length = piece.stop - piece.start
            places = []
            for token in positions.values:
                check_fpalp(token, token.value.value, 1)
                places.append(piece.start + token.value.value * length)
            runs.append(PlaceRun(piece.part, tuple(places)))
        return runs

    def place_density(self, subjects: list[Subject], density: Density) -> list[Run]:
        factor = density.factor.value
        span = (density.start, density.stop)
        if factor <= 0:
            raise MistakeError("count", "a density is above zero", span)
        runs: list[Run] = []
        for piece in (piece for subject in subjects for piece in subject.pieces):
            if isinstance(piece, Place):
                runs.append(make_run(piece, 1, self.registry))
                continue
            count = count_by_density(piece, factor, self.registry)
            if count > self.limit:
                raise MistakeError("too_many", f"more than {self.limit:,} points", span)
            runs.append(make_run(piece, count, self.registry))
        return runs

    def place_steps(self, subject: Subject, steps: Steps, clause: Clause) -> list[Run]:
        span = (steps.start, steps.stop)
        step = steps.step.value
        if not 0 < step <= 1:
            raise MistakeError("fpalp_range", "a step along a part lies between 0 and 1", span, "a per cent")
        runs: list[Run] = []
        for piece in subject.pieces:
            if isinstance(piece, Place):
                if not self.registry.parts[piece.part].is_point:
                    raise MistakeError("contradiction", "one place has no steps along it", span)
                runs.append(make_run(piece, 1, self.registry))
                continue
            length = piece.stop - piece.start
            size = step if subject.is_literal else step * abs(length)
            number = int(abs(length) / size) + 1
            closed = piece.is_whole and self.registry.parts[piece.part].is_closed
            if closed and abs(length) % size == 0:
                number -= 1
            if number > self.limit:
                raise MistakeError("too_many", f"more than {self.limit:,} points", span)
            stop = piece.start + (number - 1) * (size if length >= 0 else -size)
            runs.append(
                CurveRun(piece.part, piece.start, stop, number) if number > 1 else PlaceRun(piece.part, (piece.start,))
            )
        return runs

    def place_segments(self, subjects: list[Subject], segments: Segments) -> list[Run]:
        span = (segments.start, segments.stop)
        count = self.check_count(Token("COUNT", segments.count, *span))
        runs: list[Run] = []
        for piece in (piece for subject in subjects for piece in subject.pieces):
            if isinstance(piece, Place):
                raise MistakeError("contradiction", "one place cannot be divided", span)
            closed = piece.is_whole and self.registry.parts[piece.part].is_closed
            runs.append(make_run(piece, count if closed else count + 1, self.registry))
        return runs

    def place_pixels(self, subjects: list[Subject], pixels: Pixels) -> list[Run]:
        span = (pixels.start, pixels.stop)
        if pixels.step.value <= 0:
            raise MistakeError("count", "a distance is above zero", span)
        runs: list[Run] = []
        for owner, piece in [(subject, piece) for subject in subjects for piece in subject.pieces]:
            if isinstance(piece, Place):
                raise MistakeError("contradiction", "one place has no distances along it", span)
            closed = piece.is_whole and self.registry.parts[piece.part].is_closed
            ends: Ends = "first" if closed or owner.ends == "first" else "both"
            runs.append(CurveRun(piece.part, piece.start, piece.stop, None, ends, "arc", pixels.step.value))
        return runs

    def order(self, clause: Clause, subjects: list[Subject], runs: list[Run]) -> list[Run]:
        """Apply starts, directions, reversals, "every other" and "the first point"."""
        has_range = any(subject.is_range for subject in subjects)
        if clause.origin is not None:
            runs = [self.start_at(run, clause) for run in runs]
        elif clause.turn is not None and not has_range:
            runs = [self.turn_run(run, clause.turn) for run in runs]
        if clause.is_reversed:
            runs = [reverse_run(run) for run in reversed(runs)]
        if clause.nth is not None:
            runs = keep_every(runs, clause.nth.value)
        if clause.picks:
            runs = self.pick(clause, runs)
        return runs

    def turn_run(self, run: Run, turn: Token) -> Run:
        if not isinstance(run, CurveRun):
            raise MistakeError("contradiction", "only a curve has a direction", turn.span)
        part = self.registry.parts[run.part]
        if not part.ends:
            raise MistakeError("contradiction", f"the {run.part} is a line and has no such direction", turn.span)
        rising = turn.value == ("clockwise" if part.is_closed else "counter_clockwise")
        if rising == (run.stop >= run.start):
            return run
        if run.ends == "first":
            return replace(run, start=Fraction(1), stop=Fraction(0))
        return reverse_run(run)

    def start_at(self, run: Run, clause: Clause) -> Run:
        """Start a whole closed curve at a named place, in the direction asked."""
        origin = clause.origin
        assert origin is not None
        span = (origin.start, origin.stop)
        if not isinstance(run, CurveRun) or run.ends != "first":
            raise MistakeError("syntax", "'from' needs a 'to' here", span)
        if isinstance(origin.end, Token):
            check_fpalp(origin.end, origin.end.value.value, 1)
            start = origin.end.value.value
        else:
            carrier = clause.members[0].phrase
            phrase = origin.end
            if not has_base(phrase):
                phrase = complete(phrase, phrase, carrier, span) if carrier is not None else phrase
            if all(w.kind in ("SIDE",) for w in origin.end.words):
                part = self.registry.parts[run.part]
                start = part.ends[origin.end.groups[0].words[0].value]
            else:
                target = self.phrases.resolve(phrase)
                places = [p for p in target.pieces if p.part == run.part and isinstance(p, Place)]
                if len(places) != 1 or (
                    len(target.pieces) != len(places) and len(clause.members) == 1 and len(places) != 1
                ):
                    raise MistakeError("contradiction", f"that is no one place on the {run.part}", span)
                start = places[0].fpalp
        falling = clause.turn is not None and clause.turn.value == "counter_clockwise"
        if falling:
            return replace(run, start=start + 1, stop=start)
        return replace(run, start=start, stop=start + 1)

    def pick(self, clause: Clause, runs: list[Run]) -> list[Run]:
        picked: list[Run] = []
        for token in clause.picks:
            index = {"first": 0, "last": -1}.get(token.value) if isinstance(token.value, str) else token.value - 1
            if index is None:
                raise MistakeError("ambiguous", "which point is that?", token.span, "'middle of ...' for one point")
            run = pick_index(runs, index)
            if run is None:
                raise MistakeError("count", "there are not so many points", token.span)
            picked.append(run)
        return picked
