"""Expected errors where they matter most: on copies of faces that are blurred, cut off or half hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..crops import OUTSIDE_COLOR, CropFrame
from ..data.augmentation import blur_along
from ..data.packs import AnnotatedFaces
from ..reader import LandmarkReader
from .metrics import normalized_errors
from .predict import predict_landmarks
from .scores import MeanError, mean_error, measure_normalizers, nanmean, own_normalizer

BLUR_LENGTH = 0.08
CUT_SHARE = 0.35
COVERED_SHARE = 0.5
"""Of the crop's side: how far motion blurs, how much the photo's edge cuts off, how much is painted over."""

WRONG, SURE = 0.15, 0.05
"""A true error over the first at an expected error under the second is a point that misleads, in normalisers."""

ByteArray = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class DegradedScores:
    """One kind of copies.

    Attributes:
        kind: what was done to them.
        error: mean true error, %.
        ratio: mean expected over mean true error; 1 is calibrated.
        misleading: share of points that are off by more than WRONG at an expected error under SURE, %.
    """

    kind: str
    error: MeanError
    ratio: float
    misleading: float


def keep(picture: ByteArray, frame: CropFrame, rng: np.random.Generator) -> ByteArray:
    """Return the picture as it is."""
    return picture


def blur(picture: ByteArray, frame: CropFrame, rng: np.random.Generator) -> ByteArray:
    """Blur the picture as a camera does that moves in some direction."""
    blurred = blur_along(picture.astype(np.float32), BLUR_LENGTH * frame.side_px, rng.uniform(0, np.pi))
    return np.rint(blurred).astype(np.uint8)


def cut_off(picture: ByteArray, frame: CropFrame, rng: np.random.Generator) -> ByteArray:
    """Let the photo end so that CUT_SHARE of the crop is cut off on one of its sides."""
    return paint(picture, side_of_crop(picture, frame, CUT_SHARE, rng), OUTSIDE_COLOR)


def paint_over(picture: ByteArray, frame: CropFrame, rng: np.random.Generator) -> ByteArray:
    """Paint COVERED_SHARE of the crop over, on one of its sides, in one colour."""
    return paint(picture, side_of_crop(picture, frame, COVERED_SHARE, rng), rng.integers(0, 256, size=3))


def side_of_crop(picture: ByteArray, frame: CropFrame, share: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return (height, width): the pixels on one side, at random, of the line that parts this share of a crop off."""
    height, width = picture.shape[:2]
    x, y = np.arange(width)[None] - frame.center_px[0], np.arange(height)[:, None] - frame.center_px[1]
    angle = frame.angle + np.pi / 2 * rng.integers(4)
    is_beyond: npt.NDArray[np.bool_] = np.cos(angle) * x + np.sin(angle) * y > (0.5 - share) * frame.side_px
    return is_beyond


def paint(picture: ByteArray, where: npt.NDArray[np.bool_], color: npt.ArrayLike) -> ByteArray:
    """Return a copy with one colour where `where` (height, width) is true."""
    painted = picture.copy()
    painted[where] = color
    return painted


KINDS: dict[str, Callable[[ByteArray, CropFrame, np.random.Generator], ByteArray]] = {
    "as they are": keep,
    "blurred by motion": blur,
    "cut off by the photo's edge": cut_off,
    "half painted over": paint_over,
}


def measure_degraded(
    reader: LandmarkReader, faces: AnnotatedFaces, frames: Sequence[CropFrame], seed: int = 0
) -> list[DegradedScores]:
    """Measure expected and true errors on the faces and on copies of them.

    Args:
        reader: of a detector in evaluation mode.
        faces: pictures and annotation.
        frames: one crop a face, the same for its copies.
        seed: of the copies.
    """
    normalizer = measure_normalizers(faces)[own_normalizer(faces)]
    found = []
    for kind, change in KINDS.items():

        def alter(row: int, picture: ByteArray, change: Callable[..., ByteArray] = change) -> ByteArray:
            return change(picture, frames[row], np.random.default_rng([seed, row]))

        predicted, expected = predict_landmarks(reader, faces, frames, faces.scheme.landmarks, alter=alter)
        true = normalized_errors(predicted, faces.points, normalizer)
        expected = expected / normalizer[:, None]
        known = np.isfinite(true)
        found.append(
            DegradedScores(
                kind,
                mean_error(nanmean(true, axis=1)),
                float(expected[known].mean() / true[known].mean()),
                100 * float(((true > WRONG) & (expected < SURE))[known].mean()),
            )
        )
    return found


def format_degraded(set_name: str, scores: Sequence[DegradedScores]) -> str:
    """Return the table of the model card."""
    lines = [
        f"### Expected errors on degraded copies of {set_name}",
        "",
        f"| copies | NME % | mean expected over mean true error | points off by over {100 * WRONG:.0f}% at an expected "
        f"error under {100 * SURE:.0f}%, % |",
        "|---|---|---|---|",
    ]
    lines += [f"| {one.kind} | {one.error} | {one.ratio:.2f} | {one.misleading:.2f} |" for one in scores]
    return "\n".join(lines)
