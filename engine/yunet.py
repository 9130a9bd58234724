"""YuNet, a network of 53,000 numbers that sees faces from 12 px, run in PyTorch (Wu, Peng and Yu 2023).

Its weights are libfacedetection's (BSD 3-clause, `engine/weights/LICENSE.libfacedetection`), in the arithmetic of that
library: `python benchmarks/finder_weights.py` reads them out of its binary, and a test compares what the two find. In
PyTorch it runs wherever PyTorch does, three times as fast, on several photos at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from ..errors import CheckpointError
from .packing import PackedConvolution, can_pack

WEIGHTS = Path(__file__).parent / "weights" / "yunet.safetensors"

STRIDES = (8, 16, 32)
# Sides of the picture are multiples of this, so that every level halves exactly.
COARSEST = 32
HEAD_CHANNELS = 16
"""Class, objectness, box (4), five points (10)."""
STRIP_ROWS = 256
"""Of a tall picture at a time, up to a stride of 8: what lies between would not fit the processor's cache."""
HALO_ROWS = 32
"""Above and below a strip: more than the rows, 19, that a result at a stride of 8 sees of them."""
MAX_OVERLAP = 0.45
SUBPIXELS = 8
"""Boxes and points are told in eighths of a pixel: their last bits, which differ from machine to machine and with the
number of threads, would move a crop and with it every answer."""

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]
LevelArray = npt.NDArray[np.float32]
Network = Callable[[ByteArray], Sequence[LevelArray]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face that a network sees in a picture.

    Attributes:
        box: (x, y, width, height), outer corners in pixels of the picture.
        score: How sure it is, 0..1.
        points: (5, 2) of the eyes, nose tip and mouth corners, left of the picture first; None where it tells none.
    """

    box: tuple[float, float, float, float]
    score: float
    points: FloatArray | None = None


def separable(channels: int, filters: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Return a pointwise convolution, then a depthwise one."""
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel_size=1),
        nn.Conv2d(filters, filters, kernel_size=3, padding=1, groups=filters),
        activation(),
    )


