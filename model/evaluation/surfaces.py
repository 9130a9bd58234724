"""How well a detector places surfaces: against the mesh, against its own curves, and whether they fold over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.spatial.distance import cdist

from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import load_registry
from ..crops import CropFrame
from ..data.packs import AnnotatedFaces
from ..data.surface_targets import SurfaceTargets
from ..reader import LandmarkReader
from ..surface_mesh import VERTICES, load_surface_mesh
from .consistency import add_noise
from .metrics import FloatArray
from .predict import predict_landmarks, predict_mirrored

GRID = 20
"""Cells along u and v of the grid that is looked at for folds."""

MOST_ASIDE = 0.25
"""Faces of a nose tip off the middle between the ears by more of their distance are turned too far: some 40 degrees."""

NOSE_TIP, LEFT_EAR, RIGHT_EAR = 4, 234, 454
EDGE_SAMPLES, CURVE_SAMPLES = 12, 400


@dataclass(frozen=True)
class SurfaceScores:
    """One surface over all faces; lengths in % of inter-ocular.

    Attributes:
        to_mesh: mean distance of the grid's points to the mesh's own.
        to_corrected: the same to the mesh whose edges were brought onto the annotated curves, which training aims at.
        expected_ratio: mean expected error over the mean distance to the corrected mesh.
        flat_share: share of faces, %, on which no cell of the grid changes its orientation.
        mesh_flat_share: the same of the mesh itself.
        noise, mirror: how far the points move under noise on the pixels, and in the mirrored picture.
    """

    to_mesh: float
    to_corrected: float
    expected_ratio: float
    flat_share: float
    mesh_flat_share: float
    noise: float
    mirror: float


@dataclass(frozen=True)
class SurfaceEvaluation:
    """What `measure_surfaces` found.

    Attributes:
        set_name: the faces.
        faces, left_out: how many were looked at, and how many have no mesh to trust or are turned too far.
        surfaces: by name, those of the left and the right together.
        edges: mean distance of edges that are curves to the detector's own curve, % of inter-ocular, by part.
        vertices: of the layout `mediapipe`, by the curve or the surface that a vertex is placed on, how many there are
            and their mean distance to the mesh's own, % of inter-ocular.
    """

    set_name: str
    faces: int
    left_out: int
    surfaces: dict[str, SurfaceScores]
    edges: dict[str, float]
    vertices: dict[str, tuple[int, float]]

    def to_markdown(self) -> str:
        """Return the tables of the model card."""
        lines = [
            f"### Surfaces on {self.set_name}",
            "",
            f"{self.faces} faces, {self.left_out} more left out: turned by over some 40 degrees, or without a fitting "
            f"mesh. A grid of {GRID} by {GRID} cells on each surface; lengths in % of inter-ocular.",
            "",
            "| surface | from the mesh's point | from the mesh with its edges on the curves | expected over that "
            "| faces without a fold % (the mesh itself) | moved by noise | by mirroring |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, s in self.surfaces.items():
            lines.append(
                f"| {name} | {s.to_mesh:.2f} | {s.to_corrected:.2f} | {s.expected_ratio:.2f} | "
                f"{s.flat_share:.1f} ({s.mesh_flat_share:.1f}) | {s.noise:.2f} | {s.mirror:.2f} |"
            )
        lines += ["", "| edge that is a curve | mean distance from the curve % |", "|---|---|"]
        lines += [f"| {part} | {distance:.2f} |" for part, distance in self.edges.items()]
        lines += ["", "| `mediapipe`'s vertices on | how many | mean distance from the mesh's own % |", "|---|---|---|"]
        lines += [f"| {part} | {count} | {distance:.2f} |" for part, (count, distance) in self.vertices.items()]
        return "\n".join(lines)


def measure_surfaces(
    reader: LandmarkReader, faces: AnnotatedFaces, frames: Sequence[CropFrame], seed: int = 0
) -> SurfaceEvaluation:
    """Measure a detector on faces that have MediaPipe's mesh and an inter-ocular distance.

    Args:
        reader: of a detector in evaluation mode.
        faces: pictures, points and meshes.
        frames: one crop a face.
        seed: of the noise.
    """
    assert faces.mesh is not None
    mesh = load_surface_mesh()
    corrected = SurfaceTargets(faces.scheme).correct(faces.mesh, faces.points)
    own = faces.mesh[:, :VERTICES].astype(np.float64)
    ears = own[:, [LEFT_EAR, RIGHT_EAR]]
    across = ears[:, 1] - ears[:, 0]
    aside = ((own[:, NOSE_TIP] - ears.mean(axis=1)) * across).sum(axis=-1) / (across**2).sum(axis=-1)
    keep = np.isfinite(corrected).all(axis=(1, 2)) & (np.abs(aside) < MOST_ASIDE)
    kept = [frame for frame, is_kept in zip(frames, keep, strict=True) if is_kept]
    some, own, corrected = faces.subset(keep, faces.name), own[keep], corrected[keep]
    nodes = np.linspace(0, 1, GRID + 1)
    grid = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    asked = [
        LandmarkQuery(name, Fraction(u).limit_denominator(1000), Fraction(v).limit_denominator(1000))
        for name in mesh.surfaces
        for u, v in grid.tolist()
    ]
    plain, expected = predict_landmarks(reader, some, kept, asked)
    noisy, _ = predict_landmarks(reader, some, kept, asked, alter=add_noise(seed))
    mirrored = predict_mirrored(reader, some, kept, asked)
    size = inter_ocular_of(some)[:, None]
    found: dict[str, list[SurfaceScores]] = {}
    for number, name in enumerate(mesh.surfaces):
        rows = slice(number * len(grid), (number + 1) * len(grid))
        weights = mesh.surfaces[name].weights(grid)

        def mean(points: FloatArray, others: FloatArray) -> float:
            return 100 * float((np.linalg.norm(points - others, axis=-1) / size).mean())

        to_corrected = mean(plain[:, rows], weights @ corrected)
        found.setdefault(without_side(name), []).append(
            SurfaceScores(
                to_mesh=mean(plain[:, rows], weights @ own),
                to_corrected=to_corrected,
                expected_ratio=100 * float((expected[:, rows] / size).mean()) / to_corrected,
                flat_share=100 * float((cell_areas(plain[:, rows]) > 0).all(axis=1).mean()),
                mesh_flat_share=100 * float((cell_areas(weights @ own) > 0).all(axis=1).mean()),
                noise=mean(plain[:, rows], noisy[:, rows]),
                mirror=mean(plain[:, rows], mirrored[:, rows]),
            )
        )
    return SurfaceEvaluation(
        faces.name,
        len(some),
        len(faces) - len(some),
        {name: mean_scores(both) for name, both in found.items()},
        measure_edges(reader, some, kept),
        measure_vertices(reader, some, kept),
    )


def measure_vertices(
    reader: LandmarkReader, faces: AnnotatedFaces, frames: Sequence[CropFrame]
) -> dict[str, tuple[int, float]]:
    """Return how far the layout `mediapipe` lies from the mesh's own vertices; see `SurfaceEvaluation.vertices`."""
    assert faces.mesh is not None
    landmarks = load_registry().layouts["mediapipe"].landmarks
    points, _ = predict_landmarks(reader, faces, frames, landmarks)
    away = np.linalg.norm(points - faces.mesh[:, :VERTICES], axis=-1) / inter_ocular_of(faces)[:, None]
    regions = np.array([without_side(landmark.part) for landmark in landmarks])
    found = {region: regions == region for region in sorted(set(regions.tolist()))}
    shares = {region: (int(own.sum()), 100 * float(away[:, own].mean())) for region, own in found.items()}
    return {"all": (len(landmarks), 100 * float(away.mean())), **shares}


