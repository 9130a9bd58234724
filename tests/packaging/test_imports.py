"""Fresh processes: what an import loads, and that nothing of the caller's is loaded in the package's place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PARSE = """
import json, sys
import faceql
query = faceql.parse("4 points per eyebrow")
print(json.dumps({"file": faceql.__file__, "count": query.count, "modules": sorted(sys.modules)}))
"""

IMPORT_ALL = """
import importlib, importlib.util, json, pkgutil
import faceql
names = [found.name for found in pkgutil.walk_packages(faceql.__path__, "faceql.")]
left = ["faceql.tests", "faceql.examples", "faceql.docs"]
if importlib.util.find_spec("ray") is None:  # of an extra that developers need not have
    left.append("faceql.server.deploy.")
names = [name for name in names if not name.startswith(tuple(left))]
for name in names:
    importlib.import_module(name)
print(json.dumps({"file": faceql.__file__, "names": names}))
"""

# The main job on the shipped weights, with the network shut.
ASK = """
import json, socket, sys

def refuse(*arguments, **keywords):
    raise AssertionError("the network was asked for something")

socket.socket.connect = socket.getaddrinfo = refuse

from faceql.server.cli import main
main(sys.argv[1:], standalone_mode=False)
print(json.dumps({"modules": sorted(sys.modules)}))
"""


def top_level(modules):
    return {name.partition(".")[0] for name in modules}


@pytest.fixture(params=["as installed", "wheel"])
def site(request):
    """A folder to put before all that is installed: none, or the unpacked wheel."""
    return request.getfixturevalue("unpacked_wheel") if request.param == "wheel" else None


def test_parsing_loads_neither_torch_nor_numpy(run_python, folder_with_strays, site):
    said = json.loads(run_python("-c", PARSE, cwd=folder_with_strays, path=site).stdout)
    assert said["count"] == 8
    assert not top_level(said["modules"]) & {"torch", "numpy", "timm", "PIL", "sentence_transformers", "scipy"}


@pytest.mark.slow
def test_every_module_imports_beside_strays_of_the_same_name(run_python, folder_with_strays, site):
    said = json.loads(run_python("-c", IMPORT_ALL, cwd=folder_with_strays, path=site).stdout)
    rooms = {"faceql.querylang", "faceql.model.detector", "faceql.engine.engine", "faceql.server.cli"}
    assert rooms <= set(said["names"])
    if site is not None:
        assert Path(said["file"]).is_relative_to(site)


def test_nothing_called_model_or_server_is_installed(run_python, tmp_path):
    code = "from importlib.util import find_spec; print([name for name in sys.argv[1:] if find_spec(name)])"
    rooms = ("model", "server", "engine", "grammar", "querylang")
    assert run_python("-c", f"import sys; {code}", *rooms, cwd=tmp_path).stdout.strip() == "[]"


def test_the_main_job_asks_no_hub_and_needs_no_sentence_encoder(run_python, root, folder_with_strays, unpacked_wheel):
    photo = root / "examples" / "astronaut.jpg"
    arguments = ["ask", str(photo), "4 points per eyebrow", "--device", "cpu", "--out", "overlay.png"]
    said = run_python("-c", ASK, *arguments, cwd=folder_with_strays, path=unpacked_wheel).stdout.splitlines()
    loaded = top_level(json.loads(said[-1])["modules"])
    # Nor what takes seconds to import and answers nothing: timm and torchvision bring PyTorch's compiler.
    assert not loaded & {"sentence_transformers", "transformers", "lightning_fabric", "timm", "torchvision", "sympy"}
    assert sum("eyebrow" in line and "+-" in line for line in said) == 8
    assert (folder_with_strays / "overlay.png").read_bytes().startswith(b"\x89PNG")
