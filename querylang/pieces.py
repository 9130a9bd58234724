"""Pieces of parts: stretches and places, and the canonical text of them that the language's data is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from ..errors import ConfigError
from .registry import Registry
from .surface_runs import Spot


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
    """A surface, its outline, its top edge, or one place on it.

    Attributes:
        part: The surface's name.
        edge: "outline" or "top", or "" for the surface itself.
        spot: The place (u, v), None for all of it.
    """

    part: str
    edge: str = ""
    spot: Spot | None = None


CurvePiece = Stretch | Place
Piece = CurvePiece | Patch
Pieces = tuple[Piece, ...]

PIECE = re.compile(r"(?P<part>\w+?)\s*(?:\[(?P<start>[\d./]+) \.\. (?P<stop>[\d./]+)\]|@ (?P<places>[\d./, ]+))?")


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


PATCH = re.compile(r"(?P<name>\w+?)(?: (?P<edge>outline|top)|\[(?P<u>[\d.]+), (?P<v>[\d.]+)\])?")


def read_patch(text: str, registry: Registry) -> Patch | None:
    """Return what a text says of a surface ("left_cheek", "forehead top", "left_cheek[0.7, 0.2]"), None of others."""
    match = PATCH.fullmatch(text)
    name = match["name"].replace("_", " ") if match else ""
    if match is None or name not in registry.surfaces:
        return None
    spot = (Fraction(match["u"]), Fraction(match["v"])) if match["u"] else None
    return Patch(name, match["edge"] or "", spot)
