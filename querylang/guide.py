"""The generated tables of `grammar/README.md`.

python -m faceql.querylang.guide        writes them anew
"""

from __future__ import annotations

import re

from .describe import describe_layouts, describe_parts
from .language import load_package_language
from .registry import GRAMMAR
from .surfaces import load_surfaces

GUIDE = GRAMMAR / "README.md"
NAMES_SHOWN = 8


def make_parts_table() -> str:
    """Return the table of parts as Markdown."""
    lines = ["| part | curve | runs | points | also |", "|---|---|---|---|---|"]
    for part in describe_parts(load_package_language()):
        names = ", ".join(sorted(part.other_names, key=lambda name: (len(name), name))[:NAMES_SHOWN])
        lines.append(f"| {part.name} | {part.kind} | {part.curve} | {part.unified_count} | {names} |")
    return "\n".join(lines)


def make_layouts_table() -> str:
    """Return the table of layouts as Markdown."""
    lines = ["| layout | points | ids |", "|---|---|---|"]
    for layout in describe_layouts(load_package_language()):
        numbering = "as in the dataset's files" if layout.own_numbering else "as in the paper's tables"
        lines.append(f"| {layout.title} | {layout.size} | {numbering} |")
    return "\n".join(lines)


def make_surfaces_table() -> str:
    """Return the table of surfaces as Markdown."""
    lines = ["| surface | lies |", "|---|---|"]
    return "\n".join(lines + [f"| {surface.name} | {surface.area} |" for surface in load_surfaces().values()])


def fill_guide(text: str) -> str:
    """Return the guide with its tables made anew."""
    tables = {"parts": make_parts_table(), "surfaces": make_surfaces_table(), "layouts": make_layouts_table()}
    for name, table in tables.items():
        pattern = re.compile(rf"(<!-- {name}:[^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
        text = pattern.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    GUIDE.write_text(fill_guide(GUIDE.read_text("utf-8")), "utf-8")
