"""Faces in a photo, and what finds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..errors import ImageError
from .arguments import show

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a photo.

    Attributes:
        box: (x0, y0, x1, y1) in pixels of the photo; it may reach past the border.
        score: How sure the finder is, 0..1; None for a box that the caller gave.
        number: Its place among the photo's faces, left to right from 1 ("face 2"); 0 until counted.
        angle: How far the face is turned in the photo, degrees clockwise as seen, -180..180. In an answer it is the
            angle of the crop that was answered from, so it agrees with the points to some 15 degrees; in an
            `EncodedImage`, whose faces nobody has looked at yet, what the finder tells.
        doubtful: Whether this may be no face at all: the expected error of the look at it is too large, or it is too
            small or too flat to be seen. False until it is looked at, so only an answer tells.

    Examples:
        >>> face = Face((10, 20, 50, 80))
        >>> face.center, face.area
        ((30.0, 50.0), 2400)
    """

    box: Box
    score: float | None = None
    number: int = 0
    angle: float = 0.0
    doubtful: bool = False

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

    Examples:
        >>> class Middle:
        ...     def find(self, photo):
        ...         height, width = photo.shape[:2]
        ...         return [Face((width / 4, height / 4, 3 * width / 4, 3 * height / 4), 0.9)]
        >>> faceql.Engine("cpu", face_finder=Middle()).encode("examples/astronaut.jpg").faces[0].box
        (128.0, 128.0, 384.0, 384.0)
    """

    def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
        """Return the faces of a (height, width, 3) uint8 RGB photo, in any order."""
        ...


class WholePhoto:
    """Takes the whole photo for one face: for photos that are face crops already, when the caller says so.

    Examples:
        >>> crops = faceql.Engine(face_finder=WholePhoto())
        >>> crops.encode(np.zeros((20, 30, 3), np.uint8)).faces[0].box
        (-0.5, -0.5, 29.5, 19.5)
    """

    def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
        """Return one face with the photo's outline as its box.

        Raises:
            ImageError: It is no such photo.
        """
        check_pixels(photo)
        height, width = photo.shape[:2]
        return [Face((-0.5, -0.5, width - 0.5, height - 0.5))]


def check_pixels(photo: object) -> None:
    """Refuse what is no photo as finders take it; `read_photo` makes one of anything that is a photo.

    Raises:
        ImageError: It is none.
    """
    is_photo = isinstance(photo, np.ndarray) and photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3
    if not isinstance(photo, np.ndarray) or not is_photo or not photo.size:
        raise ImageError(
            f"a finder takes a photo as (height, width, 3) uint8 RGB, not {show(photo)}: read_photo(photo).pixels"
        )


def drop_duplicates(faces: Iterable[Face], max_overlap: float = 0.4) -> list[Face]:
    """Return the faces, surest first, without those that overlap a surer one (intersection over union)."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -(face.score or 0.0)):
        if all(measure_overlap(face.box, other.box) <= max_overlap for other in kept):
            kept.append(face)
    return kept


def measure_overlap(a: Box, b: Box) -> float:
    """Return the intersection of two boxes over their union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
