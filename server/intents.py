"""Words of an instruction that ask for something other than points, and what does it."""

from __future__ import annotations

import re
from typing import Literal

Interface = Literal["mcp", "http"]

# What is wanted, the words that say so, and what answers it.
INTENTS = (
    (
        "measures",
        r"open|opened|openness|shut|closed|distances?|widths?|wide|heights?|lengths?|long|angles?|tilt|roll|ratio|ear|mar|"
        r"symmetry|asymmetry|area|measures?|measurements?|how (?:far|big|large|wide|open|long)",
        {"mcp": "measure_face", "http": "POST /v1/measure"},
    ),
    ("a crop", r"crop|cropped|cut ?out|extract|aligned?|zoom|thumbnail", {"mcp": "crop_face", "http": "POST /v1/crop"}),
    ("a mask", r"masks?|segment|segmentation|matte|silhouette|rle", {"mcp": "mask_region", "http": "POST /v1/mask"}),
    ("a drawing", r"draw|show|overlay|visuali[sz]e|render|picture", {"mcp": "draw_landmarks", "http": "POST /v1/draw"}),
    ("the photos", r"list|files?|photos?|images?|folder", {"mcp": "list_images"}),
)  # fmt: skip


def hint_at_intent(text: str, interface: Interface) -> str | None:
    """Return what to call instead, where an instruction asks for something that is no point; else None."""
    for wanted, words, answers in INTENTS:
        if interface in answers and re.search(rf"\b(?:{words})\b", text, re.IGNORECASE):
            return f"instructions name points; for {wanted} use {answers[interface]}"
    return None
