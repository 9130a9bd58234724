"""What the engine's tests share: the example photo and engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from faceql.engine import Engine
from faceql.model.checkpoint import LoadedDetector
from faceql.model.config import DetectorConfig
from faceql.model.detector import Detector, EncodedCrops

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


class CountingDetector(Detector):
    """A detector of random weights that counts how often it encodes."""

    encodes = 0

    def encode(self, crops: torch.Tensor) -> EncodedCrops:
        self.encodes += 1
        return super().encode(crops)


@pytest.fixture
def detector() -> CountingDetector:
    """A small detector whose answers depend on the crop, the part and the FPALP, and mean nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        detector = CountingDetector(
            DetectorConfig(image_size=64, dim=32, feedforward_dim=32, num_decoder_layers=2, part_vectors="learned")
        )
        for parameter in detector.decoder.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.1)
    return detector.eval()


@pytest.fixture
def engine(detector: CountingDetector) -> Engine:
    # Where random weights see a face's axes means nothing.
    return Engine("cpu", LoadedDetector(detector, "random", {}), find_upright=False)


@pytest.fixture(scope="session")
def shipped_engine() -> Engine:
    """The engine as users get it, with the weights of the repository."""
    return Engine("cpu")
