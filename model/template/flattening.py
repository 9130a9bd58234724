"""Each surface of the face flattened into the unit square, its sides along the square's.

In: the mesh's triangles (`grammar/mesh.json`), the surfaces' sides (`grammar/surfaces.toml`) and faces with the mesh;
out: the mean face, the mesh's places on curves, and the (u, v) of every surface's vertices
(`grammar/surface_places.json`).

The flattening is Tutte's: the vertices of the sides lie on the square by their distances along the side, every other
one is the mean of its neighbours, nearer ones counting more. Nothing folds over then (Floater 1997).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from ...querylang.registry import Registry
from ...querylang.surfaces import load_surfaces, read_surface_tables
from ..data.curves import AnnotationScheme, apply_targets, target_matrix
from ..surface_mesh import MESH_FILE, VERTICES, FloatArray, IntArray
from .known_vertices import MESH_PLACES, MESH_RINGS

LEFT_PUPIL, RIGHT_PUPIL, NOSE_TIP, LEFT_EAR, RIGHT_EAR = 468, 473, 4, 234, 454
MOST_YAW = 0.04
"""How far off the middle between the ears a frontal face's nose tip lies, as a share of their distance."""
DIGITS = 4
CONTOUR_RING = (127, 34, 227, 137, 177, 215, 138, 135, 150, 149, 176, 148, 152)
"""The edge of the cheeks and the chin as pictures show it, left half: the mesh's own outline lies behind the cheeks."""
NOSE_RING = (129, 98, 97, 2)
CORNERS = (33, 133, 362, 263, 61, 291, 78, 308, 129, 358)
"""Vertices that are where a curve's ends and corners are: of the eyes, the lips and the nostril wings."""
SAMPLES = 400


@dataclass(frozen=True)
class Sides:
    """A surface's sides as vertices: top and bottom from left to right, right and left from top to bottom."""

    top: tuple[int, ...]
    right: tuple[int, ...]
    bottom: tuple[int, ...]
    left: tuple[int, ...]

    @property
    def loop(self) -> tuple[int, ...]:
        """Once round, from the upper left, clockwise in the picture."""
        return (*self.top, *self.right[1:], *self.bottom[::-1][1:], *self.left[::-1][1:-1])

    def mirrored(self, mirror: IntArray) -> Sides:
        def swap(side: Sequence[int]) -> tuple[int, ...]:
            return tuple(int(mirror[vertex]) for vertex in side)

        return Sides(swap(self.top[::-1]), swap(self.left), swap(self.bottom[::-1]), swap(self.right))


def read_sides(mirror: IntArray) -> dict[str, Sides]:
    """Return every surface's sides, the mirrored ones with them."""
    sides: dict[str, Sides] = {}
    for table in read_surface_tables():
        top, bottom, left = (tuple(table[side]) for side in ("top", "bottom", "left"))
        if "mirror" in table:
            sides[table["name"]] = Sides(top, tuple(table["right"]), bottom, left)
            sides[table["mirror"]] = sides[table["name"]].mirrored(mirror)
        else:
            far = [tuple(int(mirror[vertex]) for vertex in side) for side in (top[-2::-1], bottom[-2::-1], left)]
            sides[table["name"]] = Sides(top + far[0], far[2], bottom + far[1], left)
    return sides


def edges_of(triangle: Sequence[int]) -> list[tuple[int, int]]:
    a, b, c = sorted(int(vertex) for vertex in triangle)
    return [(a, b), (b, c), (a, c)]


def find_triangles(triangles: IntArray, sides: Mapping[str, Sides]) -> dict[str, IntArray]:
    """Return the triangles that each surface's sides enclose, (count, 3).

    Raises:
        ConfigError: the sides of a surface do not enclose one piece of the mesh, or two surfaces overlap.
    """
    loops = {name: {tuple(sorted(edge)) for edge in pairwise((*one.loop, one.loop[0]))} for name, one in sides.items()}
    walls = set().union(*loops.values())
    neighbors: dict[tuple[int, int], list[int]] = {}
    for row, triangle in enumerate(triangles):
        for edge in edges_of(triangle):
            neighbors.setdefault(edge, []).append(row)
    found: dict[str, IntArray] = {}
    left = set(range(len(triangles)))
    while left:
        piece = grow_piece(min(left), triangles, neighbors, walls)
        left -= piece
        rim = Counter(edge for row in piece for edge in edges_of(triangles[row]))
        border = {edge for edge, times in rim.items() if times == 1}
        for name in (name for name, loop in loops.items() if loop == border):
            found[name] = triangles[sorted(piece)]
    if lacking := [name for name in sides if name not in found]:
        raise ConfigError(f"the sides of {', '.join(lacking)} enclose no piece of the mesh of their own")
    return {name: found[name] for name in sides}


