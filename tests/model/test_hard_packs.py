"""Turned and hidden faces: the pack `merl68`, and the packs with the points of `teacher98`."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from faceql.errors import ConfigError
from faceql.model.checkpoint import save_detector
from faceql.model.crops import OUTSIDE_COLOR, CropFrame
from faceql.model.data.augmentation import AugmentationConfig, augment_pixels, blur_along, truncate
from faceql.model.data.batches import draw_batch
from faceql.model.data.datasets.catalogue import DatasetSettings, load_dataset
from faceql.model.data.merl68 import load_merl68
from faceql.model.data.packs import load_auto
from faceql.model.data.teacher98 import LARGEST_SPREAD, load_teacher98, trust_spread
from faceql.model.detector import Detector
from faceql.model.evaluation.scores import own_normalizer, score_faces
from faceql.model.training.recipe import Recipe, Stage, load_recipe
from faceql.model.training.sets import PACK_SETS, load_training_faces
from faceql.server.cli import main

from .made_packs import FAR_SIDE, write_auto98, write_merl68
from .test_data import STILL


@pytest.fixture(scope="module")
def packs(made_packs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All packs in one folder, `auto` as it is today."""
    root = tmp_path_factory.mktemp("all_packs")
    for name in ("human68", "human98_dev"):
        (root / name).symlink_to(made_packs / name)
    write_merl68(root / "merl68")
    write_auto98(root / "auto98")
    (root / "auto").mkdir()
    (root / "auto" / "images").symlink_to(made_packs / "auto" / "images")
    with np.load(made_packs / "auto" / "labels.npz") as old:
        labels = {name: old[name] for name in old.files}
    labels["teacher98_mesh"] = labels["teacher98"].copy()
    labels["teacher98"] = np.nan_to_num(labels["teacher98"], nan=20.0)
    labels["teacher98_spread"] = np.full(8, 0.004, dtype=np.float32)
    for name in ("teacher68", "teacher98", "teacher98_mesh", "mesh478"):
        labels[name][7] = np.nan
    np.savez(root / "auto" / "labels.npz", **labels)
    return root


def test_merl68_splits_as_marked_and_names_its_views(packs: Path) -> None:
    train, validation = load_merl68(packs / "merl68")
    assert (len(train), len(validation)) == (4, 3)
    assert train.subsets == (("profile",), ("frontal", "partly hidden"), ("half profile",), ("frontal",))
    assert train.visibility is not None
    assert np.isnan(train.points[0, FAR_SIDE]).all()
    assert np.isfinite(train.points[1]).all()
    # The crop is that of the side in view.
    known = np.delete(train.points[0], FAR_SIDE, axis=0)
    assert CropFrame.from_landmarks(train.frame_points[0]) == CropFrame.from_landmarks(known)


def test_points_turned_away_teach_nothing_and_hidden_ones_do(packs: Path) -> None:
    train, _ = load_merl68(packs / "merl68")
    asked = [("right eye", 0.0), ("face contour", 0.25), ("face contour", 0.26), ("outer lip", 0.0)]
    for row, weights in ((0, [0, 1, 0, 1]), (1, [1, 1, 1, 1])):
        face = train.subset(np.arange(4) == row, "one")
        batch = draw_batch(
            face, asked, batch_size=1, image_size=32, count_annotated=1, count_random=0, count_triplets=0,
            augmentation=STILL, rng=np.random.default_rng(0),
        )  # fmt: skip
        assert batch.weights[0, :4].tolist() == weights


