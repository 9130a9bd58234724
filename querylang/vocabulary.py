"""The vocabulary: which phrases the language knows, read from `grammar/*.toml` into a trie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .tokens import OPERATORS
from .words import Lexeme, split_lexemes

END = ""
"""Key of a trie node under which the readings of the phrase that ends there lie (no word is empty)."""

GOING_ON = {"of", "to"}
"""Words that start no name, so that a line before them ends inside one."""

NAME_KINDS = ("side", "level", "depth", "noun")


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found in the text: how many lexemes it takes and what it may mean."""

    length: int
    readings: Mapping[str, str]
    is_plural: bool


class Vocabulary:
    """All phrases, longest match first.

    A reading is a kind with a value: "corner" reads as {"noun": "corner"}; a noun's value may be several
    feature words, separated by spaces ("tear duct" is "inner eye corner").
    """

    def __init__(self) -> None:
        self.trie: dict[str, Any] = {}
        self.nouns: set[str] = set()

    def add(self, phrase: str, kind: str, value: str) -> None:
        """Let a phrase mean a value of a kind, beside what it already means."""
        if kind == "noun" and " " not in phrase and not set(value.split()) <= OPERATORS:
            self.nouns.add(phrase)
        node = self.trie
        for lexeme in split_lexemes(phrase):
            node = node.setdefault(lexeme.word, {})
        node.setdefault(END, {}).setdefault(kind, value)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of every phrase."""
        found: set[str] = set()
        stack = [self.trie]
        while stack:
            for word, node in stack.pop().items():
                if word != END:
                    found.add(word)
                    stack.append(node)
        return frozenset(found)

    def find(self, phrase: str) -> Mapping[str, str]:
        """Return what a whole phrase means already, by kind; empty if it is new."""
        lexemes = split_lexemes(phrase)
        match = self.match(lexemes, 0) if lexemes else None
        return match.readings if match is not None and match.length == len(lexemes) else {}

    def match(self, lexemes: Sequence[Lexeme], start: int) -> Match | None:
        """Return the longest phrase that starts at a lexeme, or None; a line may break inside one that is no name."""
        best: Match | None = None
        stack = [(self.trie, start, False, False)]
        while stack:
            node, i, plural, broken = stack.pop()
            readings = node.get(END)
            if readings is not None and not (broken and "noun" in readings):
                if best is None or i - start > best.length:
                    best = Match(i - start, readings, plural)
                elif i - start == best.length:
                    best = Match(best.length, {**readings, **best.readings}, best.is_plural or plural)
            if i >= len(lexemes):
                continue
            if lexemes[i].type == "newline" and i > start and not broken and i + 1 < len(lexemes):
                i, broken = i + 1, lexemes[i + 1].word not in GOING_ON
            word = lexemes[i].word
            for single in singulars(word):
                if single in node:
                    stack.append((node[single], i + 1, True, broken))
            if word in node:
                stack.append((node[word], i + 1, False, broken))
        return best


def singulars(word: str) -> Iterator[str]:
    """Yield what a word may be the plural of."""
    if len(word) > 3 and word.endswith("s"):
        yield word[:-1]
        if word.endswith("es"):
            yield word[:-2]
            if word.endswith("ies"):
                yield word[:-3] + "y"
        if word.endswith("ves"):
            yield word[:-3] + "f"


def read_vocabulary(words: Mapping[str, Any], phrasing: Mapping[str, Any]) -> Vocabulary:
    """Return the vocabulary of words.toml and phrasing.toml."""
    vocabulary = Vocabulary()
    for kind in NAME_KINDS:
        for value, phrases in words[kind].items():
            for phrase in phrases:
                vocabulary.add(phrase, kind, value)
    for value, phrases in words["phrase"].items():
        for phrase in phrases:
            vocabulary.add(phrase, "noun", value)
    for kind, values in phrasing.items():
        for value, phrases in values.items():
            for phrase in phrases:
                vocabulary.add(phrase, kind, value)
    return vocabulary
