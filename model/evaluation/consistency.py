"""How steady a detector's answers are: mirrored, under noise, in a moved crop, along a curve, behind an occluder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import Layout, load_registry
from ..crops import CropFrame
from ..data.augmentation import occlude
from ..data.curves import apply_targets, make_scheme, target_matrix
from ..data.packs import AnnotatedFaces
from ..reader import LandmarkReader
from .metrics import FloatArray, inter_ocular
from .predict import Alteration, predict_landmarks, predict_mirrored

NOISE_SIGMA = 4.0
BOX_SHARE = 0.05
CURVE_SAMPLES = 200
CROP_CHANGES = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
"""Right, left, down, up, larger, smaller; each by BOX_SHARE of the crop's side."""


@dataclass(frozen=True)
class CurveSteadiness:
    """A part asked at 200 FPALPs, beside the spline through its annotated points at the same FPALPs.

    Attributes:
        forward_share: share of steps that do not run back along the spline, %.
        largest_turn, spline_largest_turn: largest angle between two steps, degrees, median over faces.
        total_turn_ratio: sum of the angles over the spline's, median over faces.
        closing_gap: distance from the end to the start in steps of mean length, largest over faces; 1 for a curve
            that closes, None for an open one.
    """

    forward_share: float
    largest_turn: float
    spline_largest_turn: float
    total_turn_ratio: float
    closing_gap: float | None


@dataclass(frozen=True)
class Consistency:
    """Mean displacements of the layout's points against the plain answer, % of inter-ocular.

    Attributes:
        mirror: the mirrored picture's answer, mirrored back.
        noise: Gaussian noise of sigma 4 on the picture's pixels.
        crop: the crop moved or scaled by 5%.
        covered_rise, open_rise: expected error with a synthetic occluder over that without it, means over the points
            under the occluder and over all others.
        curves: by part.
    """

    set_name: str
    mirror: float
    noise: float
    crop: float
    covered_rise: float
    open_rise: float
    curves: dict[str, CurveSteadiness]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    def to_markdown(self) -> str:
        """Return the tables of the model card."""
        lines = [
            f"### Consistency on {self.set_name}",
            "",
            "| what changes | points move by, % of inter-ocular |",
            "|---|---|",
            f"| the picture is mirrored | {self.mirror:.2f} |",
            f"| noise of sigma 4 on the pixels | {self.noise:.2f} |",
            f"| the crop moves or scales by 5% | {self.crop:.2f} |",
            "",
            f"A synthetic occluder multiplies the expected error of the points it covers by {self.covered_rise:.2f}, "
            f"of the others by {self.open_rise:.2f}.",
            "",
            "| part at 200 points | steps forward % | largest turn, degrees (spline's) | total turn over the spline's "
            "| closing gap, steps |",
            "|---|---|---|---|---|",
        ]
        for part, c in self.curves.items():
            gap = "-" if c.closing_gap is None else f"{c.closing_gap:.2f}"
            lines.append(
                f"| {part} | {c.forward_share:.1f} | {c.largest_turn:.1f} ({c.spline_largest_turn:.1f}) | "
                f"{c.total_turn_ratio:.2f} | {gap} |"
            )
        return "\n".join(lines)


def measure_consistency(
    reader: LandmarkReader,
    faces: AnnotatedFaces,
    annotated: FloatArray,
    frames: Sequence[CropFrame],
    layout: Layout,
    seed: int = 0,
) -> Consistency:
    """Measure a detector.

    Args:
        reader: of a detector in evaluation mode.
        faces: pictures.
        annotated: (faces, layout.size, 2) pixels of the picture: the normaliser, and the splines of the curves.
        frames: one crop a face.
        layout: what is asked.
        seed: of noise and occluders.
    """
    normalizer = inter_ocular(annotated, layout.name)
    plain, plain_error = predict_landmarks(reader, faces, frames, layout.landmarks)

    def displacement(points: FloatArray) -> float:
        return 100 * float((np.linalg.norm(points - plain, axis=-1).mean(axis=1) / normalizer).mean())

    noisy, _ = predict_landmarks(reader, faces, frames, layout.landmarks, alter=add_noise(seed))
    moved = [
        displacement(predict_landmarks(reader, faces, [change_frame(f, change) for f in frames], layout.landmarks)[0])
        for change in CROP_CHANGES
    ]
    covered_rise, open_rise = measure_occlusion(reader, faces, frames, layout, plain, plain_error, seed)
    return Consistency(
        set_name=faces.name,
        mirror=displacement(predict_mirrored(reader, faces, frames, layout.landmarks)),
        noise=displacement(noisy),
        crop=float(np.mean(moved)),
        covered_rise=covered_rise,
        open_rise=open_rise,
        curves=measure_curves(reader, faces, annotated, frames, layout),
    )


