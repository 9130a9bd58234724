"""Cases of the laws about layouts that are restricted, joined, and listed with parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from law_composition import commas
from law_oracle import LAYOUTS, SIZES, Point, Stretch, bare, spread
from law_phrases import Item, LawCase, any_place, any_stretch
from law_words import BRIDGE, INNER, JAW, L_BROW, L_EYE, OUTER, POSSESSIVES, WINGS
from law_writing import seen, told

ONLY = (
    "{l} {x}",
    "{l}, {x} only",
    "{l}, only the {x}",
    "just the {x} of {l}",
    "only the {x} of {l}",
    "the {l} layout, but only the {x}",
    "the {l} layout, {x} only",
    "the {x} of {l}",
    "the {x} of the {l} layout",
    "the {x} in the {l} layout",
    "{l}, just the {x}",
    "{l} ({x} only)",
    "{l}: {x} only",
)
PARTS: dict[str, tuple[str, ...]] = {
    **{part: (part,) for part in SIZES},
    "jaw": (JAW,),
    "left brow": (L_BROW,),
    "eyes": (L_EYE, "right eye"),
    "eyebrows": (L_BROW, "right eyebrow"),
    "lips": (OUTER, INNER),
    "mouth": (OUTER, INNER),
    "nose": (BRIDGE, WINGS),
}
UNIFIED = [Stretch(part) for part in (*SIZES, "left pupil", "right pupil")]
WHOLE = {**LAYOUTS, "unified": bare(UNIFIED)}


def of_parts(layout: str, parts: Sequence[str]) -> list[Point]:
    return [point for point in WHOLE[layout] if point[0] in parts]


def restricted_item(rng: Random, layout: str | None = None) -> tuple[Item, str]:
    layout = layout or rng.choice(list(LAYOUTS))
    name, form = rng.choice(list(PARTS)), rng.choice(ONLY)
    return Item(form.format(l=layout, x=name), tuple(of_parts(layout, PARTS[name]))), form


def restricted(rng: Random) -> LawCase:
    """A layout's points of a part, or of two, in the layout's order."""
    if rng.random() < 0.25:
        names = rng.sample(("left eye", "right eye", "outer lip", "inner lip", "nose bridge", "face contour"), 2)
        layout = rng.choice(list(LAYOUTS))
        form = rng.choice(
            ("just the {a} and the {b} of {l}", "the {a} and the {b} of {l}", "{l}, only the {a} and the {b}")
        )
        points = [point for name in names for point in of_parts(layout, [name])]
        text = form.format(a=names[0], b=names[1], l=layout)
        return told("joined layouts", f"two parts: {form}", text, points, ordered=False)
    if rng.random() < 0.25:
        form = rng.choice(
            ("the unified layout, {x} only", "just the {x} of the unified layout", "the {x} of the unified layout")
        )
        name = rng.choice(("left eye", "right eyebrow", "nose boundary", "outer lip", "eyes", "lips"))
        return told("joined layouts", f"unified: {form}", form.format(x=name), of_parts("unified", PARTS[name]))
    item, form = restricted_item(rng)
    return told("joined layouts", f"only: {form}", item.text, item.points)


def restricted_side(rng: Random) -> LawCase:
    """A part of a layout on a side that is the person's, or turned by the setting."""
    layout, part = rng.choice(list(LAYOUTS)), rng.choice(("eye", "eyebrow", "brow"))
    side, view, whose = (
        rng.choice(("left", "right")),
        rng.choice(("viewer", "subject")),
        rng.choice(("plain", "subject")),
    )
    if whose == "plain":
        name, form = f"{side} {part}", rng.choice(ONLY)
        text = form.format(l=layout, x=name)
    else:
        name = f"{rng.choice(POSSESSIVES)} {side} {part}"
        form = rng.choice(("just {x} of {l}", "{x} of {l}", "{l}, {x} only", "{l}, only {x}", "{x} in the {l} layout"))
        text = form.format(l=layout, x=name)
    curve = f"{seen(side, whose, view)} {'eye' if part == 'eye' else 'eyebrow'}"
    return told("joined layouts", f"only, {whose} side: {form}", text, of_parts(layout, [curve]), view)


