"""Laying a query out on a face: which places are asked of the detector, in order."""

from __future__ import annotations

from ..querylang import Query
from ..querylang.registry import load_registry
from .curves import Locate, Place, wrap_fpalp


def lay_out(query: Query, locate: Locate) -> tuple[Place, ...]:
    """Return the query's places on one face, in the order asked.

    Args:
        query: What is asked.
        locate: Where the detector sees places on this face, for distances that only the picture tells.
    """
    parts = load_registry().parts
    return tuple(
        Place(landmark.part, wrap_fpalp(float(landmark.fpalp), parts[landmark.part].is_closed))
        for landmark in query.landmarks
    )
