"""Cases of the laws about words that point back: its, that eye, the other one, the same, between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from law_composition import commas, owned, sentence
from law_oracle import TURN, F, Point, Stretch, between, cut, mirror_point, spread
from law_phrases import Item, LawCase
from law_words import (
    BRIDGE,
    BROW,
    EYE,
    JAW,
    L_BROW,
    L_EYE,
    OUTER,
    PLAIN_PLACES,
    WINGS,
    Thing,
    place,
    stretch,
)
from law_writing import curve_of, failing, name_part, on_side, told


class Kind(NamedTuple):
    """A part of two sides: its names, its curve, and what lies on it and on nothing else that is said here."""

    names: tuple[str, ...]
    curve: Stretch
    stretches: tuple[Thing, ...]
    places: tuple[Thing, ...]


EYES = Kind(
    ("eye",),
    Stretch(L_EYE),
    (
        stretch("upper lid|upper eyelid", cut(L_EYE, 0, F(1, 2))),
        stretch("lower lid|lower eyelid", cut(L_EYE, F(1, 2), 1)),
    ),
    (
        place("pupil|iris", "left pupil"),
        place("outer canthus", L_EYE),
        place("tear duct|inner canthus", L_EYE, F(1, 2)),
    ),
)
BROWS = Kind(
    ("eyebrow", "brow"),
    Stretch(L_BROW),
    (
        stretch("upper edge", cut(L_BROW, 0, F(4, 9))),
        stretch("lower edge", cut(L_BROW, F(5, 9), 1)),
    ),
    (
        place("tail", L_BROW),
        place("head", L_BROW, F(1, 2)),
        place("arch", L_BROW, F(2, 9)),
    ),
)
KINDS = (EYES, BROWS)
# Of no side, and with nothing on them that an eye or a brow has.
SIDELESS = [
    stretch("nose bridge", Stretch(BRIDGE)),
    stretch("nose boundary", Stretch(WINGS)),
    stretch("jawline|jaw", Stretch(JAW)),
]
SIDED = [
    place("{s} mouth corner", OUTER),
    place("{s} nostril", WINGS),
    place("{s} jaw corner|{s} gonion", JAW, F(1, 4)),
    place("{s} brow tail", L_BROW),
    place("{s} pupil", "left pupil"),
]


def chosen(rng: Random) -> tuple[Kind, str, str]:
    kind = rng.choice(KINDS)
    return kind, rng.choice(kind.names), rng.choice(("left", "right"))


def on_kind(rng: Random, kind: Kind, name: str, side: str, *, whose: bool = False) -> Item:
    """`whose`: perhaps the person's; a possessive carries on to the sides after it, so only where there is none."""
    count = rng.randint(3, 12)
    text = f"{count} points on {name_part(rng, name, side) if whose else f'the {side} {name}'}"
    return Item(text, tuple(spread(curve_of(kind.curve, side), count)))


def sideless(rng: Random, *, one: bool = False) -> Item:
    """A thing of no side; `one`: nor has it any that "the right one" could be."""
    if rng.random() < 0.3:
        thing = rng.choice(PLAIN_PLACES[:2])
        return Item(f"the {thing.names[0]}", thing.places)
    thing, count = rng.choice(SIDELESS[:1] if one else SIDELESS), rng.randint(3, 12)
    return Item(f"{count} points on the {thing.names[0]}", tuple(spread(thing.stretches[0], count)))


BACK: dict[str, tuple[str, ...]] = {
    "its": ("its {x}",),
    "that": ("the {x} of that {z}", "that {z}'s {x}"),
    "of it": ("the {x} of it",),
}
BACK_COUNTED = ("{n} points on {x}", "{n} on {x}", "{x} with {n} points", "{x} ({n} points)", "{x}: {n} points")


def point_back(rng: Random, kind: Kind, name: str, side: str, word: str, *, alone: bool = False) -> Item:
    """A place or a counted stretch of the part that was named, by a word that points back to it.

    `alone`: no other part that was named has such a thing (an edge could be a lid's).
    """
    stretches = () if alone and kind is BROWS and word != "that" else kind.stretches
    thing = on_side(rng.choice(stretches + kind.places), side)
    said = rng.choice(BACK[word]).format(x=rng.choice(thing.names), z=name)
    if thing.places:
        return Item(said, thing.places)
    count = rng.randint(3, 12)
    forms = BACK_COUNTED[:4] if word == "its" else BACK_COUNTED[:2]
    return Item(rng.choice(forms).format(n=count, x=said), tuple(spread(thing.stretches[0], count)))


