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
from .compiled import load_compiled
from .names import Names, make_name
from .registry import Layout, Registry, load_package_registry, read_layout, read_parts
from .vocabulary import Vocabulary

VARIABLE = "FACEQL_LANGUAGE"


@dataclass(frozen=True, slots=True)
class Language:
    """Everything an instruction can name; immutable.

    Attributes:
        registry: Parts and layouts.
        vocabulary: Phrases, with what each may mean.
        names: Places by their feature words.
    """

    registry: Registry
    vocabulary: Vocabulary
    names: Names


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


@cache
def load_package_language() -> Language:
    """Return the package's own language, without anybody's additions."""
    registry = load_package_registry()
    compiled = load_compiled()
    vocabulary = Vocabulary()
    vocabulary.trie = compiled["trie"]
    vocabulary.nouns = set(compiled["nouns"])
    return Language(registry, vocabulary, Names(compiled["places"], registry))


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
        self.parts = dict(language.registry.parts)
        self.layouts: dict[str, Layout] = dict(language.registry.layouts)
        self.vocabulary = Vocabulary()
        self.vocabulary.trie = deepcopy(language.vocabulary.trie)
        self.vocabulary.nouns = set(language.vocabulary.nouns)
        self.places = [dict(table) for table in language.names.tables_in_order]
        self.bags = {frozenset(say.split()) for table in self.places for say in table["say"]}
        self.features = {word for table in self.places for say in table["say"] for word in say.split()}

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
        self.name_parts(list(added))
        registry = Registry(MappingProxyType(self.parts), self.layouts)
        for place in table.get("place", []):
            self.add_place(place, registry)
        for meaning, phrases in table.get("names", {}).items():
            self.add_names(meaning, phrases)
        for layout in table.get("layout", []):
            self.add_layout(layout)
        registry = Registry(MappingProxyType(self.parts), MappingProxyType(self.layouts))
        return Language(registry, self.vocabulary, Names(self.places, registry))

    def name_parts(self, added: Sequence[str]) -> None:
        """Let new parts be asked for by their names; "left x" and "right x" make a pair."""
        done: set[str] = set()
        for name in added:
            side, _, rest = name.partition(" ")
            pair = {one: f"{one} {rest}" for one in ("left", "right")}
            if side in pair and all(other in added for other in pair.values()):
                if rest not in done:
                    written = {one: other.replace(" ", "_") for one, other in pair.items()}
                    self.add_phrase(rest, make_feature(rest))
                    self.places.append({"say": [make_feature(rest)], **written})
                    done.add(rest)
            else:
                self.add_phrase(name, make_feature(name))
                self.places.append({"say": [make_feature(name)], "is": name.replace(" ", "_")})

    def add_place(self, place: Mapping[str, Any], registry: Registry) -> None:
        phrases = place.get("say")
        if not isinstance(phrases, list) or not phrases or not all(isinstance(say, str) and say for say in phrases):
            raise ConfigError("a place needs 'say', a list of names")
        unknown = set(place) - {"say", "is", "left", "right", "side", "stretch", "each", "note"}
        if unknown:
            raise ConfigError(f"place {phrases[0]!r}: unknown keys {', '.join(sorted(unknown))}")
        feature = make_feature(phrases[0])
        for phrase in phrases:
            self.add_phrase(phrase, feature)
        table = {**place, "say": [feature]}
        make_name(frozenset([feature]), table, registry)
        self.places.append(table)

    def add_names(self, meaning: str, phrases: Sequence[str]) -> None:
        words = meaning.split()
        if not words or not set(words) <= self.features:
            raise ConfigError(f"names: {meaning!r} is not made of known words ({', '.join(sorted(self.features))})")
        for phrase in phrases:
            self.add_phrase(phrase, " ".join(words))

    def add_phrase(self, phrase: str, value: str) -> None:
        """Let a phrase name a place.

        Raises:
            ConfigError: It names another one already.
        """
        known = self.vocabulary.find(phrase)
        if known:
            kinds = ", ".join(f"{kind} {meaning!r}" for kind, meaning in known.items())
            raise ConfigError(f"{phrase!r} has a meaning already: {kinds}")
        if self.spell_out(phrase) in self.bags:
            raise ConfigError(f"{phrase!r} has a meaning already, word by word")
        self.vocabulary.add(phrase, "noun", value)
        self.features |= set(value.split())

    def spell_out(self, phrase: str) -> frozenset[str]:
        """Return the feature words that the words of a phrase mean one by one; empty if one means none."""
        features: set[str] = set()
        for word in phrase.split():
            known = self.vocabulary.find(word)
            meaning = known.get("noun") or known.get("level") or known.get("depth")
            if meaning is None:
                return frozenset()
            features |= set(meaning.split())
        return frozenset(features)

    def add_layout(self, table: Mapping[str, Any]) -> None:
        name = table.get("name")
        if not isinstance(name, str) or not name:
            raise ConfigError("a layout needs a name")
        if name in self.layouts or self.vocabulary.find(name):
            raise ConfigError(f"{name!r} has a meaning already")
        runs, first = [], 1
        for run in table.get("run", []):
            runs.append({"first_id": first, **run})
            first += len(run.get("fpalps", ()))
        full = {"title": name, "size": first - 1, **table, "run": runs}
        self.layouts[name] = read_layout(name, full, self.parts)
        self.vocabulary.add(name, "layout", name)


def make_feature(phrase: str) -> str:
    """Return the one feature word that stands for a whole phrase."""
    return "_".join(phrase.lower().split())
