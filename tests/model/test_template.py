from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceql.errors import ConfigError
from faceql.model.data.curves import AnnotationScheme
from faceql.model.data.packs import AnnotatedFaces
from faceql.model.template.clusters import find_clusters
from faceql.model.template.mean_shapes import MeanShape, align_shapes, make_mean_shapes, procrustes_mean, to_complex
from faceql.model.template.template_report import to_json, to_markdown
from faceql.model.template.unified import build_template
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_package_registry

from .made_faces import make_faces

REGISTRY = load_package_registry()


def faces_of(landmarks: tuple[LandmarkQuery, ...], count: int = 12, seed: int = 0) -> AnnotatedFaces:
    points = make_faces(landmarks, count, seed=seed)
    columns = len(landmarks)
    scheme = AnnotationScheme(landmarks, (), np.arange(columns))
    paths = tuple(Path(f"{i}.jpg") for i in range(count))
    return AnnotatedFaces("made", scheme, paths, points, points, np.ones(columns), ("made",) * count)


def faces_in(layout: str, **settings: int) -> AnnotatedFaces:
    return faces_of(REGISTRY.layouts[layout].landmarks, **settings)


def test_eq_8_gives_the_registry_its_fpalps() -> None:
    template = build_template([faces_in(layout, count=60) for layout in ("300w", "wflw", "aflw")], REGISTRY)
    titles = [shape.title for shape in template.shapes]
    assert titles == ["WFLW", "300W", "AFLW"]
    wrong = {
        (titles[landmark.layout], landmark.part): round(template.difference(landmark, landmark.registry_fpalp), 3)
        for landmark in template.placed
        if abs(template.difference(landmark, landmark.registry_fpalp)) > 0.01
    }
    # Table 8 prints 0 for the inner end of the right eyebrow; the registry mirrors the left one, as T_U does.
    assert wrong == {}


def test_a_layout_that_begins_earlier_sets_the_start() -> None:
    # 300W's nose boundary starts one step after AFLW's: RelativePosition is 1, and N_p is 7.
    template = build_template([faces_in("300w"), faces_in("aflw")], REGISTRY)
    nose = [landmark.fpalp for landmark in template.placed if landmark.part == "nose boundary" and landmark.layout == 0]
    assert nose == pytest.approx([i / 6 for i in range(1, 6)])
    alone = build_template([faces_in("300w")], REGISTRY)
    nose = [landmark.fpalp for landmark in alone.placed if landmark.part == "nose boundary"]
    assert nose == pytest.approx([i / 4 for i in range(5)])


def test_the_mean_shape_is_the_shape_of_noisy_turned_copies() -> None:
    shape = np.random.default_rng(0).normal(size=(9, 2))
    rng = np.random.default_rng(1)
    turns = rng.uniform(0.5, 2, 30) * np.exp(1j * rng.uniform(-1, 1, 30))
    copies = to_complex(shape)[None] * turns[:, None] + rng.normal(size=(30, 1)) + 0.01 * rng.normal(size=(30, 9))
    copies[::3, 4] = np.nan
    mean = procrustes_mean(copies)
    truth = to_complex(shape) - to_complex(shape).mean()
    turn = (truth.conj() * mean).sum() / (abs(truth) ** 2).sum()
    assert np.abs(mean - truth * turn).max() < 0.02 * abs(turn)


def test_mean_shapes_are_upright_symmetric_and_without_empty_columns() -> None:
    faces = faces_in("wflw")
    points = faces.points.copy()
    points[:, [1, 31]] = np.nan
    (shape,) = make_mean_shapes([replace(faces, points=points), faces_of(faces.scheme.landmarks, 3)], REGISTRY)
    assert shape.faces == 15
    assert len(shape.landmarks) == 98
    (shape,) = make_mean_shapes([replace(faces, points=points)], REGISTRY)
    assert len(shape.landmarks) == 96
    column = {landmark: i for i, landmark in enumerate(shape.landmarks)}
    for landmark in shape.landmarks:
        here, there = shape.points[column[landmark]], shape.points[column[REGISTRY.mirror(landmark)]]
        assert here[1] == pytest.approx(there[1], abs=1e-6)
    chin = shape.points[column[LandmarkQuery("face contour", Fraction(1, 2))]]
    nose = shape.points[column[LandmarkQuery("nose bridge", Fraction(0))]]
    assert chin[1] > nose[1]


