"""Cutting pieces out of a photo: a region of a face upright, and an answer with the photo about it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import ConfigError, ImageError
from .answer import Answer
from .arguments import read_number, read_whole
from .faces import Box
from .images import Photo
from .measures import Measures
from .number_lists import read_points
from .surface_regions import pick_face

FloatArray = npt.NDArray[np.float64]

UPRIGHT_INSTRUCTION = "left eye; right eye; outer lip; nose bridge"
"""An instruction whose answer tells how a face is turned."""
LEAST_FACE_SHARE = 0.12
"""No cut is smaller than that share of the face: a point alone is no picture."""


@dataclass(frozen=True, eq=False)
class CutOut:
    """A piece of a photo.

    Attributes:
        picture: The piece, RGB; black where the photo ends.
        matrix: (2, 3), from pixels of the photo to pixels of the piece: `matrix @ (x, y, 1)`; in both (0, 0) is the
            centre of the top-left pixel.
        angle: How far the face leans in the photo and was turned back, degrees clockwise.

    Examples:
        >>> eyes = engine.ask(photo, UPRIGHT_INSTRUCTION)
        >>> cut = cut_out(eyes, eyes.xy, upright=False)
        >>> cut.picture.mode, cut.matrix.shape, cut.angle
        ('RGB', (2, 3), 0.0)
    """

    picture: Image.Image
    matrix: FloatArray
    angle: float


def cut_out(
    answer: Answer, points: FloatArray, *, face: int = 0, size: int = 256, margin: float = 0.25, upright: bool = True
) -> CutOut:
    """Return the piece of the photo about some points of one face.

    Args:
        answer: To `UPRIGHT_INSTRUCTION` at least, with its photo.
        points: (N, 2) pixels of the photo; the piece holds all of them.
        face: Index into the answer's faces.
        size: The longer side of the piece, pixels.
        margin: Added on every side, in longer sides of what holds the points.
        upright: Whether the face stands upright in the piece, however it leans in the photo.

    Raises:
        ConfigError: The size or the margin is out of range, or `points` are none.
        ImageError: The answer has no photo.
        NoSuchFaceError: It has no such face.
        NoSuchPointError: It does not tell how the face is turned.

    Examples:
        >>> face = engine.ask(photo, UPRIGHT_INSTRUCTION)
        >>> cut = cut_out(face, face.xy[face.find("eyes")], size=200)
        >>> max(cut.picture.size), abs(cut.angle) < 10
        (200, True)
    """
    size = read_whole("size", size, 16)
    margin = read_number("margin", margin, "a number from 0 to 4", may_be_low=True)
    if size > 4096 or margin > 4:
        raise ConfigError(f"a cut has a size of 16 to 4096 and a margin of 0 to 4, not {size} and {margin:g}")
    points = read_points(points)
    face = pick_face(answer, face)
    if answer.photo is None:
        raise ImageError("this answer was read from a file and has no photo to cut from")
    angle = Measures(answer, face).roll if upright else 0.0
    turn = turn_by(-math.radians(angle))
    turned = points @ turn.T
    low, high = pad(turned.min(axis=0), turned.max(axis=0), margin, answer.faces[face].area ** 0.5)
    scale = size / float((high - low).max())
    width, height = (max(1, round(float(side) * scale)) for side in high - low)
    matrix = np.column_stack([turn * scale, -low * scale - 0.5])
    # From the piece's pixels back to the photo's, both counted from the outer corner as Pillow does.
    back = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))[:2]
    back[:, 2] += 0.5 - back[:, :2] @ (0.5, 0.5)
    reduce = max(1, int(1 / scale))
    photo = Image.fromarray(answer.photo.pixels)
    piece = (photo.reduce(reduce) if reduce > 1 else photo).transform(
        (width, height), Image.Transform.AFFINE, tuple((back / reduce).ravel()), Image.Resampling.BICUBIC
    )
    return CutOut(piece, matrix, angle)


def crop_answer(answer: Answer, points: FloatArray, *, margin: float = 0.35) -> Answer:
    """Return the answer on the part of its photo about some points (N, 2): to draw it larger.

    Raises:
        ConfigError: `points` or the margin are none.
        ImageError: The answer has no photo.
        NoSuchFaceError: It has no faces.

    Examples:
        >>> near = crop_answer(answer, answer.xy[answer.find("outer lip")])
        >>> near.image_size < answer.image_size, len(near) == len(answer)
        (True, True)
    """
    points = read_points(points)
    margin = read_number("margin", margin, "a number from 0 up", may_be_low=True)
    pick_face(answer, 0)
    if answer.photo is None:
        raise ImageError("this answer was read from a file and has no photo to cut from")
    height, width = answer.image_size
    side = max(face.area for face in answer.faces) ** 0.5
    low, high = pad(points.min(axis=0), points.max(axis=0), margin, side)
    left, top = np.clip(np.floor(low), 0, (width - 1, height - 1)).astype(int).tolist()
    right, bottom = np.clip(np.ceil(high) + 1, (left + 1, top + 1), (width, height)).astype(int).tolist()
    photo = Photo(answer.photo.pixels[top:bottom, left:right])
    corner = np.array([left, top], dtype=np.float32)
    return replace(
        answer,
        xy=answer.xy - corner,
        vertices=None if answer.vertices is None else answer.vertices - corner,
        faces=tuple(replace(face, box=move_box(face.box, left, top)) for face in answer.faces),
        photo=photo,
        image_size=photo.size,
    )


def move_box(box: Box, left: float, top: float) -> Box:
    """Return a box as it lies in a piece of the photo whose top-left pixel is at (left, top)."""
    return box[0] - left, box[1] - top, box[2] - left, box[3] - top


def turn_by(angle: float) -> FloatArray:
    """Return the (2, 2) matrix that turns points clockwise as seen, radians."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def pad(low: FloatArray, high: FloatArray, margin: float, face_side: float) -> tuple[FloatArray, FloatArray]:
    """Return a box with a margin, not smaller than a share of the face."""
    middle, half = (low + high) / 2, (high - low) / 2
    least = LEAST_FACE_SHARE * face_side / 2
    half = np.maximum(half + margin * 2 * float(half.max()), least)
    return middle - half, middle + half
