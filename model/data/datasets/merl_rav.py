"""MERL-RAV: AFLW's pictures with 300W's 68 points, each visible, hidden by something, or hidden by the face itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....errors import ConfigError
from ..packs import AnnotatedFaces, Visibility
from .layout_faces import make_layout_faces, require_file
from .w300 import find_image, read_pts

POSES = ("frontal", "left", "lefthalf", "right", "righthalf")


def load_merl_rav(folder: Path, split: str) -> AnnotatedFaces:
    """Read MERL-RAV's training or test faces; `subsets` names each face's pose.

    An externally occluded point stands in the files as (-x, -y) and was estimated; a self-occluded one as (-1, -1), was
    not, and becomes NaN.

    Args:
        folder: `merl_rav_organized`, as the dataset's own script makes it.
        split: "train" or "test".

    Raises:
        ConfigError: a folder or a picture is missing, or a .pts file is not as published.
    """
    paths, subsets = [], []
    for pose in POSES:
        place = require_file(folder / pose / f"{split}set", f"MERL-RAV's {pose} {split} faces")
        found = sorted(place.glob("*.pts"))
        paths += found
        subsets += [(pose,)] * len(found)
    if not paths:
        raise ConfigError(f"{folder} holds no .pts files; give merl_rav_organized, which the dataset's script makes")
    images = [find_image(path) for path in paths]
    table = np.stack([read_pts(path, counts_from=0) for path in paths])
    is_self = (table == -1).all(axis=-1)
    is_external = (table < 0).all(axis=-1) & ~is_self
    points = np.where(is_external[..., None], -table, table)
    points[is_self] = np.nan
    visibility = np.full(is_self.shape, Visibility.VISIBLE, dtype=np.uint8)
    visibility[is_external] = Visibility.EXTERNALLY_OCCLUDED
    visibility[is_self] = Visibility.SELF_OCCLUDED
    return make_layout_faces(
        f"merl_rav {split}",
        "300w",
        images,
        points,
        points,
        [f"{subset}/{path.stem}" for (subset,), path in zip(subsets, paths, strict=True)],
        visibility=visibility,
        subsets=subsets,
    )
