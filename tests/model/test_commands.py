"""`faceql train` and `faceql eval` as a user types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from faceql.model.evaluation.card import END, START
from faceql.server.cli import main

RECIPE = """
name = "tiny-made"
encoder_weights = "none"
batch_size = 2
warmup_pictures = 2

[detector]
encoder = "resnet10t"
part_vectors = "learned"
dim = 32
num_heads = 4
feedforward_dim = 32
image_size = 48

[[stages]]
pictures = 4
image_size = 48
human_share = 1.0
"""


@pytest.fixture(scope="module")
def trained(made_packs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    recipe = folder / "tiny.toml"
    recipe.write_text(RECIPE)
    arguments = ["train", str(recipe), "--data", str(made_packs), "--run", str(folder / "run")]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "wrote" in result.output
    return folder / "run" / "detector.safetensors"


def test_eval_prints_tables_and_writes_the_card(made_packs: Path, trained: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"# Card\n{START}\n{END}\nend\n")
    arguments = ["eval", "--data", str(made_packs), "--weights", str(trained), "--crops", "annotation"]
    result = CliRunner().invoke(main, [*arguments, "--card", str(card)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    for wanted in ("### human68 validation, 300w points", "| adults | 3 |", "| infants | 1 |", "| blur | 2 |"):
        assert wanted in result.output
        assert wanted in card.read_text()
    assert card.read_text().endswith("end\n")


def test_eval_prints_json(made_packs: Path, trained: Path) -> None:
    arguments = ["eval", "--data", str(made_packs), "--weights", str(trained), "--json"]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    human68, human98 = json.loads(result.output)
    assert (human68["layout"], human98["layout"]) == ("300w", "wflw")
    assert human98["subsets"]["makeup"]["faces"] == 1


def test_a_missing_pack_is_a_plain_error(tmp_path: Path, trained: Path) -> None:
    result = CliRunner().invoke(main, ["eval", "--data", str(tmp_path), "--weights", str(trained)])
    assert result.exit_code == 2
    assert "human68 is no folder" in result.output
    assert "Traceback" not in result.output