def grow_piece(
    start: int, triangles: IntArray, neighbors: Mapping[tuple[int, int], Sequence[int]], walls: Iterable[object]
) -> set[int]:
    """Return the rows of the triangles that one can walk to from one of them without crossing a side."""
    piece, waiting = {start}, [start]
    closed = set(walls)
    while waiting:
        for edge in edges_of(triangles[waiting.pop()]):
            fresh = () if edge in closed else [row for row in neighbors[edge] if row not in piece]
            piece.update(fresh)
            waiting.extend(fresh)
    return piece


def flatten(sides: Sides, triangles: IntArray, shape: FloatArray) -> dict[int, tuple[float, float]]:
    """Return the (u, v) of a surface's vertices."""
    fixed: dict[int, tuple[float, float]] = {}
    for side, place in (
        (sides.top, lambda t: (t, 0.0)),
        (sides.bottom, lambda t: (t, 1.0)),
        (sides.left, lambda t: (0.0, t)),
        (sides.right, lambda t: (1.0, t)),
    ):
        steps = np.linalg.norm(np.diff(shape[list(side)], axis=0), axis=1)
        shares = np.concatenate([[0], np.cumsum(steps) / steps.sum()])
        fixed |= {vertex: place(float(share)) for vertex, share in zip(side, shares, strict=True)}
    inner = sorted({int(vertex) for vertex in triangles.ravel()} - set(fixed))
    row = {vertex: i for i, vertex in enumerate(inner)}
    system, wanted = np.zeros((len(inner), len(inner))), np.zeros((len(inner), 2))
    for a, b in {edge for triangle in triangles for edge in edges_of(triangle)}:
        weight = 1 / float(np.linalg.norm(shape[a] - shape[b]))
        for own, other in ((a, b), (b, a)):
            if own not in row:
                continue
            system[row[own], row[own]] += weight
            if other in row:
                system[row[own], row[other]] -= weight
            else:
                wanted[row[own]] += weight * np.array(fixed[other])
    solved = np.linalg.solve(system, wanted) if inner else np.zeros((0, 2))
    return fixed | {vertex: (float(u), float(v)) for vertex, (u, v) in zip(inner, solved, strict=True)}


def make_symmetric(places: dict[int, tuple[float, float]], mirror: IntArray) -> dict[int, tuple[float, float]]:
    """Round the places of a surface in the middle so that u of a vertex and of its mirror image sum to 1 exactly."""
    rounded: dict[int, tuple[float, float]] = {}
    for vertex, (u, v) in places.items():
        twin = int(mirror[vertex])
        if twin == vertex:
            rounded[vertex] = (0.5, round(v, DIGITS))
        elif twin not in rounded:
            other = places[twin]
            mean = round((u + 1 - other[0]) / 2, DIGITS), round((v + other[1]) / 2, DIGITS)
            rounded[vertex], rounded[twin] = mean, (round(1 - mean[0], DIGITS), mean[1])
    return rounded


def put_upright(meshes: npt.NDArray[np.floating]) -> FloatArray:
    """Return meshes (faces, 478, 2) with the pupils on a level line, 1 apart, (0, 0) midway between them."""
    across = meshes[:, RIGHT_PUPIL] - meshes[:, LEFT_PUPIL]
    length = np.linalg.norm(across, axis=1)[:, None]
    right = across / length
    axes = np.stack([right, np.stack([-right[:, 1], right[:, 0]], axis=-1)], axis=1)
    middle = (meshes[:, RIGHT_PUPIL] + meshes[:, LEFT_PUPIL]) / 2
    upright: FloatArray = np.einsum("fij,fkj->fki", axes, meshes - middle[:, None]) / length[:, None]
    return upright


