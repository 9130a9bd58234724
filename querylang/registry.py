"""The registry: every face part and every dataset layout, read from `grammar/`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from ..errors import ConfigError
from .landmarks import LandmarkQuery
from .surfaces import Surface, load_surfaces

GRAMMAR = Path(__file__).resolve().parent.parent / "grammar"
LAYOUT_FILES = ("300w", "wflw", "aflw", "cofw")
MESH_FILES = ("mediapipe",)
"""Layouts of places on curves and on surfaces."""
SERVICE_FILES = ("rekognition", "azure", "mlkit", "googlevision")
"""Layouts whose points have published names in place of numbers."""

PLACE = re.compile(r"(?P<part>\w+)(?: @ (?P<fpalp>[\d./]+)| \[(?P<u>[\d.]+), (?P<v>[\d.]+)\])?")

PartKind = Literal["open", "closed", "point"]


@lru_cache(maxsize=256)
def list_steps(first: int, stop: int, steps: int) -> tuple[Fraction, ...]:
    """Return the steps from the first to the one before stop, of so many from 0 to 1."""
    return tuple(Fraction(i, steps) for i in range(first, stop))


@dataclass(frozen=True, slots=True)
class Part:
    """A face part: a named curve, or a single point.

    Attributes:
        name: Plain name with spaces, in the viewer's terms.
        kind: "open", "closed" (FPALP 1 is 0 again) or "point".
        unified_count: Points in the unified layout.
        curve: Where FPALP 0 lies and which way the curve runs.
        mirror: The part it becomes when the picture is mirrored.
        mirror_sum: FPALP f becomes mirror_sum - f in the mirror; None keeps f.
        in_face: Whether "face" and "all parts" include it.
        ends: The places farthest "left" and "right" in the picture, and the "inner" and "outer" end.
        edges: The ranges of the "upper" and "lower" edge, and the halves round the "inner" and "outer" end.
        middle: The central thirds of the edges, where they are not exactly thirds.
    """

    name: str
    kind: PartKind
    unified_count: int
    curve: str
    mirror: str
    mirror_sum: Fraction | None = None
    in_face: bool = True
    ends: Mapping[str, Fraction] = field(default_factory=dict)
    edges: Mapping[str, tuple[Fraction, Fraction]] = field(default_factory=dict)
    middle: tuple[tuple[Fraction, Fraction], ...] = ()

    @property
    def is_closed(self) -> bool:
        return self.kind == "closed"

    @property
    def is_point(self) -> bool:
        return self.kind == "point"

    @property
    def steps(self) -> int:
        """Steps of the unified layout along the whole curve (0 for a point)."""
        if self.kind == "point":
            return 0
        return self.unified_count if self.kind == "closed" else self.unified_count - 1

    @property
    def unified_fpalps(self) -> tuple[Fraction, ...]:
        """The FPALPs of the unified layout, rising from 0."""
        return list_steps(0, self.unified_count, max(self.steps, 1))


@dataclass(frozen=True, slots=True)
class Layout:
    """A dataset's template: its landmarks in the numbering of the paper's tables.

    Attributes:
        name: Key in the registry ("300w").
        title: The name people use ("300W").
        landmarks: The landmark of id i (from 1) at index i - 1.
        printed_fpalps: The FPALPs as the paper prints them, where `landmarks` repairs the mirror.
        own_numbering: Whether the dataset's files number in this order too.
        names: The published name of each landmark, where they have names.
        missing: What to say of published points that lie on no part, by name.
        first_id: The number of its first point, 0 or 1; `LayoutRun.ids` count from 1 all the same.
    """

    name: str
    title: str
    landmarks: tuple[LandmarkQuery, ...]
    printed_fpalps: tuple[Fraction, ...]
    own_numbering: bool
    names: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    first_id: int = 1

    @property
    def size(self) -> int:
        return len(self.landmarks)


@dataclass(frozen=True)
class Registry:
    """All parts and layouts; immutable.

    Attributes:
        parts: Parts by name, in the order in which "all parts" lists them.
        layouts: Layouts by name; "unified" is made from the parts.
        surfaces: Surfaces by name, in the order in which "all surfaces" lists them.
    """

    parts: Mapping[str, Part]
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    surfaces: Mapping[str, Surface] = field(default_factory=load_surfaces)

    def __reduce__(self) -> tuple[Any, ...]:
        # The package's own by name; one with a user's names in it by value.
        if self is load_package_registry():
            return load_package_registry, ()
        return Registry, (dict(self.parts), dict(self.layouts))

    def canonical_place(self, query: LandmarkQuery) -> LandmarkQuery:
        """Return the same place with its FPALP brought into 0 <= f < 1 on closed parts."""
        if query.v is None and self.parts[query.part].is_closed and not 0 <= query.fpalp < 1:
            return LandmarkQuery(query.part, query.fpalp % 1)
        return query

    def mirror_name(self, name: str) -> str:
        """Return what a part or surface becomes when the picture is mirrored."""
        return self.parts[name].mirror if name in self.parts else self.surfaces[name].mirror

    def mirror(self, query: LandmarkQuery) -> LandmarkQuery:
        """Return the landmark that takes this one's place when the picture is mirrored."""
        if query.v is not None:
            return LandmarkQuery(self.surfaces[query.part].mirror, 1 - query.fpalp, query.v)
        part = self.parts[query.part]
        fpalp = query.fpalp if part.mirror_sum is None else part.mirror_sum - query.fpalp
        return self.canonical_place(LandmarkQuery(part.mirror, fpalp))


