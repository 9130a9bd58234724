"""Filling rings: how much of each pixel lies inside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Window = tuple[int, int, int, int]
"""left, top, right, bottom; the last two outside."""

ROWS_PER_PIXEL = 8


def clip_window(points: FloatArray, reach: float, size: tuple[int, int]) -> Window | None:
    """Return the pixels of a picture of a size (height, width) within `reach` of points (N, 2); None for none."""
    height, width = size
    low, high = np.floor(points.min(axis=0) - reach), np.ceil(points.max(axis=0) + reach) + 1
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]), width), min(int(high[1]), height)
    return (left, top, right, bottom) if left < right and top < bottom else None


def cover_rings(rings: Sequence[FloatArray], window: Window) -> FloatArray:
    """Return how much of each pixel of a window lies inside rings, 0..1; what lies inside two of them is outside.

    Every pixel is cut by eight lines; along a line the coverage is exact.

    Args:
        rings: Each (N, 2), pixels, (0, 0) the centre of the top-left one; the last point joins the first.
        window: The pixels wanted.

    Returns:
        (height, width) of the window.
    """
    left, top, right, bottom = window
    height, width = bottom - top, right - left
    starts = np.concatenate(rings)
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    # In lines from the window's top on; line i lies at i + 0.5.
    y0, y1 = ((points[:, 1] + 0.5 - top) * ROWS_PER_PIXEL for points in (starts, ends))
    first = np.clip(np.ceil(np.minimum(y0, y1) - 0.5), 0, height * ROWS_PER_PIXEL).astype(np.int64)
    last = np.clip(np.ceil(np.maximum(y0, y1) - 0.5), 0, height * ROWS_PER_PIXEL).astype(np.int64)
    crossings = last - first
    edge = np.repeat(np.arange(len(starts)), crossings)
    begin = np.cumsum(crossings) - crossings
    line = first[edge] + np.arange(len(edge)) - begin[edge]
    share = (line + 0.5 - y0[edge]) / (y1 - y0)[edge]
    x = starts[edge, 0] + share * (ends - starts)[edge, 0] + 0.5 - left
    order = np.lexsort((x, line))
    line, x = line[order], np.clip(x[order], 0, width)
    # On every line the inside begins and ends in turn. What lies left of an end counts, what lies left of a beginning
    # is taken away: as steps from pixel to pixel, which are summed at last.
    sign = np.where(np.arange(len(x)) % 2, 1.0, -1.0) / ROWS_PER_PIXEL
    whole = np.floor(x).astype(np.int64)
    steps = np.zeros((height, width + 2))
    row = line // ROWS_PER_PIXEL
    np.add.at(steps, (row, whole), sign * (x - whole - 1))
    np.add.at(steps, (row, whole + 1), -sign * (x - whole))
    return np.asarray(np.clip(np.cumsum(steps, axis=1)[:, :width], 0, 1))
