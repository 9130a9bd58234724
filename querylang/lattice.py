"""The lattice: a text as words, and every reading each stretch of them may have by itself.

In: the instruction; out: a `Lattice`, nodes between the words that count and lexical edges `(start, stop, category,
value, cost)` over them.  Words that only wrap what is asked are no nodes at all; words that may do so are edges that
skip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

from .brackets import counts_in_latin, counts_item
from .lexicon import Lexicon
from .number_edges import find_kinds, read_numbers
from .numbers import as_part, read_number
from .shared_portions import read_shared
from .word_edges import OPPOSITE, SKIP, WRAPPING, Who, read_mark, read_phrase
from .words import Lexeme

NUMBER_SKIP = 2.0
"""What it costs to read a number as saying nothing."""
WITH_COST = 4.0
"""What it costs to read "with" before a name as saying nothing."""
OF_EACH = (("of", "each"), ("in", "each"))
LONGEST_LIST = 20
"""Words of a list of what is left out, before "or"."""
LONGEST_NAMED = 5
"""Words of an identifier beside one of them that are looked at."""
LONGEST_WHERE = 8
"""Words from "where" to what a part does there."""
LONGEST_BROKEN = 4
"""Words of a phrase on either side of a line's end, at most."""


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

    def number_identifiers(self) -> list[int]:
        """Return for each node the number of its identifier, such as jaw_R; any other word has one of its own."""
        numbers = [0] * len(self.nodes)
        for n, at in enumerate(self.nodes):
            before, own = self.lexemes[at - 1], self.lexemes[at]
            is_joined = n > 0 and before.is_underscored and own.is_underscored
            numbers[n] = numbers[n - 1] if is_joined and self.text[before.stop : own.start] in ("", "_") else n
        return numbers

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
        shared = read_shared(lexemes, i, lexicon)
        raw[i] = [(i + 1, "PORTION", shared, 0.0)] if shared is not None else list(read_at(lexemes, i, lexicon))
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


