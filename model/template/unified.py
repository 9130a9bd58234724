"""The unified template T_U and the FPALPs that follow from it (paper, section 3 and Eq. 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...querylang.registry import Registry
from ..data.packs import AnnotatedFaces
from .clusters import LARGEST_SHARE, Cluster, find_clusters
from .dense_curves import EYE_CORNERS
from .mean_shapes import MeanShape, align_shapes, make_mean_shapes

FloatArray = npt.NDArray[np.float64]

CLOSING_STEPS = 1.5
"""A layout goes all the way round a closed part if its last landmark is at most so many of its widest steps from its
first."""

PAPER_DISTANCES = {
    "face contour": 3.82,
    "left eyebrow": 2.11,
    "right eyebrow": 2.24,
    "nose bridge": 2.30,
    "nose boundary": 1.51,
    "left eye": 1.59,
    "right eye": 1.52,
    "outer lip": 1.82,
    "inner lip": 3.27,
    "left pupil": 2.12,
    "right pupil": 2.07,
}
"""Table 7: mean intra-cluster distance of AFLW19, 300W and WFLW, pixels of a template of unknown size."""


@dataclass(frozen=True, slots=True)
class PlacedLandmark:
    """A landmark of T_U with its FPALPs.

    Attributes:
        layout: number of its layout among `UnifiedTemplate.shapes`.
        column: in that layout.
        part: its part.
        fpalp: by Eq. 8.
        registry_fpalp: the registry's.
        seen_fpalp: where the mean shape has it on the curve of the layout with the most landmarks on the part.
    """

    layout: int
    column: int
    part: str
    fpalp: float
    registry_fpalp: float
    seen_fpalp: float


@dataclass(frozen=True)
class UnifiedTemplate:
    """T_U: the aligned mean shapes of all layouts, their clusters, and every landmark's FPALP.

    Attributes:
        shapes: the layouts, in one frame of `mean_shapes.TEMPLATE_PX` pixels.
        clusters: landmarks of different layouts that mark the same spot.
        placed: the landmarks' FPALPs.
        registry: the parts.
    """

    shapes: tuple[MeanShape, ...]
    clusters: tuple[Cluster, ...]
    placed: tuple[PlacedLandmark, ...]
    registry: Registry

    @property
    def inter_ocular_px(self) -> float:
        """The distance between the outer eye corners, pixels of the template."""
        corners = [
            np.mean([s.points[i] for s in self.shapes for i, q in enumerate(s.landmarks)
                     if q.part == part and self.registry.canonical_place(q).fpalp == fpalp], axis=0)
            for part, fpalp in EYE_CORNERS
        ]  # fmt: skip
        return float(np.linalg.norm(corners[1] - corners[0]))

    def intra_cluster_distances(self) -> dict[str, tuple[float, int]]:
        """Return Table 7: each part's mean distance inside clusters of two and more, pixels, and how many there are."""
        found: dict[str, list[float]] = {}
        for cluster in self.clusters:
            if len(cluster.members) > 1:
                found.setdefault(cluster.part, []).append(cluster.distance)
        return {part: (float(np.mean(found[part])), len(found[part])) for part in self.registry.parts if part in found}

    def difference(self, landmark: PlacedLandmark, other: float) -> float:
        """Return Eq. 8's FPALP less another; the shorter way round on a closed part."""
        apart = landmark.fpalp - other
        return (apart + 0.5) % 1 - 0.5 if self.registry.parts[landmark.part].is_closed else apart


def build_template(sets: Sequence[AnnotatedFaces], registry: Registry) -> UnifiedTemplate:
    """Build T_U from sets of faces in any layouts.

    Which landmarks lie on a part, and in what order, is given (the registry's); where along it is computed.

    Raises:
        ConfigError: a set is empty, or a layout shares too few landmarks with the others to be laid over them.
    """
    shapes = align_shapes(make_mean_shapes(sets, registry), registry)
    clusters = find_clusters(shapes, registry)
    placed = []
    for part in registry.parts:
        placed += place_part(part, shapes, [cluster for cluster in clusters if cluster.part == part], registry)
    return UnifiedTemplate(tuple(shapes), tuple(clusters), tuple(placed), registry)


