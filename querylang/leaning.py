"""Names that lean on the one beside them: what they leave out is said there.

In: an ask of a draft; out: its name in full, None where it leaves nothing out. "The left corner of the mouth, the right
corner", "the middle of the left brow, then of the mouth", "the left eye's and the right eye's pupils".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .asks import Ask, Draft
from .beside import contrast, move_place, oppose, swap_piece, take_place, turn_side
from .canonical import write_query
from .concept_data import SIDES
from .joining import are_sides, find_side
from .meaning import End, Item, Phrase, Range
from .phrase_compositions import HALF
from .pieces import Place
from .rules import Rules
from .runs import PlaceRun, merge_places
from .word_edges import SKIP

STEPS = ("every", "pixels", "segments", "density", "positions", "nth")
"""Ways to say where points lie."""
MIDDLE = ("rel", "middle")
MOST_BETWEEN = 6
"""Names between one of two opposites and the other."""


def turn_over_one(rules: Rules, phrase: Phrase, before: Sequence[Ask], sentence: int) -> Phrase | None:
    """ "Left jaw angle, chin, right": a side alone is that of the place before the last one, which has none."""
    first, last = before
    if not (first.thing.is_place and last.thing.is_place) or first.sentence != sentence or first.item.has_amount:
        return None
    return turn_side(rules, phrase, first.phrase) if turn_side(rules, phrase, last.phrase) is None else None


def share_plural(draft: Draft, index: int) -> Phrase | None:
    """ "The outer corners of the left eye and the right eye": many of what is one on each is one of both.

    "The upper half of the left eye and of the right one" says so itself.
    """
    ask, before = draft.asks[index], draft.asks[index - 1]
    last = before.phrase
    if index and is_one_of_many(draft, index):
        made = move_place(draft.rules, ask.phrase, last)
        if made is not None and len(made.thing.units) == 1:
            return replace(made, is_plural=True, is_of=True)
    own, rest = last.ops[: last.owner_len], last.ops[last.owner_len :]
    is_bare = ask.item == Item(phrase=ask.phrase) and not ask.phrase.is_free
    if not (index and own and rest and is_bare) or draft.starts_line(index):
        return None
    if not ("of" in before.before if before.is_owned else last.is_of):
        return None
    is_alike = len(ask.phrase.ops) == len(own) and ask.phrase.ops[0] == own[0] and ask.phrase.ops != own
    is_many = is_alike and last.is_plural and len(last.thing.units) == 1 and ask.before == {"and"}
    if not is_many and "of" not in ask.before:
        return None
    if len(own) > len(ask.phrase.ops) and (made := swap_piece(draft.rules, ask.phrase, last)) is not None:
        return made
    made = draft.rules.sound_phrase((*ask.phrase.ops, *rest))
    return None if made is None else replace(ask.phrase.mean(made), owner_len=len(own), is_plural=True)


def repeats_way(draft: Draft, index: int) -> bool:
    """Whether a name behind "of" is asked in the way of the one before: "every 20% of the left brow, of the jaw"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    last = last.source or last
    is_way = last.item.has_amount and last.item.count is None and ask.sentence == last.sentence
    if not (index and is_way and any(getattr(last.item, name) is not None for name in STEPS)):
        return False
    return ask.item == Item(phrase=ask.phrase) and not draft.find_own(index) and follows_of(draft, ask)


def is_one_of_many(draft: Draft, index: int) -> bool:
    """Whether several places are those of a list, one each: "the midpoints of the left brow and the bridge"."""
    ask, before = draft.asks[index], draft.asks[index - 1]
    last = before.phrase
    is_many = last.is_plural and last.is_of and before.thing.is_place and len(before.thing.units) == 1
    if not is_many or before.item.has_amount:
        return False
    is_list = ask.before <= {"comma", "and"} and ask.sentence == before.sentence and not draft.starts_line(index)
    return is_list and ask.item == Item(phrase=ask.phrase) and not (ask.phrase.is_free or ask.thing.is_place)


