"""What seems to be asked for twice: a stretch or a place that no word joins to another one, and that lies on it.

In: asks with their runs; out: the mistake of it.  "And", "then", ";" and lines make lists, and so do two numbers; of
"the nose, in the 300W layout points 28 to 36" nobody can tell, and a guess gives some points twice (law 8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import takewhile

from .announced import is_asked_for
from .asks import LINES, Ask, Draft
from .layout_lists import has_label
from .numbered_again import names_other_ids
from .registry import Registry
from .runs import CurveRun, LayoutRun, PlaceRun, Run
from .said_again import INCLUDING

Placed = tuple[Ask, list[Run]]
Reach = list[tuple[str, Fraction, Fraction]]
"""From where to where points lie on curves; a place reaches nowhere."""

JOINED = LINES | {"and", "also", "then", "plus", "but"}
"""Separators between the items of a list."""
PLAIN = {frozenset({"comma"}): 3, frozenset({"stop"}): 2}
"""Separators between names, and how many names make a list with them."""
HINT = "'and' between them for both; else leave one of them out"
MIDDLES = ((("rel", "middle"),), (("rel", "middles"),))
LONGEST_SHORT = 3
"""Letters of a side or of two, as people write it: "OD", "L"."""
MOST_ASKS = 60
"""Longer lists are nobody's slip."""
LEAST_INDENT = 2
LEAST_OF_LAYOUT = 4
"""Fewer landmarks of a layout on a part are places, not a stretch."""


def refuse_asked_twice(draft: Draft, placed: Sequence[Placed], registry: Registry) -> None:
    """Raise the mistake of two asks for the same points that nothing joins to a list.

    Raises:
        MistakeError: It is not clear whether the points are wanted twice.
    """
    kept = [one for one in placed if not one[0].is_removal]
    if not 1 < len(kept) <= MOST_ASKS or draft.keeps_all:
        return
    reaches = [[*measure(runs, registry)] for _, runs in kept]
    for index, (last, runs) in enumerate(kept):
        refuse_middle(draft, last)
        others = [other for other in range(index) if kept[other][0].start != last.start]
        elsewhere = [one for at, (ask, _) in enumerate(kept) if ask.start != last.start for one in reaches[at]]
        if names_places_alone(draft, last, reaches[index]) and all(place in elsewhere for place in reaches[index]):
            raise draft.mistake("ambiguous", f"'{draft.words(last)}': is that another point?", last, HINT)
        for other in others:
            first, earlier = kept[other]
            found = (reaches[other], reaches[index])
            is_same = any(has_all(runs, earlier, registry)) or is_doubtful(draft, first, last, found, registry)
            if names_other_ids(draft, first, last) and not is_list(draft, first, last):
                words = f"'{draft.words(first)}' and '{draft.words(last)}'"
                message = f"{words}: these ids lie on the other side; 'left' is the picture's, 'own left' the person's"
                raise draft.mistake("contradiction", message, last)
            # "..., pupil first" asks for no other pupil.
            is_same = is_same or (bool(last.item.lead) and share_place(*found, registry))
            if is_same and (last.item.lead or not is_list(draft, first, last)):
                words = f"'{draft.words(first)}' and '{draft.words(last)}'"
                raise draft.mistake("ambiguous", f"{words}: the same points twice, or once?", last, HINT)


def is_doubtful(draft: Draft, first: Ask, last: Ask, reaches: tuple[Reach, Reach], registry: Registry) -> bool:
    """Whether two asks have points in common that are likely to be wanted once."""
    is_told = is_only(first, last) or (heads(draft, first) and has_label(draft, last))
    is_beside = {unit.side for unit in last.units} <= {unit.side for unit in first.units}
    if is_told and is_beside and last.is_place and names_no_part(draft, last):
        # "Part: left brow, place: middle".
        return True
    if share_stretch(*reaches, registry):
        return not are_counted(first, last)
    return share_place(*reaches, registry) and is_vague(draft, first, last)


def names_places_alone(draft: Draft, ask: Ask, reach: Reach) -> bool:
    """Whether an ask is for places without a name of their own: "the pupils, plus the midpoint between them"."""
    return names_no_part(draft, ask) and bool(reach) and all(start == stop for _, start, stop in reach)


def refuse_middle(draft: Draft, ask: Ask) -> None:
    """Raise the mistake of a mere "centre" right behind a name that has none: "the left nostril centre"."""
    is_behind = ask.start > draft.asks[0].start and not ask.before
    is_middle = ask.phrase.ops[-1:] in MIDDLES and ask.item.says_only("phrase", "frame")
    if is_behind and is_middle and names_no_part(draft, ask):
        raise draft.mistake("ambiguous", f"'{draft.words(ask)}': the middle of what?", ask)


