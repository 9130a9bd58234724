"""Running an exported detector by ONNX Runtime or OpenVINO, on the CPU."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from ..errors import CheckpointError, ConfigError
from ..querylang.registry import load_registry
from .checkpoint import load_detector, read_error_factors
from .config import DetectorConfig
from .detector import ROW_BLOCK, Decoded, Detector, EncodedCrops, keep_first
from .encoded_tensors import COMPANY, CONTEXT_ANSWERS, gather_tensors, list_names, name_tensors
from .onnx_export import ANSWERS, FORMAT, GRAPHS, SUMS, VISIBILITY, WHOLE
from .onnx_sessions import QUERIES, Precision, Runtime, Session, open_session
from .surface_shape import SurfaceShape


class OnnxDetector:
    """Answers as the `Detector` it was exported from does, to about 1e-5 of a crop; one serves many threads.

    Attributes:
        config: The detector's.
        part_names: The parts it has vectors of.
        version: The weights', as the checkpoint tells it.
        training: What the checkpoint says of its training.
        error_factors: The detector's.
        load_whole: Returns the detector that was exported, which answers surfaces; None where it is not at hand.
    """

    def __init__(
        self,
        graphs: Mapping[str, bytes],
        threads: int | None = None,
        runtime: Runtime = "onnxruntime",
        precision: Precision = "float32",
        load_whole: Callable[[], Detector] | None = None,
    ) -> None:
        """Open the models that `export_graphs` returned.

        Args:
            graphs: By the names of `GRAPHS`.
            threads: How many threads one operation may use; None for as many as PyTorch uses.
            runtime: What runs them.
            precision: In which feature maps are computed.
            load_whole: Returns the detector that was exported, which answers surfaces; None where it is not at hand.

        Raises:
            CheckpointError: A model is damaged, foreign, or not of the same weights as the other.
            ConfigError: The runtime is not installed, or neither it nor the processor knows the precision.
        """
        self._sessions = {name: open_session(runtime, name, graphs[name], threads, precision) for name in GRAPHS}
        self.load_whole = load_whole
        told = [_read_metadata(name, session) for name, session in self._sessions.items()]
        if told[0] != told[1]:
            raise CheckpointError(f"the encoder is of {told[0]['version']}, the decoder of {told[1]['version']}")
        try:
            self.config = DetectorConfig.model_validate_json(told[0]["config"])
            self.part_names: tuple[str, ...] = tuple(json.loads(told[0]["parts"]))
            self.training: dict[str, object] = json.loads(told[0]["training"])
            self.version = told[0]["version"]
            self.error_factors = read_error_factors(told[0])
        except (KeyError, ValueError, ValidationError) as error:
            raise CheckpointError(f"the exported model does not say what it is: {error}") from error
        if not self.part_names or tuple(load_registry().parts)[: len(self.part_names)] != self.part_names:
            raise CheckpointError(f"the exported model knows other parts: {', '.join(self.part_names)}")
        encoder, decoder = (self._sessions[name] for name in GRAPHS)
        # Weights older than company judge each landmark alone, and older ones yet know no visibility.
        self._given = list_names(self.config, has_company=COMPANY in encoder.outputs)
        self._asked = [*QUERIES, *(name for name in self._given if name not in CONTEXT_ANSWERS)]
        self._answers = [name for name in (*ANSWERS, VISIBILITY) if name in decoder.outputs]
        self._check_ends()
        self._centers: Tensor | None = None

    @property
    def device(self) -> torch.device:
        """Where it runs: the CPU."""
        return torch.device("cpu")

    @property
    def parts_without_vector(self) -> frozenset[str]:
        """The parts of the language that it cannot be asked for."""
        return frozenset(load_registry().parts) - frozenset(self.part_names)

    def _check_ends(self) -> None:
        """Check that the models take and give what the configuration says.

        Raises:
            CheckpointError: They do not.
        """
        encoder, decoder = (self._sessions[name] for name in GRAPHS)
        shapes = {name: shape[1:] for name, shape in (*encoder.inputs.items(), *encoder.outputs.items())}
        size, dim = self.config.image_size, self.config.dim
        is_joint = self.config.attention == "joint"
        if not (
            set(encoder.inputs) == ({"crops"} if is_joint else {"crops", *QUERIES})
            and set(encoder.outputs) == {*self._given, *(() if is_joint else self._answers)}
            and set(decoder.inputs) == set(self._asked)
            and set(decoder.outputs) == set(self._answers) >= set(ANSWERS)
            and shapes["crops"] == (3, size, size)
            and shapes["level_0"][0] == dim
        ):
            raise CheckpointError("the exported models are not made for the configuration that they tell")

    def part_ids(self, parts: Sequence[str]) -> Tensor:
        """Return the numbers (landmarks,) of part names; KeyError names one that the language lacks.

        Raises:
            ConfigError: A part was added by the user's language after the export, or without a vector.
        """
        index = {name: number for number, name in enumerate(self.part_names)}
        for part in parts:
            if part not in index and part in load_registry().parts:
                raise ConfigError(f"the exported model has no vector of the part {part!r}: export it again")
        return torch.tensor([index[part] for part in parts], dtype=torch.long)

    @cached_property
    def _whole(self) -> Detector:
        """The detector that was exported, loaded when a surface is first asked.

        Raises:
            ConfigError: It is not at hand.
        """
        if self.load_whole is None:
            raise ConfigError("graphs answer curves alone: ask the checkpoint itself, or export it anew, for surfaces")
        return self.load_whole()

    @property
    def surface_shape(self) -> SurfaceShape | None:
        """The exported detector's."""
        return self._whole.surface_shape

    def surface_ids(self, surfaces: Sequence[str]) -> Tensor:
        """Return the numbers (landmarks,) of surfaces' names; KeyError names one that there is not."""
        return self._whole.surface_ids(surfaces)

    def decode_surfaces(self, encoded: EncodedCrops, surface_ids: Tensor, places: Tensor) -> Decoded:
        """Answer queries of surfaces, by PyTorch; arguments and errors as `Detector.decode_surfaces` has them."""
        return self._whole.decode_surfaces(encoded, surface_ids, places)

    def encode(self, crops: Tensor, asked: tuple[Tensor, Tensor] | None = None) -> EncodedCrops:
        """Do all the work that needs no query.

        Args:
            crops: (batch, 3, size, size) RGB 0..255, uint8 or float, size being `config.image_size`.
            asked: part ids and FPALPs that are answered too.
        """
        # NumPy, since PyTorch's threads stay awake for a while after what they share, in the way of the runtime's.
        feed: dict[str, npt.NDArray[Any]] = {"crops": np.ascontiguousarray(crops.numpy(), np.float32)}
        if self.config.attention == "joint":
            return self._gather(self._sessions["encoder"].run(self._given, feed))
        count = ROW_BLOCK if asked is None else asked[0].shape[-1]
        # One block of any queries where nothing is asked: the graph has but one way.
        queries = asked or (torch.zeros(ROW_BLOCK, dtype=torch.long), torch.zeros(ROW_BLOCK))
        feed |= self._pad(*queries, len(crops))
        found = self._sessions["encoder"].run([*self._given, *self._answers], feed)
        encoded = self._gather(found[: len(self._given)])
        return encoded if asked is None else replace(encoded, answers=read_answers(found[len(self._given) :], count))

    def decode(self, encoded: EncodedCrops, part_ids: Tensor, fpalps: Tensor) -> Decoded:
        """Answer queries; arguments and answer as `Detector.decode` has them."""
        tensors = {name: tensor.contiguous().numpy() for name, tensor in name_tensors(encoded, self.config).items()}
        feed = tensors | self._pad(part_ids, fpalps, encoded.batch)
        found = self._sessions["decoder"].run(self._answers, {name: feed[name] for name in self._asked})
        return read_answers(found, part_ids.shape[-1])

    def _gather(self, found: Sequence[npt.NDArray[Any]]) -> EncodedCrops:
        """Return what an encoder has given."""
        named = dict(zip(self._given, map(torch.from_numpy, found), strict=True))
        encoded = gather_tensors(named, self.config, self._centers)
        self._centers = encoded.memory.cell_centers
        return encoded

    def _pad(self, part_ids: Tensor, fpalps: Tensor, batch: int) -> dict[str, npt.NDArray[Any]]:
        """Return queries of each crop of a batch, filled up as the detector does: then company changes no answer."""
        count = part_ids.shape[-1]
        padding = 0 if self.config.attention == "joint" else -count % ROW_BLOCK
        padded = (functional.pad(each.expand(batch, count), (0, padding)) for each in (part_ids, fpalps))
        return {name: each.contiguous().numpy() for name, each in zip(QUERIES, padded, strict=True)}


