"""`faceql train` and `faceql eval` as a user types them."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from faceql.model.evaluation.card import END, START
from faceql.server.cli import main

from .made_datasets import write_wflw

RECIPE = """
name = "tiny-made"
encoder_weights = "none"
batch_size = 2
warmup_pictures = 2

[detector]
encoder = "test_resnet"
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


@pytest.mark.slow
def test_training_stops_in_time_and_goes_on(made_packs: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE.replace("pictures = 4", "pictures = 10"))
    arguments = ["train", str(recipe), "--data", str(made_packs), "--run", str(tmp_path / "run")]
    for limit, steps in ((["--minutes", "0"], 1), (["--minutes", "0"], 2), ([], None)):
        assert CliRunner().invoke(main, [*arguments, *limit], catch_exceptions=False).exit_code == 0
        rows = list(csv.DictReader((tmp_path / "run" / "log.csv").read_text().splitlines()))
        assert (tmp_path / "run" / "detector.safetensors").is_file()
        if steps is not None:
            assert [int(row["step"]) for row in rows] == list(range(1, steps + 1))
    assert int(rows[-1]["pictures"]) >= 10


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


@pytest.mark.slow
def test_eval_prints_json(made_packs: Path, trained: Path) -> None:
    arguments = ["eval", "--data", str(made_packs), "--weights", str(trained), "--json"]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    human68, human98, together = json.loads(result.output)
    assert (human68["layout"], human98["layout"]) == ("300w", "wflw")
    assert (together["set_name"], together["faces"]) == ("all sets", 7)
    assert -1 <= together["expected_error"]["correlation"] <= 1
    assert human98["subsets"]["makeup"]["faces"] == 1


def test_eval_writes_reports_and_plots(made_packs: Path, trained: Path, tmp_path: Path) -> None:
    write_wflw(tmp_path / "wflw")
    (tmp_path / "datasets.toml").write_text('[wflw]\nkind = "wflw"\nfolder = "wflw"\n')
    arguments = ["eval", "--data", str(made_packs), "--datasets", str(tmp_path / "datasets.toml")]
    arguments += ["--weights", str(trained), "--crops", "annotation", "--out", str(tmp_path / "report")]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    for wanted in ("| wflw | all of the layout | 7 |", "### wflw test, wflw points", "| blur | 4 |",
                   "| NME % by normaliser | inter-ocular | diagonal | inter-pupil |"):  # fmt: skip
        assert wanted in result.output
    report = (tmp_path / "report" / "report.md").read_text()
    assert report.count("| 98 | right pupil | 0 |") == 2
    told = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [one["set_name"] for one in told] == ["human68 validation", "human98", "wflw test", "all sets"]
    assert len(told[1]["landmarks"]) == 98
    assert told[2]["diagonal_of"] == "the source's face box"
    with Image.open(tmp_path / "report" / "ced-wflw-test.png") as plot:
        assert plot.width == 960


def test_eval_wants_something_to_evaluate_on(trained: Path) -> None:
    result = CliRunner().invoke(main, ["eval", "--weights", str(trained)])
    assert result.exit_code == 2
    assert "give --data" in result.output


def test_a_missing_pack_is_a_plain_error(tmp_path: Path, trained: Path) -> None:
    result = CliRunner().invoke(main, ["eval", "--data", str(tmp_path), "--weights", str(trained)])
    assert result.exit_code == 2
    assert "human68 is no folder" in result.output
    assert "Traceback" not in result.output
