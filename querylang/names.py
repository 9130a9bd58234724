"""The names of places, read from `grammar/places.toml`: feature words in, pieces of parts out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class Name:
    """What a bag of feature words means.

    Attributes:
        features: The feature words.
        alone: Pieces without a side of its own; None if it needs a side and means both without one.
        sides: Pieces by side ("left", "right"); empty if it has no sides.
        side_of: Whether a side tells which part, or where the place lies.
        stretch: What it means when two or more points are asked.
        is_each: Its pieces are counted one by one by "each".
        note: What an answer that uses it says.
    """

    features: frozenset[str]
    alone: Pieces | None
    sides: dict[str, Pieces]
    side_of: Literal["part", "place"]
    stretch: Pieces | None
    is_each: bool
    note: str | None


class Names:
    """Names by their bag of feature words, made from their tables when they are first asked for."""

    def __init__(self, tables: Iterable[dict[str, Any]], registry: Registry) -> None:
        """Take the `[[place]]` tables.

        Raises:
            ConfigError: A bag of words has two meanings.
        """
        self.registry = registry
        self.tables_in_order = tuple(tables)
        self.tables: dict[frozenset[str], dict[str, Any]] = {}
        self.made: dict[frozenset[str], Name] = {}
        for table in self.tables_in_order:
            for say in table["say"]:
                features = frozenset(say.split())
                if features in self.tables:
                    raise ConfigError(f"place {say!r} has two meanings")
                self.tables[features] = table

    def get(self, features: frozenset[str]) -> Name | None:
        """Return the name of a bag of words, None if it has none.

        Raises:
            ConfigError: Its table is malformed.
        """
        name = self.made.get(features)
        if name is None and features in self.tables:
            name = self.made[features] = make_name(features, self.tables[features], self.registry)
        return name

    def __iter__(self) -> Iterator[frozenset[str]]:
        return iter(self.tables)


def make_name(features: frozenset[str], table: dict[str, Any], registry: Registry) -> Name:
    """Return the name of one `[[place]]` table.

    Raises:
        ConfigError: The table is malformed.
    """
    sides: dict[str, Pieces] = {side: read_pieces(table[side], registry) for side in ("left", "right") if side in table}
    alone = read_pieces(table["is"], registry) if "is" in table else None
    if alone is None and len(sides) != 2:
        raise ConfigError(f"place {table.get('say')!r} needs 'is', or 'left' and 'right'")
    stretch = read_pieces(table["stretch"], registry) if "stretch" in table else None
    return Name(features, alone, sides, table.get("side", "part"), stretch, table.get("each", False), table.get("note"))
