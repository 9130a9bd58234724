from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceql.errors import ConfigError
from faceql.model.template.dense_curves import make_dense_curves
from faceql.model.template.layout_file import to_language_file
from faceql.model.template.layout_splines import LARGEST_REACH, make_layout_spline
from faceql.model.template.mirror_pairs import find_mirror_pairs
from faceql.model.template.registration import Registration, register_layout
from faceql.model.template.registration_report import compare_with_layout, name_region, to_markdown
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.language import extend_language, load_package_language
from faceql.querylang.registry import Layout, load_package_registry

from .made_faces import FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK, make_faces

REGISTRY = load_package_registry()
FACES = 30


def at(part: str, fpalp: str) -> LandmarkQuery:
    return LandmarkQuery(part, Fraction(fpalp))


# No layout of the registry, in no order; each landmark but the first has its mirror image.
HIDDEN = (
    at("left eye", "1/9"),
    at("nose bridge", "3/4"),
    at("face contour", "3/10"),
    at("outer lip", "1/8"),
    FOREHEAD,
    at("right eyebrow", "1/3"),
    at("inner lip", "11/12"),
    at("face contour", "7/10"),
    LEFT_CHEEK,
    at("left eyebrow", "1/9"),
    at("right pupil", "0"),
    at("nose boundary", "1/5"),
    at("outer lip", "3/8"),
    at("left pupil", "0"),
    at("inner lip", "7/12"),
    RIGHT_CHEEK,
    at("nose boundary", "4/5"),
    at("face contour", "1/2"),
    at("outer lip", "3/4"),
)


def register(places: tuple = HIDDEN, known: str = "wflw", faces: int = FACES) -> Registration:
    layout = REGISTRY.layouts[known].landmarks
    curves = make_dense_curves(layout, make_faces(layout, faces), REGISTRY)
    return register_layout(make_faces(places, faces), curves, REGISTRY)


@pytest.fixture(scope="module")
def registration() -> Registration:
    return register()


def test_a_hidden_layout_is_found_again(registration: Registration) -> None:
    for landmark, place in zip(registration.landmarks, HIDDEN, strict=True):
        if isinstance(place, str):
            assert not landmark.is_on_part, place
            assert landmark.residual > 0.1
            continue
        assert landmark.is_on_part, place
        assert landmark.part == place.part
        miss = float(landmark.fpalp - place.fpalp)
        if REGISTRY.parts[place.part].is_closed:
            miss = (miss + 0.5) % 1 - 0.5
        assert abs(miss) < 0.012, place
        assert landmark.residual < 0.03


def test_mirror_images_are_found_and_placed_as_such(registration: Registration) -> None:
    partners = {(2, 7), (3, 12), (6, 14), (8, 15), (10, 13), (11, 16)}
    for a, b in partners:
        assert (registration.landmarks[a].mirror, registration.landmarks[b].mirror) == (b, a)
    for a, b in partners - {(8, 15)}:
        assert REGISTRY.mirror(registration.landmarks[a].query) == registration.landmarks[b].query
    for alone in (4, 17, 18):
        assert registration.landmarks[alone].mirror == alone
    assert registration.landmarks[17].fpalp == Fraction(1, 2)
    assert registration.landmarks[0].mirror is None


def test_what_lies_on_no_part_is_said_in_words(registration: Registration) -> None:
    regions = [name_region(registration, registration.landmarks[column]) for column in (4, 8, 15)]
    assert regions == ["forehead", "cheeks", "cheeks"]
    text = to_markdown(registration, "mine", "made", None)
    assert "16 of 19 landmarks lie on parts" in text
    assert "On no part: 3 (cheeks 2, forehead 1)." in text


def test_a_landmark_beside_a_part_is_not_on_it() -> None:
    places = (at("left eye", "1/4"), at("left eye", "3/4"))
    layout = REGISTRY.layouts["wflw"].landmarks
    curves = make_dense_curves(layout, make_faces(layout, FACES), REGISTRY)
    points = make_faces(places, FACES)
    # Three hundredths of inter-ocular above the lid, always: close, but no nearer for more faces.
    down = points[:, 1] - points[:, 0]
    points[:, 0] -= 0.03 * curves.inter_ocular[:, None] * down / np.linalg.norm(down, axis=1, keepdims=True)
    above, below = register_layout(points, curves, REGISTRY).landmarks
    assert above.part == below.part == "left eye"
    assert below.is_on_part
    assert not above.is_on_part
    assert above.offset[1] == pytest.approx(-0.03, abs=0.005)


