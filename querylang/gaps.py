"""Names that leave something out ("and 6 on the right") take it from their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .apposition import is_place_of
from .chunks import has_base
from .clauses import Clause, Member, Removal
from .phrases import PhraseResolver
from .ranges import of, side_of, with_side
from .syntax import Group, Interval, Phrase
from .targets import MistakeError
from .tokens import Token

PLACES = {"corner", "end", "start", "tip", "top", "bottom", "middle", "arch", "peak", "tail", "head", "root", "base"}
"""Words for one point of a part, which another such word replaces."""


class GapFiller:
    """Completes the names of clauses, in order.

    Attributes:
        previous: The last clause that named something.
        notes: What the answer says about the readings chosen.
    """

    def __init__(self, phrases: PhraseResolver) -> None:
        self.phrases = phrases
        self.previous: Clause | None = None
        self.owner: Phrase | None = None
        self.notes: list[str] = []

    def fill_gaps(self, clause: Clause, later: Sequence[Clause | Removal]) -> None:
        """Give names that leave out their part ("and 6 on the right") the part of their neighbours."""
        if clause.same is not None:
            self.repeat_previous(clause)
        for index, member in enumerate(clause.members):
            phrase = member.phrase
            if member.label is not None and phrase is not None and member.label is not phrase:
                member.phrase = self.apply_label(phrase, member.label)
                continue
            if phrase is not None and has_base(phrase):
                member.phrase = self.take_owner(phrase, clause, index)
            if phrase is not None and has_base(phrase) and member.phrase is phrase:
                member.phrase = self.take_side(phrase, clause, index, later)
            if phrase is None or has_base(phrase) or is_face_word(phrase):
                continue
            if member.layout is not None or (member.range is not None and is_middle(phrase)):
                continue
            source = self.find_source(clause, index, later)
            if source is None:
                if is_each_part(phrase):
                    continue
                raise MistakeError("no_part", "which face part?", member.span)
            member.phrase = borrow(phrase, source)

    def take_owner(self, phrase: Phrase, clause: Clause, index: int) -> Phrase:
        """Give "lower lid 4" in "left eye: upper lid 5, lower lid 4" the part of the label.

        Raises:
            MistakeError: A part with a side came before, and nothing says whether the place is on it.
        """
        if index or self.previous is None or not self.previous.members:
            return phrase
        before = self.previous.members[-1]
        if before.label is not None and is_place_of(phrase, before.label):
            clause.members[0].label = before.label
            return of(phrase, before.label)
        side = side_of(before.label) if before.label is not None and is_only_side(before.label) else None
        if side is not None and not any(w.kind == "SIDE" for w in phrase.words) and self.phrases.takes_side(phrase):
            clause.members[0].label = before.label
            return with_side(phrase, side)
        if any(word.is_plural for word in phrase.words) or clause.is_each or not clause.is_listed:
            return phrase
        sibling = before.phrase
        if sibling is not None and side_of(sibling) is not None and is_lid(sibling) and is_lid(phrase):
            side = side_of(sibling) if not any(w.kind in ("SIDE", "EACH_OF") for w in phrase.words) else None
            if side is not None:
                self.notes.append(f"no side was given for the second name: the {side} one, like the first")
                return with_side(phrase, side)
        owner = next((p for p in (before.phrase, self.owner) if p is not None and is_place_of(phrase, p)), None)
        side = side_of(owner) if owner is not None else None
        if owner is None or side is None:
            return phrase
        if clause.quantity is not None:
            span = (phrase.start, phrase.stop)
            raise MistakeError("ambiguous", "on which side?", span, "'left' or 'right' before it")
        self.owner = owner
        self.notes.append(f"no side was given for the second name: the {side} one, like the first")
        return with_side(phrase, side)

    def take_side(self, phrase: Phrase, clause: Clause, index: int, later: Sequence[Clause | Removal]) -> Phrase:
        """Give "eyebrow" in "left eye and eyebrow" the side of its neighbour."""
        if any(w.kind in ("SIDE", "EACH_OF") or (w.kind == "NOUN" and w.is_plural) for w in phrase.words):
            return phrase
        if len(phrase.groups) > 1 or not self.phrases.takes_side(phrase):
            return phrase
        following = [m.phrase for m in clause.members[index + 1 :]]
        if not following and clause.quantity is None and later and isinstance(later[0], Clause) and later[0].is_joined:
            following = [m.phrase for m in later[0].members]
        after = following[0] if following else None
        if after is not None and len(after.groups) > 1 and any(w.kind == "SIDE" for w in after.groups[-1].words):
            whole = Phrase((*phrase.groups, *after.groups[1:]))
            if self.phrases.is_known(whole):
                return whole
        before = clause.members[index - 1].phrase if index else None
        if before is None and clause.is_joined and clause.quantity is None and self.previous is not None:
            before = self.previous.members[-1].phrase if self.previous.members else None
        sides = [w.value for w in before.words if w.kind == "SIDE"] if before is not None else []
        if len(sides) == 1:
            self.notes.append(f"no side was given for the second name: the {sides[0]} one, like the first")
            return with_side(phrase, sides[0])
        return phrase

    def apply_label(self, phrase: Phrase, label: Phrase) -> Phrase:
        """Read "left eye: inner corner" as the inner corner of the left eye."""
        if has_base(phrase):
            return of(phrase, label)
        if all(word.kind in ("SIDE", "LEVEL", "DEPTH", "JOIN", "ONE") for word in phrase.words):
            return borrow(phrase, label)
        return of(phrase, label)

    def find_source(self, clause: Clause, index: int, later: Sequence[Clause | Removal]) -> Phrase | None:
        phrase = clause.members[index].phrase
        only_place = phrase is not None and any(word.kind == "NOUN" for word in phrase.words)
        before = [m.phrase for m in clause.members[:index] if m.phrase is not None and has_base(m.phrase)]
        if before:
            return before[-1]
        labels = [m.label for m in clause.members[: index + 1] if m.label is not None]
        if labels:
            return labels[-1]
        after = [m.phrase for m in clause.members[index + 1 :] if m.phrase is not None and has_base(m.phrase)]
        following = after or [
            m.phrase
            for part in later[:1]
            if isinstance(part, Clause)
            for m in part.members
            if m.phrase is not None and has_base(m.phrase)
        ]
        if only_place and following and len(following[0].groups) > 1:
            return Phrase(following[0].groups[1:])
        if after and not only_place:
            return after[0]
        if self.previous is not None:
            earlier = [
                (m.label if only_place else None) or m.phrase
                for m in self.previous.members
                if m.phrase is not None and has_base(m.phrase)
            ]
            if earlier:
                return earlier[-1]
        for part in later:
            if isinstance(part, Clause) and not only_place:
                found = [m.phrase for m in part.members if m.phrase is not None and has_base(m.phrase)]
                return found[0] if found else None
        return None

    def repeat_previous(self, clause: Clause) -> None:
        """Read "and the same on the right" as the clause before, on the other side."""
        if self.previous is None:
            raise MistakeError("no_part", "the same as what?", clause.same.span if clause.same else clause.span)
        members = clause.members
        earlier = self.previous
        if len(members) > 1:
            raise MistakeError("ambiguous", "the same for which of them?", clause.span)
        if not members:
            raise MistakeError("no_part", "the same where?", clause.span)
        phrase = members[0].phrase
        if phrase is None:
            raise MistakeError("no_part", "the same where?", clause.span)
        if clause.quantity is None:
            clause.quantity = earlier.quantity
        clause.is_each = clause.is_each or earlier.is_each
        clause.is_total = clause.is_total or earlier.is_total
        clause.is_strict, clause.is_reversed = earlier.is_strict, earlier.is_reversed
        clause.nth, clause.picks = clause.nth or earlier.nth, clause.picks or earlier.picks
        if has_base(phrase):
            return
        sides = [word.value for word in phrase.words if word.kind == "SIDE"]
        if len(sides) != 1:
            raise MistakeError("ambiguous", "the same on which side?", clause.span)
        if earlier.turn is not None or earlier.origin is not None:
            raise MistakeError("ambiguous", "the same way round, or mirrored?", clause.span, "a direction for each")
        clause.members = [mirror_member(member, sides[0], members[0]) for member in earlier.members]


def is_face_word(phrase: Phrase) -> bool:
    return any(word.kind == "NOUN" and word.value == "face" for word in phrase.words)


def is_middle(phrase: Phrase) -> bool:
    """Whether a name is the middle of something named after "of", or of nothing named."""
    return [word.value for word in phrase.groups[0].words if word.kind != "JOIN"] == ["middle"]


def is_only_side(phrase: Phrase) -> bool:
    """Whether a label says nothing but a side ("left: eye, eyebrow")."""
    return all(word.kind == "SIDE" for word in phrase.words)


def is_lid(phrase: Phrase) -> bool:
    """Whether a name is an upper or lower lid."""
    kinds = {word.kind for word in phrase.words}
    return "LEVEL" in kinds and any(word.kind == "NOUN" and word.value == "lid" for word in phrase.words)


def is_each_part(phrase: Phrase) -> bool:
    """Whether a phrase is "each part"."""
    return any(word.kind == "EACH_OF" for word in phrase.words) and any(
        word.kind == "NOUN" and word.value == "part" for word in phrase.words
    )


def borrow(phrase: Phrase, source: Phrase) -> Phrase:
    """Return the source's name with the sides and sorts of a phrase that leaves its noun out."""
    words = [word for word in phrase.words if word.kind != "ONE"]
    kinds = {word.kind for word in words}
    if "NOUN" in kinds:
        return of(phrase, drop_place(source))
    if "PART" in kinds:
        whole = tuple(group for group in source.groups if not any(w.kind in ("PART", "ORDER") for w in group.words))
        return of(phrase, Phrase(whole) if whole else source)
    groups = []
    for group in source.groups:
        kept = tuple(
            w
            for w in group.words
            if w.kind not in ("JOIN", "QUANTITY")
            and not (w.kind in kinds and w.kind in ("SIDE", "LEVEL", "DEPTH", "EACH_OF"))
        )
        if kept:
            groups.append(Group(kept))
    if not groups:
        return phrase
    return Phrase((*groups[:-1], Group((*words, *groups[-1].words))))


