"""Errors of landmarks against annotations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# Columns of the outer eye corners, from 0: 300W ids 37 and 46, WFLW ids 61 and 73.
OUTER_EYE_CORNERS = {"300w": (36, 45), "wflw": (60, 72)}


def inter_ocular(points: FloatArray, layout: str) -> FloatArray:
    """Return (faces,): the distance between the outer eye corners of points (faces, landmarks, 2)."""
    left, right = OUTER_EYE_CORNERS[layout]
    distance: FloatArray = np.linalg.norm(points[:, left] - points[:, right], axis=-1)
    return distance


def normalized_errors(predicted: FloatArray, annotated: FloatArray, normalizer: FloatArray) -> FloatArray:
    """Return (faces, landmarks): point-to-point errors over each face's normaliser (faces,); NaN where unknown."""
    error: FloatArray = np.linalg.norm(predicted - annotated, axis=-1) / normalizer[:, None]
    return error


def failure_rate(face_errors: FloatArray, threshold: float) -> float:
    """Return the share of faces whose mean error is over the threshold."""
    return float((face_errors > threshold).mean())


def area_under_ced(face_errors: FloatArray, threshold: float) -> float:
    """Return the area under the cumulative error distribution up to the threshold, 1 at best; exact, not sampled."""
    return float(np.clip(1 - face_errors / threshold, 0, None).mean())


def bootstrap_intervals(
    face_errors: FloatArray, *, confidence: float = 0.95, rounds: int = 2000, seed: int = 0
) -> FloatArray:
    """Return (2, columns): the percentile bootstrap intervals, low and high, of the means over faces.

    Args:
        face_errors: (faces, columns); NaN where a face has none. All columns share the resampled faces.
        confidence: of the interval.
        rounds: how often the faces are resampled.
        seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    count = len(face_errors)
    rows = rng.integers(0, count, size=(rounds, count))
    times = np.stack([np.bincount(row, minlength=count) for row in rows]).astype(np.float64)
    known = np.isfinite(face_errors)
    with np.errstate(invalid="ignore"):
        means = times @ np.where(known, face_errors, 0.0) / (times @ known)
    bounds: FloatArray = np.nanquantile(means, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return bounds


def bootstrap_interval(
    face_errors: FloatArray, *, confidence: float = 0.95, rounds: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean over faces (faces,)."""
    low, high = bootstrap_intervals(face_errors[:, None], confidence=confidence, rounds=rounds, seed=seed)
    return float(low[0]), float(high[0])


def turned_share(points: FloatArray) -> FloatArray:
    """Return (faces,): how far 300W's points (faces, 68, 2) show a head turned aside; 0 is frontal, 0.5 a profile.

    It is the distance of the nose tip's foot on the line between the jaw ends from that line's middle, over its
    length: a stand-in for yaw that needs no 3D model.
    """
    jaw = points[:, 16] - points[:, 0]
    foot = ((points[:, 30] - points[:, 0]) * jaw).sum(axis=-1) / (jaw**2).sum(axis=-1)
    share: FloatArray = np.abs(foot - 0.5)
    return share


def roll_degrees(points: FloatArray, layout: str) -> FloatArray:
    """Return (faces,): the angle of the line between the outer eye corners, degrees, clockwise as seen."""
    left, right = OUTER_EYE_CORNERS[layout]
    line = points[:, right] - points[:, left]
    angle: FloatArray = np.degrees(np.arctan2(line[:, 1], line[:, 0]))
    return angle
