"""Names said again, in brackets or behind "i.e.": "the nose tip (pronasale)", "camera left, i.e. her right brow".

In: asks of whose left it is known whose it is; out: those without what only says another one again.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise, takewhile

from .asks import AMOUNTS, Ask, Draft, only
from .beside import whose
from .entries import Entry
from .joining import find_side, is_one_side, is_side
from .meaning import add
from .side_headings import ARTICLES, is_doctors, only_side

MOST_INSIDE = 20
"""No bracket says again what so many items say."""


def mark_inside(draft: Draft, number: int) -> None:
    """Let a clause in brackets stand behind a comma, and one that "with" joins to a bare name behind a colon.

    "Jaw with 1 point on the chin and 2 on each side" is no jaw besides.
    """
    entry, last = draft.entries[number], draft.entries[number - 1] if number else None
    if entry.before:
        return
    if opens_bracket(draft, entry):
        entry.before = frozenset({"comma"})
    elif last is not None and last.kind == entry.kind == "item" and last.value.says_only("phrase"):
        phrase, item = last.value.phrase, entry.value
        lies = item.phrase is not None and (item.phrase.is_free or item.phrase.thing.parts <= phrase.thing.parts)
        if lies and item.count is not None and [one.word for one in draft.list_beside(entry, 1)[0]] == ["with"]:
            entry.before = frozenset({"colon"})


def opens_bracket(draft: Draft, clause: Ask | Entry) -> bool:
    """Whether a clause stands right behind a bracket that opens."""
    at = draft.lattice.nodes[clause.start] - 1
    while at >= 0 and draft.lattice.lexemes[at].word in ARTICLES:
        at -= 1
    return at >= 0 and draft.lattice.lexemes[at].word == "("


def settle_side(draft: Draft, entry: Entry) -> bool:
    """Whether an entry only says whose side those before it are on: "the left eye (viewer's left)"."""
    side = only_side(entry.value)
    if not draft.asks or side is None or len(side.ops) != 1 or not is_side(side.ops[0]):
        return False
    asks = [ask for ask in draft.asks if ask.sentence == draft.asks[-1].sentence]
    sides = [op for ask in asks if (op := find_side(ask.phrase.ops)) is not None]
    own = {op[1][0][1] for op in sides}
    # "..., patient's right" says whose right that was, also behind "its head and tail".
    is_told = bool(whose(side)) or entry.before == {"stop"}
    is_same = bool(entry.before) and entry.before <= {"comma", "stop"} and is_told and own == {side.ops[0][1][0][1]}
    if is_same and not any(ask.phrase.frame for ask in asks):
        sided = [ask for ask in asks if find_side(ask.phrase.ops) is not None]
    elif opens_bracket(draft, entry) and find_side(asks[-1].phrase.ops) is not None:
        sided = asks[-1:]
    else:
        return False
    for ask in sided:
        made = draft.rules.phrase(tuple(side.ops[0] if is_one_side(op) else op for op in ask.phrase.ops))
        if made is None:
            return False
        ask.become(replace(ask.phrase.mean(made), frame=whose(side)))
    return True


def drop_restated(draft: Draft) -> None:
    """Leave out what only names again what stands before it; a number it says is that one's."""
    index = 1
    while index < len(draft.asks):
        count = count_inside(draft, index)
        inside = draft.asks[index : index + count]
        if inside and restates(draft.asks[index - 1], inside):
            draft.notes.append(f"ignored: '{draft.words(inside[0], inside[-1])}'")
            draft.asks[index - 1].item = add(draft.asks[index - 1].item, only(inside[-1].item, AMOUNTS))
            del draft.asks[index : index + count]
            for loose in draft.loose:
                loose.at -= max(0, min(count, loose.at - index))
        else:
            index += 1


def count_inside(draft: Draft, index: int) -> int:
    """Return how many asks from one on stand in a bracket that opens before it, or behind "i.e."."""
    ask, lexemes = draft.asks[index], draft.lattice.lexemes
    first = draft.lattice.nodes[ask.start]
    words = [one.word for one in lexemes[max(0, first - 4) : first]]
    if ("i", "e") in pairwise(words):
        return 1
    last = draft.asks[index - 1]
    is_short = is_doctors(last, last.phrase) or is_doctors(ask, ask.phrase)
    if is_short and ask.before == {"comma"} and last.units == ask.units:
        # "OD, right eye", "the patient's left eye, OS".
        return 1
    if not opens_bracket(draft, ask):
        return 0
    closing = next((i for i in range(first, len(lexemes)) if lexemes[i].word == ")"), len(lexemes))
    inside = takewhile(lambda one: draft.lattice.nodes[one.start] < closing, draft.asks[index:])
    count = len(list(islice(inside, MOST_INSIDE + 1)))
    return count if count <= MOST_INSIDE else 0


def restates(ask: Ask, inside: list[Ask]) -> bool:
    """Whether asks in brackets name all that the one before them names, and nothing else."""
    *others, last = inside
    plain = [*(one.item for one in others), replace(last.item, **dict.fromkeys(AMOUNTS))]
    if any(not item.says_only("phrase", "frame") for item in plain) or ask.item.range is not None:
        return False
    if last.item.has_amount and ask.item.has_amount:
        return False
    return bool(ask.pieces) and {piece for one in inside for piece in one.pieces} == {*ask.pieces}
