"""Cases of the laws about sides that are said late, and about whose they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from law_composition import commas, owned, sentence
from law_oracle import F, Point, Stretch, bare, cut, mirror_point, spread
from law_phrases import Item, LawCase
from law_words import (
    BROW,
    EYE,
    JAW,
    L_BROW,
    L_EYE,
    OUTER,
    POSSESSIVES,
    POSSESSORS,
    WINGS,
    Thing,
    place,
    stretch,
)
from law_writing import on_side, seen, told

# Names without a side, with what they mean on the left.
THINGS = [
    stretch("eye", Stretch(L_EYE)),
    stretch("eyebrow|brow", Stretch(L_BROW)),
    stretch("upper eyelid|upper lid", cut(L_EYE, 0, F(1, 2))),
    stretch("lower eyelid|lower lid", cut(L_EYE, F(1, 2), 1)),
    place("pupil|iris", "left pupil"),
    place("mouth corner|lip corner|corner of the mouth|commissure", OUTER),
    place("nostril|ala", WINGS),
    place("jaw corner|jaw angle|gonion", JAW, F(1, 4)),
    place("brow tail|tail of the eyebrow", L_BROW),
    place("brow arch|arch of the brow", L_BROW, F(2, 9)),
    place("outer canthus|outer corner of the eye", L_EYE),
    place("tear duct|inner corner of the eye", L_EYE, F(1, 2)),
]
LATE = {
    "plain": (
        "the {x} on the {s} side",
        "the {x} to the {s}",
        "the {x} on the {s}",
        "the {x}, the {s} one",
        "the {s} {x} in the image",
    ),
    "viewer": (
        "the {x} on the {s} side of the picture",
        "the {x} on the {s} side of the image",
        "the {x} on the {s} of the picture",
        "the {x} on the viewer's {s}",
        "the {x} on the viewer's {s} side",
        "the {x} on the camera's {s}",
        "the {x} on the {s} as seen in the picture",
        "the {x} on the {s} side, as I see it",
        "the {s} {x} as seen in the picture",
        "the image {s} {x}",
        "the screen {s} {x}",
        "the picture's {s} {x}",
        "the {x} to the viewer's {s}",
    ),
    "subject": (
        "the {x} on {w} {s}",
        "the {x} on {w} {s} side",
        "the {x} to {w} {s}",
        "{w} {x}, the {s} one",
        "{w} {x}: the {s} one",
        "{w} {x} on the {s}",
        "{w} {x} on the {s} side",
        "the {x} on the {s} side of {who}",
        "the {x} on the {s} of {who}",
        "the {s} {x} of {who}",
        "the {x} of {who}, the {s} one",
        "the anatomical {s} {x}",
        "the {x} on the anatomical {s}",
        "the stage {s} {x}",
        "{w} {s} {x}",
    ),
}
# The whole face has no sides of its own, section 8: only beside a part that has.
OF_FACE = {"plain": "the {x} on the {s} side of the face", "subject": "the {x} on the {s} side of {w} face"}
COUNTED = ("{n} points on {x}", "{x}, {n} points", "{x}: {n} points", "on {x}, {n} points", "{n} points for {x}")


def late(rng: Random, name: str, side: str, whose: str, form: str | None = None) -> tuple[str, str]:
    """The name with its side after it (some before it, to compare), and the form."""
    form = form or rng.choice(LATE[whose])
    return form.format(x=name, s=side, w=rng.choice(POSSESSIVES), who=rng.choice(POSSESSORS)), form


def count_it(rng: Random, thing: Thing, text: str) -> Item:
    """Half of the stretches get a count, the rest and the places none."""
    if thing.places:
        return Item(text, thing.places)
    if rng.random() < 0.4:
        return Item(text, tuple(bare(thing.stretches)))
    count = rng.randint(3, 12)
    return Item(rng.choice(COUNTED).format(n=count, x=text), tuple(spread(thing.stretches[0], count)))


def late_thing(rng: Random) -> LawCase:
    whose, view, side = rng.choice(list(LATE)), rng.choice(("viewer", "subject")), rng.choice(("left", "right"))
    thing = rng.choice(THINGS)
    form = OF_FACE[whose] if whose in OF_FACE and rng.random() < 0.1 else None
    text, form = late(rng, rng.choice(thing.names), side, whose, form)
    item = count_it(rng, on_side(thing, seen(side, whose, view)), text)
    return told("late side", f"{whose}: {form}", item.text, item.points, view)


def late_owner(rng: Random) -> LawCase:
    """What lies on a part whose side is said late."""
    whose, view, side = rng.choice(list(LATE)), rng.choice(("viewer", "subject")), rng.choice(("left", "right"))
    owner, part = rng.choice(((EYE, "eye"), (BROW, "eyebrow"), (BROW, "brow")))
    items = owned(rng, owner._replace(curve=None), seen(side, whose, view), rng.choice((1, 1, 2)), "counted")
    name, form = late(rng, part, side, whose)
    while ":" in form:
        name, form = late(rng, part, side, whose)
    texts, points = [item.text for item in items], [point for item in items for point in item.points]
    forms = {"after": f"{commas(texts)} of {name}", "before": f"{name}: {commas(texts)}"}
    if "one" in form:  # an aside: after one item, or before a colon
        forms = {"before": forms["before"]} if len(items) > 1 else forms
    else:
        forms["on"] = f"on {name}, {commas(texts)}"
    where = rng.choice(list(forms))
    return told("late side", f"owner {where}, {whose}: {form}", forms[where], points, view)


def two_owners(rng: Random) -> LawCase:
    """Each side with an owner of its own; a plain one only in a sentence of its own."""
    view, joined = rng.choice(("viewer", "subject")), rng.random() < 0.4
    texts, points, whoses = [], [], []
    for _ in range(rng.choice((2, 2, 3))):
        whose = rng.choice(("viewer", "subject", *([] if joined else ["plain"])))
        side, thing = rng.choice(("left", "right")), rng.choice(THINGS[:4])
        form = {"plain": "the {s} {x}", "viewer": "the viewer's {s} {x}", "subject": "{w} {s} {x}"}[whose]
        if rng.random() < 0.5:
            form = rng.choice([form for form in LATE[whose] if not re.search("[,:]| as | to ", form)])
        name = form.format(x=thing.names[0], s=side, w=rng.choice(POSSESSIVES), who=rng.choice(POSSESSORS))
        count = rng.randint(3, 12)
        texts.append(f"{count} points on {name}")
        points += spread(on_side(thing, seen(side, whose, view)).stretches[0], count)
        whoses.append(whose)
    text = rng.choice((commas(texts), "; ".join(texts))) if joined else ". ".join(map(sentence, texts)) + "."
    return told("late side", f"{'list' if joined else 'sentences'} of {', '.join(whoses)}", text, points, view)


def corner_of_side(rng: Random) -> LawCase:
    """The left corner of her right eye: both sides are hers."""
    part = rng.choice(("eye", "eyebrow", "brow"))
    side, end = rng.choice(("left", "right")), rng.choice(("left", "right"))
    view, owned_by = rng.choice(("viewer", "subject")), rng.choice(("plain", "subject"))
    end_name = "corner" if part == "eye" else "end"
    whose, who = rng.choice(POSSESSIVES), rng.choice(POSSESSORS)
    forms = ("the {e} {c} of the {s} {x}", "the {s} {x}: the {e} {c}", "the {s} {x}'s {e} {c}")
    if owned_by == "subject":
        forms = ("the {e} {c} of {w} {s} {x}", "the {e} {c} of the {s} {x} of {who}", "{w} {s} {x}: the {e} {c}")
        forms += ("the {e} {c} of the {x} on {w} {s}",)
    form = rng.choice(forms)
    text = form.format(e=end, c=end_name, s=side, x=part, w=whose, who=who)
    outer = end == side
    curve = L_EYE if part == "eye" else L_BROW
    point: Point = (curve, F(0) if outer else F(1, 2))
    if seen(side, owned_by, view) == "right":
        point = mirror_point(point)
    return told("late side", f"end by side: {form}", text, [point], view)


# Each with the eye's side in the picture.
INITIALS = (("OD", "left"), ("OS", "right"))


def initials(rng: Random) -> LawCase:
    name, side = rng.choice(INITIALS)
    count, view = rng.randint(3, 12), rng.choice(("viewer", "subject"))
    lid, pupil, eye = (on_side(THINGS[i], side) for i in (2, 4, 0))
    upper = spread(lid.stretches[0], count)
    other, turned = next((n, on_side(THINGS[0], s)) for n, s in INITIALS if n != name)
    forms: list[tuple[str, Sequence[Point]]] = [
        ("{n} points on the upper lid of {e}", upper),
        ("{e} upper lid, {n} points", upper),
        ("{e}: {n} points on the upper lid", upper),
        ("{e}: the pupil, {n} points on the upper lid", [*pupil.places, *upper]),
        ("the pupil of {e}", pupil.places),
        ("{e} pupil", pupil.places),
        ("the pupil and {n} points on the upper lid of {e}", [*pupil.places, *upper]),
        ("{n} points on {e} and {n} on {o}", spread(eye.stretches[0], count) + spread(turned.stretches[0], count)),
        ("{e} and {o}, {n} points each", spread(eye.stretches[0], count) + spread(turned.stretches[0], count)),
        ("{n} points on {e} and its pupil", [*spread(eye.stretches[0], count), *pupil.places]),
        ("OU: {n} points each", spread(Stretch("left eye"), count) + spread(Stretch("right eye"), count)),
    ]
    form, points = rng.choice(forms)
    return told("late side", f"initials: {form}", form.format(n=count, e=name, o=other), points, view)


def late_side_law(rng: Random) -> LawCase:
    """A side may be said after its part, and its owner anywhere in the phrase."""
    makers = (late_thing, late_thing, late_thing, late_owner, late_owner, two_owners, corner_of_side, initials)
    return rng.choice(makers)(rng)
