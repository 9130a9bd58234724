import json
from pathlib import Path

import numpy as np
import pytest

from faceql.errors import ConfigError
from faceql.model.crops import CropFrame
from faceql.model.data.packs import load_human68
from faceql.model.detector import Detector
from faceql.model.evaluation.card import END, START, write_evaluation
from faceql.model.evaluation.metrics import (
    area_under_ced,
    bootstrap_interval,
    failure_rate,
    inter_ocular,
    normalized_errors,
    roll_degrees,
    turned_share,
)
from faceql.model.evaluation.predict import landmark_frames, predict_landmarks
from faceql.model.evaluation.report import calibrate, evaluate_faces, path_lengths
from faceql.model.reader import LandmarkReader
from faceql.querylang.registry import load_registry

from .conftest import face_points


@pytest.mark.parametrize(("layout", "corners"), [("300w", (37, 46)), ("wflw", (61, 73))])
def test_inter_ocular_is_between_the_outer_corners(layout: str, corners: tuple[int, int]) -> None:
    points = face_points(layout)[None] * 200
    left, right = (points[0, i - 1] for i in corners)
    assert inter_ocular(points, layout)[0] == pytest.approx(np.hypot(*(left - right)))
    assert left[0] == points[0, [i for i in range(len(points[0])) if is_eye(layout, i)], 0].min()


def is_eye(layout: str, column: int) -> bool:
    return load_registry().layouts[layout].landmarks[column].part.endswith(" eye")


def test_nme_by_hand() -> None:
    annotated = np.zeros((1, 3, 2))
    predicted = np.array([[[3.0, 4.0], [0.0, 0.0], [0.0, 1.0]]])
    errors = normalized_errors(predicted, annotated, np.array([10.0]))
    assert errors.mean() == pytest.approx((0.5 + 0 + 0.1) / 3)


def test_failure_rate_and_auc_by_hand() -> None:
    errors = np.array([0.02, 0.04, 0.2])
    assert failure_rate(errors, 0.08) == pytest.approx(1 / 3)
    assert area_under_ced(errors, 0.08) == pytest.approx((0.75 + 0.5 + 0) / 3)
    # The area is that under the step curve, integrated finely.
    grid = np.linspace(0, 0.08, 200_001)
    curve = (errors[:, None] <= grid).mean(axis=0)
    assert area_under_ced(errors, 0.08) == pytest.approx(np.trapezoid(curve, grid) / 0.08, abs=1e-4)


def test_the_interval_holds_the_mean() -> None:
    errors = np.random.default_rng(0).gamma(4, 0.01, size=200)
    low, high = bootstrap_interval(errors)
    assert low < errors.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * errors.std() / np.sqrt(200), rel=0.2)


def test_predictions_are_pixels_of_the_picture(made_packs: Path, small_detector: Detector) -> None:
    _, faces = load_human68(made_packs / "human68")
    frames = landmark_frames(faces)
    landmarks = load_registry().layouts["300w"].landmarks[:5]
    points, expected = predict_landmarks(LandmarkReader(small_detector), faces, frames, landmarks, batch_size=3)
    assert points.shape == (4, 5, 2)
    assert expected.shape == (4, 5)
    moved = [CropFrame(f.center_px, f.side_px) for f in frames]
    again, _ = predict_landmarks(LandmarkReader(small_detector), faces, moved, landmarks, batch_size=4)
    assert np.abs(points - again).max() < 1e-3


def test_a_frontal_face_is_not_turned_and_a_moved_nose_tip_is() -> None:
    points = np.repeat(face_points("300w")[None], 2, axis=0)
    jaw = points[0, 16, 0] - points[0, 0, 0]
    points[1, 30, 0] += 0.2 * jaw
    assert turned_share(points) == pytest.approx([0, 0.2], abs=1e-6)


def test_roll_follows_a_turned_picture() -> None:
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = np.stack([face_points("wflw"), face_points("wflw") @ turn])
    assert roll_degrees(points, "wflw") == pytest.approx([0, 30], abs=1e-6)


def test_calibration_by_hand() -> None:
    expected = np.arange(20) / 100
    assert calibrate(expected[::-1], 2 * expected[::-1])[-1] == pytest.approx((18.5, 37.0))


def test_path_length_by_hand() -> None:
    assert path_lengths(np.array([[[0.0, 0.0], [3.0, 4.0], [3.0, 6.0]]])).tolist() == [7.0]


def test_a_report_has_every_part_and_prints(made_packs: Path, small_detector: Detector) -> None:
    _, faces = load_human68(made_packs / "human68")
    layout = load_registry().layouts["300w"]
    sources = [[name.split("/")[0]] for name in faces.names]
    report = evaluate_faces(
        LandmarkReader(small_detector), faces, faces.frame_points, landmark_frames(faces), layout, sources
    )
    assert report.subsets["all"].faces == 4
    assert {name: s.faces for name, s in report.subsets.items()} == {"all": 4, "inf": 1, "made": 3}
    assert set(report.parts) == {q.part for q in layout.landmarks}
    assert set(report.curves) == set(report.parts)
    # Random weights are far off; a report that flatters them would be wrong.
    assert report.subsets["all"].nme > 20
    assert json.loads(report.to_json())["subsets"]["inf"]["faces"] == 1
    expected, true = np.array(report.calibration).T
    assert (np.diff(expected) >= 0).all()
    assert (true > 0).all()
    assert f"| all | 4 | {report.subsets['all'].nme:.2f} |" in report.to_markdown()


def test_a_card_takes_the_evaluation_between_its_marks(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"before\n{START}\nold\n{END}\nafter\n")
    write_evaluation(card, "new")
    write_evaluation(card, "newer")
    assert card.read_text() == f"before\n{START}\n\nnewer\n\n{END}\nafter\n"
    card.write_text("no marks")
    with pytest.raises(ConfigError, match="no lines"):
        write_evaluation(card, "new")
