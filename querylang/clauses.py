"""Clauses: the entries of the chart, one after the other, as asks and as what binds to asks."""

from __future__ import annotations

from dataclasses import replace

from .asks import WHOLE_FACE, Ask, Draft, Loose, find_phrases
from .chart import Entry
from .concept_data import Thing
from .layout_lists import carry_layout
from .meaning import Item, MistakeError, Phrase, join
from .per_side import ask_per_side, find_per_side
from .pieces import Stretch
from .references import References

ENDS_SENTENCE = frozenset({"stop"})


class Clauses:
    """Reads entries into a draft."""

    def __init__(self, draft: Draft, references: References) -> None:
        self.draft = draft
        self.references = references
        self.number = 0
        self.sentence = 0
        self.removing = False
        self.narrow: Entry | None = None
        self.side: tuple[Phrase, int] | None = None
        self.per_side: dict[int, str] = {}

    def read_entries(self) -> None:
        """Read all entries.

        Raises:
            MistakeError: One contradicts another, or refers to nothing.
        """
        for number, entry in enumerate(self.draft.entries):
            self.number = number
            self.open_sentence(entry)
            if entry.kind == "except":
                self.removing = True
            elif entry.kind == "heading":
                self.read_heading(entry, self.sentence)
            elif entry.kind == "purpose":
                self.draft.notes.append(f"ignored: '{self.draft.words(entry.start, entry.stop)}'")
            elif entry.kind == "item":
                self.read_clause(entry)
        ask_per_side(self.draft.asks, self.per_side, self.draft.rules)
        self.put_removals_last()

    def put_removals_last(self) -> None:
        """ "Without the corners: 12 points on the outer lip" leaves them out of what follows."""
        asks = self.draft.asks
        count = next((i for i, ask in enumerate(asks) if not ask.is_removal), 0)
        self.draft.asks[:] = asks[count:] + asks[:count]
        for loose in self.draft.loose:
            loose.at = max(0, loose.at - count)

    def open_sentence(self, entry: Entry) -> None:
        before = set(entry.before)
        if ENDS_SENTENCE & before:
            self.sentence += 1
        if before & {"stop", "line", "bullet"}:
            self.removing = False
        if "also" in before and self.narrow is not None:
            span = self.draft.lattice.span(self.narrow.start, entry.stop)
            raise MistakeError("contradiction", "only one thing, and also another", span)
        if entry.kind == "item" and entry.value.only:
            self.narrow = entry

    def read_clause(self, entry: Entry) -> None:
        item: Item = entry.value
        span = self.draft.lattice.span(entry.start, entry.stop)
        if item.fault:
            code, message, suggestion = item.fault
            raise MistakeError(code, message, span, suggestion)
        if self.removing and not self.draft.asks and item.count is not None:
            raise MistakeError("count", "a number of points is at least 1", span)
        self.removing = self.removing and not (item.has_amount and item.is_region)
        self.removing = self.removing or self.is_all_but(entry)
        if self.removing:
            item = entry.value = self.name_id(item)
        if self.is_side_heading(self.number):
            assert item.phrase is not None
            self.side = (item.phrase, self.sentence)
            return
        if self.side is not None and self.side[1] == self.sentence:
            entry.value = self.put_side(item, self.side[0])
        self.read_item(entry, self.sentence, self.removing)

    def is_all_but(self, entry: Entry) -> bool:
        """Whether "but" takes away: "everything but the lips"."""
        last = self.draft.asks[-1].phrase if self.draft.asks else None
        is_all = last is not None and (last.det == "all" or last.ops == (("noun", WHOLE_FACE),))
        return is_all and "but" in entry.before and not entry.value.has_amount and entry.value.phrase is not None

    def name_id(self, item: Item) -> Item:
        """Return a number behind an exception from a layout's ids as an id: "300W 37 to 42 but not 39"."""
        last = next((ask.item for ask in reversed(self.draft.asks) if not ask.is_removal), Item())
        if item.count is None or item.is_region or not last.is_layout or item.count.form != "integer":
            return item
        return Item(layout=last.layout, ids=((item.count, item.count),), zero=last.zero)

    def is_side_heading(self, number: int) -> bool:
        """Whether a clause is only a side that heads what follows: "Left: 5 points on the eyebrow"."""
        item = self.draft.entries[number].value
        if (
            number + 1 >= len(self.draft.entries)
            or "colon" not in self.draft.entries[number + 1].before
            or item.phrase is None
        ):
            return False
        if replace(item, phrase=None) != Item() or any(op[0] != "adj" for op in item.phrase.ops) or not item.phrase.ops:
            return False
        return not self.draft.asks or bool(
            ENDS_SENTENCE & set(self.draft.entries[number].before) or "line" in self.draft.entries[number].before
        )

    def put_side(self, item: Item, side: Phrase) -> Item:
        """Return an item on the side its heading names, if it names none."""
        phrase = item.phrase
        if phrase is None or not phrase.ops or (phrase.thing is not None and phrase.thing.is_sided):
            return item
        made = self.draft.rules.phrase(phrase.ops[:1] + side.ops + phrase.ops[1:]) or self.draft.rules.phrase(
            phrase.ops + side.ops
        )
        if made is None or made.fault:
            return item
        return replace(item, phrase=replace(phrase, ops=made.ops, thing=made.thing, frame=side.frame or phrase.frame))

    def read_heading(self, entry: Entry, sentence: int) -> None:
        self.draft.notes.append(f"ignored: '{self.draft.words(entry.start, entry.stop)}'")
        if entry.value is not None and not any(
            later.kind == "item" and later.value.is_region for later in self.draft.entries if later.start >= entry.stop
        ):
            self.draft.asks.append(Ask(Item(phrase=entry.value), entry.start, entry.stop, sentence, entry.before))

    def read_item(self, entry: Entry, sentence: int, removing: bool) -> None:
        item = entry.value = settle_item(entry.value)
        if item.lead and self.put_first(item):
            return
        if per_side := find_per_side(entry, self.draft, sentence):
            self.per_side[sentence] = per_side
            item = entry.value = replace(item, each=None) if item.each else Item()
        if item.same:
            self.references.repeat(entry, sentence)
        elif item.is_region:
            if self.qualifies_last(entry, removing):
                return
            if not removing and self.only_counts(item, sentence):
                rest = replace(item, phrase=None, each=True)
                self.draft.loose.append(
                    Loose(rest, entry.start, entry.stop, sentence, entry.before, len(self.draft.asks))
                )
                return
            leads = any(
                edge.category in ("NUMBER", "APPROX", "FACTOR") for edge in self.draft.lattice.edges[entry.start]
            )
            ask = Ask(item, entry.start, entry.stop, sentence, entry.before, leads, removing)
            ask.is_located = self.opens_behind_link(entry)
            self.check_beside(ask)
            self.draft.asks.append(self.references.resolve(ask))
            carry_layout(self.draft.asks, self.draft.rules.concepts.registry)
        elif removing or not self.read_place(entry, sentence):
            is_removal = removing and self.draft.entries[self.number - 1].kind == "except"
            place = Loose(item, entry.start, entry.stop, sentence, entry.before, len(self.draft.asks), is_removal)
            self.draft.loose.append(place)

    def put_first(self, item: Item) -> bool:
        """Whether a clause only says which side comes first: "upper lids, 7 each, the right one first"."""
        found = [ask for ask in self.draft.asks if ask.sentence == self.sentence and comes_in_order(ask, item.phrase)]
        for ask in found:
            ask.first = item.phrase
        return bool(found)

    def opens_behind_link(self, entry: Entry) -> bool:
        """Whether a clause opens a sentence behind "on", "for" or the like."""
        is_first = entry is self.draft.entries[0]
        if entry.before and not is_first and not set(entry.before) & {"stop", "line", "bullet"}:
            return False
        heads = self.number and self.draft.entries[self.number - 1].kind == "heading"
        if not is_first and not entry.before and not heads:
            return False
        around = [
            *self.draft.lattice.edges[entry.start],
            *(self.draft.lattice.edges[entry.start - 1] if entry.start else ()),
        ]
        return any(edge.category in ("HEADS", "OF") for edge in around)

    def only_counts(self, item: Item, sentence: int) -> bool:
        """Whether a name only says how to count those before: "eyes, 6 points per eye"."""
        phrase = item.phrase
        if (
            phrase is None
            or phrase.det != "each"
            or phrase.thing is None
            or phrase.thing.is_sided
            or not item.has_amount
        ):
            return False
        waiting = [ask for ask in self.draft.asks if ask.sentence == sentence and not ask.item.has_amount]
        if not waiting or waiting[-1] is not self.draft.asks[-1] or waiting[-1].phrase is None:
            return False
        thing = waiting[-1].phrase.thing
        if len(phrase.ops) != 1 or thing is None or thing.is_place or not thing.parts <= phrase.thing.parts:
            return False
        return not phrase.thing.divides(thing)

    def check_beside(self, ask: Ask) -> None:
        """Two names without a word between them, of which the first is counted for each, contradict each other."""
        if ask.before or not self.draft.asks or ask.item.has_amount or ask.is_removal:
            return
        last = self.draft.asks[-1]
        if last.item.has_amount and last.phrase is not None and last.phrase.det == "each" and last.stop <= ask.start:
            raise MistakeError(
                "contradiction",
                f"'{self.draft.words(last.start, last.stop)}', but on '{self.draft.words(ask.start, ask.stop)}'",
                self.draft.lattice.span(last.start, ask.stop),
            )

    def qualifies_last(self, entry: Entry, removing: bool) -> bool:
        """Whether a clause only narrows the one before: "eyebrow, left, 5 points", "300W, left eye only"."""
        if not self.draft.asks or removing or set(entry.before) & {"stop", "line", "bullet", "and"}:
            return False
        if "but" in entry.before and not entry.value.only:
            return False
        last = self.draft.asks[-1]
        if last.item.is_layout:
            return self.qualifies_layout(entry, last)
        if self.restricts_all(entry) or self.narrows_counted(entry, last):
            return True
        return self.qualifies_route(entry, last) or self.qualifies_name(entry, last)

    def restricts_all(self, entry: Entry) -> bool:
        """ "..., outer edge only": a modifier of all items of the sentence that it fits."""
        item: Item = entry.value
        if not item.only or item.phrase is None or item.has_amount or not item.phrase.ops or item.range is not None:
            return False
        found = False
        for ask in self.draft.asks:
            if ask.phrase is None or ask.phrase.thing is None or ask.sentence != self.sentence:
                continue
            made = self.narrow_to(ask.phrase, item.phrase)
            if made is not None and not made.fault:
                ask.item = replace(ask.item, phrase=made)
                found = True
        return found

    def narrows_counted(self, entry: Entry, last: Ask) -> bool:
        """ "Right eyebrow: 8 points, upper edge": what ends a list behind a count says where of the name it lies."""
        item: Item = entry.value
        phrase = item.phrase
        if phrase is None or not phrase.ops or item != Item(phrase=phrase) or set(entry.before) != {"comma"}:
            return False
        has_own = last.item.has_amount or self.draft.has_own(len(self.draft.asks) - 1)
        later = next((one for one in self.draft.entries[self.number + 1 :] if one.kind == "item"), None)
        goes_on = later is not None and not set(later.before) & {"stop", "line", "bullet"}
        if last.phrase is None or last.phrase.thing is None or phrase.ref or not has_own or goes_on:
            return False
        made = self.narrow_to(last.phrase, phrase)
        if made is None or made.fault or made.thing is None or made.thing.is_place:
            return False
        last.item = replace(last.item, phrase=made)
        return True

    def narrow_to(self, whole: Phrase, part: Phrase) -> Phrase | None:
        """Return what of a name another one leaves: "the left eye, upper lid only"."""
        if part.is_free:
            return self.draft.rules.extend(whole, part.ops)
        if part.thing is None or part.thing.is_sided or not part.thing.is_several_sided:
            return None
        return self.references.owners.lie_on(part, whole)

    def qualifies_layout(self, entry: Entry, last: Ask) -> bool:
        """A part or ids behind a layout's name."""
        item: Item = entry.value
        if last.item.layout is None or item.layout is not None:
            return False
        is_whole = last.item.named is None and last.item.ids is None
        is_part = item.phrase is not None and (item.only or last.item.only) and item.range is None
        return bool(is_part or (is_whole and item.is_layout)) and self.merge(last, item, entry)

    def qualifies_route(self, entry: Entry, last: Ask) -> bool:
        """A range on what was named before it, or the way that a range runs."""
        item: Item = entry.value
        if item.range is not None and item.phrase is None and not last.is_removal and last.item.range is None:
            return last.phrase is not None and self.is_bare_route(item, last) and self.merge(last, item, entry)
        if last.item.range is not None and item.phrase is not None and self.is_route(item.phrase, last):
            return self.merge(last, replace(item, phrase=None, via=item.phrase), entry)
        return False

    def qualifies_name(self, entry: Entry, last: Ask) -> bool:
        """Adjectives behind a name: "eyebrow, left"."""
        item: Item = entry.value
        if item.phrase is None or item.range is not None or last.phrase is None:
            return False
        if item.has_amount and (item.phrase.ref != "one" or last.item.has_amount):
            return False
        if any(op[0] != "adj" for op in item.phrase.ops) or last.phrase.thing is None:
            return False
        is_one = item.phrase.ref == "one" and (last.phrase.thing.is_several_sided or last.phrase.thing.is_pair)
        if not item.phrase.ops or not (is_one or not (item.phrase.ref or "colon" in entry.before)):
            return False
        made = self.draft.rules.extend(last.phrase, item.phrase.ops)
        if made is None or made.fault or last.phrase.thing.is_sided:
            return False
        made = replace(made, frame=item.phrase.frame or made.frame)
        joined = join(replace(last.item, phrase=made), replace(item, phrase=None))
        if joined is None:
            return False
        last.item, last.stop = joined, entry.stop
        return True

    def is_route(self, phrase: Phrase, last: Ask) -> bool:
        """Whether a name is the way a range runs: "along the top", "along the lower lid"."""
        if phrase.is_free:
            return bool(phrase.ops) and (phrase.ops[-1][0] == "adj" or phrase.ops[-1][1] in ("top", "bottom"))
        assert phrase.thing is not None
        ends = find_phrases(Item(range=last.item.range))
        parts = {part for end in ends if end.thing for part in end.thing.parts}
        stretches = [p for unit in phrase.thing.units for p in unit.pieces if isinstance(p, Stretch) and not p.is_whole]
        return bool(stretches) and bool(parts & {piece.part for piece in stretches}) and not phrase.thing.is_sided

    def merge(self, last: Ask, item: Item, entry: Entry) -> bool:
        joined = join(last.item, item)
        if joined is None:
            return False
        last.item, last.stop = joined, entry.stop
        return True

    def is_bare_route(self, item: Item, last: Ask) -> bool:
        """Whether a range lies on what was named before: its ends name no part, or only places of that one."""
        assert item.range is not None
        ends = [end for end in (item.range.first, item.range.last) if isinstance(end, Phrase)]
        if any(end.ref == "them" for end in ends):
            return False
        if all(end.is_free for end in ends):
            return True
        if last.phrase is None or last.phrase.thing is None:
            return False
        things = [end.thing for end in ends if end.thing]
        return bool(things) and all(lies_within(thing, last.phrase.thing) for thing in things)

    def read_place(self, entry: Entry, sentence: int) -> bool:
        """Whether a clause is a place of its own on the part its list lies on: "left eye: ..., the point at 30%"."""
        item: Item = entry.value
        if item.positions is None or item.count is not None or item.each:
            return False
        last = self.draft.asks[-1] if self.draft.asks else None
        if last is not None and self.waits(last) and not set(entry.before) & {"stop"}:
            return False
        later = self.draft.entries[self.number + 1 :][:1]
        if later and later[0].kind == "item" and isinstance(later[0].value, Item) and later[0].value.is_region:
            phrase = later[0].value.phrase
            is_curve = phrase is None or phrase.thing is None or not phrase.thing.is_place
            if is_curve and not later[0].value.has_amount:
                return False
        if last is None and not any(one.kind == "item" and one.value.is_region for one in later):
            return False
        free = replace(item, phrase=Phrase(()))
        self.draft.asks.append(Ask(free, entry.start, entry.stop, sentence, entry.before, leads=True))
        return True

    def waits(self, ask: Ask) -> bool:
        """Whether an ask is a bare stretch that waits for its amount."""
        if ask.item.has_amount or ask.item.layout is not None:
            return False
        if any(one.at == len(self.draft.asks) and one.item.has_amount for one in self.draft.loose):
            return False
        phrase = ask.phrase
        if phrase is None or phrase.thing is not None:
            return phrase is None or not phrase.thing.is_place  # type: ignore[union-attr]
        return any(op[0] == "portion" or op[1] == "outline" for op in phrase.ops)


