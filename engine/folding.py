"""Folding batch norms into the convolutions before them: the same function in fewer steps, for inference only."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

# Of timm's EfficientNet: each convolution with the norm after it, which also holds the activation.
BLOCKS = {
    "EfficientNetFeatures": (("conv_stem", "bn1"),),
    "DepthwiseSeparableConv": (("conv_dw", "bn1"), ("conv_pw", "bn2")),
    "InvertedResidual": (("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3")),
}


def fold_batch_norms(body: nn.Module) -> int:
    """Fold, in place, what batch norms of known blocks do into the convolutions before them.

    Args:
        body: An encoder in evaluation mode; blocks of other kinds stay as they are.

    Returns:
        How many were folded.
    """
    folded = 0
    for block in body.modules():
        for conv_name, norm_name in BLOCKS.get(type(block).__name__, ()):
            conv, norm = getattr(block, conv_name), getattr(block, norm_name)
            if not (isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d) and hasattr(norm, "act")):
                continue
            assert norm.running_mean is not None
            assert norm.running_var is not None
            conv.weight, conv.bias = fuse_conv_bn_weights(
                conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            )
            setattr(block, norm_name, norm.act)
            folded += 1
    return folded
