"""Layouts and ids beside names of the same points: "left eye: 6 points, 300W", "WFLW 77 to 88, the outer lip loop".

In: an ask of a draft and those before it; out: whether they are the same points, which are then asked for once.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from .asks import Ask, Draft, flip
from .layout_ids import list_bases, list_ids
from .layout_lists import find_landmarks, has_its_size, has_label, says_its_size
from .meaning import Item

LISTED = frozenset({"and", "comma"})
USING = frozenset({"use", "using", "follow", "following"})
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
    """Whether a layout says how all of a list is numbered: "eyes and mouth, 68 layout", "..., both from WFLW"."""
    ask = draft.asks[index]
    is_layout = ask.item.says_only("layout", "zero", "frame", "each") and ask.item.layout is not None
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


def leads_names(draft: Draft, index: int) -> bool:
    """Whether a layout says in what the names behind it are: "from 300W, the eyes and the jaw", "..., ... only".

    They then are.
    """
    layout, first = draft.asks[index - 1 : index + 1]
    is_whole = layout.item.says_only("layout", "zero", "frame") and layout.item.layout is not None
    if not is_whole or layout.is_removal or first.before != {"comma"} or not draft.starts_line(index - 1):
        return False
    names = [
        first,
        *takewhile(lambda one: one.sentence == first.sentence and one.before <= LISTED, draft.asks[index + 1 :]),
    ]
    is_led = any(edge.category == "FROM" for edge in draft.lattice.edges[layout.start]) or bool(names[-1].item.only)
    are_bare = all(is_bare(one) and not draft.find_own(at) for at, one in enumerate(names, index))
    if not (is_led and are_bare and all(find_landmarks(draft, layout.item.layout, one.phrase) for one in names)):
        return False
    for one in names:
        one.item = replace(one.item, layout=layout.item.layout, zero=layout.item.zero)
    return True


def numbers_before(draft: Draft, index: int) -> bool:
    """Whether a layout said at the end says how all is numbered: "the eyes. Use 300W."; all then is so.

    Raises:
        MistakeError: It has no points there, or others.
    """
    ask, before = draft.asks[index], draft.asks[:index]
    is_layout = ask.item.says_only("layout", "zero", "frame", "only") and ask.item.layout is not None
    is_last = index + 1 == len(draft.asks) and bool(ask.before) and ask.before <= {"stop", "line"}
    words = {one.word for one in draft.list_beside(ask, 2)[0]}
    is_manner = bool(ask.item.only) or has_label(draft, ask) or not words.isdisjoint(USING)
    if not (is_layout and is_last and is_manner) or any(one.is_removal or one.item.is_layout for one in before):
        return False
    counted = [at for at in range(index) if draft.has_amount(at)]
    bare = [one for at, one in enumerate(before) if at not in counted]
    are_all = all(has_its_size(draft, at, ask.item.layout) for at in counted)
    if not are_all or not all(is_bare(one) and find_landmarks(draft, ask.item.layout, one.phrase) for one in bare):
        if words.isdisjoint(USING):
            return False
        raise draft.mistake("contradiction", "a layout has its own points, and takes no others", ask)
    for at, one in enumerate(before):
        says_its_size(draft, at, ask.item.layout)
        one.item = replace(one.item, layout=ask.item.layout, zero=ask.item.zero)
    return True


def names_ids(draft: Draft, ids: Ask, named: list[Ask], *, is_told: bool = False) -> bool:
    """Whether all the ids of an ask lie on what others name: "WFLW 77 to 88, the outer lip loop".

    Of one sentence, unless words say so ("..., which are the brows").  Of places ("the pupils, WFLW 97 and 98") they
    are all that the layout has there, and of what is counted as many as it says.
    """
    item, layout = ids.item, draft.rules.concepts.registry.layouts.get(ids.item.layout or "")
    if not item.says_only("layout", "ids", "zero", "frame", "only") or item.ids is None or layout is None:
        return False
    are_near = is_told or all(ids.sentence == one.sentence for one in named)
    if not are_near or not named or not all(is_bare(replace_count(one)) for one in named):
        return False
    inside = {number for one in named for number in find_landmarks(draft, item.layout, one.phrase)}
    told = [one.item.count for one in named if one.item.count is not None]
    for base in list_bases(layout, item.zero, draft.ids_from):
        found = {number - 1 for number in list_ids(layout, item, base, draft.span(ids))}
        are_all = found == inside or not any(one.is_place for one in named)
        are_counted = not told or (len(named) == 1 and told[0].value == len(found))
        if found and found <= inside and are_all and are_counted:
            ids.item = replace(item, zero=base)
            return True
    return False


def replace_count(ask: Ask) -> Ask:
    """Return an ask without its number, where it says nothing else of how many."""
    return replace(ask, item=replace(ask.item, count=None))


def names_ids_of_all(draft: Draft, index: int) -> bool:
    """Whether ids are those of all that stands before them: "jaw and brows, 27 points, dlib 0-26"."""
    return names_ids(draft, draft.asks[index], list_heads(draft, index))


def names_ids_of_last(draft: Draft, index: int) -> bool:
    """Whether ids are those of the counted name before them: "4 points on the bridge of the nose, 300W 28 to 31"."""
    last = draft.asks[index - 1]
    return last.item.count is not None and names_ids(draft, draft.asks[index], [last])


def names_part_of_ids(draft: Draft, index: int) -> bool:
    """Whether a name is that of the ids before it: "WFLW 77 to 88, the outer lip loop"."""
    return names_ids(draft, draft.asks[index - 1], [draft.asks[index]])


def names_other_ids(draft: Draft, first: Ask, last: Ask) -> bool:
    """Whether ids beside a name are those of the other side: "the left eye, dlib 42 to 47", the person's own left."""
    ids, named = (first, last) if first.item.ids is not None else (last, first)
    if ids.item.ids is None or not is_bare(named):
        return False
    line = [ask for ask in draft.asks if ask.sentence == first.sentence]
    if line != [first, last] or last.before not in ({"comma"}, {"colon"}):
        return False
    turned = draft.rules.phrase(tuple(flip(op) for op in named.phrase.ops))
    return turned != named.phrase and names_ids(draft, ids, [replace(named, item=Item(phrase=turned))])
