"""Mean colours of regions, in linear light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ImageError

FloatArray = npt.NDArray[np.float64]

# IEC 61966-2-1 (sRGB) to CIE XYZ, and the white point D65.
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ.sum(axis=1)


@dataclass(frozen=True, slots=True)
class RegionColor:
    """The mean colour of a region.

    Attributes:
        linear_rgb: Mean red, green and blue in linear light, 0..1: what rPPG and light work want.
        lab: CIE L*, a*, b* (D65) of that mean.
        pixels: How many pixels the region covers, parts of pixels as such.

    Examples:
        >>> lips = measures.color("lips")
        >>> red, green, blue = lips.linear_rgb
        >>> red > green, lips.lab[1] > 0
        (True, True)
    """

    linear_rgb: tuple[float, float, float]
    lab: tuple[float, float, float]
    pixels: float


def mean_color(photo: npt.NDArray[np.uint8], mask: npt.NDArray[np.float32], where: str) -> RegionColor:
    """Return the mean colour of a photo (height, width, 3) sRGB under a mask (height, width) 0..1.

    Raises:
        ImageError: The mask covers nothing.
    """
    rows, columns = np.nonzero(mask)
    if not len(rows):
        raise ImageError(f"{where!r} lies outside the photo")
    share = mask[rows, columns].astype(np.float64)
    mean = share @ to_linear(photo[rows, columns]) / share.sum()
    red, green, blue = (float(value) for value in mean)
    return RegionColor((red, green, blue), to_lab(mean), float(share.sum()))


def to_linear(srgb: npt.NDArray[np.uint8]) -> FloatArray:
    """Return sRGB values 0..255 in linear light, 0..1."""
    value = srgb / 255.0
    linear: FloatArray = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return linear


def to_lab(linear: FloatArray) -> tuple[float, float, float]:
    """Return CIE L*, a*, b* of a colour (3,) in linear light."""
    xyz = TO_XYZ @ linear / WHITE
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29).tolist()
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
