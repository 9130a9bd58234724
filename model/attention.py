"""Attention over a context and oneself, and deformable attention in plain PyTorch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class KeysValues(NamedTuple):
    """Projected keys and values, each (batch, heads, landmarks, head_dim); batch 1 where they do not depend on it."""

    keys: Tensor
    values: Tensor


class AnchoredAttention(nn.Module):
    """Multi-head attention whose queries see a fixed context and, besides, only themselves.

    With the context as its own query set it is ordinary self-attention (`attend`), which is also what the paper's
    joint attention uses. `attend_anchored` costs the same for each query, whatever else is asked.
    """

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.project_query = nn.Linear(dim, dim)
        self.project_key = nn.Linear(dim, dim)
        self.project_value = nn.Linear(dim, dim)
        self.project_out = nn.Linear(dim, dim)

    def split_heads(self, x: Tensor) -> Tensor:
        # (batch, landmarks, dim) -> (batch, heads, landmarks, head_dim)
        batch, landmarks, dim = x.shape
        return x.reshape(batch, landmarks, self.num_heads, dim // self.num_heads).transpose(1, 2)

    def keys_values(self, key_input: Tensor, value_input: Tensor) -> KeysValues:
        """Project (batch, landmarks, dim) inputs to keys and values."""
        return KeysValues(
            self.split_heads(self.project_key(key_input)), self.split_heads(self.project_value(value_input))
        )

    def attend(self, query_input: Tensor, context: KeysValues) -> Tensor:
        """Return (batch, landmarks, dim): every query over the whole context."""
        query = self.split_heads(self.project_query(query_input))
        scores = query @ context.keys.transpose(-1, -2) / math.sqrt(query.shape[-1])
        mixed = scores.softmax(dim=-1) @ context.values
        return self._merge(mixed)

    def attend_anchored(self, query_input: Tensor, own: KeysValues, context: KeysValues) -> Tensor:
        """Return (batch, landmarks, dim): every query over the context and its own key."""
        query = self.split_heads(self.project_query(query_input))
        scores = query @ context.keys.transpose(-1, -2)  # (batch, heads, landmarks, context)
        own_score = (query * own.keys).sum(dim=-1, keepdim=True)
        weights = (torch.cat([scores, own_score], dim=-1) / math.sqrt(query.shape[-1])).softmax(dim=-1)
        mixed = weights[..., :-1] @ context.values + weights[..., -1:] * own.values
        return self._merge(mixed)

    def attend_first(self, query_input: Tensor, own: KeysValues, count: int) -> Tensor:
        """Return (batch, landmarks, dim): every query over the first `count` landmarks and its own key."""
        context = KeysValues(own.keys[:, :, :count], own.values[:, :, :count])
        if count == own.keys.shape[2]:
            return self.attend(query_input, context)
        query = self.split_heads(self.project_query(query_input))
        scores = query @ context.keys.transpose(-1, -2)
        rest = (query[:, :, count:] * own.keys[:, :, count:]).sum(dim=-1, keepdim=True)
        # The first ones are among those they attend to.
        own_score = functional.pad(rest, (0, 0, count, 0), value=-math.inf)
        weights = (torch.cat([scores, own_score], dim=-1) / math.sqrt(query.shape[-1])).softmax(dim=-1)
        mixed = weights[..., :-1] @ context.values + weights[..., -1:] * own.values
        return self._merge(mixed)

    def _merge(self, mixed: Tensor) -> Tensor:
        # (batch, heads, landmarks, head_dim) -> (batch, landmarks, dim)
        merged: Tensor = self.project_out(mixed.transpose(1, 2).flatten(-2))
        return merged


def sample_deformable(level_values: Sequence[Tensor], locations: Tensor, weights: Tensor) -> Tensor:
    """Sum weighted bilinear samples of every level (Deformable DETR, Eq. 3).

    Args:
        level_values: for each level (batch * heads, head_dim, height, width).
        locations: (batch, landmarks, heads, levels, points, 2) as (x, y) in crop units, float32.
        weights: (batch, landmarks, heads, levels, points), summing to 1 over levels and points.

    Returns:
        (batch, landmarks, heads * head_dim). Samples outside the crop are zero.
    """
    batch, landmarks, heads = locations.shape[:3]
    # Landmarks come last, so that weighting and summing the points runs along long rows.
    grids = (2 * locations - 1).permute(0, 2, 3, 4, 1, 5).flatten(0, 1)  # (batch * heads, levels, points, landmarks, 2)
    per_head = weights.permute(0, 2, 3, 4, 1).flatten(0, 1)  # (batch * heads, levels, points, landmarks)
    total: Tensor | None = None
    for level, values in enumerate(level_values):
        sampled = functional.grid_sample(
            values.to(grids.dtype), grids[:, level], mode="bilinear", padding_mode="zeros", align_corners=False
        )  # (batch * heads, head_dim, points, landmarks)
        mixed = sampled * per_head[:, None, level]
        total = mixed if total is None else total + mixed
    assert total is not None
    # (batch * heads, head_dim, landmarks) -> (batch, landmarks, heads * head_dim)
    return total.sum(dim=2).reshape(batch, heads, -1, landmarks).permute(0, 3, 1, 2).flatten(-2)


def split_map_heads(feature_map: Tensor, num_heads: int) -> Tensor:
    """Return (batch * heads, head_dim, height, width) from a map (batch, dim, height, width)."""
    height, width = feature_map.shape[-2:]
    return feature_map.reshape(-1, feature_map.shape[1] // num_heads, height, width)


class DeformableAttention(nn.Module):
    """Each landmark looks at a few learnt places round its reference point, in every level (paper, Eq. 4).

    The encoder's lateral projections serve as the value projection of every layer, so an image's values are made
    once for all layers.
    """

    def __init__(self, dim: int, num_heads: int, num_levels: int, num_points: int) -> None:
        super().__init__()
        self.num_heads, self.num_levels, self.num_points = num_heads, num_levels, num_points
        self.predict_offsets = nn.Linear(dim, num_heads * num_levels * num_points * 2)
        self.predict_weights = nn.Linear(dim, num_heads * num_levels * num_points)
        self.project_out = nn.Linear(dim, dim)
        self._spread_offsets()

    def _spread_offsets(self) -> None:
        # Deformable DETR's start: each head looks its own way, each point a cell further.
        nn.init.zeros_(self.predict_offsets.weight)
        angles = torch.arange(self.num_heads, dtype=torch.float32) * (2 * math.pi / self.num_heads)
        directions = torch.stack([angles.cos(), angles.sin()], dim=-1)
        directions = directions / directions.abs().amax(dim=-1, keepdim=True)
        steps = torch.arange(1, self.num_points + 1, dtype=torch.float32)
        bias = directions[:, None, None] * steps[None, None, :, None]  # (heads, 1, points, 2)
        with torch.no_grad():
            self.predict_offsets.bias.copy_(bias.expand(-1, self.num_levels, -1, -1).flatten())
        nn.init.zeros_(self.predict_weights.weight)
        nn.init.zeros_(self.predict_weights.bias)

    def forward(self, query_input: Tensor, reference_points: Tensor, level_values: Sequence[Tensor]) -> Tensor:
        """Return (batch, landmarks, dim) for queries (batch, landmarks, dim) at points (batch, landmarks, 2)."""
        shape = (self.num_heads, self.num_levels, self.num_points)
        with torch.autocast(query_input.device.type, enabled=False):
            query = query_input.float()
            offsets = self.predict_offsets(query).unflatten(-1, (*shape, 2))
            sizes = [[value.shape[-1], value.shape[-2]] for value in level_values]  # (width, height), as (x, y)
            cells = torch.tensor(sizes, device=query.device, dtype=torch.float32)[:, None]  # (levels, 1, 2)
            locations = reference_points.float()[:, :, None, None, None] + offsets / cells
            weights = self.predict_weights(query).unflatten(-1, (self.num_heads, -1)).softmax(dim=-1)
            sampled = sample_deformable(level_values, locations, weights.unflatten(-1, shape[1:]))
        out: Tensor = self.project_out(sampled)
        return out
