"""Smoothing of points in motion: the One-Euro filter (Casiez, Roussel and Vogel 2012), in sizes of the face.

A point at rest is smoothed much and one that moves little, so that it neither trembles nor lags. Speeds are told in
inter-ocular distances a second, so that faces near and far are smoothed alike. There are two of them: that of the whole
face, which all its landmarks tell together and so almost without noise, and the point's own, of which what its expected
error would explain is taken off. A point whose place is in doubt is smoothed more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

INTER_OCULAR = 0.4
"""Of the side of a face's crop, the distance of the eyes' outer corners. Turned aside they come nearer in the picture;
the crop keeps its size."""
REST_HZ = 0.5
"""Cut-off frequency of a point at rest whose expected error is USUAL_ERROR."""
USUAL_ERROR = 0.033
"""Inter-ocular distances."""
TRUST_RANGE = (0.4, 1.6)
"""Least and most of the cut-off frequency at rest that another expected error may make of it."""
# What each inter-ocular distance a second adds to the cut-off frequency, of the face and of the point, and the cut-off
# frequencies of these speeds themselves: `benchmarks/tracking.py` prints the jitter and the lag that come of them.
FACE_HZ_PER_SPEED, FACE_SPEED_HZ = 18.0, 3.0
OWN_HZ_PER_SPEED, OWN_SPEED_HZ = 25.0, 4.0
NOISE_PER_ERROR = 3.6
"""How many times its expected error a second a point at rest seems to move."""
LONGEST_GAP = 0.3
"""Seconds after which nothing of what was before is known any more."""


@dataclass(frozen=True, slots=True)
class Motion:
    """How a face moved between two frames: a turn and a growth round its middle, and a shift, of complex numbers.

    Attributes:
        middle: Where its middle was, x + iy pixels.
        shift: How far that came.
        turn: By what everything about it is multiplied.
    """

    middle: complex
    shift: complex
    turn: complex

    @classmethod
    def between(cls, before: FloatArray, after: FloatArray) -> Motion:
        """Return the motion that takes points (N, 2) nearest to where they are after it."""
        old, new = before @ (1, 1j), after @ (1, 1j)
        around, came = old - old.mean(), new - new.mean()
        size = float((np.abs(around) ** 2).sum())
        turn = complex((came * around.conj()).sum() / size) if size > 0 else 1 + 0j
        return cls(complex(old.mean()), complex(new.mean() - old.mean()), turn)

    def displace(self, points: FloatArray) -> FloatArray:
        """Return how far points (N, 2) of the face came, (N, 2) pixels."""
        came = (points @ (1, 1j) - self.middle) * (self.turn - 1) + self.shift
        return np.stack([came.real, came.imag], axis=-1)


class PointSmoother:
    """Smooths some points of one face from frame to frame, each by itself."""

    def __init__(self) -> None:
        self._points = np.zeros((0, 2))
        self._face_velocities = self._own_velocities = self._points
        self._time = -math.inf

    def smooth(
        self, points: FloatArray, expected_error: FloatArray, motion: Motion | None, side_px: float, time: float
    ) -> FloatArray:
        """Return the points of a frame (N, 2), smoothed; the first ones are given back as they are.

        Args:
            points: (N, 2) pixels; another number of points begins anew.
            expected_error: (N,) pixels.
            motion: How the face moved since the frame before; None begins anew.
            side_px: The side of the face's crop, pixels.
            time: Seconds; more than that of the frame before.
        """
        passed = time - self._time
        self._time = time
        if motion is None or self._points.shape != points.shape or passed > LONGEST_GAP:
            self._points = points
            self._face_velocities = self._own_velocities = np.zeros_like(points)
            return points
        unit = INTER_OCULAR * side_px
        came = motion.displace(self._points)
        self._face_velocities = mix(self._face_velocities, came / passed, weigh(FACE_SPEED_HZ, passed))
        own = (points - self._points - came) / passed
        self._own_velocities = mix(self._own_velocities, own, weigh(OWN_SPEED_HZ, passed))
        face_speeds = np.hypot(*self._face_velocities.T) / unit
        own_speeds = np.hypot(*self._own_velocities.T) - NOISE_PER_ERROR * expected_error
        trust = (USUAL_ERROR * unit / np.maximum(expected_error, 1e-9)).clip(*TRUST_RANGE)
        cutoff = REST_HZ * trust + FACE_HZ_PER_SPEED * face_speeds + OWN_HZ_PER_SPEED * np.maximum(own_speeds, 0) / unit
        self._points = mix(self._points, points, weigh(cutoff, passed)[:, None])
        return self._points


def weigh(cutoff_hz: FloatArray | float, passed: float) -> FloatArray:
    """Return what a new value weighs in a low pass of a cut-off frequency, after some seconds."""
    turned = 2 * math.pi * passed * np.asarray(cutoff_hz, dtype=np.float64)
    return np.asarray(turned / (1 + turned))


def mix(old: FloatArray, new: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the old value, moved to the new one by a share of the way."""
    return old + weight * (new - old)
