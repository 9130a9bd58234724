"""Clauses that only count what others name: "eyes with their pupils, 6 points per eye".

In: an item and the asks before it; out: whether it only counts one of them, which then has its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, takewhile

from .asks import AMOUNTS, WAY, Ask, Draft, Loose, find_phrases, only
from .clause_kinds import settle_item
from .entries import Entry
from .meaning import NO_NAME, Item, MistakeError, Phrase, add, has_misfit, join
from .phrase_compositions import HALVES
from .qualifying import Qualifier

MOST_COUNTED = 4
"""Names between one and what only counts it."""


MOST_HEADED = 12
"""Names before a colon that what comes behind it counts."""


class CountedClauses(Qualifier):
    """Clauses that count what stands before them."""

    def counts_otherwise(self, item: Item) -> bool:
        """Whether a number is that of what was repeated: "5 points on the left brow, the same on the right but 6"."""
        last = self.asks[-1] if self.asks else None
        if last is None or last.source is None or not self.draft.has_amount(len(self.asks) - 1):
            return False
        if any(ask.start == last.start for ask in self.asks[:-1]):
            # "Left eye: upper lid 5, lower 4; the same on the right but 6".
            return False
        last.item, last.source = replace(replace(last.item, **dict.fromkeys(AMOUNTS)), count=item.count), None
        return True

    def counts_both(self, entry: Entry, item: Item) -> bool:
        """Whether a number behind "and" is that of the other one of a pair: "brows 5 + 5", "the eyes, 6 and 8"."""
        last = self.asks[-1] if self.asks and entry.before == {"and"} and item.says_only("count") else None
        if last is None or item.count is None or last.sentence != self.sentence or last.is_removal:
            return False
        own = last.item.count
        stops = {last.stop, last.stop + 1}
        is_pair = (
            len(last.thing.units) == len({unit.side for unit in last.thing.units}) == 2 and not last.thing.is_sided
        )
        if own is None or own.is_counted or item.count.is_counted or entry.start not in stops or not is_pair:
            return False
        last.item = replace(last.item, count=None)
        counts = Item(counts=(own, item.count))
        self.draft.loose.append(
            Loose(counts, entry.start, entry.stop, self.sentence, entry.before, at=len(self.asks), of=(last,))
        )
        return True

    def counts_each(self, item: Item) -> bool | None:
        """Return whether a place has a count that those before it, of a list, have each; None where it has its own."""
        before = [ask for ask in self.asks if ask.sentence == self.sentence]
        if counts_places(item, before):
            return False
        if not has_misfit(item) or (item.phrase or NO_NAME).det:
            return None
        if not before or any(ask.item.has_amount for ask in before):
            return None
        if item.each or any(ask.phrase.det for ask in before):
            return True
        # "The left eye and its pupil: 8 points".
        is_behind = item.count is not None and self.draft.lattice.text[: item.count.span[0]].rstrip().endswith(":")
        return False if is_behind and not all(ask.thing.is_place for ask in before) else None

    def find_counted(self, item: Item) -> Ask | None:
        """Return what a name only says how to count: the eyes of "eyes with their pupils, 6 points per eye"."""
        phrase = item.phrase or NO_NAME
        sentence = self.asks[-1].sentence if self.asks and self.counts_alone(item) else self.sentence
        last = self.asks[-1] if self.asks and self.asks[-1].sentence == sentence else None
        if last is not None and item.count is not None and (runs_on_each(last, phrase) or is_of_pair(last, phrase)):
            return last
        if self.counting == self.sentence and item.says_only("phrase", "count") and not phrase.is_free:
            # "The eyes and the lips, 12 on each eye and 18 on the lips".
            near = (ask for ask in self.asks if ask.sentence == self.sentence and not ask.is_removal)
            bare = [ask for ask in near if ask.item == Item(phrase=ask.phrase)]
            same = (ask for ask in bare if ask.phrase.ops == phrase.ops or is_one_of(ask, phrase))
            # "..., and 18 on the outer lip".
            wider = (ask for ask in bare if phrase.thing.parts < ask.thing.parts and phrase.thing.divides(ask.thing))
            return next(same, None) or next(wider, None)
        if (headed := self.find_headed(item)) is not None:
            return headed
        if phrase.det != "each" or len(phrase.ops) != 1 or phrase.thing.is_sided or not item.has_amount:
            return None
        asks = takewhile(lambda ask: ask.sentence == sentence and not ask.is_removal, reversed(self.asks))
        for ask in islice(asks, MOST_COUNTED):
            if ask.item.has_amount:
                return None
            is_whole = ask.thing.parts <= phrase.thing.parts and not phrase.thing.divides(ask.thing)
            if is_whole and not (ask.phrase.is_free or ask.thing.is_place):
                return ask
        return None

    def find_headed(self, item: Item) -> Ask | None:
        """Return what is counted again of a list before a colon: "the left eye and the jaw: 6 on the eye, ..."."""
        phrase, own = item.phrase or NO_NAME, self.draft.entries[self.number]
        is_counted = item.says_only("phrase", "count") and item.count is not None and not phrase.is_free
        if "colon" not in own.before or not is_counted:
            return None
        listed = [*takewhile(lambda ask: ask.sentence == self.sentence, reversed(self.asks[-MOST_HEADED:]))]
        are_bare = all(ask.item == Item(phrase=ask.phrase) and not ask.is_removal for ask in listed)
        if len(listed) < 2 or not are_bare:
            return None
        units = {*phrase.thing.units}
        found = [ask for ask in listed if ask.phrase.ops[:1] == phrase.ops[:1] and {*ask.thing.units} <= units]
        return found[0] if len(found) == 1 and not found[0].thing.is_place else None

    def counts_alone(self, item: Item) -> bool:
        """Whether a sentence only says how many points each has: "The upper lids. Eight points per lid"."""
        own = self.draft.entries[self.number]
        rest = takewhile(lambda one: "stop" not in one.before, self.draft.entries[self.number + 1 :])
        is_first = "stop" in own.before and item.says_only("phrase", "count", "each", "approx", "spacing", *WAY)
        return is_first and all(one.kind == "item" and not one.value.is_region for one in rest)

    def tell_way(self, item: Item) -> None:
        """Let what is counted last run as the clause says that counts it: "..., 6 per lid from corner to corner"."""
        way = only(item, WAY)
        joined = join(self.asks[-1].item, way) if way != Item() else None
        self.asks[-1].item = self.asks[-1].item if joined is None else settle_item(joined)

    def count_each(self, entry: Entry, item: Item, counted: Ask) -> None:
        """Give an amount to what it is said of, and to nothing beside it: "jaw and eyes, 6 points per eye"."""
        is_each = (item.phrase or NO_NAME).det == "each"
        amount, parts = replace(item, phrase=None, each=is_each or None), (item.phrase or NO_NAME).thing.parts
        amount = replace(amount, **dict.fromkeys(WAY))
        self.counting = self.sentence
        if counted is self.asks[-1]:
            self.tell_way(item)
        listed = [ask for ask in self.asks if ask.sentence == self.sentence and not ask.item.has_amount]
        if runs_on_each(counted, item.phrase or NO_NAME):
            counted.item = add(counted.item, amount)
        elif counted is self.asks[-1] and all(ask.thing.parts <= parts for ask in listed):
            self.loosen(entry, amount)
        else:
            counted.item, counted.is_apart = add(counted.item, amount), True
            if item.phrase is not None and parts and parts < counted.thing.parts:
                counted.become(item.phrase)

    def counts_named(self, item: Item) -> bool:
        """Whether a clause only counts names before it: "left eye, right eye and chin, the eyes with 6 points each"."""
        phrase, units = item.phrase or NO_NAME, {*(item.phrase or NO_NAME).thing.units}
        if item.count is None or not phrase.is_plural or phrase.ref or not (item.each or phrase.det == "each"):
            return False
        bare = [ask for ask in self.asks if ask.sentence == self.sentence and ask.item == Item(phrase=ask.phrase)]
        named = [ask for ask in bare if not ask.is_removal and {*ask.thing.units} < units]
        if len(named) < 2 or {unit for ask in named for unit in ask.thing.units} != units:
            return False
        for ask in named:
            ask.item, ask.is_apart = add(ask.item, replace(item, phrase=None)), True
        return True

    def counts_again(self, entry: Entry, item: Item) -> bool:
        """Whether a clause only says for each what was counted in all: "10 points on the eyes, 5 per eye".

        Raises:
            MistakeError: The numbers do not agree.
        """
        last, phrase = self.asks[-1] if self.asks else None, item.phrase or NO_NAME
        if last is not None and restates_places(self.draft, item, last) and entry.before == {"comma"}:
            return True
        if last is None or item.count is None or last.item.count is None:
            return False
        if not entry.before & {"comma", "colon"} and not self.counts_alone(item):
            return False
        own, number = last.item.count.value, item.count.value
        ops, rules = last.phrase.ops, self.draft.rules
        is_name = phrase.ops in ((HALVES,), ops[: len(phrase.ops)])
        is_same = phrase.is_free and rules.phrase(ops[:1] + phrase.ops) == rules.phrase(ops)
        is_name = phrase.det == "each" and (is_name or is_same)
        is_each = bool(last.item.each or last.phrase.det)
        if is_name and is_each and number == own and not last.thing.is_place:
            # "7 points on the upper edge of both brows, 7 per brow".
            return phrase.ops != last.phrase.ops
        is_part = len(phrase.ops) == 1 and last.thing.parts <= phrase.thing.parts and not phrase.thing.is_sided
        is_owner = phrase.det == "each" and is_part and not phrase.thing.divides(last.thing)
        adds_up = number * len(last.thing.units) == own
        if (is_name or is_owner) and last.phrase.det in ("both", "all") and adds_up:
            # "10 points on both upper lids, 5 per lid", "... 5 per eye".
            last.item = replace(last.item, count=item.count, each=True, total=None)
            return True
        if not (is_name or item == Item(count=item.count, each=True)) or is_each or not last.thing.is_several_sided:
            return False
        if not adds_up:
            message = f"{own} points in all, but {number} on each of {len(last.thing.units)}"
            raise MistakeError("contradiction", message, self.draft.span(last, entry))
        return True


def is_one_of(ask: Ask, phrase: Phrase) -> bool:
    """Whether a name without a side is that of one on a side: "the left eye and the jaw: ..., 6 points on the eye"."""
    return ask.phrase.ops[:1] == phrase.ops and ask.thing.is_sided and not (phrase.is_plural or phrase.det)


def counts_places(item: Item, before: Sequence[Ask]) -> bool:
    """Whether the last of several places has their number: "nose root, nose tip, chin: three points"."""
    thing = (item.phrase or NO_NAME).thing
    is_plain = item.count is not None and item.says_only("phrase", "count") and thing.is_place and bool(before)
    if not is_plain or not all(ask.thing.is_place and not ask.item.has_amount for ask in before):
        return False
    number = len(thing.units) + sum(len(ask.thing.units) for ask in before)
    return item.count is not None and item.count.value == number


def restates_places(draft: Draft, item: Item, ask: Ask) -> bool:
    """Whether a clause says how many of the places before it there are: "nostrils, one each", "pupils, one per eye"."""
    phrase = item.phrase or NO_NAME
    if item.count is None or phrase.det != "each" or not item.says_only("phrase", "count"):
        return False
    if not ask.item.says_only("phrase", "count", "only"):
        return False
    if phrase.ops == (HALVES,):
        # "Mouth corners, one per side".
        return ask.thing.is_place and item.count.value * 2 == len({(one.side or one.end) for one in ask.thing.units})
    if not ask.thing.is_place or item.count.value * len(phrase.thing.units) != len(ask.thing.units):
        return False
    kind, noun = (*ask.phrase.ops[:1], ("", ""))[0][:2]
    lies = kind == "noun" and phrase.ops[0][1] in draft.rules.concepts[noun].of
    lies = lies or (kind == "noun" and phrase.ops == ask.phrase.ops[:1])
    return phrase.thing.units == ask.thing.units or (lies and not phrase.is_free)


def is_of_pair(ask: Ask, phrase: Phrase) -> bool:
    """Whether "per side" is of one left and one right, of which the one before it has no number: the upper lids."""
    sides = [unit.side for unit in ask.thing.units]
    is_bare = not (ask.item.has_amount or ask.is_removal or ask.phrase.is_free or ask.thing.is_place)
    return phrase.ops == (HALVES,) and phrase.det == "each" and is_bare and sorted(sides) == ["left", "right"]


def runs_on_each(ask: Ask, phrase: Phrase) -> bool:
    """Whether a range runs on each that a name means: "from head to tail of each brow, along the top, 5 per brow"."""
    if phrase.det != "each" or ask.item.range is None or ask.is_named or ask.item.has_amount or ask.is_removal:
        return False
    named = [end.thing.parts for end in find_phrases(Item(range=ask.item.range)) if not end.is_free]
    return phrase.ops == (HALVES,) or (bool(named) and all(parts <= phrase.thing.parts for parts in named))
