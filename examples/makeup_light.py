"""Paint as light: sRGB to linear light and back, and the ways in which make-up changes the light of skin.

Pictures are (height, width, 3) float32 in linear light, 0..1; covers are (height, width), 0..1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

FloatArray = npt.NDArray[np.float32]

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
DARKEST = 1e-4
COARSE = 6.0
"""So wide a blur, in pixels, is made on a smaller picture."""


def to_linear(pixels: npt.NDArray[np.uint8]) -> FloatArray:
    """Return 8-bit sRGB as amounts of light, 0..1, in which colours mix as paints do."""
    value = pixels / np.float32(255)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def from_linear(light: FloatArray) -> npt.NDArray[np.uint8]:
    """Return amounts of light as 8-bit sRGB."""
    light = np.clip(light, 0, 1)
    value = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * value).astype(np.uint8)


def read_color(text: str) -> FloatArray:
    """Return "#rrggbb" as an amount of light (3,)."""
    digits = text.removeprefix("#")
    if len(digits) != 6 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise ValueError(f'a color is written "#rrggbb", not {text!r}')
    return to_linear(np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)], dtype=np.uint8))


def luma(light: FloatArray) -> FloatArray:
    """Return how bright each pixel is (height, width)."""
    return light @ LUMA


def blur(field: FloatArray, radius: float) -> FloatArray:
    """Return a field (height, width) softened by nearly a Gaussian of a standard deviation in pixels: three boxes."""
    if radius >= COARSE:
        height, width = field.shape
        share = int(2 * radius / COARSE)
        small = resize(field, (max(1, height // share), max(1, width // share)))
        return resize(blur(small, radius / share), (height, width))
    spread = radius * radius / 3
    # The widest box of whole pixels that is not too wide, and the share of one more on either side.
    whole = int(((12 * spread + 1) ** 0.5 - 1) / 2)
    rest = (spread * (2 * whole + 1) - whole * (whole + 1) * (2 * whole + 1) / 3) / (2 * ((whole + 1) ** 2 - spread))
    for _ in range(3 if radius > 0 else 0):
        field = box(box(field, whole, rest).T, whole, rest).T
    return field.astype(np.float32)


def resize(field: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Return a field (height, width) at another size."""
    height, width = size
    return np.asarray(Image.fromarray(field, "F").resize((width, height), Image.Resampling.BILINEAR))


def box(field: FloatArray, whole: int, rest: float) -> FloatArray:
    """Return the means down the columns over `whole` pixels on either side and a share of one more.

    Beyond the edge the last pixel goes on.
    """
    sums = np.cumsum(np.pad(field, ((whole + 2, whole + 1), (0, 0)), mode="edge"), axis=0, dtype=np.float64)
    width, count = 2 * whole + 1, len(field)
    inner = sums[width + 1 : width + 1 + count] - sums[1 : 1 + count]
    outer = sums[width + 2 : width + 2 + count] - sums[:count]
    return ((inner + rest * (outer - inner)) / (width + 2 * rest)).astype(np.float32)


def blur_within(field: FloatArray, weight: FloatArray, radius: float) -> FloatArray:
    """Return a field softened from the pixels of a weight alone."""
    return blur(field * weight, radius) / np.maximum(blur(weight, radius), 1e-3)


def step(low: float, high: float, value: FloatArray) -> FloatArray:
    """Return 0 below `low`, 1 above `high`, and a smooth rise between."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


def lay_pigment(light: FloatArray, cover: FloatArray, paint: FloatArray, usual: float) -> FloatArray:
    """Cover skin with an opaque paint that keeps the light and shade of what is under it.

    Args:
        light: The picture.
        cover: How much of each pixel is covered.
        paint: The paint's colour (3,).
        usual: The usual luma of what is painted; where the picture is brighter the paint is too.
    """
    # Paint hides some of what is under it, so its shades are nearer to each other.
    shade = np.clip(luma(light) / max(usual, DARKEST), 0, 2.5)[..., None] ** 0.85
    return light + cover[..., None] * (paint * shade - light)


def lay_film(light: FloatArray, cover: FloatArray, paint: FloatArray) -> FloatArray:
    """Cover skin with a clear film that lets through the paint's share of red, green and blue: never lighter."""
    return light * (1 + cover[..., None] * (paint - 1))


def lay_glow(light: FloatArray, cover: FloatArray, paint: FloatArray) -> FloatArray:
    """Make skin shine: its own light grows, less where there is much already, so that dark skin does not turn grey."""
    own = light * (1 - light)
    return light + cover[..., None] * paint * (1.1 * own + 0.05 * (1 - light) * luma(light)[..., None] ** 0.5)


def smooth_edges_kept(channel: FloatArray, radius: float, contrast: float) -> FloatArray:
    """Return a channel without what is small and faint: a guided filter (He et al., 2010) by itself.

    Args:
        channel: (height, width).
        radius: Standard deviation of its windows, pixels.
        contrast: What differs from its surroundings by more than this share of them stays.
    """
    mean = blur(channel, radius)
    spread = np.maximum(blur(channel * channel, radius) - mean * mean, 0)
    keep = spread / (spread + (contrast * np.maximum(mean, DARKEST)) ** 2)
    return blur(keep, radius) * channel + blur((1 - keep) * mean, radius)
