"""Training batches: crops, queries and their targets; one annotation scheme a batch (paper, A.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..crops import CropFrame, cut_crop
from .augmentation import AugmentationConfig, augment_pixels, jitter_frame
from .curves import FloatArray, apply_targets, target_matrix
from .packs import AnnotatedFaces

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
    """

    crops: Tensor
    parts: tuple[str, ...]
    fpalps: Tensor
    targets: Tensor
    weights: Tensor
    count_triplets: int


def draw_queries(
    faces: AnnotatedFaces, count_annotated: int, count_random: int, count_triplets: int, rng: np.random.Generator
) -> tuple[tuple[str, ...], list[float]]:
    """Draw annotated landmarks, random FPALPs on the curves between them, and triplets of close neighbours, last.

    Faces whose scheme annotates no curve densely (AFLW's 19 points) get annotated landmarks alone.
    """
    landmarks = faces.scheme.landmarks
    chosen = rng.choice(len(landmarks), size=min(count_annotated, len(landmarks)), replace=False)
    parts = [landmarks[i].part for i in chosen]
    fpalps = [float(landmarks[i].fpalp) for i in chosen]
    curves = [curve for curve in faces.scheme.curves if curve.is_dense]
    if not curves:
        return tuple(parts), fpalps
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
    return tuple(parts), fpalps


def draw_face(
    faces: AnnotatedFaces, index: int, size: int, augmentation: AugmentationConfig, rng: np.random.Generator
) -> tuple[np.ndarray, FloatArray]:
    """Return an augmented crop (size, size, 3) and its points (columns, 2) in crop units."""
    photo = faces.read_image(index)
    frame = jitter_frame(CropFrame.from_landmarks(faces.frame_points[index]), augmentation, rng)
    crop = cut_crop(photo, frame, size)
    points = frame.to_crop(faces.points[index])
    if rng.random() < augmentation.flip_share:
        crop = crop[:, ::-1]
        points = points[faces.scheme.mirror] * (-1, 1) + (1, 0)
    return augment_pixels(crop, augmentation, rng), points


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
) -> TrainingBatch:
    """Draw one batch; everything random comes from `rng`, so the same generator gives the same batch."""
    parts, fpalps = draw_queries(faces, count_annotated, count_random, count_triplets, rng)
    rows = rng.choice(len(faces), size=batch_size, replace=len(faces) < batch_size)
    drawn = [draw_face(faces, int(row), image_size, augmentation, rng) for row in rows]
    matrix = target_matrix(
        faces.scheme, [*(part for part, _ in context), *parts], [*(fpalp for _, fpalp in context), *fpalps]
    )
    targets = apply_targets(matrix, np.stack([points for _, points in drawn]))
    trust = np.abs(np.nan_to_num(matrix))
    trust = (trust @ faces.column_weights) / np.maximum(trust.sum(axis=1), 1e-9)
    known = np.isfinite(targets).all(axis=-1)
    face_trust = np.ones(batch_size) if faces.face_weights is None else faces.face_weights[rows]
    crops = np.stack([np.ascontiguousarray(crop.transpose(2, 0, 1)) for crop, _ in drawn])
    return TrainingBatch(
        crops=torch.from_numpy(crops),
        parts=parts,
        fpalps=torch.tensor(fpalps, dtype=torch.float32),
        targets=torch.from_numpy(np.nan_to_num(targets)).float(),
        weights=torch.from_numpy(known * trust[None] * face_trust[:, None]).float(),
        count_triplets=count_triplets if any(curve.is_dense for curve in faces.scheme.curves) else 0,
    )
