"""Bringing the expected error to the size that errors have on new faces."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from ..data.packs import AnnotatedFaces
from ..detector import Detector
from ..evaluation.metrics import normalized_errors
from ..evaluation.predict import landmark_frames, predict_landmarks
from ..evaluation.visibility import fit_temperature, judge_faces
from ..reader import LandmarkReader


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
    last = detector.visibility.judge[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.div_(temperature)
        last.bias.div_(temperature)
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
