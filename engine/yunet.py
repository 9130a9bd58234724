"""YuNet, a network of 53,000 numbers that sees faces from 12 px, run in PyTorch (Wu, Peng and Yu 2023).

Its weights are libfacedetection's (BSD 3-clause, `engine/weights/LICENSE.libfacedetection`), in the arithmetic of that
library: `python benchmarks/finder_weights.py` reads them out of its binary, and a test compares what the two find. In
PyTorch it runs wherever PyTorch does, three times as fast, on several photos at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
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

FloatArray = npt.NDArray[np.float64]


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


def see_faces(picture: Image.Image, min_score: float, network: Callable[[Tensor], Sequence[Tensor]]) -> list[Sighting]:
    """Return what the network sees in an RGB picture, surest first, each face once.

    Args:
        picture: At the scale to search; faces of 12 px and more are seen, those of some 300 px best.
        min_score: Fainter ones are left out.
        network: `YuNet`, or what computes as it does.
    """
    with torch.inference_mode():
        levels = network(prepare_picture(picture))
    rows = [read_level(level[0], stride, min_score) for level, stride in zip(levels, STRIDES, strict=True)]
    return keep_surest(np.concatenate(rows))


def prepare_picture(picture: Image.Image) -> Tensor:
    """Return an RGB picture as (1, 3, height, width), its sides filled up with black."""
    width, height = picture.size
    rows, columns = -(-height // COARSEST) * COARSEST, -(-width // COARSEST) * COARSEST
    pixels = np.zeros((rows, columns, 3), np.float32)
    pixels[:height, :width] = np.asarray(picture)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def read_level(level: Tensor, stride: int, min_score: float) -> FloatArray:
    """Return (faces, 15) of one level (16, rows, columns): score, box as (x, y, width, height), five points."""
    # Of both probabilities the product's root; it is above the least where this sum of exponentials is below.
    scores = torch.sqrt(level[0].sigmoid() * level[1].sigmoid())
    row, column = torch.nonzero(scores >= min_score, as_tuple=True)
    told = level[2:, row, column].double().numpy()
    at = np.stack([column.numpy(), row.numpy()]).astype(np.float64)
    center = (told[:2] + at) * stride
    size = np.exp(told[2:4]) * stride
    points = (told[4:].reshape(5, 2, -1) + at) * stride
    found = np.concatenate([center - size / 2, size, points.reshape(10, -1)])
    rounded = np.round(found * SUBPIXELS) / SUBPIXELS
    rows: FloatArray = np.concatenate([scores[row, column].double().numpy().round(4)[None], rounded]).T
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
