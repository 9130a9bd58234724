"""Expected errors on degraded copies of faces."""

from pathlib import Path

import numpy as np
import pytest

from faceql.model.crops import OUTSIDE_COLOR, CropFrame
from faceql.model.data.packs import load_human68
from faceql.model.detector import Detector
from faceql.model.evaluation.degraded import (
    COVERED_SHARE,
    CUT_SHARE,
    KINDS,
    blur,
    cut_off,
    format_degraded,
    measure_degraded,
    paint_over,
)
from faceql.model.evaluation.predict import landmark_frames
from faceql.model.reader import LandmarkReader

FRAME = CropFrame((50.0, 50.0), 80.0)


@pytest.mark.parametrize("seed", range(4))
def test_a_share_of_the_crop_is_cut_off_or_painted_over(seed: int) -> None:
    picture = np.random.default_rng(0).integers(0, 120, size=(101, 101, 3), dtype=np.uint8)
    inside = (slice(10, 90), slice(10, 90))
    cut = cut_off(picture, FRAME, np.random.default_rng(seed))
    is_cut = (cut != picture).any(axis=-1)
    assert is_cut[inside].mean() == pytest.approx(CUT_SHARE, abs=0.02)
    assert (cut[is_cut] == OUTSIDE_COLOR).all()
    painted = paint_over(picture, FRAME, np.random.default_rng(seed))
    assert (painted != picture).any(axis=-1)[inside].mean() == pytest.approx(COVERED_SHARE, abs=0.02)


def test_motion_takes_detail_away() -> None:
    picture = np.random.default_rng(0).integers(0, 256, size=(101, 101, 3), dtype=np.uint8)
    blurred = blur(picture, FRAME, np.random.default_rng(1))
    assert blurred.shape == picture.shape
    assert blurred.std() < 0.7 * picture.std()


def test_every_kind_is_measured_the_same_each_time(made_packs: Path, small_detector: Detector) -> None:
    _, faces = load_human68(made_packs / "human68")
    reader, frames = LandmarkReader(small_detector), landmark_frames(faces)
    scores = measure_degraded(reader, faces, frames)
    assert [one.kind for one in scores] == list(KINDS)
    assert scores == measure_degraded(reader, faces, frames)
    assert len({one.error.nme for one in scores}) == len(KINDS)
    # Random weights are far off and sure of nothing in particular.
    assert all(one.ratio > 0 and 0 <= one.misleading <= 100 for one in scores)
    table = format_degraded(faces.name, scores)
    assert "### Expected errors on degraded copies of human68 validation" in table
    assert f"| half painted over | {scores[-1].error} |" in table
