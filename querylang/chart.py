"""The chart: the best readings of every stretch of words.

In: a lattice; out: for each stretch what it may be, with costs; `cover.py` chooses.  Every reading has a cost; the
cheapest wins, never the first that was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .lattice import Lattice
from .meaning import has_misfit
from .rules import FAULT_COST, Row, Rules
from .word_edges import SKIP

MOST_WORK = 8_000
"""Rules tried for one text; what is longer than any instruction goes on without further readings."""
WIDEST = 22
"""No item holds more words that count than this."""
MOST_READINGS = 2
LISTS = frozenset({"IDS_LIST", "IDS_N", "NUMBERS"})
"""Categories of readings that may be as wide as they like."""
MISFIT_COST = 0.7
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
    "INCLUDING": "including",
}

Reading = tuple[float, Any]
Readings = dict[str, list[Reading]]


class Chart:
    """All readings of a lattice."""

    def __init__(self, lattice: Lattice, rules: Rules) -> None:
        self.lattice = lattice
        self.rules = rules
        self.size = len(lattice.nodes)
        self.work = 0
        self.openings = {0} | {edge.stop for row in lattice.edges for edge in row if edge.category in SEPARATORS}
        self.cells: list[dict[int, Readings]] = [{} for _ in range(self.size + 1)]
        self.skips = [self.find_skips(i) for i in range(self.size + 1)]
        self.names = lattice.number_identifiers()
        sizes = Counter(self.names)
        self.are_joined = [sizes[name] > 1 for name in self.names]
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
                if self.are_joined[start] and self.are_joined[stop - 1] and self.cuts_identifier(start, stop):
                    continue
                for partners, values in lefts:
                    for right, rights in others.items():
                        if rows := partners.get(right):
                            self.apply(rows, row, (start, stop), values, rights, skip_cost)

    def cuts_identifier(self, start: int, stop: int) -> bool:
        """Whether words would be part of one identifier and of another: "jaw_R chin_mid" holds no right chin."""
        names = self.names
        first, last = names[start], names[stop - 1]
        if first == last:
            return False
        return names[start - 1 : start] == [first] or names[stop : stop + 1] == [last]

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

    # --- what stands where -----------------------------------------------------------------------------------

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

    def opens_clause(self, node: int) -> bool:
        return node in self.openings
