"""Statements: what people say of themselves and of what the points are for, put aside with a note.

In: the words; out: the words without such clauses ("I'm planning a lip lift, so ..."), and the clauses.  None that
holds a side, a number or a choice is put aside; one that names a part is only where an activity ("whiten the teeth")
or a quantity ("the nose's width") shows that the part is not what is asked, and a clause beside it names its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .numbers import NUMBER_WORDS, read_number
from .spelling import find_categories, find_lost
from .word_edges import PARTS
from .words import Lexeme

if TYPE_CHECKING:
    from .language import Language

CHOOSING = frozenset({
    "CORRECTION", "LAYOUT", "EXCEPT", "NEGATION", "FACE_CHOICE", "EVERYONE", "PERSON_SIDE", "WHOSE_SIDE",
    "CONDITION", "LAYOUT_POINT",
})  # fmt: skip
"""Categories of words that a statement never holds: they say what is asked, or of whom."""
NAMES = PARTS | {"REL", "BAD"}
NAMED = PARTS | {"LAYOUT", "PROGRAM"}
LOST = NAMES | {"ADJ"}
ASKS = frozenset({"WANTING", "GIVE", "FINDING", "ASKING"})
TELLS = frozenset({"ACTIVITY", "QUANTITY"})
"""Categories of words that show that a part beside them is not what is asked."""
MEASURES = frozenset({"QUANTITY", "FIELD"})
TELLING = TELLS | {"FIELD", "ASKER", "PRODUCT"}
"""Categories of words that may make a statement, as words that the language does not know do."""
LONGEST_FIELD = 6
"""Words of a statement that only names a field: "Facial palsy assessment."."""
LONGEST = 40
"""Words of any."""
ASKED_WITHIN = 4


class Phrase(NamedTuple):
    """The longest phrase that starts at a word, with all that may start there, and whether that is a side."""

    stop: int
    kinds: frozenset[str]
    is_side: bool


def drop_statements(text: str, lexemes: Sequence[Lexeme], language: Language) -> tuple[Sequence[Lexeme], list[str]]:
    """Return the words without statements, and each statement as it stands in the text; nothing else would be left."""
    found = list(Statements(lexemes, language).find())
    dropped = {i for start, stop in found for i in range(start, stop)}
    left = [one for i, one in enumerate(lexemes) if i not in dropped]
    if not any(one.type == "word" for one in left):
        return lexemes, []
    bare = ((start, stop - (lexemes[stop - 1].word in ("so", "and"))) for start, stop in found)
    return left, [text[lexemes[start].start : lexemes[stop - 1].stop].strip(",.;:- \n") for start, stop in bare]


class Statements:
    """Finds the statements among some words."""

    def __init__(self, lexemes: Sequence[Lexeme], language: Language) -> None:
        self.lexemes = lexemes
        self.language = language
        self.size = len(lexemes)
        self.phrases: dict[int, Phrase] = {}

    def find(self) -> Iterator[tuple[int, int]]:
        """Yield where each statement starts and stops, the mark that parts it from the rest within."""
        at = 0
        while at < self.size:
            stop = self.follow(at) if self.opens_clause(at) else self.follow_purpose(at)
            if stop > at:
                yield self.take_mark(at, stop)
            at = max(stop, at + 1)

    def follow(self, start: int) -> int:
        """Return where the statement that starts at a clause's first word stops, the start itself if it is none."""
        if self.match(start, "PURPOSE"):
            return self.follow_purpose(start)
        opener = self.skip_wrapping(start)
        told = self.match(opener, "SPEAKER")
        is_field = not told and self.opens_sentence(start)
        stop, kinds, strange = self.read(told or start)
        if not strange and kinds.isdisjoint(TELLING):
            return start
        leads = is_field and stop < self.size and "ASKING" in self.phrase(stop).kinds
        if is_field:
            is_short = stop - start <= LONGEST_FIELD and self.ends_in_field(start, stop)
            is_statement = leads or (is_short and (bool(strange) or not kinds.isdisjoint(PARTS | {"PRODUCT"})))
        else:
            is_statement = bool(told) and (not kinds.isdisjoint(TELLS) or self.goes_on_strangely(told))
        if not is_statement or not kinds.isdisjoint(CHOOSING) or self.may_be_lost(strange):
            return start
        if not kinds.isdisjoint(NAMES) and not ((leads or kinds & TELLS) and self.is_named_beside(start, stop)):
            return start
        return stop

    def follow_purpose(self, start: int) -> int:
        """Return where a purpose stops that names a part by what is done to it: "to measure the nose's width"."""
        if not self.match(start, "PURPOSE"):
            return start
        verb = next((at for at in range(start, start + 4) if self.match(at, "ACTIVITY")), start)
        does = verb > start and self.lexemes[verb - 1].word == "to"
        stop, kinds, strange = self.read(verb if does else start, is_one=True)
        words = [one.word for one in self.lexemes[start:stop]]
        # "For lip synchronization", but not "for the lashes of the doll".
        ends_strangely = strange[-1:] == [stop - 1] and "of" not in words
        tells = ends_strangely or does or not kinds.isdisjoint(TELLING)
        if kinds.isdisjoint(NAMES) or not tells or self.may_be_lost(strange):
            return start
        return stop if kinds.isdisjoint(CHOOSING) and self.is_named_beside(start, stop) else start

    def read(self, start: int, *, is_one: bool = False) -> tuple[int, frozenset[str], list[int]]:
        """Return where a clause stops, the kinds of its words, and those that the language does not know.

        One purpose ends before the next: "for the nose | to draw eyeliner".
        """
        kinds: set[str] = set()
        strange: list[int] = []
        at = start
        while at < min(self.size, start + LONGEST) and not self.ends(at, bool(strange or kinds & TELLING)):
            phrase = self.phrase(at)
            if is_one and at > start and "PURPOSE" in phrase.kinds:
                break
            if self.lexemes[at].type == "number" or read_number(self.lexemes, at) is not None or phrase.is_side:
                kinds.add("LAYOUT")
            elif not phrase.kinds and self.lexemes[at].type == "word":
                strange.append(at)
            kinds |= phrase.kinds
            at = phrase.stop
        return at, frozenset(kinds), strange

    def ends(self, at: int, is_told: bool) -> bool:
        """Whether a clause ends before a word: at a mark, or where something is asked once it has said something."""
        one = self.lexemes[at]
        if one.type != "word":
            return one.word in ",.;!?:\n" or one.type == "newline" or (one.word == "-" and not one.is_glued)
        return is_told and (one.word == "so" or (one.word == "and" and self.asks(at + 1)) or self.asks(at))

    def asks(self, at: int) -> bool:
        """Whether what is asked begins at a word: "(I) need", "give", "please mark"."""
        for i in range(at, min(at + ASKED_WITHIN, self.size)):
            kinds = self.phrase(i).kinds
            if kinds & ASKS:
                return not self.tells_aim(i)
            if "FILLER" not in kinds:
                return False
        return False

    def tells_aim(self, at: int) -> bool:
        """Whether what is wanted is to do something else: "want to brighten"."""
        later = self.lexemes[at + 1 : at + 2]
        return bool(later) and later[0].word == "to" and bool(self.match(at + 2, "ACTIVITY"))

    def goes_on_strangely(self, at: int) -> bool:
        """Whether who speaks tells what he is or does, in words of no instruction: "I am | a dentist"."""
        start = at
        while at < self.size and "FILLER" in self.phrase(at).kinds and not self.match(at, "PRODUCT"):
            at += 1
        kinds = self.phrase(at).kinds if at < self.size else frozenset({"FILLER"})
        is_verb = start < at and self.lexemes[at - 1].word not in ("a", "an", "the")
        return bool(kinds & {"PRODUCT"} if is_verb else not kinds or kinds & TELLING)

    def is_named_beside(self, start: int, stop: int) -> bool:
        """Whether the sentence behind a statement names a part of its own, or what stands before the last one does."""
        at = self.take_mark(start, stop)[1]
        around = range(at, self.size) if at < self.size else range(start)
        for i in around:
            if self.phrase(i).kinds & NAMED:
                return True
            if at < self.size and self.lexemes[i].word in ".;!?\n":
                return False
        return False

    def may_be_lost(self, strange: Sequence[int]) -> bool:
        """Whether a word that the language does not know may be a side, a number or a name misspelt."""
        words = (self.lexemes[i] for i in strange)
        near = (found for one in words if len(one.word) > 3 for found in find_lost(one.word, self.language, owns=False))
        return any(one in NUMBER_WORDS or not LOST.isdisjoint(find_categories(one, self.language)) for one in near)

    def take_mark(self, start: int, stop: int) -> tuple[int, int]:
        """Return a statement's words with the mark or "so" that parts it from the rest."""
        end = stop
        while end < self.size and self.lexemes[end].word in (",", ".", ";", ":", "-", "!", "so", "and", "\n"):
            end += 1
        if end == self.size:
            while start > 0 and self.lexemes[start - 1].word in (",", "-", "\n", "and", "so"):
                start -= 1
        return start, end

    def ends_in_field(self, start: int, stop: int) -> bool:
        return any("FIELD" in self.phrase(i).kinds and self.phrase(i).stop == stop for i in range(start, stop))

    def match(self, at: int, category: str) -> int:
        """Return where the longest phrase of a category that starts at a word stops, 0 if none does."""
        found = self.language.lexicon.match(self.lexemes, at) if at < self.size else []
        return max((at + length for length, readings, _ in found if category in dict(readings)), default=0)

    def phrase(self, at: int) -> Phrase:
        """Return the longest phrase that starts at a word."""
        if at not in self.phrases:
            found = self.language.lexicon.match(self.lexemes, at)
            readings = [reading for _, several, _ in found for reading in several]
            kinds = frozenset(category for category, _ in readings)
            is_side = any(category == "ADJ" and value[0] == "side" for category, value in readings)
            product = max((length for length, several, _ in found if "PRODUCT" in dict(several)), default=0)
            stop = at + (product or max((length for length, _, _ in found), default=1))
            self.phrases[at] = Phrase(stop, kinds & TELLING if product else kinds, is_side)
        return self.phrases[at]

    def skip_wrapping(self, at: int) -> int:
        """Return where a clause begins behind "hi", "so" and the like."""
        while at < self.size and not self.match(at, "SPEAKER") and "FILLER" in self.phrase(at).kinds:
            at = self.phrase(at).stop
        return at

    def opens_sentence(self, at: int) -> bool:
        return at == 0 or self.lexemes[at - 1].word in ".;!?" or self.lexemes[at - 1].type == "newline"

    def opens_clause(self, at: int) -> bool:
        return self.lexemes[at].type == "word" and (self.opens_sentence(at) or self.lexemes[at - 1].word in ",:-")
