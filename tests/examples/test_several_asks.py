"""The example programs run."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from PIL import Image

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_several_asks_are_drawn_side_by_side(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["several_asks.py", str(tmp_path / "sheet.png")])
    runpy.run_path(str(EXAMPLES / "several_asks.py"), run_name="__main__")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 3 * sheet.height
        assert len(sheet.convert("RGB").getcolors(1 << 24)) > 1000
