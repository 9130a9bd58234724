"""EfficientNet-Lite's feature levels in plain PyTorch.

timm has it too, and its weights fit: names are the same. But timm imports torchvision, and that PyTorch's compiler: two
seconds of every new process that only wants to answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from ..errors import ConfigError

DEPTHS = {"tf_efficientnet_lite0": 1.0, "tf_efficientnet_lite1": 1.1}
"""How many times as deep as Lite0 the middle stages of those are that are made here; the wider ones are timm's."""

STEM_CHANNELS = 32
EXPANSION = 6


class StageShape(NamedTuple):
    """A stage of Lite0."""

    blocks: int
    kernel: int
    stride: int
    channels: int


STAGES = (
    StageShape(1, 3, 1, 16),
    StageShape(2, 3, 2, 24),
    StageShape(2, 5, 2, 40),
    StageShape(3, 3, 2, 80),
    StageShape(3, 5, 1, 112),
    StageShape(4, 5, 2, 192),
    StageShape(1, 3, 1, 320),
)
LEVEL_ENDS = (1, 2, 3, 5, 7)
"""How many stages make each feature level: of strides 2, 4, 8, 16 and 32."""


class PaddedConvolution(nn.Conv2d):
    """A convolution padded as TensorFlow does, what is over at the right and at the bottom."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(pad_as_tensorflow(x, self.kernel_size[0], self.stride[0]))


def pad_as_tensorflow(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Return a map (..., height, width) with zeros round it, for an output of ceil(side / stride)."""
    high, wide = ((math.ceil(side / stride) - 1) * stride + kernel - side for side in x.shape[-2:])
    top, left = max(high, 0) // 2, max(wide, 0) // 2
    return functional.pad(x, (left, max(wide, 0) - left, top, max(high, 0) - top))


def make_convolution(channels: int, filters: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """Return a convolution without bias that keeps the size, or halves it."""
    if stride == 1:
        return nn.Conv2d(channels, filters, kernel, padding=kernel // 2, groups=groups, bias=False)
    return PaddedConvolution(channels, filters, kernel, stride, groups=groups, bias=False)


def make_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class Step(NamedTuple):
    """A convolution, the norm after it, and whether ReLU6 follows; the names are those of the block's modules."""

    convolution: str
    norm: str
    is_active: bool


class Steps(nn.Module):
    """Convolutions one after the other.

    Attributes:
        STEPS: What is done in order.
    """

    STEPS: tuple[Step, ...] = ()

    def run_steps(self, x: Tensor) -> Tensor:
        """Return what the steps make of a map."""
        for step in self.STEPS:
            x = getattr(self, step.norm)(getattr(self, step.convolution)(x))
            if step.is_active:
                x = functional.relu6(x, inplace=True)
        return x


class Block(Steps):
    """Convolutions, and the input added where the output has its shape.

    Attributes:
        has_skip: Whether the input is added.
    """

    has_skip = False

    def forward(self, x: Tensor) -> Tensor:
        return self.run_steps(x) + x if self.has_skip else self.run_steps(x)


class SeparableBlock(Block):
    """A depthwise convolution and a pointwise one: the first stage."""

    STEPS = (Step("conv_dw", "bn1", True), Step("conv_pw", "bn2", False))

    def __init__(self, channels: int, filters: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv_dw = make_convolution(channels, channels, kernel, stride, groups=channels)
        self.bn1 = make_norm(channels)
        self.conv_pw = make_convolution(channels, filters, 1)
        self.bn2 = make_norm(filters)
        self.has_skip = stride == 1 and channels == filters


class InvertedBlock(Block):
    """A pointwise convolution to more channels, a depthwise one, and a pointwise one back to few."""

    STEPS = (Step("conv_pw", "bn1", True), Step("conv_dw", "bn2", True), Step("conv_pwl", "bn3", False))

    def __init__(self, channels: int, filters: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = EXPANSION * channels
        self.conv_pw = make_convolution(channels, inner, 1)
        self.bn1 = make_norm(inner)
        self.conv_dw = make_convolution(inner, inner, kernel, stride, groups=inner)
        self.bn2 = make_norm(inner)
        self.conv_pwl = make_convolution(inner, filters, 1)
        self.bn3 = make_norm(filters)
        self.has_skip = stride == 1 and channels == filters


class LiteNet(Steps):
    """The stem and the stages up to the coarsest level that is wanted.

    Attributes:
        blocks: The stages.
        widths: Channels of the levels.
    """

    STEPS = (Step("conv_stem", "bn1", True),)

    def __init__(self, depth: float, levels: Sequence[int], block_counts: Sequence[int] = ()) -> None:
        """Make the network with random weights.

        Args:
            depth: As in `DEPTHS`.
            levels: Which of `LEVEL_ENDS` are given, finest first.
            block_counts: How many blocks each stage keeps, the first ones; empty, all.

        Raises:
            ConfigError: A stage but the last would have none, or there are not as many stages.
        """
        super().__init__()
        self.ends = frozenset(LEVEL_ENDS[level] for level in levels)
        shapes = STAGES[: max(self.ends)]
        counts = block_counts or [scale_depth(stage, depth) for stage in range(len(shapes))]
        if len(counts) != len(shapes) or not all(counts[:-1]):
            raise ConfigError(f"block_counts are the blocks that each of {len(shapes)} stages keeps, not {counts}")
        self.conv_stem = make_convolution(3, STEM_CHANNELS, 3, stride=2)
        self.bn1 = make_norm(STEM_CHANNELS)
        channels = STEM_CHANNELS
        stages, self.widths = [], []
        for number, (shape, count) in enumerate(zip(shapes, counts, strict=True)):
            kind = InvertedBlock if number else SeparableBlock
            stage = nn.Sequential()
            for block in range(count):
                stage.append(kind(channels, shape.channels, shape.kernel, 1 if block else shape.stride))
                channels = shape.channels
            stages.append(stage)
            if number + 1 in self.ends:
                self.widths.append(channels)
        self.blocks = nn.Sequential(*stages)
        for convolution in self.modules():
            if isinstance(convolution, nn.Conv2d):
                fan_out = convolution.out_channels // convolution.groups * math.prod(convolution.kernel_size)
                nn.init.normal_(convolution.weight, std=math.sqrt(2 / fan_out))

    def iterate_blocks(self) -> Iterator[Steps]:
        """Yield all that has steps: the stem, then the blocks in order."""
        yield self
        for stage in self.blocks:
            assert isinstance(stage, nn.Sequential)
            for block in stage:
                assert isinstance(block, Block)
                yield block

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return one map (batch, channels, height, width) a level, finest first, of (batch, 3, height, width)."""
        x = self.run_steps(x)
        features = []
        for number, stage in enumerate(self.blocks):
            x = stage(x)
            if number + 1 in self.ends:
                features.append(x)
        return features


def scale_depth(stage: int, depth: float) -> int:
    """Return how many blocks a stage has; the first and the last are of one depth always."""
    blocks = STAGES[stage].blocks
    return blocks if stage in (0, len(STAGES) - 1) else math.ceil(blocks * depth)
