"""Canonical text written from points of the tables: the plain second way of saying anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from random import Random

from law_oracle import SIZES, TURN, Point, Stretch, mirror_point, mirror_stretch
from law_phrases import LawCase, case
from law_words import POSSESSIVES, POSSESSORS, Thing


def write(points: Iterable[Point]) -> str:
    """Each place by its FPALP: `left_eye @ 0, 1/2; left_pupil`."""
    said = []
    for part, places in groupby(points, key=lambda point: point[0]):
        name = part.replace(" ", "_")
        if part in SIZES:
            said.append(f"{name} @ {', '.join(str(fpalp) for _, fpalp in places)}")
        else:
            said += [name for _ in places]
    return "; ".join(said)


def told(law: str, kind: str, text: str, points: Sequence[Point], view: str = "viewer", **more: object) -> LawCase:
    """The text, read in a perspective, against the canonical text of its points."""
    return case(law, kind, [write(points), text], points, perspectives=("viewer", view), **more)


def failing(law: str, kind: str, text: str, *codes: str) -> LawCase:
    return case(law, kind, [text], check="error", codes=codes)


def seen(side: str, whose: str, view: str) -> str:
    """The picture's side that a word for a side means; it is plain, the viewer's or the subject's."""
    return side if whose == "viewer" or (whose == "plain" and view == "viewer") else TURN[side]


def on_side(thing: Thing, side: str) -> Thing:
    """What a thing of the left means on a side of the picture."""
    if side == "left":
        return thing
    stretches = tuple(mirror_stretch(stretch) for stretch in thing.stretches)
    return Thing(thing.names, stretches, tuple(mirror_point(point) for point in thing.places))


def curve_of(curve: Stretch, side: str) -> Stretch:
    return curve if side == "left" else mirror_stretch(curve)


def name_part(rng: Random, part: str, side: str) -> str:
    """A part on a side of the picture, in words of the picture or of the person."""
    roll = rng.random()
    if roll < 0.7:
        return f"the {side} {part}"
    if roll < 0.9:
        return f"{rng.choice(POSSESSIVES)} {TURN[side]} {part}"
    return f"the {TURN[side]} {part} of {rng.choice(POSSESSORS)}"
