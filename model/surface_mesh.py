"""The mesh that surfaces lie on: its triangles, and each surface flattened into the unit square."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..querylang.landmarks import LandmarkQuery
from ..querylang.registry import GRAMMAR

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

VERTICES = 468
MESH_FILE, PLACES_FILE = GRAMMAR / "mesh.json", GRAMMAR / "surface_places.json"

STEPS = 15
"""How many places about its usual one on its curve are tried for a vertex."""

LEAST_AREA = 0.2
"""Of a triangle against its usual area, once it was opened; only what is under half of it is."""

UNFOLDING_ROUNDS, OVERSHOOT = 150, 1.5
HELD_SHARE = 0.1
"""How far a vertex on a curve gives way where another moves by 1."""

BEHIND = ("nose base", "upper lip surface")
"""Surfaces of which the mean face itself shows some turned over: the nostrils from before, and the lip's inner rows.
Their triangles' usual areas are those of the flattened surface."""

STIFFNESS = 0.02
"""How strongly a vertex that no curve holds stays where the mesh puts it, against one edge's pull: what a curve moves
reaches some seven edges far."""


@dataclass(frozen=True)
class FlatSurface:
    """A surface in the unit square.

    Attributes:
        name: its name.
        vertices: (count,) the mesh's vertices on it.
        uv: (count, 2) where they lie.
        triangles: (triangles, 3) of the mesh's vertex numbers.
    """

    name: str
    vertices: IntArray
    uv: FloatArray
    triangles: IntArray

    @cached_property
    def corners(self) -> FloatArray:
        """The triangles in the square, (triangles, 3, 2)."""
        index = {int(vertex): row for row, vertex in enumerate(self.vertices)}
        rows = np.array([[index[int(vertex)] for vertex in triangle] for triangle in self.triangles])
        corners: FloatArray = self.uv[rows]
        return corners

    @cached_property
    def border(self) -> tuple[tuple[int, int], ...]:
        """The pairs of vertices along its edge, in no order."""
        return border_edges(self.triangles)

    def weights(self, uv: npt.ArrayLike) -> FloatArray:
        """Return (places, VERTICES): each vertex's weight in the point at places (places, 2); rows sum to 1.

        The three vertices of the triangle that a place lies in count, by its barycentric coordinates.
        """
        places = np.asarray(uv, dtype=np.float64).reshape(-1, 2)
        begin = self.corners[:, 0]
        first, second = self.corners[:, 1] - begin, self.corners[:, 2] - begin
        area = cross(first, second)
        away = places[:, None] - begin[None]  # (places, triangles, 2)
        along_first, along_second = cross(away, second[None]) / area, cross(first[None], away) / area
        each = np.stack([1 - along_first - along_second, along_first, along_second], axis=-1)
        best = each.min(axis=-1).argmax(axis=1)
        rows = np.arange(len(places))
        share = np.clip(each[rows, best], 0, None)
        matrix: FloatArray = np.zeros((len(places), VERTICES))
        np.put_along_axis(matrix, self.triangles[best], share / share.sum(axis=1, keepdims=True), axis=1)
        return matrix


def distance_to_next(place: LandmarkQuery, places: Sequence[LandmarkQuery]) -> float:
    """Return how far from a place the next one on its curve lies, as FPALP, round the seam too."""
    own = float(place.fpalp)
    apart = [abs(float(other.fpalp) - own) for other in places if other.part == place.part and other != place]
    return min((min(step, 1 - step) for step in apart), default=0.0)


def triangle_areas(points: FloatArray, corners: IntArray) -> FloatArray:
    """Return (triangles,) signed areas of corners (triangles, 3) of points (N, 2)."""
    begin = points[corners[:, 0]]
    return cross(points[corners[:, 1]] - begin, points[corners[:, 2]] - begin) / 2


