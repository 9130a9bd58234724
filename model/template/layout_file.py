"""A registered layout as a language file."""

from __future__ import annotations

import json
from itertools import groupby

from .registration import Registration


def to_language_file(registration: Registration, name: str, title: str) -> str:
    """Return a TOML file that adds the layout to the language (FACEQL_LANGUAGE).

    Its landmarks are those that lie on parts, in the new layout's own order; `columns` says which they are.
    """
    landmarks = registration.on_parts
    lines = [
        f"# {len(landmarks)} of {len(registration.landmarks)} landmarks lie on parts ({registration.faces} faces):",
        "# written by `faceql template register`. columns: where each one is in the layout's own numbering, from 0.",
        "",
        "[[layout]]",
        f"name = {json.dumps(name)}",
        f"title = {json.dumps(title)}",
        "columns = [",
        *wrap([str(landmark.index) for landmark in landmarks]),
        "]",
    ]
    for part, run in groupby(landmarks, lambda landmark: landmark.part):
        fpalps = wrap([f'"{landmark.fpalp}"' for landmark in run])
        lines += ["", "[[layout.run]]", f"part = {json.dumps(part)}", "fpalps = [", *fpalps, "]"]
    return "\n".join(lines) + "\n"


def wrap(items: list[str], width: int = 16) -> list[str]:
    """Return the items in lines of at most `width`, each with its comma."""
    return ["    " + " ".join(f"{item}," for item in items[at : at + width]) for at in range(0, len(items), width)]