def has_all(runs: Sequence[Run], others: Sequence[Run], registry: Registry) -> Iterator[bool]:
    """Yield whether two runs are of one layout, and one of them is all of it."""
    for run in runs:
        for other in others:
            if isinstance(run, LayoutRun) and isinstance(other, LayoutRun) and run.layout == other.layout:
                yield max(run.count, other.count) == len(registry.layouts[run.layout].landmarks)


def measure(runs: Sequence[Run], registry: Registry) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Yield from where to where runs reach on each curve."""
    for run in runs:
        if isinstance(run, CurveRun):
            yield (run.part, min(run.start, run.stop), max(run.start, run.stop))
        elif isinstance(run, PlaceRun):
            yield from ((run.part, place, place) for place in run.places)
        elif isinstance(run, LayoutRun):
            yield from measure_layout(run, registry)


def measure_layout(run: LayoutRun, registry: Registry) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Yield from where to where landmarks of a layout reach on each curve."""
    places: dict[str, list[Fraction]] = {}
    for number in run.ids:
        landmark = registry.layouts[run.layout].landmarks[number - 1]
        if landmark.v is None:
            places.setdefault(landmark.part, []).append(Fraction(landmark.fpalp))
    for part, on in places.items():
        if len(on) >= LEAST_OF_LAYOUT:
            yield part, min(on), max(on)
        else:
            yield from ((part, place, place) for place in on)


def share_stretch(reach: Reach, other: Reach, registry: Registry) -> bool:
    """Whether stretches of a part have more in common than an end."""
    return any(
        part == on and max(start, first) < min(stop, last)
        for part, start, stop in reach
        for on, first, last in turn(other, registry)
    )


def share_place(reach: Reach, other: Reach, registry: Registry) -> bool:
    """Whether a place lies on a stretch or is another place."""
    return any(
        part == on and max(start, first) == min(stop, last) and (start == stop or first == last)
        for part, start, stop in reach
        for on, first, last in turn(other, registry)
    )


