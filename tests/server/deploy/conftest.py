"""A cluster on this machine, and photos that all differ; all of it needs `faceql[ray]`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[3] / "examples"


def vary_photo(index: int) -> bytes:
    """Return a JPEG file of a face that differs from that of every other index."""
    with Image.open(EXAMPLES / ("astronaut.jpg", "hopper.jpg")[index % 2]) as photo:
        width, height = photo.size
        step = index // 2
        cut = photo.convert("RGB").crop((step % 7, step // 7 % 7, width - step // 49 % 7, height))
    cut.thumbnail((400, 400))
    stream = io.BytesIO()
    cut.save(stream, "JPEG", quality=60 + step // 343 % 35)
    return stream.getvalue()


@pytest.fixture(scope="session")
def make_photo() -> Callable[[int], bytes]:
    return vary_photo


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a cluster of two processors."""
    ray = pytest.importorskip("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    context = ray.init(
        address="local", num_cpus=2, object_store_memory=200_000_000, include_dashboard=False, log_to_driver=False
    )
    yield context.address_info["address"]
    ray.shutdown()
