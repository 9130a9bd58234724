"""Ways said once: "5 points on the left brow and 7 on the right brow (left to right)", "left to right: ...".

In: the asks of a draft; out: the same, where a way before or behind a list of one kind is that of all of it, and a
shape before a list is that of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, takewhile

from .asks import WAY, Ask, Draft, find_phrases, only
from .clause_kinds import settle_item
from .meaning import Item, Phrase, join
from .word_edges import PARTS

WORDS = frozenset({"FROM", "TO", "BETWEEN", "REVERSE", "TURN", "STRICT", "OUT_OF", "EXCEPT"})
"""Categories of words that say a way."""
LISTED = ({"and"}, {"comma", "and"}, {"comma"})


def spread_ways(draft: Draft) -> None:
    """Let a way said before or behind a list be that of all of it, as far as they are of one kind."""
    for index, ask in enumerate(draft.asks):
        way = only(ask.item, WAY)
        if way == Item() or ask.is_removal or ask.is_apart or not is_loose(ask):
            continue
        for other in list_others(draft, index):
            joined = join(other.item, way)
            other.item = other.item if joined is None else settle_item(joined)


def spread_shapes(draft: Draft) -> None:
    """Let a shape said before a list be that of each of it, and its number too: "8-point polygons for A and B"."""
    for index, ask in enumerate(draft.asks):
        at = find_node(draft, ask, frozenset({"SHAPE"}))
        if ask.item.shape is None or ask.is_removal or at >= find_node(draft, ask, PARTS):
            continue
        listed = [*takewhile(lambda pair: follows(pair[1], pair[0]), pairwise(draft.asks[index:]))]
        others = [*takewhile(is_bare_stretch, (later for _, later in listed))]
        are_several = any(edge.category == "SHAPES" for edge in draft.lattice.edges[at])
        is_each = are_several and ask.item.count is not None and not ask.item.total
        for one in (ask, *others) if others else ():
            each = ask.item.each or (True if is_each else None)
            one.item = replace(one.item, shape=ask.item.shape, each=each if one is ask else one.item.each)


def is_bare_stretch(ask: Ask) -> bool:
    """Whether an ask says no more than the name of a stretch."""
    return ask.item.says_only("phrase", "frame") and not (ask.is_removal or ask.thing.is_place)


def is_loose(ask: Ask) -> bool:
    """Whether a way could run on another thing of the same kind: it names none of its own side."""
    ends = (*find_phrases(Item(range=ask.item.range)), ask.item.origin)
    are_common = all(end.is_free or not end.thing.is_sided for end in ends if isinstance(end, Phrase))
    return are_common and not ask.item.has_numbers


def list_others(draft: Draft, index: int) -> Iterator[Ask]:
    """Yield the rest of a list at whose end a way stands behind a name, or at whose start before one."""
    ask = draft.asks[index]
    name, way = find_node(draft, ask, PARTS), find_node(draft, ask, WORDS)
    later = draft.asks[index + 1 : index + 2]
    is_last = not any(follows(one, ask) for one in later)
    if name < way and is_last and "and" in ask.before:
        before = draft.asks[index::-1]
        joined = takewhile(lambda pair: follows(*pair), pairwise(before))
        yield from takewhile(lambda one: is_alike(one, ask), (first for _, first in joined))
    elif way < name and ":" in draft.words(ask):
        rest = takewhile(lambda one: one.before in LISTED and one.sentence == ask.sentence, draft.asks[index + 1 :])
        yield from takewhile(lambda one: is_alike(one, ask), rest)


def find_node(draft: Draft, ask: Ask, kinds: frozenset[str]) -> int:
    """Return the first node of an ask whose word is of some kinds, the one behind it if there is none."""
    nodes = range(ask.start, ask.stop)
    return next((at for at in nodes if any(one.category in kinds for one in draft.lattice.edges[at])), ask.stop)


def follows(ask: Ask, last: Ask) -> bool:
    return ask.sentence == last.sentence and ask.before - {"of"} in LISTED


def is_alike(ask: Ask, other: Ask) -> bool:
    """Whether an ask is a stretch without a way of its own, and of the same kind where "both" does not say so."""
    is_stretch = ask.is_named and not (ask.is_removal or ask.thing.is_place or ask.phrase.is_free or ask.item.is_layout)
    is_told = other.item.each and other.phrase.det == ""
    return is_stretch and only(ask.item, WAY) == Item() and (is_told or ask.phrase.ops[:1] == other.phrase.ops[:1])
