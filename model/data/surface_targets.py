"""Where a surface's places lie on a face: the mesh, its edges brought onto the curves that people placed."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..surface_mesh import VERTICES, FloatArray, SurfaceMesh, load_surface_mesh
from .curves import AnnotatedCurve, AnnotationScheme, apply_targets, target_matrix

REACH = 0.06
"""How far along its curve, as FPALP, a vertex may lie from its usual place: people's points slide along the jaw."""

LARGEST_MISS = 0.06
"""Faces are left out whose mesh misses the eyes' and lips' curves by more on average, in units of the distance between
the outer eye corners: its fitting went astray."""

FINE_PARTS = ("left eye", "right eye", "outer lip", "inner lip")
EYE_CORNERS = (33, 263)

RANDOM_SURFACE_WEIGHT = {"left cheek": 2.0, "right cheek": 2.0, "forehead": 2.0, "nose base": 0.5}
"""Large surfaces are asked more often."""

VERTEX_SHARE = 0.4
"""Of the places drawn, those that are vertices of the mesh: a third of them lie on the edges."""


class SurfaceTargets:
    """Turns meshes of faces in one annotation scheme into targets.

    Args:
        scheme: of the faces' points, which tell the curves.
        mesh: the mesh and its surfaces.
    """

    def __init__(self, scheme: AnnotationScheme, mesh: SurfaceMesh | None = None) -> None:
        self.mesh = mesh = load_surface_mesh() if mesh is None else mesh
        curves = {part: scheme.curve_of(part) for part in {place.part for place in mesh.curve_places.values()}}
        self.held = [
            vertex
            for vertex, place in mesh.curve_places.items()
            if (curve := curves[place.part]) is not None and curve.is_dense and curve.covers(float(place.fpalp))
        ]
        self.is_fine = np.array([mesh.curve_places[vertex].part in FINE_PARTS for vertex in self.held], dtype=bool)
        parts, places = mesh.tried_places(self.held, np.full(len(self.held), REACH))
        fpalps = [keep_on(curves[part], place) for part, place in zip(parts, places.tolist(), strict=True)]
        self._matrix = target_matrix(scheme, parts, fpalps)

    @cached_property
    def _spread(self) -> FloatArray:
        return self.mesh.spread_matrix(self.held)

    def correct(self, meshes: npt.NDArray[np.floating], points: FloatArray) -> FloatArray:
        """Return meshes (faces, VERTICES, 2) whose edges lie on the faces' curves; NaN for meshes that went astray.

        A vertex on a curve moves to the nearest place of the curve about its usual one, and its neighbours go along.

        Args:
            meshes: (faces, VERTICES or more, 2), pixels.
            points: (faces, columns, 2) of the scheme, pixels.
        """
        own = meshes[:, :VERTICES].astype(np.float64)
        if not self.held:
            return np.full_like(own, np.nan)
        corrected, moves = self.mesh.snap(own, apply_targets(self._matrix, points), self.held, self._spread)
        size = np.linalg.norm(own[:, EYE_CORNERS[1]] - own[:, EYE_CORNERS[0]], axis=-1)
        fine = np.where(self.is_fine, np.linalg.norm(moves, axis=-1), np.nan)
        with np.errstate(invalid="ignore"):
            miss = np.array([np.nanmean(row) if np.isfinite(row).any() else np.inf for row in fine]) / size
        corrected[~(miss < LARGEST_MISS)] = np.nan
        return corrected


def draw_places(mesh: SurfaceMesh, count: int, rng: np.random.Generator) -> tuple[tuple[str, ...], FloatArray]:
    """Draw places to ask: surfaces (count,) and (u, v) (count, 2), at random or at vertices of the mesh."""
    names = list(mesh.surfaces)
    share = np.array([RANDOM_SURFACE_WEIGHT.get(name, 1.0) for name in names])
    chosen = [names[i] for i in rng.choice(len(names), size=count, p=share / share.sum())]
    uv = rng.uniform(size=(count, 2))
    for row in np.flatnonzero(rng.random(count) < VERTEX_SHARE):
        places = mesh.surfaces[chosen[row]].uv
        uv[row] = places[rng.integers(len(places))]
    return tuple(chosen), uv


def keep_on(curve: AnnotatedCurve | None, fpalp: float) -> float:
    """Return an FPALP brought onto a curve."""
    assert curve is not None
    low, high = curve.reach
    return fpalp % 1.0 if curve.is_periodic else min(max(fpalp, low), high)
