"""Portions that share one size: "the first and last third", "the first, second and third quarter".

In: lexemes and a place among them; out: which portion a word that stands alone there means, and of what size.
"""

from __future__ import annotations

from collections.abc import Sequence

from .lexicon import Lexicon
from .numbers import Number, as_part, read_number
from .words import Lexeme

JOINS = frozenset({",", "and", "&", "+", "the"})
Portion = tuple[str, Number]
"""Which one, as `Compositions.cut` takes it, and how large."""


def read_shared(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> Portion | None:
    """Return the portion that a word means whose size stands behind the last one joined to it."""
    is_joined = i + 1 < len(lexemes) and lexemes[i + 1].word in JOINS
    which = name_portion(lexemes, i, lexicon) if is_joined else None
    if which is None or tells_which(lexemes, i - 1, lexicon):
        return None
    at, is_named, others = i + 1, True, 0
    while at < len(lexemes):
        if lexemes[at].word in JOINS:
            is_named, at = False, at + 1
        elif is_named:
            size = read_size(lexemes, at)
            return (which, size) if size is not None and others else None
        elif name_portion(lexemes, at, lexicon) is not None:
            is_named, at, others = True, at + 1, others + 1
        else:
            return None
    return None


def tells_which(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> bool:
    """Whether a word before "third" makes it a size: "the right third, first quarter and last half"."""
    if i < 0:
        return False
    kinds = {kind for length, readings, _ in lexicon.match(lexemes, i) if length == 1 for kind, _ in readings}
    return not kinds.isdisjoint(("ADJ", "SELECT", "REL")) or read_number(lexemes, i) is not None


def name_portion(lexemes: Sequence[Lexeme], i: int, lexicon: Lexicon) -> str | None:
    """Return "first", "last", or the number of an ordinal, that a word says."""
    for length, readings, _ in lexicon.match(lexemes, i):
        which = dict(readings).get("SELECT")
        if length == 1 and which in ("first", "last"):
            return str(which)
    found = read_number(lexemes, i)
    return str(int(found[1].value)) if found is not None and found[1].form == "ordinal" else None


def read_size(lexemes: Sequence[Lexeme], i: int) -> Number | None:
    """Return the size of a portion that a word says: a third."""
    found = read_number(lexemes, i)
    if found is None:
        return None
    number = as_part(found[1]) or found[1]
    return number if number.form == "part" and number.value < 1 else None
