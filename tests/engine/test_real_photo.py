"""The main job with the shipped weights on a real photo, against places marked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Engine
from faceql.engine.names import PLACE_NAMES
from faceql.querylang.registry import load_registry

# Marked by hand on the photo enlarged nine- and eighteenfold; good to about 1.5 px.
BY_HAND = {
    "left pupil": (202.2, 101.0),
    "right pupil": (246.3, 103.0),
    "left eye outer corner": (192.0, 100.5),
    "left eye inner corner": (213.0, 102.5),
    "right eye inner corner": (235.4, 104.0),
    "right eye outer corner": (258.6, 103.4),
    "left eyebrow tail": (188.8, 90.4),
    "left eyebrow head": (214.3, 92.1),
    "right eyebrow head": (238.0, 93.3),
    "right eyebrow tail": (264.1, 94.1),
    "nose tip": (222.8, 126.4),
    "base of the nose": (224.5, 133.0),
    "left mouth corner": (202.6, 139.4),
    "right mouth corner": (245.2, 139.8),
    "cupid's bow": (222.3, 139.5),
    "bottom of the lower lip": (222.6, 154.6),
    "chin tip": (224.8, 177.5),
}
INTER_OCULAR = 66.6
LOOSE = {"chin tip": 0.12, "left eyebrow head": 0.12, "right eyebrow head": 0.12}


@pytest.mark.parametrize("name", BY_HAND)
def test_named_places_lie_where_a_person_sees_them(shipped_engine: Engine, astronaut_path: Path, name: str) -> None:
    answer = shipped_engine.ask(astronaut_path, name)
    assert answer.names == (name,)
    distance = float(np.hypot(*(answer.xy[0] - BY_HAND[name])))
    assert distance < LOOSE.get(name, 0.09) * INTER_OCULAR


def test_the_mean_error_is_small(shipped_engine: Engine, astronaut_path: Path) -> None:
    answer = shipped_engine.ask(astronaut_path, "; ".join(BY_HAND))
    distances = np.linalg.norm(answer.xy - np.array(list(BY_HAND.values())), axis=1)
    assert distances.mean() < 0.05 * INTER_OCULAR
    assert 0 < answer.expected_error.mean() < 0.1 * INTER_OCULAR


def test_mirroring_the_photo_exchanges_left_and_right(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    registry = load_registry()
    layout = registry.layouts["wflw"].landmarks
    ids = {registry.canonical_place(landmark): i for i, landmark in enumerate(layout)}
    mirrored_ids = [ids.get(registry.mirror(landmark)) for landmark in layout]
    pairs = [(i, j) for i, j in enumerate(mirrored_ids) if j is not None]
    assert len(pairs) > 80
    here = shipped_engine.ask(astronaut, "WFLW", boxes=[(178, 62, 267, 172)]).xy
    there = shipped_engine.ask(astronaut[:, ::-1], "WFLW", boxes=[(511 - 267, 62, 511 - 178, 172)]).xy
    back = np.array([(511 - x, y) for x, y in there[[j for _, j in pairs]]])
    distances = np.linalg.norm(back - here[[i for i, _ in pairs]], axis=1)
    assert distances.mean() < 0.03 * INTER_OCULAR


def test_another_box_hardly_moves_the_points(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    want = shipped_engine.ask(astronaut, "300W").xy
    for box in [(174, 58, 270, 176), (184, 66, 264, 168), (172, 62, 262, 170), (182, 70, 270, 178)]:
        got = shipped_engine.ask(astronaut, "300W", boxes=[box]).xy
        assert np.linalg.norm(got - want, axis=1).mean() < 0.05 * INTER_OCULAR


@pytest.mark.parametrize("side", [140, 300, 1500, 3000])
def test_the_answer_scales_with_the_photo(shipped_engine: Engine, astronaut: np.ndarray, side: int) -> None:
    want = shipped_engine.ask(astronaut, "300W").xy
    photo = Image.fromarray(astronaut).resize((side, side), Image.Resampling.LANCZOS)
    got = (shipped_engine.ask(photo, "300W").xy + 0.5) * (512 / side) - 0.5
    assert np.linalg.norm(got - want, axis=1).mean() < 0.05 * INTER_OCULAR


def test_a_hundred_points_on_the_nose_bridge_are_a_line(shipped_engine: Engine, astronaut_path: Path) -> None:
    xy = shipped_engine.ask(astronaut_path, "100 points on the nose bridge").xy
    path = np.linalg.norm(np.diff(xy, axis=0), axis=1).sum()
    assert path < 1.1 * np.linalg.norm(xy[-1] - xy[0])


def test_equal_distances_are_equal_on_the_photo(shipped_engine: Engine, astronaut_path: Path) -> None:
    xy = shipped_engine.ask(astronaut_path, "40 points along the face contour at equal distances").xy
    gaps = np.linalg.norm(np.diff(xy, axis=0), axis=1)
    assert gaps.std() < 0.05 * gaps.mean()
    plain = shipped_engine.ask(astronaut_path, "40 points along the face contour").xy
    np.testing.assert_allclose(xy[[0, -1]], plain[[0, -1]], atol=1e-3)


def test_every_named_place_lies_in_the_face(shipped_engine: Engine, astronaut_path: Path) -> None:
    answer = shipped_engine.ask(astronaut_path, "; ".join(PLACE_NAMES.values()))
    x0, y0, x1, y1 = answer.faces[0].box
    assert (answer.xy > (x0 - 15, y0 - 15)).all()
    assert (answer.xy < (x1 + 15, y1 + 15)).all()
