"""ONNX Runtime and OpenVINO as what runs the detector: chosen by name alone, and answering as PyTorch does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from faceql.engine import Answer, Engine, backends
from faceql.engine.backends import Backend
from faceql.errors import CheckpointError, ConfigError
from faceql.model.checkpoint import LoadedDetector, save_detector
from faceql.model.onnx_export import save_graphs
from faceql.server.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
BOXES = [(180, 64, 266, 172), (40, 40, 200, 240)]
LONG = "2000 points on the outer lip"
TOLERANCE_PX = 1e-3


def assert_agree(answer: Answer, want: Answer) -> None:
    np.testing.assert_allclose(answer.xy, want.xy, atol=TOLERANCE_PX, rtol=0)
    np.testing.assert_allclose(answer.expected_error, want.expected_error, atol=TOLERANCE_PX, rtol=0)
    assert answer.visibility is not None
    np.testing.assert_allclose(answer.visibility, want.visibility, atol=1e-3, rtol=0)
    assert (answer.parts, answer.model_version) == (want.parts, want.model_version)


@pytest.fixture(scope="module")
def by_torch(exportable: LoadedDetector) -> Engine:
    return Engine("cpu", exportable, find_upright=False)


@pytest.fixture(scope="module", params=["onnxruntime", "openvino"])
def by_name(exported: Path, request: pytest.FixtureRequest) -> Engine:
    pytest.importorskip(request.param)
    return Engine("cpu", exported, find_upright=False, backend=request.param)


@pytest.mark.parametrize("text", ["WFLW", LONG, "left pupil", "9 points on the outer lip at equal distances"])
def test_both_answer_alike(by_torch: Engine, by_name: Engine, astronaut: np.ndarray, text: str) -> None:
    want = by_torch.ask(astronaut, text, boxes=BOXES)
    assert_agree(by_name.ask(astronaut, text, boxes=BOXES), want)
    assert len(want.faces) == 2
    # Of random weights, but no constant.
    assert float(np.ptp(want.xy, axis=0).min()) > 1


def test_both_average_with_the_mirror_image(exportable: LoadedDetector, exported: Path, astronaut: np.ndarray) -> None:
    plain, mirrored, found = (
        Engine("cpu", weights, find_upright=False, flip_test=flip_test, backend=backend).ask(
            astronaut, "WFLW", boxes=BOXES
        )
        for weights, flip_test, backend in (
            (exportable, False, "torch"),
            (exportable, True, "torch"),
            (exported, True, "onnxruntime"),
        )
    )
    assert_agree(found, mirrored)
    assert float(np.abs(mirrored.xy - plain.xy).max()) > 1


def test_the_version_and_the_backend_are_told(by_torch: Engine, by_name: Engine, exportable: LoadedDetector) -> None:
    assert by_name.model_version == by_torch.model_version == exportable.version
    assert by_torch.backend == "torch"
    assert by_name.backend in ("onnxruntime", "openvino")
    assert by_name.device == torch.device("cpu")


def test_an_encoded_photo_serves_both(by_torch: Engine, by_name: Engine, astronaut: np.ndarray) -> None:
    image = by_name.encode(astronaut, boxes=BOXES)
    by_name.ask(image, "pupils")
    assert_agree(by_torch.ask(image, "WFLW"), by_torch.ask(astronaut, "WFLW", boxes=BOXES))


def test_many_photos_are_answered_by_it(by_torch: Engine, by_name: Engine, astronaut: np.ndarray) -> None:
    photos = [astronaut, np.ascontiguousarray(astronaut[:, ::-1]), astronaut]
    for outcome, want in zip(by_name.ask_many(photos, "300W"), by_torch.ask_many(photos, "300W"), strict=True):
        assert outcome.answer is not None
        assert want.answer is not None
        assert_agree(outcome.answer, want.answer)


def test_it_is_never_chosen_silently(exported: Path, monkeypatch: pytest.MonkeyPatch, astronaut: np.ndarray) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("ONNX Runtime was chosen")

    for name in ("OnnxDetector", "load_onnx_detector", "export_graphs"):
        monkeypatch.setattr(backends, name, refuse)
    engine = Engine("cpu")
    assert engine.backend == "torch"
    assert len(engine.ask(astronaut, "pupils")) == 2
    with pytest.raises(CheckpointError, match=r'is a folder.*runs with backend "onnxruntime" or "openvino"'):
        Engine("cpu", exported)


def test_a_checkpoint_is_exported_on_the_way(
    exportable: LoadedDetector, exported_graphs: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[LoadedDetector] = []

    def export(loaded: LoadedDetector) -> dict[str, bytes]:
        taken.append(loaded)
        return exported_graphs

    monkeypatch.setattr(backends, "export_graphs", export)
    path = tmp_path / "made.safetensors"
    save_detector(path, exportable.detector, "made", {})
    for weights in (path, exportable):
        assert Engine(weights=weights, backend="onnxruntime").model_version == exportable.version
    assert taken[0].version.startswith("made+")
    assert taken[1] is exportable
    assert list(tmp_path.iterdir()) == [path]


def test_wrong_settings_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='backend must be "torch", "onnxruntime" or "openvino", not \'tensorflow\''):
        Engine(backend="tensorflow")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="runs on the CPU, not on 'cuda'"):
        Engine("cuda", backend="onnxruntime")
    with pytest.raises(CheckpointError, match="no weights at"):
        Engine(weights=tmp_path / "none", backend="onnxruntime")
    with pytest.raises(CheckpointError, match=r"encoder\.onnx"):
        Engine(weights=tmp_path, backend="onnxruntime")


def test_the_command_line_names_it(exported: Path) -> None:
    arguments = ["ask", str(EXAMPLES / "astronaut.jpg"), "pupils", "--whole", "--weights", str(exported)]
    result = CliRunner().invoke(main, [*arguments, "--backend", "onnxruntime"])
    assert result.exit_code == 0, result.output
    assert "2 points by faceql-made+01234567" in result.output
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert 'runs with backend "onnxruntime" or "openvino"' in result.output


@pytest.fixture(scope="module")
def shipped_export(onnx_extra: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("onnx") / "shipped"
    result = CliRunner().invoke(main, ["export", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    files = ["SHA256SUMS", "decoder.onnx", "detector.safetensors", "encoder.onnx"]
    assert sorted(path.name for path in folder.iterdir()) == files
    assert "differs from PyTorch by up to" in result.output
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("degrees", [0, 25, 130])
@pytest.mark.parametrize("photo", ["astronaut.jpg", "hopper.jpg"])
def test_the_shipped_weights_answer_alike_on_photos(
    shipped_engine: Engine, shipped_export: Path, photo: str, degrees: int, backend: Backend
) -> None:
    engine = Engine(weights=shipped_export, backend=backend)
    pixels = np.asarray(Image.open(EXAMPLES / photo).convert("RGB").rotate(degrees))
    for text in (
        "300W",
        "WFLW",
        "the unified layout",
        LONG,
        "2000 points on the face contour",
        "a 4 x 5 grid on the left cheek",
    ):
        want = shipped_engine.ask(pixels, text)
        assert_agree(engine.ask(pixels, text), want)
        assert np.ptp(want.xy[:, 0]) > 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"attention": "joint"},
        {"num_decoder_layers": 2, "feature_indices": (0, 1, 2), "query_level": 1},
        {"encoder": "test_vit", "image_size": 64, "pyramid_scales": (2, 1, 0.5), "feature_indices": (5,)},
        {"encoder": "resnet18", "image_size": 64, "feature_indices": (1, 2, 3, 4), "query_level": 1},
    ],
    ids=["joint", "levels", "vit", "resnet18"],
)
def test_other_detectors_answer_alike(
    changes: dict[str, object],
    make_loaded: Callable[..., LoadedDetector],
    onnx_extra: None,
    astronaut: np.ndarray,
    tmp_path: Path,
) -> None:
    loaded = make_loaded(**changes)
    save_graphs(tmp_path, backends.export_graphs(loaded))
    engines = [
        Engine("cpu", weights, find_upright=False, backend=backend)
        for weights, backend in ((loaded, "torch"), (tmp_path, "onnxruntime"))
    ]
    for text in ("WFLW", "45 points on the outer lip", "left pupil"):
        want, found = (engine.ask(astronaut, text, boxes=BOXES) for engine in engines)
        assert_agree(found, want)
