"""Drawing a picture on a bent surface: triangles with depth, the nearest of which is seen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from ..crops import ByteArray
from .curves import FloatArray


def warp_surface(
    picture: ByteArray, source: FloatArray, target: FloatArray, triangles: npt.NDArray[np.intp]
) -> ByteArray:
    """Draw a picture anew whose surface has moved.

    Args:
        picture: (height, width, 3) RGB.
        source: (vertices, 2) where the surface's vertices are in the picture, pixels; the picture goes on beyond its
            borders mirrored.
        target: (vertices, 3) where they shall be, and how deep, in pixels; of two triangles the less deep one is seen.
        triangles: (triangles, 3) vertex numbers.

    Returns:
        (height, width, 3) RGB, bilinear; what no triangle covers stays as it is.
    """
    height, width = picture.shape[:2]
    depth = np.full((height, width), np.inf)
    grid_x, grid_y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    for corners in triangles:
        at = target[corners]
        low = np.maximum(np.floor(at[:, :2].min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(at[:, :2].max(axis=0)).astype(int) + 1, (width, height))
        first, second = at[1, :2] - at[0, :2], at[2, :2] - at[0, :2]
        area = first[0] * second[1] - first[1] * second[0]
        if (low >= high).any() or abs(area) < 1e-9:
            continue
        x = np.arange(low[0], high[0])[None] - at[0, 0]
        y = np.arange(low[1], high[1])[:, None] - at[0, 1]
        along_first = (x * second[1] - y * second[0]) / area
        along_second = (y * first[0] - x * first[1]) / area
        here = at[0, 2] + along_first * (at[1, 2] - at[0, 2]) + along_second * (at[2, 2] - at[0, 2])
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        # A hair beyond the edges, so that no seam shows between neighbours.
        is_inside = (along_first >= -1e-6) & (along_second >= -1e-6) & (along_first + along_second <= 1 + 1e-6)
        is_seen = is_inside & (here < depth[window])
        depth[window][is_seen] = here[is_seen]
        begin, first, second = source[corners]
        for axis, grid in enumerate((grid_x, grid_y)):
            from_here = (
                begin[axis] + along_first * (first[axis] - begin[axis]) + along_second * (second[axis] - begin[axis])
            )
            grid[window][is_seen] = from_here[is_seen]
    channels = [
        map_coordinates(picture[..., channel].astype(np.float32), [grid_y, grid_x], order=1, mode="mirror")
        for channel in range(3)
    ]
    drawn: ByteArray = np.clip(np.rint(np.stack(channels, axis=-1)), 0, 255).astype(np.uint8)
    return drawn
