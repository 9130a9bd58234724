"""Whether points are seen: what is learnt from, the head, and how it is scored."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from faceql.errors import ConfigError
from faceql.model.checkpoint import load_detector, save_detector
from faceql.model.data import visibility_labels
from faceql.model.data.augmentation import ChangedCrop
from faceql.model.data.merl68 import load_merl68
from faceql.model.data.packs import AnnotatedFaces, Visibility, load_human68
from faceql.model.data.visibility_labels import draw_judged_batch, draw_judged_face, mark_changes
from faceql.model.detector import Detector, join_crops, select_crop
from faceql.model.evaluation.visibility import average_precision, fit_temperature, measure_reliability
from faceql.model.training.calibration import calibrate_visibility
from faceql.model.training.visibility import teach_visibility
from faceql.model.visibility import VisibilityHead
from faceql.server.cli import main

from .conftest import make_detector
from .made_packs import FAR_SIDE, write_merl68


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("merl")
    write_merl68(root / "merl68")
    return root


@pytest.fixture(scope="module")
def faces(data: Path) -> AnnotatedFaces:
    return load_merl68(data / "merl68")[0]


@pytest.fixture(scope="module")
def taught(faces: AnnotatedFaces) -> Detector:
    detector = make_detector()
    teach_visibility(detector, faces, 32)
    return detector


def test_changed_pixels_mark_the_points_there_that_are_not_turned_away() -> None:
    covered, cut = np.zeros((2, 10, 10), dtype=bool)
    covered[:, 5:] = True
    cut[8:] = True
    changed = ChangedCrop(np.zeros((10, 10, 3), dtype=np.uint8), covered, cut)
    points = np.array([[0.25, 0.5], [0.75, 0.5], [0.75, 0.5], [1.5, 0.5], [np.nan, np.nan], [0.75, 0.95]])
    known = np.array([0, 0, Visibility.SELF_OCCLUDED, 0, Visibility.SELF_OCCLUDED, 0], dtype=np.uint8)
    assert mark_changes(known, points, changed).tolist() == [0, 1, 2, 0, 2, Visibility.OUTSIDE]


def test_what_is_put_in_front_hides_and_the_photos_edge_cuts(
    faces: AnnotatedFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = {"occlusion_share": 0.0, "large_occlusion_share": 0.0, "truncation_share": 0.0}
    monkeypatch.setattr(visibility_labels, "CHANGES", visibility_labels.CHANGES.model_copy(update=nothing))
    assert faces.visibility is not None
    plain = [draw_judged_face(faces, 1, 64, np.random.default_rng(seed))[1] for seed in range(8)]
    assert all((known == Visibility.EXTERNALLY_OCCLUDED).sum() == 5 for known in plain)
    # Mirrored half the time, and the mouth's corners with it.
    assert len({tuple(known) for known in plain}) == 2
    much = {"large_occlusion_share": 1.0, "truncation_share": 1.0}
    monkeypatch.setattr(visibility_labels, "CHANGES", visibility_labels.CHANGES.model_copy(update=much))
    made = np.stack([draw_judged_face(faces, 0, 64, np.random.default_rng(seed))[1] for seed in range(8)])
    assert ((made == Visibility.SELF_OCCLUDED).sum(axis=1) == len(FAR_SIDE)).all()
    assert (made == Visibility.EXTERNALLY_OCCLUDED).any()
    assert (made == Visibility.OUTSIDE).any()


def test_batches_repeat_from_their_seed(faces: AnnotatedFaces, made_packs: Path) -> None:
    first, second = (draw_judged_batch(faces, 4, 32, np.random.default_rng(3)) for _ in range(2))
    assert (first.crops == second.crops).all()
    assert (first.visibility == second.visibility).all()
    assert first.crops.shape == (4, 3, 32, 32)
    with pytest.raises(ConfigError, match="nobody told"):
        draw_judged_batch(load_human68(made_packs / "human68")[0], 1, 32, np.random.default_rng(3))


def test_learning_it_lowers_the_loss_and_moves_no_point(
    faces: AnnotatedFaces, crops: torch.Tensor, asked: tuple[list[str], torch.Tensor]
) -> None:
    detector = make_detector()
    parts, fpalps = detector.part_ids(asked[0]), asked[1]
    with torch.no_grad():
        before = detector.decode(detector.encode(crops), parts, fpalps)
        with pytest.raises(ConfigError, match="train-visibility"):
            detector.decode_visibility(detector.encode(crops), parts, fpalps)
    losses = teach_visibility(detector, faces, 120)
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:3])
    with torch.no_grad():
        after = detector.decode(detector.encode(crops), parts, fpalps)
    assert before.visibility is None
    for name in ("coordinates", "log_scale", "stretch"):
        assert (getattr(before, name) == getattr(after, name)).all()


def test_a_judgement_does_not_depend_on_company(
    taught: Detector, crops: torch.Tensor, asked: tuple[list[str], torch.Tensor]
) -> None:
    parts, fpalps = taught.part_ids(asked[0]), asked[1]
    with torch.no_grad():
        encoded = taught.encode(crops)
        together = taught.decode_visibility(encoded, parts, fpalps)
        alone = taught.decode_visibility(encoded, parts[3:4], fpalps[3:4])
    assert together.shape == (2, len(parts), 4)
    torch.testing.assert_close(together.sum(dim=-1), torch.ones(2, len(parts)))
    torch.testing.assert_close(alone[:, 0], together[:, 3], atol=1e-6, rtol=0)


def test_the_context_is_company_whoever_else_is_asked(
    taught: Detector, crops: torch.Tensor, asked: tuple[list[str], torch.Tensor]
) -> None:
    detector, (parts, fpalps) = copy.deepcopy(taught), (taught.part_ids(asked[0]), asked[1])
    with torch.no_grad():
        assert detector.visibility is not None
        assert detector.visibility.company is not None
        # So little was learnt that the crops would hardly differ.
        for parameter in detector.visibility.company.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(7)))
        encoded = detector.encode(crops)
        assert encoded.company is not None
        first = detector.decode(encoded, parts, fpalps).visibility
        apart = [select_crop(encoded, row) for row in range(2)]
        turned = detector.decode(join_crops(apart[::-1]), parts, fpalps).visibility
        swapped = detector.decode(dataclasses.replace(encoded, company=encoded.company.flip(0)), parts, fpalps)
        reversed_order = detector.decode(encoded, parts.flip(0), fpalps.flip(0)).visibility
        alone = detector.decode(encoded, parts[3:4], fpalps[3:4]).visibility
    torch.testing.assert_close(turned.flip(0), first, atol=1e-5, rtol=0)
    torch.testing.assert_close(reversed_order.flip(1), first, atol=1e-5, rtol=0)
    torch.testing.assert_close(alone[:, 0], first[:, 3], atol=1e-5, rtol=0)
    assert (swapped.visibility - first).abs().max() > 1e-3, "what the context tells counts"


def test_a_head_that_gets_company_first_judges_as_alone(
    taught: Detector, crops: torch.Tensor, asked: tuple[list[str], torch.Tensor]
) -> None:
    detector = copy.deepcopy(taught)
    alone, met = VisibilityHead(detector.config).eval(), VisibilityHead(detector.config, in_company=True).eval()
    met.load_state_dict(alone.state_dict(), strict=False)
    found = []
    for head in (alone, met):
        detector.visibility = head
        with torch.no_grad():
            encoded = detector.encode(crops)
            assert (encoded.company is None) == (head is alone)
            found.append(detector.decode(encoded, detector.part_ids(asked[0]), asked[1]).visibility)
    assert torch.equal(*found)


def test_weights_older_than_company_answer_and_learn_it(
    small_detector: Detector, crops: torch.Tensor, asked: tuple[list[str], torch.Tensor], faces: AnnotatedFaces,
    tmp_path: Path,
) -> None:  # fmt: skip
    detector = copy.deepcopy(small_detector)
    detector.visibility = VisibilityHead(detector.config).eval()
    save_detector(tmp_path / "old", detector, "made", {})
    loaded = load_detector(tmp_path / "old").detector
    assert loaded.visibility is not None
    assert loaded.visibility.company is None
    parts, fpalps = loaded.part_ids(asked[0]), asked[1]
    with torch.no_grad():
        want, got = (one.decode(one.encode(crops), parts, fpalps).visibility for one in (detector, loaded))
    assert torch.equal(want, got)
    teach_visibility(loaded, faces, 16)
    assert loaded.visibility.company is not None
    for name, tensor in detector.visibility.state_dict().items():
        assert torch.equal(loaded.visibility.state_dict()[name], tensor), "what it judges alone stays"


def test_under_joint_attention_each_landmark_is_judged_alone(joint_detector: Detector, faces: AnnotatedFaces) -> None:
    detector = copy.deepcopy(joint_detector)
    assert len(teach_visibility(detector, faces, 32)) == 2
    assert detector.visibility is not None
    assert detector.visibility.company is None


def test_weights_keep_it(
    taught: Detector, small_detector: Detector, crops: torch.Tensor, asked: tuple[list[str], torch.Tensor],
    tmp_path: Path,
) -> None:  # fmt: skip
    parts, fpalps = taught.part_ids(asked[0]), asked[1]
    for name, detector in (("with", taught), ("without", small_detector)):
        save_detector(tmp_path / name, detector, "made", {})
    loaded = load_detector(tmp_path / "with").detector
    assert load_detector(tmp_path / "without").detector.visibility is None
    with torch.no_grad():
        want, got = (one.decode_visibility(one.encode(crops), parts, fpalps) for one in (taught, loaded))
    torch.testing.assert_close(got, want, atol=1e-6, rtol=0)


def test_average_precision_by_hand() -> None:
    scores = np.array([0.9, 0.1, 0.8, 0.3])
    assert average_precision(scores, np.array([True, False, False, True])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(scores, np.array([True, False, True, False])) == 1


def test_reliability_by_hand() -> None:
    said = np.array([0.95, 0.95, 0.92, 0.98, 0.25, 0.25])
    probabilities = np.stack([said, 1 - said, 0 * said, 0 * said], axis=1)
    found = measure_reliability(probabilities, np.array([0, 0, 0, 1, 1, 0], dtype=np.uint8))
    assert [(low, count) for low, _, count, _, _ in found.bands] == [(0.2, 2), (0.9, 4)]
    assert [band[3:] for band in found.bands] == [pytest.approx((0.25, 0.5)), pytest.approx((0.95, 0.75))]
    assert found.calibration_error == pytest.approx((2 * 0.25 + 4 * 0.2) / 6)


def test_the_temperature_of_probabilities_that_are_too_sure_is_found() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(20_000, 4)) * 2
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    known = (chances.cumsum(axis=1) < rng.random((len(chances), 1))).sum(axis=1).astype(np.uint8)
    too_sure = chances**1.6 / (chances**1.6).sum(axis=1, keepdims=True)
    assert fit_temperature(chances, known) == pytest.approx(1, abs=0.04)
    assert fit_temperature(too_sure, known) == pytest.approx(1.6, abs=0.06)


def test_calibration_makes_probabilities_likelier_and_keeps_their_order(data: Path, taught: Detector) -> None:
    # What a few crops have taught is further from the truth than a temperature is sought.
    taught, faces = copy.deepcopy(taught), load_merl68(data / "merl68")[0]
    assert taught.visibility is not None
    taught.visibility.divide_logits(0.2)
    detector = copy.deepcopy(taught)
    temperature = calibrate_visibility(detector, faces)
    assert temperature != 1
    assert calibrate_visibility(detector, faces) == pytest.approx(1, abs=0.03), "once is enough"
    crop = torch.zeros(1, 3, 64, 64)
    ids, fpalps = detector.part_ids(["face contour"] * 5), torch.linspace(0, 1, 5)
    with torch.no_grad():
        before, after = (one.decode(one.encode(crop), ids, fpalps) for one in (taught, detector))
    assert (before.coordinates == after.coordinates).all()
    torch.testing.assert_close(after.visibility * temperature, before.visibility, atol=1e-4, rtol=1e-4)


def test_the_commands_teach_and_score_it(data: Path, small_detector: Detector, tmp_path: Path) -> None:
    weights, out = tmp_path / "plain.safetensors", tmp_path / "seen.safetensors"
    save_detector(weights, small_detector, "made", {"recipe": "made"}, is_half=True)
    arguments = ["train-visibility", "--data", data, "--weights", weights, "--out", out, "--pictures", 16]
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    loaded = load_detector(out)
    assert loaded.version.startswith("made+")
    assert loaded.is_half, "as the weights were that it was made of"
    assert loaded.training.keys() == {"recipe", "visibility_temperature"}
    assert loaded.training["visibility_temperature"] == fit_of(result.output)
    catalogue = tmp_path / "merl.toml"
    # All of the pack is for training here but three faces, of which none has a hidden point.
    with np.load(data / "merl68" / "labels.npz") as labels:
        marked = {**labels, "visibility": labels["visibility"][::-1], "points": np.nan_to_num(labels["points"], nan=40)}
    folder = tmp_path / "marked"
    folder.mkdir()
    (folder / "images").symlink_to(data / "merl68" / "images")
    np.savez(folder / "labels.npz", **marked)
    catalogue.write_text('[merl]\nkind = "pack"\nfolder = "marked"\n')
    evaluate = ["eval", "--datasets", str(catalogue), "--weights", str(out), "--crops", "annotation"]
    result = CliRunner().invoke(main, evaluate, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "| hidden | 0.025 |" in result.output
    assert "| turned away | 0.0" in result.output
    assert "| said to be seen | points | mean probability | were seen |" in result.output


def fit_of(output: str) -> object:
    """Return the temperature that train-visibility tells, as a number of any rounding."""
    return pytest.approx(float(output.rpartition("temperature ")[2]), abs=0.006)