def open_triangles(points: FloatArray, corners: IntArray, lacking: FloatArray, ease: FloatArray) -> FloatArray:
    """Return how points (N, 2) move so that each of some triangles gains the area that it lacks.

    Args:
        points: (N, 2).
        corners: (triangles, 3) of them.
        lacking: (triangles,) areas.
        ease: (N,) how far each point moves against others.
    """
    at = points[corners]
    opposite = np.roll(at, -1, axis=1) - np.roll(at, -2, axis=1)
    # Of the area, by each corner: half of the opposite side, turned by a right angle.
    gradient = np.stack([opposite[..., 1], -opposite[..., 0]], axis=-1) / 2
    weighted = ease[corners][..., None] * gradient
    strength = lacking / np.maximum((weighted * gradient).sum(axis=(1, 2)), np.finfo(np.float64).tiny)
    moves = np.zeros_like(points)
    np.add.at(moves, corners.ravel(), (strength[:, None, None] * weighted).reshape(-1, 2))
    times = np.bincount(corners.ravel(), minlength=len(points))
    mean: FloatArray = moves / np.maximum(times, 1)[:, None]
    return mean


def border_edges(triangles: IntArray) -> tuple[tuple[int, int], ...]:
    """Return the edges (a, b), a < b, that only one of some triangles (triangles, 3) has."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]), axis=1)
    each, times = np.unique(edges, axis=0, return_counts=True)
    return tuple((int(a), int(b)) for a, b in each[times == 1])


def cross(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the cross products of plane vectors (..., 2)."""
    product: FloatArray = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    return product


