"""The discourse: what clauses mean beside one another: owners, references, whose left it is, shared amounts.

In: the entries of `chart.py`; out: asks, each a region with the amount that binds to it, in the order in which the
points are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .chart import Entry
from .concepts import Op, Unit
from .lattice import Lattice
from .meaning import Item, MistakeError, Phrase, Range, join
from .numbers import Number
from .rules import Rules
from .pieces import Stretch
from .removal import remove_point
from .runs import Run

WHOLE_FACE = "face"
ENDS_SENTENCE = frozenset({"stop"})
JOINS = frozenset({"and", "also", "comma", "line", "bullet"})
AMOUNTS = ("count", "density", "as_many", "positions", "every", "pixels", "segments", "nth", "pick", "strict", "total", "each")
MANNERS = ("spacing", "reverse", "turn", "origin", "shape", "faces", "approx", "zero", "frame", "only", "late")


@dataclass
class Ask:
    """A region that is asked for.

    Attributes:
        item: What its clause says.
        start, stop: Its nodes.
        sentence: Number of its sentence.
        before: The separators before it.
        leads: Its amount stands before its name.
        is_removal: It is taken away from all before it.
        amount: What binds to it: its own item, or that of the group it shares with.
        group: Asks with the same number share one amount.
        weave: Asks with the same number are laid out part by part ("top and bottom of each eye").
        is_header: It only names what the items after its colon lie on.
        is_narrower: It named no part of its own ("upper edge").
        is_owned: It lies on a part that another item named.
        is_located: Its name stands at the start of a sentence, behind "on" or "for".
        source: What it repeats on the other side.
        units: The units, once it is known whose left is left.
    """

    item: Item
    start: int
    stop: int
    sentence: int
    before: tuple[str, ...]
    leads: bool = False
    is_removal: bool = False
    amount: Item = field(default_factory=Item)
    group: int = -1
    weave: int = -1
    is_header: bool = False
    is_narrower: bool = False
    is_owned: bool = False
    is_located: bool = False
    source: Ask | None = None
    units: tuple[Unit, ...] = ()

    @property
    def phrase(self) -> Phrase | None:
        return self.item.phrase

    @property
    def is_place(self) -> bool:
        """Whether it is a place, or several: a count of others is none of theirs."""
        return self.item.range is None and bool(self.units) and all(unit.is_place for unit in self.units)

    @property
    def is_stretch(self) -> bool:
        """Whether points can be spread over it."""
        if self.item.layout is not None:
            return False
        if self.item.range is not None:
            return True
        return self.phrase is not None and any(not unit.is_place or unit.stretch for unit in self.units)


@dataclass
class Loose:
    """A clause without a region: an amount or a manner that binds to asks."""

    item: Item
    start: int
    stop: int
    sentence: int
    before: tuple[str, ...]
    at: int
    is_removal: bool = False


class Discourse:
    """Binds the entries of one instruction to each other."""

    def __init__(self, entries: Sequence[Entry], lattice: Lattice, rules: Rules, perspective: str) -> None:
        self.entries = entries
        self.lattice = lattice
        self.rules = rules
        self.perspective = perspective
        self.asks: list[Ask] = []
        self.loose: list[Loose] = []
        self.notes: list[str] = []
        self.heading: Ask | None = None
        self.groups = 0

    def bind(self) -> list[Ask]:
        """Return the asks.

        Raises:
            MistakeError: A clause refers to nothing, or asks for nothing.
        """
        self.read_entries()
        if not self.asks:
            self.ask_whole()
        self.own_all()
        self.settle_sides()
        self.bind_amounts()
        return self.asks

    def ask_whole(self) -> None:
        """Ask for what an amount alone means: a layout by its size ("68 landmarks"), or every part ("5 per part")."""
        for loose in self.loose:
            item = loose.item
            count = item.count
            if item.each and item.has_amount:
                phrase = self.rules.phrase((("noun", WHOLE_FACE),))
                ask = Ask(Item(phrase=phrase), loose.start, loose.stop, loose.sentence, ())
            elif count is not None and (layout := self.rules.by_size(count, None, known=True)):
                ask = Ask(Item(layout=layout), loose.start, loose.stop, loose.sentence, ())
                loose.item = replace(item, count=None)
            else:
                continue
            self.asks.append(ask)
            for one in self.loose:
                one.at = 1 if one is loose or one.at else 0
            return

    # --- clauses ---------------------------------------------------------------------------------------------

    def read_entries(self) -> None:
        sentence, removing = 0, False
        side: tuple[Phrase, int] | None = None
        for number, entry in enumerate(self.entries):
            if ENDS_SENTENCE & set(entry.before):
                sentence += 1
            if set(entry.before) & {"stop", "line", "bullet"}:
                removing = False
            narrow = [one for one in self.entries[:number] if one.kind == "item" and one.value.only]
            if "also" in entry.before and narrow:
                span = self.lattice.span(narrow[-1].start, entry.stop)
                raise MistakeError("contradiction", "only one thing, and also another", span)
            if entry.kind == "except":
                removing = True
            elif entry.kind == "heading":
                self.read_heading(entry, sentence)
            elif entry.kind == "purpose":
                self.notes.append(f"ignored: '{self.words(entry.start, entry.stop)}'")
            elif entry.kind == "item":
                if entry.value.fault:
                    code, message, suggestion = entry.value.fault
                    raise MistakeError(code, message, self.lattice.span(entry.start, entry.stop), suggestion)
                if removing and not self.asks and entry.value.count is not None:
                    raise MistakeError("count", "a number of points is at least 1", self.lattice.span(entry.start, entry.stop))
                removing = removing and not (entry.value.has_amount and entry.value.is_region)
                if self.is_side_heading(number):
                    side = (entry.value.phrase, sentence)
                    continue
                if side is not None and side[1] == sentence:
                    entry.value = self.put_side(entry.value, side[0])
                self.read_item(entry, sentence, removing)

    def is_side_heading(self, number: int) -> bool:
        """Whether a clause is only a side that heads what follows: "Left: 5 points on the eyebrow"."""
        item = self.entries[number].value
        if number + 1 >= len(self.entries) or "colon" not in self.entries[number + 1].before or item.phrase is None:
            return False
        if replace(item, phrase=None) != Item() or any(op[0] != "adj" for op in item.phrase.ops) or not item.phrase.ops:
            return False
        return not self.asks or bool(ENDS_SENTENCE & set(self.entries[number].before) or "line" in self.entries[number].before)

    def put_side(self, item: Item, side: Phrase) -> Item:
        """Return an item on the side its heading names, if it names none."""
        phrase = item.phrase
        if phrase is None or not phrase.ops or (phrase.thing is not None and phrase.thing.is_sided):
            return item
        made = self.rules.phrase(phrase.ops[:1] + side.ops + phrase.ops[1:]) or self.rules.phrase(phrase.ops + side.ops)
        if made is None or made.fault:
            return item
        return replace(item, phrase=replace(phrase, ops=made.ops, thing=made.thing, frame=side.frame or phrase.frame))

    def read_heading(self, entry: Entry, sentence: int) -> None:
        self.notes.append(f"ignored: '{self.words(entry.start, entry.stop)}'")
        if entry.value is not None and not any(
            later.kind == "item" and later.value.is_region for later in self.entries if later.start >= entry.stop
        ):
            self.asks.append(Ask(Item(phrase=entry.value), entry.start, entry.stop, sentence, entry.before))

    def read_item(self, entry: Entry, sentence: int, removing: bool) -> None:
        item: Item = entry.value
        if item.range is not None and item.phrase is None and item.via is not None and not item.via.is_free:
            ends = find_phrases(Item(range=item.range))
            if all(end.is_free for end in ends):
                item = entry.value = replace(item, phrase=item.via, via=None)
        if item.same:
            self.repeat(entry, sentence)
        elif item.is_region:
            if self.qualifies_last(entry, removing):
                return
            if not removing and self.only_counts(item, sentence):
                rest = replace(item, phrase=None, each=True)
                self.loose.append(Loose(rest, entry.start, entry.stop, sentence, entry.before, len(self.asks)))
                return
            leads = any(edge.category in ("NUMBER", "APPROX", "FACTOR") for edge in self.lattice.edges[entry.start])
            ask = Ask(item, entry.start, entry.stop, sentence, entry.before, leads, removing)
            ask.is_located = self.opens_behind_link(entry)
            self.check_beside(ask)
            self.asks.append(self.resolve(ask))
        elif removing or not self.read_place(entry, sentence):
            is_removal = removing and self.entries[self.entries.index(entry) - 1].kind == "except"
            place = Loose(item, entry.start, entry.stop, sentence, entry.before, len(self.asks), is_removal)
            self.loose.append(place)

    def opens_behind_link(self, entry: Entry) -> bool:
        """Whether a clause opens a sentence behind "on", "for" or the like."""
        if entry.before and not set(entry.before) & {"stop", "line", "bullet"}:
            return False
        if entry is not self.entries[0] and not entry.before:
            return False
        around = [*self.lattice.edges[entry.start], *(self.lattice.edges[entry.start - 1] if entry.start else ())]
        return any(edge.category in ("HEADS", "OF") for edge in around)

    def only_counts(self, item: Item, sentence: int) -> bool:
        """Whether a name only says how to count those before: "eyes, 6 points per eye"."""
        phrase = item.phrase
        if phrase is None or phrase.det != "each" or phrase.thing is None or phrase.thing.is_sided or not item.has_amount:
            return False
        waiting = [ask for ask in self.asks if ask.sentence == sentence and not ask.item.has_amount]
        if not waiting or waiting[-1] is not self.asks[-1] or waiting[-1].phrase is None:
            return False
        thing = waiting[-1].phrase.thing
        if len(phrase.ops) != 1 or thing is None or all(unit.is_place for unit in thing.units):
            return False
        parts = {piece.part for unit in phrase.thing.units for piece in unit.pieces}
        return {piece.part for unit in thing.units for piece in unit.pieces} <= parts

    def check_beside(self, ask: Ask) -> None:
        """Two names without a word between them, of which the first is counted for each, contradict each other."""
        if ask.before or not self.asks or ask.item.has_amount or ask.is_removal:
            return
        last = self.asks[-1]
        if last.item.has_amount and last.phrase is not None and last.phrase.det == "each" and last.stop <= ask.start:
            raise MistakeError(
                "contradiction",
                f"'{self.words(last.start, last.stop)}', but on '{self.words(ask.start, ask.stop)}'",
                self.lattice.span(last.start, ask.stop),
            )

    def qualifies_last(self, entry: Entry, removing: bool) -> bool:
        """Whether a clause only narrows the one before: "eyebrow, left, 5 points", "300W, left eye only"."""
        if not self.asks or removing or set(entry.before) & {"stop", "line", "bullet", "and"}:
            return False
        item: Item = entry.value
        last = self.asks[-1]
        is_route = item.range is not None and item.phrase is None and not last.is_removal
        if last.item.layout is not None and item.layout is None:
            is_part = item.phrase is not None and (item.only or last.item.only) and item.range is None
            if is_part or (item.ids is not None and last.item.ids is None):
                return self.merge(last, item, entry)
        if is_route and last.item.range is None and last.phrase is not None and self.is_bare_route(item, last):
            return self.merge(last, item, entry)
        if last.item.range is not None and item.phrase is not None and self.is_route(item.phrase, last):
            return self.merge(last, replace(item, phrase=None, via=item.phrase), entry)
        if item.phrase is None or item.range is not None or item.has_amount or last.phrase is None or item.phrase.ref:
            return False
        if any(op[0] != "adj" for op in item.phrase.ops) or "colon" in entry.before:
            return False
        made = self.rules.extend(last.phrase, item.phrase.ops) if last.phrase.thing is not None else None
        if made is None or made.fault or last.phrase.thing.is_sided:  # type: ignore[union-attr]
            return False
        rest = replace(item, phrase=None)
        joined = join(replace(last.item, phrase=made), rest)
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
        parts = {p.part for end in ends if end.thing for unit in end.thing.units for p in unit.pieces}
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
        if all(end.is_free for end in ends):
            return True
        if last.phrase is None or last.phrase.thing is None or last.item.has_amount:
            return False
        parts = {piece.part for unit in last.phrase.thing.units for piece in unit.pieces}
        places = {p.part for end in ends if end.thing for unit in end.thing.units for p in unit.pieces}
        return bool(places) and places <= parts

    # --- references ------------------------------------------------------------------------------------------

    def resolve(self, ask: Ask) -> Ask:
        """Return an ask whose references are what they refer to."""
        phrase = ask.phrase
        asked = ask.item.range
        if asked is not None and isinstance(asked.first, Phrase) and asked.first.ref == "them":
            ask.item = replace(ask.item, range=self.find_two(ask))
        if phrase is None or not phrase.ref:
            return ask
        made = self.refer(phrase, ask)
        ask.is_narrower = phrase.ref == "it" and not ask.before
        ask.is_owned = phrase.ref == "it"
        ask.item = replace(ask.item, phrase=made)
        if phrase.ref in ("one", "other") and not ask.item.has_amount and self.asks:
            ask.source = self.asks[-1]
        return ask

    def find_two(self, ask: Ask) -> Range:
        """Return the range between the two places named last."""
        places = [one.phrase for one in self.asks if one.phrase is not None and one.phrase.thing is not None]
        last = places[-1] if places else None
        if last is not None and last.thing is not None and len(last.thing.units) == 2:
            return Range(last, None)
        if len(places) < 2:
            raise MistakeError("ambiguous", "between which places?", self.span(ask))
        return Range(places[-2], places[-1])

    def refer(self, phrase: Phrase, ask: Ask) -> Phrase:
        for before in reversed(self.asks):
            if before.phrase is None:
                continue
            made = self.refer_to(phrase, before.phrase)
            if made is not None:
                return made
        if phrase.thing is not None and (phrase.thing.is_sided or len({u.side for u in phrase.thing.units}) == 1):
            return replace(phrase, ref="")
        if phrase.thing is not None and phrase.ref == "that" and not self.asks:
            raise MistakeError("ambiguous", "which one is that?", self.span(ask), "name its side")
        code = "no_part" if phrase.ref == "one" and not self.asks else "ambiguous"
        raise MistakeError(code, "it is not clear what this refers to", self.span(ask), "the name of a part")

    def refer_to(self, phrase: Phrase, before: Phrase) -> Phrase | None:
        """Return a reference read as about one phrase named before, None where it does not fit."""
        side = find_side(before.ops)
        if phrase.ref == "it":
            return self.lie_on(phrase, before)
        if phrase.ref == "one" or not phrase.ops:
            if phrase.ops:
                ops = tuple(phrase.ops[0] if is_side(op) else op for op in before.ops)
                if side is None:
                    ops = before.ops + phrase.ops
            elif side is not None:
                ops = tuple(flip(op) for op in before.ops)
            else:
                return None
            made = self.rules.phrase(ops, frame=before.frame)
            return None if made is None or made.fault else made
        if side is None or phrase.thing is None or before.thing is None or phrase.thing.is_sided:
            return None
        parts = {piece.part for unit in phrase.thing.units for piece in unit.pieces}
        own = {piece.part for unit in before.thing.units for piece in unit.pieces}
        kin = {op[1] for op in before.ops if op[0] == "noun"}
        if not (parts & own or {op[1] for op in phrase.ops if op[0] == "noun"} & kin):
            return None
        wanted = flip(side) if phrase.ref == "other" else side
        made = self.rules.phrase((*phrase.ops[:1], wanted, *phrase.ops[1:]), frame=before.frame)
        return None if made is None or made.fault else made

    def lie_on(self, phrase: Phrase, owner: Phrase, *, whole: bool = True) -> Phrase | None:
        """Return a phrase as lying on what another names.

        Args:
            phrase: What lies there; without operations it is all of it.
            owner: What it may lie on.
            whole: On all that the owner names first ("left eye: ..."); else on what the owner itself lies on, as one
                of a list does ("the upper half and the pupil of the left eye").
        """
        side = find_side(owner.ops)
        longest = len(owner.ops) if whole or not owner.owner_len else owner.owner_len
        for length in range(longest, 0, -1):
            if length < len(owner.ops) and owner.ops[length][0] == "adj" and length != owner.owner_len:
                continue
            lower = owner.ops[:length]
            made = None
            if side is not None and side not in lower and self.is_paired(lower):
                made = self.rules.phrase((lower[0], side, *lower[1:], *phrase.ops))
                made = None if made is not None and made.fault else made
                lower = (lower[0], side, *lower[1:]) if made is not None else lower
            made = made or self.rules.phrase(lower + phrase.ops)
            if made is not None and not made.fault:
                return replace(
                    made,
                    det=phrase.det or owner.det,
                    frame=phrase.frame or owner.frame,
                    is_late=phrase.is_late,
                    is_plural=phrase.is_plural,
                    owner_len=len(lower),
                )
        return None

    def is_paired(self, ops: tuple[Op, ...]) -> bool:
        """Whether what operations name comes in pairs, so that a side of a place on it is its own side."""
        return ops[0][0] == "noun" and self.rules.concepts[ops[0][1]].is_paired

    def lie_beside(self, phrase: Phrase, place: Phrase) -> Phrase | None:
        """Return a phrase as lying on the part that a place with a name of its own lies on ("brow tail and peak")."""
        side = find_side(place.ops)
        concepts = self.rules.concepts
        for base in sorted(concepts[place.ops[0][1]].of) if place.ops and place.ops[0][0] == "noun" else ():
            lower = (("noun", base), *([side] if side else []))
            made = self.rules.phrase((*lower, *phrase.ops))
            if made is not None and not made.fault:
                return replace(made, frame=phrase.frame or place.frame, det=phrase.det, owner_len=len(lower))
        return None

    def repeat(self, entry: Entry, sentence: int) -> None:
        """ "The same on the right": repeat, mirrored, all since the last owner of that kind was named."""
        for i in range(len(self.asks)):
            self.own(i)
        item: Item = entry.value
        phrase = item.phrase
        wanted = find_side(phrase.ops) if phrase is not None else None
        tail = self.find_tail(wanted)
        if phrase is not None and any(op[0] == "noun" for op in phrase.ops) and not phrase.ref:
            if not self.is_kin(phrase, tail):
                self.repeat_amount(entry, sentence)
                return
        if not tail:
            if self.asks and phrase is not None:
                self.repeat_amount(entry, sentence)
                return
            raise MistakeError("ambiguous", "the same as what?", self.lattice.span(entry.start, entry.stop))
        frame = item.frame or (phrase.frame if phrase is not None else "")
        for number, ask in enumerate(tail):
            mirrored = self.mirror(ask.item, frame or "")
            before = entry.before if number == 0 else ask.before
            self.asks.append(Ask(mirrored, entry.start, entry.stop, sentence, before, ask.leads, source=ask))
        rest = replace(item, phrase=None, same=None)
        if rest != Item():
            self.loose.append(Loose(rest, entry.start, entry.stop, sentence, entry.before, len(self.asks)))

    def is_kin(self, phrase: Phrase, tail: Sequence[Ask]) -> bool:
        """Whether a name ("the right eye") is of the kind that the items to repeat lie on."""
        nouns = {op[1] for op in phrase.ops if op[0] == "noun"}
        parts = {p.part.split()[-1] for u in (phrase.thing.units if phrase.thing else ()) for p in u.pieces}
        for ask in tail:
            for one in find_phrases(ask.item):
                if nouns & {op[1] for op in one.ops if op[0] == "noun"}:
                    return True
                if one.thing and parts & {p.part.split()[-1] for u in one.thing.units for p in u.pieces}:
                    return True
        return False

    def repeat_amount(self, entry: Entry, sentence: int) -> None:
        own = {name: getattr(self.asks[-1].item, name) for name in (*AMOUNTS, "spacing")}
        item = join(replace(entry.value, same=None), Item(**own))
        if item is None or item.phrase is None:
            raise MistakeError("ambiguous", "the same as what?", self.lattice.span(entry.start, entry.stop))
        self.asks.append(self.resolve(Ask(item, entry.start, entry.stop, sentence, entry.before, leads=True)))

    def find_tail(self, wanted: Op | None) -> list[Ask]:
        """Return the last asks that lie on one side, other than the one wanted."""
        tail: list[Ask] = []
        side: str | None = None
        for ask in reversed(self.asks):
            found = next((find_side(one.ops) for one in find_phrases(ask.item) if find_side(one.ops)), None)
            if found is None:
                if tail and self.inherits(ask):
                    tail.insert(0, ask)
                    continue
                if not tail and self.inherits(ask):
                    tail.insert(0, ask)
                    continue
                break
            own = found[1][0][1]
            if (side is not None and own != side) or (wanted is not None and own == wanted[1][0][1]):
                break
            side = own
            tail.insert(0, ask)
        return tail if side is not None else []

    def inherits(self, ask: Ask) -> bool:
        """Whether an ask takes its side from an owner beside it."""
        phrase = ask.phrase
        if phrase is None:
            return False
        return phrase.is_free or (phrase.thing is not None and len({unit.side for unit in phrase.thing.units}) > 1)

    def mirror(self, item: Item, frame: str) -> Item:
        def turn(phrase: Phrase) -> Phrase:
            made = self.rules.phrase(tuple(flip(op) for op in phrase.ops))
            assert made is not None
            return replace(phrase, ops=made.ops, thing=made.thing, frame=frame or phrase.frame)

        changes: dict[str, object] = {}
        if item.phrase is not None:
            changes["phrase"] = turn(item.phrase)
        if item.range is not None:
            ends = [turn(end) if isinstance(end, Phrase) else end for end in (item.range.first, item.range.last)]
            changes["range"] = Range(ends[0], ends[1], item.range.is_open)  # type: ignore[arg-type]
        return replace(item, **changes)  # type: ignore[arg-type]

    # --- owners ----------------------------------------------------------------------------------------------

    def own_all(self) -> None:
        """Let each name that waits for a part, or names no side, lie on the part named for its list."""
        for i in range(len(self.asks)):
            self.own(i)
        for i, ask in enumerate(self.asks):
            if ask.phrase is not None and ask.phrase.is_free and ask.item.range is None and ask.item.layout is None:
                self.refuse_free(i)
        self.drop_headers()
        self.weave()

    def own(self, index: int) -> None:
        ask = self.asks[index]
        phrase = ask.phrase
        if phrase is None or ask.item.layout is not None or ask.is_owned:
            return
        if not phrase.is_free and not self.needs_owner(phrase):
            self.inherit_side(index)
            return
        for owner, is_heading in self.find_owners(index):
            made = self.lie_on(phrase, owner, whole=is_heading)
            if made is None:
                continue
            if owner.det and not phrase.det and not phrase.is_free and made.thing is phrase.thing:
                ask.item = replace(ask.item, phrase=made)
                ask.is_owned = True
                return
            if phrase.is_free or (made.thing != phrase.thing and find_side(owner.ops)):
                ask.item = replace(ask.item, phrase=made)
                ask.is_narrower = phrase.is_free and index > 0 and owner is self.asks[index - 1].phrase
                ask.is_owned = True
                return
        if phrase.is_free and phrase.ops:
            for owner, _ in sorted(self.find_owners(index), key=lambda one: find_side(one[0].ops) is None):
                made = self.lie_beside(phrase, owner)
                if made is not None:
                    ask.item = replace(ask.item, phrase=made)
                    ask.is_owned = True
                    return
        self.inherit_side(index)

    def inherit_side(self, index: int) -> None:
        """ "The left eye and eyebrow" are both on the left."""
        ask = self.asks[index]
        phrase = ask.phrase
        if index == 0 or phrase is None or phrase.thing is None or phrase.is_plural or phrase.det or ask.leads:
            return
        if phrase.thing.is_sided or len({unit.side for unit in phrase.thing.units}) < 2:
            return
        last = self.asks[index - 1]
        side = find_side(last.phrase.ops) if last.phrase is not None else None
        if side is None or set(ask.before) != {"and"} or last.item.has_amount or ask.sentence != last.sentence:
            return
        made = self.rules.phrase((phrase.ops[0], side, *phrase.ops[1:]))
        if made is not None and not made.fault:
            assert last.phrase is not None
            ask.item = replace(ask.item, phrase=replace(phrase, ops=made.ops, thing=made.thing, frame=last.phrase.frame))
            self.notes.append(f"'{self.words(ask.start, ask.stop)}' is read as on the side named before it")

    def drop_headers(self) -> None:
        """Leave out a name that only heads the items after its colon, all of which lie on it."""
        for i, ask in enumerate(self.asks[:-1]):
            later = self.asks[i + 1]
            if later.is_removal:
                continue
            if self.is_apposition(i):
                self.asks[i + 1] = replace(later, is_header=True)
            elif self.heads_list(i) and not self.has_own(i):
                if not self.lies_under(later, ask):
                    if not self.is_put_aside(i):
                        continue
                    self.notes.append(f"ignored: '{self.words(ask.start, ask.stop)}'")
                self.asks[i] = replace(ask, is_header=True)
        dropped = [i for i, ask in enumerate(self.asks) if ask.is_header]
        for loose in self.loose:
            loose.at -= sum(i < loose.at for i in dropped)
        self.asks = [ask for ask in self.asks if not ask.is_header]

    def is_apposition(self, index: int) -> bool:
        """Whether the last name of a sentence only says on which part the one before lies: "upper lid, right eye"."""
        ask, later = self.asks[index], self.asks[index + 1]
        others = [one for one in self.asks if one.sentence == ask.sentence and one is not ask and one is not later]
        if others or later.item.has_amount or set(later.before) != {"comma"} or not ask.is_owned or later.phrase is None:
            return False
        if any(one.at == index + 2 and one.item.has_amount for one in self.loose) or ask.phrase is None:
            return False
        return ask.phrase.ops[: len(later.phrase.ops)] == later.phrase.ops and len(later.phrase.ops) == 2

    def heads_list(self, index: int) -> bool:
        """Whether an item may only say on what the items after it lie."""
        ask, later = self.asks[index], self.asks[index + 1]
        if ask.item.has_amount or ask.is_removal or ask.phrase is None:
            return False
        if self.opens_list(index) or (later.is_narrower and set(later.before) <= {"comma"}):
            return True
        if later.is_owned and not later.before and later.item.has_amount:
            return True
        return ask.is_located and set(later.before) <= {"comma"}

    def is_put_aside(self, index: int) -> bool:
        """Whether a name before a colon is a heading that names no side: "lip aperture: ..."."""
        ask, later = self.asks[index], self.asks[index + 1]
        opens = index == 0 or ask.sentence != self.asks[index - 1].sentence
        assert ask.phrase is not None
        is_plain = ask.phrase.thing is not None and not ask.phrase.thing.is_sided and not ask.phrase.det
        return opens and is_plain and "colon" in later.before and later.phrase is not None and not later.is_owned

    def lies_under(self, ask: Ask, header: Ask) -> bool:
        """Whether what an ask names lies on what its heading names."""
        phrase, owner = ask.phrase, header.phrase
        if phrase is None or owner is None or owner.thing is None or phrase.thing is None or not owner.ops:
            return False
        if phrase.ops[: len(owner.ops)] == owner.ops and (len(phrase.ops) > len(owner.ops) or ask.is_owned):
            return True
        made = self.rules.phrase(owner.ops + phrase.ops)
        return made is not None and made.thing is not None and made.thing.units == phrase.thing.units

    def weave(self) -> None:
        """Mark asks of several places of each of a pair, which come part by part."""
        number = 0
        for i in range(len(self.asks) - 1, 0, -1):
            ask = self.asks[i]
            if ask.phrase is None or ask.phrase.det != "each" or ask.weave >= 0 or i == 0:
                continue
            first = i
            while first > 0 and self.is_woven(self.asks[first - 1], self.asks[first]):
                first -= 1
            if first < i:
                for one in self.asks[first : i + 1]:
                    one.weave = number
                number += 1

    def is_woven(self, ask: Ask, later: Ask) -> bool:
        phrase = ask.phrase
        if phrase is None or later.phrase is None or not set(later.before) & {"and", "comma"} or phrase.thing is None:
            return False
        if phrase.ops[:1] != later.phrase.ops[:1] or not (ask.is_owned or later.is_owned):
            return False
        return phrase.det == "each" and len({unit.side for unit in phrase.thing.units}) == 2

    def refuse_free(self, index: int) -> None:
        ask = self.asks[index]
        assert ask.phrase is not None
        if ask.phrase.fault:
            code, message, suggestion = ask.phrase.fault
            raise MistakeError(code, message, self.span(ask), suggestion)
        for owner, _ in self.find_owners(index):
            made = self.rules.phrase(owner.ops + ask.phrase.ops)
            if made is not None and made.fault:
                raise MistakeError(made.fault[0], made.fault[1], self.span(ask), made.fault[2])
        words = self.words(ask.start, ask.stop)
        only_side = bool(ask.phrase.ops) and all(op[0] == "adj" for op in ask.phrase.ops)
        later = self.asks[index + 1] if index + 1 < len(self.asks) else None
        if only_side and len(self.asks) > 1:
            near = later if later is not None and not later.before else ask
            whole = self.words(ask.start, near.stop)
            raise MistakeError("ambiguous", f"there is no '{whole}'", self.lattice.span(ask.start, near.stop))
        raise MistakeError("no_part", f"'{words}' of what? name a part", self.span(ask), "'left eye', 'lips' or 'jaw'")

    def needs_owner(self, phrase: Phrase) -> bool:
        """Whether a name could lie on one of a pair, and does not say on which."""
        thing = phrase.thing
        if thing is None or thing.is_sided or phrase.ref:
            return False
        concepts = self.rules.concepts
        noun = concepts[phrase.ops[0][1]]
        if len({unit.side for unit in thing.units}) < 2 or not noun.of:
            return False
        several = any(sum(unit.side == one.side for unit in thing.units) > 1 for one in thing.units)
        return several or not (phrase.is_plural or phrase.det)

    def read_place(self, entry: Entry, sentence: int) -> bool:
        """Whether a clause is a place of its own on the part its list lies on: "left eye: ..., the point at 30%"."""
        item: Item = entry.value
        if item.positions is None or item.count is not None or item.each:
            return False
        last = self.asks[-1] if self.asks else None
        if last is not None and self.waits(last) and not set(entry.before) & {"stop"}:
            return False
        later = self.entries[self.entries.index(entry) + 1 :][:1]
        if later and later[0].kind == "item" and isinstance(later[0].value, Item) and later[0].value.is_region:
            phrase = later[0].value.phrase
            is_curve = phrase is None or phrase.thing is None or not all(unit.is_place for unit in phrase.thing.units)
            if is_curve and not later[0].value.has_amount:
                return False
        if last is None and not any(one.kind == "item" and one.value.is_region for one in later):
            return False
        free = replace(item, phrase=Phrase(()))
        self.asks.append(Ask(free, entry.start, entry.stop, sentence, entry.before, leads=True))
        return True

    def waits(self, ask: Ask) -> bool:
        """Whether an ask is a bare stretch that waits for its amount."""
        if ask.item.has_amount or ask.item.layout is not None:
            return False
        if any(one.at == len(self.asks) and one.item.has_amount for one in self.loose):
            return False
        phrase = ask.phrase
        if phrase is None or phrase.thing is not None:
            return phrase is None or not all(unit.is_place for unit in phrase.thing.units)  # type: ignore[union-attr]
        return any(op[0] == "portion" or op[1] == "outline" for op in phrase.ops)

    def find_owners(self, index: int) -> list[tuple[Phrase, bool]]:
        """Return the phrases that may own an ask, and whether each heads its list.

        First its heading, then what opens its sentence behind "on", then what another item of its list is said to lie
        on, then any other item: those before it first.
        """
        ask = self.asks[index]
        assert ask.phrase is not None
        heads: list[tuple[Phrase, bool]] = []
        located: list[tuple[Phrase, bool]] = []
        before: list[tuple[Phrase, bool]] = []
        for i in range(index - 1, -1, -1):
            one = self.asks[i]
            if one.phrase is None or one.phrase.thing is None:
                continue
            if self.opens_list(i):
                heads = heads or [(one.phrase, True)]
            if one.sentence == ask.sentence and one.is_located:
                located.append((one.phrase, not one.phrase.owner_len or self.is_bare_head(i)))
            elif one.sentence == ask.sentence or ask.phrase.is_free:
                before.append((one.phrase, not one.phrase.owner_len))
        after = [(phrase, not phrase.owner_len) for phrase in self.find_after(index)]
        others = after + before if self.belongs_ahead(index) else before + after
        others.sort(key=lambda one: one[1])
        if heads and not find_side(heads[0][0].ops):
            told = [one for one in others if not one[1] and (find_side(one[0].ops) or one[0].det)]
            heads = told + heads
        return heads + located + others

    def opens_list(self, index: int) -> bool:
        """Whether an item stands bare before a colon, or above bullets."""
        if index + 1 >= len(self.asks) or self.asks[index].item.has_amount:
            return False
        before, later = self.asks[index].before, self.asks[index + 1].before
        return "colon" in later or ("bullet" in later and "bullet" not in before)

    def is_bare_head(self, index: int) -> bool:
        """Whether an item stands bare before a comma, as what heads a list does."""
        return not self.asks[index].item.has_amount and set(self.asks[index + 1].before) <= {"comma"}

    def belongs_ahead(self, index: int) -> bool:
        """Whether "and" joins an item to the next, and not to the one before."""
        return index + 1 < len(self.asks) and "and" in self.asks[index + 1].before and "and" not in self.asks[index].before

    def find_after(self, index: int) -> list[Phrase]:
        """Return what later items of the same list lie on."""
        ask = self.asks[index]
        assert ask.phrase is not None
        found: list[Phrase] = []
        for later in self.asks[index + 1 :]:
            if later.sentence != ask.sentence or set(later.before) & {"stop", "colon"} or later.item.layout is not None:
                break
            phrase = later.phrase
            if phrase is not None and phrase.thing is not None and (find_side(phrase.ops) or phrase.det or ask.phrase.is_free):
                found.append(phrase)
        return sorted(found, key=lambda phrase: not phrase.owner_len)

    # --- sides -----------------------------------------------------------------------------------------------

    def settle_sides(self) -> None:
        """Decide for each ask whose left is left: words, then an owner carried through the sentence, then the setting."""
        carried: dict[int, str] = {}
        late = {
            ask.sentence: i
            for i, ask in enumerate(self.asks)
            if (ask.phrase is not None and ask.phrase.is_late) or ask.item.late
        }
        for loose in self.loose:
            if loose.item.frame:
                if loose.item.late or loose.at > 0:
                    for ask in self.asks[: loose.at]:
                        if ask.sentence == loose.sentence and not self.frame_of(ask):
                            ask.item = replace(ask.item, frame=loose.item.frame)
                if loose.at < len(self.asks) and loose.sentence == self.asks[loose.at].sentence:
                    carried[loose.sentence] = loose.item.frame
        for i, ask in enumerate(self.asks):
            frame = self.frame_of(ask)
            if frame:
                if not (ask.sentence in late and late[ask.sentence] == i):
                    carried[ask.sentence] = frame
            elif i < late.get(ask.sentence, -1):
                frame = "subject"
            else:
                frame = carried.get(ask.sentence, "")
            frame = frame or self.perspective
            if ask.phrase is not None and ask.phrase.thing is not None:
                thing = ask.phrase.thing
                ask.units = thing.units if frame == "viewer" else thing.turned
                self.notes += thing.notes
            ask.item = replace(ask.item, frame=frame)

    def frame_of(self, ask: Ask) -> str:
        frames = {phrase.frame for phrase in find_phrases(ask.item)} | {ask.item.frame or ""}
        frames.discard("")
        if len(frames) > 1:
            raise MistakeError("contradiction", "both the person's own left and the picture's", self.span(ask))
        return frames.pop() if frames else ""

    # --- amounts ---------------------------------------------------------------------------------------------

    def bind_amounts(self) -> None:
        """Bind each amount to its ask, or to the list of asks that share it."""
        current: list[Ask] = []
        copies: dict[int, int] = {}
        for i, ask in enumerate(self.asks):
            for loose in [one for one in self.loose if one.at == i]:
                current = self.bind_loose(loose, i, current)
            if ask.is_removal:
                continue
            if ask.item.as_many:
                self.multiply(i)
            amount = only(ask.item, AMOUNTS)
            if ask.source is not None:
                ask.amount = ask.source.amount
                ask.group = copies.setdefault(ask.source.group, self.groups) if ask.source.group >= 0 else -1
                self.groups += 1
                current = []
            elif ask.item.has_amount or ((ask.item.total or ask.item.each) and not current):
                if ask.phrase is not None and ask.phrase.det in ("each", "both") and not amount.total:
                    amount = replace(amount, each=True)
                before = [] if ask.leads or not self.shares(ask) else self.find_bare(i, need_and=True)
                before = before if all(one.is_stretch and not one.is_place for one in before) else []
                for one in (*before, ask):
                    one.amount = join(one.amount, amount) or amount
                    one.group = self.groups
                self.groups += 1
                current = [*before, ask]
            elif (
                current
                and self.follows(ask, current[-1])
                and self.shares(current[-1])
                and ask.is_stretch
                and not ask.is_place
                and not self.has_own(i)
            ):
                ask.group = current[-1].group
                current = [*current, ask]
                for one in current:
                    one.amount = join(one.amount, only(ask.item, ("each", "total"))) or one.amount
                ask.amount = current[0].amount
            else:
                current = current if ask.amount != Item() else []
        for loose in [one for one in self.loose if one.at == len(self.asks)]:
            current = self.bind_loose(loose, len(self.asks), current)

    def multiply(self, index: int) -> None:
        """ "Twice as many on the lips" is twice the count said before in the sentence."""
        ask = self.asks[index]
        for before in reversed(self.asks[:index]):
            count = before.amount.count
            if before.sentence == ask.sentence and count is not None and ask.item.density is not None:
                number = Number(count.value * ask.item.density, "integer", span=count.span)
                ask.item = replace(ask.item, density=None, as_many=None, count=number)
                self.notes.append(f"{number.value} points: as many as said, times {ask.item.density or number.value / count.value}")
                return

    def shares(self, ask: Ask) -> bool:
        """Whether others may share an ask's amount: a count on a stretch."""
        return ask.is_stretch and (ask.amount.count is not None or ask.item.count is not None)

    def has_own(self, index: int) -> bool:
        """Whether an amount stands right behind an ask."""
        return any(
            one.at == index + 1 and one.item.has_amount and one.sentence == self.asks[index].sentence and not one.is_removal
            for one in self.loose
        )

    def follows(self, ask: Ask, before: Ask) -> bool:
        if "then" in ask.before:
            return False
        return ask.sentence == before.sentence and bool(set(ask.before) & JOINS) and not set(ask.before) & {"stop", "colon"}

    def find_bare(
        self, stop: int, *, need_and: bool = False, any_sentence: bool = False, over_lines: bool = False
    ) -> list[Ask]:
        """Return the asks right before an index that have no amount and take one."""
        found: list[Ask] = []
        for i in range(stop - 1, -1, -1):
            ask = self.asks[i]
            if ask.is_removal:
                continue
            if ask.group >= 0:
                break
            if stop < len(self.asks) and ask.sentence != self.asks[stop].sentence and not any_sentence:
                break
            if need_and and not (set(self.asks[i + 1].before) & ({"and"} if i + 1 == stop else {"and", "comma"})):
                break
            if need_and and "colon" in self.asks[i + 1].before:
                break
            if i + 1 < stop and set(self.asks[i + 1].before) & ({"bullet"} if over_lines else {"bullet", "line"}):
                break
            found.insert(0, ask)
        return found

    def bind_loose(self, loose: Loose, index: int, current: list[Ask]) -> list[Ask]:
        """Bind a clause without a region; return the asks whose amount the next may share."""
        if loose.is_removal:
            if loose.item.count is not None:
                raise MistakeError("count", "a number of points is at least 1", self.lattice.span(loose.start, loose.stop))
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
        leads = [a for a in self.asks[index:] if a.sentence == loose.sentence and not a.is_removal]
        if not targets and not leads:
            targets = bare
        if targets:
            return self.give(loose, targets)
        if not self.asks:
            return []
        following = self.asks[index:]
        takers = []
        for ask in following:
            if ask.item.has_amount or ask.is_removal or (takers and set(ask.before) & {"stop"}):
                break
            takers.append(ask)
        if takers and (not leads or takers[0] is leads[0]):
            return self.give(loose, takers)
        self.check_sum(loose, following or self.asks[:index])
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
            self.bind_manner(replace(loose, item=rest), self.asks.index(takers[-1]) + 1)
        return takers

    def check_sum(self, loose: Loose, asks: Sequence[Ask]) -> None:
        """A count that leads or ends a list of counted items must be their sum."""
        if asks and asks[0].start == loose.stop and not asks[0].before:
            raise MistakeError("contradiction", "two numbers of points", self.lattice.span(loose.start, asks[0].stop))
        counts = [ask.item.count.value for ask in asks if ask.item.count is not None]
        total = loose.item.count
        if total is None:
            raise MistakeError("ambiguous", "which of the items is that for?", self.lattice.span(loose.start, loose.stop))
        each = [len(ask.units) if ask.item.each or (ask.phrase and ask.phrase.det) else 1 for ask in asks if ask.item.count]
        places = sum(len(a.units) for a in asks if a.item.count is None and not a.is_stretch and not a.is_removal)
        whole = sum(count * times for count, times in zip(counts, each, strict=True))
        if total.value not in (whole, whole + places):
            raise MistakeError(
                "contradiction",
                f"{total.value} points in all, but the items add up to {whole}",
                self.lattice.span(loose.start, loose.stop),
            )

    def mark_last(self, loose: Loose, index: int) -> None:
        """ "Each" or "in total" after or before the items whose amount it qualifies."""
        targets = [ask for ask in self.asks[:index] if ask.sentence == loose.sentence and ask.group >= 0]
        targets = targets or [ask for ask in self.asks[:index] if ask.group >= 0][-1:]
        if targets:
            last = targets[-1].group
            for ask in targets:
                if ask.group == last:
                    ask.amount = replace(ask.amount, each=loose.item.each or ask.amount.each, total=loose.item.total or ask.amount.total)
            return
        for ask in self.asks[index:] or self.asks[:index]:
            ask.item = join(ask.item, only(loose.item, ("each", "total", "strict"))) or ask.item

    def bind_manner(self, loose: Loose, index: int) -> None:
        """Spacing, order and shape belong to the items before them; at the start, to those after."""
        targets = [ask for ask in self.asks[:index] if ask.sentence == loose.sentence] or self.asks[:index]
        targets = targets or self.asks[index:]
        if index and targets and loose.item.reverse:
            group = targets[-1].group
            targets = [ask for ask in targets if ask is targets[-1] or (group >= 0 and ask.group == group)]
        manner = only(loose.item, ("spacing", "reverse", "turn", "origin", "shape", "faces", "zero", "strict", "only"))
        for ask in targets:
            joined = join(ask.item, manner)
            if joined is None and manner.turn is not None:
                raise MistakeError("contradiction", "both ways round", self.lattice.span(loose.start, loose.stop))
            ask.item = joined or ask.item

    def remove_loose(self, runs: list[Run]) -> list[Run]:
        """Return runs without the first or last point, where that is left out."""
        for loose in self.loose:
            if loose.is_removal and loose.item.pick is not None:
                for index in loose.item.pick:
                    runs = remove_point(runs, index)
        return runs

    def span(self, ask: Ask) -> tuple[int, int]:
        return self.lattice.span(ask.start, ask.stop)

    def words(self, start: int, stop: int) -> str:
        return self.lattice.text[slice(*self.lattice.span(start, stop))].rstrip(":").strip()


def only(item: Item, names: Sequence[str]) -> Item:
    """Return an item with the named fields alone."""
    return Item(**{name: getattr(item, name) for name in names})


def is_side(op: Op) -> bool:
    return op[0] == "adj" and op[1][0][0] == "side"


def find_side(ops: Sequence[Op]) -> Op | None:
    """Return the operation that names one side, None where there is none or several."""
    found = [op for op in ops if is_side(op) and len(op[1]) == 1]
    return found[0] if found else None


def flip(op: Op) -> Op:
    """Return an operation with the other side."""
    other = {"left": "right", "right": "left"}
    if op[0] == "portion":
        return (op[0], op[1], other.get(op[2], op[2]), other.get(op[3], op[3]))
    if not is_side(op):
        return op
    return ("adj", tuple((kind, other.get(viewer, viewer), other.get(subject, subject)) for kind, viewer, subject in op[1]))


def find_phrases(item: Item) -> list[Phrase]:
    """Return the phrases of an item, those of its range too."""
    ends = (item.range.first, item.range.last) if item.range is not None else ()
    return [phrase for phrase in (item.phrase, *ends) if isinstance(phrase, Phrase)]
