"""The mean of the weights of runs that went on from the same weights (Wortsman et al. 2022)."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch

from ...errors import ConfigError
from ..detector import Detector

FURTHER_MODULES = ("visibility", "surface_encoder", "surface_shape")
"""What a detector may lack: those that have it give it."""


def average_detectors(given: Sequence[tuple[Detector, float]]) -> Detector:
    """Return the mean of detectors by their shares; each tensor's is over those that have it.

    Expected errors keep no factors: they are to be fitted to the mean.

    Args:
        given: detectors and their shares; the first tells the configuration.

    Raises:
        ConfigError: there are fewer than two, a share is not positive, or tensors do not fit.
    """
    if len(given) < 2 or not all(share > 0 for _, share in given):
        raise ConfigError("a mean is of two checkpoints or more, each with a share over 0")
    mean = copy.deepcopy(given[0][0])
    mean.error_factors = {}
    for name in FURTHER_MODULES:
        holders = [detector for detector, _ in given if getattr(detector, name) is not None]
        if holders and getattr(mean, name) is None:
            setattr(mean, name, copy.deepcopy(getattr(holders[0], name)))
    states = [(detector.state_dict(), share) for detector, share in given]
    with torch.no_grad():
        for name, own in mean.state_dict().items():
            told = [(state[name], share) for state, share in states if name in state]
            if any(tensor.shape != own.shape for tensor, _ in told):
                raise ConfigError(f"these checkpoints do not fit one another: {name} has several shapes")
            if own.is_floating_point():
                whole = sum(share for _, share in told)
                own.copy_(torch.stack([tensor.double() * (share / whole) for tensor, share in told]).sum(dim=0))
    return mean
