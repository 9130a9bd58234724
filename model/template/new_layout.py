"""Faces annotated in a new layout: from a user's file, or an array of a face pack as if it were new."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from ..data.curves import AnnotationScheme
from ..data.packs import AnnotatedFaces, list_images, read_labels, spread_rows

FloatArray = npt.NDArray[np.float64]

FILE_FORMAT = (
    "it needs 'points', (faces, landmarks, 2) pixels with NaN (null in JSON) where unknown; beside it either 'images', "
    "the name of each face's picture in --images, or 'known', the same faces' points in the layout --known"
)
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")

# Which layout of the registry an array of a pack is; and the array of each pack that others may be registered by.
PACK_LAYOUTS = {
    ("human68", "points"): "300w",
    ("human98_dev", "points"): "wflw",
    ("auto", "teacher68"): "300w",
    ("auto", "dlib68"): "300w",
    ("auto", "teacher98"): "wflw",
}
PACK_KNOWN = {"human68": "points", "human98_dev": "points", "auto": "teacher68"}


@dataclass(frozen=True)
class NewLayout:
    """Faces annotated in a layout of which nothing else need be known.

    Attributes:
        name: of the layout.
        points: (faces, landmarks, 2) pixels, NaN where unknown.
        image_paths: one picture a face, or none.
        known: (faces, known landmarks, 2) the same faces' points in a layout of the registry, or None.
        known_layout: that layout's name.
        truth: the name of the registry's layout of the same numbering, to check by; None if there is none.
    """

    name: str
    points: FloatArray
    image_paths: tuple[Path, ...]
    known: FloatArray | None = None
    known_layout: str | None = None
    truth: str | None = None

    def to_faces(self) -> AnnotatedFaces:
        """Return the faces with their pictures; their points belong to no scheme."""
        columns = self.points.shape[1]
        return AnnotatedFaces(
            self.name,
            AnnotationScheme((), (), np.arange(columns)),
            self.image_paths,
            self.points,
            self.points,
            np.ones(columns),
            tuple(path.stem for path in self.image_paths),
        )


def read_pack_layout(folder: Path, array: str, count: int) -> NewLayout:
    """Return at most `count` faces of a pack; of human68 only those that no detector was trained on.

    Raises:
        ConfigError: the folder is no pack, or the pack has no such array of points.
    """
    labels = read_labels(folder)
    pack = folder.resolve().name
    arrays = sorted(name for name, values in labels.items() if values.ndim == 3)
    if array not in arrays:
        raise ConfigError(f"the pack {pack!r} has no layout {array!r}: it has {', '.join(arrays)}")
    rows = np.flatnonzero(labels["is_val"]) if "is_val" in labels else np.arange(len(labels[array]))
    rows = spread_rows(rows, count)
    images = list_images(folder, len(labels[array]))
    known = PACK_KNOWN.get(pack)
    is_known = known is not None and known != array
    return NewLayout(
        name=array if array[-1].isdigit() else f"{pack}-{array}",
        points=labels[array][rows].astype(np.float64),
        image_paths=tuple(images[row] for row in rows),
        known=labels[str(known)][rows].astype(np.float64) if is_known else None,
        known_layout=PACK_LAYOUTS[pack, str(known)] if is_known else None,
        truth=PACK_LAYOUTS.get((pack, array)),
    )


def read_points_file(path: Path, images: Path | None, known_layout: str | None, count: int) -> NewLayout:
    """Return at most `count` faces of a user's file.

    Args:
        path: .npz or .json, see FILE_FORMAT.
        images: folder of their pictures. Where the file names none, the folder's pictures in the order of their names.
        known_layout: the layout of the file's `known` points.
        count: how many faces at most.

    Raises:
        ConfigError: the file cannot be read or lacks something, or the pictures are not there.
    """
    try:
        if path.suffix.lower() == ".json":
            table: dict[str, Any] = json.loads(path.read_text("utf-8"))
        else:
            with np.load(path) as file:
                table = {key: file[key] for key in file.files}
        points = read_array(table["points"])
        known = read_array(table["known"]) if known_layout is not None else None
        names = tuple(str(name) for name in table.get("images", ()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} holds no faces of a new layout ({error!r}): {FILE_FORMAT}") from error
    paths: tuple[Path, ...] = ()
    if known is None:
        paths = find_pictures(path, images, names)
    for what, found in (("pictures", len(paths)), ("faces in 'known'", len(points if known is None else known))):
        if found != len(points) and (what != "pictures" or known is None):
            raise ConfigError(f"{path} has {len(points)} faces, but there are {found} {what}")
    # A face without a single point tells nothing, and has no place in its picture.
    rows = spread_rows(np.flatnonzero(np.isfinite(points).all(axis=2).sum(axis=1)), count)
    return NewLayout(
        name=path.stem,
        points=points[rows],
        image_paths=tuple(paths[row] for row in rows) if paths else (),
        known=None if known is None else known[rows],
        known_layout=known_layout,
    )


def find_pictures(path: Path, images: Path | None, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the pictures of a file's faces.

    Raises:
        ConfigError: no folder was given, or it lacks one.
    """
    if images is None:
        raise ConfigError(
            f"the faces of {path} need their pictures (--images FOLDER), or known points (--known LAYOUT)"
        )
    if not names:
        return tuple(sorted(file for file in images.iterdir() if file.suffix.lower() in PICTURE_ENDINGS))
    missing = [name for name in names if not (images / name).is_file()]
    if missing:
        raise ConfigError(f"{images} lacks {len(missing)} of the pictures that {path} names, such as {missing[0]!r}")
    return tuple(images / name for name in names)


def read_array(value: object) -> FloatArray:
    """Return points (faces, landmarks, 2) of an array or of nested lists, null for a point or a number as NaN."""
    if isinstance(value, list):
        unknown = [float("nan")] * 2
        value = [[unknown if point is None else point for point in face] for face in value]
    points = np.asarray(value, dtype=np.float64)
    if points.ndim != 3 or points.shape[2] != 2:
        raise ValueError(f"points of shape {points.shape}")
    return points
