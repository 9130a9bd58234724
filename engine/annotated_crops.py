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

LEAST_INSIDE = 0.5
"""Share of the points that must lie in a found face's box for it to be their face."""


def find_annotated_crops(faces: AnnotatedFaces, detector: Detector, finder: FaceFinder) -> tuple[list[CropFrame], int]:
    """Return each face's crop frame as the engine cuts it, and how many its finder did not find.

    Of the faces found in a picture the one is taken whose box holds most of the annotated points, so that a layout of
    the lips alone has its face too. Where none holds half of them, the points' own box stands for it.
    """
    encoder = FaceEncoder(detector, detector.device)
    frames, missed = [], 0
    for row in range(len(faces)):
        picture = faces.read_image(row)
        points = faces.points[row][np.isfinite(faces.points[row]).all(axis=1)]
        shares = [(share_inside(points, face.box), face) for face in finder.find(picture)]
        share, face = max(shares, key=lambda pair: pair[0], default=(0.0, Face(tight_box(points))))
        if share < LEAST_INSIDE:
            missed += 1
            face = Face(tight_box(points))
        frames.append(encoder.encode([(picture, face)])[0].frame)
    return frames, missed


def tight_box(points: FloatArray) -> Box:
    """Return (x0, y0, x1, y1) round points (landmarks, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def share_inside(points: FloatArray, box: Box) -> float:
    """Return how many of the points (landmarks, 2) lie in a box, as a share of all."""
    return float(((points >= box[:2]) & (points <= box[2:])).all(axis=1).mean())
