"""Factors of the expected errors: fitted as they should be, told by weights and exports, and no point feels them."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors import safe_open
from safetensors.torch import save_file

from faceql.engine import Engine
from faceql.errors import CheckpointError
from faceql.model.checkpoint import digest_contents, load_detector, save_detector
from faceql.model.detector import Detector
from faceql.model.onnx_detector import OnnxDetector
from faceql.model.reader import LandmarkReader
from faceql.model.training.error_factors import (
    MISLEADING,
    MOST_WIDER,
    SetErrors,
    cross_validate,
    fit_error_factors,
    fit_safe_factors,
    format_sets,
)
from faceql.server.cli import main

PARTS = ("face contour", "left eye", "outer lip", "inner lip")
PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.jpg"


def make_set(name: str, count: int, parts: tuple[str, ...] = PARTS, seed: int = 0) -> SetErrors:
    """Return errors that an exponential about the expected ones, or twice them on the lips, would give; one unknown."""
    rng = np.random.default_rng(seed)
    expected = rng.uniform(0.02, 0.08, (count, len(parts)))
    size = np.array([2.0 if "lip" in part else 1.0 for part in parts])
    true = rng.exponential(expected * size)
    true[0, 0] = np.nan
    return SetErrors(name, parts, expected, true)


def test_factors_are_the_likeliest_and_each_set_counts_alike() -> None:
    large, small = make_set("large", 400), make_set("small", 10, PARTS[:3], seed=1)
    factors = fit_error_factors([large, small], PARTS)
    assert list(factors) == list(PARTS)
    assert factors["outer lip"] == factors["inner lip"] == pytest.approx(2, abs=0.5)

    def surprise(factor: float, columns: dict[str, list[int]]) -> float:
        told = []
        for one in (large, small):
            expected, true = (errors[:, columns[one.name]] for errors in (one.expected * factor, one.true))
            told.append(np.nanmean(np.log(expected) + true / expected))
        return float(np.mean(told))

    for part, columns in (("outer lip", {"large": [2, 3], "small": [2]}), ("left eye", {"large": [1], "small": [1]})):
        best = surprise(factors[part], columns)
        assert best < surprise(factors[part] * 1.02, columns)
        assert best < surprise(factors[part] / 1.02, columns)


def test_factors_are_made_larger_until_few_points_mislead() -> None:
    expected = np.random.default_rng(0).uniform(0.02, 0.04, (400, len(PARTS)))
    # One contour in a hundred is far off at a small expected error.
    expected[::100, 0] = 0.046
    true = expected.copy()
    true[::100, 0] = 0.2
    far = SetErrors("far", PARTS, expected, true)
    likeliest, safe = (fit([far], PARTS) for fit in (fit_error_factors, fit_safe_factors))
    told, wider = far.multiply(likeliest), far.multiply(safe)
    assert told.misleading > MISLEADING >= wider.misleading
    growth = {round(safe[part] / likeliest[part], 2) for part in PARTS}
    (grown,) = growth
    assert 1 < grown < 1 + MOST_WIDER / 100
    shy = {part: factor * (grown - 0.01) for part, factor in likeliest.items()}
    assert far.multiply(shy).misleading > MISLEADING


def test_parts_that_no_set_annotates_keep_their_expected_errors() -> None:
    factors = fit_error_factors([make_set("eyes", 20, ("left eye", "right eye"))], (*PARTS, "right eye"))
    assert factors["face contour"] == factors["outer lip"] == 1
    assert factors["left eye"] == factors["right eye"] != 1


def test_a_face_is_told_by_factors_that_others_gave() -> None:
    one = make_set("one", 50)
    held = np.arange(50) % 5 == 0
    wild = replace(one, true=np.where(held[:, None], one.true * 100, one.true))
    (told,), (told_wild,) = cross_validate([one], PARTS), cross_validate([wild], PARTS)
    np.testing.assert_array_equal(told.expected[held], told_wild.expected[held])
    assert (told.expected[~held] < told_wild.expected[~held]).all()
    assert told.ratio == pytest.approx(1, abs=0.2) != one.ratio
    assert one.ratio < 0.8


def test_points_that_mislead_are_counted() -> None:
    true = np.array([[0.16, 0.16, 0.14, np.nan], [0.01, 0.01, 0.01, 0.01]])
    one = SetErrors("four", PARTS, np.array([[0.04, 0.06, 0.04, 0.04]] * 2), true)
    assert one.misleading == pytest.approx(100 / 7)
    assert one.multiply(dict.fromkeys(PARTS, 1.3)).misleading == 0
    assert "| four | 2 | 0.64 | 0.83 | 14.29 | 0.00 |" in format_sets([one], [one.multiply(dict.fromkeys(PARTS, 1.3))])


@pytest.fixture
def corrected(small_detector: Detector) -> Detector:
    detector = copy.deepcopy(small_detector)
    detector.error_factors = {"outer lip": 1.5}
    return detector


@pytest.mark.parametrize("flip_test", [False, True])
def test_expected_errors_alone_feel_them(
    small_detector: Detector, corrected: Detector, crops: torch.Tensor, flip_test: bool
) -> None:
    asked, at = ["left eye", "outer lip", "face contour", "outer lip"], [0.1, 0.3, 0.5, 0.9]
    with torch.inference_mode():
        readers = [LandmarkReader(one, flip_test) for one in (small_detector, corrected)]
        plain, other = (reader.read(reader.encode(crops), asked, at) for reader in readers)
    np.testing.assert_array_equal(plain.coordinates, other.coordinates)
    np.testing.assert_array_equal(plain.stretch, other.stretch)
    np.testing.assert_array_equal(plain.log_scale[:, ::2], other.log_scale[:, ::2])
    np.testing.assert_allclose(np.exp(other.log_scale - plain.log_scale)[:, 1::2], 1.5)


def test_a_file_keeps_them_and_older_files_have_none(
    corrected: Detector, small_detector: Detector, tmp_path: Path
) -> None:
    save_detector(tmp_path / "new.safetensors", corrected, "made", {})
    save_detector(tmp_path / "old.safetensors", small_detector, "made", {})
    assert load_detector(tmp_path / "new.safetensors").detector.error_factors == {"outer lip": 1.5}
    assert load_detector(tmp_path / "old.safetensors").detector.error_factors == {}


@pytest.mark.parametrize("told", ['{"outer lip": 0}', '{"outer lip": "1"}', '{"outer lip": NaN}', "[1.5]"])
def test_factors_that_are_none_are_refused(corrected: Detector, tmp_path: Path, told: str) -> None:
    path = tmp_path / "odd.safetensors"
    save_detector(path, corrected, "made", {})
    with safe_open(path, framework="pt") as file:
        metadata = {**file.metadata(), "error_factors": told}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    del metadata["digest"]
    save_file(tensors, path, metadata={**metadata, "digest": digest_contents(metadata, tensors)})
    with pytest.raises(CheckpointError, match="error_factors"):
        load_detector(path)


def test_an_export_tells_them_and_an_older_one_has_none(exported_graphs: dict[str, bytes]) -> None:
    onnx = pytest.importorskip("onnx")
    graphs = {name: onnx.ModelProto.FromString(graph) for name, graph in exported_graphs.items()}
    told = [{prop.key: prop for prop in graph.metadata_props}["error_factors"] for graph in graphs.values()]
    for prop in told:
        prop.value = '{"outer lip": 1.5}'
    names = {name: graph.SerializeToString() for name, graph in graphs.items()}
    assert OnnxDetector(names, threads=1).error_factors == {"outer lip": 1.5}
    for graph, prop in zip(graphs.values(), told, strict=True):
        graph.metadata_props.remove(prop)
    older = OnnxDetector({name: graph.SerializeToString() for name, graph in graphs.items()}, threads=1)
    assert older.error_factors == {}


def test_photos_are_answered_with_them() -> None:
    loaded = load_detector()
    engines = []
    for factors in ({}, {"outer lip": 1.5, "left eye": 1.1}):
        loaded.detector.error_factors = factors
        engines.append(Engine(weights=replace(loaded, detector=copy.deepcopy(loaded.detector))))
    plain, other = (engine.ask(PHOTO, "the 300W layout and a 3 x 3 grid on the left cheek") for engine in engines)
    np.testing.assert_array_equal(plain.xy, other.xy)
    assert plain.faces == other.faces
    parts = [point.part for point in plain]
    wanted = [{"outer lip": 1.5, "left eye": 1.1}.get(part, 1.0) for part in parts]
    np.testing.assert_allclose(other.expected_error / plain.expected_error, wanted, rtol=1e-5)


def test_the_command_writes_them(made_packs: Path, small_detector: Detector, tmp_path: Path) -> None:
    weights, out = tmp_path / "plain.safetensors", tmp_path / "calibrated.safetensors"
    detector = copy.deepcopy(small_detector)
    detector.error_factors = {"left eye": 7.0}
    save_detector(weights, detector, "made", {"recipe": "made"}, is_half=True)
    arguments = ["calibrate", "--data", str(made_packs), "--weights", str(weights), "--out", str(out)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "| human68 validation | 4 |" in result.output
    loaded = load_detector(out)
    assert (loaded.version.partition("+")[0], loaded.training, loaded.is_half) == ("made", {"recipe": "made"}, True)
    lines = result.output.splitlines()
    told = {part: float(line.partition(":")[0]) for line in lines for part in PARTS if part in line}
    assert loaded.detector.error_factors["outer lip"] == told["outer lip"]
    assert loaded.detector.error_factors["left eye"] == told["left eye"], "fitted anew, not upon what was there"
    before, after = (load_detector(path).detector.state_dict() for path in (weights, out))
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