def drop_place(source: Phrase) -> Phrase:
    """Return a name without the place it means on its part ("the right brow's tail" is the right brow)."""
    groups = []
    for group in source.groups:
        places = [w for w in group.words if w.kind == "NOUN" and w.value in PLACES]
        kept = tuple(w for w in group.words if w not in places and not (places and w.kind == "DEPTH"))
        if any(w.kind == "NOUN" for w in kept):
            groups.append(Group(kept))
        elif not places:
            groups.append(group)
    return Phrase(tuple(groups)) if groups else source


def mirror_member(member: Member, side: str, asked: Member) -> Member:
    """Return a member of the clause before on a given side."""
    copy = Member(via=[turn_side(phrase, side) for phrase in member.via], start=asked.start, stop=asked.stop)
    if member.range is None:
        if member.phrase is None:
            raise MistakeError("ambiguous", "the same of what?", asked.span)
        groups = [
            Group(tuple(w for w in g.words if w.kind not in ("SIDE", "JOIN")) or g.words) for g in member.phrase.groups
        ]
        copy.phrase = with_side(Phrase(tuple(groups)), side)
        return copy
    node = member.range
    ends = [node.first, node.last]
    said = [member.phrase, *(end for end in ends if isinstance(end, Phrase)), *member.via]
    sides = {word.value for phrase in said if phrase is not None for word in phrase.words if word.kind == "SIDE"}
    if len(sides) != 1 or any(isinstance(end, Token) for end in ends) or isinstance(node, Interval):
        raise MistakeError("ambiguous", "write the range of the other side out", asked.span)
    copy.phrase = turn_side(member.phrase, side) if member.phrase is not None else None
    first, last = (turn_side(end, side) if isinstance(end, Phrase) else end for end in ends)
    assert first is not None
    via = turn_side(node.via, side) if node.via is not None else None
    copy.range = replace(node, first=first, last=last, via=via)
    return copy


def turn_side(phrase: Phrase, side: str) -> Phrase:
    """Return a name with the given side wherever it says one."""
    return Phrase(
        tuple(
            Group(tuple(Token("SIDE", side, w.start, w.stop) if w.kind == "SIDE" else w for w in group.words))
            for group in phrase.groups
        )
    )
