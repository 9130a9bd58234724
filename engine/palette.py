"""One colour for each face part, the same in every drawing."""

from __future__ import annotations

Color = tuple[int, int, int]

# Bright on skin and hair of any tone, neighbours on the face far apart in hue, left and right of a pair alike
# but told apart; every drawing gives them a dark edge.
PART_COLORS: dict[str, Color] = {
    "face contour": (64, 196, 255),
    "left eyebrow": (255, 179, 0),
    "right eyebrow": (255, 224, 102),
    "nose bridge": (0, 230, 118),
    "nose boundary": (178, 255, 89),
    "left eye": (224, 64, 251),
    "right eye": (179, 136, 255),
    "outer lip": (255, 82, 82),
    "inner lip": (255, 158, 178),
    "left pupil": (255, 255, 255),
    "right pupil": (214, 224, 230),
    "middle of left eyebrow": (255, 145, 0),
    "middle of right eyebrow": (255, 202, 40),
    "middle of mouth": (255, 110, 64),
}
OTHER_COLOR: Color = (200, 200, 200)


def part_color(part: str) -> Color:
    """Return the (red, green, blue) of a part, 0..255."""
    return PART_COLORS.get(part, OTHER_COLOR)
