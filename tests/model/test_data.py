from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceql.errors import ConfigError
from faceql.model.crops import CropFrame
from faceql.model.data.augmentation import AugmentationConfig, augment_pixels, jitter_frame
from faceql.model.data.batches import draw_batch, draw_face, draw_queries
from faceql.model.data.packs import EXTRA_LANDMARKS, load_auto, load_human68
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_registry

STILL = AugmentationConfig(
    scale_spread=0, shift_spread=0, rotation_deg=0, wide_rotation_share=0, flip_share=0, color_share=0, grey_share=0,
    blur_share=0, low_resolution_share=0, jpeg_share=0, noise_share=0, occlusion_share=0,
)  # fmt: skip


def test_human68_splits_as_marked(made_packs: Path) -> None:
    train, validation = load_human68(made_packs / "human68")
    assert (len(train), len(validation)) == (8, 4)
    assert not set(train.image_paths) & set(validation.image_paths)
    assert len(train.scheme.landmarks) == 75
    assert train.scheme.landmarks[-7:] == EXTRA_LANDMARKS
    # Human points count in full, what the mesh adds counts for less.
    assert set(train.column_weights[:68]) == {1.0}
    assert (train.column_weights[68:] < 1).all()


def test_auto_drops_doubtful_faces_and_empty_columns(made_packs: Path) -> None:
    as68, as98 = load_auto(made_packs / "auto", largest_disagreement=0.1)
    assert len(as68) == len(as98) == 4
    assert LandmarkQuery("face contour", Fraction(1, 32)) not in as98.scheme.landmarks
    assert LandmarkQuery("face contour", Fraction(2, 32)) in as98.scheme.landmarks
    assert sum(q.part == "left pupil" for q in as98.scheme.landmarks) == 1
    assert np.isfinite(as98.points).all()


def test_middles_are_midpoints(made_packs: Path) -> None:
    train, _ = load_human68(made_packs / "human68")
    column = {q: i for i, q in enumerate(train.scheme.landmarks)}
    brow = train.points[:, column[LandmarkQuery("middle of left eyebrow", Fraction(0))]]
    ends = [train.points[:, column[LandmarkQuery("left eyebrow", Fraction(i, 9))]] for i in (0, 4)]
    assert np.allclose(brow, np.mean(ends, axis=0))


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"labels\.npz"):
        load_human68(tmp_path)


def test_unchanged_faces_keep_their_points_on_the_dots(made_packs: Path) -> None:
    train, _ = load_human68(made_packs / "human68")
    drawn = draw_face(train, 0, 192, STILL, np.random.default_rng(0))
    crop, points = drawn.crop, drawn.points
    for x, y in points[:68:5] * 192 - 0.5:
        patch = crop[int(y) - 2 : int(y) + 4, int(x) - 2 : int(x) + 4]
        assert patch.max() > 150


def test_a_flipped_face_keeps_its_points_on_the_dots(made_packs: Path) -> None:
    train, _ = load_human68(made_packs / "human68")
    flip = STILL.model_copy(update={"flip_share": 1.0})
    drawn = draw_face(train, 0, 192, flip, np.random.default_rng(0))
    crop, points = drawn.crop, drawn.points
    still = draw_face(train, 0, 192, STILL, np.random.default_rng(0))
    plain, straight = still.crop, still.points
    assert (crop == plain[:, ::-1]).all()
    column = {q: i for i, q in enumerate(train.scheme.landmarks)}
    left, right = column[LandmarkQuery("left pupil", Fraction(0))], column[LandmarkQuery("right pupil", Fraction(0))]
    assert points[left, 0] < points[right, 0]
    assert points[left, 0] == pytest.approx(1 - straight[right, 0])


def test_turning_a_frame_keeps_points_and_pixels_together() -> None:
    frame = CropFrame((40.0, 50.0), 60.0)
    turned = jitter_frame(frame, STILL.model_copy(update={"rotation_deg": 90.0}), np.random.default_rng(1))
    assert turned.center_px == frame.center_px
    assert abs(turned.angle) <= np.pi / 2
    assert turned.angle != 0


def test_pixels_change_but_stay_pixels() -> None:
    crop = np.random.default_rng(0).integers(0, 256, size=(64, 64, 3), dtype=np.uint8)
    all_on = AugmentationConfig(
        color_share=1,
        grey_share=1,
        blur_share=1,
        low_resolution_share=1,
        jpeg_share=1,
        noise_share=1,
        occlusion_share=1,
    )
    changed = augment_pixels(crop, all_on, np.random.default_rng(0))
    assert changed.shape == crop.shape
    assert changed.dtype == np.uint8
    assert (changed != crop).any()
    assert (augment_pixels(crop, STILL, np.random.default_rng(0)) == crop).all()


def test_batches_repeat_from_their_seed_and_mask_what_is_unknown(made_packs: Path) -> None:
    train, _ = load_human68(made_packs / "human68")
    context = [("left eyebrow", 13 / 18), ("face contour", 0.5)]
    settings = {"batch_size": 4, "image_size": 48, "count_annotated": 10, "count_random": 12, "count_triplets": 0}

    def draw() -> tuple:
        rng = np.random.default_rng([3, 1])
        batch = draw_batch(train, context, augmentation=AugmentationConfig(), rng=rng, **settings)
        return batch.crops, batch.parts, batch.fpalps, batch.targets, batch.weights

    first, second = draw(), draw()
    assert first[1] == second[1]
    assert all((a == b).all() for i, (a, b) in enumerate(zip(first, second, strict=True)) if i != 1)
    crops, parts, fpalps, targets, weights = first
    assert crops.shape == (4, 3, 48, 48)
    assert len(parts) == len(fpalps) == 22
    assert targets.shape == (4, 24, 2)
    # 300W does not annotate the lower edge of the brows.
    assert (weights[:, 0] == 0).all()
    assert (weights[:, 1] == 1).all()


def test_a_face_missing_a_curve_is_masked_there(made_packs: Path) -> None:
    train, _ = load_human68(made_packs / "human68")
    points = train.points.copy()
    points[:, 8] = np.nan
    batch = draw_batch(
        replace(train, points=points), [("face contour", 0.5), ("nose bridge", 0.5)], batch_size=2, image_size=32,
        count_annotated=1, count_random=0, count_triplets=0, augmentation=STILL, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert (batch.weights[:, 0] == 0).all()
    assert (batch.weights[:, 1] == 1).all()
    assert batch.targets.isfinite().all()


def test_triplets_are_close_neighbours_on_one_curve(made_packs: Path) -> None:
    train, _ = load_human68(made_packs / "human68")
    parts, fpalps, _ = draw_queries(train, 5, 3, 40, np.random.default_rng(1))
    assert len(parts) == len(fpalps) == 5 + 3 + 120
    registry = load_registry()
    wrapped = 0
    for i in range(8, 128, 3):
        assert len(set(parts[i : i + 3])) == 1
        first, middle, last = fpalps[i : i + 3]
        assert all(0 <= fpalp <= 1 for fpalp in (first, middle, last))
        steps = np.array([middle - first, last - middle])
        if (steps < 0).any():
            assert registry.parts[parts[i]].is_closed
            wrapped += 1
        steps %= 1.0
        assert steps[0] == pytest.approx(steps[1], abs=1e-9)
        assert 0.001 < steps[0] < 0.05
    assert wrapped < 40
