"""From the chunks of a sentence to clauses: which count goes with which names.

People put the pieces in any order ("left eye 6", "6 on the left eye", "left eye and nose: 6 each"), so the pieces
between two separators form a chunk first, and chunks join to clauses: what is counted together.
"""

from __future__ import annotations

from collections.abc import Sequence

from .apposition import merge_appositions
from .chunks import Chunk, has_base, is_quantity, is_target, split_chunks
from .clauses import Clause, Removal, absorb, join, make_clause, prepend, two_counts
from .counters import turn_counters
from .syntax import Group, Phrase, Positions, Sentence
from .targets import MistakeError
from .tokens import Token


class ClauseBuilder:
    """Joins the chunks of a sentence to clauses and removals, in the order of the text."""

    def __init__(self) -> None:
        self.parts: list[Clause | Removal] = []
        self.pending: list[tuple[Chunk, Clause]] = []
        self.open: Clause | None = None
        self.last_removal: Removal | None = None
        self.joined: list[Clause] = []

    def build(self, sentence: Sentence) -> list[Clause | Removal]:
        """Return the clauses and removals of one sentence.

        Raises:
            MistakeError: A count stands with no name, or with two, or the pieces fit in no order.
        """
        chunks = merge_appositions(turn_counters([c for c in split_chunks(sentence) if c.pieces]))
        for index, chunk in enumerate(chunks):
            following = chunks[index + 1] if index + 1 < len(chunks) else None
            self.add(chunk, following, is_last=following is None)
        self.flush()
        self.parts.sort(key=lambda part: part.start)
        return self.parts

    def add(self, chunk: Chunk, following: Chunk | None, is_last: bool) -> None:
        if chunk.is_removal:
            self.add_removal(chunk)
            return
        quantities = chunk.quantities
        if (
            self.last_removal is not None
            and chunk.has_target
            and not quantities
            and chunk.separator in ("AND", "COMMA")
        ):
            clause = make_clause(chunk)
            self.last_removal.members += clause.members
            self.last_removal.picks += clause.picks
            self.last_removal.joined += [True] * len(clause.members)
            self.last_removal.stop = chunk.stop
            return
        if chunk.has_target and not chunk.is_dependent:
            self.last_removal = None
            if quantities:
                self.add_complete(chunk, is_last)
            else:
                self.add_name(chunk)
        elif chunk.is_dependent:
            self.add_dependent(chunk, following)
        elif quantities:
            self.add_quantity(chunk, following)
        else:
            self.add_flags(chunk)

    def add_name(self, chunk: Chunk) -> None:
        clause = make_clause(chunk)
        if self.pending and chunk.separator == "COMMA" and takes_ids(self.pending[-1][1], clause):
            return
        if self.pending and chunk.separator == "COMMA" and is_afterthought(self.pending[-1][1], clause):
            home = self.pending[-1][1].members[-1]
            assert home.phrase is not None
            added = clause.members[0].phrase
            assert added is not None
            home.phrase = Phrase((*home.phrase.groups[:-1], Group((*added.words, *home.phrase.groups[-1].words))))
            home.cover(added)
            return
        if (self.open is not None and chunk.separator in ("AND", "COMMA") and can_join(self.open, clause)) or (
            self.open is not None and self.open.quantity is not None and not self.open.members
        ):
            self.joined.append(clause)
            join(self.open, clause)
        else:
            self.open = None
            self.pending.append((chunk, clause))

    def add_complete(self, chunk: Chunk, is_last: bool) -> None:
        clause = make_clause(chunk)
        if self.pending and counts_each(self.pending[-1][1], clause):
            home = self.pending[-1][1]
            clause.members = []
            clause.is_each = True
            absorb(home, clause)
            self.flush()
            self.open = None
            return
        first = next(p for p in chunk.pieces if is_target(p) or is_quantity(p))
        if is_target(first):
            waiting = self.pending
            joins = [c.separator for c, _ in waiting[1:]] + [chunk.separator]
            if waiting and (clause.is_each or clause.is_total or chunk.separator == "AND"):
                self.pending = []
                for _, name in reversed(waiting):
                    prepend(clause, name)
            elif waiting and is_last and not self.parts and "AND" not in joins and isinstance(clause.quantity, Token):
                span = (waiting[0][1].start, chunk.stop)
                raise MistakeError(
                    "ambiguous",
                    "does the number count all of them, or only the last?",
                    span,
                    "a number for each, or 'each' or 'in total'",
                )
            self.flush()
            self.parts.append(clause)
            self.open = None
        else:
            self.flush()
            self.parts.append(clause)
            self.open = clause
            self.joined = []

    def add_dependent(self, chunk: Chunk, following: Chunk | None) -> None:
        """A range without a part belongs to the name before it, else to the one after."""
        clause = make_clause(chunk)
        home: Clause | None = None
        if self.pending:
            home = self.pending[-1][1]
        elif self.open is not None:
            home = self.open
        elif self.parts and isinstance(self.parts[-1], Clause) and not (following and following.has_target):
            home = self.parts[-1]
        if home is not None and home.members and home.members[-1].range is None and home.members[-1].phrase is not None:
            home.members[-1].range = clause.members[0].range
            home.members[-1].stop = max(home.members[-1].stop, clause.stop)
            home.members[-1].start = min(home.members[-1].start, clause.start)
            home.stop = max(home.stop, clause.stop)
            absorb(home, clause)
        elif following is not None and following.has_target:
            following.pieces[:0] = chunk.pieces
            following.separator = chunk.separator
        else:
            self.pending.append((chunk, clause))

    def add_quantity(self, chunk: Chunk, following: Chunk | None) -> None:
        clause = make_clause(chunk)
        if self.pending:
            waiting, self.pending = self.pending, []
            for _, name in reversed(waiting):
                prepend(clause, name)
            self.parts.append(clause)
            self.open = None
        elif self.open is not None and self.open.quantity is None and self.open.members:
            absorb(self.open, clause)
        elif following is not None and following.has_target and not following.quantities:
            self.flush()
            self.parts.append(clause)
            self.open = clause
            self.joined = []
        elif self.last_clause is not None and self.last_clause.quantity is None:
            absorb(self.last_clause, clause)
        elif self.open is not None and self.detach_joined(clause):
            self.parts.append(clause)
            self.open = None
        elif self.last_clause is not None and following is None:
            raise two_counts(self.last_clause.quantity, clause.quantity)
        else:
            self.parts.append(clause)
            self.open = clause

    def detach_joined(self, clause: Clause) -> bool:
        """Give a count the name before it, which had joined an earlier count ("3 on the nose and lips, 12 points")."""
        waiting, self.joined = self.joined, []
        if self.open is None or len(waiting) != 1 or clause.is_total or has_flags(waiting[0]):
            return False
        joined = waiting[0]
        if len(joined.members) != 1 or len(self.open.members) < 2 or self.open.members[-1] is not joined.members[0]:
            return False
        self.open.members.pop()
        prepend(clause, joined)
        return True

    def add_flags(self, chunk: Chunk) -> None:
        clause = make_clause(chunk)
        if self.pending:
            absorb(self.pending[-1][1], clause)
        elif self.last_clause is not None:
            absorb(self.last_clause, clause)
        elif has_flags(clause):
            self.open = clause
            self.parts.append(clause)

    @property
    def last_clause(self) -> Clause | None:
        return next((part for part in reversed(self.parts) if isinstance(part, Clause)), None)

    def add_removal(self, chunk: Chunk) -> None:
        clause = make_clause(Chunk(chunk.separator, chunk.pieces[1:]))
        positions = clause.quantity if isinstance(clause.quantity, Positions) and clause.members else None
        if positions is None and clause.quantity is not None:
            span = (clause.quantity.start, clause.quantity.stop)
            raise MistakeError("syntax", "a number of points cannot be left out; name the places", span)
        if clause.nth is not None:
            raise MistakeError("ambiguous", "every so many points of what is left, or left out?", clause.nth.span)
        if not clause.members and not clause.picks:
            raise MistakeError("no_part", "leave out what? name a part or a place", (chunk.start, chunk.stop))
        joined = [False] * len(clause.members)
        self.last_removal = Removal(clause.members, chunk.start, chunk.stop, clause.picks, joined, positions)
        self.parts.append(self.last_removal)
        for _, name in self.pending:
            name.is_each = name.is_each or clause.is_each

    def flush(self) -> None:
        """Give every name that waits a clause of its own."""
        for _, clause in self.pending:
            self.parts.append(clause)
        self.pending = []


