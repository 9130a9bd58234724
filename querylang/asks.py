"""Asks: regions with the amounts that bind to them, and the clauses they are made of.

The stages of `discourse.py` work on one `Draft`: `clauses` fills it, `owners` and `headings` say what lies on what,
`amounts` say how many points go where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .chart import Entry
from .concept_data import Unit
from .concepts import Op
from .lattice import Lattice
from .meaning import Item, Phrase
from .pieces import Piece
from .rules import Rules

AMOUNTS = (
    "count", "density", "as_many", "positions", "every", "pixels", "segments", "grid", "nth", "pick", "strict", "total",
    "each",
)  # fmt: skip
MANNERS = (
    "spacing", "reverse", "turn", "origin", "shape", "faces", "approx", "zero", "frame", "only", "late", "visible",
)  # fmt: skip
WHOLE_FACE = "face"
"""The concept of all parts."""
OTHER = {"left": "right", "right": "left"}


@dataclass
class Ask:
    """A region that is asked for.

    Attributes:
        item: What its clause says.
        start, stop: Its nodes.
        sentence: Number of its sentence.
        before: The separators before it.
        leads: Its amount stands before its name.
        is_removal: It is taken away from all before it.
        amount: What binds to it: its own item, or that of the group it shares with.
        group: Asks with the same number share one amount.
        weave: Asks with the same number are laid out part by part ("top and bottom of each eye").
        is_header: It only names what the items after its colon lie on.
        is_narrower: It named no part of its own ("upper edge").
        is_owned: It lies on a part that another item named.
        is_located: Its name stands at the start of a sentence, behind "on" or "for".
        source: What it repeats on the other side.
        first: Names the side that comes first.
        units: The units, once it is known whose left is left.
    """

    item: Item
    start: int
    stop: int
    sentence: int
    before: tuple[str, ...]
    leads: bool = False
    is_removal: bool = False
    amount: Item = field(default_factory=Item)
    group: int = -1
    weave: int = -1
    is_header: bool = False
    is_narrower: bool = False
    is_owned: bool = False
    is_located: bool = False
    source: Ask | None = None
    first: Phrase | None = None
    units: tuple[Unit, ...] = ()

    @property
    def phrase(self) -> Phrase | None:
        return self.item.phrase

    @property
    def pieces(self) -> list[Piece]:
        """The pieces of its units."""
        return [piece for unit in self.units for piece in unit.pieces]

    @property
    def is_place(self) -> bool:
        """Whether it is a place, or several: a count of others is none of theirs."""
        return self.item.range is None and bool(self.units) and all(unit.is_place for unit in self.units)

    @property
    def is_stretch(self) -> bool:
        """Whether points can be spread over it."""
        if self.item.is_layout:
            return False
        if self.item.range is not None:
            return True
        return self.phrase is not None and any(not unit.is_place or unit.stretch for unit in self.units)


@dataclass
class Loose:
    """A clause without a region: an amount or a manner that binds to asks."""

    item: Item
    start: int
    stop: int
    sentence: int
    before: tuple[str, ...]
    at: int
    is_removal: bool = False


@dataclass
class Draft:
    """One instruction while its clauses are bound to each other.

    Attributes:
        entries: The entries of the chart.
        lattice: Their words.
        rules: The grammar.
        asks: The regions asked for so far, in order.
        loose: The clauses without a region.
        notes: What the answer says about the readings chosen.
    """

    entries: Sequence[Entry]
    lattice: Lattice
    rules: Rules
    asks: list[Ask] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def span(self, ask: Ask) -> tuple[int, int]:
        """Return the place of an ask's words in the text."""
        return self.lattice.span(ask.start, ask.stop)

    def words(self, start: int, stop: int) -> str:
        """Return the words between two nodes."""
        return self.lattice.words(start, stop).rstrip(":").strip()

    def has_own(self, index: int) -> bool:
        """Whether an amount stands right behind an ask."""
        return any(
            one.at == index + 1
            and one.item.has_amount
            and one.sentence == self.asks[index].sentence
            and not one.is_removal
            for one in self.loose
        )


def only(item: Item, names: Sequence[str]) -> Item:
    """Return an item with the named fields alone."""
    return Item(**{name: getattr(item, name) for name in names})


def is_side(op: Op) -> bool:
    return bool(op[0] == "adj" and op[1][0][0] == "side")


def find_side(ops: Sequence[Op]) -> Op | None:
    """Return the operation that names one side, None where there is none or several."""
    found = [op for op in ops if is_side(op) and len(op[1]) == 1]
    return found[0] if found else None


def is_end(op: Op) -> bool:
    return bool(op[0] == "adj" and op[1][0][0] == "end")


def flip(op: Op, *, ends: bool = False) -> Op:
    """Return an operation with the other side, or with the other end too ("left corner of the mouth")."""
    if op[0] == "portion":
        return (op[0], op[1], OTHER.get(op[2], op[2]), OTHER.get(op[3], op[3]))
    if not (is_side(op) or (ends and is_end(op))):
        return op
    return (
        "adj",
        tuple((kind, OTHER.get(viewer, viewer), OTHER.get(subject, subject)) for kind, viewer, subject in op[1]),
    )


def find_phrases(item: Item) -> list[Phrase]:
    """Return the phrases of an item, those of its range too."""
    ends = (item.range.first, item.range.last) if item.range is not None else ()
    return [phrase for phrase in (item.phrase, *ends) if isinstance(phrase, Phrase)]
