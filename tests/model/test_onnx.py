"""An exported detector answers as the one it was made of, and is not mistaken for another."""

from __future__ import annotations

import copy
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from faceql.errors import CheckpointError, ConfigError
from faceql.model import onnx_sessions
from faceql.model.checkpoint import LoadedDetector, load_detector
from faceql.model.detector import Decoded, Detector, EncodedCrops, select_crop
from faceql.model.encoded_tensors import gather_tensors, list_names, name_tensors
from faceql.model.onnx_detector import OnnxDetector, load_onnx_detector, measure_difference
from faceql.model.onnx_export import copy_whole, export_graphs, save_graphs
from faceql.model.onnx_sessions import Runtime
from faceql.querylang.registry import load_registry

TOLERANCE = 1e-5


RUNTIMES: tuple[Runtime, ...] = ("onnxruntime", "openvino")


@pytest.fixture(scope="module", params=RUNTIMES)
def opened(exported_graphs: dict[str, bytes], request: pytest.FixtureRequest) -> OnnxDetector:
    pytest.importorskip(request.param)
    return OnnxDetector(exported_graphs, threads=1, runtime=request.param)


def make_crops(batch: int, side: int = 32) -> torch.Tensor:
    return torch.randint(0, 256, (batch, 3, side, side), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)