def takes_ids(clause: Clause, other: Clause) -> bool:
    """Join "300W, points 49 to 60" and "landmark 9, 300W": a layout and its ids on both sides of a comma."""
    if len(clause.members) != 1 or len(other.members) != 1 or other.quantity is not None:
        return False
    home, added = clause.members[0], other.members[0]
    if any(m.phrase or m.range or m.inner or m.parity or m.all_points for m in (home, added)):
        return False
    if (home.layout is None) == (added.layout is None) or bool(home.ids) == bool(added.ids):
        return False
    if (home.layout is None) == (not home.ids):
        return False
    home.layout = home.layout or added.layout
    home.ids += added.ids
    home.start, home.stop = min(home.start, added.start), max(home.stop, added.stop)
    absorb(clause, Clause(start=other.start, stop=other.stop, is_reversed=other.is_reversed, nth=other.nth))
    return True


def is_afterthought(name: Clause, clause: Clause) -> bool:
    """Whether a side alone only says which one was meant before it ("eyebrow, left, 5 points")."""
    if len(clause.members) != 1 or clause.members[0].phrase is None or not name.members:
        return False
    asked = name.members[-1].phrase
    words = list(clause.members[0].phrase.words)
    if asked is None or asked is name.members[-1].label or name.members[-1].label is not None or not has_base(asked):
        return False
    return all(w.kind in ("SIDE", "JOIN") for w in words) and not any(w.kind == "SIDE" for w in asked.words)


