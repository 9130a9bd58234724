"""Sine encodings of places in the crop."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def encode_positions(coordinates: Tensor, dim: int) -> Tensor:
    """Encode crop coordinates by sines and cosines of rising frequency, half the values for x, half for y.

    Args:
        coordinates: (..., 2) as (x, y), crop units 0..1.
        dim: number of values, a multiple of 4.

    Returns:
        (..., dim) float32. The slowest wave spans two crops, the fastest about a 64th of one.
    """
    waves = dim // 4
    exponents = torch.arange(waves, device=coordinates.device, dtype=torch.float32) / max(waves - 1, 1)
    frequencies = math.pi * 128.0**exponents
    angles = coordinates.to(torch.float32)[..., None] * frequencies  # (..., 2, waves)
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)


def cell_centers(height: int, width: int, device: torch.device) -> Tensor:
    """Return (height * width, 2): the centres (x, y) of a feature map's cells in crop units, row by row."""
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) / height
    x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) / width
    grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([grid_x, grid_y], dim=-1).flatten(0, 1)
