"""Cases of the laws about numbers, the writing of words, shapes, faces and layouts."""

from __future__ import annotations

import re
from random import Random

from law_composition import FACES, SHAPES
from law_oracle import LAYOUTS, spread
from law_phrases import LawCase, any_stretch, base_instruction, case
from law_words import number_word


def number_law(rng: Random) -> LawCase:
    """Numbers in words, leading zeros, thousands, about n, x n."""
    thing, count = any_stretch(rng), rng.randint(1, 59)
    name, curve = thing.names[0], thing.stretches[0]
    form = rng.choice(
        (
            "{w} points on the {x}",
            "the {x}, {w} points",
            "{n:03d} points on the {x}",
            "about {n} points on the {x}",
            "roughly {w} points on the {x}",
            "{x} x {n}",
            "{n}x {x}",
            "{x}: {w}",
            "{x} = {n}",
            "{x} -> {n} points",
            "{n} evenly spaced points on the {x}",
            "{n} points evenly spaced along the {x}",
            "{w} equally spaced points on the {x}",
            "{n} points on the {x}, uniform",
            "the {x}. Use {n} points.",
            "exactly {n} points on the {x}",
        )
    )
    text = form.format(w=number_word(count), n=count, x=name)
    return case("number", form, [text.replace("points", "point") if count == 1 else text], spread(curve, count))


SPELLINGS = (("centre", "center"), ("eyebrow", "eye-brow"), ("eyelid", "eye-lid"), ("jawline", "jaw line"))
SPELLINGS += (("jawline", "jaw-line"), ("left eye", "left-eye"), ("right eye", "right-eye"), ("points", "point"))
SPELLINGS += (("outer lip", "outer-lip"), ("nose bridge", "nose-bridge"), ("outer lip", "outer lips"))
SPELLINGS += (("'s", "\N{RIGHT SINGLE QUOTATION MARK}s"),)
PLURALS = ("corner", "lid", "eyelid", "canthus")


def word_law(rng: Random) -> LawCase:
    """Case, hyphens, number, spelling, spaces, typographic marks."""
    item = base_instruction(rng)
    text = item.text
    kind = rng.choice(("upper", "title", "spaces", "spelling", "spelling", "spelling", "no articles", "full stop"))
    ways = {
        "upper": text.upper(),
        "title": text.title().replace("'S", "'s"),
        "spaces": "  " + text.replace(" ", "  "),
        "no articles": re.sub(r"\bthe (?!way)", "", text),
        "full stop": text[0].upper() + text[1:] + ".",
    }
    if kind in ways:
        return case("words", kind, [ways[kind]], item.points)
    for word in PLURALS:
        if text.endswith(f" {word}") and rng.random() < 0.5:
            return case("words", f"plural: {word}", [text + "s" if word != "canthus" else text[:-2] + "i"], item.points)
    pairs = [(a, b) for a, b in SPELLINGS if f"{a} " in f"{text} " and f"{b} " not in f"{text} "]
    if not pairs:
        wrapped = re.sub(r"(.*\b(?:the|of|on|along|for)) ", r"\1\n", text, count=1)
        return case("words", "wrapped line", [wrapped], item.points)
    old, new = rng.choice(pairs)
    return case("words", f"{old} -> {new}", [new.join(text.rsplit(old, 1))], item.points)


def shape_law(rng: Random) -> LawCase:
    """Shapes and faces said in words are the flags of canonical text."""
    name, curve = (thing := any_stretch(rng)).names[0], thing.stretches[0]
    count = rng.randint(3, 20)
    where = curve.part.replace(" ", "_") + ("" if curve.whole else f"[{curve.low} .. {curve.high}]")
    if rng.random() < 0.5:
        shape = rng.choice(list(SHAPES))
        way = rng.choice(SHAPES[shape] + (("as a mask", "filled") if shape == "polygon" else ()))
        form = rng.choice(("{n} points on the {x} {w}", "the {x} {w}, {n} points", "the {x}, {n} points, {w}"))
        text, flag, kind = form.format(n=count, x=name, w=way), shape, f"shape: {way}"
    else:
        more = {
            "": ("on the largest face", "of the main face", "for the biggest face", "on the closest face"),
            "face rightmost": ("on the rightmost face", "for the person on the right"),
            "face leftmost": ("for the person on the left", "of the leftmost face"),
            "face 2": ("on the second face", "for person 2", "in face 2"),
        }
        flag, ways = rng.choice(list((FACES | more).items()))
        way = rng.choice(ways)
        form = rng.choice(("{n} points on the {x} {w}", "{w}, {n} points on the {x}", "{w}: the {x}, {n} points"))
        text, kind = form.format(n=count, x=name, w=way), f"face: {form} {way}"
    canonical = f"{where} * {count}" + (f" | {flag}" if flag else "")
    return case("shape and face", kind, [canonical, text], spread(curve, count))


ONLY = (
    "{l} {x}",
    "{l}, {x} only",
    "just the {x} of {l}",
    "the {l} layout, but only the {x}",
    "the {x} of {l}",
    "the {x} in the {l} layout",
)


def layout_law(rng: Random) -> LawCase:
    """Layouts by ids, by part, and the programs that count from 0."""
    name = rng.choice(list(LAYOUTS))
    layout = LAYOUTS[name]
    kind = rng.choice(("whole", "part", "part", "ids", "ids", "one", "from zero", "several"))
    if kind == "whole":
        forms = {"300W": ("the 300W layout", "ibug 68", "all 68 points", "300W")}
        forms["WFLW"] = ("WFLW", "the WFLW layout", "98 landmarks", "all 98 WFLW points")
        form = rng.choice(forms[name])
        return case("layout", f"whole: {form}", [form], layout)
    if kind == "part":
        part = rng.choice(("left eye", "right eye", "outer lip", "inner lip", "face contour", "nose bridge"))
        form = rng.choice(ONLY)
        return case("layout", f"part: {form}", [form.format(l=name, x=part)], [p for p in layout if p[0] == part])
    first = rng.randint(1, len(layout) - 10)
    last = first + rng.randint(1, 9)
    if kind == "ids":
        form = rng.choice(("{l} points {a} to {b}", "{l} {a}-{b}", "points {a}-{b} of {l}", "{l} landmarks {b} to {a}"))
        points = layout[first - 1 : last]
        points = points[::-1] if "{b} to {a}" in form else points
        return case("layout", f"ids: {form}", [form.format(l=name, a=first, b=last)], points)
    if kind == "one":
        form = rng.choice(("landmark {a} of {l}", "point {a} of {l}", "{l} point {a}", "{l} landmark {a}"))
        return case("layout", f"one: {form}", [form.format(l=name, a=first)], [layout[first - 1]])
    if kind == "from zero":
        program = rng.choice(("dlib", "OpenFace", "face_recognition's"))
        first, last = min(first, 50), min(last, 67)
        text = f"{program} {first}-{last}"
        return case("layout", f"from zero: {program}", [text], LAYOUTS["300W"][first : last + 1])
    text = rng.choice((f"{name} {first}-{last} and {last + 1}", f"{name} points {first}, {last} and {last + 1}"))
    ids = [*range(first, last + 1), last + 1] if "-" in text else [first, last, last + 1]
    return case("layout", kind, [text], [layout[i - 1] for i in ids])
