"""Colours tell parts and surfaces apart, and are the same on the page."""

from __future__ import annotations

import re
from pathlib import Path

from faceql.engine.palette import OTHER_COLOR, PART_COLORS, part_color
from faceql.querylang.registry import load_package_registry

PAGE = Path(__file__).parents[2] / "server" / "playground" / "drawing.js"


def test_each_part_and_surface_has_a_colour_of_its_own() -> None:
    """Six surfaces in one drawing, and in its legend, were six times the same grey."""
    registry = load_package_registry()
    names = [*registry.parts, *registry.surfaces]
    assert set(names) <= set(PART_COLORS)
    colors = [part_color(name) for name in names]
    assert len(set(colors)) == len(names)
    assert OTHER_COLOR not in colors


def test_the_page_draws_in_the_same_colours() -> None:
    listed = PAGE.read_text("utf-8").partition("COLORS = {")[2].partition("};")[0]
    on_page = dict(re.findall(r'"([\w ]+)": "#([0-9a-f]{6})"', listed))
    assert {name: tuple(bytes.fromhex(color)) for name, color in on_page.items()} == PART_COLORS
