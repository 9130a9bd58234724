"""Faces with the automatic 98 points of small networks, trusted by how far the networks' views spread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from .curves import FloatArray
from .datasets.layout_faces import make_layout_faces
from .packs import AnnotatedFaces, list_images, read_labels

LARGEST_SPREAD = 0.012
"""Faces whose points spread further, as a share of the box's diagonal, are left out: about one in a hundred of
`merl68`'s, and hardly any of the others."""

HALF_TRUST_SPREAD = 0.006
"""The spread at which a face counts half; three quarters of `auto` are below 0.005."""


def load_teacher98(folder: Path) -> AnnotatedFaces:
    """Return the training faces of a pack (`auto`, `auto98` or `merl68`) with `teacher98` as their points.

    Faces that were removed from the pack, those that are validation faces and those of too large a spread are left
    out. The set is called "teacher98 of " and the folder's name.

    Raises:
        ConfigError: the folder is no pack.
    """
    labels = read_labels(folder)
    points = labels["teacher98"].astype(np.float64)
    spread = labels["teacher98_spread"].astype(np.float64)
    is_val = labels["is_val"].astype(bool) if "is_val" in labels else np.zeros(len(points), dtype=np.bool_)
    name = f"teacher98 of {folder.name}"
    known = np.isfinite(points).all(axis=(1, 2)) & ~is_val & (spread <= LARGEST_SPREAD)
    faces = make_layout_faces(
        name,
        "wflw",
        list_images(folder, len(points)),
        points,
        points[:, :96],  # all but the pupils
        [str(face) for face in labels["names"]],
    )
    mesh = labels["mesh478"].astype(np.float32) if "mesh478" in labels else None
    return replace(faces, face_weights=trust_spread(spread), mesh=mesh).subset(known, name)


def trust_spread(spread: FloatArray) -> FloatArray:
    """Return (faces,) in 0..1: how much a face's labels count, by the spread (faces,) of its teacher's views."""
    trust: FloatArray = 1 / (1 + (spread / HALF_TRUST_SPREAD) ** 2)
    return trust
