"""Whether a point of an answer is seen: what the detector thinks of it, and what the photo's edge settles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

SEEN_FROM = 0.5
"""A point counts as seen from this probability on."""
EDGE_REACH = 2.0
"""So many expected errors inside the photo, a point cannot lie outside it."""
DIGITS = 4


class PointVisibility(NamedTuple):
    """How likely a point is seen, hidden by something, turned away from the camera, or outside the photo; in all 1.

    Examples:
        >>> told = engine.ask(photo, "left pupil")[0].visibility
        >>> told.seen > 0.9, told.outside
        (True, 0.0)
    """

    seen: float
    hidden: float
    turned_away: float
    outside: float

    @property
    def is_seen(self) -> bool:
        """Whether it counts as seen.

        Examples:
            >>> PointVisibility(0.6, 0.3, 0.1, 0.0).is_seen
            True
        """
        return self.seen >= SEEN_FROM

    @property
    def reason(self) -> str:
        """What it most likely is, if it is not seen: "hidden", "turned away" or "outside the photo".

        Examples:
            >>> PointVisibility(0.2, 0.7, 0.1, 0.0).reason
            'hidden'
        """
        return max(zip(self[1:], REASONS, strict=True), key=lambda pair: pair[0])[1]


REASONS = ("hidden", "turned away", "outside the photo")


def settle_outside(
    visibility: FloatArray, xy: FloatArray, expected_error: FloatArray, image_size: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Return probabilities (N, 4) in which the photo's edge is known.

    A point outside the photo is outside. Well inside it cannot be. Near the edge, where a face that is cut off has its
    last points, the detector's judgement stands.

    Args:
        visibility: (N, 4), the detector's.
        xy: (N, 2) pixels of the photo.
        expected_error: (N,) pixels of the photo.
        image_size: (height, width).
    """
    height, width = image_size
    inside = np.minimum(xy + 0.5, np.array([width, height]) - 0.5 - xy).min(axis=1)
    settled = visibility.copy()
    settled[inside > EDGE_REACH * expected_error, -1] = 0
    settled /= settled.sum(axis=1, keepdims=True)
    settled[inside < 0] = (0, 0, 0, 1)
    return np.round(settled, DIGITS).astype(np.float32)


def count_unseen(visibility: npt.NDArray[np.float32]) -> str:
    """Return how many of the points (N, 4) are not seen, and why: "5 hidden, 2 outside"; nothing if all are seen."""
    unseen = visibility[visibility[:, 0] < SEEN_FROM, 1:]
    counts = np.bincount(unseen.argmax(axis=1), minlength=len(REASONS)).tolist()
    return ", ".join(f"{number} {reason}" for number, reason in zip(counts, REASONS, strict=True) if number)
