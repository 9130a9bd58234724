"""The lexicon: every phrase the language knows, with the categories it may have.

In: the tables of `grammar/`; out: a trie of words whose nodes hold readings `(category, value)`.  A phrase may have
several readings; `chart.py` decides.  Categories are those of `table.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .concept_data import SIDES
from .words import Lexeme, list_words, split_lexemes

END = ""
"""Key of a trie node under which the readings of the phrase that ends there lie (no word is empty)."""

Reading = tuple[str, Any]
Trie = dict[str, Any]


class Lexicon:
    """All phrases.

    Attributes:
        trie: Words to nodes; `END` holds the readings of a phrase.
        names: Words of names of places, which "did you mean" offers first.
    """

    def __init__(self) -> None:
        self.trie: Trie = {}
        self.names: set[str] = set()
        self.known_words: dict[frozenset[str], frozenset[str]] = {}

    def add(self, phrase: str, category: str, value: Any) -> None:
        """Let a phrase have a reading, beside those it has already."""
        self.known_words.clear()
        node = self.trie
        for word in list_words(phrase):
            node = node.setdefault(word, {})
        readings = node.setdefault(END, [])
        if category in ("NOUN", "NOUNS"):
            readings[:] = [reading for reading in readings if reading[0] != "BAD"]
        if (category, value) not in readings:
            readings.append((category, value))
        if category == "NOUN":
            self.names.update([phrase] if " " not in phrase and len(phrase) > 2 else [])

    def find(self, phrase: str) -> list[Reading]:
        """Return the readings of a whole phrase; empty if it is new."""
        lexemes = split_lexemes(phrase)
        return [
            reading for length, readings, _ in self.match(lexemes, 0) if length == len(lexemes) for reading in readings
        ]

    def match(self, lexemes: Sequence[Lexeme], start: int) -> list[tuple[int, list[Reading], bool]]:
        """Return every phrase that starts at a lexeme: its length, readings, and whether it stands in the plural."""
        found: list[tuple[int, list[Reading], bool]] = []
        # Whether the word before is a plural, and whether one before "of" was: "commissures of the mouth".
        stack: list[tuple[Trie, int, bool, bool]] = [(self.trie, start, False, False)]
        while stack:
            node, i, is_plural, are_several = stack.pop()
            if END in node:
                found.append((i - start, node[END], is_plural or are_several))
            if i >= len(lexemes) or lexemes[i].type == "newline":
                continue
            word = lexemes[i].word
            are_several = are_several or (is_plural and word == "of")
            if word in node:
                stack.append((node[word], i + 1, False, are_several))
            for single in singulars(word):
                if single in node:
                    stack.append((node[single], i + 1, True, are_several))
        return found

    def walk(self) -> Iterator[tuple[str, list[Reading]]]:
        """Yield every phrase with its readings."""
        stack: list[tuple[Trie, tuple[str, ...]]] = [(self.trie, ())]
        while stack:
            node, before = stack.pop()
            for word, below in node.items():
                if word == END:
                    yield " ".join(before), below
                else:
                    stack.append((below, (*before, word)))

    def words(self, but: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return every word of every phrase that has a category other than some."""
        if but not in self.known_words:
            self.known_words[but] = frozenset(
                word
                for phrase, readings in self.walk()
                if any(category not in but for category, _ in readings)
                for word in phrase.split()
            )
        return self.known_words[but]


def singulars(word: str) -> Iterator[str]:
    """Yield what a word may be the plural of."""
    if len(word) > 3 and word.endswith("s"):
        yield word[:-1]
        if word.endswith(("ses", "xes", "zes", "ches", "shes")):
            yield word[:-2]
        if word.endswith("ies"):
            yield word[:-3] + "y"
        if word.endswith("ves"):
            yield word[:-3] + "f"


def read_lexicon(
    words: Mapping[str, Any],
    phrasing: Mapping[str, Any],
    concepts: Sequence[Mapping[str, Any]],
    near: Mapping[str, Any],
) -> Lexicon:
    """Return the lexicon of words.toml, phrasing.toml, places.toml and near.toml."""
    lexicon = Lexicon()
    add_words(lexicon, words)
    for concept in concepts:
        add_concept(lexicon, concept)
    for kind, values in phrasing.items():
        for value, phrases in values.items():
            for phrase in phrases:
                lexicon.add(phrase, kind.upper(), value)
    for kind, people in phrasing["face_word"].items():
        if not kind.startswith("face"):
            add_sides_of(lexicon, people, "PERSON_SIDE" if kind.startswith("role") else "WHOSE_SIDE")
    for table, code in (("not_covered", "unknown_part"), ("layouts", "unknown_layout")):
        for phrase, hint in near[table].items():
            lexicon.add(phrase, "BAD", (code, hint))
    return lexicon


def add_sides_of(lexicon: Lexicon, roles: Sequence[str], category: str) -> None:
    """Add whose left is left where no apostrophe says so: "patient left", "patients left"; but "pts" are points.

    "The patient on the left" is a face, and so is "person left" where no part stands behind it.
    """
    for role in (*roles, *(f"{role}s" for role in roles if role != "pt")):
        for side in SIDES:
            lexicon.add(f"{role} {side}", category, side)


def add_words(lexicon: Lexicon, words: Mapping[str, Any]) -> None:
    """Add adjectives, place words, and what is short for them inside identifiers."""
    for kind in ("side", "level", "depth"):
        for value, phrases in words[kind].items():
            other = {"left": "right", "right": "left"}.get(value, value)
            for phrase in phrases:
                lexicon.add(phrase, "ADJ", (kind, value, other))
    for kind, category in (("rel", "REL"), ("identifier", "IDENTIFIER")):
        for value, phrases in words[kind].items():
            for phrase in phrases:
                lexicon.add(phrase, category, value)


def add_services(lexicon: Lexicon, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Add the layouts of services by what people call them, and their points by their published names."""
    named: dict[str, list[tuple[str, str]]] = {}
    for layout, table in tables.items():
        for phrase in (layout, *table["say"]):
            lexicon.add(phrase, "LAYOUT", layout)
        for point in table["point"]:
            named.setdefault(point["name"], []).append((layout, point["name"]))
    for name, points in named.items():
        lexicon.add(name, "LAYOUT_POINT", tuple(points))


def add_concept(lexicon: Lexicon, concept: Mapping[str, Any]) -> None:
    """Add the names of one concept; a name under `also` implies features ("tear duct" is the inner corner)."""
    noun = ("noun", concept["name"])
    for phrase in concept.get("say", ()):
        lexicon.add(phrase, "NOUN", (noun,))
    for phrase in concept.get("plural", ()):
        lexicon.add(phrase, "NOUNS", (noun,))
    for words, phrases in concept.get("also", {}).items():
        side, _, own = words.partition("_")
        ops = tuple(make_adjective(word) for word in side.split() if word != "both")
        for phrase in phrases:
            lexicon.add(phrase, "OWN_NOUN" if own else "NOUN", (noun, *ops))


def make_adjective(word: str) -> tuple[Any, ...]:
    """Return the operation of a feature word."""
    other = {"left": "right", "right": "left"}
    if word in other:
        return ("adj", (("side", word, other[word]),))
    return ("adj", (("level" if word in ("upper", "lower") else "depth", word, word),))
