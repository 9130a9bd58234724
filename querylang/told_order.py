"""Orders told behind a list: "each eye: corner, pupil. First the right eye, then the left", "..., the upper lip first".

In: an ask of a draft whose units are known; out: whether it only says how those before it come, which they then do.
"""

from __future__ import annotations

import re

from .asks import Ask, Draft, list_alike
from .concept_data import Unit
from .meaning import Item, Phrase, join
from .pieces import Place, Stretch
from .portions import HALF

ORDERING = re.compile(r"\b(order|sort|arrange|list) (them|these|those)\b[^.;]*$")
MOST_TOLD = 2
"""Names that an order tells: the first, and the one after it."""
GOING = re.compile(r"\b(go|goes|going|run|running|move|moving) (over|along|via|through|across|up|round|around)\b")


def put_in_order(draft: Draft, index: int) -> list[Ask]:
    """Put what was asked in the order that one or two names behind it tell; return those names, none where none does.

    "Left brow and right brow, the right one first", "lips. Outer first, then inner".
    """
    told = find_told(draft, index)
    before = find_before(draft, index) if told else []
    units = [unit for one in before for unit in one.units]
    are_first = [lies_with(unit, told[0]) for unit in units] if told else []
    if not any(are_first) or all(are_first):
        return []
    if len(told) > 1 and not all(lies_with(unit, told[0]) or lies_with(unit, told[1]) for unit in units):
        return []
    for one in before:
        one.units = tuple(sorted(one.units, key=lambda unit: not lies_with(unit, told[0])))
    before.sort(key=lambda one: not all(lies_with(unit, told[0]) for unit in one.units))
    draft.asks[index - len(before) : index] = before
    return told


def find_told(draft: Draft, index: int) -> list[Ask]:
    """Return the last one or two bare names of an instruction, if a word says which of them is first."""
    told = draft.asks[index : index + MOST_TOLD + 1]
    ask, *then = told
    is_first = ask.item.lead or ("bullet" in ask.before and "line" not in ask.before and bool(then))
    before = draft.lattice.text[: draft.span(ask)[0]].lower()
    is_first = is_first or (bool(then) and ORDERING.search(before) is not None)
    if not is_first or len(told) > MOST_TOLD or any(one.before.isdisjoint(("then", "and")) for one in then):
        return []
    are_bare = all(one.item.says_only("phrase", "frame", "lead") and not one.is_place for one in told)
    return told if are_bare else []


def find_before(draft: Draft, index: int) -> list[Ask]:
    """Return what stands before an order, none where a number or an exception among it keeps its place."""
    before = [one for one in draft.asks[:index] if one.sentence >= draft.asks[index].sentence - 1]
    is_fixed = any(one.is_removal or (one.item.is_layout and not one.is_named) for one in before)
    is_fixed = is_fixed or (len(before) > 1 and any(one.item.has_amount and one.at < index for one in draft.loose))
    return [] if is_fixed else before


def lies_with(unit: Unit, ask: Ask) -> bool:
    """Whether a unit lies on the part that an ask names, or on its side where it names one side of a pair."""
    sides = {one.side for one in ask.units}
    is_beside = ask.thing.is_sided and len(sides) == 1 and "" not in sides and unit.side in sides
    return is_beside or {piece.part for piece in unit.pieces} <= ask.parts


def goes_first(draft: Draft, index: int) -> bool:
    """Whether a stretch only says which way a curve goes from where it starts; it then does.

    "The outer lip, 12 points, starting at the left corner and going along the upper lip first".
    """
    last, ask = draft.asks[index - 1 : index + 1]
    loose = [one.item.origin for one in draft.loose if one.at == index]
    origin = next((one for one in (last.item.origin, *loose) if isinstance(one, Phrase)), None)
    between = draft.lattice.text[draft.span(last)[1] : draft.span(ask)[0]].lower()
    is_way = bool(ask.item.lead) or GOING.search(between) is not None
    if origin is None or not is_way or not ask.item.says_only("phrase", "frame", "lead"):
        return False
    frame = origin.frame or last.item.frame
    if origin.is_free:
        # "Begin at the inner corner" is the last one's.
        tries = (
            draft.rules.sound_phrase((*last.phrase.ops[:n], *origin.ops)) for n in range(len(last.phrase.ops), 0, -1)
        )
        origin = next(filter(None, tries), origin)
    units = origin.thing.units if frame == "viewer" else origin.thing.turned
    starts = [piece for unit in units for piece in unit.pieces if isinstance(piece, Place) and piece.part in last.parts]
    turns = {turn for place in starts for piece in ask.pieces if (turn := turn_along(piece, place)) is not None}
    way = Item(turn=turns.pop()) if len(turns) == 1 else Item()
    joined = join(last.item, way)
    if way == Item() or joined is None:
        return False
    last.item = joined
    for other in list_alike(draft.asks[: index - 1], last):
        # "Outer lip 16 points, inner lip 10, start at the left corner, upper lip first".
        other.item = join(other.item, way) or other.item
    return True


def turn_along(piece: object, place: Place) -> str | None:
    """Return which way round a stretch goes from a place at one of its ends, or which way another place is nearer."""
    if isinstance(piece, Place) and piece.part == place.part and piece != place:
        return "clockwise" if (piece.fpalp - place.fpalp) % 1 < HALF else "counter_clockwise"
    if not isinstance(piece, Stretch) or piece.part != place.part:
        return None
    start = place.fpalp % 1
    if start == piece.start % 1:
        return "clockwise"
    return "counter_clockwise" if start == piece.stop % 1 else None
