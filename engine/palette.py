"""One colour for each face part and each surface, the same in every drawing."""

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
# Likewise; paler than the curves, which lie on their edges.
SURFACE_COLORS: dict[str, Color] = {
    "forehead": (128, 222, 234),
    "glabella": (255, 112, 67),
    "left temple": (255, 213, 79),
    "right temple": (255, 236, 179),
    "left eyebrow surface": (161, 136, 127),
    "right eyebrow surface": (215, 204, 200),
    "left upper eyelid surface": (186, 104, 200),
    "right upper eyelid surface": (225, 190, 231),
    "left under eye": (100, 181, 246),
    "right under eye": (187, 222, 251),
    "left cheek": (240, 98, 146),
    "right cheek": (248, 187, 208),
    "nose back": (129, 199, 132),
    "left nose side": (220, 231, 117),
    "right nose side": (240, 244, 195),
    "nose base": (77, 182, 172),
    "upper lip skin": (255, 183, 77),
    "upper lip surface": (229, 57, 53),
    "lower lip surface": (239, 120, 110),
    "chin surface": (149, 117, 205),
}
OTHER_COLOR: Color = (200, 200, 200)


def part_color(part: str) -> Color:
    """Return the (red, green, blue) of a part or a surface, 0..255."""
    return PART_COLORS.get(part) or SURFACE_COLORS.get(part, OTHER_COLOR)
