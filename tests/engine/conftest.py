"""What the engine's tests share: the example photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ASTRONAUT = Path(__file__).parents[2] / "examples" / "astronaut.jpg"


@pytest.fixture(scope="session")
def astronaut_path() -> Path:
    return ASTRONAUT


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """(512, 512, 3) uint8 RGB; the face lies at about (180, 64) to (266, 172)."""
    pixels = np.asarray(Image.open(ASTRONAUT))
    pixels.flags.writeable = False
    return pixels
