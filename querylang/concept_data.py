"""Concepts as data: the tables of `grammar/places.toml`, read.

In: one `[[concept]]` table; out: a `Concept` with its units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ConfigError
from .pieces import Patch, Piece, Pieces, Place, read_pieces
from .portions import HALF, find_x
from .registry import Registry
from .surface_runs import Spot, place_within

SIDES = ("left", "right")
OPPOSITES = {"top": "bottom", "start": "end", "head": "tail", "root": "tip"}
OPPOSITES |= {second: first for first, second in OPPOSITES.items()}
FEATURES = {"left": "side", "right": "side", "upper": "level", "lower": "level", "inner": "depth", "outer": "depth"}


def lies_in(piece: Piece, whole: Piece) -> bool:
    """Whether a piece lies on another one of the same part; of several stretches that meet, only on one."""
    if piece.part != whole.part or isinstance(whole, Place):
        return piece == whole
    if isinstance(whole, Patch) or isinstance(piece, Patch):
        return piece == whole or whole == Patch(whole.part)
    ends = (piece.fpalp,) if isinstance(piece, Place) else (piece.start, piece.stop)
    low, high = sorted((whole.start, whole.stop))
    return whole.is_whole or all(low <= end <= high for end in ends)


@dataclass(frozen=True, slots=True)
class Unit:
    """One named thing: an eye, a lid, a corner, the outer lip.

    Attributes:
        concept: Its concept.
        pieces: Where it lies.
        side: Which of a pair it is or lies on ("left", "right" of the picture), or "".
        end: On which side of its own part it lies, or "".
        level, depth: "upper" or "lower", "inner" or "outer", or "".
        stretch: What it means when two or more points are asked; empty for the same.
        filled: What it means as a polygon; empty for the same.
    """

    concept: str
    pieces: Pieces
    side: str = ""
    end: str = ""
    level: str = ""
    depth: str = ""
    stretch: Pieces = ()
    filled: Pieces = ()

    @property
    def is_place(self) -> bool:
        return all(isinstance(piece, Place) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Thing:
    """What a name means: its units, in the order in which they are asked.

    Attributes:
        units: The units, for "left" as the picture's.
        turned: The units, for "left" as the person's own.
        concept: The concept they are together, or "".
        is_sided: A word named a side.
        notes: What an answer that uses the name says.
    """

    units: tuple[Unit, ...]
    turned: tuple[Unit, ...]
    concept: str
    is_sided: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_place(self) -> bool:
        return bool(self.units) and all(unit.is_place for unit in self.units)

    @property
    def is_several_sided(self) -> bool:
        """Whether its units lie on more than one side, as those of an unsided name of a pair do."""
        return len({unit.side for unit in self.units}) > 1

    @property
    def is_pair(self) -> bool:
        """Whether it is one thing on each side: both eyes, both mouth corners."""
        return sorted(unit.side or unit.end for unit in self.units) == list(SIDES)

    @property
    def takes_side(self) -> bool:
        """Whether it is on both sides, so that a side would choose of it, and no word named one."""
        return not self.is_sided and (self.is_several_sided or self.is_pair)

    @property
    def is_surface(self) -> bool:
        """Whether it is surfaces, and no curve."""
        return bool(self.units) and all(isinstance(piece, Patch) for piece in self.pieces)

    def change(self, make: Callable[[Unit], Iterable[Unit]], **attributes: Any) -> Thing:
        """Return the thing with what is made of each unit in its place."""
        units, turned = (tuple(new for unit in own for new in make(unit)) for own in (self.units, self.turned))
        return replace(self, units=units, turned=turned, **attributes)

    def without(self, other: Thing) -> Thing:
        """Return the thing without the units that another one names too; as it is where none are left."""
        pieces = {unit.pieces for unit in other.units}
        left = self.change(lambda unit: [] if unit.pieces in pieces else [unit])
        return left if left.units else self

    def on_surface(self, *, edge: str = "", spot: Spot | None = None) -> Thing:
        """Return the outlines or edges of surfaces, or one place on each, (u, v) of what is named of it."""

        def change(piece: Piece) -> Piece:
            assert isinstance(piece, Patch)
            return replace(piece, edge=edge, spot=spot and place_within(spot, piece.box))

        return self.change(lambda unit: [replace(unit, pieces=tuple(map(change, unit.pieces)))])

    def divides(self, whole: Thing) -> bool:
        """Whether its units on the parts of another thing are pieces of that: the lids of the eyes."""
        mine = [unit for unit in self.units if any(piece.part in whole.parts for piece in unit.pieces)]
        is_inside = all(any(lies_in(piece, one) for one in whole.pieces) for unit in mine for piece in unit.pieces)
        return bool(mine) and is_inside and {unit.pieces for unit in mine} != {unit.pieces for unit in whole.units}

    @property
    def pieces(self) -> Pieces:
        return tuple(piece for unit in self.units for piece in unit.pieces)

    @property
    def parts(self) -> frozenset[str]:
        """The parts it lies on."""
        return frozenset(piece.part for piece in self.pieces)


NOTHING = Thing((), (), "")
"""What words mean while they wait for the part they lie on."""


@dataclass(frozen=True)
class Concept:
    """One `[[concept]]` table of places.toml."""

    name: str
    units: tuple[Unit, ...]
    of: frozenset[str]
    has: Mapping[str, str]
    both: str = ""
    note: str | None = None
    by: frozenset[str] = frozenset()

    @property
    def is_paired(self) -> bool:
        return any(unit.side for unit in self.units)


KEYS = {
    "name", "say", "is", "left", "right", "units", "also", "of", "has", "stretch", "both", "note", "feature",
    "plural",
    "called", "filled", "by",
}  # fmt: skip


def read_concept(table: Mapping[str, Any], registry: Registry) -> Concept:
    """Return the concept of one table.

    Raises:
        ConfigError: The table is malformed.
    """
    name = table.get("name")
    if not isinstance(name, str) or set(table) - KEYS:
        raise ConfigError(f"concept {name!r}: unknown keys {', '.join(sorted(set(table) - KEYS))}")
    members: dict[str, str] = dict(table.get("units", {}))
    members |= {side: table[side] for side in SIDES if side in table}
    if "is" in table:
        members[""] = table["is"]
    if not members:
        raise ConfigError(f"concept {name!r} needs 'is', 'left' and 'right', or 'units'")
    is_pair = "left" in table
    units = tuple(make_unit(name, words, text, table, is_pair, registry) for words, text in members.items())
    return Concept(
        name,
        units,
        frozenset(table.get("of", ())),
        table.get("has", {}),
        table.get("both", ""),
        table.get("note"),
        frozenset(table.get("by", ())),
    )


def make_unit(concept: str, words: str, text: str, table: Mapping[str, Any], is_pair: bool, registry: Registry) -> Unit:
    pieces = read_pieces(text, registry)
    features = dict.fromkeys(("side", "level", "depth"), "")
    for word in (*words.split(), table.get("feature", "")):
        if word in FEATURES:
            features[FEATURES[word]] = word
    stretch = read_pieces(table["stretch"], registry) if "stretch" in table else ()
    of_pair = any(registry.mirror_name(piece.part) != piece.part for piece in pieces)
    end = "" if of_pair else features["side"]
    if not is_pair and not of_pair:
        features["side"] = ""
    elif len(pieces) == 1 and isinstance(pieces[0], Place):
        end = find_end(pieces[0], registry)
    filled = read_pieces(table["filled"], registry) if "filled" in table else ()
    return Unit(concept, pieces, features["side"], end, features["level"], features["depth"], stretch, filled)


def find_end(place: Place, registry: Registry) -> str:
    """Return on which side of its part a place lies, "" in the middle."""
    x = find_x(place, registry)
    return "left" if x < HALF else "right" if x > HALF else ""
