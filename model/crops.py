"""Square face crops: where they lie in the photo, and how they are cut.

Two frames meet here. Photo pixels: (x, y), float, (0, 0) the centre of the top-left pixel. Crop units: (0, 0)
and (1, 1) are the outer corners of the square crop, so they hold whatever size the crop is cut at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import ImageError

FloatArray = npt.NDArray[np.float64]
ByteArray = npt.NDArray[np.uint8]

DEFAULT_MARGIN = 1.35
"""Side of the crop over the longer side of the tight box round the 68 points of 300W."""

# Median place of the tight landmark box inside libfacedetection's box, in units of the square root of that
# box's area: printed by `python benchmarks/face_finder_fit.py --data PACKS`.
FINDER_SHIFT = (0.0, 0.14)
FINDER_SCALE = 0.92

# Zero after the encoders' normalisation, so that what lies outside the photo is neutral.
OUTSIDE_COLOR = (127, 127, 127)


@dataclass(frozen=True, slots=True)
class CropFrame:
    """A rotated square in the photo; a similarity between photo pixels and crop units.

    Attributes:
        center_px: the square's centre, photo pixels.
        side_px: its side, photo pixels.
        angle: how far the crop's x axis is turned in the photo, radians, clockwise as seen.
    """

    center_px: tuple[float, float]
    side_px: float
    angle: float = 0.0

    def __post_init__(self) -> None:
        if not (all(map(math.isfinite, (*self.center_px, self.side_px, self.angle))) and self.side_px > 0):
            raise ImageError(f"a crop needs a finite centre and a positive side, not {self}")

    @classmethod
    def from_face_box(
        cls, box: tuple[float, float, float, float], margin: float = DEFAULT_MARGIN, angle: float = 0.0
    ) -> CropFrame:
        """Return the square the detector expects for a face finder's box (x0, y0, x1, y1), photo pixels."""
        x0, y0, x1, y1 = box
        if not (x1 > x0 and y1 > y0):
            raise ImageError(f"a face box is (x0, y0, x1, y1) with x0 < x1 and y0 < y1, not {box}")
        extent = math.sqrt((x1 - x0) * (y1 - y0))
        shift_x, shift_y = FINDER_SHIFT[0] * extent, FINDER_SHIFT[1] * extent
        cos, sin = math.cos(angle), math.sin(angle)
        center = (
            (x0 + x1) / 2 + cos * shift_x - sin * shift_y,
            (y0 + y1) / 2 + sin * shift_x + cos * shift_y,
        )
        return cls(center, FINDER_SCALE * extent * margin, angle)

    @classmethod
    def from_landmarks(cls, points_px: FloatArray, margin: float = DEFAULT_MARGIN) -> CropFrame:
        """Return the upright square round the tight box of `points_px` (landmarks, 2); NaN rows are left out."""
        known = points_px[np.isfinite(points_px).all(axis=1)]
        low, high = known.min(axis=0), known.max(axis=0)
        center = (low + high) / 2
        return cls((float(center[0]), float(center[1])), float((high - low).max()) * margin)

    def axes(self) -> FloatArray:
        """Return (2, 2): the photo pixels that one crop unit along x, then along y, amounts to, as columns."""
        cos, sin = math.cos(self.angle) * self.side_px, math.sin(self.angle) * self.side_px
        return np.array([[cos, -sin], [sin, cos]])

    def to_photo(self, points_norm: npt.ArrayLike) -> FloatArray:
        """Map crop units (..., 2) to photo pixels (..., 2), in float64."""
        points = np.asarray(points_norm, dtype=np.float64)
        photo: FloatArray = (points - 0.5) @ self.axes().T + np.array(self.center_px)
        return photo

    def to_crop(self, points_px: npt.ArrayLike) -> FloatArray:
        """Map photo pixels (..., 2) to crop units (..., 2), in float64."""
        points = np.asarray(points_px, dtype=np.float64) - np.array(self.center_px)
        crop: FloatArray = points @ np.linalg.inv(self.axes()).T + 0.5
        return crop


def cut_crop(photo: ByteArray, frame: CropFrame, size: int, roughly: bool = False) -> ByteArray:
    """Cut the frame's square out of a photo.

    Args:
        photo: (height, width, 3) uint8 RGB.
        frame: where the square lies.
        size: side of the result in pixels.
        roughly: whether an upright square inside the photo that is made no smaller may be off by one grey level, which
            takes a third of the time.

    Returns:
        (size, size, 3) uint8 RGB. Whole-number reduction by box filter comes first, then bilinear sampling, so a
        large face does not alias. What lies outside the photo is OUTSIDE_COLOR.
    """
    height, width = photo.shape[:2]
    corners = frame.to_photo([(0, 0), (1, 0), (0, 1), (1, 1)])
    factor = max(1, int(frame.side_px / size))
    left, top = (np.floor(corners.min(axis=0)).astype(int) - 2 * factor).tolist()
    right, bottom = (np.ceil(corners.max(axis=0)).astype(int) + 2 * factor + 1).tolist()
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if right <= left or bottom <= top:
        return np.full((size, size, 3), OUTSIDE_COLOR, dtype=np.uint8)
    region = Image.fromarray(np.ascontiguousarray(photo[top:bottom, left:right]))
    if factor > 1:
        region = region.reduce(factor)
    # Pillow samples output pixel (i, j) at (i + 0.5, j + 0.5) and calls the outer corner of a picture (0, 0).
    per_pixel = frame.axes() / size / factor
    origin = (frame.to_photo((0.0, 0.0)) + 0.5 - (left, top)) / factor
    if roughly and frame.angle == 0 and per_pixel[0, 0] <= 1:
        end = origin + size * per_pixel[0, 0]
        if origin.min() >= 0 and (end <= region.size).all():
            box = (float(origin[0]), float(origin[1]), float(end[0]), float(end[1]))
            return np.asarray(region.resize((size, size), Image.Resampling.BILINEAR, box=box), dtype=np.uint8)
    matrix = (
        per_pixel[0, 0], per_pixel[0, 1], origin[0],
        per_pixel[1, 0], per_pixel[1, 1], origin[1],
    )  # fmt: skip
    crop = region.transform(
        (size, size),
        Image.Transform.AFFINE,
        tuple(map(float, matrix)),
        resample=Image.Resampling.BILINEAR,
        fillcolor=OUTSIDE_COLOR,
    )
    return np.asarray(crop, dtype=np.uint8)
