"""The language in force: the package's own, with what a user's files add to it.

A file adds other names, names of places, layouts and parts:

    [[part]]                                   # a part of one's own
    name = "left ear rim"
    kind = "open"
    unified_count = 9
    mirror = "right ear rim"

    [[place]]                                  # a sub-part or an anchor, in canonical form
    say = ["smile line"]
    is = "outer_lip[5/12 .. 7/12]"

    [names]                                    # other names for what there is
    "eyebrow" = ["monobrow"]

    [[layout]]                                 # a template; ids run on from run to run
    name = "mine"
    title = "Mine"
    run = [{ part = "left eye", fpalps = ["0", "1/2"] }]

Files named in the environment variable FACEQL_LANGUAGE (separated like PATH) are in force everywhere: parser,
engine and servers read the same language.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import ConfigError
from .chart import Chart
from .concept_data import read_concept
from .concepts import Concepts, Op
from .lattice import build_lattice
from .lexicon import Lexicon, add_concept, add_services, read_lexicon
from .registry import GRAMMAR, SERVICE_FILES, Layout, Registry, load_package_registry, read_layout, read_parts
from .rules import Rules
from .words import split_lexemes

VARIABLE = "FACEQL_LANGUAGE"
PLACE_KEYS = frozenset({"say", "is", "left", "right", "units", "of", "has", "stretch", "note", "each", "both", "also"})


@dataclass(frozen=True, slots=True)
class Language:
    """Everything an instruction can name; immutable.

    Attributes:
        registry: Parts and layouts.
        lexicon: Phrases, with the readings of each.
        rules: The grammar, over what the names mean.
        near: Concepts that are not covered, with what to say of them.
    """

    registry: Registry
    lexicon: Lexicon
    rules: Rules
    near: Mapping[str, Mapping[str, str]]

    @property
    def concepts(self) -> Concepts:
        return self.rules.concepts


@cache
def load_language() -> Language:
    """Return the language in force, read once per process.

    Raises:
        ConfigError: A file named in FACEQL_LANGUAGE is not valid.
    """
    language = load_package_language()
    for path in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        language = extend_language(language, Path(path))
    return language


def read_table(name: str) -> dict[str, Any]:
    return tomllib.loads((GRAMMAR / name).read_text("utf-8"))


@cache
def load_package_language() -> Language:
    """Return the package's own language, without anybody's additions."""
    registry = load_package_registry()
    concepts = read_table("places.toml")["concept"]
    near = read_table("near.toml")
    lexicon = read_lexicon(read_table("words.toml"), read_table("phrasing.toml"), concepts, near)
    add_services(lexicon, {name: read_table(f"layouts/{name}.toml") for name in SERVICE_FILES})
    return Language(registry, lexicon, Rules(Concepts(concepts, registry)), near)


def extend_language(language: Language, path: Path) -> Language:
    """Return a language with what a TOML file adds; the given one stays as it is.

    Raises:
        ConfigError: The file cannot be read, is malformed, or gives a second meaning to a name.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    unknown = set(table) - {"part", "place", "names", "layout"}
    if unknown:
        raise ConfigError(f"{path}: unknown tables {', '.join(sorted(unknown))}")
    try:
        return Extension(language).add(table)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


