"""What make-up needs to know of one face of an answer: sizes, masks, what is seen, and what is skin."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from makeup_light import DARKEST, FloatArray, blur, blur_within, luma, read_color, resize, step
from PIL import Image, ImageDraw

import faceql

SURFACES = (
    "forehead, glabella, temples, brow surfaces, eyelid surfaces, under eyes, cheeks, nose back, nose sides, "
    "nose base surface, upper lip skin, lip surfaces, chin surface"
)
INSTRUCTION = (
    f"80 points on the outer lip; 80 on the inner lip; 60 per eye; 60 per eyebrow; 5 by 5 grid on each of: {SURFACES}"
)
CELLS = 48
"""Of the grid, along each side of a window, that says what is seen."""

USUAL_SKIN = 0.28
"""The luma of skin on which colours look as they are told."""

FINE = 4
"""Lines are drawn so many times as large, so that their edges are smooth."""


@dataclass(frozen=True, eq=False)
class MadeFace:
    """One face that is made up, in a window of the photo about it; all fields are (height, width) of the window.

    Attributes:
        answer: To `INSTRUCTION`.
        face: Index into its `faces`.
        window: left, top, right, bottom, pixels of the photo; the last two outside.
        light: The plain photo in the window, (height, width, 3) in linear light.
    """

    answer: faceql.Answer
    face: int
    window: tuple[int, int, int, int]
    light: FloatArray

    @cached_property
    def size(self) -> float:
        """The size of the face, pixels: what all widths of make-up are shares of."""
        return float(self.answer.faces[self.face].area ** 0.5)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the window."""
        left, top, right, bottom = self.window
        return bottom - top, right - left

    def mask(self, where: str, feather: float = 0.0) -> FloatArray:
        """Return the mask of a region in words; its edge is softened by a share of the face's size."""
        left, top, right, bottom = self.window
        mask = self.answer.mask(where, face=self.face, feather=feather * self.size)
        return mask[top:bottom, left:right]

    def uv_map(self, surface: str) -> FloatArray:
        """Return the place (u, v) of each pixel on a surface, (height, width, 2); NaN off it."""
        patch = self.answer.mesh(surface, face=self.face)
        return replace(patch, points=patch.points - np.float32(self.window[:2])).uv_map(self.shape)

    @cached_property
    def seen(self) -> FloatArray:
        """How likely what lies at each pixel is seen: from the answer's points about it."""
        height, width = self.shape
        own = self.answer.face_index == self.face
        if self.answer.visibility is None:
            return np.ones((height, width), dtype=np.float32)
        points, seen = self.answer.xy[own] - self.window[:2], self.answer.visibility[own, 0]
        x, y = np.linspace(0, width - 1, CELLS), np.linspace(0, height - 1, CELLS)
        away = (x[None, :, None] - points[:, 0]) ** 2 + (y[:, None, None] - points[:, 1]) ** 2
        near = np.exp(-away / (2 * (0.06 * self.size) ** 2)) + 1e-12
        return resize((near @ seen / near.sum(axis=2)).astype(np.float32), self.shape)

    @cached_property
    def skin(self) -> FloatArray:
        """How much of each pixel is bare skin.

        Not eyes, brows and lips, and not what is much darker than its surroundings, as hair and frames of glasses are.
        """
        # The mask of the lips goes by the answer's points, the skin's by their curve: a share of a pixel apart.
        mask = self.mask("skin", 0.004) * (1 - self.mask("lips"))
        bright = np.log(np.maximum(luma(self.light), DARKEST))
        like = mask
        for _ in range(3):
            around = blur_within(bright, like, 0.14 * self.size)
            like = mask * step(-0.8, -0.3, bright - around)
        return blur(like, 0.004 * self.size) * mask

    @cached_property
    def whole(self) -> FloatArray:
        """The mask of the whole face as far as the mesh goes, eyes and mouth filled."""
        return np.maximum.reduce([self.mask(where) for where in ("skin", "eyes", "eyebrows", "outer lip")])

    def fade(self, feather: float) -> FloatArray:
        """Return 0 at the mesh's edge, which may lie on bare skin, and 1 from a share of the face's size within it."""
        return step(0.5, 1.0, blur(self.whole, feather * self.size))

    @cached_property
    def usual_skin(self) -> float:
        """The usual luma of the face's skin."""
        inside = self.skin > 0.5
        return float(np.median(luma(self.light)[inside])) if inside.any() else 0.5

    @cached_property
    def lamp(self) -> FloatArray:
        """The colour of the light (3,), of luma 1: what shines most on the skin has it, half believed."""
        inside = self.skin * self.seen > 0.5
        if not inside.any():
            return np.ones(3, dtype=np.float32)
        pixels = self.light[inside]
        shining = pixels[luma(pixels) >= np.quantile(luma(pixels), 0.97)].mean(axis=0)
        lamp = 0.5 + 0.5 * shining / max(float(luma(shining)), DARKEST)
        return (lamp / luma(lamp)).astype(np.float32)

    def steadied(self, usual_skin: float, lamp: FloatArray) -> MadeFace:
        """Return the same face under a skin tone and a lamp that were told from more than this photo."""
        other = copy(self)
        # Where a cached property keeps its value.
        other.__dict__.update(usual_skin=usual_skin, lamp=lamp)
        return other

    def paint(self, color: str) -> FloatArray:
        """Return a colour "#rrggbb" as it looks in the light that the face stands in, (3,)."""
        # Half believed too: a face may be dark by its skin or for want of light.
        bright = np.clip((self.usual_skin / USUAL_SKIN) ** 0.5, 0.35, 1.15)
        return np.clip(read_color(color) * self.lamp * bright, 0, 1)

    def draw(self, polygons: Sequence[np.ndarray], soften: float = 0.0) -> FloatArray:
        """Return the cover of filled polygons (points, 2), pixels of the photo, softened by a share of the size."""
        height, width = self.shape
        cover = np.zeros((height, width), dtype=np.float32)
        for polygon in polygons:
            points = polygon - self.window[:2]
            low = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
            high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 2, (width, height))
            if (low >= high).any():
                continue
            columns, rows = (high - low).tolist()
            fine = Image.new("L", (columns * FINE, rows * FINE))
            corners = (points - low + 0.5) * FINE - 0.5
            ImageDraw.Draw(fine).polygon([tuple(corner) for corner in corners.tolist()], fill=255)
            small = np.asarray(fine.resize((columns, rows), Image.Resampling.BOX)) / np.float32(255)
            target = cover[low[1] : high[1], low[0] : high[0]]
            np.maximum(target, small, out=target)
        return blur(cover, soften * self.size)


def look_at(answer: faceql.Answer, face: int, light: FloatArray) -> MadeFace:
    """Return one face of an answer with the window that make-up may reach.

    Args:
        answer: To `INSTRUCTION`.
        face: Index into its `faces`.
        light: The whole photo (height, width, 3) in linear light.
    """
    height, width = answer.image_size
    x0, y0, x1, y1 = answer.faces[face].box
    margin = 0.4 * max(x1 - x0, y1 - y0)
    left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
    right, bottom = min(width, int(x1 + margin)), min(height, int(y1 + margin))
    return MadeFace(answer, face, (left, top, right, bottom), light[top:bottom, left:right])
