"""Mean shapes of layouts, by generalised Procrustes analysis, and laying them over one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import Layout, Registry
from ..crops import DEFAULT_MARGIN
from ..data.packs import AnnotatedFaces

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

ROUNDS = 10
TEMPLATE_PX = 256
"""Side of the crop that the template stands in, pixels; the paper does not say how large its own is."""
FEWEST_SHARED = 3
LEAST_COVERED = 0.6


@dataclass(frozen=True)
class MeanShape:
    """The face template T_Di of one layout.

    Attributes:
        title: what the tables call it.
        landmarks: what its points are: parts and registry FPALPs.
        points: (landmarks, 2), in whatever frame the shape was brought into.
        faces: how many faces it is the mean of.
    """

    title: str
    landmarks: tuple[LandmarkQuery, ...]
    points: FloatArray
    faces: int

    def columns_on(self, part: str, is_closed: bool) -> list[int]:
        """Return the columns on a part in the order of its curve; on a closed part from the layout's own first on."""
        own = [column for column, landmark in enumerate(self.landmarks) if landmark.part == part]
        ordered = sorted(own, key=lambda column: self.landmarks[column].fpalp)
        start = ordered.index(own[0]) if own and is_closed else 0
        return ordered[start:] + ordered[:start]


def make_mean_shapes(sets: Sequence[AnnotatedFaces], registry: Registry) -> list[MeanShape]:
    """Return the mean shape of every layout among sets of faces.

    Sets of one layout are taken together, whatever points beside it some of them have. Each shape is symmetric: the
    mean of itself and of its mirror image, so that how often heads turn left is no matter. Points that no face has
    are left out.

    Raises:
        ConfigError: a set holds no face.
    """
    by_layout: dict[object, list[AnnotatedFaces]] = {}
    for faces in sets:
        if len(faces) == 0:
            raise ConfigError(f"the set {faces.name!r} holds no face")
        layout = nearest_layout(faces.scheme.landmarks, registry)
        by_layout.setdefault(faces.scheme.landmarks if layout is None else layout.name, []).append(faces)
    shapes = []
    for members in by_layout.values():
        landmarks = tuple(dict.fromkeys(landmark for faces in members for landmark in faces.scheme.landmarks))
        points = np.concatenate([spread_columns(faces, landmarks) for faces in members])
        known = np.flatnonzero(np.isfinite(points).all(axis=2).any(axis=0))
        kept = tuple(landmarks[column] for column in known)
        mean = upright(symmetrize(procrustes_mean(to_complex(points[:, known])), kept, registry), kept, registry)
        shapes.append(MeanShape(name_scheme(kept, registry), kept, to_points(mean), len(points)))
    return shapes


def spread_columns(faces: AnnotatedFaces, landmarks: Sequence[LandmarkQuery]) -> FloatArray:
    """Return a set's points in the columns of more landmarks than its own: (faces, landmarks, 2), else NaN."""
    column = {landmark: number for number, landmark in enumerate(landmarks)}
    points = np.full((len(faces), len(landmarks), 2), np.nan)
    points[:, [column[landmark] for landmark in faces.scheme.landmarks]] = faces.points
    return points


def nearest_layout(landmarks: Sequence[LandmarkQuery], registry: Registry) -> Layout | None:
    """Return the registry's layout of which the landmarks hold most, if they hold enough of one to be called so."""
    covered = {
        layout.name: count_shared(landmarks, layout, registry)
        for layout in registry.layouts.values()
        if layout.name != "unified"
    }
    enough = {name: count for name, count in covered.items() if count >= LEAST_COVERED * registry.layouts[name].size}
    return registry.layouts[max(enough, key=enough.__getitem__)] if enough else None


def count_shared(landmarks: Sequence[LandmarkQuery], layout: Layout, registry: Registry) -> int:
    places = {registry.canonical_place(landmark) for landmark in landmarks}
    return len(places & {registry.canonical_place(landmark) for landmark in layout.landmarks})


def name_scheme(landmarks: Sequence[LandmarkQuery], registry: Registry) -> str:
    """Return "300W", or "300W + 7" where points beside a layout's are annotated."""
    layout = nearest_layout(landmarks, registry)
    if layout is None:
        return f"{len(landmarks)} points"
    beside = len(landmarks) - count_shared(landmarks, layout, registry)
    return f"{layout.title} + {beside}" if beside else layout.title


