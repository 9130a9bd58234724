import csv
import math
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from torch import nn

from faceql.errors import ConfigError
from faceql.model.checkpoint import load_detector
from faceql.model.config import DetectorConfig
from faceql.model.detector import Detector
from faceql.model.training.calibration import calibrate_expected_error
from faceql.model.training.loop import Trainer
from faceql.model.training.recipe import Recipe, Stage, load_recipe
from faceql.model.training.sets import load_training_faces

from .conftest import SMALL

RECIPE = Recipe(
    name="made",
    detector=DetectorConfig(**SMALL, encoder="test_resnet", part_vectors="learned"),
    stages=(
        Stage(pictures=8, image_size=32, human_share=0.5, frozen=("conv1", "layer1")),
        Stage(pictures=8, image_size=48, human_share=1.0),
    ),
    encoder_weights="none",
    batch_size=2,
    warmup_pictures=4,
    largest_disagreement=0.3,
)


def make_trainer(packs: Path, run: Path) -> Trainer:
    run.mkdir(exist_ok=True)
    faces = load_training_faces(packs, RECIPE)
    return Trainer(RECIPE, faces, run, precision="32-true", devices=1, start=None)


def fit(trainer: Trainer) -> None:
    trainer.fit(log_every_s=0, save_every_s=3600, validate_every_s=0)


@pytest.fixture(scope="module")
def finished(made_packs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "whole"
    fit(make_trainer(made_packs, run))
    return run


def test_a_killed_run_goes_on_exactly(made_packs: Path, finished: Path, tmp_path: Path) -> None:
    run = tmp_path / "killed"
    trainer = make_trainer(made_packs, run)
    for _ in range(3):
        trainer.train_step()
    trainer.save()
    trainer.train_step()  # lost in the kill
    fit(make_trainer(made_packs, run))
    whole = torch.load(finished / "state.pt", weights_only=True)
    resumed = torch.load(run / "state.pt", weights_only=True)
    assert whole["step"] == resumed["step"] == 8
    for kind in ("detector", "average"):
        for name, tensor in whole[kind].items():
            assert torch.equal(tensor, resumed[kind][name]), (kind, name)


def test_the_log_tells_the_course(finished: Path) -> None:
    with (finished / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["pictures"]) for row in rows] == list(range(2, 18, 2))
    assert [row["image_size"] for row in rows] == ["32"] * 3 + ["48"] * 5
    assert float(rows[-1]["learning_rate"]) == pytest.approx(0, abs=1e-8)
    assert float(rows[-1]["validation_nme"]) > 0


def test_frozen_layers_stay_and_the_rest_moves(made_packs: Path, tmp_path: Path) -> None:
    trainer = make_trainer(made_packs, tmp_path)
    before = {name: p.detach().clone() for name, p in trainer.detector.named_parameters()}
    trainer.train_step()
    trainer.train_step()
    moved = {name for name, p in trainer.detector.named_parameters() if not torch.equal(p, before[name])}
    assert not any(name.startswith(("image_encoder.body.conv1", "image_encoder.body.layer1")) for name in moved)
    assert any(name.startswith("image_encoder.body.layer2") for name in moved)
    assert any(name.startswith("decoder.") for name in moved)


@pytest.mark.parametrize("human_share", [0.0, 1.0])
def test_only_human_labels_teach_the_expected_error(made_packs: Path, tmp_path: Path, human_share: float) -> None:
    trainer = make_trainer(made_packs, tmp_path)
    stage = RECIPE.stages[1].model_copy(update={"human_share": human_share})
    trainer.recipe = RECIPE.model_copy(update={"stages": (stage,)})
    trainer.train_step()
    for head in (trainer.detector.decoder.predict_log_scale, trainer.detector.decoder.predict_stretch):
        moved = sum(float(p.grad.abs().sum()) for p in head.parameters() if p.grad is not None)
        assert (moved > 0) == (human_share == 1)


def test_the_result_is_the_average_with_a_calibrated_error_and_loads(finished: Path) -> None:
    loaded = load_detector(finished / "detector.safetensors")
    average = torch.load(finished / "state.pt", weights_only=True)["average"]
    factor = loaded.training["expected_error_factor"]
    average["decoder.predict_log_scale.3.bias"] += math.log(factor)
    for name, tensor in loaded.detector.state_dict().items():
        torch.testing.assert_close(tensor, average[name], atol=1e-4 if name.endswith("scale.3.bias") else 0, rtol=0)
    assert loaded.version.startswith("faceql-made-8+")
    assert loaded.training["sets"] == ["human68", "auto68", "auto98"]


