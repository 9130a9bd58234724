"""From clauses to runs: names, ranges, layouts, exceptions and counts put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..errors import Problem
from .chunks import has_base
from .clauses import Clause, Member, Removal
from .gaps import GapFiller, borrow, is_face_word, is_middle
from .ids import IdResolver
from .names import Names, Piece, Place, Stretch
from .phrases import PhraseResolver
from .placing import Placer, Subject
from .ranges import RangeResolver, Track, of
from .registry import Registry
from .runs import (
    CurveRun,
    LayoutRun,
    PlaceRun,
    Run,
    pick_index,
    remove_pieces,
    space_by_distance,
)
from .syntax import Phrase
from .targets import MistakeError, Target
from .tokens import Token

MOST_REMOVALS = 2500
"""How many times a run of points may lose a piece in one instruction."""


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
        self.gaps = GapFiller(self.phrases)
        self.placer = Placer(registry, self.phrases, limit)
        self.notes: list[str] = []
        self.total = 0
        self.work = 0

    @property
    def previous(self) -> Clause | None:
        """The last clause that named something."""
        return self.gaps.previous

    def resolve(self, parts: Sequence[Clause | Removal]) -> list[Run]:
        """Return the runs of all clauses, in order, with what is excepted taken out; notes and problems beside."""
        runs: list[Run] = []
        for index, part in enumerate(parts):
            try:
                if isinstance(part, Removal):
                    runs = self.remove(part, runs, index)
                else:
                    self.carry_layout(part)
                    self.gaps.fill_gaps(part, parts[index + 1 :])
                    runs += self.resolve_clause(part)
                    self.gaps.previous = part if part.members else self.previous
            except MistakeError as mistake:
                self.problems.append(mistake.problem)
        self.notes += self.gaps.notes + self.ranges.notes + self.placer.notes
        return runs

    def resolve_clause(self, clause: Clause) -> list[Run]:
        if not clause.members:
            self.read_size(clause)
        subjects = [self.resolve_member(member, clause) for member in clause.members]
        runs = self.placer.order(clause, subjects, self.placer.place(clause, subjects))
        if self.is_arc or clause.is_arc:
            runs = [space_by_distance(run) for run in runs]
        count = sum(run.count or 0 for run in runs)
        self.total += count
        if self.total > self.limit:
            where = clause.quantity or clause
            raise MistakeError("too_many", f"more than {self.limit:,} points", (where.start, where.stop))
        return runs

    def carry_layout(self, clause: Clause) -> None:
        """Read "300W jaw and nose" as both of the layout, where it has points on both."""
        before = self.previous.members[-1] if self.previous is not None and self.previous.members else None
        if before is None or before.layout is None or before.phrase is None or before.ids:
            return
        if not clause.is_listed or clause.quantity is not None or clause.same is not None:
            return
        plain = [m for m in clause.members if m.phrase is not None and not (m.layout or m.range or m.label)]
        layout = self.registry.layouts[before.layout.value]
        parts = {landmark.part for landmark in layout.landmarks}
        if len(plain) < len(clause.members) or not all(has_base(m.phrase) for m in plain if m.phrase is not None):
            return
        known = [m.phrase for m in plain if m.phrase is not None and self.phrases.is_known(m.phrase)]
        pieces = [piece for phrase in known for piece in self.phrases.resolve(phrase).pieces]
        if pieces and all(piece.part in parts for piece in pieces):
            for member in plain:
                member.layout = before.layout
            self.notes.append(f"the whole list is read as points of {layout.title}")

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
            within = None
            if member.range is not None:
                within = self.ranges.resolve(member.range, member.phrase, member.via, clause.turn).units
            subject.runs = self.ids.resolve(member, within)
            self.notes += self.ids.take_notes()
            return subject
        if member.range is not None:
            carrier = member.phrase
            if carrier is not None and is_middle(carrier):
                return self.resolve_middle(subject, member, clause)
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

    def resolve_middle(self, subject: Subject, member: Member, clause: Clause) -> Subject:
        """Return the middle of a range ("the midpoint of the jaw between the chin and the right gonion")."""
        assert member.phrase is not None
        assert member.range is not None
        rest = member.phrase.groups[1:]
        track = self.ranges.resolve(member.range, Phrase(rest) if rest else None, member.via, clause.turn)
        self.notes += track.notes
        pieces = [piece for unit in track.units for piece in unit]
        subject.units = tuple((Place(p.part, (p.start + p.stop) / 2),) for p in pieces if isinstance(p, Stretch))
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
            self.check_work(runs, pieces, removal)
            left = [kept for run in runs for kept in remove_pieces(run, pieces, self.registry)]
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
            runs = [kept for one in runs for kept in remove_pieces(one, [Place(run.part, place)], self.registry)]
        if not runs:
            span = (min(self.first_start, removal.start), removal.stop)
            raise MistakeError("nothing_left", "the exception removes every point", span)
        return runs

    def check_work(self, runs: list[Run], pieces: list[Piece], removal: Removal) -> None:
        """Raise the mistake of exceptions from so many things that they take no sensible time."""
        counts = Counter(piece.part for piece in pieces)
        self.work += sum(counts[run.part] if isinstance(run, CurveRun) else 1 for run in runs)
        if self.work > MOST_REMOVALS:
            raise MistakeError("too_many", "too many exceptions for one instruction", removal.span)

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