def add_noise(seed: int) -> Alteration:
    """Return what adds Gaussian noise of sigma 4 to the pixels of each face's picture."""

    def alter(row: int, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        noise = np.random.default_rng([seed, row]).normal(0, NOISE_SIGMA, picture.shape)
        return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)

    return alter


def change_frame(frame: CropFrame, change: tuple[int, int, int]) -> CropFrame:
    """Move a crop right and down, and scale it, by multiples of BOX_SHARE of its side."""
    x, y, scale = (BOX_SHARE * step for step in change)
    center = (frame.center_px[0] + x * frame.side_px, frame.center_px[1] + y * frame.side_px)
    return replace(frame, center_px=center, side_px=frame.side_px * (1 + scale))


def measure_occlusion(
    reader: LandmarkReader,
    faces: AnnotatedFaces,
    frames: Sequence[CropFrame],
    layout: Layout,
    plain: FloatArray,
    plain_error: FloatArray,
    seed: int,
) -> tuple[float, float]:
    """Return the rise of the expected error on points under a random occluder, and on all others."""
    hidden: dict[int, npt.NDArray[np.bool_]] = {}

    def cover(row: int, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        altered = np.asarray(occlude(Image.fromarray(picture), np.random.default_rng([seed, row])))
        hidden[row] = (altered != picture).any(axis=-1)
        return altered

    _, error = predict_landmarks(reader, faces, frames, layout.landmarks, alter=cover)
    is_covered = np.zeros(error.shape, dtype=bool)
    for row, changed in hidden.items():
        x, y = np.rint(plain[row]).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < changed.shape[1]) & (y < changed.shape[0])
        is_covered[row, inside] = changed[y[inside], x[inside]]
    rise = error / plain_error
    return float(rise[is_covered].mean()), float(rise[~is_covered].mean())


def measure_curves(
    reader: LandmarkReader, faces: AnnotatedFaces, annotated: FloatArray, frames: Sequence[CropFrame], layout: Layout
) -> dict[str, CurveSteadiness]:
    """Ask every part densely and compare its run with the spline through the annotated points."""
    scheme = make_scheme(layout.landmarks, load_registry())
    curves = [curve for curve in scheme.curves if len(curve.columns) > 2]
    at = {c.part: np.linspace(*c.reach, CURVE_SAMPLES, endpoint=not c.is_periodic) for c in curves}
    asked = [LandmarkQuery(part, Fraction(f)) for part, fpalps in at.items() for f in fpalps]
    paths, _ = predict_landmarks(reader, faces, frames, asked)
    found = {}
    for number, curve in enumerate(curves):
        path = paths[:, number * CURVE_SAMPLES : (number + 1) * CURVE_SAMPLES]
        matrix = target_matrix(scheme, [curve.part] * CURVE_SAMPLES, at[curve.part].tolist())
        spline = apply_targets(matrix, annotated)
        turns, spline_turns = turning_angles(path), turning_angles(spline)
        gap = None
        if curve.is_periodic:
            steps = np.linalg.norm(np.diff(path, axis=1), axis=-1).mean(axis=1)
            gap = float((np.linalg.norm(path[:, 0] - path[:, -1], axis=-1) / steps).max())
        tangents = np.gradient(spline, axis=1)
        along = (np.diff(path, axis=1) * tangents[:, :-1]).sum(axis=-1)
        found[curve.part] = CurveSteadiness(
            forward_share=100 * float((along >= 0).mean()),
            largest_turn=float(np.median(turns.max(axis=1))),
            spline_largest_turn=float(np.median(spline_turns.max(axis=1))),
            total_turn_ratio=float(np.median(turns.sum(axis=1) / spline_turns.sum(axis=1))),
            closing_gap=gap,
        )
    return found


def turning_angles(points: FloatArray) -> FloatArray:
    """Return (faces, samples - 2): the angle in degrees between neighbouring steps of points (faces, samples, 2)."""
    steps = np.diff(points, axis=1)
    first, second = steps[:, :-1], steps[:, 1:]
    cross = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    angles: FloatArray = np.degrees(np.abs(np.arctan2(cross, (first * second).sum(axis=-1))))
    return angles
