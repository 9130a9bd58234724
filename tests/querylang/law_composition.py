"""Cases of the laws about what is put together: lists, owners, each and total, references, exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from law_oracle import F, Point, Stretch, bare, each, mirror_point, mirror_stretch, normal, share, spread
from law_phrases import (
    Item,
    LawCase,
    any_item,
    any_stretch,
    bare_stretch,
    base_instruction,
    case,
    pick_side,
    say_count,
)
from law_words import (
    BROW,
    EACH_OF_PAIR,
    EACH_OF_TWO,
    EYE,
    OWNERS,
    PAIRS,
    PLAIN_STRETCHES,
    POSSESSIVES,
    POSSESSORS,
    SIDED_PLACES,
    SIDED_STRETCHES,
    TOTAL_OF_PAIR,
    TOTAL_OF_TWO,
    Owner,
)


def commas(texts: Sequence[str], last: str = " and ") -> str:
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + last + texts[-1]


def sentence(text: str) -> str:
    return text[0].upper() + text[1:]


LISTS = {
    "semicolons": lambda t: "; ".join(t),
    "lines": lambda t: "\n".join(t),
    "bullets": lambda t: "\n".join(f"- {x}" for x in t),
    "numbered": lambda t: "\n".join(f"{i}. {sentence(x)}" for i, x in enumerate(t, 1)),
    "numbered brackets": lambda t: "\n".join(f"{i}) {x}" for i, x in enumerate(t, 1)),
    "sentences": lambda t: " ".join(f"{sentence(x)}." for x in t),
    "then sentences": lambda t: f"{sentence(t[0])}. " + " ".join(f"Then {x}." for x in t[1:]),
    "headed bullets": lambda t: "I need:\n" + "\n".join(f"* {x}" for x in t),
}
JOINS = {
    "and": lambda t: " and ".join(t),
    "commas and": commas,
    "oxford comma": lambda t: commas(t, ", and ") if len(t) > 2 else " and ".join(t),
    "commas": lambda t: ", ".join(t),
    "plus": lambda t: " plus ".join(t),
    "ampersand": lambda t: " & ".join(t),
    "as well as": lambda t: commas(t, " as well as "),
    "comma then": lambda t: ", then ".join(t),
    "also": lambda t: commas(t, " and also "),
}


def list_law(rng: Random) -> LawCase:
    """A; B; C is A, then B, then C, however they are joined."""
    joined = rng.random() < 0.6
    items = [any_item(rng, loose=not joined) for _ in range(rng.randint(2, 4))]
    if rng.random() < 0.15:
        items.insert(0, bare_stretch(rng))
        sort = "bare first"
    elif rng.random() < 0.15:
        items = [bare_stretch(rng) for _ in items]
        sort = "all bare"
    else:
        sort = ""
    name = rng.choice(list(JOINS if joined else LISTS))
    text = (JOINS if joined else LISTS)[name]([item.text for item in items])
    points = [point for item in items for point in item.points]
    kind = f"{sort}: {name}" if sort else name
    return case("list", kind, [text], points)


def owned(rng: Random, owner: Owner, side: str, number: int, style: str) -> list[Item] | None:
    """Items without a part of their own, each as words to put before "of Z"."""
    things = [(thing, True) for thing in owner.stretches] + [(thing, False) for thing in owner.places]
    if style == "places":
        things = [pair for pair in things if not pair[1]]
    if style == "bare stretches":
        things = [pair for pair in things if pair[1]]
    if len(things) < number:
        return None
    items = []
    for thing, is_stretch in rng.sample(things, number):
        fixed = thing._replace(names=tuple(f"{name}{{s}}" for name in thing.names))
        turned = pick_side(rng, fixed, side)
        name = turned.names[0].removesuffix(side)
        if not is_stretch:
            items.append(Item(f"the {name}", turned.places))
        elif style == "bare stretches":
            items.append(Item(f"the {name}", tuple(bare(turned.stretches))))
        else:
            count = rng.randint(3, 12)
            unit = " points" if not any(" points " in item.text for item in items) else rng.choice(("", " points"))
            items.append(Item(f"{count}{unit} on the {name}", tuple(spread(turned.stretches[0], count))))
    if owner.curve and style == "counted" and rng.random() < 0.2:
        curve = owner.curve if side == "left" else mirror_stretch(owner.curve)
        items.append(Item("the point at 30%", (normal(curve.part, F(3, 10)),)))
    return items


def say_owner(rng: Random, owner: Owner, side: str) -> tuple[str, str]:
    """The owner in words, with the kind of its name; `side` is the picture's."""
    name, other = rng.choice(owner.names), "right" if side == "left" else "left"
    roll = rng.random()
    if "{s}" not in name or roll < 0.6:
        return f"the {name.replace('{s}', side)}", "plain"
    if roll < 0.85:
        return f"{rng.choice(POSSESSIVES)} {name.replace('{s}', other)}", "possessive"
    return f"the {name.replace('{s}', other)} of {rng.choice(POSSESSORS)}", "possessor"