def test_a_teachers_faces_count_by_its_spread(packs: Path) -> None:
    faces = load_teacher98(packs / "auto98")
    # The second was removed, the fourth is spread too far.
    assert [path.stem for path in faces.image_paths] == ["00000", "00002", "00004", "00005", "00006"]
    assert faces.name == "teacher98 of auto98"
    assert faces.face_weights == pytest.approx(trust_spread(np.array([0.003, 0.004, 0.004, 0.004, 0.004])))
    trust = trust_spread(np.array([0.0, 0.006, LARGEST_SPREAD]))
    assert trust == pytest.approx([1, 0.5, 0.2])
    batch = draw_batch(
        faces, [("face contour", 0.5)], batch_size=5, image_size=32, count_annotated=1, count_random=0,
        count_triplets=0, augmentation=STILL, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert sorted(batch.weights[:, 0].tolist()) == pytest.approx(sorted(faces.face_weights))


def test_validation_faces_are_no_teachers_training_faces(packs: Path) -> None:
    faces = load_teacher98(packs / "merl68")
    assert [path.stem for path in faces.image_paths] == ["00000", "00001", "00002"]


def test_faces_removed_from_auto_are_left_out_and_the_mesh_stays_its_teacher(packs: Path) -> None:
    as68, as98 = load_auto(packs / "auto", np.inf)
    assert len(as68) == len(as98) == len(load_teacher98(packs / "auto")) == 7
    assert len(as98.scheme.landmarks) < len(load_teacher98(packs / "auto").scheme.landmarks)


def test_the_packs_are_datasets(packs: Path) -> None:
    merl = load_dataset("merl", DatasetSettings(kind="pack", folder=packs / "merl68"))
    assert merl.is_human
    assert len(merl.train[0]) == 4
    assert len(merl.tests["validation"]) == 3
    teacher = load_dataset("teacher", DatasetSettings(kind="pack", folder=packs / "auto98"))
    assert not teacher.is_human
    assert [faces.layout for faces in teacher.train] == ["wflw"]
    assert not teacher.tests


RECIPE = Recipe(name="made", stages=(Stage(pictures=8, image_size=32, human_share=0.5),))


def test_a_recipe_names_its_sets_and_their_shares(packs: Path) -> None:
    shares = {"human68": 3.0, "merl68": 1.0, "teacher98 of auto98": 1.0, "teacher98 of auto": 2.0}
    faces = load_training_faces(packs, RECIPE.model_copy(update={"shares": shares}))
    assert [(one.faces.name, one.share, one.weight) for one in faces.human] == [("human68", 3, 1), ("merl68", 1, 1)]
    assert {one.faces.name: one.share for one in faces.auto} == {"teacher98 of auto": 2, "teacher98 of auto98": 1}
    assert not any(one.is_human for one in faces.auto)
    assert len(faces.validation) == 4
    with pytest.raises(ConfigError, match="no set 'auto'; there are: human68, infants of human68, merl68"):
        load_training_faces(packs, RECIPE.model_copy(update={"shares": {"auto": 1.0}}))


def test_infants_are_a_set_of_their_own(packs: Path, tmp_path: Path) -> None:
    (tmp_path / "human68").mkdir()
    (tmp_path / "human68" / "images").symlink_to(packs / "human68" / "images")
    with np.load(packs / "human68" / "labels.npz") as old:
        labels = {**old}
    labels["names"] = np.array([f"inf/{i}" if i in (2, 5, 11) else name for i, name in enumerate(labels["names"])])
    np.savez(tmp_path / "human68" / "labels.npz", **labels)
    recipe = RECIPE.model_copy(update={"shares": {"human68": 2.0, "infants of human68": 1.0}})
    (adults_too, infants) = load_training_faces(tmp_path, recipe).human
    assert (len(adults_too.faces), infants.share, infants.faces.name) == (8, 1, "infants of human68")
    assert infants.faces.names == ("inf/2", "inf/5"), "the last one is for validation"
    with pytest.raises(ConfigError, match="no infants to train on"):
        load_training_faces(packs, recipe)


def test_shipped_recipes_name_sets_that_there_are(packs: Path) -> None:
    recipe = load_recipe("default-turned")
    assert set(recipe.shares) <= set(PACK_SETS)
    assert len(load_training_faces(packs, recipe).auto) == 3


def test_seen_and_hidden_points_are_scored_apart(packs: Path) -> None:
    _, validation = load_merl68(packs / "merl68")
    train, _ = load_merl68(packs / "merl68")
    assert own_normalizer(validation) == "inter-ocular"
    # A profile has no second eye.
    assert own_normalizer(train) == "diagonal"
    predicted = train.points.copy()
    predicted[1, 48:53] += (3.0, 4.0)
    scores = score_faces(train, predicted)
    extent = train.points[1].max(axis=0) - train.points[1].min(axis=0)
    assert scores.visibility["seen"].nme == pytest.approx(0)
    assert scores.visibility["hidden"].nme == pytest.approx(100 * 5 / np.linalg.norm(extent))
    assert set(score_faces(validation, validation.points).visibility) == {"seen"}


@pytest.mark.slow
def test_eval_tells_them_apart_where_the_pack_is_there(packs: Path, small_detector: Detector, tmp_path: Path) -> None:
    weights = tmp_path / "made.safetensors"
    save_detector(weights, small_detector, "made", {})
    arguments = ["eval", "--data", str(packs), "--weights", str(weights), "--crops", "annotation", "--degraded"]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "### merl68 validation, 300w points" in result.output
    assert "| half profile | 1 |" in result.output
    assert "| seen |" in result.output
    assert "### Expected errors on degraded copies of merl68 validation" in result.output


def test_motion_blurs_along_its_line_alone() -> None:
    pixels = np.zeros((64, 64, 3), dtype=np.float32)
    pixels[32] = 255
    assert blur_along(pixels, 6, 0.0) == pytest.approx(pixels)
    blurred = blur_along(pixels, 6, np.pi / 2)
    assert (blurred[29:36] > 0).all()
    assert (blurred[:28] == 0).all()
    assert blurred.sum() == pytest.approx(pixels.sum(), rel=1e-4)


def test_an_edge_of_the_photo_cuts_a_part_off() -> None:
    crop = np.full((64, 64, 3), 200, dtype=np.uint8)
    for seed in range(20):
        outside = (truncate(crop, np.random.default_rng(seed)) == OUTSIDE_COLOR).all(axis=-1)
        assert 0.02 < outside.mean() < 0.4
    assert (crop == 200).all()


def test_every_new_change_keeps_pixels() -> None:
    shares = ("large_occlusion_share", "motion_blur_share", "low_light_share", "truncation_share")
    changes = AugmentationConfig(**dict.fromkeys(shares, 1.0))
    crop = np.full((64, 64, 3), 200, dtype=np.uint8)
    changed = augment_pixels(crop, changes, np.random.default_rng(1))
    assert (changed.shape, changed.dtype) == (crop.shape, crop.dtype)
