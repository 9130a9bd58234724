"""What travels between processes, and what a fork may do."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from faceql import parse
from faceql.engine import Engine, Photo
from faceql.errors import (
    ImageError,
    InvalidRequestError,
    NoSuchFaceError,
    Problem,
    QueryError,
    ServiceError,
)
from faceql.querylang.registry import Registry, load_registry

FORK = """
import os, sys, torch
from faceql import Engine, FaceQLError
torch.set_num_threads(2)
engine = Engine("cpu")
if sys.argv[2] == "after use":
    engine.ask(sys.argv[1], "chin")
if os.fork() == 0:
    try:
        (engine if sys.argv[3] == "old" else Engine("cpu")).ask(sys.argv[1], "chin")
    except FaceQLError as error:
        print(type(error).__name__, error, flush=True)
    os._exit(0)
os.wait()
print(len(engine.ask(sys.argv[1], "chin")))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.parametrize(
    ("when", "which"),
    [
        ("after use", "old"),
        pytest.param("after use", "new", marks=pytest.mark.slow),
        pytest.param("before use", "old", marks=pytest.mark.slow),
    ],
)
def test_a_fork_says_to_spawn_and_does_not_hang(astronaut_path: Path, when: str, which: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    command = [sys.executable, "-W", "ignore", "-c", FORK, str(astronaut_path), when, which]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    told, answered = done.stdout.splitlines()
    assert told.startswith("ConfigError")
    assert "spawn" in told
    assert answered == "1"


@pytest.mark.parametrize("text", ["4 points per eyebrow", "lips as a polygon", "the 300W layout", "chin of every face"])
def test_queries_travel(text: str) -> None:
    query = parse(text, perspective="subject")
    for other in (pickle.loads(pickle.dumps(query)), copy.deepcopy(query)):
        assert other == query
        assert hash(other) == hash(query)
        assert other.text == query.text
        assert other.registry is query.registry


def test_a_registry_of_ones_own_travels_by_value() -> None:
    known = load_registry()
    registry = Registry({name: part for name, part in known.parts.items() if "eye" in name}, {})
    other = pickle.loads(pickle.dumps(registry))
    assert dict(other.parts) == dict(registry.parts)


def test_equal_queries_hash_alike() -> None:
    query = parse("the eyes except the COFW layout")
    other = parse(query.canonical)
    assert query == other
    assert len({query, other}) == 1


def test_encoded_images_travel_with_what_was_encoded(shipped_engine: Engine, astronaut_path: Path) -> None:
    encoded = shipped_engine.encode(astronaut_path)
    answer = shipped_engine.ask(encoded, "pupils")
    other = pickle.loads(pickle.dumps(encoded))
    assert other.nbytes == encoded.nbytes > encoded.photo.pixels.nbytes
    assert shipped_engine.ask(other, "pupils") == answer
    assert shipped_engine.ask(other, "lips") == shipped_engine.ask(encoded, "lips")
    assert not other.photo.pixels.flags.writeable


def test_a_photo_stays_read_only_and_is_taken_as_it_is(shipped_engine: Engine, astronaut_path: Path) -> None:
    photo = shipped_engine.encode(astronaut_path).photo
    other = pickle.loads(pickle.dumps(photo))
    np.testing.assert_array_equal(other.pixels, photo.pixels)
    assert not other.pixels.flags.writeable
    assert shipped_engine.encode(photo).photo is photo
    with pytest.raises(ImageError, match="too large"):
        Engine("cpu", max_pixels=100).encode(Photo(photo.pixels))


@pytest.mark.parametrize(
    "error",
    [
        ServiceError("busy", "full", retry_after=2.0),
        ServiceError("closing", "over"),
        InvalidRequestError([{"loc": ["a", "b"], "msg": "wrong"}]),
        QueryError("chun", [Problem("unknown_part", "no such part", (0, 4), "'chin'")]),
        NoSuchFaceError("there is none"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_travel(error: Exception) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert vars(other) == vars(error)
