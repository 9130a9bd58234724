"""Bringing the expected error to the size that errors have on new faces."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch
from torch import nn

from ...querylang.landmarks import LandmarkQuery
from ..data.packs import AnnotatedFaces
from ..data.surface_targets import SurfaceTargets
from ..detector import Detector
from ..evaluation.metrics import normalized_errors
from ..evaluation.predict import landmark_frames, predict_landmarks
from ..evaluation.visibility import fit_temperature, judge_faces
from ..reader import LandmarkReader
from ..surface_mesh import load_surface_mesh


def calibrate_visibility(detector: Detector, faces: AnnotatedFaces) -> float:
    """Divide a detector's logits of visibility by the one temperature that makes them likeliest on new faces.

    The order of probabilities stays nearly as it is, and no point moves.

    Args:
        detector: in evaluation mode, with a `visibility`; changed in place.
        faces: not trained on, with `visibility`; crops by annotation.

    Returns:
        The temperature.
    """
    assert detector.visibility is not None
    assert faces.visibility is not None
    pictures = [faces.read_image(row) for row in range(len(faces))]
    told = judge_faces(LandmarkReader(detector), pictures, faces, landmark_frames(faces))
    temperature = fit_temperature(told.reshape(-1, told.shape[-1]), faces.visibility.ravel())
    detector.visibility.divide_logits(temperature)
    return temperature


def calibrate_expected_error(detector: Detector, faces: AnnotatedFaces) -> float:
    """Multiply a detector's expected errors by the one factor that makes their mean the true errors' mean.

    They are learnt on training faces, whose errors are smaller than those of new faces. Coordinates stay as they are,
    and so does every order of expected errors: this is temperature scaling (Guo et al. 2017) of a length.

    Args:
        detector: in evaluation mode; changed in place.
        faces: not trained on; crops by annotation.

    Returns:
        The factor.
    """
    frames = landmark_frames(faces)
    predicted, expected = predict_landmarks(LandmarkReader(detector), faces, frames, faces.scheme.landmarks)
    sides = np.array([frame.side_px for frame in frames])
    true = normalized_errors(predicted, faces.points, sides)
    known = np.isfinite(true)
    factor = float(true[known].mean() / (expected / sides[:, None])[known].mean())
    last = detector.decoder.predict_log_scale[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.bias.add_(math.log(factor))
    return factor


def calibrate_surfaces(detector: Detector, faces: AnnotatedFaces) -> float:
    """Multiply a detector's expected errors on surfaces by the one factor that makes their mean the true errors' mean.

    Args:
        detector: in evaluation mode, with surfaces; changed in place.
        faces: not trained on, with MediaPipe's mesh; crops by annotation.

    Returns:
        The factor.
    """
    assert detector.surface_shape is not None
    assert faces.mesh is not None
    frames = landmark_frames(faces)
    asked = [
        LandmarkQuery(flat.name, Fraction(u), Fraction(v))
        for flat in load_surface_mesh().surfaces.values()
        for u, v in flat.uv.tolist()
    ]
    vertices = np.concatenate([flat.vertices for flat in load_surface_mesh().surfaces.values()])
    true_points = SurfaceTargets(faces.scheme).correct(faces.mesh, faces.points)[:, vertices]
    predicted, expected = predict_landmarks(LandmarkReader(detector), faces, frames, asked)
    sides = np.array([frame.side_px for frame in frames])
    true = normalized_errors(predicted, true_points, sides)
    known = np.isfinite(true)
    factor = float(true[known].mean() / (expected / sides[:, None])[known].mean())
    detector.surface_shape.log_error_factor.add_(math.log(factor))
    return factor
