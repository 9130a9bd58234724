"""Cut faces out of a photo upright, with the eyes at fixed places, as recognition and swapping pipelines want them.

python examples/aligned_crop.py examples/astronaut.jpg face.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

import faceql

# Where the middles of the eyes and of the mouth come to lie, shares of the crop's side.
PLACES = np.array([(0.35, 0.40), (0.65, 0.40), (0.5, 0.72)])


def fit_similarity(from_points: npt.NDArray[np.float64], to_points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the (2, 3) matrix of the turn, scale and move that takes points (N, 2) nearest to others."""
    a, b = from_points.mean(axis=0), to_points.mean(axis=0)
    # As complex numbers a turn with a scale is one factor.
    here, there = (from_points - a) @ (1, 1j), (to_points - b) @ (1, 1j)
    factor = (here.conj() @ there) / (here.conj() @ here)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([turn, b - turn @ a])


def align(photo: Image.Image, answer: faceql.Answer, face: int, size: int) -> Image.Image:
    """Return one face of an answer to "eyes and outer lip", size x size pixels, upright.

    Whatever lies outside the photo is black.
    """
    middles = np.array([answer.xy[answer.find(part, face=face)].mean(axis=0) for part in ("left eye", "right eye")])
    mouth = answer.xy[answer.find("mouth corners", face=face)].mean(axis=0)
    back = fit_similarity(PLACES * size, np.vstack([middles, mouth]) + 0.5)
    # Reduced first where the photo has more pixels than the crop, so that nothing flickers.
    reduce = max(1, int(np.hypot(*back[:, 0])))
    return photo.reduce(reduce).transform(
        (size, size), Image.Transform.AFFINE, tuple((back / reduce).ravel()), Image.Resampling.BICUBIC
    )


def main(photo_path: Path, out: Path, size: int = 256) -> None:
    """Write the largest face, aligned."""
    photo = Image.open(photo_path).convert("RGB")
    answer = faceql.Engine().ask(photo, "eyes and outer lip")
    align(photo, answer, 0, size).save(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
