"""A pack whose faces have MediaPipe's mesh, and points that agree with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from faceql.model.surface_mesh import VERTICES, load_surface_mesh
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_registry

from .made_datasets import draw_dots

PUPILS = np.array([(-0.5, 0.0), (0.5, 0.0)])


def mesh_points(layout: str, vertices: np.ndarray) -> np.ndarray:
    """Return a layout's points (landmarks, 2) of a mesh (VERTICES, 2); those on no edge lie between the eyes."""
    mesh = load_surface_mesh()
    return np.array(
        [curve_point(query, vertices, mesh.curve_places) for query in load_registry().layouts[layout].landmarks]
    )


def curve_point(query: LandmarkQuery, vertices: np.ndarray, places: dict[int, LandmarkQuery]) -> np.ndarray:
    on_part = sorted((float(place.fpalp), vertex) for vertex, place in places.items() if place.part == query.part)
    if not on_part:
        return vertices[168] + (0, 0.05 * float(query.fpalp))
    at, rows = np.array([f for f, _ in on_part]), [vertex for _, vertex in on_part]
    period = 1.0 if load_registry().parts[query.part].is_closed else None
    return np.array([np.interp(float(query.fpalp), at, vertices[rows, axis], period=period) for axis in (0, 1)])


def write_meshed_human68(root: Path, count: int = 8) -> Path:
    """Write faces of the mean shape in varied places and sizes, the last three for validation."""
    shape = load_surface_mesh().shape
    rng = np.random.default_rng(4)
    meshes, points = [], []
    for row in range(count):
        size, middle = rng.uniform(26, 32), rng.uniform(46, 50, size=2)
        bent = shape * (1 + 0.02 * rng.normal(size=(1, 2))) + 0.01 * rng.normal(size=2)
        vertices = bent * size + middle
        meshes.append(np.concatenate([vertices, np.repeat(PUPILS * size + middle, 5, axis=0)]))
        points.append(mesh_points("300w", vertices))
        draw_dots(points[-1], root / "images" / f"{row:05d}.jpg")
    assert meshes[0].shape == (VERTICES + 10, 2)
    np.savez(
        root / "labels.npz",
        names=np.array([f"made/{row}" for row in range(count)]),
        points=np.array(points, dtype=np.float32),
        mesh478=np.array(meshes, dtype=np.float16),
        is_val=np.arange(count) >= count - 3,
    )
    return root
