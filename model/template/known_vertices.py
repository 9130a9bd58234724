"""What is known of MediaPipe's mesh without registration: the rings that it publishes (FACEMESH_LIPS and so on).

They are the truth that registering the mesh is tried against; registration itself never sees them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from .registration import Registration

NEAR = 0.05
"""How far a vertex may be registered from where it is known to lie."""

# In the order of the part's curve.
MESH_RINGS = {
    "face contour": (
        234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454,
    ),
    "left eyebrow": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "right eyebrow": (336, 296, 334, 293, 300, 276, 283, 282, 295, 285),
    "nose bridge": (168, 6, 197, 195, 5, 4),
    "left eye": (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    "right eye": (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382),
    "outer lip": (
        61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
    ),
    "inner lip": (
        78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
    ),
    "left pupil": (468,),
    "right pupil": (473,),
}  # fmt: skip

# Corners, middles and ends whose place along the part is known as well.
MESH_PLACES = {
    61: ("outer lip", "0"), 291: ("outer lip", "1/2"), 0: ("outer lip", "1/4"), 17: ("outer lip", "3/4"),
    78: ("inner lip", "0"), 308: ("inner lip", "1/2"), 13: ("inner lip", "1/4"), 14: ("inner lip", "3/4"),
    33: ("left eye", "0"), 133: ("left eye", "1/2"), 159: ("left eye", "1/4"), 145: ("left eye", "3/4"),
    362: ("right eye", "0"), 263: ("right eye", "1/2"), 386: ("right eye", "1/4"), 374: ("right eye", "3/4"),
    70: ("left eyebrow", "0"), 107: ("left eyebrow", "4/9"), 336: ("right eyebrow", "0"), 300: ("right eyebrow", "4/9"),
    234: ("face contour", "0"), 152: ("face contour", "1/2"), 454: ("face contour", "1"),
    168: ("nose bridge", "0"), 4: ("nose bridge", "1"), 1: ("nose bridge", "1"),
    129: ("nose boundary", "0"), 2: ("nose boundary", "1/2"), 358: ("nose boundary", "1"),
    468: ("left pupil", "0"), 473: ("right pupil", "0"),
}  # fmt: skip

MESH_OFF_PARTS = {10: "top of the forehead", 151: "forehead", 9: "between the brows", 50: "left cheek",
                  280: "right cheek", 205: "left cheek", 425: "right cheek"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RingCheck:
    """How a published ring of the mesh was registered.

    Attributes:
        part: the part it runs along.
        size: its vertices.
        on_part: how many were registered on that part.
        step_back: the largest FPALP by which a vertex lies before the one that it follows in the ring.
    """

    part: str
    size: int
    on_part: int
    step_back: float


def check_rings(registration: Registration) -> list[RingCheck]:
    """Compare a registration of the mesh with its published rings."""
    checks = []
    for part, ring in MESH_RINGS.items():
        found = [
            float(landmark.fpalp)
            for landmark in (registration.landmarks[vertex] for vertex in ring)
            if landmark.is_on_part and landmark.part == part
        ]
        steps = [b - a for a, b in pairwise(found)]
        if registration.registry.parts[part].is_closed:
            steps = [(step + 0.5) % 1 - 0.5 for step in steps]
        checks.append(RingCheck(part, len(ring), len(found), max(0.0, *(-step for step in steps), 0.0)))
    return checks


def miss_of(registration: Registration, vertex: int) -> float | None:
    """Return how far from its known place a vertex of MESH_PLACES was registered; None if not on that part."""
    part, fpalp = MESH_PLACES[vertex]
    landmark = registration.landmarks[vertex]
    if landmark.part != part or not landmark.is_on_part:
        return None
    miss = float(landmark.fpalp - Fraction(fpalp))
    return (miss + 0.5) % 1 - 0.5 if registration.registry.parts[part].is_closed else miss
