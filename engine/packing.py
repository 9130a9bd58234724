"""Convolutions with their weights laid out once for the processor, and what follows them in the same step.

PyTorch lays a convolution's weights out anew at every call, which for a small crop is a good part of the work. oneDNN's
operators that `torch.compile` uses take weights laid out beforehand, and do the activation, or add another map, as they
write; they are not a public part of PyTorch, so a release that lacks them, or takes other arguments, leaves everything
as it is.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..model.image_encoder import ImageEncoder
from ..model.lite_net import Block, LiteNet, PaddedConvolution, Steps, pad_as_tensorflow

ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.Identity: ("none", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
}


class PackedConvolution(nn.Module):
    """A convolution for inference on the CPU, with the activation after it: the same function but for rounding.

    Args:
        conv: The convolution.
        activation: What follows it, one of `ACTIVATIONS`.
        dtype: In which it computes; its input has to be of it.
        side: Of the square maps that it will mostly be given; oneDNN's choice of a layout hangs on it.
    """

    def __init__(
        self,
        conv: nn.Conv2d,
        activation: nn.Module,
        dtype: torch.dtype = torch.float32,
        side: int | None = None,
    ) -> None:
        super().__init__()
        self._size = None if side is None else [1, conv.in_channels, side, side]
        self.kernel, self.stride = conv.kernel_size[0], list(conv.stride)
        self.pads_as_tensorflow = isinstance(conv, PaddedConvolution)
        self.activation, self.limits = ACTIVATIONS[type(activation)]
        self.bias = None if conv.bias is None else conv.bias.detach().to(dtype)
        self.dilation, self.groups = list(conv.dilation), conv.groups
        self.padding = [0, 0] if self.pads_as_tensorflow else [int(side) for side in conv.padding]
        weight = conv.weight.detach().to(dtype)
        self.weight = self._lay_out(weight, self.padding)
        # TensorFlow halves an even side with a zero more behind than before. With a row and a column of zeros before
        # the kernel that is a padding of the same width on both sides, which needs no copy of the map.
        self.halving_padding = [self.kernel // 2] * 2
        halves = self.pads_as_tensorflow and self.kernel % 2 == 1 and self.stride == [2, 2]
        self.halving_weight: Tensor | None = None
        if halves:
            self.halving_weight = self._lay_out(functional.pad(weight, (1, 0, 1, 0)), self.halving_padding)

    def _lay_out(self, weight: Tensor, padding: list[int]) -> Tensor:
        operators: Any = torch.ops.mkldnn
        laid_out: Tensor = operators._reorder_convolution_weight(
            weight, padding, self.stride, self.dilation, self.groups, self._size
        )
        return laid_out

    def forward(self, x: Tensor) -> Tensor:
        weight, padding = self.weight, self.padding
        if self.pads_as_tensorflow:
            if self.halving_weight is not None and x.shape[-1] % 2 == x.shape[-2] % 2 == 0:
                weight, padding = self.halving_weight, self.halving_padding
            else:
                x = pad_as_tensorflow(x, self.kernel, self.stride[0])
        operators: Any = torch.ops.mkldnn
        result: Tensor = operators._convolution_pointwise(
            x, weight, self.bias, padding, self.stride, self.dilation, self.groups,
            self.activation, self.limits, "",
        )  # fmt: skip
        return result

    def add_to(self, total: Tensor, x: Tensor) -> Tensor:
        """Return what it makes of a map, added to a total, which may be overwritten; there is no activation."""
        operators: Any = torch.ops.mkldnn
        result: Tensor = operators._convolution_pointwise_.binary(
            total, x, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups,
            "add", 1.0, None, [], None,
        )  # fmt: skip
        return result


class PackedLiteNet(nn.Module):
    """A LiteNet whose batch norms are folded, for inference on the CPU: the same function but for rounding.

    Args:
        net: In evaluation mode.
        dtype: In which it computes; its input and its levels are float32.
        side: Of the crops that it will be given.
    """

    def __init__(self, net: LiteNet, dtype: torch.dtype, side: int) -> None:
        super().__init__()
        self.ends, self.dtype = net.ends, dtype
        self.stem, side = pack_steps(net, dtype, side)
        self.stages: list[list[tuple[list[PackedConvolution], bool]]] = []
        for stage in net.blocks:
            self.stages.append([])
            assert isinstance(stage, nn.Sequential)
            for block in stage:
                assert isinstance(block, Block)
                steps, side = pack_steps(block, dtype, side)
                self.stages[-1].append((steps, block.has_skip))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the levels, as `LiteNet.forward` does."""
        x = self.run_stem(x)
        levels = []
        for number in range(len(self.stages)):
            x = self.run_stage(number, x)
            if number + 1 in self.ends:
                levels.append(x.to(torch.float32))
        return levels

    def run_stem(self, x: Tensor) -> Tensor:
        """Return what the stem makes of normalised crops."""
        x = x.to(self.dtype)
        for step in self.stem:
            x = step.forward(x)
        return x

    def run_stage(self, number: int, x: Tensor) -> Tensor:
        """Return what a stage makes of the map before it."""
        for (*steps, last), has_skip in self.stages[number]:
            inner = x
            for step in steps:
                inner = step.forward(inner)
            # A block that adds its input is never a stage's first, and what it is given no level.
            x = last.add_to(x, inner) if has_skip else last.forward(inner)
        return x


def pack_steps(block: Steps, dtype: torch.dtype, side: int) -> tuple[list[PackedConvolution], int]:
    """Return a block's convolutions, packed for maps of a side, and its output's side; its batch norms are folded."""
    packed = []
    for step in block.STEPS:
        conv = getattr(block, step.convolution)
        packed.append(PackedConvolution(conv, nn.ReLU6() if step.is_active else nn.Identity(), dtype, side))
        side = -(-side // conv.stride[0])
    return packed, side


def pack_convolutions(encoder: ImageEncoder, side: int, dtype: torch.dtype = torch.float32) -> int:
    """Pack, in place, a LiteNet whose batch norms are folded, and the lateral convolutions.

    Args:
        encoder: On the CPU, in evaluation mode.
        side: Of the crops that it will be given.
        dtype: In which the network computes, where it is a LiteNet.

    Returns:
        How many convolutions were packed: none where PyTorch cannot.
    """
    if not can_pack():
        return 0
    packed = 0
    if isinstance(encoder.body, LiteNet) and not any(isinstance(m, nn.BatchNorm2d) for m in encoder.body.modules()):
        packed += sum(len(block.STEPS) for block in encoder.body.iterate_blocks())
        encoder.body = PackedLiteNet(encoder.body, dtype, side)
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
    plain = nn.Conv2d(4, 4, kernel_size=3, padding=1)
    x = torch.linspace(-1, 1, 4 * 25).reshape(1, 4, 5, 5).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        try:
            active = PackedConvolution(plain, nn.ReLU6())(x)
            added = PackedConvolution(plain, nn.Identity()).add_to(x.clone(), x)
        except (AttributeError, RuntimeError, TypeError):
            return False
        wanted = plain(x)
        is_same = torch.allclose(active, wanted.clamp(0, 6), atol=1e-5)
        return is_same and torch.allclose(added, wanted + x, atol=1e-5)