def join(rng: Random, items: Sequence[Item]) -> tuple[str, str]:
    """Their text, and how it was joined."""
    texts = [item.text for item in items]
    ways: dict[str, Callable[[], str]] = {
        "list": lambda: commas(texts),
        "commas": lambda: ", ".join(texts[:-1]) + f", {texts[-1]}",
        "oxford": lambda: commas(texts, ", and "),
        "sentences": lambda: " ".join(f"{sentence(text)}." for text in texts),
        "semicolons": lambda: "; ".join(texts),
        "lines": lambda: "\n".join(texts),
        "plus": lambda: f"{commas(texts[:-1])}, plus {texts[-1]}",
        "last sentence": lambda: f"{sentence(commas(texts[:-1]))}. Then {texts[-1]}.",
    }
    way = rng.choice(list(ways))
    return ways[way](), way


def tell(rng: Random, kind: str, items: Sequence[Item], **more: object) -> LawCase:
    text, way = join(rng, items)
    return told("reference", f"{kind}: {way}", text, [point for item in items for point in item.points], **more)


def its(rng: Random) -> LawCase:
    """Back to the nearest item that has such a thing, be it the last, one before it, or the last of two of a kind."""
    word = rng.choice(("its", "its", "that", "of it"))
    kind, name, side = chosen(rng)
    other = EYES if kind is BROWS else BROWS
    where = rng.choice(("near", "alone", "past another kind", "past no side", "last of two", "chain"))
    first = on_kind(rng, kind, name, side, whose=where in {"alone", "past no side", "chain"})
    away = on_kind(rng, other, rng.choice(other.names), rng.choice(("left", "right")))
    back = point_back(rng, kind, name, side, word, alone=where.startswith("past"))
    items = {
        "near": [away, first, back],
        "alone": [first, back],
        "past another kind": [first, away, back],
        "past no side": [first, sideless(rng), back],
        "last of two": [on_kind(rng, kind, name, TURN[side]), first, back],
        "chain": [first, back, point_back(rng, kind, name, side, "its")],
    }[where]
    return tell(rng, f"{word}, {where}", items)


def other_one(rng: Random) -> LawCase:
    """The other one of the nearest thing that has another."""
    if rng.random() < 0.4:
        side = rng.choice(("left", "right"))
        thing = rng.choice(SIDED)
        turned = on_side(thing, side)
        first = Item(f"the {rng.choice(thing.names).format(s=side)}", turned.places)
        points = tuple(mirror_point(point) for point in turned.places)
        words = rng.choice(("the other one", f"the {TURN[side]} one"))
        between_them = [sideless(rng, one=True)] if rng.random() < 0.6 else []
        sort = "place past no side" if between_them else "place"
        label = "the other one" if "other" in words else "the right one"
        return tell(rng, f"{label}, {sort}", [first, *between_them, Item(words, points)])
    kind, name, side = chosen(rng)
    count, more = rng.randint(3, 12), rng.randint(3, 12)
    first = Item(f"{count} points on the {side} {name}", tuple(spread(curve_of(kind.curve, side), count)))
    turned = curve_of(kind.curve, TURN[side])
    label, word = rng.choice(
        (("the other one", "other one"), ("the other part", f"other {name}"), ("the right one", f"{TURN[side]} one"))
    )
    other = EYES if kind is BROWS else BROWS
    where = rng.choice(("near", "past no side", *(["past another kind"] if label == "the other part" else [])))
    away = on_kind(rng, other, other.names[0], rng.choice(("left", "right")))
    items = {
        "near": [away, first],
        "past no side": [first, sideless(rng, one=True)],
        "past another kind": [first, away],
    }[where]
    if rng.random() < 0.6:
        last = Item(f"{more} {rng.choice(('points ', ''))}on the {word}", tuple(spread(turned, more)))
        return tell(rng, f"{label} counted, {where}", [*items, last])
    if where != "near":
        items = [first]
    points = [*(point for item in items for point in item.points), *spread(turned, count)]
    text, way = rng.choice(((f", then the {word}", "comma"), (f". Then the {word}.", "sentence")))
    text = commas([item.text for item in items]) + text
    return told("reference", f"then {label} keeps the count, {len(items)} before: {way}", text, points)


