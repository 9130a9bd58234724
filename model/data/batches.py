"""Training batches: crops, queries and their targets; one annotation scheme a batch (paper, A.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..crops import CropFrame, cut_crop
from .augmentation import AugmentationConfig, change_crop, jitter_frame
from .curves import FloatArray, apply_targets, target_matrix
from .packs import AnnotatedFaces
from .surface_targets import SurfaceTargets, draw_places
from .visibility_labels import find_visibility, mark_changes

# Parts that carry more detail get more of the random FPALPs.
RANDOM_PART_WEIGHT = {"face contour": 2.0}

TRIPLET_STEPS = (0.004, 0.04)
"""Least and largest distance between the neighbours of a triplet, as a share of the curve."""


@dataclass(frozen=True)
class TrainingBatch:
    """One step's faces and queries; the detector's context comes first among the queries.

    Attributes:
        crops: (batch, 3, size, size) uint8.
        parts, fpalps: what is asked besides the context.
        targets: (batch, context + landmarks, 2) crop units; 0 where unknown.
        weights: (batch, context + landmarks) float32, 0 where the target is unknown.
        count_triplets: the last 3 * count_triplets landmarks are triplets of neighbours.
        surfaces: what is asked of surfaces, by name.
        places: (places, 2) the (u, v) asked there.
        surface_targets: (batch, places, 2) crop units; 0 where unknown.
        surface_weights: (batch, places) float32.
        visibility: (batch, annotated) long of `Visibility`, of the first landmarks asked; None where nobody told it.
    """

    crops: Tensor
    parts: tuple[str, ...]
    fpalps: Tensor
    targets: Tensor
    weights: Tensor
    count_triplets: int
    surfaces: tuple[str, ...]
    places: Tensor
    surface_targets: Tensor
    surface_weights: Tensor
    visibility: Tensor | None


@dataclass(frozen=True)
class DrawnFace:
    """One face of a batch, as its changed crop shows it.

    Attributes:
        crop: (size, size, 3) uint8.
        points: (columns, 2) crop units.
        vertices: (VERTICES, 2) of the mesh, crop units; None where no surface is asked or there is no mesh.
        visibility: (columns,) of `Visibility`; None where the source does not tell.
    """

    crop: np.ndarray
    points: FloatArray
    vertices: FloatArray | None
    visibility: np.ndarray | None


def draw_queries(
    faces: AnnotatedFaces, count_annotated: int, count_random: int, count_triplets: int, rng: np.random.Generator
) -> tuple[tuple[str, ...], list[float], np.ndarray]:
    """Draw annotated landmarks, random FPALPs on the curves between them, and triplets of close neighbours, in order.

    Faces whose scheme annotates no curve densely (AFLW's 19 points) get annotated landmarks alone.

    Returns:
        Parts, FPALPs, and the columns of the annotated landmarks.
    """
    landmarks = faces.scheme.landmarks
    chosen = rng.choice(len(landmarks), size=min(count_annotated, len(landmarks)), replace=False)
    parts = [landmarks[i].part for i in chosen]
    fpalps = [float(landmarks[i].fpalp) for i in chosen]
    curves = [curve for curve in faces.scheme.curves if curve.is_dense]
    if not curves:
        return tuple(parts), fpalps, chosen
    share = np.array([RANDOM_PART_WEIGHT.get(curve.part, 1.0) for curve in curves])
    for i in rng.choice(len(curves), size=count_random, p=share / share.sum()):
        parts.append(curves[i].part)
        fpalps.append(float(rng.uniform(*curves[i].reach)))
    for i in rng.choice(len(curves), size=count_triplets, p=share / share.sum()):
        low, high = curves[i].reach
        step = (high - low) * float(np.exp(rng.uniform(*np.log(TRIPLET_STEPS))))
        seam = 0.0 if curves[i].is_periodic else step
        middle = float(rng.uniform(low + seam, high - seam))
        triplet = (middle - step, middle, middle + step)
        parts += [curves[i].part] * 3
        fpalps += [fpalp % 1.0 for fpalp in triplet] if curves[i].is_periodic else triplet
    return tuple(parts), fpalps, chosen


def draw_face(
    faces: AnnotatedFaces,
    index: int,
    size: int,
    augmentation: AugmentationConfig,
    rng: np.random.Generator,
    surfaces: SurfaceTargets | None = None,
) -> DrawnFace:
    """Return a face in an augmented crop; with its mesh, if there is one, where surfaces are asked."""
    photo = faces.read_image(index)
    frame = jitter_frame(CropFrame.from_landmarks(faces.frame_points[index]), augmentation, rng)
    crop = cut_crop(photo, frame, size)
    points = frame.to_crop(faces.points[index])
    known = None if faces.visibility is None else find_visibility(faces, index, photo.shape[:2])
    vertices = None
    if surfaces is not None and faces.mesh is not None:
        row = slice(index, index + 1)
        vertices = frame.to_crop(surfaces.correct(faces.mesh[row], faces.points[row])[0])
    if rng.random() < augmentation.flip_share:
        crop = crop[:, ::-1]
        points = points[faces.scheme.mirror] * (-1, 1) + (1, 0)
        known = None if known is None else known[faces.scheme.mirror]
        if surfaces is not None and vertices is not None:
            vertices = vertices[surfaces.mesh.mirror] * (-1, 1) + (1, 0)
    changed = change_crop(np.ascontiguousarray(crop), augmentation, rng)
    return DrawnFace(changed.pixels, points, vertices, None if known is None else mark_changes(known, points, changed))


def draw_batch(
    faces: AnnotatedFaces,
    context: Sequence[tuple[str, float]],
    *,
    batch_size: int,
    image_size: int,
    count_annotated: int,
    count_random: int,
    count_triplets: int,
    augmentation: AugmentationConfig,
    rng: np.random.Generator,
    count_surface: int = 0,
    surfaces: SurfaceTargets | None = None,
) -> TrainingBatch:
    """Draw one batch; everything random comes from `rng`, so the same generator gives the same batch.

    Args:
        faces: one annotation scheme.
        context: what the detector asks besides.
        batch_size, image_size, count_annotated, count_random, count_triplets, augmentation: see `Recipe`.
        rng: of all that is drawn.
        count_surface: how many places on surfaces are asked.
        surfaces: makes their targets, of the faces' scheme; None asks no surface.
    """
    parts, fpalps, annotated = draw_queries(faces, count_annotated, count_random, count_triplets, rng)
    rows = rng.choice(len(faces), size=batch_size, replace=len(faces) < batch_size)
    drawn = [draw_face(faces, int(row), image_size, augmentation, rng, surfaces) for row in rows]
    matrix = target_matrix(
        faces.scheme, [*(part for part, _ in context), *parts], [*(fpalp for _, fpalp in context), *fpalps]
    )
    targets = apply_targets(matrix, np.stack([face.points for face in drawn]))
    trust = np.abs(np.nan_to_num(matrix))
    trust = (trust @ faces.column_weights) / np.maximum(trust.sum(axis=1), 1e-9)
    known = np.isfinite(targets).all(axis=-1)
    face_trust = np.ones(batch_size) if faces.face_weights is None else faces.face_weights[rows]
    crops = np.stack([np.ascontiguousarray(face.crop.transpose(2, 0, 1)) for face in drawn])
    names, places, lie = ask_surfaces(surfaces, drawn, count_surface, rng)
    lies = np.isfinite(lie).all(axis=-1)
    seen = [face.visibility[annotated] for face in drawn if face.visibility is not None]
    return TrainingBatch(
        crops=torch.from_numpy(crops),
        parts=parts,
        fpalps=torch.tensor(fpalps, dtype=torch.float32),
        targets=torch.from_numpy(np.nan_to_num(targets)).float(),
        weights=torch.from_numpy(known * trust[None] * face_trust[:, None]).float(),
        count_triplets=count_triplets if any(curve.is_dense for curve in faces.scheme.curves) else 0,
        surfaces=names,
        places=torch.from_numpy(places).float(),
        surface_targets=torch.from_numpy(np.nan_to_num(lie)).float(),
        surface_weights=torch.from_numpy(lies * face_trust[:, None]).float(),
        visibility=torch.from_numpy(np.stack(seen).astype(np.int64)) if seen else None,
    )


def ask_surfaces(
    surfaces: SurfaceTargets | None, drawn: Sequence[DrawnFace], count: int, rng: np.random.Generator
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Draw places on surfaces; return their surfaces, (u, v) and targets (faces, places, 2), NaN where unknown."""
    if surfaces is None:
        return (), np.zeros((0, 2)), np.zeros((len(drawn), 0, 2))
    names, uv = draw_places(surfaces.mesh, count, rng)
    matrix = surfaces.mesh.weights(names, uv)
    unknown = np.full((matrix.shape[1], 2), np.nan)
    vertices = np.stack([unknown if face.vertices is None else face.vertices for face in drawn])
    return names, uv, matrix @ vertices
