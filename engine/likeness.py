"""What faces and scenes look like at a glance: to tell a face from the one that hides it, and a cut from motion.

A glance is 16 pixels wide and lives no longer than its clip is followed: it tells apart two faces of one moment, not
people.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..model.crops import CropFrame, cut_crop
from .finders import shrink

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]

GLANCE_PX = 16
# The middle of a crop: hair and what is behind it change more than the face.
GLANCE_SHARE = 0.8
# Of a face in motion two glances in a row are 0.96 alike and more, 19 times in 20; when something comes in front of it,
# 0.85 and less.
ALIKE_NEXT = 0.9
# On the whole, for a glance to be learnt at once: a hand in front of the face must not be.
ALIKE_LEARNT = 0.8
LEARNING = 0.15
KEPT_AFTER = 0.7
"""Seconds that a face is seen without a break before another look of it is kept."""
MOST_KEPT = 4
SCENE_SIZE = (32, 18)
CUT_DIFFERENCE = 12.0
"""Levels that a cut changes the colours of a scene by, on average, or more."""
CUT_SURPRISE = 3.0
"""And so many times what the frames before it changed by, as in a pan."""


def glance(photo: ByteArray, frame: CropFrame) -> FloatArray:
    """Return what a face looks like, (GLANCE_PX, GLANCE_PX, 3).

    Args:
        photo: (height, width, 3) uint8 RGB.
        frame: The square in which the face stands upright.
    """
    small = cut_crop(photo, replace(frame, side_px=frame.side_px * GLANCE_SHARE), GLANCE_PX)
    return small.astype(np.float64)


def compare(a: FloatArray, b: FloatArray) -> float:
    """Return how alike two glances are, -1..1, in whatever light: the correlation of their colours."""
    a, b = a - a.mean(axis=(0, 1)), b - b.mean(axis=(0, 1))
    size = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


def compare_halves(a: FloatArray, b: FloatArray) -> float:
    """Return how alike two glances are in the half, upper, lower, left or right, in which they are most alike.

    So a face behind a hand or half behind another head is still like itself.
    """
    half = GLANCE_PX // 2
    halves = (np.s_[:half], np.s_[half:], np.s_[:, :half], np.s_[:, half:])
    return max(compare(a[part], b[part]) for part in halves)


class Appearance:
    """What one face looks like: of late, and before, as far as that is different.

    A face that turns, laughs or comes into another light grows unlike what it was step by step, and each step is
    small; what comes in front of it is another thing from one frame to the next.

    Args:
        first: Its first glance.
    """

    def __init__(self, first: FloatArray) -> None:
        self._kept = [first]
        self._recent = first
        self._steady_since = 0.0

    def resemble(self, likeness: FloatArray) -> float:
        """Return how alike a glance is, in its better half, to what the face looked like for long enough, -1..1."""
        return max(compare_halves(likeness, known) for known in self._kept)

    def is_next(self, likeness: FloatArray) -> bool:
        """Whether a glance goes on from the last one as a face in motion does."""
        return compare_halves(likeness, self._recent) >= ALIKE_NEXT

    def learn(self, likeness: FloatArray, time: float) -> None:
        """Take in a glance at the face at a time in seconds.

        What it looks like long enough is kept; so nothing that passes before it is.
        """
        if not self.is_next(likeness):
            self._steady_since = time
        self._recent = likeness
        alike = [compare(likeness, known) for known in self._kept]
        best = max(range(len(alike)), key=lambda i: alike[i])
        if alike[best] >= ALIKE_LEARNT:
            self._kept[best] = (1 - LEARNING) * self._kept[best] + LEARNING * likeness
        elif time - self._steady_since >= KEPT_AFTER:
            self._kept = [*self._kept[-MOST_KEPT + 1 :], likeness]


class CutWatch:
    """Notices that a frame shows another scene than the one before."""

    def __init__(self) -> None:
        self._last: FloatArray | None = None
        self._usual = 0.0

    def notice(self, photo: ByteArray) -> bool:
        """Return whether a frame, (height, width, 3) uint8 RGB, looks as if a scene began; never at the first."""
        height, width = photo.shape[:2]
        step = max(1, min(width // (SCENE_SIZE[0] * 4), height // (SCENE_SIZE[1] * 4)))
        # Every so many pixels tell as much, at a tenth of the cost.
        scene = shrink(photo[::step, ::step], SCENE_SIZE).astype(np.float64)
        last, self._last = self._last, scene
        if last is None:
            return False
        difference = float(np.abs(scene - last).mean())
        is_cut = difference > max(CUT_DIFFERENCE, CUT_SURPRISE * self._usual)
        self._usual = 0.0 if is_cut else 0.8 * self._usual + 0.2 * difference
        return is_cut
