"""Turned faces: a roll is read off landmarks, and the face is decoded again on a crop in which it stands upright."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from faceql.engine.encoding import FaceCrop, FaceEncoder, judge_face
from faceql.engine.faces import Face
from faceql.engine.upright import RollGauge, turn_upright
from faceql.model.config import DEFAULT_CONTEXT, DetectorConfig
from faceql.model.crops import DEFAULT_MARGIN, CropFrame
from faceql.model.decoder import DecodedLayers, ImageMemory
from faceql.model.detector import EncodedCrops
from faceql.querylang.registry import load_registry

CONTEXT = [(part, Fraction(fpalp)) for part, fpalp in DEFAULT_CONTEXT]
CURVES = {  # middle x, middle y, half width, half height of each part's ring or arc, in face units
    "left eye": (-0.22, -0.12, 0.1, 0.04),
    "right eye": (0.22, -0.12, 0.1, 0.04),
    "left eyebrow": (-0.23, -0.25, 0.15, 0.03),
    "right eyebrow": (0.23, -0.25, 0.15, 0.03),
    "outer lip": (0, 0.25, 0.17, 0.08),
    "inner lip": (0, 0.25, 0.12, 0.03),
}


def face_points() -> np.ndarray:
    """Return an upright drawn face's context landmarks (38, 2), some 1 wide, its middle at (0, 0)."""
    points = []
    for part, exact in CONTEXT:
        f = float(exact)
        if part in CURVES:
            x, y, width, height = CURVES[part]
            # Rings run from the left end over the upper edge; the right eyebrow starts at the end near the nose too.
            points.append((x - width * math.cos(2 * math.pi * f), y - height * math.sin(2 * math.pi * f)))
        elif part == "face contour":
            points.append((-0.5 * math.cos(math.pi * f), -0.2 + 0.7 * math.sin(math.pi * f)))
        elif part == "nose boundary":
            points.append((-0.12 + 0.24 * f, 0.1))
        elif part == "nose bridge":
            points.append((0, -0.1 + 0.18 * f))
        else:
            points.append((-0.22 if part == "left pupil" else 0.22, -0.12))
    return np.array(points)


def turn(points: np.ndarray, degrees: float) -> np.ndarray:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return points @ np.array([[cos, -sin], [sin, cos]]).T


def degrees_between(a: float, b: float) -> float:
    return abs(math.remainder(a - b, 360))


@pytest.mark.parametrize("degrees", range(-170, 181, 35))
def test_the_roll_of_a_face_is_read_off_its_landmarks(degrees: float) -> None:
    gauge = RollGauge.for_landmarks(CONTEXT)
    roll = math.degrees(gauge.measure(turn(face_points(), degrees) * 80 + 300))
    assert degrees_between(roll, degrees) < 1.5


@pytest.mark.parametrize(("shrink_x", "shrink_y"), [(0.3, 1), (1, 0.4), (-0.05, 1)])
def test_a_head_that_looks_aside_or_down_keeps_its_roll(shrink_x: float, shrink_y: float) -> None:
    seen = turn(face_points() * (shrink_x, shrink_y), 110)
    assert degrees_between(math.degrees(RollGauge.for_landmarks(CONTEXT).measure(seen)), 110) < 8


def test_wrong_points_hardly_change_the_roll() -> None:
    rng = np.random.default_rng(0)
    points = turn(face_points(), 50) + rng.normal(0, 0.05, size=(len(CONTEXT), 2))
    assert degrees_between(math.degrees(RollGauge.for_landmarks(CONTEXT).measure(points)), 50) < 8


def test_every_pair_of_the_unified_layout_has_its_left_one_first() -> None:
    layout = load_registry().layouts["unified"].landmarks
    gauge = RollGauge.for_landmarks([(q.part, q.fpalp) for q in layout])
    # Of the 91 landmarks all but the 4 of the bridge and those on the midline mirror another one.
    assert len(gauge.lefts) > 35
    assert not set(gauge.lefts) & set(gauge.rights)
    for left, right in zip(gauge.lefts, gauge.rights, strict=True):
        if layout[left].part != layout[right].part:
            assert layout[left].part.startswith("left ")


def test_the_upright_frame_holds_the_face_as_training_does() -> None:
    photo_points = turn(face_points(), 130) * 90 + (400, 300)
    frame = CropFrame((420, 290), 200, math.radians(20))
    upright = turn_upright(frame, frame.to_crop(photo_points), math.radians(110))
    assert math.degrees(upright.angle) == pytest.approx(130)
    inside = upright.to_crop(photo_points)
    low, high = inside.min(axis=0), inside.max(axis=0)
    # To half the steps that a cut's centre and side go in.
    np.testing.assert_allclose((low + high) / 2, 0.5, atol=1 / 512)
    assert (high - low).max() == pytest.approx(1 / DEFAULT_MARGIN, rel=0.006)