def read_answers(found: Sequence[npt.NDArray[Any]], count: int) -> Decoded:
    """Return the answers to the first queries of what a graph has given."""
    return keep_first(Decoded(*map(torch.from_numpy, found)), count)


def load_onnx_detector(
    folder: Path,
    threads: int | None = None,
    runtime: Runtime = "onnxruntime",
    precision: Precision = "float32",
) -> OnnxDetector:
    """Open an export; arguments and errors otherwise as for `OnnxDetector`.

    Raises:
        CheckpointError: The folder lacks one of its two files, or one cannot be read, or is damaged.
    """
    graphs = {}
    sums = read_sums(folder)
    for name in GRAPHS:
        path = folder / f"{name}.onnx"
        try:
            graphs[name] = path.read_bytes()
        except OSError as error:
            raise CheckpointError(
                f"cannot read {path}: {error.strerror or error}; `faceql export` writes such a folder"
            ) from error
        if sums and sums.get(path.name) != hashlib.sha256(graphs[name]).hexdigest():
            raise CheckpointError(f"{path} is damaged: it is not what {SUMS} says; export it anew")
    whole = folder / WHOLE
    try:
        opened = OnnxDetector(graphs, threads, runtime, precision)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}") from error
    if whole.is_file():
        opened.load_whole = lambda: load_whole(whole, opened.version)
    return opened


