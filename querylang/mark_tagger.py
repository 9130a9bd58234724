"""What a mark between words is here: a separator, a range, an aside, the end of a line; and what "and" joins."""

from __future__ import annotations

from ..errors import Problem
from .number_tagger import NumberTagger
from .numbers import Number
from .reader import NEWLINE
from .token_view import DIMENSIONS, NAME_KINDS
from .tokens import Token


class MarkTagger(NumberTagger):
    """Tags marks and "and"; every method returns the next index."""

    def tag_and(self, i: int) -> int:
        """Tag "and": between modifiers of one sort, between numbers, or between items."""
        token = self.raw[i]
        j = self.after(i + 1)
        if self.is_between_ids and self.last == "ID":
            self.is_between_ids = False
            self.emit("TO", token)
            return i + 1
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
        if mark == "/" and i > 0 and isinstance(self.raw[i - 1].value, Number) and self.is_number(i + 1):
            return self.reject(i)
        if mark == "/" and self.is_name(j) and (self.has(i - 1, "points") or self.last == "COUNT"):
            self.emit("EACH_OF", token, "each")
            return i + 1
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
        if mark == "@" and self.is_count_at(j):
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
        if self.raw[i].value == "." and self.abbreviates(i):
            return i + 1
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
        elif self.last == "COUNT" and self.tags[-1] is self.raw[i - 1] and self.is_number(i + 1, "integer"):
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
            self.emit("COMMA" if self.is_name(self.after(i + 1)) else "COLON", token)
        elif self.is_spaced(i) and self.last not in ("", "STOP", "AND", "COMMA"):
            self.emit("COMMA", token)
        return i + 1

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
            if token.value == "[" and not (self.last == "LAYOUT" and closed and k > i + 1):
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
