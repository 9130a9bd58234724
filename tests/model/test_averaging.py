"""Means of checkpoints' weights."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from faceql.errors import ConfigError
from faceql.model.checkpoint import load_detector, save_detector
from faceql.model.detector import Detector
from faceql.model.training.averaging import average_detectors
from faceql.model.visibility import VisibilityHead
from faceql.server.cli import main

from .conftest import make_detector


@pytest.fixture(scope="module")
def other(small_detector: Detector) -> Detector:
    """Another run's weights, which tell visibility too, with factors of its expected errors."""
    detector = copy.deepcopy(small_detector)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        for parameter in detector.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        detector.visibility = VisibilityHead(detector.config, in_company=True)
    detector.error_factors = {"outer lip": 2.0}
    return detector.eval()


def test_each_tensor_is_the_mean_of_those_that_have_it(small_detector: Detector, other: Detector) -> None:
    mean = average_detectors([(small_detector, 1.0), (other, 3.0)])
    first, second, found = (one.state_dict() for one in (small_detector, other, mean))
    assert found.keys() == second.keys()
    for name, tensor in found.items():
        wanted = second[name] if name not in first else (first[name] + 3 * second[name]) / 4
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor, wanted)
    assert mean.error_factors == {}, "those were another's"
    assert small_detector.visibility is None, "what was given stays as it is"


def test_a_mean_of_one_or_of_strangers_is_refused(small_detector: Detector) -> None:
    for given in ([], [(small_detector, 1.0)], [(small_detector, 1.0), (small_detector, 0.0)]):
        with pytest.raises(ConfigError, match="two checkpoints"):
            average_detectors(given)
    with pytest.raises(ConfigError, match="several shapes"):
        average_detectors([(small_detector, 1.0), (make_detector(feedforward_dim=64), 1.0)])


def test_the_command_writes_it(small_detector: Detector, other: Detector, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.safetensors" for name in ("first", "second", "mean")]
    save_detector(paths[0], small_detector, "first-1", {"recipe": "first"}, is_half=True)
    save_detector(paths[1], other, "second-2", {"recipe": "second"})
    arguments = ["average", "--of", paths[0], "0.25", "--of", paths[1], "0.75", "--out", paths[2]]
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    first, second, mean = (load_detector(path) for path in paths)
    assert mean.version.startswith("first-1+")
    assert mean.training == {"recipe": "first", "averaged": [[first.version, 0.25], [second.version, 0.75]]}
    assert mean.is_half
    assert mean.detector.visibility is not None
    name = "decoder.predict_log_scale.3.bias"
    wanted = 0.25 * first.detector.get_parameter(name) + 0.75 * second.detector.get_parameter(name)
    torch.testing.assert_close(mean.detector.get_parameter(name), wanted)