def test_sets_of_one_layout_are_taken_together() -> None:
    w300 = REGISTRY.layouts["300w"].landmarks
    more = (*w300, LandmarkQuery("left pupil", Fraction(0)), LandmarkQuery("right pupil", Fraction(0)))
    shapes = make_mean_shapes([faces_of(more, 4), faces_of(w300, 8), faces_in("wflw")], REGISTRY)
    assert [(shape.title, shape.faces, len(shape.landmarks)) for shape in shapes] == [
        ("300W + 2", 12, 70),
        ("WFLW", 12, 98),
    ]
    eyes = tuple(landmark for landmark in w300 if landmark.part.endswith("eye"))
    assert make_mean_shapes([faces_of(eyes)], REGISTRY)[0].title == "12 points"


def test_clusters_hold_each_layout_once_and_no_neighbours() -> None:
    shapes = align_shapes(make_mean_shapes([faces_in("300w"), faces_in("wflw", seed=1)], REGISTRY), REGISTRY)
    clusters = find_clusters(shapes, REGISTRY)
    members = [member for cluster in clusters for member in cluster.members]
    assert len(members) == len(set(members)) == 68 + 98
    for cluster in clusters:
        assert len({layout for layout, _ in cluster.members}) == len(cluster.members)
    together = {
        tuple(sorted(str(shapes[layout].landmarks[column].fpalp) for layout, column in cluster.members))
        for cluster in clusters
        if cluster.part == "face contour" and len(cluster.members) == 2
    }
    assert together == {(str(Fraction(i, 16)),) * 2 for i in range(17)}


def test_the_distance_in_a_cluster_is_that_between_its_members() -> None:
    landmarks = tuple(LandmarkQuery("nose bridge", Fraction(i, 3)) for i in range(4))
    line = np.stack([np.zeros(4), np.linspace(0, 30, 4)], axis=1)
    beside = [MeanShape("a", landmarks, line, 1), MeanShape("b", landmarks, line + np.array([3.0, 0.0]), 1)]
    assert [cluster.distance for cluster in find_clusters(beside, REGISTRY)] == [3.0] * 4
    apart = replace(beside[1], points=line + np.array([6.0, 0.0]))
    assert len(find_clusters([beside[0], apart], REGISTRY)) == 8


def test_where_an_open_part_begins_is_joined_with_where_it_begins() -> None:
    # The sparser layout's start is nearer to the denser one's second landmark, as 300W's jaw end is to WFLW's.
    dense = tuple(LandmarkQuery("face contour", Fraction(i, 6)) for i in range(7))
    sparse = dense[::2]
    along = np.stack([np.arange(7) * 10.0, np.zeros(7)], axis=1)
    moved = along[::2] + np.array([[6.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    clusters = find_clusters([MeanShape("a", dense, along, 1), MeanShape("b", sparse, moved, 1)], REGISTRY)
    pairs = {cluster.members for cluster in clusters if len(cluster.members) == 2}
    assert pairs == {((0, 2 * i), (1, i)) for i in range(4)}


def test_the_report_sets_the_papers_figures_beside_ours() -> None:
    template = build_template([faces_in("wflw"), faces_in("cofw", seed=1)], REGISTRY)
    text = to_markdown(template)
    distance, clusters = template.intra_cluster_distances()["left eye"]
    relative = 100 * distance / template.inter_ocular_px
    assert f"| left eye | {clusters} | {distance:.2f} | {relative:.2f} | 1.59 |" in text
    # COFW's brows have four points, evenly spaced by their index; Table 9 prints 2/9 and 7/9.
    assert "| COFW | 3 | left eyebrow |" in text
    told = json.loads(to_json(template))
    assert len(told["landmarks"]) == 98 + 29
    assert told["intra_cluster_distance_px"]["left eye"] == distance


def test_layouts_that_share_nothing_are_refused() -> None:
    eyes = tuple(q for q in REGISTRY.layouts["wflw"].landmarks if q.part == "left eye")
    brows = tuple(q for q in REGISTRY.layouts["wflw"].landmarks if q.part == "right eyebrow")
    with pytest.raises(ConfigError, match="shares 0 landmarks"):
        build_template([faces_of(eyes), faces_of(brows)], REGISTRY)
    with pytest.raises(ConfigError, match="no face"):
        build_template([faces_in("wflw").subset(np.zeros(12, dtype=bool), "none")], REGISTRY)
