"""The surfaces as data: what of the mesh they are, how they are flattened, and what is read off them."""

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceql.errors import ConfigError
from faceql.model.data.packs import load_human68
from faceql.model.data.surface_targets import SurfaceTargets, draw_places
from faceql.model.surface_mesh import BEHIND, PLACES_FILE, VERTICES, cross, load_surface_mesh, triangle_areas
from faceql.model.surface_shape import fit_shape
from faceql.model.template.flattening import Sides, find_triangles, flatten_mesh, flatten_surfaces, read_sides
from faceql.querylang.registry import load_registry
from faceql.querylang.surfaces import load_surfaces

from .made_surfaces import mesh_points, write_meshed_human68

MESH = load_surface_mesh()


def test_surfaces_share_the_mesh_out_and_meet_without_gap_or_overlap() -> None:
    owners = Counter(tuple(triangle) for flat in MESH.surfaces.values() for triangle in flat.triangles.tolist())
    assert set(owners.values()) == {1}
    assert set(owners) <= {tuple(triangle) for triangle in MESH.triangles.tolist()}
    # An edge of a surface is the edge of one other, or of the face, the eyes or the mouth.
    edges = Counter(edge for flat in MESH.surfaces.values() for edge in flat.border)
    assert set(edges.values()) == {1, 2}
    rim = {vertex for edge, times in edges.items() if times == 1 for vertex in edge}
    assert {33, 133, 145, 159, 13, 14, 10, 152} <= rim


def test_left_and_right_mirror_each_other_exactly() -> None:
    for name, flat in MESH.surfaces.items():
        twin = MESH.surfaces[load_surfaces()[name].mirror]
        own = {int(MESH.mirror[v]): (u, w) for v, (u, w) in zip(flat.vertices, flat.uv.tolist(), strict=True)}
        other = {int(v): (u, w) for v, (u, w) in zip(twin.vertices, twin.uv.tolist(), strict=True)}
        assert own.keys() == other.keys()
        assert all(other[v] == (pytest.approx(1 - u, abs=1e-12), w) for v, (u, w) in own.items())
    assert np.array_equal(MESH.shape[MESH.mirror] * (-1, 1), MESH.shape)
    registry = load_registry()
    assert all(
        registry.mirror(place).part == MESH.curve_places[int(MESH.mirror[v])].part
        for v, place in MESH.curve_places.items()
    )


def test_nothing_folds_over_in_the_square_and_the_corners_are_taken() -> None:
    for flat in MESH.surfaces.values():
        assert (flat.uv >= 0).all()
        assert (flat.uv <= 1).all()
        assert {(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)} <= {tuple(place) for place in flat.uv.tolist()}
        begin, ends = flat.corners[:, 0], flat.corners[:, 1:] - flat.corners[:, :1]
        assert begin.shape == (len(flat.triangles), 2)
        areas = np.abs(np.linalg.det(ends)) / 2
        assert areas.min() > 0
        assert areas.sum() == pytest.approx(1, abs=1e-9)


def test_the_stored_flattening_is_what_the_command_makes() -> None:
    stored = json.loads(PLACES_FILE.read_text("utf-8"))
    made = flatten_surfaces(MESH.triangles, MESH.mirror, MESH.shape)
    assert made.keys() == stored["surfaces"].keys() == load_surfaces().keys()
    for name, table in made.items():
        assert table["triangles"] == stored["surfaces"][name]["triangles"]
        assert Fraction(str(table["aspect"])) == load_surfaces()[name].aspect
        for vertex, place in table["places"].items():
            # Solvers differ in the last digit.
            assert place == pytest.approx(stored["surfaces"][name]["places"][vertex], abs=2e-4)


def test_flattening_faces_of_the_mean_shape_gives_that_shape(tmp_path: Path) -> None:
    faces = load_human68(write_meshed_human68(tmp_path))[0]
    table = flatten_mesh(faces.mesh, faces.points, faces.scheme, load_registry())
    assert np.abs(np.array(table["shape"]) - MESH.shape).max() < 0.05
    part, fpalp = table["curves"]["40"]
    assert part == "outer lip"
    assert float(Fraction(fpalp)) == pytest.approx(float(MESH.curve_places[40].fpalp), abs=0.02)


def test_sides_that_enclose_nothing_are_refused() -> None:
    sides = read_sides(MESH.mirror)
    sides["glabella"] = Sides((107, 9, 336), (336, 285), (107, 9, 336), (107, 55))
    with pytest.raises(ConfigError, match="glabella"):
        find_triangles(MESH.triangles, sides)