def turn(reach: Reach, registry: Registry) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Yield what reaches over a curve, on closed ones once round too."""
    for part, start, stop in reach:
        yield from ((part, start + way, stop + way) for way in ((-1, 0, 1) if registry.parts[part].is_closed else (0,)))


def is_list(draft: Draft, first: Ask, last: Ask) -> bool:
    """Whether asks are items of a list: a word joins them, or they are named alike."""
    between = [ask for ask in draft.asks if first.start < ask.start <= last.start]
    behind = takewhile(lambda ask: bool(ask.before & {"comma", "and", "also"}), after(draft, last))
    joined = [*between, *(behind if last.before == {"comma"} else ())]
    text = draft.lattice.text[draft.span(first)[1] : draft.span(last)[0]]
    if "including" in last.before:
        return False
    if heads(draft, first) or leads_parts(draft, first, last) or is_only(first, last) or is_under(draft, first, last):
        return False
    if any(ask.before & JOINED for ask in joined) or ";" in text or "\n" in text:
        return True
    if first.item.is_layout and last.item.is_layout:
        are_numbered = first.item.ids is not None and last.item.ids is not None
        return are_numbered or first.item.layout != last.item.layout
    is_range = first.item.range is not None or last.item.range is not None
    are_alike = (first.item.phrase == last.item.phrase and not is_range) or all(
        one.is_narrower or one.is_owned for one in (first, last)
    )
    return bool(last.before) and (are_alike or is_plain(draft, first, last))


def heads(draft: Draft, ask: Ask) -> bool:
    """Whether a name without a number stands behind a label or in capitals: "part: nose", "LIPS" on its line."""
    words = draft.words(ask)
    is_head = has_label(draft, ask) or (len(words) > LONGEST_SHORT and words.isupper() and not ask.item.is_layout)
    return is_head and not is_counted(ask) and not draft.lattice.text.isupper()


def is_under(draft: Draft, first: Ask, last: Ask) -> bool:
    """Whether the line behind a name stands further in: "left brow\\n  tail"."""
    lines = [draft.lattice.text[: draft.span(ask)[0]].split("\n") for ask in (first, last)]
    indents = [len(one[-1]) - len(one[-1].lstrip(" \t")) for one in lines]
    return len(lines[1]) == len(lines[0]) + 1 and indents[1] - indents[0] >= LEAST_INDENT


def is_only(first: Ask, last: Ask) -> bool:
    """Whether a name behind another one says that it only is meant: "the left brow; tail only"."""
    return bool(last.item.only) and not (first.item.only or is_counted(first)) and not last.item.is_layout


def leads_parts(draft: Draft, first: Ask, last: Ask) -> bool:
    """Whether a whole layout stands before names that may be of it: "300W, the left eye and the right brow"."""
    asks = [ask for ask in draft.asks if first.start < ask.start <= last.start]
    is_whole = first.item.says_only("layout", "zero", "frame") and bool(asks)
    is_led = is_whole and asks[0].before <= {"comma", "stop", "line"}
    return is_led and all(ask.item.says_only("phrase", "frame", "only") for ask in asks)


def after(draft: Draft, last: Ask) -> list[Ask]:
    """Return the asks behind one in its sentence."""
    return [ask for ask in draft.asks if ask.start > last.start and ask.sentence == last.sentence]


def are_counted(first: Ask, last: Ask) -> bool:
    """Whether each of two stretches has a number of its own."""
    are_apart = first.group != last.group or first.group < 0
    # "4 points on the bridge, 300W 28 to 31" are the same ones.
    are_alike = (first.item.ids is None) == (last.item.ids is None) or last.before.isdisjoint({"comma", "colon"})
    # "7 points on the upper edge of both brows, 7 per brow".
    is_again = last.phrase.det == "each" and first.item.count == last.item.count and first.item.count is not None
    return bool(last.before) and is_counted(first) and is_counted(last) and are_apart and are_alike and not is_again


def is_counted(ask: Ask) -> bool:
    """Whether an ask has a number."""
    return ask.amount.has_amount or ask.item.has_amount or ask.item.ids is not None


def is_one(ask: Ask) -> bool:
    """Whether an ask is for one point: "one on the chin"."""
    return ask.item.count is not None and ask.item.count.value == 1


def is_vague(draft: Draft, first: Ask, last: Ask) -> bool:
    """Whether a place and what it lies on may be meant for one: not where both are named, or points are counted."""
    stretches = [ask for ask in (first, last) if ask.is_stretch and not is_one(ask) and ask.item.positions is None]
    if (
        is_included(draft, last)
        or (is_counted(first) and not last.before)
        or is_only(first, last)
        or any(ask.item.says_only("layout", "zero", "frame") for ask in (first, last))
    ):
        # "Give me the jaw. Use COFW."
        return True
    if any(map(is_counted, stretches)):
        return False
    text = draft.lattice.text[draft.span(first)[1] : draft.span(last)[0]]
    is_told = bool(stretches) and (":" in text or "?" in text or is_under(draft, first, last))
    is_numbered = last.before <= {"comma"} and (first.item.ids is None) != (last.item.ids is None)
    # "Halfway from the chin to its left end, on the jaw contour".
    is_told = is_told or is_numbered or (stretches == [last] and last.before <= {"comma"})
    return is_told or any(names_no_part(draft, ask) for ask in (first, last))


def is_included(draft: Draft, ask: Ask) -> bool:
    """Whether a name stands beside a word of its being included: "the right half of the jaw, chin included"."""
    before, behind = draft.list_beside(ask, 2)
    return any(one.word in INCLUDING for one in (*before, *behind))


def names_no_part(draft: Draft, ask: Ask) -> bool:
    """Whether the words of an ask name no part, and do not refer to one: "the lowest point", not "its top"."""
    kinds = draft.list_kinds(ask)
    if ask.item.is_layout or kinds & {"NOUN", "NOUNS", "REF"}:
        return False
    items = [one.value for one in draft.entries if one.kind == "item" and ask.start <= one.start < ask.stop]
    return not any(item.phrase is not None and not item.phrase.is_free for item in items)


def is_plain(draft: Draft, first: Ask, last: Ask) -> bool:
    """Whether asks are two of three names or more between commas, or of sentences that are names and no more."""
    starts = [ask.start for ask in draft.asks]
    index, end = starts.index(first.start), starts.index(last.start)
    asks = [first, *takewhile(lambda ask: ask.before == last.before, draft.asks[index + 1 :])]
    asks = [*takewhile(lambda ask: ask.before == last.before, draft.asks[index:0:-1]), *asks]
    if last.item.says_only("layout", "zero", "frame") and not first.item.is_layout:
        # "Jaw 17, eyes 8 each, 300W".
        return False
    if last.before not in PLAIN or len(asks) <= end - index or any(names_no_part(draft, ask) for ask in asks):
        return False
    least = PLAIN[last.before]
    return len(asks) >= least and not any(is_asked_for(draft, ask) for ask in draft.asks[: end + 1])