@dataclass(frozen=True)
class SurfaceMesh:
    """MediaPipe's face mesh of 468 vertices, and what of it each surface is.

    Attributes:
        triangles: (triangles, 3) vertex numbers; eyes and mouth are holes.
        mirror: (VERTICES,) the vertex that takes each one's place when the picture is mirrored.
        shape: (VERTICES, 2) the mean of upright frontal faces: units of the distance of the pupils, midway between
            which (0, 0) lies; y grows downwards. Mirror-symmetric.
        curve_places: the place on a curve that a vertex lies at, for those that do.
        surfaces: by name.
    """

    triangles: IntArray
    mirror: IntArray
    shape: FloatArray
    curve_places: Mapping[int, LandmarkQuery]
    surfaces: Mapping[str, FlatSurface]

    def weights(self, names: Sequence[str], uv: FloatArray) -> FloatArray:
        """Return (places, VERTICES): each vertex's weight in places (places, 2) of surfaces (places,)."""
        matrix = np.zeros((len(names), VERTICES))
        all_names = np.array(names)
        for name in dict.fromkeys(names):
            rows = np.flatnonzero(all_names == name)
            matrix[rows] = self.surfaces[name].weights(uv[rows])
        return matrix

    def tried_places(self, held: Sequence[int], reach: FloatArray) -> tuple[list[str], FloatArray]:
        """Return the places on curves that `snap` is told: parts (held * STEPS,) and FPALPs, unbounded.

        Args:
            held: vertices with `curve_places`.
            reach: (held,) how far on either side of the usual place, as FPALP.
        """
        at = [self.curve_places[vertex] for vertex in held]
        fpalps = np.array([float(place.fpalp) for place in at])[:, None] + reach[:, None] * np.linspace(-1, 1, STEPS)
        return [place.part for place in at for _ in range(STEPS)], fpalps.ravel()

    def gaps(self, held: Sequence[int]) -> FloatArray:
        """Return (held,): how far the next of these vertices on its curve lies from each, as FPALP."""
        at = [self.curve_places[vertex] for vertex in held]
        return np.array([distance_to_next(place, at) for place in at])

    def snap(
        self, vertices: FloatArray, tried: FloatArray, held: Sequence[int], spread: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Bring vertices onto their curves: each to the nearest of the places tried, its neighbours along with it.

        Args:
            vertices: (faces, VERTICES, 2).
            tried: (faces, held * STEPS, 2) where the places of `tried_places` lie; NaN where unknown.
            held: the vertices.
            spread: of `spread_matrix`.

        Returns:
            The vertices, and how far the held ones moved, (faces, held, 2), NaN where nothing was known.
        """
        away = tried.reshape(len(vertices), len(held), STEPS, 2) - vertices[:, list(held), None]
        nearest = np.nan_to_num((away**2).sum(axis=-1), nan=np.inf).argmin(axis=2)
        moves = np.take_along_axis(away, nearest[..., None, None], axis=2)[:, :, 0]
        snapped: FloatArray = vertices + np.einsum("vh,fhd->fvd", spread, np.nan_to_num(moves))
        return snapped, moves

    def unfold(self, vertices: FloatArray, held: Sequence[int]) -> FloatArray:
        """Return vertices (faces, VERTICES, 2) of which no triangle is turned over, as far as that goes.

        The corners of a triangle that is, or nearly so, move along the gradient of its area until it has LEAST_AREA
        (Müller et al. 2007, Position Based Dynamics, Eq. 9); the held ones give way a tenth as far.
        """
        corners, usual = self._unfolding
        ease = np.ones(VERTICES)
        ease[list(held)] = HELD_SHARE
        made = vertices.copy()
        for face in made:
            least = LEAST_AREA * usual * (np.abs(triangle_areas(face, corners)).sum() / usual.sum())
            for _ in range(UNFOLDING_ROUNDS):
                lacking = least - triangle_areas(face, corners)
                bad = lacking > least / 2
                if not bad.any():
                    break
                face += OVERSHOOT * open_triangles(face, corners[bad], lacking[bad], ease)
        return made

    @cached_property
    def _unfolding(self) -> tuple[IntArray, FloatArray]:
        """The triangles of all surfaces, turned as they are flattened, and their usual areas."""
        corners, usual = [], []
        for name, flat in self.surfaces.items():
            own = cross(flat.corners[:, 1] - flat.corners[:, 0], flat.corners[:, 2] - flat.corners[:, 0])
            turned = np.where((own < 0)[:, None], flat.triangles[:, [0, 2, 1]], flat.triangles)
            areas = np.abs(triangle_areas(self.shape, turned))
            corners.append(turned)
            usual.append(np.abs(own) / np.abs(own).sum() * areas.sum() if name in BEHIND else areas)
        return np.concatenate(corners), np.concatenate(usual)

    def spread_matrix(self, held: Sequence[int]) -> FloatArray:
        """Return (VERTICES, held): how far each vertex goes along when these are moved to their curves.

        The held ones move as they are told; the others follow their neighbours, less the further they are.
        """
        pull = np.zeros((VERTICES, VERTICES))
        for shift in (1, 2):
            pull[self.triangles.ravel(), np.roll(self.triangles, shift, axis=1).ravel()] = 1
        system = np.diag(pull.sum(axis=1) + STIFFNESS) - pull
        free = np.setdiff1d(np.arange(VERTICES), held)
        matrix = np.zeros((VERTICES, len(held)))
        matrix[list(held), np.arange(len(held))] = 1
        matrix[free] = np.linalg.solve(system[free][:, free], pull[free][:, list(held)])
        return matrix


@cache
def load_surface_mesh() -> SurfaceMesh:
    """Read the mesh and its flattened surfaces, once per process."""
    mesh, places = (json.loads(path.read_text("utf-8")) for path in (MESH_FILE, PLACES_FILE))
    triangles = np.array(mesh["triangles"], dtype=np.intp)
    curve_places = {
        int(vertex): LandmarkQuery(part, Fraction(fpalp)) for vertex, (part, fpalp) in places["curves"].items()
    }
    return SurfaceMesh(
        triangles,
        np.array(mesh["mirror"], dtype=np.intp),
        np.array(places["shape"], dtype=np.float64),
        MappingProxyType(curve_places),
        MappingProxyType({name: read_flat_surface(name, table) for name, table in places["surfaces"].items()}),
    )


def read_flat_surface(name: str, table: dict[str, Any]) -> FlatSurface:
    """Return a surface of the data file."""
    vertices = np.array([int(vertex) for vertex in table["places"]], dtype=np.intp)
    uv = np.array(list(table["places"].values()), dtype=np.float64)
    return FlatSurface(name, vertices, uv, np.array(table["triangles"], dtype=np.intp))
