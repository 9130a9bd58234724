"""Crops whose points are known to be seen, hidden, turned away or outside the photo, from labels and by making."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...errors import ConfigError
from ..crops import ByteArray, CropFrame, cut_crop
from .augmentation import AugmentationConfig, ChangedCrop, change_crop, jitter_frame
from .curves import FloatArray
from .packs import AnnotatedFaces, Visibility

CHANGES = AugmentationConfig(
    scale_spread=0.09, shift_spread=0.05, wide_rotation_share=0.05, occlusion_share=0.3, large_occlusion_share=0.1,
    motion_blur_share=0.05, low_light_share=0.05, truncation_share=0.15,
)  # fmt: skip
"""What happens to the faces that a finished detector learns visibility from."""


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
    frame = jitter_frame(CropFrame.from_landmarks(faces.frame_points[row]), CHANGES, rng)
    crop = cut_crop(photo, frame, size)
    known, points = find_visibility(faces, row, photo.shape[:2]), frame.to_crop(faces.points[row])
    if rng.random() < CHANGES.flip_share:
        mirror = faces.scheme.mirror
        crop, points = np.ascontiguousarray(crop[:, ::-1]), points[mirror] * (-1, 1) + (1, 0)
        known = known[mirror]
    changed = change_crop(crop, CHANGES, rng)
    return changed.pixels, mark_changes(known, points, changed)


def find_visibility(faces: AnnotatedFaces, row: int, size: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return what people marked of one face (columns,); points beyond a photo of (height, width) are outside."""
    assert faces.visibility is not None
    points = faces.points[row]
    beyond = (points < -0.5).any(axis=-1) | (points > np.array(size[::-1]) - 0.5).any(axis=-1)
    return mark_where(faces.visibility[row], beyond, Visibility.OUTSIDE)


def mark_changes(known: npt.NDArray[np.uint8], points: FloatArray, changed: ChangedCrop) -> npt.NDArray[np.uint8]:
    """Return visibility (columns,) with what changing the crop hid of points (columns, 2), crop units."""
    size = len(changed.pixels)
    at = np.nan_to_num(points * size - 0.5, nan=-1).round().astype(int)
    inside = ((at >= 0) & (at < size)).all(axis=-1)
    x, y = np.clip(at, 0, size - 1).T
    known = mark_where(known, inside & changed.is_covered[y, x], Visibility.EXTERNALLY_OCCLUDED)
    return mark_where(known, inside & changed.is_cut[y, x], Visibility.OUTSIDE)


def mark_where(known: npt.NDArray[np.uint8], where: npt.NDArray[np.bool_], kind: Visibility) -> npt.NDArray[np.uint8]:
    """Return visibility (columns,) marked where the points are not turned away."""
    return np.where(where & (known != Visibility.SELF_OCCLUDED), kind, known).astype(np.uint8)
