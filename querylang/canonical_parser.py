"""Canonical text read back: its own small grammar, which English has no part in.

In: a text; out: its statements as runs with shape and faces, or None where the text is no canonical text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from ..errors import Problem, QueryError
from .layout_ids import expand
from .meaning import Item, MistakeError
from .numbers import MAX_DIGITS, Number
from .pieces import CurvePiece, Patch, Piece, Place, Stretch
from .query import Query
from .registry import GRAMMAR, Layout, Registry
from .runs import Ends, LayoutRun, Run, remove_pieces, space_by_distance
from .shapes import RunShape, find_thin, has_loose_hole, merge_shaped, settle_shapes
from .spreading import Spreader

LOOKS_CANONICAL = re.compile(
    r"\s*(?:except )?(?:[a-z0-9]+(?:_[a-z0-9]+)+\s*(?:[\[(@*|;]|density\b|grid\b|outline\b|$)|[a-z0-9]+\s*(?:\[|\||;))"
)
LOOKS_LIKE_SURFACE = re.compile(r"\s*([a-z]+)\s*(?:\*|grid\s+\d+\s+\d+|outline\s*(?:[*|;]|$))")
"""Of one word: several make other canonical text as well."""
LONGEST = 40_000
"""Canonical text may be longer than an instruction, so that every query's own text can be read back."""
MOST_STATEMENTS = 2_000
LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1},}}")


@cache
def load_parser() -> Any:
    """Return the parser, made when canonical text is first read."""
    from lark import Lark

    return Lark((GRAMMAR / "canonical.lark").read_text("utf-8"), parser="lalr", propagate_positions=True)


def parse_canonical(text: str, registry: Registry, limit: int) -> Query | None:
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
    except LarkError as error:
        told, bar, _ = text.partition("|")
        if not bar or parse_canonical(told, registry, limit) is None:
            return None
        at = max(getattr(error, "pos_in_stream", None) or 0, len(told))
        message = "canonical text does not go on so behind its bar"
        raise QueryError(text, [Problem("syntax", message, (at, len(text)))]) from None
    statements = [node for node in tree.children if getattr(node, "data", "") == "statement"]
    if len(statements) > MOST_STATEMENTS:
        raise QueryError(text, [Problem("too_many", "too many statements", (0, len(text)))])
    known = {*registry.layouts, *(name.replace(" ", "_") for name in (*registry.parts, *registry.surfaces))}
    if not known.issuperset(map(find_name, statements)):
        return None
    try:
        return Reader(text, registry, limit).read(statements)
    except MistakeError as found:
        raise QueryError(text, [found.problem]) from None


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
ENDS: dict[str, Ends] = {"open": "neither", "half_open": "first"}


