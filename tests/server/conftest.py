"""What the interfaces' tests share: a small engine, a photo with a known face, and a service over them."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from faceql.engine import Engine, Face
from faceql.errors import ServiceError
from faceql.model.checkpoint import LoadedDetector, save_detector
from faceql.model.config import DetectorConfig
from faceql.model.detector import Detector
from faceql.server.error_kinds import ERROR_KINDS
from faceql.server.limits import Limits
from faceql.server.service import Service

ASTRONAUT = Path(__file__).parents[2] / "examples" / "astronaut.jpg"


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """A server as users start it, with options of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "faceql.server.cli", "serve", "--port", "0", "--device", "cpu", "--threads", "1",
         *options],
        stderr=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    for line in process.stderr:
        if found := re.search(r"listening at (http://[\d.]+:\d+)", line):
            break
    # Its log is read on: a pipe that nobody empties fills up, and the server waits at it for ever.
    reader = threading.Thread(target=process.stderr.read, daemon=True)
    reader.start()
    try:
        yield found[1]
    finally:  # a test that fails leaves no server behind
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
        reader.join(10)
        process.stderr.close()
    assert status == 0


class FixedFinder:
    """Finds a face in the left half of every photo that is not black, and a smaller one in the right of wide ones."""

    def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
        height, width = photo.shape[:2]
        if not photo.any():
            return []
        faces = [Face((width * 0.1, height * 0.1, width * 0.45, height * 0.7), 0.9)]
        if width > 1.5 * height:
            faces.append(Face((width * 0.6, height * 0.2, width * 0.8, height * 0.5), 0.8))
        return faces


def make_detector() -> Detector:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        detector = Detector(
            DetectorConfig(image_size=64, dim=32, feedforward_dim=32, num_decoder_layers=2, part_vectors="learned")
        )
        for parameter in detector.decoder.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.1)
    return detector.eval()


@pytest.fixture(scope="session")
def engine() -> Engine:
    """An engine of random weights: its answers depend on photo, part and FPALP, and mean nothing."""
    return Engine(
        "cpu",
        LoadedDetector(make_detector(), "random", {}),
        face_finder=FixedFinder(),
        max_pixels=4_000_000,
        find_upright=False,
    )


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint file of the small detector, for servers in processes of their own."""
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_detector(path, make_detector(), "small", {})
    return path


@pytest.fixture(scope="session")
def plain_server(small_weights: Path) -> Iterator[str]:
    """The address of a server of the small detector, as users start one; for all who change nothing there."""
    with serving("--weights", str(small_weights)) as address:
        yield address


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A PNG of 320 x 200, with two faces for the small engine's finder."""
    return make_photo(1)


def make_photo(seed: int, width: int = 320, height: int = 200) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (height // 10, width // 10, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).resize((width, height)).save(stream, "PNG")
    return stream.getvalue()


def check_refused(code: str, read, *args: object) -> None:
    with pytest.raises(ServiceError) as caught:
        read(*args)
    assert caught.value.code == code, str(caught.value)


def check_problem(response, code: str, status: int | None = None) -> dict:
    """Problem details are whole, and agree with the table."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["code"] == code, body
    kind = ERROR_KINDS[code]
    assert response.status_code == body["status"] == kind.status == (status or kind.status)
    assert body["title"] == kind.title
    assert body["type"] == f"urn:faceql:problem:{code}"
    assert body["detail"]
    assert ("retry-after" in response.headers) == ("retry_after" in body)
    return body


@pytest.fixture(scope="session")
def black_photo() -> bytes:
    """A PNG without a face."""
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits(image_bytes=200_000, points=2000, faces=8, instructions=4, concise_points=50, deadline_seconds=20)


@pytest.fixture(scope="module")
def service(engine: Engine, limits: Limits) -> Iterator[Service]:
    """For all tests of a module: building the HTTP application over it takes a tenth of a second."""
    service = Service(lambda: engine, limits)
    yield service
    service.close()


@pytest.fixture
def own_service(engine: Engine, limits: Limits) -> Iterator[Service]:
    """For a test that counts what the service did, or under whose own application it closes."""
    service = Service(lambda: engine, limits)
    yield service
    service.close()


class GatedEngine:
    """An engine whose encoding of faces waits until it is let go, and which counts what reaches it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.batches: list[int] = []
        self.asks = 0

    def encode(self, image, *, boxes=None, color="rgb"):
        return self._engine.encode(image, boxes=boxes, color=color)

    def encode_faces(self, wanted) -> None:
        self.entered.set()
        assert self.gate.wait(20)
        self.batches.append(len(wanted))
        self._engine.encode_faces(wanted)

    def ask(self, image, query, *, faces=None):
        self.asks += 1
        return self._engine.ask(image, query, faces=faces)


@pytest.fixture
def gated(engine: Engine) -> Iterator[GatedEngine]:
    gated = GatedEngine(engine)
    yield gated
    gated.gate.set()
