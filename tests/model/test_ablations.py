"""`faceql reproduce ablations`: recipes that differ in one thing, layouts left out of training, and the tables."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from faceql.errors import ConfigError
from faceql.model.checkpoint import save_detector
from faceql.model.evaluation.ablations import ABLATIONS, compare
from faceql.model.training.layout_choice import keep_layouts
from faceql.model.training.loop import Trainer
from faceql.model.training.recipe import load_recipe
from faceql.model.training.sets import TrainingFaces, load_training_faces
from faceql.querylang.registry import load_registry
from faceql.server.cli import main
from faceql.server.reproduce_commands import train_ablation

from .conftest import make_detector
from .test_training import RECIPE


def test_ablations_share_budget_and_seed_and_differ_in_what_they_say() -> None:
    recipes = {ablation.recipe: load_recipe(ablation.recipe) for ablation in ABLATIONS}
    for ablation in ABLATIONS:
        own, other = recipes[ablation.recipe], recipes[ablation.against]
        assert own.stages == other.stages
        changed = {key for key, value in own.model_dump().items() if value != other.model_dump()[key]} - {"name"}
        detector = {
            key for key, value in own.detector.model_dump().items() if value != other.detector.model_dump()[key]
        }
        if "scratch" in ablation.recipe and "scratch" not in ablation.against:
            assert changed == {"encoder_weights", "encoder_rate_factor", "detector"}
            assert detector == {"freeze_batch_norm"}
        else:
            assert changed <= {"detector"}
            assert len(detector) == (0 if ablation.layouts or ablation.recipe == ablation.against else 1)


def test_one_layout_trains_on_its_own_points_alone(made_packs: Path) -> None:
    faces = load_training_faces(made_packs, RECIPE)
    layouts = load_registry().layouts
    kept = keep_layouts(faces, ["300w"])
    assert kept.names == ["human68 (only 300w)", "auto68 (only 300w)"]
    whole, alone = faces.auto[0].faces, kept.auto[0].faces
    assert set(alone.scheme.landmarks) == set(layouts["300w"].landmarks) < set(whole.scheme.landmarks)
    column = whole.scheme.landmarks.index(alone.scheme.landmarks[20])
    assert np.array_equal(alone.points[:, 20], whole.points[:, column])
    assert kept.auto[0].weight == faces.auto[0].weight
    both = keep_layouts(faces, ["wflw", "300w"])
    assert both.names == ["human68 (only 300w)", "auto68 (only 300w)", "auto98 (only wflw)"]
    assert set(both.auto[1].faces.scheme.landmarks) < set(layouts["wflw"].landmarks)
    with pytest.raises(ConfigError, match="no layout '68'"):
        keep_layouts(faces, ["68"])
    with pytest.raises(ConfigError, match="no human labels of wflw"):
        keep_layouts(faces, ["wflw"])


def test_a_run_does_not_go_on_with_other_layouts(made_packs: Path, tmp_path: Path) -> None:
    whole = load_training_faces(made_packs, RECIPE)
    alone = keep_layouts(whole, ["300w"])

    def make_trainer(faces: TrainingFaces) -> Trainer:
        return Trainer(RECIPE, faces, tmp_path, precision="32-true", devices=1, start=None)

    trainer = make_trainer(alone)
    trainer.train_step()
    trainer.save()
    assert make_trainer(alone).step == 1
    with pytest.raises(ConfigError, match="only 300w"):
        make_trainer(whole)


def test_runs_are_compared_face_by_face() -> None:
    rng = np.random.default_rng(0)
    faces = rng.gamma(4, 0.01, size=300)
    worse = faces + rng.normal(0.002, 0.001, size=300)
    difference, low, high = compare(worse, faces)
    assert difference == pytest.approx(100 * (worse - faces).mean())
    # Faces differ far more than the runs do on each face: only a paired interval is so narrow.
    assert 0.17 < low < difference < high < 0.23


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs of seven."""
    folder = tmp_path_factory.mktemp("ablations")
    told = {"seed": 1, "devices": 2, "pictures": 12, "seconds": 3, "sets": ["human68"]}
    for name, attention in (("ablation-base", "context"), ("ablation-joint", "joint")):
        (folder / name).mkdir()
        detector = make_detector(attention=attention, part_vectors="learned", encoder="test_resnet")
        save_detector(folder / name / "detector.safetensors", detector, f"{name}-3", told)
    return folder


def reproduce(packs: Path, runs: Path, *more: str) -> Result:
    arguments = ["reproduce", "ablations", "--data", str(packs), "--runs", str(runs), *more]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_finished_runs_are_compared_and_missing_ones_named(made_packs: Path, runs: Path, tmp_path: Path) -> None:
    result = reproduce(made_packs, runs, "--no-train", "--out", str(tmp_path / "table.md"))
    assert result.exit_code == 0, result.output
    assert "human98, 38 points 300W lacks (n = 3)" in result.output
    assert "| ablation-joint, ablation-base | " in result.output
    assert "ablation-learned was not run: no " in result.output
    digest = hashlib.sha256((made_packs / "auto" / "labels.npz").read_bytes()).hexdigest()
    assert f"auto/labels.npz: SHA-256 {digest}" in result.output
    assert (tmp_path / "table.md").read_text() == result.output
    told = json.loads(reproduce(made_packs, runs, "--no-train", "--json").output)
    base, joint = (told["runs"][name]["errors"]["human68 adults"] for name in ("ablation-base", "ablation-joint"))
    assert base["faces"] == 3
    assert joint["difference"] == pytest.approx(joint["nme"] - base["nme"])
    assert "difference" not in base


def test_a_missing_run_is_trained_in_a_process_of_its_own(
    made_packs: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(subprocess, "run", run)
    result = reproduce(made_packs, runs, "--devices", "2", "--only", "ablation-300w", "--seed", "5")
    assert result.exit_code == 2
    assert "train ablation-300w failed with status 1" in result.output
    (command,) = commands
    assert command[0] == sys.executable
    assert str(runs / "ablation-300w-seed5") in command
    assert command[-4:] == ["--layouts", "300w", "--seed", "5"]
    assert reproduce(made_packs, runs, "--only", "ablation-bass").exit_code == 2


@pytest.mark.slow
def test_two_processes_train_one_layout(made_packs: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "made.toml"
    recipe.write_text(
        'name = "made"\nencoder_weights = "none"\nbatch_size = 2\nwarmup_pictures = 2\nlargest_disagreement = 0.3\n'
        '[detector]\nencoder = "test_resnet"\npart_vectors = "learned"\nattention = "joint"\nimage_size = 48\n'
        "freeze_batch_norm = false\n"
        "[[stages]]\npictures = 8\nimage_size = 48\nhuman_share = 0.5\n"
        # Where a stage freezes layers, DDP must not wait for their gradients.
        '[[stages]]\npictures = 12\nimage_size = 48\nhuman_share = 1.0\nfrozen = ["conv1", "layer1"]\n'
    )
    ablation = replace(ABLATIONS[0], recipe=str(recipe), layouts=("300w",))
    train_ablation(ablation, made_packs, tmp_path / "run", devices=2, threads=1, seed=3)
    assert (tmp_path / "run" / "detector.safetensors").is_file()
