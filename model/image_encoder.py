"""Image features at several strides, all of one width."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ConfigError
from .config import DetectorConfig
from .lite_net import DEPTHS, LiteNet


def make_resampler(width: int, scale: float) -> nn.Module:
    """Return what brings a ViT's map to another size, as ViTDet's simple feature pyramid does (Li et al. 2022)."""
    if scale == 4:
        return nn.Sequential(
            nn.ConvTranspose2d(width, width, kernel_size=2, stride=2),
            nn.GroupNorm(1, width),
            nn.GELU(),
            nn.ConvTranspose2d(width, width, kernel_size=2, stride=2),
        )
    if scale == 2:
        return nn.ConvTranspose2d(width, width, kernel_size=2, stride=2)
    return nn.Identity() if scale == 1 else nn.MaxPool2d(kernel_size=2)


def make_body(config: DetectorConfig) -> tuple[nn.Module, list[int]]:
    """Return what gives a detector's feature levels, with random weights, and the levels' channels.

    Raises:
        ConfigError: block_counts do not fit the encoder.
    """
    if config.encoder in DEPTHS:
        net = LiteNet(DEPTHS[config.encoder], config.feature_indices, config.block_counts)
        return net, list(net.widths)
    if config.block_counts:
        raise ConfigError(f"block_counts choose blocks of {' or '.join(DEPTHS)}, not of {config.encoder}")
    # Only here: it takes two seconds to import.
    import timm

    body = timm.create_model(
        config.encoder,
        pretrained=False,
        features_only=True,
        out_indices=config.feature_indices,
        **config.encoder_size,
    )
    widths: list[int] = body.feature_info.channels()  # type: ignore[union-attr, operator]
    return body, widths


class ImageEncoder(nn.Module):
    """An encoder's feature levels, projected to d and summed from coarse to fine.

    An encoder of one map, a plain ViT, gets its levels from that map (`pyramid_scales`).
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.freeze_batch_norm = config.freeze_batch_norm
        self.body, widths = make_body(config)
        if config.pyramid_scales:
            widths = widths[:1] * len(config.pyramid_scales)
        self.resamplers = nn.ModuleList(make_resampler(widths[0], scale) for scale in config.pyramid_scales)
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, config.dim, kernel_size=1), nn.GroupNorm(8, config.dim)) for width in widths
        )
        for name, value in (("pixel_mean", config.pixel_mean), ("pixel_std", config.pixel_std)):
            self.register_buffer(name, torch.tensor(value).reshape(3, 1, 1), persistent=False)
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
        x = (crops.to(torch.float32) - self.pixel_mean) / self.pixel_std
        features = self.body(x.contiguous(memory_format=torch.channels_last))
        if self.resamplers:
            features = [resample(features[0]) for resample in self.resamplers]
        return self.merge(features)

    def merge(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Return the body's levels, projected to d and summed from coarse to fine."""
        maps = [lateral(feature) for lateral, feature in zip(self.laterals, features, strict=True)]
        for finer in range(len(maps) - 2, -1, -1):
            coarse = functional.interpolate(maps[finer + 1], size=maps[finer].shape[-2:], mode="nearest")
            maps[finer] = maps[finer] + coarse
        return maps
