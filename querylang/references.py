"""References: "that eye", "its pupil", "the other one", "between them"."""

from __future__ import annotations

from dataclasses import replace

from .asks import Ask, Draft, find_phrases, only
from .beside import lie_across, lie_on, refer_to, share_side, take_place, turn_place
from .joining import are_sides, find_side, is_one_side
from .layout_lists import has_points, is_in_layout
from .leaning import turn_ends
from .meaning import Item, Phrase, Range, add
from .numbers import Number
from .owners import own_names


def resolve(draft: Draft, ask: Ask) -> Ask:
    """Return an ask whose references are what they refer to.

    Raises:
        MistakeError: They refer to nothing.
    """
    phrase, asked = ask.phrase, ask.item.range
    if asked is not None and isinstance(asked.first, Phrase) and asked.first.ref == "them":
        ask.item = replace(ask.item, range=find_two(draft, ask))
    elif asked is not None and isinstance(asked.first, Phrase) and asked.first.ref == "there":
        go_on_from(draft, ask, asked)
    elif asked is not None and isinstance(asked.first, Phrase) and asked.first.ref == "start":
        start_again(draft, ask, asked)
    elif asked is not None and any(
        isinstance(end, Phrase) and (end.ref in ("it", "one") or is_other_end(asked, end))
        for end in (asked.first, asked.last)
    ):
        ask.item = replace(ask.item, range=refer_ends(draft, asked, ask.phrase))
    if not phrase.ref:
        return ask
    if phrase.ref == "one" and not ask.before and any(map(draft.ends_owning, draft.asks[-1:])):
        # "The right mouth corner and the right eye's outer one".
        raise draft.mistake("ambiguous", "which place is that? name it", ask)
    made, before = refer(draft, ask)
    if phrase.ref == "one" and before is not None and is_half(made, before.phrase):
        raise draft.mistake("ambiguous", "which one is that? name it", ask, "'the face on the left'")
    is_there = before is not None and is_in_layout(before) and has_points(draft, before.item.layout, made)
    if before is not None and is_there and ask.item == Item(phrase=phrase):
        # "300W, the left eye, and the right one".
        ask.item = replace(ask.item, layout=before.item.layout, zero=before.item.zero)
    made = replace(made, det=made.det or phrase.det)
    ask.become(made, is_narrower=phrase.ref == "it" and not ask.before, is_owned=phrase.ref == "it")
    if phrase.ref in ("one", "other") and before is not None and not made.thing.is_place:
        # "The left eye as a polygon and the right one".
        ask.item = add(ask.item, only(before.item, ("shape",)))
        ask.source = None if ask.item.has_amount else before
    return ask


def is_half(made: Phrase, on: Phrase) -> bool:
    """Whether "the one on the left" would be half of one thing: "5 points on the jaw; the one on the left"."""
    return len(on.thing.units) == 1 and made.ops[:-1] == on.ops and is_one_side(made.ops[-1])


def go_on_from(draft: Draft, ask: Ask, asked: Range) -> None:
    """Let a range start where the one before it ends: "... to the right corner 4 points, from there to the chin 5".

    Raises:
        MistakeError: What stands before it has no such end.
    """
    last = draft.asks[-1] if draft.asks else ask
    end = last.phrase if last.item.range is None else last.item.range.last
    if last is ask or not isinstance(end, Phrase) or (last.item.range is None and not last.thing.is_place):
        raise draft.mistake("ambiguous", "from where? name the place", ask)
    if last.item.range is not None:
        on = ask.item.phrase or last.item.phrase
        goes_back = isinstance(asked.last, Phrase) and asked.last.ref == "start"
        asked = replace(asked, last=last.item.range.first if goes_back else asked.last)
    else:
        on = ask.item.phrase
    ask.item = replace(ask.item, range=replace(asked, first=end), phrase=on)


def start_again(draft: Draft, ask: Ask, asked: Range) -> None:
    """Let a range start where the one before it does: "from the chin to the left jaw end 8 points, to the right one 6".

    Raises:
        MistakeError: There is none.
    """
    last = draft.asks[-1] if draft.asks else ask
    if last is ask or last.item.range is None or last.item.range.last is None or last.sentence + 1 < ask.sentence:
        raise draft.mistake("syntax", f"'{draft.words(ask)}' does not fit here", ask)
    turned = turn_ends(draft, ask.item, last.item.range).range or asked
    ask.item = replace(
        ask.item, range=replace(turned, first=last.item.range.first), phrase=ask.item.phrase or last.item.phrase
    )


def find_two(draft: Draft, ask: Ask) -> Range:
    """Return the range between the two places named last, or between the ends of the last range."""
    last = draft.asks[-1].item.range if draft.asks else None
    if last is not None and not isinstance(last.first, Number):
        return last
    places = [one.phrase for one in draft.asks if not one.phrase.is_free]
    near = [one.phrase for one in draft.asks[-2:]]
    if len(near) == 2 and near[0].is_free and near[0].ops and places[-1:] == near[1:]:
        # "The root and the tip of the nose, with 3 points between them".
        first = lie_on(draft.rules, near[0], near[1], whole=False)
        places[-1:] = [near[1]] if first is None else [first, near[1]]
    if places and len(places[-1].thing.units) == 2:
        return Range(places[-1], None)
    if len(places) < 2:
        raise draft.mistake("ambiguous", "between which places?", ask)
    return Range(places[-2], places[-1])