class YuNet(nn.Module):
    """The network: (pictures, 3, height, width) RGB 0..255 float to (pictures, 16, rows, columns) for each stride."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, kernel_size=3, stride=2, padding=1), nn.ReLU(), *separable(16, 16), nn.MaxPool2d(2)
        )
        self.low = nn.Sequential(
            *separable(16, 16), *separable(16, 32), *separable(32, 32), *separable(32, 64), nn.MaxPool2d(2)
        )
        self.levels = nn.ModuleList(nn.Sequential(*separable(64, 64), *separable(64, 64)) for _ in STRIDES)
        self.laterals = nn.ModuleList(separable(64, 64) for _ in STRIDES)
        self.heads = nn.ModuleList(separable(64, HEAD_CHANNELS, nn.Identity) for _ in STRIDES)

    def _begin(self, pictures: Tensor) -> Tensor:
        """Return the features of stride 8, made strip by strip; the same to the last bit."""
        rows = pictures.shape[2]
        if rows < 2 * STRIP_ROWS:
            begun: Tensor = self.low(self.stem(pictures))
            return begun
        strips = []
        for top in range(0, rows, STRIP_ROWS):
            above, bottom = max(0, top - HALO_ROWS), min(rows, top + STRIP_ROWS)
            seen = self.low(self.stem(pictures[:, :, above : bottom + HALO_ROWS]))
            strips.append(seen[:, :, (top - above) // STRIDES[0] : (bottom - above) // STRIDES[0]])
        return torch.cat(strips, dim=2)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        x = self._begin(pictures)
        features: list[Tensor] = []
        for stage in self.levels:
            x = stage(functional.max_pool2d(x, 2) if features else x)
            features.append(x)
        told: list[Tensor] = []
        above: Tensor | None = None
        for level in reversed(range(len(STRIDES))):
            feature, lateral, head = features[level], self.laterals[level], self.heads[level]
            summed = feature if above is None else feature + functional.interpolate(above, scale_factor=2.0)
            above = lateral(summed)
            told.append(head(above))
        return told[::-1]


@cache
def load_yunet() -> YuNet:
    """Return the network with its weights, ready to run on the CPU; the same one every time.

    Raises:
        CheckpointError: The file of weights is missing or damaged.
    """
    network = load_plain_yunet().to(memory_format=torch.channels_last)
    if can_pack():
        pack_sequences(network)
    return network


def load_plain_yunet() -> YuNet:
    """Return the network with its weights.

    Raises:
        CheckpointError: The file of weights is missing or damaged.
    """
    network = YuNet()
    try:
        network.load_state_dict(load_file(WEIGHTS))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"the face finder's weights cannot be read, install faceql again: {error}") from error
    return network.eval().requires_grad_(False)


def pack_sequences(network: YuNet) -> None:
    """Join, in place, each convolution with the activation after it."""
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for index, layer in enumerate(sequence):
            if isinstance(layer, nn.Conv2d):
                after = sequence[index + 1] if index + 1 < len(sequence) else None
                is_joined = isinstance(after, nn.ReLU)
                sequence[index] = PackedConvolution(layer, nn.ReLU() if is_joined else nn.Identity())
                if is_joined:
                    sequence[index + 1] = nn.Identity()


def see_faces(picture: ByteArray, min_score: float, network: Network) -> list[Sighting]:
    """Return what the network sees in a picture, surest first, each face once.

    Args:
        picture: (height, width, 3) uint8 RGB at the scale to search; faces of 12 px and more are seen, those of some
            300 px best.
        min_score: Fainter ones are left out.
        network: `run_in_pytorch`, or what computes as it does.
    """
    levels = network(fill_up(picture))
    rows = [read_level(level[0], stride, min_score) for level, stride in zip(levels, STRIDES, strict=True)]
    return keep_surest(np.concatenate(rows))


def fill_up(picture: ByteArray) -> ByteArray:
    """Return a picture (height, width, 3) as (1, 3, height, width), contiguous, its sides filled up with black."""
    height, width = picture.shape[:2]
    rows, columns = -(-height // COARSEST) * COARSEST, -(-width // COARSEST) * COARSEST
    if (rows, columns) == (height, width):
        return np.ascontiguousarray(picture.transpose(2, 0, 1))[None]
    filled = np.zeros((1, 3, rows, columns), np.uint8)
    filled[0, :, :height, :width] = picture.transpose(2, 0, 1)
    return filled


def run_in_pytorch(pictures: ByteArray) -> list[LevelArray]:
    """Return what the network tells of pictures as `fill_up` gives them: (pictures, 16, rows, columns) for each stride.

    Raises:
        CheckpointError: The file of weights is missing or damaged.
    """
    with torch.inference_mode():
        given = torch.from_numpy(pictures).to(torch.float32, memory_format=torch.channels_last)
        return [level.numpy() for level in load_yunet()(given)]


def read_level(level: LevelArray, stride: int, min_score: float) -> FloatArray:
    """Return (faces, 15) of one level (16, rows, columns): score, box as (x, y, width, height), five points."""
    # The score is the root of two probabilities' product: each of them is at least its square.
    least = min_score**2
    least_logit = math.log(least / (1 - least)) if 0 < least < 1 else math.inf * (2 * least - 1)
    row, column = np.nonzero(np.minimum(level[0], level[1]) >= least_logit - 1e-3)
    told = level[:, row, column].astype(np.float64)
    scores = 1 / np.sqrt((1 + np.exp(-told[0])) * (1 + np.exp(-told[1])))
    at = np.stack([column, row]).astype(np.float64)
    center = (told[2:4] + at) * stride
    size = np.exp(told[4:6]) * stride
    points = (told[6:].reshape(5, 2, -1) + at) * stride
    found = np.concatenate([center - size / 2, size, points.reshape(10, -1)])
    rounded = np.round(found * SUBPIXELS) / SUBPIXELS
    rows: FloatArray = np.concatenate([scores.round(4)[None], rounded]).T[scores >= min_score]
    return rows


def keep_surest(rows: FloatArray) -> list[Sighting]:
    """Return rows (faces, 15) as sightings, surest first, without those that overlap a surer one."""
    rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    low, size = rows[:, 1:3], rows[:, 3:5]
    areas = size.prod(axis=1)
    sightings = []
    is_left = np.ones(len(rows), bool)
    for index, row in enumerate(rows):
        if not is_left[index]:
            continue
        score, x, y, width, height = row[:5].tolist()
        sightings.append(Sighting((x, y, width, height), score, row[5:].reshape(5, 2)))
        shared = np.minimum(low + size, low[index] + size[index]) - np.maximum(low, low[index])
        common = shared.clip(0).prod(axis=1)
        is_left &= common <= MAX_OVERLAP * (areas + areas[index] - common)
    return sightings