def owner_texts(items: Sequence[Item], owner: str) -> dict[str, str]:
    texts = [item.text for item in items]
    plain = [text.removeprefix("the ") for text in texts]
    heading = owner if "'s " in owner else owner.removeprefix("the ")
    bullets = "\n".join(f"- {text}" for text in plain)
    forms = {
        "X and Y of Z": f"{commas(texts)} of {owner}",
        "X of Z and Y of Z": commas([f"{text} of {owner}" for text in texts]),
        "Z: X, Y": f"{heading}: {', '.join(plain)}",
        "Z: X and Y": f"{owner}: {commas(texts)}",
        "on Z, X and Y": f"on {owner}, {commas(texts)}",
        "for Z, X, Y": f"for {owner}: {', '.join(texts)}",
        "Z with bullets": f"{heading}:\n{bullets}",
        "X; Y of Z each": "; ".join(f"{text} of {owner}" for text in texts),
    }
    if " of the " not in owner and not any(char.isdigit() for char in "".join(plain)):
        forms["Z's X and Y"] = f"{owner}'s {commas(plain)}"
    return forms


def owner_law(rng: Random) -> LawCase:
    """A part named once owns every item that can lie on it."""
    items = None
    while items is None:
        sort = rng.choice(list(OWNERS))
        side = rng.choice(("left", "right")) if sort in {"eye", "brow"} else "left"
        style = rng.choice(("places", "counted", "counted", "bare stretches"))
        items = owned(rng, OWNERS[sort], side, rng.choice((2, 2, 3, 4)), style)
    name, how = say_owner(rng, OWNERS[sort], side)
    forms = owner_texts(items, name)
    kind = rng.choice(list(forms))
    points = [point for item in items for point in item.points]
    return case("owner", f"{style}, {how}: {kind}", [forms[kind]], points)


def possessive_law(rng: Random) -> LawCase:
    """A possessive carries on through the list it opens, up to the end of its sentence."""
    sides = [rng.choice(("left", "right")) for _ in range(rng.randint(2, 3))]
    things = [pick_side(rng, rng.choice(SIDED_STRETCHES[:2]), side) for side in sides]
    counts = [rng.randint(3, 12) for _ in sides]
    flips = [mirror_stretch(thing.stretches[0]) for thing in things]
    whose = rng.choice(POSSESSIVES)
    if rng.random() < 0.5:
        text = f"{whose} " + commas([thing.names[0] for thing in things])
        return case("owner", "possessive carries, bare", [text], bare(flips))
    names = [thing.names[0] for thing in things]
    first = f"{counts[0]} points on {whose} {names[0]}"
    rest = [f"{n} on the {name}" for n, name in zip(counts[1:], names[1:], strict=True)]
    points = [p for s, n in zip(flips, counts, strict=True) for p in spread(s, n)]
    if rng.random() < 0.4:
        tail, count = pick_side(rng, SIDED_STRETCHES[0]), rng.randint(3, 9)
        text = commas([first, *rest]) + f". {count} points on the {tail.names[0]}."
        return case("owner", "possessive ends", [text], points + spread(tail.stretches[0], count))
    return case("owner", "possessive carries, counted", [commas([first, *rest])], points)


