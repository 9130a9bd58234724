"""What can be asked: parts, named places and layouts, listed from the data the parser uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .language import Language, load_language
from .names import Name
from .registry import PartKind
from .vocabulary import END


@dataclass(frozen=True, slots=True)
class PartListing:
    """A part, with what people call it."""

    name: str
    kind: PartKind
    unified_count: int
    curve: str
    other_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceListing:
    """A sub-part or anchor: its names and what they mean, as canonical text without counts."""

    names: tuple[str, ...]
    alone: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class LayoutListing:
    """A layout and the parts its points lie on."""

    name: str
    title: str
    size: int
    own_numbering: bool
    parts: tuple[str, ...]


def walk_phrases(trie: Mapping[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield every phrase of a vocabulary with its readings."""
    for word, node in trie.items():
        if word == END:
            yield " ".join(before), node
        else:
            yield from walk_phrases(node, (*before, word))


def find_other_names(language: Language) -> dict[str, list[str]]:
    """Return the phrases that name each feature word, by feature word."""
    found: dict[str, list[str]] = {}
    for phrase, readings in walk_phrases(language.vocabulary.trie):
        if "noun" in readings:
            found.setdefault(readings["noun"], []).append(phrase)
    return found


def describe_parts(language: Language | None = None) -> tuple[PartListing, ...]:
    """Return every part with its other names, in the order of "all parts"."""
    language = language or load_language()
    phrases = find_other_names(language)
    names: dict[str, set[str]] = {part: set() for part in language.registry.parts}
    for features in language.names:
        name = language.names.get(features)
        assert name is not None
        for part, side in whole_parts(name):
            words = " ".join(sorted(features))
            for phrase in phrases.get(words, []):
                names[part].add(f"{side} {phrase}".strip())
    return tuple(
        PartListing(part.name, part.kind, part.unified_count, part.curve, tuple(sorted(names[part.name] - {part.name})))
        for part in language.registry.parts.values()
    )


def whole_parts(name: Name) -> Iterator[tuple[str, str]]:
    """Yield the one whole part a name means, with the side it takes."""
    for side, pieces in (("", name.alone), *name.sides.items()):
        if pieces is not None and len(pieces) == 1:
            piece = pieces[0]
            if getattr(piece, "is_whole", False) or "pupil" in piece.part or "middle" in piece.part:
                yield piece.part, side


def describe_places(language: Language | None = None) -> tuple[PlaceListing, ...]:
    """Return every sub-part and anchor that has a name."""
    language = language or load_language()
    return tuple(
        PlaceListing(tuple(table["say"]), table.get("is", ""), table.get("left", ""), table.get("right", ""))
        for table in language.names.tables_in_order
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