def counts_each(name: Clause, clause: Clause) -> bool:
    """Whether a count "per eye" only says how to count the name before it ("eyes, 20 points per eye")."""
    if len(name.members) != 1 or len(clause.members) != 1 or name.quantity is not None:
        return False
    asked, counted = name.members[0].phrase, clause.members[0].phrase
    if asked is None or counted is None or not any(w.kind == "EACH_OF" and w.value == "each" for w in counted.words):
        return False
    if any(w.kind == "SIDE" for w in counted.words):
        return False
    return features_of(asked) == features_of(counted)


def features_of(phrase: Phrase) -> set[str]:
    return {w.value for w in phrase.words if w.kind in ("NOUN", "LEVEL", "DEPTH")}


def can_join(clause: Clause, other: Clause) -> bool:
    """Whether a further name shares the count of a clause ("15 points on the left eye and the nose")."""
    if clause.quantity is None or not clause.members:
        return clause.quantity is not None
    return other.same is None and not has_order(other)


def has_order(clause: Clause) -> bool:
    return bool(clause.nth or clause.picks)


def has_flags(clause: Clause) -> bool:
    return bool(
        clause.is_each or clause.is_total or clause.is_strict or clause.is_reversed or clause.turn or clause.nth
        or clause.picks or clause.origin or clause.same
    )  # fmt: skip


def build_clauses(sentences: Sequence[Sentence]) -> list[Clause | Removal]:
    """Return the clauses and removals of an instruction; a sentence that holds only a count joins its neighbour.

    Raises:
        MistakeError: The pieces of a sentence fit in no order.
    """
    parts: list[Clause | Removal] = []
    waiting: list[Clause] = []
    for sentence in sentences:
        found = ClauseBuilder().build(sentence)
        idle = [part for part in found if isinstance(part, Clause) and not part.members and part.same is None]
        named = [part for part in found if part not in idle]
        if named:
            first = next((part for part in named if isinstance(part, Clause)), None)
            for clause in waiting:
                if first is not None:
                    absorb(first, clause)
            waiting = []
            parts += named
        for clause in idle:
            earlier = [part for part in parts if isinstance(part, Clause)]
            if not earlier:
                waiting.append(clause)
            elif clause.is_each and clause.quantity is not None:
                for part in [p for p in earlier if p.quantity is None] or earlier[-1:]:
                    absorb(part, clause)
            else:
                absorb(earlier[-1], clause)
    if waiting:
        parts += waiting
    return parts
