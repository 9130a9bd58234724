"""Surfaces in an answer: the rings that bound them, grids of points, and patches of the mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, NoSuchFaceError, NoSuchPointError
from ..model.surface_mesh import IntArray, border_edges, load_surface_mesh
from ..querylang.parse import parse
from ..querylang.runs import SURFACE_RUNS, Run
from ..querylang.surface_runs import WHOLE, Box, GridRun, SpotRun, walk_round
from ..querylang.surfaces import load_surfaces
from .arguments import check_words, read_index, read_whole, show
from .images import MAX_PIXELS
from .texture_map import map_uv

if TYPE_CHECKING:
    from .answer import Answer

FloatArray = npt.NDArray[np.float64]

BOX_POINTS = 480
"""Along the edge of a portion of a surface."""

SKIN = "skin"
"""All surfaces but those of brows and lips: the whole face without eyes, brows and lips."""


@dataclass(frozen=True, eq=False)
class SurfacePatch:
    """A surface of one face as triangles, to lay a texture on.

    Attributes:
        surface: Its name.
        points: (points, 2) pixels of the photo.
        triangles: (triangles, 3) rows of `points`.
        uv: (points, 2) the 2-D FPALPs: u from the left of the picture to the right, v from top to bottom, 0..1.

    Examples:
        >>> patch = engine.ask(photo, "forehead").mesh("forehead")
        >>> patch.surface, patch.points.shape == patch.uv.shape
        ('forehead', True)
    """

    surface: str
    points: npt.NDArray[np.float32]
    triangles: IntArray
    uv: FloatArray

    def uv_map(self, size: tuple[int, int]) -> npt.NDArray[np.float32]:
        """Return (height, width, 2): the (u, v) at the centre of each pixel of a picture, NaN off the surface.

        What a texture or a gradient over the surface is looked up by.

        Args:
            size: (height, width) of the picture, as `Answer.image_size`.

        Raises:
            ConfigError: It is no such size, or one of more than 89 megapixels.

        Examples:
            >>> where = engine.ask(photo, "forehead").mesh("forehead").uv_map(photo.image_size)
            >>> where.shape, bool(np.isnan(where[0, 0]).all())
            ((512, 512, 2), True)
        """
        try:
            height, width = size
        except (TypeError, ValueError) as error:
            raise ConfigError(f"size is (height, width) in pixels, not {show(size)}") from error
        size = read_whole("the height", height, 1), read_whole("the width", width, 1)
        if size[0] * size[1] > MAX_PIXELS:
            raise ConfigError(f"a map of the size {show(size)} has more than {MAX_PIXELS:,} pixels")
        return map_uv(self.points.astype(np.float64), self.triangles, self.uv, size)


Patch = tuple[str, Box]
"""A surface and the portion of it."""


def find_named(where: str) -> tuple[Patch, ...]:
    """Return the surfaces of a surface's own name, or of "skin"; none for other words."""
    check_words(where)
    known = load_surfaces()
    name = " ".join(where.replace("_", " ").split())
    if name == SKIN:
        return tuple((surface.name, WHOLE) for surface in known.values() if surface.is_skin)
    return ((name, WHOLE),) if name in known else ()


def find_patches(where: str) -> tuple[Patch, ...]:
    """Return the surfaces, or portions of them, that words name; none where they name none.

    Raises:
        ConfigError: It is one place.
        QueryError: The words cannot be understood.
    """
    return find_named(where) or patches_of(parse(where).runs, where)


def patches_of(runs: Sequence[Run], where: str) -> tuple[Patch, ...]:
    """Return the surfaces, or portions of them, of runs that words name.

    Raises:
        ConfigError: One is a place.
    """
    found: list[Patch] = []
    for run in runs:
        if isinstance(run, SpotRun):
            raise ConfigError(f"{where!r} is a place on the {run.surface}: name the surface, or a portion of it")
        if isinstance(run, SURFACE_RUNS):
            found.append((run.surface, run.box))
    return tuple(dict.fromkeys(found))


def pick_face(answer: Answer, face: object) -> int:
    """Return an index into an answer's faces.

    Raises:
        ConfigError: It is no index.
        NoSuchFaceError: The answer has no such face.
    """
    index = read_index(face)
    if not 0 <= index < len(answer.faces):
        raise NoSuchFaceError(f"the answer has {len(answer.faces)} face(s): there is no index {show(index)}")
    return index


def read_vertices(answer: Answer, where: str, face: int) -> FloatArray:
    """Return the mesh (VERTICES, 2) of one face of an answer.

    Raises:
        NoSuchFaceError: The answer has no such face.
        NoSuchPointError: The answer holds no mesh.
    """
    face = pick_face(answer, face)
    if answer.vertices is None:
        raise NoSuchPointError(
            f"the answer holds no surfaces, so nothing of {where!r}: ask for a place on one too ('left_cheek'); an "
            "answer that was read from a file has points alone"
        )
    vertices: FloatArray = answer.vertices[face].astype(np.float64)
    return vertices


