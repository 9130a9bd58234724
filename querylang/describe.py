"""What can be asked: parts, named places and layouts, listed from the data the parser uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .language import Language, load_language
from .registry import PartKind


@dataclass(frozen=True, slots=True)
class PartListing:
    """A part, with what people call it."""

    name: str
    kind: PartKind
    unified_count: int
    curve: str
    other_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SurfaceListing:
    """A surface, where it lies, and what people call it."""

    name: str
    area: str
    other_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceListing:
    """A sub-part or anchor: its names and what they mean, as canonical text without counts, by feature."""

    names: tuple[str, ...]
    means: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LayoutListing:
    """A layout and the parts its points lie on."""

    name: str
    title: str
    size: int
    own_numbering: bool
    parts: tuple[str, ...]


def members_of(table: Mapping[str, Any]) -> dict[str, str]:
    """Return what a concept's table means, by feature ("" where it has none)."""
    members = dict(table.get("units", {}))
    members |= {side: table[side] for side in ("left", "right") if side in table}
    return members | ({"": table["is"]} if "is" in table else {})


def list_names(language: Language, wholes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what else each of some parts or surfaces is called, by its name."""
    names: dict[str, set[str]] = {name: set() for name in wholes}
    for whole, name in names_of(language, names):
        names[whole].add(name)
    return {whole: tuple(sorted(found - {whole})) for whole, found in names.items()}


def names_of(language: Language, wholes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (part, name) for every name that means one whole part, or one whole surface."""
    whole = {part.replace(" ", "_"): part for part in wholes}
    for table in language.concepts.tables:
        for features, text in members_of(table).items():
            if text in whole and (not features or features in ("left", "right")):
                for phrase in table.get("say", ()):
                    yield whole[text], f"{features} {phrase}".strip()


def describe_parts(language: Language | None = None) -> tuple[PartListing, ...]:
    """Return every part with its other names, in the order of "all parts"."""
    language = language or load_language()
    names = list_names(language, language.registry.parts)
    return tuple(
        PartListing(part.name, part.kind, part.unified_count, part.curve, names[part.name])
        for part in language.registry.parts.values()
    )


def describe_surfaces(language: Language | None = None) -> tuple[SurfaceListing, ...]:
    """Return every surface with its other names, in the order of "all surfaces"."""
    language = language or load_language()
    names = list_names(language, language.registry.surfaces)
    return tuple(
        SurfaceListing(surface.name, surface.area, names[surface.name])
        for surface in language.registry.surfaces.values()
    )


def describe_places(language: Language | None = None) -> tuple[PlaceListing, ...]:
    """Return every part, sub-part and anchor that has a name."""
    language = language or load_language()
    return tuple(
        PlaceListing((table["name"], *(say for say in table.get("say", ()) if say != table["name"])), members_of(table))
        for table in language.concepts.tables
    )


def describe_layouts(language: Language | None = None) -> tuple[LayoutListing, ...]:
    """Return every layout."""
    language = language or load_language()
    return tuple(
        LayoutListing(
            layout.name,
            layout.title,
            layout.size,
            layout.own_numbering,
            tuple(dict.fromkeys(query.part for query in layout.landmarks)),
        )
        for layout in language.registry.layouts.values()
    )
