"""Drawing an answer on its photo: anti-aliased dots, lines and filled rings, and a legend of parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ..errors import ConfigError, ImageError
from .arguments import read_number, show
from .formats import dot_radii
from .images import MAX_PIXELS
from .outlines import Outline
from .palette import Color, part_color
from .raster import Window, clip_window, cover_rings

if TYPE_CHECKING:
    from .answer import Answer

FloatArray = npt.NDArray[np.float64]

EDGE_COLOR: Color = (16, 18, 22)
EDGE_OPACITY = 0.6
FILL_OPACITY = 0.35
ERROR_OPACITY, ERROR_EDGE_OPACITY = 0.16, 0.75
# Letters smaller than this are not readable.
MIN_FONT_PX = 9


class _Canvas:
    """An RGB picture that takes colour through coverage masks of parts of it."""

    def __init__(self, image: Image.Image) -> None:
        self.pixels = np.array(image.convert("RGB"))

    def window(self, points: FloatArray, reach: float) -> Window | None:
        """Return (left, top, right, bottom) of the pixels within `reach` of the points; None for none."""
        return clip_window(points, reach, (self.pixels.shape[0], self.pixels.shape[1]))

    def blend(self, mask: FloatArray, window: Window, color: Color, opacity: float) -> None:
        """Lay a colour over a window; mask (height, width) 0..1 says how much of each pixel it covers."""
        left, top, right, bottom = window
        part = self.pixels[top:bottom, left:right].astype(np.float32)
        part += (np.array(color, dtype=np.float32) - part) * (mask * opacity)[:, :, None].astype(np.float32)
        self.pixels[top:bottom, left:right] = np.rint(part).astype(np.uint8)

    def dots(self, points: FloatArray, radius: float, color: Color, opacity: float) -> None:
        """Fill circles about points (N, 2)."""
        for point in points:
            window = self.window(point[None], radius + 1)
            if window is not None:
                x, y = _pixel_centers(window)
                mask = np.clip(radius + 0.5 - np.hypot(x - point[0], y - point[1]), 0, 1)
                self.blend(mask, window, color, opacity)

    def rings(self, points: FloatArray, radius: float, width: float, color: Color, opacity: float) -> None:
        """Draw circles about points (N, 2), hollow."""
        for point in points:
            window = self.window(point[None], radius + width / 2 + 1)
            if window is not None:
                x, y = _pixel_centers(window)
                distance = np.abs(np.hypot(x - point[0], y - point[1]) - radius)
                self.blend(np.clip(width / 2 + 0.5 - distance, 0, 1), window, color, opacity)

    def ellipses(self, points: FloatArray, axes: npt.NDArray[np.floating[Any]], width: float, color: Color) -> None:
        """Draw ellipses about points (N, 2), see-through with an outline.

        Args:
            points: Their middles.
            axes: (N, 3) semi-axes, and the first one's direction in degrees clockwise from the x axis.
            width: Of the outline.
            color: Of both.
        """
        for point, (long, short, degrees) in zip(points, axes.tolist(), strict=True):
            long, short = max(long, 0.5), max(short, 0.5)
            window = self.window(point[None], long + width + 1)
            if window is None:
                continue
            x, y = _pixel_centers(window)
            cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
            along, across = cos * (x - point[0]) + sin * (y - point[1]), cos * (y - point[1]) - sin * (x - point[0])
            level = np.hypot(along / long, across / short)
            # The distance from the outline, to first order.
            slope = np.hypot(along / long**2, across / short**2)
            distance = np.where(level > 0, (level - 1) * level / np.maximum(slope, 1e-9), -short)
            self.blend(np.clip(0.5 - distance, 0, 1), window, color, ERROR_OPACITY)
            self.blend(np.clip(width / 2 + 0.5 - np.abs(distance), 0, 1), window, color, ERROR_EDGE_OPACITY)

    def line(self, points: FloatArray, width: float, color: Color, opacity: float) -> None:
        """Draw one line through points (N, 2), of even opacity where it crosses itself."""
        window = self.window(points, width)
        if window is None:
            return
        left, top, right, bottom = window
        mask = np.zeros((bottom - top, right - left))
        for a, b in pairwise(points):
            inner = self.window(np.stack([a, b]), width)
            if inner is None:
                continue
            x, y = _pixel_centers(inner)
            along = b - a
            share = ((x - a[0]) * along[0] + (y - a[1]) * along[1]) / max(float(along @ along), 1e-12)
            share = np.clip(share, 0, 1)
            distance = np.hypot(x - a[0] - share * along[0], y - a[1] - share * along[1])
            target = mask[inner[1] - top : inner[3] - top, inner[0] - left : inner[2] - left]
            np.maximum(target, np.clip(width / 2 + 0.5 - distance, 0, 1), out=target)
        self.blend(mask, window, color, opacity)

    def fill(self, rings: Sequence[FloatArray], color: Color, opacity: float) -> None:
        """Fill the ring through points (N, 2), but for further ones inside it."""
        window = self.window(rings[0], 1)
        if window is not None:
            self.blend(cover_rings(rings, window), window, color, opacity)

    def to_image(self) -> Image.Image:
        return Image.fromarray(self.pixels)


def _pixel_centers(window: Window) -> tuple[FloatArray, FloatArray]:
    left, top, right, bottom = window
    return np.arange(left, right, dtype=float)[None, :], np.arange(top, bottom, dtype=float)[:, None]


def draw_answer(answer: Answer, image: Image.Image | None, *, scale: float, legend: bool, errors: bool) -> Image.Image:
    """Return the photo, or `image` of its size, with the answer on it; see `Answer.draw`.

    Raises:
        ImageError: There is nothing to draw on, `image` is of another size, or `scale` is not positive.
    """
    base = _base_picture(answer, image, scale)
    points = (answer.xy.astype(np.float64) + 0.5) * scale - 0.5
    if legend:
        # Before the points, so that it hides none.
        draw_legend(base, answer, points)
    canvas = _Canvas(base)
    runs = [points[stroke.start : stroke.stop] for stroke in answer.strokes]
    radii = [max(radius * scale, 0.9) for radius in dot_radii(answer)]
    colors = [part_color(stroke.part) for stroke in answer.strokes]
    if errors:
        for stroke, run, radius, color in zip(answer.strokes, runs, radii, colors, strict=True):
            axes = answer.error_ellipses[stroke.start : stroke.stop] * (scale, scale, 1)
            canvas.ellipses(run, axes, max(0.35 * radius, 1.0), color)
    if answer.outlines:
        of_point = np.repeat(radii, [stroke.stop - stroke.start for stroke in answer.strokes])
        for outline in answer.outlines:
            _draw_outline(canvas, answer, outline, points, float(of_point[outline.points[0]]))
        radii = [0.75 * radius for radius in radii]
    _draw_dots(canvas, answer, runs, radii, colors)
    return canvas.to_image()


def _base_picture(answer: Answer, image: Image.Image | None, scale: float) -> Image.Image:
    try:
        scale = read_number("scale", scale, "a positive number")
    except ConfigError as error:
        raise ImageError(str(error)) from error
    if image is not None and not isinstance(image, Image.Image):
        raise ImageError(f"what is drawn on is a PIL image, not {show(image)}")
    height, width = answer.image_size
    if scale > 1 and height * width * scale**2 > MAX_PIXELS:
        raise ImageError(f"a drawing at scale {scale} has more than {MAX_PIXELS:,} pixels")
    height, width = answer.image_size
    if image is None:
        if answer.photo is None:
            raise ImageError("this answer was read from a file and has no photo: give draw(image)")
        image = Image.fromarray(answer.photo.pixels)
    if image.size != (width, height):
        raise ImageError(f"the answer is for a picture of {width} x {height}, not {image.width} x {image.height}")
    # In every branch a picture of our own: the legend is painted into it.
    rgb = image.convert("RGB") if image.mode != "RGB" else image.copy()
    if scale == 1:
        return rgb
    return rgb.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS)


def _draw_outline(canvas: _Canvas, answer: Answer, outline: Outline, points: FloatArray, radius: float) -> None:
    color = part_color(answer.parts[outline.points[0]])
    rings = [points[list(ring)] for ring in outline.rings]
    if outline.shape == "polygon":
        canvas.fill(rings, color, FILL_OPACITY)
        rings = [np.concatenate([ring, ring[:1]]) for ring in rings]
    width = max(0.9 * radius, 1.0)
    for ring in rings:
        canvas.line(ring, width + max(0.6 * radius, 1.0), EDGE_COLOR, EDGE_OPACITY)
    for ring in rings:
        canvas.line(ring, width, color, 1.0)


def _draw_dots(
    canvas: _Canvas, answer: Answer, runs: Sequence[FloatArray], radii: Sequence[float], colors: Sequence[Color]
) -> None:
    """Draw dots, hollow where a point is not seen."""
    is_seen = np.ones(len(answer), dtype=bool) if answer.is_seen is None else answer.is_seen
    seen = [is_seen[stroke.start : stroke.stop] for stroke in answer.strokes]
    each = list(zip(runs, seen, radii, colors, strict=True))
    # All edges first, so that no dot's edge lies on its neighbour.
    for run, is_full, radius, _ in each:
        canvas.dots(run[is_full], radius + max(0.35 * radius, 0.7), EDGE_COLOR, EDGE_OPACITY)
        width = hollow_width(radius)
        canvas.rings(run[~is_full], radius, width + max(0.7 * radius, 1.4), EDGE_COLOR, EDGE_OPACITY)
    for run, is_full, radius, color in each:
        canvas.dots(run[is_full], radius, color, 1.0)
        canvas.rings(run[~is_full], radius, hollow_width(radius), color, 1.0)


def hollow_width(radius: float) -> float:
    """Return the width of the line round a hollow dot, pixels."""
    return max(0.45 * radius, 0.8)


def draw_legend(picture: Image.Image, answer: Answer, points: FloatArray) -> None:
    """Draw, in place, a panel of parts, colours and counts into the corner with the fewest points.

    It is left out where the picture has no room for readable letters.

    Args:
        picture: RGB, drawn on.
        answer: What to name.
        points: (N, 2) pixels of the picture.
    """
    counts: dict[str, int] = {}
    for stroke in answer.strokes:
        counts[stroke.part] = counts.get(stroke.part, 0) + stroke.stop - stroke.start
    size = max(MIN_FONT_PX, round(min(picture.size) / 48))
    while counts and size >= MIN_FONT_PX:
        panel = _make_panel(counts, size)
        if panel.width <= 0.5 * picture.width and panel.height <= 0.7 * picture.height:
            picture.paste(panel, _emptiest_corner(picture.size, panel.size, size // 2, points), panel)
            return
        size -= 1


def _make_panel(counts: dict[str, int], font_px: int) -> Image.Image:
    k = 3  # drawn larger and reduced, for smooth edges
    font = ImageFont.load_default(font_px * k)
    rows = [(part, f"{part}  {count}") for part, count in counts.items()]
    line = round(1.45 * font_px * k)
    pad = round(0.6 * font_px * k)
    text_left = pad + round(1.3 * font_px * k)
    width = text_left + max(round(font.getlength(text)) for _, text in rows) + pad
    panel = Image.new("RGBA", (-(-width // k) * k, -(-(2 * pad + line * len(rows)) // k) * k))
    draw = ImageDraw.Draw(panel)
    draw.rounded_rectangle((0, 0, panel.width - 1, panel.height - 1), radius=pad, fill=(*EDGE_COLOR, 170))
    radius = 0.38 * font_px * k
    for row, (part, text) in enumerate(rows):
        y = pad + line * (row + 0.5)
        x = pad + radius
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=part_color(part))
        draw.text((text_left, y), text, font=font, fill=(255, 255, 255, 255), anchor="lm")
    return panel.reduce(k)


def _emptiest_corner(picture: tuple[int, int], panel: tuple[int, int], gap: int, points: FloatArray) -> tuple[int, int]:
    right, bottom = picture[0] - panel[0] - gap, picture[1] - panel[1] - gap
    corners = [(gap, gap), (right, gap), (gap, bottom), (right, bottom)]

    def hidden(corner: tuple[int, int]) -> tuple[int, float]:
        low, high = np.array(corner) - gap, np.array(corner) + panel + gap
        inside = int(((points >= low) & (points <= high)).all(axis=1).sum())
        middle = points.mean(axis=0) if len(points) else np.array(picture) / 2
        return inside, -float(np.hypot(*(middle - (low + high) / 2)))

    return min(corners, key=hidden)
