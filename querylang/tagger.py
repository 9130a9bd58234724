"""From raw tokens to the kinds of `query.lark`: what each word is, given the words around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from ..errors import Problem
from .numbers import Number
from .reader import NEWLINE, NUMBER, PHRASE, SYMBOL, UNKNOWN
from .registry import Layout
from .tokens import OPERATORS, Token

NAME_READINGS = ("side", "level", "depth", "noun")
NAME_KINDS = {"SIDE", "LEVEL", "DEPTH", "NOUN", "ORDER", "PART", "EACH_OF", "QUANTITY", "JOIN", "ONE"}
DIMENSIONS = {"SIDE", "LEVEL", "DEPTH", "ORDER"}
POSITION_WORDS = {"top": "upper", "bottom": "lower"}
PATH_WORDS = {
    "over", "via", "across", "following", "through the", "by way of", "passing", "passing through", "passing over",
}  # fmt: skip
ROUTE_WORDS = {"over", "via", "across", "following", "along", "around"}
DENSITY_WORDS = {
    "density", "granularity", "density factor", "granularity factor", "resolution", "point density",
    "sampling density", "landmark density", "the density", "the granularity",
}  # fmt: skip
STEPS_OF_NTH = {
    "other": 2,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "2": 2,
    "3": 3,
    "4": 4,
    "5": 5,
}
BASES = {
    "lip",
    "mouth",
    "nose",
    "eye",
    "eyebrow",
    "contour",
    "lid",
    "bridge",
    "boundary",
    "face",
    "chin",
    "pupil",
    "oval",
}
PLAIN_MARKS = {"REVERSE": "reverse", "STRICT": "strict", "TURN": "turn", "SPACING": "spacing", "SHAPE": "shape",
               "TOTAL": "total", "ZERO": "zero_based", "SAME": "same"}  # fmt: skip


def read_sized_layouts(tokens: Sequence[Token], layouts: Mapping[str, Layout]) -> tuple[list[Token], list[Problem]]:
    """Read "the 68-point layout" as the layout of that size.

    Returns:
        The tokens with such layouts named, and a problem for each size no layout has.
    """
    kept: list[Token] = []
    problems: list[Problem] = []
    i = 0
    while i < len(tokens):
        j = i + 1
        while j < len(tokens) and j < i + 4 and ("points" in tokens[j].readings or tokens[j].kind == UNKNOWN):
            j += 1
        is_sized = (
            tokens[i].kind == NUMBER
            and j > i + 1
            and "points" in tokens[i + 1].readings
            and j < len(tokens)
            and "layout_noun" in tokens[j].readings
            and "filler" not in tokens[j].readings
        )
        if is_sized and not any(
            "layout" in token.readings for token in (*tokens[max(0, i - 2) : i], *tokens[j : j + 3])
        ):
            by_size = {layout.size: name for name, layout in layouts.items() if name != "unified"}
            name = by_size.get(int(tokens[i].value.value))
            span = (tokens[i].start, tokens[j].stop)
            if name is None or j > i + 2:
                sizes_known = ", ".join(str(size) for size in sorted(by_size))
                problems.append(
                    Problem("unknown_layout", f"no such layout; the sizes are {sizes_known}", span, "'300W' or 'WFLW'")
                )
            else:
                kept.append(Token(PHRASE, "layout", *span, {"layout": name}))
            i = j + 1
        else:
            kept.append(tokens[i])
            i += 1
    return kept, problems


class Tagger:
    """Chooses one kind for each raw token, in order; drops filler, keeps unknown words as problems.

    Attributes:
        tags: The tagged tokens so far.
        unknown: Tokens no reading fits.
        approximate: Spans of "about".
        headings: Spans ignored as headings, with purposes the same way.
    """

    def __init__(self, text: str, tokens: Sequence[Token], layouts: Mapping[str, Layout]) -> None:
        self.text = text
        self.raw = list(tokens)
        self.layouts = layouts
        self.tags: list[Token] = []
        self.unknown: list[Token] = []
        self.problems: list[Problem] = []
        self.approximate: list[Token] = []
        self.has_layout = any("layout" in token.readings for token in tokens)
        self.brackets: list[str] = []
        self.in_ids = False
        self.in_at = False
        self.is_id_next = False
        self.is_after_bar = False

    # -- looking around ------------------------------------------------------------------------------------

    def has(self, i: int, *kinds: str) -> bool:
        if not 0 <= i < len(self.raw):
            return False
        readings = self.raw[i].readings
        return any(kind in readings for kind in kinds)

    def is_symbol(self, i: int, *marks: str) -> bool:
        return 0 <= i < len(self.raw) and self.raw[i].kind == SYMBOL and self.raw[i].value in marks

    def is_number(self, i: int, *forms: str) -> bool:
        if not 0 <= i < len(self.raw) or self.raw[i].kind != NUMBER:
            return False
        return not forms or self.raw[i].value.form in forms

    def after(self, i: int, *also: str) -> int:
        """Return the next index from i on that holds more than filler (or other given readings)."""
        while i < len(self.raw) and (self.is_filler(i) or any(kind in self.raw[i].readings for kind in also)):
            i += 1
        return i

    def is_filler(self, i: int) -> bool:
        token = self.raw[i]
        if token.kind == NEWLINE:
            return True
        return "filler" in token.readings and not any(k in token.readings for k in NAME_READINGS)

    def is_name(self, i: int) -> bool:
        """Whether a name goes on at i: a feature word, or a part of something."""
        if self.has(i, *NAME_READINGS):
            noun = self.raw_noun(i)
            return noun not in ("around", "along") or self.introduces_name(i, noun)
        return self.is_number(i, "part") and not self.has(i + 1, "way", "density")

    def is_each(self, i: int) -> bool:
        return self.has(i, "each") and self.is_name(self.after(i + 1, "of", "each"))

    @property
    def last(self) -> str:
        return self.tags[-1].kind if self.tags else ""

    def emit(self, kind: str, token: Token, value: object = None) -> None:
        token.kind = kind
        if value is not None:
            token.value = value
        self.tags.append(token)

    def emit_to(self, token: Token) -> None:
        """Emit "to"; an "at" before its first number opened the range ("at 0.1 to 0.9")."""
        if self.last == "VALUE" and len(self.tags) > 1 and self.tags[-2].kind == "AT":
            self.tags[-2].kind = "FROM"
        self.emit("TO", token)

    def joins_range(self) -> bool:
        return self.last == "AND" and len(self.tags) > 2 and self.tags[-3].kind == "BETWEEN"

    # -- the walk ------------------------------------------------------------------------------------------

    def tag(self) -> list[Token]:
        """Return the tagged tokens of the whole instruction."""
        i = 0
        while i < len(self.raw):
            token = self.raw[i]
            if token.kind == NUMBER:
                i = self.tag_number(i)
            elif token.kind == SYMBOL:
                i = self.tag_symbol(i)
            elif token.kind == NEWLINE:
                i = self.tag_newline(i)
            elif token.kind == UNKNOWN:
                self.unknown.append(token)
                if self.last not in NAME_KINDS:  # a name is missing here: keep its place, so that the rest is checked
                    self.tags.append(Token("NOUN", "?", token.start, token.stop))
                i += 1
            elif token.kind in ("FACES", "STOP", "COLON"):
                self.tags.append(token)
                i += 1
            elif token.kind == "PERSON":
                i += 1
            else:
                i = self.tag_phrase(i)
            if self.last not in ("ID", "LSEP", "TO", "LAYOUT", "EXCEPT"):
                self.in_ids = self.in_ids and self.last in ("ID", "LSEP", "TO", "LAYOUT", "FROM")
            if self.last not in ("AT", "VALUE", "LSEP"):
                self.in_at = False
        return self.tags

    def tag_phrase(self, i: int) -> int:
        """Tag a phrase of the vocabulary; return the next index."""
        token = self.raw[i]
        readings = token.readings
        step = self.tag_special(i)
        if step is not None:
            return step
        if any(kind in readings for kind in NAME_READINGS) and not self.is_stray_line(i):
            return self.tag_name(i)
        for kind, reading in PLAIN_MARKS.items():
            if reading in readings:
                if kind == "SPACING" and self.is_after_bar and readings[reading] == "arc":
                    kind = "ARC"
                if kind in ("ARC", "SHAPE", "SAME", "SPACING") or "filler" not in readings:
                    self.emit(kind, token, readings[reading])
                    return i + 1
        if "layout" in readings:
            return self.tag_layout(i)
        if "and" in readings:
            return self.tag_and(i)
        if "of" in readings:
            return self.tag_of(i)
        if "filler" in readings or "points" in readings:
            return i + 1
        if "link" in readings:
            return self.tag_link(i)
        self.unknown.append(token)
        return i + 1

    def is_stray_line(self, i: int) -> bool:
        """Whether "line" only says how to draw ("a line along the jaw") and names nothing."""
        if self.raw[i].readings.get("noun") != "line":
            return False
        return not (self.last in ("NOUN", "LEVEL") or self.has(self.after(i + 1), "of"))

    def tag_special(self, i: int) -> int | None:
        """Tag what depends on both neighbours; None if nothing special stands here."""
        token = self.raw[i]
        readings = token.readings
        j = self.after(i + 1)
        if "approx" in readings and self.is_number(j) and self.last not in ("EVERY",):
            self.approximate.append(token)
            return i + 1
        if "approx" in readings and not any(k in readings for k in (*NAME_READINGS, "filler", "link")):
            self.approximate.append(token)
            return i + 1
        if "all_points" in readings:
            self.emit("ALL_POINTS", token)
            return i + 1
        if "halfway" in readings:
            self.emit("VALUE", token, Number(Fraction(1, 2), "part"))
            return self.after_way(i + 1)
        if (
            "every" in readings
            and (self.is_number(j) or self.is_number(self.after(j, "at")))
            and not self.is_each_of_number(i)
        ):
            self.emit("EVERY", token)
            return i + 1
        if "nth" in readings:
            return self.tag_nth(i)
        if (
            "at" in readings
            and self.is_number(j)
            and (self.last in ("FROM", "BETWEEN", "TO", "EVERY") or self.joins_range())
        ):
            return i + 1
        if "at" in readings and (self.is_number(j) or self.has(j, "halfway")) and not self.is_count_at(j):
            if (
                ("every" in readings or "points" in readings or token.value != "at")
                and (
                    not self.is_number(j, "decimal", "fraction", "percent", "part")
                    and "fpalp" not in token.value.split()
                )
                and "points" in readings
            ):
                return None if self.has_layout else i + 1
            if self.last != "AT":
                self.emit("AT", token)
            self.in_at = True
            return i + 1
        if "at" in readings:
            return self.tag_link(i)
        if "from" in readings and (
            self.has(j, "layout") or (self.has(self.after(j + 1), "layout") and self.is_number(j))
        ):
            return i + 1
        if "from" in readings:
            self.emit("FROM", token)
            return i + 1
        if "between" in readings:
            self.emit("BETWEEN", token)
            return i + 1
        if "to" in readings:
            self.emit_to(token)
            return i + 1
        if "except" in readings:
            self.emit("EXCEPT", token)
            return i + 1
        if "pixels" in readings:
            self.unknown.append(token)
            return i + 1
        if "interval" in readings and self.last == "PIXELS":
            if len(self.tags) < 2 or self.tags[-2].kind != "EVERY":
                self.emit("APART", token)
            return i + 1
        if "interval" in readings and self.last == "VALUE":
            value = self.tags.pop()
            if self.last != "EVERY":
                self.tags.append(Token("EVERY", None, value.start, value.start))
            self.tags.append(value)
            return i + 1
        if "factor" in readings:
            return self.tag_factor(i)
        if "density" in readings:
            return self.tag_density(i)
        if "segments" in readings and self.last == "COUNT":
            self.emit("SEGMENTS", token)
            return i + 1
        if "way" in readings and self.last == "VALUE":
            return i + 1
        if "select" in readings:
            return self.tag_select(i)
        if "ids" in readings and (self.is_number(j, "integer") or self.is_symbol(j, "#")):
            self.is_id_next = True
            return i + 1
        if "ids" in readings and self.has_layout and "filler" not in readings:
            return i + 1
        if "parity" in readings and (self.has_layout or self.has(j, "ids")):
            self.emit("PARITY", token, readings["parity"])
            return i + 1
        if (
            "spacing" in readings
            and readings["spacing"] == "even"
            and token.value == "even"
            and self.has(j, "ids", "points")
        ):
            self.emit("PARITY", token, "even")
            return i + 1
        if "one" in readings and self.last in NAME_KINDS:
            self.emit("ONE", token)
            return i + 1
        if "times" in readings:
            return self.tag_times(i)
        if "each" in readings:
            return self.tag_each(i)
        if "layout_noun" in readings and self.has_layout:
            return i + 1
        return None

    def is_count_at(self, j: int) -> bool:
        """Whether the number after "at" counts points ("at 5 points")."""
        if self.is_number(j, "part"):
            return self.has(self.after(j + 1), "density")
        return self.is_number(j, "integer") and self.has(self.after(j + 1), "points", "density", "times")

    def is_each_of_number(self, i: int) -> bool:
        """Whether "each" before a number belongs to names before it ("eyes each 6")."""
        j = self.after(i + 1)
        return "each" in self.raw[i].readings and self.is_number(j, "integer") and not self.has(j + 1, "pixels")

    def after_way(self, i: int) -> int:
        while self.has(i, "way") or (self.has(i, "of") and self.has(i + 1, "way")):
            i += 1
        return i

    # -- names ---------------------------------------------------------------------------------------------

    def tag_name(self, i: int) -> int:
        token = self.raw[i]
        readings = token.readings
        j = self.after(i + 1)
        if "noun" in readings:
            value = readings["noun"]
            if value in POSITION_WORDS and self.is_before_name(i):
                self.emit("LEVEL", token, POSITION_WORDS[value])
                return i + 1
            if value == "middle" and (self.is_number(j, "part") or self.raw_noun(j) in ("part", "side")):
                self.emit("ORDER", token, "middle")
                return i + 1
            if value in ("around", "along") and not self.introduces_name(i, value):
                return self.tag_link(i)
            self.emit("NOUN", token, value)
        elif "side" in readings:
            self.emit("SIDE", token)
        elif "level" in readings:
            self.emit("LEVEL", token, readings["level"])
        else:
            self.emit("DEPTH", token, readings["depth"])
        return i + 1

    def is_before_name(self, i: int) -> bool:
        """Whether "top" stands before what it is the top one of ("top lip", "top half")."""
        if self.has(i + 1, "side"):
            return self.has(i + 2, *NAME_READINGS)
        return self.has(i + 1, *NAME_READINGS) or self.is_number(i + 1, "part")

    def raw_noun(self, i: int) -> str | None:
        return self.raw[i].readings.get("noun") if i < len(self.raw) else None

    def introduces_name(self, i: int, value: str) -> bool:
        """Whether "around" or "along" belongs to the name after it ("around the mouth", "down the nose")."""
        j = self.after(i + 1)
        if self.has(j, "level"):
            j = self.after(j + 1)
        noun = self.raw_noun(j)
        if value == "along":
            return noun == "nose" and not self.has(j + 1, *NAME_READINGS) and self.last not in NAME_KINDS
        return noun in ("lip", "mouth") and not self.has(j + 1, *NAME_READINGS) and self.last not in NAME_KINDS

    def tag_and(self, i: int) -> int:
        """Tag "and": between modifiers of one sort, between numbers, or between items."""
        token = self.raw[i]
        j = self.after(i + 1)
        if self.joins_modifiers(j) or self.joins_places(j):
            self.emit("JOIN", token)
        elif self.joins_numbers(j):
            self.emit("LSEP", token)
        elif self.last not in ("AND", "COMMA", "STOP", ""):
            self.emit("AND", token)
        elif self.last == "COMMA":
            self.tags.pop()
            self.emit("AND", token)
        return i + 1

    def joins_modifiers(self, j: int) -> bool:
        """Whether "left and right", "upper and lower", "first and last" are joined here."""
        if self.last not in DIMENSIONS:
            return False
        kind = self.last
        while self.has(j, "of", "link") or (j < len(self.raw) and self.is_filler(j)):
            j += 1
        if kind == "ORDER":
            return self.has(j, "select") or self.is_number(j, "ordinal")
        if not self.has(j, kind.lower()):
            return kind == "LEVEL" and self.raw_noun(j) in POSITION_WORDS and self.is_name(j + 1)
        k = self.after(j + 1, "level", "depth", "side")
        named_before = any(t.kind == "NOUN" for t in self.group_so_far())
        named_after = self.is_name(k) or self.has(k, "each")
        if named_before and named_after:
            return self.raw_noun(k) in OPERATORS
        return True if named_before or named_after else not self.is_number(k)

    def joins_places(self, j: int) -> bool:
        """Whether two places of one part are joined ("top and bottom of each eye")."""
        if self.last != "NOUN" or self.tags[-1].value not in OPERATORS or len(self.group_so_far()) > 1:
            return False
        return self.raw_noun(j) in OPERATORS and (self.has(j + 1, "of") or self.raw_value(j + 1).startswith("of "))

    def raw_value(self, i: int) -> str:
        return str(self.raw[i].value) if i < len(self.raw) else ""

    def group_so_far(self) -> list[Token]:
        words: list[Token] = []
        for token in reversed(self.tags):
            if token.kind not in NAME_KINDS:
                break
            words.append(token)
        return words[::-1]

    def joins_numbers(self, j: int) -> bool:
        """Whether a list of values or ids goes on at j."""
        if self.is_symbol(j, "#"):
            return self.last == "ID"
        if not self.is_number(j) or self.has(self.after(j + 1), "times", "pixels"):
            return False
        if len(self.tags) > 1 and self.tags[-2].kind == "BETWEEN":
            return False
        number: Number = self.raw[j].value
        k = self.after(j + 1)
        counts = self.has(k, "points", "density", "segments", "each", "spacing") or self.is_name(k) or self.is_each(k)
        if self.last == "ID":
            return number.form == "integer" and not counts and not self.has(k, "link")
        if self.last == "VALUE":
            if number.form in ("decimal", "fraction", "percent"):
                return True
            if number.form == "part":
                return number.is_marked or self.has(k, "way")
            return number.form == "integer" and self.in_at and not counts
        return False

    def tag_of(self, i: int) -> int:
        """Tag "of" between names; anywhere else it says nothing."""
        token = self.raw[i]
        j = self.after(i + 1)
        if (
            self.last in NAME_KINDS
            and (self.is_name(j) or self.is_each(j) or self.has(j, "possessive") or self.has(j, "layout"))
            and not self.has(j, "layout")
        ):
            self.emit("OF", token)
        return i + 1

    def tag_link(self, i: int) -> int:
        """Tag a preposition: between two names it joins them, or says which way to go."""
        token = self.raw[i]
        j = self.after(i + 1)
        if token.value in ("in", "into") and self.is_number(j, "part") and self.raw[j].value.is_plural:
            return i + 1
        if self.last in NAME_KINDS and (self.is_name(j) or self.is_each(j)):
            if self.is_side_alone(j):
                return i + 1
            path = token.readings.get("noun") in ("around", "along") or token.value in PATH_WORDS
            self.emit("VIA" if path else "OF", token)
        elif token.value in ROUTE_WORDS and self.last in ("VALUE", "COMMA") and self.is_name(j):
            if any(tag.kind in ("FROM", "TO") for tag in self.tags):
                self.emit("VIA", token)
        return i + 1

    def is_side_alone(self, j: int) -> bool:
        """Whether only a side follows ("the corner on the left"), maybe with "side"."""
        if not self.has(j, "side"):
            return False
        k = j + 1
        if self.raw_noun(k) == "side":
            k += 1
        return not self.is_name(self.after(k))

    def tag_each(self, i: int) -> int:
        token = self.raw[i]
        value = token.readings["each"]
        j = self.after(i + 1, "of")
        if self.has(j, "each") and value != "both":
            return (
                i + 1 if self.has(j, "each") and self.raw[j].readings["each"] != "all" else self.tag_each_here(i, value)
            )
        return self.tag_each_here(i, value)

    def tag_each_here(self, i: int, value: str) -> int:
        token = self.raw[i]
        j = self.after(i + 1, "of")
        if self.is_number(j, "integer") and self.is_name(self.after(j + 1)) and not self.is_number_of_points(j):
            self.emit("EACH_OF", token, value)
            self.emit("QUANTITY", self.raw[j], self.raw[j].value)
            return j + 1
        if self.is_name(j):
            if self.last in NAME_KINDS and token.value.startswith(("of ", "on ")):
                self.tags.append(Token("OF", None, token.start, token.start))
            self.emit("EACH_OF", token, value)
        elif value == "each":
            self.emit("EACH", token, value)
        return i + 1

    def is_number_of_points(self, j: int) -> bool:
        """Whether "points" closes the name after a number ("all 20 outer lip points")."""
        k = j + 1
        while k < len(self.raw) and (self.is_name(k) or self.is_filler(k)):
            k += 1
        return self.has(k, "points")

    def tag_nth(self, i: int) -> int:
        token = self.raw[i]
        word = token.value.split()[1] if " " in token.value else "other"
        j = self.after(i + 1)
        if self.has(j, "of") and not self.has(j, "points") and word not in ("other", "alternate"):
            step = Number(Fraction(1, STEPS_OF_NTH.get(word, 2)), "part")
            self.tags.append(Token("EVERY", None, token.start, token.start))
            self.emit("VALUE", token, step)
            return i + 1
        if self.is_name(j) and word in ("other", "alternate") and not self.is_number_of_points(i):
            self.unknown.append(token)
            return i + 1
        self.emit("NTH", token, STEPS_OF_NTH.get(word, 2))
        return i + 1

    def tag_select(self, i: int) -> int:
        """Tag first/last/central: before a part of something, or before "point"."""
        token = self.raw[i]
        value = token.readings["select"]
        j = self.after(i + 1)
        if self.is_number(j, "part", "percent") or self.raw_noun(j) in ("part", "side"):
            self.emit("ORDER", token, value)
        elif self.has(j, "points"):
            self.emit("PICK", token, value)
            return j + 1
        elif self.has(j, "and") and (
            self.has(self.after(j + 1), "select") or self.is_number(self.after(j + 1), "ordinal")
        ):
            k = self.after(self.after(j + 1) + 1)
            if self.has(k, "points"):
                self.emit("PICK", token, value)
                return j + 1
            self.emit("ORDER", token, value)
        elif self.is_number(j, "integer") and self.has(self.after(j + 1), "points"):
            self.emit("ORDER", token, value)
        else:
            self.emit("ORDER", token, value)
        return i + 1

    def tag_factor(self, i: int) -> int:
        """Tag twice, double, half as: before a density, else a way of saying how many times."""
        token = self.raw[i]
        factor = Number(Fraction(token.readings["factor"]), "integer")
        j = self.after(i + 1)
        if self.has(i + 1, "density"):
            self.emit("FACTOR", token, factor)
            self.emit("DENSITY", self.raw[i + 1])
            return i + 2
        if self.has(j, "density") or (self.has(j, "points") and token.value != "twice"):
            self.emit("FACTOR", token, factor)
            self.emit("DENSITY", self.raw[j])
            return j + 1
        if self.last == "DENSITY":
            self.emit("FACTOR", token, factor)
            return i + 1
        self.unknown.append(token)
        return i + 1

    def tag_density(self, i: int) -> int:
        token = self.raw[i]
        readings = token.readings
        if self.last == "FACTOR":
            self.emit("DENSITY", token)
            return i + 1
        j = i + 1
        while j < len(self.raw) and (
            self.is_filler(j) or self.has(j, "of", "times") or self.is_symbol(j, "=", ":", "*")
        ):
            j += 1
        if token.value in DENSITY_WORDS and (self.is_number(j) or self.has(j, "factor")):
            self.emit("DENSITY", token)
            value = (
                self.raw[j].value if self.is_number(j) else Number(Fraction(self.raw[j].readings["factor"]), "integer")
            )
            self.emit("FACTOR", self.raw[j], value)
            j += 1
            return j + 1 if self.has(j, "times") else j
        if "filler" in readings or "points" in readings:
            return i + 1
        self.unknown.append(token)
        return i + 1

    def tag_times(self, i: int) -> int:
        """Drop "x" and "times" beside a count or factor."""
        if self.is_number(self.after(i + 1), "integer") or self.last in ("COUNT", "FACTOR"):
            return i + 1
        self.unknown.append(self.raw[i])
        return i + 1

    # -- layouts and numbers -------------------------------------------------------------------------------

    def tag_layout(self, i: int) -> int:
        token = self.raw[i]
        name = token.readings["layout"]
        self.emit("LAYOUT", token, name)
        self.in_ids = True
        j = i + 1
        while self.has(j, "layout_noun") or self.is_symbol(j, "-", "("):
            j += 1
        if self.is_number(j, "integer") and self.raw[j].value.value == self.layouts[name].size:
            k = j + 1
            if not self.is_symbol(k, "-", "..", ",") and not self.has(self.after(k), "to", "and"):
                while self.has(k, "points", "layout_noun") or self.is_symbol(k, ")"):
                    k += 1
                return k
            if self.is_symbol(k, ",") and not self.is_number(k + 1):
                return k
        return i + 1

    def tag_number(self, i: int) -> int:
        token = self.raw[i]
        if [tag.value for tag in self.tags[-2:]] == ["minus"] and self.last == "EXCEPT":
            token.value = replace(token.value, value=-token.value.value)
            token.start = self.tags.pop().start
        number: Number = token.value
        j = self.after(i + 1)
        if self.has(j, "pixels") and number.form in ("integer", "decimal", "fraction"):
            self.emit("PIXELS", token)
            return j + 1
        if number.form == "ordinal":
            return self.tag_ordinal(i)
        if number.form == "part":
            return self.tag_part(i)
        if self.is_times(j) or (self.has(i + 1, "density") and not self.has(i + 1, "points", "filler")):
            return self.tag_multiple(i, j)
        if number.form == "percent" and self.last == "ORDER":
            self.emit("PART", token)
            return i + 1
        if number.form in ("decimal", "fraction", "percent"):
            if (
                number.form != "percent"
                and (self.has(j, "points") or self.has(j, "segments"))
                and self.last not in ("AT", "LSEP", "FROM", "TO")
            ):
                self.emit("COUNT", token)
                return i + 1
            if self.has(j, "of") and self.has(self.after(j + 1), "points"):
                span = (token.start, self.raw[self.after(j + 1)].stop)
                self.problems.append(
                    Problem("ambiguous", "a share of the points, or places?", span, "'half as many' or 'at 50%'")
                )
            self.emit("VALUE", token)
            return self.after_way(i + 1)
        return self.tag_integer(i)

    def is_times(self, j: int) -> bool:
        return self.has(j, "times") or self.is_symbol(j, "*")

    def tag_multiple(self, i: int, j: int) -> int:
        """Tag "3 times as dense", "2x density"; "4x" without a density is a count."""
        token = self.raw[i]
        k = j
        if self.is_times(k):
            k = self.after(k + 1)
        if self.has(k, "density"):
            if self.raw[k].value in ("more points", "denser", "finer"):
                self.problems.append(
                    Problem(
                        "ambiguous",
                        "more than what? write 'twice as dense' or a number of points",
                        (token.start, self.raw[k].stop),
                    )
                )
            self.emit("FACTOR", token)
            self.emit("DENSITY", self.raw[k])
            return k + 1
        if self.has(k, "points") and not self.is_symbol(j, "*") and self.raw[j].value in ("times",):
            self.emit("FACTOR", token)
            self.emit("DENSITY", self.raw[k])
            return k + 1
        self.emit("COUNT", token)
        return j + 1

    def tag_ordinal(self, i: int) -> int:
        token = self.raw[i]
        number: Number = token.value
        j = self.after(i + 1)
        if self.is_number(j, "part") or (self.is_number(j, "ordinal") and number.value <= self.raw[j].value.value):
            self.emit("ORDER", token, str(int(number.value)))
            if self.is_number(j, "ordinal"):
                below = self.raw[j].value.value
                self.raw[j].value = Number(1 / below, "part")
        elif (
            self.has(j, "points")
            or (self.has(j, "of") and self.is_number(self.after(j + 1), "integer"))
            or (
                self.has(j, "and")
                and (self.has(self.after(j + 1), "select") or self.is_number(self.after(j + 1), "ordinal"))
            )
        ):
            self.emit("PICK", token, int(number.value))
            return j + 1
        elif (self.last in ("ORDER", "SIDE", "LEVEL", "DEPTH") and number.value > 2) or (
            self.last in ("EACH_OF", "EACH") and number.value > 2
        ):
            self.emit("PART", token, Number(1 / number.value, "part"))
        elif number.value == 1 and token.readings.get("select"):
            return self.tag_select(i)
        elif number.value == 1 and self.is_number(j, "percent"):
            self.emit("ORDER", token, "first")
        elif self.last == "NOUN" and self.tags[-1].value == "middle" and number.value > 2:
            self.tags[-1].kind = "ORDER"
            self.emit("PART", token, Number(1 / number.value, "part"))
        elif self.last == "EVERY" and number.value > 2:
            self.emit("VALUE", token, Number(1 / number.value, "part"))
        else:
            self.unknown.append(token)
        return i + 1

    def tag_part(self, i: int) -> int:
        """Tag a half, a third: of something, of the way, or as equal parts."""
        token = self.raw[i]
        number: Number = token.value
        j = self.after(i + 1)
        if self.has(j, "density") and not number.is_plural and (not self.has(j, "points") or not number.is_marked):
            self.emit("FACTOR", token)
            self.emit("DENSITY", self.raw[j])
            return j + 1
        if self.has(i + 1, "way"):
            self.emit("VALUE", token)
            return self.after_way(i + 1)
        if number.is_plural and i > 0 and str(self.raw[i - 1].value).split()[-1:] in (["in"], ["into"]):
            self.emit("COUNT", token, Number(1 / number.value, "integer"))
            self.tags.append(Token("SEGMENTS", None, token.start, token.stop))
            return i + 1
        if self.last in ("AT", "LSEP", "FROM", "EVERY") or (self.last == "TO" and self.tags[-2].kind == "VALUE"):
            self.emit("VALUE", token)
            return self.after_way(i + 1)
        if number.is_marked and number.value < 1 and self.has(j, "and") and self.is_number(self.after(j + 1), "part"):
            self.emit("VALUE", token)
            return i + 1
        self.emit("PART", token)
        return i + 1

    def tag_integer(self, i: int) -> int:
        token = self.raw[i]
        number: Number = token.value
        j = self.after(i + 1)
        if "one" in token.readings and self.last in NAME_KINDS and not self.is_name(j) and not self.has(j, "points"):
            self.emit("ONE", token)
            return i + 1
        if self.is_id(i):
            token.is_canonical = self.brackets[-1:] == ["ids"]
            self.emit("ID", token)
            self.in_ids = True
            return i + 1
        if self.is_value(i, j):
            self.emit("VALUE", token)
            return self.after_way(i + 1)
        if self.last == "EVERY":
            self.unknown.append(self.tags.pop())
        if (
            self.has(i - 1, "points")
            and not self.has(i - 1, "filler")
            and not self.raw[i - 1].is_plural
            and not self.has(j, "points")
        ):
            span = (self.raw[i - 1].start, token.stop)
            self.problems.append(
                Problem("ambiguous", "the number of one point, or a number of points?", span, "'5 points'")
            )
        if self.raw_value(i - 1) in ("over", "under"):
            self.unknown.append(self.raw[i - 1])
        if self.raw[i - 1].value in ("the",) and i > 0 and self.is_quantity(i, j):
            self.emit("QUANTITY", token)
            return i + 1
        if number.value == 51 and self.has_layout and self.has(j, "depth"):
            self.emit("INNER_POINTS", token)
            return self.after(j + 1, "points")
        if self.has_layout and self.has(j, "layout"):
            name = self.raw[j].readings["layout"]
            if number.value == self.layouts[name].size:
                return i + 1
        self.emit("COUNT", token)
        return i + 1

    def is_quantity(self, i: int, j: int) -> bool:
        """Whether "the two" counts the parts of a plural name, not points."""
        if not self.is_name(j) or self.is_number_of_points(i) or self.raw[i].value.value > 6:
            return False
        k = j
        while self.is_name(k):
            k += 1
        return self.raw[k - 1].is_plural

    def is_id(self, i: int) -> bool:
        if self.is_id_next:
            self.is_id_next = False
            return True
        if self.last == "ZERO" and len(self.tags) > 1 and self.tags[-2].kind == "LAYOUT":
            return True
        if self.in_ids:
            k = self.after(i + 1)
            if self.last in ("LAYOUT", "TO", "LSEP", "ID", "FROM"):
                return not (self.last == "LAYOUT" and self.has(k, "points", "each"))
            return self.last not in ("COUNT",)
        if self.last == "ID":
            return True
        if self.last in ("TO", "LSEP") and len(self.tags) > 1 and self.tags[-2].kind == "ID":
            return True
        if not self.has_layout:
            return False
        before = i - 1
        while (
            before >= 0
            and self.raw[before].readings
            and self.is_filler(before)
            and "points" not in self.raw[before].readings
        ):
            before -= 1
        if self.has(before, "points", "ids") or self.is_symbol(before, "#"):
            return True
        return (
            self.last == "EXCEPT" and not self.has(self.after(i + 1), "points") and not self.is_name(self.after(i + 1))
        )

    def is_value(self, i: int, j: int) -> bool:
        """Whether an integer is an FPALP: after "at", at an end of a range, in a list of values."""
        number: Number = self.raw[i].value
        if self.last == "AT":
            return True
        if self.last == "LSEP":
            return self.tags[-2].kind == "VALUE"
        if self.last in ("FROM", "BETWEEN"):
            return not self.has(j, "points", "layout")
        if self.last == "TO":
            return self.tags[-2].kind == "VALUE" if len(self.tags) > 1 else False
        if self.last == "OPEN" or (
            self.last == "AND"
            and len(self.tags) > 2
            and self.tags[-3].kind == "BETWEEN"
            and self.tags[-2].kind == "VALUE"
        ):
            return True
        if number.value in (0, 1) and (self.has(j, "to") or self.is_symbol(j, "-", "..")):
            k = self.after(j + 1)
            return self.is_number(k)
        return False

    # -- marks ---------------------------------------------------------------------------------------------

    def tag_symbol(self, i: int) -> int:
        token = self.raw[i]
        mark = token.value
        j = self.after(i + 1)
        if mark in ".;!?":
            return self.tag_stop(i)
        if mark in ",|":
            self.is_after_bar = self.is_after_bar or mark == "|"
            return self.tag_comma(i)
        if mark == ":":
            if self.last in NAME_KINDS:
                self.emit("COLON", token)
            elif self.last in ("ZERO", "LAYOUT"):
                return i + 1
            elif self.last and self.last not in ("COMMA", "AND", "STOP"):
                self.emit("COMMA", token)
            return i + 1
        if mark in "&+":
            return self.tag_and(i)
        if mark == "/":
            if self.has(i - 1, "filler", "and") or self.has(i + 1, "and"):
                return i + 1
            return self.tag_and(i)
        if mark in ("-", "..", "->"):
            return self.tag_dash(i)
        if mark in "[(":
            return self.tag_open(i)
        if mark in "])":
            if self.brackets and self.brackets.pop() == "interval":
                self.emit("CLOSE", token)
            return i + 1
        if mark == "@":
            self.emit("AT", token)
            self.in_at = True
            return i + 1
        if mark == "*":
            return i + 1 if self.is_number(j) else self.reject(i)
        if mark == "#":
            if self.is_number(j):
                self.in_ids = self.has_layout
                return i + 1
            return self.reject(i)
        if mark == "~" and self.is_number(j):
            self.approximate.append(token)
            return i + 1
        if mark == "=" and (self.is_number(j) or self.is_number(i - 1)):
            return i + 1
        return self.reject(i)

    def reject(self, i: int) -> int:
        self.unknown.append(self.raw[i])
        return i + 1

    def tag_stop(self, i: int) -> int:
        self.is_after_bar = False
        if self.tags and self.last != "STOP":
            while self.last in ("COMMA", "AND"):
                self.tags.pop()
            if self.tags:
                self.emit("STOP", self.raw[i])
        return i + 1

    def tag_comma(self, i: int) -> int:
        token = self.raw[i]
        j = self.after(i + 1)
        if self.has(j, "and"):
            return (
                i + 1
                if self.joins_modifiers(self.after(j + 1)) or self.joins_numbers(self.after(j + 1))
                else self.put_comma(token, i)
            )
        if self.brackets and self.brackets[-1] == "interval":
            self.emit("TO", token)
            return i + 1
        if self.joins_numbers(j):
            self.emit("LSEP", token)
            return i + 1
        if (
            self.last in DIMENSIONS
            and not any(t.kind == "NOUN" for t in self.group_so_far())
            and self.joins_modifiers(j)
        ):
            self.emit("JOIN", token)
            return i + 1
        return self.put_comma(token, i)

    def put_comma(self, token: Token, i: int) -> int:
        if self.last not in ("AND", "COMMA", "STOP", ""):
            self.emit("COMMA", token)
        return i + 1

    def tag_dash(self, i: int) -> int:
        """Tag a dash: a range between numbers, a pause between words, else only a hyphen."""
        token = self.raw[i]
        is_next = self.is_number(i + 1) or self.is_symbol(i + 1, "#")
        if (is_next and self.last in ("VALUE", "ID")) or (token.value in ("..", "->") and self.last):
            self.emit_to(token)
        elif self.is_number(i - 1, "integer") and self.is_number(i + 1, "integer") and self.last == "COUNT":
            if self.has_layout:
                self.tags[-1].kind = "ID"
                self.emit("TO", token)
            else:
                self.problems.append(
                    Problem(
                        "ambiguous",
                        "a range of numbers: how many points?",
                        (self.raw[i - 1].start, self.raw[i + 1].stop),
                    )
                )
                self.raw[i + 1].kind = "PERSON"
        elif self.is_spaced(i) and self.last in NAME_KINDS:
            self.emit("COLON", token)
        elif self.is_spaced(i) and self.last not in ("", "STOP", "AND", "COMMA"):
            self.emit("COMMA", token)
        return i + 1

    def is_spaced(self, i: int) -> bool:
        token = self.raw[i]
        return (
            token.start > 0
            and self.text[token.start - 1].isspace()
            and self.text[token.stop : token.stop + 1].isspace()
        )

    def tag_open(self, i: int) -> int:
        """Tag a bracket: an interval of FPALPs, ids of a layout, or an aside."""
        token = self.raw[i]
        k, numbers, seps = i + 1, 0, 0
        while k < len(self.raw) and not self.is_symbol(k, "]", ")"):
            if self.is_number(k) and self.raw[k].value.form != "ordinal":
                numbers += 1
            elif self.is_symbol(k, ",", "..", "-") or self.has(k, "to"):
                seps += 1
            else:
                break
            k += 1
        closed = k < len(self.raw) and self.is_symbol(k, "]", ")")
        if closed and numbers == 2 and seps == 1 and self.last != "LAYOUT" and not self.in_ids:
            self.brackets.append("interval")
            self.emit("OPEN", token)
        else:
            if token.value == "[" and not (self.last == "LAYOUT" and closed):
                stop = self.raw[min(k, len(self.raw) - 1)].stop
                self.problems.append(
                    Problem("syntax", "this bracket holds no range", (token.start, stop), "'[0.1 .. 0.9]'")
                )
            self.brackets.append("ids" if token.value == "[" and self.last == "LAYOUT" else "aside")
        return i + 1

    def tag_newline(self, i: int) -> int:
        """A line break ends a sentence if both lines name something; a wrapped line is a space."""
        token = self.raw[i]
        j = i + 1
        while self.is_symbol(j, "-", "*", ",") or (j < len(self.raw) and self.raw[j].kind == NEWLINE):
            j += 1
        bullet = self.is_symbol(i + 1, "-", "*", ",")
        if self.last in ("AND", "COMMA", "OF", "FROM", "TO", "STOP", "AT", "JOIN", "LSEP", "EXCEPT", "COLON", ""):
            return j
        before = False
        for tag in reversed(self.tags):
            if tag.kind == "STOP":
                break
            before = before or tag.kind in ("NOUN", "LAYOUT")
        after = False
        for k in range(j, len(self.raw)):
            if self.raw[k].kind == NEWLINE or self.is_symbol(k, ";", "."):
                break
            after = after or self.has(k, "noun", "layout")
        starts = self.after(j)
        joined = self.has(starts, "of", "to", "and", "except", "link", "from", "between", "at") and not bullet
        if before and after and not joined:
            self.emit("STOP", token)
        return j
