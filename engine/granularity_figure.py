"""The paper's Figure 6 as a picture: the same faces at several granularities, and one with a granularity a side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..model.crops import ByteArray
from .answer import Answer
from .engine import Engine
from .palette import Color, part_color

Box = tuple[float, float, float, float]

SIDES = ("left third", "central third", "right third")
SIDE_COLORS: tuple[Color, ...] = ((255, 64, 64), (64, 230, 64), (80, 144, 255))
SIDE_GRANULARITIES = ("0.5", "1", "2")
SPLIT = ("the face contour", "the upper lip", "the lower lip", "the nose boundary")

COLUMNS: tuple[tuple[str, tuple[tuple[str, Color | None], ...]], ...] = (
    ("(a) granularity 0.5", (("all parts at granularity 0.5", None),)),
    ("(b) granularity 1", (("all parts", None),)),
    ("(c) granularity 4", (("all parts at granularity 4", None),)),
    ("(d) 4 points a part", (("4 points on each part", None),)),
    (
        "(e) 0.5 left, 1 centre, 2 right",
        tuple(
            (", ".join(f"{side} of {part} at granularity {granularity}" for part in SPLIT), color)
            for side, granularity, color in zip(SIDES, SIDE_GRANULARITIES, SIDE_COLORS, strict=True)
        ),
    ),
)
"""Each column: its title, and what is asked with the colour of its points; without one, each part has its own."""

TILE, TITLE_PX = 300, 30
REACH = 0.66
"""Half the side of a tile over the longer side of the face's box."""


def draw_granularity_figure(engine: Engine, faces: Sequence[tuple[ByteArray, Box]]) -> Image.Image:
    """Ask every face all columns and lay the tiles out, a face a row.

    Args:
        engine: what answers.
        faces: photos (height, width, 3) uint8 RGB, each with the box of its face in pixels.
    """
    figure = Image.new("RGB", (TILE * len(COLUMNS), TITLE_PX + TILE * len(faces)), "white")
    draw = ImageDraw.Draw(figure)
    font = ImageFont.load_default(17)
    for column, (title, _) in enumerate(COLUMNS):
        draw.text((TILE * (column + 0.5), TITLE_PX / 2), title, "black", font, anchor="mm")
    for row, (photo, box) in enumerate(faces):
        encoded = engine.encode(photo, boxes=[box])
        for column, (_, asked) in enumerate(COLUMNS):
            answers = [(engine.ask(encoded, text), color) for text, color in asked]
            figure.paste(draw_tile(photo, box, answers), (TILE * column, TITLE_PX + TILE * row))
    return figure


def draw_tile(photo: ByteArray, box: Box, answers: Sequence[tuple[Answer, Color | None]]) -> Image.Image:
    """Return a square of the photo round the box with the answers' points as dots."""
    reach = REACH * max(box[2] - box[0], box[3] - box[1])
    left, top = (box[0] + box[2]) / 2 - reach, (box[1] + box[3]) / 2 - reach
    scale = 2 * TILE / (2 * reach)  # at twice the size, so that dots are smooth
    picture = Image.fromarray(photo).transform(
        (2 * TILE, 2 * TILE),
        Image.Transform.AFFINE,
        (1 / scale, 0.0, left + 0.5, 0.0, 1 / scale, top + 0.5),
        resample=Image.Resampling.BICUBIC,
    )
    draw = ImageDraw.Draw(picture)
    for answer, color in answers:
        radius = 5 if len(answer) < 200 else 3
        for point in answer.points:
            x, y = (np.array(point.xy) - (left, top)) * scale
            place = (x - radius, y - radius, x + radius, y + radius)
            draw.ellipse(place, fill=color or part_color(point.part), outline=(16, 18, 22))
    return picture.resize((TILE, TILE), Image.Resampling.LANCZOS)
