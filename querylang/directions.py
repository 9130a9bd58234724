"""Directions said without "from": "the upper lip left to right"."""

from __future__ import annotations

from collections.abc import Sequence

from .reader import PHRASE
from .tokens import Token

OPENERS = ("from", "between", "to")
LEADS = ("around", "along")
"""Nouns that lead to a name and are none themselves."""


def open_directions(tokens: Sequence[Token]) -> list[Token]:
    """Put a "from" before "left to right" where both sides stand alone, so that neither joins the name beside it."""
    kept: list[Token] = []
    for i, token in enumerate(tokens):
        if is_direction(tokens, i) and not (kept and any(kind in kept[-1].readings for kind in OPENERS)):
            kept.append(Token(PHRASE, "from", token.start, token.start, {"from": "from"}))
        kept.append(token)
    return kept


def is_direction(tokens: Sequence[Token], i: int) -> bool:
    """Whether "left to right", or the like, starts at i, and no name after it takes the second side."""
    if i + 2 >= len(tokens) or "to" not in tokens[i + 1].readings:
        return False
    first, last = tokens[i], tokens[i + 2]
    if "side" not in first.readings or "side" not in last.readings or first.value == last.value:
        return False
    after = tokens[i + 3].readings if i + 3 < len(tokens) else {}
    return "level" not in after and "depth" not in after and after.get("noun", "along") in LEADS
