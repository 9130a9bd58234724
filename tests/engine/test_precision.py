"""bfloat16 is used where it is named, and moves no point by more than a small share of its expected error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from faceql.engine import Engine
from faceql.engine.backends import check_bfloat16
from faceql.errors import ConfigError
from faceql.model.checkpoint import LoadedDetector, load_detector
from faceql.model.onnx_detector import load_onnx_detector
from faceql.model.onnx_sessions import check_precision
from faceql.server.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"


def has_bfloat16() -> bool:
    try:
        check_bfloat16(torch.device("cpu"))
    except ConfigError:
        return False
    return True


needs_bfloat16 = pytest.mark.skipif(not has_bfloat16(), reason="this processor has no bfloat16")


@needs_bfloat16
def test_bfloat16_answers_nearly_alike(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    want = shipped_engine.ask(astronaut, "WFLW")
    got = Engine("cpu", precision="bfloat16").ask(astronaut, "WFLW")
    away = np.linalg.norm(got.xy - want.xy, axis=1)
    assert 0 < away.max() < 0.5 * want.expected_error.mean()
    assert away.mean() < 0.15 * want.expected_error.mean()


@needs_bfloat16
def test_a_detector_of_ones_own_stays_as_it_is(astronaut: np.ndarray) -> None:
    loaded = load_detector()
    want = Engine("cpu", loaded).ask(astronaut, "pupils").xy
    rough = Engine("cpu", loaded, precision="bfloat16").ask(astronaut, "pupils").xy
    assert not np.array_equal(rough, want)
    np.testing.assert_array_equal(Engine("cpu", loaded).ask(astronaut, "pupils").xy, want)


@needs_bfloat16
def test_the_command_line_takes_it() -> None:
    photo = str(EXAMPLES / "astronaut.jpg")
    result = CliRunner().invoke(main, ["ask", photo, "pupils", "--precision", "bfloat16", "--device", "cpu"])
    assert result.exit_code == 0, result.output


def has_openvino_bfloat16() -> bool:
    try:
        check_precision("openvino", "bfloat16")
    except ConfigError:
        return False
    return True


@pytest.mark.skipif(not has_openvino_bfloat16(), reason="no OpenVINO, or no bfloat16 in this processor")
def test_openvino_computes_feature_maps_alone_in_it(exported: Path, exportable: LoadedDetector) -> None:
    crops = torch.randint(0, 256, (2, 3, 32, 32), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    asked = (torch.arange(20) % 10, torch.linspace(0, 1, 20))
    exact, rough = (load_onnx_detector(exported, 1, "openvino", name) for name in ("float32", "bfloat16"))
    want, found = (detector.encode(crops, asked) for detector in (exact, rough))
    assert want.answers is not None
    assert found.answers is not None
    levels = zip(want.memory.level_values, found.memory.level_values, strict=True)
    assert all(0 < float((a - b).abs().max()) < 0.02 * float(a.abs().max()) for a, b in levels)
    # All that follows is float32: from the rough maps come the answers that PyTorch has of them.
    with torch.inference_mode():
        again = exportable.detector.decode(found, *asked).coordinates
    torch.testing.assert_close(found.answers.coordinates, again, atol=1e-5, rtol=0)
    assert 0 < float((want.answers.coordinates - again).abs().max()) < 0.02


def test_there_are_two_and_onnx_runtime_has_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="bfloat16"):
        Engine("cpu", precision="float16")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="float32"):
        Engine("cpu", tmp_path, backend="onnxruntime", precision="bfloat16")


def test_where_it_would_be_slow_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faceql.engine.backends.can_pack", lambda: False)
    with pytest.raises(ConfigError, match="float32"):
        check_bfloat16(torch.device("cpu"))
    with pytest.raises(ConfigError, match="already"):
        check_bfloat16(torch.device("cuda"))
