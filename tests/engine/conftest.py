"""What the engine's tests share: the example photo and engines."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from faceql.engine import Answer, Engine, Face, Photo
from faceql.engine.curves import Place
from faceql.engine.layout import lay_out
from faceql.engine.names import name_places
from faceql.engine.outlines import count_runs, join_outlines
from faceql.model.checkpoint import LoadedDetector
from faceql.model.config import DetectorConfig
from faceql.model.detector import Detector, EncodedCrops
from faceql.querylang.parse import parse

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

    def encode(self, crops: torch.Tensor, asked: tuple[torch.Tensor, torch.Tensor] | None = None) -> EncodedCrops:
        self.encodes += 1
        return super().encode(crops, asked)


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


FACE_SIDE = 200.0
RINGS = {  # middle x, middle y, half width, half height of a drawn face's ellipses, pixels
    "left eye": (60, 75, 20, 8),
    "right eye": (140, 75, 20, 8),
    "left eyebrow": (58, 50, 28, 5),
    "right eyebrow": (142, 50, 28, 5),
    "outer lip": (100, 150, 30, 16),
    "inner lip": (100, 150, 22, 6),
}
DOTS = {"left pupil": (60, 75), "right pupil": (140, 75), "middle of mouth": (100, 150)}


def locate_drawn(places: list[Place]) -> np.ndarray:
    """Return where places (N) lie on a drawn face of 200 px that looks at the camera, as (N, 2)."""
    points = []
    for part, f in ((place.part, place.fpalp) for place in places):
        if part in RINGS:
            x, y, width, height = RINGS[part]
            points.append((x - width * math.cos(2 * math.pi * f), y - height * math.sin(2 * math.pi * f)))
        elif part == "face contour":
            points.append((100 - 90 * math.cos(math.pi * f), 80 + 110 * math.sin(math.pi * f)))
        elif part == "nose bridge":
            points.append((100, 70 + 40 * f))
        elif part == "nose boundary":
            points.append((80 + 40 * f, 118))
        else:
            points.append(DOTS[part])
    return np.array(points, dtype=float)


Transform = Callable[[np.ndarray], np.ndarray]


@pytest.fixture
def drawn_answer() -> Callable[..., Answer]:
    """A function that answers an instruction on drawn faces, each moved or bent by a function of its own."""

    def answer(text: str, *transforms: Transform, size: tuple[int, int] = (220, 210)) -> Answer:
        query = parse(text)
        each = transforms or (lambda points: points,)
        places = lay_out(query, locate_drawn)
        xy = [transform(locate_drawn(list(places))) for transform in each]
        corners = [transform(np.array([(10.0, 40.0), (190.0, 190.0)])) for transform in each]
        parts = tuple(place.part for place in places) * len(each)
        face_index = np.repeat(np.arange(len(each)), len(places))
        runs = count_runs(query, len(parts), len(each))
        return Answer(
            query=query,
            perspective="viewer",
            parts=parts,
            fpalps=np.array([place.fpalp for place in places] * len(each)),
            names=name_places(places) * len(each),
            xy=np.concatenate(xy).astype(np.float32),
            expected_error=np.full(len(places) * len(each), 1.5, np.float32),
            error_ellipses=np.tile(np.float32([3, 0.75, 45]), (len(places) * len(each), 1)),
            face_index=face_index,
            outlines=join_outlines(query, parts, runs.tolist(), face_index.tolist()),
            faces=tuple(
                Face((*np.sort(box, axis=0)[0].tolist(), *np.sort(box, axis=0)[1].tolist()), 0.9, i + 1)
                for i, box in enumerate(corners)
            ),
            image_size=size,
            model_version="drawn",
            photo=Photo(np.full((*size, 3), 90, np.uint8)),
        )

    return answer
