"""The word "face" beside names of its parts: "find the face and mark the left eye" asks for the eye alone.

In: the asks of a draft; out: the same without a face that only says where to look.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import Ask, Draft
from .layout_lists import has_points
from .meaning import WHOLE_FACE, Item
from .restated import opens_bracket

LOOKING = frozenset({"FINDING", "HEADS", "OF"})
"""Words before a face that is looked at: "find", "on", "of"."""
MOST_WORDS = 4
"""Words of "there is a"."""


def set_face_aside(draft: Draft) -> None:
    """Leave out a face that only says where the parts are that are asked for."""
    drop_all_points(draft)
    faces = [ask for ask in draft.asks if is_bare_face(draft, ask)]
    if all(ask in faces or ask.is_removal for ask in draft.asks):
        return
    for face in faces:
        index = draft.asks.index(face)
        if not says_where(draft, face):
            behind = draft.asks[index + 1 : index + 2]
            if draft.opens_list(index) or any({"colon", "line"} <= one.before for one in behind):
                draft.notes.append(f"ignored: '{draft.words(face)}'")
                draft.drop(index)
            else:
                draft.notes.append(f"'{draft.words(face)}' is all of its points")
            continue
        last = draft.asks[index - 1] if index and not face.before else None
        if (
            last is not None
            and last.phrase.is_free
            and (made := draft.rules.sound_phrase(WHOLE_FACE + last.phrase.ops))
        ):
            # "A contour of 40 points for the face".
            last.become(last.phrase.mean(made), is_owned=True)
        draft.drop(index)
        for later in draft.asks[index : index + 1]:
            later.before |= face.before
        for entry in draft.entries if face.phrase.is_plural else ():
            if entry.start == face.start:
                # "Detect faces and mark the pupils".
                entry.value = Item(faces="all")


def drop_all_points(draft: Draft) -> None:
    for index in range(len(draft.asks) - 1, 0, -1):
        if says_all(draft, index):
            draft.drop(index)


def says_all(draft: Draft, index: int) -> bool:
    """Whether "all points" is said of the name before it: "the left eye, all points"."""
    last, ask = draft.asks[index - 1 : index + 1]
    is_all = ask.phrase.ops == WHOLE_FACE and ask.item == Item(phrase=ask.phrase) and ask.before == {"comma"}
    words = [one.word for one in draft.list_lexemes(ask)]
    is_said = is_all and words[0] == "all" and "face" not in words and draft.ends_line(index)
    is_bare = last.item == Item(phrase=last.phrase) and not (last.phrase.is_free or last.is_removal)
    return is_said and is_bare and draft.starts_line(index - 1) and not draft.has_amount(index)


def join_layout(draft: Draft) -> None:
    """Let "using the WFLW layout, every landmark of the largest face" ask for the face in the layout, once."""
    for index in range(len(draft.asks) - 1, 0, -1):
        last, ask = draft.asks[index - 1 : index + 1]
        face, layout = (last, ask) if ask.item.says_only("layout", "zero") else (ask, last)
        is_face = face.item.says_only("phrase", "faces", "frame", "layout") and face.phrase.ops == WHOLE_FACE
        is_layout = layout.item.is_layout and layout.item.says_only("layout", "zero")
        is_apart = "and" in ask.before or ask.sentence != last.sentence or ask.is_removal
        if not is_face or not is_layout or is_apart or face.item.layout not in (None, layout.item.layout):
            continue
        face.item = replace(face.item, layout=layout.item.layout, zero=layout.item.zero)
        face.before = last.before
        draft.drop(draft.asks.index(layout))


def narrow_layout(draft: Draft) -> None:
    """Let "all points of the 300W layout that belong to the eyes" ask for those of the eyes alone."""
    for index in range(len(draft.asks) - 1, 0, -1):
        last, ask = draft.asks[index - 1 : index + 1]
        is_whole = last.item.says_only("phrase", "faces", "frame", "layout") and last.phrase.ops == WHOLE_FACE
        is_whole = is_whole and last.item.layout is not None and not last.is_removal
        is_behind = not ask.before and not ask.is_removal and ask.item.says_only("phrase", "frame")
        if not is_whole or not is_behind or ask.phrase.is_free or ask.sentence != last.sentence:
            continue
        if draft.has_amount(index) or not has_points(draft, last.item.layout, ask.phrase):
            continue
        ask.item = replace(last.item, phrase=ask.phrase, frame=ask.item.frame or last.item.frame)
        ask.before = last.before
        draft.drop(index - 1)


def is_bare_face(draft: Draft, ask: Ask) -> bool:
    """Whether an ask says "the face" and no more: "the whole face", "all of the face" are all of its points."""
    phrase = ask.phrase
    is_bare = phrase.ops == WHOLE_FACE and ask.item.says_only("phrase", "faces", "frame")
    is_bare = is_bare and not (phrase.det or ask.is_removal)
    names = (edge for node in draft.lattice.edges[ask.start : ask.stop] for edge in node if edge.category == "NOUN")
    return is_bare and all(edge.stop - edge.start == 1 for edge in names)


def says_where(draft: Draft, ask: Ask) -> bool:
    """Whether a face is looked at, or stands in brackets."""
    if opens_bracket(draft, ask):
        return True
    if any(one.stop == ask.start and one.kind == "item" and one.value.faces for one in draft.entries):
        # "On the left person's face, the upper lip".
        return True
    before = draft.lattice.edges[max(0, ask.start - MOST_WORDS) : ask.start]
    found = {edge.category for node in before for edge in node if edge.stop == ask.start}
    return not found.isdisjoint(LOOKING)
