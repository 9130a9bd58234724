"""faceql's types as a user's editor sees them: pyright, strict, on the installed package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("users_program.py")
WRONG = """
import faceql
faceql.parse(3)
faceql.Engine().ask("photo.jpg", "pupils").mesch("left cheek")
"""


def check(program: Path, site: Path, folder: Path) -> list[str]:
    """Return what pyright finds wrong in a program, beside a package in `site`."""
    pytest.importorskip("basedpyright", reason="pip install 'faceql[pyright]'")
    settings = {"typeCheckingMode": "strict", "include": [str(program)], "extraPaths": [str(site)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert told["summary"]["filesAnalyzed"] == 1
    return [found["message"] for found in told["generalDiagnostics"]]


def test_a_users_program_has_no_type_error(unpacked_wheel: Path, tmp_path: Path) -> None:
    assert check(PROGRAM, unpacked_wheel, tmp_path) == []


def test_a_wrong_program_has(unpacked_wheel: Path, tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    program.write_text(WRONG)
    first, second, *_ = check(program, unpacked_wheel, tmp_path)
    assert "Literal[3]" in first
    assert "mesch" in second
