"""Cases of the laws about what is taken away again, and about a count that is put in another's place."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from law_composition import MINUS, commas, sentence
from law_oracle import LAYOUTS, OPEN, TURN, F, Point, Stretch, bare, between, cut, each, every, normal, share, spread
from law_phrases import Item, LawCase
from law_words import BRIDGE, BROW, EYE, INNER, JAW, L_BROW, L_EYE, OUTER, WINGS, stretch
from law_writing import curve_of, name_part, on_side, told


class Gone(NamedTuple):
    """What may be taken away: its names, and the places and stretches that it takes."""

    names: tuple[str, ...]
    places: tuple[Point, ...] = ()
    stretches: tuple[Stretch, ...] = ()


class Base(NamedTuple):
    """A curve of no side, and what may be taken from it."""

    names: tuple[str, ...]
    curve: Stretch
    gone: tuple[Gone, ...]


def at(names: str, *places: Point) -> Gone:
    return Gone(tuple(names.split("|")), places)


def lies_in(point: Point, stretches: Sequence[Stretch]) -> bool:
    """Whether it lies in one of them, ends included; a closed curve's end is its start."""
    part, fpalp = point
    for piece in stretches:
        low, high = min(piece.low, piece.high), max(piece.low, piece.high)
        turns = (0,) if part in OPEN else (0, 1)
        if piece.part == part and any(low <= fpalp + turn <= high for turn in turns):
            return True
    return False


def left_over(points: Sequence[Point], gone: Sequence[Gone]) -> list[Point]:
    places = {place for one in gone for place in one.places}
    stretches = [piece for one in gone for piece in one.stretches]
    return [point for point in points if point not in places and not lies_in(point, stretches)]


EYE_GONE = (
    at("corners", (L_EYE, F(0)), (L_EYE, F(1, 2))),
    at("outer corner|outer canthus", (L_EYE, F(0))),
    at("inner corner|tear duct", (L_EYE, F(1, 2))),
    Gone(("upper lid", "upper eyelid"), stretches=(cut(L_EYE, 0, F(1, 2)),)),
    Gone(("lower lid",), stretches=(cut(L_EYE, F(1, 2), 1),)),
)
BROW_GONE = (
    at("tail|outer end", (L_BROW, F(0))),
    at("arch|peak", (L_BROW, F(2, 9))),
    Gone(("upper edge",), stretches=(cut(L_BROW, 0, F(4, 9)),)),
    Gone(("lower edge",), stretches=(cut(L_BROW, F(5, 9), 1),)),
)
# What lies on one of the two only.
ONLY_ONE = (at("outer canthus", (L_EYE, F(0))), at("tail", (L_BROW, F(0))), at("arch|peak", (L_BROW, F(2, 9))))
BASES = (
    Base(
        ("outer lip", "lip outline", "mouth outline"),
        Stretch(OUTER),
        (
            at("corners|mouth corners", (OUTER, F(0)), (OUTER, F(1, 2))),
            at("left corner", (OUTER, F(0))),
            at("right corner", (OUTER, F(1, 2))),
            at("cupid's bow", (OUTER, F(1, 4))),
            Gone(("lower lip",), stretches=(cut(OUTER, F(1, 2), 1), cut(INNER, F(1, 2), 1))),
        ),
    ),
    Base(
        ("jaw", "face contour", "jawline"),
        Stretch(JAW),
        (
            at("chin tip", (JAW, F(1, 2))),
            at("left end", (JAW, F(0))),
            at("right end", (JAW, F(1))),
            at("jaw corners|jaw angles", (JAW, F(1, 4)), (JAW, F(3, 4))),
            at("left corner|left jaw angle", (JAW, F(1, 4))),
            Gone(("left half",), stretches=(cut(JAW, 0, F(1, 2)),)),
            Gone(("right half",), stretches=(cut(JAW, F(1, 2), 1),)),
        ),
    ),
    Base(
        ("nose boundary", "underside of the nose"),
        Stretch(WINGS),
        (
            at("nostrils", (WINGS, F(0)), (WINGS, F(1))),
            at("left nostril", (WINGS, F(0))),
            at("base of the nose|subnasale", (WINGS, F(1, 2))),
        ),
    ),
)