def begins_name(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a word stands before names alone: "the", "each", "her"."""
    return lexemes[i].word == "the" or bool({"EACH", "POSSESSIVE"} & find_kinds(lexemes, i, lexicon))


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
        if not (heads_lines(lexemes, i + 1) or is_side_alone(lexemes, i, lexicon)):
            yield i + 1, SKIP, None, 4.5
        return
    number = read_number(lexemes, i)
    if lexeme.type == "symbol":
        yield from read_mark(lexemes, i)
    elif lexeme.type == "word" and (counts_in_latin(lexemes, i) if len(lexeme.word) > 1 else counts_item(lexemes, i)):
        yield i + 2, "BULLET", None, 0.2
    else:
        yield from read_words(lexemes, i, lexicon, is_number=number is not None)
    if number is not None and not names_layout(lexemes, i, lexicon):
        yield from read_numbers(lexemes, i, number, lexicon)


def names_layout(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a layout's name begins at a number and ends in a letter right behind it: "300W" is no 300."""
    is_glued = i + 1 < len(lexemes) and lexemes[i + 1].is_glued
    return is_glued and any(
        length > 1 and "LAYOUT" in dict(readings) for length, readings, _ in lexicon.match(lexemes, i)
    )


def read_words(
    lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon, *, is_number: bool
) -> Iterator[tuple[int, str, Any, float]]:
    """Yield the readings of every phrase that starts at a lexeme."""
    matches = list(lexicon.match(lexemes, i))
    # What is compared ("as on the left eye") is never one name with what stands before.
    is_compared = any("AS_ON" in dict(readings) for _, readings, _ in matches)
    longest = max((length for length, _, _ in matches), default=0)
    layout = max((length for length, readings, _ in matches if "LAYOUT" in dict(readings)), default=0)
    is_join = any(length == longest and "AND" in dict(readings) for length, readings, _ in matches)
    # "..., the right one as well as JSON" asks for no JSON.
    is_none = is_join and ends_in_wrapping(lexemes, i + longest - 1, lexicon)
    for length, readings, is_plural in matches:
        if is_join and (length < longest) != is_none:
            # "As well as" is no "as well", "along with" no "along".
            continue
        stop, kinds = i + length, dict(readings)
        if "DROPPER" in kinds:
            yield from read_dropper(lexemes, i, stop, lexicon)
            continue
        if "WITH" in kinds and names_next(lexemes, stop, lexicon):
            yield stop, "AND", "and", 0.0
            yield stop, SKIP, None, WITH_COST
            continue
        dropped = drop_kinds(lexemes, i, stop, kinds.keys(), lexicon) if not BESIDE.isdisjoint(kinds) else set()
        if length < layout or (lexemes[i].is_underscored and length < longest and names_whose_side(matches)):
            # "FaceMesh" is no face, "patient_left" none on the left.
            dropped.add("FACE_WORD")
        is_face = kinds.get("FACE_WORD") == "face" and not (is_plural or is_chosen(lexemes, i, lexicon))
        if is_face and has_sided_name(lexemes, stop, lexicon):
            # "Face_left_eye" is no face on the left.
            dropped.add("FACE_WORD")
            yield stop, SKIP, None, 0.0
        readings = [one for one in readings if one[0] not in dropped] if dropped else readings
        is_plural = is_plural and not ("REL" in kinds and is_verb(lexemes, i))
        is_owned = "ADJ" in kinds and lexemes[i].is_underscored and names_owner(lexemes, i, lexicon)
        for reading in read_phrase(lexemes[i:stop], stop, readings, is_plural):
            if is_owned and reading[1] == "ADJ":
                # Of "left_eye" left is the picture's, of "subject_left_eye" it is not.
                yield reading[0], "ADJ", turn_own(reading[2]), reading[3]
                continue
            if not (is_compared and reading[1] == SKIP):
                yield (*reading[:3], NUMBER_SKIP) if is_number and reading[1] == SKIP and length == 1 else reading


def names_whose_side(matches: Sequence[tuple[int, Sequence[tuple[str, Any]], bool]]) -> bool:
    return any("PERSON_SIDE" in dict(readings) for _, readings, _ in matches)


def names_owner(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether an identifier says whose side its side is: "subject_left_eye", "left_eye_own"."""
    before = takewhile(lambda at: lexemes[at].is_underscored, range(i - 1, max(-1, i - LONGEST_NAMED), -1))
    behind = takewhile(lambda at: lexemes[at].is_underscored, range(i + 1, min(len(lexemes), i + LONGEST_NAMED)))
    kinds = (find_kinds(lexemes, at, lexicon) for at in (*before, *behind))
    return any(not one.isdisjoint(("SUBJECT_PHRASE", "POSSESSIVE")) for one in kinds)


def turn_own(sides: Any) -> Any:
    """Return the sides of an identifier as a person's own."""
    return tuple((kind, viewer, OPPOSITE.get(viewer, viewer)) for kind, viewer, _ in sides)


def is_verb(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a word tells what a part does, and names no more of it: "where the brow starts and where it ends"."""
    near = reversed(lexemes[max(0, i - LONGEST_WHERE) : i])
    words = [one.word for one in takewhile(lambda one: one.type == "word", near)]
    before = words[: words.index("where")] if "where" in words else []
    return bool(before) and before[-1] not in ("is", "are")


INNER_COUNT = "51"
"""How many points of 300W are no jaw's, which people call the inner ones."""
BESIDE = frozenset(
    {"ALSO", "AND", "BULLET_WORD", "EACH", "IDENTIFIER", "INNER_POINTS", "LINK", "NEGATION", "NOUN", "REL"}
)
"""Kinds that a phrase may be none of, by what stands beside it."""


def drop_kinds(lexemes: Sequence[Lexeme], i: int, stop: int, kinds: Set[str], lexicon: Lexicon) -> set[str]:
    """Return which kinds a phrase is none of, by what stands beside it."""
    dropped: set[str] = set()
    if "IDENTIFIER" in kinds and ends_identifier(lexemes, i):
        # "Brow_L_in" has an inner end.
        dropped |= {*kinds} - {"IDENTIFIER"}
    if "AND" in kinds and lexemes[i].word == "or" and not follows_exception(lexemes, i, lexicon):
        dropped.add("AND")
    if "EACH" in kinds and owns_each(lexemes, i, stop):
        dropped.add("EACH")
    if "NOUN" in kinds and joins_between(lexemes, i, stop, lexicon):
        dropped |= {"NOUN", "NOUNS"}
    if kinds >= {"EXCEPT", "NEGATION"}:
        # "..., not the left one" takes away, "no more than", "not used" do not.
        dropped.add("NEGATION" if opens_clause(lexemes, i) and names_soon(lexemes, stop, lexicon) else "EXCEPT")
    if "INNER_POINTS" in kinds and is_counted_edge(lexemes, i):
        dropped.add("INNER_POINTS")
    if "BULLET_WORD" in kinds and is_part(lexemes, stop):
        # "The first third" counts no items.
        dropped.add("BULLET_WORD")
    if "ALSO" in kinds and stop < len(lexemes) and lexemes[stop].word == "for":
        # "Also for the right brow" says the same again.
        dropped |= {"ALSO", "TOO"}
    return dropped | drop_before_name(lexemes, i, stop, kinds, lexicon)


def drop_before_name(lexemes: Sequence[Lexeme], i: int, stop: int, kinds: Set[str], lexicon: Lexicon) -> set[str]:
    """Return which kinds a place word is none of before the name of what it lies on."""
    dropped: set[str] = set()
    if kinds >= {"LINK", "ADJ"} and stands_at_name(lexemes, i, lexicon):
        # "Up lip" is no way up the lip.
        dropped.add("LINK")
    if kinds >= {"REL", "ADJ"} and stop < len(lexemes) and begins_name(lexemes, stop, lexicon):
        # "Top the left eye" is no "top left eye".
        dropped.add("ADJ")
    return dropped


def owns_each(lexemes: Sequence[Lexeme], i: int, stop: int) -> bool:
    """Whether "of each" says of what: "the corners of each eye", but not "cheeks: the centre of each"."""
    is_followed = stop < len(lexemes) and lexemes[stop].type == "word"
    return is_followed and tuple(one.word for one in lexemes[i:stop]) in OF_EACH


def is_counted_edge(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether inner points are so many of an edge: "12 outer and 8 inner points", no layout's."""
    return i > 0 and lexemes[i - 1].type == "number" and lexemes[i - 1].word != INNER_COUNT


def read_dropper(
    lexemes: Sequence[Lexeme], i: int, stop: int, lexicon: Lexicon
) -> Iterator[tuple[int, str, Any, float]]:
    """Yield what "drop" is: "drop 5 points on the jaw" puts down, "drop the jaw" takes away, "jaw drop" is neither."""
    if counts_points(lexemes, stop, lexicon):
        yield stop, SKIP, None, 0.0
    elif i == 0 or find_kinds(lexemes, i - 1, lexicon).isdisjoint(("NOUN", "NOUNS")):
        yield stop, "EXCEPT", None, 1.0


def counts_points(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether points stand at a place, however many: "5 points", "a dot", "markers"."""
    if i >= len(lexemes) or lexemes[i].word == "the":
        return False
    kinds = find_kinds(lexemes, i, lexicon) | find_kinds(lexemes, i + 1, lexicon)
    return read_number(lexemes, i) is not None or "POINTS" in kinds


def joins_between(lexemes: Sequence[Lexeme], i: int, stop: int, lexicon: Lexicon) -> bool:
    """Whether "between" is of no name: "between the brows | and the eyes", "split between the brows"."""
    is_between = any(one.word == "between" for one in lexemes[i:stop])
    if is_between and i > 0 and lexemes[i].word == "between" and "DIVIDER" in find_kinds(lexemes, i - 1, lexicon):
        return True
    if not is_between or stop + 1 >= len(lexemes) or lexemes[stop].word != "and":
        return False
    near = range(stop + 1, min(stop + 4, len(lexemes)))
    return any(not find_kinds(lexemes, at, lexicon).isdisjoint(("NOUN", "NOUNS")) for at in near)


def follows_exception(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether something is left out before a word, in its sentence."""
    before = takewhile(lambda at: lexemes[at].word not in (".", ";", "\n"), range(i - 1, max(-1, i - LONGEST_LIST), -1))
    return any("EXCEPT" in find_kinds(lexemes, at, lexicon) for at in before)


def opens_clause(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a word stands behind a mark, "and", or "one", or opens all: "the right one not the left", "no jaw"."""
    if i == 0:
        return lexemes[i].word == "no"
    return lexemes[i - 1].type != "word" or lexemes[i - 1].word in ("and", "one")


def ends_identifier(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a word is the last of several that underscores or capitals join."""
    later = lexemes[i + 1] if i + 1 < len(lexemes) else None
    is_last = later is None or not later.is_underscored or later.start > lexemes[i].stop + 1
    return lexemes[i].is_underscored and is_last and i > 0 and lexemes[i].start <= lexemes[i - 1].stop + 1


def is_chosen(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether the word before a place says which one: "the smallest face", "the second face"."""
    if i == 0:
        return False
    choices = {"ADJ", "FACE_CHOICE", "REL", "SELECT", "EACH"}
    return read_number(lexemes, i - 1) is not None or not find_kinds(lexemes, i - 1, lexicon).isdisjoint(choices)


def has_sided_name(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a side and a part stand at a place, without a mark between them: "left eye"."""
    return "ADJ" in find_kinds(lexemes, i, lexicon) and "NOUN" in find_kinds(lexemes, i + 1, lexicon)


def is_part(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a share of something stands at a place: "third", "half"."""
    found = read_number(lexemes, i) if i < len(lexemes) else None
    return found is not None and (found[1].form == "part" or as_part(found[1]) is not None)


def ends_in_wrapping(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether words that only wrap, and end there, begin with the last of a join: "... as well | as JSON"."""
    found = ((i + length, dict(readings)) for length, readings, _ in lexicon.match(lexemes, i) if length > 1)
    ends = {stop for stop, kinds in found if not WRAPPING.isdisjoint(kinds)}
    return any(stop == len(lexemes) or lexemes[stop].type != "word" for stop in ends)


def names_next(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a name stands next, at most one word further: "(with) their pupils"."""
    near = range(i, min(i + 2, len(lexemes)))
    if any(read_number(lexemes, at) is not None for at in near):
        return False
    return any(not find_kinds(lexemes, at, lexicon).isdisjoint(("NOUN", "NOUNS", "REL")) for at in near)


def names_soon(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a name without a number, or "one" for it, is among the next three words: "(not) the right one"."""
    near = list(takewhile(lambda at: lexemes[at].type == "word", range(i, min(i + 3, len(lexemes)))))
    if near and read_number(lexemes, near[0]) is not None:
        return False
    return any(not find_kinds(lexemes, at, lexicon).isdisjoint(("ADJ", "NOUN", "NOUNS", "ONE", "REL")) for at in near)


def stands_at_name(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a word stands right before a name, or ends what a name begins: "up lip", "lips up and lips down"."""
    after = find_kinds(lexemes, i + 1, lexicon)
    if not after.isdisjoint(("NOUN", "NOUNS")):
        return True
    is_last = i + 1 == len(lexemes) or lexemes[i + 1].type != "word"
    ends = is_last or "AND" in after or read_number(lexemes, i + 1) is not None
    return ends and i > 0 and not find_kinds(lexemes, i - 1, lexicon).isdisjoint(("NOUN", "NOUNS"))


def is_wrapped(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a line only goes on in the next: it ends with "the", or the next one with what names no part begins."""
    if not 0 < i < len(lexemes) - 1 or lexemes[i].word != "\n":
        return False
    if is_side_alone(lexemes, i, lexicon):
        return False
    if (i + 2 < len(lexemes) and lexemes[i + 2].word in (":", "=")) or heads_lines(lexemes, i + 1):
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


def is_side_alone(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a line is only a side, and so is the first of the text: "LEFT\nbrow: 5\neye: 8\nRIGHT\n..."."""
    if i == 0 or lexemes[1].type != "newline" or (i > 1 and lexemes[i - 2].type != "newline"):
        return False
    found = [found for at in (0, i - 1) for length, found, _ in lexicon.match(lexemes, at) if length == 1]
    readings = [one for readings in found for one in readings]
    return [category for category, value in readings if category == "ADJ" and value[0] == "side"] == ["ADJ"] * 2


def is_list_of_names(lexemes: Sequence[Lexeme], i: int) -> bool:
    """Whether a line of three or more with a name each ends: no text is wrapped after two or three words."""
    near = [*lexemes[max(0, i - LONGEST_NAME - 1) : i][::-1]], [*lexemes[i + 1 : i + LONGEST_NAME + 2]]
    lengths = [next((n for n, one in enumerate(line) if one.type == "newline"), len(line)) for line in near]
    has_more = any(length < len(line) for length, line in zip(lengths, near, strict=True))
    return has_more and max(lengths) <= LONGEST_NAME


def heads_lines(lexemes: Sequence[Lexeme], start: int) -> bool:
    """Whether a line of a few words heads those below it: "Mouth:\n", "Mouth\n- corners"."""
    line = lexemes[start : start + LONGEST_NAME + 2]
    end = next((at for at, one in enumerate(line, start) if one.type == "newline" or one.word == ":"), len(lexemes))
    after = lexemes[end + 1].word if end + 1 < len(lexemes) else ""
    return end > start and (after == "-" or (end < len(lexemes) and lexemes[end].word == ":" and after[:1] == "\n"))


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
