"""Factors that bring the expected errors of curves to the size that errors have on new faces, by group of parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..evaluation.degraded import SURE, WRONG
from ..evaluation.metrics import FloatArray

GROUPS = (("face contour",), ("outer lip", "inner lip", "middle of mouth"))
"""Parts that share a factor; all others share another."""

MISLEADING = 0.2
"""Share of a set's points, in %, that may be far off at a small expected error."""

MOST_WIDER = 15
"""By so many % at most are all factors made larger for that."""

FOLDS = 5
"""Parts of a set's faces; each is told by factors that the other parts gave."""


@dataclass(frozen=True)
class SetErrors:
    """What a detector answered on a set that it was not trained on.

    Attributes:
        name: of the set.
        parts: (landmarks,) each landmark's part.
        expected, true: (faces, landmarks) errors, shares of the set's own normaliser; true ones may be NaN.
    """

    name: str
    parts: tuple[str, ...]
    expected: FloatArray
    true: FloatArray

    def choose(self, rows: npt.NDArray[np.bool_]) -> SetErrors:
        """Return the faces where `rows` (faces,) is true."""
        return replace(self, expected=self.expected[rows], true=self.true[rows])

    def multiply(self, factors: Mapping[str, float]) -> SetErrors:
        """Return the errors with the expected ones multiplied, by part."""
        return replace(self, expected=self.expected * [factors[part] for part in self.parts])

    @property
    def ratio(self) -> float:
        """Mean expected over mean true error."""
        known = np.isfinite(self.true)
        return float(self.expected[known].mean() / self.true[known].mean())

    @property
    def misleading(self) -> float:
        """Share of points that are off by more than WRONG at an expected error under SURE, %."""
        known = np.isfinite(self.true)
        return 100 * float(((self.true > WRONG) & (self.expected < SURE))[known].mean())


def fit_error_factors(sets: Sequence[SetErrors], parts: Sequence[str]) -> dict[str, float]:
    """Return the factors of parts under which the true errors of all sets are likeliest.

    With an expected error b a true error e counts log b + e / b, as in training: over factors of b that is least at the
    mean of e / b. Each set counts alike, however many faces it has; one without a group's parts says nothing of it.

    Args:
        sets: with the expected errors as they were learnt.
        parts: all that the detector knows.
    """
    groups = [*GROUPS, [part for part in parts if not any(part in group for group in GROUPS)]]
    factors: dict[str, float] = {}
    for group in groups:
        columns = [(one, np.isin(one.parts, group)) for one in sets]
        ratios = [float(np.nanmean((one.true / one.expected)[:, here])) for one, here in columns if here.any()]
        factors |= dict.fromkeys(group, float(np.mean(ratios)) if ratios else 1.0)
    return {part: round(factors[part], 3) for part in parts}


def fit_safe_factors(sets: Sequence[SetErrors], parts: Sequence[str]) -> dict[str, float]:
    """Return these factors, larger by the fewest per cent with which at most `MISLEADING` of a set's points mislead."""
    factors = fit_error_factors(sets, parts)
    for percent in range(MOST_WIDER + 1):
        wider = {part: round(factor * (1 + percent / 100), 3) for part, factor in factors.items()}
        if all(one.multiply(wider).misleading <= MISLEADING for one in sets):
            break
    return wider


def cross_validate(sets: Sequence[SetErrors], parts: Sequence[str]) -> list[SetErrors]:
    """Return the sets with the expected errors of each face multiplied by factors that other faces gave."""
    told = [one.expected.copy() for one in sets]
    folds = [np.arange(len(one.true)) % FOLDS for one in sets]
    for fold in range(FOLDS):
        others = [one.choose(rows != fold) for one, rows in zip(sets, folds, strict=True)]
        factors = fit_safe_factors(others, parts)
        for one, rows, expected in zip(sets, folds, told, strict=True):
            expected[rows == fold] = one.choose(rows == fold).multiply(factors).expected
    return [replace(one, expected=expected) for one, expected in zip(sets, told, strict=True)]


def format_sets(before: Sequence[SetErrors], after: Sequence[SetErrors]) -> str:
    """Return a Markdown table of how true expected errors are, as they were learnt and with factors."""
    lines = [
        "| set | faces | mean expected over mean true error | with factors | points off by over "
        f"{100 * WRONG:.0f}% at an expected error under {100 * SURE:.0f}%, % | with factors |",
        "|---" * 6 + "|",
    ]
    lines += [
        f"| {old.name} | {len(old.true)} | {old.ratio:.2f} | {new.ratio:.2f} | {old.misleading:.2f} | "
        f"{new.misleading:.2f} |"
        for old, new in zip(before, after, strict=True)
    ]
    return "\n".join(lines)