def is_whole(phrase: Phrase) -> bool:
    """Whether a name means whole curves, on which a range may lie."""
    pieces = [piece for unit in (phrase.thing.units if phrase.thing else ()) for piece in unit.pieces]
    return any(isinstance(piece, Stretch) and piece.is_whole for piece in pieces)


def comes_in_order(ask: Ask, side: Phrase | None) -> bool:
    """Whether an ask lies on both sides, of which one may come first."""
    thing = ask.phrase.thing if ask.phrase is not None else None
    if thing is None or side is None or thing.is_sided or not thing.is_several_sided:
        return False
    return side.thing is None or bool(side.thing.parts & thing.parts)


def lies_within(place: Thing, whole: Thing) -> bool:
    """Whether what a range ends at may lie on what was named before, if that says on which side."""
    return place.parts <= whole.parts or (not place.is_sided and bool(place.parts & whole.parts))


def settle_item(item: Item) -> Item:
    """Return an item whose name stands where names do: what a range runs along, what "start with" says, an owner."""
    if item.range is not None and item.phrase is None and item.via is not None and not item.via.is_free:
        ends = find_phrases(Item(range=item.range))
        if all(end.is_free for end in ends) or is_whole(item.via):
            item = replace(item, phrase=item.via, via=None)
    if isinstance(item.origin, Phrase) and is_whole(item.origin) and not item.is_region:
        item = replace(item, phrase=item.origin, origin=None)
    if item.frame and item.phrase is not None and not item.phrase.frame:
        item = replace(item, phrase=replace(item.phrase, frame=item.frame))
    return item
