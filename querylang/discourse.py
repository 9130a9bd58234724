"""The discourse: what clauses mean beside one another: owners, references, whose left it is, shared amounts.

In: the entries of `chart.py`; out: asks, each a region with the amount that binds to it, in the order in which the
points are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .amounts import Amounts
from .asks import WHOLE_FACE, Ask, Draft, find_phrases, find_side
from .chart import Entry
from .clauses import Clauses
from .concept_data import Unit
from .headings import Headings
from .lattice import Lattice
from .meaning import Item, MistakeError, Phrase
from .overrides import Overrides
from .owners import Owners
from .references import References
from .rules import Rules


class Discourse:
    """Binds the entries of one instruction to each other."""

    def __init__(self, entries: Sequence[Entry], lattice: Lattice, rules: Rules, perspective: str) -> None:
        self.draft = Draft(entries, lattice, rules)
        self.perspective = perspective

    def bind(self) -> list[Ask]:
        """Return the asks.

        Raises:
            MistakeError: A clause refers to nothing, or asks for nothing.
        """
        owners = Owners(self.draft)
        headings = Headings(self.draft, owners)
        Clauses(self.draft, References(self.draft, owners, headings)).read_entries()
        if all(ask.is_removal for ask in self.draft.asks) or "but" in self.draft.asks[0].before:
            self.ask_whole()
        owners.own_all()
        headings.drop_headers()
        headings.weave()
        self.settle_sides()
        Amounts(self.draft).bind_amounts()
        Overrides(self.draft).apply()
        return self.draft.asks

    def ask_whole(self) -> None:
        """Ask for what an amount alone means: a layout by its size ("68 landmarks"), or every part ("5 per part")."""
        for loose in self.draft.loose:
            item = loose.item
            count = item.count
            if item.each and item.has_amount:
                phrase = self.draft.rules.phrase((("noun", WHOLE_FACE),))
                ask = Ask(Item(phrase=phrase), loose.start, loose.stop, loose.sentence, ())
            elif count is not None and (layout := self.draft.rules.by_size(count, None, known=True)):
                ask = Ask(Item(layout=layout), loose.start, loose.stop, loose.sentence, ())
                loose.item = replace(item, count=None)
            else:
                continue
            self.draft.loose = [one for one in self.draft.loose if one.item != Item(each=True)]
            self.draft.asks.insert(0, ask)
            for one in self.draft.loose:
                one.at += one is loose or one.at > 0
            return

    def settle_sides(self) -> None:
        """Decide for each ask whose left is left: its words, an owner carried through its sentence, or the setting."""
        carried = self.read_loose_owners()
        late = {ask.sentence: i for i, ask in enumerate(self.draft.asks) if is_owned_late(ask)}
        for i, ask in enumerate(self.draft.asks):
            frame = self.frame_of(ask)
            if frame and late.get(ask.sentence) != i:
                carried[ask.sentence] = frame
            elif not frame:
                frame = "subject" if i < late.get(ask.sentence, -1) else carried.get(ask.sentence, "")
            self.settle(ask, frame or self.perspective)

    def read_loose_owners(self) -> dict[int, str]:
        """Apply owners that stand by themselves to what they own; return those carried on, by sentence."""
        carried: dict[int, str] = {}
        asks = self.draft.asks
        for loose in self.draft.loose:
            if not loose.item.frame:
                continue
            for ask in asks[: loose.at]:
                if ask.sentence == loose.sentence and not self.frame_of(ask):
                    ask.item = replace(ask.item, frame=loose.item.frame)
            if loose.at < len(asks) and loose.sentence == asks[loose.at].sentence:
                carried[loose.sentence] = loose.item.frame
        return carried

    def settle(self, ask: Ask, frame: str) -> None:
        if ask.phrase is not None and ask.phrase.thing is not None:
            thing = ask.phrase.thing
            ask.units = put_first(ask.first, thing.units if frame == "viewer" else thing.turned, frame)
            self.draft.notes += thing.notes
            if frame == "subject" != self.perspective and thing.units != thing.turned:
                self.draft.notes.append("left is the person's own, as the words say, and lies on the picture's right")
        ask.item = replace(ask.item, frame=frame)

    def frame_of(self, ask: Ask) -> str:
        frames = {phrase.frame for phrase in find_phrases(ask.item)} | {ask.item.frame or ""}
        frames.discard("")
        if len(frames) > 1:
            raise MistakeError("contradiction", "both the person's own left and the picture's", self.draft.span(ask))
        return frames.pop() if frames else ""


def put_first(first: Phrase | None, units: tuple[Unit, ...], frame: str) -> tuple[Unit, ...]:
    """Return units with those of one side first, if one is to be."""
    side = find_side(first.ops) if first is not None else None
    if first is None or side is None:
        return units
    wanted = side[1][0][1 if (first.frame or frame) == "viewer" else 2]
    return tuple(sorted(units, key=lambda unit: unit.side != wanted))


def is_owned_late(ask: Ask) -> bool:
    """Whether an owner stands behind what it owns: "... of the patient"."""
    return bool(ask.item.late) or (ask.phrase is not None and ask.phrase.is_late)