def is_other_end(asked: Range, end: Phrase) -> bool:
    """Whether an end of a range is "the other one" of its first: "from the left nostril to the other one"."""
    first = asked.first
    return end.ref == "other" and not end.ops and isinstance(first, Phrase) and find_side(first.ops) is not None


def refer_ends(draft: Draft, asked: Range, on: Phrase) -> Range:
    """Return a range whose ends lie on what it is on, or what was named before: "... and 4 from its arch to its head".

    "The right eye from its outer to its inner corner" says itself what they lie on.
    """
    ends = [asked.first, asked.last]
    for number, end in enumerate(ends):
        if not isinstance(end, Phrase) or end.ref not in ("it", "other", "one"):
            continue
        own = [one for one in (*ends[:number], *([] if end.ref == "one" else [on])) if isinstance(one, Phrase)]
        before = [one for ask in reversed(draft.asks) for one in reversed(find_phrases(ask.item))]
        made = (refer_to(draft.rules, end, one) for one in (*own, *before) if not one.is_free)
        ends[number] = next((one for one in made if one is not None), end)
    first, last = ends
    assert first is not None
    return replace(asked, first=first, last=last)


def refer(draft: Draft, ask: Ask) -> tuple[Phrase, Ask | None]:
    """Return what a reference means, and the ask before it that it refers to: the nearest that it fits."""
    phrase = ask.phrase
    settle_last(draft, phrase)
    ways = {
        "it": (refer_to, share_side),
        "side": (share_side,),
        "across": (lie_across,),
        "other": (turn_place, refer_to),
    }
    vague: tuple[Phrase, Ask | None] | None = None
    for read in ways.get(phrase.ref, (refer_to,)):
        for before in reversed(draft.asks):
            # "From the outer to the inner corner of the right eye; the pupil of that eye."
            is_any = phrase.ref in ("it", "that")
            names = find_phrases(before.item) if is_any else [before.phrase] if before.is_named else []
            made = next((found for one in names if (found := read(draft.rules, phrase, one)) is not None), None)
            count = ask.item.count
            if made is not None and count is not None and count.value > 1 and made.thing.is_place:
                # "The left brow and its arch; the other one with 7 points".
                vague = vague or (made, before)
                continue
            if made is not None and made.is_free and not made.fault:
                # "The bottom, and its tip" is not the bottom's tip where anything else has one.
                vague = vague or (made, before)
            elif made is not None:
                return turn_its(draft, ask, made), before
    if vague is None and phrase.ref == "one" and phrase.ops:
        vague = refer_ahead(draft, ask)
    if vague is not None:
        return vague
    is_one = phrase.ref != "other" and not (phrase.is_free or phrase.thing.is_several_sided)
    if phrase.thing.is_sided or is_one or is_of_face(draft, ask):
        is_own = phrase.ref == "it" and not draft.asks and not is_of_face(draft, ask)
        return replace(phrase, ref="", frame=phrase.frame or ("subject" if is_own else "")), None
    if not phrase.is_free and phrase.ref == "that" and not draft.asks:
        raise draft.mistake("ambiguous", "which one is that?", ask, "name its side")
    code = "no_part" if phrase.ref == "one" and not draft.asks else "ambiguous"
    raise draft.mistake(code, "it is not clear what this refers to", ask, "the name of a part")


def is_of_face(draft: Draft, ask: Ask) -> bool:
    """Whether "its" is a face's: "the largest face: its pupils"."""
    faces = any(one.kind == "item" and one.value.faces for one in draft.entries if one.stop <= ask.start)
    return faces and ask.phrase.ref == "it" and not draft.asks and not ask.phrase.is_free


def settle_last(draft: Draft, phrase: Phrase) -> None:
    """Let a side alone before "its" be what it means: "6 on the left brow and 6 on the right except its tail"."""
    if phrase.ref == "it" and any(are_sides(one.phrase) for one in draft.asks[-1:]):
        own_names(draft)


def refer_ahead(draft: Draft, ask: Ask) -> tuple[Phrase, None] | None:
    """Return a reference as about what the next clause names: "the top of the left and the bottom of the right eye"."""
    later = next((entry for entry in draft.entries if entry.start >= ask.stop), None)
    named = later.value.phrase if later is not None and later.kind == "item" and "and" in later.before else None
    if named is None or named.is_free or named.ref:
        return None
    made = refer_to(draft.rules, ask.phrase, named)
    return None if made is None or made.is_free else (made, None)


def turn_its(draft: Draft, ask: Ask, made: Phrase) -> Phrase:
    """Return "its outer", which another one's inner corner tells the rest of, on the side of what was named last.

    "The left eye except its outer corner; the right eye except its inner one" is left out of the right eye, too.
    """
    phrase, last = ask.phrase, draft.asks[-1]
    side = find_side(last.phrase.ops)
    is_its = phrase.ref == "it" or (phrase.ref == "one" and ask.is_removal and not find_side(phrase.ops))
    if not is_its or side is None or last.is_removal or not all(op[0] == "adj" for op in phrase.ops):
        return made
    return take_place(draft.rules, made, (side,), made) or made
