"""The sdist and the wheel hold what they must, and nothing that is not the package's."""

from __future__ import annotations

import email
import tomllib
import zipfile
from pathlib import Path

import pytest

# Top-level folders that are no part of the package, whatever lies in them.
BESIDE_THE_PACKAGE = {"tests", "examples", "docs", "benchmarks", "build", "dist", "runs", "venv"}


def is_beside_the_package(path: Path) -> bool:
    top = path.parts[0]
    return top in BESIDE_THE_PACKAGE or top.startswith(".") or top.endswith(".egg-info") or "__pycache__" in path.parts


@pytest.fixture(scope="module")
def settings(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def files_on_disk(root):
    """The files of the package, relative to the root."""
    folders = [path.parent for path in root.glob("*/__init__.py")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    relative = [path.relative_to(root) for path in [*root.glob("*.py"), root / "py.typed", *paths]]
    return {path.as_posix() for path in relative if not is_beside_the_package(path)}


@pytest.fixture(scope="module")
def wheel_names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_packages_are_the_folders_on_disk(root, settings):
    folders = {
        path.parent.relative_to(root)
        for path in root.rglob("__init__.py")
        if path.parent != root and not is_beside_the_package(path.relative_to(root))
    }
    on_disk = {"faceql", *(".".join(("faceql", *folder.parts)) for folder in folders)}
    assert set(settings["tool"]["setuptools"]["packages"]) == on_disk


def test_wheel_holds_every_file_of_the_package(files_on_disk, wheel_names):
    assert {f"faceql/{path}" for path in files_on_disk} <= wheel_names


def test_wheel_holds_nothing_else(files_on_disk, wheel_names):
    package = {name for name in wheel_names if ".dist-info/" not in name}
    assert package <= {f"faceql/{path}" for path in files_on_disk}


@pytest.mark.parametrize(
    "path",
    [
        "py.typed",
        "grammar/canonical.lark",
        "grammar/README.md",
        "grammar/parts.toml",
        "grammar/layouts/300w.toml",
        "grammar/layouts/wflw.toml",
        "grammar/layouts/aflw.toml",
        "grammar/layouts/cofw.toml",
        "model/training/recipes/default.toml",
        "model/weights/faceql.safetensors",
        "model/weights/README.md",
        "model/weights/LICENSE.md",
        "engine/weights/yunet.safetensors",
        "engine/weights/LICENSE.libfacedetection",
    ],
)
def test_wheel_holds_the_data(path, wheel_names):
    assert f"faceql/{path}" in wheel_names


def test_wheel_installs_one_top_level_name(wheel_names):
    assert {name.split("/")[0] for name in wheel_names if ".dist-info/" not in name} == {"faceql"}


def test_weights_are_small_enough_to_ship(root):
    assert (root / "model/weights/faceql.safetensors").stat().st_size < 40e6


def test_the_licences_go_with_the_wheel(metadata, wheel_names):
    assert metadata["License-Expression"] == "Apache-2.0"
    for path in metadata.get_all("License-File"):
        assert any(name.endswith(f".dist-info/licenses/{path}") for name in wheel_names)
    assert metadata.get_all("License-File") == [
        "LICENSE",
        "model/weights/LICENSE.md",
        "engine/weights/LICENSE.libfacedetection",
        "server/playground/LICENSE.sample.md",
    ]


def test_the_licence_of_the_weights_is_restrictive(root):
    text = (root / "model/weights/LICENSE.md").read_text(encoding="utf-8")
    assert "research use only" in text
    assert "non-commercial" in text


def test_the_command_is_declared(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "faceql = faceql.server.cli:run" in archive.read(name).decode()


def test_sdist_holds_what_its_tests_need(root, sdist):
    names = {name.partition("/")[2] for name in sdist.getnames()}
    for folder in ("tests", "examples", "docs", ".github", ".ci"):
        on_disk = {
            path.relative_to(root).as_posix()
            for path in (root / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert on_disk <= names
    assert {"README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "Makefile", "pyproject.toml"} <= names


def test_wheel_from_the_checkout_is_the_one_from_the_sdist(checkout, run_python, wheel_names, tmp_path):
    run_python("-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), cwd=checkout)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        assert set(archive.namelist()) == wheel_names
