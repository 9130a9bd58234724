"""A detector and its export, for the tests of all that runs one."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import settings

# The process that only hands out tests to its workers loads this file too, and has no need of torch.
if TYPE_CHECKING:
    from faceql.model.checkpoint import LoadedDetector

# Before torch is loaded: workers that each take all cores slow one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples at every run, so that what passed here passes elsewhere; new ones with `--hypothesis-profile fresh`.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fresh", derandomize=False, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """What pytest holds of thousands of tests is searched for garbage at every turn."""
    gc.collect()
    gc.freeze()


def make_exportable(**changes: object) -> LoadedDetector:
    """Return as small a detector as can be, of random weights: an export takes seconds for each layer."""
    import torch

    from faceql.model.checkpoint import LoadedDetector
    from faceql.model.config import DetectorConfig
    from faceql.model.detector import Detector
    from faceql.model.visibility import VisibilityHead

    small = {
        "encoder": "test_resnet",
        "feature_indices": (1,),
        "query_level": 0,
        "image_size": 32,
        "dim": 16,
        "num_heads": 2,
        "num_points": 1,
        "num_decoder_layers": 1,
        "feedforward_dim": 16,
        "harmonics": 1,
        "part_vectors": "learned",
    }
    with torch.random.fork_rng():
        torch.manual_seed(11)
        detector = Detector(DetectorConfig(**{**small, **changes}))
        detector.visibility = VisibilityHead(detector.config, in_company=detector.config.attention == "context")
        detector.eval()
        with torch.no_grad():
            for name, parameter in detector.named_parameters():
                if not name.startswith("image_encoder.body") and parameter.dim() > 0:
                    parameter.add_(0.08 * torch.randn_like(parameter))
    return LoadedDetector(detector, "faceql-made+01234567", {"pictures": 0})


@pytest.fixture(scope="session")
def make_loaded() -> Callable[..., LoadedDetector]:
    return make_exportable


@pytest.fixture(scope="session")
def exportable() -> LoadedDetector:
    return make_exportable()


@pytest.fixture(scope="session")
def onnx_extra() -> None:
    for module in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(module, reason=f"{module} is missing: pip install 'faceql[onnx]'")


@pytest.fixture(scope="session")
def exported_graphs(
    onnx_extra: None, exportable: LoadedDetector, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """The graphs of `exportable`: half a minute's work, which one process does for all."""
    from faceql.model.onnx_export import export_graphs

    own = tmp_path_factory.getbasetemp()
    path = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "exported-graphs"
    with FileLock(f"{path}.lock"):
        if not path.is_dir():
            made = tmp_path_factory.mktemp("graphs")
            for name, graph in export_graphs(exportable).items():
                (made / name).write_bytes(graph)
            made.rename(path)
        return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.fixture(scope="session")
def exported(exported_graphs: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `faceql export` would write of `exportable`."""
    from faceql.model.onnx_export import save_graphs

    folder = tmp_path_factory.mktemp("exported")
    save_graphs(folder, exported_graphs)
    return folder
