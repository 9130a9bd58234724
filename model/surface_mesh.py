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
