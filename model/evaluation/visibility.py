"""How well a detector tells which points are seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from ..crops import CropFrame, cut_crop
from ..data.augmentation import occlude
from ..data.packs import AnnotatedFaces, Visibility
from ..detector import Detector
from .metrics import FloatArray

BATCH_SIZE = 16


@dataclass(frozen=True)
class VisibilityScores:
    """Average precisions, 0..1, of a class's probability against all points that are not of it.

    Attributes:
        hidden, turned_away: on the pictures as they are.
        covered: of hidden points where something was put in front of each face, besides those that people marked.
        shares: what share of the points are of each of the three, the precision of a guess.
    """

    hidden: float
    turned_away: float
    covered: float
    shares: tuple[float, float, float]

    def to_markdown(self) -> str:
        """Return the table of the model card."""
        rows = zip(
            ("hidden", "turned away", "hidden, something put in front of every face"),
            (self.hidden, self.turned_away, self.covered),
            self.shares,
            strict=True,
        )
        lines = ["| points that are | share of all | average precision |", "|---|---|---|"]
        return "\n".join(lines + [f"| {name} | {share:.3f} | {value:.3f} |" for name, value, share in rows])


def average_precision(scores: FloatArray, is_positive: npt.NDArray[np.bool_]) -> float:
    """Return the mean precision at the rank of each positive (points,), best score first."""
    found = is_positive[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    return float(precision[found].mean())


@torch.inference_mode()
def judge_faces(
    detector: Detector,
    pictures: Sequence[npt.NDArray[np.uint8]],
    faces: AnnotatedFaces,
    frames: Sequence[CropFrame],
) -> FloatArray:
    """Return the probabilities (faces, columns, 4) of `Visibility` for the landmarks that the faces' columns are.

    Args:
        detector: in evaluation mode, with a `visibility`.
        pictures: of the faces, as they are or changed.
        faces: tell the landmarks.
        frames: one crop a face.
    """
    size, landmarks = detector.config.image_size, faces.scheme.landmarks
    part_ids = detector.part_ids([landmark.part for landmark in landmarks]).to(detector.device)
    fpalps = torch.tensor([float(landmark.fpalp) for landmark in landmarks], device=detector.device)
    found = []
    for start in range(0, len(frames), BATCH_SIZE):
        some = slice(start, start + BATCH_SIZE)
        crops = np.stack([cut_crop(*pair, size) for pair in zip(pictures[some], frames[some], strict=True)])
        encoded = detector.encode(torch.from_numpy(crops).permute(0, 3, 1, 2).to(detector.device))
        found.append(detector.decode_visibility(encoded, part_ids, fpalps).double().cpu().numpy())
    return np.concatenate(found)


def score_visibility(
    detector: Detector, faces: AnnotatedFaces, frames: Sequence[CropFrame], seed: int = 0
) -> VisibilityScores:
    """Score a detector's judgement on faces whose points people marked; `seed` is of what is put in front of them."""
    assert faces.visibility is not None
    pictures = [faces.read_image(row) for row in range(len(faces))]
    plain = judge_faces(detector, pictures, faces, frames)
    is_hidden, is_turned = (
        faces.visibility == kind for kind in (Visibility.EXTERNALLY_OCCLUDED, Visibility.SELF_OCCLUDED)
    )
    covered = [
        np.asarray(occlude(Image.fromarray(picture), np.random.default_rng([seed, row])))
        for row, picture in enumerate(pictures)
    ]
    is_covered = is_hidden.copy()
    for row, (before, after) in enumerate(zip(pictures, covered, strict=True)):
        at = np.nan_to_num(faces.points[row], nan=-1).round().astype(int)
        inside = ((at >= 0) & (at < before.shape[1::-1])).all(axis=-1)
        x, y = np.where(inside[:, None], at, 0).T
        is_covered[row] |= inside & (before[y, x] != after[y, x]).any(axis=-1)
    behind = judge_faces(detector, covered, faces, frames)
    kinds = (
        (plain, Visibility.EXTERNALLY_OCCLUDED, is_hidden),
        (plain, Visibility.SELF_OCCLUDED, is_turned),
        (behind, Visibility.EXTERNALLY_OCCLUDED, is_covered),
    )
    hidden, turned, made = (average_precision(p[..., kind].ravel(), truth.ravel()) for p, kind, truth in kinds)
    shares = (float(is_hidden.mean()), float(is_turned.mean()), float(is_covered.mean()))
    return VisibilityScores(hidden, turned, made, shares)
