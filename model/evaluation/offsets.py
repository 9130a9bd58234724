"""Whether answers lie beside labels by the same step on every face.

Faces are mirrored in training, so a detector has no side that it prefers: an offset along x is the labels' own, of the
pixel that their source counts from or of how its pictures were made smaller. One along y has been learnt from the
labels, and does not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .metrics import FloatArray


@dataclass(frozen=True)
class MeanOffset:
    """Answers against labels over some faces, in % of a normaliser.

    Attributes:
        x, y: the mean difference, positive where answers lie to the right of the labels or below them.
        nme_without: the mean error once that difference is taken off all answers.
    """

    x: float
    y: float
    nme_without: float


def measure_offsets(differences: FloatArray, rows_of: Mapping[str, Sequence[int]]) -> dict[str, MeanOffset]:
    """Return the offsets of sets of faces.

    Args:
        differences: answers minus labels (faces, columns, 2), shares of the normaliser; NaN where unknown.
        rows_of: the faces of each set.
    """
    found = {}
    for name, rows in rows_of.items():
        some = differences[list(rows)]
        x, y = mean = np.nanmean(some, axis=(0, 1))
        error = np.nanmean(np.linalg.norm(some - mean, axis=-1))
        found[name] = MeanOffset(100 * float(x), 100 * float(y), 100 * float(error))
    return found


def offsets_to_markdown(offsets: Mapping[str, MeanOffset]) -> str:
    """Return a table."""
    lines = ["| answers beside labels, % | to the right | below | NME % without |", "|---|---|---|---|"]
    lines += [f"| {name} | {o.x:+.2f} | {o.y:+.2f} | {o.nme_without:.2f} |" for name, o in offsets.items()]
    return "\n".join(lines)