def test_the_last_bits_of_a_first_look_move_no_pixel_of_the_second() -> None:
    frame = CropFrame((420, 290), 200, math.radians(20))
    seen = frame.to_crop(turn(face_points(), 130) * 90 + (400.3, 300.2))
    frames = {turn_upright(frame, seen + drift, 1.9 + drift) for drift in (0.0, 1e-6, -1e-6)}
    assert len(frames) == 1


class SeeingDetector:
    """Knows where one face is in a photo whose colours tell every pixel's place, whatever crop it is shown.

    Args:
        points: (38, 2) the face in the photo.
        angle: How far it is turned there, degrees.
        blind_from: In a crop where it is turned by more it takes the face for upright, and doubts. Short of that it
            doubts a little more the further the face is turned, as detectors do.
    """

    config = DetectorConfig(image_size=64)
    # It cannot be asked for any: only where the face lies is looked at.
    parts_without_vector = frozenset(load_registry().parts)

    def __init__(self, points: np.ndarray, angle: float, blind_from: float = 360.0) -> None:
        self.points, self.angle, self.blind_from = points, angle, blind_from
        self.frames: list[CropFrame] = []

    def encode(self, crops: torch.Tensor) -> EncodedCrops:
        frame = read_frame(crops[0].permute(1, 2, 0).numpy())
        self.frames.append(frame)
        seen = frame.to_crop(self.points)
        left = math.remainder(self.angle - math.degrees(frame.angle), 360)
        is_blind = abs(left) > self.blind_from
        if is_blind:
            seen = turn(seen - 0.5, -left) + 0.5
        log_scale = torch.full((1, len(seen)), 3.0 if is_blind else 1.0 + abs(left) / 180)
        layers = DecodedLayers(torch.from_numpy(seen)[None, None], log_scale, torch.zeros(1, len(seen), 2))
        return EncodedCrops(ImageMemory(torch.zeros(1, 1, 1), torch.zeros(1), ()), (), layers)


SIDE = 510


def place_picture() -> np.ndarray:
    """Return a photo whose red tells x and green y, at half a pixel's grain."""
    ramp = (np.arange(SIDE) / 2).astype(np.uint8)
    red, green = np.meshgrid(ramp, ramp)
    return np.stack([red, green, np.full_like(red, 7)], axis=2)


def read_frame(crop: np.ndarray) -> CropFrame:
    """Return the frame that a crop of `place_picture` was cut with."""
    rows, columns = np.nonzero(crop[:, :, 2] == 7)  # the outside has another blue
    size = crop.shape[0]
    norm = np.stack([(columns + 0.5) / size, (rows + 0.5) / size, np.ones(len(rows))], axis=1)
    values = crop[rows, columns, :2].astype(float) * 2 + 0.5
    (along_x, along_y, origin), *_ = np.linalg.lstsq(norm, values, rcond=None)
    center = origin + (along_x + along_y) / 2
    return CropFrame(tuple(center.tolist()), float(np.hypot(*along_x)), math.atan2(along_x[1], along_x[0]))


BOX = (205.0, 195.0, 305.0, 295.0)


def encode_turned(degrees: float, blind_from: float = 360.0, finder_angle: float = 0.0) -> tuple[SeeingDetector, float]:
    """Return the detector and the angle of the crop that a face turned so far ends up in."""
    detector = SeeingDetector(turn(face_points(), degrees) * 95 + (255, 245), degrees, blind_from)
    encoder = FaceEncoder(detector, torch.device("cpu"))  # type: ignore[arg-type]
    (crop,) = encoder.encode([(place_picture(), Face(BOX, angle=finder_angle))])
    return detector, math.degrees(crop.frame.angle)


@pytest.mark.parametrize("degrees", [-14, -6, 0, 9, 14])
def test_an_upright_face_is_looked_at_once(degrees: float) -> None:
    detector, angle = encode_turned(degrees)
    assert len(detector.frames) == 1
    assert angle == 0


@pytest.mark.parametrize("degrees", [-179, -120, -90, -17, 17, 45, 88, 135, 180])
def test_a_turned_face_is_cut_again_upright(degrees: float) -> None:
    detector, angle = encode_turned(degrees)
    assert len(detector.frames) == 2
    assert degrees_between(angle, degrees) < 3