def sided(gone: Gone, side: str) -> Gone:
    thing = on_side(stretch("x", *gone.stretches)._replace(places=gone.places), side)
    return Gone(gone.names, thing.places, thing.stretches)


def some_base(rng: Random) -> tuple[str, Stretch, tuple[Gone, ...], str]:
    """A curve in words, and what can be taken from it."""
    if rng.random() < 0.4:
        base = rng.choice(BASES)
        return f"the {rng.choice(base.names)}", base.curve, base.gone, "no side"
    owner, gone, names = rng.choice(((EYE, EYE_GONE, ("eye",)), (BROW, BROW_GONE, ("brow", "eyebrow"))))
    side = rng.choice(("left", "right"))
    assert owner.curve
    curve = curve_of(owner.curve, side)
    return name_part(rng, rng.choice(names), side), curve, tuple(sided(one, side) for one in gone), "sided"


def laid_out(rng: Random, name: str, curve: Stretch) -> tuple[Item, str]:
    """A curve's points, put in one of the ways there are."""
    way = rng.choice(("bare", "bare", "count before", "count before", "count after", "positions", "every"))
    count = rng.choice((4, 8, 12, 16, 18, 24))
    if way == "bare":
        return Item(name, tuple(bare([curve]))), way
    if way == "positions":
        places = (F(0), F(1, 4), F(1, 2), F(3, 4))
        points = [normal(curve.part, place) for place in places]
        return Item(f"{name} at 0%, 25%, 50% and 75%", tuple(points)), way
    if way == "every":
        return Item(f"every 25% of {name}", tuple(every(curve, F(1, 4)))), way
    form = rng.choice(("{n} points on {x}",) if way == "count before" else ("{x}, {n} points,", "{x} with {n} points"))
    return Item(form.format(n=count, x=name), tuple(spread(curve, count))), way


def say_gone(rng: Random, gone: Sequence[Gone], word: str) -> str:
    """The exceptions after one word, or after two."""
    article = "its" if rng.random() < 0.3 and all(" " not in one.names[0] for one in gone) else "the"
    names = [f"{article} {rng.choice(one.names)}" for one in gone]
    if len(gone) > 1 and rng.random() < 0.4:
        return commas([f"{word} {name}" for name in names])
    return f"{word} {commas(names)}"


def taken(rng: Random) -> LawCase:
    """One exception, or several, from one curve."""
    while True:
        name, curve, all_gone, _ = some_base(rng)
        gone = rng.sample(all_gone, rng.choice((1, 1, 2, 2, 3)))
        item, way = laid_out(rng, name, curve)
        points = left_over(item.points, gone)
        word = rng.choice(MINUS)
        said = say_gone(rng, gone, word)
        each_counts = all(len(left_over(item.points, gone[:i] + gone[i + 1 :])) > len(points) for i in range(len(gone)))
        if (
            points
            and (each_counts or len(gone) == 1)
            and not ("ends" in said or ("end" in said and word == "excluding"))
        ):
            break
    glue = "" if item.text.endswith(",") else rng.choice(("", ","))
    text = f"{item.text}{glue} {said}"
    number = (
        "one" if len(gone) == 1 else "several after one word" if said.count(word) == 1 else "several, each its word"
    )
    whose = "its" if " its " in f" {said} " else "the"
    return told("exception", f"{number}, {whose}, {way}: {word}", text, points)


PAIRS = (("eyes", "eye", L_EYE), ("eyebrows", "eyebrow", L_BROW), ("brows", "brow", L_BROW))


