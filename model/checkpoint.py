"""Reading and writing weights: one safetensors file that also says what it is."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.nn import init
from torch.overrides import TorchFunctionMode

from ..errors import CheckpointError, ConfigError
from .config import DetectorConfig
from .decoder import OFFSET_UNIT
from .detector import Detector
from .landmark_encoder import SurfaceEncoder
from .surface_shape import SurfaceShape
from .training.pretrained import encode_part_names
from .visibility import VisibilityHead

FORMAT = "faceql-detector-2"
FORMAT_OF_WHOLE_OFFSETS = "faceql-detector-1"
"""An earlier format, whose refinements give their offsets in crop units."""
SHIPPED = {"default": "faceql", "fast": "fast"}
"""The shipped checkpoints' files by name, .safetensors and .sha256: the file's SHA-256, as `sha256sum
faceql.safetensors > faceql.sha256` writes it beside new weights."""

LEAST_HALVED = 1024
"""Values of a tensor from which on it may be stored with half the digits: the others would save nothing."""


@dataclass(frozen=True)
class LoadedDetector:
    """A detector ready to answer.

    Attributes:
        detector: in evaluation mode, on its device.
        version: the checkpoint's version and the first digits of its file's SHA-256; every answer repeats it.
        training: what the checkpoint says of its own training.
        is_half: whether its file stores large parameters as float16.
        file: where it was read from; None where it was not.
    """

    detector: Detector
    version: str
    training: dict[str, object]
    is_half: bool = False
    file: Path | None = None


def save_detector(
    path: Path, detector: Detector, version: str, training: dict[str, object], *, is_half: bool = False
) -> None:
    """Write a detector's weights, configuration and part names to one safetensors file.

    Args:
        path: the file.
        detector: what is written.
        version, training: what the file says of it.
        is_half: whether large parameters are stored as float16; they are read as float32 again.
    """
    metadata = {
        "format": FORMAT,
        "version": version,
        "config": detector.config.model_dump_json(),
        "parts": json.dumps(detector.part_names),
        "training": json.dumps(training),
    }
    if detector.surface_encoder is not None:
        metadata["surfaces"] = json.dumps(detector.surface_names)
    if detector.error_factors:
        metadata["error_factors"] = json.dumps(detector.error_factors)
    # Contiguous in the ordinary order: safetensors refuses other memory layouts.
    tensors = {
        name: tensor.detach().cpu().contiguous(memory_format=torch.contiguous_format)
        for name, tensor in detector.state_dict().items()
    }
    if is_half:
        large = [name for name, parameter in detector.named_parameters() if parameter.numel() >= LEAST_HALVED]
        tensors |= {name: tensors[name].half() for name in large}
    save_file(tensors, path, metadata=metadata | {"digest": digest_contents(metadata, tensors)})


DRAWING = frozenset({
    torch.Tensor.uniform_, torch.Tensor.normal_, init.uniform_, init.normal_, init.kaiming_uniform_,
    init.kaiming_normal_, init.xavier_uniform_, init.xavier_normal_,
})  # fmt: skip
"""PyTorch asks a mode about the outermost function alone: those of `init` are called as a whole."""


class NoRandomNumbers(TorchFunctionMode):
    """Fills with zeros what would be drawn: a checkpoint's numbers take its place."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in DRAWING:
            # The functions of `init` pass their tensor by name.
            return init.zeros_(args[0] if args else (kwargs or {})["tensor"])
        return func(*args, **(kwargs or {}))


def is_shipped(weights: object) -> bool:
    """Whether a path, or a text, is the name of a shipped checkpoint."""
    return str(weights) in SHIPPED


def load_detector(path: Path | None = None, device: str | torch.device = "cpu") -> LoadedDetector:
    """Load a shipped detector, the default one or by its name in `SHIPPED`, or one from a file.

    Raises:
        CheckpointError: the file is missing, damaged, or not of this format. What is damaged is told by the SHA-256 of
            the shipped file, by the digest that a file of one's own holds, and by numbers that are none.
    """
    if path is None or is_shipped(path):
        folder, name = files(f"{__package__}.weights"), SHIPPED[str(path or "default")]
        with as_file(folder.joinpath(f"{name}.safetensors")) as shipped:
            if not shipped.is_file():
                raise CheckpointError(f"no weights at {shipped}: install faceql anew")
            digest = digest_file(shipped)
            if digest != folder.joinpath(f"{name}.sha256").read_text("utf-8").split()[0]:
                raise CheckpointError(f"{shipped} is not the file that was shipped: it is damaged; install faceql anew")
            return read_detector(shipped, device, digest)
    if not path.is_file():
        raise CheckpointError(f"no weights at {path}")
    return read_detector(path, device)