def test_the_finders_turn_is_where_the_look_begins() -> None:
    detector, angle = encode_turned(95, finder_angle=90)
    assert len(detector.frames) == 1
    assert angle == pytest.approx(90)


@pytest.mark.parametrize("degrees", [-178, -135, -92, 91, 130, 180])
def test_a_doubtful_look_is_taken_from_all_sides(degrees: float) -> None:
    detector, angle = encode_turned(degrees, blind_from=60)
    assert degrees_between(angle, degrees) < 15.5
    assert 4 <= len(detector.frames) <= 8


class HalfSeeing(SeeingDetector):
    """Sees a face whose lower half is hidden: as well on its head as upright, from the same crop.

    Args:
        doubts: Of crops that stand upright, and of those on their heads.
        reads_turned: Whether it takes the face for one on its head.
    """

    def __init__(self, doubts: tuple[float, float], reads_turned: bool) -> None:
        super().__init__(face_points() * 95 + (255, 245), 0)
        self.doubts, self.reads_turned = doubts, reads_turned

    def encode(self, crops: torch.Tensor) -> EncodedCrops:
        frame = read_frame(crops[0].permute(1, 2, 0).numpy())
        self.frames.append(frame)
        is_turned = abs(frame.angle) > math.pi / 2
        middle = np.array([255, 255])
        points = turn(self.points - middle, 180 * self.reads_turned) + middle
        seen = frame.to_crop(points)
        log_scale = torch.full((1, len(seen)), self.doubts[is_turned])
        layers = DecodedLayers(torch.from_numpy(seen)[None, None], log_scale, torch.zeros(1, len(seen), 2))
        return EncodedCrops(ImageMemory(torch.zeros(1, 1, 1), torch.zeros(1), ()), (), layers)


@pytest.mark.parametrize(
    ("doubts", "reads_turned", "finder_angle", "want"),
    [
        ((1.9, 1.85), True, 0, 0),
        ((2.5, 2.4), True, 0, 0),
        ((1.9, 1.5), True, 0, 180),
        ((1.87, 2.08), False, 180, 0),
        ((1.95, 1.9), False, 180, 0),
        ((2.1, 1.7), True, 180, 180),
    ],
)
def test_a_face_is_upright_unless_it_is_clearly_better_seen_on_its_head(
    doubts: tuple[float, float], reads_turned: bool, finder_angle: float, want: float
) -> None:
    encoder = FaceEncoder(HalfSeeing(doubts, reads_turned), torch.device("cpu"))  # type: ignore[arg-type]
    (crop,) = encoder.encode([(place_picture(), Face(BOX, angle=finder_angle))])
    assert degrees_between(math.degrees(crop.frame.angle), want) < 1


@pytest.mark.parametrize(
    ("score", "doubt", "want"),
    [(None, 0.05, False), (None, 0.06, True), (0.95, 0.05, False), (0.75, 0.05, True), (0.75, 0.03, False)],
)
def test_what_is_seen_badly_is_doubtful_and_sooner_where_its_finder_is_unsure(
    score: float | None, doubt: float, want: bool
) -> None:
    crop = FaceCrop(CropFrame((50, 50), 100, math.radians(-30)), None, doubt)  # type: ignore[arg-type]
    face = judge_face(Face(BOX, score, 3, angle=90), crop, 0.055)
    assert face == Face(BOX, score, 3, angle=-30, doubtful=want)


@pytest.mark.parametrize("box", [(180, 180, 280, 280), (215, 215, 265, 265), (170, 160, 340, 330)])
def test_a_face_far_from_where_its_box_says_is_cut_again(box: tuple[float, float, float, float]) -> None:
    points = face_points() * 95 + (255, 245)
    detector = SeeingDetector(points, 0)
    encoder = FaceEncoder(detector, torch.device("cpu"))  # type: ignore[arg-type]
    (crop,) = encoder.encode([(place_picture(), Face(box))])
    assert len(detector.frames) == 2
    own = CropFrame.from_landmarks(points)
    assert crop.frame.center_px == pytest.approx(own.center_px, abs=2)
    assert crop.frame.side_px == pytest.approx(own.side_px, rel=0.03)


def test_a_face_can_be_taken_as_its_box_has_it() -> None:
    detector = SeeingDetector(turn(face_points(), 80) * 95 + (255, 245), 80)
    encoder = FaceEncoder(detector, torch.device("cpu"), find_upright=False)  # type: ignore[arg-type]
    (crop,) = encoder.encode([(place_picture(), Face(BOX))])
    assert crop.frame == CropFrame.from_face_box(BOX)
