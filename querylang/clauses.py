"""Clauses: the entries of the chart, one after the other, as asks and as what binds to asks."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from .asks import BREAKS, LINES, Ask, Draft
from .clause_kinds import is_manner, is_region, merge, refuse_torn, settle_item, tell_frame
from .counted_clauses import MOST_COUNTED
from .entries import Entry
from .exceptions import (
    ask_again,
    follows_except,
    leaves_places,
    name_id,
    place_left_out,
    refuse_ids_left,
    share_layout,
)
from .going_on import AMOUNT_WORDS, ask_alike, go_on, refuse_chain
from .headed_counts import Owed, owe
from .joining import find_side, goes_sideways
from .layout_lists import carry_layout, has_points, number_ids, tell_zero
from .leaning import halve, lies_between, put_ends
from .left_out import LeftOut
from .meaning import NO_NAME, WHOLE_FACE, Item, MistakeError, Phrase, Range, add, join
from .per_side import ask_per_side, find_per_side
from .phrase_compositions import HALVES
from .references import resolve
from .repeats import repeat, repeats_list
from .restated import mark_inside, settle_side
from .sentence_heads import count_first, open_heads
from .side_headings import (
    comes_second,
    find_labelled_side,
    find_side_heading,
    opens_behind_link,
    put_first,
    put_on_side,
)

SIZED = ("layout", "zero", "count", "each")
ANYWHERE = -2
"""The sentence of a side that is said of all that follows."""


class Clauses(LeftOut):
    """Reads entries into a draft."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft)
        self.narrow: Entry | None = None
        self.per_side: dict[int, str] = {}
        self.side: tuple[Phrase, int] = (NO_NAME, -1)
        # How what stands under it is set apart.
        self.under: frozenset[str] = frozenset()
        self.way: Range | None = None
        self.owed: Owed | None = None

    def read_entries(self) -> None:
        """Read all entries.

        Raises:
            MistakeError: One contradicts another, or refers to nothing.
        """
        open_heads(self.draft)
        count_first(self.draft)
        number_ids(self.draft)
        for number, entry in enumerate(self.draft.entries):
            self.number = number
            self.open_sentence(entry)
            mark_inside(self.draft, number)
            if entry.kind == "except":
                if not entry.before:
                    ask_again(self.draft)
                self.removing = True
            elif entry.kind == "item":
                self.owed = owe(self.draft, number) or self.owed
                self.read_clause(entry)
                if self.owed is not None and number == self.owed.last:
                    self.owed.pay(self.draft)
            elif entry.kind in ("heading", "purpose"):
                self.draft.notes.append(f"ignored: '{self.draft.words(entry)}'")
                if entry.value is not None and entry.value.ops != WHOLE_FACE and self.needs_name():
                    self.asks.append(self.ask(entry, Item(phrase=entry.value)))
                    for later in self.draft.entries[number + 1 : number + 2]:
                        later.before |= {"colon"}
        ask_per_side(self.draft, self.per_side)
        self.put_removals_last()

    def needs_name(self) -> bool:
        """Whether what stands under a heading names no part itself: "brow height: tail and arch", "lip line: 8"."""
        rest = self.draft.entries[self.number + 1 :]
        # Of a line, or of the lines below it.
        ends = {"stop"} if rest and rest[0].before & LINES else BREAKS
        under = list(takewhile(lambda one: one.kind != "heading" and not one.before & ends, rest))
        regions = [one.value for one in under if is_region(one)]
        # "For brow mapping: ..., both sides" names its parts.
        named = [item.phrase for item in regions if item.phrase is not None and item.phrase.ops != (HALVES,)]
        return not regions or any(phrase.is_free and phrase.ops for phrase in named)

    def open_sentence(self, entry: Entry) -> None:
        self.sentence += "stop" in entry.before
        marks = entry.before & LINES
        is_under = self.under and marks >= self.under - {"line"}
        if marks and self.side[1] == self.sentence and not is_under:
            # "- right: 6 upper, 4 lower" says nothing of the next line.
            self.side = (NO_NAME, -1)
        if self.lists_left_out(entry):
            return
        if entry.before & {*BREAKS, "then"} or self.adds(entry) or self.asks_first(entry):
            self.removing = False
        if "also" in entry.before and self.narrow is not None:
            span = self.draft.span(self.narrow, entry)
            raise MistakeError("contradiction", "only one thing, and also another", span)
        if entry.kind == "item" and entry.value.only:
            self.narrow = entry
        for last in self.draft.entries[max(0, self.number - 1) : self.number]:
            refuse_torn(self.draft, last, entry)

    def start_list(self, entry: Entry) -> Item:
        """Return an entry's item, as the first of a list where that starts with it: "start with the chin, then ..."."""
        item: Item = entry.value
        later = self.draft.entries[self.number + 1 : self.number + 2]
        is_first = not self.asks and item.says_only("origin") and any("then" in one.before for one in later)
        is_name = is_first and isinstance(item.origin, Phrase) and not item.origin.is_free
        return Item(phrase=item.origin) if is_name and isinstance(item.origin, Phrase) else item

    def read_clause(self, entry: Entry) -> None:
        entry.value = tell_zero(self.draft, tell_frame(self.start_list(entry)))
        item = ask_alike(self.draft, self.number)
        if item.fault:
            code, message, suggestion = item.fault
            raise self.draft.mistake(code, message, entry, suggestion)
        item = self.settle_removing(entry, item)
        if self.read_side(entry) or (self.removing and self.names_layout(entry, item)):
            return
        if item.left_out:
            self.leave_out(entry, item)
            return
        if item.counts is not None:
            self.read_counts(entry, item)
            return
        if self.removing:
            refuse_ids_left(self.draft, entry, item)
            item = name_id(self.draft, item)
            share_layout(self.draft, item)
        item = self.stand_on_side(entry, self.loosen_size(entry, self.name_layout(item)))
        if self.asks and item.phrase is not None and item.phrase.ops == WHOLE_FACE and is_manner(item):
            # "Everything as polylines."
            item = replace(item, phrase=None)
        # "300W 49-60 but not 55, and 61-68 as well": each for itself, so that what leaves nothing out is noticed.
        pairs = item.ids if self.removing and item.ids is not None else (None,)
        for pair in pairs:
            self.read_item(entry, settle_item(item if pair is None else replace(item, ids=(pair,))))

    def name_layout(self, item: Item) -> Item:
        """Return so many points of the whole face as the layout that has so many: "68 landmarks of the whole face"."""
        is_face = (
            item.phrase is not None and item.phrase.ops == WHOLE_FACE and item.says_only("phrase", "count", "faces")
        )
        if not is_face or item.count is None:
            return item
        layout = self.draft.rules.by_size(item.count, known=True)
        return item if layout is None else replace(layout, faces=item.faces)

    def loosen_size(self, entry: Entry, item: Item) -> Item:
        """Return a layout without the number of its points on what was named: "jawline, 17 points like in 300W"."""
        is_sized = item.layout is not None and item.count is not None and item.says_only(*SIZED)
        if not is_sized or entry.before != {"comma"} or not self.asks:
            return item
        self.loosen(entry, Item(count=item.count, each=item.each))
        return replace(item, count=None, each=None)

    def stand_on_side(self, entry: Entry, item: Item) -> Item:
        """Return an item on the side that heads its sentence."""
        if self.side[1] not in (self.sentence, ANYWHERE):
            return item
        if item.says_only("layout", "zero"):
            message = "which points of a layout lie on one side is not told: name the parts"
            raise self.draft.mistake("ambiguous", message, entry)
        return put_on_side(self.draft, item, self.side[0])

    def names_layout(self, entry: Entry, item: Item) -> bool:
        """Whether a layout behind an exception is that of all points: "everything but the jaw, in the 68 scheme"."""
        bases = [ask for ask in self.asks if not ask.is_removal and ask.sentence == self.sentence]
        if not bases or follows_except(self.draft, self.number) or not item.says_only("layout", "zero", "only"):
            return False
        if not all(ask.item.says_only("phrase") and has_points(self.draft, item.layout, ask.phrase) for ask in bases):
            return False
        for ask in bases:
            named = None if ask.phrase.ops == WHOLE_FACE else ask.item.phrase
            ask.item = replace(item, phrase=named, only=None)
        return True

    def read_side(self, entry: Entry) -> bool:
        """Whether a clause only says on which side something lies: what it is said to be, or what it heads."""
        if settle_side(self.draft, entry):
            return True
        if (side := find_labelled_side(self.draft, self.number)) is not None:
            for ask in self.asks[-1:]:
                own = find_side(ask.phrase.ops)
                if own is not None and own != side.ops[0]:
                    raise self.draft.mistake("contradiction", "the part's name says another side", entry)
                ask.item = put_on_side(self.draft, ask.item, side)
            self.side = (NO_NAME, -1) if self.asks else (side, ANYWHERE)
        elif (side := find_side_heading(self.draft, self.number)) is not None:
            if side.ref == "one" and not self.asks:
                raise self.draft.mistake("ambiguous", "which one is that? name it", entry, "'the face on the left'")
            self.side = (side, self.sentence)
            self.under = self.draft.entries[self.number + 1].before & LINES
        return side is not None

    def read_counts(self, entry: Entry, item: Item) -> None:
        """Read the counts of a list one after the other, and the first or the last name of it beside them."""
        counts, named = Item(counts=item.counts, each=item.each), replace(item, counts=None, each=None)
        leads = any(edge.category == "COUNTS" for edge in self.draft.lattice.edges[entry.start])
        if leads:
            self.loosen(entry, counts)
        if named != Item():
            self.read_item(entry, settle_item(named))
        if not leads:
            self.loosen(entry, counts)

    def starts_at(self, item: Item) -> bool:
        """Whether a clause says where what was asked starts: "8 points on each eye, the outer corner first"."""
        later = self.draft.entries[self.number + 1 : self.number + 2]
        asks = [ask for ask in self.asks if ask.sentence == self.sentence] or self.asks[-1:]
        is_last = not later or "stop" in later[0].before or later[0].kind == "purpose"
        are_stretches = bool(asks) and not any(
            ask.phrase.is_free or ask.thing.is_place or ask.item.range is not None or ask.is_removal for ask in asks
        )
        phrase = item.phrase or NO_NAME
        is_place = not phrase.ref and (phrase.is_free or phrase.thing.is_place)
        if not (is_last and is_place and are_stretches) or item != Item(phrase=phrase, lead=True):
            return False
        for ask in asks:
            ask.item = add(ask.item, Item(origin=item.phrase))
        return True

    def says_more(self, item: Item) -> bool:
        """Whether a clause says how the one or the other of the last two is asked: "..., the former with 5 points"."""
        at = {"former": -2, "latter": -1}.get((item.phrase or NO_NAME).ref, 0)
        near = [ask for ask in self.asks[-2:] if ask.sentence >= self.sentence - 1]
        if not at or len(near) < 2 or (item.phrase or NO_NAME).ops:
            return False
        joined = join(self.asks[at].item, replace(item, phrase=None))
        if joined is not None:
            self.asks[at].item, self.asks[at].is_apart = joined, True
        return joined is not None

    def read_item(self, entry: Entry, item: Item) -> None:
        if self.says_more(item) or (not entry.before and lies_between(self.asks, item)):
            return
        if per_side := find_per_side(self.draft, entry, item, self.sentence):
            self.per_side[self.sentence] = per_side
            item = replace(item, each=None) if item.each else Item()
        is_order = item.lead and (put_first(self.draft, item, self.sentence) or self.starts_at(item))
        if (
            is_order
            or comes_second(self.draft, item, self.sentence)
            or (item.is_region and not item.same and self.qualifies_last(entry, item))
        ):
            return
        if self.leads_way(item):
            self.way = item.range
        elif item.same or repeats_list(self.draft, entry, item):
            self.read_again(entry, replace(item, same=item.same or "all"))
        elif self.counts_again(entry, item) or self.counts_named(item):
            self.tell_way(item)
        elif item.is_region and not self.removing and (counted := self.find_counted(item)) is not None:
            self.count_each(entry, item, counted)
        elif item.is_region and (is_each := self.counts_each(item)) is not None:
            # "Each of the left brow and the right pupil: 10 points".
            self.read_region(entry, replace(item, count=None, each=None))
            self.loosen(entry, Item(count=item.count, each=is_each or None))
        elif item.is_region:
            self.read_region(entry, item)
        else:
            self.read_loose(entry, item)

    def read_again(self, entry: Entry, item: Item) -> None:
        """Read what says the same as before of something else."""
        if item.phrase is None and self.side[1] == self.sentence:
            # "Left: brow arch, mouth corner. Right: the same."
            item = replace(item, phrase=self.side[0])
        for later in self.draft.entries[self.number + 1 : self.number + 2]:
            if item == Item(same="all") and "but" in later.before and is_region(later):
                # "The upper edge of the left brow, then the same but on the lower edge".
                later.value, later.before = replace(later.value, same="all"), entry.before
                return
            if "colon" in later.before and is_region(later) and item.says_only("phrase", "same", "frame"):
                # "5 points on the jaw. Also for the nose: the tip".
                self.read_region(entry, replace(item, same=None))
                return
        phrase = item.phrase or NO_NAME
        is_owner = len(phrase.ops) == 1 and any(one.is_possessive for one in self.draft.list_lexemes(entry))
        if item.same == "amount" and is_owner and not phrase.thing.is_place:
            # "The corners of the left eye; the mouth's as well".
            item = replace(item, same="all")
        if item.same == "number" and not any(map(self.draft.has_amount, range(len(self.asks)))):
            # "The same number on the lips and the nose, 12 points": before a list it is of each.
            self.read_region(entry, replace(item, same=None, phrase=replace(phrase, det="each")))
        elif (self.removing and (phrase.ref or item.same == "amount")) or item.ids is not None:
            # "... but not the left corners and the right ones", "minus the jaw, minus the nose too", "ditto 69 to 76".
            self.read_region(entry, replace(item, same=None))
        else:
            repeat(self.draft, entry, item, self.sentence)

    def read_loose(self, entry: Entry, item: Item) -> None:
        """Read what names no region."""
        if "but" in entry.before and item.says_only("count") and self.counts_otherwise(item):
            return
        if self.counts_both(entry, item):
            return
        if self.removing and leaves_places(self.draft, self.number):
            self.asks.append(self.ask(entry, place_left_out(self.draft, entry, self.sentence), is_removal=True))
        elif go_on(self.draft, self.number, self.sentence):
            return
        elif self.removing or not self.read_place(entry, item):
            self.loosen(entry, item, is_removal=self.removing and follows_except(self.draft, self.number))

    def goes_on_alike(self, item: Item) -> bool:
        """Whether a list goes on with one of the same kind: "left to right, 4 on the left brow and 4 on the right"."""
        later = self.draft.entries[self.number + 1 : self.number + 2]
        names = [one.value.phrase or NO_NAME for one in later if is_region(one) and one.before <= {"comma", "and"}]
        return any(name.ops[:1] == (item.phrase or NO_NAME).ops[:1] for name in names)

    def leads_way(self, item: Item) -> bool:
        """Whether a clause only says which way what follows runs: "from right to left, 5 points on the jaw"."""
        later = self.draft.entries[self.number + 1 : self.number + 2]
        is_first = not any(ask.sentence == self.sentence for ask in self.asks)
        if not is_first or not item.says_only("range") or not goes_sideways(item) or not later:
            return False
        following = later[0].value if is_region(later[0]) and later[0].before == {"comma"} else Item()
        return following.phrase is not None and following.range is None and not following.phrase.thing.is_place

    def read_region(self, entry: Entry, item: Item) -> None:
        refuse_chain(self.draft, entry)
        item = halve(self.draft.rules, put_ends(self.draft.rules, self.carry_numbers(item)))
        if self.way is not None:
            item = replace(item, range=self.way)
            self.way = self.way if self.goes_on_alike(item) else None
        leads = any(edge.category in AMOUNT_WORDS for edge in self.draft.lattice.edges[entry.start])
        is_located = opens_behind_link(self.draft, self.number) and not (leads or item.positions)
        ask = self.ask(entry, item, leads=leads, is_removal=self.removing, is_located=is_located)
        self.check_beside(ask)
        self.asks.append(resolve(self.draft, ask))
        carry_layout(self.draft)

    def carry_numbers(self, item: Item) -> Item:
        """Return a range of numbers as one on what the range before it lies on: "... at (0.5, 0.1) and (0.5, 0.9)"."""
        if not self.asks or item.phrase is not None or not item.has_numbers:
            return item
        # "Left cheek:\n- centre\n- at (0.3, 0.6)" lies on what is named there.
        named = (ask for ask in reversed(self.asks[-MOST_COUNTED:]) if not ask.phrase.is_free)
        last = next(named, self.asks[-1])
        is_near = last.sentence >= self.sentence - (last is self.asks[-1])
        lies = last.item.has_numbers or (last is not self.asks[-1] and last.thing.is_surface)
        return replace(item, phrase=last.item.phrase) if is_near and lies and last.is_named else item

    # --- what a clause is, by what stands around it ----------------------------------------------------------

    def check_beside(self, ask: Ask) -> None:
        """Two names without a word between them, of which the first is counted for each, contradict each other."""
        if ask.before or not self.asks or ask.item.has_amount or ask.is_removal:
            return
        last, draft = self.asks[-1], self.draft
        if last.item.has_amount and last.phrase.det == "each":
            message = f"'{draft.words(last)}', but on '{draft.words(ask)}'"
            raise MistakeError("contradiction", message, draft.span(last, ask))

    # --- places of their own -----------------------------------------------------------------------------------

    def read_place(self, entry: Entry, item: Item) -> bool:
        """Whether a clause is a place of its own on the part its list lies on: "left eye: ..., the point at 30%"."""
        if item.positions is None or item.count is not None or item.each:
            return False
        later = self.draft.entries[self.number + 1 : self.number + 2]
        if self.asks and self.waits(self.asks[-1]) and "stop" not in entry.before:
            return False
        if self.tells_places(entry):
            return merge(self.asks[-1], item, entry)
        if later and is_region(later[0]):
            following: Item = later[0].value
            if not (following.phrase or NO_NAME).thing.is_place and not following.has_amount:
                return False
        if not self.asks and not any(map(is_region, later)):
            return False
        self.asks.append(self.ask(entry, replace(item, phrase=Phrase(())), leads=True))
        return True

    def tells_places(self, entry: Entry) -> bool:
        """Whether positions are those of what was counted before: "3 points on the left brow, at 0, 0.2 and 0.4"."""
        if entry.before != {"comma"} or not self.asks or self.asks[-1].item.count is None:
            return False
        comma, at = ({edge.category for edge in self.draft.lattice.edges[entry.start + n]} for n in (-1, 0))
        return "COMMA" in comma and "AT" in at

    def waits(self, ask: Ask) -> bool:
        """Whether an ask is a bare stretch that waits for its amount."""
        if ask.item.layout is not None or self.draft.has_amount(len(self.asks) - 1):
            return False
        if not ask.is_named or not ask.phrase.is_free:
            return not ask.thing.is_place
        return any(op[0] == "portion" or op[1] == "outline" for op in ask.phrase.ops)
