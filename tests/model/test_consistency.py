import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.model.crops import CropFrame
from faceql.model.data.packs import AnnotatedFaces, load_human68
from faceql.model.detector import Detector
from faceql.model.evaluation.consistency import (
    change_frame,
    measure_consistency,
    measure_curves,
    turning_angles,
)
from faceql.model.evaluation.predict import landmark_frames, predict_landmarks, predict_mirrored
from faceql.model.reader import LandmarkReader
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_registry


@pytest.fixture(scope="module")
def faces(made_packs: Path) -> AnnotatedFaces:
    return load_human68(made_packs / "human68")[1]


def test_a_report_is_whole(small_detector: Detector, faces: AnnotatedFaces) -> None:
    layout = load_registry().layouts["300w"]
    report = measure_consistency(
        LandmarkReader(small_detector), faces, faces.frame_points, landmark_frames(faces), layout
    )
    # Random weights are neither mirror-symmetric nor indifferent to the crop.
    assert report.mirror > 1
    assert 0 < report.noise < report.crop
    assert report.covered_rise > 0
    assert set(report.curves) == {q.part for q in layout.landmarks}
    assert report.curves["left eye"].closing_gap == pytest.approx(1, abs=0.9)
    assert report.curves["face contour"].closing_gap is None
    assert json.loads(report.to_json())["noise"] == report.noise
    assert f"| the picture is mirrored | {report.mirror:.2f} |" in report.to_markdown()


def test_mirroring_twice_is_nothing(small_detector: Detector, faces: AnnotatedFaces, tmp_path: Path) -> None:
    """On pictures mirrored beforehand it is the plain answer to the mirrored question, mirrored back."""
    paths = []
    for row in range(len(faces)):
        paths.append(tmp_path / f"{row}.png")
        Image.fromarray(np.ascontiguousarray(faces.read_image(row)[:, ::-1])).save(paths[-1])
    turned = replace(faces, image_paths=tuple(paths))
    width = faces.read_image(0).shape[1]
    frames = landmark_frames(faces)
    mirrored = [replace(f, center_px=(width - 1 - f.center_px[0], f.center_px[1])) for f in frames]
    asked = [LandmarkQuery("left eye", Fraction(1, 8)), LandmarkQuery("nose bridge", Fraction(1))]
    registry = load_registry()
    got = predict_mirrored(LandmarkReader(small_detector), turned, mirrored, asked)
    want, _ = predict_landmarks(LandmarkReader(small_detector), faces, frames, [registry.mirror(q) for q in asked])
    want[..., 0] = width - 1 - want[..., 0]
    np.testing.assert_allclose(got, want, atol=1e-3)


def test_a_crop_moves_by_its_own_share() -> None:
    frame = CropFrame((10.0, 20.0), 40.0)
    assert change_frame(frame, (1, 0, 0)).center_px == (12.0, 20.0)
    assert change_frame(frame, (0, -1, 0)).center_px == (10.0, 18.0)
    assert change_frame(frame, (0, 0, 1)).side_px == pytest.approx(42.0)


def test_turns_by_hand() -> None:
    path = np.array([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 3.0], [1.0, 2.0]]])
    assert turning_angles(path)[0] == pytest.approx([90, 0, 180])


def test_random_weights_do_not_pass_for_a_smooth_curve(small_detector: Detector, faces: AnnotatedFaces) -> None:
    layout = load_registry().layouts["300w"]
    curves = measure_curves(LandmarkReader(small_detector), faces, faces.frame_points, landmark_frames(faces), layout)
    assert curves["face contour"].forward_share < 99
    assert curves["face contour"].spline_largest_turn < 10
