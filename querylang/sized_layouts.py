"""Layouts told by their size: "the 68-point layout"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import Problem
from .reader import NUMBER, PHRASE, UNKNOWN
from .registry import Layout
from .tokens import Token


def read_sized_layouts(tokens: Sequence[Token], layouts: Mapping[str, Layout]) -> tuple[list[Token], list[Problem]]:
    """Read "the 68-point layout" as the layout of that size.

    Returns:
        The tokens with such layouts named, and a problem for each size no layout has.
    """
    kept: list[Token] = []
    problems: list[Problem] = []
    i = 0
    while i < len(tokens):
        j = i + 1
        while j < len(tokens) and j < i + 4 and ("points" in tokens[j].readings or tokens[j].kind == UNKNOWN):
            j += 1
        is_sized = (
            tokens[i].kind == NUMBER
            and j > i + 1
            and "points" in tokens[i + 1].readings
            and j < len(tokens)
            and "layout_noun" in tokens[j].readings
            and "filler" not in tokens[j].readings
        )
        if is_sized and not any(
            "layout" in token.readings for token in (*tokens[max(0, i - 2) : i], *tokens[j : j + 3])
        ):
            by_size = {layout.size: name for name, layout in layouts.items() if name != "unified"}
            name = by_size.get(int(tokens[i].value.value))
            span = (tokens[i].start, tokens[j].stop)
            if name is None or j > i + 2:
                sizes_known = ", ".join(str(size) for size in sorted(by_size))
                problems.append(
                    Problem("unknown_layout", f"no such layout; the sizes are {sizes_known}", span, "'300W' or 'WFLW'")
                )
            else:
                kept.append(Token(PHRASE, "layout", *span, {"layout": name}))
            i = j + 1
        else:
            kept.append(tokens[i])
            i += 1
    return kept, problems
