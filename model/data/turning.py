"""Turning a face in its picture to the side, with its points: profiles, of which annotated photos have few.

After the face profiling of Zhu et al. 2016 (Face Alignment Across Large Poses): a mesh with depth is turned about the
head's own axis and drawn with the picture on it. Here the depth is that of MediaPipe's mesh, the head behind the face
is two rings that grow into it, and the picture's surroundings stretch to meet them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.spatial import Delaunay

from ..crops import ByteArray
from .curves import FloatArray
from .warping import warp_surface

# MediaPipe mesh vertices: the face's outline in order, what of it is by the ears, its top and the chin.
OUTLINE = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
LEFT_EAR, RIGHT_EAR, TOP, CHIN = 234, 454, 10, 152

CONTOUR_POINTS = 17
"""Of 300W's points, the first."""

HEAD_RINGS = ((1.08, 1.1, 0.12), (1.2, 1.24, 0.5))
"""Each ring's width and height over the outline's, and how far behind it lies, in widths of the face."""

WRAP_DEPTH = 0.25
"""How far behind the ears, in widths of the face, the axis of the cylinder runs that the mesh is unwrapped on."""

BORDER_PX = 60.0
"""How far beyond the picture's border its surroundings stay as they are."""

NOSE_WIDTH = 0.1
"""Of the face's width on either side of its middle: what there stands out does not count for the cheek's edge."""

MESH_END = 0.97
"""Of the height between the ears and the mesh's top or chin: so far its edge can be told."""


@dataclass(frozen=True)
class Head:
    """Where a head is in its picture.

    Attributes:
        center: (3,) between the ears, pixels and depth.
        axes: (3, 3) rows: towards the right of the picture, downwards, and away from the viewer, for an upright head
            that looks into the camera.
        width: of the face, pixels.
    """

    center: FloatArray
    axes: FloatArray
    width: float

    @classmethod
    def of_mesh(cls, mesh: FloatArray) -> Head:
        """Measure a mesh (468, 3)."""
        across, down = mesh[RIGHT_EAR] - mesh[LEFT_EAR], mesh[CHIN] - mesh[TOP]
        right = across / np.linalg.norm(across)
        down = down - down @ right * right
        down = down / np.linalg.norm(down)
        center = (mesh[RIGHT_EAR] + mesh[LEFT_EAR]) / 2
        return cls(center, np.stack([right, down, np.cross(right, down)]), float(np.linalg.norm(across)))

    @property
    def yaw(self) -> float:
        """How far the head is turned, radians; positive where it looks to the right of the picture."""
        return float(np.arctan2(self.axes[0, 2], self.axes[0, 0]))

    def to_head(self, points: FloatArray) -> FloatArray:
        """Map (..., 3) from the picture's to the head's axes."""
        return (points - self.center) @ self.axes.T

    def to_picture(self, points: FloatArray) -> FloatArray:
        """Map (..., 3) from the head's to the picture's axes."""
        mapped: FloatArray = points @ self.axes + self.center
        return mapped


def triangulate(meshes: FloatArray) -> npt.NDArray[np.intp]:
    """Return triangles (triangles, 3) over the vertices of meshes (faces, 468, 3), by their mean on a cylinder."""
    upright = []
    for mesh in meshes:
        head = Head.of_mesh(mesh)
        upright.append(head.to_head(mesh) / head.width)
    x, y, depth = np.mean(upright, axis=0).T
    # Seen from the front, the cheeks by the ears have no width.
    around = np.arctan2(x, WRAP_DEPTH - depth) / 2
    triangles: npt.NDArray[np.intp] = Delaunay(np.stack([around, y], axis=1)).simplices.astype(np.intp)
    # Those between vertices of the outline alone lie outside the face.
    return triangles[~np.isin(triangles, OUTLINE).all(axis=1)]


def turn_face(
    picture: ByteArray, mesh: FloatArray, points: FloatArray, angle: float, triangles: npt.NDArray[np.intp]
) -> tuple[ByteArray, FloatArray]:
    """Turn a face about its head's own upright axis.

    Args:
        picture: (height, width, 3) RGB.
        mesh: (468, 3) MediaPipe's, pixels of the picture and depth.
        points: (points, 2) on the face, 300W's contour first; pixels of the picture.
        angle: how far, radians; positive towards the right of the picture.
        triangles: of `triangulate`.

    Returns:
        The picture, the middle of the points where it was, and where the points are now (points, 2). Points on the
        side turned away lie nowhere beyond the edge of the cheek; those of its contour lie on it, as people annotate.
    """
    head = Head.of_mesh(mesh)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]).T
    face = head.to_head(mesh)
    turned = move_points(head, face, head.to_head(lift_points(points, mesh)), turn, triangles)
    moved = head.to_picture(turned)[:, :2]
    shift = (points.min(axis=0) + points.max(axis=0) - moved.min(axis=0) - moved.max(axis=0)) / 2
    surface = np.concatenate([face, *(make_ring(face, head, *ring) for ring in HEAD_RINGS)])
    source, target = head.to_picture(surface), head.to_picture(surface @ turn.T)
    target[:, :2] += shift
    border = reach_border(source[-len(OUTLINE) :, :2], head.center[:2], picture.shape[1], picture.shape[0])
    behind = np.full((len(border), 1), target[:, 2].max() + head.width)
    drawn = warp_surface(
        picture,
        np.concatenate([source[:, :2], border]),
        np.concatenate([target, np.concatenate([border, behind], axis=1)]),
        np.concatenate([triangles, join_rings(len(mesh))]),
    )
    return drawn, moved + shift


