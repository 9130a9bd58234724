"""Errors by how light the skin looks, by age and by group of people."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from faceql.errors import ConfigError
from faceql.model.crops import CropFrame
from faceql.model.data.packs import AnnotatedFaces, load_human68
from faceql.model.detector import Detector
from faceql.model.evaluation.groups import choose_rows, format_groups, measure_groups, name_groups
from faceql.model.evaluation.predict import landmark_frames
from faceql.model.evaluation.skin_tone import name_skin, typology_angle
from faceql.model.evaluation.subsets import split_human68
from faceql.model.reader import LandmarkReader

from .conftest import face_points


def paint(color: tuple[int, int, int], size: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture of one colour, black but for the cheeks' surroundings, and a face's 68 points on it."""
    picture = np.zeros((size, size, 3), dtype=np.uint8)
    picture[size // 4 :] = color
    return picture, face_points("300w") * size


# L* and b* of the colours by CIE's formulas with sRGB's matrix adapted to D50.
@pytest.mark.parametrize(
    ("color", "light", "b"), [((200, 150, 120), 66.4, 23.5), ((90, 60, 40), 28.5, 17.9), ((240, 210, 190), 86.4, 14.0)]
)
def test_the_angle_is_that_of_the_cheeks_colour(color: tuple[int, int, int], light: float, b: float) -> None:
    angle = typology_angle(*paint(color))
    assert angle == pytest.approx(np.degrees(np.arctan2(light - 50, b)), abs=2)


def test_lighter_skin_has_the_larger_angle_and_another_name() -> None:
    angles = [typology_angle(*paint(color)) for color in ((240, 210, 190), (190, 150, 120), (90, 60, 40))]
    assert all(angle is not None for angle in angles)
    assert sorted(angles, reverse=True) == angles  # type: ignore[type-var]
    assert [name_skin(angle).split()[1] for angle in angles] == ["light", "mid", "dark"]


def test_grey_pictures_and_faces_outside_have_no_angle() -> None:
    assert typology_angle(*paint((150, 150, 150))) is None
    picture, points = paint((200, 150, 120))
    assert typology_angle(picture, points + 1000) is None
    assert name_skin(None) == "picture without colour"


def test_validation_faces_are_split_by_how_light_they_look(made_packs: Path) -> None:
    _, validation = load_human68(made_packs / "human68")
    assert all("picture without colour" in subsets for subsets in split_human68(validation))


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("utk/35_0_3_20170117154729846.jpg.chip_0", ["UTKFace, age 20 to 39", "UTKFace, adults: Indian"]),
        ("utk/2_1_2_20161219161141325.jpg.chip_0", ["UTKFace, age 0 to 2"]),
        ("utk/60_1_1_2017.jpg.chip_0", ["UTKFace, age 60 to 116"]),
        ("aaf/03527A30_0", ["All-Age-Faces, age 20 to 39"]),
        ("aaf/06464A09_0", ["All-Age-Faces, age 3 to 9"]),
        ("lfw_5590/James_Hoffa_0001.jpg", []),
    ],
)
def test_names_tell_groups(name: str, groups: list[str]) -> None:
    assert name_groups(name) == groups


def test_groups_come_in_order_and_are_thinned_evenly() -> None:
    names = [f"utk/{age}_0_0_1.jpg" for age in (70, 9, 25, 5)] + ["aaf/00001A45_0"] + ["utk/1_0_0_1.jpg"] * 250
    chosen = choose_rows(names)
    assert list(chosen) == [
        "All-Age-Faces, age 40 to 59", "UTKFace, age 0 to 2", "UTKFace, age 3 to 9", "UTKFace, age 20 to 39",
        "UTKFace, age 60 to 116", "UTKFace, adults: White",
    ]  # fmt: skip
    youngest = chosen["UTKFace, age 0 to 2"]
    assert len(youngest) == 100
    assert (youngest[0], youngest[-1]) == (5, 254)
    assert max(np.diff(youngest)) <= 3


@pytest.fixture
def aged_pack(made_packs: Path, tmp_path: Path) -> Path:
    """The made pack `auto` with names that tell ages."""
    folder = tmp_path / "auto"
    shutil.copytree(made_packs / "auto", folder)
    with np.load(folder / "labels.npz") as file:
        labels = dict(file)
    labels["names"] = np.array(["utk/25_0_1_1.jpg"] * 3 + ["aaf/00001A70_0"] * 5)
    np.savez(folder / "labels.npz", **labels)
    return folder


def test_groups_are_measured_apart(aged_pack: Path, small_detector: Detector) -> None:
    def find_crops(faces: AnnotatedFaces) -> tuple[list[CropFrame], int]:
        return landmark_frames(faces), int(len(faces) == 5)

    reader = LandmarkReader(small_detector, flip_test=True)
    groups = measure_groups(reader, aged_pack, find_crops)
    assert [(group.name, group.faces, group.found) for group in groups] == [
        ("All-Age-Faces, age 60 to 116", 5, 80.0),
        ("UTKFace, age 20 to 39", 3, 100.0),
        ("UTKFace, adults: Black", 3, 100.0),
    ]
    # Under flip-test the mirrored picture's answer is the mirrored answer.
    assert all(group.mirror.nme < 0.01 for group in groups)
    assert groups[1].label_distance == groups[2].label_distance
    assert groups[0].label_distance.nme > 1
    assert "| UTKFace, adults: Black | 3 | 100.0 | 0.00 (" in format_groups(groups)


def test_packs_that_tell_no_ages_are_refused(made_packs: Path, small_detector: Detector) -> None:
    reader = LandmarkReader(small_detector)
    with pytest.raises(ConfigError, match="has a name as"):
        measure_groups(reader, made_packs / "auto", lambda faces: (landmark_frames(faces), 0))
    with pytest.raises(ConfigError, match="automatic labels"):
        measure_groups(reader, made_packs / "human68", lambda faces: (landmark_frames(faces), 0))
