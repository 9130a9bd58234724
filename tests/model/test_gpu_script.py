"""`benchmarks/gpu.py` runs to its end where there is no GPU, and says what a machine lacks."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from .test_commands import RECIPE

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_little_of_everything_runs_on_the_cpu(made_packs: Path, tmp_path: Path) -> None:
    recipe, out = tmp_path / "tiny.toml", tmp_path / "out"
    recipe.write_text(RECIPE)
    done = run("--device", "cpu", "--small", "--out", out, "--minutes", 30, "--data", made_packs, "--recipe", recipe)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert [step["name"] for step in summary["steps"]] == ["tests", "ask_speed", "throughput", "http_load", "training"]
    assert [step["status"] for step in summary["steps"]] == [0] * 5
    assert " passed" in (out / "tests.txt").read_text()
    assert "photos/s with the finder" in (out / "throughput.txt").read_text()
    assert "4 of 4 answers are the engine's" in (out / "http_load.txt").read_text()
    # What comes back from a lent machine: few files, of names in plain letters.
    files = [path for path in out.iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"detector.safetensors", "log.csv", "summary.json"}
    assert len(files) <= 8


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_machine_without_a_gpu_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 2
    assert "sees no CUDA device: --device cpu --small tries the script" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_is_not_installed_is_named_with_what_needs_it() -> None:
    find_missing = runpy.run_path(str(SCRIPT))["find_missing"]
    assert find_missing(["numpy", "click>=8", "nothing-of-this-name>=2"], set()) == ["nothing-of-this-name>=2"]
    (old,) = find_missing(["numpy>=999"], set())
    assert old.startswith("numpy>=999 (here is ")
    assert find_missing(["never; sys_platform == 'nowhere'"], set()) == []
