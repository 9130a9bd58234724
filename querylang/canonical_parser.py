"""Canonical text read back: its own small grammar, which English has no part in.

In: a text; out: its statements as runs with shape and faces, or None where the text is no canonical text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

from ..errors import Problem, QueryError
from .counting import count_by_density, make_default, make_run
from .numbers import MAX_DIGITS
from .pieces import CurvePiece, Place, Stretch
from .registry import GRAMMAR, Layout, Part, Registry
from .runs import CurveRun, Ends, LayoutRun, PlaceRun, Run, remove_pieces, space_by_distance
from .shapes import RunShape, Shape, find_thin, has_loose_hole, merge_shaped, settle_shapes
from .surface_runs import OUTLINE_COUNT, WHOLE, Box, GridRun, OutlineRun, Spot, SpotRun, spread_points
from .surfaces import Surface

LOOKS_CANONICAL = re.compile(
    r"\s*(?:except )?(?:[a-z0-9]+(?:_[a-z0-9]+)+\s*(?:[\[(@*|;]|density\b|grid\b|outline\b|$)|[a-z0-9]+\s*(?:\[|\||;))"
)
LOOKS_LIKE_SURFACE = re.compile(r"\s*([a-z]+)\s*(?:\*|grid\s+\d+\s+\d+|outline\s*(?:[*|;]|$))")
"""Of one word: several make other canonical text as well."""
LONGEST = 40_000
"""Canonical text may be longer than an instruction, so that every query's own text can be read back."""
MOST_STATEMENTS = 2_000
LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1},}}")


@dataclass(frozen=True)
class CanonicalQuery:
    """What canonical text asks for."""

    runs: tuple[Run, ...]
    shape: Shape | None
    faces: str
    shapes: tuple[RunShape | None, ...] = ()
    visible_only: bool = False


@cache
def load_parser() -> Any:
    """Return the parser, made when canonical text is first read."""
    from lark import Lark

    return Lark((GRAMMAR / "canonical.lark").read_text("utf-8"), parser="lalr", propagate_positions=True)


def parse_canonical(text: str, registry: Registry, limit: int) -> CanonicalQuery | None:
    """Return what a canonical text asks for, None if it is not canonical.

    Raises:
        QueryError: It is canonical, and asks for what there is not.
    """
    if len(text) > LONGEST or not looks_canonical(text, registry):
        return None
    if (long := LONG_NUMBER.search(text)) is not None:
        raise QueryError(text, [Problem("too_many", "a number of so many digits", long.span())])
    from lark.exceptions import LarkError

    try:
        tree = load_parser().parse(text)
    except LarkError:
        return None
    statements = [node for node in tree.children if getattr(node, "data", "") == "statement"]
    if len(statements) > MOST_STATEMENTS:
        raise QueryError(text, [Problem("too_many", "too many statements", (0, len(text)))])
    names = [find_name(node) for node in statements]
    known = (registry.parts, registry.surfaces)
    if not all(name in registry.layouts or any(name.replace("_", " ") in some for some in known) for name in names):
        return None
    return Reader(text, registry, limit).read(statements)


def looks_canonical(text: str, registry: Registry) -> bool:
    """Return whether a text is worth reading as canonical."""
    if LOOKS_CANONICAL.match(text):
        return True
    found = LOOKS_LIKE_SURFACE.match(text)
    return found is not None and found[1] in registry.surfaces


def find_name(statement: Any) -> str:
    target = next(child for child in statement.children if getattr(child, "data", "") in TARGETS)
    return str(target.children[0])


TARGETS = frozenset({"whole", "closed", "open", "half_open", "outline"})
AMOUNTS = frozenset({"count", "positions", "density", "grid"})


