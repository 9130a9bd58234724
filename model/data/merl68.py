"""The pack `merl68`: human 68 points on turned and hidden faces, and which of them were seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .datasets.layout_faces import make_layout_faces
from .packs import AnnotatedFaces, Visibility, list_images, read_labels

VIEWS = {
    "frontal": "frontal",
    "lefthalf": "half profile",
    "righthalf": "half profile",
    "left": "profile",
    "right": "profile",
}
"""MERL-RAV's views, with which the names end, and the subsets that they make here."""

MANY_HIDDEN = 5
"""A face with as many hidden points, or more, is of the subset "partly hidden"."""


def load_merl68(folder: Path) -> tuple[AnnotatedFaces, AnnotatedFaces]:
    """Return the training and the validation faces.

    Points that are turned away are NaN; hidden ones were estimated and are labels like others. The tight box of the
    known points places the crop. Subsets: "frontal", "half profile" or "profile", and "partly hidden".

    Raises:
        ConfigError: the folder is no pack, or its points are numbered otherwise.
    """
    labels = read_labels(folder)
    points = labels["points"].astype(np.float64)
    visibility = labels["visibility"].astype(np.uint8)
    names = [str(name) for name in labels["names"]]
    hidden = (visibility == Visibility.EXTERNALLY_OCCLUDED).sum(axis=1)
    faces = make_layout_faces(
        "merl68",
        "300w",
        list_images(folder, len(points)),
        points,
        points,
        names,
        visibility=visibility,
        subsets=[
            (VIEWS[name.split("/")[-1]], *(("partly hidden",) if count >= MANY_HIDDEN else ()))
            for name, count in zip(names, hidden, strict=True)
        ],
    )
    is_val = labels["is_val"].astype(bool)
    return faces.subset(~is_val, "merl68"), faces.subset(is_val, "merl68 validation")
