"""AFLW-19's, COFW's, COFW68's and MERL-RAV's own files."""

from functools import partial
from pathlib import Path
from typing import get_args

import h5py
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from faceql.errors import ConfigError
from faceql.model.data.datasets import catalogue
from faceql.model.data.datasets.aflw import LIST_NUMBERS, load_aflw
from faceql.model.data.datasets.catalogue import Dataset
from faceql.model.data.datasets.cofw import FILE_NUMBERS, load_cofw, load_cofw68
from faceql.model.data.datasets.merl_rav import load_merl_rav
from faceql.model.data.packs import AnnotatedFaces, Visibility
from faceql.querylang.registry import load_registry

from .made_datasets import place_faces, write_aflw, write_cofw, write_cofw68, write_merl_rav, write_w300, write_wflw
from .test_datasets_text import assert_dots, load


@pytest.fixture(scope="module")
def cofw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cofw68(write_cofw(tmp_path_factory.mktemp("cofw")))


@pytest.fixture(scope="module")
def aflw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_aflw(tmp_path_factory.mktemp("aflw"))


def test_aflw_follows_its_split_and_numbers(aflw: Path) -> None:
    train, test = load_aflw(aflw, "train", train_faces=4), load_aflw(aflw, "test", train_faces=4)
    made = place_faces("aflw", 6, 20)
    # `ra` counts down from the last row.
    assert np.allclose(train.points, made[[5, 4, 3, 2]])
    assert np.allclose(test.points, made[[1, 0]])
    assert test.names == ("2/image00001.jpg#2", "0/image00000.jpg#1")
    assert test.subsets == ((), ("frontal",))
    assert test.visibility is not None
    hidden = np.argwhere(test.visibility == Visibility.SELF_OCCLUDED)
    inner_corner = test.scheme.landmarks[hidden[0, 1]]
    assert (len(hidden), inner_corner.part, float(inner_corner.fpalp)) == (1, "left eye", 0.5)
    assert np.isfinite(test.points).all()
    assert np.allclose(test.boxes, np.concatenate([made[[1, 0]].min(axis=1), made[[1, 0]].max(axis=1)], axis=1))
    assert_dots(train)


def test_aflw_is_a_dataset_of_20000_training_faces(aflw: Path) -> None:
    with pytest.raises(ConfigError, match="6 faces, all for training"):
        load(aflw, "aflw19")


def test_aflw_says_what_is_wrong(tmp_path: Path) -> None:
    root = write_aflw(tmp_path / "aflw")
    path = root / "AFLWinfo_release.mat"
    table = {key: value for key, value in loadmat(path).items() if not key.startswith("__")}
    savemat(path, table | {"data": table["data"][:, :36]})
    with pytest.raises(ConfigError, match=r"release\.mat: data is \(6, 36\), not \(6, 38\)"):
        load_aflw(root, "test", 3)
    savemat(path, table | {"ra": table["ra"] * 0 + 1})
    with pytest.raises(ConfigError, match="each of the 6 faces once"):
        load_aflw(root, "test", 3)
    swapped = np.concatenate([table["data"][:, 19:], table["data"][:, :19]], axis=1)
    savemat(path, table | {"data": swapped})
    with pytest.raises(ConfigError, match="left eye left of the right"):
        load_aflw(root, "test", 3)
    savemat(path, {key: value for key, value in table.items() if key != "mask_new"})
    with pytest.raises(ConfigError, match="has no mask_new"):
        load_aflw(root, "test", 3)
    savemat(path, table)
    (root / "data" / "flickr" / "2" / "image00001.jpg").unlink()
    with pytest.raises(ConfigError, match=r"row 2: picture .*image00001\.jpg is missing \(1 of 3 are\)"):
        load_aflw(root, "test", 3)
    (root / "data").rename(root / "moved")
    with pytest.raises(ConfigError, match="data/flickr"):
        load_aflw(root, "test", 3)
    path.write_bytes(b"nothing")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_aflw(root, "test", 3)
    path.unlink()
    with pytest.raises(ConfigError, match=r"release\.mat is missing"):
        load_aflw(root, "test", 3)


