"""`faceql reproduce`: the paper's figures as printed, ours beside them, and what could not be run."""

import os
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from faceql.errors import ConfigError
from faceql.model.checkpoint import save_detector
from faceql.model.crops import CropFrame
from faceql.model.data.datasets import aflw, catalogue
from faceql.model.data.datasets.catalogue import DatasetSettings, load_dataset
from faceql.model.evaluation.metrics import normalized_errors
from faceql.model.evaluation.paper_tables import load_paper_tables
from faceql.model.evaluation.predict import landmark_frames, predict_landmarks
from faceql.model.evaluation.reproduce import DatasetsAtHand
from faceql.model.reader import LandmarkReader
from faceql.model.training.recipe import load_recipe
from faceql.server.cli import main
from faceql.server.reproduce_commands import finder_box

from .conftest import make_detector
from .made_datasets import write_aflw, write_cofw, write_cofw68, write_w300, write_wflw

PAPER = Path(os.environ.get("FACEQL_PAPER", "/work/shared/design/paper.txt"))


def reproduce(*arguments: object) -> str:
    result = CliRunner().invoke(main, ["reproduce", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.skipif(not PAPER.is_file(), reason="the paper's text is not here; FACEQL_PAPER may name it")
def test_every_figure_is_the_papers() -> None:
    text = PAPER.read_text(encoding="utf-8")
    tables = load_paper_tables()
    starts = [(f"Table {number}: ", table) for number, table in tables.tables.items()] + [
        ("Table 7: ", tables.clusters)
    ]
    for start, table in starts:
        # Table 6's two parts stand one after the other under one caption.
        caption = re.sub(r"[ab]: $", ": ", start)
        lines = [line.split("\t") for line in text[text.index(caption) :].splitlines()[:60]]
        rows = [[re.sub(r"\(.*\)", "", cells[0]).strip(), *cells[1:]] for cells in lines]
        for row in table.rows:
            name = re.sub(r"\(.*\)", "", row.method).strip() if not row.method.startswith("Ours") else "Ours"
            shown = [
                cells for cells in rows if cells[0].startswith(name) and tuple(cells[-len(row.values) :]) == row.values
            ]
            assert shown, (start, row)


def test_the_runs_of_the_tables_have_recipes() -> None:
    for run in load_paper_tables().runs.values():
        assert load_recipe(run.recipe).name == run.recipe


def test_with_nothing_at_hand_every_row_says_why() -> None:
    output = reproduce("table6")
    assert "| paper: ResNet18 | 1.07 | 3.00 | 4.39 | 3.77 | 4.53 |" in output
    assert "| paper: ViT-B | 3.03 | 4.46 | 6.11 | 6.47 | 6.66 |" in output
    for run in ("resnet18-fused", "resnet101-fused", "vitb-fused", "resnet18-300w", "resnet101-300w", "vitb-300w"):
        assert re.search(rf"^- ours: .*\({run}\): no checkpoint.*faceql train", output, re.M), run
    assert 'WFLW_E: no dataset of kind "wflw_e" (--datasets was not given)' in output


@pytest.fixture(scope="module")
def at_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on 300W alone, and a datasets file with 300W, WFLW and a folder that is not there."""
    root = tmp_path_factory.mktemp("reproduce")
    write_w300(root / "w300")
    write_wflw(root / "wflw")
    (root / "vitb-300w").mkdir()
    detector = make_detector(part_vectors="learned", encoder="resnet10t")
    save_detector(root / "vitb-300w" / "detector.safetensors", detector, "made", {})
    tables = [f'[{kind}]\nkind = "{kind}"\nfolder = "{folder}"\n' for kind, folder in
              (("300w", "w300"), ("wflw", "wflw"), ("cofw", "nowhere"))]  # fmt: skip
    (root / "datasets.toml").write_text("\n".join(tables))
    return root


def test_what_is_at_hand_is_run(at_hand: Path, tmp_path: Path) -> None:
    weights = at_hand / "vitb-300w" / "detector.safetensors"
    output = reproduce(
        "table4", "--datasets", at_hand / "datasets.toml", "--runs", at_hand, "--weights", weights,
        "--out", tmp_path / "table.md",
    )  # fmt: skip
    assert (tmp_path / "table.md").read_text() == output
    row = next(line for line in output.splitlines() if line.startswith("| ours: 300W (vitb-300w, made+"))
    aflw, w300, wflw, cofw, *_ = row.split(" | ")[1:]
    assert (aflw, cofw) == ("not run", "not run")
    detector = make_detector(part_vectors="learned", encoder="resnet10t")
    for cell, kind, star in ((w300, "300w", ""), (wflw, "wflw", "*")):
        dataset = load_dataset(kind, DatasetSettings(kind=kind, folder=at_hand / kind.replace("300w", "w300")))
        faces = dataset.tests["full"]
        points, _ = predict_landmarks(LandmarkReader(detector), faces, landmark_frames(faces), faces.scheme.landmarks)
        errors = normalized_errors(points, faces.points, faces.inter_ocular_px)
        # A run on 300W never saw a pupil: its points are not asked of it.
        seen = [not landmark.part.endswith("pupil") for landmark in faces.scheme.landmarks]
        nme = 100 * errors[:, seen].mean()
        assert re.fullmatch(rf"{nme:.2f} \([\d.]+-[\d.]+\){re.escape(star)}", cell), kind
    assert "nowhere is no folder" in output
    assert 'AFLW-19, diagonal: no dataset of kind "aflw19" in ' in output
    common = reproduce("table2", "--datasets", at_hand / "datasets.toml", "--weights", weights)
    last = next(line for line in common.splitlines() if line.startswith("| faceql, made"))
    assert last.count("not run") == 1
    assert len(set(last.split(" | ")[2:5])) == 3


@pytest.mark.slow
def test_with_all_datasets_no_cell_is_empty(at_hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "load_aflw", partial(aflw.load_aflw, train_faces=3))
    folders = {
        "300w": at_hand / "w300", "wflw": at_hand / "wflw", "wflw68": at_hand / "wflw", "wflw_e": at_hand / "wflw",
        "aflw19": write_aflw(tmp_path / "aflw"), "cofw": write_cofw68(write_cofw(tmp_path / "cofw")),
        "cofw68": tmp_path / "cofw",
    }  # fmt: skip
    tables = [f'[{kind}]\nkind = "{kind}"\nfolder = "{folder}"\n' for kind, folder in folders.items()]
    (tmp_path / "all.toml").write_text("\n".join(tables))
    weights = at_hand / "vitb-300w" / "detector.safetensors"
    rows = {}
    for number in "23456":
        arguments = ("--datasets", tmp_path / "all.toml", "--weights", weights, "--runs", at_hand)
        output = reproduce(f"table{number}", *arguments)
        rows[number] = [line for line in output.splitlines() if line.startswith(("| faceql, made", "| ours: "))]
        assert "not run" not in rows[number][-1], output
    assert len(rows["6"]) == 2 * 4
    # AFLW's and COFW's points of parts that 300W lacks are left out, as the paper's stars say; WFLW_E has none such.
    stars = [cell.endswith("*") for cell in rows["4"][0].removesuffix(" |").split(" | ")[1:]]
    assert stars == [True, False, True, True, False, False]
    assert reproduce("table7", "--datasets", tmp_path / "all.toml").count("Not run") == 0


def test_a_dataset_is_read_once_and_only_when_needed(at_hand: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sets = DatasetsAtHand({"a": DatasetSettings(kind="300w", folder=at_hand / "w300")}, "in x")
    assert sets.find("300w") is sets.find("300w")
    with pytest.raises(ConfigError, match='no dataset of kind "cofw" in x'):
        sets.find("cofw")


def test_proxies_are_called_so(made_packs: Path, at_hand: Path) -> None:
    output = reproduce("table3", "--data", made_packs, "--weights", at_hand / "vitb-300w" / "detector.safetensors")
    assert "NOT the paper's test sets" in output
    assert "human68 validation, infants, 68 points (n = 1)" in output
    assert re.search(r"^\| faceql, made\+\w+ \| [\d.]+ \([\d.]+-[\d.]+\) \|", output, re.M)
    assert re.search(r"human98_dev/labels.npz: SHA-256 \w{64}", output)


def test_table_7_needs_all_three_datasets(at_hand: Path) -> None:
    output = reproduce("table7", "--datasets", at_hand / "datasets.toml")
    assert "| face contour | 3.82 |" in output
    assert 'aflw19: no dataset of kind "aflw19"' in output
    assert "300w: " not in output


def test_a_finders_box_gives_the_crop_back() -> None:
    wanted = CropFrame((81.5, 60.25), 47.0)
    found = CropFrame.from_face_box(finder_box(wanted))
    assert found.center_px == pytest.approx(wanted.center_px)
    assert found.side_px == pytest.approx(wanted.side_px)


def test_figure_6_lays_out_faces_and_granularities(made_packs: Path, at_hand: Path, tmp_path: Path) -> None:
    weights = at_hand / "vitb-300w" / "detector.safetensors"
    out = tmp_path / "figure.png"
    output = reproduce("figure6", "--data", made_packs, "--weights", weights, "--count", "2", "--out", out)
    assert "2 faces of human98_dev, not the paper's faces" in output
    with Image.open(out) as figure:
        pixels = np.asarray(figure.convert("RGB")).astype(int)
    assert pixels.shape == (30 + 2 * 300, 5 * 300, 3)
    # The made photos are grey: whatever has colour is a point, and more are drawn at a higher granularity.
    tiles = pixels[30:].reshape(2, 300, 5, 300, 3).transpose(0, 2, 1, 3, 4)
    colored = (np.ptp(tiles, axis=-1) > 60).sum(axis=(2, 3))
    assert (colored > 0).all()
    refused = CliRunner().invoke(main, ["reproduce", "figure6", "--out", str(out)])
    assert refused.exit_code == 2
    assert "no faces to draw" in refused.output