def tell_shared(draft: Draft, index: int) -> None:
    """Note that "the corners of the eyes and the mouth" may be those of the mouth, too."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    phrase, own = last.phrase, last.phrase.owner_len
    is_many = index > 0 and phrase.is_of and phrase.is_plural and last.thing.is_place and 0 < own < len(phrase.ops)
    if not is_many or ask.before != {"and"} or ask.item != Item(phrase=ask.phrase) or ask.phrase.is_free:
        return
    made = None if ask.thing.is_place else draft.rules.sound_phrase((*ask.phrase.ops, *phrase.ops[own:]))
    if made is not None and made.thing.is_place and made.thing.units == made.thing.turned:
        runs = [PlaceRun(piece.part, (piece.fpalp,)) for piece in made.thing.pieces if isinstance(piece, Place)]
        other = write_query(merge_places(runs), None, "largest", draft.rules.concepts.registry)
        draft.notes.append(f"'{draft.words(ask)}' is all of it; for the same places on it: {other}")


def share_place(draft: Draft, index: int) -> Phrase | None:
    """ "The middle of the left brow, then of the mouth", "the mouth's left corner and the right eye's": the same place.

    Raises:
        MistakeError: A possessive waits for a place, and the one beside it is none of its part.
    """
    ask = draft.asks[index]
    waits, is_short = waits_for_place(draft, index), is_short_side(draft, index)
    if not ask.phrase.ops or not (waits or is_short or continues_of(draft, index)):
        return None
    later = draft.asks[index + 1 : index + 2]
    # "The left eye's and the right eye's pupils" have the place behind.
    is_ahead = waits and any(one.before for one in later) and not draft.ends_line(index)
    beside = later[0] if is_ahead else draft.asks[index - 1]
    is_cut = waits and any(not one.before for one in later)
    made = None
    is_counted = waits and draft.has_amount(index)
    is_beside = beside is not ask and beside.sentence + is_counted >= ask.sentence and bool(beside.phrase.ops)
    if is_beside and not is_cut and ("of" in ask.before or is_short or is_counted or not ask.item.has_amount):
        ways = (turn_side, contrast, swap_piece, move_place)
        made = next(filter(None, (way(draft.rules, ask.phrase, beside.phrase) for way in ways)), None)
    # "The first third of the nose bridge and of the left eye", which has none.
    is_portion = [op[0] for op in draft.asks[index - 1].phrase.ops[-1:]] == ["portion"]
    is_cut_off = is_portion and is_beside and "of" in ask.before and ask.item == Item(phrase=ask.phrase)
    if made is None and (waits or is_cut_off):
        raise draft.mistake("ambiguous", f"'{draft.words(ask)}' what?", ask)
    return made


def share_counted(draft: Draft, index: int) -> Phrase | None:
    """ "Four corners of the eyes and two of the mouth": so many of the same places."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    count = ask.item.count
    if not index or count is None or not ask.item.says_only("phrase", "count") or ask.sentence != last.sentence:
        return None
    is_counted = last.thing.is_place and (last.item.count is not None or last.phrase.det == "all")
    if not is_counted or ask.phrase.is_free or ask.thing.is_place or any(op[0] == "portion" for op in ask.phrase.ops):
        return None
    made = move_place(draft.rules, ask.phrase, last.phrase)
    return made if made is not None and len(made.thing.units) == count.value else None


def turn_ends(draft: Draft, item: Item, last: Range) -> Item:
    """Return a range whose ends are only sides as from, or to, the other side of what the last one ran: "5 from the
    left corner to the bow, 5 from the right", "from the chin to the left jaw end, and from the chin to the right".
    """
    asked = item.range
    origin = item.origin if isinstance(item.origin, Phrase) else None
    # "..., starting on the left side" says which end comes first.
    is_side = origin is not None and [op[0] for op in origin.ops] == ["portion"] and not item.has_amount
    if asked is None and origin is not None and not is_side and not item.is_region and last.last is not None:
        asked, item = Range(origin, last.last), replace(item, origin=None)
    if asked is None:
        return item
    ends: list[End | None] = []
    for end, *beside in ((asked.first, last.first, last.last), (asked.last, asked.first, last.last, last.first)):
        made: list[Phrase | None] = []
        if isinstance(end, Phrase) and end.ref in ("", "one"):
            named = [one for one in beside if isinstance(one, Phrase) and not one.is_free]
            made = [turn_side(draft.rules, replace(end, ref=""), one) for one in named]
        ends.append(next(filter(None, made), end))
    first, to = ends
    return item if first is None else replace(item, range=replace(asked, first=first, last=to))


