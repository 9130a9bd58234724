"""A registered layout as a language file, and the files of annotated faces that one is registered from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from .registration import Registration

FloatArray = npt.NDArray[np.float64]

FACES_FORMAT = (
    "it needs 'points', (faces, landmarks, 2) pixels with NaN (null in JSON) where unknown; and either 'images', one "
    "name a face, for --images, or 'known', (faces, landmarks, 2), the same faces' points in the layout of --known"
)


@dataclass(frozen=True)
class NewLayoutFaces:
    """Faces annotated in a new layout.

    Attributes:
        points: (faces, landmarks, 2) pixels, NaN where unknown.
        images: one picture's name a face; empty where the file names none.
        known: (faces, known landmarks, 2) the same faces in a known layout, or None.
    """

    points: FloatArray
    images: tuple[str, ...]
    known: FloatArray | None


def read_new_layout(path: Path) -> NewLayoutFaces:
    """Read faces in a new layout from a .npz or .json file with `points`, and `images` or `known`.

    Raises:
        ConfigError: the file cannot be read, or does not hold them; the message says what it needs.
    """
    try:
        if path.suffix.lower() == ".json":
            table: dict[str, Any] = json.loads(path.read_text("utf-8"))
        else:
            with np.load(path) as file:
                table = {key: file[key] for key in file.files}
        points = read_array(table["points"])
        known = read_array(table["known"]) if "known" in table else None
        images = tuple(str(name) for name in table.get("images", ()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} holds no faces of a new layout ({error}): {FACES_FORMAT}") from error
    for name, count in (("images", len(images) or len(points)), ("known", len(points if known is None else known))):
        if count != len(points):
            raise ConfigError(f"{path}: 'points' has {len(points)} faces, but {name!r} has {count}")
    return NewLayoutFaces(points, images, known)


def read_array(value: object) -> FloatArray:
    """Return points (faces, landmarks, 2) of an array or of nested lists, null as NaN."""
    nested = value if isinstance(value, np.ndarray) else fill_nulls(value)
    points = np.asarray(nested, dtype=np.float64)
    if points.ndim != 3 or points.shape[2] != 2:
        raise ValueError(f"points of shape {points.shape}")
    return points


def fill_nulls(value: object) -> object:
    """Return nested lists with each null as NaN, and null in place of a point as a point of NaN."""
    if isinstance(value, list):
        return [[float("nan")] * 2 if item is None and _is_point_list(value) else fill_nulls(item) for item in value]
    return float("nan") if value is None else value


def _is_point_list(value: list[object]) -> bool:
    return any(isinstance(item, list) for item in value)


def to_language_file(registration: Registration, name: str, title: str) -> str:
    """Return a TOML file that adds the layout to the language (FACEQL_LANGUAGE).

    Its landmarks are those that lie on parts, in the new layout's own order; `columns` says which they are.
    """
    landmarks = registration.on_parts
    lines = [
        f"# {len(landmarks)} of {len(registration.landmarks)} landmarks lie on parts, as {registration.faces} faces show:",
        "# written by `faceql template register`. columns: where each one is in the layout's own numbering, from 0.",
        "",
        "[[layout]]",
        f"name = {json.dumps(name)}",
        f"title = {json.dumps(title)}",
        "columns = [",
        *wrap([str(landmark.index) for landmark in landmarks]),
        "]",
    ]
    for part, run in groupby(landmarks, lambda landmark: landmark.part):
        fpalps = wrap([f'"{landmark.fpalp}"' for landmark in run])
        lines += ["", "[[layout.run]]", f"part = {json.dumps(part)}", "fpalps = [", *fpalps, "]"]
    return "\n".join(lines) + "\n"


def wrap(items: list[str], width: int = 16) -> list[str]:
    """Return the items in lines of at most `width`, each with its comma."""
    return ["    " + " ".join(f"{item}," for item in items[at : at + width]) for at in range(0, len(items), width)]