ZERO_BASED = (
    "{l} points {a} to {b}, zero-based",
    "zero-based {l} points {a} to {b}",
    "{l} {a}-{b}, zero-based",
    "{l} {a}-{b} (zero-based)",
    "points {a}-{b} of {l}, zero-based",
    "zero-based: {l} {a}-{b}",
    "{l} landmarks {a} to {b}, index from 0",
    "{l} {a} to {b}, indexed from 0",
)
PROGRAMS = ("dlib", "OpenFace", "face_recognition")


def from_zero(rng: Random) -> LawCase:
    """Ids that count from 0, said so or by the program's own habit."""
    if rng.random() < 0.4:
        layout = rng.choice(list(LAYOUTS))
        first = rng.randint(0, len(LAYOUTS[layout]) - 10)
        last, form = first + rng.randint(1, 8), rng.choice(ZERO_BASED)
        text = form.format(l=layout, a=first, b=last)
        return told("joined layouts", f"zero-based: {form}", text, LAYOUTS[layout][first : last + 1])
    program, whole = rng.choice(PROGRAMS), LAYOUTS["300W"]
    a, b = rng.randint(0, 20), rng.randint(24, 40)
    c = rng.randint(50, 67)
    forms: dict[str, list[Point]] = {
        "{p} points {a} to {b}": whole[a : b + 1],
        "{p} landmarks {a}-{b}": whole[a : b + 1],
        "points {a} to {b} of {p}": whole[a : b + 1],
        "{p} point {c}": whole[c : c + 1],
        "{p} {c}": whole[c : c + 1],
        "{p} {a}-{b} and {c}": [*whole[a : b + 1], whole[c]],
        "{p} {a}, {b} and {c}": [whole[a], whole[b], whole[c]],
        "{p} {b} to {a}": whole[a : b + 1][::-1],
        "{p} landmarks {a}, {b} and {c}-67": [whole[a], whole[b], *whole[c:]],
    }
    form = rng.choice(list(forms))
    return told("joined layouts", f"program: {form}", form.format(p=program, a=a, b=b, c=c), forms[form])


def id_item(rng: Random) -> Item:
    """Ids of a layout, counted as its name has it."""
    if rng.random() < 0.3:
        program, first = rng.choice(PROGRAMS), rng.randint(0, 55)
        return Item(f"{program} {first}-{first + 5}", tuple(LAYOUTS["300W"][first : first + 6]))
    layout = rng.choice(list(LAYOUTS))
    first = rng.randint(1, len(LAYOUTS[layout]) - 8)
    form = rng.choice(
        ("{l} {a}-{b}", "{l} points {a} to {b}", "points {a}-{b} of {l}", "landmark {a} of {l}", "{l} point {a}")
    )
    points = LAYOUTS[layout][first - 1 : first + 5] if "{b}" in form else LAYOUTS[layout][first - 1 : first]
    return Item(form.format(l=layout, a=first, b=first + 5), tuple(points))


