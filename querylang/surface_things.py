"""What names mean on surfaces: their corners and their edges, by side, level and depth.

In: a `Thing` of surfaces; out: the places or the edges of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from .concept_data import Thing, Unit
from .pieces import Patch, face_side
from .surface_runs import WHOLE, Spot, cut_box, find_edge, place_within

ONE, HALF, QUARTER = Fraction(1), Fraction(1, 2), Fraction(1, 4)
EDGES = {"upper": "top", "lower": "bottom", "left": "left", "right": "right"}
MIDDLE_NOTE = "the middle of a surface is read as that between its left and its right"


def is_outline(thing: Thing) -> bool:
    """Whether a thing is outlines of surfaces, and nothing else."""
    return all(isinstance(piece, Patch) and piece.edge == "outline" for unit in thing.units for piece in unit.pieces)


def find_edges(outlines: Thing, viewer: str, subject: str) -> Thing | None:
    """Return the upper, lower, left, right, inner or outer edges of outlines; None where they have no such edge.

    Args:
        outlines: The outlines.
        viewer: Which edge, for "left" as the picture's.
        subject: Which edge, for "left" as the person's own.
    """

    def cut(units: Sequence[Unit], choice: str) -> tuple[Unit, ...]:
        found = []
        for unit in units:
            patches = [piece for piece in unit.pieces if isinstance(piece, Patch)]
            edges = [EDGES.get(face_side(patch, choice), "") for patch in patches]
            if not all(edges):
                return ()
            pieces = tuple(replace(patch, edge=edge) for patch, edge in zip(patches, edges, strict=True))
            found.append(replace(unit, concept="edge", pieces=pieces))
        return tuple(found)

    units, turned = cut(outlines.units, viewer), cut(outlines.turned, subject)
    return replace(outlines, units=units, turned=turned, concept="edge") if units and turned else None


def find_quadrants(quarters: Thing, viewer: str, subject: str) -> Thing | None:
    """Return "the upper left quarter" of surfaces, half as wide and half as high, of their left quarters.

    None where these are no quarters, or of the same direction.
    """

    def cut(units: Sequence[Unit], choice: str) -> tuple[Unit, ...]:
        found = []
        for unit in units:
            patches = [cut_quadrant(piece, choice) for piece in unit.pieces if isinstance(piece, Patch)]
            pieces = tuple(patch for patch in patches if patch is not None)
            if len(pieces) < len(unit.pieces):
                return ()
            found.append(replace(unit, pieces=pieces))
        return tuple(found)

    units, turned = cut(quarters.units, viewer), cut(quarters.turned, subject)
    return replace(quarters, units=units, turned=turned) if units and turned else None


def cut_quadrant(quarter: Patch, choice: str) -> Patch | None:
    left, top, right, bottom = quarter.box
    side, across, down = face_side(quarter, choice), right - left, bottom - top
    if (across, down) == (QUARTER, ONE) and side in ("upper", "lower"):
        half = cut_box(WHOLE, "left" if left == 0 else "right", HALF) if left in (0, 1 - QUARTER) else None
    elif (across, down) == (ONE, QUARTER) and side in ("left", "right"):
        half = cut_box(WHOLE, "upper" if top == 0 else "lower", HALF) if top in (0, 1 - QUARTER) else None
    else:
        half = None
    return None if half is None else replace(quarter, box=cut_box(half, side, HALF))


def has_edges(thing: Thing) -> bool:
    """Whether a thing is edges or outlines of surfaces."""
    return any(isinstance(piece, Patch) and piece.edge for unit in thing.units for piece in unit.pieces)


def find_on_edges(edges: Thing, word: str) -> Thing:
    """Return the middles or the ends of edges: "the middle of the hairline"."""

    def lay(unit: Unit) -> list[Unit]:
        patches = [piece for piece in unit.pieces if isinstance(piece, Patch)]
        return [make_end(unit, patch, spot) for patch in patches for spot in list_spots(patch, word)]

    return edges.change(lay, concept=word)


def list_spots(patch: Patch, word: str) -> tuple[Spot, ...]:
    return find_edge(patch.box, patch.edge, 1 if word == "middle" else 2)


def make_end(unit: Unit, patch: Patch, spot: Spot) -> Unit:
    """Return a place on an edge, which is to the left, right, top or bottom of it."""
    u, v = spot[0] - (patch.box[0] + patch.box[2]) / 2, spot[1] - (patch.box[1] + patch.box[3]) / 2
    is_level = patch.edge in ("top", "bottom")
    end = ("left", "", "right")[(u > 0) - (u < 0) + 1] if is_level else ""
    level = "" if is_level else ("upper", "", "lower")[(v > 0) - (v < 0) + 1]
    depth = next((choice for choice in ("inner", "outer") if end and face_side(patch, choice) == end), "")
    return replace(
        unit, concept="edge end", pieces=(replace(patch, edge="", spot=spot),), end=end, level=level, depth=depth
    )


def find_corners(surfaces: Thing) -> Thing:
    """Return the four corners of surfaces, the upper ones first, each from the left."""

    def cut(units: Sequence[Unit]) -> tuple[Unit, ...]:
        return tuple(
            make_corner(unit, piece, u, v)
            for unit in units
            for piece in unit.pieces
            if isinstance(piece, Patch)
            for v in (0, 1)
            for u in (0, 1)
        )

    return replace(surfaces, units=cut(surfaces.units), turned=cut(surfaces.turned), concept="corner")


def make_corner(unit: Unit, patch: Patch, u: int, v: int) -> Unit:
    end = ("left", "right")[u]
    depth = next((choice for choice in ("inner", "outer") if face_side(patch, choice) == end), "")
    spot = place_within((Fraction(u), Fraction(v)), patch.box)
    level = ("upper", "lower")[v]
    return Unit("corner", (replace(patch, edge="", spot=spot),), unit.side, end, level, depth)
