"""Headings: names that only say on what the items after them lie; and items that come part by part."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from .asks import Ask, Draft
from .concepts import Op
from .meaning import MistakeError, Phrase
from .owners import Owners


class Headings:
    """Leaves out what only heads a list, and marks what is laid out part by part."""

    def __init__(self, draft: Draft, owners: Owners) -> None:
        self.draft = draft
        self.owners = owners

    def drop_headers(self) -> None:
        """Leave out a name that only heads the items after its colon, all of which lie on it."""
        for i, ask in enumerate(self.draft.asks[:-1]):
            later = self.draft.asks[i + 1]
            if later.is_removal:
                continue
            if self.is_sum(i):
                self.draft.asks[i] = replace(ask, is_header=True)
            elif self.is_apposition(i) or self.names_pair(i + 1):
                self.draft.asks[i + 1] = replace(later, is_header=True)
            elif self.heads_list(i) and not self.draft.has_own(i):
                self.drop_header(i)
        dropped = [i for i, ask in enumerate(self.draft.asks) if ask.is_header]
        for loose in self.draft.loose:
            loose.at -= sum(i < loose.at for i in dropped)
        self.draft.asks = [ask for ask in self.draft.asks if not ask.is_header]

    def drop_header(self, index: int) -> None:
        """Leave out a name over a list that lies on it, or that says nothing."""
        ask = self.draft.asks[index]
        if not self.lies_under(self.draft.asks[index + 1], ask):
            if not self.is_put_aside(index):
                return
            self.draft.notes.append(f"ignored: '{self.draft.words(ask.start, ask.stop)}'")
        self.draft.asks[index] = replace(ask, is_header=True)

    def is_sum(self, index: int) -> bool:
        """Whether a counted name is the sum of what lies on it: "6 points on the left eye: 3 on the upper lid, ...".

        Raises:
            MistakeError: The numbers add up to another sum.
        """
        ask, *later = self.draft.asks[index:]
        if ask.item.count is None or ask.item.each or ask.is_removal or "colon" not in later[0].before:
            return False
        # Up to the next heading.
        rest = takewhile(lambda one: one.sentence == ask.sentence and "colon" not in one.before, later[1:])
        under = [later[0], *rest]
        if ask.phrase is None or ask.phrase.det or not all(self.lies_under(one, ask) for one in under):
            return False
        counts = [one.item.count for one in under]
        if any(count is None for count in counts) or len(under) < 2:
            return False
        whole = sum(count.value for count in counts if count is not None)
        if whole != ask.item.count.value:
            message = f"{ask.item.count.value} points in all, but the items add up to {whole}"
            raise MistakeError("contradiction", message, self.draft.span(ask))
        return True

    def heads_list(self, index: int) -> bool:
        """Whether an item may only say on what the items after it lie."""
        ask, later = self.draft.asks[index], self.draft.asks[index + 1]
        if ask.item.has_amount or ask.is_removal or ask.phrase is None:
            return False
        if self.owners.opens_list(index) or (later.is_narrower and set(later.before) <= {"comma"}):
            return True
        has_amount = later.item.has_amount or self.draft.has_own(index + 1)
        if later.is_owned and set(later.before) <= {"comma"} and has_amount and self.lies_under(later, ask):
            return True
        if set(later.before) <= {"comma"} and has_amount and divides_each(later, ask):
            return True
        return ask.is_located and set(later.before) <= {"comma"}

    def is_put_aside(self, index: int) -> bool:
        """Whether a name before a colon is a heading that names no side: "lip aperture: ..."."""
        ask, later = self.draft.asks[index], self.draft.asks[index + 1]
        opens = index == 0 or ask.sentence != self.draft.asks[index - 1].sentence
        assert ask.phrase is not None
        is_plain = ask.phrase.thing is not None and not ask.phrase.thing.is_sided and not ask.phrase.det
        return opens and is_plain and "colon" in later.before and later.phrase is not None and not later.is_owned

    def is_apposition(self, index: int) -> bool:
        """Whether the last name of a sentence only says on which part the one before lies: "upper lid, right eye"."""
        ask, later = self.draft.asks[index], self.draft.asks[index + 1]
        if later.phrase is None or later.item.has_amount or set(later.before) != {"comma"} or not ask.is_owned:
            return False
        before = [one for one in self.draft.asks if one.sentence == ask.sentence and one is not later]
        if not all(lies_on(one, later.phrase.ops) for one in before):
            return False
        if ask.phrase is None:
            return False
        is_named = later.phrase.thing is not None and (later.phrase.thing.is_sided or bool(later.phrase.det))
        return len(later.phrase.ops) <= 2 and is_named

    def names_pair(self, index: int) -> bool:
        """Whether the last name of a list only says that all before it is meant of both: "pupils, both eyes", "OU".

        What stands before it is then counted for each.
        """
        ask = self.draft.asks[index]
        before = [one for one in self.draft.asks[:index] if one.sentence == ask.sentence]
        phrase = ask.phrase
        if phrase is None or ask.item.has_amount or set(ask.before) != {"comma"} or ask is not self.draft.asks[-1]:
            return False
        is_both = bool(phrase.ops) and is_pair(phrase) and (phrase.det == "both" or bool(phrase.frame))
        if not is_both or phrase.thing is None or phrase.thing.is_place:
            return False
        if not all(is_pair(one.phrase) and (divides(one, ask) or self.belongs(one, phrase)) for one in before):
            return False
        for one in before:
            assert one.phrase is not None
            one.item = replace(one.item, phrase=replace(one.phrase, det=one.phrase.det or "both"))
        return True

    def belongs(self, ask: Ask, owner: Phrase) -> bool:
        """Whether what an ask names may be said to be of what another phrase names: pupils of eyes."""
        noun = ask.phrase.ops[0] if ask.phrase and ask.phrase.ops else ("", "")
        return noun[0] == "noun" and owner.ops[0][1] in self.draft.rules.concepts[noun[1]].of

    def lies_under(self, ask: Ask, header: Ask) -> bool:
        """Whether what an ask names lies on what its heading names."""
        phrase, owner = ask.phrase, header.phrase
        if phrase is None or owner is None or owner.thing is None or phrase.thing is None or not owner.ops:
            return False
        if phrase.ops[: len(owner.ops)] == owner.ops and (len(phrase.ops) > len(owner.ops) or ask.is_owned):
            return True
        if divides_each(ask, header):
            return True
        made = self.draft.rules.phrase(owner.ops + phrase.ops)
        return made is not None and made.thing is not None and made.thing.units == phrase.thing.units

    def weave(self) -> None:
        """Mark asks of several places of each of a pair, which come part by part."""
        number = 0
        for i in range(len(self.draft.asks) - 1, 0, -1):
            ask = self.draft.asks[i]
            if ask.phrase is None or ask.phrase.det != "each" or ask.weave >= 0 or i == 0:
                continue
            first = i
            while first > 0 and self.is_woven(self.draft.asks[first - 1], self.draft.asks[first]):
                first -= 1
            if first < i:
                for one in self.draft.asks[first : i + 1]:
                    one.weave = number
                number += 1

    def is_woven(self, ask: Ask, later: Ask) -> bool:
        phrase = ask.phrase
        if phrase is None or later.phrase is None or not set(later.before) & {"and", "comma"} or phrase.thing is None:
            return False
        if phrase.ops[:1] != later.phrase.ops[:1] or not (ask.is_owned or later.is_owned):
            return False
        return phrase.det == "each" and len({unit.side for unit in phrase.thing.units}) == 2


def is_pair(phrase: Phrase | None) -> bool:
    """Whether a phrase names what is on both sides."""
    return phrase is not None and phrase.thing is not None and phrase.thing.is_several_sided


def divides(ask: Ask, whole: Ask) -> bool:
    """Whether what an ask names are pieces of what another one names."""
    thing = ask.phrase.thing if ask.phrase else None
    other = whole.phrase.thing if whole.phrase else None
    return thing is not None and other is not None and thing.parts <= other.parts and thing.divides(other)


def divides_each(ask: Ask, whole: Ask) -> bool:
    """Whether an ask is of each piece of what another one names: "lips: 5 points on each lip"."""
    return ask.phrase is not None and bool(ask.phrase.det) and divides(ask, whole)


def lies_on(ask: Ask, ops: tuple[Op, ...]) -> bool:
    """Whether an ask was found to lie on what some operations name."""
    return ask.is_owned and ask.phrase is not None and ask.phrase.ops[: len(ops)] == ops
