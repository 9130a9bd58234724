"""Clusters of the unified template: landmarks of different layouts that mark the same spot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ...querylang.registry import Registry
from .mean_shapes import MeanShape

FloatArray = npt.NDArray[np.float64]

Member = tuple[int, int]
"""A landmark of T_U: the number of its layout, and its column there."""

LARGEST_SHARE = 0.5
"""How far landmarks of a cluster may be apart, as a share of the step between neighbours of the sparser layout."""

LARGEST_END_SHARE = 0.75
"""The same between the ends of an open part in two layouts, as a share of the denser layout's step."""


@dataclass(frozen=True)
class Cluster:
    """Landmarks near each other on one part, at most one a layout.

    Attributes:
        part: the part.
        members: its landmarks.
        points: (members, 2) pixels of the template.
    """

    part: str
    members: tuple[Member, ...]
    points: FloatArray

    @property
    def center(self) -> FloatArray:
        middle: FloatArray = self.points.mean(axis=0)
        return middle

    @property
    def distance(self) -> float:
        """Mean distance between two members, pixels of the template."""
        apart = [float(np.linalg.norm(a - b)) for a, b in combinations(self.points, 2)]
        return float(np.mean(apart)) if apart else 0.0


def find_clusters(shapes: Sequence[MeanShape], registry: Registry) -> list[Cluster]:
    """Return the clusters of aligned shapes, part by part; landmarks with no company are clusters of one.

    The closest pairs are joined first, while every two members of a cluster are of different layouts and nearer than
    LARGEST_SHARE of the step between neighbours, which keeps a landmark from joining what lies next along the curve.
    Before them, where an open part begins in one layout is joined with where it begins in another, and likewise the
    ends, if they are not about a step of the denser layout apart.
    """
    clusters = []
    for part in dict.fromkeys(landmark.part for shape in shapes for landmark in shape.landmarks):
        is_closed = registry.parts[part].is_closed
        grouping = _Grouping(part, [shape.columns_on(part, is_closed) for shape in shapes], shapes)
        if not is_closed:
            grouping.join_ends()
        grouping.join_close()
        clusters += grouping.clusters()
    return clusters


class _Grouping:
    """The landmarks of one part, being joined."""

    def __init__(self, part: str, columns: Sequence[Sequence[int]], shapes: Sequence[MeanShape]) -> None:
        self.part = part
        self.tracks = [[(number, column) for column in own] for number, own in enumerate(columns)]
        self.points = {member: shapes[member[0]].points[member[1]] for track in self.tracks for member in track}
        self.steps = {member: self.step_at(member, track) for track in self.tracks for member in track}
        self.groups = {member: [member] for member in self.points}

    def apart(self, a: Member, b: Member) -> float:
        return float(np.linalg.norm(self.points[a] - self.points[b]))

    def step_at(self, member: Member, track: Sequence[Member]) -> float:
        """Return the distance to the nearest landmark of the same layout; infinite for a lone one."""
        return min((self.apart(member, other) for other in track if other != member), default=np.inf)

    def join_ends(self) -> None:
        tracks = [track for track in self.tracks if len(track) > 1]
        for one, other in combinations(tracks, 2):
            for end in (0, -1):
                few, many = sorted((self.steps[one[end]], self.steps[other[end]]), reverse=True)
                if self.apart(one[end], other[end]) < min(LARGEST_SHARE * few, LARGEST_END_SHARE * many):
                    self.join(one[end], other[end])

    def join_close(self) -> None:
        for first, second in sorted(combinations(self.points, 2), key=lambda pair: self.apart(*pair)):
            joined = self.groups[first] + self.groups[second]
            if self.groups[first] is not self.groups[second] and all(
                self.apart(a, b) < LARGEST_SHARE * min(self.steps[a], self.steps[b]) for a, b in combinations(joined, 2)
            ):
                self.join(first, second)

    def join(self, first: Member, second: Member) -> None:
        """Make one group of two landmarks' groups, unless a layout would be in it twice."""
        joined = self.groups[first] + self.groups[second]
        if len({number for number, _ in joined}) == len(joined):
            for member in joined:
                self.groups[member] = joined

    def clusters(self) -> list[Cluster]:
        unique = {id(group): group for group in self.groups.values()}.values()
        return [Cluster(self.part, tuple(group), np.stack([self.points[m] for m in group])) for group in unique]
