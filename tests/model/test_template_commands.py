from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from faceql.engine.annotated_crops import find_annotated_crops
from faceql.engine.faces import Face
from faceql.engine.registration_picture import draw_registration
from faceql.engine.template_picture import SIDE_PX
from faceql.errors import ConfigError
from faceql.model.data.packs import load_human68
from faceql.model.detector import Detector
from faceql.model.evaluation.predict import predict_landmarks
from faceql.model.reader import LandmarkReader
from faceql.model.template.dense_curves import detect_dense_curves, make_dense_curves
from faceql.model.template.new_layout import read_pack_layout, read_points_file
from faceql.model.template.registration import register_layout
from faceql.querylang.language import extend_language, load_package_language
from faceql.querylang.registry import load_package_registry
from faceql.server.cli import main

from .made_datasets import write_cofw, write_w300, write_wflw
from .made_faces import FOREHEAD, make_faces

REGISTRY = load_package_registry()
DATA = Path(os.environ.get("FACEQL_PACKS", "/work/shared/data"))
PLACES = (*REGISTRY.layouts["cofw"].landmarks, FOREHEAD)


def run(*arguments: object) -> str:
    result = CliRunner().invoke(main, ["template", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(main, ["template", *map(str, arguments)])
    assert result.exit_code == 2
    return result.output


@pytest.fixture(scope="module")
def points_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faces") / "lab30.npz"
    known = make_faces(REGISTRY.layouts["wflw"].landmarks, 20)
    np.savez(path, points=make_faces(PLACES, 20), known=known)
    return path


def test_build_writes_tables_and_a_picture(made_packs: Path, tmp_path: Path) -> None:
    text = run("build", "--data", made_packs, "--out", tmp_path)
    assert "| WFLW | 3 | 98 |" in text
    assert "| 300W + 7 | 12 | 75 |" in text
    told = json.loads((tmp_path / "template.json").read_text())
    assert {layout["title"] for layout in told["layouts"]} == {"WFLW", "300W + 7"}
    picture = np.asarray(Image.open(tmp_path / "template.png"))
    assert picture.shape == (SIDE_PX, SIDE_PX, 3)
    # Each landmark's mark covers its place, in its part's colour: far from the dark paper.
    for landmark in told["landmarks"]:
        x, y = ((np.array(landmark["xy"])) * SIDE_PX / told["template_px"]).round().astype(int)
        assert picture[y - 2 : y + 3, x - 2 : x + 3].max() > 150


def test_build_takes_a_file_of_datasets(tmp_path: Path, made_packs: Path) -> None:
    for write, folder in ((write_w300, "300w"), (write_wflw, "wflw"), (write_cofw, "cofw")):
        write(tmp_path / folder)
    path = tmp_path / "datasets.toml"
    path.write_text("".join(
        f'[{name}]\nkind = "{kind}"\nfolder = "{name}"\n'
        for name, kind in (("300w", "300w"), ("wflw", "wflw"), ("cofw", "cofw"))
    ))  # fmt: skip
    text = run("build", "--datasets", path)
    assert [line.split(" | ")[0] for line in text.splitlines()[4:7]] == ["| WFLW", "| 300W", "| COFW"]
    assert "either --data or --datasets" in refused("build", "--datasets", path, "--data", made_packs)
    assert "either --data or --datasets" in refused("build")


def test_register_writes_a_layout_that_the_language_takes(points_file: Path, tmp_path: Path) -> None:
    run("register", "--points", points_file, "--known", "wflw", "--out", tmp_path)
    told = json.loads((tmp_path / "lab30.json").read_text())
    # WFLW, by which the faces are known, has no nostril wings; no part has the forehead.
    assert [landmark["column"] for landmark in told["landmarks"] if not landmark["is_on_part"]] == [10, 12, 29]
    assert (tmp_path / "lab30.png").is_file()
    layout = extend_language(load_package_language(), tmp_path / "lab30.toml").registry.layouts["lab30"]
    assert [landmark.part for landmark in layout.landmarks] == [
        place.part for column, place in enumerate(PLACES) if column not in (10, 12, 29)
    ]


def test_register_compares_with_a_layout_that_is_named(points_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "cofw.npz"
    with np.load(points_file) as file:
        np.savez(path, points=file["points"][:, :29], known=file["known"])
    text = run("register", "--points", path, "--known", "wflw", "--compare", "cofw", "--name", "lab")
    assert "Part right: 27 of 29 (93.1%)." in text
    assert "Id 11 is nose boundary 0, but was found nearest to, but not on," in text
    assert "has 98 landmarks" in refused("register", "--points", path, "--known", "wflw", "--compare", "wflw")


def test_register_takes_a_packs_layout_by_its_known_points(made_packs: Path) -> None:
    told = json.loads(
        run("register", "--data", made_packs, "--pack", "auto", "--layout", "teacher98", "--by", "points", "--json")
    )
    assert told["registry"]["layout"] == "wflw"
    assert len(told["unplaced"]) == 16
    assert {landmark["part"] for landmark in told["landmarks"] if landmark["is_on_part"]} >= {"left eye", "outer lip"}


def test_surfaces_are_drawn_where_they_can_be(made_packs: Path, tmp_path: Path) -> None:
    run("surfaces", tmp_path / "surfaces.png")
    with Image.open(tmp_path / "surfaces.png") as picture:
        assert picture.size == (1200, 1200)
    assert "does not end in .png" in refused("surfaces", tmp_path / "surfaces.txt")
    assert "cannot write" in refused("surfaces", tmp_path / "none" / "surfaces.png")
    (tmp_path / "file").touch()
    assert "cannot open" in refused("build", "--data", made_packs, "--out", tmp_path / "file" / "folder")


def test_what_cannot_be_registered_is_said(points_file: Path, made_packs: Path, tmp_path: Path) -> None:
    assert "either --points, or --data" in refused("register")
    assert "needs --pack and --layout" in refused("register", "--data", made_packs)
    assert "--images FOLDER" in refused("register", "--points", points_file)
    assert "there is no layout 'w'" in refused("register", "--points", points_file, "--known", "w")
    assert "it has mesh478, points" in refused("register", "--data", made_packs, "--pack", "human68", "--layout", "x")
    # 300W's own points by themselves would find nothing out.
    by_itself = ("--data", made_packs, "--pack", "human68", "--layout", "points", "--by", "points")
    assert "use their pictures" in refused("register", *by_itself)
    named = ("--points", points_file, "--known", "wflw", "--name", "wflw", "--out", tmp_path)
    assert "another --name" in refused("register", *named)


def test_files_of_points(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for name in ("b.jpg", "a.png", "notes.txt"):
        (images / name).write_bytes(b"")
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"points": [[[1, 2], None], [[3, None], [4, 5]]]}))
    layout = read_points_file(path, images, None, 10)
    assert np.array_equal(layout.points, [[[1, 2], [np.nan] * 2], [[3, np.nan], [4, 5]]], equal_nan=True)
    assert [file.name for file in layout.image_paths] == ["a.png", "b.jpg"]
    path.write_text(json.dumps({"points": [[[1, 2]], [[3, 4]]], "images": ["b.jpg", "a.png"]}))
    assert [file.name for file in read_points_file(path, images, None, 1).image_paths] == ["b.jpg"]
    path.write_text(json.dumps({"points": [[None], [[3, 4]]], "images": ["b.jpg", "a.png"]}))
    assert [file.name for file in read_points_file(path, images, None, 2).image_paths] == ["a.png"]
    for table, message in (
        ({"points": [[[1, 2]]], "images": ["c.jpg"]}, "lacks 1 of the pictures"),
        ({"points": [[[1, 2]]]}, "1 faces, but there are 2 pictures"),
        ({"points": [[1, 2]]}, "it needs 'points'"),
        ({"xy": []}, "it needs 'points'"),
        ([], "it needs 'points'"),
    ):
        path.write_text(json.dumps(table))
        with pytest.raises(ConfigError, match=message):
            read_points_file(path, images, None, 10)
    path.write_text(json.dumps({"points": [[[1, 2]]], "known": [[[1, 2]], [[3, 4]]]}))
    with pytest.raises(ConfigError, match="1 faces, but there are 2 faces in 'known'"):
        read_points_file(path, None, "300w", 10)


def test_only_faces_that_no_detector_was_trained_on_are_taken(made_packs: Path) -> None:
    _, validation = load_human68(made_packs / "human68")
    layout = read_pack_layout(made_packs / "human68", "points", 3)
    assert set(layout.image_paths) < set(validation.image_paths)
    assert len(layout.points) == 3


class TwoFaces:
    """Finds a face in the picture's corner and one that fits the made points."""

    def __init__(self, box: tuple[float, float, float, float] | None) -> None:
        self.boxes = [(0.0, 0.0, 20.0, 20.0), *([box] if box else [])]

    def find(self, photo: np.ndarray) -> list[Face]:
        return [Face(box) for box in self.boxes]


def test_the_face_that_carries_the_points_is_cut_out(made_packs: Path, small_detector: Detector) -> None:
    faces = read_pack_layout(made_packs / "human68", "points", 1).to_faces()
    low, high = faces.points[0].min(axis=0), faces.points[0].max(axis=0)
    box = (float(low[0]) - 2, float(low[1]) - 2, float(high[0]) + 2, float(high[1]) + 2)
    found, missed = find_annotated_crops(faces, small_detector, TwoFaces(box))
    unfound, missed_both = find_annotated_crops(faces, small_detector, TwoFaces(None))
    assert (missed, missed_both) == (0, 1)
    for (frame,) in (found, unfound):
        assert np.abs(np.array(frame.center_px) - (low + high) / 2).max() < 0.4 * (high - low).max()


def test_a_layout_of_the_lips_alone_finds_the_whole_face(made_packs: Path, small_detector: Detector) -> None:
    faces = read_pack_layout(made_packs / "human68", "points", 1).to_faces()
    low, high = faces.points[0].min(axis=0), faces.points[0].max(axis=0)
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    lips = replace(faces, points=faces.points[:, 48:])
    ((frame,), missed) = find_annotated_crops(lips, small_detector, TwoFaces(box))
    ((whole,), _) = find_annotated_crops(faces, small_detector, TwoFaces(box))
    assert missed == 0
    assert frame == whole


def test_curves_are_what_the_detector_answers(made_packs: Path, small_detector: Detector) -> None:
    faces = read_pack_layout(made_packs / "human68", "points", 5).to_faces()
    frames, _ = find_annotated_crops(faces, small_detector, TwoFaces(None))
    curves = detect_dense_curves(small_detector, faces, frames, REGISTRY)
    asked = [curves.landmarks[number] for number in range(0, len(curves.landmarks), 35)]
    kept = [number for number, landmark in enumerate(asked) if (landmark.fpalp * 72).denominator == 1]
    points, _ = predict_landmarks(LandmarkReader(small_detector), faces, frames, [asked[number] for number in kept])
    assert len(kept) > 10
    assert np.allclose(curves.points[:, [35 * number for number in kept]], points, atol=1e-3)


def test_the_picture_shows_landmarks_in_their_parts_colours() -> None:
    layout = REGISTRY.layouts["wflw"].landmarks
    curves = make_dense_curves(layout, make_faces(layout, 10), REGISTRY)
    registration = register_layout(make_faces(PLACES, 10), curves, REGISTRY)
    picture = np.asarray(draw_registration(registration))
    assert picture.shape == (SIDE_PX, SIDE_PX, 3)
    # The forehead's grey ring is the topmost mark.
    top = picture[np.flatnonzero((picture.max(axis=2) > 90).any(axis=1))[0]]
    assert np.ptp(top[top.max(axis=1) > 60].astype(int), axis=1).max() < 30


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "human68" / "labels.npz").is_file(), reason="needs the face packs (FACEQL_PACKS)")
def test_real_layouts_are_registered_without_being_told(tmp_path: Path) -> None:
    told = json.loads(run("register", "--data", DATA, "--pack", "human68", "--layout", "points", "--json"))
    assert told["registry"]["right_parts"] == 68
    assert told["registry"]["mean_fpalp_error"] < 0.01
    told = json.loads(run("register", "--data", DATA, "--pack", "human98_dev", "--layout", "points", "--json"))
    assert told["registry"]["right_parts"] >= 94
    assert told["registry"]["mean_fpalp_error"] < 0.025
    told = json.loads(run("register", "--data", DATA, "--pack", "human68", "--layout", "mesh478", "--json"))
    for part, ring in told["mesh_rings"].items():
        assert ring["on_part"] >= 0.9 * ring["size"], part
        assert ring["step_back"] < 0.02, part
