"""What every loader ends with: points in a layout's order, pictures that exist, and a look at the geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ....errors import ConfigError
from ....querylang.landmarks import LandmarkQuery
from ....querylang.registry import load_registry
from ..curves import FloatArray, make_scheme
from ..packs import AnnotatedFaces

OUTER_EYE_CORNERS = (LandmarkQuery("left eye", Fraction(0)), LandmarkQuery("right eye", Fraction(1, 2)))

# Printed by `python benchmarks/inner_frame_fit.py --data PACKS`.
JAW_OUTWARD, JAW_TURN = 0.115, 0.57


def make_layout_faces(
    name: str,
    layout: str,
    image_paths: Sequence[Path],
    points: FloatArray,
    frame_points: FloatArray,
    names: Sequence[str],
    *,
    visibility: npt.NDArray[np.uint8] | None = None,
    boxes: FloatArray | None = None,
    subsets: Sequence[tuple[str, ...]] = (),
) -> AnnotatedFaces:
    """Return faces whose columns are a layout's landmarks.

    Args:
        name: of the set.
        layout: the registry's name of it.
        image_paths: one picture a face.
        points: (faces, layout.size, 2) pixels of the picture, (0, 0) the centre of the top-left pixel.
        frame_points: see `AnnotatedFaces`.
        names: the faces' names.
        visibility, boxes, subsets: see `AnnotatedFaces`.

    Raises:
        ConfigError: the points lie as no numbering of this layout would place them.
    """
    registry = load_registry()
    landmarks = registry.layouts[layout].landmarks
    corners = [landmarks.index(corner) for corner in OUTER_EYE_CORNERS]
    check_geometry(name, landmarks, points)
    return AnnotatedFaces(
        name=name,
        scheme=make_scheme(landmarks, registry),
        image_paths=tuple(image_paths),
        points=points,
        frame_points=frame_points,
        column_weights=np.ones(len(landmarks)),
        names=tuple(names),
        layout=layout,
        visibility=visibility,
        boxes=boxes,
        inter_ocular_px=np.linalg.norm(points[:, corners[0]] - points[:, corners[1]], axis=-1),
        subsets=tuple(subsets),
    )


def check_geometry(name: str, landmarks: Sequence[LandmarkQuery], points: FloatArray) -> None:
    """Refuse a set whose faces, by the median, stand on their heads or have left and right exchanged.

    Raises:
        ConfigError: they do, so that the file numbers its points otherwise than its loader believes.
    """
    parts = np.array([landmark.part for landmark in landmarks])

    def center(part: str) -> FloatArray:
        known = np.isfinite(points[:, parts == part]).all(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore"):
            mean: FloatArray = np.where(known, points[:, parts == part], 0).sum(axis=1) / known.sum(axis=1)
        return mean

    with np.errstate(invalid="ignore"):
        rightward = center("right eye")[:, 0] - center("left eye")[:, 0]
        downward = center("outer lip")[:, 1] - (center("right eye") + center("left eye"))[:, 1] / 2
    for offset, wanted in ((rightward, "the left eye left of the right one"), (downward, "the eyes above the mouth")):
        known_offset = offset[np.isfinite(offset)]
        if len(known_offset) and np.median(known_offset) <= 0:
            raise ConfigError(
                f"{name}: most faces do not have {wanted}; the file's points are numbered or laid out otherwise than "
                "published (see docs/datasets.md)"
            )


def frame_inner_points(points: FloatArray, nose_tip: int, top_outward: float = 0.0) -> FloatArray:
    """Return (faces, 2, 2): two corners of the tight box that 300W's 68 points would have.

    Layouts without a jaw line do not reach the face's sides. The sides move outwards by JAW_OUTWARD of the longer side
    of the points' own box, and more on the side that the nose tip turns away from, whose cheek is in view.

    Args:
        points: (faces, landmarks, 2) pixels, with the chin and the brows.
        nose_tip: its column.
        top_outward: how far the 68 points' top lies above that of the points, in longer sides.
    """
    low, high = np.nanmin(points, axis=1), np.nanmax(points, axis=1)
    side = (high - low).max(axis=1)
    turn = np.nan_to_num((points[:, nose_tip, 0] - (low + high)[:, 0] / 2) / side)
    low[:, 0] -= side * np.clip(JAW_OUTWARD + JAW_TURN * turn, 0, None)
    high[:, 0] += side * np.clip(JAW_OUTWARD - JAW_TURN * turn, 0, None)
    low[:, 1] -= side * top_outward
    return np.stack([low, high], axis=1)


def require_file(path: Path, what: str) -> Path:
    """Return a path that exists.

    Raises:
        ConfigError: it does not; the message says what it should be.
    """
    if not path.exists():
        raise ConfigError(f"{path} is missing: {what} (docs/datasets.md draws the folders)")
    return path


def require_images(paths: Sequence[Path], where: Sequence[str]) -> None:
    """Check that every picture exists.

    Args:
        paths: the pictures.
        where: for each, the file and line that name it.

    Raises:
        ConfigError: the first that does not, and how many there are.
    """
    missing = [i for i, path in enumerate(paths) if not path.is_file()]
    if missing:
        first = missing[0]
        raise ConfigError(
            f"{where[first]}: picture {paths[first]} is missing ({len(missing)} of {len(paths)} are); unpack the "
            "dataset's pictures there (docs/datasets.md draws the folders)"
        )


def read_numbers(words: Sequence[str], count: int, where: str, what: str) -> list[float]:
    """Return words as numbers.

    Raises:
        ConfigError: there are not `count`, or one is no finite number.
    """
    if len(words) != count:
        raise ConfigError(f"{where}: {len(words)} values, not {count} ({what}); is this the published file?")
    try:
        numbers = [float(word) for word in words]
    except ValueError as error:
        raise ConfigError(f"{where}: {error} ({what})") from error
    if not all(map(math.isfinite, numbers)):
        raise ConfigError(f"{where}: a value is not finite ({what})")
    return numbers
