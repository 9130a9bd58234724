"""Which landmarks of an unknown layout are each other's mirror image, found from its mean shape alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

FloatArray = npt.NDArray[np.float64]

ROUNDS = 8
LARGEST_MISS = 0.06
"""How far a landmark's image may lie from its partner in the mean shape, as a share of inter-ocular."""


def find_mirror_pairs(shape: FloatArray) -> npt.NDArray[np.intp]:
    """Return (landmarks,): each landmark's partner, itself on the midline, -1 where there is none.

    The shape is reflected and laid over itself again and again by the best rotation and shift, as in iterative
    closest points; partners are each other's nearest then.

    Args:
        shape: (landmarks, 2) mean shape, in the face's own frame (`DenseCurves.to_face`), NaN where unknown.
    """
    known = np.flatnonzero(np.isfinite(shape).all(axis=1))
    here = shape[known]
    image = here * (-1, 1)
    partner = np.full(len(known), -1, dtype=np.intp)
    if len(known) == 0:
        return np.full(len(shape), -1, dtype=np.intp)
    for _ in range(ROUNDS):
        # (landmarks,): the landmark nearest to each one's image, and the image nearest to each landmark.
        miss, there = cKDTree(here).query(image)
        _, back = cKDTree(image).query(here)
        is_pair = (back[there] == np.arange(len(known))) & (miss < LARGEST_MISS)
        partner = np.where(is_pair, there, -1)
        if is_pair.sum() < 3:
            break
        image = move_onto(image, image[is_pair], here[there[is_pair]])
    # A partnership holds both ways, or not at all.
    holds = (partner >= 0) & (partner[partner] == np.arange(len(known)))
    pairs = np.full(len(shape), -1, dtype=np.intp)
    pairs[known[holds]] = known[partner[holds]]
    return pairs


def move_onto(points: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    """Return points (landmarks, 2) under the rotation and shift that best lay source onto target (pairs, 2)."""
    from_middle, to_middle = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((source - from_middle).T @ (target - to_middle))
    turn = u @ np.diag([1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    moved: FloatArray = (points - from_middle) @ turn + to_middle
    return moved
