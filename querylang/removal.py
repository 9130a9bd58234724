"""Exceptions: what "except", "without" and the like take away from all before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .meaning import MistakeError
from .pieces import Patch, Piece, Place, Stretch, make_piece
from .runs import LayoutRun, PlaceRun, remove_pieces
from .shapes import Segment

if TYPE_CHECKING:
    from .asks import Ask
    from .placing import Placer

MOST_WORK = 2_000_000
"""More comparisons than that take no sensible time."""


def remove_pieces_from(
    segments: Sequence[Segment], pieces: Sequence[Piece], placer: Placer, span: tuple[int, int]
) -> list[Segment]:
    """Return what is left of segments without the points that lie on pieces.

    Raises:
        MistakeError: It is too much work.
    """
    # Equal runs once: a list may name one layout again and again.
    unique = dict.fromkeys(run for _, runs in segments for run in runs)
    points = sum(run.count if isinstance(run, LayoutRun | PlaceRun) else 1 for run in unique)
    if points * len(pieces) > MOST_WORK:
        raise MistakeError("too_many", "too many exceptions for one instruction", span)
    left = {run: remove_pieces(run, pieces, placer.registry) for run in unique}
    return [(shape, [kept for run in runs for kept in left[run]]) for shape, runs in segments]


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
        message = "what is left out is a surface, a portion or a place of it"
        raise MistakeError("contradiction", message, placer.span([ask]))
    if ask.item.positions is None:
        return list(region.pieces)
    return [
        Place(piece.part, piece.start + number.value * (piece.stop - piece.start))
        for piece in region.curves
        if isinstance(piece, Stretch)
        for number in ask.item.positions
    ]