def find_frontal(upright: FloatArray) -> npt.NDArray[np.bool_]:
    """Return (faces,): which meshes look straight ahead."""
    ears = upright[:, [LEFT_EAR, RIGHT_EAR], 0]
    off = (upright[:, NOSE_TIP, 0] - ears.mean(axis=1)) / (ears[:, 1] - ears[:, 0])
    frontal: npt.NDArray[np.bool_] = np.abs(off) < MOST_YAW
    return frontal


def mean_shape(upright: FloatArray, mirror: IntArray) -> FloatArray:
    """Return (VERTICES, 2): the median of meshes and their mirror images, the middle of the face at x = 0."""
    shape = np.median(upright, axis=0)[:VERTICES]
    shape[:, 0] -= shape[mirror == np.arange(VERTICES), 0].mean()
    symmetric: FloatArray = (shape + shape[mirror] * (-1, 1)) / 2
    return symmetric.round(DIGITS) + 0.0


def place_on_curves(
    meshes: npt.NDArray[np.floating], points: FloatArray, scheme: AnnotationScheme, mirror: IntArray, registry: Registry
) -> dict[int, tuple[str, Fraction]]:
    """Return where on a curve the vertices of the published rings lie.

    A vertex lies at the median over the faces of the FPALP nearest to it, and its mirror image at the mirrored one; the
    corners lie exactly there.

    Args:
        meshes: (faces, 478, 2) and points: (faces, columns, 2), pixels.
        scheme: of the points, with every curve dense.
        mirror: of the mesh.
        registry: the parts.
    """
    rings: dict[str, set[int]] = {part: set(ring) for part, ring in MESH_RINGS.items() if len(ring) > 1}
    del rings["nose bridge"]
    rings["face contour"].update(CONTOUR_RING)
    rings["nose boundary"] = set(NOSE_RING)
    found: dict[int, tuple[str, float]] = {}
    for part, ring in rings.items():
        is_closed = registry.parts[part].is_closed
        at = np.arange(SAMPLES) / SAMPLES if is_closed else np.linspace(0, 1, SAMPLES)
        curve = apply_targets(target_matrix(scheme, [part] * SAMPLES, at.tolist()), points)
        for vertex in sorted(ring | {int(mirror[vertex]) for vertex in ring if registry.parts[part].mirror == part}):
            away = np.linalg.norm(curve - meshes[:, vertex, None], axis=-1)
            turn = at[np.nanargmin(away, axis=1)]
            center = turn[0] if not is_closed else float(np.angle(np.exp(2j * np.pi * turn).mean()) / 2 / np.pi)
            offsets = (turn - center + 0.5) % 1 - 0.5 if is_closed else turn - center
            found[vertex] = (part, center + float(np.median(offsets)))
    return settle_places(found, mirror, registry)


def settle_places(
    found: Mapping[int, tuple[str, float]], mirror: IntArray, registry: Registry
) -> dict[int, tuple[str, Fraction]]:
    """Make measured places mirror each other exactly, and put those that are known by name where they belong."""
    settled: dict[int, tuple[str, Fraction]] = {}
    for vertex, (part, fpalp) in found.items():
        twin = int(mirror[vertex])
        if twin in settled:
            continue
        described = registry.parts[part]
        total = Fraction(described.mirror_sum or 0)
        if vertex in CORNERS:
            own = Fraction(MESH_PLACES[vertex][1])
        else:
            other = float(total) - found[twin][1]
            step = (other - fpalp + 0.5) % 1 - 0.5 if described.is_closed else other - fpalp
            own = Fraction(round((fpalp + step / 2) * 10**DIGITS), 10**DIGITS)
        image = total - own
        settled[vertex] = (part, own % 1 if described.is_closed else min(max(own, Fraction(0)), Fraction(1)))
        settled[twin] = (described.mirror, image % 1 if described.is_closed else total - settled[vertex][1])
    return settled


def flatten_mesh(
    meshes: npt.NDArray[np.floating], points: FloatArray, scheme: AnnotationScheme, registry: Registry
) -> dict[str, Any]:
    """Return what `grammar/surface_places.json` holds.

    Args:
        meshes: (faces, 478, 2) MediaPipe's, pixels.
        points: (faces, columns, 2) the same faces' points on the curves, pixels.
        scheme: what the columns are.
        registry: the parts.
    """
    described = json.loads(MESH_FILE.read_text("utf-8"))
    triangles, mirror = (np.array(described[key], dtype=np.intp) for key in ("triangles", "mirror"))
    upright = put_upright(meshes)
    frontal = find_frontal(upright)
    shape = mean_shape(upright[frontal], mirror)
    curves = place_on_curves(meshes[frontal], points[frontal], scheme, mirror, registry)
    return {
        "source": f"`faceql template flatten` on {int(frontal.sum())} frontal faces of {len(meshes)}",
        "shape": shape.tolist(),
        "curves": {str(vertex): [curves[vertex][0], str(curves[vertex][1])] for vertex in sorted(curves)},
        "surfaces": flatten_surfaces(triangles, mirror, shape),
    }