def test_calibration_makes_the_mean_expected_error_true(made_packs: Path, finished: Path) -> None:
    detector = load_detector(finished / "detector.safetensors").detector
    validation = load_training_faces(made_packs, RECIPE).validation
    assert calibrate_expected_error(detector, validation) == pytest.approx(1, abs=1e-5)
    last = detector.decoder.predict_log_scale[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.bias.sub_(math.log(3.0))
    assert calibrate_expected_error(detector, validation) == pytest.approx(3, abs=1e-4)


@pytest.mark.slow
def test_training_learns(made_packs: Path, tmp_path: Path) -> None:
    trainer = make_trainer(made_packs, tmp_path)
    first = sum(trainer.train_step().coordinate for _ in range(4))
    for _ in range(30):
        trainer.pictures = 4  # keep the rate at its height
        trainer.train_step()
    trainer.pictures = 4
    last = sum(trainer.train_step().coordinate for _ in range(4))
    assert last < 0.85 * first


def test_a_run_of_another_recipe_is_refused(made_packs: Path, finished: Path) -> None:
    other = RECIPE.model_copy(update={"seed": 9})
    with pytest.raises(ConfigError, match="another recipe"):
        Trainer(other, load_training_faces(made_packs, other), finished, precision="32-true", devices=1, start=None)


def test_shipped_recipes_are_valid() -> None:
    names = [p.name[:-5] for p in files("faceql.model.training").joinpath("recipes").iterdir()]
    assert "default" in names
    for name in names:
        recipe = load_recipe(name)
        assert recipe.name == name
        with torch.device("meta"):
            Detector(recipe.detector)


def test_the_papers_rate_falls_to_a_tenth_after_24_of_32_epochs(made_packs: Path, tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"schedule": "step", "warmup_pictures": 0, "learning_rate": 1e-4})
    faces = load_training_faces(made_packs, recipe)
    trainer = Trainer(recipe, faces, tmp_path, precision="32-true", devices=1, start=None)
    rates = []
    for pictures in (0, 11, 12, 15):
        trainer.pictures = pictures
        rates.append(trainer.learning_rate())
    assert rates == pytest.approx([1e-4, 1e-4, 1e-5, 1e-5])


def test_a_run_begins_from_weights_of_more_layers(
    made_packs: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = load_detector(finished / "detector.safetensors").detector
    for count, says in ((given.config.num_decoder_layers - 1, False), (given.config.num_decoder_layers + 1, True)):
        changed = RECIPE.model_copy(
            update={"detector": RECIPE.detector.model_copy(update={"num_decoder_layers": count})}
        )
        faces = load_training_faces(made_packs, changed)
        start = finished / "detector.safetensors"
        trainer = Trainer(changed, faces, tmp_path / "run", precision="32-true", devices=1, start=start)
        for name, tensor in given.state_dict().items():
            if name in trainer.detector.state_dict():
                assert torch.equal(trainer.detector.state_dict()[name], tensor), name
        assert (f"layers.{count - 1}" in capsys.readouterr().out) is says


def test_a_share_of_the_weights_it_began_from_stays(made_packs: Path, finished: Path, tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"start_share": 0.75})
    faces, start = load_training_faces(made_packs, recipe), finished / "detector.safetensors"
    trainer = Trainer(recipe, faces, tmp_path, precision="32-true", devices=1, start=start)
    for _ in range(3):
        trainer.train_step()
    trainer.export(tmp_path / "mixed.safetensors")
    mixed = load_detector(tmp_path / "mixed.safetensors").detector.state_dict()
    given, average = load_detector(start).detector.state_dict(), trainer.average.state_dict()
    for name in ("decoder.layers.0.predict_offset.0.weight", "decoder.initializer.encode_cell_place.weight"):
        torch.testing.assert_close(mixed[name], 0.75 * given[name] + 0.25 * average[name])
        assert not torch.equal(mixed[name], given[name])
    with pytest.raises(ConfigError, match="give them by --start"):
        Trainer(recipe, faces, tmp_path, precision="32-true", devices=1, start=None)


def test_weights_of_another_image_encoder_are_refused(made_packs: Path, finished: Path, tmp_path: Path) -> None:
    changed = RECIPE.model_copy(update={"detector": RECIPE.detector.model_copy(update={"encoder": "resnet18"})})
    faces = load_training_faces(made_packs, changed)
    start = finished / "detector.safetensors"
    with pytest.raises(ConfigError, match="test_resnet cannot begin a resnet18"):
        Trainer(changed, faces, tmp_path, precision="32-true", devices=1, start=start)


def test_a_wrong_recipe_says_which_key(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nlearning_rates = 1\nstages = []\n')
    with pytest.raises(ConfigError, match="learning_rates"):
        load_recipe(str(path))
    path.write_text("name = ")
    with pytest.raises(ConfigError, match="mine"):
        load_recipe(str(path))
    with pytest.raises(ConfigError, match=r"shipped: .*default,"):
        load_recipe("defualt")


def test_stages_follow_each_other() -> None:
    assert [RECIPE.stage_at(pictures).image_size for pictures in (0, 7, 8, 15, 99)] == [32, 32, 48, 48, 48]
