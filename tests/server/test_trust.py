"""`benchmarks/trust.py` runs and finds nothing wrong, in parts and small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "trust.py"


def run(*args: str) -> str:
    done = subprocess.run([sys.executable, str(SCRIPT), *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.endswith("nothing is wrong\n")
    return done.stdout


@pytest.mark.slow
def test_texts_and_files_are_tried() -> None:
    told = run("texts", "files", "--share", "0.05")
    assert "texts: 3,000 mutated" in told
    assert "files: 75 mutated" in told


@pytest.mark.benchmark
@pytest.mark.parametrize("part", ["server", "crowds", "folders", "handles"])
def test_a_server_and_folders_are_tried(part: str) -> None:
    run(part, "--share", "0.2")
