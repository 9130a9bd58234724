"""Curves in the picture: a stretch of a face part, traced finely enough to measure distances along it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..querylang.runs import Ends

FloatArray = npt.NDArray[np.float64]

# So many pieces that a chord differs from its arc by far less than a pixel.
TRACE_PIECES = 256


@dataclass(frozen=True, slots=True)
class Place:
    """Where a landmark lies on the face, before the photo is looked at.

    Attributes:
        part: The face part or the surface, in the viewer's terms.
        fpalp: Its place along the part's curve, 0..1; on a surface its u.
        v: On a surface, from top to bottom 0..1; None on a curve.
    """

    part: str
    fpalp: float
    v: float | None = None


Locate = Callable[[Sequence[Place]], FloatArray]
"""Where the detector sees places (N), as (N, 2) pixels of the photo."""


@dataclass(frozen=True, eq=False)
class TracedCurve:
    """A stretch of a part's curve as the detector sees it.

    Attributes:
        part: The face part.
        fpalps: (samples,) from the stretch's start to its end; past 1 where a closed curve is passed through
            its start.
        distances: (samples,) pixels of the photo along the curve from its start to each.
    """

    part: str
    fpalps: FloatArray
    distances: FloatArray

    @property
    def length_px(self) -> float:
        """Its length in pixels of the photo."""
        return float(self.distances[-1])

    def fpalps_at(self, distances: FloatArray) -> FloatArray:
        """Return the FPALPs at distances (N,) from the start, pixels of the photo."""
        return np.interp(distances, self.distances, self.fpalps)


def trace_curve(part: str, start: float, end: float, is_closed: bool, locate: Locate) -> TracedCurve:
    """Trace the stretch of a part from one FPALP to another, which may be the smaller.

    Args:
        part: The face part.
        start: The first FPALP.
        end: The last one; on a closed part anything from 0 to 2, modulo 1.
        is_closed: Whether the part's curve is closed.
        locate: Where the detector sees places.
    """
    fpalps = np.linspace(start, end, TRACE_PIECES + 1)
    points = locate([Place(part, wrap_fpalp(f, is_closed)) for f in fpalps.tolist()])
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return TracedCurve(part, fpalps, np.concatenate([[0.0], np.cumsum(steps)]))


def wrap_fpalp(fpalp: float, is_closed: bool) -> float:
    """Return the same place with its FPALP in 0 <= f < 1 on a closed curve."""
    if not is_closed:
        return fpalp
    fpalp %= 1.0
    # Distances are rounded numbers: a hair before the start is the start.
    return 0.0 if 1.0 - fpalp < 1e-9 else fpalp


def space_evenly(curve: TracedCurve, count: int, ends: Ends) -> FloatArray:
    """Return `count` FPALPs at equal distances along the curve.

    Args:
        curve: The curve.
        count: How many.
        ends: "both" ends are points (one point alone lies in the middle); "neither" is, so that a step lies before
            the first point and after the last; or only the "first", where a closed curve ends as it starts.
    """
    if ends == "first":
        shares = np.arange(count) / count
    elif ends == "neither":
        shares = (np.arange(count) + 1) / (count + 1)
    else:
        shares = np.linspace(0, 1, count) if count > 1 else np.array([0.5])
    return curve.fpalps_at(shares * curve.length_px)


def space_by_step(curve: TracedCurve, step_px: float, ends: Ends) -> FloatArray:
    """Return the FPALPs at 0, step, 2 step, ... pixels along the curve; the end only if a step falls there.

    Args:
        curve: The curve.
        step_px: Pixels of the photo between neighbours, along the curve.
        ends: As for `space_evenly`.
    """
    numbers = np.arange(count_steps(curve, step_px, ends), dtype=np.float64)
    return curve.fpalps_at(step_px * (numbers + 1 if ends == "neither" else numbers))


def count_steps(curve: TracedCurve, step_px: float, ends: Ends) -> int:
    """Return how many FPALPs `space_by_step` gives."""
    steps = curve.length_px / step_px
    # Within a thousandth of a step, the end counts as reached.
    is_end_reached = steps >= 0.5 and abs(steps - round(steps)) < 1e-3
    inside = round(steps) - 1 if is_end_reached else int(steps)
    return inside + {"both": 1 + is_end_reached, "first": 1, "neither": 0}[ends]
