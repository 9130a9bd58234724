"""Small datasets in the true file formats, with made faces."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import h5py
import numpy as np
from PIL import Image
from scipy.io import savemat

from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_registry

from .conftest import face_points

SIDE = 96


def place_faces(layout: str, count: int, seed: int = 3) -> np.ndarray:
    """Return made faces (count, landmarks, 2) in pixels of a picture of SIDE, each of its own size and place."""
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.5, 0.7, size=(count, 1, 1)) * SIDE
    shift = rng.uniform(0.1, 0.25, size=(count, 1, 2)) * SIDE
    return face_points(layout)[None] * scale + shift


def draw_dots(points: np.ndarray, path: Path) -> None:
    """Write a grey picture with a white dot at each point."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(dotted(points)).save(path, quality=95)


def dotted(points: np.ndarray) -> np.ndarray:
    picture = np.full((SIDE, SIDE, 3), 90, dtype=np.uint8)
    for x, y in points:
        picture[round(y) % SIDE, round(x) % SIDE] = 255
    return picture


def write_w300(root: Path, per_folder: int = 2) -> Path:
    """Write 300W's folders; .pts count from 1."""
    for seed, source in enumerate(("afw", "helen/trainset", "helen/testset", "lfpw/trainset", "lfpw/testset", "ibug")):
        for row, points in enumerate(place_faces("300w", per_folder, seed)):
            suffix = ".png" if source.startswith("lfpw") else ".jpg"
            path = root / source / f"image_{row:04d}{suffix}"
            draw_dots(points, path)
            lines = ["version: 1", "n_points:  68", "{", *(f"{x + 1:.6f} {y + 1:.6f}" for x, y in points), "}"]
            path.with_suffix(".pts").write_text("\n".join(lines) + "\n")
    return root


def write_wflw(root: Path, count: int = 4) -> Path:
    """Write WFLW's two lists and their pictures; face i of the test list has attribute i, and blur."""
    lists = root / "WFLW_annotations" / "list_98pt_rect_attr_train_test"
    lists.mkdir(parents=True)
    for seed, split in enumerate(("train", "test")):
        lines = []
        for row, points in enumerate(place_faces("wflw", count, seed + 10)):
            image = f"{row}--Made/{row}_Made_{split}_{row}.jpg"
            draw_dots(points, root / "WFLW_images" / image)
            low, high = points.min(axis=0).round().astype(int), points.max(axis=0).round().astype(int)
            flags = [int(i == row or i == 5) for i in range(6)] if split == "test" else [0] * 6
            lines.append(" ".join([*(f"{v:.6f}" for v in points.ravel()), *map(str, (*low, *high, *flags)), image]))
        (lists / f"list_98pt_rect_attr_{split}.txt").write_text("\n".join(lines) + "\n")
    return root


def write_aflw(root: Path, count: int = 6, train_faces: int = 3) -> Path:
    """Write AFLW-19's list in its own numbering, with rows in another order than `ra`; odd rows hide a point."""
    points = place_faces("aflw", count, 20)
    # By name, so that the loader's table of numbers is not what writes the file.
    own_order = [
        "left eyebrow 0", "middle of left eyebrow 0", "left eyebrow 1/2", "right eyebrow 17/18",
        "middle of right eyebrow 0", "right eyebrow 4/9", "left eye 0", "left pupil 0", "left eye 1/2", "right eye 0",
        "right pupil 0", "right eye 1/2", "nose boundary 0", "nose bridge 1", "nose boundary 1", "outer lip 0",
        "middle of mouth 0", "outer lip 1/2", "face contour 1/2",
    ]  # fmt: skip
    own = points[:, columns_by_name("aflw", own_order)]
    names = np.empty((count, 1), dtype=object)
    for row, face in enumerate(points):
        names[row, 0] = f"{(0, 2, 3)[row % 3]}/image{row:05d}.jpg"
        draw_dots(face, root / "data" / "flickr" / names[row, 0])
    low, high = points.min(axis=1), points.max(axis=1)
    mask = np.ones((count, 19))
    mask[1::2, 8] = 0  # the left eye's inner corner
    savemat(
        root / "AFLWinfo_release.mat",
        {
            "bbox": np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1),
            "data": np.concatenate([own[..., 0], own[..., 1]], axis=1),
            "mask_new": mask,
            "nameList": names,
            "ra": np.array([list(range(count, 0, -1))]),
        },
    )
    return root