def one_of_pair(rng: Random) -> LawCase:
    """The eyes but not the left one; and what is left keeps its count."""
    many, one, part = rng.choice(PAIRS)
    side, count = rng.choice(("left", "right")), rng.randint(3, 12)
    curves, word = [Stretch(part), curve_of(Stretch(part), "right")], rng.choice(MINUS)
    forms = {
        "{n} points on each {x}": each(curves, count),
        "the {xs}, {n} points each,": each(curves, count),
        "{n} points on both {xs}": each(curves, count),
        "the {xs}": bare(curves),
        "both {xs}": bare(curves),
        "{n} points in total on the {xs},": share(curves, count),
    }
    form = rng.choice(list(forms))
    name = rng.choice((f"the {side} one", f"the {side} {one}"))
    points = left_over(forms[form], [Gone((), stretches=(curve_of(Stretch(part), side),))])
    label = "the left one" if name.endswith(" one") else "the left part"
    return told(
        "exception", f"of a pair, {label}: {form}", f"{form.format(n=count, x=one, xs=many)} {word} {name}", points
    )


def after_share(rng: Random) -> LawCase:
    """Shared first, taken away after."""
    side = rng.choice(("left", "right"))
    eye, brow = curve_of(Stretch(L_EYE), side), curve_of(Stretch(L_BROW), side)
    count, word = rng.randint(8, 24), rng.choice(MINUS)
    lists: list[tuple[str, list[Stretch], list[Gone]]] = [
        (f"the {side} eye and the {side} brow", [eye, brow], [sided(one, side) for one in ONLY_ONE]),
        (
            f"the {side} brow, the {side} eye and the jaw",
            [brow, eye, Stretch(JAW)],
            [sided(ONLY_ONE[1], side), *BASES[1].gone[:1]],
        ),
        ("the jaw and the outer lip", [Stretch(JAW), Stretch(OUTER)], [BASES[1].gone[0], BASES[0].gone[3]]),
        (
            "the nose boundary, the nose bridge and the outer lip",
            [Stretch(WINGS), Stretch(BRIDGE), Stretch(OUTER)],
            [BASES[2].gone[2], BASES[0].gone[3]],
        ),
    ]
    name, curves, choices = rng.choice(lists)
    gone = rng.sample(choices, rng.choice((1, 1, 2)))
    forms = {
        f"{count} points on {name}": share(curves, count),
        f"{count} points in total on {name}": share(curves, count),
        f"{count} points on each of {name}": each(curves, count),
        f"{count} points each on {name}": each(curves, count),
        name: bare(curves),
    }
    text = rng.choice(list(forms))
    label = text.replace(name, "A and B").replace(str(count), "n")
    points = left_over(forms[text], gone)
    if any(len(left_over(forms[text], gone[:i] + gone[i + 1 :])) == len(points) for i in range(len(gone))) and gone[1:]:
        return after_share(rng)
    return told("exception", f"after {label}", f"{text}, {say_gone(rng, gone, word).replace(' its ', ' the ')}", points)


LAYOUT_GONE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("the left eye", (L_EYE,)),
    ("the right eyebrow", ("right eyebrow",)),
    ("the jaw", (JAW,)),
    ("the face contour", (JAW,)),
    ("the lips", (OUTER, INNER)),
    ("the eyes", (L_EYE, "right eye")),
    ("the eyebrows", (L_BROW, "right eyebrow")),
    ("the nose", (BRIDGE, WINGS)),
    ("the inner lip", (INNER,)),
    ("the pupils", ("left pupil", "right pupil")),
)


def from_layout(rng: Random) -> LawCase:
    name = rng.choice(list(LAYOUTS))
    whole, word = LAYOUTS[name], rng.choice(MINUS)
    if rng.random() < 0.3:
        side = rng.choice(("left", "right"))
        where = "outer" if side == "left" else "inner"
        first = 37 if side == "left" else 43
        text = f"300W points {first}-{first + 5} {word} the {where} corner of the {side} eye"
        return told("exception", f"of layout ids: {word}", text, LAYOUTS["300W"][first : first + 5])
    gone = rng.sample(LAYOUT_GONE, rng.choice((1, 1, 2, 3)))
    parts = {part for _, parts in gone for part in parts}
    if len(gone) > 1 and (len(parts) < sum(len(some) for _, some in gone) or not parts <= {part for part, _ in whole}):
        return from_layout(rng)
    said = rng.choice((name, f"the {name} layout", f"all {len(whole)} {name} points"))
    text = f"{said} {word} {commas([said_gone for said_gone, _ in gone])}"
    points = [point for point in whole if point[0] not in parts]
    return told("exception", f"of a layout, {min(len(gone), 2)}: {word}", text, points)


