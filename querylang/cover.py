"""The cover: the cheapest way to cover a text with the readings of its chart.

In: a chart; out: entries in the order of the text, with the separators before each, and the words that fit nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from .asides import Asides
from .chart import SEPARATORS, Chart
from .entries import Entry, Step, gather
from .lattice import Edge
from .meaning import WHOLE_FACE, Item
from .word_edges import ASIDE, SKIP

ENTRY_COST = 3.0
BESIDE_COST = 0.5
"""What it costs that nothing parts an item from the one before it."""
UNKNOWN_COST = 100.0
GAP_COST = 40.0
PURPOSE_COST = 4.0
PERSON_COST = 4.5
MANNER_COST = 0.5
"""How something is asked, before a colon."""
FACE_COST = 7.0
SEPARATOR_COST = 0.2
STRAY = ASIDE | frozenset({"BESIDE", "HEADING", "PRODUCT", "PURPOSE", "BOUND", "VIEWER", "NEGATION"})
"""Categories of words that mean something only in their place, and are strange elsewhere."""
INSIDE = frozenset({"LAYOUT_POINT", "EAR"})
"""Categories of words that never stand by themselves."""
ALONE = {"EXCEPT": 0.5, "BAD": UNKNOWN_COST - 5, "CONDITION": UNKNOWN_COST - 5, "UNKNOWN": UNKNOWN_COST}
"""Categories of words that are entries of their own kind, with their cost."""
OWNERS = frozenset({"FACE_WORD", "POSSESSIVE", "PERSON_OWNER"})


class Cover:
    """Covers one text."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.lattice = chart.lattice
        self.size = chart.size
        self.asides = Asides(chart)

    def entries(self) -> list[Entry]:
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
        for stop, readings in self.chart.cells[start].items():
            if "I" in readings:
                (cost, value), *others = readings["I"]
                rest = tuple((c - cost, v) for c, v in others)
                extra = ENTRY_COST + (0.0 if self.chart.opens_clause(start) else BESIDE_COST)
                yield stop, cost + extra, Entry("item", value, start, stop, others=rest)
            if "MANNER" in readings and self.chart.opens_clause(start):
                cost, value = readings["MANNER"][0]
                yield stop, cost + MANNER_COST, Entry("item", value, start, stop)
            if "LABELLED" in readings and self.chart.opens_clause(start):
                # "Part: left eye; count: 5".
                yield stop, SEPARATOR_COST, None
        for edge in self.lattice.edges[start]:
            if edge.category not in INSIDE:
                yield self.step_over(edge)
            if edge.category == "PURPOSE" or (edge.category == "TO" and self.chart.is_unknown(edge.stop)):
                # A closing purpose ("for lipstick").
                stop = self.asides.follow_purpose(edge.stop)
                stop = stop if stop > edge.stop else self.asides.follow_opening(start, edge.stop)
                if stop > edge.stop:
                    yield stop, PURPOSE_COST, Entry("purpose", None, start, stop)
        if self.chart.opens_sentence(start):
            yield from self.asides.find_headings(start)
            yield from self.asides.find_wanters(start)

    def step_over(self, edge: Edge) -> Step:
        """Return what a single edge is that is part of no item."""
        start, stop, category, value, cost = edge
        if category == SKIP:
            return stop, cost, None
        if category in SEPARATORS:
            # "As on" is cheaper than its words, which alone say nothing.
            cost = {"BULLET": cost, "AS_ON": 0.0}.get(category, SEPARATOR_COST)
            return stop, cost + (category == "AND" and self.chart.ends_sentence(stop)), SEPARATORS[category]
        before = self.chart.categories(start - 1) if start > 0 else set()
        is_then = category == "OF" and not before.isdisjoint(("THEN", "ALSO"))
        if is_then or (category == "OF" and self.chart.follows_link(start)):
            return stop, SEPARATOR_COST, "of"
        if category == "HEADS" or (category == "OF" and self.opens_item(start)):
            return stop, UNKNOWN_COST if category == "HEADS" else 0.5, None
        is_all = category == "EACH" and value == "all" and "COMMA" not in before
        if is_all and stop < self.size and "EXCEPT" in self.chart.categories(stop):
            # "All except the jaw", but no "..., all without the ends".
            return stop, ENTRY_COST, Entry("item", Item(phrase=self.chart.rules.phrase(WHOLE_FACE)), start, stop)
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

    def opens_item(self, node: int) -> bool:
        """Whether a node stands first in a sentence, behind a label or a bullet, or behind "then"."""
        if self.chart.opens_sentence(node):
            return True
        is_mark = self.lattice.lexemes[self.lattice.nodes[node - 1]].type != "word"
        before = self.chart.categories(node - 1)
        return "COLON" in before or "THEN" in before or (is_mark and "BULLET" in before)


def unknown_inside(chart: Chart, entry: Entry) -> list[int]:
    """Return the nodes of an entry whose words the language does not know."""
    return [node for node in range(entry.start, entry.stop) if chart.is_unknown(node)]
