"""Where on a surface each pixel of a photo lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .raster import clip_window

FloatArray = npt.NDArray[np.float64]


def map_uv(
    points: FloatArray, triangles: npt.NDArray[np.intp], uv: FloatArray, size: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Return the (u, v) that the centre of each pixel of a picture of a size (height, width) has.

    Args:
        points: (points, 2) pixels, (0, 0) the centre of the top-left one.
        triangles: (triangles, 3) rows of `points`.
        uv: (points, 2) of each point.
        size: Of the picture.

    Returns:
        (height, width, 2), NaN where no triangle lies. Triangles that are turned over are left out.
    """
    found = np.full((*size, 2), np.nan, dtype=np.float32)
    corners, places = points[triangles], uv[triangles]  # (triangles, 3, 2)
    edges, areas = span_triangles(corners)
    facing = areas * span_triangles(places)[1] > 0
    for place, edge, area, own in zip(corners[facing], edges[facing], areas[facing], places[facing], strict=True):
        window = clip_window(place, 0, size)
        if window is None:
            continue
        left, top, right, bottom = window
        y, x = np.mgrid[top:bottom, left:right].astype(np.float64)
        away_x, away_y = x - place[0, 0], y - place[0, 1]
        first = (away_x * edge[1, 1] - away_y * edge[1, 0]) / area
        second = (away_y * edge[0, 0] - away_x * edge[0, 1]) / area
        inside = (first >= -1e-9) & (second >= -1e-9) & (first + second <= 1 + 1e-9)
        shares = np.stack([1 - first - second, first, second], axis=-1)[inside]
        found[top:bottom, left:right][inside] = (shares @ own).astype(np.float32)
    return found


def span_triangles(corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the edges (triangles, 2, 2) from the first of corners (triangles, 3, 2), and twice their signed areas."""
    edges = corners[:, 1:] - corners[:, :1]
    return edges, edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
