"""What runs the detector: PyTorch, or ONNX Runtime or OpenVINO where it is asked for by name."""

from __future__ import annotations

import copy
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from ..errors import CheckpointError, ConfigError
from ..model.checkpoint import LoadedDetector, load_detector
from ..model.detector import Detector
from ..model.onnx_detector import OnnxDetector, load_onnx_detector
from ..model.onnx_export import export_graphs
from ..model.onnx_sessions import Precision as Precision
from ..model.onnx_sessions import check_precision
from ..model.reader import AnswersQueries
from .arguments import check_choice, show, show_path
from .folding import fold_batch_norms
from .packing import can_pack, pack_convolutions

Backend = Literal["torch", "onnxruntime", "openvino"]
Weights = str | os.PathLike[str] | LoadedDetector | None


def load_backend(
    backend: Backend, device: str | torch.device, weights: Weights, precision: Precision = "float32"
) -> tuple[AnswersQueries, str, torch.device]:
    """Return a detector ready to answer, its version, and the device it runs on; arguments as `Engine` has them.

    Raises:
        CheckpointError: The weights are missing, damaged, or for the other backend.
        ConfigError: There is no such backend, device or precision, or the backend is not installed.
    """
    check_choice("backend", backend, get_args(Backend))
    if weights is not None and not isinstance(weights, str | os.PathLike | LoadedDetector):
        raise ConfigError(f"weights is a checkpoint's path or name, or a loaded detector, not {type(weights).__name__}")
    check_choice("precision", precision, get_args(Precision))
    path, is_folder = None, False
    if isinstance(weights, str | os.PathLike):
        path = Path(weights)
        try:
            is_folder = path.is_dir()
        except OSError as error:  # a name that is too long
            raise CheckpointError(f"no weights at {show_path(path)}: {error.strerror}") from error
    if backend != "torch":
        if not isinstance(device, str | torch.device) or str(device) not in ("auto", "cpu"):
            raise ConfigError(f'backend "{backend}" runs on the CPU, not on {show(device)}')
        check_precision(backend, precision)
        if path is not None and is_folder:
            detector = load_onnx_detector(path, runtime=backend, precision=precision)
        else:
            loaded = weights if isinstance(weights, LoadedDetector) else load_detector(path)
            detector = OnnxDetector(
                export_graphs(loaded), runtime=backend, precision=precision, load_whole=lambda: loaded.detector.eval()
            )
        return detector, detector.version, torch.device("cpu")
    chosen = choose_device(device)
    if path is not None and is_folder:
        raise CheckpointError(
            f'{path} is a folder: what `faceql export` wrote runs with backend "onnxruntime" or "openvino"'
        )
    if precision != "float32":
        check_bfloat16(chosen)
    if isinstance(weights, LoadedDetector):
        loaded = replace(weights, detector=weights.detector.eval().to(chosen))
        if precision != "float32":
            loaded = replace(loaded, detector=copy.deepcopy(loaded.detector))
            prepare(loaded.detector, chosen, precision)
    else:
        loaded = load_detector(path, chosen)
        # Our own copy; a detector that the caller loaded stays as it is.
        prepare(loaded.detector, chosen, precision)
    return loaded.detector, loaded.version, chosen


def prepare(detector: Detector, device: torch.device, precision: Precision) -> None:
    """Make a detector as fast as it can be, in place; its weights change no more."""
    fold_batch_norms(detector.image_encoder.body)
    detector.keep_constants()
    if device.type == "cpu":
        pack_convolutions(detector.image_encoder, detector.config.image_size, getattr(torch, precision))


def check_bfloat16(device: torch.device) -> None:
    """Raise where bfloat16 would not be faster.

    Raises:
        ConfigError: The processor has none, PyTorch lacks what uses it, or the detector is to run elsewhere.
    """
    if device.type != "cpu":
        raise ConfigError(f'precision "bfloat16" is for the CPU: on {device.type} the detector runs in it already')
    operators: Any = torch.ops.mkldnn
    if not (can_pack() and operators._is_mkldnn_bf16_supported()):
        raise ConfigError('this processor, or this PyTorch, is no faster in bfloat16: leave precision at "float32"')


def choose_device(device: str | torch.device) -> torch.device:
    """Return the torch device of a name; "auto" is CUDA where there is one, else the CPU.

    Raises:
        ConfigError: There is no such device here.
    """
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:
        raise ConfigError(f'device must be "auto" or a torch device found here, not {show(device)}') from error
    return chosen
