"""The surfaces of a face: named areas on which a place is a 2-D FPALP (u, v) (paper, A.8)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import ConfigError

SURFACES_FILE = Path(__file__).resolve().parent.parent / "grammar" / "surfaces.toml"


@dataclass(frozen=True, slots=True)
class Surface:
    """A surface: u runs from the left of the picture to the right, v from top to bottom, each 0..1.

    Attributes:
        name: Plain name with spaces, in the viewer's terms ("left cheek").
        mirror: The surface it becomes when the picture is mirrored; u becomes 1 - u, v stays.
        area: Where it lies, for people.
        aspect: Its width over its height on the mean face.
        is_skin: Whether "skin" includes it.
    """

    name: str
    mirror: str
    area: str
    aspect: Fraction
    is_skin: bool


@cache
def load_surfaces() -> Mapping[str, Surface]:
    """Return the surfaces by name, in the order in which "all surfaces" lists them.

    Raises:
        ConfigError: The data file is not valid.
    """
    found: dict[str, Surface] = {}
    for table in read_surface_tables():
        name, mirror = table["name"], table.get("mirror", table["name"])
        found[name] = Surface(name, mirror, table["area"], Fraction(str(table["aspect"])), table.get("is_skin", True))
    for surface in list(found.values()):
        if surface.mirror not in found:
            area = swap_sides(surface.area)
            found[surface.mirror] = replace(surface, name=surface.mirror, mirror=surface.name, area=area)
    return MappingProxyType(in_pairs(found))


def read_surface_tables() -> list[dict[str, Any]]:
    """Return the `[[surface]]` tables of the data file.

    Raises:
        ConfigError: One lacks a key, or a surface of the left has no mirror image.
    """
    tables: list[dict[str, Any]] = tomllib.loads(SURFACES_FILE.read_text("utf-8"))["surface"]
    for table in tables:
        if missing := {"name", "area", "aspect", "top", "bottom", "left"} - set(table):
            raise ConfigError(f"surface {table.get('name')!r} lacks {', '.join(sorted(missing))}")
        if ("mirror" in table) != ("right" in table):
            raise ConfigError(f"surface {table['name']!r}: a right side and a mirror image go together")
    return tables


def in_pairs(surfaces: Mapping[str, Surface]) -> dict[str, Surface]:
    """Put each surface's mirror image after it."""
    ordered: dict[str, Surface] = {}
    for surface in surfaces.values():
        ordered.setdefault(surface.name, surface)
        ordered.setdefault(surface.mirror, surfaces[surface.mirror])
    return ordered


def swap_sides(area: str) -> str:
    """Exchange "left" and "right" in a text."""
    return " ".join({"left": "right", "(left)": "(right)", "right": "left"}.get(word, word) for word in area.split(" "))
