"""The shapes that face meshes take, and a mesh made of what was seen of one.

The detector answers every vertex for itself, so its answers scatter; a face's mesh is one of a family of some sixty
dimensions, and the likeliest of these is nearer to the mesh than the answers are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import ConfigError
from .surface_mesh import VERTICES, FloatArray, SurfaceMesh, load_surface_mesh

MODES = 64
NOISE = 0.155
"""What an answer of usual certainty is trusted to, in units of the distance of the pupils: far more than it misses by,
because neighbours miss alike."""

LEAST_DEVIATION = 1e-3
LEAST_TRUST, MOST_TRUST = 0.1, 3.0
"""Of a vertex against the usual one."""

CURVE_TRUST = 10.0
"""Of a place on a curve, which people's labels taught, against an answer on a surface."""

ROUNDS = 2
"""How often the mesh is made anew with its edges nearer to the curves."""


class SurfaceShape(nn.Module):
    """The mean of face meshes and the directions in which they vary: their principal components.

    Attributes:
        mean: (2 * VERTICES,) all x, then all y; upright, in units of the distance of the pupils.
        modes: (MODES, 2 * VERTICES) directions, each of length 1.
        deviations: (MODES,) standard deviations of the meshes along them.
        log_error_factor: (), natural logarithm of what the expected errors of vertices are multiplied by: a whole mesh
            is nearer to the truth than the answers that it is made of.
    """

    mean: Tensor
    modes: Tensor
    deviations: Tensor
    log_error_factor: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(2 * VERTICES))
        self.register_buffer("modes", torch.zeros(MODES, 2 * VERTICES))
        self.register_buffer("deviations", torch.ones(MODES))
        self.register_buffer("log_error_factor", torch.zeros(()))

    def complete(self, vertices: FloatArray, trust: FloatArray) -> FloatArray:
        """Return the likeliest meshes (faces, VERTICES, 2), given where their vertices seem to be.

        Args:
            vertices: (faces, VERTICES, 2), any frame.
            trust: (faces, VERTICES) of each, 1 the usual one.
        """
        mean, modes, deviations = (buffer.double().cpu().numpy() for buffer in (self.mean, self.modes, self.deviations))
        upright, turn, center = align(vertices, mean, trust)
        made = np.empty((len(vertices), 2 * VERTICES))
        for row, (seen, sure) in enumerate(zip(upright, trust, strict=True)):
            weights = np.concatenate([sure, sure]) / NOISE**2
            weighted = modes * weights
            amounts = np.linalg.solve(weighted @ modes.T + np.diag(deviations**-2), weighted @ (seen - mean))
            made[row] = mean + amounts @ modes
        points = made[:, :VERTICES] + 1j * made[:, VERTICES:]
        back = points / turn[:, None] + center[:, None]
        return np.stack([back.real, back.imag], axis=-1)


def align(
    vertices: FloatArray, mean: FloatArray, trust: FloatArray
) -> tuple[FloatArray, np.typing.NDArray[np.complex128], np.typing.NDArray[np.complex128]]:
    """Bring meshes (faces, VERTICES, 2) upright and to the mean's size.

    Returns:
        The meshes (faces, 2 * VERTICES) as `SurfaceShape.mean`, and for each (faces,) the complex factor that turned
        and scaled it and the point that came to lie at 0.
    """
    points, target = vertices[..., 0] + 1j * vertices[..., 1], mean[:VERTICES] + 1j * mean[VERTICES:]
    share = trust / trust.sum(axis=1, keepdims=True)
    center, aim = (share * points).sum(axis=1), share @ target
    away = points - center[:, None]
    turn = (share * away.conj() * (target - aim[:, None])).sum(axis=1) / (share * np.abs(away) ** 2).sum(axis=1)
    center = center - aim / turn
    upright = turn[:, None] * (points - center[:, None])
    return np.concatenate([upright.real, upright.imag], axis=1), turn, center


def fit_shape(meshes: FloatArray) -> SurfaceShape:
    """Return the family of meshes (faces, VERTICES, 2) and their mirror images.

    Args:
        meshes: pixels or any units, upright or not; those that are not finite are left out.

    Raises:
        ConfigError: none is left.
    """
    mesh = load_surface_mesh()
    known = meshes[np.isfinite(meshes).all(axis=(1, 2))]
    if not len(known):
        raise ConfigError("surfaces are learnt from faces with MediaPipe's mesh, and none of these has one that fits")
    known = np.concatenate([known, known[:, mesh.mirror] * (-1, 1)])
    mean = np.concatenate([mesh.shape[:, 0], mesh.shape[:, 1]])
    for _ in range(3):
        upright, _, _ = align(known, mean, np.ones(known.shape[:2]))
        mean = upright.mean(axis=0)
    _, sizes, modes = np.linalg.svd(upright - mean, full_matrices=False)
    count = min(MODES, len(modes))
    shape = SurfaceShape()
    shape.mean.copy_(torch.from_numpy(mean))
    shape.modes[:count].copy_(torch.from_numpy(modes[:count]))
    shape.deviations.fill_(LEAST_DEVIATION)
    shape.deviations[:count].copy_(torch.from_numpy(np.maximum(sizes[:count] / len(known) ** 0.5, LEAST_DEVIATION)))
    return shape


def make_mesh(
    shape: SurfaceShape,
    mesh: SurfaceMesh,
    seen: FloatArray,
    log_scale: FloatArray,
    tried: FloatArray,
    held: Sequence[int],
    spread: FloatArray,
) -> FloatArray:
    """Return the meshes (faces, VERTICES, 2) that a detector's answers make, their edges on its curves, unfolded.

    Args:
        shape: what meshes look like.
        mesh: their triangles.
        seen: (faces, VERTICES, 2) the answers.
        log_scale: (faces, VERTICES) their expected errors, as in `Decoded`.
        tried: (faces, held * STEPS, 2) where the places of `SurfaceMesh.tried_places` lie.
        held: the vertices on curves.
        spread: of `SurfaceMesh.spread_matrix`.
    """
    trust = np.exp(-2 * np.clip(log_scale, 0, 3))
    trust = np.clip(trust / trust.mean(axis=1, keepdims=True), LEAST_TRUST, MOST_TRUST)
    made = shape.complete(seen, trust)
    on_curve = trust.copy()
    on_curve[:, list(held)] *= CURVE_TRUST
    for _ in range(ROUNDS):
        _, moves = mesh.snap(made, tried, held, spread)
        drawn = seen.copy()
        drawn[:, list(held)] = made[:, list(held)] + moves
        made = shape.complete(drawn, on_curve)
    snapped, _ = mesh.snap(made, tried, held, spread)
    return mesh.unfold(snapped, held)