def each_law(rng: Random) -> LawCase:
    """n on each, and n in all, wherever the word stands."""
    count = rng.randint(2, 16)
    of_pair, total = rng.random() < 0.6, rng.random() < 0.5
    said = say_count(rng, count)
    if of_pair:
        one, many, curve = rng.choice(PAIRS)
        curves = [curve, mirror_stretch(curve)]
        form = rng.choice(TOTAL_OF_PAIR if total else EACH_OF_PAIR)
        text = form.format(n=said, x=one, xs=many)
    else:
        first, second = any_stretch(rng), any_stretch(rng)
        while second.stretches[0].part == first.stretches[0].part:
            second = any_stretch(rng)
        curves = [first.stretches[0], second.stretches[0]]
        form = rng.choice(TOTAL_OF_TWO if total else EACH_OF_TWO)
        text = form.format(n=said, a=first.names[0], b=second.names[0])
    tail = ""
    if of_pair and not total and one != "eye" and rng.random() < 0.15:
        tail, text = " + direction", f"{text}, evenly spaced"
    points = share(curves, count) if total else each(curves, count)
    sort = "total" if total else "each"
    return case("each and total", f"{sort}{tail}: {form}", [text], points)


def flip(points: Sequence[Point]) -> list[Point]:
    return [mirror_point(point) for point in points]


def reference_law(rng: Random) -> LawCase:
    """The same on the other side, that eye, its pupil, the other one."""
    owner, part = rng.choice(((EYE, "eye"), (BROW, "brow"), (BROW, "eyebrow")))
    side = rng.choice(("left", "right"))
    other = "right" if side == "left" else "left"
    kind = rng.choice(("the same", "the same", "then the other", "that part", "its", "of it", "other place"))
    if kind == "the same":
        items = owned(rng, owner._replace(curve=None), side, rng.choice((1, 2)), rng.choice(("places", "counted")))
        points = [point for item in items for point in item.points]
        end = rng.choice(
            (
                f"; the same on the {other}",
                f". The same for the other {part}.",
                f" and the same on the {other} {part}",
                f", and the same for the {other} one",
                f". Do the same for the {other} {part}.",
            )
        )
        text = f"{commas([item.text for item in items])} of the {side} {part}{end}"
        return case("reference", kind, [text], points + flip(points), ordered=False)
    count, curve = rng.randint(3, 12), owner.curve if side == "left" else mirror_stretch(owner.curve)
    if kind == "then the other":
        text = f"{count} points on the {side} {part}, then the {other} one"
        return case("reference", kind, [text], each([curve, mirror_stretch(curve)], count))
    place = pick_side(rng, rng.choice(owner.places), side)
    if kind == "other place":
        sided = pick_side(rng, rng.choice(SIDED_PLACES), side)
        text = f"the {sided.names[0]} and the other one"
        return case("reference", kind, [text], [*sided.places, *flip(sided.places)])
    word = {"that part": f"the {place.names[0]} of that {part}", "its": f"its {place.names[0]}"}
    text = f"{count} points on the {side} {part} and {word.get(kind, f'the {place.names[0]} of it')}"
    places = place.places if side == "left" else flip(place.places)
    return case("reference", kind, [text], [*spread(curve, count), *places])


MINUS = ("except", "without", "but not", "excluding", "apart from", "minus", "other than")


def exception_law(rng: Random) -> LawCase:
    """X except Y takes away from what was laid out."""
    word = rng.choice(MINUS)
    if rng.random() < 0.3:
        groups = {"lips": ("outer lip", "inner lip"), "nose": ("nose bridge", "nose boundary")}
        groups |= {"eyes": ("left eye", "right eye"), "eyebrows": ("left eyebrow", "right eyebrow")}
        name, parts = rng.choice(list(groups.items()))
        gone = rng.randint(0, 1)
        text = f"the {name} {word} the {parts[gone]}"
        return case("exception", f"a part: {word}", [text], bare([Stretch(parts[1 - gone])]))
    places = [("outer lip", "left mouth corner", F(0)), ("outer lip", "cupid's bow", F(1, 4))]
    places += [("face contour", "chin tip", F(1, 2)), ("face contour", "left jaw end", F(0))]
    places += [("left eye", "inner corner", F(1, 2)), ("left eye", "outer corner", F(0))]
    places += [("nose bridge", "nose tip", F(1)), ("nose boundary", "left nostril", F(0))]
    part, name, fpalp = rng.choice(places)
    curve = Stretch(part)
    if rng.random() < 0.5:
        count = 2 * rng.randint(2, 10)
        text, points = f"{count} points on the {part} {word} the {name}", spread(curve, count)
    else:
        text, points = f"the {part} {word} the {name}", bare([curve])
    return case("exception", f"a place: {word}", [text], [p for p in points if p != (part, fpalp)])