def make_queries(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(6)
    return torch.randint(0, 10, shape, generator=generator), torch.rand(shape, generator=generator)


def assert_close(a: Decoded, b: Decoded) -> None:
    for name in ("coordinates", "log_scale", "stretch", "visibility"):
        torch.testing.assert_close(getattr(a, name), getattr(b, name), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(("batch", "shape"), [(1, (1,)), (1, (2000,)), (2, (37,)), (3, (3, 20)), (1, (1, 50))])
def test_it_answers_as_the_detector(
    exportable: LoadedDetector, opened: OnnxDetector, batch: int, shape: tuple[int, ...]
) -> None:
    detector, crops, queries = exportable.detector, make_crops(batch), make_queries(*shape)
    with torch.inference_mode():
        want = detector.decode(detector.encode(crops), *queries)
    # OpenVINO's plan for these queries alone is made at the first time or at the second.
    for _ in range(3):
        found = opened.decode(opened.encode(crops), *queries)
        assert found.coordinates.shape == (batch, shape[-1], 2)
        assert_close(found, want)
    along = opened.encode(crops, queries).answers
    assert along is not None
    assert_close(along, want)
    assert float(want.coordinates.std()) > 100 * TOLERANCE


def test_other_queries_of_the_same_shape_are_answered_too(
    exportable: LoadedDetector, exported_graphs: dict[str, bytes]
) -> None:
    """What OpenVINO has made of one instruction does not answer another."""
    pytest.importorskip("openvino")
    opened = OnnxDetector(exported_graphs, threads=1, runtime="openvino")
    detector, crops, first = exportable.detector, make_crops(1), make_queries(32)
    others = [((first[0] + step) % 10, first[1].flip(0)) for step in range(1, 6)]
    for asked in (first, *others, first, *others, first):
        with torch.inference_mode():
            want = detector.encode(crops, asked).answers
        found = opened.encode(crops, asked).answers
        assert want is not None
        assert found is not None
        assert_close(found, want)


def test_an_export_that_knows_no_visibility_answers_the_rest(exported_graphs: dict[str, bytes]) -> None:
    onnx = pytest.importorskip("onnx")
    graphs = {name: onnx.ModelProto.FromString(graph) for name, graph in exported_graphs.items()}
    assert [graph.graph.output.pop().name for graph in graphs.values()] == ["visibility"] * 2
    older = OnnxDetector({name: graph.SerializeToString() for name, graph in graphs.items()}, threads=1)
    encoded = older.encode(make_crops(1), make_queries(3))
    for found in (encoded.answers, older.decode(encoded, *make_queries(3))):
        assert found is not None
        assert found.coordinates.shape == (1, 3, 2)
        assert found.visibility is None


@pytest.mark.slow
def test_an_export_older_than_company_judges_each_landmark_alone(exportable: LoadedDetector, onnx_extra: None) -> None:
    detector = copy.deepcopy(exportable.detector)
    assert detector.visibility is not None
    detector.visibility.company = None
    older = OnnxDetector(export_graphs(replace(exportable, detector=detector)), threads=1)
    crops, queries = make_crops(1), make_queries(20)
    with torch.inference_mode():
        want = detector.decode(detector.encode(crops), *queries)
    assert_close(older.decode(older.encode(crops), *queries), want)
    assert older.encode(crops).company is None


def test_each_takes_what_the_other_encoded(exportable: LoadedDetector, opened: OnnxDetector) -> None:
    crops, queries = make_crops(2), make_queries(25)
    models: tuple[Detector | OnnxDetector, ...] = (exportable.detector, opened)
    with torch.inference_mode():
        first, second = (model.encode(crops) for model in models)
        assert_close(models[0].decode(second, *queries), models[1].decode(first, *queries))
    assert first.context_layers is not None
    assert second.context_layers is not None
    torch.testing.assert_close(
        first.context_layers.coordinates[-1], second.context_layers.coordinates[-1], atol=TOLERANCE, rtol=0
    )


def test_one_crop_of_a_batch_answers_as_alone(opened: OnnxDetector) -> None:
    crops, queries = make_crops(3), make_queries(30)
    alone = opened.decode(opened.encode(crops[1:2]), *queries)
    assert_close(opened.decode(select_crop(opened.encode(crops), 1), *queries), alone)


def test_a_landmark_alone_is_answered_as_in_company(opened: OnnxDetector) -> None:
    encoded, (part_ids, fpalps) = opened.encode(make_crops(1)), make_queries(500)
    together = opened.decode(encoded, part_ids, fpalps).coordinates[0]
    for i in (0, 17, 499):
        alone = opened.decode(encoded, part_ids[i : i + 1], fpalps[i : i + 1]).coordinates[0]
        torch.testing.assert_close(alone[0], together[i], atol=1e-6, rtol=0)


def test_float_crops_are_taken_too(opened: OnnxDetector) -> None:
    crops, queries = make_crops(1), make_queries(10)
    assert_close(opened.decode(opened.encode(crops.float()), *queries), opened.decode(opened.encode(crops), *queries))


def test_many_threads_get_the_same(opened: OnnxDetector) -> None:
    crops, queries = make_crops(1), make_queries(40)
    want = opened.decode(opened.encode(crops), *queries).coordinates
    found: list[torch.Tensor] = []

    def ask() -> None:
        for _ in range(5):
            found.append(opened.decode(opened.encode(crops), *queries).coordinates)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 30
    assert all(torch.equal(one, want) for one in found)


def test_it_says_whose_weights_it_holds(exportable: LoadedDetector, exported: Path) -> None:
    opened = load_onnx_detector(exported)
    assert opened.version == exportable.version
    assert opened.config == exportable.detector.config
    assert opened.part_names == exportable.detector.part_names
    assert opened.training == exportable.training
    assert measure_difference(exportable.detector, opened) < TOLERANCE


def test_parts_are_numbered_as_the_detector_numbers_them(
    exportable: LoadedDetector, exported_graphs: dict[str, bytes]
) -> None:
    opened = OnnxDetector(exported_graphs)
    parts = ["right eye", "face contour", "inner lip"]
    assert torch.equal(opened.part_ids(parts), exportable.detector.part_ids(parts))
    with pytest.raises(KeyError, match="forehead"):
        opened.part_ids(["forehead"])
    # As if the language had got its last part after the export.
    opened.part_names = opened.part_names[:-1]
    with pytest.raises(ConfigError, match=r"no vector of the part .*: export it again"):
        opened.part_ids([tuple(load_registry().parts)[-1]])


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("kind", ["small_detector", "joint_detector"])
def test_encoded_crops_survive_as_named_tensors(kind: str, batch: int, request: pytest.FixtureRequest) -> None:
    detector: Detector = request.getfixturevalue(kind)
    with torch.inference_mode():
        encoded = detector.encode(make_crops(batch, 64))
        tensors = name_tensors(encoded, detector.config)
        assert list(tensors) == list_names(detector.config, has_company=encoded.company is not None)
        again: EncodedCrops = gather_tensors(tensors, detector.config)
        for name, tensor in name_tensors(again, detector.config).items():
            assert torch.equal(tensor, tensors[name]), name
        queries = make_queries(20)
        assert_close(detector.decode(again, *queries), detector.decode(encoded, *queries))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_files_that_are_no_export_are_refused(
    exported_graphs: dict[str, bytes], tmp_path: Path, runtime: Runtime
) -> None:
    pytest.importorskip(runtime)
    onnx = pytest.importorskip("onnx")
    with pytest.raises(CheckpointError, match=r"encoder\.onnx: No such file.*faceql export"):
        load_onnx_detector(tmp_path)
    encoder, decoder = exported_graphs["encoder"], exported_graphs["decoder"]
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    ends = [helper.make_tensor_value_info(name, floats, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "foreign", ends[:1], ends[1:])
    foreign = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    for encoder_file, decoder_file, message in (
        (encoder[:-5000], decoder, "the encoder cannot be read as ONNX"),
        (encoder, b"", "the decoder cannot be read as ONNX"),
        (encoder, b"not a model", "the decoder cannot be read as ONNX"),
        (encoder, foreign.SerializeToString(), "the decoder is not a faceql export"),
        (decoder, decoder, "the encoder's file holds the decoder"),
        (encoder, change_metadata(decoder, version="other+1"), "the encoder is of faceql-made.* decoder of other"),
        (change_metadata(encoder, parts='["ear"]'), change_metadata(decoder, parts='["ear"]'), "other parts: ear"),
        (change_metadata(encoder, config="{]"), change_metadata(decoder, config="{]"), "does not say what it is"),
        (change_metadata(encoder, dim="8"), change_metadata(decoder, dim="8"), "not made for the configuration"),
    ):
        save_graphs(tmp_path, {"encoder": encoder_file, "decoder": decoder_file})
        with pytest.raises(CheckpointError, match=message) as raised:
            load_onnx_detector(tmp_path, runtime=runtime)
        assert str(tmp_path) in str(raised.value)


def change_metadata(graph: bytes, **changes: str) -> bytes:
    """Return a model with other metadata; `dim` is the one of its configuration."""
    import onnx

    model = onnx.ModelProto.FromString(graph)
    told = {entry.key: entry.value for entry in model.metadata_props}
    if "dim" in changes:
        told["config"] = told["config"].replace('"dim":16', f'"dim":{changes.pop("dim")}')
    onnx.helper.set_model_props(model, told | changes)
    return model.SerializeToString()


def test_a_missing_extra_is_named(
    exported_graphs: dict[str, bytes], exportable: LoadedDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigError, match=r"onnxruntime is not installed: pip install 'faceql\[onnx\]'"):
        OnnxDetector(exported_graphs)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ConfigError, match=r"openvino is not installed: pip install 'faceql\[openvino\]'"):
        OnnxDetector(exported_graphs, runtime="openvino")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ConfigError, match=r"onnxscript is not installed: pip install 'faceql\[onnx\]'"):
        export_graphs(exportable)


def test_a_folder_that_cannot_be_written_is_a_setting_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot write to"):
        save_graphs(tmp_path / "file", {"encoder": b""})


def test_its_threads_are_as_many_as_pytorch_uses(
    exported_graphs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    for threads, want in ((None, 3), (1, 1)):
        session = onnx_sessions.open_session("onnxruntime", "encoder", exported_graphs["encoder"], threads)
        assert isinstance(session, onnx_sessions.OnnxRuntimeSession)
        assert session._session.get_session_options().intra_op_num_threads == want


def test_surfaces_need_the_checkpoint_that_was_exported(exported: Path, tmp_path: Path) -> None:
    opened = load_onnx_detector(exported)
    with pytest.raises(ConfigError, match="export it anew, for surfaces"):
        opened.surface_ids(["left cheek"])
    for path in exported.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    copy_whole(tmp_path, load_detector("fast"))
    with pytest.raises(CheckpointError, match=r"is of faceql-fast.*the graphs beside it are of faceql-made"):
        _ = load_onnx_detector(tmp_path).surface_shape


def test_a_damaged_export_is_refused(exported: Path, tmp_path: Path) -> None:
    for path in exported.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = bytearray((tmp_path / "decoder.onnx").read_bytes())
    data[len(data) // 2] ^= 0x41
    (tmp_path / "decoder.onnx").write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        load_onnx_detector(tmp_path)
    (tmp_path / "SHA256SUMS").unlink()
    (tmp_path / "decoder.onnx").write_bytes((exported / "decoder.onnx").read_bytes())
    assert load_onnx_detector(tmp_path).version
