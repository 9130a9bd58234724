"""Cases of the laws about one item: its side, its range, its places, how many."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from law_composition import each_law, exception_law, list_law
from law_oracle import (
    OPEN,
    F,
    Point,
    Stretch,
    along,
    bare,
    between,
    cut,
    dense,
    every,
    mirror_point,
    mirror_stretch,
    segments,
    spread,
    strictly_inside,
    swap_sides,
    unified,
)
from law_phrases import LawCase, any_stretch, base_instruction, case, pick_side
from law_words import (
    DENSITIES,
    FRACTION_WORDS,
    GROUPS,
    POSSESSIVES,
    POSSESSORS,
    SIDED_PLACES,
    SIDED_STRETCHES,
    VIEWERS,
    Thing,
)


def flip(points: Sequence[Point]) -> tuple[Point, ...]:
    return tuple(mirror_point(point) for point in points)


def owner_places(rng: Random) -> tuple[list[str], Thing]:
    """One place of a side, owned by the person wherever English puts the owner; and the place, by the picture."""
    side = rng.choice(("left", "right"))
    whose, who = rng.choice(POSSESSIVES), rng.choice(POSSESSORS)
    pick = rng.choice(("corner", "eye", "brow", "lid", "any"))
    if pick == "corner":
        thing = pick_side(rng, SIDED_PLACES[0], side)
        texts = [
            f"{whose} {side} mouth corner",
            f"the {side} corner of {whose} mouth",
            f"{whose} mouth: the {side} corner",
            f"the {side} corner of the mouth of {who}",
            f"the {side} mouth corner of {who}",
            f"on {whose} mouth, the {side} corner",
            f"{whose} mouth's {side} corner",
        ]
    elif pick in {"eye", "brow"}:
        names = {"eye": ("inner corner", "outer corner"), "brow": ("tail", "arch")}[pick]
        name, index = rng.choice(names), {"eye": (9, 8), "brow": (5, 7)}[pick]
        thing = pick_side(rng, SIDED_PLACES[index[names.index(name)]], side)
        texts = [
            f"the {name} of {whose} {side} {pick}",
            f"{whose} {side} {pick}: the {name}",
            f"the {name} of the {side} {pick} of {who}",
            f"the {side} {pick} of {who}: the {name}",
            f"{whose} {side} {pick}'s {name}",
            f"on {whose} {side} {pick}, the {name}",
        ]
    elif pick == "lid":
        thing = pick_side(rng, SIDED_STRETCHES[2], side)
        texts = [
            f"the upper lid of {whose} {side} eye",
            f"{whose} {side} upper eyelid",
            f"{whose} upper {side} eyelid",
            f"the upper lid of the {side} eye of {who}",
            f"the {side} upper eyelid of {who}",
        ]
    else:
        thing = pick_side(rng, rng.choice(SIDED_STRETCHES[:2] + SIDED_PLACES[:3]), side)
        texts = [f"{whose} {thing.names[0]}", f"the {thing.names[0]} of {who}"]
    return texts, thing


def side_law(rng: Random) -> LawCase:
    """Mirrored words give mirrored answers; the owner counts wherever he stands; the setting turns plain words."""
    kind = rng.choice(("setting", "setting", "owner", "owner", "owner", "viewer", "mirror", "abbreviation"))
    if kind == "setting":
        law = rng.choice((list_law, each_law, exception_law, range_law, position_law, amount_law, portion_law))
        text = base_instruction(rng).text if rng.random() < 0.3 else law(rng).texts[-1]
        texts, name = [text, swap_sides(text)], law.__name__.removesuffix("_law")
        if "left and right" in text:  # whether two sides named at once keep their order or a group's is open
            return side_law(rng)
        return case("side", f"setting: {name}", texts, perspectives=("subject", "viewer"), check="turned")
    if kind == "owner":
        texts, thing = owner_places(rng)
        view = rng.choice(("viewer", "subject"))
        at = rng.randrange(len(texts))
        points = flip(thing.places) if thing.places else bare([mirror_stretch(thing.stretches[0])])
        form = texts[at].replace("left", "S").replace("right", "S")
        for whose in (*POSSESSIVES, *POSSESSORS):
            form = form.replace(whose, "W")
        return case("side", f"owner: {form}", [texts[at]], points, perspectives=(view,))
    if kind == "viewer":
        side = rng.choice(("left", "right"))
        thing = pick_side(rng, rng.choice(SIDED_STRETCHES[:2] + SIDED_PLACES[:3]), side)
        rest = thing.names[0].removeprefix(f"{side} ")
        forms = ("the {s} {x} as seen in the picture", "the {s} {x} as I see it")
        plain = thing.names[0].startswith(side)
        form = rng.choice(VIEWERS + forms) if plain else forms[1]
        text = form.format(s=side, x=rest) if plain else f"the {thing.names[0]} as I see it"
        points = thing.places or bare(thing.stretches)
        return case("side", f"viewer: {form}", [text], points, perspectives=("subject",))
    if kind == "mirror":
        thing = pick_side(rng, rng.choice(SIDED_STRETCHES), "left")
        name, curve = swap_sides(thing.names[0]), mirror_stretch(thing.stretches[0])
        count = rng.randint(2, 12)
        return case("side", kind, [f"{count} points on the {name}"], spread(curve, count))
    eye, curve = rng.choice((("OD", Stretch("left eye")), ("OS", Stretch("right eye"))))
    count = rng.randint(2, 12)
    text = rng.choice((f"{count} points on {eye}", f"{eye}: {count} points"))
    view = rng.choice(("viewer", "subject"))
    return case("side", kind, [text], spread(curve, count), perspectives=(view,))


# Places that can bound a range of one part; those of sides are the left ones.
BOUNDS: list[list[tuple[str, Point]]] = [
    [
        ("left jaw end", ("face contour", F(0))),
        ("left jaw corner", ("face contour", F(1, 4))),
        ("chin tip", ("face contour", F(1, 2))),
        ("right jaw corner", ("face contour", F(3, 4))),
        ("right jaw end", ("face contour", F(1))),
    ],
    [
        ("left mouth corner", ("outer lip", F(0))),
        ("cupid's bow", ("outer lip", F(1, 4))),
        ("right mouth corner", ("outer lip", F(1, 2))),
        ("bottom of the lower lip", ("outer lip", F(3, 4))),
    ],
    [
        ("outer corner of the left eye", ("left eye", F(0))),
        ("top of the left eye", ("left eye", F(1, 4))),
        ("inner corner of the left eye", ("left eye", F(1, 2))),
    ],
    [("tail of the right eyebrow", ("right eyebrow", F(4, 9))), ("right brow arch", ("right eyebrow", F(2, 9)))],
    [("nose root", ("nose bridge", F(0))), ("nose tip", ("nose bridge", F(1)))],
    [
        ("left nostril", ("nose boundary", F(0))),
        ("base of the nose", ("nose boundary", F(1, 2))),
        ("right nostril", ("nose boundary", F(1))),
    ],
]
NAMED_RANGES = (
    "{n} points from the {a} to the {b}",
    "{n} points between the {a} and the {b}",
    "from the {a} to the {b}, {n} points",
    "{n} points starting at the {a} to the {b}",
    "between the {a} and the {b}: {n} points",
    "from {a} to {b} with {n} points",
    "the {a} through the {b}, {n} points",
)
NUMERIC_RANGES = (
    "{n} points on the {x} from {a} to {b}",
    "{n} points from {a} to {b} on the {x}",
    "the {x} from {a} to {b}, {n} points",
    "the {x} [{a}, {b}], {n} points",
    "{n} points on the {x} between {a} and {b}",
    "from {a} to {b} of the {x}, {n} points",
)


def range_law(rng: Random) -> LawCase:
    """From A to B, between, numeric, strictly inside, the long way round."""
    kind = rng.choice(("named", "named", "named", "numeric", "numeric", "strict", "via", "bare", "endpoint side"))
    count = rng.randint(2, 15)
    if kind == "endpoint side":
        text, low, high = rng.choice(
            (
                ("from left chin to jaw end", F(13, 32), F(0)),
                ("from the right chin to the jaw end", F(19, 32), F(1)),
                ("from the left jaw angle to the chin", F(1, 4), F(1, 2)),
                ("from the chin to the right jaw corner", F(1, 2), F(3, 4)),
                ("from the jaw end to the left chin", F(0), F(13, 32)),
            )
        )
        curve = cut("face contour", low, high)
        if rng.random() < 0.3:
            return case("range", kind, [text], unified(curve))
        return case("range", kind, [f"{count} points {text}"], spread(curve, count))
    if kind == "numeric":
        name = rng.choice(("left eye", "right eyebrow", "face contour", "outer lip", "nose bridge", "jaw", "inner lip"))
        low, high = sorted(rng.sample([F(i, 20) for i in range(21)], 2))
        if high - low == 1:
            high = F(9, 10)
        curve = cut("face contour" if name == "jaw" else name, low, high)
        a, b = (f"{float(x):g}" for x in (low, high))
        form = rng.choice(NUMERIC_RANGES)
        if rng.random() < 0.3 and "[" not in form:
            a, b = (f"{float(x * 100):g}%" for x in (low, high))
        if rng.random() < 0.2 and curve.part in OPEN and "between" not in form:
            a, b, curve = b, a, cut(curve.part, high, low)
        return case("range", f"{kind}: {form}", [form.format(n=count, x=name, a=a, b=b)], spread(curve, count))
    bounds = rng.choice(BOUNDS)
    (a, start), (b, end) = rng.sample(bounds, 2)
    curve = between(start, end)
    if kind == "via" and start[0] in {"outer lip", "left eye"}:
        part = start[0]
        (a, start), (b, end) = bounds[0], bounds[2]
        upper = rng.random() < 0.5
        way = {"outer lip": ("upper lip", "lower lip"), "left eye": ("upper lid", "lower lid")}[part][not upper]
        word = rng.choice(("via", "along", "over"))
        curve = between(start, end, upper=upper)
        text = f"{count} points from the {a} to the {b} {word} the {way}"
        return case("range", f"{kind}: {word}", [text], spread(curve, count))
    if kind == "bare":
        return case("range", kind, [f"from the {a} to the {b}"], unified(curve))
    if kind == "strict":
        form = rng.choice(
            (
                "{n} points strictly between the {a} and the {b}",
                "{n} points from the {a} to the {b}, excluding the ends",
            )
        )
        return case("range", kind, [form.format(n=count, a=a, b=b)], strictly_inside(curve, count))
    form = rng.choice(NAMED_RANGES)
    return case("range", f"named: {form}", [form.format(n=count, a=a, b=b)], spread(curve, count))


def position_law(rng: Random) -> LawCase:
    """At 25%, at 0.25 and a quarter of the way along are one place."""
    thing = any_stretch(rng)
    name, curve = thing.names[0], thing.stretches[0]
    if rng.random() < 0.5:
        fraction = rng.choice(list(FRACTION_WORDS))
        way = rng.choice(FRACTION_WORDS[fraction])
        forms = ("at {w} of the {x}", "the {x} at {w}", "a point at {w} of the {x}")
        form = "{w} the {x}" if "along" in way else rng.choice(forms)
        return case("position", f"one: {form}", [form.format(w=way, x=name)], along(curve, [fraction]))
    places = sorted(rng.sample([F(i, 10) for i in range(10)], rng.randint(2, 4)))
    said = [f"{int(p * 100)}%" for p in places] if rng.random() < 0.5 else [f"{float(p):g}" for p in places]
    listed = ", ".join(said[:-1]) + f" and {said[-1]}"
    forms = ("points at {w} of the {x}", "the {x} at {w}", "at {w} on the {x}", "landmarks at {w} along the {x}")
    form = rng.choice(forms)
    if rng.random() < 0.25:
        group = pick_side(rng, rng.choice(GROUPS[:3]))
        points = [point for each_one in group.stretches for point in along(each_one, places)]
        return case("position", f"group: {form}", [form.format(w=listed, x=group.names[0])], points)
    return case("position", f"several: {form}", [form.format(w=listed, x=name)], along(curve, places))


def amount_law(rng: Random) -> LawCase:
    """Densities, every p%, every other point, segments."""
    thing = any_stretch(rng)
    name, curve = thing.names[0], thing.stretches[0]
    kind = rng.choice(("density", "density", "every p%", "every other", "segments", "reverse", "usual"))
    if kind == "density":
        factor = rng.choice(list(DENSITIES))
        form = rng.choice(DENSITIES[factor])
        return case("amount", f"density: {form}", [form.format(x=name)], dense(curve, factor))
    if kind == "usual":
        than = rng.choice(("usual", "the default"))
        form = f"twice as many points as {than} on the {{x}}"
        return case("amount", form, [form.format(x=name)], dense(curve, F(2)))
    if kind == "every p%":
        percent = rng.choice((5, 10, 20, 25, 30, 40, 50))
        form = rng.choice(("every {p}% of the {x}", "the {x} every {p}%", "a point every {p}% along the {x}"))
        return case("amount", f"every: {form}", [form.format(p=percent, x=name)], every(curve, F(percent, 100)))
    if kind == "every other":
        step, word = rng.choice(((2, "other"), (2, "second"), (3, "third")))
        form = rng.choice(("every {w} point of the {x}", "every {w} landmark on the {x}"))
        return case("amount", f"{kind}: {form}", [form.format(w=word, x=name)], unified(curve)[::step])
    count = rng.randint(2, 12)
    if kind == "segments":
        form = rng.choice(("the {x} in {n} segments", "the {x} in {n} equal parts", "{x} in {n} segments"))
        return case("amount", f"{kind}: {form}", [form.format(n=count, x=name)], segments(curve, count))
    form = rng.choice(("{n} points on the {x} in reverse", "{n} points on the {x}, in reverse order"))
    form = rng.choice((form, "the {x}, {n} points, backwards", "{n} points backwards along the {x}"))
    return case("amount", f"{kind}: {form}", [form.format(n=count, x=name)], spread(curve, count)[::-1])


PORTIONS = {"first": (0, 1), "last": (1, 0), "middle": (1, 1)}


def portion_law(rng: Random) -> LawCase:
    """First, middle, last half, third or quarter of an open stretch; halves of a closed one; overlaps."""
    thing = any_stretch(rng)
    while thing.stretches[0].closed or "half" in thing.names[0] or "third" in thing.names[0]:
        thing = any_stretch(rng)
    name, curve = thing.names[0], thing.stretches[0]
    word, size = rng.choice(list(PORTIONS)), rng.choice(("half", "third", "quarter"))
    part = {"half": F(1, 2), "third": F(1, 3), "quarter": F(1, 4)}[size]
    low = {"first": F(0), "last": 1 - part, "middle": (1 - part) / 2}[word] * (curve.high - curve.low) + curve.low
    count = rng.randint(2, 12)
    form = rng.choice(
        ("{n} points on the {w} of the {x}", "the {w} of the {x}, {n} points", "{w} of the {x}: {n} points")
    )
    text = form.format(n=count, w=f"{word} {size}", x=name)
    portion = cut(curve.part, low, low + part * (curve.high - curve.low))
    return case("portion", f"{word} {size}", [text], spread(portion, count))
