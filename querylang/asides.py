"""Asides: headings, closing purposes, and who is said to want what follows, which are put aside.

In: a chart; out: where each ends, with its cost and entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from .chart import Chart
from .entries import Entry, Step
from .lattice import Edge
from .meaning import WHOLE_FACE, Phrase
from .word_edges import SKIP

HEADING_COST, KNOWN_COST = 9.0, 1.0
WANTER_COST = 0.2
LONGEST_HEADING, LONGEST_NAMING = 9, 6
"""Words of a heading, and of one that names a part."""
NAMING = frozenset({"NOUN", "ADJ", "REL", "NUMBER", "LAYOUT", "BAD", "CONDITION", "EXCEPT", "EVERYONE", "FACE_CHOICE"})
"""Categories that a purpose may not hold."""
TELLS_MORE = frozenset({"EACH", "POSSESSIVE", "PERSON_OWNER", "REF"})
"""Categories of words beside a heading's name that would be lost with the heading, as adjectives and names would."""
LAYOUTS = frozenset({"LAYOUT", "PROGRAM"})
ENDS_HEADING = frozenset({"NUMBER", "CONDITION", "NEGATION", "EXCEPT", "STOP", "NEWLINE", "COMMA"})
ENDS_PURPOSE = frozenset({"STOP", "NEWLINE", "COMMA", "DASH"})