def test_known_stretches_only_are_registered_on() -> None:
    # 300W has no lower edge of the brows and no pupils.
    registration = register((at("left eyebrow", "2/9"), at("left eyebrow", "7/9")), "300w")
    assert registration.landmarks[0].is_on_part
    assert not registration.landmarks[1].is_on_part


def test_points_are_mapped_to_another_layout() -> None:
    wflw = REGISTRY.layouts["wflw"].landmarks
    registration = register(wflw)
    asked = REGISTRY.layouts["300w"].landmarks
    mapped = registration.map_points(make_faces(wflw, 6, seed=5, noise=0), asked)
    truth = make_faces(asked, 6, seed=5, noise=0)
    corners = [asked.index(at("left eye", "0")), asked.index(at("right eye", "1/2"))]
    size = np.linalg.norm(truth[:, corners[1]] - truth[:, corners[0]], axis=1)
    error = np.linalg.norm(mapped - truth, axis=2) / size[:, None]
    assert error.max() < 0.05
    assert error.mean() < 0.01


def test_offsets_are_taken_off_in_each_faces_own_frame() -> None:
    wflw = REGISTRY.layouts["wflw"].landmarks
    layout = (*wflw[:33:2], *wflw[60:76])
    left, right = layout.index(at("left eye", "0")), layout.index(at("right eye", "1/2"))

    def draw_higher(points: np.ndarray) -> np.ndarray:
        """Return the points with the jaw's a little up the face, as another layout might draw it."""
        line = points[:, right] - points[:, left]
        up = np.stack([line[:, 1], -line[:, 0]], axis=-1)
        moved = points.copy()
        moved[:, :17] += 0.05 * up[:, None]
        return moved

    known = make_faces(layout, FACES)
    registration = register_layout(draw_higher(known), make_dense_curves(layout, known, REGISTRY), REGISTRY)
    truth = make_faces(layout, 5, seed=9, noise=0)
    chin = [at("face contour", "1/2")]
    size = np.linalg.norm(truth[:, right] - truth[:, left], axis=1)

    def miss(take_offsets_off: bool) -> np.ndarray:
        mapped = registration.map_points(draw_higher(truth), chin, take_offsets_off=take_offsets_off)
        return np.linalg.norm(mapped[:, 0] - truth[:, 8], axis=1) / size

    assert miss(False) == pytest.approx(0.05, abs=0.012)
    assert miss(True).max() < 0.012


def test_what_a_layout_lacks_is_not_made_up(registration: Registration) -> None:
    mapped = registration.map_points(make_faces(HIDDEN, 2), [at("left eye", "3/4"), at("left pupil", "0")])
    assert np.isnan(mapped[:, 0]).all()
    assert np.isfinite(mapped[:, 1]).all()
    with pytest.raises(ConfigError, match="19 landmarks"):
        registration.map_points(np.zeros((1, 5, 2)), [at("left pupil", "0")])


def test_a_missing_point_spoils_its_own_part_only(registration: Registration) -> None:
    points = make_faces(HIDDEN, 2)
    points[0, 17] = np.nan
    mapped = registration.map_points(points, [at("face contour", "1/2"), at("right pupil", "0")])
    assert np.isnan(mapped[0, 0]).all()
    assert np.isfinite(mapped[0, 1]).all()
    assert np.isfinite(mapped[1]).all()


def test_missing_annotation_is_left_out() -> None:
    layout = REGISTRY.layouts["wflw"].landmarks
    known = make_faces(layout, FACES)
    known[::4, 60:68] = np.nan  # the left eye, and with it the frame of these faces
    curves = make_dense_curves(layout, known, REGISTRY)
    points = make_faces(HIDDEN, FACES)
    points[1::4, 3] = np.nan
    points[:, 5] = np.nan
    registration = register_layout(points, curves, REGISTRY)
    assert registration.landmarks[3].is_on_part
    assert registration.landmarks[3].part == "outer lip"
    assert registration.landmarks[5].part == ""
    assert not registration.landmarks[5].is_on_part
    assert "Annotated on too few faces to place: 5." in to_markdown(registration, "mine", "made", None)