def procrustes_mean(shapes: ComplexArray) -> ComplexArray:
    """Return the mean (landmarks,) of shapes (faces, landmarks), x + iy, NaN where unknown; of unit mean radius.

    Each shape is laid over the mean by the best shift, turn and scale over the points that it has, and the mean taken
    anew.
    """
    known = np.isfinite(shapes)
    filled = np.where(known, shapes, 0)
    mean: ComplexArray = filled[known.sum(axis=1).argmax()]
    for _ in range(ROUNDS):
        counts = known.sum(axis=1, keepdims=True)
        centered = np.where(known, filled - filled.sum(axis=1, keepdims=True) / counts, 0)
        targets = np.where(known, mean, 0)
        middles = targets.sum(axis=1, keepdims=True) / counts
        turns = (centered.conj() * np.where(known, targets - middles, 0)).sum(axis=1, keepdims=True)
        laid = centered * turns / (abs(centered) ** 2).sum(axis=1, keepdims=True) + middles
        mean = np.where(known, laid, 0).sum(axis=0) / known.sum(axis=0)
        mean = mean - mean.mean()
        mean = mean / abs(mean).mean()
    return mean


def symmetrize(shape: ComplexArray, landmarks: Sequence[LandmarkQuery], registry: Registry) -> ComplexArray:
    """Return the mean of a shape (landmarks,) and its mirror image; points whose image is no landmark stay."""
    index = {registry.canonical_place(landmark): column for column, landmark in enumerate(landmarks)}
    mirror = np.array([index.get(registry.mirror(landmark), -1) for landmark in landmarks])
    paired = np.flatnonzero(mirror >= 0)
    if len(paired) < 2:
        return shape
    image = -shape[mirror].conj()
    laid = lay_over(image, image[paired], shape[paired])
    return np.where(mirror >= 0, (shape + laid) / 2, shape)


def upright(shape: ComplexArray, landmarks: Sequence[LandmarkQuery], registry: Registry) -> ComplexArray:
    """Return a shape (landmarks,) turned by as little as brings mirror images level with each other."""
    index = {registry.canonical_place(landmark): column for column, landmark in enumerate(landmarks)}
    across = [
        shape[index[registry.mirror(landmark)]] - shape[column]
        for column, landmark in enumerate(landmarks)
        if registry.mirror(landmark) in index
    ]
    rightward = sum(line if line.real > 0 else -line for line in across)
    return shape if rightward == 0 else shape * abs(rightward) / rightward


def lay_over(points: ComplexArray, source: ComplexArray, target: ComplexArray) -> ComplexArray:
    """Return points under the shift, turn and scale that best lay source over target (pairs,)."""
    centered = source - source.mean()
    turn = (centered.conj() * (target - target.mean())).sum() / (abs(centered) ** 2).sum()
    laid: ComplexArray = (points - source.mean()) * turn + target.mean()
    return laid


def align_shapes(shapes: Sequence[MeanShape], registry: Registry) -> list[MeanShape]:
    """Return the shapes in one frame: each laid over those before it by the landmarks that they share, largest first.

    The frame is a face crop of TEMPLATE_PX, as the detector's training has it.

    Raises:
        ConfigError: a layout shares fewer than FEWEST_SHARED landmarks with those before it.
    """
    aligned: list[MeanShape] = []
    places: dict[LandmarkQuery, list[complex]] = {}
    for shape in sorted(shapes, key=lambda s: -len(s.landmarks)):
        own = [registry.canonical_place(landmark) for landmark in shape.landmarks]
        points = to_complex(shape.points)
        if aligned:
            shared = [column for column, place in enumerate(own) if place in places]
            if len(shared) < FEWEST_SHARED:
                raise ConfigError(
                    f"{shape.title} shares {len(shared)} landmarks with the other layouts: at least {FEWEST_SHARED} "
                    "are needed to lay it over them"
                )
            target = np.array([np.mean(places[own[column]]) for column in shared])
            points = lay_over(points, points[shared], target)
        for place, point in zip(own, points, strict=True):
            places.setdefault(place, []).append(complex(point))
        aligned.append(MeanShape(shape.title, shape.landmarks, to_points(points), shape.faces))
    everything = np.concatenate([shape.points for shape in aligned])
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = TEMPLATE_PX / DEFAULT_MARGIN / float((high - low).max())
    return [
        MeanShape(s.title, s.landmarks, (s.points - (low + high) / 2) * scale + (TEMPLATE_PX - 1) / 2, s.faces)
        for s in aligned
    ]


def to_complex(points: FloatArray) -> ComplexArray:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def to_points(shape: ComplexArray) -> FloatArray:
    return np.stack([shape.real, shape.imag], axis=-1)
