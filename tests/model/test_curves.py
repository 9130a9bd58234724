from fractions import Fraction

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from faceql.model.data.curves import apply_targets, make_scheme, target_matrix
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_registry

from .conftest import face_points


@pytest.fixture(scope="module", params=["300w", "wflw"])
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_targets_pass_through_the_annotated_points(layout: str) -> None:
    landmarks = load_registry().layouts[layout].landmarks
    scheme = make_scheme(landmarks, load_registry())
    matrix = target_matrix(scheme, [q.part for q in landmarks], [float(q.fpalp) for q in landmarks])
    assert np.allclose(matrix, np.eye(len(landmarks)), atol=1e-9)


def test_closed_parts_are_periodic_splines() -> None:
    landmarks = load_registry().layouts["wflw"].landmarks
    points = face_points("wflw")
    scheme = make_scheme(landmarks, load_registry())
    rows = [i for i, q in enumerate(landmarks) if q.part == "left eye"]
    knots = np.append([float(landmarks[i].fpalp) for i in rows], 1.0)
    spline = CubicSpline(knots, points[[*rows, rows[0]]], bc_type="periodic")
    asked = [0.03, 0.5, 0.94, 1.0]
    found = apply_targets(target_matrix(scheme, ["left eye"] * 4, asked), points[None])[0]
    assert np.allclose(found, spline(asked))


def test_a_stretch_without_points_is_unknown() -> None:
    landmarks = load_registry().layouts["300w"].landmarks
    scheme = make_scheme(landmarks, load_registry())
    matrix = target_matrix(scheme, ["left eyebrow"] * 3 + ["left pupil"], [0.2, 4 / 9, 0.6, 0.0])
    targets = apply_targets(matrix, face_points("300w")[None])[0]
    assert np.isfinite(targets[:2]).all()
    assert np.isnan(targets[2:]).all()


def test_a_missing_point_makes_its_curve_unknown_on_that_face_only() -> None:
    landmarks = load_registry().layouts["300w"].landmarks
    scheme = make_scheme(landmarks, load_registry())
    points = np.repeat(face_points("300w")[None], 2, axis=0)
    points[1, 37] = np.nan  # on the left eye
    targets = apply_targets(target_matrix(scheme, ["left eye", "right eye"], [0.4, 0.4]), points)
    assert np.isfinite(targets[0]).all()
    assert np.isnan(targets[1, 0]).all()
    assert np.isfinite(targets[1, 1]).all()


def test_mirrored_columns_mirror_the_targets(layout: str) -> None:
    registry = load_registry()
    landmarks = registry.layouts[layout].landmarks
    scheme = make_scheme(landmarks, registry)
    points = face_points(layout) + np.random.default_rng(0).normal(0, 0.01, size=(len(landmarks), 2))
    mirrored = points[scheme.mirror] * (-1, 1) + (1, 0)
    for query in (LandmarkQuery("left eye", Fraction(1, 5)), LandmarkQuery("face contour", Fraction(1, 7))):
        image = registry.mirror(query)
        straight = apply_targets(target_matrix(scheme, [query.part], [float(query.fpalp)]), points[None])
        turned = apply_targets(target_matrix(scheme, [image.part], [float(image.fpalp)]), mirrored[None])
        assert np.allclose(straight[0, 0] * (-1, 1) + (1, 0), turned[0, 0])


def test_mirroring_twice_is_nothing(layout: str) -> None:
    scheme = make_scheme(load_registry().layouts[layout].landmarks, load_registry())
    assert (scheme.mirror[scheme.mirror] == np.arange(len(scheme.landmarks))).all()


def test_a_landmark_without_a_mirror_image_is_refused() -> None:
    with pytest.raises(ValueError, match="left eye"):
        make_scheme([LandmarkQuery("left eye", Fraction(0))], load_registry())