class Reader:
    """Reads the statements of one text."""

    def __init__(self, text: str, registry: Registry, limit: int) -> None:
        self.text = text
        self.registry = registry
        self.limit = limit
        self.shape: RunShape | None = None
        self.faces = "largest"
        self.visible_only = False

    def fail(self, node: Any, code: str, message: str) -> QueryError:
        return QueryError(self.text, [Problem(code, message, (node.meta.start_pos, node.meta.end_pos))])

    def read(self, statements: Sequence[Any]) -> CanonicalQuery:
        runs: list[Run] = []
        shapes: list[RunShape | None] = []
        total = 0
        for node in statements:
            kinds = {child.data: child for child in node.children}
            target = next(child for kind, child in kinds.items() if kind in TARGETS)
            amount = next((child for kind, child in kinds.items() if kind in AMOUNTS), None)
            if "except_" in kinds:
                runs = self.remove(runs, target, amount, node)
                continue
            surface = self.registry.surfaces.get(find_name(node).replace("_", " "))
            is_stepped = any(child.data == "every" for child in node.children)
            if surface is not None:
                found = [self.read_surface(surface, target, amount, is_stepped)]
            else:
                found = [self.read_bare(target)] if is_stepped and amount is None else self.read_target(target, amount)
            self.shape = None
            for child in node.children:
                found = self.apply_flag(child, found)
            runs += found
            shapes += [self.shape] * len(found)
            total += sum(run.count or 0 for run in found)
            if total > self.limit:
                raise self.fail(node, "too_many", f"more than {self.limit:,} points")
        if not runs:
            raise QueryError(self.text, [Problem("nothing_left", "every point is left out", (0, len(self.text)))])
        if not any(shapes[:-1]) or len(shapes) != len(runs):
            shapes = [shapes[-1]] * len(runs)
        merged, own = merge_shaped(runs, shapes)
        whole = (0, len(self.text))
        if has_loose_hole(own):
            message = "a hole is cut out of a polygon that stands before it"
            raise QueryError(self.text, [Problem("contradiction", message, whole)])
        if find_thin(merged, own) is not None:
            raise QueryError(self.text, [Problem("contradiction", "a polygon has three points or more", whole)])
        shape, each = settle_shapes(merged, own)
        return CanonicalQuery(merged, shape, self.faces, each, self.visible_only)

    def read_surface(self, surface: Surface, target: Any, amount: Any, is_stepped: bool) -> Run:
        """Return what is asked of a surface."""
        kind = None if amount is None else amount.data
        if is_stepped or kind in ("positions", "density") or target.data in ("open", "half_open"):
            raise self.fail(amount or target, "syntax", f"a place on the {surface.name} is written [0.3, 0.6]")
        found = self.read_spot(surface, target) if len(target.children) > 1 else WHOLE
        if len(found) == 2:
            if amount is not None or target.data == "outline":
                raise self.fail(amount or target, "contradiction", "one place has no number of points")
            return SpotRun(surface.name, (found,))
        if kind == "grid":
            rows, columns = (int(child) for child in amount.children)
            if target.data == "outline" or not 0 < rows * columns <= self.limit:
                raise self.fail(
                    amount, "count", f"a grid has a row and a column or more, and {self.limit:,} points at most"
                )
            return GridRun(surface.name, rows, columns, found)
        count = None if amount is None else self.read_number(read_place(amount.children[0]), amount)
        if target.data == "outline":
            return OutlineRun(surface.name, count or OUTLINE_COUNT, box=found)
        return spread_points(surface, count or 1, found)

    def read_spot(self, surface: Surface, target: Any) -> Spot | Box:
        """Return a place [u, v] or a portion [u .. u, v .. v] of a surface."""
        spans = [[read_place(node) for node in span.children] for span in target.children[1:]]
        sizes = [len(span) for span in spans]
        if sizes not in ([1, 1], [2, 2]) or max(map(max, spans)) > 1:
            raise self.fail(target, "fpalp_range", f"a place on the {surface.name} is (u, v), each between 0 and 1")
        (left, *right), (top, *bottom) = spans
        if not right:
            return left, top
        if left >= right[0] or top >= bottom[0]:
            raise self.fail(
                target, "fpalp_range", "a portion of a surface goes from left to right and from top to bottom"
            )
        return left, top, right[0], bottom[0]

    def remove(self, runs: list[Run], target: Any, amount: Any, node: Any) -> list[Run]:
        """Take a piece away from the run before, as an arc's exceptions are written."""
        if str(target.children[0]).replace("_", " ") in self.registry.surfaces:
            raise self.fail(node, "contradiction", "what is left out is a place or a stretch of a curve")
        if not runs:
            raise self.fail(node, "no_part", "except from what?")
        pieces: list[CurvePiece] = []
        for run in self.read_target(target, amount):
            if isinstance(run, PlaceRun):
                pieces += [Place(run.part, place) for place in run.places]
            elif isinstance(run, CurveRun):
                is_whole = target.data == "whole"
                pieces.append(Stretch(run.part, *self.bounds(target, run), is_whole=is_whole))
        return [*runs[:-1], *remove_pieces(runs[-1], pieces, self.registry)]

    def bounds(self, target: Any, run: CurveRun) -> tuple[Fraction, Fraction]:
        if target.data == "whole":
            return Fraction(0), Fraction(1)
        first, last = read_ends(target)
        return first, last

    def read_target(self, target: Any, amount: Any) -> list[Run]:
        name = str(target.children[0])
        if target.data == "outline" or (amount is not None and amount.data == "grid"):
            raise self.fail(target, "syntax", "outlines and grids are of surfaces: a part is a curve or a point")
        layout = self.registry.layouts.get(name) if name in self.registry.layouts else None
        part = self.registry.parts.get(name.replace("_", " "))
        if layout is not None and part is None:
            return [self.read_layout(layout, target, amount)]
        assert part is not None
        if target.data == "closed" and (len(target.children) != 2 or len(target.children[1].children) != 2):
            raise self.fail(target, "syntax", f"a range of the {part.name} is written [0 .. 1/2]")
        piece = self.read_piece(part, target)
        return [self.read_amount(piece, part, target, amount)]

    def read_bare(self, target: Any) -> Run:
        """Return a stretch whose points only the picture decides."""
        part = self.registry.parts.get(str(target.children[0]).replace("_", " "))
        piece = self.read_piece(part, target) if part is not None and target.data != "outline" else None
        if part is None or not isinstance(piece, Stretch):
            raise self.fail(target, "contradiction", "one place has no distances along it")
        ends: Ends = "first" if target.data == "half_open" or (piece.is_whole and part.is_closed) else "both"
        return CurveRun(part.name, piece.start, piece.stop, None, ends)

    def read_layout(self, layout: Layout, target: Any, amount: Any) -> Run:
        if amount is not None:
            raise self.fail(amount, "contradiction", "a layout has its own points")
        if target.data == "whole":
            return LayoutRun(layout.name, tuple(range(1, layout.size + 1)))
        if target.data != "closed":
            raise self.fail(target, "syntax", "ids are written [1 .. 5, 9]")
        ids: list[int] = []
        begin = layout.first_id
        spans = [[read_place(node) for node in span.children] for span in target.children[1:]]
        pairs_of = [(span[0], span[-1]) for span in spans]
        for first, last in pairs_of:
            if (
                first.denominator != 1
                or last.denominator != 1
                or not (begin <= min(first, last) <= max(first, last) < begin + layout.size)
            ):
                raise self.fail(target, "id_range", f"{layout.title} has the ids {begin} to {begin + layout.size - 1}")
            step = 1 if first <= last else -1
            ids += range(int(first) - begin + 1, int(last) - begin + 1 + step, step)
        return LayoutRun(layout.name, tuple(ids))

    def read_piece(self, part: Part, target: Any) -> CurvePiece:
        if target.data == "whole":
            if part.is_point:
                return Place(part.name, Fraction(0))
            return Stretch(part.name, Fraction(0), Fraction(1), is_whole=True)
        ends = read_ends(target)
        if part.is_point or not all(0 <= end <= (2 if part.is_closed else 1) for end in ends):
            most = 0 if part.is_point else 2 if part.is_closed else 1
            raise self.fail(target, "fpalp_range", f"places along the {part.name} lie between 0 and {most}")
        return Stretch(part.name, ends[0], ends[1])

    def read_amount(self, piece: CurvePiece, part: Part, target: Any, amount: Any) -> Run:
        if amount is not None and amount.data == "positions":
            return self.read_positions(part, target, amount)
        if isinstance(piece, Place):
            if amount is not None and amount.data == "count" and read_place(amount.children[0]) != 1:
                raise self.fail(amount, "count", f"the {part.name} is one point")
            return PlaceRun(part.name, (Fraction(0),))
        ends = {"open": "neither", "half_open": "first"}.get(target.data, "both")
        if amount is None:
            return self.read_default(piece, target, ends)
        return make_run(piece, self.read_count(piece, amount), self.registry, ends)  # type: ignore[arg-type]

    def read_positions(self, part: Part, target: Any, amount: Any) -> Run:
        if target.data != "whole":
            raise self.fail(amount, "syntax", "positions count along the whole part")
        places = tuple(read_place(node) for node in amount.children)
        if any(place > 1 or (part.is_point and place) for place in places):
            raise self.fail(amount, "fpalp_range", "a place along a part lies between 0 and 1")
        return PlaceRun(part.name, places)

    def read_count(self, piece: Stretch, amount: Any) -> int:
        wanted = read_place(amount.children[0])
        if amount.data == "density":
            wanted = Fraction(count_by_density(piece, wanted, self.registry))
        return self.read_number(wanted, amount)

    def read_number(self, wanted: Fraction, amount: Any) -> int:
        if wanted.denominator != 1:
            raise self.fail(amount, "count", "a number of points is whole")
        if wanted < 1:
            raise self.fail(amount, "count", "a number of points is at least 1")
        if wanted > self.limit:
            raise self.fail(amount, "too_many", f"more than {self.limit:,} points")
        return int(wanted)

    def read_default(self, piece: Stretch, target: Any, ends: str) -> Run:
        run = make_default(piece, self.registry)
        if run is None:
            raise self.fail(target, "count", "no point of the unified layout lies there: say how many")
        if ends == "both" or piece.is_whole:
            return run
        assert isinstance(run, CurveRun)
        inside = tuple(f for f in run.fpalps() if f != piece.stop and (ends == "first" or f != piece.start))
        if not inside:
            raise self.fail(target, "count", "no point of the unified layout lies there: say how many")
        return PlaceRun(piece.part, inside)

    def apply_flag(self, flag: Any, runs: list[Run]) -> list[Run]:
        kind = flag.data
        if kind == "arc":
            return [space_by_distance(run) for run in runs]
        if kind == "every":
            pixels = read_place(flag.children[0])
            if pixels <= 0:
                raise self.fail(flag, "count", "a distance is above zero")
            return [
                replace(run, count=None, spacing="arc", pixels=pixels) if isinstance(run, CurveRun) else run
                for run in runs
            ]
        if kind in ("polygon", "polyline", "hole"):
            self.shape = kind
        elif kind == "visible":
            self.visible_only = True
        elif kind == "all_faces":
            self.faces = "all"
        elif kind in ("face", "nth_face", "some_faces", "most_faces"):
            self.faces = " ".join(str(child) for child in flag.children)
            if self.faces == "0":
                raise self.fail(flag, "face", "faces count from 1")
        return runs


def read_ends(target: Any) -> list[Fraction]:
    nodes = target.children[1].children if target.data == "closed" else target.children[1:]
    return [read_place(node) for node in nodes]


def read_place(node: Any) -> Fraction:
    above, *below = (str(child) for child in node.children)
    if below and Fraction(below[0]) == 0:
        return Fraction(10**6)
    return Fraction(above) / Fraction(below[0]) if below else Fraction(above)
