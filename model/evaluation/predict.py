"""Landmarks of annotated faces, crop by crop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import load_registry
from ..crops import CropFrame, cut_crop
from ..data.packs import AnnotatedFaces
from ..reader import LandmarkReader
from .metrics import FloatArray

Alteration = Callable[[int, npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]
"""Changes a face's picture (height, width, 3) before it is cropped; told its row."""


def landmark_frames(faces: AnnotatedFaces) -> list[CropFrame]:
    """Return the frames that the annotations themselves give, as training has them."""
    return [CropFrame.from_landmarks(points) for points in faces.frame_points]


@torch.inference_mode()
def predict_landmarks(
    reader: LandmarkReader,
    faces: AnnotatedFaces,
    frames: Sequence[CropFrame],
    landmarks: Sequence[LandmarkQuery],
    *,
    batch_size: int = 16,
    image_size: int | None = None,
    alter: Alteration | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Predict landmarks on every face.

    Args:
        reader: of a detector in evaluation mode.
        faces: pictures.
        frames: one crop a face.
        landmarks: what to ask.
        batch_size: crops a pass.
        image_size: side of the crops, the detector's own by default.
        alter: a change of every picture, for studies of robustness.

    Returns:
        Points (faces, landmarks, 2) and expected errors (faces, landmarks), both in pixels of the picture.
    """
    size = image_size or reader.detector.config.image_size
    parts, fpalps = [landmark.part for landmark in landmarks], [float(landmark.fpalp) for landmark in landmarks]
    vs = [None if landmark.v is None else float(landmark.v) for landmark in landmarks]
    points, expected = [], []
    for start in range(0, len(faces), batch_size):
        rows = range(start, min(start + batch_size, len(faces)))
        pictures = [faces.read_image(i) if alter is None else alter(i, faces.read_image(i)) for i in rows]
        crops = np.stack([cut_crop(picture, frames[i], size) for i, picture in zip(rows, pictures, strict=True)])
        batch = torch.from_numpy(crops).permute(0, 3, 1, 2).to(reader.detector.device)
        reading = reader.read(reader.encode(batch), parts, fpalps, vs=vs)
        for i, xy, log_scale in zip(rows, reading.coordinates, reading.log_scale, strict=True):
            points.append(frames[i].to_photo(xy))
            expected.append(np.exp(log_scale) / 256.0 * frames[i].side_px)
    return np.stack(points), np.stack(expected)


def read_width(path: Path) -> int:
    """Return a picture's width in pixels, from its header alone."""
    with Image.open(path) as image:
        return image.width


def predict_mirrored(
    reader: LandmarkReader, faces: AnnotatedFaces, frames: Sequence[CropFrame], landmarks: Sequence[LandmarkQuery]
) -> FloatArray:
    """Return the answers (faces, landmarks, 2) to the mirrored questions on the mirrored pictures, mirrored back."""
    registry = load_registry()
    widths = np.array([read_width(path) for path in faces.image_paths], dtype=np.float64)
    mirrored = [
        replace(frame, center_px=(width - 1 - frame.center_px[0], frame.center_px[1]), angle=-frame.angle)
        for frame, width in zip(frames, widths, strict=True)
    ]
    asked = [registry.mirror(landmark) for landmark in landmarks]
    points, _ = predict_landmarks(
        reader, faces, mirrored, asked, alter=lambda _, picture: np.ascontiguousarray(picture[:, ::-1])
    )
    points[..., 0] = widths[:, None] - 1 - points[..., 0]
    return points
