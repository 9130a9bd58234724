import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceql.errors import ConfigError
from faceql.model.crops import CropFrame
from faceql.model.data.datasets.catalogue import DatasetSettings, load_dataset
from faceql.model.data.packs import AnnotatedFaces, load_human68
from faceql.model.detector import Detector
from faceql.model.evaluation.card import END, START, write_evaluation
from faceql.model.evaluation.ced import BOTTOM, TOP, draw_ced
from faceql.model.evaluation.expected_error import calibrate, mean_of_others, score_expected_errors
from faceql.model.evaluation.metrics import (
    area_under_ced,
    bootstrap_interval,
    bootstrap_intervals,
    failure_rate,
    inter_ocular,
    normalized_errors,
    roll_degrees,
    turned_share,
)
from faceql.model.evaluation.predict import landmark_frames, predict_landmarks
from faceql.model.evaluation.report import evaluate_faces, format_overview, path_lengths, score_together
from faceql.model.evaluation.scores import measure_normalizers, own_normalizer, score_faces
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


def test_correlations_of_the_expected_error_by_hand() -> None:
    # Three landmarks on four faces; the second's errors run against what is expected, one error is unknown.
    true = np.array([[0.01, 0.05, 0.02], [0.02, 0.06, 0.03], [0.03, 0.02, np.nan], [0.05, 0.01, 0.09]])
    expected = np.array([[0.01, 0.01, 0.01], [0.02, 0.02, 0.02], [0.03, 0.03, 0.01], [0.04, 0.04, 0.03]])
    scores = score_expected_errors(expected, true)
    assert scores.correlation == pytest.approx((1 - 0.8 + 1) / 3)
    assert scores.correlation_low == pytest.approx(-0.8)
    assert mean_of_others(true)[0] == pytest.approx([0.035, 0.015, 0.03])
    assert mean_of_others(true)[2] == pytest.approx([0.02, 0.03, 0.025])
    # The landmarks' others rank the faces 2 3 1 4, 1 2 3 4 and (1 3 1), their own errors 1 2 3 4, 3 4 2 1 and 1 2 3.
    assert scores.correlation_of_oracle == pytest.approx((0.4 - 0.8 + 0) / 3)
    # True means rank the faces 2 3 1 4, expected ones 1 2 3 4.
    assert scores.correlation_of_faces == pytest.approx(0.4)
    assert scores.ratio == pytest.approx(expected[np.isfinite(true)].mean() / np.nanmean(true))


def test_path_length_by_hand() -> None:
    assert path_lengths(np.array([[[0.0, 0.0], [3.0, 4.0], [3.0, 6.0]]])).tolist() == [7.0]


@pytest.fixture(scope="module")
def validation(made_packs: Path) -> AnnotatedFaces:
    dataset = load_dataset("human68", DatasetSettings(kind="pack", folder=made_packs / "human68"))
    return dataset.tests["validation"]


def test_a_report_has_every_part_and_prints(validation: AnnotatedFaces, small_detector: Detector) -> None:
    sources = [[name.split("/")[0]] for name in validation.names]
    report = evaluate_faces(LandmarkReader(small_detector), validation, landmark_frames(validation), sources)
    scores = report.scores
    assert scores.subsets["all"].faces == 4
    assert {name: s.faces for name, s in scores.subsets.items()} == {"all": 4, "inf": 1, "made": 3}
    assert set(scores.parts) == {q.part for q in validation.scheme.landmarks}
    assert set(report.curves) == set(scores.parts)
    # Random weights are far off; a report that flatters them would be wrong.
    assert scores.subsets["all"].nme > 20
    assert json.loads(report.to_json())["subsets"]["inf"]["faces"] == 1
    expected, true = np.array(report.expected_error.calibration).T
    assert (np.diff(expected) >= 0).all()
    assert (true > 0).all()
    assert f"| all | 4 | {scores.subsets['all'].nme:.2f} |" in report.to_markdown()
    assert f"| 68 | inner lip | 7/8 | {scores.landmarks[-1].error} |" in report.landmarks_to_markdown()
    overview = format_overview([report, report])
    assert "| 300w | all of the layout | 8 | inter-ocular |" in overview
    assert "All 8 faces of an inter-ocular error as one set, the 68 landmarks that every set has:" in overview


def test_expected_errors_of_several_sets_are_scored_together_where_all_have_the_landmark(
    validation: AnnotatedFaces, small_detector: Detector
) -> None:
    whole = evaluate_faces(LandmarkReader(small_detector), validation, landmark_frames(validation))
    marks = whole.scores.landmarks
    # A set of its own face, with three of the landmarks in another order, and one that the first set lacks.
    few = replace(
        whole,
        scores=replace(whole.scores, landmarks=(marks[7], replace(marks[0], fpalp="1/99"), marks[30], marks[3])),
        expected_errors=np.array([[9.0, 0.5, 8.0, 7.0]]),
        true_errors=np.array([[9.0, 0.5, 8.0, np.nan]]),
    )
    together = score_together([whole, few])
    assert together is not None
    scores, faces, landmarks = together
    assert (faces, landmarks) == (5, 3)
    expected = np.concatenate([whole.expected_errors[:, [3, 7, 30]], [[7.0, 9.0, 8.0]]])
    true = np.concatenate([whole.true_errors[:, [3, 7, 30]], [[np.nan, 9.0, 8.0]]])
    assert scores == score_expected_errors(expected, true)
    other = replace(few, scores=replace(few.scores, normalizer="diagonal"))
    assert score_together([whole, other]) is None


