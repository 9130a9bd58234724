"""Whether a point is seen, hidden by something, turned away, or outside the photo (paper, A.7; paper.md, point 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import DetectorConfig

CLASSES = 4
"""Of `Visibility`."""


class VisibilityHead(nn.Module):
    """Judges a landmark by its last query and by the image features where it lies.

    It reads what the coordinates are made of and gives nothing back, so that learning it moves no point.
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        width = config.dim * (1 + config.num_levels)
        self.norm = nn.LayerNorm(width)
        self.judge = nn.Sequential(nn.Linear(width, config.dim), nn.ReLU(), nn.Linear(config.dim, CLASSES))

    def forward(self, queries: Tensor, coordinates: Tensor, level_values: tuple[Tensor, ...]) -> Tensor:
        """Return logits (batch, landmarks, CLASSES), float32.

        Args:
            queries: LQ_n (batch, landmarks, dim).
            coordinates: C_n (batch, landmarks, 2), crop units; beyond the crop its border's features stand.
            level_values: for each level (batch * heads, head_dim, height, width).
        """
        batch, landmarks, dim = queries.shape
        heads = level_values[0].shape[0] // batch
        # Head by head, as the maps lie: joining a map's heads would copy it.
        grid = (2 * coordinates.float() - 1).repeat_interleave(heads, dim=0)[:, :, None]
        sampled = []
        for values in level_values:
            found = functional.grid_sample(
                values.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
            )  # (batch * heads, head_dim, landmarks, 1)
            sampled.append(found.reshape(batch, dim, landmarks).transpose(1, 2))
        with torch.autocast(queries.device.type, enabled=False):
            logits: Tensor = self.judge(self.norm(torch.cat([queries.float(), *sampled], dim=-1)))
        return logits
