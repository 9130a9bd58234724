"""Reading surfaces off encoded crops: all vertices of the mesh at once, their edges on the curves.

Every surface is asked at the mesh's vertices on it. A vertex that several surfaces share is where they agree on
average, one on a curve lies where the curve runs, and any place on a surface comes off the triangle that it lies in:
so neighbours meet without a gap, edges are the curves, and a place is a function of (crop, surface, u, v) alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..errors import ConfigError
from ..querylang.registry import load_registry
from ..querylang.surfaces import load_surfaces
from .detector import Decoded, EncodedCrops
from .surface_mesh import VERTICES, FloatArray, load_surface_mesh
from .surface_shape import SurfaceShape, make_mesh

SHEAR = 4
"""The channel of the stretch that changes its sign in the mirror."""

ReadCurves = Callable[[Sequence[str], FloatArray], FloatArray]
"""Parts and FPALPs (landmarks,) to their values (batch, landmarks, channels), as `LandmarkReader` has them."""


class KnowsSurfaces(Protocol):
    """What a reader of surfaces needs of a detector."""

    @property
    def surface_shape(self) -> SurfaceShape | None: ...
    @property
    def device(self) -> torch.device: ...
    def surface_ids(self, surfaces: Sequence[str]) -> Tensor: ...
    def decode_surfaces(self, encoded: EncodedCrops, surface_ids: Tensor, places: Tensor) -> Decoded: ...


class SurfaceReader:
    """Reads the mesh's vertices with one detector.

    Args:
        detector: in evaluation mode.
        flip_test: whether the mirrored crops follow the plain ones, for means over both.
    """

    def __init__(self, detector: KnowsSurfaces, flip_test: bool = False) -> None:
        self.detector = detector
        self.flip_test = flip_test
        self.mesh = mesh = load_surface_mesh()
        self._names = [name for name, flat in mesh.surfaces.items() for _ in flat.vertices]
        self._uv = np.concatenate([flat.uv for flat in mesh.surfaces.values()])
        vertices = np.concatenate([flat.vertices for flat in mesh.surfaces.values()])
        times = np.bincount(vertices, minlength=VERTICES)
        self._mean = np.zeros((VERTICES, len(vertices)))
        self._mean[vertices, np.arange(len(vertices))] = 1 / times[vertices]
        self._held = [vertex for vertex in mesh.curve_places if times[vertex]]
        self._spread = mesh.spread_matrix(self._held)
        # Within half the way to the next one, so that no vertex overtakes another on its curve.
        registered = load_registry().parts
        parts, fpalps = mesh.tried_places(self._held, mesh.gaps(self._held) / 2)
        is_closed = [registered[part].is_closed for part in parts]
        self._tried = parts, np.where(is_closed, fpalps % 1.0, np.clip(fpalps, 0, 1))
        self._off = [vertex for vertex in mesh.curve_places if not times[vertex]]

    def read_vertices(self, encoded: EncodedCrops, read_curves: ReadCurves) -> FloatArray:
        """Return (batch, VERTICES, channels) of every vertex of the mesh, channels as `reader.Curves` has them.

        Raises:
            ConfigError: the detector has not learnt surfaces.
        """
        shape = self.detector.surface_shape
        if shape is None:
            raise ConfigError("these weights do not know surfaces: train them by a recipe with a surface_weight")
        values: FloatArray = self._mean @ self._decode(encoded)
        # The rim that lies behind the cheeks is on no surface.
        places = [self.mesh.curve_places[vertex] for vertex in self._off]
        values[:, self._off] = rim = read_curves(
            [place.part for place in places], np.array([float(place.fpalp) for place in places])
        )
        tried = read_curves(*self._tried)[..., :2]
        values[..., :2] = make_mesh(shape, self.mesh, values[..., :2], values[..., 2], tried, self._held, self._spread)
        values[..., 2] += float(shape.log_error_factor)
        values[:, self._off] = rim
        return values

    def _decode(self, encoded: EncodedCrops) -> FloatArray:
        """Return (batch, places, channels) of the detector itself, float64."""
        ids, places = self.detector.surface_ids(self._names), torch.from_numpy(self._uv).float()
        if self.flip_test:
            mirrors = load_surfaces()
            twin = self.detector.surface_ids([mirrors[name].mirror for name in self._names])
            ids, turned = torch.stack([ids, twin]), places * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
            each = encoded.batch // 2
            ids = ids.repeat_interleave(each, dim=0)
            places = torch.stack([places, turned]).repeat_interleave(each, dim=0)
        device = self.detector.device
        decoded = self.detector.decode_surfaces(encoded, ids.to(device), places.to(device))
        values = join_channels(decoded)
        return mean_over_mirror(values) if self.flip_test else values


def join_channels(decoded: Decoded) -> FloatArray:
    """Return (batch, landmarks, channels) float64: x, y, log scale, stretch (two), logits of visibility."""
    channels = [decoded.coordinates, decoded.log_scale[..., None], decoded.stretch]
    channels += [] if decoded.visibility is None else [decoded.visibility]
    values: FloatArray = torch.cat(channels, dim=-1).cpu().numpy().astype(np.float64)
    return values


def mean_over_mirror(values: FloatArray) -> FloatArray:
    """Return the mean (batch, landmarks, channels) of values of plain crops and of the mirrored ones behind them."""
    plain, mirror = np.split(values, 2)
    mirror[..., 0] = 1 - mirror[..., 0]
    mirror[..., SHEAR] *= -1
    mean: FloatArray = (plain + mirror) / 2
    return mean
