"""The grammar at work: the rows of `table.py`, by what may stand left and right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from .compositions import Compositions
from .concepts import Concepts
from .table import Function, list_rows, same, say_nothing

Row = tuple[str, Function, float]
FAULT_COST = 8.0
"""How much dearer words are that make sense but have no answer."""


class Rules(Compositions):
    """The rows of the table, over one language's concepts.

    Attributes:
        binary: What two neighbouring categories make, by the left and then by the right one.
        unary: What else a value of a category may be.
    """

    def __init__(self, concepts: Concepts) -> None:
        super().__init__(concepts)
        self.binary: dict[str, dict[str, list[Row]]] = {}
        self.unary: dict[str, list[Row]] = {}
        self.defined: set[str] = set()
        for category, pattern, function, cost in self.rows():
            for words in spell_out(pattern):
                self.add(category, words, function, cost)

    def rows(self) -> list[tuple[str, str, Function, float]]:
        """Return the table: (category, pattern, function, cost)."""
        return list_rows(self)

    def add(self, category: str, words: list[str], function: Function, cost: float) -> None:
        """Add what some words in a row make together."""
        if len(words) == 1:
            made = function if is_kept(words[0]) else lambda _: function()
            self.unary.setdefault(self.define(words), []).append((category, made, cost))
            return
        # The last word that says something takes those before it that say nothing.
        at = next((i for i in range(len(words) - 1, 0, -1) if is_kept(words[i - 1])), 1)
        left, right = words[:at], words[at:]
        are_kept = any(map(is_kept, left)), any(map(is_kept, right))
        partners = self.binary.setdefault(self.define(left), {})
        partners.setdefault(self.define(right), []).append((category, hand_over(function, *are_kept), cost))

    def define(self, words: list[str]) -> str:
        """Return the category of words of which one says something at most; its value is theirs."""
        name = "_".join(words).upper()
        if name not in self.defined:
            self.defined.add(name)
            if len(words) > 1:
                self.add(name, words, same if any(map(is_kept, words)) else say_nothing, 0.0)
            elif "=" in name:
                source, wanted = name.split("=")
                self.add(name, [source], lambda value: value if value == wanted.lower() else None, 0.0)
        return name


def is_kept(word: str) -> bool:
    """Whether a pattern hands over what a word means."""
    return word.partition("=")[0].isupper()


def spell_out(pattern: str) -> Iterator[list[str]]:
    """Yield the words of each way to say a pattern."""
    options = [[*word.rstrip("?").split("|"), *([""] if word.endswith("?") else [])] for word in pattern.split()]
    for words in product(*options):
        yield [word for word in words if word]


def hand_over(function: Function, is_left_kept: bool, is_right_kept: bool) -> Function:
    """Return a function of two neighbours that hands over the values of those that say something."""
    if is_left_kept and is_right_kept:
        return function
    if is_left_kept:
        return lambda left, _: function(left)
    return (lambda _, right: function(right)) if is_right_kept else lambda *_: function()
