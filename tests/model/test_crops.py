import math

import numpy as np
import pytest

from faceql.errors import ImageError
from faceql.model.crops import CropFrame, cut_crop


@pytest.mark.parametrize("angle", [0.0, 0.4, -2.0])
def test_photo_to_crop_and_back(angle: float) -> None:
    frame = CropFrame((3811.25, 96.5), 713.3, angle)
    points = np.random.default_rng(0).uniform(-500, 8000, size=(200, 2))
    assert np.abs(frame.to_photo(frame.to_crop(points)) - points).max() < 1e-9


def test_crop_corners_are_outer_corners() -> None:
    frame = CropFrame((9.5, 9.5), 20.0)
    assert np.allclose(frame.to_photo([(0, 0), (1, 1)]), [(-0.5, -0.5), (19.5, 19.5)])


def draw_spots(size: tuple[int, int], spots: np.ndarray, spread: float) -> np.ndarray:
    picture = np.zeros(size)
    for spot in spots:
        # Farther off they are no light.
        low = np.maximum(0, (spot - 6 * spread).astype(int))
        part = np.s_[low[1] : int(spot[1] + 6 * spread), low[0] : int(spot[0] + 6 * spread)]
        y, x = np.indices(picture[part].shape) + low[::-1, None, None]
        picture[part] += 220 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / (2 * spread**2))
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize(("side", "spread"), [(70.0, 3.0), (160.0, 4.0), (700.0, 12.0), (2000.0, 30.0)])
@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_a_spot_lands_where_the_frame_says(side: float, spread: float, angle: float) -> None:
    middle = np.array([side * 0.8 + 3.3, side * 0.9 + 1.7])
    frame = CropFrame((float(middle[0]), float(middle[1])), side, angle)
    spot = middle + side * np.array([0.13, -0.17])
    photo = draw_spots((int(side * 2), int(side * 2)), spot[None], spread)
    crop = cut_crop(photo, frame, 160)[:, :, 0].astype(float)
    y, x = np.mgrid[:160, :160]
    found = np.array([(crop * x).sum(), (crop * y).sum()]) / crop.sum()
    expected = frame.to_crop(spot) * 160 - 0.5
    assert np.abs(found - expected).max() < 0.08


def test_a_large_face_does_not_alias() -> None:
    stripes = np.zeros((1600, 1600, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    crop = cut_crop(stripes, CropFrame((799.5, 799.5), 1280.0), 160).astype(int)
    assert abs(crop.mean() - 127.5) < 1
    assert crop.std() < 3


@pytest.mark.parametrize(
    ("center", "side", "angle", "is_same"),
    [
        ((150.3, 140.8), 150.7, 0.0, False),
        ((150.3, 140.8), 150.7, 0.2, True),
        ((150.3, 140.8), 250.0, 0.0, True),
        ((40.0, 140.8), 150.7, 0.0, True),
    ],
    ids=["upright", "turned", "made smaller", "over the edge"],
)
def test_a_rough_crop_is_off_by_a_grey_level(
    center: tuple[float, float], side: float, angle: float, is_same: bool
) -> None:
    photo = np.random.default_rng(4).integers(0, 256, (300, 310, 3), dtype=np.uint8)
    frame = CropFrame(center, side, angle)
    exact, rough = (cut_crop(photo, frame, 224, roughly).astype(int) for roughly in (False, True))
    assert np.abs(rough - exact).max() <= 1
    assert (rough == exact).all() == is_same


def test_outside_the_photo_is_neutral() -> None:
    photo = np.full((50, 50, 3), 200, dtype=np.uint8)
    crop = cut_crop(photo, CropFrame((0.0, 0.0), 40.0), 64)
    assert (crop[:30, :30] == 127).all()
    assert (crop[40:60, 40:60] == 200).all()
    assert (cut_crop(photo, CropFrame((900.0, 900.0), 40.0), 64) == 127).all()


def test_a_face_box_gives_the_square_round_the_landmarks() -> None:
    frame = CropFrame.from_face_box((100, 100, 175, 200), margin=1.0)
    extent = math.sqrt(75 * 100)
    assert frame.side_px == pytest.approx(0.92 * extent)
    assert frame.center_px == pytest.approx((137.5, 150 + 0.14 * extent))


def test_frames_from_landmarks_leave_out_unknown_points() -> None:
    points = np.array([[10.0, 20.0], [30.0, 80.0], [np.nan, np.nan]])
    frame = CropFrame.from_landmarks(points, margin=2.0)
    assert frame.center_px == (20.0, 50.0)
    assert frame.side_px == 120.0


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (5, 5, 1, 9), (0, 0, math.nan, 5)])
def test_a_degenerate_box_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ImageError, match="x0 < x1"):
        CropFrame.from_face_box(box)
