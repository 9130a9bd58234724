"""Outlines: lines under headings that stand under headings, as notes and agents write them.

    Eyes
      left
        upper lid 7

In: the text; out: the same with the headings said before each line, "Eyes: left: upper lid 7.", and where each of its
characters stood.  A single list under a heading is left as it is: what the heading says may be of all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat, zip_longest
from typing import TYPE_CHECKING

from .numbers import read_number
from .words import split_lexemes

if TYPE_CHECKING:
    from .lexicon import Lexicon

LINE = re.compile(
    r"""(?P<indent>[ \t]*)
    (?P<mark>(?:\#{1,6}|[-*+\u2022\u2013]|\d{1,2}[.)]|[1-9]\d?(?:\.[1-9]\d?)+\.?|[a-zA-Z][.)]|\([a-z\d]\))[ \t]+)?
    (?P<words>\S.*)""",
    re.VERBOSE,
)
LISTED = re.compile(r"(?:[-*+\u2022\u2013]|\d+[.)])$")
"""Marks of a list that stands under no other."""
VALUE = re.compile(r":\s*\S")
END = re.compile(r"[\s:;,.]+$")
SILENT = re.compile(r"(?:`{3,}\w*|[-=]{3,})$")
UNDERLINE = re.compile(r"(?:-{3,}|={3,})$")
UNDER_HEADING = 100
"""What stands under a heading of Markdown is deeper than any heading."""
MOST_WORDS = 3
"""A longer line that has no mark may be wrapped on to the next."""


@dataclass
class Line:
    """A line of an outline.

    Attributes:
        start, stop: Where its words stand in the text, without its mark and the stop at its end.
        depth: How far to the right it begins; what has a mark stands under what has none.
        mark: The bullet, number or letter before its words.
        end: What stands behind its words.
        parent: The line that it stands under.
        under: The lines that stand under it.
    """

    text: str
    start: int
    stop: int
    depth: int
    mark: str
    end: str
    parent: Line | None = None
    under: list[Line] = field(default_factory=list)

    @property
    def words(self) -> str:
        return self.text[self.start : self.stop]

    @property
    def path(self) -> tuple[Line, ...]:
        """The headings that it stands under, the outermost first."""
        return () if self.parent is None else (*self.parent.path, self.parent)

    def put_under(self, parent: Line) -> None:
        self.parent = parent
        parent.under.append(self)


@dataclass(frozen=True)
class Outline:
    """An outline said in full.

    Attributes:
        text: Its lines with their headings.
        places: Where each character of it stood in the original text.
    """

    text: str
    places: tuple[int, ...]

    def find_span(self, span: tuple[int, int]) -> tuple[int, int]:
        """Return where the words of a span stood in the original text: the last of them where they stood apart."""
        places = self.places[span[0] : span[1]] or self.places[-1:]
        start = max((n for n in range(1, len(places)) if places[n] < places[n - 1]), default=0)
        inside = places[start:]
        return inside[0], max(inside) + 1


def read_outline(text: str, lexicon: Lexicon, limit: int) -> Outline | None:
    """Return an outline said in full, None where a text is none, or is longer than a limit then."""
    if "\n" not in text:
        return None
    lines = split_lines(text)
    stand_under(lines)
    put_sides_under(lines, lexicon)
    put_ids_under(lines, lexicon)
    if not is_outline(lines, lexicon):
        return None
    pieces: list[tuple[str, Iterable[int]]] = []
    for line, later in zip_longest(lines, lines[1:]):
        if line.under:
            continue
        for head in line.path:
            pieces += [(head.words, range(head.start, head.stop)), (": ", repeat(head.stop))]
        goes_on = line.parent is None and later is not None and not (later.parent or later.under)
        is_open = line.end.startswith((",", ":")) or goes_on
        pieces += [
            (line.words, range(line.start, line.stop)),
            (line.end + "\n" if is_open else ".\n", repeat(line.stop)),
        ]
    whole = "".join(words for words, _ in pieces)
    places = [min(place, len(text) - 1) for words, where in pieces for _, place in zip(words, where, strict=False)]
    return Outline(whole, tuple(places)) if len(whole) <= limit else None


def split_lines(text: str) -> list[Line]:
    """Return the lines that say something; one of dashes makes a heading of the one above it."""
    lines: list[Line] = []
    under = at = 0
    for raw in text.split("\n"):
        found = LINE.match(raw.rstrip())
        words = found["words"] if found is not None else ""
        if UNDERLINE.match(words) and lines:
            under = UNDER_HEADING
            lines[-1].mark, lines[-1].depth = "#", 2 if words[0] == "-" else 1
        elif found is not None and not SILENT.match(words):
            mark = (found["mark"] or "").strip()
            depth = under + 2 * len(found["indent"].expandtabs(4)) + bool(mark)
            if mark.startswith("#"):
                depth, under = len(mark), UNDER_HEADING
            start, end = at + found.start("words"), END.search(words)
            length = len(words) if end is None else end.start()
            lines.append(Line(text, start, start + length, depth, mark, words[length:].strip()))
        at += len(raw) + 1
    return lines


def stand_under(lines: Sequence[Line]) -> None:
    """Let each line stand under the nearest one above that begins farther to the left."""
    above: list[Line] = []
    for line in lines:
        while above and above[-1].depth >= line.depth:
            above.pop()
        if above:
            line.put_under(above[-1])
        above.append(line)


def put_sides_under(lines: Sequence[Line], lexicon: Lexicon) -> None:
    """Let sides that head lines stand under what is named above them: "EYES\nleft\n  upper lid 7\nright\n  ..."."""
    owner: Line | None = None
    for line in lines:
        side = any(category == "ADJ" and value[0] == "side" for category, value in lexicon.find(line.words))
        if side and line.under and owner is not None and owner.depth == line.depth:
            line.put_under(owner)
        elif not side and (owner is None or line.depth <= owner.depth):
            owner = None if line.under else line


def put_ids_under(lines: Sequence[Line], lexicon: Lexicon) -> None:
    """Let lines of numbers stand under the layout right above them: "300W ids:\n1, 9, 17\n31"."""
    layout: Line | None = None
    for line in lines:
        if layout is not None and line.parent is layout.parent and line.words[:1].isdigit():
            line.put_under(layout)
        else:
            layout = line if line.end.startswith(":") and not line.under and names_layout(line, lexicon) else None


def names_layout(line: Line, lexicon: Lexicon) -> bool:
    """Whether a line begins with a layout's name."""
    found = lexicon.match(split_lexemes(line.words), 0)
    return any(category == "LAYOUT" for _, readings, _ in found for category, _ in readings)


def names_side(line: Line, lexicon: Lexicon) -> bool:
    """Whether a line is no more than a side: "Left side"."""
    kinds = [dict(lexicon.find(word)) for word in line.words.split()]
    sides = [found for found in kinds if found.get("ADJ", ("",))[0] == "side"]
    return len(sides) == 1 and all(found in sides or found.get("REL") == "side" for found in kinds)


def is_outline(lines: Sequence[Line], lexicon: Lexicon) -> bool:
    """Whether lines stand under headings that name something, and other words than those would not tell so."""
    heads = [line for line in lines if line.under]
    if not all(map(is_heading, heads)) or not any(map(is_sure, heads)):
        return False
    if any(leaves_out(head, lexicon) for head in heads):
        return False
    is_deep = any(head.parent is not None or head.mark or names_layout(head, lexicon) for head in heads)
    is_deep = is_deep or any(names_side(head, lexicon) and not head.end.startswith(":") for head in heads)
    return is_deep or any(not (head.end.startswith(":") or heads_list(head)) for head in heads)


def leaves_out(line: Line, lexicon: Lexicon) -> bool:
    """Whether the lines under a heading are what is left out: "300W without:"."""
    words = line.words.split()
    return any(category == "EXCEPT" for n in (1, 2) for category, _ in lexicon.find(" ".join(words[-n:])))


def heads_list(line: Line) -> bool:
    """Whether bullets tell what stands under a heading."""
    return not line.mark.startswith("#") and all(LISTED.match(one.mark) for one in line.under)


def is_heading(line: Line) -> bool:
    """Whether a line may name what others lie on: it ends no sentence, and has no number, which may be of them all."""
    if not line.words or VALUE.search(line.words) or line.end.startswith((",", ";", ".")):
        return False
    lexemes = split_lexemes(line.words)
    after = [lexemes[n + 1 : n + 2] for n in range(len(lexemes)) if read_number(lexemes, n) is not None]
    # "300W".
    return all(any(one.is_glued and one.type == "word" for one in later) for later in after)


def is_sure(line: Line) -> bool:
    """Whether a line is a heading, and not one that is wrapped on to the next."""
    if line.end.startswith(":") or len(line.under) > 1 or any(one.mark or one.under for one in line.under):
        return True
    return len(line.words.split()) <= MOST_WORDS and any(char.isdigit() for char in line.under[0].words)