POLITE = ("please ", "can you find ", "could you mark ", "I need ", "give me ", "show me ", "find ", "detect ")
POLITE += (
    "place ",
    "I'd like ",
    "get ",
    "predict ",
    "return ",
    "extract ",
    "plot ",
    "locate ",
    "Please give me ",
    "draw ",
)
POLITE += ("can you please find ", "the user wants ", "I want ", "sample ", "I have a photo, I need ", "track ")
POLITE += ("how do I get ", "Query: ", "get the coordinates of ", "find the positions of ", "mark ", "jaw rig: ")
POLITE += ("For MRD1: ", "head pose: ", "brow height: ")
AFTER = (" please", ", please", ", thanks", " in the image", " on this photo", ".", "!", " \N{GRINNING FACE}")
AFTER += (" for lipstick", " to draw eyeliner", ", thank you", ". Thanks!", " in this picture")


def wrapping_law(rng: Random) -> LawCase:
    """What is said around an instruction changes nothing."""
    item = base_instruction(rng)
    before, after = rng.choice(POLITE), rng.choice(AFTER)
    roll = rng.random()
    if roll < 0.45:
        return case("wrapping", f"before: {before.strip()}", [item.text, before + item.text], item.points)
    if roll < 0.8:
        return case("wrapping", f"after: {after.strip()}", [item.text, item.text + after], item.points)
    if roll < 0.9:
        return case("wrapping", "quoted", [item.text, f'"{item.text}"'], item.points)
    return case("wrapping", "both ends", [item.text, f"{before}{item.text}{after}"], item.points)


def pieces_of(rng: Random) -> tuple[str, Stretch]:
    thing = pick_side(rng, rng.choice(SIDED_STRETCHES + PLAIN_STRETCHES))
    return thing.names[0], thing.stretches[0]


ORDERS = (
    "{n} points on the {x}{f}{s}{a}",
    "{n} points{a} on the {x}{s}{f}",
    "on the {x}, {n} points{a}{s}{f}",
    "{F}, {n} points on the {x}{a}{s}",
    "{A}, {n} points on the {x}{s}{f}",
    "{x}, {n} points,{a},{s},{f}",
    "{n} points on the {x},{s},{a},{f}",
    "{x}: {n} points,{f},{s},{a}",
    "{F}: {x} with {n} points{a}{s}",
    "{n} points{f} on the {x}{a}{s}",
    "{S}: {n} points on the {x}{a}{f}",
)
ARC = ("at equal distances", "equidistant", "spaced by arc length", "by arc length")
SHAPES = {"polygon": ("as a polygon", "as a closed loop"), "polyline": ("as a polyline", "as a line", "as a curve")}
FACES = {
    "face leftmost": ("on the leftmost face", "for the leftmost face"),
    "face smallest": ("on the smallest face", "for the smallest face"),
    "face 2": ("on face 2", "for the second face"),
    "all faces": ("for every face", "on all faces", "for each person"),
}


def order_law(rng: Random) -> LawCase:
    """Count, part, spacing, shape and faces in any order, against canonical text."""
    name, curve = pieces_of(rng)
    count, used = rng.randint(3, 15), rng.sample(("arc", "shape", "face"), rng.randint(1, 3))
    shape, face = rng.choice(list(SHAPES)), rng.choice(list(FACES))
    said = {
        "a": rng.choice(ARC) if "arc" in used else "",
        "s": rng.choice(SHAPES[shape]) if "shape" in used else "",
        "f": rng.choice(FACES[face]) if "face" in used else "",
    }
    flags = ["arc"] * ("arc" in used) + [shape] * ("shape" in used) + [face] * ("face" in used)
    forms = [f for f in ORDERS if all(said[key.lower()] for key in "AFS" if f"{{{key}}}" in f)]
    form = rng.choice(forms)
    filled = form.format(
        n=count, x=name, **{k: f" {v}" if v else "" for k, v in said.items()}, **{k.upper(): v for k, v in said.items()}
    )
    text = ", ".join(piece.strip() for piece in filled.split(",") if piece.strip())
    where = curve.part.replace(" ", "_") + ("" if curve.whole else f"[{curve.low} .. {curve.high}]")
    points = None if "arc" in used else spread(curve, count)
    canonical = f"{where} * {count} | {', '.join(flags)}"
    return case("order of pieces", f"{'+'.join(sorted(used))}: {form}", [canonical, text], points)