def test_scores_by_hand(validation: AnnotatedFaces) -> None:
    predicted = validation.points.copy()
    predicted[:, :17] += (3.0, 4.0)
    points = validation.points.copy()
    points[0, 0] = np.nan
    scores = score_faces(replace(validation, points=points), predicted, [["a"], ["a"], ["b"], []])
    shares = 5 / validation.inter_ocular_px * 17 / 68
    shares[0] = 5 / validation.inter_ocular_px[0] * 16 / 67
    assert scores.face_errors == pytest.approx(shares)
    assert scores.subsets["a"].nme == pytest.approx(100 * shares[:2].mean())
    assert scores.parts["face contour"].nme == pytest.approx(100 * (5 / validation.inter_ocular_px).mean())
    assert scores.parts["left eye"].nme == 0
    assert scores.landmarks[0].error.nme == pytest.approx(100 * (5 / validation.inter_ocular_px[1:]).mean())
    assert scores.landmarks[20].error.nme == 0


def test_the_three_normalisers(validation: AnnotatedFaces) -> None:
    lengths = measure_normalizers(validation)
    points = validation.points
    assert lengths["inter-ocular"] == pytest.approx(np.linalg.norm(points[:, 36] - points[:, 45], axis=-1))
    pupils = points[:, 36:42].mean(axis=1) - points[:, 42:48].mean(axis=1)
    assert lengths["inter-pupil"] == pytest.approx(np.linalg.norm(pupils, axis=-1))
    spread = points.max(axis=1) - points.min(axis=1)
    assert lengths["diagonal"] == pytest.approx(np.linalg.norm(spread, axis=-1))
    boxed = replace(validation, boxes=np.tile([10.0, 10.0, 40.0, 50.0], (4, 1)))
    assert measure_normalizers(boxed)["diagonal"] == pytest.approx(50)
    assert own_normalizer(validation) == "inter-ocular"
    assert own_normalizer(replace(validation, layout="aflw")) == "diagonal"


def test_pupils_count_where_they_are_annotated(made_packs: Path) -> None:
    dataset = load_dataset("human98", DatasetSettings(kind="pack", folder=made_packs / "human98_dev"))
    hard = dataset.tests["hard"]
    apart = np.linalg.norm(hard.points[:, 96] - hard.points[:, 97], axis=-1)
    assert measure_normalizers(hard)["inter-pupil"] == pytest.approx(apart)


def test_columns_share_the_resampled_faces() -> None:
    errors = np.random.default_rng(0).gamma(4, 0.01, size=(100, 3))
    errors[:40, 2] = np.nan
    low, high = bootstrap_intervals(errors)
    assert (low[1], high[1]) == pytest.approx(bootstrap_interval(errors[:, 1]))
    assert low[2] < errors[40:, 2].mean() < high[2]
    assert high[2] - low[2] > high[1] - low[1]


def test_the_plot_rises_as_the_errors_are_distributed() -> None:
    picture = np.asarray(draw_ced({"a": np.array([0.02, 0.04, np.nan, 0.2])}, "made", "inter-ocular"))
    blue = (np.abs(picture.astype(int) - (0, 114, 178)).sum(axis=-1) < 60)[:640]  # without the legend
    plot = np.flatnonzero(blue.any(axis=1))
    # Two of three faces are under 10%: the curve ends at two thirds of the height, and starts at the bottom.
    height = 640 - TOP - BOTTOM
    assert plot.min() == pytest.approx(TOP + height / 3, abs=3)
    assert plot.max() == pytest.approx(640 - BOTTOM, abs=3)
    assert np.flatnonzero(blue[: TOP + height // 2].any(axis=0)).min() == pytest.approx(84 + 848 * 0.4, abs=4)


def test_a_card_takes_the_evaluation_between_its_marks(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"before\n{START}\nold\n{END}\nafter\n")
    write_evaluation(card, "new")
    write_evaluation(card, "newer")
    assert card.read_text() == f"before\n{START}\n\nnewer\n\n{END}\nafter\n"
    card.write_text("no marks")
    with pytest.raises(ConfigError, match="no lines"):
        write_evaluation(card, "new")


def test_an_offset_that_all_answers_share_is_told_and_taken_off(validation: AnnotatedFaces) -> None:
    assert validation.inter_ocular_px is not None
    step = validation.inter_ocular_px[:, None, None] * (0.02, -0.01)
    scores = score_faces(
        validation, validation.points + step, [["some"] if row else [] for row in range(len(validation))]
    )
    assert set(scores.offsets) == {"all", "some"}
    offset = scores.offsets["all"]
    assert (offset.x, offset.y) == pytest.approx((2.0, -1.0))
    assert scores.subsets["all"].nme == pytest.approx(100 * np.hypot(0.02, 0.01))
    assert offset.nme_without == pytest.approx(0, abs=1e-6)
