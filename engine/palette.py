"""One colour for each face part and surface, the same in every drawing."""

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
    "forehead": (0, 229, 255),
    "glabella": (118, 255, 3),
    "left temple": (124, 77, 255),
    "right temple": (179, 157, 255),
    "left eyebrow surface": (255, 160, 64),
    "right eyebrow surface": (255, 209, 128),
    "left upper eyelid surface": (213, 0, 249),
    "right upper eyelid surface": (234, 128, 252),
    "left under eye": (0, 176, 255),
    "right under eye": (128, 216, 255),
    "left cheek": (255, 64, 129),
    "right cheek": (255, 128, 171),
    "nose back": (29, 233, 182),
    "left nose side": (0, 191, 165),
    "right nose side": (100, 255, 218),
    "nose base": (174, 234, 0),
    "upper lip skin": (255, 214, 0),
    "upper lip surface": (255, 23, 68),
    "lower lip surface": (255, 112, 67),
    "chin surface": (68, 138, 255),
}
OTHER_COLOR: Color = (200, 200, 200)


def part_color(part: str) -> Color:
    """Return the (red, green, blue) of a part or surface, 0..255."""
    return PART_COLORS.get(part, OTHER_COLOR)