def inter_ocular_of(faces: AnnotatedFaces) -> FloatArray:
    """Return (faces,) the distance between the outer eye corners, pixels."""
    scheme = faces.scheme
    ends = [
        next(i for i, one in enumerate(scheme.landmarks) if (one.part, one.fpalp) == corner)
        for corner in (("left eye", Fraction(0)), ("right eye", Fraction(1, 2)))
    ]
    apart: FloatArray = np.linalg.norm(faces.points[:, ends[1]] - faces.points[:, ends[0]], axis=-1)
    return apart


def cell_areas(points: FloatArray) -> FloatArray:
    """Return (faces, cells): the signed areas of the cells of grids (faces, nodes, 2), below 0 where turned over."""
    nodes = points.reshape(len(points), GRID + 1, GRID + 1, 2)
    across, back = nodes[:, 1:, 1:] - nodes[:, :-1, :-1], nodes[:, 1:, :-1] - nodes[:, :-1, 1:]
    areas: FloatArray = (across[..., 0] * back[..., 1] - across[..., 1] * back[..., 0]) / 2
    return areas.reshape(len(points), -1)


def without_side(name: str) -> str:
    """Return a surface's or a part's name without its side."""
    return name.removeprefix("left ").removeprefix("right ")


def mean_scores(both: Sequence[SurfaceScores]) -> SurfaceScores:
    """Return the means over the sides of the face."""
    rows = np.array([list(vars(one).values()) for one in both])
    return SurfaceScores(*rows.mean(axis=0).tolist())


def measure_edges(reader: LandmarkReader, faces: AnnotatedFaces, frames: Sequence[CropFrame]) -> dict[str, float]:
    """Return how far edges of surfaces that are curves lie from the detector's own curves, % of inter-ocular."""
    mesh = load_surface_mesh()
    edges: dict[str, list[LandmarkQuery]] = {}
    for flat in mesh.surfaces.values():
        places = dict(zip(flat.vertices.tolist(), flat.uv.tolist(), strict=True))
        for first, second in flat.border:
            parts = {mesh.curve_places[v].part for v in (first, second) if v in mesh.curve_places}
            if len(parts) != 1 or not {first, second} <= set(mesh.curve_places):
                continue
            ends = np.array([places[first], places[second]])
            for share in np.linspace(0, 1, EDGE_SAMPLES):
                u, v = ((1 - share) * ends[0] + share * ends[1]).tolist()
                edges.setdefault(min(parts), []).append(LandmarkQuery(flat.name, Fraction(u), Fraction(v)))
    asked = {part: (trace_part(part), own) for part, own in sorted(edges.items())}
    points, _ = predict_landmarks(
        reader, faces, frames, [query for line, own in asked.values() for query in (*line, *own)]
    )
    size = inter_ocular_of(faces)
    found, start = {}, 0
    for part, (line, own) in asked.items():
        curve, edge = np.split(points[:, start : start + len(line) + len(own)], [len(line)], axis=1)
        apart = [cdist(one, other).min(axis=1).mean() for one, other in zip(edge, curve, strict=True)]
        found[part] = 100 * float((np.array(apart) / size).mean())
        start += len(line) + len(own)
    return found


def trace_part(part: str) -> list[LandmarkQuery]:
    """Return queries all along a part."""
    return [LandmarkQuery(part, Fraction(i, CURVE_SAMPLES)) for i in range(CURVE_SAMPLES + 1)]
