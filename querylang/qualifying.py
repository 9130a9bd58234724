"""Clauses that only narrow the one before: "eyebrow, left, 5 points", "300W, left eye only", "jaw, from ear to chin".

In: an entry and the asks before it; out: whether it is one, which is joined to the ask that it narrows.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import Any

from .asks import BREAKS, LINES, Ask, Draft, Loose, list_alike
from .beside import lie_on, narrow, needs_owner
from .clause_kinds import is_adjective, is_bare_route, is_route, is_whole, merge, name_ids, runs_within, settle_item
from .entries import Entry
from .joining import find_side, is_side
from .layout_lists import has_label, has_points, says_its_size
from .leaning import turn_over_one
from .meaning import NO_NAME, Item
from .numbered_again import USING
from .restated import opens_bracket
from .ways_to_own import choose_side


class Qualifier:
    """Joins clauses to the one before them.

    Attributes:
        draft: The instruction.
        asks: Its asks so far.
        number, sentence: Of the entry that is read, and of its sentence.
        counting: The sentence whose names are counted by others of it.
        removing: What is named is left out.
        left_out: How the lines of it are set apart.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.asks = draft.asks
        self.number = 0
        self.sentence = 0
        self.counting = -1
        self.removing = False
        self.left_out: frozenset[str] = frozenset()

    @property
    def is_broken(self) -> bool:
        """Whether a line began with a clause that asks for nothing, since the last ask."""
        since = takewhile(lambda one: one.at == len(self.asks), reversed(self.draft.loose))
        return any(one.before & LINES for one in since)

    def ask(self, entry: Entry, item: Item, **flags: Any) -> Ask:
        flags["follows_break"] = self.is_broken
        return Ask(item, entry.start, entry.stop, self.sentence, entry.before, **flags)

    def loosen(self, entry: Entry, item: Item, *, is_removal: bool = False) -> None:
        """Keep a clause that binds to asks for later."""
        loose = Loose(item, entry.start, entry.stop, self.sentence, entry.before, is_removal, len(self.asks))
        self.draft.loose.append(loose)

    def qualifies_last(self, entry: Entry, item: Item) -> bool:
        """Whether a clause only narrows the one before: "eyebrow, left, 5 points", "300W, left eye only"."""
        if self.asks and has_label(self.draft, self.asks[-1]) and self.joins_labels(entry, item, self.asks[-1]):
            return True
        is_apart = entry.before == {"stop"} or (entry.before == {"and"} and self.follows_use())
        if is_apart and self.follows_layout(item):
            # "Use the WFLW layout. Return points 33 to 50."
            last = self.asks[-1]
            last.item, last.sentence = replace(last.item, only=None), self.sentence
            return merge(last, name_ids(item) if item.has_numbers else item, entry)
        if item.says_only("range", "turn") and self.follows_origin(entry):
            # "..., starting at the inner corner and going outwards".
            entry.before = frozenset({"comma"})
        if (
            not self.asks
            or self.asks[-1].sentence != self.sentence
            or (self.is_broken and not self.draft.lattice.has_colon(self.asks[-1].stop))
            or self.removing
            or entry.before & {"stop", "and", "also", "then"}
            or ("but" in entry.before and not item.only)
        ):
            return False
        last = self.asks[-1]
        if opens_bracket(self.draft, entry) and self.says_whose(entry, item, last):
            return True
        if entry.before & BREAKS:
            # "300W:\n- left eye\n- jaw".
            is_head = "colon" in entry.before or ("bullet" in entry.before and "bullet" not in last.before)
            heads = is_head and last.item.says_only("layout", "zero")
            return heads and item.says_only("phrase", "ids", "range") and self.qualifies_layout(entry, item, last)
        if last.item.is_layout:
            return self.qualifies_layout(entry, item, last)
        if item.only and item.says_only("layout", "only", "zero"):
            self.number_names(entry, item)
            return True
        if not entry.before and last.item == Item(phrase=last.phrase) and self.names_again(entry, item, last):
            # "Eye landmarks for both eyes".
            last.item, last.stop = item, entry.stop
            return True
        return (
            self.tells_more(entry, item, last)
            or self.names_owner(entry, item, last)
            or self.qualifies_route(entry, item, last)
            or self.narrows(entry, item, last)
        )

    def says_whose(self, entry: Entry, item: Item, last: Ask) -> bool:
        """Whether a bracket says which side is meant, or whose: "the left cheek (viewer's left)", "... (his left eye)".

        What else it says belongs to the name before it.
        """
        phrase, side = item.phrase or NO_NAME, find_side(last.phrase.ops)
        own = find_side(phrase.ops)
        if side is None or own is None or own[1][0][:2] != side[1][0][:2]:
            return False
        bare = tuple(op for op in last.phrase.ops if not is_side(op))
        is_side_alone = phrase.is_free and all(map(is_side, phrase.ops))
        if not is_side_alone:
            made = lie_on(self.draft.rules, self.draft.rules.sound_phrase(bare) or NO_NAME, phrase)
            if phrase.thing.is_place or made is None or {*made.thing.units} != {*last.thing.units}:
                return False
        frame = phrase.frame or last.phrase.frame
        own_item = replace(last.item, phrase=replace(last.phrase, frame=frame))
        return merge(last, replace(item, phrase=None, frame=None), entry, own_item)

    def follows_use(self) -> bool:
        """Whether the last one named is only what to use: "use WFLW and return 37-42"."""
        words = {one.word for one in self.draft.list_beside(self.asks[-1], 2)[0]} if self.asks else set()
        return not words.isdisjoint(USING)

    def follows_layout(self, item: Item) -> bool:
        """Whether an item is ids alone behind a sentence that only names a layout."""
        if not self.asks or self.removing or not self.asks[-1].item.says_only("layout", "zero", "only"):
            return False
        is_numbers = item.has_numbers and item.says_only("range", "faces") and name_ids(item).ids is not None
        return is_numbers or (item.ids is not None and item.says_only("ids", "faces"))

    def follows_origin(self, entry: Entry) -> bool:
        """Whether "and" joins a clause to one that says where points start."""
        last = self.draft.entries[self.number - 1] if self.number else None
        return last is not None and last.kind == "item" and entry.before == {"and"} and last.value.says_only("origin")

    def tells_more(self, entry: Entry, item: Item, last: Ask) -> bool:
        """Whether two adjectives of two kinds are a sentence of one name: "inner corner, left eye; outer, right"."""
        if entry.before != {"comma"} or len(self.asks) < 2 or self.asks[-2].sentence == self.sentence:
            return False
        later = self.draft.entries[self.number + 1 : self.number + 2]
        if not all("stop" in one.before for one in later) or last.item != Item(phrase=last.phrase):
            return False
        phrases = (last.phrase, item.phrase or NO_NAME)
        kinds = [op[1][0][0] for phrase in phrases for op in phrase.ops if op[0] == "adj" and phrase.is_free]
        are_bare = item.says_only("phrase") and sum(len(one.ops) for one in phrases) == 2
        if not (are_bare and len(kinds) == len({*kinds}) == 2):
            return False
        last.item = Item(phrase=replace(last.phrase, ops=last.phrase.ops + phrases[1].ops))
        last.stop = entry.stop
        return True

    def names_owner(self, entry: Entry, item: Item, last: Ask) -> bool:
        """Whether a name before a colon only says on what the one before it lies: "lower lid, right eye: ..."."""
        phrase, later = item.phrase or NO_NAME, self.draft.entries[self.number + 1 : self.number + 2]
        next_item = later[0].value if later and later[0].kind == "item" else Item()
        is_route = next_item.range is not None or (next_item.phrase is not None and next_item.phrase.is_free)
        heads = is_route or item.count is not None or (bool(later) and "colon" in later[0].before)
        is_first = self.draft.starts_line(len(self.asks) - 1)
        is_alone = is_first and last.item == Item(phrase=last.phrase) and not last.phrase.is_plural
        is_behind = entry.before == {"comma"} or (is_route and entry.before == {"colon"})
        if not (heads and is_alone and is_behind) or not phrase.thing.is_sided:
            return False
        if last.phrase.is_free or last.thing.is_place or not needs_owner(self.draft.rules, last.phrase):
            return False
        made = lie_on(self.draft.rules, last.phrase, phrase)
        if made is None:
            return False
        last.item = replace(item, phrase=replace(made, frame=phrase.frame or made.frame))
        last.is_owned, last.stop = True, entry.stop
        return True

    def narrows(self, entry: Entry, item: Item, last: Ask) -> bool:
        """Whether a clause only says what of the name before it is meant, with "only" of all names of the sentence."""
        phrase, is_counted = item.phrase or NO_NAME, self.ends_counted(entry, item)
        if len(self.asks) > 1 and turn_over_one(self.draft.rules, phrase, self.asks[-2:], self.sentence):
            return False
        asks = [last] if is_counted or is_adjective(entry, item, last) else []
        if asks and choose_side(self.draft, entry, phrase, last.phrase) is not None:
            # "Brow 5, eye 7, left side".
            near = [ask for ask in self.asks if ask.sentence == self.sentence and not ask.phrase.is_free]
            asks = [ask for ask in near if choose_side(self.draft, entry, phrase, ask.phrase) is not None]
        if item.only and not item.has_amount:
            asks = [ask for ask in self.asks if ask.sentence == self.sentence]
        # "Jawline, 17 points, ear to ear".
        is_narrowed = is_counted and self.names_again(entry, item, last)
        for ask in asks if phrase.ops and item.range is None and not is_narrowed else ():
            made = None if ask.phrase.is_free else choose_side(self.draft, entry, phrase, ask.phrase)
            if made is not None:
                ask.item, is_narrowed = replace(ask.item, phrase=made), True
                continue
            made = None if ask.phrase.is_free else narrow(self.draft.rules, ask.phrase, phrase)
            is_inside = made is not None and (made.thing.divides(ask.thing) and not made.thing.is_place)
            is_same = made is not None and {*made.thing.units} == {*ask.thing.units}
            if is_same and not all(map(is_side, phrase.ops)):
                # "All four eye corners (inner and outer, left and right)".
                is_narrowed = True
            elif made is not None and (is_inside or not is_counted):
                own = replace(ask.item, phrase=replace(made, frame=phrase.frame or made.frame))
                is_narrowed = merge(ask, replace(item, phrase=None), entry, own) or is_narrowed
        return is_narrowed

    def names_again(self, entry: Entry, item: Item, last: Ask) -> bool:
        """Whether a name means what the one before it does, in other words."""
        phrase = item.phrase or NO_NAME
        is_same = (
            bool(phrase.ops)
            and not phrase.is_free
            and [*phrase.thing.pieces] == [*last.thing.pieces]
            and not last.is_removal
        )
        return is_same and self.draft.words(entry) not in self.draft.words(last)

    def ends_counted(self, entry: Entry, item: Item) -> bool:
        """Whether a name ends a list behind a count, as in "right eyebrow: 8 points, upper edge"."""
        later = self.draft.entries[self.number + 1 : self.number + 2]
        # "..., the first and last thirds 5 each" is a list of its own.
        is_behind = entry.before in ({"comma"}, {"colon"}) and not any("and" in one.before for one in later)
        is_plain = item.says_only("phrase") and not (item.phrase or NO_NAME).ref and is_behind
        return is_plain and self.draft.has_amount(len(self.asks) - 1)

    def joins_labels(self, entry: Entry, item: Item, last: Ask) -> bool:
        """Whether a layout and what is asked of it stand behind labels: "layout: 300W; part: left eye"."""
        is_labelled = has_label(self.draft, entry)
        if last.item.says_only("layout", "zero"):
            is_joined = (is_labelled or item.says_only("ids")) and self.qualifies_layout(entry, item, last)
            # What is listed behind it is of its sentence.
            last.sentence = self.sentence if is_joined else last.sentence
            return is_joined
        is_layout = is_labelled and item.says_only("layout", "zero") and last.item.says_only("phrase")
        if is_layout:
            self.number_names(entry, item)
        return is_layout

    def qualifies_layout(self, entry: Entry, item: Item, last: Ask) -> bool:
        """A part or ids behind a layout's name."""
        if last.item.layout is None and last.item.ids is not None and item.says_only("layout", "zero"):
            # "Ids 1-17, 300W".
            return entry.before == {"comma"} and merge(last, item, entry)
        if item.layout == last.item.layout is not None and item.says_only("layout", "zero", "only"):
            # "COFW layout, all 29 points", "all 98 WFLW points, in WFLW order".
            return entry.before == {"comma"}
        if last.item.layout is None or item.layout is not None:
            return False
        if self.narrows_named(item, last):
            return True
        is_whole = last.item.named is None and last.item.ids is None
        if is_whole and not item.is_layout and item.phrase is None and item.has_numbers:
            item = replace(name_ids(item), layout=None)
        if item.named is not None and last.item.layout not in dict(item.named):
            return False
        # "300W: jaw, brows".
        is_under = bool(entry.before & {"colon", "bullet"}) or has_label(self.draft, entry)
        is_under = is_under and item.says_only("phrase", "count") and not (item.phrase or NO_NAME).is_free
        is_part = item.phrase is not None and (item.only or last.item.only or is_under) and item.range is None
        return bool(is_part or (is_whole and item.is_layout)) and merge(last, item, entry)

    def narrows_named(self, item: Item, last: Ask) -> bool:
        """Whether "only" says which of a part's points in a layout are meant: "the 300W mouth, inner lip only"."""
        if not (item.only and item.says_only("phrase", "only") and item.phrase is not None and last.is_named):
            return False
        if item.phrase.is_free or not has_points(self.draft, last.item.layout, item.phrase):
            return False
        last.item = replace(last.item, phrase=item.phrase)
        return True

    def number_names(self, entry: Entry, item: Item) -> None:
        """Let a layout say how the names before it are numbered: "left eye and jaw, 300W style".

        Raises:
            MistakeError: They are laid out otherwise, or the layout has no points there.
        """
        for index, ask in enumerate(self.asks):
            if ask.sentence != self.asks[-1].sentence:
                continue
            says_its_size(self.draft, index, item.layout)
            if not ask.item.says_only("phrase") or not has_points(self.draft, item.layout, ask.phrase):
                raise self.draft.mistake("contradiction", "a layout has its own points, and takes no others", entry)
            ask.item = replace(ask.item, layout=item.layout, zero=item.zero)

    def qualifies_route(self, entry: Entry, item: Item, last: Ask) -> bool:
        """A range on what was named before it, or the way that a range runs."""
        if last.item.lead:
            return False
        between = last.item.range if "colon" in entry.before and item.says_only("range") else None
        if between is not None and between.last is None:
            # "Between the jaw angles, 17 points: from the right angle to the left one".
            last.item = replace(last.item, range=item.range)
            return True
        if item.range is not None and item.phrase is None and not last.is_removal and last.item.range is None:
            # "Left cheek: centre, (0.3, 0.6)" are two places on it.
            is_place = item.has_numbers and any(ask.thing.is_surface for ask in self.asks[-2:-1])
            is_joined = last.is_named and not is_place and is_bare_route(item, last) and merge(last, item, entry)
            last.item = settle_item(last.item) if is_joined else last.item
            for ask in list_alike(self.asks[:-1], last) if is_joined else ():
                # "Left brow 4 points, right brow 4 points, from the inner to the outer end".
                merge(ask, item, entry)
                ask.item = settle_item(ask.item)
            return is_joined
        is_under = "colon" in entry.before and item.phrase is not None and needs_owner(self.draft.rules, item.phrase)
        if item.range is not None and item.phrase is not None and runs_within(item.phrase, last) and not is_under:
            return is_bare_route(item, last) and merge(last, replace(item, phrase=None, via=item.phrase), entry)
        # "The lower lids from corner to corner, 5 per lid" run along no other lid.
        is_count = last.is_named and item.count is not None and (item.phrase or NO_NAME).det == "each"
        if last.item.range is not None and item.phrase is not None and is_route(item.phrase, last) and not is_count:
            return merge(last, replace(item, phrase=None, via=item.phrase), entry)
        return self.carries_route(entry, item, last) and merge(last, item, entry)

    def carries_route(self, entry: Entry, item: Item, last: Ask) -> bool:
        """Whether a name says where the range before it lies: "from the chin to the ear, 9 points on the jaw"."""
        if not last.item.says_only("range") or entry.before != {"comma"} or last.sentence != self.sentence:
            return False
        curve = self.ask(entry, item)
        return item.range is None and is_whole(curve.phrase) and is_bare_route(last.item, curve)
