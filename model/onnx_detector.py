"""Running an exported detector by ONNX Runtime, on the CPU."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from ..errors import CheckpointError, ConfigError
from ..querylang.registry import load_registry
from .config import DetectorConfig
from .detector import ROW_BLOCK, Decoded, Detector, EncodedCrops
from .encoded_tensors import COMPANY, CONTEXT_ANSWERS, gather_tensors, list_names, name_tensors
from .onnx_export import ANSWERS, FORMAT, GRAPHS, SUMS, VISIBILITY, import_extra
from .surface_shape import SurfaceShape


class OnnxDetector:
    """Answers as the `Detector` it was exported from does, to about 1e-5 of a crop; one serves many threads.

    Attributes:
        config: The detector's.
        part_names: The parts it has vectors of.
        version: The weights', as the checkpoint tells it.
        training: What the checkpoint says of its training.
    """

    def __init__(self, graphs: Mapping[str, bytes], threads: int | None = None) -> None:
        """Open the models that `export_graphs` returned.

        Args:
            graphs: By the names of `GRAPHS`.
            threads: How many threads one operation may use; None for as many as PyTorch uses.

        Raises:
            CheckpointError: A model is damaged, foreign, or not of the same weights as the other.
            ConfigError: The extra `onnx` is not installed.
        """
        self._sessions = {name: _open_session(name, graphs[name], threads) for name in GRAPHS}
        told = [_read_metadata(name, session) for name, session in self._sessions.items()]
        if told[0] != told[1]:
            raise CheckpointError(f"the encoder is of {told[0]['version']}, the decoder of {told[1]['version']}")
        try:
            self.config = DetectorConfig.model_validate_json(told[0]["config"])
            self.part_names: tuple[str, ...] = tuple(json.loads(told[0]["parts"]))
            self.training: dict[str, object] = json.loads(told[0]["training"])
            self.version = told[0]["version"]
        except (KeyError, ValueError, ValidationError) as error:
            raise CheckpointError(f"the exported model does not say what it is: {error}") from error
        if not self.part_names or tuple(load_registry().parts)[: len(self.part_names)] != self.part_names:
            raise CheckpointError(f"the exported model knows other parts: {', '.join(self.part_names)}")
        given = [end.name for end in self._sessions["encoder"].get_outputs()]
        # Older exports judge each landmark alone.
        self._given = list_names(self.config, has_company=COMPANY in given)
        self._asked = ["part_ids", "fpalps", *(name for name in self._given if name not in CONTEXT_ANSWERS)]
        # An export that knows no visibility, older ones too, answers the rest.
        self._answers = [end.name for end in self._sessions["decoder"].get_outputs()]
        self._check_ends()

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
        shapes = {end.name: end.shape[1:] for end in (*encoder.get_inputs(), *encoder.get_outputs())}
        size, dim = self.config.image_size, self.config.dim
        if not (
            [end.name for end in encoder.get_outputs()] == self._given
            and {end.name for end in decoder.get_inputs()} == set(self._asked)
            and self._answers in (list(ANSWERS), [*ANSWERS, VISIBILITY])
            and shapes.get("crops") == [3, size, size]
            and shapes["cells"][-1] == shapes["level_0"][0] == dim
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

    @property
    def surface_shape(self) -> SurfaceShape | None:
        """None: surfaces are not exported."""
        return None

    def surface_ids(self, surfaces: Sequence[str]) -> Tensor:
        """Return the numbers (landmarks,) of surfaces' names.

        Raises:
            ConfigError: Surfaces are not exported.
        """
        raise ConfigError("an exported model answers curves alone: ask the checkpoint itself about surfaces")

    def decode_surfaces(self, encoded: EncodedCrops, surface_ids: Tensor, places: Tensor) -> Decoded:
        """Raise as `surface_ids` does."""
        raise ConfigError("an exported model answers curves alone: ask the checkpoint itself about surfaces")

    def encode(self, crops: Tensor, asked: tuple[Tensor, Tensor] | None = None) -> EncodedCrops:
        """Do all the work that needs no query.

        Args:
            crops: (batch, 3, size, size) RGB 0..255, uint8 or float, size being `config.image_size`.
            asked: part ids and FPALPs that are answered too.
        """
        found = self._sessions["encoder"].run(self._given, {"crops": crops.to(torch.float32).contiguous().numpy()})
        encoded = gather_tensors(dict(zip(self._given, map(torch.from_numpy, found), strict=True)), self.config)
        return encoded if asked is None else replace(encoded, answers=self.decode(encoded, *asked))

    def decode(self, encoded: EncodedCrops, part_ids: Tensor, fpalps: Tensor) -> Decoded:
        """Answer queries; arguments and answer as `Detector.decode` has them."""
        count = part_ids.shape[-1]
        # As the detector does it: a landmark's answer then is the same in any company.
        padding = -count % ROW_BLOCK if encoded.context is not None else 0
        tensors = name_tensors(encoded, self.config)
        for name, queries in (("part_ids", part_ids), ("fpalps", fpalps)):
            tensors[name] = functional.pad(queries.expand(encoded.batch, count), (0, padding))
        feed = {name: tensors[name].contiguous().numpy() for name in self._asked}
        found = self._sessions["decoder"].run(self._answers, feed)
        return Decoded(*(torch.from_numpy(array)[:, :count] for array in found))


def load_onnx_detector(folder: Path, threads: int | None = None) -> OnnxDetector:
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
    try:
        return OnnxDetector(graphs, threads)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}") from error


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


def _open_session(name: str, graph: bytes, threads: int | None) -> Any:
    runtime = import_extra("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    # Plans of memory are kept for every shape, and a shape comes with every number of landmarks.
    options.enable_mem_pattern = False
    try:
        return runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    # Its errors have no root of their own.
    except Exception as error:
        raise CheckpointError(f"the {name} cannot be read as ONNX: {error}") from error


def _read_metadata(name: str, session: Any) -> dict[str, str]:
    """Return what an exported model says of its weights.

    Raises:
        CheckpointError: It is none of ours, or the other one of the two.
    """
    told: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)
    if told.get("format") != FORMAT:
        raise CheckpointError(f"the {name} is not a faceql export ({FORMAT}), but {told.get('format')!r}")
    if (graph := told.pop("graph", None)) != name:
        raise CheckpointError(f"the {name}'s file holds the {graph}")
    return told