RANGES = (
    ("left jaw end", "right jaw end", (JAW, F(0)), (JAW, F(1)), (("chin tip", F(1, 2)), ("left jaw corner", F(1, 4)))),
    ("left jaw corner", "right jaw corner", (JAW, F(1, 4)), (JAW, F(3, 4)), (("chin tip", F(1, 2)),)),
    ("left mouth corner", "right mouth corner", (OUTER, F(0)), (OUTER, F(1, 2)), (("cupid's bow", F(1, 4)),)),
    ("left nostril", "right nostril", (WINGS, F(0)), (WINGS, F(1)), (("base of the nose", F(1, 2)),)),
)


def from_range(rng: Random) -> LawCase:
    a, b, start, end, inside = rng.choice(RANGES)
    if rng.random() < 0.5:
        a, b, start, end = b, a, end, start
    curve = between(start, end)
    gone_name, fpalp = rng.choice(inside)
    word, count = rng.choice(MINUS), rng.choice((5, 9, 13))
    forms = {
        "from the {a} to the {b}": bare([curve]),
        "{n} points from the {a} to the {b}": spread(curve, count),
        "{n} points between the {a} and the {b},": spread(curve, count),
        "from the {a} to the {b}, {n} points,": spread(curve, count),
    }
    form = rng.choice(list(forms))
    text = f"{form.format(a=a, b=b, n=count)} {word} the {gone_name}"
    return told("exception", f"of a range: {form}", text, [p for p in forms[form] if p != (start[0], fpalp)])


def then_more(rng: Random) -> LawCase:
    """What is named after the exception keeps its points."""
    while True:
        name, curve, all_gone, _ = some_base(rng)
        gone = [rng.choice(all_gone)]
        item, _ = laid_out(rng, name, curve)
        points = left_over(item.points, gone)
        if points and "," not in item.text:
            break
    count, word = rng.randint(3, 12), rng.choice(MINUS)
    said = say_gone(rng, gone, word)
    again = rng.random() < 0.3 and " of " not in gone[0].names[0] and len(gone[0].places) == 1
    more = Item(f"the {gone[0].names[0]} of {name}", gone[0].places) if again and gone[0].places else None
    more = more or Item(f"{count} points on the nose bridge", tuple(spread(Stretch(BRIDGE), count)))
    form = rng.choice(("{a}; {b}", "{a}. {b}.", "{a}\n{b}", "{a}. Then {b}."))
    text = form.format(a=sentence(item.text + " " + said), b=sentence(more.text) if form == "{a}. {b}." else more.text)
    return told("exception", f"then more: {form!r}", text, [*points, *more.points])


OVERRIDES = (
    "{n} points on each {x} but {m} on the {s}",
    "{n} points on each {x} but {m} on the {s} one",
    "{n} points on each {x}, but only {m} on the {s} {x}",
    "{n} points per {x} but {m} on the {s} one",
    "{n} points on both {xs} but {m} on the {s}",
    "{n} points each on the {xs}, but {m} points on the {s} {x}",
    "the {xs}, {n} points each, but {m} on the {s} one",
)


def overridden(rng: Random) -> LawCase:
    """A count that is said again for one of them stands in place of the first."""
    many, one, part = rng.choice(PAIRS)
    side, count = rng.choice(("left", "right")), rng.randint(3, 12)
    other = rng.choice([n for n in range(2, 13) if n != count])
    form = rng.choice(OVERRIDES)
    numbers = {side: other, TURN[side]: count}
    points = [p for s in ("left", "right") for p in spread(curve_of(Stretch(part), s), numbers[s])]
    text = form.format(n=count, m=other, x=one, xs=many, s=side)
    return told("exception", f"override: {form}", text, points, ordered=False)


def taken_away_law(rng: Random) -> LawCase:
    """X except Y, wherever X came from; 5 on each but 3 on the left."""
    makers = (taken, taken, taken, one_of_pair, after_share, from_layout, from_range, then_more, overridden)
    return rng.choice(makers)(rng)
