"""WFLW's lists: a line a face, 98 points, a box, six attributes and the picture's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....errors import ConfigError
from ....querylang.registry import load_registry
from ..curves import make_scheme
from ..packs import AnnotatedFaces
from .layout_faces import make_layout_faces, read_numbers, require_file, require_images

LISTS = Path("WFLW_annotations") / "list_98pt_rect_attr_train_test"
ATTRIBUTES = ("pose", "expression", "illumination", "makeup", "occlusion", "blur")
COORDINATES, BOX = 196, 4

# Columns of WFLW's points that stand for 300W's 68, from 0: every second of the contour, the brows' upper edges, and
# six of the eyes' eight points.
IN_68 = (
    *range(0, 33, 2), *range(33, 38), *range(42, 47), *range(51, 60),
    60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75, *range(76, 96),
)  # fmt: skip

# Columns that 300W has nothing for, the pupils left out: the paper counts 28.
EXTRA_28 = tuple(column for column in range(96) if column not in IN_68)


def load_wflw(folder: Path, split: str) -> AnnotatedFaces:
    """Read WFLW's training or test faces, with their six subsets.

    Args:
        folder: holds `WFLW_annotations` and `WFLW_images`.
        split: "train" or "test".

    Raises:
        ConfigError: the list or a picture is missing, or a line is not as published.
    """
    path = require_file(
        folder / LISTS / f"list_98pt_rect_attr_{split}.txt", f"WFLW's list of its {split} faces, with attributes"
    )
    numbers, attributes, images, where = [], [], [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        at = f"{path}, line {number}"
        *values, image = line.split()
        row = read_numbers(
            values, COORDINATES + BOX + len(ATTRIBUTES), at, "98 x and y, a box of 4, 6 attributes, then the picture"
        )
        flags = row[COORDINATES + BOX :]
        if not set(flags) <= {0.0, 1.0}:
            raise ConfigError(f"{at}: an attribute is neither 0 nor 1; is this the list with rect and attr?")
        numbers.append(row[: COORDINATES + BOX])
        attributes.append(tuple(name for name, flag in zip(ATTRIBUTES, flags, strict=True) if flag))
        images.append(folder / "WFLW_images" / image)
        where.append(at)
    if not numbers:
        raise ConfigError(f"{path} has no lines; take the list as WFLW publishes it")
    require_images(images, where)
    table = np.array(numbers)
    points = table[:, :COORDINATES].reshape(len(table), 98, 2)
    return make_layout_faces(
        f"wflw {split}",
        "wflw",
        images,
        points,
        points[:, :96],  # all but the pupils
        [f"{image.parent.name}/{image.stem}#{row}" for row, image in enumerate(images)],
        boxes=table[:, COORDINATES:],
        subsets=attributes,
    )


def reduce_to_68(faces: AnnotatedFaces) -> AnnotatedFaces:
    """Return WFLW68: WFLW's faces with the 68 of its points that match 300W's, as 300W's layout.

    The eyes' six points are those of WFLW's eight that lie nearest 300W's FPALPs (1/8 for 1/6, 3/8 for 2/6).
    """
    columns = list(IN_68)
    return make_layout_faces(
        faces.name.replace("wflw", "wflw68"),
        "300w",
        faces.image_paths,
        faces.points[:, columns],
        faces.points[:, columns],
        faces.names,
        boxes=faces.boxes,
        subsets=faces.subsets,
    )


def keep_extra(faces: AnnotatedFaces) -> AnnotatedFaces:
    """Return WFLW_E: WFLW's faces with only the 28 points that 300W lacks, the pupils aside (paper, Table 6b)."""
    registry = load_registry()
    landmarks = [registry.layouts["wflw"].landmarks[column] for column in EXTRA_28]
    return AnnotatedFaces(
        name=faces.name.replace("wflw", "wflw_e"),
        scheme=make_scheme(landmarks, registry),
        image_paths=faces.image_paths,
        points=faces.points[:, list(EXTRA_28)],
        frame_points=faces.frame_points,
        column_weights=np.ones(len(landmarks)),
        names=faces.names,
        boxes=faces.boxes,
        inter_ocular_px=faces.inter_ocular_px,
        subsets=faces.subsets,
    )
