"""The chart: the best readings of every stretch of words, and the cheapest way to cover a text with them.

In: a lattice; out: entries in the order of the text, with the separators before each, and the words that fit
nowhere.  Every reading has a cost; the cheapest cover wins, never the first that was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .lattice import ASIDE, SKIP, Edge, Lattice
from .meaning import Item, Phrase, has_misfit
from .rules import FAULT_COST, Row, Rules

MOST_WORK = 8_000
"""Rules tried for one text; what is longer than any instruction goes on without further readings."""
WIDEST = 22
"""No item holds more words that count than this."""
MOST_READINGS = 2
ENTRY_COST = 3.0
BESIDE_COST = 0.5
"""What it costs that nothing parts an item from the one before it."""
LISTS = frozenset({"IDS_LIST", "IDS_N", "NUMBERS"})
"""Categories of readings that may be as wide as they like."""
UNKNOWN_COST = 100.0
MISFIT_COST = 0.7
GAP_COST = 40.0
HEADING_COST = 9.0
PURPOSE_COST = 4.0
LONGEST_HEADING = 6
PERSON_COST = 4.5
WANTER_COST = 0.2
MANNER_COST = 0.5
"""How something is asked, before a colon."""
FACE_COST = 7.0

SEPARATORS = {
    "AND": "and",
    "COMMA": "comma",
    "STOP": "stop",
    "COLON": "colon",
    "NEWLINE": "line",
    "BULLET": "bullet",
    "BUT": "but",
    "THEN": "then",
    "DASH": "colon",
    "SLASH": "and",
    "ALSO": "also",
    "AS_ON": "as",
}
SEPARATOR_COST = 0.2
STRAY = ASIDE | frozenset({"HEADING", "PRODUCT", "PURPOSE", "DROPPER", "BOUND", "VIEWER"})
"""Categories of words that mean something only in their place, and are strange elsewhere."""
INSIDE = frozenset({"LAYOUT_POINT", "EAR"})
"""Categories of words that never stand by themselves."""
NAMING = frozenset({"NOUN", "ADJ", "REL", "NUMBER", "LAYOUT", "BAD", "CONDITION", "EXCEPT", "EVERYONE", "FACE_CHOICE"})
"""Categories that a purpose may not hold."""
ALONE = {"EXCEPT": 0.5, "BAD": UNKNOWN_COST - 5, "CONDITION": UNKNOWN_COST - 5, "UNKNOWN": UNKNOWN_COST}
"""Categories of words that are entries of their own kind, with their cost."""
TELLS_MORE = frozenset({"EACH", "POSSESSIVE", "PERSON_OWNER", "REF"})
"""Categories of words beside a heading's name that would be lost with the heading, as adjectives and names would."""
OWNERS = frozenset({"FACE_WORD", "POSSESSIVE", "PERSON_OWNER"})
ENDS_HEADING = frozenset({"NUMBER", "CONDITION", "STOP", "NEWLINE", "COMMA"})
ENDS_PURPOSE = frozenset({"STOP", "NEWLINE", "COMMA", "DASH"})

Reading = tuple[float, Any]
Readings = dict[str, list[Reading]]


@dataclass
class Entry:
    """One clause, in the order of the text.

    Attributes:
        kind: "item", "except", "heading", "purpose", "unknown", "bad", "condition" or "gap".
        value: An Item, or what the kind needs.
        start, stop: Its nodes.
        before: The separators between the entry before and this one.
        others: Further readings, with how much dearer each is.
    """

    kind: str
    value: Any
    start: int
    stop: int
    before: frozenset[str] = frozenset()
    others: tuple[tuple[float, Any], ...] = field(default=())


Step = tuple[int, float, Entry | str | None]
"""Where it stops, its cost, and the entry or separator."""