def surface_pieces(
    answer: Answer, patches: Sequence[Patch], where: str, face: int
) -> list[tuple[FloatArray, list[FloatArray]]]:
    """Return what surfaces cover together: rings (N, 2), each with the rings that are cut out of it.

    Edges between two whole surfaces bound nothing, so that no seam shows.
    """
    vertices = read_vertices(answer, where, face)
    whole = tuple(name for name, box in patches if box == WHOLE)
    pieces = [
        (vertices[list(ring)], [vertices[list(hole)] for hole in holes])
        for ring, holes in (bound_surfaces(whole) if whole else ())
    ]
    return pieces + [(trace_box(name, box) @ vertices, []) for name, box in patches if box != WHOLE]


@cache
def trace_box(name: str, box: Box) -> FloatArray:
    """Return the edge of a portion of a surface as weights (points, VERTICES) of the mesh's vertices."""
    spots = [walk_round(Fraction(i, BOX_POINTS), box) for i in range(BOX_POINTS)]
    return load_surface_mesh().surfaces[name].weights([(float(u), float(v)) for u, v in spots])


@cache
def bound_surfaces(names: tuple[str, ...]) -> tuple[tuple[tuple[int, ...], tuple[tuple[int, ...], ...]], ...]:
    """Return the rings of vertices that bound surfaces together, each with the rings inside it."""
    mesh = load_surface_mesh()
    triangles = np.concatenate([mesh.surfaces[name].triangles for name in dict.fromkeys(names)])
    rings = sorted(join_edges(border_edges(triangles)), key=lambda ring: -ring_area(mesh.shape[ring]))
    pieces: list[tuple[list[int], list[list[int]]]] = []
    for ring in rings:
        outer = next(
            (piece for piece in pieces if is_inside(mesh.shape[ring].mean(axis=0), mesh.shape[piece[0]])), None
        )
        if outer is None:
            pieces.append((ring, []))
        else:
            outer[1].append(ring)
    return tuple((tuple(ring), tuple(map(tuple, holes))) for ring, holes in pieces)


def ring_area(ring: FloatArray) -> float:
    """Return the area inside a ring (N, 2)."""
    x, y = ring.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def is_inside(point: FloatArray, ring: FloatArray) -> bool:
    """Return whether a point (2,) lies inside a ring (N, 2)."""
    ends = np.roll(ring, -1, axis=0)
    crosses = (ring[:, 1] > point[1]) != (ends[:, 1] > point[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        x = ring[:, 0] + (point[1] - ring[:, 1]) / (ends[:, 1] - ring[:, 1]) * (ends[:, 0] - ring[:, 0])
    return bool((crosses & (x > point[0])).sum() % 2)


def join_edges(edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return closed rings of vertices that edges make."""
    nexts: dict[int, list[int]] = {}
    for a, b in edges:
        nexts.setdefault(a, []).append(b)
        nexts.setdefault(b, []).append(a)
    rings: list[list[int]] = []
    while nexts:
        at = start = min(nexts)
        ring = []
        while True:
            ring.append(at)
            after = nexts[at].pop()
            nexts[after].remove(at)
            for vertex in (at, after):
                if not nexts[vertex]:
                    del nexts[vertex]
            at = after
            if at == start:
                break
        rings.append(ring)
    return rings


def make_patch(answer: Answer, where: str, face: int) -> SurfacePatch:
    """Return a surface of one face as triangles; see `Answer.mesh`."""
    patches = find_patches(where)
    if len(patches) != 1 or patches[0][1] != WHOLE:
        raise ConfigError(f"a mesh is of all of one surface ({', '.join(load_surfaces())}), which {where!r} is not")
    flat = load_surface_mesh().surfaces[patches[0][0]]
    rows = {vertex: row for row, vertex in enumerate(flat.vertices.tolist())}
    triangles = np.array([[rows[vertex] for vertex in corners] for corners in flat.triangles.tolist()], dtype=np.intp)
    points = read_vertices(answer, where, face)[flat.vertices].astype(np.float32)
    return SurfacePatch(patches[0][0], points, triangles, flat.uv.copy())


def read_grid(answer: Answer, where: str, face: int) -> npt.NDArray[np.float32]:
    """Return the points (rows, columns, 2) of a grid that an answer was asked for; see `Answer.grid`."""
    patches = find_patches(where)
    face = pick_face(answer, face)
    for run in answer.query.runs:
        if not isinstance(run, GridRun) or not {(run.surface, run.box), (run.surface, WHOLE)} & set(patches):
            continue
        spots = np.array([(float(u), float(v)) for u, v in run.spots()])
        own = np.flatnonzero((np.array(answer.parts) == run.surface) & (answer.face_index == face))
        asked = np.stack([answer.fpalps[own], answer.vs[own]], axis=1)
        for start in range(len(own) - run.count + 1):
            if np.allclose(asked[start : start + run.count], spots, atol=1e-9, rtol=0):
                return answer.xy[own[start : start + run.count]].reshape(run.rows, run.columns, 2)
    raise NoSuchPointError(f"the answer holds no grid on {where!r}: ask for one ('forehead grid 4 5')")
