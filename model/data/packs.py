"""The project's face packs: square crops with a `labels.npz`, as their README describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...errors import ConfigError
from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import load_registry
from ..evaluation.metrics import inter_ocular, normalized_errors
from .curves import AnnotationScheme, FloatArray, make_scheme

MESH_SIZE = 478
"""Vertices of MediaPipe's mesh with its irises."""

# MediaPipe mesh vertices: the outermost points of the nostril wings, the iris centres; left of the picture first.
MESH_ALAE = (129, 358)
MESH_IRISES = (468, 473)

DETECTOR_SHARE = 0.8
"""Of a detector in its mean with the pack's teacher: near the least error on validation adults for `default-fine`,
whose own error is 3.46% against 4.38% of the mesh's regression (`faceql relabel` prints the three)."""

EXTRA_LANDMARKS = (
    LandmarkQuery("left pupil", Fraction(0)),
    LandmarkQuery("right pupil", Fraction(0)),
    LandmarkQuery("nose boundary", Fraction(0)),
    LandmarkQuery("nose boundary", Fraction(1)),
    LandmarkQuery("middle of left eyebrow", Fraction(0)),
    LandmarkQuery("middle of right eyebrow", Fraction(0)),
    LandmarkQuery("middle of mouth", Fraction(0)),
)
"""Points that 300W lacks; here they come from the mesh and from midpoints."""


class Visibility(IntEnum):
    """Whether a point is seen; an array of it is uint8. Only training makes points outside the photo."""

    VISIBLE = 0
    EXTERNALLY_OCCLUDED = 1
    SELF_OCCLUDED = 2
    OUTSIDE = 3


@dataclass(frozen=True)
class AnnotatedFaces:
    """Faces with points in one scheme.

    Attributes:
        name: of the set, for logs.
        scheme: what the columns of `points` mean.
        image_paths: one picture a face.
        points: (faces, columns, 2) pixels of the picture, NaN where unknown.
        frame_points: (faces, frame points, 2) points whose tight box is that of 300W's 68; it places the crop.
        column_weights: (columns,) trust in each column, 0..1.
        names: the faces' names in their source.
        layout: the registry's layout whose landmarks the columns are, in order; "" where they are others.
        visibility: (faces, columns) uint8 of `Visibility`; None where the source does not tell.
        boxes: (faces, 4) the source's face boxes (x0, y0, x1, y1), pixels of the picture; None where it has none.
        inter_ocular_px: (faces,) distance between the outer eye corners, pixels of the picture; None where the source
            has no such corners. It is here too where they are no columns.
        subsets: the subsets each face belongs to, as its source names them; empty where it names none.
        face_weights: (faces,) trust in each face's points, 0..1; None where all count alike.
        mesh: (faces, MESH_SIZE, 2) MediaPipe's mesh, pixels of the picture; None where the source has none.
    """

    name: str
    scheme: AnnotationScheme
    image_paths: tuple[Path, ...]
    points: FloatArray
    frame_points: FloatArray
    column_weights: FloatArray
    names: tuple[str, ...]
    layout: str = ""
    visibility: npt.NDArray[np.uint8] | None = None
    boxes: FloatArray | None = None
    inter_ocular_px: FloatArray | None = None
    subsets: tuple[tuple[str, ...], ...] = ()
    face_weights: FloatArray | None = None
    mesh: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.image_paths)

    def subset(self, keep: npt.NDArray[np.bool_], name: str) -> AnnotatedFaces:
        """Return the faces where `keep` (faces,) is true."""
        rows = np.flatnonzero(keep)
        return replace(
            self,
            name=name,
            image_paths=tuple(self.image_paths[i] for i in rows),
            points=self.points[rows],
            frame_points=self.frame_points[rows],
            names=tuple(self.names[i] for i in rows),
            visibility=None if self.visibility is None else self.visibility[rows],
            boxes=None if self.boxes is None else self.boxes[rows],
            inter_ocular_px=None if self.inter_ocular_px is None else self.inter_ocular_px[rows],
            subsets=tuple(self.subsets[i] for i in rows) if self.subsets else (),
            face_weights=None if self.face_weights is None else self.face_weights[rows],
            mesh=None if self.mesh is None else self.mesh[rows],
        )

    def thin_out(self, count: int) -> AnnotatedFaces:
        """Return at most `count` faces, evenly spread over the set."""
        keep = np.zeros(len(self), dtype=np.bool_)
        keep[spread_rows(np.arange(len(self)), count)] = True
        return self.subset(keep, self.name)

    def read_image(self, index: int) -> npt.NDArray[np.uint8]:
        """Return one picture, (height, width, 3) uint8 RGB."""
        with Image.open(self.image_paths[index]) as image:
            return np.asarray(image.convert("RGB"))


def spread_rows(rows: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """Return at most `count` of the rows, evenly taken."""
    return rows if len(rows) <= count else rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]


def read_labels(folder: Path) -> dict[str, npt.NDArray[np.generic]]:
    """Read a pack's `labels.npz`.

    Raises:
        ConfigError: the folder is not a pack.
    """
    path = folder / "labels.npz"
    if not path.is_file():
        raise ConfigError(f"{folder} is no face pack: it has no labels.npz (see the README of the data)")
    with np.load(path) as labels:
        return {key: labels[key] for key in labels.files}


def load_human68(folder: Path) -> tuple[AnnotatedFaces, AnnotatedFaces]:
    """Return the training and the validation faces of `human68`."""
    labels = read_labels(folder)
    points = labels["points"].astype(np.float64)
    mesh = labels["mesh478"].astype(np.float64)
    faces = assemble_faces("human68", folder, labels, "300w", points, points, mesh, label_trust=1.0)
    is_val = labels["is_val"].astype(bool)
    return faces.subset(~is_val, "human68"), faces.subset(is_val, "human68 validation")