class Chart:
    """All readings of a lattice."""

    def __init__(self, lattice: Lattice, rules: Rules) -> None:
        self.lattice = lattice
        self.rules = rules
        self.size = len(lattice.nodes)
        self.work = 0
        self.purpose_ends: dict[int, int | None] = {}
        self.openings = {0} | {edge.stop for row in lattice.edges for edge in row if edge.category in SEPARATORS}
        self.cells: list[dict[int, Readings]] = [{} for _ in range(self.size + 1)]
        self.skips = [self.find_skips(i) for i in range(self.size + 1)]
        self.fill()

    @property
    def is_cut(self) -> bool:
        """Whether the text has more readings than are tried, so that what was read may be less than what it says."""
        return self.work > MOST_WORK

    def find_skips(self, start: int) -> list[tuple[int, float]]:
        """Return the nodes that skipping leads to, with its cost, itself first."""
        found = {start: 0.0}
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if node >= self.size:
                continue
            for edge in self.lattice.edges[node]:
                if edge.category == SKIP and edge.stop not in found:
                    found[edge.stop] = found[node] + edge.cost
                    if len(found) < WIDEST:
                        waiting.append(edge.stop)
        return sorted(found.items())

    def fill(self) -> None:
        """Fill the cells from the right to the left, so that all that starts later is known."""
        for start in range(self.size - 1, -1, -1):
            row = self.cells[start]
            for edge in self.lattice.edges[start]:
                if edge.category != SKIP:
                    self.add(row, start, edge.stop, edge.category, edge.value, edge.cost)
            for middle in range(start + 1, min(start + WIDEST, self.size)):
                readings = row.get(middle)
                if readings:
                    self.combine(row, start, middle, readings)

    def combine(self, row: dict[int, Readings], start: int, middle: int, readings: Readings) -> None:
        """Join what ends at a node with all that begins there, or behind words that say nothing."""
        binary = self.rules.binary
        lefts = [(partners, values) for left, values in readings.items() if (partners := binary.get(left))]
        for begin, skip_cost in self.skips[middle] if lefts else ():
            for stop, others in self.cells[begin].items() if begin < self.size else ():
                if stop - start > WIDEST and LISTS.isdisjoint(others):
                    continue
                for partners, values in lefts:
                    for right, rights in others.items():
                        if rows := partners.get(right):
                            self.apply(rows, row, (start, stop), values, rights, skip_cost)

    def apply(
        self,
        rows: Sequence[Row],
        row: dict[int, Readings],
        nodes: tuple[int, int],
        lefts: Sequence[Reading],
        rights: Sequence[Reading],
        skip_cost: float,
    ) -> None:
        """Add what rules make of each pair of readings of two neighbours."""
        self.work += len(rows)
        if self.is_cut:
            return
        for category, function, rule_cost in rows:
            for left_cost, left in lefts:
                for right_cost, right in rights:
                    value = function(left, right)
                    if value is not None:
                        self.add(row, *nodes, category, value, left_cost + right_cost + rule_cost + skip_cost)

    def add(self, row: dict[int, Readings], start: int, stop: int, category: str, value: Any, cost: float) -> None:
        """Add a reading, and what else it may be, unless two better ones are known."""
        if category == "N" and value.fault:
            cost += FAULT_COST
        elif category == "I" and has_misfit(value):
            cost += MISFIT_COST
        readings = row.setdefault(stop, {})
        known = readings.setdefault(category, [])
        for i, (other_cost, other) in enumerate(known):
            if other == value:
                if other_cost <= cost:
                    return
                del known[i]
                break
        if len(known) >= MOST_READINGS and known[-1][0] <= cost:
            return
        known.append((cost, value))
        known.sort(key=lambda reading: reading[0])
        del known[MOST_READINGS:]
        for further, make, extra in self.rules.unary.get(category, ()):
            made = make(value)
            if made is not None:
                self.add(row, start, stop, further, made, cost + extra)

    # --- covering the text -----------------------------------------------------------------------------------

    def cover(self) -> list[Entry]:
        """Return the cheapest cover of the text; an "end" entry last tells of an "and" that nothing follows."""
        best: list[tuple[float, int, Entry | str | None]] = [(float("inf"), -1, None)] * (self.size + 1)
        best[0] = (0.0, -1, None)
        for start in range(self.size):
            cost = best[start][0]
            for stop, extra, what in self.steps(start) if cost < float("inf") else ():
                if cost + extra < best[stop][0]:
                    best[stop] = (cost + extra, start, what)
        path: list[Entry | str] = []
        node = self.size
        while node > 0:
            _, before, what = best[node]
            if what is not None:
                path.append(what)
            node = before
        return gather(path[::-1])

    def steps(self, start: int) -> Iterator[Step]:
        """Yield what may come next at a node."""
        for stop, readings in self.cells[start].items():
            if "I" in readings:
                (cost, value), *others = readings["I"]
                rest = tuple((c - cost, v) for c, v in others)
                extra = ENTRY_COST + (0.0 if self.opens_clause(start) else BESIDE_COST)
                yield stop, cost + extra, Entry("item", value, start, stop, others=rest)
            if "MANNER" in readings and self.opens_clause(start):
                cost, value = readings["MANNER"][0]
                yield stop, cost + MANNER_COST, Entry("item", value, start, stop)
            if "LABELLED" in readings and self.opens_clause(start):
                # "Part: left eye; count: 5".
                yield stop, SEPARATOR_COST, None
        for edge in self.lattice.edges[start]:
            if edge.category not in INSIDE:
                yield self.step_over(edge)
            if edge.category == "PURPOSE" or (edge.category == "TO" and self.is_unknown(edge.stop)):
                # A closing purpose ("for lipstick").
                stop = self.follow_purpose(edge.stop)
                stop = stop if stop > edge.stop else self.follow_opening(start, edge.stop)
                if stop > edge.stop:
                    yield stop, PURPOSE_COST, Entry("purpose", None, start, stop)
        if self.opens_sentence(start):
            yield from self.find_headings(start)
            yield from self.find_wanters(start)

    def step_over(self, edge: Edge) -> Step:
        """Return what a single edge is that is part of no item."""
        start, stop, category, value, cost = edge
        if category == SKIP:
            return stop, cost, None
        if category in SEPARATORS:
            # "As on" is cheaper than its words, which alone say nothing.
            cost = {"BULLET": cost, "AS_ON": 0.0}.get(category, SEPARATOR_COST)
            return stop, cost + (category == "AND" and self.ends_sentence(stop)), SEPARATORS[category]
        if category == "OF" and self.follows_link(start):
            return stop, SEPARATOR_COST, "of"
        if category == "HEADS" or (category == "OF" and self.opens_item(start)):
            return stop, UNKNOWN_COST if category == "HEADS" else 0.5, None
        if category in ALONE:
            is_told = category == "BAD" and stop - start > 1
            return stop, 0.5 if is_told else ALONE[category], Entry(category.lower(), value, start, stop)
        if category in STRAY:
            return stop, UNKNOWN_COST - 10, Entry("unknown", self.lattice.words(start, stop), start, stop)
        if category == "FACE_WORD" and value.kind == "face":
            return stop, FACE_COST, Entry("item", Item(), start, stop)
        if category in OWNERS:
            item = Item(frame="subject", late=category == "FACE_WORD")
            return stop, PERSON_COST, Entry("item", item, start, stop)
        return stop, GAP_COST * (stop - start), Entry("gap", category, start, stop)

    def unknown_inside(self, entry: Entry) -> list[int]:
        """Return the nodes of an entry whose words the language does not know."""
        return [node for node in range(entry.start, entry.stop) if self.is_unknown(node)]

    def is_unknown(self, node: int) -> bool:
        return node < self.size and self.categories(node) == {"UNKNOWN"}

    def categories(self, *nodes: int) -> set[str]:
        """Return the categories of the words that start at nodes."""
        return {edge.category for node in nodes for edge in self.lattice.edges[node]}

    def ends_sentence(self, node: int) -> bool:
        return node == self.size or "STOP" in self.categories(node)

    def follows_link(self, node: int) -> bool:
        return node > 0 and not self.categories(node - 1).isdisjoint(("AND", "COMMA"))

    def opens_sentence(self, node: int) -> bool:
        return node == 0 or not self.categories(node - 1).isdisjoint(("STOP", "NEWLINE"))

    def opens_item(self, node: int) -> bool:
        """Whether a node stands first in a sentence, behind a label or a bullet, or behind "then"."""
        if self.opens_sentence(node):
            return True
        is_mark = self.lattice.lexemes[self.lattice.nodes[node - 1]].type != "word"
        before = self.categories(node - 1)
        return "COLON" in before or "THEN" in before or (is_mark and "BULLET" in before)

    def opens_clause(self, node: int) -> bool:
        return node in self.openings

    def find_headings(self, start: int) -> Iterator[Step]:
        """Yield the heading of up to five words before a colon that opens a sentence, without a side or number."""
        for node in range(start, min(start + LONGEST_HEADING, self.size)):
            categories = self.categories(node)
            if "COLON" in categories:
                is_bad = "BAD" in self.categories(*range(start, node))
                is_shape = any(edge.category == "SHAPE" and edge.stop == node for edge in self.lattice.edges[start])
                is_head = not is_bad or (self.names_something(node + 1) and not self.is_number_alone(node + 1))
                name, is_whole = self.name_inside(start, node)
                is_counted = name is None and self.is_number_alone(node + 1)
                if node > start and not is_shape and is_head and is_whole and not is_counted:
                    entry = Entry("heading", name, start, node + 1)
                    yield node + 1, 0.0 if is_bad else HEADING_COST, entry
                return
            if "NUMBER" in categories and node > start and self.lattice.lexemes[self.lattice.nodes[node]].is_glued:
                continue
            edges = self.lattice.edges[node]
            heads = any(edge.category == "HEADING" and edge.stop > node + 1 for edge in edges)
            if categories & ENDS_HEADING or (not heads and any(map(names_side, edges))):
                return

    def find_wanters(self, start: int) -> Iterator[Step]:
        """Yield who is said to want what follows, and owns nothing by it: "my client wants ..."."""
        for node, cost in self.skips[start]:
            for stop, readings in self.cells[node].items() if node < self.size else ():
                if "WANTER" in readings:
                    yield stop, cost + WANTER_COST, None

    def is_number_alone(self, node: int) -> bool:
        """Whether a number is all that a clause says: of "neck=10, jaw=20"."""
        if node >= self.size or "NUMBER" not in self.categories(node):
            return False
        return node + 1 == self.size or not self.categories(node + 1).isdisjoint(("COMMA", "STOP", "NEWLINE"))

    def names_something(self, start: int) -> bool:
        """Whether the rest of a sentence, or the list in lines below it, names a part or a layout."""
        while start < self.size and not self.categories(start).isdisjoint(("NEWLINE", "BULLET")):
            start += 1
        for node in range(start, self.size):
            if not self.categories(node).isdisjoint(("STOP", "NEWLINE")):
                return False
            if "NOUN" in self.categories(node) or any("L" in readings for readings in self.cells[node].values()):
                return True
        return False

    def name_inside(self, start: int, stop: int) -> tuple[Phrase | None, bool]:
        """Return the longest name within a heading, and whether nothing that says more of it would be lost."""
        names: list[tuple[int, float, int, Phrase]] = [
            (end - begin, -readings["N"][0][0], begin, readings["N"][0][1])
            for begin in range(start, stop)
            for end, readings in self.cells[begin].items()
            if end <= stop and "N" in readings and not readings["N"][0][1].is_free
        ]
        if not names:
            return None, True
        length, _, begin, name = max(names, key=lambda name: name[:3])
        apart = [*range(start, begin), *range(begin + length, stop)]
        is_told = any(
            self.categories(node) & TELLS_MORE or self.categories(node) <= {"ADJ", "NOUN", "REL"} for node in apart
        )
        return name, not (name.det or name.ref or is_told)

    def follow_opening(self, start: int, node: int) -> int:
        """Return where a purpose that opens a sentence ends before "I need" and the like; the node where none does."""
        begin = node
        while node < self.size and self.opens_sentence(start):
            edges = self.lattice.edges[node]
            if node > begin and any(edge.category == SKIP and edge.stop > node + 1 for edge in edges):
                return node
            product = max((edge.stop for edge in edges if edge.category == "PRODUCT"), default=0)
            is_plain = self.is_unknown(node) or not self.categories(node).isdisjoint(("ASKER", "HEADING"))
            if not product and not is_plain:
                break
            node = product or node + 1
        return begin

    def follow_purpose(self, start: int) -> int:
        """Return where a purpose ends, the node itself where it names what is asked."""
        passed: list[int] = []
        node = start
        while node < self.size and node not in self.purpose_ends:
            categories = self.categories(node)
            # "For eyeliner in this face" ends with words that only wrap.
            passes = ((edge.category, edge.stop > node + 1, edge.stop) for edge in self.lattice.edges[node])
            product = max(
                (stop for kind, is_long, stop in passes if kind == "PRODUCT" or (kind == SKIP and is_long)), default=0
            )
            if not product and categories & ENDS_PURPOSE:
                break
            passed.append(node)
            if not product and categories & NAMING:
                self.purpose_ends[node] = None
                break
            node = product or node + 1
        end = self.purpose_ends.get(node, node)
        self.purpose_ends.update(dict.fromkeys(passed, end))
        return start if end is None else end


def names_side(edge: Edge) -> bool:
    """Whether a word is a side, or a name with one ("OD")."""
    if edge.category == "NOUN":
        return any(op[0] == "adj" and op[1][0][0] == "side" for op in edge.value[0])
    return edge.category == "ADJ" and bool(edge.value[0][0] == "side")


def gather(path: Sequence[Entry | str]) -> list[Entry]:
    """Return the entries of a path, each with the separators before it."""
    entries: list[Entry] = []
    before: list[str] = []
    for what in path:
        if isinstance(what, str):
            # "As many on the left eye as on the right one" is a list, too.
            before += [what, "and"] if what == "as" else [what]
        else:
            what.before = frozenset(before)
            before = []
            entries.append(what)
    if "and" in before and entries:
        entries.append(Entry("end", None, entries[-1].stop, entries[-1].stop + 1, frozenset(before)))
    return entries
