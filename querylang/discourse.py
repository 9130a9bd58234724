"""The discourse: what clauses mean beside one another: owners, references, whose left it is, shared amounts.

In: the entries of `chart.py`; out: asks, each a region with the amount that binds to it, in the order in which the
points are wanted.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from .amounts import Amounts
from .asks import Ask, Draft, find_phrases
from .clauses import Clauses
from .concept_data import Unit
from .headings import drop_headers, says_each, weave
from .joining import find_side
from .listed_steps import spread_steps
from .meaning import WHOLE_FACE, Item, Phrase
from .overrides import apply_overrides
from .owners import own_all
from .respective import give_counts
from .restated import drop_restated
from .said_again import drop_said_again
from .side_headings import find_depth
from .ways import spread_shapes, spread_ways
from .whole_face import join_layout, narrow_layout, set_face_aside


def bind(draft: Draft, perspective: str) -> None:
    """Bind the entries of a draft to each other: its asks are what they ask for.

    Raises:
        MistakeError: A clause refers to nothing, or asks for nothing.
    """
    Clauses(draft).read_entries()
    if all(ask.is_removal for ask in draft.asks) or "but" in draft.asks[0].before:
        ask_whole(draft)
    ask_layout_left(draft)
    join_layout(draft)
    narrow_layout(draft)
    set_face_aside(draft)
    refuse_changed_layout(draft)
    join_ways(draft)
    own_all(draft)
    spread_ways(draft)
    spread_shapes(draft)
    spread_steps(draft)
    drop_headers(draft)
    weave(draft)
    refuse_both(draft)
    settle_sides(draft, perspective)
    drop_restated(draft)
    drop_said_again(draft)
    give_counts(draft)
    Amounts(draft).bind_amounts()
    apply_overrides(draft)


def ask_whole(draft: Draft) -> None:
    """Ask for what an amount alone means: a layout by its size ("68 landmarks"), or every part ("5 per part")."""
    for loose in draft.loose:
        item = loose.item
        layout = draft.rules.by_size(item.count, known=True) if item.count is not None else None
        if item.each and item.has_amount:
            whole = Item(phrase=draft.rules.phrase(WHOLE_FACE))
        elif layout is not None and draft.asks[:1] and draft.asks[0].item.only:
            # "98-point landmarks, but only those of the eyes".
            for ask in draft.asks:
                ask.item = replace(ask.item, layout=layout.layout)
            draft.loose.remove(loose)
            return
        elif layout is not None:
            whole, loose.item = layout, replace(item, count=None)
        else:
            continue
        draft.asks.insert(0, Ask(whole, loose.start, loose.stop, loose.sentence, frozenset()))
        draft.loose = [one for one in draft.loose if one.item != Item(each=True)]
        for one in draft.loose:
            one.at += one is loose or one.at > 0
        return


def ask_layout_left(draft: Draft) -> None:
    """Ask for the layout that everything is left out of: "remove the jaw and the brows from 300W"."""
    if not draft.asks or not all(ask.is_removal for ask in draft.asks):
        return
    last = draft.asks[-1]
    if last.item.layout is not None and last.item.phrase is not None:
        whole = Item(layout=last.item.layout, zero=last.item.zero)
        draft.asks.insert(0, Ask(whole, last.start, last.stop, last.sentence, frozenset()))


def refuse_changed_layout(draft: Draft) -> None:
    """Raise the mistake of a layout that is to have other points: "68 points, but with 8 per eye"."""
    for index, (last, ask) in enumerate(pairwise(draft.asks), 1):
        is_changed = "but" in ask.before and not ask.is_removal and draft.has_amount(index)
        if is_changed and last.item.is_layout and not last.item.ids:
            raise draft.mistake("contradiction", "a layout has its own points and takes no number", ask)


def join_ways(draft: Draft) -> None:
    """Make one range of two without a number: "from the left corner to the bow and on to the right one"."""
    for index in range(len(draft.asks) - 1, 0, -1):
        ask, later = draft.asks[index - 1 : index + 1]
        way, onward = ask.item.range, later.item.range
        if way is None or onward is None or way.last is None or onward.first is not way.last:
            continue
        if draft.has_amount(index - 1) or draft.has_amount(index) or not isinstance(way.last, Phrase):
            continue
        if any(one.item.each and one.sentence == later.sentence for one in (*draft.asks[index:], *draft.loose)):
            # "From the left end to the corner, and from there to the chin: 5 points on each".
            continue
        ask.item = replace(ask.item, range=replace(way, last=onward.last), via=ask.item.via or way.last)
        ask.stop = later.stop
        draft.drop(index)


def refuse_both(draft: Draft) -> None:
    """Raise the mistake of "both" of what there is but one of ("both chins"), not of "both the chin and ..."."""
    for index, ask in enumerate(draft.asks):
        later = draft.asks[index + 1 : index + 2]
        is_pair = "and" in ask.before or any("and" in one.before for one in later)
        is_one = ask.phrase.det == "both" and says_each(draft, ask) and len(ask.thing.units) == 1
        if is_one and not is_pair and ask.item.range is None:
            raise draft.mistake("ambiguous", f"'{draft.words(ask)}': there is only one", ask)


def settle_sides(draft: Draft, perspective: str) -> None:
    """Decide for each ask whose left is left: its words, an owner carried through its sentence, or the setting."""
    carried = read_loose_owners(draft)
    lines = draft.number_lines()
    # An owner named last owns no lines before its own.
    late = {lines[i]: i for i, ask in enumerate(draft.asks) if ask.item.late or ask.phrase.is_late}
    for i, ask in enumerate(draft.asks):
        frame, last = frame_of(draft, ask), late.get(lines[i], -1)
        if frame and (ask.thing.is_sided or not ask.item.faces):
            # "The whole face of the person on the left" chooses a face.
            carried[ask.sentence] = frame
        settle(draft, ask, frame or ("subject" if i < last else carried.get(ask.sentence, perspective)), perspective)


def read_loose_owners(draft: Draft) -> dict[int, str]:
    """Apply owners that stand by themselves to what they own; return those carried on, by sentence."""
    carried: dict[int, str] = {}
    sentences = {ask.sentence for ask in draft.asks}
    for loose in draft.loose:
        if loose.item.frame and loose.sentence not in sentences and loose.item.says_only("frame"):
            # "Left and right are the person's own here. ..."
            carried |= {sentence: loose.item.frame for sentence in sentences if sentence not in carried}
        elif loose.item.frame:
            for ask in draft.asks[: loose.at]:
                if ask.sentence == loose.sentence and not frame_of(draft, ask):
                    ask.item = replace(ask.item, frame=loose.item.frame)
            if draft.asks[loose.at : loose.at + 1] and loose.sentence == draft.asks[loose.at].sentence:
                carried[loose.sentence] = loose.item.frame
    return carried


def settle(draft: Draft, ask: Ask, frame: str, perspective: str) -> None:
    """Let an ask mean its units in the perspective in force."""
    thing = ask.thing
    ask.units = put_first(ask, thing.units if frame == "viewer" else thing.turned, frame)
    ask.item = replace(ask.item, frame=frame)
    draft.notes += thing.notes
    if frame == "subject" != perspective and thing.units != thing.turned:
        draft.notes.append("left is the person's own, as the words say, and lies on the picture's right")


def frame_of(draft: Draft, ask: Ask) -> str:
    """Return whose left the words of an ask say is left, "" where they say nothing."""
    frames = {phrase.frame for phrase in find_phrases(ask.item)} | {ask.item.frame or ""}
    frames.discard("")
    if len(frames) > 1:
        raise draft.mistake("contradiction", "both the person's own left and the picture's", ask)
    return frames.pop() if frames else ""


def put_first(ask: Ask, units: tuple[Unit, ...], frame: str) -> tuple[Unit, ...]:
    """Return units with those of one side first, if one is to be; or the inner or outer ones, of each if so said."""
    first = ask.first
    if depth := find_depth(first):
        is_each = bool(ask.phrase.det)
        return tuple(sorted(units, key=lambda unit: (is_each and unit.side, unit.depth != depth)))
    side = find_side(first.ops)
    if side is None:
        return units
    wanted = side[1][0][1 if (first.frame or frame) == "viewer" else 2]
    return tuple(sorted(units, key=lambda unit: (unit.side or unit.end) != wanted))
