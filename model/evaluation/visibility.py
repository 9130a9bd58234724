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
from ..reader import LandmarkReader
from .metrics import FloatArray

BATCH_SIZE = 16
BANDS = 10
"""Of probabilities, in a table of reliability."""
TEMPERATURES = np.exp(np.linspace(-1.5, 1.5, 121))


@dataclass(frozen=True)
class Reliability:
    """How true the probabilities of being seen are.

    Attributes:
        bands: for each band of probabilities that holds points: its ends, how many points, their mean probability, and
            what share of them were seen.
        calibration_error: mean difference of the last two over all points, 0..1.
        temperature: what the logits of all four kinds would have to be divided by to be likeliest; 1 is calibrated.
    """

    bands: tuple[tuple[float, float, int, float, float], ...]
    calibration_error: float
    temperature: float

    def to_markdown(self) -> str:
        """Return a table of the bands."""
        lines = ["| said to be seen | points | mean probability | were seen |", "|---|---|---|---|"]
        lines += [
            f"| {low:.0%} to {high:.0%} | {count} | {said:.3f} | {true:.3f} |"
            for low, high, count, said, true in self.bands
        ]
        told = (
            f"Mean difference {self.calibration_error:.3f}; the temperature that fits best is {self.temperature:.2f}."
        )
        return "\n".join([*lines, "", told])


@dataclass(frozen=True)
class VisibilityScores:
    """Average precisions, 0..1, of a class's probability against all points that are not of it.

    Attributes:
        hidden, turned_away: on the pictures as they are.
        covered: of hidden points where something was put in front of each face, besides those that people marked.
        shares: what share of the points are of each of the three, the precision of a guess.
        reliability: of the probabilities on the pictures as they are.
    """

    hidden: float
    turned_away: float
    covered: float
    shares: tuple[float, float, float]
    reliability: Reliability

    def to_markdown(self) -> str:
        """Return the table of the model card."""
        rows = zip(
            ("hidden", "turned away", "hidden, something put in front of every face"),
            (self.hidden, self.turned_away, self.covered),
            self.shares,
            strict=True,
        )
        lines = ["| points that are | share of all | average precision |", "|---|---|---|"]
        lines += [f"| {name} | {share:.3f} | {value:.3f} |" for name, value, share in rows]
        return "\n".join([*lines, "", self.reliability.to_markdown()])


def average_precision(scores: FloatArray, is_positive: npt.NDArray[np.bool_]) -> float:
    """Return the mean precision at the rank of each positive (points,), best score first."""
    found = is_positive[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    return float(precision[found].mean())


def measure_reliability(probabilities: FloatArray, known: npt.NDArray[np.uint8]) -> Reliability:
    """Compare probabilities (points, 4) of `Visibility` with what the points (points,) are."""
    said, true = probabilities[:, Visibility.VISIBLE], known == Visibility.VISIBLE
    numbers = np.minimum((said * BANDS).astype(np.int64), BANDS - 1)
    bands = tuple(
        (n / BANDS, (n + 1) / BANDS, int(own.sum()), float(said[own].mean()), float(true[own].mean()))
        for n in range(BANDS)
        if (own := numbers == n).any()
    )
    error = sum(count * abs(mean - share) for _, _, count, mean, share in bands) / len(said)
    return Reliability(bands, float(error), fit_temperature(probabilities, known))


def fit_temperature(probabilities: FloatArray, known: npt.NDArray[np.uint8]) -> float:
    """Return what logits must be divided by for their probabilities (points, 4) to be the likeliest (Guo et al. 2017).

    It is sought between 0.22 and 4.5, in steps of 2.5%.
    """
    logits = np.log(np.maximum(probabilities, 1e-12))

    def surprise(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        chosen = np.take_along_axis(scaled, known[:, None].astype(np.int64), axis=1)[:, 0]
        return float((np.log(np.exp(scaled).sum(axis=1)) - chosen).mean())

    return float(min(TEMPERATURES, key=surprise))


@torch.inference_mode()
def judge_faces(
    reader: LandmarkReader,
    pictures: Sequence[npt.NDArray[np.uint8]],
    faces: AnnotatedFaces,
    frames: Sequence[CropFrame],
) -> FloatArray:
    """Return the probabilities (faces, columns, 4) of `Visibility` for the landmarks that the faces' columns are.

    Args:
        reader: of a detector in evaluation mode that tells visibility.
        pictures: of the faces, as they are or changed.
        faces: tell the landmarks.
        frames: one crop a face.
    """
    detector, landmarks = reader.detector, faces.scheme.landmarks
    size = detector.config.image_size
    parts, fpalps = [landmark.part for landmark in landmarks], [float(landmark.fpalp) for landmark in landmarks]
    found = []
    for start in range(0, len(frames), BATCH_SIZE):
        some = slice(start, start + BATCH_SIZE)
        crops = np.stack([cut_crop(*pair, size) for pair in zip(pictures[some], frames[some], strict=True)])
        encoded = reader.encode(torch.from_numpy(crops).permute(0, 3, 1, 2).to(detector.device))
        visibility = reader.read(encoded, parts, fpalps).visibility
        assert visibility is not None
        found.append(visibility)
    return np.concatenate(found)


def score_visibility(
    reader: LandmarkReader, faces: AnnotatedFaces, frames: Sequence[CropFrame], seed: int = 0
) -> VisibilityScores:
    """Score a detector's judgement on faces whose points people marked; `seed` is of what is put in front of them."""
    assert faces.visibility is not None
    pictures = [faces.read_image(row) for row in range(len(faces))]
    plain = judge_faces(reader, pictures, faces, frames)
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
    behind = judge_faces(reader, covered, faces, frames)
    kinds = (
        (plain, Visibility.EXTERNALLY_OCCLUDED, is_hidden),
        (plain, Visibility.SELF_OCCLUDED, is_turned),
        (behind, Visibility.EXTERNALLY_OCCLUDED, is_covered),
    )
    hidden, turned, made = (average_precision(p[..., kind].ravel(), truth.ravel()) for p, kind, truth in kinds)
    shares = (float(is_hidden.mean()), float(is_turned.mean()), float(is_covered.mean()))
    reliability = measure_reliability(plain.reshape(-1, plain.shape[-1]), faces.visibility.ravel())
    return VisibilityScores(hidden, turned, made, shares, reliability)