class Asides:
    """Finds what of a text is put aside."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.lattice = chart.lattice
        self.size = chart.size
        self.purpose_ends: dict[int, int | None] = {}

    def find_headings(self, start: int) -> Iterator[Step]:
        """Yield the heading of up to five words before a colon that opens a sentence, without a side or number."""
        yield from self.find_known_heading(start)
        for node in range(start, min(start + LONGEST_HEADING, self.size)):
            categories = self.chart.categories(node)
            if "COLON" in categories:
                kinds = self.chart.categories(*range(start, node))
                if kinds & LAYOUTS or ("FROM" in kinds and kinds & {"REL", "ADJ"}):
                    # "From dlib: the eyes", "from tail to head: ...".
                    return
                is_bad = "BAD" in kinds
                is_shape = any(edge.category == "SHAPE" and edge.stop == node for edge in self.lattice.edges[start])
                yield from () if is_shape else self.end_before_shape(start, node)
                is_head = not is_bad or (self.names_something(node + 1) and not self.is_number_alone(node + 1))
                name, is_whole = self.name_inside(start, node)
                is_counted = name is None and self.is_number_alone(node + 1)
                if name is not None and name.ops != WHOLE_FACE and node - start >= LONGEST_NAMING:
                    return
                if self.describes_person(start, node):
                    # "The man with glasses: his pupils" chooses a face by what nobody can know.
                    return
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

    def find_known_heading(self, start: int) -> Iterator[Step]:
        """Yield words before a colon that head what they do not name: "upper half of the face: brows and eyes"."""
        for node, _ in self.chart.skips[start]:
            for edge in self.lattice.edges[node] if node < self.size else ():
                colon = edge.stop
                is_head = edge.category == "HEADING" and edge.stop > edge.start + 1 and colon < self.size
                if is_head and "COLON" in self.chart.categories(colon) and self.names_something(colon + 1):
                    yield colon + 1, KNOWN_COST, Entry("heading", None, start, colon + 1)

    def describes_person(self, start: int, stop: int) -> bool:
        """Whether words tell one of a photo's people from the others: "the child on her mother's lap"."""
        told = [
            edge for node in range(start, stop) for edge in self.lattice.edges[node] if edge.category == "FACE_WORD"
        ]
        return stop - start > 1 and any(edge.value.kind == "person" or edge.value.name for edge in told)

    def end_before_shape(self, start: int, colon: int) -> Iterator[Step]:
        """Yield a heading that ends with the manner of all it heads: "ROIs as polygons: ..."."""
        for node in range(start + 1, colon):
            for edge in self.lattice.edges[node]:
                if edge.category == "SHAPE" and edge.stop == colon and self.name_inside(start, node) == (None, True):
                    self.chart.openings.add(node)
                    yield node, HEADING_COST - 4.0, Entry("heading", None, start, node)

    def find_wanters(self, start: int) -> Iterator[Step]:
        """Yield who is said to want what follows, and owns nothing by it: "my client wants ..."."""
        for node, cost in self.chart.skips[start]:
            for stop, readings in self.chart.cells[node].items() if node < self.size else ():
                if "WANTER" in readings:
                    yield stop, cost + WANTER_COST, None

    def is_number_alone(self, node: int) -> bool:
        """Whether a number is all that a clause says: of "neck=10, jaw=20"."""
        if node >= self.size or "NUMBER" not in self.chart.categories(node):
            return False
        return node + 1 == self.size or not self.chart.categories(node + 1).isdisjoint(("COMMA", "STOP", "NEWLINE"))

    def names_something(self, start: int) -> bool:
        """Whether the rest of a sentence, or the list in lines below it, names a part or a layout."""
        marks = ("NEWLINE", "BULLET")
        while start < self.size and not self.chart.categories(start).isdisjoint(marks):
            start = max(edge.stop for edge in self.lattice.edges[start] if edge.category in marks)
        for node in range(start, self.size):
            if not self.chart.categories(node).isdisjoint(("STOP", "NEWLINE")):
                return False
            if "NOUN" in self.chart.categories(node) or any(
                "L" in readings for readings in self.chart.cells[node].values()
            ):
                return True
        return False

    def name_inside(self, start: int, stop: int) -> tuple[Phrase | None, bool]:
        """Return the longest name within a heading, and whether nothing that says more of it would be lost."""
        names: list[tuple[int, float, int, Phrase]] = [
            (end - begin, -readings["N"][0][0], begin, readings["N"][0][1])
            for begin in range(start, stop)
            for end, readings in self.chart.cells[begin].items()
            if end <= stop and "N" in readings and not readings["N"][0][1].is_free
        ]
        if not names:
            return None, True
        length, _, begin, name = max(names, key=lambda name: name[:3])
        apart = [*range(start, begin), *range(begin + length, stop)]
        is_told = any(
            self.chart.categories(node) & TELLS_MORE or self.chart.categories(node) <= {"ADJ", "NOUN", "REL"}
            for node in apart
        )
        return name, not (name.det or name.ref or is_told)

    def follow_opening(self, start: int, node: int) -> int:
        """Return where a purpose that opens a sentence ends before "I need" and the like; the node where none does."""
        begin = node
        while node < self.size and self.chart.opens_sentence(start):
            edges = self.lattice.edges[node]
            if node > begin and any(edge.category == SKIP and edge.stop > node + 1 for edge in edges):
                return node
            product = max((edge.stop for edge in edges if edge.category == "PRODUCT"), default=0)
            is_plain = self.chart.is_unknown(node) or not self.chart.categories(node).isdisjoint(("ASKER", "HEADING"))
            if not product and not is_plain:
                break
            node = product or node + 1
        return begin

    def follow_purpose(self, start: int) -> int:
        """Return where a purpose ends, the node itself where it names what is asked."""
        passed: list[int] = []
        node = start
        while node < self.size and node not in self.purpose_ends:
            categories = self.chart.categories(node)
            # "For eyeliner in this face" ends with words that only wrap.
            passes = ((edge.category, edge.stop > node + 1, edge.stop) for edge in self.lattice.edges[node])
            product = max(
                (stop for kind, is_long, stop in passes if kind == "PRODUCT" or (kind == SKIP and is_long)), default=0
            )
            if not product and (categories & ENDS_PURPOSE or ("COLON" in categories and self.is_named_before(start))):
                break
            passed.append(node)
            # "For both people" chooses faces.
            is_of_all = "EACH" in categories and node + 1 < self.size and "FACE_WORD" in self.chart.categories(node + 1)
            if not product and (categories & NAMING or is_of_all or any(map(names_person, self.lattice.edges[node]))):
                self.purpose_ends[node] = None
                break
            node = product or node + 1
        end = self.purpose_ends.get(node, node)
        self.purpose_ends.update(dict.fromkeys(passed, end))
        return start if end is None else end

    def is_named_before(self, node: int) -> bool:
        """Whether a sentence names a part before a node: "locate the eyes for expression recognition: ..."."""
        while node > 0 and self.chart.categories(node - 1).isdisjoint(("STOP", "NEWLINE")):
            node -= 1
            if "NOUN" in self.chart.categories(node):
                return True
        return False


def names_side(edge: Edge) -> bool:
    """Whether a word is a side, or a name with one ("OD")."""
    if edge.category == "NOUN":
        return any(op[0] == "adj" and op[1][0][0] == "side" for op in edge.value[0])
    return edge.category == "ADJ" and bool(edge.value[0][0] == "side")


def names_person(edge: Edge) -> bool:
    """Whether a word is of one of a photo's people: "for the man in the back" is no purpose."""
    return edge.category == "FACE_WORD" and bool(edge.value.kind == "person")
