"""Convolutions with their weights laid out once for the processor, and the activation in the same step.

PyTorch lays a convolution's weights out anew at every call, which for a small crop is a good part of the work. oneDNN's
operators that `torch.compile` uses take weights laid out beforehand; they are not a public part of PyTorch, so a
release that lacks them, or takes other arguments, leaves everything as it is.
"""

from __future__ import annotations

from typing import Any

import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.padding import pad_same
from torch import Tensor, nn

from ..model.image_encoder import ImageEncoder
from .folding import BLOCKS

ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.Identity: ("none", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
}


class PackedConvolution(nn.Module):
    """A convolution for inference on the CPU, with the activation after it: the same function but for rounding."""

    def __init__(self, conv: nn.Conv2d, activation: nn.Module) -> None:
        super().__init__()
        self.pads_same = isinstance(conv, Conv2dSame)
        self.kernel_size, self.stride, self.dilation = list(conv.kernel_size), list(conv.stride), list(conv.dilation)
        self.padding = [0, 0] if self.pads_same else [int(side) for side in conv.padding]
        self.groups = conv.groups
        self.activation, self.limits = ACTIVATIONS[type(activation)]
        self.bias = None if conv.bias is None else conv.bias.detach()
        operators: Any = torch.ops.mkldnn
        self.weight: Tensor = operators._reorder_convolution_weight(
            conv.weight.detach(), self.padding, self.stride, self.dilation, self.groups
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.pads_same:
            x = pad_same(x, self.kernel_size, self.stride, self.dilation)
        operators: Any = torch.ops.mkldnn
        result: Tensor = operators._convolution_pointwise(
            x, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups,
            self.activation, self.limits, "",
        )  # fmt: skip
        return result


def pack_convolutions(encoder: ImageEncoder) -> int:
    """Pack, in place, the convolutions of known blocks whose batch norms are folded, and the lateral ones.

    Args:
        encoder: on the CPU, in evaluation mode.

    Returns:
        How many were packed: none where PyTorch cannot.
    """
    if not can_pack():
        return 0
    packed = 0
    for block in encoder.body.modules():
        for conv_name, activation_name in BLOCKS.get(type(block).__name__, ()):
            conv, activation = getattr(block, conv_name), getattr(block, activation_name)
            if isinstance(conv, nn.Conv2d) and type(activation) in ACTIVATIONS:
                setattr(block, conv_name, PackedConvolution(conv, activation))
                setattr(block, activation_name, nn.Identity())
                packed += 1
    for lateral in encoder.laterals:
        assert isinstance(lateral, nn.Sequential)
        if isinstance(lateral[0], nn.Conv2d):
            lateral[0] = PackedConvolution(lateral[0], nn.Identity())
            packed += 1
    return packed


def can_pack() -> bool:
    """Whether a packed convolution does here what the plain one does."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    plain = nn.Conv2d(4, 8, kernel_size=3, padding=1)
    x = torch.linspace(-1, 1, 4 * 25).reshape(1, 4, 5, 5).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        try:
            found = PackedConvolution(plain, nn.ReLU6())(x)
        except (AttributeError, RuntimeError, TypeError):
            return False
        return bool(torch.allclose(found, plain(x).clamp(0, 6), atol=1e-5))