def test_cofw_reads_points_pictures_and_occlusion(cofw: Path, tmp_path: Path) -> None:
    for split, seed in (("train", 30), ("test", 31)):
        faces = load_cofw(cofw, split, tmp_path / "pictures")
        made = place_faces("cofw", 3, seed)
        assert np.allclose(faces.points, made)
        assert faces.visibility is not None
        assert np.argwhere(faces.visibility == Visibility.EXTERNALLY_OCCLUDED).tolist() == [[0, 0]]  # the chin
        assert np.allclose(faces.boxes, np.concatenate([made.min(axis=1), made.max(axis=1)], axis=1))
        for row in range(3):  # the second is grey
            assert faces.read_image(row).shape == (93, 96, 3)
            assert_dots(faces, row)


def test_cofw_pictures_are_written_once(cofw: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    first = load_cofw(cofw, "test", pictures)
    times = [path.stat().st_mtime_ns for path in first.image_paths]
    assert [path.name for path in first.image_paths] == [f"test_{i:04d}.png" for i in (1, 2, 3)]
    second = load_cofw(cofw, "test", pictures)
    assert [path.stat().st_mtime_ns for path in second.image_paths] == times
    blocked = tmp_path / "a file"
    blocked.write_text("")
    with pytest.raises(ConfigError, match="pictures = "):
        load_cofw(cofw, "test", blocked / "pictures")


def test_cofw68_is_the_test_pictures_with_68_points(cofw: Path) -> None:
    made = load(cofw, "cofw68")
    (faces,) = made.tests.values()
    assert made.train == ()
    assert np.allclose(faces.points, place_faces("300w", 3, 31))
    assert faces.visibility is not None
    assert (faces.visibility[:, :3] == Visibility.EXTERNALLY_OCCLUDED).all()
    assert (faces.visibility[:, 3:] == Visibility.VISIBLE).all()
    assert [path.name for path in faces.image_paths] == ["test_0001.png", "test_0002.png", "test_0003.png"]
    assert set(load(cofw, "cofw").tests) == {"full"}


def test_cofw_says_what_is_wrong(tmp_path: Path) -> None:
    root = write_cofw68(write_cofw(tmp_path / "cofw"))
    (root / "COFW68_Data" / "test_annotations" / "2_points.mat").unlink()
    with pytest.raises(ConfigError, match=r"2_points\.mat is missing: COFW68's face 2"):
        load_cofw68(root, tmp_path / "pictures")
    savemat(root / "COFW68_Data" / "test_annotations" / "2_points.mat", {"Points": np.ones((29, 2)), "Occ": [0] * 29})
    with pytest.raises(ConfigError, match=r"2_points\.mat: Points is \(29, 2\)"):
        load_cofw68(root, tmp_path / "pictures")
    path = root / "COFW_test_color.mat"
    with h5py.File(path, "a") as file:
        del file["phisT"]
        file["phisT"] = np.ones((58, 3))
    with pytest.raises(ConfigError, match=r"phisT is \(3, 58\), not \(3, 87\)"):
        load_cofw(root, "test", tmp_path / "pictures")
    with h5py.File(path, "a") as file:
        del file["bboxesT"]
    with pytest.raises(ConfigError, match="has no bboxesT"):
        load_cofw(root, "test", tmp_path / "pictures")
    path.write_bytes(b"nothing")
    with pytest.raises(ConfigError, match=r"version 7\.3"):
        load_cofw(root, "test", tmp_path / "pictures")
    path.unlink()
    with pytest.raises(ConfigError, match=r"COFW_test_color\.mat is missing"):
        load_cofw(root, "test", tmp_path / "pictures")


def test_merl_rav_tells_three_kinds_of_points(tmp_path: Path) -> None:
    root = write_merl_rav(tmp_path / "merl_rav_organized")
    made = load(root, "merl_rav")
    assert {name: len(faces) for name, faces in made.tests.items()} == {
        "full": 5, "frontal": 1, "left": 1, "lefthalf": 1, "right": 1, "righthalf": 1,
    }  # fmt: skip
    faces = made.tests["full"]
    assert faces.visibility is not None
    assert np.isnan(faces.points[:, :3]).all()
    assert (faces.visibility[:, :3] == Visibility.SELF_OCCLUDED).all()
    assert (faces.visibility[:, 3] == Visibility.EXTERNALLY_OCCLUDED).all()
    assert (faces.visibility[:, 4:] == Visibility.VISIBLE).all()
    assert np.allclose(faces.points[2, 3:], place_faces("300w", 1, 42)[0, 3:])
    assert faces.names[2] == "lefthalf/image00002"
    (root / "right" / "testset").rename(root / "right" / "elsewhere")
    with pytest.raises(ConfigError, match="right test faces"):
        load_merl_rav(root, "test")


def load_each(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[Dataset]:
    """Write every kind of dataset and read it through one file."""
    monkeypatch.setattr(catalogue, "load_aflw", partial(load_aflw, train_faces=3))
    write_w300(root / "w300", per_folder=1)
    write_wflw(root / "wflw", count=2)
    write_aflw(root / "aflw")
    write_cofw68(write_cofw(root / "cofw"))
    write_merl_rav(root / "merl")
    folders = {
        "300w": "w300", "wflw": "wflw", "wflw68": "wflw", "wflw_e": "wflw", "aflw19": "aflw", "cofw": "cofw",
        "cofw68": "cofw", "merl_rav": "merl",
    }  # fmt: skip
    assert {*folders, "pack"} == set(get_args(catalogue.Kind))
    path = root / "all.toml"
    path.write_text("".join(f'[{kind}]\nkind = "{kind}"\nfolder = "{name}"\n' for kind, name in folders.items()))
    return list(catalogue.load_datasets(path).values())


def test_faces_of_every_kind_are_mirror_symmetric_and_run_along_their_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The made faces are symmetric and smooth, so points in a wrong column break the symmetry or the run."""
    registry = load_registry()
    for dataset in load_each(tmp_path, monkeypatch):
        for faces in (*dataset.train, *dataset.tests.values()):
            landmarks = faces.scheme.landmarks
            mirrored = [landmarks.index(registry.mirror(landmark)) for landmark in landmarks]
            across = faces.points[..., 0] + faces.points[:, mirrored, 0]
            assert np.nanmax(np.abs(across - np.nanmean(across, axis=1, keepdims=True))) < 1, faces.name
            assert np.nanmax(np.abs(faces.points[..., 1] - faces.points[:, mirrored, 1])) < 1, faces.name
            sizes = np.nanmax(faces.points, axis=1) - np.nanmin(faces.points, axis=1)
            for curve in faces.scheme.curves:
                if curve.is_dense:
                    steps = np.linalg.norm(np.diff(faces.points[:, curve.columns], axis=1), axis=-1)
                    assert (steps[np.isfinite(steps)] < 0.25 * sizes.max()).all(), (faces.name, curve.part)
            assert_upright(faces)
            assert len(faces.names) == len(set(faces.names))
            low = np.nanmin(faces.points, axis=1) - np.nanmin(faces.frame_points, axis=1)
            high = np.nanmax(faces.frame_points, axis=1) - np.nanmax(faces.points, axis=1)
            assert (low > -1e-6).all(), faces.name  # the crop's box holds the points
            assert (high > -1e-6).all(), faces.name


def assert_upright(faces: AnnotatedFaces) -> None:
    parts = np.array([landmark.part for landmark in faces.scheme.landmarks])

    def center(part: str) -> np.ndarray:
        return np.nanmean(faces.points[:, parts == part], axis=1)

    assert (center("left eye")[:, 0] < center("right eye")[:, 0]).all(), faces.name
    assert (center("left eyebrow")[:, 1] < center("left eye")[:, 1]).all(), faces.name
    if "outer lip" in parts:  # WFLW_E has none
        assert (center("left eye")[:, 1] < center("outer lip")[:, 1]).all(), faces.name
        assert (center("outer lip")[:, 1] < np.nanmax(faces.points[..., 1], axis=1)).all(), faces.name


# Mean faces of the published training sets in the files' own order, rounded, as PIPNet's `meanface.txt` prints them:
# facts about the true files, against which a table that is wrong for them fails.
AFLW_MEAN = (
    (0.25, 0.23), (0.34, 0.21), (0.43, 0.23), (0.56, 0.23), (0.66, 0.20), (0.75, 0.22), (0.29, 0.32), (0.36, 0.31),
    (0.42, 0.32), (0.58, 0.32), (0.65, 0.31), (0.71, 0.31), (0.40, 0.53), (0.50, 0.51), (0.60, 0.53), (0.38, 0.69),
    (0.50, 0.70), (0.63, 0.69), (0.51, 0.93),
)  # fmt: skip
COFW_MEAN = (
    (0.09, 0.15), (0.93, 0.14), (0.40, 0.15), (0.62, 0.15), (0.24, 0.10), (0.24, 0.14), (0.78, 0.09), (0.79, 0.13),
    (0.17, 0.24), (0.86, 0.23), (0.38, 0.25), (0.66, 0.24), (0.28, 0.20), (0.28, 0.27), (0.76, 0.19), (0.76, 0.26),
    (0.28, 0.23), (0.76, 0.22), (0.38, 0.49), (0.66, 0.49), (0.52, 0.47), (0.52, 0.54), (0.32, 0.66), (0.73, 0.66),
    (0.52, 0.63), (0.53, 0.66), (0.53, 0.70), (0.53, 0.75), (0.54, 0.95),
)  # fmt: skip


@pytest.mark.parametrize(
    ("layout", "numbers", "mean"), [("aflw", LIST_NUMBERS, AFLW_MEAN), ("cofw", FILE_NUMBERS, COFW_MEAN)]
)
def test_own_numbers_become_the_papers_by_geometry(
    layout: str, numbers: tuple[int, ...], mean: tuple[tuple[float, float], ...]
) -> None:
    registry = load_registry()
    landmarks = registry.layouts[layout].landmarks
    assert sorted(numbers) == list(range(1, len(landmarks) + 1))
    points = np.array(mean)[np.array(numbers) - 1]
    at = dict(zip(landmarks, points, strict=True))
    middle = points[:, 0].mean()
    for landmark, (x, y) in at.items():
        # The mirror image of a mean face is itself, about a line that may lie a little off the mean.
        mirrored = at[registry.mirror(landmark)]
        assert x - middle == pytest.approx(middle - mirrored[0], abs=0.06), landmark
        assert y == pytest.approx(mirrored[1], abs=0.02), landmark
        if landmark.part.startswith("left"):
            assert x < middle, landmark
    for part in ("left eyebrow", "right eyebrow", "left eye", "right eye", "outer lip", "inner lip"):
        curve = sorted((float(q.fpalp), *xy) for q, xy in at.items() if q.part == part)
        if len(curve) > 2:  # clockwise as seen: along the upper edge to the right, back along the lower one
            x, y = np.array(curve)[:, 1:].T
            assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0, part

    def height(part: str) -> float:
        return float(np.mean([xy[1] for q, xy in at.items() if q.part == part]))

    order = ["left eyebrow", "left eye", "nose bridge", "nose boundary", "outer lip", "face contour"]
    assert sorted(order, key=height) == order
