"""A pack of `human68`'s training faces turned to the side, for training; `faceql turn` writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ...errors import ConfigError
from ..crops import ByteArray, CropFrame
from ..evaluation.metrics import inter_ocular, normalized_errors
from .curves import FloatArray
from .packs import (
    EXTRA_LANDMARKS,
    MESH_ALAE,
    MESH_IRISES,
    MESH_SIZE,
    AnnotatedFaces,
    assemble_faces,
    load_human68,
    read_labels,
)
from .turning import Head, triangulate, turn_face

TURNED_DEG = (25.0, 65.0)
"""Least and largest yaw of a turned face."""
LEAST_TURN_DEG = 15.0
FRONTAL_DEG = 10.0
"""A face that looks aside by more is turned further to that side, where its picture shows most."""

# The outer and inner eye corners and the mouth's, of MediaPipe's mesh and of 300W.
MESH_CORNERS = (33, 133, 362, 263, 61, 291)
POINT_CORNERS = (36, 39, 42, 45, 48, 54)
LARGEST_MESH_ERROR = 0.06
"""Faces whose mesh is further from the human corners on the mean, of inter-ocular, are left out."""

Mesher = Callable[[ByteArray, CropFrame], FloatArray]
"""Gives MediaPipe's mesh with depth (468, 3) of the face that a frame of a picture shows."""

FROM_MESH = [*MESH_IRISES, *MESH_ALAE]
"""The mesh's vertices that training takes: the first of EXTRA_LANDMARKS, in their order."""

JPEG_QUALITY = 92
FACES_FOR_TRIANGLES = 50


def make_turned_pack(data: Path, out: Path, locate: Mesher, views: int, seed: int) -> int:
    """Turn the training faces of `human68` and write them as a pack: `images` and `labels.npz`.

    The labels are `points` (68) and `mesh478`, of which only irises and nostril wings are known, as in `human68`, and
    `yaw_deg`, each face's yaw by the mesh it was turned with; `names` are the source's.

    Args:
        data: the folder of the packs.
        out: the folder to write.
        locate: finds the mesh.
        views: how often each face is turned.
        seed: of the angles.

    Returns:
        How many faces were written.

    Raises:
        ConfigError: a pack is missing, or no face could be turned.
    """
    faces, _ = load_human68(data / "human68")
    (out / "images").mkdir(parents=True, exist_ok=True)
    points: list[FloatArray] = []
    names: list[str] = []
    yaws: list[float] = []
    for picture, turned, name, yaw in turn_faces(faces, locate, views, np.random.default_rng(seed)):
        Image.fromarray(picture).save(out / "images" / f"{len(points):05d}.jpg", quality=JPEG_QUALITY)
        points.append(turned)
        names.append(name)
        yaws.append(yaw)
    if not points:
        raise ConfigError("no face could be turned: the mesh lies on none")
    every = np.stack(points)
    mesh = np.full((len(every), MESH_SIZE, 2), np.nan)
    mesh[:, FROM_MESH] = every[:, 68:]
    np.savez_compressed(
        out / "labels.npz",
        points=every[:, :68].astype(np.float32),
        mesh478=mesh.astype(np.float32),
        names=np.array(names),
        yaw_deg=np.array(yaws, dtype=np.float32),
    )
    return len(every)


def turn_faces(
    faces: AnnotatedFaces, locate: Mesher, views: int, rng: np.random.Generator
) -> Iterator[tuple[ByteArray, FloatArray, str, float]]:
    """Give each face's turned pictures, their points (68 and FROM_MESH), name and yaw in degrees."""

    def find_mesh(row: int) -> tuple[ByteArray, FloatArray]:
        picture = faces.read_image(row)
        return picture, locate(picture, CropFrame.from_landmarks(faces.frame_points[row]))

    step = max(1, len(faces) // FACES_FOR_TRIANGLES)
    triangles = triangulate(np.stack([find_mesh(row)[1] for row in range(0, len(faces), step)]))
    eyes = inter_ocular(faces.frame_points, "300w")
    extras = faces.points[:, [faces.scheme.landmarks.index(extra) for extra in EXTRA_LANDMARKS[: len(FROM_MESH)]]]
    for row, name in enumerate(faces.names):
        picture, mesh = find_mesh(row)
        corners = faces.frame_points[row, list(POINT_CORNERS)]
        error = normalized_errors(mesh[list(MESH_CORNERS), :2][None], corners[None], eyes[row : row + 1]).mean()
        yaw = float(np.rad2deg(Head.of_mesh(mesh).yaw))
        for _ in range(views):
            to_right = yaw > 0 if abs(yaw) > FRONTAL_DEG else rng.random() < 0.5
            side = 1 if to_right else -1
            wanted = side * float(rng.uniform(*TURNED_DEG))
            if error > LARGEST_MESH_ERROR or side * (wanted - yaw) < LEAST_TURN_DEG:
                continue
            points = np.concatenate([faces.frame_points[row], extras[row]])
            turned, moved = turn_face(picture, mesh, points, float(np.deg2rad(wanted - yaw)), triangles)
            yield turned, moved, name, wanted


def load_turned(folder: Path) -> AnnotatedFaces:
    """Return the faces of a pack that `faceql turn` wrote.

    Raises:
        ConfigError: the folder is none.
    """
    labels = read_labels(folder)
    if "yaw_deg" not in labels:
        raise ConfigError(f"{folder} is no pack that `faceql turn` wrote")
    points, mesh = labels["points"].astype(np.float64), labels["mesh478"].astype(np.float64)
    return assemble_faces("human68 turned", folder, labels, "300w", points, points, mesh, label_trust=1.0)