def id_list(rng: Random) -> LawCase:
    """Ids of one layout in a list, odd, even, or in the numbers' own order."""
    layout = rng.choice(list(LAYOUTS))
    whole = LAYOUTS[layout]
    a, b, c = sorted(rng.sample(range(1, 60), 3))
    forms: dict[str, list[Point]] = {
        "odd ids of {l}": whole[::2],
        "even ids of {l}": whole[1::2],
        "the odd ids of {l}": whole[::2],
        "landmarks {a}, {b} and {c} of {l}": [whole[a - 1], whole[b - 1], whole[c - 1]],
        "points {c}, {a} and {b} of {l}": [whole[c - 1], whole[a - 1], whole[b - 1]],
        "{l} points {a}, {b}, {c}": [whole[a - 1], whole[b - 1], whole[c - 1]],
        "{l} {a}, {c}-{d}": [whole[a - 1], *whole[c - 1 : c + 3]],
        "{l} {c}-{d}, {a} and {b}": [*whole[c - 1 : c + 3], whole[a - 1], whole[b - 1]],
        "{l} points {d} to {c} and {a}": [*whole[c - 1 : c + 3][::-1], whole[a - 1]],
        "{l} landmarks {a} and {b}": [whole[a - 1], whole[b - 1]],
        "ids {c} to {d} of {l}": whole[c - 1 : c + 3],
        "{l} ids {c}-{d}": whole[c - 1 : c + 3],
    }
    form = rng.choice(list(forms))
    return told("joined layouts", f"ids: {form}", form.format(l=layout, a=a, b=b, c=c, d=c + 3), forms[form])


GLUES: dict[str, Callable[[Sequence[str]], str]] = {
    "semicolons": lambda texts: "; ".join(texts),
    "sentences": lambda texts: ". ".join(texts),
    "lines": lambda texts: "\n".join(texts),
    "bullets": lambda texts: "\n".join(f"- {text}" for text in texts),
    "and": lambda texts: " and ".join(texts),
    "then": lambda texts: ", then ".join(texts),
    "plus": lambda texts: " plus ".join(texts),
}


def several(rng: Random) -> LawCase:
    """Layouts one after another, with parts and places between."""
    sort = rng.choice(("two layouts", "two layouts", "restricted twice", "with others", "with others"))
    strong = list(GLUES)[:4]
    if sort == "two layouts":
        items = [id_item(rng) for _ in range(rng.choice((2, 2, 3)))]
        glue = rng.choice(list(GLUES))
    elif sort == "restricted twice":
        items = [restricted_item(rng, layout)[0] for layout in rng.sample(list(LAYOUTS), 2)]
        glue = rng.choice(strong)
    else:
        thing, count, spot = any_stretch(rng), rng.randint(3, 12), any_place(rng)
        part = Item(f"{count} points on the {thing.names[0]}", tuple(spread(thing.stretches[0], count)))
        layout = rng.choice((id_item, lambda rng: restricted_item(rng)[0]))(rng)
        items = [layout, part, *([Item(f"the {spot.names[0]}", spot.places)] if rng.random() < 0.5 else [])]
        rng.shuffle(items)
        glue = rng.choice(strong)
    points = [point for item in items for point in item.points]
    return told("joined layouts", f"{sort}: {glue}", GLUES[glue]([item.text for item in items]), points)


def beside_count(rng: Random) -> LawCase:
    """A layout in a list with a counted part takes none of its count."""
    thing, count = any_stretch(rng), rng.randint(3, 12)
    item, points = id_item(rng), spread(thing.stretches[0], count)
    spot = any_place(rng)
    counted = f"{count} points on the {thing.names[0]}"
    place = f"the {spot.names[0]}"
    forms = {
        "counted, layout": (commas([counted, item.text]), [*points, *item.points]),
        "counted, layout, place": (commas([counted, item.text, place]), [*points, *item.points, *spot.places]),
        "counted, place, layout": (commas([counted, place, item.text]), [*points, *spot.places, *item.points]),
        "layout, counted": (commas([item.text, counted]), [*item.points, *points]),
        "the whole layout": (f"{counted} and the 300W layout", [*points, *LAYOUTS["300W"]]),
    }
    form = rng.choice(list(forms))
    return told("joined layouts", f"beside a count: {form}", *forms[form])


def joined_layout_law(rng: Random) -> LawCase:
    """Layouts restricted to parts, counted from 0, joined and listed."""
    makers = (restricted, restricted, restricted_side, from_zero, from_zero, id_list, several, several, beside_count)
    return rng.choice(makers)(rng)
