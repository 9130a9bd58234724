"""Writing a detector as two ONNX graphs: one encodes crops, one answers queries about them.

Two files in a folder, not one: a crop is encoded once and asked many times, and an ONNX file holds one graph, which
runs whole. Each file is plain ONNX that any runtime loads, and says in its metadata whose weights it holds.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ConfigError
from ..loading import pause_gc
from .checkpoint import LoadedDetector
from .detector import Decoded, Detector
from .encoded_tensors import CONTEXT_ANSWERS, gather_tensors, name_tensors
from .onnx_sessions import QUERIES, import_extra

FORMAT = "faceql-onnx-2"
GRAPHS = ("encoder", "decoder")
WHOLE = "detector.safetensors"
"""Beside the graphs, a copy of the checkpoint: surfaces are answered by it."""
SUMS = "SHA256SUMS"
"""Beside the graphs, for `sha256sum --check`."""
ANSWERS = ("coordinates", "log_scale", "stretch")
VISIBILITY = "visibility"
"""A further answer of a detector that tells which points are seen."""
OPSET = 20
"""The first whose GridSample is today's; needs onnxruntime 1.17."""


class EncoderGraph(nn.Module):
    """Crops (batch, 3, size, size), RGB 0..255 float32, to what `name_tensors` returns, and answers in the same pass.

    Under joint attention, which has no such pass, crops are all that it takes.
    """

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, crops: Tensor, *asked: Tensor) -> tuple[Tensor, ...]:
        encoded = self.detector.encode(crops, (asked[0], asked[1]) if asked else None)
        tensors = tuple(name_tensors(encoded, self.detector.config).values())
        return tensors if encoded.answers is None else (*tensors, *list_answers(encoded.answers))


class DecoderGraph(nn.Module):
    """Queries (batch, landmarks) and an encoder's outputs to `ANSWERS` and, where it is learnt, `VISIBILITY`."""

    def __init__(self, detector: Detector, names: Sequence[str]) -> None:
        super().__init__()
        self.detector = detector
        self.names = tuple(names)

    def forward(self, part_ids: Tensor, fpalps: Tensor, tensors: list[Tensor]) -> tuple[Tensor, ...]:
        encoded = gather_tensors(dict(zip(self.names, tensors, strict=True)), self.detector.config)
        return list_answers(self.detector.decode_queries(encoded, part_ids, fpalps))


def list_answers(decoded: Decoded) -> tuple[Tensor, ...]:
    """Return answers as a graph gives them: `ANSWERS` and, where it is learnt, `VISIBILITY`."""
    answers = (decoded.coordinates, decoded.log_scale, decoded.stretch)
    return answers if decoded.visibility is None else (*answers, decoded.visibility)


def export_graphs(loaded: LoadedDetector) -> dict[str, bytes]:
    """Return a detector as ONNX models, by the names of `GRAPHS`; it takes some ten seconds.

    The batch and the number of landmarks are free, the crop's size is the detector's. Under context attention answers
    are the same in any company to the last bit only if landmarks are asked in multiples of `ROW_BLOCK`.

    Raises:
        ConfigError: The extra `onnx` is not installed.
    """
    for name in ("onnx", "onnxscript"):
        import_extra(name)
    detector = copy.deepcopy(loaded.detector).cpu().eval()
    config = detector.config
    batch, landmarks = torch.export.Dim("batch", min=1), torch.export.Dim("landmarks", min=1)
    # Two of each: a dimension of 1 would be taken for one that is always 1.
    crops = torch.zeros(2, 3, config.image_size, config.image_size)
    queries = (torch.zeros(2, 2, dtype=torch.long), torch.zeros(2, 2))
    with torch.no_grad():
        tensors = name_tensors(detector.encode(crops), config)
        asked = {name: tensor for name, tensor in tensors.items() if name not in CONTEXT_ANSWERS}
        # What does not depend on the crop comes as a batch of 1, or without one.
        free = [{0: batch} if len(tensor) == 2 else {} for name, tensor in asked.items()]
        answers = [*ANSWERS, *([] if detector.visibility is None else [VISIBILITY])]
        each = {0: batch, 1: landmarks}
        is_joint = config.attention == "joint"
        encoder = _export(
            EncoderGraph(detector),
            (crops,) if is_joint else (crops, *queries),
            ({0: batch},) if is_joint else ({0: batch}, (each, each)),
            ["crops"] if is_joint else ["crops", *QUERIES],
            list(tensors) if is_joint else [*tensors, *answers],
        )
        decoder = _export(
            DecoderGraph(detector, list(asked)),
            (*queries, list(asked.values())),
            (each, each, free),
            [*QUERIES, *asked],
            answers,
        )
    known = [name for name in detector.part_names if name not in detector.parts_without_vector]
    told = {
        "format": FORMAT,
        "version": loaded.version,
        "config": config.model_dump_json(),
        "parts": json.dumps(known),
        "training": json.dumps(loaded.training),
        "error_factors": json.dumps(detector.error_factors),
    }
    graphs = {}
    for name, program in zip(GRAPHS, (encoder, decoder), strict=True):
        program.model.metadata_props.update(told, graph=name)
        graphs[name] = program.model_proto.SerializeToString()
    return graphs


def _export(
    module: nn.Module, arguments: tuple[Any, ...], shapes: tuple[Any, ...], inputs: list[str], outputs: list[str]
) -> torch.onnx.ONNXProgram:
    logger = logging.getLogger("onnx_ir")
    level = logger.level
    # What the exporter makes lives until it ends: nearly all of it is searched in vain.
    with warnings.catch_warnings(), pause_gc():
        # Of the exporter about itself: that inputs share their free dimensions, that an output is a constant.
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                module.eval(),
                arguments,
                input_names=inputs,
                output_names=outputs,
                dynamic_shapes=shapes,
                opset_version=OPSET,
                verbose=False,
                dynamo=True,
            )
        finally:
            logger.setLevel(level)
    assert program is not None
    return program


def save_graphs(folder: Path, graphs: Mapping[str, bytes]) -> list[Path]:
    """Write an export to a folder, which is made where it is missing, and return its graphs' files.

    Raises:
        ConfigError: It cannot be written.
    """
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, graph in graphs.items():
            path = folder / f"{name}.onnx"
            unfinished = path.with_suffix(".unfinished")
            unfinished.write_bytes(graph)
            os.replace(unfinished, path)
            paths.append(path)
        sums = "".join(f"{hashlib.sha256(graph).hexdigest()}  {name}.onnx\n" for name, graph in graphs.items())
        (folder / SUMS).write_text(sums, "utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write to {str(folder)!r}: {error.strerror or error}") from error
    return paths


def copy_whole(folder: Path, loaded: LoadedDetector) -> list[Path]:
    """Copy the checkpoint beside its graphs, and return its file; none of a detector that was read from no file.

    Raises:
        ConfigError: It cannot be written.
    """
    if loaded.file is None:
        return []
    try:
        return [Path(shutil.copyfile(loaded.file, folder / WHOLE))]
    except OSError as error:
        raise ConfigError(f"cannot write to {str(folder)!r}: {error.strerror or error}") from error
