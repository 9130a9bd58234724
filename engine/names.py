"""Names of landmarks: what people call a place on a face."""

from __future__ import annotations

from collections.abc import Iterable

from ..querylang.called import load_called
from .curves import Place

PLACE_NAMES = load_called().places
"""Each name, given as an instruction, asks for that place again. "left" is the left of the picture."""

_NAMES_BY_FPALP = {(part, round(float(fpalp), 9)): name for (part, fpalp), name in PLACE_NAMES.items()}


def name_places(places: Iterable[Place]) -> tuple[str, ...]:
    """Return each place's own name, or its part and FPALP ("outer lip at 0.125") where it has none."""
    return tuple(
        name_spot(place)
        or _NAMES_BY_FPALP.get((place.part, round(place.fpalp, 9)))
        or f"{place.part} at {place.fpalp:.4g}"
        for place in places
    )


def name_spot(place: Place) -> str:
    """Return what a place on a surface is called; "" for one on a curve."""
    return "" if place.v is None else f"{place.part} at ({place.fpalp:.4g}, {place.v:.4g})"
