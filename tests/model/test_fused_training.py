"""Training on a mix of datasets (paper, A.9)."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from faceql.errors import ConfigError
from faceql.model.checkpoint import load_detector
from faceql.model.data.augmentation import AugmentationConfig
from faceql.model.data.batches import draw_batch, draw_face, draw_queries
from faceql.model.training.loop import Trainer
from faceql.model.training.recipe import Recipe, Stage
from faceql.model.training.sets import TrainingFaces, load_fused_faces, load_training_faces
from faceql.server.cli import main

from .made_datasets import write_cofw, write_merl_rav, write_w300, write_wflw
from .test_commands import RECIPE as RECIPE_FILE
from .test_data import STILL
from .test_training import RECIPE

CATALOGUE = """
[w300]
kind = "300w"
folder = "w300"
share = 2

[wflw]
kind = "wflw"
folder = "wflw"
weight = 0.9

[cofw]
kind = "cofw"
folder = "cofw"
weight = 0.5

[machines]
kind = "pack"
folder = "{packs}/auto"
largest_disagreement = 0.3

[more_people]
kind = "pack"
folder = "{packs}/human68"
share = 0
"""


@pytest.fixture(scope="module")
def catalogue(made_packs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fused")
    write_w300(root / "w300", per_folder=1)
    write_wflw(root / "wflw")
    write_cofw(root / "cofw")
    path = root / "datasets.toml"
    path.write_text(CATALOGUE.format(packs=made_packs))
    return path


@pytest.fixture(scope="module")
def fused(catalogue: Path) -> TrainingFaces:
    return load_fused_faces(catalogue, RECIPE)


def test_sets_have_the_shares_and_weights_of_the_file(fused: TrainingFaces) -> None:
    def settings(sets):
        return [(one.faces.name, one.share, one.weight) for one in sets]

    assert settings(fused.human) == [("300w train", 2, 1), ("wflw train", 1, 0.9), ("cofw train", 1, 0.5)]
    # The pack's two schemes divide its share; its labels count as the recipe says.
    assert settings(fused.auto) == [("auto68", 0.5, RECIPE.auto_weight), ("auto98", 0.5, RECIPE.auto_weight)]
    assert fused.validation.name == "300w full"


def test_sets_are_drawn_by_stage_and_share(fused: TrainingFaces) -> None:
    stage = Stage(pictures=1, image_size=32, human_share=0.75)
    drawn = Counter(fused.draw(stage, np.random.default_rng([4, step])).faces.name for step in range(4000))
    expected = {"300w train": 1500, "wflw train": 750, "cofw train": 750, "auto68": 500, "auto98": 500}
    assert drawn.keys() == expected.keys()
    for name, count in expected.items():
        assert drawn[name] == pytest.approx(count, abs=120), name
    people = TrainingFaces(fused.human, (), fused.validation)
    assert people.draw(stage.model_copy(update={"human_share": 0.0}), np.random.default_rng(0)) in fused.human


def test_the_packs_are_drawn_as_before(made_packs: Path) -> None:
    """A run of `--data` goes on exactly where an earlier version left it."""
    faces = load_training_faces(made_packs, RECIPE)
    for step in range(60):
        choice = np.random.default_rng([RECIPE.seed, step])
        sets = faces.human if choice.random() < 0.5 else faces.auto
        expected = sets[int(choice.integers(len(sets)))]
        assert faces.draw(RECIPE.stages[0], np.random.default_rng([RECIPE.seed, step])) is expected


@pytest.mark.parametrize("row", range(3))
def test_a_flipped_face_of_any_layout_keeps_its_points_on_the_dots(fused: TrainingFaces, row: int) -> None:
    faces = fused.human[row].faces
    drawn = draw_face(faces, 1, 192, STILL.model_copy(update={"flip_share": 1.0}), np.random.default_rng(0))
    crop, points = drawn.crop, drawn.points
    for (x, y), landmark in zip(points * 192 - 0.5, faces.scheme.landmarks, strict=True):
        assert crop[int(y) - 2 : int(y) + 4, int(x) - 2 : int(x) + 4].max() > 150, landmark
    column = {part: i for i, part in enumerate(q.part for q in faces.scheme.landmarks)}
    assert points[column["left eye"], 0] < points[column["right eye"], 0]


def test_a_run_goes_on_with_the_same_sets_only(fused: TrainingFaces, made_packs: Path, tmp_path: Path) -> None:
    trainer = Trainer(RECIPE, fused, tmp_path, precision="32-true", devices=1, start=None)
    trainer.save()
    Trainer(RECIPE, fused, tmp_path, precision="32-true", devices=1, start=None)
    packs = load_training_faces(made_packs, RECIPE)
    with pytest.raises(ConfigError, match=r"300w train, .* not human68, auto68, auto98"):
        Trainer(RECIPE, packs, tmp_path, precision="32-true", devices=1, start=None)


@pytest.mark.parametrize("attention", ["context", "joint"])
def test_a_mix_of_layouts_trains(fused: TrainingFaces, tmp_path: Path, attention: str) -> None:
    recipe = RECIPE.model_copy(
        update={
            "detector": RECIPE.detector.model_copy(update={"attention": attention}),
            "stages": (Stage(pictures=20, image_size=32, human_share=0.8),),
            "count_triplets": 2,
        }
    )
    trainer = Trainer(recipe, fused, tmp_path, precision="32-true", devices=1, start=None)
    before = {name: p.detach().clone() for name, p in trainer.detector.named_parameters()}
    trained = set()
    for step in range(10):
        trained.add(fused.draw(recipe.stages[0], np.random.default_rng([recipe.seed, step])).faces.name)
        losses = trainer.train_step()
        assert np.isfinite((losses.coordinate, losses.scale)).all()
        assert np.isnan(losses.surface)
    assert trained >= {"300w train", "wflw train", "cofw train"}
    assert any(not torch.equal(p, before[name]) for name, p in trainer.detector.named_parameters())
    assert trainer.validate().keys() == {"validation_nme"}


def test_a_layout_of_few_points_asks_those_alone(fused: TrainingFaces) -> None:
    cofw = fused.human[2].faces
    parts, fpalps, _ = draw_queries(cofw, 28, 20, 5, np.random.default_rng(0))
    landmarks = {(q.part, float(q.fpalp)) for q in cofw.scheme.landmarks}
    assert len(parts) == 28
    assert set(zip(parts, fpalps, strict=True)) <= landmarks
    context = [("left eye", 0.0), ("left eye", 0.1), ("outer lip", 0.25), ("outer lip", 0.3)]
    batch = draw_batch(
        cofw, context, batch_size=3, image_size=32, count_annotated=9, count_random=4, count_triplets=3,
        augmentation=AugmentationConfig(), rng=np.random.default_rng(1),
    )  # fmt: skip
    assert batch.count_triplets == 0
    # A spline through COFW's four points of a part would miss the part: between them nothing is taught.
    assert (batch.weights[:, :4] > 0).tolist() == [[True, False, True, False]] * 3
    assert (batch.weights[:, 4:] == 1).all()


def test_missing_points_are_masked_and_their_neighbours_are_not(tmp_path: Path, made_packs: Path) -> None:
    write_merl_rav(tmp_path / "merl")
    path = tmp_path / "merl.toml"
    path.write_text('[merl]\nkind = "merl_rav"\nfolder = "merl"\n')
    faces = load_fused_faces(path, RECIPE).human[0].faces
    # The first three points of the contour are hidden.
    context = [("face contour", 1 / 16), ("face contour", 3 / 16), ("face contour", 0.22), ("left eye", 0.05)]
    still = AugmentationConfig(flip_share=0)
    batch = draw_batch(
        faces, context, batch_size=2, image_size=32, count_annotated=1, count_random=1, count_triplets=1,
        augmentation=still, rng=np.random.default_rng(1),
    )  # fmt: skip
    assert (batch.weights[:, :4] > 0).tolist() == [[False, True, False, True]] * 2
    assert batch.targets.isfinite().all()


def test_validation_is_thinned_out_evenly(fused: TrainingFaces) -> None:
    wflw = fused.human[1].faces
    assert [name[0] for name in wflw.thin_out(2).names] == ["0", "3"]
    assert wflw.thin_out(9).names == wflw.names


def test_the_command_trains_from_the_file(catalogue: Path, made_packs: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE_FILE)
    arguments = ["train", str(recipe), "--run", str(tmp_path / "run")]
    result = CliRunner().invoke(main, [*arguments, "--datasets", str(catalogue)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    loaded = load_detector(tmp_path / "run" / "detector.safetensors")
    assert loaded.training["sets"] == ["300w train", "wflw train", "cofw train", "auto68", "auto98"]
    with (tmp_path / "run" / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["validation_nme"]) > 0
    assert last["validation_nme_infants"] == ""
    for wrong in ([], ["--data", str(made_packs), "--datasets", str(catalogue)]):
        result = CliRunner().invoke(main, [*arguments, *wrong])
        assert result.exit_code == 2
        assert "--datasets" in result.output


def test_a_file_without_training_or_test_faces_is_refused(tmp_path: Path, made_packs: Path) -> None:
    path = tmp_path / "datasets.toml"
    path.write_text(f'[hard]\nkind = "pack"\nfolder = "{made_packs}/human98_dev"\n')
    with pytest.raises(ConfigError, match="train on"):
        load_fused_faces(path, Recipe(name="made", stages=RECIPE.stages))
    path.write_text(f'[auto]\nkind = "pack"\nfolder = "{made_packs}/auto"\n')
    with pytest.raises(ConfigError, match="no dataset has test faces"):
        load_fused_faces(path, Recipe(name="made", stages=RECIPE.stages))
