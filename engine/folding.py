"""Folding batch norms into the convolutions before them: the same function in fewer steps, for inference only."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from ..model.lite_net import LiteNet


def fold_batch_norms(body: nn.Module) -> int:
    """Fold, in place, what a LiteNet's batch norms do into the convolutions before them.

    Args:
        body: An encoder in evaluation mode; of another kind it stays as it is.

    Returns:
        How many were folded.
    """
    if not isinstance(body, LiteNet):
        return 0
    folded = 0
    for block in body.iterate_blocks():
        for step in block.STEPS:
            conv, norm = getattr(block, step.convolution), getattr(block, step.norm)
            if not isinstance(norm, nn.BatchNorm2d):
                continue
            assert norm.running_mean is not None
            assert norm.running_var is not None
            conv.weight, conv.bias = fuse_conv_bn_weights(
                conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            )
            setattr(block, step.norm, nn.Identity())
            folded += 1
    return folded
