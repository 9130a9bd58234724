"""From raw tokens to the kinds of `query.lark`: what each word is, given the words around it."""

from __future__ import annotations

from fractions import Fraction

from ..errors import Problem
from .mark_tagger import MarkTagger
from .numbers import Number
from .reader import NEWLINE, NUMBER, SYMBOL, UNKNOWN
from .token_view import NAME_KINDS, NAME_READINGS, POSITION_WORDS
from .tokens import Token

PATH_WORDS = {
    "over", "via", "across", "following", "through", "through the", "by way of",
    "passing", "passing through", "passing over",
}  # fmt: skip

ROUTE_WORDS = {"over", "via", "across", "following", "along", "around"}

PLAIN_MARKS = {"REVERSE": "reverse", "STRICT": "strict", "TURN": "turn", "SPACING": "spacing", "SHAPE": "shape",
               "TOTAL": "total", "ZERO": "zero_based", "SAME": "same"}  # fmt: skip


class Tagger(MarkTagger):
    """Chooses one kind for each raw token, in order; drops filler, keeps unknown words as problems."""

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
        if "divider" in readings and not self.is_divided:
            return self.reject(i)
        if "dropper" in readings and not self.is_number(self.after(i + 1)):
            return self.reject(i)
        if "filler" in readings or "points" in readings:
            return i + 1
        if "link" in readings:
            return self.tag_link(i)
        self.unknown.append(token)
        return i + 1

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
        if "from" in readings and self.opens_ids(i, j):
            self.is_id_next = True
            return i + 1
        if "from" in readings:
            self.emit("FROM", token)
            return i + 1
        if "between" in readings and self.opens_ids(i, j):
            self.is_between_ids = self.is_id_next = True
            return i + 1
        if "between" in readings:
            self.emit("BETWEEN", token)
            return i + 1
        if token.value.startswith("through") and self.is_on_the_way(i):
            return self.tag_link(i)
        if "to" in readings:
            self.emit_to(token)
            return i + 1
        if "except" in readings or ("but" in readings and self.is_after_all):
            if token.value == "all but" and not self.tags:
                self.tags.append(Token("ALL_POINTS", None, token.start, token.start))
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
            if self.last == "AT":
                self.tags.pop()
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
        elif " " in token.value and self.last not in NAME_KINDS:
            self.unknown.append(token)
        elif self.last == "LAYOUT" and readings["depth"] == "inner" and self.has(j, "points"):
            self.emit("INNER_POINTS", token)
            return j + 1
        else:
            self.emit("DEPTH", token, readings["depth"])
        return i + 1

    def tag_of(self, i: int) -> int:
        """Tag "of" between names; anywhere else it says nothing."""
        token = self.raw[i]
        j = self.after(i + 1)
        if self.last == "COUNT" and i + 1 < len(self.raw) and self.raw_value(i + 1) in ("them", "these", "those"):
            span = (self.tags[-1].start, self.raw[i + 1].stop)
            self.problems.append(Problem("ambiguous", "points among others cannot be asked for", span))
        if self.last == "AND" and token.value == "of" and self.is_name(j) and self.has_of_before_and:
            span = (self.tags[-1].start, self.raw[j].stop)
            self.problems.append(Problem("ambiguous", "of what? say the place again", span))
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
        is_to = self.is_in_range or (self.last in NAME_KINDS and self.is_name(j) and not self.has_range_here)
        if token.value == "through the" and is_to and not self.is_on_the_way(i):
            self.emit_to(token)
            return i + 1
        if self.last in NAME_KINDS and (self.is_name(j) or self.is_each(j)):
            if self.is_side_alone(j) or self.last == "JOIN":
                return i + 1
            path = token.readings.get("noun") in ("around", "along") or token.value in PATH_WORDS
            self.emit("VIA" if path else "OF", token)
        elif token.value in ROUTE_WORDS and self.last in ("VALUE", "COMMA") and self.is_name(j) and self.has_range:
            self.emit("VIA", token)
        return i + 1

    @property
    def has_of_before_and(self) -> bool:
        """Whether the item before "and" is a place of something ("the corner of the mouth and of the eye")."""
        kinds = [tag.kind for tag in self.tags[:-1]]
        start = max((k for k, kind in enumerate(kinds) if kind in ("AND", "COMMA", "STOP")), default=-1)
        return "OF" in kinds[start + 1 :] and "VALUE" not in kinds[start + 1 :]

    @property
    def is_in_range(self) -> bool:
        """Whether a range was opened and not closed."""
        opened = next((tag.kind for tag in reversed(self.tags) if tag.kind in ("FROM", "TO", "STOP")), "")
        return opened == "FROM"

    @property
    def has_range_here(self) -> bool:
        """Whether the item so far holds a range already."""
        item = next((tag.kind for tag in reversed(self.tags) if tag.kind in ("FROM", "TO", "STOP", "COMMA", "AND")), "")
        return item in ("FROM", "TO")

    def is_on_the_way(self, i: int) -> bool:
        """Whether a "to" follows "through" in its range ("from the left corner through the bow to the right one")."""
        if not self.is_in_range:
            return False
        for k in range(i + 1, len(self.raw)):
            if self.raw[k].kind in (NUMBER, SYMBOL, NEWLINE) or self.has(k, "from", "between", "except"):
                return False
            if self.has(k, "to"):
                return True
        return False

    @property
    def has_range(self) -> bool:
        return any(tag.kind in ("FROM", "TO") for tag in self.tags)

    @property
    def is_divided(self) -> bool:
        """Whether the instruction says into how many parts, so that "divide" and "cut" ask for nothing else."""
        return any(
            "segments" in token.readings
            or "total" in token.readings
            or (isinstance(token.value, Number) and token.value.form == "part" and token.value.is_plural)
            for token in self.raw
        )

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
        if value == "each" and self.ends_line(i, j):
            self.emit("EACH", token, value)
        elif self.is_name(j):
            if self.last in NAME_KINDS and token.value.startswith(("of ", "on ")):
                self.tags.append(Token("OF", None, token.start, token.start))
            self.emit("EACH_OF", token, value)
        elif value == "each":
            self.emit("EACH", token, value)
        return i + 1
