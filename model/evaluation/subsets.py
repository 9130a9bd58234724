"""Subsets of human68's faces: by source, by how light the skin looks, and for adults by pose."""

from __future__ import annotations

from ..data.packs import AnnotatedFaces
from .metrics import roll_degrees, turned_share
from .skin_tone import name_skin, typology_angle


def split_human68(faces: AnnotatedFaces) -> list[list[str]]:
    """Return each face's subsets: its source, how light its skin looks, and for adults how the head is turned."""
    subsets = []
    turned_shares, rolls = turned_share(faces.frame_points), roll_degrees(faces.frame_points, "300w")
    for row, (name, turned, roll) in enumerate(zip(faces.names, turned_shares, rolls, strict=True)):
        found = split_by_source(name)
        found.append(name_skin(typology_angle(faces.read_image(row), faces.frame_points[row])))
        if "adults" in found:
            found.append(f"adults, head {'frontal' if turned < 0.1 else 'turned' if turned < 0.25 else 'far turned'}")
            if abs(roll) > 15:
                found.append("adults, head tilted over 15 degrees")
        subsets.append(found)
    return subsets


def split_by_source(name: str) -> list[str]:
    """Return the subsets of a human68 name such as "helen/100032540_1"."""
    source = name.split("/")[0]
    return ["infants"] if source == "inf" else ["adults", f"adults: {source}"]
