import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from faceql.errors import CheckpointError
from faceql.model import checkpoint
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


def test_no_random_number_is_drawn_where_stored_ones_take_its_place(saved: Path) -> None:
    """It was a fifth of the time that loading takes."""
    before = torch.get_rng_state()
    for weights in (saved, "fast", None):
        load_detector(weights)
        assert torch.equal(torch.get_rng_state(), before)


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
    del metadata["digest"]  # which it did not have
    first = tmp_path / "first.safetensors"
    save_file(tensors, first, metadata={**metadata, "format": "faceql-detector-1"})
    now, then = load_detector(saved).detector.state_dict(), load_detector(first).detector.state_dict()
    for name, tensor in now.items():
        assert torch.equal(tensor, then[name]), name


def flip_bytes(path: Path, count: int = 50) -> None:
    """Flip bytes in the second half of a file, where the tensors lie."""
    data = bytearray(path.read_bytes())
    step = len(data) // 2 // count
    for i in range(count):
        data[len(data) // 2 + i * step] ^= 0x41
    path.write_bytes(data)


@pytest.mark.parametrize("name", checkpoint.SHIPPED)
def test_a_shipped_file_is_the_one_that_its_digest_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After new weights: sha256sum faceql.safetensors > faceql.sha256, in model/weights."""
    folder = Path(checkpoint.__file__).parent / "weights"
    weights, digest = (f"{checkpoint.SHIPPED[name]}.{ending}" for ending in ("safetensors", "sha256"))
    said = (folder / digest).read_text("utf-8")
    assert said.split() == [checkpoint.digest_file(folder / weights), weights]
    for file in (weights, digest):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    monkeypatch.setattr(checkpoint, "files", lambda package: tmp_path)
    assert load_detector(Path(name)).version.endswith(said[:8])
    flip_bytes(tmp_path / weights)
    with pytest.raises(CheckpointError, match="damaged"):
        load_detector(Path(name))
    (tmp_path / weights).unlink()
    with pytest.raises(CheckpointError, match="install faceql anew"):
        load_detector(Path(name))


def test_large_parameters_can_be_stored_with_half_the_digits(saved: Path, small_detector: Detector) -> None:
    half = saved.with_name("half.safetensors")
    save_detector(half, small_detector, "faceql-test-1", {}, is_half=True)
    assert half.stat().st_size < 0.65 * saved.stat().st_size
    loaded = load_detector(half).detector
    for name, parameter in small_detector.named_parameters():
        assert loaded.get_parameter(name).dtype == torch.float32
        torch.testing.assert_close(loaded.get_parameter(name), parameter, rtol=1e-3, atol=1e-6)
    for name, buffer in small_detector.named_buffers():
        assert torch.equal(loaded.get_buffer(name), buffer), name


def test_flipped_bytes_are_seen_in_any_checkpoint(saved: Path) -> None:
    flip_bytes(saved)
    with pytest.raises(CheckpointError, match="damaged"):
        load_detector(saved)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_seen(saved: Path, number: float) -> None:
    with safe_open(saved, framework="pt") as file:
        metadata = {name: value for name, value in file.metadata().items() if name != "digest"}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    name = next(name for name, tensor in sorted(tensors.items()) if tensor.is_floating_point() and tensor.numel() > 9)
    tensors[name].view(-1)[7] = number
    save_file(tensors, saved, metadata=metadata)
    with pytest.raises(CheckpointError, match=f"{name} holds numbers that are not finite"):
        load_detector(saved)
