"""Lipstick, eyeliner and brow tint on a photo, from the engine's masks and curves.

python examples/makeup.py examples/astronaut.jpg docs/makeup.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

import faceql
from faceql.engine import PartCurve

FloatArray = npt.NDArray[np.float32]

INSTRUCTION = "60 points on the outer lip; 60 on the inner lip; 40 per eye; 40 per eyebrow"
LIPSTICK = (176, 24, 52)
BROW = (58, 36, 24)
LINER = (24, 20, 24)


def to_linear(pixels: npt.NDArray[np.uint8]) -> FloatArray:
    """Return 8-bit colours as amounts of light, 0..1, in which colours mix as paints do not look grey."""
    return ((pixels / 255.0) ** 2.2).astype(np.float32)


def from_linear(light: FloatArray) -> npt.NDArray[np.uint8]:
    """Return amounts of light as 8-bit colours."""
    return np.rint(255 * np.clip(light, 0, 1) ** (1 / 2.2)).astype(np.uint8)


def tint(light: FloatArray, mask: FloatArray, color: tuple[int, int, int], strength: float) -> FloatArray:
    """Give a region a colour, and leave its own light and shade as they are.

    Args:
        light: (height, width, 3) linear.
        mask: (height, width) 0..1.
        color: Red, green, blue, 0..255.
        strength: How much of the colour, 0..1.
    """
    paint = to_linear(np.array(color, dtype=np.uint8))
    luma = light @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    inside = mask > 0.5
    usual = float(np.median(luma[inside])) if inside.any() else 1.0
    # Where the region is lighter than usual the paint is too: folds and gloss stay.
    shade = (luma / max(usual, 1e-4))[:, :, None]
    cover = (strength * mask)[:, :, None]
    return light * (1 - cover) + paint * shade * cover


def stroke(size: tuple[int, int], curve: PartCurve, fpalps: npt.NDArray[np.float64], widths: FloatArray) -> FloatArray:
    """Return the mask of a line of changing width along a curve, laid just outside of it."""
    points, inward = curve.at(fpalps), curve.normals(fpalps)
    mask = np.zeros(size, dtype=np.float32)
    for point, normal, width in zip(points, inward, widths, strict=True):
        x, y = point - normal * width / 2
        reach = int(width) + 2
        left, top = max(int(x) - reach, 0), max(int(y) - reach, 0)
        window = mask[top : int(y) + reach + 1, left : int(x) + reach + 1]
        rows, columns = np.indices(window.shape)
        distance = np.hypot(columns + left - x, rows + top - y)
        np.maximum(window, np.clip(width / 2 + 0.5 - distance, 0, 1), out=window)
    return mask


def line_eyes(answer: faceql.Answer, face: int, size: tuple[int, int]) -> FloatArray:
    """Return the mask of a line along both upper lids, thin at the nose and thicker towards the temple."""
    mask = np.zeros(size, dtype=np.float32)
    for eye, outer in (("left eye", 0.0), ("right eye", 0.5)):
        curve = answer.curve(eye, face=face)
        fpalps = np.linspace(0.02, 0.48, 240)
        from_outer = np.abs(fpalps - outer) / 0.5
        lid_width = float(np.hypot(*(curve.at([0.0])[0] - curve.at([0.5])[0])))
        widths = (lid_width * (0.025 + 0.05 * (1 - from_outer))).astype(np.float32)
        np.maximum(mask, stroke(size, curve, fpalps, widths), out=mask)
    return mask


def make_up(photo: npt.NDArray[np.uint8], answer: faceql.Answer) -> npt.NDArray[np.uint8]:
    """Return the photo, (height, width, 3) uint8, with lipstick, brow tint and eyeliner on every face answered for."""
    light = to_linear(photo)
    for face, found in enumerate(answer.faces):
        soft = found.area**0.5 / 130
        light = tint(light, answer.mask("eyebrows", face=face, feather=2 * soft), BROW, 0.45)
        light = tint(light, answer.mask("lips", face=face, feather=soft), LIPSTICK, 0.6)
        liner = line_eyes(answer, face, answer.image_size)
        light = light * (1 - 0.75 * liner[:, :, None]) + to_linear(np.array(LINER, np.uint8)) * 0.75 * liner[:, :, None]
    return from_linear(light)


def main(photo_path: Path, out: Path) -> None:
    """Write the photo before and after, side by side, cut to the largest face."""
    engine = faceql.Engine()
    photo = Image.open(photo_path).convert("RGB")
    # A small face is made up on an enlarged photo: lines thinner than a pixel would be grey.
    scale = max(1, round(400 / engine.encode(photo).faces[0].area ** 0.5))
    photo = photo.resize((photo.width * scale, photo.height * scale), Image.Resampling.LANCZOS)
    answer = engine.ask(photo, INSTRUCTION)
    painted = Image.fromarray(make_up(np.asarray(photo), answer))
    x0, y0, x1, y1 = answer.faces[0].box
    margin = 0.25 * (x1 - x0)
    around = tuple(round(side) for side in (x0 - margin, y0 - margin, x1 + margin, y1 + margin))
    before, after = photo.crop(around), painted.crop(around)
    sheet = Image.new("RGB", (2 * before.width, before.height))
    sheet.paste(before, (0, 0))
    sheet.paste(after, (before.width, 0))
    sheet.save(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
