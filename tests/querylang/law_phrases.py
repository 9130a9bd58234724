"""Items and instructions made of the words, each with the points it must give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from law_oracle import (
    LAYOUTS,
    F,
    Point,
    bare,
    dense,
    every,
    mirror_point,
    mirror_stretch,
    normal,
    segments,
    share,
    spread,
)
from law_words import (
    BOTH_PLACES,
    CENTRES,
    DENSITIES,
    FRACTION_WORDS,
    GROUPS,
    ON,
    PLAIN_PLACES,
    PLAIN_STRETCHES,
    SIDED_PLACES,
    SIDED_STRETCHES,
    UNITS,
    Thing,
    number_word,
)


@dataclass(frozen=True)
class LawCase:
    """Texts that must mean one thing, and the points where the tables give them.

    `check` says what is asked: "same" answers, those "written" alike (each item's flags too), "roundtrip" of the
    canonical text, sides "turned" by the setting, "typo" (the second text is the first with one slip of the pen), or an
    "error".  `ordered=False` compares points as a bag.
    """

    law: str
    kind: str
    texts: tuple[str, ...]
    expected: tuple[Point, ...] | None = None
    perspectives: tuple[str, ...] = ()
    ordered: bool = True
    check: str = "same"
    codes: tuple[str, ...] = ()

    def perspective(self, index: int) -> str:
        return self.perspectives[index] if self.perspectives else "viewer"


def case(law: str, kind: str, texts: Sequence[str], points: Sequence[Point] | None = None, **more: object) -> LawCase:
    return LawCase(law, kind, tuple(texts), None if points is None else tuple(points), **more)


class Item(NamedTuple):
    """Words that stand alone as an instruction, and their points.

    `bare`: a stretch without a count, which a count before it would take in.  `loose`: it holds commas or joins of its
    own, or would be torn by a comma: only for lists with strong separators.
    """

    text: str
    points: tuple[Point, ...]
    bare: bool = False
    loose: bool = False


def pick_side(rng: Random, thing: Thing, side: str | None = None) -> Thing:
    """Put one of its names and one side in."""
    name = rng.choice(thing.names)
    if "{s}" not in name:
        return Thing((name,), thing.stretches, thing.places)
    side = side or rng.choice(("left", "right"))
    name = name.replace("{s}", side)
    if side == "left":
        return Thing((name,), thing.stretches, thing.places)
    stretches = tuple(mirror_stretch(s) for s in thing.stretches)
    return Thing((name,), stretches, tuple(mirror_point(p) for p in thing.places))


def say_count(rng: Random, count: int) -> str:
    ways = [str(count)] * 3 + [number_word(count)]
    if count == 12:
        ways.append("a dozen")
    return rng.choice(ways)


def say_points(rng: Random, count: int) -> str:
    unit = rng.choice(UNITS) if rng.random() < 0.4 else "points"
    if count == 2 and rng.random() < 0.2:
        return f"{rng.choice(('a couple of', 'a pair of'))} {unit}"
    if count == 1:
        unit = {"vertices": "vertex"}.get(unit, unit[:-1])
    return f"{say_count(rng, count)} {unit}"


def any_stretch(rng: Random) -> Thing:
    return pick_side(rng, rng.choice(SIDED_STRETCHES if rng.random() < 0.6 else PLAIN_STRETCHES))


def any_place(rng: Random) -> Thing:
    return pick_side(rng, rng.choice(SIDED_PLACES if rng.random() < 0.6 else PLAIN_PLACES))


def counted(rng: Random) -> Item:
    thing, count = any_stretch(rng), rng.randint(2, 24)
    text = f"{say_points(rng, count)} {rng.choice(ON)} the {thing.names[0]}"
    return Item(text, tuple(spread(thing.stretches[0], count)))


def counted_group(rng: Random) -> Item:
    thing, count = pick_side(rng, rng.choice(GROUPS)), rng.randint(4, 24)
    return Item(f"{count} points on the {thing.names[0]}", tuple(share(thing.stretches, count)))


def anchor(rng: Random) -> Item:
    thing = any_place(rng)
    return Item(f"the {thing.names[0]}", thing.places)


def centre(rng: Random) -> Item:
    thing = pick_side(rng, rng.choice(CENTRES))
    return Item(f"the {thing.names[0]}", thing.places)


def both_anchors(rng: Random) -> Item:
    thing = rng.choice(BOTH_PLACES)
    return Item(f"the {rng.choice(thing.names)}", thing.places)


def positioned(rng: Random) -> Item:
    thing, fraction = any_stretch(rng), rng.choice(list(FRACTION_WORDS))
    curve, way = thing.stretches[0], rng.choice(FRACTION_WORDS[fraction])
    point = curve.low + fraction * (curve.high - curve.low)
    if "along" in way:
        text = f"the point {way} the {thing.names[0]}"
    else:
        text = rng.choice((f"the point at {way} of the {thing.names[0]}", f"the {thing.names[0]} at {way}"))
    return Item(text, (normal(curve.part, point),))


def densified(rng: Random) -> Item:
    thing, factor = any_stretch(rng), rng.choice(list(DENSITIES))
    return Item(rng.choice(DENSITIES[factor]).format(x=thing.names[0]), tuple(dense(thing.stretches[0], factor)))


def from_layout(rng: Random) -> Item:
    name = rng.choice(list(LAYOUTS))
    first = rng.randint(1, len(LAYOUTS[name]) - 8)
    last = first + rng.randint(1, 7)
    form = rng.choice(("{x} points {a}-{b}", "{x} points {a} to {b}", "{x} {a}-{b}", "landmarks {a} to {b} of {x}"))
    return Item(form.format(x=name, a=first, b=last), tuple(LAYOUTS[name][first - 1 : last]), loose=True)


def bare_stretch(rng: Random) -> Item:
    thing = any_stretch(rng)
    return Item(f"the {thing.names[0]}", tuple(bare(thing.stretches)), bare=True)


def every_tenth(rng: Random) -> Item:
    thing = any_stretch(rng)
    step, ways = rng.choice(((F(1, 10), ("every 10%", "every tenth")), (F(1, 4), ("every 25%",))))
    return Item(f"{rng.choice(ways)} of the {thing.names[0]}", tuple(every(thing.stretches[0], step)))


def segmented(rng: Random) -> Item:
    thing, count = any_stretch(rng), rng.randint(2, 12)
    form = rng.choice(("the {x} in {n} segments", "the {x} in {n} equal parts", "the {x} divided into {n} equal parts"))
    return Item(form.format(x=thing.names[0], n=count), tuple(segments(thing.stretches[0], count)), loose=True)


def suffixed(rng: Random) -> Item:
    """The count after its part."""
    thing, count = any_stretch(rng), rng.randint(2, 24)
    forms = ("the {x}: {n} points", "{x} with {n} points", "{x} ({n} points)", "the {x}, {n} points", "{x} x {n}")
    text = rng.choice(forms).format(x=thing.names[0], n=count)
    return Item(text, tuple(spread(thing.stretches[0], count)), loose=True)


def any_item(rng: Random, *, loose: bool = True) -> Item:
    """An item that stands alone and that a count before it leaves alone."""
    makers = [counted] * 6 + [anchor] * 4 + [counted_group, both_anchors, positioned, densified, every_tenth]
    if loose:
        makers += [from_layout, suffixed, segmented]
    return rng.choice(makers)(rng)


def base_instruction(rng: Random) -> Item:
    """One item or two, for laws about the words around it."""
    if rng.random() < 0.3:
        first, second = counted(rng), counted(rng)
        return Item(f"{first.text} and {second.text}", first.points + second.points)
    return rng.choice((counted, counted, anchor, centre, bare_stretch, counted_group, positioned, densified))(rng)