def load_whole(path: Path, version: str) -> Detector:
    """Load the checkpoint that an export was made of.

    Raises:
        CheckpointError: It is damaged, or another one.
    """
    loaded = load_detector(path)
    if loaded.version != version:
        raise CheckpointError(f"{path} is of {loaded.version}, the graphs beside it are of {version}: export them anew")
    return loaded.detector


def read_sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of an export's files by name; none of an export older than they are."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def measure_difference(detector: Detector, exported: OnnxDetector, *, crops: int = 3, landmarks: int = 100) -> float:
    """Return how far the two answer apart at most, crop units, on crops of noise and places of all parts."""
    config = detector.config
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(0)
        noise = torch.randint(0, 256, (crops, 3, config.image_size, config.image_size), dtype=torch.uint8)
        part_ids = torch.arange(crops * landmarks).reshape(crops, landmarks) % len(exported.part_names)
        fpalps = torch.rand(crops, landmarks)
        answers = [model.decode(model.encode(noise), part_ids, fpalps).coordinates for model in (detector, exported)]
    return float((answers[0] - answers[1]).abs().max())


def _read_metadata(name: str, session: Session) -> dict[str, str]:
    """Return what an exported model says of its weights.

    Raises:
        CheckpointError: It is none of ours, or the other one of the two.
    """
    told: dict[str, str] = dict(session.metadata)
    if told.get("format") != FORMAT:
        raise CheckpointError(f"the {name} is not a faceql export ({FORMAT}), but {told.get('format')!r}")
    if (graph := told.pop("graph", None)) != name:
        raise CheckpointError(f"the {name}'s file holds the {graph}")
    return told
