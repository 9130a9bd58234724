"""What runs the detector: PyTorch, or ONNX Runtime where it is asked for by name."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import torch

from ..errors import CheckpointError, ConfigError
from ..model.checkpoint import LoadedDetector, load_detector
from ..model.onnx_detector import OnnxDetector, load_onnx_detector
from ..model.onnx_export import export_graphs
from ..model.reader import AnswersQueries
from .folding import fold_batch_norms
from .packing import pack_convolutions

Backend = Literal["torch", "onnxruntime"]
Weights = str | os.PathLike[str] | LoadedDetector | None


def load_backend(
    backend: Backend, device: str | torch.device, weights: Weights
) -> tuple[AnswersQueries, str, torch.device]:
    """Return a detector ready to answer, its version, and the device it runs on; arguments as `Engine` has them.

    Raises:
        CheckpointError: The weights are missing, damaged, or for the other backend.
        ConfigError: There is no such backend or device, or ONNX Runtime is not installed.
    """
    if backend not in get_args(Backend):
        raise ConfigError(f'backend must be "torch" or "onnxruntime", not {backend!r}')
    if weights is not None and not isinstance(weights, str | os.PathLike | LoadedDetector):
        raise ConfigError(f"weights is a checkpoint's path or a loaded detector, not {type(weights).__name__}")
    path = None if weights is None or isinstance(weights, LoadedDetector) else Path(weights)
    if backend == "onnxruntime":
        if str(device) not in ("auto", "cpu"):
            raise ConfigError(f'backend "onnxruntime" runs on the CPU, not on {str(device)!r}')
        if path is not None and path.is_dir():
            detector = load_onnx_detector(path)
        else:
            loaded = weights if isinstance(weights, LoadedDetector) else load_detector(path)
            detector = OnnxDetector(export_graphs(loaded))
        return detector, detector.version, torch.device("cpu")
    chosen = choose_device(device)
    if path is not None and path.is_dir():
        raise CheckpointError(f'{path} is a folder: what `faceql export` wrote runs with backend "onnxruntime"')
    if isinstance(weights, LoadedDetector):
        loaded = replace(weights, detector=weights.detector.eval().to(chosen))
    else:
        loaded = load_detector(path, chosen)
        # Our own copy; a detector that the caller loaded stays as it is.
        fold_batch_norms(loaded.detector.image_encoder.body)
        loaded.detector.keep_constants()
        if chosen.type == "cpu":
            pack_convolutions(loaded.detector.image_encoder, loaded.detector.config.image_size)
    return loaded.detector, loaded.version, chosen


def choose_device(device: str | torch.device) -> torch.device:
    """Return the torch device of a name; "auto" is CUDA where there is one, else the CPU.

    Raises:
        ConfigError: There is no such device here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ConfigError(f'device must be "auto" or a torch device found here, not {device!r}') from error
    return chosen
