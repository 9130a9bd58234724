"""The project's face packs as a dataset of the catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ....errors import ConfigError
from ..merl68 import load_merl68
from ..packs import AnnotatedFaces, load_auto, load_human68, load_human98, read_labels
from ..teacher98 import load_teacher98
from .layout_faces import make_layout_faces


def load_pack(
    folder: Path, largest_disagreement: float
) -> tuple[tuple[AnnotatedFaces, ...], dict[str, AnnotatedFaces], bool]:
    """Read `human68`, `human98_dev`, `merl68`, `auto` or `auto98`: which it is, its labels tell.

    Returns:
        The training sets (`auto` has one in 300W's scheme and one in WFLW's), the test sets, and whether people
        placed the points.

    Raises:
        ConfigError: the folder is no pack, or of an unknown kind.
    """
    labels = read_labels(folder)
    if "visibility" in labels:
        train, validation = load_merl68(folder)
        return (train,), {"validation": validation}, True
    if "is_val" in labels:
        train, validation = load_human68(folder)
        points = validation.frame_points
        plain = make_layout_faces(
            validation.name, "300w", validation.image_paths, points, points, validation.names,
            subsets=[("infants",) if name.startswith("inf/") else ("adults",) for name in validation.names],
        )  # fmt: skip
        return (train,), {"validation": replace(plain, mesh=validation.mesh)}, True
    if "teacher68" in labels:
        return load_auto(folder, largest_disagreement), {}, False
    if "teacher98" in labels:
        return (load_teacher98(folder),), {}, False
    if labels.get("points", np.empty((0, 0))).shape[1:] == (98, 2):
        hard = load_human98(folder)
        plain = make_layout_faces(
            hard.name, "wflw", hard.image_paths, hard.points, hard.frame_points, hard.names,
            subsets=[tuple(name.split("/")[-1].split("+")) for name in hard.names],
        )  # fmt: skip
        return (), {"hard": plain}, True
    raise ConfigError(
        f"{folder} is none of the packs human68, human98_dev, merl68, auto and auto98 (labels: {', '.join(labels)})"
    )