class Extension:
    """A copy of a language that grows."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.parts = dict(language.registry.parts)
        self.layouts: dict[str, Layout] = dict(language.registry.layouts)
        self.lexicon = Lexicon()
        self.lexicon.trie = deepcopy(language.lexicon.trie)
        self.lexicon.names = set(language.lexicon.names)
        self.tables = [dict(table) for table in language.concepts.tables]

    def add(self, table: Mapping[str, Any]) -> Language:
        """Return the language with a file's tables added."""
        added = read_parts(table.get("part", []))
        for name in added:
            if name in self.parts:
                raise ConfigError(f"part {name!r} exists already")
        self.parts |= added
        for name, part in added.items():
            if part.mirror not in self.parts:
                raise ConfigError(f"part {name!r}: its mirror {part.mirror!r} does not exist")
        registry = Registry(MappingProxyType(self.parts), self.layouts)
        for concept in name_parts(list(added)):
            self.add_concept(concept, registry)
        for place in table.get("place", []):
            self.add_place(place, registry)
        for meaning, phrases in table.get("names", {}).items():
            self.add_names(meaning, phrases)
        for layout in table.get("layout", []):
            self.add_layout(layout)
        registry = Registry(MappingProxyType(self.parts), MappingProxyType(self.layouts))
        return Language(registry, self.lexicon, Rules(Concepts(self.tables, registry)), self.language.near)

    def add_place(self, place: Mapping[str, Any], registry: Registry) -> None:
        phrases = place.get("say")
        if not isinstance(phrases, list) or not phrases or not all(isinstance(say, str) and say for say in phrases):
            raise ConfigError("a place needs 'say', a list of names")
        unknown = set(place) - PLACE_KEYS
        if unknown:
            raise ConfigError(f"place {phrases[0]!r}: unknown keys {', '.join(sorted(unknown))}")
        self.add_concept({**place, "name": phrases[0].lower()}, registry)

    def add_concept(self, concept: Mapping[str, Any], registry: Registry) -> None:
        for phrase in concept["say"]:
            self.check_new(phrase)
        read_concept(concept, registry)
        self.tables.append(dict(concept))
        add_concept(self.lexicon, concept)

    def add_names(self, meaning: str, phrases: Sequence[str]) -> None:
        ops = self.find_ops(meaning)
        if ops is None:
            raise ConfigError(f"names: {meaning!r} is not made of known words")
        for phrase in phrases:
            self.check_new(phrase)
            self.lexicon.add(phrase, "NOUN", ops)

    def find_ops(self, phrase: str) -> tuple[Op, ...] | None:
        """Return what a phrase means as a name, None if it is none."""
        lattice = build_lattice(phrase, split_lexemes(phrase), self.lexicon)
        chart = Chart(lattice, self.language.rules)
        readings = chart.cells[0].get(len(lattice.nodes), {}).get("N") if lattice.nodes else None
        if not readings or readings[0][1].fault:
            return None
        ops: tuple[Op, ...] = readings[0][1].ops
        return ops

    def check_new(self, phrase: str) -> None:
        """Raise the error of a phrase that has a meaning already."""
        known = [reading for reading in self.lexicon.find(phrase) if reading[0] != "BAD"]
        if known:
            kinds = ", ".join(sorted({category.lower() for category, _ in known}))
            raise ConfigError(f"{phrase!r} has a meaning already: {kinds}")
        ops = self.find_ops(phrase)
        if ops is not None:
            raise ConfigError(f"{phrase!r} has a meaning already, word by word")

    def add_layout(self, table: Mapping[str, Any]) -> None:
        name = table.get("name")
        if not isinstance(name, str) or not name:
            raise ConfigError("a layout needs a name")
        if name in self.layouts or self.lexicon.find(name):
            raise ConfigError(f"{name!r} has a meaning already")
        runs, first = [], 1
        for run in table.get("run", []):
            runs.append({"first_id": first, **run})
            first += len(run.get("fpalps", ()))
        full = {"title": name, "size": first - 1, **table, "run": runs}
        self.layouts[name] = read_layout(name, full, self.parts)
        self.lexicon.add(name, "LAYOUT", name)


def name_parts(added: Sequence[str]) -> list[dict[str, Any]]:
    """Return the concepts by which new parts are asked for; "left x" and "right x" make a pair."""
    concepts: list[dict[str, Any]] = []
    for name in added:
        side, _, rest = name.partition(" ")
        pair = {one: f"{one} {rest}" for one in ("left", "right")}
        if side in pair and all(other in added for other in pair.values()):
            if side == "left":
                written = {one: other.replace(" ", "_") for one, other in pair.items()}
                concepts.append({"name": rest, "say": [rest], **written})
        else:
            concepts.append({"name": name, "say": [name], "is": name.replace(" ", "_")})
    return concepts