def lift_points(points: FloatArray, mesh: FloatArray) -> FloatArray:
    """Give points (points, 2) the mesh's depth: (points, 3). Beyond its outline they are as deep as what is nearest."""
    depth = LinearNDInterpolator(mesh[:, :2], mesh[:, 2])(points)
    nearest = NearestNDInterpolator(mesh[:, :2], mesh[:, 2])(points)
    return np.concatenate([points, np.where(np.isfinite(depth), depth, nearest)[:, None]], axis=1)


def move_points(
    head: Head, face: FloatArray, points: FloatArray, turn: FloatArray, triangles: npt.NDArray[np.intp]
) -> FloatArray:
    """Return points (points, 3) turned, in the head's axes, none beyond the edge of the cheek that is turned away.

    Args:
        head: of the face.
        face: (468, 3) the mesh, in the head's axes.
        points: in the head's axes, 300W's contour first.
        turn: (3, 3).
        triangles: of `triangulate`.
    """
    turned = points @ turn.T
    away = float(np.sign(turn[2, 0]))  # the side of the head's x that goes deeper
    nose = NOSE_WIDTH * head.width
    for i in np.flatnonzero(away * points[:, 0] > nose):
        # A contour that people drew below the mesh's chin or above its top ends as the mesh does.
        height = float(np.clip(points[i, 1], *(face[[TOP, CHIN], 1] * MESH_END)))
        edge = find_edge(face, turn, triangles, height, away, nose)
        if edge is not None:
            turned[i, 0] = away * edge if i < CONTOUR_POINTS else away * min(away * turned[i, 0], edge)
    return turned


def find_edge(
    face: FloatArray, turn: FloatArray, triangles: npt.NDArray[np.intp], height: float, away: float, nose: float
) -> float | None:
    """Return how far to the side the turned mesh reaches at one height of the head; None where it has nothing there.

    Args:
        face, turn, triangles: as for `move_points`.
        height: in the head's axes.
        away: 1 or -1, the side.
        nose: what lies within this distance of the head's middle does not count.
    """
    starts, ends = (face[np.roll(triangles, -shift, axis=1).ravel()] for shift in (0, 1))
    crosses = (starts[:, 1] - height) * (ends[:, 1] - height) < 0
    starts, ends = starts[crosses], ends[crosses]
    along = ((height - starts[:, 1]) / (ends[:, 1] - starts[:, 1]))[:, None]
    found = starts + along * (ends - starts)
    found = found[away * found[:, 0] > nose]
    return float((away * (found @ turn.T)[:, 0]).max()) if len(found) else None


def make_ring(face: FloatArray, head: Head, width: float, height: float, behind: float) -> FloatArray:
    """Return the outline (36, 3) wider, higher and further back, in the head's axes."""
    outline = face[list(OUTLINE)]
    middle = outline[:, 1].mean()
    return np.stack(
        [outline[:, 0] * width, (outline[:, 1] - middle) * height + middle, outline[:, 2] + behind * head.width], axis=1
    )


def reach_border(ring: FloatArray, center: FloatArray, width: int, height: int) -> FloatArray:
    """Return where rays from the centre through a ring (36, 2) meet a border BORDER_PX beyond the picture's."""
    rays = ring - center
    with np.errstate(divide="ignore"):
        limits = np.where(rays > 0, np.array([width, height]) + BORDER_PX - center, -BORDER_PX - center)
        steps = np.where(rays != 0, limits / rays, np.inf).min(axis=1, keepdims=True)
    found: FloatArray = center + rays * steps
    return found


def join_rings(count: int) -> npt.NDArray[np.intp]:
    """Return the triangles between the outline, the head's rings and the border, which follow `count` vertices."""
    size = len(OUTLINE)
    rings = [np.array(OUTLINE), *(count + size * i + np.arange(size) for i in range(len(HEAD_RINGS) + 1))]
    triangles = []
    for inner, outer in pairwise(rings):
        after_inner, after_outer = np.roll(inner, -1), np.roll(outer, -1)
        triangles += [
            np.stack([inner, after_inner, outer], axis=1),
            np.stack([after_inner, after_outer, outer], axis=1),
        ]
    return np.concatenate(triangles).astype(np.intp)