def load_human98(folder: Path) -> AnnotatedFaces:
    """Return the hard 98-point faces; their frame comes from the points that 300W has too."""
    labels = read_labels(folder)
    points = labels["points"].astype(np.float64)
    registry = load_registry()
    wflw = registry.layouts["wflw"].landmarks
    scheme = make_scheme(wflw, registry)
    return AnnotatedFaces(
        "human98",
        scheme,
        list_images(folder, len(points)),
        points,
        points[:, :96],  # all but the pupils
        np.ones(len(wflw)),
        tuple(str(name) for name in labels["names"]),
    )


def load_auto(
    folder: Path, largest_disagreement: float, relabelled: Mapping[str, FloatArray] | None = None
) -> tuple[AnnotatedFaces, AnnotatedFaces]:
    """Return `auto` in 300W's scheme and in WFLW's by the mesh, without the faces whose two teachers disagree.

    Args:
        folder: the pack.
        largest_disagreement: of the teachers, in inter-ocular units.
        relabelled: a detector's `points68` and `points98` (faces, landmarks, 2): a further teacher, which counts
            DETECTOR_SHARE in the mean with the pack's, and whose distance from the pack's is then the disagreement.
    """
    labels = read_labels(folder)
    mesh = labels["mesh478"].astype(np.float64)
    teacher68 = labels["teacher68"].astype(np.float64)
    # Newer packs call the mesh's points so; their `teacher98` is another teacher's (`load_teacher98`).
    teacher98 = labels.get("teacher98_mesh", labels["teacher98"]).astype(np.float64)
    disagreement = labels["disagreement"].astype(np.float64)
    if relabelled is not None:
        eyes = inter_ocular(teacher68, "300w")
        disagreement = normalized_errors(relabelled["points68"], teacher68, eyes).mean(axis=1)
        teacher68 = join_teachers(teacher68, relabelled["points68"])
        teacher98 = join_teachers(teacher98, relabelled["points98"])
    # Faces that were removed from the pack have no points.
    keep = (disagreement <= largest_disagreement) & np.isfinite(teacher68).all(axis=(1, 2))
    as68 = assemble_faces("auto68", folder, labels, "300w", teacher68, teacher68, mesh, label_trust=1.0)
    as98 = assemble_faces("auto98", folder, labels, "wflw", teacher98, teacher68, mesh, label_trust=1.0)
    return as68.subset(keep, "auto68"), as98.subset(keep, "auto98")


def join_teachers(regressed: FloatArray, detected: FloatArray) -> FloatArray:
    """Return the mean of a regression's points and a detector's, in which the detector counts DETECTOR_SHARE."""
    return regressed + DETECTOR_SHARE * (detected - regressed)


def assemble_faces(
    name: str,
    folder: Path,
    labels: dict[str, npt.NDArray[np.generic]],
    layout: str,
    points: FloatArray,
    frame_points: FloatArray,
    mesh: FloatArray,
    label_trust: float,
) -> AnnotatedFaces:
    """Join a layout's points and the extra landmarks that the mesh and midpoints give.

    Columns that no face has are left out; pupils that the layout already holds come from the mesh.
    """
    registry = load_registry()
    landmarks = registry.layouts[layout].landmarks
    extras = extra_points(landmarks, points, mesh)
    kept = [
        column
        for column, landmark in enumerate(landmarks)
        if landmark not in EXTRA_LANDMARKS and np.isfinite(points[:, column]).any()
    ]
    scheme = make_scheme((*(landmarks[column] for column in kept), *EXTRA_LANDMARKS), registry)
    extra_trust = 0.3 if name.startswith("human") else label_trust
    return AnnotatedFaces(
        name,
        scheme,
        list_images(folder, len(points)),
        np.concatenate([points[:, kept], extras], axis=1),
        frame_points,
        np.array([label_trust] * len(kept) + [extra_trust] * len(EXTRA_LANDMARKS)),
        tuple(str(face) for face in labels["names"]),
        mesh=mesh.astype(np.float32),
    )


def extra_points(landmarks: tuple[LandmarkQuery, ...], points: FloatArray, mesh: FloatArray) -> FloatArray:
    """Return (faces, 7, 2) for EXTRA_LANDMARKS: irises and nostril wings of the mesh, midpoints for the middles."""
    column = {landmark: i for i, landmark in enumerate(landmarks)}

    def at(part: str, *fpalps: str) -> FloatArray:
        found = [points[:, column[LandmarkQuery(part, Fraction(f))]] for f in fpalps]
        middle: FloatArray = np.mean(found, axis=0)
        return middle

    has_lower_brow = LandmarkQuery("left eyebrow", Fraction(5, 9)) in column
    left_head = ("4/9", "5/9") if has_lower_brow else ("4/9",)
    right_head = ("0", "8/9") if has_lower_brow else ("0",)
    return np.stack(
        [
            *(mesh[:, vertex] for vertex in (*MESH_IRISES, *MESH_ALAE)),
            (at("left eyebrow", "0") + at("left eyebrow", *left_head)) / 2,
            (at("right eyebrow", *right_head) + at("right eyebrow", "4/9")) / 2,
            at("inner lip", "2/8", "6/8"),
        ],
        axis=1,
    )


def list_images(folder: Path, count: int) -> tuple[Path, ...]:
    return tuple(folder / "images" / f"{i:05d}.jpg" for i in range(count))
