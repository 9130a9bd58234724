"""Directions said without "from": "the upper lip left to right"."""

from __future__ import annotations

from collections.abc import Sequence

from .reader import PHRASE, SYMBOL
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


def name_other(tokens: Sequence[Token]) -> list[Token]:
    """Write "from one corner of the mouth to the other" as from corner to corner, which names both."""
    kept = list(tokens)
    for i in range(1, len(kept)):
        opens = kept[i - 1].readings.keys() & {"from", "between"}
        if not opens or "one" not in kept[i].readings:
            continue
        to = next((k for k in range(i + 1, len(kept)) if "to" in kept[k].readings or kept[k].kind == SYMBOL), None)
        if to is None or "to" not in kept[to].readings:
            continue
        stop = to + 1
        while stop < len(kept) and kept[stop].readings.keys() == {"filler"}:
            stop += 1
        if stop < len(kept) and kept[stop].value == "other":
            name = [t for t in kept[i + 1 : to] if "noun" in t.readings or "of" in t.readings]
            after = kept[stop + 1].readings if stop + 1 < len(kept) else {}
            more = "one" in after or after.get("noun", "along") not in LEADS
            again = [replace_span(t, kept[stop]) for t in name]
            return kept[:i] + kept[i + 1 : to + 1] + again + kept[stop + (2 if more else 1) :]
    return kept


def replace_span(token: Token, place: Token) -> Token:
    return Token(token.kind, token.value, place.start, place.stop, token.readings, token.is_plural)


def is_direction(tokens: Sequence[Token], i: int) -> bool:
    """Whether "left to right", or the like, starts at i, and no name after it takes the second side."""
    if i + 2 >= len(tokens) or "to" not in tokens[i + 1].readings:
        return False
    first, last = tokens[i], tokens[i + 2]
    if "side" not in first.readings or "side" not in last.readings or first.value == last.value:
        return False
    after = tokens[i + 3].readings if i + 3 < len(tokens) else {}
    return "level" not in after and "depth" not in after and after.get("noun", "along") in LEADS
