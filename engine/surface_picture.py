"""A picture of the surfaces: each on the mean face, with a grid of its (u, v) and its name."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ..model.surface_mesh import load_surface_mesh
from ..querylang.surfaces import load_surfaces
from .palette import Color
from .surface_regions import join_edges

FloatArray = npt.NDArray[np.float64]

SIDE_PX = 1200
OVERSAMPLING = 2
PAPER_COLOR: Color = (28, 30, 34)
INK: Color = (240, 240, 240)
LINES, STEPS = 5, 40
MARGIN = 0.04
FONT_PX = 15


def draw_surfaces() -> Image.Image:
    """Return the surfaces as a square picture of SIDE_PX, with lines of equal u and v, named on the left half."""
    mesh = load_surface_mesh()
    low, high = mesh.shape.min(axis=0), mesh.shape.max(axis=0)
    side = SIDE_PX * OVERSAMPLING
    scale = side * (1 - 2 * MARGIN) / float((high - low).max())
    points = (mesh.shape - (low + high) / 2) * scale + side / 2
    picture = Image.new("RGB", (side, side), PAPER_COLOR)
    draw = ImageDraw.Draw(picture)
    names = list(mesh.surfaces)
    for name in names:
        color = surface_color(names.index(min(name, load_surfaces()[name].mirror)))
        flat = mesh.surfaces[name]
        for ring in join_edges(flat.border):
            draw.polygon([tuple(place) for place in points[ring].tolist()], fill=color)
        for line in grid_lines():
            path = [tuple(place) for place in (flat.weights(line) @ points).tolist()]
            draw.line(path, fill=shade(color), width=OVERSAMPLING)
        for ring in join_edges(flat.border):
            outline = [tuple(place) for place in points[[*ring, ring[0]]].tolist()]
            draw.line(outline, fill=PAPER_COLOR, width=3 * OVERSAMPLING)
    font = ImageFont.load_default(FONT_PX * OVERSAMPLING)
    for name in names:
        if load_surfaces()[name].mirror == name or name.startswith("left"):
            x, y = (mesh.surfaces[name].weights([[0.5, 0.5]]) @ points)[0].tolist()
            text = name.removeprefix("left ")
            draw.text(
                (x, y), text, fill=INK, font=font, anchor="mm", stroke_width=2 * OVERSAMPLING, stroke_fill=PAPER_COLOR
            )
    return picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)


def grid_lines() -> Iterator[FloatArray]:
    """Yield the lines of equal u and of equal v, (STEPS, 2) each."""
    along = np.linspace(0, 1, STEPS)
    for at in np.linspace(0, 1, LINES + 1)[1:-1]:
        yield np.stack([np.full(STEPS, at), along], axis=1)
        yield np.stack([along, np.full(STEPS, at)], axis=1)


def surface_color(number: int) -> Color:
    """Return a colour, neighbours in number far apart in hue."""
    red, green, blue = colorsys.hsv_to_rgb((number * 0.381966) % 1, 0.45, 0.78)
    return round(255 * red), round(255 * green), round(255 * blue)


def shade(color: Color) -> Color:
    """Return a colour a little darker."""
    red, green, blue = (round(0.72 * value) for value in color)
    return red, green, blue
