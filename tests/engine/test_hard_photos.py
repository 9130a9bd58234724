"""Turned, cut, tiny and huge faces with the shipped weights: the points lie where they lie on the plain photo."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Engine
from faceql.model.checkpoint import LoadedDetector, load_detector

INTER_OCULAR = 66.6
MIDDLE = (223.0, 122.0)  # of the astronaut's face
BACKGROUND = (110, 110, 110)


@pytest.fixture(scope="module")
def upright(shipped_engine: Engine, astronaut: np.ndarray) -> np.ndarray:
    return shipped_engine.ask(astronaut, "300W").xy.astype(float)


def turn_photo(photo: np.ndarray, degrees: float) -> Image.Image:
    """Return the photo turned clockwise about the face, which comes to lie in the middle."""
    move = (255.5 - MIDDLE[0], 255.5 - MIDDLE[1])
    # Pillow counts from pixels' outer corners.
    center = (MIDDLE[0] + 0.5, MIDDLE[1] + 0.5)
    image = Image.fromarray(photo)
    return image.rotate(-degrees, Image.Resampling.BICUBIC, center=center, translate=move, fillcolor=BACKGROUND)


def turn_points(points: np.ndarray, degrees: float) -> np.ndarray:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (points - MIDDLE) @ np.array([[cos, sin], [-sin, cos]]) + 255.5


def mean_distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b, axis=1).mean()) / INTER_OCULAR


@pytest.mark.parametrize("degrees", [20, 45, 70, 90, 115, 135, 160, 180, 200, 225, 250, 270, 300, 335])
def test_a_turned_face_is_answered_as_if_it_stood_upright(
    shipped_engine: Engine, astronaut: np.ndarray, upright: np.ndarray, degrees: int
) -> None:
    answer = shipped_engine.ask(turn_photo(astronaut, degrees), "300W")
    assert mean_distance(answer.xy, turn_points(upright, degrees)) < 0.05


@pytest.mark.parametrize("degrees", [40, 90, 180, 250])
def test_a_box_round_a_turned_face_is_enough(
    shipped_engine: Engine, astronaut: np.ndarray, upright: np.ndarray, degrees: int
) -> None:
    points = turn_points(upright, degrees)
    low, high = points.min(axis=0), points.max(axis=0)
    answer = shipped_engine.ask(turn_photo(astronaut, degrees), "300W", boxes=[(*low.tolist(), *high.tolist())])
    assert mean_distance(answer.xy, points) < 0.05


def test_what_is_asked_does_not_change_how_a_turned_face_is_seen(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    photo = turn_photo(astronaut, 130)
    image = shipped_engine.encode(photo)
    whole = shipped_engine.ask(image, "300W; 500 points on the outer lip; pupils")
    for text in ("pupils", "300W"):
        alone = shipped_engine.ask(photo, text)
        index = {(part, f): i for i, (part, f) in enumerate(zip(whole.parts, whole.fpalps, strict=True))}
        same = whole.xy[[index[key] for key in zip(alone.parts, alone.fpalps, strict=True)]]
        np.testing.assert_allclose(alone.xy, same, atol=1e-3)


def test_an_upright_face_is_encoded_once(astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    loaded = load_detector(None, torch.device("cpu"))
    passes = 0
    encode = type(loaded.detector).encode

    def counted(self, crops, asked=None):
        nonlocal passes
        passes += 1
        return encode(self, crops, asked)

    monkeypatch.setattr(type(loaded.detector), "encode", counted)
    engine = Engine("cpu", LoadedDetector(loaded.detector, "shipped", {}))
    engine.ask(astronaut, "pupils")
    assert passes == 1


@pytest.mark.parametrize(
    ("cut", "seen"),
    [
        ((0, 0, 238, 512), lambda p: p[:, 0] < 225),
        ((205, 0, 512, 512), lambda p: p[:, 0] > 218),
        ((0, 98, 512, 512), lambda p: p[:, 1] > 110),
        ((0, 0, 512, 148), lambda p: p[:, 1] < 135),
    ],
    ids=["left half", "right half", "from the eyes down", "from the mouth up"],
)
def test_a_face_cut_by_the_border_is_answered_as_far_as_it_is_seen(
    shipped_engine: Engine, astronaut: np.ndarray, upright: np.ndarray, cut: tuple[int, ...], seen
) -> None:
    left, top, right, bottom = cut
    box = (178 - left, 62 - top, 267 - left, 172 - top)
    answer = shipped_engine.ask(astronaut[top:bottom, left:right], "300W", boxes=[box])
    visible = seen(upright)
    assert visible.sum() > 20
    assert mean_distance(answer.xy[visible], upright[visible] - (left, top)) < 0.08


def test_a_face_cut_by_the_border_is_found(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    for left, top, right, bottom in [(0, 0, 238, 512), (0, 0, 512, 150)]:
        answer = shipped_engine.ask(astronaut[top:bottom, left:right], "left eye")
        assert np.hypot(*(answer.xy.mean(axis=0) - (203 - left, 102 - top))) < 0.15 * INTER_OCULAR


@pytest.mark.parametrize(("side", "limit"), [(24, 0.12), (48, 0.06)])
def test_a_tiny_face_is_answered(
    shipped_engine: Engine, astronaut: np.ndarray, upright: np.ndarray, side: int, limit: float
) -> None:
    scale = side / 110  # the face is 110 px high
    small = Image.fromarray(astronaut).resize((round(512 * scale),) * 2, Image.Resampling.LANCZOS)
    photo = Image.new("RGB", (400, 300), BACKGROUND)
    photo.paste(small, (150, 80))
    answer = shipped_engine.ask(photo, "300W")
    points = (answer.xy - (150, 80) + 0.5) * 512 / small.width - 0.5
    assert mean_distance(points, upright) < limit


@pytest.mark.slow
@pytest.mark.parametrize("face_px", [24, 60, 110, 300, 3000])
def test_faces_in_a_photo_of_8000_px(
    shipped_engine: Engine, astronaut: np.ndarray, upright: np.ndarray, face_px: int
) -> None:
    side = round(512 * face_px / 110)
    resized = Image.fromarray(astronaut).resize((side, side), Image.Resampling.BICUBIC)
    photo = Image.new("RGB", (8000, 6000), BACKGROUND)
    corner = (5000, 3000) if side < 3000 else (-2000, -100)
    photo.paste(resized, corner)
    answer = shipped_engine.ask(photo, "300W")
    points = (answer.xy - corner + 0.5) * 512 / side - 0.5
    assert mean_distance(points, upright) < (0.12 if face_px == 24 else 0.05)