def read_detector(path: Path, device: str | torch.device, digest: str | None = None) -> LoadedDetector:
    """Read a checkpoint's file.

    Args:
        path: the file.
        device: where the detector goes.
        digest: SHA-256 of a file that is known to be whole; the contents of any other are looked at.

    Raises:
        CheckpointError: the file is damaged, or not of this format.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read as safetensors: {error}") from error
    if digest is None:
        check_contents(path, metadata, tensors)
    if metadata.get("format") == FORMAT_OF_WHOLE_OFFSETS:
        for name in tensors:
            if ".predict_offset.2." in name:
                tensors[name] = tensors[name] / OFFSET_UNIT
    elif metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a faceql checkpoint ({FORMAT}), but {metadata.get('format')!r}")
    try:
        config = DetectorConfig.model_validate_json(metadata["config"])
        with NoRandomNumbers():
            detector = Detector(config)
            if any(name.startswith("visibility.") for name in tensors):
                in_company = any(name.startswith("visibility.company.") for name in tensors)
                detector.visibility = VisibilityHead(config, in_company=in_company)
            if "surfaces" in metadata:
                if json.loads(metadata["surfaces"]) != list(detector.surface_names):
                    raise CheckpointError(f"{path} knows other surfaces: {metadata['surfaces']}")
                detector.surface_encoder = SurfaceEncoder(config, len(detector.surface_names))
            if any(name.startswith("surface_shape.") for name in tensors):
                detector.surface_shape = SurfaceShape()
        stored = json.loads(metadata["parts"])
        if not stored or list(detector.part_names[: len(stored)]) != stored:
            raise CheckpointError(f"{path} knows other parts: {metadata['parts']}")
        add_parts(detector, tensors, len(stored))
        # Weights older than the error's shape: circles.
        for name, tensor in detector.decoder.predict_stretch.state_dict(prefix="decoder.predict_stretch.").items():
            tensors.setdefault(name, tensor)
        # Weights older than these factors: none.
        detector.error_factors = read_error_factors(metadata)
        detector.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor
                                  for name, tensor in tensors.items()})  # fmt: skip
    except (KeyError, ValidationError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not fit its own description: {error}") from error
    return LoadedDetector(
        detector.eval().to(device),
        f"{metadata['version']}+{(digest or digest_file(path))[:8]}",
        json.loads(metadata["training"]),
        any(tensor.dtype == torch.float16 for tensor in tensors.values()),
        path,
    )


def read_error_factors(metadata: Mapping[str, str]) -> dict[str, float]:
    """Return what a file says that expected errors are multiplied by, by part; empty where it says nothing.

    Raises:
        KeyError: it says no positive numbers.
    """
    factors = json.loads(metadata.get("error_factors", "{}"))
    if not isinstance(factors, dict) or not all(is_positive(factor) for factor in factors.values()):
        raise KeyError("error_factors")
    return {str(part): float(factor) for part, factor in factors.items()}


def is_positive(value: object) -> bool:
    """Whether a value of a JSON text is a number over 0, and no infinite one."""
    return isinstance(value, int | float) and 0 < value < math.inf


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_contents(metadata: Mapping[str, str], tensors: Mapping[str, torch.Tensor]) -> str:
    """Return the SHA-256 of all that a checkpoint says of itself, and of its tensors."""
    digest = hashlib.sha256(json.dumps(sorted(metadata.items())).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def check_contents(path: Path, metadata: Mapping[str, str], tensors: Mapping[str, torch.Tensor]) -> None:
    """Refuse a damaged checkpoint; files older than the digest are checked for numbers that are none alone.

    Raises:
        CheckpointError: It is damaged.
    """
    said = metadata.get("digest")
    rest = {name: value for name, value in metadata.items() if name != "digest"}
    if said is not None and digest_contents(rest, tensors) != said:
        raise CheckpointError(f"{path} is damaged: its contents are not what its digest says")
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(f"{path} is damaged: {name} holds numbers that are not finite")


def add_parts(detector: Detector, tensors: dict[str, torch.Tensor], stored: int) -> None:
    """Give the parts that a user's language adds their rows: SentenceBERT's vectors, if its weights are here.

    Args:
        detector: Of the language in force; parts without a vector are noted in it, and fail when they are asked.
        tensors: What the file holds; `part_vectors` and `part_is_closed` get a row for each further part.
        stored: How many parts the file knows; they come first.
    """
    names = detector.part_names[stored:]
    if not names:
        return
    encoder = detector.landmark_encoder
    vectors = encoder.part_vectors.detach()[stored:].clone().zero_()
    try:
        if detector.config.part_vectors != "sentence":
            raise ConfigError("learned part vectors cannot be made anew")
        vectors = encode_part_names(names)
    except (ConfigError, ImportError):
        detector.parts_without_vector = frozenset(names)
    for name, rows in (("part_vectors", vectors), ("part_is_closed", encoder.part_is_closed[stored:])):
        key = f"landmark_encoder.{name}"
        tensors[key] = torch.cat([tensors[key], rows.to(tensors[key].dtype)])
