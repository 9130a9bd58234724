"""Clauses: what one count governs, made from the pieces of one chunk or taken over from another clause."""

from __future__ import annotations

from dataclasses import dataclass, field

from .chunks import Chunk, Quantity, is_quantity
from .syntax import (
    Ids,
    Interval,
    Origin,
    Phrase,
    Piece,
    Positions,
    Range,
)
from .targets import MistakeError
from .tokens import Span, Token, cover


@dataclass(slots=True)
class Member:
    """One named thing of a clause, with the range or label that belongs to it."""

    phrase: Phrase | None = None
    label: Phrase | None = None
    range: Range | Interval | None = None
    layout: Token | None = None
    ids: list[Ids] = field(default_factory=list)
    inner: Token | None = None
    parity: Token | None = None
    all_points: Token | None = None
    via: list[Phrase] = field(default_factory=list)
    start: int = 0
    stop: int = 0

    def cover(self, node: Phrase | Range | Interval | Ids | Origin | Token) -> None:
        if self.stop == 0:
            self.start, self.stop = node.start, node.stop
        self.start, self.stop = min(self.start, node.start), max(self.stop, node.stop)

    @property
    def span(self) -> Span:
        return (self.start, self.stop)

    @property
    def is_empty(self) -> bool:
        return not (self.phrase or self.range or self.layout or self.ids or self.inner or self.all_points)


@dataclass(slots=True)
class Clause:
    """What one count governs: members in order, a quantity, and how the points are ordered."""

    members: list[Member] = field(default_factory=list)
    quantity: Quantity | None = None
    is_each: bool = False
    is_total: bool = False
    is_strict: bool = False
    is_reversed: bool = False
    turn: Token | None = None
    origin: Origin | None = None
    nth: Token | None = None
    picks: list[Token] = field(default_factory=list)
    same: Token | None = None
    is_arc: bool = False
    is_joined: bool = False
    is_listed: bool = False
    start: int = 0
    stop: int = 0

    @property
    def span(self) -> Span:
        return (self.start, self.stop)


@dataclass(slots=True)
class Removal:
    """What "except" takes away from everything before it."""

    members: list[Member]
    start: int
    stop: int
    picks: list[Token] = field(default_factory=list)
    joined: list[bool] = field(default_factory=list)
    positions: Positions | None = None

    @property
    def span(self) -> Span:
        return (self.start, self.stop)


def two_counts(first: Quantity | None, second: Quantity | None) -> MistakeError:
    """Return the mistake of two numbers for the same points; its span runs from the one to the other."""
    assert first is not None
    assert second is not None
    span = (min(first.start, second.start), max(first.stop, second.stop))
    return MistakeError("contradiction", "two numbers for the same points", span)


def join(clause: Clause, other: Clause) -> None:
    """Append the members of another clause."""
    clause.members += other.members
    absorb(clause, other)


def prepend(clause: Clause, other: Clause) -> None:
    clause.members[:0] = other.members
    absorb(clause, other)


def absorb(clause: Clause, other: Clause) -> None:
    """Take over the quantity and the flags of another clause.

    Raises:
        MistakeError: Both have a quantity.
    """
    if other.quantity is not None:
        if clause.quantity is not None:
            raise two_counts(clause.quantity, other.quantity)
        clause.quantity = other.quantity
    clause.is_each = clause.is_each or other.is_each
    clause.is_total = clause.is_total or other.is_total
    clause.is_strict = clause.is_strict or other.is_strict
    clause.is_reversed = clause.is_reversed or other.is_reversed
    clause.turn = one_turn(clause.turn, other.turn)
    clause.origin = clause.origin or other.origin
    clause.nth = clause.nth or other.nth
    clause.picks += other.picks
    clause.same = clause.same or other.same
    clause.is_arc = clause.is_arc or other.is_arc
    if other.stop:
        clause.start = min(clause.start, other.start) if clause.stop else other.start
        clause.stop = max(clause.stop, other.stop)


def make_clause(chunk: Chunk) -> Clause:
    """Return the clause of one chunk.

    Raises:
        MistakeError: It holds two names or two counts that nothing joins.
    """
    clause = Clause(is_joined=chunk.separator == "AND", is_listed=chunk.separator in ("AND", "COMMA"))
    if chunk.pieces:
        clause.start, clause.stop = chunk.start, chunk.stop
    member = Member()
    via = False
    for piece in chunk.pieces:
        if is_quantity(piece):
            if clause.quantity is not None:
                raise two_counts(clause.quantity, piece)  # type: ignore[arg-type]
            clause.quantity = piece  # type: ignore[assignment]
        elif isinstance(piece, Token):
            via = add_mark(clause, member, piece, via)
        elif isinstance(piece, Origin):
            clause.origin = piece
        else:
            add_node(member, piece, via)
            via = False
    if not member.is_empty:
        clause.members.append(member)
    return clause


def add_mark(clause: Clause, member: Member, token: Token, via: bool) -> bool:
    kind = token.kind
    if kind == "LAYOUT":
        if member.layout is not None:
            raise MistakeError("contradiction", "two layouts at once", token.span)
        member.layout = token
        member.cover(token)
    elif kind == "ALL_POINTS":
        member.all_points = token
        member.cover(token)
    elif kind == "INNER_POINTS":
        member.inner = token
        member.cover(token)
    elif kind == "PARITY":
        member.parity = token
        member.cover(token)
    elif kind == "EACH":
        clause.is_each = True
    elif kind == "TOTAL":
        clause.is_total = True
    elif kind == "STRICT":
        clause.is_strict = token.value != "inclusive"
    elif kind == "REVERSE":
        clause.is_reversed = not clause.is_reversed
    elif kind == "TURN":
        clause.turn = one_turn(clause.turn, token)
    elif kind == "NTH":
        clause.nth = token
    elif kind == "PICK":
        clause.picks.append(token)
    elif kind == "SAME":
        clause.same = token
    elif kind == "ARC":
        clause.is_arc = True
    elif kind == "VIA":
        return True
    elif kind == "COLON" and member.phrase is not None and member.label is None:
        member.label = member.phrase
    return via


def one_turn(first: Token | None, second: Token | None) -> Token | None:
    """Return which way round it goes, said once or twice.

    Raises:
        MistakeError: It is said both ways.
    """
    if first is not None and second is not None and first.value != second.value:
        raise MistakeError("contradiction", "clockwise and counter-clockwise at once", cover(first, second))
    return first or second


def add_node(member: Member, node: Piece, via: bool) -> None:
    if isinstance(node, Phrase):
        if via and (member.range is not None):
            member.via.append(node)
        elif member.phrase is None or member.label is member.phrase:
            member.phrase = node
        elif member.range is not None:
            member.via.append(node)
        else:
            raise MistakeError(
                "syntax", "two names with nothing between them", (member.phrase.start, node.stop), "'and' between them"
            )
        member.cover(node)
    elif isinstance(node, Range | Interval):
        if member.range is not None:
            raise MistakeError("contradiction", "two ranges at once", (node.start, node.stop))
        member.range = node
        member.cover(node)
    elif isinstance(node, Ids):
        member.ids.append(node)
        member.cover(node)
