"""How many points go where: equal numbers, shares, densities, steps."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

from .pieces import Patch, Piece, Place, Stretch
from .registry import Registry, list_steps
from .runs import CurveRun, Ends, PlaceRun, Run
from .surface_runs import OUTLINE_COUNT, OutlineRun, SpotRun, find_edge, spread_points

PATCH_WEIGHT = 9
"""A surface shares counts as a part with so many points of the unified layout does, an eyebrow's."""


def find_unified(piece: Piece, registry: Registry) -> list[Fraction]:
    """Return the FPALPs of the unified layout on a piece, its ends included, in its own direction."""
    if isinstance(piece, Patch):
        return [Fraction(0)] * (1 if piece.spot else PATCH_WEIGHT)
    if isinstance(piece, Place):
        return [piece.fpalp]
    part = registry.parts[piece.part]
    if part.is_point:
        return [Fraction(0)]
    if piece.is_whole:
        fpalps = list(part.unified_fpalps)
        return fpalps if piece.start < piece.stop else fpalps[::-1]
    low, high = min(piece.start, piece.stop), max(piece.start, piece.stop)
    found = [*list_steps(ceil(low * part.steps), floor(high * part.steps) + 1, part.steps)]
    return found if piece.start <= piece.stop else found[::-1]


def weigh(piece: Piece, registry: Registry) -> int:
    """Return the weight of a piece where a count is shared: the unified layout's points on it, one at least."""
    return max(1, len(find_unified(piece, registry)))


def make_run(piece: Piece, count: int, registry: Registry, ends: Ends = "both") -> Run:
    """Return the run of count points on a piece (a place or point part takes one)."""
    if isinstance(piece, Patch):
        return make_patch_run(piece, count, registry)
    if isinstance(piece, Place):
        return PlaceRun(piece.part, (piece.fpalp,) * min(count, 1))
    if piece.is_whole and registry.parts[piece.part].is_closed:
        ends = "first"
    return CurveRun(piece.part, piece.start, piece.stop, count, ends)


def make_default(piece: Piece, registry: Registry) -> Run | None:
    """Return the unified points on a piece as a run, None where there are none; a surface's centre or outline."""
    if isinstance(piece, Patch):
        usual = OUTLINE_COUNT if piece.edge == "outline" else PATCH_WEIGHT if piece.edge else 1
        return make_patch_run(piece, usual, registry)
    fpalps = find_unified(piece, registry)
    if not fpalps:
        return None
    if isinstance(piece, Place):
        return PlaceRun(piece.part, (piece.fpalp,))
    if piece.is_whole:
        return make_run(piece, len(fpalps), registry)
    return CurveRun(piece.part, fpalps[0], fpalps[-1], len(fpalps))


def make_patch_run(patch: Patch, count: int, registry: Registry) -> Run:
    """Return count points on a surface: spread over it, round its outline, or along an edge."""
    if patch.spot is not None:
        return SpotRun(patch.part, (patch.spot,))
    if patch.edge == "outline":
        return OutlineRun(patch.part, count, box=patch.box)
    if patch.edge:
        return SpotRun(patch.part, find_edge(patch.box, patch.edge, count))
    return spread_points(registry.surfaces[patch.part], count, patch.box)


def share(total: int, weights: Sequence[int], caps: Sequence[int | None]) -> list[int]:
    """Share a number in proportion to weights: largest remainder first, earlier first on a tie.

    Args:
        total: What is shared.
        weights: One for each receiver.
        caps: The most a receiver may get; None for any number.
    """
    shares = [0] * len(weights)
    open_ones = [i for i, weight in enumerate(weights) if weight > 0]
    left = total
    while open_ones and left > 0:
        sum_of = sum(weights[i] for i in open_ones)
        exact = {i: Fraction(left * weights[i], sum_of) for i in open_ones}
        given = {i: floor(exact[i]) for i in open_ones}
        rest = left - sum(given.values())
        for i in sorted(open_ones, key=lambda i: (given[i] - exact[i], i))[:rest]:
            given[i] += 1
        capped = [i for i in open_ones if caps[i] is not None and given[i] > (caps[i] or 0)]
        if not capped:
            for i in open_ones:
                shares[i] = given[i]
            return shares
        for i in capped:
            shares[i] = caps[i] or 0
            left -= shares[i]
        open_ones = [i for i in open_ones if i not in capped]
    return shares


def round_half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def count_by_density(piece: Stretch, factor: Fraction, registry: Registry) -> int:
    """Return how many points a multiple of the unified layout's density gives on a stretch."""
    unified = len(find_unified(piece, registry))
    if piece.is_whole and registry.parts[piece.part].is_closed:
        return max(1, round_half_up(factor * unified))
    return max(1, round_half_up(factor * (unified - 1)) + 1)
