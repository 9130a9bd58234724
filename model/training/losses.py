"""Training losses, in pixels of a 256 crop whatever size the crop is cut at."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..decoder import DecodedLayers

LOSS_FRAME_PX = 256.0


def wing_loss(difference_px: Tensor, width: float = 10.0, epsilon: float = 2.0) -> Tensor:
    """Return the Wing loss of each difference (Feng et al. 2018, Eq. 5): logarithmic within `width` pixels."""
    size = difference_px.abs()
    offset = width - width * math.log1p(width / epsilon)
    return torch.where(size < width, width * torch.log1p(size / epsilon), size - offset)


def landmark_loss(layers: DecodedLayers, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return the coordinate loss (paper: Wing loss summed over C_0 .. C_n) and the scale loss.

    The scale loss log b + |e| / b, with the error e held fixed, is least where b is the expected |e|: so b is an
    expected error, and learning it does not move the coordinates.

    Args:
        layers: coordinates (layers + 1, batch, landmarks, 2), crop units, and log_scale (batch, landmarks).
        targets: (batch, landmarks, 2) crop units.
        weights: (batch, landmarks), 0 where the target is unknown.
    """
    total = weights.sum().clamp_min(1e-6)
    difference = (layers.coordinates - targets) * LOSS_FRAME_PX
    per_landmark = wing_loss(difference).mean(dim=-1)  # (layers + 1, batch, landmarks)
    coordinate_loss = (per_landmark * weights).sum() / total
    error = difference[-1].detach().norm(dim=-1).clamp_min(0.05)
    scale = layers.log_scale
    scale_loss = ((scale + error * (-scale).exp()) * weights).sum() / total
    return coordinate_loss, scale_loss


def smoothness_loss(layers: DecodedLayers, targets: Tensor, weights: Tensor, count_triplets: int) -> Tensor:
    """Return how far the bends of the asked curves are from the target curves' bends.

    Between two neighbours a curve hardly bends, so the second difference of three of them tells roughness that the
    points' own errors, many times as large, hide.

    Args:
        layers, targets, weights: as for `landmark_loss`; the last 3 * count_triplets landmarks are triplets.
        count_triplets: how many.

    Returns:
        Mean absolute difference of the last layer's and the targets' second differences, pixels of a 256 crop.
    """
    difference = (layers.coordinates[-1] - targets)[:, -3 * count_triplets :] * LOSS_FRAME_PX
    # (batch, triplets, 2) each
    first, middle, last = difference.reshape(-1, count_triplets, 3, 2).unbind(2)
    known = weights[:, -3 * count_triplets :].reshape(-1, count_triplets, 3).amin(dim=2)
    bend = (first - 2 * middle + last).abs().mean(dim=-1)
    total: Tensor = (bend * known).sum() / known.sum().clamp_min(1e-6)
    return total