class Reader:
    """Reads the statements of one text."""

    def __init__(self, text: str, registry: Registry, limit: int) -> None:
        self.text = text
        self.registry = registry
        self.spreader = Spreader(registry, limit)
        self.shape: RunShape | None = None
        self.faces = "largest"
        self.visible_only = False

    def read(self, statements: Sequence[Any]) -> Query:
        """Return what statements ask for.

        Raises:
            MistakeError: They ask for what there is not.
        """
        runs: list[Run] = []
        shapes: list[RunShape | None] = []
        total, limit, whole = 0, self.spreader.limit, (0, len(self.text))
        for node in statements:
            kinds = {child.data: child for child in node.children}
            target = next(child for kind, child in kinds.items() if kind in TARGETS)
            amounts = [child for kind, child in kinds.items() if kind in AMOUNTS or kind == "every"]
            self.shape = None
            for child in node.children:
                self.read_flag(child)
            if "except_" in kinds:
                # What ends the text is said of all of it: "left_eye * 8 | arc; except left_eye @ 0 | face rightmost".
                runs = self.remove(runs, target, amounts, node)
                shapes[-1:] = [self.shape or shape for shape in shapes[-1:]]
                continue
            found = self.read_target(target, amounts)
            runs.append(space_by_distance(found) if "arc" in kinds else found)
            shapes.append(self.shape)
            total += found.count or 0
            if total > limit:
                raise mistake(node, "too_many", f"more than {limit:,} points")
        if not runs:
            raise MistakeError("nothing_left", "every point is left out", whole)
        if not any(shapes[:-1]) or len(shapes) != len(runs):
            shapes = [shapes[-1]] * len(runs)
        merged, own = merge_shaped(runs, shapes)
        if has_loose_hole(own):
            raise MistakeError("contradiction", "a hole is cut out of a polygon that stands before it", whole)
        if find_thin(merged, own) is not None:
            raise MistakeError("contradiction", "a polygon has three points or more", whole)
        shape, each = settle_shapes(merged, own)
        shown = self.visible_only
        return Query(self.text, merged, self.faces, shape, registry=self.registry, shapes=each, visible_only=shown)

    def read_target(self, target: Any, amounts: Sequence[Any]) -> Run:
        """Return what is asked of one part, surface or layout."""
        if len(amounts) > 1:
            raise mistake(amounts[-1], "contradiction", "a number of points, or a distance between them")
        amount = read_amount(amounts[0]) if amounts else Item()
        node = amounts[0] if amounts else target
        layout = self.registry.layouts.get(str(target.children[0]))
        if layout is not None:
            return self.read_layout(layout, target, amounts)
        piece = self.read_piece(target)
        is_on_surface = isinstance(piece, Patch)
        if isinstance(piece, Patch) and piece.spot is not None and (amounts or piece.edge):
            raise mistake(node, "contradiction", "one place has no number of points")
        if is_on_surface and (amount.positions or amount.density is not None or amount.pixels):
            raise mistake(node, "syntax", f"a place on the {piece.part} is written [0.3, 0.6]")
        if not is_on_surface and amount.grid:
            raise mistake(node, "syntax", "outlines and grids are of surfaces: a part is a curve or a point")
        if amount.positions and target.data != "whole":
            raise mistake(node, "syntax", "positions count along the whole part")
        self.spreader.check_surfaces([piece], amount, span_of(node))
        limit = self.spreader.limit
        if amount.grid and amount.grid[0].value * amount.grid[1].value > limit:
            raise mistake(node, "count", f"a grid has {limit:,} points at most")
        return self.spreader.spread(piece, amount, span_of(node), ends=ENDS.get(target.data, "both"))

    def read_layout(self, layout: Layout, target: Any, amounts: Sequence[Any]) -> Run:
        if amounts:
            raise mistake(amounts[0], "contradiction", "a layout has its own points")
        if target.data not in ("whole", "closed"):
            raise mistake(target, "syntax", "ids are written [1 .. 5, 9]")
        spans = [[Number(read_place(node), "decimal") for node in span.children] for span in target.children[1:]]
        pairs = [(span[0], span[-1]) for span in spans]
        ids = [i for first, last in pairs for i in expand(layout, first, last, layout.first_id, span_of(target))]
        return LayoutRun(layout.name, tuple(ids) if pairs else tuple(range(1, layout.size + 1)))

    def read_piece(self, target: Any) -> Piece:
        """Return the piece of a part or surface that a statement is about."""
        name = str(target.children[0]).replace("_", " ")
        if name in self.registry.surfaces:
            return self.read_patch(name, target)
        part = self.registry.parts[name]
        if target.data == "outline":
            raise mistake(target, "syntax", "outlines and grids are of surfaces: a part is a curve or a point")
        if target.data == "whole":
            return Place(name, Fraction(0)) if part.is_point else Stretch(name, Fraction(0), Fraction(1), is_whole=True)
        spans = [target.children[1].children] if target.data == "closed" else [target.children[1:]]
        ends = [read_place(node) for node in spans[0]]
        if len(ends) != 2 or (target.data == "closed" and len(target.children) != 2):
            raise mistake(target, "syntax", f"a range of the {name} is written [0 .. 1/2]")
        most = 0 if part.is_point else 2 if part.is_closed else 1
        if part.is_point or max(ends) > most:
            raise mistake(target, "fpalp_range", f"places along the {name} lie between 0 and {most}")
        return Stretch(name, ends[0], ends[1])

    def read_patch(self, name: str, target: Any) -> Patch:
        """Return a surface, its outline, or a place on it."""
        if target.data in ("open", "half_open"):
            raise mistake(target, "syntax", f"a place on the {name} is written [0.3, 0.6]")
        edge = "outline" if target.data == "outline" else ""
        spans = [[read_place(node) for node in span.children] for span in target.children[1:]]
        if not spans:
            return Patch(name, edge)
        if [len(span) for span in spans] not in ([1, 1], [2, 2]) or max(map(max, spans)) > 1:
            raise mistake(target, "fpalp_range", f"a place on the {name} is (u, v), each between 0 and 1")
        (left, *right), (top, *bottom) = spans
        if not right:
            return Patch(name, edge, spot=(left, top))
        if left >= right[0] or top >= bottom[0]:
            message = "a portion of a surface goes from left to right and from top to bottom"
            raise mistake(target, "fpalp_range", message)
        return Patch(name, edge, box=(left, top, right[0], bottom[0]))

    def remove(self, runs: list[Run], target: Any, amounts: Sequence[Any], node: Any) -> list[Run]:
        """Take a piece away from the run before, as an arc's exceptions are written."""
        is_layout = str(target.children[0]) in self.registry.layouts
        piece = None if is_layout else self.read_piece(target)
        if piece is None or isinstance(piece, Patch):
            raise mistake(node, "contradiction", "what is left out is a place or a stretch of a curve")
        if not runs:
            raise mistake(node, "no_part", "except from what?")
        positions = [number for amount in amounts for number in read_amount(amount).positions or ()]
        pieces: list[CurvePiece] = [Place(piece.part, number.value) for number in positions]
        return [*runs[:-1], *remove_pieces(runs[-1], pieces or [piece], self.registry)]

    def read_flag(self, flag: Any) -> None:
        """Note what a flag says of shape and faces, and whether only points that are seen are wanted."""
        kind = flag.data
        if kind in ("polygon", "polyline", "hole"):
            self.shape = kind
        elif kind == "visible":
            self.visible_only = True
        elif kind == "all_faces":
            self.faces = "all"
        elif kind in ("face", "nth_face", "some_faces", "most_faces"):
            self.faces = " ".join(str(child) for child in flag.children)
            if self.faces == "0":
                raise mistake(flag, "face", "faces count from 1")


def read_amount(node: Any) -> Item:
    """Return what a statement says of how many points, and where."""
    numbers = tuple(Number(read_place(child), "fraction") for child in node.children)
    if node.data == "positions":
        return Item(positions=numbers)
    if node.data == "grid":
        return Item(grid=(numbers[0], numbers[1]))
    if node.data == "density":
        return Item(density=numbers[0].value)
    return Item(count=numbers[0]) if node.data == "count" else Item(pixels=numbers[0])


def read_place(node: Any) -> Fraction:
    above, *below = map(Fraction, map(str, node.children)) if hasattr(node, "children") else (Fraction(str(node)),)
    if below and not below[0]:
        return Fraction(10**6)
    return above / below[0] if below else above


def span_of(node: Any) -> tuple[int, int]:
    return node.meta.start_pos, node.meta.end_pos


def mistake(node: Any, code: str, message: str) -> MistakeError:
    return MistakeError(code, message, span_of(node))
