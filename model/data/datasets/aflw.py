"""AFLW-19: the list of 24,386 faces that is in circulation, `AFLWinfo_release.mat`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....errors import ConfigError
from ..packs import AnnotatedFaces, Visibility
from .layout_faces import frame_inner_points, make_layout_faces, require_file, require_images
from .matlab import read_mat

LIST = "AFLWinfo_release.mat"
PICTURES = (Path("data") / "flickr", Path("flickr"))
TRAIN_FACES = 20_000

# The list's number (from 1) of each landmark of the paper's Table 8. The list goes row by row, each from left to
# right: brows (end, middle, end), eyes (corner, pupil, corner), nose (wing, tip, wing), mouth (corner, middle, corner),
# chin.
LIST_NUMBERS = (19, 1, 3, 4, 6, 2, 5, 14, 13, 15, 7, 9, 10, 12, 16, 18, 17, 8, 11)
NOSE_TIP = 7
TOP_OUTWARD = 0.04  # as JAW_OUTWARD is found


def load_aflw(folder: Path, split: str, train_faces: int = TRAIN_FACES) -> AnnotatedFaces:
    """Read AFLW-19's 20,000 training or 4,386 test faces; frontal ones are in the subset "frontal".

    A face is frontal when the list's mask calls all its points visible. The points that it calls hidden have
    coordinates too; they are kept, as `Visibility.SELF_OCCLUDED`, for the list does not tell what hides them.

    Args:
        folder: holds the list, and AFLW's pictures under `data/flickr` or `flickr`.
        split: "train" or "test".
        train_faces: how many of the list's order `ra` are for training.

    Raises:
        ConfigError: the list or a picture is missing, or the list is not as published.
    """
    path = require_file(folder / LIST, "the list of AFLW-19, with boxes, points, masks and the split")
    table = read_mat(path, ("bbox", "data", "mask_new", "nameList", "ra"))
    order = table["ra"].ravel().astype(np.intp) - 1
    count = len(order)
    for key, width in (("bbox", 4), ("data", 38), ("mask_new", 19)):
        if table[key].shape != (count, width):
            raise ConfigError(
                f"{path}: {key} is {table[key].shape}, not ({count}, {width}); is this the published list?"
            )
    if sorted(order) != list(range(count)) or table["nameList"].size != count:
        raise ConfigError(
            f"{path}: ra and nameList do not name each of the {count} faces once; take the published list"
        )
    if count <= train_faces:
        raise ConfigError(f"{path}: {count} faces, all for training; the published list has 24,386")
    rows = order[:train_faces] if split == "train" else order[train_faces:]
    pictures = next((folder / place for place in PICTURES if (folder / place).is_dir()), None)
    if pictures is None:
        raise ConfigError(f"{folder} has no folder data/flickr or flickr; unpack AFLW's pictures there")
    names = [str(np.ravel(name)[0]) for name in table["nameList"].ravel()[rows]]
    images = [pictures / name for name in names]
    require_images(images, [f"{path}, row {row + 1}" for row in rows])
    columns = np.array(LIST_NUMBERS) - 1
    points = table["data"][rows].astype(np.float64).reshape(len(rows), 2, 19).transpose(0, 2, 1)[:, columns]
    is_visible = np.asarray(table["mask_new"][rows], dtype=np.bool_)
    left, right, top, bottom = table["bbox"][rows].astype(np.float64).T
    return make_layout_faces(
        f"aflw19 {split}",
        "aflw",
        images,
        points,
        frame_inner_points(points, NOSE_TIP, top_outward=TOP_OUTWARD),
        [f"{name}#{row + 1}" for name, row in zip(names, rows, strict=True)],
        visibility=np.where(is_visible[:, columns], Visibility.VISIBLE, Visibility.SELF_OCCLUDED).astype(np.uint8),
        boxes=np.stack([left, top, right, bottom], axis=1),
        subsets=[("frontal",) if whole else () for whole in np.asarray(is_visible.all(axis=1))],
    )
