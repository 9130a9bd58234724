"""Words and marks in the lattice: what each reading of a phrase may be by itself, and what it costs.

In: a phrase with its readings in the lexicon, or a mark; out: edges `(stop, category, value, cost)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .brackets import restates_number
from .number_edges import is_line_start, read_interval
from .words import Lexeme

SKIP, LINK_COST = "SKIP", 0.05
PARTS = frozenset({"NOUN", "NOUNS", "OWN_NOUN"})
"""Categories of words that name a part or a place on one."""
WRAPPING = frozenset({"FILLER", "DIVIDER", "ASKING"})
"""Categories of phrases that say nothing by themselves."""
MARKS = {
    ",": "COMMA", ";": "STOP", ".": "STOP", "!": "STOP", "?": "STOP", ":": "COLON", "=": "COLON",
    "->": "COLON", "|": "COMMA",
    "+": "AND", "/": "SLASH", "*": "TIMES", "@": "AT", "~": "APPROX", "..": "TO", "...": "COMMA", "-": "DASH",
}  # fmt: skip
SILENT = frozenset("()[]")
ASIDE = frozenset({"ASKER", "LABEL", "NUMBERED", "OPENING", "WANTING"})
"""Categories of words that mean something only where what they stand before is put aside."""
SAYING_NOTHING = {
    "IDENTIFIER",
    "LINK",
    "SHARE_OF",
    "VIA",
    "HEADS",
    "BULLET_WORD",
    "FINDING",
    "HEADING",
    "LOOSE_END",
    "PURPOSE",
}
EMPTY = WRAPPING | ASIDE | SAYING_NOTHING
"""Categories of words that, beside others that say nothing, leave no doubt that nothing is said."""
DOUBTFUL_COST = 1.2
LINES_COST = 1.7
"""What it costs to read "contour points" as points, where "face contour" may be meant."""
OPPOSITE = {"left": "right", "right": "left"}
KINDS = {"left": "side", "right": "side", "upper": "level", "lower": "level", "inner": "depth", "outer": "depth"}
OFTEN_EMPTY = {"AT": 0.8, "ONLY": 1.2, "REF": 1.4, "WAY": 0.3, "AND": 9.0}
"""Categories of words that may also say nothing, with what that costs."""
NEVER_EMPTY = frozenset({"other", "former", "latter"})
"""Those of them that always say something."""


class Who(NamedTuple):
    """A word for faces or their owners.

    Attributes:
        kind: "face", "person", or "role" ("the patient").
        is_plural: It stands in the plural.
        owns: It owns what follows ("the patient's").
        name: What tells them from others of the photo ("woman").
    """

    kind: str
    is_plural: bool
    owns: bool
    name: str = ""


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
    if category in OFTEN_EMPTY and value not in NEVER_EMPTY:
        yield found.stop, SKIP, None, OFTEN_EMPTY[category]


def read_wrapping(found: Words, category: str, value: Any) -> Found:
    # "Dudes" are no "dude", and the first of "letEyebrow" is no "let".
    is_other = found.is_alone and (found.is_plural or found.is_identifier)
    if not (found.owns or is_other):
        # A phrase so long ("on top of the photo") is meant as a whole.
        cost = -4.0 if found.length > 4 else DOUBTFUL_COST if found.is_doubtful else 0.0
        yield found.stop, SKIP, None, cost


def read_noun(found: Words, category: str, value: Any) -> Found:
    is_derived = found.is_plural and category == "NOUN"
    frame = "subject" if category == "OWN_NOUN" else ""
    if frame:
        yield found.stop, "EYE_SIDE", value[1:], 1.0
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
        kind = KINDS[value]
        yield found.stop, "ADJ", ((kind, value, value),), 1.0
        if kind == "depth":
            yield found.stop, "DEPTH", ((kind, value, value),), 1.0


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
    # "People" and "men" are plurals of their own.
    kind, _, name = value.removeprefix("many ").partition(" ")
    owns = found.owns and kind != "face"
    is_plural = found.is_plural or value.startswith("many ")
    yield found.stop, "PERSON_OWNER" if owns else "FACE_WORD", Who(kind, is_plural, owns, name), 1.0


def read_shape(found: Words, category: str, value: Any) -> Found:
    yield from read_plainly(found, category, value)
    if found.is_plural:
        yield found.stop, "SHAPES", value, 0.0


def read_finding(found: Words, category: str, value: Any) -> Found:
    """ "Find", "look at": says nothing but where, as `whole_face.py` sees."""
    yield found.stop, SKIP, None, LINK_COST
    yield found.stop, category, value, 1.0


def read_frame(found: Words, category: str, value: Any) -> Found:
    """ "As seen in the picture"; what owns ("the picture's ...") belongs to what follows it."""
    if not found.owns:
        yield found.stop, category, value, -3.0


def read_doubtful(found: Words, category: str, value: Any) -> Found:
    """Words such as "points" and "layout", which often say nothing new."""
    if found.owns and category == "POINTS":
        # "The 68 points' left eye".
        yield found.stop, "POINTS_OWN", None, 1.0
    elif not found.owns:
        cost = LINES_COST if value == "lines" else 0.5
        yield found.stop, category, found.is_plural or value == "verbs", cost
        if not found.is_person:
            yield found.stop, SKIP, None, cost + 0.1


COSTS = {"PER_SIDE": 3.0, "VIA": 0.2, "ONLY": 0.2, "VIEWER": -3.5, "TOO": 0.6, "SO_DOES": -1.5}
"""Categories whose edges cost something of their own."""
READERS: dict[str, Callable[[Words, str, Any], Found]] = {
    "FILLER": read_wrapping,
    "ASKING": read_wrapping,
    "DIVIDER": read_wrapping,
    "LINK": read_link,
    "WITH": read_link,
    "VIEWER_PHRASE": read_frame,
    "SUBJECT_PHRASE": read_frame,
    "OUT": lambda found, category, value: iter([(found.stop, SKIP, None, 2.5)]),
    "BULLET_WORD": lambda found, category, value: iter([(found.stop, "BULLET", value, 3.5)]),
    "LOOSE_END": lambda found, category, value: iter(()),
    # `lattice.py` reads it by what stands behind it.
    "DROPPER": lambda found, category, value: iter(()),
    # `statements.py` reads these.
    **dict.fromkeys(
        ("SPEAKER", "SCENE", "CORRECTION", "ACTIVITY", "QUANTITY", "FIELD"), lambda found, category, value: iter(())
    ),
    "NOUN": read_noun,
    "NOUNS": read_noun,
    "OWN_NOUN": read_noun,
    "REL": lambda found, category, value: iter([(found.stop, "REL", value + "s" * found.is_plural, 1.0)]),
    "ADJ": read_adjective,
    "IDENTIFIER": read_identifier,
    "LAYOUT_POINT": read_layout_point,
    "FACE_WORD": read_face_word,
    "FINDING": read_finding,
    "SHAPE": read_shape,
    "ASKER": lambda found, category, value: iter([] if found.owns else [(found.stop, category, value, 1.0)]),
    "POINTS": read_doubtful,
    "LAYOUT_NOUN": read_doubtful,
    "LAYOUT_MANNER": read_doubtful,
}


def read_arrow(stop: int) -> Iterator[tuple[int, str, Any, float]]:
    """An arrow goes from one place to another, or leads on as a colon does."""
    yield stop, "COLON", None, 0.5
    yield stop, "ARROW", None, 0.5


def read_mark(lexemes: Sequence[Lexeme], i: int) -> Iterator[tuple[int, str, Any, float]]:
    mark = lexemes[i].word
    if mark in "-=" and i + 1 < len(lexemes) and lexemes[i + 1].word == ">":
        yield from read_arrow(i + 2)
        return
    if mark == ">" and is_line_start(lexemes, i):
        yield i + 1, SKIP, None, 0.0
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