class PackageLayouts(Mapping[str, Layout]):
    """The package's layouts by name, each read when it is first asked for; "unified" is made from the parts."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self.parts = parts
        self.read: dict[str, Layout] = {}

    def __getitem__(self, name: str) -> Layout:
        if name not in self.read:
            if name == "unified":
                self.read[name] = make_unified_layout(self.parts)
            elif name in (*LAYOUT_FILES, *MESH_FILES, *SERVICE_FILES):
                text = (GRAMMAR / "layouts" / f"{name}.toml").read_text("utf-8")
                self.read[name] = read_layout(name, tomllib.loads(text), self.parts)
            else:
                raise KeyError(name)
        return self.read[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*LAYOUT_FILES, *MESH_FILES, *SERVICE_FILES, "unified"))

    def __len__(self) -> int:
        return len(LAYOUT_FILES) + len(MESH_FILES) + len(SERVICE_FILES) + 1


def load_registry() -> Registry:
    """Return the parts and layouts of the language in force (see `language`)."""
    from .language import load_language

    return load_language().registry


@cache
def load_package_registry() -> Registry:
    """Read the parts from the package's data, once per process; layouts are read when first asked for.

    Raises:
        ConfigError: A data file is not valid.
    """
    parts = MappingProxyType(read_parts(tomllib.loads((GRAMMAR / "parts.toml").read_text("utf-8"))["part"]))
    return Registry(parts, PackageLayouts(parts))


def read_parts(tables: list[dict[str, Any]]) -> dict[str, Part]:
    """Return the parts of a file's `[[part]]` tables by name, in order.

    Raises:
        ConfigError: A table is incomplete, or names a kind that does not exist.
    """
    parts = {}
    for table in tables:
        name = table.get("name")
        kind = table.get("kind")
        count = table.get("unified_count", 1)
        if not isinstance(name, str) or kind not in ("open", "closed", "point"):
            raise ConfigError(f"part {name!r}: kind must be open, closed or point, not {kind!r}")
        least = {"open": 2, "closed": 1, "point": 1}[kind]
        if not isinstance(count, int) or count < least or (kind == "point" and count != 1):
            raise ConfigError(f"part {name!r}: unified_count {count!r} does not suit kind {kind!r}")
        total = table.get("mirror_sum")
        parts[name] = Part(
            name=name,
            kind=kind,
            unified_count=count,
            curve=table.get("curve", ""),
            mirror=table.get("mirror", name),
            mirror_sum=None if total is None else Fraction(total),
            in_face=table.get("in_face", True),
            ends={
                end: Fraction(table[f"{end}_end"])
                for end in ("left", "right", "inner", "outer")
                if f"{end}_end" in table
            },
            edges={
                edge: (Fraction(table[edge][0]), Fraction(table[edge][1]))
                for edge in ("upper", "lower", "inner", "outer")
                if edge in table
            },
            middle=tuple((Fraction(low), Fraction(high)) for low, high in table.get("middle", ())),
        )
    return parts


def read_layout(name: str, table: dict[str, Any], parts: Mapping[str, Part]) -> Layout:
    """Return the layout of one file: runs of FPALPs along parts, places in canonical form, or named points.

    Raises:
        ConfigError: The ids do not run from 1 to its size, or a part, surface or FPALP is wrong.
    """
    places = [*table.get("places", ()), *(point["place"] for point in table.get("point", ()) if "place" in point)]
    landmarks = [read_landmark(name, place, parts) for place in places]
    printed: list[Fraction] = []
    for run in table.get("run", ()):
        if run["first_id"] != len(landmarks) + 1:
            raise ConfigError(f"layout {name!r}: a run starts at id {run['first_id']}, not {len(landmarks) + 1}")
        if run["part"] not in parts:
            raise ConfigError(f"layout {name!r}: unknown part {run['part']!r}")
        fpalps = [Fraction(text) for text in run["fpalps"]]
        if not all(0 <= fpalp <= 1 for fpalp in fpalps):
            raise ConfigError(f"layout {name!r}: an FPALP of {run['part']!r} lies outside 0..1")
        landmarks += [LandmarkQuery(run["part"], fpalp) for fpalp in fpalps]
        printed += [Fraction(text) for text in run.get("printed_fpalps", run["fpalps"])]
    printed = printed or [landmark.fpalp for landmark in landmarks]
    missing = {point["name"]: point["missing"] for point in table.get("point", ()) if "place" not in point}
    if len(landmarks) + len(missing) != table["size"] or len(printed) != len(landmarks):
        raise ConfigError(f"layout {name!r}: {len(landmarks) + len(missing)} landmarks, but size = {table['size']}")
    return Layout(
        name,
        table["title"],
        tuple(landmarks),
        tuple(printed),
        table.get("own_numbering", True),
        tuple(point["name"] for point in table.get("point", ()) if "place" in point),
        missing,
        table.get("first_id", 1),
    )


def read_landmark(layout: str, place: str, parts: Mapping[str, Part]) -> LandmarkQuery:
    """Return a place in canonical form, on a curve ("left_eye @ 1/2"), a point or a surface ("forehead [0.5, 1]")."""
    found = PLACE.fullmatch(place)
    part = found["part"].replace("_", " ") if found else ""
    if found is None or part not in (load_surfaces() if found["v"] else parts):
        raise ConfigError(f"layout {layout!r}: not a place of a known part or surface: {place!r}")
    above, _, below = (found["u"] or found["fpalp"] or "0").partition("/")
    return LandmarkQuery(part, Fraction(above) / Fraction(below or 1), Fraction(found["v"]) if found["v"] else None)


def make_unified_layout(parts: Mapping[str, Part]) -> Layout:
    """Return the unified layout: every part of the face with its own points, part by part."""
    landmarks = tuple(
        LandmarkQuery(part.name, fpalp) for part in parts.values() if part.in_face for fpalp in part.unified_fpalps
    )
    return Layout("unified", "unified", landmarks, tuple(q.fpalp for q in landmarks), own_numbering=True)
