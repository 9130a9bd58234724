"""References: "that eye", "its pupil", "the other one", "the same on the right"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .asks import AMOUNTS, Ask, Draft, Loose, find_phrases, find_side, flip, is_end, is_side, only
from .chart import Entry
from .concepts import Op
from .headings import Headings
from .meaning import Item, MistakeError, Phrase, Range, join
from .owners import Owners


class References:
    """Finds what words refer to, and repeats what is said to be the same."""

    def __init__(self, draft: Draft, owners: Owners, headings: Headings) -> None:
        self.draft = draft
        self.owners = owners
        self.headings = headings

    def resolve(self, ask: Ask) -> Ask:
        """Return an ask whose references are what they refer to."""
        phrase = ask.phrase
        asked = ask.item.range
        if asked is not None and isinstance(asked.first, Phrase) and asked.first.ref == "them":
            ask.item = replace(ask.item, range=self.find_two(ask))
        if phrase is None or not phrase.ref:
            return ask
        made, before = self.refer(phrase, ask)
        ask.is_narrower = phrase.ref == "it" and not ask.before
        ask.is_owned = phrase.ref == "it"
        ask.item = replace(ask.item, phrase=made)
        if phrase.ref in ("one", "other") and not ask.item.has_amount:
            ask.source = before
        return ask

    def find_two(self, ask: Ask) -> Range:
        """Return the range between the two places named last."""
        places = [one.phrase for one in self.draft.asks if one.phrase is not None and one.phrase.thing is not None]
        last = places[-1] if places else None
        if last is not None and last.thing is not None and len(last.thing.units) == 2:
            return Range(last, None)
        if len(places) < 2:
            raise MistakeError("ambiguous", "between which places?", self.draft.span(ask))
        return Range(places[-2], places[-1])

    def refer(self, phrase: Phrase, ask: Ask) -> tuple[Phrase, Ask | None]:
        """Return what a reference means, and the ask before it that it refers to: the nearest that it fits."""
        for refer_to in (self.refer_to, self.stand_beside):
            for before in reversed(self.draft.asks):
                made = refer_to(phrase, before.phrase) if before.phrase is not None else None
                if made is not None:
                    return made, before
        if phrase.thing is not None and (phrase.thing.is_sided or not phrase.thing.is_several_sided):
            return replace(phrase, ref="", frame=phrase.frame or ("subject" if phrase.ref == "it" else "")), None
        if phrase.thing is not None and phrase.ref == "that" and not self.draft.asks:
            raise MistakeError("ambiguous", "which one is that?", self.draft.span(ask), "name its side")
        code = "no_part" if phrase.ref == "one" and not self.draft.asks else "ambiguous"
        raise MistakeError(code, "it is not clear what this refers to", self.draft.span(ask), "the name of a part")

    def refer_to(self, phrase: Phrase, before: Phrase) -> Phrase | None:
        """Return a reference read as about one phrase named before, None where it does not fit."""
        side = find_side(before.ops)
        if phrase.ref == "it":
            return self.owners.lie_on(phrase, before)
        if phrase.ref == "one" or not phrase.ops:
            if phrase.ops:
                ops = tuple(phrase.ops[0] if is_side(op) else op for op in before.ops)
                if side is None:
                    ops = before.ops + phrase.ops
            elif side is not None:
                ops = tuple(flip(op) for op in before.ops)
            elif any(is_end(op) for op in before.ops):
                ops = tuple(flip(op, ends=True) for op in before.ops)
            else:
                return None
            return self.draft.rules.sound_phrase(ops, frame=before.frame)
        if side is None or phrase.thing is None or before.thing is None or phrase.thing.is_sided:
            return None
        if not (phrase.thing.parts & before.thing.parts or find_nouns(phrase) & find_nouns(before)):
            return None
        wanted = flip(side) if phrase.ref == "other" else side
        return self.draft.rules.on_side(phrase.ops, wanted, frame=before.frame)

    def stand_beside(self, phrase: Phrase, before: Phrase) -> Phrase | None:
        """ "The right eye and its brow" are on one side; a name that has no sides stands beside nothing."""
        side = find_side(before.ops)
        if phrase.ref != "it" or side is None or phrase.is_plural or phrase.thing is None:
            return None
        if not phrase.thing.is_several_sided:
            return None
        return self.draft.rules.on_side(phrase.ops, side, frame=before.frame)

    def repeat(self, entry: Entry, sentence: int) -> None:
        """ "The same on the right": repeat, mirrored, all since the last owner of that kind was named."""
        for i in range(len(self.draft.asks)):
            self.owners.own(i)
        self.headings.drop_headers()
        item: Item = entry.value
        if item.phrase is None and "colon" in entry.before and self.draft.asks:
            item = entry.value = replace(item, phrase=self.draft.asks.pop().phrase)
        if item.same == "amount":
            self.repeat_amount(entry, sentence)
            return
        phrase = item.phrase
        wanted = find_side(phrase.ops) if phrase is not None else None
        tail = self.find_tail(wanted)
        if phrase is not None and find_nouns(phrase):
            tail = self.trim_to_kind(phrase, tail)
        is_name = phrase is not None and bool(find_nouns(phrase)) and not phrase.ref
        if phrase is not None and is_name and not self.is_kin(phrase, tail):
            self.repeat_amount(entry, sentence)
            return
        if not tail:
            if self.draft.asks and phrase is not None:
                self.repeat_amount(entry, sentence)
                return
            raise MistakeError("ambiguous", "the same as what?", self.draft.lattice.span(entry.start, entry.stop))
        frame = item.frame or (phrase.frame if phrase is not None else "")
        for number, ask in enumerate(tail):
            mirrored = self.mirror(ask.item, frame or "")
            before = entry.before if number == 0 else ask.before
            self.draft.asks.append(Ask(mirrored, entry.start, entry.stop, sentence, before, ask.leads, source=ask))
        rest = replace(item, phrase=None, same=None)
        if rest != Item():
            self.draft.loose.append(Loose(rest, entry.start, entry.stop, sentence, entry.before, len(self.draft.asks)))

    def is_kin(self, phrase: Phrase, tail: Sequence[Ask]) -> bool:
        """Whether a name ("the right eye") is of the kind that the items to repeat lie on."""
        return any(is_kind_of(phrase, ask) for ask in tail)

    def trim_to_kind(self, phrase: Phrase, tail: list[Ask]) -> list[Ask]:
        """Return what of a tail comes since the last owner of a name's kind was named, or all of it."""
        stop = next((i for i in range(len(tail) - 1, -1, -1) if is_kind_of(phrase, tail[i])), 0)
        start = stop
        while start > 0 and is_kind_of(phrase, tail[start - 1]):
            start -= 1
        return tail[start:]

    def repeat_amount(self, entry: Entry, sentence: int) -> None:
        if not self.draft.asks:
            raise MistakeError("ambiguous", "the same as what?", self.draft.lattice.span(entry.start, entry.stop))
        last = self.draft.asks[-1]
        item = join(replace(entry.value, same=None), only(last.item, (*AMOUNTS, "spacing")))
        if item is None or item.phrase is None:
            raise MistakeError("ambiguous", "the same as what?", self.draft.lattice.span(entry.start, entry.stop))
        ask = self.resolve(Ask(item, entry.start, entry.stop, sentence, entry.before, leads=True))
        if not item.has_amount:
            ask.source = last
        self.draft.asks.append(ask)

    def find_tail(self, wanted: Op | None) -> list[Ask]:
        """Return the last asks that lie on one side, other than the one wanted."""
        tail: list[Ask] = []
        side: str | None = None
        for ask in reversed(self.draft.asks):
            found = next((find_side(one.ops) for one in find_phrases(ask.item) if find_side(one.ops)), None)
            if found is None:
                if self.inherits(ask):
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
        return phrase.is_free or (phrase.thing is not None and phrase.thing.is_several_sided)

    def mirror(self, item: Item, frame: str) -> Item:
        def turn(phrase: Phrase) -> Phrase:
            made = self.draft.rules.phrase(tuple(flip(op) for op in phrase.ops))
            assert made is not None
            return replace(phrase, ops=made.ops, thing=made.thing, frame=frame or phrase.frame)

        changes: dict[str, object] = {}
        if item.phrase is not None:
            changes["phrase"] = turn(item.phrase)
        if item.range is not None:
            ends = [turn(end) if isinstance(end, Phrase) else end for end in (item.range.first, item.range.last)]
            changes["range"] = Range(ends[0], ends[1], item.range.is_open)  # type: ignore[arg-type]
        return replace(item, **changes)  # type: ignore[arg-type]


def find_nouns(phrase: Phrase) -> set[str]:
    return {op[1] for op in phrase.ops if op[0] == "noun"}


def is_kind_of(phrase: Phrase, ask: Ask) -> bool:
    """Whether an ask lies on what a name means, on whichever side."""
    parts = {part.split()[-1] for part in (phrase.thing.parts if phrase.thing else ())}
    for one in find_phrases(ask.item):
        if find_nouns(phrase) & find_nouns(one):
            return True
        if one.thing and parts & {part.split()[-1] for part in one.thing.parts}:
            return True
    return False