def place_part(
    part: str, shapes: Sequence[MeanShape], clusters: Sequence[Cluster], registry: Registry
) -> list[PlacedLandmark]:
    """Return the FPALPs of a part's landmarks by Eq. 8.

    The layout with the most landmarks on the part sets the count: its landmarks take whole positions, after as many
    as other layouts have before its start; N_p counts those before, its own, those after, and on a closed part a copy
    of the first. Another layout's start is found in T_U (the position of its cluster, or the place between two), and
    so is its end; its landmarks are evenly spaced from there by their index (Eq. 8).
    """
    is_closed = registry.parts[part].is_closed
    columns = [shape.columns_on(part, is_closed) for shape in shapes]
    if not any(columns):
        return []
    reference = max(range(len(shapes)), key=lambda number: len(columns[number]))
    track = _Track.lay(shapes[reference].points[columns[reference]], is_closed)
    position: dict[tuple[int, int], float] = {(reference, c): float(i) for i, c in enumerate(columns[reference])}
    before: list[tuple[float, Cluster]] = []
    after: list[tuple[float, Cluster]] = []
    for cluster in clusters:
        ranks = [position[member] for member in cluster.members if member in position]
        at = ranks[0] if ranks else track.locate(cluster.center)
        if at < 0:
            before.append((at, cluster))
        elif at > track.last and not is_closed:
            after.append((at, cluster))
        position.update(dict.fromkeys(cluster.members, at))
    for rank, (_, cluster) in enumerate(sorted(before, key=lambda pair: pair[0])):
        position.update(dict.fromkeys(cluster.members, float(rank - len(before))))
    for rank, (_, cluster) in enumerate(sorted(after, key=lambda pair: pair[0])):
        position.update(dict.fromkeys(cluster.members, track.last + 1.0 + rank))
    steps = len(before) + track.steps + len(after)  # N_p - 1
    placed = []
    for number, own in enumerate(columns):
        if not own:
            continue
        points = shapes[number].points[own]
        start, end = position[number, own[0]], position[number, own[-1]]
        if is_closed and goes_round(points):
            step = steps / len(own)
        else:
            step = ((end - start) % steps if is_closed else end - start) / max(len(own) - 1, 1)
        for index, column in enumerate(own):
            fpalp = (len(before) + start + index * step) / max(steps, 1)
            registered = float(registry.canonical_place(shapes[number].landmarks[column]).fpalp)
            seen = (len(before) + track.locate(shapes[number].points[column])) / max(steps, 1)
            placed.append(PlacedLandmark(number, column, part, fpalp % 1 if is_closed else fpalp, registered, seen))
    return placed


def goes_round(points: FloatArray) -> bool:
    """Whether landmarks (landmarks, 2) of a closed part go all the way round it."""
    if len(points) < 2:
        return False
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return bool(np.linalg.norm(points[0] - points[-1]) <= CLOSING_STEPS * steps.max())


@dataclass(frozen=True)
class _Track:
    """The polyline through the reference layout's landmarks of a part; positions count them from 0.

    Attributes:
        points: (landmarks, 2), the first again at the end where the track goes round.
        steps: N_p - 1 of these landmarks alone.
        last: the position of the last landmark that is not the copy.
    """

    points: FloatArray
    steps: int
    last: float
    is_closed: bool

    @classmethod
    def lay(cls, points: FloatArray, is_closed: bool) -> _Track:
        last = float(len(points) - 1)
        if is_closed:
            points = np.concatenate([points, points[:1]])
        return cls(points, len(points) - 1, last, is_closed)

    def locate(self, point: FloatArray) -> float:
        """Return the position nearest to a point; below 0 or above `last` where it lies well beyond an open end."""
        if len(self.points) < 2:
            return 0.0
        starts, lines = self.points[:-1], np.diff(self.points, axis=0)
        share = ((point - starts) * lines).sum(axis=1) / (lines**2).sum(axis=1)
        inside = np.clip(share, 0, 1)
        distances = np.linalg.norm(starts + inside[:, None] * lines - point, axis=1)
        nearest = int(distances.argmin())
        # How far it is from there, in steps.
        aside = float(distances[nearest] / np.linalg.norm(lines[nearest]))
        if not self.is_closed and aside > LARGEST_SHARE:
            if nearest == 0 and share[0] < 0:
                return -aside
            if nearest == len(lines) - 1 and share[-1] > 1:
                return self.last + aside
        return float(nearest + inside[nearest])
