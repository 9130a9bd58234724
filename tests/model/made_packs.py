"""Small packs in the true format, with made faces: `merl68` and those of `teacher98`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .made_datasets import draw_dots, place_faces

MERL_NAMES = (
    "aflw/image1/left",
    "aflw/image2/frontal",
    "aflw/image3/righthalf",
    "aflw/image4/frontal",
    "aflw/image5/lefthalf",
    "aflw/image6/right",
    "aflw/image7/frontal",
)
HIDDEN, TURNED_AWAY = 1, 2
FAR_SIDE = [*range(9, 17), *range(22, 27), *range(42, 48)]
"""Of 300W's points from 0, the right of the contour, the brow and the eye there."""
SPREADS = np.array([0.003, 0.006, 0.004, 0.05, 0.004, 0.004, 0.004], dtype=np.float32)
"""Of the fourth face a spread that no face may have."""


def write_merl68(root: Path) -> Path:
    """Write seven faces; the first is turned away on its right, the second's mouth hidden; three are for validation."""
    count = len(MERL_NAMES)
    points = place_faces("300w", count, 40).astype(np.float32)
    visibility = np.zeros((count, 68), dtype=np.uint8)
    visibility[0, FAR_SIDE] = TURNED_AWAY
    visibility[1, 48:53] = HIDDEN
    draw_faces(root, points)
    points[visibility == TURNED_AWAY] = np.nan
    np.savez(
        root / "labels.npz",
        names=np.array(MERL_NAMES),
        points=points,
        visibility=visibility,
        is_val=np.arange(count) >= count - 3,
        teacher98=place_faces("wflw", count, 40).astype(np.float16),
        teacher98_spread=SPREADS,
    )
    return root


def write_auto98(root: Path) -> Path:
    """Write seven faces of a teacher; the second was removed."""
    points = place_faces("wflw", len(SPREADS), 41).astype(np.float16)
    draw_faces(root, points)
    points[1] = np.nan
    names = np.array(["mtfl/a.jpg", "removed", *(f"wider/{i}.jpg" for i in range(5))])
    np.savez(root / "labels.npz", names=names, teacher98=points, teacher98_spread=SPREADS)
    return root


def draw_faces(root: Path, points: np.ndarray) -> None:
    for row, face in enumerate(points):
        draw_dots(face, root / "images" / f"{row:05d}.jpg")
