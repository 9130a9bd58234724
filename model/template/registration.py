"""Placing a new layout's landmarks on the parts, from annotated faces alone (the paper's future work).

A landmark belongs to the place of the parts that it keeps closest to over many faces. Faces that differ in shape,
expression and pose tell apart places that lie close together on any one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import groupby

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import Registry
from .dense_curves import EYE_CORNERS, STEPS, DenseCurves
from .layout_splines import LayoutSpline, make_layout_spline
from .mirror_pairs import find_mirror_pairs

FloatArray = npt.NDArray[np.float64]

KEPT_SHARE = 0.85
"""Share of the faces, the closest ones, that count for a landmark and place: the rest may be ill annotated."""
FEWEST_FACES = 5
NOSE_TIP = LandmarkQuery("nose bridge", Fraction(1))
FINE_STEPS = 10 * STEPS
LARGEST_RATIO = 1.75
"""A landmark lies on a part if its residual is at most so many times what the part's own points are known to: true
expected errors, as `faceql train` calibrates them."""
OTHER_PARTS_HANDICAP = 1.25
"""How much closer a landmark must keep to a part that "face" leaves out ("middle of mouth") than to one of the face."""
PAIR_SLACK = 1.3
"""A mirror pair is placed as one where that costs no more than so many times the two placed apart."""
RIVAL_RATIO = 1.15
"""Parts whose residuals differ by less are told apart by which of them the landmark moves with."""
LARGEST_OFFSET = 1.1
"""A landmark's mean offset from its part, which more faces do not wear off, may be so many times what the part's own
points are known to."""


@dataclass(frozen=True, slots=True)
class RegisteredLandmark:
    """Where a landmark of the new layout lies; distances in shares of inter-ocular.

    Attributes:
        index: its column, from 0.
        part, fpalp: the place it keeps closest to; "" and 0 for one that too few faces have, all else of it is NaN.
        residual: root mean square distance from there, over the faces that count.
        offset: mean (x, y) from there to the landmark: along the line of the eyes, and down the face.
        known_to: how far the part's own points are known there.
        is_on_part: whether residual and offset are small enough for the landmark to lie on the part.
        mirror: the column of its mirror image, itself on the midline, None where none was found.
        rival: another part that it keeps nearly as close to; None where there is none.
    """

    index: int
    part: str
    fpalp: Fraction
    residual: float
    offset: tuple[float, float]
    known_to: float
    is_on_part: bool
    mirror: int | None
    rival: str | None

    @property
    def query(self) -> LandmarkQuery:
        return LandmarkQuery(self.part, self.fpalp)


@dataclass(frozen=True)
class Registration:
    """A layout placed on the parts.

    Attributes:
        landmarks: every landmark, whether it lies on a part or not.
        shape: (landmarks, 2) where the landmarks of a face that looks straight ahead lie, in the face's own frame:
            outer eye corners level and 1 apart, their middle at 0, y down.
        paths: the parts in that frame: places, and where they lie (places, 2).
        faces: how many faces it was learnt from.
        registry: the parts.
    """

    landmarks: tuple[RegisteredLandmark, ...]
    shape: FloatArray
    paths: tuple[tuple[LandmarkQuery, ...], FloatArray]
    faces: int
    registry: Registry

    @property
    def on_parts(self) -> tuple[RegisteredLandmark, ...]:
        return tuple(landmark for landmark in self.landmarks if landmark.is_on_part)

    @cached_property
    def splines(self) -> dict[str, LayoutSpline]:
        """A spline for each part, through its registered landmarks."""
        by_part: dict[str, list[RegisteredLandmark]] = {}
        for landmark in self.on_parts:
            by_part.setdefault(landmark.part, []).append(landmark)
        return {
            part: make_layout_spline(
                self.registry.parts[part],
                [landmark.index for landmark in members],
                [float(landmark.fpalp) for landmark in members],
                [landmark.residual / landmark.known_to for landmark in members],
            )
            for part, members in by_part.items()
        }

    def map_matrix(self, landmarks: Sequence[LandmarkQuery]) -> FloatArray:
        """Return (asked, columns): how asked places are made of the layout's points; rows of NaN where they are not."""
        matrix = np.full((len(landmarks), len(self.landmarks)), np.nan)
        for part, spline in self.splines.items():
            rows = [row for row, landmark in enumerate(landmarks) if landmark.part == part]
            if rows:
                weights = spline.weights([float(landmarks[row].fpalp) for row in rows])
                matrix[rows] = np.where(np.isfinite(weights).all(axis=1, keepdims=True), 0.0, np.nan)
                matrix[np.ix_(rows, spline.columns)] = weights
        return matrix

    def map_points(
        self, points: FloatArray, landmarks: Sequence[LandmarkQuery], *, take_offsets_off: bool = False
    ) -> FloatArray:
        """Return the asked places on faces of which this layout's points are known.

        Splines run along each part through the landmarks that lie on it.

        Args:
            points: (faces, columns, 2) in the layout's own numbering, any frame; NaN where unknown.
            landmarks: the places.
            take_offsets_off: whether to take off the mean offsets that registration saw, in each face's own frame.
                Layouts draw one line a little apart from each other (the mesh's jaw lies inside people's), so what is
                left is nearer to what the parts are known by. It needs both outer eye corners.

        Returns:
            (faces, asked, 2) in the frame of `points`; NaN where the layout has no landmark near the place, or a
            point that it needs is unknown.

        Raises:
            ConfigError: `points` has another number of landmarks than the layout.
        """
        if points.ndim != 3 or points.shape[1:] != (len(self.landmarks), 2):
            raise ConfigError(
                f"this registration is of {len(self.landmarks)} landmarks: points must be (faces, "
                f"{len(self.landmarks)}, 2), not {points.shape}"
            )
        matrix = self.map_matrix(landmarks)
        mapped = _combine(matrix, points)
        if not take_offsets_off:
            return mapped
        offsets = np.array([landmark.offset for landmark in self.landmarks])[None]  # (1, columns, 2)
        corners = _combine(self.map_matrix([LandmarkQuery(*corner) for corner in EYE_CORNERS]), points)
        along = (corners[:, 1] - corners[:, 0])[:, None]  # (faces, 1, 2), as long as inter-ocular
        down = np.stack([-along[..., 1], along[..., 0]], axis=-1)
        right, below = np.split(_combine(matrix, offsets), 2, axis=-1)  # (1, asked, 1)
        moved: FloatArray = mapped - right * along - below * down
        return moved


