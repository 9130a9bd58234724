import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from faceql.errors import CheckpointError
from faceql.model.checkpoint import FORMAT, load_detector, save_detector
from faceql.model.detector import Detector


@pytest.fixture
def saved(tmp_path: Path, small_detector: Detector) -> Path:
    path = tmp_path / "some.safetensors"
    save_detector(path, small_detector, "faceql-test-1", {"pictures": 3})
    return path


def test_a_detector_survives_its_file(saved: Path, small_detector: Detector) -> None:
    loaded = load_detector(saved)
    assert loaded.detector.config == small_detector.config
    for name, tensor in small_detector.state_dict().items():
        assert torch.equal(tensor, loaded.detector.state_dict()[name]), name
    assert not loaded.detector.training
    assert loaded.training == {"pictures": 3}


def test_the_version_tells_other_weights_apart(saved: Path, small_detector: Detector, tmp_path: Path) -> None:
    first = load_detector(saved).version
    assert first.startswith("faceql-test-1+")
    other = tmp_path / "other.safetensors"
    changed = Detector(small_detector.config)
    save_detector(other, changed, "faceql-test-1", {})
    assert load_detector(other).version != first


def test_bad_files_are_refused(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no weights at"):
        load_detector(tmp_path / "none.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(saved.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_detector(broken)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"x": torch.zeros(1)}, foreign)
    with pytest.raises(CheckpointError, match="not a faceql checkpoint"):
        load_detector(foreign)
    lacking = tmp_path / "lacking.safetensors"
    metadata = {"format": FORMAT, "version": "v", "training": "{}", "config": "{}", "parts": "[]"}
    save_file({"x": torch.zeros(1)}, lacking, metadata=metadata)
    with pytest.raises(CheckpointError, match="other parts"):
        load_detector(lacking)
    parts = json.dumps(load_detector(saved).detector.part_names)
    save_file({"x": torch.zeros(1)}, lacking, metadata={**metadata, "parts": parts})
    with pytest.raises(CheckpointError, match="does not fit"):
        load_detector(lacking)


def test_the_first_format_answers_as_it_did(saved: Path, tmp_path: Path) -> None:
    with safe_open(saved, framework="pt") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in tensors:
        if ".predict_offset.2." in name:
            tensors[name] = tensors[name] / 32  # it gave offsets in crop units, now in 32nds
    first = tmp_path / "first.safetensors"
    save_file(tensors, first, metadata={**metadata, "format": "faceql-detector-1"})
    now, then = load_detector(saved).detector.state_dict(), load_detector(first).detector.state_dict()
    for name, tensor in now.items():
        assert torch.equal(tensor, then[name]), name
