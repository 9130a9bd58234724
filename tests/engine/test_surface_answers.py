"""Surfaces in answers: masks, meshes, grids, colours, and how they are written down."""

import csv
import io
import json
import pickle

import numpy as np
import pytest

from faceql.engine import MEASURES_INSTRUCTION, Answer, Engine, Face, Photo, write_region_instruction
from faceql.engine.curves import Place
from faceql.engine.layout import lay_out
from faceql.engine.measures import Measures
from faceql.engine.names import name_places
from faceql.errors import ConfigError, ImageError, NoSuchFaceError, NoSuchPointError
from faceql.model.surface_mesh import load_surface_mesh
from faceql.querylang.parse import parse
from faceql.querylang.surfaces import load_surfaces

MESH = load_surface_mesh()
SCALE, MIDDLE = 60.0, np.array([100.0, 90.0])
SIZE = (220, 200)
VERTICES = MESH.shape * SCALE + MIDDLE
CURVES = {"left eye": (100 - 30, 90), "face contour": (100, 150)}


def locate(places: list[Place]) -> np.ndarray:
    """Return where places on surfaces lie on the mean face; curves are points here."""
    return np.array(
        [
            CURVES[place.part]
            if place.v is None
            else (MESH.weights([place.part], np.array([[place.fpalp, place.v]])) @ VERTICES)[0]
            for place in places
        ]
    )


def make_answer(text: str, pixels: np.ndarray | None = None) -> Answer:
    """Return an answer on the mean face."""
    query = parse(text)
    places = lay_out(query, lambda some: locate(list(some)))
    return Answer(
        query=query,
        perspective="viewer",
        parts=tuple(place.part for place in places),
        fpalps=np.array([place.fpalp for place in places]),
        names=name_places(places),
        xy=locate(list(places)).astype(np.float32),
        expected_error=np.full(len(places), 1.0, np.float32),
        error_ellipses=np.tile(np.float32([2, 0.5, 10]), (len(places), 1)),
        face_index=np.zeros(len(places), dtype=np.int64),
        faces=(Face((30.0, 40.0, 170.0, 195.0), 0.9, 1),),
        image_size=SIZE,
        model_version="mean",
        photo=Photo(np.full((*SIZE, 3), 90, np.uint8) if pixels is None else pixels),
        vs=np.array([np.nan if place.v is None else place.v for place in places]),
        vertices=VERTICES[None].astype(np.float32),
    )


def area(ring: np.ndarray) -> float:
    x, y = ring.T
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_a_mask_covers_its_surface_and_neighbours_leave_no_seam() -> None:
    answer = make_answer("left_cheek")
    cheek, nose, forehead = (answer.mask(name) for name in ("left cheek", "left_nose_side", "forehead"))
    rim = VERTICES[[34, 143, 111, 117, 118, 119, 120, 121, 128, 47, 126, 209]]
    assert cheek.shape == SIZE
    assert cheek[115, 60] == 1
    assert cheek[30, 100] == forehead[115, 60] == 0
    assert rim.min() > 0
    # A pixel on the edge between two is shared.
    assert (cheek + nose).max() < 1.001
    x, y = np.rint(VERTICES[[47, 126]].mean(axis=0)).astype(int)
    assert (cheek + nose)[y, x] == pytest.approx(1, abs=0.02)
    soft = answer.mask("left cheek", feather=4)
    assert soft.sum() == pytest.approx(cheek.sum(), rel=0.02)
    assert 0.1 < soft[y, x] < 0.9


def test_a_portion_of_a_surface_has_its_share_of_the_mask() -> None:
    answer = make_answer("left_cheek")
    whole, left, right = (
        answer.mask(name) for name in ("left cheek", *(f"{s} half of the left cheek" for s in ("left", "right")))
    )
    assert (left + right).sum() == pytest.approx(whole.sum(), rel=0.01)
    assert (left + right - whole).max() < 0.3
    x = np.arange(SIZE[1])
    assert (left.sum(axis=0) * x).sum() / left.sum() < (right.sum(axis=0) * x).sum() / right.sum() - 10
    assert answer.mask("left_cheek[0 .. 0.5, 0 .. 1] * 3").sum() == pytest.approx(left.sum())
    chin = answer.mask("chin")
    assert chin.sum() == answer.mask("chin_surface").sum() > 0
    with pytest.raises(ConfigError, match="is a place on the left cheek"):
        answer.mask("apple of the left cheek")
    with pytest.raises(ConfigError, match="all of one surface"):
        answer.mesh("left half of the left cheek")


