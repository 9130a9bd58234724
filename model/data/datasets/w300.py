"""300W's folders of pictures with .pts files, and the sets that papers make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....errors import ConfigError
from ..curves import FloatArray
from ..packs import AnnotatedFaces
from .layout_faces import make_layout_faces, read_numbers, require_file

FOLDERS = {
    "train": ("afw", "helen/trainset", "lfpw/trainset"),
    "common": ("helen/testset", "lfpw/testset"),
    "challenge": ("ibug",),
    "full": ("helen/testset", "lfpw/testset", "ibug"),
}
IMAGE_SUFFIXES = (".jpg", ".png", ".jpeg", ".JPG", ".PNG", ".JPEG")


def load_w300(folder: Path, split: str) -> AnnotatedFaces:
    """Read 300W's "train", "common", "challenge" or "full" faces; `subsets` names each test face's set.

    Args:
        folder: holds `afw`, `helen`, `lfpw` and `ibug`.
        split: which faces.

    Raises:
        ConfigError: a folder or a picture is missing, or a .pts file is not as published.
    """
    paths, names, subsets = [], [], []
    for source in FOLDERS[split]:
        place = require_file(folder / source, f"300W's {split} faces include those of {source}")
        found = sorted(place.glob("*.pts"))
        if not found:
            raise ConfigError(f"{place} holds no .pts files; unpack 300W's annotations there beside the pictures")
        paths += found
        names += [f"{source}/{path.stem}" for path in found]
        subsets += [() if split == "train" else ("challenge" if source == "ibug" else "common",)] * len(found)
    images = [find_image(path) for path in paths]
    points = np.stack([read_pts(path) for path in paths])
    return make_layout_faces(f"300w {split}", "300w", images, points, points, names, subsets=subsets)


def read_pts(path: Path, size: int = 68, counts_from: int = 1) -> FloatArray:
    """Return a .pts file's points (size, 2), pixels from 0: 300W's own files count from 1.

    Raises:
        ConfigError: the file holds another number of points, or no numbers.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    begin = next((number for number, line in enumerate(lines) if line.strip() == "{"), None)
    end = next((number for number, line in enumerate(lines) if line.strip() == "}"), None)
    if begin is None or end is None:
        raise ConfigError(f"{path}: no points between braces; is this a .pts file?")
    rows = [(number, line.split()) for number, line in enumerate(lines[begin + 1 : end], begin + 2) if line.strip()]
    if len(rows) != size:
        raise ConfigError(
            f"{path}, line {end + 1}: {len(rows)} points, not {size}; is this the {size}-point annotation?"
        )
    table = np.array([read_numbers(words, 2, f"{path}, line {number}", "x and y") for number, words in rows])
    return table - counts_from


def find_image(path: Path) -> Path:
    """Return the picture beside a .pts file.

    Raises:
        ConfigError: there is none.
    """
    for suffix in IMAGE_SUFFIXES:
        if path.with_suffix(suffix).is_file():
            return path.with_suffix(suffix)
    raise ConfigError(f"{path}: the picture {path.stem}.jpg or .png beside it is missing; unpack 300W's pictures there")
