"""The checkpoint that ships."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from faceql.model.checkpoint import SHIPPED, LoadedDetector, load_detector
from faceql.model.crops import CropFrame, cut_crop
from faceql.model.training.pretrained import encode_part_names

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.jpg"


LARGEST = {"default": 40_000_000, "fast": 6_000_000}


@pytest.fixture(scope="module", params=SHIPPED)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shipped(name: str) -> LoadedDetector:
    return load_detector(Path(name))


@pytest.fixture(scope="module")
def portrait(shipped: LoadedDetector) -> torch.Tensor:
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    crop = cut_crop(photo, CropFrame((220.0, 125.0), 165.0), shipped.detector.config.image_size)
    return torch.from_numpy(crop.copy()).permute(2, 0, 1)[None]


def test_it_is_small_and_says_what_it_is(name: str, shipped: LoadedDetector) -> None:
    weights = files("faceql.model.weights").joinpath(f"{SHIPPED[name]}.safetensors")
    assert len(weights.read_bytes()) < LARGEST[name]
    assert shipped.version.startswith(f"faceql-{name}-")
    assert {"recipe", "pictures", "sets"} <= set(shipped.training)


@torch.inference_mode()
def test_a_point_alone_is_the_same_among_a_thousand(shipped: LoadedDetector, portrait: torch.Tensor) -> None:
    detector = shipped.detector
    encoded = detector.encode(portrait)
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(0, len(detector.part_names), (1000,), generator=generator)
    fpalps = torch.rand(1000, generator=generator)
    together = detector.decode(encoded, ids, fpalps)
    for row in range(0, 1000, 37):
        alone = detector.decode(encoded, ids[row : row + 1], fpalps[row : row + 1])
        assert (alone.coordinates[0, 0] - together.coordinates[0, row]).abs().max() * 256 < 1e-4


def test_its_part_vectors_are_sentencebert_s(shipped: LoadedDetector) -> None:
    encoder = shipped.detector.landmark_encoder
    assert torch.allclose(encoder.part_vectors, encode_part_names(shipped.detector.part_names), atol=1e-3)


@torch.inference_mode()
def test_left_is_left_in_the_picture(shipped: LoadedDetector, portrait: torch.Tensor) -> None:
    detector = shipped.detector
    ids = detector.part_ids(["left pupil", "right pupil", "nose bridge", "face contour"])
    points = detector.decode(detector.encode(portrait), ids, torch.tensor([0.0, 0.0, 1.0, 0.5])).coordinates[0]
    left, right, nose, chin = points.tolist()
    assert left[0] < nose[0] < right[0]
    assert max(left[1], right[1]) < nose[1] < chin[1]
