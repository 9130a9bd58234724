"""A contact sheet: one instruction drawn on many photos, to judge a detector by eye."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..errors import ConfigError
from ..querylang.parse import parse
from .answer import Answer
from .engine import Engine
from .images import Photo

SURROUNDINGS = 0.35
"""How much of the face's height is shown round it."""
BACKGROUND = (32, 32, 32)
TEXT_COLOR = (235, 235, 235)
CAPTION_PX = 14


@dataclass(frozen=True)
class Sheet:
    """A contact sheet.

    Attributes:
        picture: the tiles, row by row.
        shown: the photos on it.
        skipped: the photos that could not be answered, each with the reason.
    """

    picture: Image.Image
    shown: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...]


def make_sheet(
    engine: Engine, photos: Sequence[Path], instruction: str, *, tile: int = 256, columns: int = 8, limit: int = 60
) -> Sheet:
    """Ask every photo the instruction and put the faces on one picture.

    Args:
        engine: what answers.
        photos: files; one that cannot be read or holds no face is skipped and told.
        instruction: asked of each.
        tile: side of a face's tile, pixels.
        columns: tiles in a row.
        limit: at most this many tiles.

    Raises:
        QueryError: the instruction cannot be understood.
        ConfigError: no photo could be answered.
    """
    query = parse(instruction)
    tiles: list[Image.Image] = []
    shown: list[Path] = []
    skipped: list[tuple[Path, str]] = []
    for photo, outcome in zip(photos, engine.ask_many(photos, query, keep_photos=True), strict=True):
        if outcome.error is not None:
            skipped.append((photo, str(outcome.error)))
            continue
        tiles += islice(draw_tiles(outcome.get(), tile, photo.stem), limit - len(tiles))
        shown.append(photo)
        if len(tiles) == limit:
            break
    if not tiles:
        raise ConfigError(f"none of {len(photos)} photos could be answered; the first: {skipped[0][1]}")
    width = min(columns, len(tiles))
    sheet = Image.new("RGB", (width * tile, -(-len(tiles) // width) * tile), BACKGROUND)
    for number, picture in enumerate(tiles):
        sheet.paste(picture, (number % width * tile, number // width * tile))
    return Sheet(sheet, tuple(shown), tuple(skipped))


def draw_tiles(answer: Answer, side: int, caption: str) -> Iterator[Image.Image]:
    """Yield a square picture of each face with its surroundings, a caption in the corner."""
    photo = answer.photo
    assert photo is not None
    for face in answer.faces:
        x0, y0, x1, y1 = face.box
        reach = max(1, round((0.5 + SURROUNDINGS) * max(x1 - x0, y1 - y0)))
        left, top = (round(middle) - reach for middle in face.center)
        # Cut out before it is enlarged: a small face may stand in a large photo.
        window = Image.fromarray(photo.pixels).crop((left, top, left + 2 * reach, top + 2 * reach))
        cut = replace(
            answer,
            xy=answer.xy - np.array((left, top), dtype=np.float32),
            image_size=(2 * reach, 2 * reach),
            photo=Photo(np.asarray(window)),
        )
        picture = cut.draw(scale=side / (2 * reach), legend=False)
        ImageDraw.Draw(picture).text((4, side - CAPTION_PX), caption, fill=TEXT_COLOR)
        yield picture