def put_ends(rules: Rules, item: Item) -> Item:
    """Return a range whose ends name no side on the one that it lies on: "gonion to chin tip on the left"."""
    asked, side = item.range, item.via
    if asked is None or side is None:
        return item
    kind, _, *choice = (*side.ops[:1], ("", ""))[0]
    if kind == "portion" and len(side.ops) == 1 and choice[0] in SIDES:
        # "From ear to chin on the left side".
        side = replace(side, ops=(("adj", (("side", *choice),)),))
    if not are_sides(side):
        return item
    ends = [asked.first, asked.last]
    for number, end in enumerate(ends):
        if isinstance(end, Phrase) and end.thing.is_pair and not end.thing.is_sided:
            ends[number] = rules.on_side(end.ops, *side.ops, frame=side.frame) or end
    first, last = ends
    is_put = ends != [asked.first, asked.last]
    assert first is not None
    return replace(item, range=replace(asked, first=first, last=last), via=None) if is_put else item


def halve(rules: Rules, item: Item) -> Item:
    """Return the middle of a curve between two places as what lies halfway: "the middle of the jaw between A and B"."""
    phrase, asked = item.phrase, item.range
    if phrase is None or asked is None or item.has_amount or phrase.ops[-1:] != (MIDDLE,):
        return item
    made = rules.sound_phrase(phrase.ops[:-1]) if isinstance(asked.last, Phrase) else None
    return item if made is None else replace(item, phrase=phrase.mean(made), positions=(HALF,))


def lies_between(asks: Sequence[Ask], item: Item) -> bool:
    """Whether a clause only says where the place before it lies: "the two peaks and the dip between them"."""
    first = item.range.first if item.range is not None else None
    if len(asks) < 2 or not item.says_only("range") or not isinstance(first, Phrase) or first.ref != "them":
        return False
    last = asks[-1]
    return asks[-2].thing.is_place and (last.is_rel or last.thing.is_place) and not last.item.has_amount


def waits_for_place(draft: Draft, index: int) -> bool:
    """Whether a name ends in an apostrophe-s that owns nothing after it."""
    ask, later = draft.asks[index], draft.asks[index + 1 : index + 2]
    own = draft.list_lexemes(ask)
    if not own or not ends_in_owner(draft, ask):
        return False
    after = next((one for one in draft.lattice.lexemes if one.start > own[-1].start), None)
    is_last = after is None or after.type != "word"
    # "The right eye's outer" lacks a place, "the jaw's two ends" does not.
    are_cut = (
        one.before == {"and"} or not (one.before or any(op[0] != "adj" for op in one.phrase.ops)) for one in later
    )
    return (is_last and draft.ends_line(index)) or any(are_cut)


def ends_in_owner(draft: Draft, ask: Ask) -> bool:
    """Whether a name ends in an apostrophe-s, whatever its number behind it: "the right eye's with 4"."""
    lattice = draft.lattice
    # "The right eye's 4 points" are its own.
    counting = SKIP if any(edge.category == "POINTS" for edge in lattice.edges[ask.stop - 1]) else "NUMBER"
    is_counted = False
    for node in range(ask.stop - 1, ask.start - 1, -1):
        categories = {edge.category for edge in lattice.edges[node]}
        if lattice.lexemes[lattice.nodes[node]].is_possessive:
            # "The right one's in 3" is said in full.
            return (is_counted and "ONE" not in categories) or node == ask.stop - 1
        if categories.isdisjoint(("NUMBER", "POINTS", SKIP)):
            break
        is_counted = is_counted or (counting in categories and "POINTS" not in categories)
    return False


