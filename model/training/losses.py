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


def stretch_loss(layers: DecodedLayers, targets: Tensor, weights: Tensor) -> Tensor:
    """Return how long the errors are, measured by the predicted ellipses of area 1.

    With the error e and its expected length b held fixed, the mean of sqrt(e' S^-1 e) / b over matrices S of
    determinant 1 is least where S has the shape of the errors' scatter (Tyler 1987).

    Args:
        layers, targets, weights: as for `landmark_loss`.
    """
    error = (layers.coordinates[-1] - targets).detach() * LOSS_FRAME_PX
    x, y = error.unbind(-1)
    length = error.norm(dim=-1).clamp_min(0.05)
    u, v = layers.stretch.unbind(-1)
    size = (u * u + v * v + 1e-8).sqrt()
    along = (u * (x * x - y * y) + 2 * v * x * y) / (size * length * length)
    shape = (size.cosh() - size.sinh() * along).clamp_min(1e-6).sqrt()
    relative = (length * (-layers.log_scale.detach()).exp()).clamp_max(4.0)
    total: Tensor = (relative * shape * weights).sum() / weights.sum().clamp_min(1e-6)
    return total


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