def test_a_place_is_the_mean_of_the_triangle_that_it_lies_in() -> None:
    for flat in MESH.surfaces.values():
        own = flat.weights(flat.uv)
        assert np.abs(own[np.arange(len(flat.vertices)), flat.vertices] - 1).max() < 1e-6
    uv = np.random.default_rng(0).uniform(size=(200, 2))
    weights = MESH.surfaces["left cheek"].weights(uv)
    assert ((weights > 0).sum(axis=1) <= 3).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    # Neighbouring places lie close together.
    near = MESH.surfaces["left cheek"].weights(np.clip(uv + 1e-4, 0, 1)) @ MESH.shape
    assert np.abs(near - weights @ MESH.shape).max() < 1e-2


def test_targets_follow_the_curves_where_edges_are_curves(tmp_path: Path) -> None:
    faces = load_human68(write_meshed_human68(tmp_path))[0]
    targets = SurfaceTargets(faces.scheme)
    plain = targets.correct(faces.mesh, faces.points)
    assert np.linalg.norm(plain - faces.mesh[:, :VERTICES], axis=-1).mean() < 0.3
    brows = [i for i, q in enumerate(faces.scheme.landmarks) if q.part == "left eyebrow"]
    raised = faces.points.copy()
    raised[:, brows, 1] -= 3
    moved = (plain - targets.correct(faces.mesh, raised))[..., 1]
    assert moved[:, 105].mean() > 2  # on the brow's upper edge
    assert 0.3 < moved[:, 69].mean() < moved[:, 105].mean()  # on the forehead above
    assert np.abs(moved[:, 152]).max() < 0.01  # the chin
    astray = faces.mesh + 20
    assert np.isnan(targets.correct(astray, faces.points)).all()


def test_places_are_drawn_on_all_surfaces_from_the_seed() -> None:
    names, uv = draw_places(MESH, 400, np.random.default_rng(1))
    again, same = draw_places(MESH, 400, np.random.default_rng(1))
    assert names == again
    assert (uv == same).all()
    assert set(names) == set(MESH.surfaces)
    assert ((uv >= 0) & (uv <= 1)).all()


def test_a_scattered_mesh_is_made_whole() -> None:
    rng = np.random.default_rng(2)
    stretch = 1 + 0.1 * rng.normal(size=(60, 1, 2))
    meshes = MESH.shape * stretch
    shape = fit_shape(meshes)
    seen = 40 * meshes[:5] @ np.array([[0.8, 0.6], [-0.6, 0.8]]) + (100, 90)
    scattered = seen + rng.normal(size=seen.shape)
    made = shape.complete(scattered, np.ones(seen.shape[:2]))
    assert np.linalg.norm(made - seen, axis=-1).mean() < 0.4 * np.linalg.norm(scattered - seen, axis=-1).mean()
    # Where nothing is seen, the rest tells.
    blind = np.ones(seen.shape[:2])
    blind[:, :100] = 1e-6
    scattered[:, :100] = 0
    assert np.linalg.norm(shape.complete(scattered, blind) - seen, axis=-1).mean() < 1.5
    with pytest.raises(ConfigError, match="mesh"):
        fit_shape(np.full((3, VERTICES, 2), np.nan))


def test_what_is_folded_over_is_unfolded() -> None:
    folded = MESH.shape.copy()
    folded[50] = folded[205] + (0.1, 0.3)  # inside the left cheek, pushed over its neighbours
    corners = MESH.surfaces["left cheek"].triangles
    before = triangle_areas(MESH.shape, corners)
    assert (triangle_areas(folded, corners) * before < 0).any()
    held = sorted(MESH.curve_places)
    flat = MESH.unfold(folded[None], held)[0]
    assert (triangle_areas(flat, corners) * before > 0).all()
    moved = np.linalg.norm(flat - folded, axis=1)
    assert moved[50] > 0.1 > 0.02 > moved[held].max()


def test_no_surface_of_the_mean_face_is_folded_once_it_is_unfolded() -> None:
    flat = MESH.unfold(MESH.shape[None], sorted(MESH.curve_places))[0]
    for surface in MESH.surfaces.values():
        first, second = (surface.corners[:, i] - surface.corners[:, 0] for i in (1, 2))
        assert (triangle_areas(flat, surface.triangles) * cross(first, second) > 0).all()
    on_others = [one.vertices for name, one in MESH.surfaces.items() if name not in BEHIND]
    behind = np.concatenate([MESH.surfaces[name].vertices for name in BEHIND])
    kept = np.setdiff1d(np.concatenate(on_others), behind)
    assert (flat[kept] == MESH.shape[kept]).all()


def test_made_points_agree_with_the_mesh() -> None:
    points = mesh_points("300w", MESH.shape)
    assert np.linalg.norm(points[36] - MESH.shape[33]) < 1e-6  # the left eye's outer corner
