"""Image features at several strides, all of one width."""

from __future__ import annotations

from collections.abc import Sequence

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import DetectorConfig


class ImageEncoder(nn.Module):
    """A timm encoder's feature levels, projected to d and summed from coarse to fine."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.freeze_batch_norm = config.freeze_batch_norm
        self.body = timm.create_model(
            config.encoder, pretrained=False, features_only=True, out_indices=config.feature_indices
        )
        widths: list[int] = self.body.feature_info.channels()  # type: ignore[union-attr, operator]
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, config.dim, kernel_size=1), nn.GroupNorm(8, config.dim)) for width in widths
        )
        self.to(memory_format=torch.channels_last)

    def train(self, mode: bool = True) -> ImageEncoder:
        super().train(mode)
        if self.freeze_batch_norm:
            for module in self.body.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def freeze_body(self, prefixes: Sequence[str]) -> None:
        """Keep the encoder's parameters whose names start with one of these as they are; free all others."""
        for name, parameter in self.body.named_parameters():
            parameter.requires_grad_(not name.startswith(tuple(prefixes)))

    def forward(self, crops: Tensor) -> list[Tensor]:
        """Encode crops.

        Args:
            crops: (batch, 3, height, width) RGB, 0..255, uint8 or float.

        Returns:
            One (batch, dim, height, width) map a level, finest first.
        """
        x = (crops.to(torch.float32) - 127.0) / 128.0
        features = self.body(x.contiguous(memory_format=torch.channels_last))
        maps = [lateral(feature) for lateral, feature in zip(self.laterals, features, strict=True)]
        for finer in range(len(maps) - 2, -1, -1):
            coarse = functional.interpolate(maps[finer + 1], size=maps[finer].shape[-2:], mode="nearest")
            maps[finer] = maps[finer] + coarse
        return maps