SAME_AGAIN = (
    "; the same for the other {z}",
    ". The same for the other {z}.",
    ", and the same for the other {z}",
    ". Do the same for the other {z}.",
    ". The same on the {o} {z}.",
    "; the same for the {o} {z}",
    " and the same on the {o} {z}",
    "\nthe same for the other {z}",
)


def the_same(rng: Random) -> LawCase:
    """All items since the last owner of that kind was named, mirrored; what was said of another kind before is not."""
    kind, name, side = chosen(rng)
    owner = EYE if kind is EYES else BROW
    other = EYES if kind is BROWS else BROWS
    count = rng.choice((1, 2, 2, 3))
    items = owned(rng, owner._replace(curve=None), side, count, rng.choice(("places", "counted", "counted")))
    texts, points = [item.text for item in items], [point for item in items for point in item.points]
    z, whole = f"the {side} {name}", 0
    body = rng.choice((f"{commas(texts)} of {z}", f"{z}: {commas(texts)}", f"on {z}, {commas(texts)}"))
    if count == 1 and rng.random() < 0.5:
        back, n = point_back(rng, kind, name, side, "its"), rng.randint(3, 12)
        body = f"{n} points on {z} and {back.text}"
        points, whole = list(back.points), n
    form = rng.choice(SAME_AGAIN)
    flipped = (
        [*spread(curve_of(kind.curve, TURN[side]), whole), *map(mirror_point, points)]
        if whole
        else [*map(mirror_point, points)]
    )
    points = [*spread(curve_of(kind.curve, side), whole), *points] if whole else points
    before = rng.random() < 0.4
    if before:
        n, away = rng.randint(3, 12), rng.choice(("left", "right"))
        body = f"{n} points on the {away} {other.names[0]}. {sentence(body)}"
        points = [*spread(curve_of(other.curve, away), n), *points]
    text = body + form.format(z=name, o=TURN[side])
    label = "another kind before" if before else "one owner"
    return told("reference", f"the same, {label}: {form!r}", text, [*points, *flipped], ordered=False)


BETWEEN = (
    (("left jaw corner", (JAW, F(1, 4))), ("chin tip", (JAW, F(1, 2))), ("right jaw corner", (JAW, F(3, 4)))),
    (("left mouth corner", (OUTER, F(0))), ("cupid's bow", (OUTER, F(1, 4))), ("right mouth corner", (OUTER, F(1, 2)))),
    (("left nostril", (WINGS, F(0))), ("base of the nose", (WINGS, F(1, 2))), ("right nostril", (WINGS, F(1)))),
    (("nose root", (BRIDGE, F(0))), ("nose tip", (BRIDGE, F(1)))),
    (("outer corner of the left eye", (L_EYE, F(0))), ("inner corner of the left eye", (L_EYE, F(1, 2)))),
    (("tail of the left brow", (L_BROW, F(0))), ("arch of the left brow", (L_BROW, F(2, 9)))),
)


def between_them(rng: Random) -> LawCase:
    (a, start), (b, end) = rng.sample(rng.choice(BETWEEN), 2)
    count = rng.randint(2, 12)
    form = rng.choice(
        (
            "the {a}, the {b} and {n} points between them",
            "the {a} and the {b}, and {n} points between them",
            "the {a} and the {b}; {n} points between them",
            "The {a} and the {b}. {n} points between them.",
            "the {a} and the {b}, with {n} points between them",
        )
    )
    points: list[Point] = [start, end, *spread(between(start, end), count)]
    return told("reference", f"between them: {form!r}", form.format(a=a, b=b, n=count), points)


def no_such(rng: Random) -> LawCase:
    """Nothing that was said fits."""
    kind, name, _ = chosen(rng)
    thing = rng.choice(kind.places)
    item = rng.choice(SIDELESS)
    word = rng.choice((f"its {thing.names[0]}", f"the {thing.names[0]} of that {name}", "the other one"))
    text = rng.choice(
        ("{n} points on the {x} and {w}", "{n} points on the {x}. Then {w}.", "{n} points on the {x}; {w}")
    )
    kind_of = "the other one" if "other" in word else "its" if "its" in word else "that"
    filled = text.format(n=rng.randint(3, 9), x=item.names[0], w=word)
    return failing("reference", f"fits nothing: {kind_of}", filled, "ambiguous")


def back_reference_law(rng: Random) -> LawCase:
    """A word that points back means the nearest item it fits."""
    makers = (its, its, its, its, other_one, other_one, the_same, the_same, between_them, no_such)
    return rng.choice(makers)(rng)
