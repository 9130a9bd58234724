"""Amounts: which numbers, densities, positions and manners belong to which asks, and who shares one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .asks import AMOUNTS, BREAKS, LINES, Ask, Draft, Loose, list_alike, only
from .layout_ids import OFFERS
from .meaning import Item, add, join
from .numbers import Number
from .pieces import Patch
from .totals import check_sum, follows, list_sharers, refuse_unequal, says_each, says_sum_again, share_equally

BINDING = ("spacing", "reverse", "turn", "origin", "shape", "faces", "zero", "strict", "only")
"""What binds to the asks beside it, besides an amount."""
WAY = ("reverse", "turn", "origin")
"""What of it an amount keeps to those that it is of."""


class Amounts:
    """Binds amounts to asks."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.asks = draft.asks
        self.groups = 0
        self.copies: dict[int, int] = {}
        # The asks before which an amount stands.
        self.counted = {one.at for one in draft.loose if one.item.has_amount}

    def bind_amounts(self) -> None:
        """Bind each amount to its ask, or to the list of asks that share it.

        Raises:
            MistakeError: A number belongs to nothing, or contradicts others.
        """
        current: list[Ask] = []
        for i, ask in enumerate(self.asks):
            current = self.bind_all_loose(i, current)
            current = [] if ask.is_removal else self.bind_ask(i, ask, current)
        self.bind_all_loose(len(self.asks), current)

    def bind_ask(self, index: int, ask: Ask, current: list[Ask]) -> list[Ask]:
        """Bind what an ask itself says; return the asks whose amount the next may share."""
        if ask.item.as_many:
            self.multiply(index)
        if ask.source is not None and not self.draft.find_own(index):
            self.copy_amount(ask, ask.source)
            return []
        if ask.item.has_amount or ((ask.item.total or ask.item.each) and not current):
            return self.bind_own(index)
        if ask.amount != Item():
            return current
        if not current or not follows(ask, current[-1]) or not shares(current[-1]) or self.belongs_ahead(index):
            return []
        is_grid = (current[-1].amount.grid or current[-1].item.grid) is not None
        takes_grid = lies_on_surface(ask)
        # "Left temple 9 points, forehead, and ..." are those of one, and the other's middle.
        takes = not takes_grid or is_grid or current[0].leads or ask.before != {"comma"}
        is_bare = ask.is_stretch and not ask.is_place and (ask.item.each or not self.draft.find_own(index))
        # "A grid of 5 by 5 on the forehead, and the outline of both cheeks".
        takes = takes and not (is_grid and any(isinstance(piece, Patch) and piece.edge for piece in ask.pieces))
        if takes and is_bare and (takes_grid or not is_grid):
            ask.group = current[-1].group
            if current[0].leads:
                # "12 points clockwise on the left and the right eye".
                ask.item = add(ask.item, only(current[0].item, WAY))
            current = [*current, ask]
        elif not (ask.is_place or ask.is_spot):
            return []
        # "Each" or "in all" behind the last of a list counts for all of it.
        amount = add(current[0].amount, only(ask.item, ("each", "total")))
        for one in current:
            one.amount = amount
        return current

    def belongs_ahead(self, index: int) -> bool:
        """Whether a bare item shares the count behind the next ones: "the jaw, 10 points, the brows and eyes, 17"."""
        for at in range(index + 1, len(self.asks) if not self.asks[index].item.each else 0):
            ask = self.asks[at]
            if ask.sentence != self.asks[index].sentence or ask.is_removal or at in self.counted:
                return False
            if self.draft.has_amount(at):
                counts = [one.item.count for one in (ask, *self.draft.find_own(at))]
                is_list = ask.before == {"and"} and not ask.leads and ask.is_stretch
                is_apart = at > index + 1 or "comma" in self.asks[index].before
                return is_list and counts.count(None) < len(counts) and is_apart
            if ask.before != {"comma"} or ask.is_place:
                return False
        return False

    def copy_amount(self, ask: Ask, source: Ask) -> None:
        """Give what repeats an ask the same amount, in a group of its own."""
        ask.amount = source.amount
        if source.group >= 0:
            ask.group = self.copies.setdefault(source.group, self.open_group())

    def open_group(self) -> int:
        self.groups += 1
        return self.groups - 1

    def bind_own(self, index: int) -> list[Ask]:
        """Bind an amount that stands with its name; "A and B with n points" gives it to both."""
        ask = self.asks[index]
        if self.restates_places(ask):
            ask.item = replace(ask.item, count=None)
            return []
        if ask.item.each and ask.item.count is not None and not (ask.leads or ask.phrase.det):
            sharers = list_sharers(self.asks[: index + 1])
            if sharers and says_each(ask.item.count, sharers, self.open_group):
                return []
            refuse_unequal(self.draft, ask, sharers)
        amount = only(ask.item, AMOUNTS)
        if ask.phrase.det in ("each", "both"):
            amount = replace(amount, each=True)
        # "Eyes nose mouth 10 points each".
        links = frozenset({"and", "comma", ""} if amount.each and not ask.phrase.det else {"and"})
        before = [] if ask.leads or ask.is_apart or not shares(ask) else self.find_bare(index, links=links)
        # Behind the last place, which takes no share.
        places = [number for number, one in enumerate(before, 1) if one.is_place or one.is_spot]
        before = before[max(places, default=0) :]
        takes = [one.is_stretch and lies_on_surface(one) == lies_on_surface(ask) for one in before]
        sharers = [*before, ask] if all(takes) else [ask]
        if any(one.phrase.det == "each" and len(one.units) == 1 for one in sharers[:-1]):
            # "Each of jaw and lips: 10".
            amount = replace(amount, each=True)
        group = self.open_group()
        for one in sharers:
            one.amount, one.group = add(one.amount, amount), group
        return [] if ask.is_apart else sharers

    def restates_places(self, ask: Ask) -> bool:
        """Whether a count in brackets is that of the places named: "middle of both eyebrows (two points)"."""
        count, text = ask.item.count, self.draft.lattice.text
        if count is None or not ask.is_place:
            return False
        sides = {unit.side for unit in ask.units}
        if (ask.item.each or ask.phrase.det == "each") and len(sides) > 1:
            # "Per eye two corners and the pupil".
            return count.value > 1 and all(sum(one.side == side for one in ask.units) == count.value for side in sides)
        return count.value == len(ask.units) and text[: count.span[0]].endswith("(")

    def multiply(self, index: int) -> None:
        """ "Twice as many on the lips" is twice the count said before in the sentence.

        Raises:
            MistakeError: What it is compared with has no number.
        """
        ask = self.asks[index]
        base, times = self.find_base(index), ask.item.density
        if base is not None and times is not None:
            number = Number(base.value * times, "integer", span=base.span)
            ask.item = replace(ask.item, density=None, as_many=None, count=number)
            self.draft.notes.append(f"{number.value} points: {times} times as many as said before")

    def find_base(self, index: int) -> Number | None:
        """Return the count that an ask is a multiple of: that of what it is compared with, or the last one said before.

        Raises:
            MistakeError: What it is compared with has no number.
        """
        ask, later = self.asks[index], self.asks[index + 1 : index + 2]
        if later and "as" in later[0].before:
            # "... as on the left eye, which gets 6".
            told = [one.item for one in (later[0], *self.draft.find_own(index + 1))]
            found = next((item.count for item in told if item.count is not None and not item.total), None)
            if found is None:
                raise self.draft.mistake("ambiguous", "as many as how many? give it a number", later[0], "a number")
            return found
        # "Left eye: 6 points. Right eye: twice that."
        near = [one for one in reversed(self.asks[:index]) if one.sentence >= ask.sentence - 1]
        return next((one.amount.count for one in near if one.amount.count is not None), None)

    def find_bare(self, stop: int, *, links: frozenset[str] = frozenset(), breaks: frozenset[str] = LINES) -> list[Ask]:
        """Return the asks right before an index that have no amount and take one.

        Args:
            stop: The index.
            links: Where given, only asks of one sentence, the last joined by one of these and others by a comma, too;
                "" is for nothing between two.
            breaks: Separators that part two asks.
        """
        found: list[Ask] = []
        for i in range(stop - 1, -1, -1):
            ask = self.asks[i]
            if ask.is_removal and not found:
                continue
            if ask.is_removal or ask.group >= 0:
                break
            later = self.asks[i + 1] if links else ask
            if links and (not (later.before or {""}) & links or ask.sentence != later.sentence):
                break
            if i + 1 < stop and self.asks[i + 1].before & breaks:
                break
            links = links and links | {"comma"}
            found.insert(0, ask)
        return found

    # --- clauses without a region ------------------------------------------------------------------------------

    def bind_all_loose(self, index: int, current: list[Ask]) -> list[Ask]:
        for loose in [one for one in self.draft.loose if one.at == index]:
            current = self.bind_loose(loose, index, current)
        return current

    def bind_loose(self, loose: Loose, index: int, current: list[Ask]) -> list[Ask]:
        """Bind a clause without a region; return the asks whose amount the next may share."""
        item = loose.item
        if loose.is_removal:
            if item.count is not None:
                raise self.draft.mistake("count", "a number of points is at least 1", loose)
            if item.has_amount and item.pick is None:
                raise self.draft.mistake("ambiguous", "points are left out by where they are: name the places", loose)
            return current
        if item.inner or item.parity:
            self.choose_ids(loose, index)
        if item.has_amount:
            return self.bind_amount(loose, index)
        if item.each or item.total or item.strict is not None:
            self.mark_last(loose, index)
        self.bind_manner(loose, item, index)
        return current

    def choose_ids(self, loose: Loose, index: int) -> None:
        """ "WFLW, the even ids" are of the layout named before them, or after.

        Raises:
            MistakeError: None is.
        """
        asks = [*reversed(self.asks[:index]), *self.asks[index:]]
        ask = next((one for one in asks if one.item.is_layout), None)
        made = None if ask is None else join(ask.item, only(loose.item, ("inner", "parity")))
        if ask is None or made is None:
            raise self.draft.mistake("unknown_layout", "points of which layout?", loose, OFFERS)
        ask.item = made

    def bind_amount(self, loose: Loose, index: int) -> list[Ask]:
        """Give an amount to the bare asks before it, to those after it, or take it as a sum of both."""
        if says_sum_again(loose, self.asks[:index], self.open_group):
            return []
        if loose.of:
            return self.give(loose, [ask for ask in self.asks if ask in loose.of])
        bare = self.find_bare_before(loose, index)
        is_apart = bool(bare and self.follows_break(index))
        leads = [one for one in self.asks[index:] if one.sentence == loose.sentence and may_take(one) and not is_apart]
        # A sentence that is only a count is meant of the sentence before it.
        last = [ask for ask in bare if ask.sentence == bare[-1].sentence]
        if loose.item.each and sum(len(ask.units) for ask in last) == 1:
            # "The left eyebrow; the nose bridge; 4 each".
            last = bare
        targets = [ask for ask in bare if ask.sentence == loose.sentence] or ([] if leads else last)
        if not targets and self.counts_named(loose, leads):
            return []
        if targets:
            refuse_unequal(self.draft, loose, list_sharers(self.asks[:index]) if loose.item.each else [])
            return self.give(loose, targets) if not self.counts_places(loose, targets) else []
        takers = self.find_takers(index)
        if takers and (not leads or takers[0] is leads[0]):
            self.refuse_one_each(loose, takers)
            return self.give(loose, takers, leads=True)
        if self.asks:
            check_sum(self.draft, loose, self.asks[index:] or self.asks[:index])
        return []

    def follows_break(self, index: int) -> bool:
        """Whether what stands behind an amount begins a line, or nothing does."""
        return index >= len(self.asks) or bool(self.asks[index].before & LINES)

    def find_bare_before(self, loose: Loose, index: int) -> list[Ask]:
        """Return the asks right before an amount that have none of their own."""
        breaks = LINES
        if "line" in loose.before:
            # "- left brow\n- right brow\n5 each" is of all bullets, a line below one of them is its own.
            is_below = index > 0 and self.draft.is_deeper(loose, self.asks[index - 1])
            breaks = frozenset({"bullet"} if is_below or "bullet" in loose.before else ())
        following = self.asks[index].before if index < len(self.asks) else LINES
        # "10 points, left eye and right brow" below other lines belongs to its own.
        leads_line = loose.before & LINES and not following & BREAKS
        return [] if leads_line else self.find_bare(index, breaks=breaks)

    def find_takers(self, index: int) -> list[Ask]:
        """Return the asks behind an amount that it is of."""
        takers: list[Ask] = []
        for number, ask in enumerate(self.asks[index:], index):
            is_under = ask.before & LINES and not self.follows_break(index)
            is_next = bool(takers) and ("stop" in ask.before or is_under or number in self.counted)
            if ask.item.has_amount or not may_take(ask) or is_next or (takers and self.draft.has_amount(number)):
                break
            takers.append(ask)
        return takers

    def refuse_one_each(self, loose: Loose, takers: Sequence[Ask]) -> None:
        """Raise the mistake of one point on a curve: "5 points: the eyes, the nose tip, the mouth corners"."""
        count, curves = loose.item.count, [ask for ask in takers if not is_one_each(ask)]
        is_list = len(takers) > len(curves) > 0 and "colon" in takers[0].before
        is_list = is_list and loose.item.says_only("count", "total")
        if count is not None and is_list and sum(len(ask.units) for ask in takers) == count.value:
            message = f"one point of {self.draft.words(curves[0])}: which? name the place"
            raise self.draft.mistake("ambiguous", message, curves[0])

    def counts_named(self, loose: Loose, leads: Sequence[Ask]) -> bool:
        """Whether a count before a list of places says how many they are: "4 points: nose tip, chin, both pupils"."""
        count = loose.item.count
        if count is None or len(leads) < 2 or not loose.item.says_only("count", "total"):
            return False
        are_places = all(is_one_each(ask) and ask.item.count in (None, *self.own_count(ask)) for ask in leads)
        if not are_places or sum(len(ask.units) for ask in leads) != count.value:
            return False
        for ask in leads:
            ask.group = self.open_group()
        return True

    def own_count(self, ask: Ask) -> list[Number]:
        """Return the count of an ask where it is that of its places."""
        count = ask.item.count
        return [count] if count is not None and count.value == len(ask.units) else []

    def counts_places(self, loose: Loose, targets: Sequence[Ask]) -> bool:
        """Whether a count only says how many places were named: "the nose tip and the chin, 2 points"."""
        count, last = loose.item.count, targets[-1]
        if count is None or not loose.item.says_only("count", "total") or not last.is_place:
            return False
        # "The lips and the nose tip, 1 point" is one place as well.
        counted = targets if all(ask.is_place for ask in targets) else [] if last.is_stretch else [last]
        are_several = len(targets) > 1 or not last.is_stretch
        is_told = are_several and count.value == sum(len(ask.units) for ask in counted)
        for ask in counted if is_told else ():
            ask.group = self.open_group()
        return is_told

    def give(self, loose: Loose, targets: list[Ask], *, leads: bool = False) -> list[Ask]:
        """Give one amount to all of a list; single places take no share of a count beside stretches."""
        amount = only(loose.item, AMOUNTS)
        takers = targets
        if amount.count is not None and not amount.each and not amount.total:
            stretches = [ask for ask in targets if ask.is_stretch]
            takers = [ask for ask in stretches if not ask.is_place] or stretches or targets
        group = self.open_group()
        for ask in takers:
            own = add(ask.amount, only(ask.item, AMOUNTS))
            ask.amount, ask.group, ask.leads = join(own, amount) or amount, group, ask.leads or leads
            if loose.item.spacing:
                ask.item = replace(ask.item, spacing=loose.item.spacing)
        self.tell(loose, takers, only(loose.item, WAY))
        manner = replace(loose.item, spacing=None, **dict.fromkeys(WAY))
        self.bind_manner(loose, manner, self.asks.index(takers[-1]) + 1)
        return takers

    def mark_last(self, loose: Loose, index: int) -> None:
        """ "Each" or "in total" after or before the items whose amount it qualifies."""
        said = only(loose.item, ("each", "total", "strict"))
        for last in self.asks[max(0, index - 1) : index] if loose.item.strict is not None else ():
            if last.group < 0 and last.sentence == loose.sentence and last.is_stretch:
                # Its number follows: "the jaw, excluding the ends, 8 points".
                last.item = add(last.item, said)
                return
        before = [ask for ask in self.asks[:index] if ask.group >= 0]
        if said.each and said.total and before:
            share_equally(self.draft, loose, [ask for ask in before if ask.group == before[-1].group])
            return
        for ask in before:
            if ask.group == before[-1].group:
                ask.amount = add(ask.amount, said)
        for ask in [] if before else self.asks[index:] or self.asks[:index]:
            ask.item = add(ask.item, said)

    def bind_manner(self, loose: Loose, item: Item, index: int) -> None:
        """Spacing, order and shape belong to the items before them; at the start, to those after."""
        manner = only(item, BINDING)
        if manner == Item():
            return
        before = [ask for ask in self.asks[:index] if not ask.is_removal]
        leads = "stop" in loose.before and any(ask.sentence == loose.sentence for ask in self.asks[index:])
        targets = [ask for ask in before if ask.sentence == loose.sentence] or ([] if leads else before)
        if targets and not loose.before & LINES:
            # Of a list in lines, it is said of its own line.
            start = max((n for n, ask in enumerate(targets) if ask.before & LINES), default=0)
            targets = targets[start:]
        if targets and only(manner, WAY) != Item() and not item.each:
            # "8 points on the left eye and 8 on the right eye, starting at the inner corner".
            last, alike = targets[-1], list_alike(targets[:-1], targets[-1])
            is_below = "line" in loose.before and "bullet" not in loose.before
            targets = [ask for ask in targets if is_below or ask is last or ask in alike or ask.group == last.group]
        same = (one.at for one in self.draft.loose if one.start > loose.start and only(one.item, BINDING) != Item())
        later = self.asks[index : max(index + 1, next(same, len(self.asks)))]
        leading = [one for one in self.draft.loose if one.at == index and one.start < loose.start]
        if any(one.item.has_amount for one in leading) or manner.origin is not None:
            # "7 points, equidistant, on the nose boundary; then 5 on the bridge".
            later = [ask for ask in later if ask.sentence == loose.sentence] or later
        self.tell(loose, targets or later, manner)

    def tell(self, loose: Loose, asks: Sequence[Ask], manner: Item) -> None:
        """Let asks come in the manner that a clause says.

        Raises:
            MistakeError: They go the other way round.
        """
        told = {*asks}
        for ask in [*asks, *(one for one in self.asks if one.like in told and one not in told)]:
            joined = join(ask.item, manner)
            if joined is None and manner.turn is not None:
                raise self.draft.mistake("contradiction", "both ways round", loose)
            if joined is None and manner.zero is not None:
                # "dlib 1-17, counting from one".
                joined = replace(ask.item, zero=manner.zero)
            ask.item = joined or ask.item


def may_take(ask: Ask) -> bool:
    """Whether an ask may take an amount said before it: what repeats another has that one's."""
    return not ask.is_removal and ask.source is None


def is_one_each(ask: Ask) -> bool:
    """Whether an ask without a number is one point for each thing it names: places, and the middles of surfaces."""
    return ask.is_place or (bool(ask.pieces) and lies_on_surface(ask))


def lies_on_surface(ask: Ask) -> bool:
    """Whether an ask is of surfaces alone."""
    return all(isinstance(piece, Patch) for piece in ask.pieces)


def shares(ask: Ask) -> bool:
    """Whether others may share an ask's amount: a count on a stretch, a grid on a surface."""
    counts = [one.count for one in (ask.amount, ask.item) if one.count is not None]
    if ask.is_place and all(count.value == 1 for count in counts):
        return False
    return ask.is_stretch and bool(counts or ask.amount.grid or ask.item.grid)
