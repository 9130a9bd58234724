"""The page draws in the colours of the engine's drawings."""

from __future__ import annotations

import re
from pathlib import Path

from faceql.engine.palette import PART_COLORS

PAGE = Path(__file__).parents[2] / "server" / "playground" / "drawing.js"


def test_the_page_draws_in_the_same_colours() -> None:
    listed = PAGE.read_text("utf-8").partition("COLORS = {")[2].partition("};")[0]
    on_page = dict(re.findall(r'"([\w ]+)": "#([0-9a-f]{6})"', listed))
    assert {name: tuple(bytes.fromhex(color)) for name, color in on_page.items()} == PART_COLORS
