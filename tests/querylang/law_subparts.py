"""Cases of the laws about places, portions and ranges on what lies on an owner."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from law_oracle import TURN, F, Point, Stretch, along, between, cut, mirror_point, normal, spread, strictly_inside
from law_phrases import LawCase
from law_references import BROWS, EYES, Kind
from law_words import BRIDGE, FRACTION_WORDS, JAW, L_BROW, L_EYE, OUTER, WINGS
from law_writing import curve_of, name_part, on_side, told


class SubPart(NamedTuple):
    """A lid or an edge of an owner in words: its stretch in the picture, and whether it is the upper one."""

    text: str
    curve: Stretch
    how: str
    kind: Kind
    side: str
    upper: bool


def sub_part(rng: Random, *, plain: bool = False) -> SubPart:
    kind, side, upper = rng.choice((EYES, BROWS)), rng.choice(("left", "right")), rng.random() < 0.5
    thing = on_side(kind.stretches[0 if upper else 1], side)
    sub, part = rng.choice(thing.names), rng.choice(kind.names)
    z = f"the {side} {part}" if plain else name_part(rng, part, side)
    forms = {"of": f"the {sub} of {z}"}
    if " of " not in z:
        forms["'s"] = f"{z}'s {sub}"
    if not plain:
        forms["late"] = f"the {sub} of the {part} on the {side} side of the picture"
    how = rng.choice(("of", *forms))
    return SubPart(forms[how], thing.stretches[0], how, kind, side, upper)


def placed(rng: Random) -> LawCase:
    """At so much of the way along a lid or an edge."""
    sub = sub_part(rng)
    if rng.random() < 0.4:
        places = sorted(rng.sample([F(i, 20) for i in range(1, 20)], rng.randint(2, 4)))
        said = [f"{int(p * 100)}%" for p in places]
        w = ", ".join(said[:-1]) + f" and {said[-1]}"
        form = rng.choice(
            ("at {w} along {x}", "points at {w} of {x}", "{x} at {w}", "{x}: at {w}", "landmarks at {w} on {x}")
        )
    else:
        fraction = rng.choice(list(FRACTION_WORDS))
        w, places = rng.choice(FRACTION_WORDS[fraction]), [fraction]
        forms = (
            "at {w} along {x}",
            "a point at {w} of {x}",
            "{x} at {w}",
            "at {w} of {x}",
            "the point at {w} along {x}",
        )
        form = rng.choice(("{w} {x}", "the point {w} {x}", "a point {w} {x}") if "along" in w else forms)
    number = "one" if len(places) == 1 else "several"
    points = along(sub.curve, places)
    return told("sub-part", f"{number} place, {sub.how}: {form}", form.format(w=w, x=sub.text), points)


FROM_SIDE = (
    "at {w} of {x} from the {s}",
    "{x} at {w} from the {s}",
    "at {w} along {x} from the {s}",
    "{q} of the way along {x} from the {s}",
    "{q} of the way from the {s} along {x}",
    "the point {q} of the way along {x} from the {s}",
)
WAYS = {F(1, 4): ("25%", "a quarter"), F(1, 3): ("1/3", "a third"), F(3, 4): ("75%", "three quarters")}


def from_side(rng: Random) -> LawCase:
    """From the left or the right says from which end."""
    if rng.random() < 0.5:
        sub = sub_part(rng, plain=True)
        name, curve, rises = sub.text, sub.curve, sub.upper  # an upper stretch runs to the picture's right
        sort = f"upper {sub.how}" if rises else f"lower {sub.how}"
    else:
        name, curve, rises = rng.choice((("the jaw", Stretch(JAW), True), ("the nose boundary", Stretch(WINGS), True)))
        sort = "open part"
    side, fraction = rng.choice(("left", "right")), rng.choice(list(WAYS))
    percent, quarter = WAYS[fraction]
    form = rng.choice(FROM_SIDE)
    place = fraction if (side == "left") is rises else 1 - fraction
    text = form.format(w=percent, q=quarter, x=name, s=side)
    return told("sub-part", f"from a side, {sort}: {form}", text, along(curve, [place]))


# What "outer half" and the like leave of an upper and of a lower stretch: the overlap with the half of the whole.
OVERLAPS = {
    ("eye", "inner half"): (cut(L_EYE, F(1, 4), F(1, 2)), cut(L_EYE, F(1, 2), F(3, 4))),
    ("eye", "outer half"): (cut(L_EYE, 0, F(1, 4)), cut(L_EYE, F(3, 4), 1)),
    ("eye", "inner third"): (cut(L_EYE, F(1, 3), F(1, 2)), cut(L_EYE, F(1, 2), F(2, 3))),
    ("eye", "outer third"): (cut(L_EYE, 0, F(1, 6)), cut(L_EYE, F(5, 6), 1)),
    ("eyebrow", "inner half"): (cut(L_BROW, F(2, 9), F(4, 9)), cut(L_BROW, F(5, 9), F(7, 9))),
    ("eyebrow", "outer half"): (cut(L_BROW, 0, F(2, 9)), cut(L_BROW, F(7, 9), 1)),
    ("eyebrow", "inner third"): (cut(L_BROW, F(3, 9), F(4, 9)), cut(L_BROW, F(5, 9), F(6, 9))),
    ("eyebrow", "outer third"): (cut(L_BROW, 0, F(3, 18)), cut(L_BROW, F(15, 18), 1)),
}
IN_ORDER = {
    "first half": (F(0), F(1, 2)),
    "last half": (F(1, 2), F(1)),
    "first third": (F(0), F(1, 3)),
    "middle third": (F(1, 3), F(2, 3)),
    "last third": (F(2, 3), F(1)),
    "first quarter": (F(0), F(1, 4)),
    "last quarter": (F(3, 4), F(1)),
    "middle half": (F(1, 4), F(3, 4)),
}
PORTION_FORMS = (
    "{n} points on the {w} of {x}",
    "the {w} of {x}, {n} points",
    "the {w} of {x}: {n} points",
    "on the {w} of {x}, {n} points",
    "{n} points along the {w} of {x}",
)


def portion_of_sub(rng: Random) -> LawCase:
    sub, count = sub_part(rng), rng.randint(2, 12)
    if rng.random() < 0.5:
        word = rng.choice(("inner half", "outer half", "inner third", "outer third"))
        curve = curve_of(OVERLAPS[sub.kind.names[0], word][0 if sub.upper else 1], sub.side)
        sort = f"{word} of {sub.kind.names[0]}"
    else:
        word = rng.choice(list(IN_ORDER))
        low, high = (sub.curve.low + x * (sub.curve.high - sub.curve.low) for x in IN_ORDER[word])
        curve, sort = cut(sub.curve.part, low, high), "in order"
    form = rng.choice(PORTION_FORMS)
    text = form.format(n=count, w=word, x=sub.text)
    return told("sub-part", f"portion, {sort}, {sub.how}: {form}", text, spread(curve, count))


OWNED_RANGES = (
    "{n} points from the {a} to the {b} of {z}{v}",
    "{n} points between the {a} and the {b} of {z}{v}",
    "from the {a} to the {b} of {z}{v}, {n} points",
    "{n} points from the {a} of {z} to its {b}{v}",
    "{n} points from the {a} of {z} to the {b}{v}",
    "{z}: {n} points from the {a} to the {b}{v}",
    "on {z}, {n} points from the {a} to the {b}{v}",
    "{n} points on {z} from the {a} to the {b}{v}",
    "{z} from the {a} to the {b}{v}, {n} points",
    "{n} points starting at the {a} of {z} and going to the {b}{v}",
    "starting at the {a} of {z} and going to the {b}{v}, {n} points",
    "{n} points on {z} starting at the {a} and going to the {b}{v}",
    "{n} points going from the {a} to the {b} of {z}{v}",
)
EYE_PLACES = {"outer corner": F(0), "inner corner": F(1, 2), "outer canthus": F(0), "inner canthus": F(1, 2)}
BROW_PLACES = {"tail": F(0), "head": F(1, 2), "outer end": F(0), "inner end": F(1, 2)}
TOPS = {"eye": ("top", F(1, 4)), "eyebrow": ("arch", F(2, 9))}


def ends_on(rng: Random, kind: Kind, side: str) -> tuple[str, str, Point, Point, str]:
    """Two ends on an eye or a brow, in words and in the picture."""
    part, places = (L_EYE, EYE_PLACES) if kind is EYES else (L_BROW, BROW_PLACES)
    sort = rng.choice(("names", "names", "sides", "to the top"))
    names = list(places)
    first = rng.choice((0, 2))
    a, b = names[first], names[first + 1]
    start: Point = (part, places[a])
    end: Point = (part, places[b])
    if sort == "to the top":
        top, fpalp = TOPS[kind.names[0]]
        a, start = rng.choice(((a, start), (b, end)))
        b, end = top, (part, fpalp)
    if side == "right":
        start, end = mirror_point(start), mirror_point(end)
    if sort == "sides":  # the outer end of a left one lies on the left
        word = "corner" if kind is EYES else "end"
        a, b = (f"{side} {word}", f"{TURN[side]} {word}")
    if rng.random() < 0.5:
        a, b, start, end = b, a, end, start
    return a, b, start, end, sort


def owned_range(rng: Random) -> LawCase:
    kind, side = rng.choice((EYES, BROWS)), rng.choice(("left", "right"))
    a, b, start, end, sort = ends_on(rng, kind, side)
    part = rng.choice(kind.names)
    z = f"the {side} {part}" if sort == "sides" else name_part(rng, part, side)
    count, way, upper = rng.randint(2, 12), "", None
    if sort != "to the top" and rng.random() < 0.4:
        upper = rng.random() < 0.5
        ways = [("top", "bottom")] + ([("upper lid", "lower lid")] if kind is EYES else [])
        way = f" {rng.choice(('via', 'along', 'over'))} the {rng.choice(ways)[not upper]}"
        sort += ", via"
    curve = between(start, end, upper=upper)
    points = spread(curve, count)
    form = rng.choice(OWNED_RANGES)
    text = form.format(n=count, a=a, b=b, z=z, v=way)
    if not way and rng.random() < 0.15:
        points, text, sort = points[::-1], f"{text}, {rng.choice(('in reverse', 'backwards'))}", f"{sort}, backwards"
    elif not way and "between" in form and rng.random() < 0.5:
        points, text, sort = (
            strictly_inside(curve, count),
            text.replace("between", "strictly between"),
            f"{sort}, strict",
        )
    return told("sub-part", f"range, {sort}: {form}", text, points)


FREE_RANGES = (
    "{n} points starting at the {a} and going to the {b}{v}",
    "starting at the {a} and going to the {b}{v}, {n} points",
    "{n} points going from the {a} to the {b}{v}",
)
FREE_ENDS = (
    (("left jaw end", (JAW, F(0))), ("chin tip", (JAW, F(1, 2)))),
    (("right jaw corner", (JAW, F(3, 4))), ("left jaw corner", (JAW, F(1, 4)))),
    (("nose root", (BRIDGE, F(0))), ("nose tip", (BRIDGE, F(1)))),
    (("left nostril", (WINGS, F(0))), ("right nostril", (WINGS, F(1)))),
)
TO_THE_OTHER = (
    ("mouth corner", (OUTER, F(0)), (OUTER, F(1, 2))),
    ("corner of the mouth", (OUTER, F(0)), (OUTER, F(1, 2))),
    ("nostril", (WINGS, F(0)), (WINGS, F(1))),
    ("jaw end", (JAW, F(0)), (JAW, F(1))),
    ("jaw corner", (JAW, F(1, 4)), (JAW, F(3, 4))),
)


def free_range(rng: Random) -> LawCase:
    """Starting at a place and going to another, either way; from the left one to the right one; by a lip."""
    count, form, way, upper = rng.randint(2, 12), rng.choice(FREE_RANGES), "", None
    if rng.random() < 0.5:
        (a, start), (b, end) = rng.sample(rng.choice(FREE_ENDS), 2)
        sort = "free range"
    else:
        name, start, end = rng.choice(TO_THE_OTHER)
        side = rng.choice(("left", "right"))
        if side == "right":
            start, end = end, start
        a = f"{side} {name}"
        b, sort = rng.choice(((f"{TURN[side]} one", "to the right one"), (f"{TURN[side]} {name}", "to the other")))
        if start[0] == OUTER and rng.random() < 0.6:
            upper = rng.random() < 0.5
            by = rng.choice((("upper lip", "lower lip"), ("top", "bottom")))[not upper]
            way = f" {rng.choice(('via', 'along', 'over'))} the {by}"
            sort += ", via"
    points = spread(between(start, end, upper=upper), count)
    return told("sub-part", f"{sort}: {form}", form.format(n=count, a=a, b=b, v=way), points)


ROUND = (
    "{x} {d} from the {a}, {n} points",
    "{n} points on the {x} {d} from the {a}",
    "the {x}, {d} from the {a}, {n} points",
    "{n} points {d} on the {x} from the {a}",
    "{n} points on the {x}, {d}, starting at the {a}",
)


def round_it(rng: Random) -> LawCase:
    """A whole closed curve with a start and a direction, as seen: clockwise is the rising one on all of them."""
    side = rng.choice(("left", "right"))
    part, places = rng.choice(
        (
            (OUTER, {"left corner": F(0), "right corner": F(1, 2), "cupid's bow": F(1, 4)}),
            (L_EYE, {"outer corner": F(0), "inner corner": F(1, 2)}),
            (L_BROW, {"tail": F(0), "head": F(1, 2)}),
        )
    )
    name, fpalp = rng.choice(list(places.items()))
    start: Point = (part, fpalp)
    if side == "right" and part != OUTER:
        start = mirror_point(start)
    count, direction = rng.randint(3, 12), rng.choice(("clockwise", "counter-clockwise"))
    step = F(1, count) if direction == "clockwise" else -F(1, count)
    points = [normal(start[0], start[1] + i * step) for i in range(count)]
    form = rng.choice(ROUND)
    text = form.format(n=count, x=start[0], a=name, d=direction)
    return told("sub-part", f"round, {'lip' if part == OUTER else 'owner'}: {form}", text, points)


def sub_part_law(rng: Random) -> LawCase:
    """Places, portions and ranges on sub-parts, with their owners."""
    makers = (placed, placed, from_side, portion_of_sub, portion_of_sub, owned_range, owned_range, free_range, round_it)
    return rng.choice(makers)(rng)