def test_surfaces_and_curves_make_one_mask(drawn_answer) -> None:
    answer = drawn_answer("60 points on the outer lip")
    height, width = answer.image_size
    mesh = (MESH.shape - MESH.shape.min(axis=0)) / np.ptp(MESH.shape, axis=0) * (width, height)
    object.__setattr__(answer, "vertices", mesh[None].astype(np.float32))
    both = answer.mask("left cheek and outer lip")
    np.testing.assert_array_equal(both, np.maximum(answer.mask("left cheek"), answer.mask("outer lip")))
    assert answer.mask("outer lip").sum() > 0
    with pytest.raises(NoSuchPointError, match="no points"):
        answer.mask("left cheek and left eye")


def test_points_are_found_by_the_portion_they_lie_on() -> None:
    answer = make_answer("forehead grid 4 5; left_cheek[0.72, 0.18]; left_cheek[0.1, 0.9]")
    assert answer.find("upper half of the forehead").tolist() == list(range(10))
    assert answer.find("forehead").tolist() == list(range(20))
    assert answer.find("apple of the left cheek").tolist() == [20]
    assert answer.find("lower half of the left cheek").tolist() == [21]


def test_skin_leaves_out_eyes_brows_and_lips() -> None:
    answer = make_answer("forehead * 1")
    skin = answer.mask("skin")
    for vertices, inside in (
        ((159, 145), 0),
        ((386, 374), 0),
        ((13, 14), 0),
        ((0, 11), 0),
        ((105, 52), 0),
        ((151,), 1),
        ((50,), 1),
        ((4,), 1),
    ):
        x, y = np.rint(VERTICES[list(vertices)].mean(axis=0)).astype(int)
        assert skin[y, x] == inside, vertices
    both = Measures(answer).area("skin")
    assert both == pytest.approx(skin.sum(), rel=0.01)
    whole = sum(
        Measures(answer).area(name)
        for name, surface in load_surfaces().items()
        if surface.is_skin and name != "nose base"
    )
    assert whole <= both * 1.02


def test_the_lid_follows_the_lash_line() -> None:
    answer = make_answer("left_upper_eyelid_surface")
    opened = answer.mask("left upper eyelid surface")
    shut = VERTICES.copy()
    lash = [161, 160, 159, 158, 157]
    shut[lash, 1] += 8
    answer = make_answer("left_upper_eyelid_surface")
    object.__setattr__(answer, "vertices", shut[None].astype(np.float32))
    assert answer.mask("left upper eyelid surface").sum() > opened.sum() + 100


def test_a_patch_of_the_mesh_lies_where_its_places_do() -> None:
    patch = make_answer("left_cheek").mesh("left cheek")
    assert patch.surface == "left cheek"
    assert patch.points.shape == patch.uv.shape == (len(MESH.surfaces["left cheek"].vertices), 2)
    np.testing.assert_allclose(MESH.surfaces["left cheek"].weights(patch.uv) @ VERTICES, patch.points, atol=1e-3)
    corners = patch.points[patch.triangles]
    assert sum(area(corner.astype(float)) for corner in corners) == pytest.approx(
        Measures(make_answer("forehead * 1")).area("left_cheek"), rel=1e-4
    )
    with pytest.raises(ConfigError, match="of one surface"):
        make_answer("left_cheek").mesh("skin")
    with pytest.raises(NoSuchFaceError):
        make_answer("left_cheek").mesh("left cheek", face=1)


def test_each_pixel_of_a_surface_has_its_place() -> None:
    answer = make_answer("left_cheek")
    uv = answer.mesh("left cheek").uv_map(SIZE)
    on = np.isfinite(uv).all(axis=2)
    assert uv.shape == (*SIZE, 2)
    mask = answer.mask("left cheek")
    assert on[mask == 1].mean() > 0.99
    assert not on[mask == 0].any()
    rows, columns = np.nonzero(on)
    back = MESH.surfaces["left cheek"].weights(uv[rows, columns][::25]) @ VERTICES
    np.testing.assert_allclose(back, np.stack([columns, rows], axis=1)[::25], atol=0.05)


def test_triangles_that_are_turned_over_have_no_places() -> None:
    patch = make_answer("left_cheek").mesh("left cheek")
    object.__setattr__(patch, "points", patch.points * np.float32((-1, 1)) + np.float32((200, 0)))
    assert np.isnan(patch.uv_map(SIZE)).all()


