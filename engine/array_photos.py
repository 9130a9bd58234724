"""Photos that come as arrays: grey, RGB or RGBA of any usual kind of number, brought to 8-bit RGB."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ImageError, TooManyPixelsError

WANTED = "a photo as an array is (height, width, 3), or grey (height, width), or with alpha (height, width, 4)"
OVERSHOOT = 0.1
"""How far floats of 0..1 may lie outside: a bicubic resize leaves some there."""


def bring_to_rgb(
    array: npt.NDArray[Any], *, is_bgr: bool, max_pixels: int
) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """Return an array as (height, width, 3) uint8 RGB, and notes of what was done to it.

    Args:
        array: (height, width), (height, width, 1), (height, width, 3) or (height, width, 4); uint8, other integers of
            0..255, uint16 of 0..65535, or floats of 0..1 or 0..255.
        is_bgr: Whether the channels are blue, green, red (and alpha).
        max_pixels: An array with more is refused.

    Raises:
        ImageError: It has another shape, or numbers whose range is not known; the message says what would do.
    """
    check_shape(array, max_pixels)
    notes: list[str] = []
    values = bring_to_bytes(array, notes)
    if values.ndim == 2 or values.shape[2] == 1:
        notes.append("grey, taken for all three colours")
        return np.repeat(values.reshape(*values.shape[:2], 1), 3, axis=2), tuple(notes)
    colors = values[:, :, 2::-1] if is_bgr else values[:, :, :3]
    if values.shape[2] == 4:
        colors = lay_over_white(colors, values[:, :, 3:], notes)
    return colors, tuple(notes)


def check_shape(array: npt.NDArray[Any], max_pixels: int) -> None:
    """Refuse an array that is no picture, or too large a one.

    Raises:
        ImageError: It is.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        is_channels_first = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        hint = "; move the channels last: array.transpose(1, 2, 0)" if is_channels_first else ""
        raise ImageError(f"{WANTED}, not of shape {array.shape}{hint}")
    height, width = array.shape[:2]
    if width < 1 or height < 1:
        raise ImageError(f"the array has no pixels ({width} x {height})")
    if width * height > max_pixels:
        raise TooManyPixelsError("the array", width, height, max_pixels)


def bring_to_bytes(array: npt.NDArray[Any], notes: list[str]) -> npt.NDArray[np.uint8]:
    """Return an array's numbers as uint8; what was taken for what goes into the notes.

    Raises:
        ImageError: They have no known range.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "f":
        return bring_floats(array, notes)
    if array.dtype.kind not in "iu":
        raise ImageError(f"{WANTED}, of numbers, not of {array.dtype}: uint8 is best")
    low, high = int(array.min()), int(array.max())
    if low >= 0 and high <= 255:
        notes.append(f"{array.dtype} of {low} to {high}, taken for 8 bits")
        return array.astype(np.uint8)
    if array.dtype == np.uint16:
        notes.append("uint16 reduced to 8 bits: 65535 is white")
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    raise ImageError(f"{array.dtype} of {low} to {high} has no known range: scale it to 0..255 and convert it to uint8")


def bring_floats(array: npt.NDArray[Any], notes: list[str]) -> npt.NDArray[np.uint8]:
    """Return floats of 0..1, or of 0..255 where some are larger than a little over 1, as uint8.

    Raises:
        ImageError: Some are not finite, or they lie elsewhere.
    """
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError(f"{array.dtype} with values that are not finite: no photo has those")
    white = 1.0 if high <= 1 + OVERSHOOT else 255.0
    if low < -OVERSHOOT * white or high > white * (1 + OVERSHOOT):
        raise ImageError(f"{array.dtype} of {low:g} to {high:g} has no known range: scale it to 0..1, or to 0..255")
    notes.append(f"{array.dtype} taken as 0 to {white:g}")
    scaled = np.rint(array.astype(np.float32) * np.float32(255 / white))
    pixels: npt.NDArray[np.uint8] = scaled.clip(0, 255).astype(np.uint8)
    return pixels


def lay_over_white(
    colors: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8], notes: list[str]
) -> npt.NDArray[np.uint8]:
    """Return colours as they look over white, alpha (height, width, 1) saying how much of each pixel they cover."""
    if alpha.min() == 255:
        return colors
    notes.append("transparent pixels shown over white")
    share = alpha.astype(np.float32) / 255
    return np.rint(255 + (colors.astype(np.float32) - 255) * share).astype(np.uint8)
