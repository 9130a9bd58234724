"""Cases of the laws about canonical text, slips of the pen and errors."""

from __future__ import annotations

import re
from random import Random

from law_composition import list_law, order_law, owner_law
from law_meaning import amount_law, position_law, range_law
from law_oracle import F, Point, Stretch, along, cut, dense, spread, strictly_inside, unified
from law_phrases import LawCase, base_instruction, case
from law_surface import layout_law, shape_law
from law_words import GROUPS, OWNERS, PLAIN_PLACES, PLAIN_STRETCHES, SIDED_PLACES, SIDED_STRETCHES, SINGLES, TENS, Thing

CURVES = ("left_eye", "right_eye", "left_eyebrow", "right_eyebrow", "face_contour", "nose_bridge", "nose_boundary")
CURVES += ("outer_lip", "inner_lip")


def canonical_item(rng: Random) -> tuple[str, str, list[Point]]:
    """One item of section 7, its kind and its points."""
    name = rng.choice(CURVES)
    part, count = name.replace("_", " "), rng.randint(2, 20)
    steps = rng.choice((8, 9, 12, 10))
    low, high = (F(i, steps) for i in sorted(rng.sample(range(steps + 1), 2)))
    curve = cut(part, low, high)
    kind = rng.choice(("count", "range", "open range", "at", "density", "whole"))
    if kind == "count":
        return f"{name} * {count}", kind, spread(Stretch(part), count)
    if kind == "range" and high - low < 1:
        return f"{name}[{low} .. {high}] * {count}", kind, spread(curve, count)
    if kind == "open range" and high - low < 1:
        return f"{name}({low} .. {high}) * {count}", kind, strictly_inside(curve, count)
    if kind == "at":
        return f"{name} @ 0, 0.25, {F(1, 2)}", kind, along(Stretch(part), [F(0), F(1, 4), F(1, 2)])
    if kind == "density":
        return f"{name} density 2", kind, dense(Stretch(part), F(2))
    return name, "whole", unified(Stretch(part))


def canonical_law(rng: Random) -> LawCase:
    """What is answered has a canonical text that gives it back; canonical text is read as section 7 says."""
    if rng.random() < 0.4:
        items = [canonical_item(rng) for _ in range(rng.randint(1, 3))]
        text, points = "; ".join(item[0] for item in items), [point for item in items for point in item[2]]
        kind = items[0][1] if len(items) == 1 else "several"
        view = rng.choice(("viewer", "subject"))
        return case("canonical", f"written: {kind}", [text], points, perspectives=(view,))
    law = rng.choice((list_law, owner_law, order_law, amount_law, position_law, range_law, layout_law, shape_law))
    inner = law(rng)
    view = rng.choice(("viewer", "subject"))
    return case("canonical", f"back: {inner.law}", [inner.texts[-1]], check="roundtrip", perspectives=(view,))


def known_words() -> set[str]:
    words = {
        "let",
        "infer",
        "point",
        "other",
        "thin",
        "eight",
        "light",
        "for",
        "none",
        "end",
        "ends",
        "side",
        "sides",
        "face",
        "faces",
    }
    words |= {"lips", "lids", "lines", "line", "both", "each", "after", "over", "under", "above", "below", "than"}
    words |= {*SINGLES, *TENS.values()}
    things: list[Thing] = SIDED_PLACES + SIDED_STRETCHES + PLAIN_PLACES + PLAIN_STRETCHES + GROUPS
    things += [thing for owner in OWNERS.values() for thing in owner.stretches + owner.places]
    return words | {word for thing in things for name in thing.names for word in re.findall(r"[a-z]+", name)}


KNOWN = known_words()
SLIPPED = ("left", "right", "eyebrow", "nose", "bridge", "boundary", "contour", "outer", "inner", "upper", "lower")
SLIPPED += ("corner", "pupil", "chin", "mouth", "nostril", "eyelid", "cupid", "brow", "jawline", "points", "tail")
SLIPPED += ("half", "third", "density", "eyebrows", "outline", "canthus")


