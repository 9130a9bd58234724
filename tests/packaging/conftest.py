"""What the packaging tests share: the repository's root, and what is built from it, once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
# What a checkout gathers but no build may depend on.
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".*_cache", "__pycache__", ".hypothesis", "*.egg-info", "build", "dist", "runs", "*venv"
)


def _run_python(*arguments: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run this Python in a folder, with `path` before all that is installed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"python {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session")
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    return _run_python


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository under a name that is no Python name, as a clone may have."""
    tree = tmp_path_factory.mktemp("clones") / "faceql-main"
    shutil.copytree(ROOT, tree, ignore=LEFT_BEHIND)
    return tree


@pytest.fixture(scope="session")
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it: one process builds them for all."""
    own = tmp_path_factory.getbasetemp()
    out = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "built"
    with FileLock(f"{out}.lock"):
        if not out.is_dir():
            made = tmp_path_factory.mktemp("dist")
            checkout = request.getfixturevalue("checkout")
            _run_python("-m", "build", "--no-isolation", "--outdir", str(made), cwd=checkout)
            made.rename(out)
    return out


@pytest.fixture(scope="session")
def sdist(built: Path) -> Iterator[tarfile.TarFile]:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        yield archive


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="session")
def unpacked_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to put on PYTHONPATH: the wheel as it is installed."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def folder_with_strays(tmp_path: Path) -> Path:
    """An otherwise empty folder with a stray module for every room of the package; importing one fails."""
    for name in ("model", "server", "engine", "querylang", "grammar", "errors"):
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('the stray {name}.py was imported')\n")
    return tmp_path
