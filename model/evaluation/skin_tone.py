"""How light the skin of a face looks in its picture: the individual typology angle of the cheeks.

Skin and light together: a light face in the shade looks dark. In a laboratory the angle tells skin tone; among photos
of all kinds it tells whether answers get worse as the skin that the detector sees gets darker.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageDraw

from .metrics import FloatArray

# 300W's points round each cheek, from 0: jaw, mouth corner, nose wing, lower eyelid.
CHEEKS = ((2, 3, 4, 48, 31, 40, 41), (14, 13, 12, 54, 35, 47, 46))
SHRINK = 0.6
"""The cheek is drawn in towards its middle by this, away from beard, lid and shadow."""
COLORLESS = 2.0
"""A cheek whose a* and b* are no larger has no colour: a grey picture."""

# Chardon et al. 1991 and Del Bino & Bernerd 2013, degrees: their six classes two by two.
LIGHT, INTERMEDIATE = 41.0, 10.0


@cache
def make_lab_transform() -> ImageCms.ImageCmsTransform:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.buildTransform(srgb, lab, "RGB", "LAB")


def typology_angle(picture: npt.NDArray[np.uint8], points: FloatArray) -> float | None:
    """Return the individual typology angle of a face's cheeks, atan2(L* - 50, b*), from their median colour.

    Args:
        picture: (height, width, 3) uint8 sRGB.
        points: (68, 2) in 300W's order, pixels of the picture.

    Returns:
        Degrees, 90 for the lightest skin; None where the picture is grey, or shows nothing of the cheeks.
    """
    image = Image.fromarray(picture)
    mask = Image.new("L", image.size, 0)
    for cheek in CHEEKS:
        corners = points[list(cheek)]
        drawn_in = corners.mean(axis=0) + SHRINK * (corners - corners.mean(axis=0))
        ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in drawn_in], fill=255)
    lab = ImageCms.applyTransform(image, make_lab_transform())
    assert lab is not None
    pixels = np.asarray(lab)[np.asarray(mask) > 0]
    if not len(pixels):
        return None
    light = 100 / 255 * float(np.median(pixels[:, 0]))
    a, b = np.median(pixels[:, 1:].astype(np.int8), axis=0)  # signed, in two's complement
    if max(abs(a), abs(b)) <= COLORLESS:
        return None
    return float(np.degrees(np.arctan2(light - 50, b)))


def name_skin(angle: float | None) -> str:
    """Return the group that a typology angle in degrees falls in."""
    if angle is None:
        return "picture without colour"
    if angle > LIGHT:
        return f"skin light in the picture (ITA over {LIGHT:.0f})"
    if angle > INTERMEDIATE:
        return f"skin mid in the picture (ITA {INTERMEDIATE:.0f} to {LIGHT:.0f})"
    return f"skin dark in the picture (ITA {INTERMEDIATE:.0f} or less)"
