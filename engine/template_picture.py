"""A picture of the unified template: the parts' curves, with all layouts' landmarks on them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ..model.template.layout_splines import make_layout_spline
from ..model.template.mean_shapes import TEMPLATE_PX
from ..model.template.unified import UnifiedTemplate
from .palette import Color, part_color

FloatArray = npt.NDArray[np.float64]

SIDE_PX = 1024
OVERSAMPLING = 2
PAPER_COLOR: Color = (28, 30, 34)
PALE: Color = (255, 255, 255)
INK: Color = (235, 235, 235)
CURVE_STEPS = 160
# Corners of each layout's mark, turned so that marks of different layouts differ at a glance; 0 is a disc.
MARKS = ((0, 0.0), (4, 0.0), (3, -90.0), (4, 45.0), (3, 90.0), (5, -90.0))


def draw_template(template: UnifiedTemplate) -> Image.Image:
    """Return T_U as a square picture of SIDE_PX: each part's curve from white at FPALP 0 to its colour at 1."""
    scale = SIDE_PX * OVERSAMPLING / TEMPLATE_PX
    picture = Image.new("RGB", (SIDE_PX * OVERSAMPLING,) * 2, PAPER_COLOR)
    draw = ImageDraw.Draw(picture)
    for part in template.registry.parts:
        path = trace_part(template, part)
        for number, (start, end) in enumerate(pairwise(path * scale)):
            color = mix(part_color(part), (number + 1) / len(path))
            draw.line((*start.tolist(), *end.tolist()), fill=color, width=5 * OVERSAMPLING)
    for number, shape in enumerate(template.shapes):
        for landmark, point in zip(shape.landmarks, shape.points * scale, strict=True):
            # Later layouts' marks are smaller, so that none hides another.
            radius = max(8.0 - 2.5 * number, 3.5) * OVERSAMPLING
            draw_mark(draw, point, radius, number, part_color(landmark.part))
    draw_key(draw, template)
    return picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)


def trace_part(template: UnifiedTemplate, part: str) -> FloatArray:
    """Return (steps, 2): a part's curve through the landmarks of the layout with the most there, template pixels."""
    by_layout: dict[int, list[tuple[int, float]]] = {}
    for landmark in template.placed:
        if landmark.part == part:
            by_layout.setdefault(landmark.layout, []).append((landmark.column, landmark.fpalp))
    if not by_layout or template.registry.parts[part].is_point:
        return np.empty((0, 2))
    layout = max(by_layout, key=lambda number: len(by_layout[number]))
    columns, fpalps = zip(*by_layout[layout], strict=True)
    spline = make_layout_spline(template.registry.parts[part], columns, fpalps, [0.0] * len(columns))
    low, high = (0.0, 1.0) if spline.is_periodic else (spline.fpalps[0], spline.fpalps[-1])
    at = np.linspace(low, high, CURVE_STEPS)
    return spline.weights(at.tolist()) @ template.shapes[layout].points[list(spline.columns)]


def draw_mark(draw: ImageDraw.ImageDraw, point: FloatArray, radius: float, number: int, fill: Color) -> None:
    """Draw a layout's mark about a point of the oversampled picture."""
    corners, turn = MARKS[number % len(MARKS)]
    x, y = point.tolist()
    if corners == 0:
        draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=fill, outline=PAPER_COLOR, width=OVERSAMPLING
        )
        return
    angles = np.radians(turn + 360 / corners * np.arange(corners))
    ring = [(x + radius * float(np.cos(a)), y + radius * float(np.sin(a))) for a in angles]
    draw.polygon(ring, fill=fill, outline=PAPER_COLOR, width=OVERSAMPLING)


def draw_key(draw: ImageDraw.ImageDraw, template: UnifiedTemplate) -> None:
    """Write which mark is which layout's into the upper left corner."""
    font = ImageFont.load_default(18 * OVERSAMPLING)
    for number, shape in enumerate(template.shapes):
        x, y = 24 * OVERSAMPLING, (28 + 28 * number) * OVERSAMPLING
        draw_mark(draw, np.array([x, y]), 7.0 * OVERSAMPLING, number, INK)
        text = f"{shape.title}, {shape.faces} faces"
        draw.text((x + 16 * OVERSAMPLING, y), text, font=font, fill=INK, anchor="lm")


def mix(color: Color, share: float) -> Color:
    """Return a colour so far on its way from white."""
    red, green, blue = (round(p + (c - p) * share) for p, c in zip(PALE, color, strict=True))
    return red, green, blue
