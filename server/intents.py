"""Words of an instruction that ask for something other than points, and what does it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Interface = Literal["mcp", "http"]


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that is no point.

    Attributes:
        wanted: What it is.
        words: What says so in an instruction that cannot be understood.
        sure_words: What says so in any instruction; of the others some are part of the language ("the chin area").
        answers: What does it.
    """

    wanted: str
    words: str
    sure_words: str | None
    answers: dict[Interface, str]


INTENTS = (
    Intent(
        "measures",
        r"open|opened|openness|shut|closed|distances?|widths?|wide|heights?|lengths?|long|angles?|tilt|roll|ratio|"
        # Aspect ratios of eye and mouth; in small letters it is the ear.
        r"(?-i:EAR|MAR)|symmetry|asymmetry|area|measures?|measurements?|how (?:far|big|large|wide|open|long)",
        r"openness|widths?|measure|measurements?|how (?:far|big|large|wide|open|long)|"
        r"(?<!equal )(?<!even )distances? (?:between|from)|(?<!in the )(?<!on the )area of",
        {"mcp": "measure_face", "http": "POST /v1/measure"},
    ),
    Intent(
        "a crop",
        r"crop|cropped|cut ?out|extract|aligned?|zoom|thumbnail|close[- ]?up",
        r"crop|cropped|cut out (?!of)|thumbnail",
        {"mcp": "crop_face", "http": "POST /v1/crop"},
    ),
    Intent(
        "a mask",
        r"masks?|segment|segmentation|matte|silhouette|rle",
        r"masks?|segmentation|matte|rle",
        {"mcp": "mask_region", "http": "POST /v1/mask"},
    ),
    Intent(
        "a drawing",
        r"draw|show|overlay|visuali[sz]e|render|picture",
        None,
        {"mcp": "draw_landmarks", "http": "POST /v1/draw"},
    ),
    Intent("the photos", r"list|files?|photos?|images?|folder", None, {"mcp": "list_images"}),
)


def hint_at_intent(
    text: str, interface: Interface, *, asked: str | None = None, is_answered: bool = False
) -> str | None:
    """Return what to call instead, where an instruction asks for something that is no point; else None.

    Args:
        text: The instruction.
        interface: Where it was given.
        asked: What was called with it.
        is_answered: Whether it was understood, so that its points come back.
    """
    for intent in INTENTS:
        words = intent.sure_words if is_answered else intent.words
        if interface in intent.answers and words and re.search(rf"\b(?:{words})\b", text, re.IGNORECASE):
            if intent.answers[interface] == asked:
                return f"{asked} is for {intent.wanted} already: name the part alone"
            what = "these are points" if is_answered else "instructions name points"
            return f"{what}; for {intent.wanted} use {intent.answers[interface]}"
    return None
