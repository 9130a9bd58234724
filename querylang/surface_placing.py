"""Placing on surfaces: grids, outlines, and what a surface cannot be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .concept_data import Unit
from .meaning import Item, MistakeError
from .pieces import Patch, Piece
from .routes import Region, Span
from .runs import Run
from .surface_runs import GridRun

CURVES_ONLY = ("positions", "density", "every", "segments", "pixels")


def place_on_surfaces(regions: Sequence[Region], amount: Item, span: Span) -> list[Run]:
    """Return the grids that an amount asks for on surfaces, none where it asks for none.

    Raises:
        MistakeError: A surface has no such points, or what is no surface takes no grid.
    """
    pieces = [piece for region in regions for piece in region.pieces]
    has_surface = any(isinstance(piece, Patch) for piece in pieces)
    if has_surface and any(getattr(amount, name) is not None for name in CURVES_ONLY):
        message = "a surface is asked by a number of points, a grid, a place such as (0.3, 0.6), or its outline"
        raise MistakeError("contradiction", message, span)
    if amount.grid is None:
        return []
    rows, columns = amount.grid
    if min(rows.value, columns.value) < 1:
        raise MistakeError("count", "a grid has at least one row and one column", span)
    if not all(isinstance(piece, Patch) and not piece.edge and piece.spot is None for piece in pieces):
        raise MistakeError("contradiction", "only a surface takes a grid", span)
    return [
        GridRun(piece.part, int(rows.value), int(columns.value), piece.box)
        for piece in pieces
        if isinstance(piece, Patch)
    ]


def outline_unit(unit: Unit) -> Unit:
    """Return a unit whose surfaces are their outlines, as what is to be a polygon is."""

    def outline(piece: Piece) -> Piece:
        return replace(piece, edge="outline") if isinstance(piece, Patch) and piece.spot is None else piece

    return replace(unit, pieces=tuple(map(outline, unit.filled or unit.pieces)))
