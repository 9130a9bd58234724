"""`faceql reproduce weights`: the chain of runs that makes what ships."""

from pathlib import Path

import numpy as np
import pytest
import torch

from faceql.errors import ConfigError
from faceql.model.checkpoint import load_detector
from faceql.model.data.turned_pack import make_turned_pack
from faceql.model.training.chain import SHIPPED, Step
from faceql.model.training.recipe import load_recipe
from faceql.server.training_runs import make_weights

from .made_packs import write_merl68
from .test_turning import locate_made

RECIPE = """
encoder_weights = "none"
batch_size = 2
warmup_pictures = 2
largest_disagreement = 10.0
[detector]
encoder = "test_resnet"
part_vectors = "learned"
image_size = 48
dim = 32
num_heads = 4
feedforward_dim = 48
[[stages]]
pictures = 4
image_size = 48
human_share = 0.5
"""


def test_the_shipped_checkpoint_is_the_chains_last() -> None:
    assert load_detector().training["recipe"] == SHIPPED[-1].recipe
    done: list[str] = []
    for step in SHIPPED:
        recipe = load_recipe(step.recipe)
        assert not {step.start, step.relabelled_by, *dict(step.mean_of)} - {"", *done}
        assert step.is_turned == any(stage.turned_share for stage in recipe.stages)
        done.append(step.run)
    assert load_detector().detector.config == load_recipe(SHIPPED[-1].recipe).detector


@pytest.fixture
def steps(tmp_path: Path) -> list[Step]:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('name = "first"' + RECIPE)
    second.write_text('name = "second"' + RECIPE + "turned_share = 0.5\n")
    return [
        Step(str(first)),
        Step(str(second), "first", "first", is_turned=True, visibility_pictures=16, is_calibrated=True),
    ]


@pytest.fixture
def packs(made_packs: Path, tmp_path: Path) -> Path:
    root = tmp_path / "packs"
    root.mkdir()
    for name in ("human68", "human98_dev", "auto"):
        (root / name).symlink_to(made_packs / name)
    write_merl68(root / "merl68")
    return root


@pytest.mark.slow
def test_a_chain_is_made_in_order_and_what_is_done_stays(
    steps: list[Step], packs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    # The pack that `faceql turn` would write, which needs MediaPipe's mesh.
    make_turned_pack(packs, runs / "turned", locate_made, views=1, seed=1)
    last = make_weights(steps, packs, runs, devices=1, threads=1)
    loaded = load_detector(last)
    assert last == runs / "second" / "detector-calibrated.safetensors"
    assert loaded.detector.visibility is not None
    assert loaded.detector.error_factors
    assert loaded.training["sets"] == ["human68", "auto68", "auto98", "human68 turned"]
    assert loaded.training["recipe"] == "second"
    with np.load(runs / "relabelled-by-first.npz") as labels:
        assert str(labels["version"]) == load_detector(runs / "first" / "detector.safetensors").version
    assert f"--start {runs / 'first' / 'detector.safetensors'}" in capfd.readouterr().err
    made = last.stat().st_mtime_ns
    make_weights(steps, packs, runs, devices=1, threads=1)
    assert last.stat().st_mtime_ns == made
    assert capfd.readouterr().err.count(" is there") == 2


@pytest.mark.slow
def test_a_run_begins_from_the_mean_of_others(packs: Path, tmp_path: Path) -> None:
    recipe, runs = tmp_path / "plain.toml", tmp_path / "runs"
    recipe.write_text('name = "plain"' + RECIPE)
    mean_of = (("plain", 0.25), ("again", 0.75))
    steps = [
        Step(str(recipe)),
        Step(str(recipe), "plain", name="again"),
        Step(str(recipe), mean_of=mean_of, name="mean"),
    ]
    assert make_weights(steps, packs, runs, devices=1, threads=1) == runs / "mean" / "detector.safetensors"
    (one, share), (other, rest) = ((load_detector(runs / name / "detector.safetensors"), by) for name, by in mean_of)
    made = load_detector(runs / "mean" / "mean.safetensors").detector.state_dict()
    name = "landmark_encoder.part_vectors.weight"
    name = name if name in made else next(key for key, tensor in made.items() if tensor.is_floating_point())
    states = one.detector.state_dict()[name], other.detector.state_dict()[name]
    assert not torch.equal(*states)
    torch.testing.assert_close(made[name], share * states[0] + rest * states[1])


@pytest.mark.slow
def test_a_failed_step_ends_the_chain(steps: list[Step], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"faceql train .* failed"):
        make_weights(steps, tmp_path, tmp_path / "runs", devices=1, threads=1)
    assert not (tmp_path / "runs" / "second").exists()
