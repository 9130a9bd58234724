"""Pieces of parts: stretches and places, and the canonical text of them that the language's data is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from ..errors import ConfigError
from .registry import Registry


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


Piece = Stretch | Place
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
