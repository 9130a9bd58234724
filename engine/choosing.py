"""The faces of a photo: the caller's boxes, numbers from left to right, the ones that are asked about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..errors import ConfigError, ImageError, NoFaceError, NoSuchFaceError
from .arguments import show
from .faces import Face

# A face that reaches past the border may be larger than the photo, in reason.
MAX_BOX_SIDES = 20
LONGEST_CHOICE = 1000
"""Characters of a text that says which faces: room for a few hundred numbers, none of so many digits that Python
would not read it."""


def read_boxes(boxes: Iterable[Sequence[float]], image_size: tuple[int, int]) -> list[Face]:
    """Return the caller's boxes as faces, in the order given.

    Args:
        boxes: (x0, y0, x1, y1) each, in pixels of the photo.
        image_size: (height, width).

    Raises:
        ImageError: There is none, one is not four finite numbers with x0 < x1 and y0 < y1, is smaller than a
            pixel, lies outside, or is more than twenty times the photo's size.
    """
    height, width = image_size
    faces = []
    for x0, y0, x1, y1 in read_edges(boxes):
        if not all(map(math.isfinite, (x0, y0, x1, y1))) or x0 >= x1 or y0 >= y1:
            raise ImageError(f"a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1, not {write_box(x0, y0, x1, y1)}")
        if min(x1 - x0, y1 - y0) < 1:
            raise ImageError(f"the box {write_box(x0, y0, x1, y1)} is smaller than a pixel: boxes are in pixels")
        if x1 < -0.5 or y1 < -0.5 or x0 > width - 0.5 or y0 > height - 0.5:
            raise ImageError(f"the box {write_box(x0, y0, x1, y1)} lies outside the photo of {width} x {height}")
        if max(x1 - x0, y1 - y0) > MAX_BOX_SIDES * max(width, height):
            told = write_box(x0, y0, x1, y1)
            raise ImageError(f"the box {told} is out of all proportion to a photo of {width} x {height}")
        faces.append(Face((x0, y0, x1, y1)))
    return faces


def check_found(faces: object) -> list[Face]:
    """Return what a face finder returned, if it is faces.

    Raises:
        ConfigError: It is none, or a box is no box.
    """
    try:
        found: list[object] = list(faces)  # type: ignore[call-overload]
    except TypeError as error:
        raise ConfigError(f"face_finder.find returns a list of Face, not {show(faces)}") from error
    checked: list[Face] = []
    for face in found:
        if not isinstance(face, Face):
            raise ConfigError(f"face_finder.find returns a list of Face, not of {show(face)}")
        try:
            x0, y0, x1, y1 = map(float, face.box)
        except (TypeError, ValueError, OverflowError) as error:
            raise ConfigError(f"face_finder.find gave the box {show(face.box)}: it is x0, y0, x1, y1") from error
        if not (all(map(math.isfinite, (x0, y0, x1, y1))) and x0 < x1 and y0 < y1):
            raise ConfigError(f"face_finder.find gave the box {show(face.box)}: it needs x0 < x1 and y0 < y1")
        checked.append(face)
    return checked


def read_edges(boxes: Iterable[Sequence[float]]) -> list[tuple[float, float, float, float]]:
    """Return the edges of the caller's boxes, whatever photo they are on.

    Raises:
        ImageError: There is none, or one is not four numbers.
    """
    try:
        each = iter(boxes)
    except TypeError as error:
        raise ImageError(f"boxes is a list of (x0, y0, x1, y1) in pixels, not {show(boxes)}") from error
    edges = []
    for box in each:
        try:
            x0, y0, x1, y1 = (float(value) for value in box)
        except (TypeError, ValueError, OverflowError) as error:
            raise ImageError(f"boxes is a list of (x0, y0, x1, y1) in pixels; {show(box)} is not one") from error
        edges.append((x0, y0, x1, y1))
    if not edges:
        raise ImageError("boxes is empty: give x0, y0, x1, y1 for each face, or leave it out to find the faces")
    return edges


def write_box(*box: float) -> str:
    """Return a box as people write it."""
    return ", ".join(f"{value:g}" for value in box)


def number_faces(faces: Sequence[Face]) -> tuple[Face, ...]:
    """Return the faces in the same order, numbered from left to right by their boxes' middles."""
    ranks = sorted(range(len(faces)), key=lambda i: faces[i].center)
    numbers = {index: rank + 1 for rank, index in enumerate(ranks)}
    return tuple(replace(face, number=numbers[i]) for i, face in enumerate(faces))


_ORDINAL_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_ORDINALS = {word: number for number, word in enumerate(_ORDINAL_WORDS.split(), start=1)}


def choose_faces(faces: Sequence[Face], wanted: str) -> list[int]:
    """Return the indices of the faces that `wanted` names.

    Args:
        faces: Numbered faces of one photo, in the photo's order.
        wanted: "largest", "smallest", "leftmost", "rightmost", "middle", "face 2" or "2" (left to right, from 1),
            "second face", "second largest", "12th smallest", "faces 1 and 3" or "1, 3" (in the order given), "2
            largest" (of two or more, the largest first), or "all" (in the order of `faces`).

    Raises:
        NoFaceError: `faces` is empty.
        NoSuchFaceError: There are fewer faces than that.
        ConfigError: `wanted` is none of these.
    """
    if not faces:
        raise NoFaceError("no face was found in the photo")
    words = _read_words(wanted) if isinstance(wanted, str) and len(wanted) <= LONGEST_CHOICE else []
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
        case ["faces", *numbers] | [*numbers] if len(numbers) > 1 and all(map(str.isdecimal, numbers)):
            return [_pick(left_to_right, int(number), f"face {number}") for number in dict.fromkeys(numbers)]
        case [number, "largest" | "smallest" as order, *_] if number.isdecimal() and int(number) > 0:
            _pick(by_size, int(number), f"{number} faces")
            return (by_size if order == "largest" else by_size[::-1])[: int(number)]
        case ["largest"] | ["smallest"]:
            return [by_size[0 if words[0] == "largest" else -1]]
        case [ordinal, "face"] if _read_ordinal(ordinal) > 0:
            return [_pick(left_to_right, _read_ordinal(ordinal), " ".join(words))]
        case [ordinal, "largest" | "smallest" as order] if _read_ordinal(ordinal) > 0:
            return [_pick(by_size if order == "largest" else by_size[::-1], _read_ordinal(ordinal), " ".join(words))]
    raise no_choice(wanted)


def no_choice(wanted: object) -> ConfigError:
    """Return the error of what names no faces."""
    return ConfigError(
        f'faces must be "largest", "smallest", "leftmost", "rightmost", "middle", "all", "face 2", "faces 1 3", '
        f'"2 largest" or "second largest", not {show(wanted)}'
    )


def _read_words(wanted: str) -> list[str]:
    """Return the words that say something: neither "the" nor what joins a list."""
    return [word for word in wanted.lower().replace(",", " ").split() if word not in ("the", "and")]


def _read_ordinal(word: str) -> int:
    """Return 2 for "second" and 12 for "12th"; 0 for what is no ordinal."""
    digits = word[:-2]
    return int(digits) if word[-2:] in ("st", "nd", "rd", "th") and digits.isdecimal() else _ORDINALS.get(word, 0)


def _pick(order: list[int], number: int, wanted: str) -> int:
    if number > len(order):
        count = "only one face" if len(order) == 1 else f"only {len(order)} faces"
        raise NoSuchFaceError(f"the photo has {count}: there is no {wanted}")
    return order[number - 1]
