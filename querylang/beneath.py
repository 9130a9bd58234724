"""Beneath: whether what one ask names lies on what another one does, or is a piece of it."""

from __future__ import annotations

from .asks import Ask, Draft
from .clause_kinds import is_bare_route
from .joining import is_side


def lies_under(draft: Draft, ask: Ask, header: Ask) -> bool:
    """Whether what an ask names lies on what its heading names."""
    ops, above = ask.phrase.ops, header.phrase.ops
    if ask.item.range is not None and not ask.is_named:
        # "Jaw line:\n1) left end to the chin, 9 points".
        return is_bare_route(ask.item, header)
    if ask.phrase.is_free or header.phrase.is_free:
        return False
    if ops[: len(above)] == above and (len(ops) > len(above) or ask.is_owned):
        return True
    bare = tuple(op for op in ops if not is_side(op))
    if ask.is_owned and ask.thing.is_sided and bare[: len(above)] == above:
        # "Upper lids: left 5, right 7".
        return True
    if is_same(draft, ask, header) or divides_each(ask, header):
        return True
    if ask.is_owned and not ask.thing.is_place and ask.thing.units == header.thing.units:
        # "Lip line: 20 outer, 12 inner".
        return True
    # "Left\n- eye: upper lid, 7 points".
    tries = (draft.rules.phrase(above + lower) for lower in ((ops, bare) if ask.thing.is_sided else (ops,)))
    return any(made is not None and made.thing.units == ask.thing.units for made in tries)


def is_same(draft: Draft, ask: Ask, header: Ask) -> bool:
    """Whether a heading and what it heads are two names of one thing: "OU, palpebral fissure"."""
    is_short = bool(header.phrase.frame) and len(header.phrase.ops) <= 2 and ask.phrase.frame != header.phrase.frame
    if not is_short or header.thing.is_place or ask.thing.units != header.thing.units:
        return False
    return not list_before(draft, draft.asks.index(header))


def divides(ask: Ask, whole: Ask) -> bool:
    """Whether what an ask names are pieces of what another one names."""
    return ask.thing.parts <= whole.thing.parts and ask.thing.divides(whole.thing)


def divides_each(ask: Ask, whole: Ask) -> bool:
    """Whether an ask is of each piece of what another one names: "lips: 5 points on each lip"."""
    return bool(ask.phrase.det) and divides(ask, whole)


def list_before(draft: Draft, index: int) -> list[Ask]:
    """Return what its sentence asks before an ask."""
    return [one for one in draft.asks[:index] if one.sentence == draft.asks[index].sentence]