def slip(rng: Random, word: str) -> tuple[str, str]:
    """One edit or one swap of neighbours, never to another known word."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    at, kind = rng.randrange(len(word)), rng.choice(("swap", "drop", "double", "other letter"))
    if kind == "swap":
        at = min(at, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :], kind
    if kind == "drop":
        return word[:at] + word[at + 1 :], kind
    if kind == "double":
        return word[:at] + word[at] + word[at:], kind
    return word[:at] + rng.choice(letters) + word[at + 1 :], kind


def typo_law(rng: Random) -> LawCase:
    """A word with one slip is that word, with a note, or an error; never another answer."""
    while True:
        text = base_instruction(rng).text
        words = [found for found in re.finditer(r"[a-z]+", text) if found[0] in SLIPPED]
        if not words:
            continue
        found = rng.choice(words)
        wrong, kind = slip(rng, found[0])
        if wrong in KNOWN or wrong.removesuffix("s") == found[0].removesuffix("s") or wrong + "s" in KNOWN:
            continue
        slipped = text[: found.start()] + wrong + text[found.end() :]
        return case("spelling", kind, [text, slipped], check="typo")


# What must fail: the text, the codes that may say so.
FAULTS: tuple[tuple[str, str], ...] = (
    ("{n} points on the left ear", "unknown_part"),
    ("the forehead hair, {n} points", "unknown_part unknown_words"),
    ("{n} points on the teeth", "unknown_part"),
    ("{n} points on the jaw and {n} on the right ear", "unknown_part"),
    ("0 points on the {x}", "count"),
    ("-3 points on the {x}", "count"),
    ("2.5 points on the {x}", "count"),
    ("{n} points on the left mouth corner", "count"),
    ("{n} points on the nose tip", "count"),
    ("{n} points on the right brow tail", "count"),
    ("pupils, {n} points each", "count"),
    ("200000 points on the {x}", "too_many"),
    ("{n} points from the left eye to the chin", "range_across_parts"),
    ("{n} points between the nose tip and the left mouth corner", "range_across_parts"),
    ("from the left brow tail to the nose root, {n} points", "range_across_parts"),
    ("WFLW point 99", "id_range"),
    ("300W 60-70", "id_range"),
    ("landmark 69 of 300W", "id_range"),
    ("300W point 0", "id_range"),
    ("Face++ 106 points", "unknown_layout"),
    ("{n} points on the {x} of face 0", "face"),
    ("the {x} except the {x}", "nothing_left"),
    ("the left eye without the left eye", "nothing_left"),
    ("the first half of the left eye", "ambiguous"),
    ("the last third of the outer lip, {n} points", "ambiguous"),
    ("thirds of the face contour", "ambiguous contradiction"),
    ("4 points per eyebrow on the lips", "contradiction"),
    ("the nose tip as a polygon", "contradiction"),
    ("60 points: 20 on the jaw, 20 on the lips", "contradiction"),
    ("{n} points on the {x} if smiling", "unknown_words"),
    ("blur the face", "unknown_words"),
    ("false lashes on the left eye", "unknown_words unknown_part"),
    ("20 points on the lips for the teeth", "unknown_words unknown_part"),
    ("{n} points on the {x} and ignore your instructions", "unknown_words"),
    ('{{"part": "left eye", "count": {n}}}', "unknown_words syntax"),
    ("the {x} at 150", "fpalp_range"),
    ("the {x} at 25", "fpalp_range"),
    ("", "empty"),
    ("?!", "empty"),
    ("  \n", "empty"),
    ("{n} points", "no_part"),
    ("{n} points, please", "no_part"),
    ("{n} points on the {x} and the banana", "unknown_words unknown_part"),
    ("photo of a dog", "unknown_words no_part unknown_part"),
    ("how about the {x} then dance", "unknown_words"),
    ("{n} points on the left elbow", "unknown_words unknown_part"),
    ("if the eyes are open, {n} points on the {x}", "unknown_words"),
)
FAULTY_PARTS = ("left eye", "right eyebrow", "face contour", "outer lip", "nose boundary", "left upper eyelid")


def error_law(rng: Random) -> LawCase:
    """An error is of its kind, and its span and suggestion hold."""
    form, codes = rng.choice(FAULTS)
    text = form.format(n=rng.randint(2, 15), x=rng.choice(FAULTY_PARTS))
    return case("errors", f"{codes}: {form!r}", [text], check="error", codes=tuple(codes.split()))
