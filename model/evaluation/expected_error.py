"""Whether the expected error tells the true one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from .metrics import FloatArray
from .scores import nanmean

CALIBRATION_BINS = 10


@dataclass(frozen=True)
class ExpectedErrorScores:
    """What `score_expected_errors` found; correlations are Spearman's.

    Attributes:
        correlation, correlation_low: of expected and true error over faces, mean over landmarks and of the landmark
            that has the lowest.
        correlation_of_oracle: `correlation` if a point's expected error were the mean true error of all the face's
            other points: how far knowing the face goes, beside what is chance in single points and labels.
        correlation_of_faces: of the faces' mean expected and mean true errors.
        ratio: mean expected error over mean true error; 1 is calibrated.
        calibration: mean expected and mean true error, % of the normaliser, of the tenths of all points by rising
            expected error.
    """

    correlation: float
    correlation_low: float
    correlation_of_oracle: float
    correlation_of_faces: float
    ratio: float
    calibration: tuple[tuple[float, float], ...]

    def to_markdown(self) -> str:
        """Return the lines of the model card."""
        numbers = map(str, range(1, CALIBRATION_BINS + 1))
        return "\n".join(
            [
                f"Expected error: Spearman correlation with the true error {self.correlation:.2f}, the mean over "
                f"landmarks (lowest {self.correlation_low:.2f}; an oracle that knows the mean true error of the face's "
                f"other points would have {self.correlation_of_oracle:.2f}); of faces' means "
                f"{self.correlation_of_faces:.2f}. Mean expected over mean true error {self.ratio:.2f}.",
                "",
                f"| tenth of the points by expected error | {' | '.join(numbers)} |",
                "|---" * (CALIBRATION_BINS + 1) + "|",
                "| expected % | " + " | ".join(f"{expected:.2f}" for expected, _ in self.calibration) + " |",
                "| true % | " + " | ".join(f"{true:.2f}" for _, true in self.calibration) + " |",
            ]
        )


def score_expected_errors(expected: FloatArray, true: FloatArray) -> ExpectedErrorScores:
    """Score expected against true errors (faces, landmarks), shares of a normaliser; the true ones may be NaN."""
    known = np.isfinite(true)
    own = correlate_landmarks(expected, true)
    faces = [nanmean(np.where(known, errors, np.nan), axis=1) for errors in (expected, true)]
    return ExpectedErrorScores(
        correlation=float(np.mean(own)),
        correlation_low=float(np.min(own)),
        correlation_of_oracle=float(np.mean(correlate_landmarks(mean_of_others(true), true))),
        correlation_of_faces=float(spearmanr(*faces, nan_policy="omit").statistic),
        ratio=float(expected[known].mean() / true[known].mean()),
        calibration=calibrate(expected[known], true[known]),
    )


def correlate_landmarks(expected: FloatArray, true: FloatArray) -> list[float]:
    """Return the correlation over faces of each landmark that three faces have, of errors (faces, landmarks)."""
    known = np.isfinite(true) & np.isfinite(expected)
    return [
        float(spearmanr(expected[rows, i], true[rows, i]).statistic) for i, rows in enumerate(known.T) if rows.sum() > 2
    ]


def mean_of_others(errors: FloatArray) -> FloatArray:
    """Return (faces, landmarks): each face's mean error without the landmark's own."""
    known = np.isfinite(errors)
    others = known.sum(axis=1, keepdims=True) - known
    total = np.nansum(errors, axis=1, keepdims=True) - np.where(known, errors, 0.0)
    mean: FloatArray = np.where(others > 0, total / np.maximum(others, 1), np.nan)
    return mean


def calibrate(expected: FloatArray, true: FloatArray) -> tuple[tuple[float, float], ...]:
    """Return mean expected and mean true error in % of equal shares of the points (points,), surest first."""
    order = np.argsort(expected, kind="stable")
    return tuple(
        (100 * float(expected[rows].mean()), 100 * float(true[rows].mean()))
        for rows in np.array_split(order, CALIBRATION_BINS)
    )