def write_cofw(root: Path, count: int = 3) -> Path:
    """Write COFW's two .mat files as HDF5 holds MATLAB 7.3's: axes reversed, pictures by reference; one is grey."""
    own_order = [
        "left eyebrow 0", "right eyebrow 4/9", "left eyebrow 1/2", "right eyebrow 17/18", "left eyebrow 2/9",
        "left eyebrow 7/9", "right eyebrow 2/9", "right eyebrow 6/9", "left eye 0", "right eye 1/2", "left eye 1/2",
        "right eye 0", "left eye 1/4", "left eye 3/4", "right eye 1/4", "right eye 3/4", "left pupil 0",
        "right pupil 0", "nose boundary 0", "nose boundary 1", "nose bridge 1", "nose boundary 1/2", "outer lip 0",
        "outer lip 1/2", "outer lip 1/4", "inner lip 1/4", "inner lip 3/4", "outer lip 3/4", "face contour 1/2",
    ]  # fmt: skip
    root.mkdir(parents=True, exist_ok=True)
    for seed, (split, keys) in enumerate(
        {"train": ("IsTr", "phisTr", "bboxesTr"), "test": ("IsT", "phisT", "bboxesT")}.items()
    ):
        points = place_faces("cofw", count, seed + 30)
        own = points[:, columns_by_name("cofw", own_order)] + 1
        occluded = np.zeros((count, 29))
        occluded[0, 28] = 1  # the first face's chin
        low, high = points.min(axis=1), points.max(axis=1)
        with h5py.File(root / f"COFW_{split}_color.mat", "w") as file:
            references = file.create_dataset(keys[0], (1, count), dtype=h5py.ref_dtype)
            for row, face in enumerate(points):
                picture = dotted(face)[: SIDE - 3]  # not square
                stored = picture[..., 0].T if row == 1 else picture.T
                references[0, row] = file.create_dataset(f"#refs#/{split}{row}", data=stored).ref
            file[keys[1]] = np.concatenate([own[..., 0], own[..., 1], occluded], axis=1).T
            file[keys[2]] = np.concatenate([low + 1, high - low], axis=1).T
    return root


def write_cofw68(root: Path, count: int = 3) -> Path:
    """Add COFW68's annotations of the test pictures to COFW's files."""
    data = root / "COFW68_Data"
    (data / "test_annotations").mkdir(parents=True)
    points = place_faces("300w", count, 31)
    for row, face in enumerate(points):
        occ = np.zeros((1, 68), dtype=np.uint8)
        occ[0, :3] = 1
        savemat(data / "test_annotations" / f"{row + 1}_points.mat", {"Points": face + 1, "Occ": occ})
    low, high = points.min(axis=1), points.max(axis=1)
    savemat(data / "cofw68_test_bboxes.mat", {"bboxes": np.concatenate([low + 1, high - low], axis=1)})
    return root


def write_merl_rav(root: Path) -> Path:
    """Write MERL-RAV's folders as its script makes them; each face has self-occluded and externally occluded points."""
    for seed, pose in enumerate(("frontal", "left", "lefthalf", "right", "righthalf")):
        for split in ("trainset", "testset"):
            points = place_faces("300w", 1, 40 + seed)[0]
            path = root / pose / split / f"image{seed:05d}.jpg"
            draw_dots(points, path)
            lines = [f"{x} {y}" for x, y in points]
            lines[:3] = ["-1 -1"] * 3
            lines[3] = f"-{lines[3].replace(' ', ' -')}"
            path.with_suffix(".pts").write_text("\n".join(["version: 1", "n_points:  68", "{", *lines, "}"]) + "\n")
    return root


def columns_by_name(layout: str, names: list[str]) -> list[int]:
    """Return the layout's columns of landmarks such as "left eye 1/2"."""
    landmarks = load_registry().layouts[layout].landmarks
    return [landmarks.index(LandmarkQuery(*part_and_fpalp(name))) for name in names]


def part_and_fpalp(name: str) -> tuple[str, Fraction]:
    part, _, fpalp = name.rpartition(" ")
    return part, Fraction(fpalp)
