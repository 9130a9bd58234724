"""Crops whose points are known to be seen, hidden, turned away or outside the photo, from labels and by making."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from ...errors import ConfigError
from ..crops import ByteArray, CropFrame, cut_crop
from .augmentation import LARGE_OCCLUDER, AugmentationConfig, augment_pixels, jitter_frame, occlude, truncate
from .curves import FloatArray
from .packs import AnnotatedFaces, Visibility

OCCLUDER_SHARE, LARGE_OCCLUDER_SHARE, TRUNCATION_SHARE = 0.3, 0.1, 0.15
"""Of the crops that something is put in front of, that something large is, and of those that the photo's edge cuts."""

PIXEL_CHANGES = AugmentationConfig(
    scale_spread=0.09, shift_spread=0.05, wide_rotation_share=0.05, occlusion_share=0, motion_blur_share=0.05,
    low_light_share=0.05,
)  # fmt: skip
"""What else happens to them, which hides no point."""


@dataclass(frozen=True)
class JudgedBatch:
    """Crops and what is known of their points.

    Attributes:
        crops: (batch, 3, size, size) uint8.
        visibility: (batch, columns) long, of `Visibility`.
    """

    crops: Tensor
    visibility: Tensor


def draw_judged_batch(faces: AnnotatedFaces, batch_size: int, size: int, rng: np.random.Generator) -> JudgedBatch:
    """Draw one batch of faces that have `visibility`; everything random comes from `rng`."""
    rows = rng.choice(len(faces), size=batch_size, replace=len(faces) < batch_size)
    drawn = [draw_judged_face(faces, int(row), size, rng) for row in rows]
    crops = np.stack([np.ascontiguousarray(crop.transpose(2, 0, 1)) for crop, _ in drawn])
    visibility = np.stack([known for _, known in drawn]).astype(np.int64)
    return JudgedBatch(torch.from_numpy(crops), torch.from_numpy(visibility))


def draw_judged_face(
    faces: AnnotatedFaces, row: int, size: int, rng: np.random.Generator
) -> tuple[ByteArray, npt.NDArray[np.uint8]]:
    """Return a changed crop (size, size, 3) and what is known of its points (columns,).

    Points turned away stay so. Of the others, what lies outside the photo is outside, what something was put in front
    of is hidden.

    Raises:
        ConfigError: the faces have no `visibility`.
    """
    if faces.visibility is None:
        raise ConfigError(f"nobody told which points of {faces.name} are seen")
    photo = faces.read_image(row)
    frame = jitter_frame(CropFrame.from_landmarks(faces.frame_points[row]), PIXEL_CHANGES, rng)
    crop = cut_crop(photo, frame, size)
    known, points = faces.visibility[row].copy(), frame.to_crop(faces.points[row])
    beyond = (faces.points[row] < -0.5).any(axis=-1) | (faces.points[row] > np.array(photo.shape[1::-1]) - 0.5).any(-1)
    if rng.random() < PIXEL_CHANGES.flip_share:
        mirror = faces.scheme.mirror
        crop, points = np.ascontiguousarray(crop[:, ::-1]), points[mirror] * (-1, 1) + (1, 0)
        known, beyond = known[mirror], beyond[mirror]
    for share, sides in ((OCCLUDER_SHARE, None), (LARGE_OCCLUDER_SHARE, LARGE_OCCLUDER)):
        if rng.random() < share:
            image = Image.fromarray(crop)
            covered = np.asarray(occlude(image, rng) if sides is None else occlude(image, rng, sides))
            mark(known, points, crop, covered, Visibility.EXTERNALLY_OCCLUDED)
            crop = covered
    mark_where(known, beyond, Visibility.OUTSIDE)
    changed = augment_pixels(crop, PIXEL_CHANGES, rng)
    if rng.random() < TRUNCATION_SHARE:
        cut = truncate(changed, rng)
        mark(known, points, changed, cut, Visibility.OUTSIDE)
        changed = cut
    return changed, known


def mark(
    known: npt.NDArray[np.uint8], points: FloatArray, before: ByteArray, after: ByteArray, kind: Visibility
) -> None:
    """Mark the points (columns, 2), crop units, at whose pixels a crop has changed."""
    size = len(before)
    at = np.nan_to_num(points * size - 0.5, nan=-1).round().astype(int)
    inside = ((at >= 0) & (at < size)).all(axis=-1)
    x, y = np.clip(at, 0, size - 1).T
    mark_where(known, inside & (before[y, x] != after[y, x]).any(axis=-1), kind)


def mark_where(known: npt.NDArray[np.uint8], where: npt.NDArray[np.bool_], kind: Visibility) -> None:
    """Mark the points (columns,) that are not turned away."""
    known[where & (known != Visibility.SELF_OCCLUDED)] = kind
