"""The lattice: a text as words, and every reading each stretch of them may have by itself.

In: the instruction; out: a `Lattice`, nodes between the words that count and lexical edges `(start, stop, category,
value, cost)` over them.  Words that only wrap what is asked are no nodes at all; words that may do so are edges that
skip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .brackets import counts_item, restates_number
from .lexicon import Lexicon
from .number_edges import is_line_start, read_interval, read_numbers
from .numbers import read_number
from .words import Lexeme

SKIP, LINK_COST = "SKIP", 0.05
WRAPPING = frozenset({"FILLER", "DIVIDER"})
"""Categories of phrases that say nothing by themselves."""
MARKS = {
    ",": "COMMA", ";": "STOP", ".": "STOP", "!": "STOP", "?": "STOP", ":": "COLON", "=": "COLON",
    "->": "COLON", "|": "COMMA",
    "+": "AND", "/": "SLASH", "*": "TIMES", "@": "AT", "~": "APPROX", "..": "TO", "...": "COMMA", "-": "DASH",
}  # fmt: skip
SILENT = frozenset("()[]")
ASIDE = frozenset({"ASKER", "LABEL", "NUMBERED", "OPENING", "WANTING"})
"""Categories of words that mean something only where what they stand before is put aside."""
SAYING_NOTHING = {"IDENTIFIER", "LINK", "VIA", "HEADS", "BULLET_WORD", "HEADING", "LOOSE_END", "PURPOSE", "DROPPER"}
EMPTY = WRAPPING | ASIDE | SAYING_NOTHING
"""Categories of words that, beside others that say nothing, leave no doubt that nothing is said."""
DOUBTFUL_COST = 1.2
LINES_COST = 1.7
"""What it costs to read "contour points" as points, where "face contour" may be meant."""
NUMBER_SKIP = 2.0
"""What it costs to read a number as saying nothing."""
LONGEST_BROKEN = 4
"""Words of a phrase on either side of a line's end, at most."""
OPPOSITE = {"left": "right", "right": "left"}
OFTEN_EMPTY = {"AT": 0.8, "ONLY": 1.2, "REF": 1.4, "WAY": 0.3, "AND": 9.0}
"""Categories of words that may also say nothing, with what that costs."""


class Who(NamedTuple):
    """A word for faces or their owners.

    Attributes:
        kind: "face", "person", or "role" ("the patient").
        is_plural: It stands in the plural.
        owns: It owns what follows ("the patient's").
    """

    kind: str
    is_plural: bool
    owns: bool


class Edge(NamedTuple):
    """One reading of the words between two nodes."""

    start: int
    stop: int
    category: str
    value: Any
    cost: float


@dataclass(frozen=True)
class Lattice:
    """The words that count, and what each may be.

    Attributes:
        text: The instruction.
        lexemes: All its words and marks.
        nodes: Index into `lexemes` of each node.
        edges: Lexical edges by the node at which they start.
    """

    text: str
    lexemes: Sequence[Lexeme]
    nodes: Sequence[int]
    edges: Sequence[Sequence[Edge]]

    def words(self, start: int, stop: int) -> str:
        """Return the words between two nodes as they stand in the text."""
        return self.text[slice(*self.span(start, stop))]

    def has_colon(self, node: int) -> bool:
        """Whether a colon, or what stands for one, is at a node."""
        return node < len(self.edges) and any(edge.category in ("COLON", "DASH") for edge in self.edges[node])

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Return the place in the text of the words between two nodes."""
        return self.lexemes[self.nodes[start]].start, self.lexemes[self.nodes[stop - 1]].stop


def build_lattice(text: str, lexemes: Sequence[Lexeme], lexicon: Lexicon) -> Lattice:
    """Return the lattice of a text."""
    lexemes = [one for i, one in enumerate(lexemes) if one.word != "\n" or not breaks_phrase(lexemes, i, lexicon)]
    size = len(lexemes)
    raw: list[list[tuple[int, str, Any, float]]] = [[] for _ in range(size)]
    content = [False] * size
    for i in range(size):
        raw[i] = list(read_at(lexemes, i, lexicon))
        for stop, category, _, _ in raw[i]:
            if category not in (SKIP, "NUMBERED"):
                content[i:stop] = [True] * (stop - i)
    is_kept = find_kept(raw, content)
    kept = [i for i in range(size) if is_kept[i]]
    number_of = {size: len(kept)}
    for position in range(size - 1, -1, -1):
        number_of[position] = number_of[position + 1] - is_kept[position]
    edges: list[list[Edge]] = [[] for _ in kept]
    for n, i in enumerate(kept):
        for stop, category, value, cost in raw[i]:
            node = number_of[stop]
            if node > n:
                edges[n].append(Edge(n, node, category, value, cost))
        if not edges[n]:
            edges[n].append(Edge(n, n + 1, "UNKNOWN", lexemes[i].word, 0.0))
            if lexemes[i].is_possessive and n + 1 < len(kept) and is_side(raw[kept[n + 1]]):
                edges[n].append(Edge(n, n + 1, "PERSON_OWNER", Who("person", False, True), 2.0))
    return Lattice(text, lexemes, kept, edges)


def is_side(readings: Sequence[tuple[int, str, Any, float]]) -> bool:
    """Whether a word may be a side, so that an unknown word's "'s" before it owns it."""
    return any(category == "ADJ" and value[0][0] == "side" for _, category, value, _ in readings)


