"""Targets at any FPALP: splines through a face's annotated points.

A cubic spline is linear in the points it passes through, so one matrix turns the annotated points of every face of
a batch into the targets of its queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import Registry

FloatArray = npt.NDArray[np.float64]

# Beyond this gap between neighbours a closed part is annotated only in part (300W's eyebrows: the upper edge).
LARGEST_GAP = 0.3

# A spline follows a part only where its points are close: on AFLW's two and COFW's four points of an eye or a lip it
# misses the points between by more than people do (`python benchmarks/sparse_curves.py --data PACKS`). Open parts bend
# less; the bridge of the nose has four points.
LARGEST_CLOSED_SPAN, LARGEST_OPEN_SPAN = 0.2, 0.4


@dataclass(frozen=True)
class AnnotatedCurve:
    """The stretch of one part that a scheme annotates.

    Attributes:
        part: its name.
        columns: which columns of the scheme lie on it, by rising FPALP.
        fpalps: their FPALPs.
        is_periodic: whether the points go all the way round.
        is_dense: whether they are so close that a spline tells what lies between.
    """

    part: str
    columns: tuple[int, ...]
    fpalps: tuple[float, ...]
    is_periodic: bool
    is_dense: bool

    @property
    def reach(self) -> tuple[float, float]:
        """First and last FPALP of the curve."""
        return (0.0, 1.0) if self.is_periodic else (self.fpalps[0], self.fpalps[-1])

    def covers(self, fpalp: float) -> bool:
        """Return whether the target at an FPALP is known: on a dense curve anywhere, on others at their points only."""
        low, high = self.reach
        if self.is_dense:
            return low - 1e-9 <= fpalp <= high + 1e-9
        return any(abs(fpalp - knot) < 1e-9 for knot in self.fpalps)

    def weights(self, fpalps: npt.ArrayLike) -> FloatArray:
        """Return (landmarks, columns): how much each annotated point counts at each FPALP."""
        at = np.asarray(fpalps, dtype=np.float64)
        knots = np.array(self.fpalps)
        identity = np.eye(len(knots))
        if len(knots) == 1:
            return np.ones((len(at), 1))
        if self.is_periodic:
            spline = CubicSpline(
                np.append(knots, knots[0] + 1), np.vstack([identity, identity[:1]]), bc_type="periodic"
            )
            return np.asarray(spline(knots[0] + (at - knots[0]) % 1.0))
        if len(knots) == 2:
            share = (at - knots[0]) / (knots[1] - knots[0])
            return np.stack([1 - share, share], axis=1)
        return np.asarray(CubicSpline(knots, identity, bc_type="not-a-knot")(at))


@dataclass(frozen=True)
class AnnotationScheme:
    """What the columns of an annotation array mean.

    Attributes:
        landmarks: the landmark in each column.
        curves: the columns gathered into curves, one a part.
        mirror: for each column, the column that takes its place when the picture is mirrored.
    """

    landmarks: tuple[LandmarkQuery, ...]
    curves: tuple[AnnotatedCurve, ...]
    mirror: npt.NDArray[np.intp]

    def curve_of(self, part: str) -> AnnotatedCurve | None:
        return next((curve for curve in self.curves if curve.part == part), None)


def make_scheme(landmarks: Sequence[LandmarkQuery], registry: Registry) -> AnnotationScheme:
    """Gather columns into curves and find each column's mirror image.

    Raises:
        ValueError: a landmark's mirror image is no column.
    """
    index = {registry.canonical_place(landmark): column for column, landmark in enumerate(landmarks)}
    mirror = [index.get(registry.mirror(landmark)) for landmark in landmarks]
    if None in mirror:
        raise ValueError(f"no column mirrors {landmarks[mirror.index(None)]}")
    return AnnotationScheme(tuple(landmarks), gather_curves(landmarks, registry), np.array(mirror, dtype=np.intp))


def gather_curves(landmarks: Sequence[LandmarkQuery], registry: Registry) -> tuple[AnnotatedCurve, ...]:
    """Gather columns into curves, one a part."""
    by_part: dict[str, list[tuple[float, int]]] = {}
    for column, landmark in enumerate(landmarks):
        by_part.setdefault(landmark.part, []).append((float(landmark.fpalp), column))
    curves = []
    for part, members in by_part.items():
        members.sort()
        fpalps = tuple(fpalp for fpalp, _ in members)
        gaps = np.diff([*fpalps, fpalps[0] + 1])
        is_closed = registry.parts[part].is_closed
        is_periodic = is_closed and bool(gaps.max() < LARGEST_GAP)
        spans = gaps if is_periodic else gaps[:-1]
        largest_span = LARGEST_CLOSED_SPAN if is_closed else LARGEST_OPEN_SPAN
        curves.append(
            AnnotatedCurve(
                part=part,
                columns=tuple(column for _, column in members),
                fpalps=fpalps,
                is_periodic=is_periodic,
                is_dense=len(spans) > 0 and bool(spans.max() < largest_span),
            )
        )
    return tuple(curves)


def target_matrix(scheme: AnnotationScheme, parts: Sequence[str], fpalps: Sequence[float]) -> FloatArray:
    """Return (landmarks, columns) turning annotated points into targets; a row of NaN where nothing covers it."""
    matrix = np.full((len(parts), len(scheme.landmarks)), np.nan)
    for curve in scheme.curves:
        rows = [i for i, part in enumerate(parts) if part == curve.part and curve.covers(fpalps[i])]
        if rows:
            matrix[rows] = 0.0
            matrix[np.ix_(rows, curve.columns)] = curve.weights([fpalps[i] for i in rows])
    return matrix


def apply_targets(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Return targets (faces, landmarks, 2) from points (faces, columns, 2); NaN where they cannot be known.

    A point that is not annotated makes every target of its curve unknown on that face, but at the points that are.
    """
    known = np.isfinite(points).all(axis=-1)  # (faces, columns)
    used = np.abs(np.nan_to_num(matrix)) > 1e-9  # (landmarks, columns); at a point of its own a spline leaves 1e-16
    covered = np.isfinite(matrix).all(axis=1)  # (landmarks,)
    missing = (~known).astype(np.float64) @ used.T.astype(np.float64) > 0  # (faces, landmarks)
    targets: FloatArray = np.einsum("lc,fcd->fld", np.nan_to_num(matrix), np.nan_to_num(points))
    targets[missing | ~covered] = np.nan
    return targets