def test_bad_faces_are_refused() -> None:
    layout = REGISTRY.layouts["wflw"].landmarks
    curves = make_dense_curves(layout, make_faces(layout, 4), REGISTRY)
    with pytest.raises(ConfigError, match="too few"):
        register_layout(make_faces(HIDDEN, 4), curves, REGISTRY)
    with pytest.raises(ConfigError, match="4 faces"):
        register_layout(make_faces(HIDDEN, 5), curves, REGISTRY)
    lips = [landmark for landmark in layout if "lip" in landmark.part]
    with pytest.raises(ConfigError, match="outer eye corners"):
        make_dense_curves(lips, make_faces(lips, 4), REGISTRY)


def test_a_comparison_counts_what_is_wrong(registration: Registration) -> None:
    told = [landmark if isinstance(landmark, LandmarkQuery) else at("face contour", "0") for landmark in HIDDEN]
    told[1] = at("nose bridge", "1/4")
    comparison = compare_with_layout(
        registration, Layout("mine", "Mine", tuple(told), tuple(q.fpalp for q in told), True)
    )
    assert comparison.right_parts == 16
    assert [landmark.index for landmark in comparison.wrong] == [4, 8, 15]
    misses = {landmark.index: miss for landmark, miss in comparison.misses}
    assert misses[1] == pytest.approx(0.5, abs=0.02)


def test_the_language_takes_the_layout(registration: Registration, tmp_path: Path) -> None:
    path = tmp_path / "lab19.toml"
    path.write_text(to_language_file(registration, "lab19", "Lab 19"), "utf-8")
    layout = extend_language(load_package_language(), path).registry.layouts["lab19"]
    assert layout.landmarks == tuple(landmark.query for landmark in registration.on_parts)
    columns = tomllib.loads(path.read_text("utf-8"))["layout"][0]["columns"]
    assert columns == [column for column, place in enumerate(HIDDEN) if not isinstance(place, str)]


def test_mirror_pairs_of_a_shape_that_is_turned_and_off_centre() -> None:
    rng = np.random.default_rng(3)
    half = rng.uniform((0.1, -0.5), (0.8, 1.0), (25, 2))
    middle = np.stack([np.zeros(4), np.linspace(-0.6, 1.1, 4)], axis=1)
    shape = np.concatenate([half, middle, half * (-1, 1), [(0.95, -0.9)]])
    turn = np.array([[np.cos(0.05), -np.sin(0.05)], [np.sin(0.05), np.cos(0.05)]])
    shape = shape @ turn.T + (0.02, 0.1)
    shape = np.concatenate([shape, [(np.nan, np.nan)]])
    pairs = find_mirror_pairs(shape)
    assert pairs.tolist() == [*range(29, 54), *range(25, 29), *range(25), -1, -1]


@pytest.mark.parametrize("part", ["left eyebrow", "face contour"])
def test_a_spline_goes_through_its_landmarks_and_a_little_beyond(part: str) -> None:
    # The brow's tail is registered just before its start: the stretch runs over it.
    fpalps = [0.98, 0.1, 0.2, 0.3] if part == "left eyebrow" else [0.06, 0.1, 0.2, 0.3]
    spline = make_layout_spline(REGISTRY.parts[part], [7, 3, 5, 1], fpalps, [1.0, 1.0, 1.0, 1.0])
    assert spline.columns == (7, 3, 5, 1)
    assert np.allclose(spline.weights(fpalps), np.eye(4))
    straight = np.array(spline.fpalps)[:, None] * (2.0, -1.0)
    first, last = spline.fpalps[0], spline.fpalps[-1]
    near = [first - LARGEST_REACH + 0.01, (first + last) / 2, last + LARGEST_REACH - 0.01]
    assert np.allclose(spline.weights(near) @ straight, np.array(near)[:, None] * (2.0, -1.0))
    assert np.isnan(spline.weights([last + LARGEST_REACH + 0.01])).all()


def test_the_less_doubtful_of_close_neighbours_is_passed_through() -> None:
    contour = REGISTRY.parts["face contour"]
    spline = make_layout_spline(contour, [0, 1, 2, 3], [0.1, 0.5, 0.505, 0.9], [1.0, 2.0, 1.0, 1.0])
    assert spline.columns == (0, 2, 3)
    eye = make_layout_spline(
        REGISTRY.parts["left eye"], [0, 1, 2, 3, 4], [0.0, 0.25, 0.5, 0.75, 0.995], [1, 1, 1, 1, 0]
    )
    assert eye.columns == (1, 2, 3, 4)
    assert eye.is_periodic