def find_kept(raw: Sequence[Sequence[tuple[int, str, Any, float]]], content: Sequence[bool]) -> list[bool]:
    """Return which words are nodes: all but those that only wrap; a wrapping phrase that holds others begins at one."""
    kept = [True] * len(raw)
    opens = set()
    for i, readings in enumerate(raw):
        for stop, category, _, cost in readings:
            if category == SKIP and cost <= 0:
                if any(content[i:stop]):
                    opens.add(i)
                else:
                    kept[i:stop] = [False] * (stop - i)
    return [keep or i in opens for i, keep in enumerate(kept)]


LONGEST_NAME = 3
"""Words of a line that is no more than a name."""


def read_at(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> Iterator[tuple[int, str, Any, float]]:
    """Yield every reading that starts at a lexeme: where it stops, category, value and cost."""
    lexeme = lexemes[i]
    if lexeme.type == "newline":
        if is_wrapped(lexemes, i, lexicon):
            yield i + 1, SKIP, None, 0.0
            return
        yield i + 1, "NEWLINE", None, 0.0
        yield i + 1, SKIP, None, 4.5
        return
    number = read_number(lexemes, i)
    if lexeme.type == "symbol":
        yield from read_mark(lexemes, i)
    elif lexeme.type == "word" and len(lexeme.word) == 1 and counts_item(lexemes, i):
        yield i + 2, "BULLET", None, 0.2
    else:
        matches = list(lexicon.match(lexemes, i))
        # What is compared ("as on the left eye") is never one name with what stands before.
        is_compared = any("AS_ON" in dict(readings) for _, readings, _ in matches)
        longest = max((length for length, _, _ in matches), default=0)
        is_join = any(length == longest and "AND" in dict(readings) for length, readings, _ in matches)
        for length, readings, is_plural in matches:
            if length < longest and is_join:
                # "As well as" is no "as well", "along with" no "along".
                continue
            stop = i + length
            for reading in read_phrase(lexemes[i:stop], stop, readings, is_plural):
                if not (is_compared and reading[1] == SKIP):
                    yield (*reading[:3], NUMBER_SKIP) if number and reading[1] == SKIP and length == 1 else reading
    if number is not None:
        yield from read_numbers(lexemes, i, number, lexicon)


def is_wrapped(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a line only goes on in the next: it ends with "the", or the next one with what names no part begins."""
    if not 0 < i < len(lexemes) - 1 or lexemes[i].word != "\n":
        return False
    if i + 2 < len(lexemes) and lexemes[i + 2].word in (":", "="):
        # "Side: left" is a line of its own.
        return False
    before, after = (
        {category for length, readings, _ in lexicon.match(lexemes, at) if length == 1 for category, _ in readings}
        for at in (i - 1, i + 1)
    )
    if "LOOSE_END" not in before and is_list_of_names(lexemes, i):
        return False
    return (
        "LOOSE_END" in before
        or ("ADJ" in before and bool(after & {"NOUN", "REL"}) and not ends_way(lexemes, i))
        or ("NOUN" in before and "REL" in after and not names_part(lexemes, i + 1, lexicon))
    )


def is_list_of_names(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a line of three or more with a name each ends: no text is wrapped after two or three words."""
    above = [one.type for one in lexemes[max(0, i - LONGEST_NAME - 1) : i]]
    below = [one.type for one in lexemes[i + 1 : i + LONGEST_NAME + 2]]
    are_short = all("newline" in side or len(side) <= LONGEST_NAME for side in (above, below))
    return are_short and ("newline" in above or "newline" in below)


def ends_way(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a line ends with a way: "a quarter along the jaw from the right"."""
    return any(one.word in ("from", "to") for one in lexemes[max(0, i - 3) : i - 1])


def names_part(lexemes: Sequence[Lexeme], start: int, lexicon: Lexicon) -> bool:
    """Whether a line names a part itself: "tail and head of the left brow", "around the mouth"."""
    for at in range(start, len(lexemes)):
        if lexemes[at].type == "newline":
            return False
        for length, readings, _ in lexicon.match(lexemes, at):
            kinds = {category for category, _ in readings}
            if kinds & {"NOUN", "NOUNS"} and (length > 1 or "REL" not in kinds):
                return True
    return False


def breaks_phrase(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a line ends inside a phrase whose beginning is none by itself: "at equal / distances"."""
    for start in range(max(0, i - LONGEST_BROKEN), i):
        joined = [*lexemes[start:i], *lexemes[i + 1 : i + 1 + LONGEST_BROKEN]]
        lengths = [length for length, _, _ in lexicon.match(joined, 0)]
        if lengths and max(lengths) > i - start > 1 and i - start not in lengths:
            return True
    return False


class Words(NamedTuple):
    """A phrase found in the text, as `READERS` see it."""

    stop: int
    length: int
    owns: bool
    is_identifier: bool
    is_plural: bool
    is_doubtful: bool
    is_person: bool
    is_alone: bool


Found = Iterator[tuple[int, str, Any, float]]


def read_phrase(words: Sequence[Lexeme], stop: int, readings: Sequence[tuple[str, Any]], is_plural: bool) -> Found:
    """Yield the edges of a phrase's readings."""
    categories = {category for category, _ in readings}
    is_doubtful, is_person = bool(categories - EMPTY), "FACE_WORD" in categories
    is_alone = len(words) == 1 == len(categories)
    found = Words(
        stop, len(words), words[-1].is_possessive, words[0].is_underscored, is_plural, is_doubtful, is_person, is_alone
    )
    for category, value in readings:
        if category in COSTS:
            yield stop, category, value, COSTS[category]
        else:
            yield from READERS.get(category, read_plainly)(found, category, value)


def read_plainly(found: Words, category: str, value: Any) -> Found:
    """Longer phrases are surer; some may also say nothing."""
    yield found.stop, category, value, max(0.0, 1.5 - 0.5 * found.length)
    if category in OFTEN_EMPTY and value != "other":
        yield found.stop, SKIP, None, OFTEN_EMPTY[category]


def read_wrapping(found: Words, category: str, value: Any) -> Found:
    if not found.owns:
        # A phrase so long ("on top of the photo") is meant as a whole.
        cost = -4.0 if found.length > 4 else DOUBTFUL_COST if found.is_doubtful else 0.0
        yield found.stop, SKIP, None, cost


def read_noun(found: Words, category: str, value: Any) -> Found:
    is_derived = found.is_plural and category == "NOUN"
    frame = "subject" if category == "OWN_NOUN" else ""
    yield found.stop, "NOUN", (value, found.is_plural or category == "NOUNS", frame), 1.1 if is_derived else 1.0


def read_adjective(found: Words, category: str, value: Any) -> Found:
    """A side inside an identifier is the picture's, whatever the setting."""
    kind, viewer, subject = value
    yield found.stop, "ADJ", ((kind, viewer, viewer if found.is_identifier else subject),), 1.0
    if found.is_identifier and kind == "depth":
        yield found.stop, "DEPTH", ((kind, viewer, subject),), 1.0


def read_identifier(found: Words, category: str, value: Any) -> Found:
    if not found.is_identifier:
        if value in OPPOSITE:
            yield found.stop, "ADJ", (("side", value, OPPOSITE[value]),), 1.4
        return
    if value == "skip":
        yield found.stop, SKIP, None, 0.0
    else:
        kind = "side" if value in ("left", "right") else "level"
        yield found.stop, "ADJ", ((kind, value, value),), 1.0


def read_layout_point(found: Words, category: str, value: Any) -> Found:
    """What is written as a name is one by itself too; "mouthUp" ends in too few letters to be two words."""
    yield found.stop, "LAYOUT_POINT", value, 1.0
    if found.is_identifier or found.is_alone:
        yield found.stop, "NAMED", value, 2.5


def read_link(found: Words, category: str, value: Any) -> Found:
    """What only links; of an identifier every such word says something: "mouthDown" is not the mouth."""
    if not (found.is_identifier and value == "way"):
        yield found.stop, SKIP, None, LINK_COST


def read_face_word(found: Words, category: str, value: Any) -> Found:
    owns = found.owns and value != "face"
    yield found.stop, "PERSON_OWNER" if owns else "FACE_WORD", Who(value, found.is_plural, owns), 1.0


def read_frame(found: Words, category: str, value: Any) -> Found:
    """ "As seen in the picture"; what owns ("the picture's ...") belongs to what follows it."""
    if not found.owns:
        yield found.stop, category, value, -3.0


def read_doubtful(found: Words, category: str, value: Any) -> Found:
    """Words such as "points" and "layout", which often say nothing new."""
    if not found.owns:
        cost = LINES_COST if value == "lines" else 0.5
        yield found.stop, category, found.is_plural or value == "verbs", cost
        if not found.is_person:
            yield found.stop, SKIP, None, cost + 0.1


COSTS = {"PER_SIDE": 3.0, "VIA": 0.2, "ONLY": 0.2, "VIEWER": -3.5, "TOO": 0.6}
"""Categories whose edges cost something of their own."""
READERS: dict[str, Callable[[Words, str, Any], Found]] = {
    "FILLER": read_wrapping,
    "DIVIDER": read_wrapping,
    "LINK": read_link,
    "VIEWER_PHRASE": read_frame,
    "SUBJECT_PHRASE": read_frame,
    "OUT": lambda found, category, value: iter([(found.stop, SKIP, None, 2.5)]),
    "BULLET_WORD": lambda found, category, value: iter([(found.stop, "BULLET", value, 3.5)]),
    "LOOSE_END": lambda found, category, value: iter(()),
    "NOUN": read_noun,
    "NOUNS": read_noun,
    "OWN_NOUN": read_noun,
    "REL": lambda found, category, value: iter([(found.stop, "REL", value + "s" * found.is_plural, 1.0)]),
    "ADJ": read_adjective,
    "IDENTIFIER": read_identifier,
    "LAYOUT_POINT": read_layout_point,
    "FACE_WORD": read_face_word,
    "ASKER": lambda found, category, value: iter([] if found.owns else [(found.stop, category, value, 1.0)]),
    "POINTS": read_doubtful,
    "LAYOUT_NOUN": read_doubtful,
}


def read_arrow(stop: int) -> Iterator[tuple[int, str, Any, float]]:
    """An arrow goes from one place to another, or leads on as a colon does."""
    yield stop, "COLON", None, 0.5
    yield stop, "ARROW", None, 0.5


def read_mark(lexemes: Sequence[Lexeme], i: int) -> Iterator[tuple[int, str, Any, float]]:
    mark = lexemes[i].word
    if mark == "-" and i + 1 < len(lexemes) and lexemes[i + 1].word == ">":
        yield from read_arrow(i + 2)
        return
    if mark == "->":
        yield from read_arrow(i + 1)
        return
    if mark in "-*" and is_line_start(lexemes, i):
        yield i + 1, "BULLET", None, 0.2
    if mark in "[(":
        yield from read_interval(lexemes, i)
    if mark == "(" and (stop := restates_number(lexemes, i)) is not None:
        yield stop, SKIP, None, 0.0
    if mark in SILENT:
        yield i + 1, SKIP, None, 0.0
    elif mark in MARKS:
        # Set apart by spaces, a slash parts the steps of a path: "left eye / upper lid / 7 points".
        is_path = mark == "/" and not lexemes[i].is_glued and i + 1 < len(lexemes) and not lexemes[i + 1].is_glued
        yield i + 1, "COMMA" if is_path else MARKS[mark], None, 0.5
        if mark == "@" and i + 1 < len(lexemes) and (lexemes[i + 1].type == "number" or lexemes[i + 1].word in "(["):
            yield i + 1, SKIP, None, OFTEN_EMPTY["AT"]
