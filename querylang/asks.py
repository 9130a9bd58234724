"""Asks: regions with the amounts that bind to them, and the clauses they are made of.

The stages of `discourse.py` work on one `Draft`: `clauses` fills it, `owners` and `headings` say what lies on what,
`amounts` say how many points go where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, takewhile

from .concept_data import Thing, Unit
from .concepts import Op
from .entries import Entry
from .joining import OTHER, is_side
from .lattice import Lattice
from .meaning import NO_NAME, Item, MistakeError, Phrase
from .pieces import Patch, Piece
from .rules import Rules
from .words import Lexeme

AMOUNTS = (
    "count", "density", "as_many", "positions", "every", "pixels", "segments", "grid", "nth", "pick", "strict", "total",
    "each",
)  # fmt: skip
WAY = ("range", "reverse", "turn", "origin", "strict")
"""What an item says of how its points run, besides where they lie."""
LINES = frozenset({"line", "bullet"})
BREAKS = LINES | {"stop"}
"""Separators after which a line begins, or a line or a sentence."""


@dataclass(eq=False)
class Clause:
    """A clause of the instruction.

    Attributes:
        item: What it says.
        start, stop: Its nodes.
        sentence: Number of its sentence.
        before: The separators before it.
        is_removal: It says what is taken away from all before it.
    """

    item: Item
    start: int
    stop: int
    sentence: int
    before: frozenset[str]
    is_removal: bool = False

    @property
    def phrase(self) -> Phrase:
        """What it names; `NO_NAME` where it names nothing."""
        return self.item.phrase or NO_NAME

    @property
    def thing(self) -> Thing:
        """What its name means."""
        return self.phrase.thing

    @property
    def is_named(self) -> bool:
        return self.item.phrase is not None


@dataclass(eq=False)
class Ask(Clause):
    """A region that is asked for.

    Attributes:
        leads: Its amount stands before its name.
        amount: What binds to it: its own item, or that of the group it shares with.
        group: Asks with the same number share one amount.
        weave: Asks with the same number are laid out part by part ("top and bottom of each eye").
        is_header: It only names what the items after its colon lie on.
        is_narrower: It named no part of its own ("upper edge").
        is_owned: It lies on a part that another item named.
        is_located: Its name stands at the start of a sentence, behind "on" or "for".
        follows_break: Its line began with a clause that asks for nothing ("both: ...").
        is_apart: Its amount is its own, and shared by nothing beside it.
        source: What it repeats on the other side, with its amount.
        like: What it repeats in its manner, whatever its amount.
        first: Names the side that comes first.
        units: The units, once it is known whose left is left.
    """

    leads: bool = False
    amount: Item = field(default_factory=Item)
    group: int = -1
    weave: int = -1
    is_header: bool = False
    is_narrower: bool = False
    is_owned: bool = False
    is_located: bool = False
    follows_break: bool = False
    is_apart: bool = False
    source: Ask | None = None
    like: Ask | None = None
    first: Phrase = NO_NAME
    units: tuple[Unit, ...] = ()

    @property
    def pieces(self) -> list[Piece]:
        """The pieces of its units."""
        return [piece for unit in self.units for piece in unit.pieces]

    @property
    def parts(self) -> set[str]:
        """The parts that they lie on."""
        return {piece.part for piece in self.pieces}

    @property
    def is_place(self) -> bool:
        """Whether it is a place, or several: a count of others is none of theirs."""
        return self.item.range is None and bool(self.units) and all(unit.is_place for unit in self.units)

    @property
    def is_spot(self) -> bool:
        """Whether it is places on surfaces: "the left cheek at (0.3, 0.6)", "the upper corners of the forehead"."""
        patches = [piece for piece in self.pieces if isinstance(piece, Patch)]
        are_spots = self.item.has_numbers or all(patch.spot for patch in patches)
        return bool(patches) and len(patches) == len(self.pieces) and are_spots

    @property
    def is_rel(self) -> bool:
        """Whether it names a place of some part: "corners"."""
        return self.phrase.is_free and [op[0] for op in self.phrase.ops[:1]] == ["rel"]

    @property
    def is_stretch(self) -> bool:
        """Whether points can be spread over it."""
        if self.item.is_layout or self.is_spot:
            return False
        return self.item.range is not None or any(not unit.is_place or unit.stretch for unit in self.units)

    def become(self, phrase: Phrase, **changes: bool) -> None:
        """Let its name be what it was found to mean."""
        self.item = replace(self.item, phrase=phrase)
        for name, value in changes.items():
            setattr(self, name, value)


@dataclass(eq=False)
class Loose(Clause):
    """A clause without a region: an amount or a manner that binds to asks.

    Attributes:
        at: The index of the ask after it.
        of: The asks that it is said of, where a heading says so.
    """

    at: int = 0
    of: tuple[Ask, ...] = ()


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
        ids_from: The first id of a layout, where nothing is said of it.
        keeps_all: What is said again is asked again, as another reading.
        is_shortened: Something was asked once that could be asked again.
    """

    entries: Sequence[Entry]
    lattice: Lattice
    rules: Rules
    asks: list[Ask] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ids_from: int = 1
    keeps_all: bool = False
    is_shortened: bool = False

    def span(self, first: Clause | Entry, last: Clause | Entry | None = None) -> tuple[int, int]:
        """Return the place in the text of a clause, or of two and what is between them."""
        last = last or first
        return self.lattice.span(min(first.start, last.start), max(first.stop, last.stop))

    def words(self, first: Clause | Entry, last: Clause | Entry | None = None) -> str:
        """Return the words of a clause, or of two and what is between them."""
        return self.lattice.text[slice(*self.span(first, last))].rstrip(":").strip()

    def mistake(self, code: str, message: str, clause: Clause | Entry, suggestion: str | None = None) -> MistakeError:
        """Return the mistake that lies in the words of a clause."""
        return MistakeError(code, message, self.span(clause), suggestion)

    def list_kinds(self, ask: Clause | Entry) -> set[str]:
        """Return the categories of all readings of a clause's words."""
        return {edge.category for node in self.lattice.edges[ask.start : ask.stop] for edge in node}

    def list_beside(self, ask: Clause | Entry, count: int) -> tuple[list[Lexeme], list[Lexeme]]:
        """Return so many lexemes before a clause, and its last one with the one behind it."""
        lexemes, nodes = self.lattice.lexemes, self.lattice.nodes
        first, stop = nodes[ask.start], nodes[ask.stop] if ask.stop < len(nodes) else len(lexemes)
        return list(lexemes[max(0, first - count) : first]), list(lexemes[stop - 1 : stop + 1])

    def list_lexemes(self, ask: Clause | Entry) -> list[Lexeme]:
        """Return what an ask is said by."""
        nodes, lexemes = self.lattice.nodes, self.lattice.lexemes
        start, stop = (nodes[at] if at < len(nodes) else len(lexemes) for at in (ask.start, ask.stop))
        return list(lexemes[start:stop])

    def ends_owning(self, clause: Clause | Entry) -> bool:
        """Whether the last word of a clause is a possessive: "... and the right eye's"."""
        return any(one.is_possessive for one in self.list_lexemes(clause)[-1:])

    def find_own(self, index: int) -> list[Loose]:
        """Return the amounts that stand right behind an ask."""
        sentence = self.asks[index].sentence
        return [one for one in self.loose if one.at == index + 1 and one.item.has_amount and one.sentence == sentence]

    def drop(self, index: int) -> None:
        """Take an ask out; what stands between two others still does."""
        del self.asks[index]
        for loose in self.loose:
            loose.at -= loose.at > index

    def has_amount(self, index: int) -> bool:
        """Whether an ask says an amount, or one stands right behind it."""
        return self.asks[index].item.has_amount or bool(self.find_own(index))

    def starts_line(self, index: int) -> bool:
        """Whether an ask is the first of a line or a sentence."""
        ask = self.asks[index]
        is_new = ask.follows_break or bool(ask.before & LINES)
        return index == 0 or is_new or ask.sentence != self.asks[index - 1].sentence

    def ends_line(self, index: int) -> bool:
        """Whether an ask is the last of a line or a sentence."""
        return index + 1 == len(self.asks) or self.starts_line(index + 1)

    def number_lines(self) -> list[int]:
        """Return the number of each ask's line or sentence."""
        return [*accumulate(map(self.starts_line, range(len(self.asks))))]

    def line_before(self, index: int) -> list[Ask]:
        """Return the asks before one on its line."""
        start = index
        while not self.starts_line(start):
            start -= 1
        return self.asks[start:index]

    def opens_list(self, index: int) -> bool:
        """Whether an ask stands bare before a colon, or above bullets."""
        if index + 1 >= len(self.asks) or self.asks[index].item.has_amount:
            return False
        ask, later = self.asks[index : index + 2]
        if any(one.at == index + 1 and one.sentence != ask.sentence for one in self.loose):
            # "The chin; 24 points - 12 on the eyes, 12 on the lips."
            return False
        if "colon" in later.before and later.before & BREAKS:
            # "First: the chin. Second: the tip": its colon stands right behind a heading.
            return self.lattice.has_colon(ask.stop) or self.lattice.has_colon(ask.stop - 1)
        if "colon" in later.before or "bullet" not in later.before or "also" in later.before:
            return "colon" in later.before
        lines = (one.before & LINES for one in self.asks[index::-1])
        return "bullet" not in next((marks for marks in lines if marks), ()) or self.is_deeper(later, ask)

    def stands_above(self, index: int) -> bool:
        """Whether an ask, whatever its number, stands before a colon, or on a line of its own above bullets."""
        ask, later = self.asks[index : index + 2]
        is_above = "bullet" in later.before and "bullet" not in ask.before and self.starts_line(index)
        return "colon" in later.before or is_above

    def is_deeper(self, later: Clause, clause: Clause) -> bool:
        """Whether a line stands under another one: "1. Left eye\n   - inner corner\n   - outer corner"."""
        indents, marks = [], []
        for one in (clause, later):
            text, at = self.lattice.text, self.span(one)[0]
            before = text[text.rfind("\n", 0, at) + 1 : at]
            indents.append(len(before) - len(before.lstrip()))
            marks.append(before.strip()[:1].isalnum())
        return indents[1] > indents[0] or (marks == [True, False] and indents[0] == indents[1])


def only(item: Item, names: Sequence[str]) -> Item:
    """Return an item with the named fields alone."""
    return Item(**{name: getattr(item, name) for name in names})


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


def list_alike(asks: Sequence[Ask], last: Ask) -> list[Ask]:
    """Return those at the end of a list, the nearest first, whose way is that of the ask behind them, too."""
    return list(takewhile(lambda ask: goes_alike(ask, last), reversed(asks)))


def goes_alike(ask: Ask, last: Ask) -> bool:
    """Whether a range said behind a list is that of one of it, too: they are of one kind, and of one sentence."""
    is_stretch = ask.is_named and not (ask.is_removal or ask.thing.is_place or ask.phrase.is_free)
    is_near = ask.sentence == last.sentence and bool(last.before & {"comma", "and"})
    return is_stretch and is_near and ask.item.range is None and ask.phrase.ops[:1] == last.phrase.ops[:1]
