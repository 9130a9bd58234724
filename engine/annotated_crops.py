"""Where annotated faces lie in their pictures, as the engine would cut them out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..model.crops import CropFrame
from ..model.data.packs import AnnotatedFaces
from ..model.detector import Detector
from .encoding import FaceEncoder
from .faces import Face, FaceFinder

FloatArray = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

LEAST_OVERLAP = 0.2


def find_annotated_crops(faces: AnnotatedFaces, detector: Detector, finder: FaceFinder) -> tuple[list[CropFrame], int]:
    """Return each face's crop frame as the engine cuts it, and how many its finder did not find.

    Of the faces found in a picture the one is taken whose box overlaps the annotated points' box most. Where none
    does, the points' own box stands for it.
    """
    encoder = FaceEncoder(detector, next(detector.parameters()).device)
    frames, missed = [], 0
    for row in range(len(faces)):
        picture = faces.read_image(row)
        box = tight_box(faces.points[row])
        face = max(finder.find(picture), key=lambda found: overlap(found.box, box), default=None)
        if face is None or overlap(face.box, box) < LEAST_OVERLAP:
            missed += 1
            face = Face(box)
        frames.append(encoder.encode([(picture, face)])[0].frame)
    return frames, missed


def tight_box(points: FloatArray) -> Box:
    """Return (x0, y0, x1, y1) round points (landmarks, 2); NaN rows are left out."""
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def overlap(one: Box, other: Box) -> float:
    """Return the area that two boxes share over the area that they cover together."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / max(areas - shared, 1e-9)
