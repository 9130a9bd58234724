"""Pieces of parts: stretches and places, and the canonical text of them that the language's data is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from ..errors import ConfigError
from .landmarks import LandmarkQuery
from .registry import Registry
from .surface_runs import WHOLE, Box, Spot


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of a curve, as FPALPs; past 1 it wraps on a closed part.

    Attributes:
        is_whole: The whole curve; on a closed part its end is its start again.
    """

    part: str
    start: Fraction
    stop: Fraction
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a part."""

    part: str
    fpalp: Fraction


@dataclass(frozen=True, slots=True)
class Patch:
    """A surface or a portion of it, its outline, one of its edges, or one place on it.

    Attributes:
        part: The surface's name.
        edge: "outline", "top", "bottom", "left" or "right", or "" for the surface itself.
        spot: The place (u, v), None for all of it.
        box: The portion of the surface.
    """

    part: str
    edge: str = ""
    spot: Spot | None = None
    box: Box = WHOLE


def face_side(patch: Patch, choice: str) -> str:
    """Return where in the picture the inner or outer side of a surface is, "left" or "right"; "" where it has none.

    Any other choice is returned as it is.
    """
    if choice not in ("inner", "outer"):
        return choice
    own = patch.part.split()[0]
    return {"left": {"inner": "right", "outer": "left"}, "right": {"inner": "left", "outer": "right"}}.get(own, {}).get(
        choice, ""
    )


CurvePiece = Stretch | Place
Piece = CurvePiece | Patch
Pieces = tuple[Piece, ...]

PIECE = re.compile(r"(?P<part>\w+?)\s*(?:\[(?P<start>[\d./]+) \.\. (?P<stop>[\d./]+)\]|@ (?P<places>[\d./, ]+))?")


def make_piece(landmark: LandmarkQuery) -> Place | Patch:
    """Return a landmark as the piece that is only it."""
    if landmark.v is None:
        return Place(landmark.part, landmark.fpalp)
    return Patch(landmark.part, spot=(landmark.fpalp, landmark.v))


def read_fraction(text: str) -> Fraction:
    """Return the exact value of "4.5/9", "1/2" or "0"."""
    above, _, below = text.strip().partition("/")
    return Fraction(above) / Fraction(below or 1)


def read_pieces(text: str, registry: Registry) -> Pieces:
    """Return the pieces of a canonical text without counts ("outer_lip[0 .. 6/12]; left_eye @ 0, 1/2").

    Raises:
        ConfigError: The text is not canonical, or names no part.
    """
    pieces: list[Piece] = []
    for item in text.split(";"):
        if (patch := read_patch(item.strip(), registry)) is not None:
            pieces.append(patch)
            continue
        match = PIECE.fullmatch(item.strip())
        part = registry.parts.get(match["part"].replace("_", " ")) if match else None
        if match is None or part is None:
            raise ConfigError(f"not a place of a known part: {item.strip()!r}")
        if match["places"]:
            pieces += [Place(part.name, read_fraction(place)) for place in match["places"].split(",")]
        elif match["start"]:
            pieces.append(Stretch(part.name, read_fraction(match["start"]), read_fraction(match["stop"])))
        elif part.is_point:
            pieces.append(Place(part.name, Fraction(0)))
        else:
            pieces.append(Stretch(part.name, Fraction(0), Fraction(1), is_whole=True))
    return tuple(pieces)


PATCH = re.compile(r"(?P<name>\w+?)(?: (?P<edge>outline|top)|\[(?P<u>[\d. ]+), (?P<v>[\d. ]+)\])?")


def read_patch(text: str, registry: Registry) -> Patch | None:
    """Return what a text says of a surface, None of others.

    "left_cheek", "forehead top", "left_cheek[0.7, 0.2]", "left_cheek[0.1 .. 0.7, 0 .. 0.3]".
    """
    match = PATCH.fullmatch(text)
    name = match["name"].replace("_", " ") if match else ""
    if match is None or name not in registry.surfaces:
        return None
    if not match["u"]:
        return Patch(name, match["edge"] or "")
    (left, *right), (top, *bottom) = ([Fraction(end) for end in match[axis].split(" .. ")] for axis in "uv")
    return Patch(name, box=(left, top, right[0], bottom[0])) if right else Patch(name, spot=(left, top))
