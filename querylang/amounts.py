"""Amounts: which numbers, densities, positions and manners belong to which asks, and who shares one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .asks import AMOUNTS, MANNERS, Ask, Draft, Loose, only
from .meaning import Item, MistakeError, join
from .numbers import Number
from .pieces import Patch

JOINS = frozenset({"and", "also", "comma", "line", "bullet"})


class Amounts:
    """Binds amounts to asks."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.groups = 0

    def bind_amounts(self) -> None:
        """Bind each amount to its ask, or to the list of asks that share it."""
        current: list[Ask] = []
        copies: dict[int, int] = {}
        asks = self.draft.asks
        for i, ask in enumerate(asks):
            current = self.bind_all_loose(i, current)
            if ask.is_removal:
                continue
            if ask.item.as_many:
                self.multiply(i)
            if ask.source is not None and not self.draft.has_own(i):
                self.copy_amount(ask, ask.source, copies)
                current = []
            elif ask.item.has_amount or ((ask.item.total or ask.item.each) and not current):
                current = self.bind_own(i)
            elif current and self.joins_group(i, current[-1]):
                current = self.join_group(ask, current)
            elif current and self.is_interlude(ask, current[-1]):
                current = self.mark_group(ask, current)
            elif ask.amount == Item():
                current = []
        self.bind_all_loose(len(asks), current)

    def bind_all_loose(self, index: int, current: list[Ask]) -> list[Ask]:
        for loose in [one for one in self.draft.loose if one.at == index]:
            current = self.bind_loose(loose, index, current)
        return current

    def copy_amount(self, ask: Ask, source: Ask, copies: dict[int, int]) -> None:
        """Give what repeats an ask the same amount, in a group of its own."""
        ask.amount = source.amount
        ask.group = copies.setdefault(source.group, self.groups) if source.group >= 0 else -1
        self.groups += 1

    def bind_own(self, index: int) -> list[Ask]:
        """Bind an amount that stands with its name; "A and B with n points" gives it to both."""
        ask = self.draft.asks[index]
        amount = only(ask.item, AMOUNTS)
        if ask.phrase is not None and ask.phrase.det in ("each", "both") and not amount.total:
            amount = replace(amount, each=True)
        before = self.find_sharers(index)
        if self.is_over(ask) and any(one.phrase is not None and one.phrase.det == "each" for one in before):
            amount = replace(amount, each=True)
        for one in (*before, ask):
            one.amount = join(one.amount, amount) or amount
            one.group = self.groups
        self.groups += 1
        return [*before, ask]

    def find_sharers(self, index: int) -> list[Ask]:
        """Return the bare stretches before an ask, to which the amount behind it belongs as well."""
        ask = self.draft.asks[index]
        if ask.leads or not (self.shares(ask) or self.is_over(ask)):
            return []
        before = self.find_bare(index, need_and=True)
        return before if all(one.is_stretch and not one.is_place for one in before) else []

    def is_over(self, ask: Ask) -> bool:
        """Whether an ask counts more points than the points it names have, so that the count is that of a list."""
        count, parts = ask.item.count, self.draft.rules.concepts.registry.parts
        are_points = all(piece.part in parts and parts[piece.part].is_point for piece in ask.pieces)
        return count is not None and count.value > len(ask.pieces) > 0 and are_points

    def joins_group(self, index: int, last: Ask) -> bool:
        """Whether a bare stretch shares the count of the counted one before it."""
        ask = self.draft.asks[index]
        if not ask.is_stretch or ask.is_place or self.draft.has_own(index):
            return False
        is_grid = (last.amount.grid or last.item.grid) is not None
        if is_grid and not all(isinstance(piece, Patch) for piece in ask.pieces):
            return False
        return self.follows(ask, last) and self.shares(last)

    def is_interlude(self, ask: Ask, last: Ask) -> bool:
        """Whether a place stands in a list of stretches that share a count, of which it takes nothing."""
        return ask.is_place and ask.amount == Item() and self.follows(ask, last) and self.shares(last)

    def mark_group(self, ask: Ask, current: list[Ask]) -> list[Ask]:
        """Let "each" or "in all" behind the last of a list count for all of it."""
        said = only(ask.item, ("each", "total"))
        for one in current:
            one.amount = join(one.amount, said) or one.amount
        return current

    def join_group(self, ask: Ask, current: list[Ask]) -> list[Ask]:
        ask.group = current[-1].group
        current = self.mark_group(ask, [*current, ask])
        ask.amount = current[0].amount
        return current

    def multiply(self, index: int) -> None:
        """ "Twice as many on the lips" is twice the count said before in the sentence."""
        ask = self.draft.asks[index]
        for before in reversed(self.draft.asks[:index]):
            count = before.amount.count
            if before.sentence == ask.sentence and count is not None and ask.item.density is not None:
                times = ask.item.density
                number = Number(count.value * times, "integer", span=count.span)
                ask.item = replace(ask.item, density=None, as_many=None, count=number)
                self.draft.notes.append(f"{number.value} points: {times} times as many as said before")
                return

    def shares(self, ask: Ask) -> bool:
        """Whether others may share an ask's amount: a count on a stretch, a grid on a surface."""
        amounts = (ask.amount.count, ask.item.count, ask.amount.grid, ask.item.grid)
        return ask.is_stretch and any(amount is not None for amount in amounts)

    def follows(self, ask: Ask, before: Ask) -> bool:
        if "then" in ask.before:
            return False
        return (
            ask.sentence == before.sentence
            and bool(set(ask.before) & JOINS)
            and not set(ask.before) & {"stop", "colon"}
        )

    def find_bare(
        self, stop: int, *, need_and: bool = False, any_sentence: bool = False, over_lines: bool = False
    ) -> list[Ask]:
        """Return the asks right before an index that have no amount and take one."""
        found: list[Ask] = []
        for i in range(stop - 1, -1, -1):
            ask = self.draft.asks[i]
            if ask.is_removal:
                continue
            if ask.group >= 0:
                break
            if stop < len(self.draft.asks) and ask.sentence != self.draft.asks[stop].sentence and not any_sentence:
                break
            if need_and and not (set(self.draft.asks[i + 1].before) & ({"and"} if i + 1 == stop else {"and", "comma"})):
                break
            if need_and and "colon" in self.draft.asks[i + 1].before:
                break
            if i + 1 < stop and set(self.draft.asks[i + 1].before) & ({"bullet"} if over_lines else {"bullet", "line"}):
                break
            found.insert(0, ask)
        return found

    def bind_loose(self, loose: Loose, index: int, current: list[Ask]) -> list[Ask]:
        """Bind a clause without a region; return the asks whose amount the next may share."""
        if loose.is_removal:
            if loose.item.count is not None:
                raise MistakeError(
                    "count", "a number of points is at least 1", self.draft.lattice.span(loose.start, loose.stop)
                )
            return current
        if loose.item.count is not None or loose.item.has_amount:
            return self.bind_amount(loose, index)
        if loose.item.each or loose.item.total or loose.item.strict is not None:
            self.mark_last(loose, index)
        self.bind_manner(loose, index)
        return current

    def bind_amount(self, loose: Loose, index: int) -> list[Ask]:
        bare = self.find_bare(index, any_sentence=True, over_lines="line" in loose.before)
        targets = [ask for ask in bare if ask.sentence == loose.sentence]
        leads = [a for a in self.draft.asks[index:] if a.sentence == loose.sentence and not a.is_removal]
        if not targets and not leads:
            targets = bare
        if targets:
            return self.give(loose, targets)
        if not self.draft.asks:
            return []
        following = self.draft.asks[index:]
        takers: list[Ask] = []
        for ask in following:
            if ask.item.has_amount or ask.is_removal or (takers and set(ask.before) & {"stop"}):
                break
            takers.append(ask)
        if takers and (not leads or takers[0] is leads[0]):
            return self.give(loose, takers)
        self.check_sum(loose, following or self.draft.asks[:index])
        return []

    def give(self, loose: Loose, targets: list[Ask]) -> list[Ask]:
        """Give one amount to all of a list; single places take no share of a count beside stretches."""
        amount = only(loose.item, AMOUNTS)
        takers = targets
        if amount.count is not None and not amount.each and not amount.total and any(ask.is_stretch for ask in targets):
            curves = [ask for ask in targets if ask.is_stretch and not ask.is_place]
            takers = curves or [ask for ask in targets if ask.is_stretch]
        for ask in takers:
            joined = join(ask.amount, only(ask.item, AMOUNTS)) or ask.amount
            ask.amount = join(joined, amount) or amount
            ask.group = self.groups
            if loose.item.spacing:
                ask.item = replace(ask.item, spacing=loose.item.spacing)
        self.groups += 1
        rest = only(loose.item, tuple(name for name in MANNERS if name != "spacing"))
        if rest != Item():
            self.bind_manner(replace(loose, item=rest), self.draft.asks.index(takers[-1]) + 1)
        return takers

    def check_sum(self, loose: Loose, asks: Sequence[Ask]) -> None:
        """A count that leads or ends a list of counted items must be their sum."""
        if asks and asks[0].start == loose.stop and not asks[0].before:
            raise MistakeError(
                "contradiction", "two numbers of points", self.draft.lattice.span(loose.start, asks[0].stop)
            )
        counts = [ask.item.count.value for ask in asks if ask.item.count is not None]
        total = loose.item.count
        if total is None:
            raise MistakeError(
                "ambiguous", "which of the items is that for?", self.draft.lattice.span(loose.start, loose.stop)
            )
        each = [
            len(ask.units) if ask.item.each or (ask.phrase and ask.phrase.det) else 1 for ask in asks if ask.item.count
        ]
        places = sum(len(a.units) for a in asks if a.item.count is None and not a.is_stretch and not a.is_removal)
        whole = sum(count * times for count, times in zip(counts, each, strict=True))
        if total.value not in (whole, whole + places):
            raise MistakeError(
                "contradiction",
                f"{total.value} points in all, but the items add up to {whole}",
                self.draft.lattice.span(loose.start, loose.stop),
            )

    def mark_last(self, loose: Loose, index: int) -> None:
        """ "Each" or "in total" after or before the items whose amount it qualifies."""
        targets = [ask for ask in self.draft.asks[:index] if ask.sentence == loose.sentence and ask.group >= 0]
        targets = targets or [ask for ask in self.draft.asks[:index] if ask.group >= 0][-1:]
        if targets:
            last = targets[-1].group
            for ask in targets:
                if ask.group == last:
                    ask.amount = replace(
                        ask.amount, each=loose.item.each or ask.amount.each, total=loose.item.total or ask.amount.total
                    )
            return
        for ask in self.draft.asks[index:] or self.draft.asks[:index]:
            ask.item = join(ask.item, only(loose.item, ("each", "total", "strict"))) or ask.item

    def bind_manner(self, loose: Loose, index: int) -> None:
        """Spacing, order and shape belong to the items before them; at the start, to those after."""
        targets = [ask for ask in self.draft.asks[:index] if ask.sentence == loose.sentence] or self.draft.asks[:index]
        targets = targets or self.draft.asks[index:]
        if index and targets and loose.item.reverse:
            group = targets[-1].group
            targets = [ask for ask in targets if ask is targets[-1] or (group >= 0 and ask.group == group)]
        manner = only(loose.item, ("spacing", "reverse", "turn", "origin", "shape", "faces", "zero", "strict", "only"))
        for ask in targets:
            joined = join(ask.item, manner)
            if joined is None and manner.turn is not None:
                raise MistakeError("contradiction", "both ways round", self.draft.lattice.span(loose.start, loose.stop))
            ask.item = joined or ask.item
