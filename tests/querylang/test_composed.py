"""Instructions put together at random from pieces, against an evaluator that knows only language.md's tables.

The evaluator shares no code with the parser: a side swapped, a count dropped or shared wrongly, or a word taken for
something else shows as another set of points.
"""

import math
import random
from fractions import Fraction

import pytest

import faceql

CLOSED = {"left eyebrow", "right eyebrow", "left eye", "right eye", "outer lip", "inner lip"}
STEPS = {
    "face contour": 32, "left eyebrow": 9, "right eyebrow": 9, "nose bridge": 3, "nose boundary": 6,
    "left eye": 8, "right eye": 8, "outer lip": 12, "inner lip": 8,
}  # fmt: skip
OTHER = {"left": "right", "right": "left"}


def whole(part):
    return (part, Fraction(0), Fraction(1), part in CLOSED)


def stretch(part, start, stop):
    return (part, Fraction(start), Fraction(stop), False)


NAMES = {  # what is said: its units; a unit is one stretch or several that belong together
    "left eye": [[whole("left eye")]],
    "right brow": [[whole("right eyebrow")]],
    "jawline": [[whole("face contour")]],
    "nose bridge": [[whole("nose bridge")]],
    "nose boundary": [[whole("nose boundary")]],
    "outer lip": [[whole("outer lip")]],
    "eyes": [[whole("left eye")], [whole("right eye")]],
    "eyebrows": [[whole("left eyebrow")], [whole("right eyebrow")]],
    "mouth": [[whole("outer lip")], [whole("inner lip")]],
    "upper lip": [[stretch("outer lip", 0, "1/2"), stretch("inner lip", 0, "1/2")]],
    "left upper eyelid": [[stretch("left eye", 0, "1/2")]],
    "lower lid of the right eye": [[stretch("right eye", "1/2", 1)]],
    "chin area": [[stretch("face contour", "13/32", "19/32")]],
    "right half of the lips": [[stretch("outer lip", "3/12", "9/12"), stretch("inner lip", "2/8", "6/8")]],
    "inner half of the right eye": [[stretch("right eye", "3/4", "5/4")]],
    "left side of the jawline": [[stretch("face contour", 0, "1/2")]],
}
ANCHORS = {
    "eyebrow tail": {"left": ("left eyebrow", 0), "right": ("right eyebrow", "4/9")},
    "brow head": {"left": ("left eyebrow", "1/2"), "right": ("right eyebrow", "17/18")},
    "mouth corner": {"left": ("outer lip", 0), "right": ("outer lip", "1/2")},
    "nostril": {"left": ("nose boundary", 0), "right": ("nose boundary", 1)},
    "gonion": {"left": ("face contour", "1/4"), "right": ("face contour", "3/4")},
    "tear duct": {"left": ("left eye", "1/2"), "right": ("right eye", 0)},
    "pupil": {"left": ("left pupil", 0), "right": ("right pupil", 0)},
}
OWNERS = ["her", "his", "the patient's", "the model's", "my", "the subject's own"]
VIEWERS = ["the viewer's", "image", "the picture's", "screen", "camera"]
LEADS = ["", "", "please ", "give me ", "I need ", "can you place ", "Predict "]
TAILS = ["", "", " please", " in the photo", "."]
POINTS = ["points", "landmarks", "dots", "keypoints", "markers"]


def find_unified(piece):
    part, start, stop, closed = piece
    steps = STEPS[part]
    last = steps - 1 if closed else math.floor(stop * steps)
    return [Fraction(i, steps) for i in range(math.ceil(start * steps), last + 1)]


def lay_out(piece, count):
    part, start, stop, closed = piece
    if closed:
        return [(part, Fraction(i, count)) for i in range(count)]
    if count == 1:
        return [(part, (start + stop) / 2)]
    return [(part, start + (stop - start) * Fraction(i, count - 1)) for i in range(count)]


