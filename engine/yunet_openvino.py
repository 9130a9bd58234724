"""YuNet in OpenVINO: the same numbers as in PyTorch, in less than half the time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from ..model.onnx_sessions import OpenVinoPlans, Precision, import_extra
from .yunet import STRIDES, ByteArray, LevelArray, load_plain_yunet


class OpenVinoYuNet:
    """What `run_in_pytorch` does, by OpenVINO on the CPU; one serves many threads.

    Args:
        precision: In which it computes; in bfloat16 boxes move by an eighth of a pixel and scores by 0.001.

    Raises:
        CheckpointError: The file of weights is missing or damaged.
        ConfigError: OpenVINO is not installed.
    """

    def __init__(self, precision: Precision = "float32") -> None:
        self._plans = OpenVinoPlans(build_yunet(), precision, torch.get_num_threads(), most_fixed=0)

    def __call__(self, pictures: ByteArray) -> list[LevelArray]:
        found = self._plans.run({"pictures": pictures})
        return [found[f"level_{level}"] for level in range(len(STRIDES))]


def build_yunet() -> Any:
    """Return the network as a model of OpenVINO's: `pictures` to `level_0` and on, as `run_in_pytorch` has them.

    Raises:
        CheckpointError: The file of weights is missing or damaged.
        ConfigError: OpenVINO is not installed.
    """
    builder = _Builder()
    network = load_plain_yunet()
    pictures = builder.ops.parameter([-1, 3, -1, -1], np.uint8, name="pictures")
    x = builder.add(network.low, builder.add(network.stem, builder.ops.convert(pictures, np.float32)))
    features: list[Any] = []
    for stage in network.levels:
        x = builder.add(stage, builder.halve(x) if features else x)
        features.append(x)
    told: list[Any] = []
    above: Any = None
    for level in reversed(range(len(STRIDES))):
        summed = features[level] if above is None else builder.ops.add(features[level], builder.double(above))
        above = builder.add(network.laterals[level], summed)
        told.append(builder.add(network.heads[level], above))
    for level, result in enumerate(reversed(told)):
        result.output(0).set_names({f"level_{level}"})
    pictures.output(0).set_names({"pictures"})
    return import_extra("openvino").Model(told[::-1], [pictures], "yunet")


class _Builder:
    """Adds the network's layers to a graph of OpenVINO's."""

    def __init__(self) -> None:
        import_extra("openvino")
        self.ops = import_extra("openvino.opset13")

    def add(self, layer: nn.Module, x: Any) -> Any:
        """Return what a layer makes of a node."""
        if isinstance(layer, nn.Sequential):
            for each in layer:
                x = self.add(each, x)
        elif isinstance(layer, nn.Conv2d):
            x = self._convolve(layer, x)
        elif isinstance(layer, nn.MaxPool2d):
            x = self.halve(x)
        elif isinstance(layer, nn.ReLU):
            x = self.ops.relu(x)
        return x

    def halve(self, x: Any) -> Any:
        """Return the greatest of each 2 x 2."""
        return self.ops.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)

    def double(self, x: Any) -> Any:
        """Return each as 2 x 2."""
        axes, scales = np.array([2, 3]), np.array([2, 2], np.float32)
        return self.ops.interpolate(
            x,
            self.ops.constant(scales),
            "nearest",
            "scales",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
            axes=self.ops.constant(axes),
        )

    def _convolve(self, layer: nn.Conv2d, x: Any) -> Any:
        assert layer.bias is not None
        kernel, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        where = (list(layer.stride), list(layer.padding), list(layer.padding), [1, 1])
        if layer.groups == 1:
            convolved = self.ops.convolution(x, self.ops.constant(kernel), *where)
        else:
            grouped = kernel.reshape(layer.groups, -1, *kernel.shape[1:])
            convolved = self.ops.group_convolution(x, self.ops.constant(grouped), *where)
        return self.ops.add(convolved, self.ops.constant(bias.reshape(1, -1, 1, 1)))
