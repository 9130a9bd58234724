"""Clips with known motion for the tests: `benchmarks/made_motion.py` with the two example photos."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]


@cache
def load_made_motion() -> ModuleType:
    """Return the module, which is in no package."""
    spec = importlib.util.spec_from_file_location("made_motion", ROOT / "benchmarks" / "made_motion.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def read_collins() -> Any:
    """Return the portrait of `astronaut.jpg`."""
    pixels = np.asarray(Image.open(ROOT / "examples" / "astronaut.jpg"))
    return load_made_motion().Portrait(pixels[0:300, 60:400], (143.5, 101.0), (186.4, 103.0))


@cache
def read_hopper() -> Any:
    """Return the portrait of `hopper.jpg`."""
    pixels = np.asarray(Image.open(ROOT / "examples" / "hopper.jpg").convert("RGB"))
    return load_made_motion().Portrait(pixels, (222.8, 189.9), (304.5, 187.3))
