"""Points of one layout turned into places of another: splines through the landmarks registered on each part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from ...querylang.registry import Part
from ..data.curves import LARGEST_GAP

FloatArray = npt.NDArray[np.float64]

LEAST_STEP = 0.02
"""Registered landmarks nearer to each other along a part are not both passed through: the better one is."""
LARGEST_REACH = 0.08
"""How far beyond the registered landmarks of a part a place is still told, going straight on."""


@dataclass(frozen=True)
class LayoutSpline:
    """A spline along a part through some columns of an array of points.

    Attributes:
        part: its name.
        columns: which columns it passes through, in the order of the curve.
        fpalps: their FPALPs, rising; beyond 1 where a closed part's stretch runs over its start.
        is_periodic: whether it goes all the way round.
        is_closed: whether the part does.
    """

    part: str
    columns: tuple[int, ...]
    fpalps: tuple[float, ...]
    is_periodic: bool
    is_closed: bool

    def weights(self, fpalps: Sequence[float]) -> FloatArray:
        """Return (landmarks, columns): how each place is made of the points; rows of NaN out of reach."""
        at = np.asarray(fpalps, dtype=np.float64)
        knots = np.array(self.fpalps)
        if self.is_closed:
            # From half the gap before the first landmark on.
            start = knots[0] - (1 - (knots[-1] - knots[0])) / 2
            at = start + (at - start) % 1.0
        if self.is_periodic:
            turned = CubicSpline(
                np.append(knots, knots[0] + 1), np.eye(len(knots))[[*range(len(knots)), 0]], bc_type="periodic"
            )
            return np.asarray(turned(at))
        inside = np.clip(at, knots[0], knots[-1])
        beyond = at - inside
        if len(knots) == 1:
            weights = np.ones((len(at), 1))
        else:
            spline = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")
            weights = np.asarray(spline(inside) + beyond[:, None] * spline(inside, 1))
        weights[np.abs(beyond) > LARGEST_REACH + 1e-9] = np.nan
        return weights


def make_layout_spline(
    part: Part, columns: Sequence[int], fpalps: Sequence[float], doubts: Sequence[float]
) -> LayoutSpline:
    """Choose which of a part's registered landmarks to pass through.

    Args:
        part: the part.
        columns: its landmarks' columns, at least one.
        fpalps: where they were registered.
        doubts: how far from the part each one lies; the least doubtful of close neighbours is taken.
    """
    chosen: list[tuple[float, int]] = []
    for number in np.argsort(doubts, kind="stable"):
        gaps = [abs(fpalps[number] - fpalp) for fpalp, _ in chosen]
        if part.is_closed:
            gaps = [min(gap, 1 - gap) for gap in gaps]
        if not gaps or (not part.is_point and min(gaps) >= LEAST_STEP):
            chosen.append((fpalps[number], columns[number]))
    chosen.sort()
    steps = np.diff([*(fpalp for fpalp, _ in chosen), chosen[0][0] + 1])
    is_periodic = part.is_closed and len(chosen) > 2 and bool(steps.max() < LARGEST_GAP)
    if part.is_closed and not is_periodic:
        # The stretch begins after the widest gap.
        first = (int(steps.argmax()) + 1) % len(chosen)
        chosen = chosen[first:] + [(fpalp + 1, column) for fpalp, column in chosen[:first]]
    return LayoutSpline(
        part.name,
        tuple(column for _, column in chosen),
        tuple(fpalp for fpalp, _ in chosen),
        is_periodic,
        part.is_closed,
    )
