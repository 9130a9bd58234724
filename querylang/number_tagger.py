"""What a number is here: a count, a place, an id, a factor, a part of something."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ..errors import Problem
from .numbers import Number
from .token_view import NAME_KINDS, TokenView
from .tokens import Token

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

PAIRED = {"eye", "eyebrow", "lid", "pupil", "nostril", "wing"}
COUNTED_WORDS = ("the points", "the landmarks", "the number of", "number of")
DENSITY_WORDS = {
    "density", "granularity", "density factor", "granularity factor", "resolution", "point density",
    "sampling density", "landmark density", "the density", "the granularity",
}  # fmt: skip


class NumberTagger(TokenView):
    """Tags numbers and the words that only stand with numbers; every method returns the next index."""

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
        if not self.is_symbol(j, "*") and self.raw[j].value != "x":
            self.unknown.append(self.raw[j])
        self.emit("COUNT", token)
        return j + 1

    def tag_ordinal(self, i: int) -> int:
        token = self.raw[i]
        number: Number = token.value
        j = self.after(i + 1)
        if self.last == "EVERY" and number.value > 1 and self.has(j, "points"):
            self.tags[-1].kind, self.tags[-1].value = "NTH", int(number.value)
            return j + 1
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
        if self.raw_value(i + 1) == "a" and self.has(i + 2, "points"):
            self.emit("COUNT", token)
            return i + 1
        if number.is_plural and i > 0 and str(self.raw[i - 1].value).split()[-1:] in (["in"], ["into"]):
            self.emit("COUNT", token, Number(1 / number.value, "integer"))
            self.tags.append(Token("SEGMENTS", None, token.start, token.stop))
            return i + 1
        is_stop = [tag.kind for tag in self.tags[-2:]] == ["VALUE", "TO"]
        if self.last in ("AT", "LSEP", "FROM", "EVERY") or is_stop:
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
        if token.readings.get("one") == "one" and self.names_one_of_pair(j):
            span = (token.start, self.raw[j].stop)
            self.problems.append(Problem("ambiguous", "which one of the two?", span, "'left' or 'right', or 'each'"))
        if self.raw_value(i - 1) in ("over", "under"):
            self.unknown.append(self.raw[i - 1])
        is_pair = number.value == 2 and j == i + 1 and self.names_pairs(j)
        if (i > 0 and self.raw[i - 1].value == "the") or is_pair:
            is_pair = self.is_quantity(i, j)
        if is_pair:
            self.emit("QUANTITY", token)
            return i + 1
        if number.value == 51 and self.has_layout and self.has(j, "depth", "points"):
            self.emit("INNER_POINTS", token)
            return self.after(j + 1, "points")
        if self.has_layout and self.has(j, "layout"):
            name = self.raw[j].readings["layout"]
            if number.value == self.layouts[name].size:
                return i + 1
        self.emit("COUNT", token)
        return i + 1

    def names_pairs(self, j: int) -> bool:
        """Whether a plural name of parts that come in pairs stands at j ("upper eyelids")."""
        while self.has(j, "level", "depth"):
            j += 1
        return self.raw_noun(j) in PAIRED and self.raw[j].is_plural and not self.is_name(j + 1)

    def names_one_of_pair(self, j: int) -> bool:
        """Whether "one" stands before a part that comes in pairs, no side said ("one eye", "one of the eyes")."""
        if self.has(j, "of"):
            j = self.after(j + 1)
        return self.raw_noun(j) in PAIRED and self.raw_noun(self.after(j + 1)) is None

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
        if "filler" in readings or "points" in readings or token.value.startswith(COUNTED_WORDS):
            return i + 1
        self.unknown.append(token)
        return i + 1

    def tag_times(self, i: int) -> int:
        """Drop "x" and "times" beside a count or factor."""
        if self.is_number(self.after(i + 1), "integer") or self.last in ("COUNT", "FACTOR"):
            return i + 1
        self.unknown.append(self.raw[i])
        return i + 1

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
