"""From clauses to runs: names, ranges, layouts, exceptions and counts put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ..errors import Problem
from .clauses import Clause, Member, Removal
from .counting import count_by_density, find_unified, make_default, make_run, share
from .ids import IdResolver
from .names import Names, Piece, Pieces, Place, Stretch
from .phrases import MistakeError, PhraseResolver, Target
from .ranges import RangeResolver, Track, check_fpalp, complete, has_base, of, with_side
from .registry import Registry
from .runs import (
    CurveRun,
    LayoutRun,
    PlaceRun,
    Run,
    keep_every,
    pick_index,
    remove_piece,
    reverse_run,
    space_by_distance,
)
from .syntax import Density, Group, Phrase, Pixels, Positions, Segments, Steps
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


class Resolver:
    """Resolves the clauses of one instruction.

    Attributes:
        problems: Mistakes found so far; a clause with one gives no runs.
        notes: What the answer says about the readings chosen.
    """

    def __init__(self, registry: Registry, names: Names, limit: int, ids_from: int, is_arc: bool) -> None:
        self.registry = registry
        self.limit = limit
        self.is_arc = is_arc
        self.phrases = PhraseResolver(names, registry)
        self.ranges = RangeResolver(self.phrases, registry)
        self.ids = IdResolver(registry, self.phrases, ids_from)
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.previous: Clause | None = None
        self.total = 0

    def resolve(self, parts: Sequence[Clause | Removal]) -> list[Run]:
        """Return the runs of all clauses, in order, with what is excepted taken out."""
        runs: list[Run] = []
        for index, part in enumerate(parts):
            try:
                if isinstance(part, Removal):
                    runs = self.remove(part, runs, index)
                else:
                    self.fill_gaps(part, parts[index + 1 :])
                    runs += self.resolve_clause(part)
                    self.previous = part if part.members else self.previous
            except MistakeError as mistake:
                self.problems.append(mistake.problem)
        return runs

    # -- names left out ------------------------------------------------------------------------------------

    def fill_gaps(self, clause: Clause, later: Sequence[Clause | Removal]) -> None:
        """Give names that leave out their part ("and 6 on the right") the part of their neighbours."""
        if clause.same is not None:
            self.repeat_previous(clause)
        for index, member in enumerate(clause.members):
            phrase = member.phrase
            if member.label is not None and phrase is not None and member.label is not phrase:
                member.phrase = self.apply_label(phrase, member.label)
                continue
            if phrase is not None and has_base(phrase):
                member.phrase = self.take_side(phrase, clause, index, later)
            if phrase is None or has_base(phrase) or is_face_word(phrase):
                continue
            if member.layout is not None:
                continue
            source = self.find_source(clause, index, later)
            if source is None:
                if is_each_part(phrase):
                    continue
                raise MistakeError("no_part", "which face part?", member.span)
            member.phrase = borrow(phrase, source)

    def take_side(self, phrase: Phrase, clause: Clause, index: int, later: Sequence[Clause | Removal]) -> Phrase:
        """Give a side to the eyebrow of "left eye and eyebrow", to the first of "upper lid and lower lid of her eye"."""
        if any(w.kind in ("SIDE", "EACH_OF") or (w.kind == "NOUN" and w.is_plural) for w in phrase.words):
            return phrase
        if len(phrase.groups) > 1 or not self.phrases.takes_side(phrase):
            return phrase
        following = [m.phrase for m in clause.members[index + 1 :]]
        if not following and clause.quantity is None and later and isinstance(later[0], Clause) and later[0].is_joined:
            following = [m.phrase for m in later[0].members]
        after = following[0] if following else None
        if after is not None and len(after.groups) > 1 and any(w.kind == "SIDE" for w in after.groups[-1].words):
            whole = Phrase((*phrase.groups, *after.groups[1:]))
            if self.phrases.is_known(whole):
                return whole
        before = clause.members[index - 1].phrase if index else None
        if before is None and clause.is_joined and clause.quantity is None and self.previous is not None:
            before = self.previous.members[-1].phrase if self.previous.members else None
        sides = [w.value for w in before.words if w.kind == "SIDE"] if before is not None else []
        if len(sides) == 1:
            self.notes.append(f"no side was given for the second name: the {sides[0]} one, like the first")
            return with_side(phrase, sides[0])
        return phrase

    def apply_label(self, phrase: Phrase, label: Phrase) -> Phrase:
        """Read "left eye: inner corner" as the inner corner of the left eye."""
        if has_base(phrase):
            return of(phrase, label)
        if all(word.kind in ("SIDE", "LEVEL", "DEPTH", "JOIN", "ONE") for word in phrase.words):
            return borrow(phrase, label)
        return of(phrase, label)

    def find_source(self, clause: Clause, index: int, later: Sequence[Clause | Removal]) -> Phrase | None:
        phrase = clause.members[index].phrase
        only_place = phrase is not None and any(word.kind == "NOUN" for word in phrase.words)
        before = [m.phrase for m in clause.members[:index] if m.phrase is not None and has_base(m.phrase)]
        if before:
            return before[-1]
        labels = [m.label for m in clause.members[: index + 1] if m.label is not None]
        if labels:
            return labels[-1]
        after = [m.phrase for m in clause.members[index + 1 :] if m.phrase is not None and has_base(m.phrase)]
        following = after or [
            m.phrase
            for part in later[:1]
            if isinstance(part, Clause)
            for m in part.members
            if m.phrase is not None and has_base(m.phrase)
        ]
        if only_place and following and len(following[0].groups) > 1:
            return Phrase(following[0].groups[1:])
        if after and not only_place:
            return after[0]
        if self.previous is not None:
            earlier = [
                m.phrase or m.label for m in self.previous.members if m.phrase is not None and has_base(m.phrase)
            ]
            if earlier:
                return earlier[-1]
        for part in later:
            if isinstance(part, Clause) and not only_place:
                found = [m.phrase for m in part.members if m.phrase is not None and has_base(m.phrase)]
                return found[0] if found else None
        return None

    def repeat_previous(self, clause: Clause) -> None:
        """Read "and the same on the right" as the clause before, on the other side."""
        if self.previous is None:
            raise MistakeError("no_part", "the same as what?", clause.same.span if clause.same else clause.span)
        members = clause.members
        earlier = self.previous
        if len(members) > 1:
            raise MistakeError("ambiguous", "the same for which of them?", clause.span)
        if not members:
            raise MistakeError("no_part", "the same where?", clause.span)
        phrase = members[0].phrase
        if phrase is None:
            raise MistakeError("no_part", "the same where?", clause.span)
        if clause.quantity is None:
            clause.quantity = earlier.quantity
        clause.is_each = clause.is_each or earlier.is_each
        clause.is_total = clause.is_total or earlier.is_total
        clause.is_strict, clause.is_reversed = earlier.is_strict, earlier.is_reversed
        clause.nth, clause.picks = clause.nth or earlier.nth, clause.picks or earlier.picks
        if has_base(phrase):
            return
        sides = [word.value for word in phrase.words if word.kind == "SIDE"]
        if len(sides) != 1:
            raise MistakeError("ambiguous", "the same on which side?", clause.span)
        clause.members = [mirror_member(member, sides[0], members[0]) for member in earlier.members]

    # -- one clause ----------------------------------------------------------------------------------------

    def resolve_clause(self, clause: Clause) -> list[Run]:
        if not clause.members:
            self.read_size(clause)
        subjects = [self.resolve_member(member, clause) for member in clause.members]
        runs = self.place(clause, subjects)
        runs = self.order(clause, subjects, runs)
        if self.is_arc or clause.is_arc:
            runs = [space_by_distance(run) for run in runs]
        count = sum(run.count or 0 for run in runs)
        self.total += count
        if self.total > self.limit:
            where = clause.quantity or clause
            raise MistakeError("too_many", f"more than {self.limit:,} points", (where.start, where.stop))
        return runs

    def read_size(self, clause: Clause) -> None:
        """Read a bare "all 68 points" as the layout of that size."""
        if isinstance(clause.quantity, Token) and clause.quantity.value.value.denominator == 1:
            size = int(clause.quantity.value.value)
            names = [
                layout.name
                for layout in self.registry.layouts.values()
                if layout.size == size and layout.name != "unified"
            ]
            if len(names) == 1:
                clause.members = [Member(layout=Token("LAYOUT", names[0], *clause.quantity.span))]
                clause.members[0].start, clause.members[0].stop = clause.span
                clause.quantity = None
                return
        raise MistakeError("no_part", "which face part?", clause.span, "a part, as in '5 points on the left eye'")

    def resolve_member(self, member: Member, clause: Clause) -> Subject:
        subject = Subject(start=member.start, stop=member.stop)
        if member.layout is not None or member.ids or member.inner is not None or member.parity is not None:
            subject.runs = self.ids.resolve(member)
            self.notes += self.ids.take_notes()
            return subject
        if member.range is not None:
            carrier = member.phrase
            track = self.ranges.resolve(member.range, carrier, member.via, clause.turn)
            return self.take_track(subject, track)
        if member.phrase is None:
            assert member.all_points is not None
            target = self.phrases.whole_face(member.all_points)
        else:
            target = self.phrases.resolve(member.phrase)
        self.notes += target.notes
        subject.units, subject.stretches = target.units, target.stretches
        subject.is_each, subject.is_all_face = target.is_each, target.is_all_face
        return subject

    def take_track(self, subject: Subject, track: Track) -> Subject:
        self.notes += track.notes
        subject.units = track.units
        subject.is_range = True
        subject.is_literal, subject.steps_of = track.is_literal, track.steps_of
        if not track.has_first and not track.has_last:
            subject.ends = "neither"
        elif not track.has_last:
            subject.ends = "first"
        elif not track.has_first:
            raise MistakeError("syntax", "an interval may leave out both ends or the last", subject.span)
        return subject

    # -- placing -------------------------------------------------------------------------------------------

    def place(self, clause: Clause, subjects: list[Subject]) -> list[Run]:
        """Return the runs of a clause by its quantity."""
        quantity = clause.quantity
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
        for subject in subjects:
            if is_each and (subject.is_each or clause.is_each):
                found: list[Pieces] = list(subject.units)
            else:
                found = [subject.pieces]
            units += found
            ends += ["neither" if clause.is_strict else subject.ends] * len(found)
        if is_each:
            return self.place_each(units, ends, count, token, any(s.is_all_face for s in subjects))
        pieces = tuple(piece for unit in units for piece in unit)
        all_ends = [end for unit, end in zip(units, ends, strict=True) for _ in unit]
        return self.place_shared(pieces, all_ends, count, token)

    def place_each(self, units: list[Pieces], ends: list[str], count: int, token: Token, is_face: bool) -> list[Run]:
        single = [unit for unit in units if all(isinstance(piece, Place) for piece in unit)]
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
            self.notes.append(f"{count} points in all, shared in proportion; say 'each' for {count} on each")
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
        for piece in (piece for subject in subjects for piece in subject.pieces):
            if isinstance(piece, Place):
                raise MistakeError("contradiction", "one place has no distances along it", span)
            closed = piece.is_whole and self.registry.parts[piece.part].is_closed
            runs.append(
                CurveRun(
                    piece.part, piece.start, piece.stop, None, "first" if closed else "both", "arc", pixels.step.value
                )
            )
        return runs

    # -- order and choice ----------------------------------------------------------------------------------

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

    # -- exceptions ----------------------------------------------------------------------------------------

    def remove(self, removal: Removal, runs: list[Run], index: int) -> list[Run]:
        if not runs:
            if self.problems:
                return runs
            raise MistakeError("no_part", "except from what? name a part first", removal.span)
        before = runs
        for member, joined in zip(removal.members, removal.joined, strict=True):
            pieces = self.removed_pieces(member, runs)
            if removal.positions is not None:
                values = removal.positions.values
                pieces = [
                    Place(piece.part, piece.start + token.value.value * (piece.stop - piece.start))
                    for piece in pieces
                    if isinstance(piece, Stretch)
                    for token in values
                ]
            left = runs
            for piece in pieces:
                left = [kept for run in left for kept in remove_piece(run, piece, self.registry)]
            if left == runs:
                if joined:
                    raise MistakeError(
                        "ambiguous",
                        "is this left out as well, or asked for?",
                        member.span,
                        "a new sentence for what is asked for",
                    )
                self.notes.append("the exception removes no point")
            runs = left
        for token in removal.picks:
            position = {"first": 0, "last": -1}.get(token.value) if isinstance(token.value, str) else token.value - 1
            run = pick_index(before, position if position is not None else 0)
            if run is None or position is None or isinstance(run, LayoutRun):
                raise MistakeError("ambiguous", "which point is left out?", token.span)
            place = run.places[0] if isinstance(run, PlaceRun) else run.start
            runs = [kept for one in runs for kept in remove_piece(one, Place(run.part, place), self.registry)]
        if not runs:
            span = (min(self.first_start, removal.start), removal.stop)
            raise MistakeError("nothing_left", "the exception removes every point", span)
        return runs

    @property
    def first_start(self) -> int:
        return self.previous.start if self.previous is not None else 0

    def removed_pieces(self, member: Member, runs: list[Run]) -> list[Piece]:
        """Return what an exception takes away, as pieces."""
        if member.layout is not None or member.ids or member.parity is not None or member.inner is not None:
            found: list[Piece] = []
            for run in self.ids.resolve(member):
                assert isinstance(run, LayoutRun)
                landmarks = self.registry.layouts[run.layout].landmarks
                found += [Place(landmarks[i - 1].part, landmarks[i - 1].fpalp) for i in run.ids]
            self.notes += self.ids.take_notes()
            return found
        carrier = member.phrase
        if member.range is not None:
            if carrier is None and self.previous is not None and len(self.previous.members) == 1:
                source = self.previous.members[0].phrase
                if source is not None and not range_has_base(member):
                    carrier = source
            track = self.ranges.resolve(member.range, carrier, member.via, None)
            return [piece for unit in track.units for piece in unit]
        if carrier is None:
            raise MistakeError("nothing_left", "everything is left out", member.span)
        if not has_base(carrier) and not is_face_word(carrier):
            sources = [m.phrase for m in self.previous.members if m.phrase is not None] if self.previous else []
            if not sources:
                raise MistakeError("no_part", "on which part is that?", member.span)
            pieces: list[Piece] = []
            only_modifiers = all(w.kind != "NOUN" and w.kind != "PART" for w in carrier.words)
            for source in sources:
                phrase = borrow(carrier, source) if only_modifiers else of(carrier, source)
                pieces += self.phrases.resolve(phrase).pieces
            return pieces
        target: Target = self.phrases.resolve(carrier)
        return list(target.pieces)


def range_has_base(member: Member) -> bool:
    node = member.range
    return any(
        isinstance(end, Phrase) and has_base(end) for end in (getattr(node, "first", None), getattr(node, "last", None))
    )


def is_face_word(phrase: Phrase) -> bool:
    return any(word.kind == "NOUN" and word.value == "face" for word in phrase.words)


def is_each_part(phrase: Phrase) -> bool:
    """Whether a phrase is "each part"."""
    return any(word.kind == "EACH_OF" for word in phrase.words) and any(
        word.kind == "NOUN" and word.value == "part" for word in phrase.words
    )


def borrow(phrase: Phrase, source: Phrase) -> Phrase:
    """Return the source's name with the sides and sorts of a phrase that leaves its noun out."""
    words = [word for word in phrase.words if word.kind != "ONE"]
    kinds = {word.kind for word in words}
    if "NOUN" in kinds or "PART" in kinds:
        return of(phrase, source)
    groups = []
    for group in source.groups:
        kept = tuple(
            w
            for w in group.words
            if w.kind not in ("JOIN", "QUANTITY")
            and not (w.kind in kinds and w.kind in ("SIDE", "LEVEL", "DEPTH", "EACH_OF"))
        )
        if kept:
            groups.append(Group(kept))
    if not groups:
        return phrase
    return Phrase((*groups[:-1], Group((*words, *groups[-1].words))))


def mirror_member(member: Member, side: str, asked: Member) -> Member:
    """Return a member of the clause before on a given side."""
    if member.phrase is None:
        raise MistakeError("ambiguous", "the same of what?", asked.span)
    phrase = Phrase(
        tuple(
            Group(tuple(w for w in g.words if w.kind not in ("SIDE", "JOIN")) or g.words) for g in member.phrase.groups
        )
    )
    copy = Member(phrase=with_side(phrase, side), range=None, via=member.via, start=asked.start, stop=asked.stop)
    if member.range is not None:
        raise MistakeError("ambiguous", "write the range of the other side out", asked.span)
    return copy