def _combine(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Return (faces, asked, 2): points (faces, columns, 2) combined as a matrix (asked, columns) says, else NaN."""
    combined = np.full((len(points), len(matrix), 2), np.nan)
    for row, weights in enumerate(matrix):
        used = np.flatnonzero(np.nan_to_num(weights))
        if np.isfinite(weights).all():
            combined[:, row] = np.einsum("c,fcd->fd", weights[used], points[:, used])
    return combined


def register_layout(points: FloatArray, curves: DenseCurves, registry: Registry) -> Registration:
    """Place every landmark of a layout on the part and FPALP that it keeps closest to.

    Args:
        points: (faces, landmarks, 2) pixels of a layout of which nothing else is known; NaN where unknown.
        curves: the parts on the same faces.
        registry: the parts.

    Raises:
        ConfigError: the faces differ in number, or are fewer than FEWEST_FACES.
    """
    if points.ndim != 3 or points.shape[0] != len(curves) or points.shape[2] != 2:
        raise ConfigError(f"points must be ({len(curves)} faces, landmarks, 2), not {points.shape}")
    if len(points) < FEWEST_FACES:
        raise ConfigError(f"{len(points)} faces are too few to place a layout by: at least {FEWEST_FACES}, better 100")
    fitter = _Fitter(curves, registry)
    here = curves.to_face(points)
    shape = facing_shape(here, curves)
    partners = find_mirror_pairs(shape)
    costs = np.stack([fitter.costs(here[:, column]) for column in range(here.shape[1])])  # (landmarks, samples)
    landmarks = []
    for column, partner in enumerate(partners.tolist()):
        if not np.isfinite(costs[column]).any():
            landmarks.append(_make_unknown(column))
            continue
        sample, is_paired = fitter.choose(here, costs, column, partner)
        fpalp = refine(costs, column, partner if is_paired else None, sample, curves, registry)
        place = LandmarkQuery(curves.landmarks[sample].part, fpalp)
        told = fitter.describe(column, here[:, column], costs[column], sample, place)
        # Of those on parts, only a mirror image that was placed as one counts.
        is_mirror = partner >= 0 and (is_paired or not told.is_on_part)
        landmarks.append(replace(told, mirror=partner if is_mirror else None))
    paths = (curves.landmarks, facing_shape(fitter.paths, curves, rounds=1))
    return Registration(tuple(landmarks), shape, paths, len(points), registry)


def facing_shape(points: FloatArray, curves: DenseCurves, *, rounds: int = 3) -> FloatArray:
    """Return (landmarks, 2): where the landmarks of a face that looks straight ahead lie, in the face's own frame.

    A head turned aside takes its nose tip along, so each coordinate's line over the nose tip's is read at 0. Without
    nose tips it is the mean.

    Args:
        points: (faces, landmarks, 2) in each face's own frame, NaN where unknown.
        curves: the same faces'.
        rounds: fits; after each, the faces that miss it most are left out.
    """
    shape = np.full(points.shape[1:], np.nan)
    tip = curves.index.get(NOSE_TIP)
    aside = np.zeros(len(points)) if tip is None else curves.to_face(curves.points[:, [tip]])[:, 0, 0]
    for column in range(points.shape[1]):
        rows = np.flatnonzero(np.isfinite(points[:, column]).all(axis=1) & np.isfinite(aside))
        for _ in range(rounds):
            if len(rows) < FEWEST_FACES:
                break
            lines = np.stack([np.ones(len(rows)), aside[rows]], axis=1)
            fitted = np.linalg.lstsq(lines, points[rows, column], rcond=None)[0]
            shape[column] = fitted[0]
            miss = np.linalg.norm(points[rows, column] - lines @ fitted, axis=1)
            rows = rows[miss <= np.quantile(miss, KEPT_SHARE)]
    return shape


def refine(
    costs: FloatArray, column: int, partner: int | None, sample: int, curves: DenseCurves, registry: Registry
) -> Fraction:
    """Return the FPALP between samples where a parabola through the cost's lowest values is lowest, in FINE_STEPS."""
    part = registry.parts[curves.landmarks[sample].part]
    fpalp = curves.landmarks[sample].fpalp
    if part.is_point or partner == column:
        return fpalp
    neighbours = []
    for step in (-1, 1):
        place = registry.canonical_place(LandmarkQuery(part.name, fpalp + Fraction(step, STEPS)))
        neighbours.append(curves.index.get(place, -1))
    if min(neighbours) < 0:
        return fpalp
    values = np.array([costs[column, at] for at in (neighbours[0], sample, neighbours[1])])
    if partner is not None:
        values = values + [costs[partner, curves.mirror[at]] for at in (neighbours[0], sample, neighbours[1])]
    bend = values[0] - 2 * values[1] + values[2]
    if not np.isfinite(bend) or bend <= 0:
        return fpalp
    shift = float(np.clip((values[0] - values[2]) / (2 * bend), -0.5, 0.5)) / STEPS
    moved = fpalp + Fraction(round(shift * FINE_STEPS), FINE_STEPS)
    return (
        registry.canonical_place(LandmarkQuery(part.name, moved)).fpalp
        if part.is_closed
        else min(max(moved, Fraction(0)), Fraction(1))
    )


def _make_unknown(column: int) -> RegisteredLandmark:
    nan = float("nan")
    return RegisteredLandmark(column, "", Fraction(0), nan, (nan, nan), nan, False, None, None)


class _Fitter:
    """Distances of landmarks from dense curves, in each face's own frame."""

    def __init__(self, curves: DenseCurves, registry: Registry) -> None:
        self.curves = curves
        self.registry = registry
        self.paths = curves.to_face(curves.points)  # (faces, samples, 2)
        self.known = np.asarray(np.isfinite(self.paths).all(axis=2))  # (faces, samples)

    def blocks(self) -> Iterator[tuple[str, slice]]:
        """Yield each part and its samples."""
        for part, members in groupby(range(len(self.curves.landmarks)), lambda i: self.curves.landmarks[i].part):
            at = list(members)
            yield part, slice(at[0], at[-1] + 1)

    def costs(self, landmark: FloatArray) -> FloatArray:
        """Return (samples,): a landmark's (faces, 2) mean squared distance over the closest KEPT_SHARE of faces."""
        costs = np.full(len(self.curves.landmarks), np.inf)
        is_known = np.asarray(np.isfinite(landmark).all(axis=1))
        for part, block in self.blocks():
            rows = np.flatnonzero(is_known & np.asarray(self.known[:, block].all(axis=1)))
            if len(rows) >= FEWEST_FACES:
                squared = ((landmark[rows, None] - self.paths[rows, block]) ** 2).sum(axis=2)
                kept = int(np.ceil(KEPT_SHARE * len(rows)))
                handicap = 1.0 if self.registry.parts[part].in_face else OTHER_PARTS_HANDICAP**2
                costs[block] = handicap * np.partition(squared, kept - 1, axis=0)[:kept].mean(axis=0)
        return costs

    def choose(self, here: FloatArray, costs: FloatArray, column: int, partner: int) -> tuple[int, bool]:
        """Return a landmark's sample, and whether it was chosen together with its mirror image's.

        Layouts draw one line a little apart from each other, so where two parts run close together the nearer one may
        be the wrong one: of nearly equal parts the one is taken from which the offset varies least.

        Args:
            here: (faces, landmarks, 2) in the faces' own frames.
            costs: (landmarks, samples).
            column: the landmark.
            partner: its mirror image, -1 for none.
        """
        mirror = self.curves.mirror
        cost, is_paired = costs[column], False
        if partner >= 0:
            both = cost + np.where(mirror >= 0, costs[partner, mirror], np.inf)
            if partner == column:
                both = np.where(mirror == np.arange(len(mirror)), both, np.inf)
            if both.min() <= PAIR_SLACK * (cost.min() + costs[partner].min()):
                cost, is_paired = both, True
        best = [(float(cost[block].min()), block.start + int(cost[block].argmin())) for _, block in self.blocks()]
        rivals = [sample for lowest, sample in best if lowest <= RIVAL_RATIO**2 * cost.min()]

        def spread(sample: int) -> float:
            own = self.spread(here[:, column], sample)
            return own + self.spread(here[:, partner], int(mirror[sample])) if is_paired else own

        return min(rivals, key=spread), is_paired

    def closest(self, landmark: FloatArray, sample: int) -> FloatArray:
        """Return (faces, 2): a landmark's offsets from a sample, on the closest KEPT_SHARE of the faces."""
        apart = landmark - self.paths[:, sample]
        rows = np.flatnonzero(np.isfinite(apart).all(axis=1))
        kept = int(np.ceil(KEPT_SHARE * len(rows)))
        offsets: FloatArray = apart[rows[np.argsort((apart[rows] ** 2).sum(axis=1), kind="stable")[:kept]]]
        return offsets

    def spread(self, landmark: FloatArray, sample: int) -> float:
        """Return how much a landmark's offset from a sample varies, with the handicap of its part."""
        variance = float(self.closest(landmark, sample).var(axis=0).sum())
        in_face = self.registry.parts[self.curves.landmarks[sample].part].in_face
        return variance if in_face else variance * OTHER_PARTS_HANDICAP**2

    def describe(
        self, column: int, landmark: FloatArray, costs: FloatArray, sample: int, place: LandmarkQuery
    ) -> RegisteredLandmark:
        """Gather what is told of a landmark at the sample that was chosen for it; its mirror image is not."""
        offsets = self.closest(landmark, sample)
        residual = float(np.sqrt((offsets**2).sum(axis=1).mean()))
        offset = offsets.mean(axis=0)
        known_to = float(self.curves.known_to[sample])
        best_elsewhere = {name: float(costs[block].min()) for name, block in self.blocks() if name != place.part}
        rival = min(best_elsewhere, key=best_elsewhere.__getitem__, default=None)
        is_on_part = residual <= LARGEST_RATIO * known_to and float(np.hypot(*offset)) <= LARGEST_OFFSET * known_to
        if rival is not None and (not is_on_part or best_elsewhere[rival] > (RIVAL_RATIO * residual) ** 2):
            rival = None
        return RegisteredLandmark(
            index=column,
            part=place.part,
            fpalp=place.fpalp,
            residual=residual,
            offset=(float(offset[0]), float(offset[1])),
            known_to=known_to,
            is_on_part=is_on_part,
            mirror=None,
            rival=rival,
        )