def flatten_surfaces(triangles: IntArray, mirror: IntArray, shape: FloatArray) -> dict[str, Any]:
    """Return each surface's aspect, triangles and places, as `grammar/surface_places.json` has them."""
    sides = read_sides(mirror)
    owned = find_triangles(triangles, sides)
    mirrors = {table["name"]: table.get("mirror", table["name"]) for table in read_surface_tables()}
    flat: dict[str, Any] = {}
    for name, twin in mirrors.items():
        places = flatten(sides[name], owned[name], shape)
        if twin == name:
            places = make_symmetric(places, mirror)
        places = {vertex: (round(u, DIGITS) + 0.0, round(v, DIGITS) + 0.0) for vertex, (u, v) in places.items()}
        flat[name] = describe(places, owned[name], shape)
        if twin != name:
            image = {int(mirror[vertex]): (round(1 - u, DIGITS), v) for vertex, (u, v) in places.items()}
            flat[twin] = describe(image, mirror[owned[name]], shape)
    return flat


def describe(places: Mapping[int, tuple[float, float]], triangles: IntArray, shape: FloatArray) -> dict[str, Any]:
    """Return one surface's entry; its aspect is that of the mean steps along u and along v."""
    vertices = sorted(places)
    uv = np.array([places[vertex] for vertex in vertices])
    corners = np.array([vertices.index(int(vertex)) for vertex in triangles.ravel()]).reshape(-1, 3)
    jacobians = np.linalg.solve(
        uv[corners[:, 1:]] - uv[corners[:, :1]], shape[triangles[:, 1:]] - shape[triangles[:, :1]]
    )
    steps = np.linalg.norm(jacobians, axis=-1)
    share = np.abs(np.linalg.det(uv[corners[:, 1:]] - uv[corners[:, :1]]))
    width, height = (steps * share[:, None]).sum(axis=0) / share.sum()
    return {
        "aspect": round(float(width / height), 2),
        "triangles": np.sort(triangles, axis=1).tolist(),
        "places": {str(vertex): list(places[vertex]) for vertex in vertices},
    }


def to_text(table: Mapping[str, Any]) -> str:
    """Return the data file's text: JSON, one line for each list of numbers."""
    compact = {
        "source": json.dumps(table["source"]),
        "shape": json.dumps(table["shape"]),
        "curves": json.dumps(table["curves"]),
    }
    surfaces = ",\n    ".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in table["surfaces"].items())
    head = ",\n  ".join(f'"{key}": {text}' for key, text in compact.items())
    return f'{{\n  {head},\n  "surfaces": {{\n    {surfaces}\n  }}\n}}\n'


def to_layout(table: Mapping[str, Any]) -> str:
    """Return the layout of the mesh's vertices (`grammar/layouts/mediapipe.toml`), from `flatten_mesh`'s table.

    A vertex on a curve is a place of the curve, any other one of the first surface that has it.
    """
    places: dict[int, str] = {}
    for vertex, (part, fpalp) in table["curves"].items():
        places[int(vertex)] = f"{part.replace(' ', '_')} @ {fpalp}"
    for name in load_surfaces():
        for vertex, (u, v) in table["surfaces"][name]["places"].items():
            places.setdefault(int(vertex), f"{name.replace(' ', '_')} [{u:g}, {v:g}]")
    lines = [
        "# The 468 vertices of MediaPipe's face mesh, numbered from 0 as there, as places on curves and surfaces.",
        "# Written by `faceql template flatten`.",
        "",
        'title = "MediaPipe"',
        f"size = {VERTICES}",
        "first_id = 0",
        "",
        "places = [",
        *(f'    "{places[vertex]}",' for vertex in range(VERTICES)),
        "]",
    ]
    return "\n".join(lines) + "\n"
