"""COFW: 29 points, each with whether it is occluded, and the pictures, in one .mat file; COFW68, 68 points for them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from ....errors import ConfigError
from ..curves import FloatArray
from ..packs import AnnotatedFaces, Visibility
from .layout_faces import frame_inner_points, make_layout_faces, require_file
from .matlab import open_hdf5_mat, read_mat

KEYS = {"train": ("IsTr", "phisTr", "bboxesTr"), "test": ("IsT", "phisT", "bboxesT")}
POINTS = 29

# The file's number (from 1) of each landmark of the paper's Table 9. The file goes in pairs, left then right: the
# brows' outer ends and inner ends, upper and lower middle of the left brow, then of the right one, the eyes' outer and
# inner corners, upper and lower middle of the left eye, then of the right one, pupils, nose wings; then on the middle
# line nose tip, nose base; mouth corners; the lips' four edges from top to bottom; chin.
FILE_NUMBERS = (
    29, 1, 5, 3, 6, 4, 7, 2, 8, 21, 19, 22, 20, 9, 13, 11, 14, 12, 15, 10, 16, 23, 25, 24, 28, 26, 27, 17, 18,
)  # fmt: skip
NOSE_TIP = 9


def load_cofw(folder: Path, split: str, pictures: Path) -> AnnotatedFaces:
    """Read COFW's training or test faces. The first 845 of the training faces are LFPW's, as published.

    Args:
        folder: holds `COFW_train_color.mat` and `COFW_test_color.mat`.
        split: "train" or "test".
        pictures: where the pictures are written, once.

    Raises:
        ConfigError: the file is missing or not as published, or the pictures cannot be written.
    """
    path = require_file(folder / f"COFW_{split}_color.mat", f"COFW's {split} faces in color")
    images_key, points_key, boxes_key = KEYS[split]
    with open_hdf5_mat(path, KEYS[split]) as file:
        table = np.asarray(file[points_key], dtype=np.float64).T
        boxes = np.asarray(file[boxes_key], dtype=np.float64).T
    count = len(table)
    for key, array, columns in ((points_key, table, 3 * POINTS), (boxes_key, boxes, 4)):
        if array.shape != (count, columns):
            raise ConfigError(f"{path}: {key} is {array.shape}, not ({count}, {columns}); is this the published file?")
    columns_of_file = np.array(FILE_NUMBERS) - 1
    x, y, is_occluded = table.reshape(count, 3, POINTS)[:, :, columns_of_file].transpose(1, 0, 2)
    points = np.stack([x, y], axis=-1) - 1  # MATLAB counts from 1
    images = extract_pictures(path, images_key, split, count, pictures)
    return make_layout_faces(
        f"cofw {split}",
        "cofw",
        images,
        points,
        frame_inner_points(points, NOSE_TIP),
        [f"{split}/{row + 1}" for row in range(count)],
        visibility=mark_occluded(is_occluded),
        boxes=corners_of(boxes),
    )


def load_cofw68(folder: Path, pictures: Path) -> AnnotatedFaces:
    """Read COFW68: COFW's test pictures with 300W's 68 points.

    Args:
        folder: holds `COFW_test_color.mat`, and `COFW68_Data` of the cofw68-benchmark.
        pictures: where the pictures are written, once.

    Raises:
        ConfigError: a file is missing or not as published, or the pictures cannot be written.
    """
    path = require_file(folder / "COFW_test_color.mat", "COFW's test faces in color")
    data = require_file(folder / "COFW68_Data", "the folder of that name from the repository cofw68-benchmark")
    with open_hdf5_mat(path, ("IsT",)) as file:
        count = file["IsT"].size
    boxes_path = require_file(data / "cofw68_test_bboxes.mat", "COFW68's face boxes")
    boxes = read_mat(boxes_path, ("bboxes",))["bboxes"].astype(np.float64)
    if boxes.shape != (count, 4):
        raise ConfigError(f"{boxes_path}: bboxes is {boxes.shape}, not ({count}, 4); is this the published file?")
    points, is_occluded = [], []
    for number in range(1, count + 1):
        annotation = require_file(data / "test_annotations" / f"{number}_points.mat", f"COFW68's face {number}")
        table = read_mat(annotation, ("Points", "Occ"))
        if table["Points"].shape != (68, 2) or table["Occ"].size != 68:
            raise ConfigError(f"{annotation}: Points is {table['Points'].shape}, not (68, 2), or Occ has not 68 values")
        points.append(table["Points"].astype(np.float64) - 1)  # MATLAB counts from 1
        is_occluded.append(table["Occ"].ravel().astype(np.float64))
    images = extract_pictures(path, "IsT", "test", count, pictures)
    placed = np.stack(points)
    return make_layout_faces(
        "cofw68",
        "300w",
        images,
        placed,
        placed,
        [f"test/{row + 1}" for row in range(count)],
        visibility=mark_occluded(np.stack(is_occluded)),
        boxes=corners_of(boxes),
    )


def mark_occluded(is_occluded: FloatArray) -> np.typing.NDArray[np.uint8]:
    """Return `Visibility` of flags that are 0 or 1."""
    return np.where(is_occluded > 0.5, Visibility.EXTERNALLY_OCCLUDED, Visibility.VISIBLE).astype(np.uint8)


def corners_of(boxes: FloatArray) -> FloatArray:
    """Return (x0, y0, x1, y1) from 0 of MATLAB's boxes (x, y, width, height) from 1."""
    return np.concatenate([boxes[:, :2] - 1, boxes[:, :2] + boxes[:, 2:] - 1], axis=1)


def extract_pictures(path: Path, key: str, split: str, count: int, folder: Path) -> list[Path]:
    """Write the pictures of a .mat file as PNG where they are not yet, and return their paths.

    Raises:
        ConfigError: the file holds another number of pictures, or the folder cannot be written.
    """
    images = [folder / f"{split}_{number:04d}.png" for number in range(1, count + 1)]
    if all(image.is_file() for image in images):
        return images
    with open_hdf5_mat(path, (key,)) as file:
        references = np.asarray(file[key]).ravel()
        if len(references) != count:
            raise ConfigError(f"{path}: {key} holds {len(references)} pictures for {count} faces")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for reference, image in zip(references, images, strict=True):
                pixels = np.asarray(file[reference]).T  # (height, width) or (height, width, 3)
                partial = image.with_suffix(".partial")
                Image.fromarray(pixels.astype(np.uint8)).save(partial, format="PNG")
                os.replace(partial, image)
        except OSError as error:
            raise ConfigError(
                f"COFW's pictures cannot be written to {folder} ({error.strerror}); give the table a folder of yours: "
                'pictures = "..."'
            ) from error
    return images
