"""Layouts and ids beside names of the same points: "left eye: 6 points, 300W", "WFLW 77 to 88, the outer lip loop".

In: an ask of a draft and those before it; out: whether they are the same points, which are then asked for once.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import Ask, Draft
from .layout_ids import list_bases, list_ids
from .layout_lists import find_landmarks, has_its_size, says_its_size

MOST_BEFORE = 8
"""Of a list that is said again."""


def is_bare(ask: Ask) -> bool:
    return ask.item.says_only("phrase", "frame", "only", "faces") and ask.is_named


def list_heads(draft: Draft, index: int) -> list[Ask]:
    """Return the bare names of one sentence that end right before an ask, the whole of their list."""
    sentence = draft.asks[index - 1].sentence
    near = [one for one in draft.asks[max(0, index - MOST_BEFORE) : index] if one.sentence == sentence]
    first = index - len(near)
    if first and draft.asks[first - 1].sentence == sentence:
        return []
    counted = any(draft.has_amount(at) for at in range(first, index - 1)) or near[-1].item.has_amount
    return near if all(map(is_bare, near)) and not counted else []


def list_sized(draft: Draft, index: int) -> list[Ask]:
    """Return the names of a line before a layout that have as many points as it has there, none if one has not.

    "Five points per eyebrow and six points per eye, following the 300W layout".
    """
    line, layout = draft.line_before(index), draft.asks[index].item.layout
    start = index - len(line)
    return line if all(has_its_size(draft, at, layout) for at in range(start, index)) else []


def numbers_last(draft: Draft, index: int) -> bool:
    """Whether a layout only says how what stands before it is numbered: "left eye: 6 points, 300W"; it then is so."""
    last, ask = draft.asks[index - 1 : index + 1]
    is_layout = ask.item.says_only("layout", "zero", "frame") and ask.item.layout is not None
    if not is_layout or ask.sentence != last.sentence or ask.before != {"comma"} or not last.is_named:
        return False
    is_alone = draft.starts_line(index - 1) and draft.ends_line(index) and is_bare(last) and not last.is_place
    if draft.has_amount(index - 1):
        if not says_its_size(draft, index - 1, ask.item.layout):
            return False
    elif not (is_alone and find_landmarks(draft, ask.item.layout, last.phrase)):
        return False
    last.item = replace(last.item, layout=ask.item.layout, zero=ask.item.zero)
    return True


def numbers_all(draft: Draft, index: int) -> bool:
    """Whether a layout says how all of a list is numbered: "eyes and mouth, 68 layout"; it then is so."""
    ask = draft.asks[index]
    is_layout = ask.item.says_only("layout", "zero", "frame") and ask.item.layout is not None
    is_last = draft.ends_line(index) or draft.asks[index + 1].is_removal
    if not is_layout or ask.before != {"comma"} or not is_last:
        return False
    heads = list_sized(draft, index) or ([] if draft.find_own(index - 1) else list_heads(draft, index))
    if len(heads) < 2 or any(one.is_place for one in heads):
        return False
    if not all(find_landmarks(draft, ask.item.layout, one.phrase) for one in heads):
        return False
    for one in heads:
        says_its_size(draft, draft.asks.index(one), ask.item.layout)
        one.item = replace(one.item, layout=ask.item.layout, zero=ask.item.zero)
    return True


def names_ids(draft: Draft, ids: Ask, named: list[Ask], *, is_told: bool = False) -> bool:
    """Whether all the ids of an ask lie on what others name: "WFLW 77 to 88, the outer lip loop".

    Of one sentence, unless words say so ("..., which are the brows").
    """
    item, layout = ids.item, draft.rules.concepts.registry.layouts.get(ids.item.layout or "")
    if not item.says_only("layout", "ids", "zero", "frame") or item.ids is None or layout is None:
        return False
    are_near = is_told or all(ids.sentence == one.sentence for one in named)
    if not are_near or not all(is_bare(one) and not one.is_place for one in named):
        return False
    inside = {number for one in named for number in find_landmarks(draft, item.layout, one.phrase)}
    for base in list_bases(layout, item.zero, draft.ids_from):
        found = {number - 1 for number in list_ids(layout, item, base, draft.span(ids))}
        if found and found <= inside:
            ids.item = replace(item, zero=base)
            return True
    return False


def names_ids_of_all(draft: Draft, index: int) -> bool:
    """Whether ids are those of all that stands before them: "jaw and brows, 27 points, dlib 0-26"."""
    return names_ids(draft, draft.asks[index], list_heads(draft, index))


def names_part_of_ids(draft: Draft, index: int) -> bool:
    """Whether a name is that of the ids before it: "WFLW 77 to 88, the outer lip loop"."""
    return names_ids(draft, draft.asks[index - 1], [draft.asks[index]])