def is_short_side(draft: Draft, index: int) -> bool:
    """Whether a name is no more than a doctor's word for a side, after what lies on the other: "OD pupil, then OS",
    "upper lid OD 6, OS 5".
    """
    ask, last = draft.asks[index], draft.asks[index - 1]
    is_counted = ask.item.count is not None
    is_short = ask.phrase.frame == "subject" and len(ask.phrase.ops) <= 2 and ask.stop - ask.start == 1 + is_counted
    is_alike = index > 0 and draft.has_amount(index) == draft.has_amount(index - 1) and not draft.opens_list(index)
    side = find_side(last.phrase.ops) if last.phrase.frame == ask.phrase.frame else None
    is_piece = last.thing.is_place or len(last.phrase.ops) > len(ask.phrase.ops)
    return bool(is_short and is_alike and is_piece and side and side != find_side(ask.phrase.ops))


def continues_of(draft: Draft, index: int) -> bool:
    """Whether a name goes on with what the one before it began: "the middle of the left brow, then of the mouth"."""
    last = draft.asks[index - 1]
    holds_of = any(edge.category == "OF" for node in draft.lattice.edges[last.start : last.stop] for edge in node)
    is_begun = last.phrase.is_of or (last.is_owned and (holds_of or follows_of(draft, last)))
    return index > 0 and is_begun and follows_of(draft, draft.asks[index])


def follows_of(draft: Draft, ask: Ask) -> bool:
    """Whether "of" stands before a name, and nothing before it that it could belong to."""
    if "of" in ask.before:
        return True
    if ask.start < 2:
        return False
    before, of = ({edge.category for edge in draft.lattice.edges[node]} for node in (ask.start - 2, ask.start - 1))
    return "OF" in of and not before.isdisjoint(("AND", "COMMA", "THEN"))


def differ_below(draft: Draft, index: int) -> Phrase | None:
    """ "Left eye: inner corner, outer corner. Right eye: inner, outer": as above it, on the side that heads it."""
    phrase, head, above = draft.asks[index].phrase, draft.asks[index - 1].phrase, draft.asks[index - 2].phrase
    side = find_side(head.ops)
    if side is None or head.thing.is_place or not all(op[0] == "adj" for op in phrase.ops) or not above.ops:
        return None
    made = contrast(draft.rules, phrase, above)
    return None if made is None else take_place(draft.rules, made, (side,), made)


def differ_from_last(draft: Draft, index: int) -> Phrase | None:
    """Return what differs from the item right before it: "..., the inner lip's upper edge 5, lower edge 5"."""
    ask, last = draft.asks[index], draft.asks[index - 1]
    if index > 1 and draft.opens_list(index - 1) and ask.phrase.is_free and ask.phrase.ops[:1]:
        return differ_below(draft, index)
    if not index or draft.starts_line(index) or last.is_removal or not last.phrase.ops:
        return None
    made = contrast(draft.rules, ask.phrase, last.phrase)
    is_listed = ask.before == {"comma"} and any("comma" in one.before for one in draft.asks[index + 1 : index + 2])
    is_after_place = last.thing.is_place and ask.before == {"comma"} and draft.ends_line(index)
    if made is None and (is_listed or is_after_place):
        made = oppose(draft.rules, ask.phrase, last.phrase)
    is_done = last.thing.is_place or draft.has_amount(index - 1)
    if made is None and is_done and ask.before == {"comma"} and (is_listed or draft.ends_line(index)):
        # "The jaw: left end, chin, right end"; a last one that is no more than named may be narrowed instead.
        near = draft.asks[max(0, index - MOST_BETWEEN) : index - 1]
        earlier = [one for one in near if one.sentence == ask.sentence and one.phrase.ops]
        found = ((contrast(draft.rules, ask.phrase, one.phrase), one.phrase.ops) for one in reversed(earlier))
        made = next((made for made, ops in found if made is not None and made.ops != ops), None)
    return made if made is not None and made.ops != last.phrase.ops else None