def test_the_mesh_of_an_answer_is_read_only(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    answer = shipped_engine.ask(astronaut, "left cheek * 4")
    for one in (answer, pickle.loads(pickle.dumps(answer))):
        with pytest.raises(ValueError, match="read-only"):
            one.vertices[0, 0] = 0


def test_grids_keep_their_rows_and_columns() -> None:
    answer = make_answer("left_cheek * 5; forehead grid 3 4; forehead * 2")
    grid = answer.grid("forehead")
    assert grid.shape == (3, 4, 2)
    assert (np.diff(grid[..., 0], axis=1) > 0).all()
    assert (np.diff(grid[..., 1], axis=0) > 0).all()
    np.testing.assert_array_equal(grid.reshape(-1, 2), answer.xy[5:17])
    with pytest.raises(NoSuchPointError, match="grid"):
        answer.grid("left cheek")


def test_an_outline_at_equal_distances_is_one() -> None:
    answer = make_answer("left_cheek outline * 40 | arc")
    steps = np.linalg.norm(np.diff(answer.xy, axis=0, append=answer.xy[:1]), axis=1)
    assert steps.max() / np.median(steps) < 1.1
    plain = make_answer("left_cheek outline * 40")
    assert plain.xy[0] == pytest.approx(answer.xy[0])
    assert plain.to_svg()
    assert make_answer("left_cheek outline * 40 | polygon").draw(legend=False).size == SIZE[::-1]


def test_measures_heed_curves_alone(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    image = shipped_engine.encode(astronaut)
    with_surface = shipped_engine.ask(image, f"left cheek; {MEASURES_INSTRUCTION}; forehead grid 2 by 2")
    want = shipped_engine.ask(image, MEASURES_INSTRUCTION)
    assert Measures(with_surface).to_dict() == Measures(want).to_dict()


def test_a_region_may_hold_surfaces_and_parts(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    answer = shipped_engine.ask(astronaut, write_region_instruction("left eye and left cheek"))
    both, eye, cheek = (answer.mask(where) for where in ("left eye and left cheek", "left eye", "left cheek"))
    np.testing.assert_allclose(both, np.maximum(eye, cheek), atol=0.02)


def test_points_on_surfaces_are_written_down_and_read_back() -> None:
    answer = make_answer("left_cheek[0.3, 0.6]; left_eye @ 0; forehead grid 2 2")
    assert answer[0].name == "left cheek at (0.3, 0.6)"
    assert (answer[0].v, answer[1].v) == (0.6, None)
    told = json.loads(answer.to_json())
    assert told["points"][0]["v"] == 0.6
    assert "v" not in told["points"][1]
    back = Answer.from_json(answer.to_json())
    assert back == answer
    np.testing.assert_array_equal(back.vs, answer.vs)
    assert answer.find("left_cheek").tolist() == [0]
    rows = list(csv.DictReader(io.StringIO(answer.to_csv())))
    assert (rows[0]["v"], rows[1]["v"]) == ("0.6", "")
    coco = answer.to_coco()
    assert coco["annotations"][0]["num_keypoints"] == 6
    assert pickle.loads(pickle.dumps(answer)).mask("forehead").sum() > 0
    with pytest.raises(NoSuchPointError, match="read from a file"):
        back.mask("forehead")


def test_mean_colours_of_regions() -> None:
    pixels = np.full((*SIZE, 3), (200, 150, 120), np.uint8)
    answer = make_answer("left_cheek", pixels)
    color = Measures(answer).color("left cheek")
    assert color.linear_rgb == pytest.approx((0.5776, 0.3050, 0.1878), abs=1e-4)
    assert color.lab[1] > 10
    # The published CIE values of sRGB's primaries.
    for shown, lab in (
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((255,) * 3, (100, 0, 0)),
    ):
        plain = make_answer("left_cheek", np.full((*SIZE, 3), shown, np.uint8))
        assert Measures(plain).color("left cheek").lab == pytest.approx(lab, abs=0.05)
    assert color.pixels == pytest.approx(answer.mask("left cheek").sum(), rel=1e-5)
    half = pixels.copy()
    half[:, :60] = 0
    darker = Measures(make_answer("left_cheek", half)).color("left cheek")
    assert darker.linear_rgb[0] < color.linear_rgb[0]
    object.__setattr__(answer, "photo", None)
    with pytest.raises(ImageError, match="photo"):
        Measures(answer).color("left cheek")
