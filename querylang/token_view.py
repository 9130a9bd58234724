"""What stands around a raw token: the questions the tagger asks before it chooses a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from ..errors import Problem
from .numbers import Number
from .reader import NEWLINE, NUMBER, SYMBOL
from .registry import Layout
from .tokens import OPERATORS, Token

NAME_READINGS = ("side", "level", "depth", "noun")

NAME_KINDS = {"SIDE", "LEVEL", "DEPTH", "NOUN", "ORDER", "PART", "EACH_OF", "QUANTITY", "JOIN", "ONE"}

DIMENSIONS = {"SIDE", "LEVEL", "DEPTH", "ORDER"}

POSITION_WORDS = {"top": "upper", "bottom": "lower"}


class TokenView:
    """Raw tokens with the tags chosen so far.

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
        self.is_between_ids = False
        self.is_after_bar = False
        self.said_next = self.find_said()

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
        if not also:
            return self.said_next[i] if i < len(self.raw) else i
        while i < len(self.raw) and (self.is_filler(i) or any(kind in self.raw[i].readings for kind in also)):
            i = self.said_next[i + 1] if i + 1 < len(self.raw) else i + 1
        return i

    def find_said(self) -> list[int]:
        """Return, for each index, the next one from it on that holds more than filler."""
        following = [len(self.raw)] * len(self.raw)
        for i in reversed(range(len(self.raw))):
            is_idle = self.is_filler(i)
            following[i] = i if not is_idle else (following[i + 1] if i + 1 < len(self.raw) else i + 1)
        return following

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

    def raw_noun(self, i: int) -> str | None:
        return self.raw[i].readings.get("noun") if i < len(self.raw) else None

    def raw_value(self, i: int) -> str:
        return str(self.raw[i].value) if i < len(self.raw) else ""

    def is_before_name(self, i: int) -> bool:
        """Whether "top" stands before what it is the top one of ("top lip", "top half")."""
        if self.has(i + 1, "side"):
            return self.has(i + 2, *NAME_READINGS)
        if self.is_number(i + 1, "ordinal") and self.raw[i + 1].value.value > 2:
            return not self.has(self.after(i + 2), "points")
        return self.has(i + 1, *NAME_READINGS) or self.is_number(i + 1, "part")

    def introduces_name(self, i: int, value: str) -> bool:
        """Whether "around" or "along" belongs to the name after it ("around the mouth", "down the nose")."""
        j = self.after(i + 1)
        if self.has(j, "level"):
            j = self.after(j + 1)
        noun = self.raw_noun(j)
        if value == "along":
            return noun == "nose" and not self.has(j + 1, *NAME_READINGS) and self.last not in NAME_KINDS
        return noun in ("lip", "mouth") and not self.has(j + 1, *NAME_READINGS) and self.last not in NAME_KINDS

    def group_so_far(self) -> list[Token]:
        words: list[Token] = []
        for token in reversed(self.tags):
            if token.kind not in NAME_KINDS:
                break
            words.append(token)
        return words[::-1]

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

    def joins_range(self) -> bool:
        return self.last == "AND" and len(self.tags) > 2 and self.tags[-3].kind == "BETWEEN"

    def is_number_of_points(self, j: int) -> bool:
        """Whether "points" closes the name after a number ("all 20 outer lip points")."""
        k = j + 1
        while k < len(self.raw) and (self.is_name(k) or self.is_filler(k)):
            k += 1
        return self.has(k, "points")

    def is_side_alone(self, j: int) -> bool:
        """Whether only a side follows ("the corner on the left"), maybe with "side"."""
        if not self.has(j, "side"):
            return False
        k = j + 1
        if self.raw_noun(k) == "side":
            k += 1
        return not self.is_name(self.after(k))

    def is_times(self, j: int) -> bool:
        return self.has(j, "times") or self.is_symbol(j, "*")

    def after_way(self, i: int) -> int:
        while self.has(i, "way") or (self.has(i, "of") and self.has(i + 1, "way")):
            i += 1
        return i

    def is_stray_line(self, i: int) -> bool:
        """Whether "line" only says how to draw ("a line along the jaw") and names nothing."""
        if self.raw[i].readings.get("noun") != "line":
            return False
        return not (self.last in ("NOUN", "LEVEL") or self.has(self.after(i + 1), "of"))

    def opens_ids(self, i: int, j: int) -> bool:
        """Whether "from" or "between" before a number opens a range of a layout's ids ("WFLW points from 61 to 68")."""
        if self.has(j, "ids"):
            j = self.after(j + 1)
        if not self.has_layout or not self.is_number(j, "integer"):
            return False
        return self.last == "LAYOUT" or self.has(i - 1, "ids", "points")

    def is_count_at(self, j: int) -> bool:
        """Whether the number after "at" counts points ("at 5 points")."""
        if self.is_number(j, "part"):
            return self.has(self.after(j + 1), "density")
        if not self.is_number(j, "integer"):
            return False
        return self.has(self.after(j + 1), "points", "density", "times") or self.has(j + 1, "points")

    def is_each_of_number(self, i: int) -> bool:
        """Whether "each" before a number belongs to names beside it ("eyes each 6", "each half of the jaw")."""
        j = self.after(i + 1)
        if self.raw[i].value == "each" and self.is_number(j, "part") and self.raw[j].value.value == Fraction(1, 2):
            return True
        return "each" in self.raw[i].readings and self.is_number(j, "integer") and not self.has(j + 1, "pixels")

    def ends_line(self, i: int, j: int) -> bool:
        """Whether a line ends between i and j, after a number of points ("4 points each", then another line)."""
        is_counted = self.has(i - 1, "points") or self.last == "COUNT"
        return is_counted and any(token.kind == NEWLINE for token in self.raw[i + 1 : j])

    def abbreviates(self, i: int) -> bool:
        """Whether a full stop only shortens "points" ("6 pts. on the left eye") and ends no sentence."""
        if self.raw_value(i - 1) not in ("pts", "pt") or i == 0:
            return False
        named = False
        for tag in reversed(self.tags):
            if tag.kind == "STOP":
                break
            named = named or tag.kind == "NOUN"
        j = self.after(i + 1)
        return not named or self.has(j, "link", "of", "each", "and", "at", "spacing") or self.is_symbol(j, ",", ";")

    @property
    def is_after_all(self) -> bool:
        """Whether everything was named just now, so that "but" takes away from it."""
        return self.last == "ALL_POINTS" or (self.last == "NOUN" and self.tags[-1].value == "face")

    def is_spaced(self, i: int) -> bool:
        token = self.raw[i]
        return (
            token.start > 0
            and self.text[token.start - 1].isspace()
            and self.text[token.stop : token.stop + 1].isspace()
        )
