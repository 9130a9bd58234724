"""Exceptions: what "except", "without" and the like take away from all before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .meaning import MistakeError
from .pieces import Patch, Piece, Place, Stretch, make_piece
from .runs import CurveRun, LayoutRun, PlaceRun, Run, remove_pieces
from .surface_runs import SpotRun

if TYPE_CHECKING:
    from .asks import Ask
    from .placing import Placer

MOST_WORK = 2_000_000
"""More comparisons than that take no sensible time."""


def remove_pieces_from(
    runs: Sequence[Run], pieces: Sequence[Piece], placer: Placer, span: tuple[int, int]
) -> list[Run]:
    """Return what is left of runs without the points that lie on pieces.

    Raises:
        MistakeError: It is too much work.
    """
    points = sum(run.count if isinstance(run, LayoutRun | PlaceRun) else 1 for run in runs)
    if points * len(pieces) > MOST_WORK:
        raise MistakeError("too_many", "too many exceptions for one instruction", span)
    return [kept for run in runs for kept in remove_pieces(run, pieces, placer.registry)]


def find_pieces(ask: Ask, placer: Placer) -> list[Piece]:
    """Return what a removal takes away, as pieces."""
    if ask.item.is_layout:
        pieces: list[Piece] = []
        for run in placer.place_layouts([ask], ask.amount, placer.span([ask])):
            assert isinstance(run, LayoutRun)
            landmarks = placer.registry.layouts[run.layout].landmarks
            pieces += map(make_piece, (landmarks[i - 1] for i in run.ids))
        return pieces
    region = placer.find_region(ask)
    if any(isinstance(piece, Patch) and piece.edge not in ("", "outline") for piece in region.pieces):
        raise MistakeError(
            "contradiction", "what is left out is a surface, a portion or a place of it", placer.span([ask])
        )
    if ask.item.positions is None:
        return list(region.pieces)
    return [
        Place(piece.part, piece.start + number.value * (piece.stop - piece.start))
        for piece in region.curves
        if isinstance(piece, Stretch)
        for number in ask.item.positions
    ]


def remove_point(runs: Sequence[Run], index: int) -> list[Run]:
    """Return runs without one of their points, numbered from 1; below 0 from the end."""
    total = sum(run.count or 0 for run in runs)
    drop = index - 1 if index > 0 else total + index
    kept: list[Run] = []
    for run in runs:
        count = run.count or 0
        if not 0 <= drop < count:
            kept.append(run)
        elif count > 1:
            kept += split_run(run, drop)
        drop -= count
    return kept


def split_run(run: Run, index: int) -> list[Run]:
    if isinstance(run, CurveRun):
        count = run.count or 0
        parts = [(0, index), (index + 1, count - index - 1)]
        return [run.take(begin, number) for begin, number in parts if number]
    if isinstance(run, PlaceRun):
        return [PlaceRun(run.part, run.places[:index] + run.places[index + 1 :])]
    if isinstance(run, LayoutRun):
        return [LayoutRun(run.layout, run.ids[:index] + run.ids[index + 1 :])]
    spots = tuple(run.spots())
    return [SpotRun(run.surface, spots[:index] + spots[index + 1 :])]