def share(count, pieces):
    weights = [len(find_unified(piece)) for piece in pieces]
    exact = [Fraction(count * weight, sum(weights)) for weight in weights]
    given = [math.floor(value) for value in exact]
    for i in sorted(range(len(pieces)), key=lambda i: (given[i] - exact[i], i))[: count - sum(given)]:
        given[i] += 1
    return [point for piece, number in zip(pieces, given, strict=True) for point in lay_out(piece, number)]


def flatten(units):
    return [piece for unit in units for piece in unit]


def compose_item(rng):
    """Return a text for one name, and its points."""
    name = rng.choice(list(NAMES))
    units, count, points = NAMES[name], rng.choice([2, 3, 5, 6, 9, 12, 20]), rng.choice(POINTS)
    kind = rng.randrange(5)
    if kind < 3:
        forms = [
            "{n} {p} on the {x}",
            "{x}, {n} {p}",
            "{x}: {n} {p}",
            "the {x} with {n} {p}",
            "{x} {n}",
            "{x} ({n} {p})",
        ]
        return rng.choice(forms).format(n=count, p=points, x=name), share(count, flatten(units))
    if kind == 3:
        form = rng.choice(["{x}, {n} {p} each", "{n} {p} each on the {x}", "{x}: {n} {p} each"])
        each = [point for unit in units for point in share(count, unit)]
        return form.format(n=count, p=points, x=name), each
    factor = rng.choice([2, 3])
    form = rng.choice(["{x}, density {n}", "{n}x density {x}", "{x} at density {n}"])
    found = []
    for piece in flatten(units):
        unified = len(find_unified(piece))
        found += lay_out(piece, factor * unified if piece[3] else factor * (unified - 1) + 1)
    return form.format(n=factor, x=name), found


def compose_list(rng):
    first, second = compose_item(rng), compose_item(rng)
    separator = rng.choice(["; ", ". ", "\n", " and ", ", "])
    return first[0] + separator + second[0], first[1] + second[1]


def compose_shared(rng):
    names = rng.sample(list(NAMES), 2)
    units, count = [unit for name in names for unit in NAMES[name]], rng.choice([4, 5, 7, 12, 20])
    if rng.random() < 0.5:
        text = rng.choice(["{n} points on the {a} and the {b}", "{a} and {b}, {n} points in total"])
        return text.format(n=count, a=names[0], b=names[1]), share(count, flatten(units))
    each = [point for unit in units for point in share(count, unit)]
    text = rng.choice(["{a} and {b}, {n} points each", "{n} points each on the {a} and the {b}"])
    return text.format(n=count, a=names[0], b=names[1]), each


def compose_anchor(rng):
    """Return a text for a place with a side, its point, and the setting it is read in."""
    name, side, setting = rng.choice(list(ANCHORS)), rng.choice(["left", "right"]), rng.choice(["viewer", "subject"])
    kind = rng.randrange(3)
    if kind == 0:
        text, seen = f"the {side}", side if setting == "viewer" else OTHER[side]
    elif kind == 1:
        text, seen = f"{rng.choice(OWNERS)} {side}", OTHER[side]
    else:
        text, seen = f"{rng.choice(VIEWERS)} {side}", side
    question = rng.choice(["where is {}?", "{}", "locate {}", "what is the position of {}", "where's {}", "just {}"])
    return question.format(f"{text} {name}"), [ANCHORS[name][seen]], setting


def check(text, points, perspective="viewer"):
    try:
        query = faceql.parse(text, perspective=perspective)
    except faceql.QueryError:
        return False
    want = [(part, Fraction(fpalp) % 1 if part in CLOSED else Fraction(fpalp)) for part, fpalp in points]
    assert [(point.part, point.fpalp) for point in query] == want, text
    return True


@pytest.mark.parametrize("compose", [compose_item, compose_list, compose_shared])
def test_composed_counts_are_laid_out_as_the_tables_say(compose):
    rng = random.Random(11)
    answered = 0
    for _ in range(400):
        text, points = compose(rng)
        answered += check(rng.choice(LEADS) + text + rng.choice(TAILS), points)
    assert answered > 380


def test_composed_places_lie_on_the_side_that_was_said():
    rng = random.Random(12)
    assert all(check(*compose_anchor(rng)) for _ in range(600))
