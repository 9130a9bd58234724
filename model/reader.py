"""Reading landmarks off encoded crops: smooth along every part, and, if wished, the mean over the mirrored crop."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..errors import ConfigError
from ..querylang.registry import load_registry
from .config import DetectorConfig
from .detector import ROW_BLOCK, Decoded, EncodedCrops
from .part_splines import PartSpline, PartSplines
from .surface_reader import SurfaceReader, join_channels, mean_over_mirror
from .surface_shape import SurfaceShape

FloatArray = npt.NDArray[np.float64]
Curves = MutableMapping[str, FloatArray]
"""Control values (batch, controls, channels) of every part: x, y, log scale, the two of the stretch, and, where the
detector tells them, the logits of what `Visibility` lists. Under MESH, once a surface was asked, the same of the mesh's
vertices (batch, VERTICES, channels)."""

MESH = "vertices of the mesh"

MOST_COMPANIES = 8
"""Sets of parts whose queries are kept."""

LOG_SCALE, STRETCH, VISIBILITY = 2, 3, 5


class AnswersQueries(Protocol):
    """What a reader needs of a detector: `Detector` itself, or what runs its export."""

    @property
    def config(self) -> DetectorConfig: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def parts_without_vector(self) -> frozenset[str]: ...
    def part_ids(self, parts: Sequence[str]) -> Tensor: ...
    def encode(self, crops: Tensor, asked: tuple[Tensor, Tensor] | None = None) -> EncodedCrops: ...
    def decode(self, encoded: EncodedCrops, part_ids: Tensor, fpalps: Tensor) -> Decoded: ...
    @property
    def surface_shape(self) -> SurfaceShape | None: ...
    @property
    def error_factors(self) -> Mapping[str, float]: ...
    def surface_ids(self, surfaces: Sequence[str]) -> Tensor: ...
    def decode_surfaces(self, encoded: EncodedCrops, surface_ids: Tensor, places: Tensor) -> Decoded: ...


@dataclass(frozen=True)
class Reading:
    """Landmarks of a batch of crops.

    Attributes:
        coordinates: (batch, landmarks, 2) as (x, y), crop units.
        log_scale, stretch: (batch, landmarks) and (batch, landmarks, 2), as in `Decoded`; the log scale of landmarks on
            curves with their part's factor of the detector's `error_factors`.
        visibility: (batch, landmarks, 4), how likely each is what `Visibility` lists; None where that was not learnt.
    """

    coordinates: FloatArray
    log_scale: FloatArray
    stretch: FloatArray
    visibility: FloatArray | None

    @classmethod
    def of_values(cls, values: FloatArray) -> Reading:
        """Return the reading of channels (batch, landmarks, channels) as `Curves` has them."""
        visibility = None
        if values.shape[-1] > VISIBILITY:
            logits = values[..., VISIBILITY:]
            weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
            visibility = weights / weights.sum(axis=-1, keepdims=True)
        return cls(values[..., :LOG_SCALE], values[..., LOG_SCALE], values[..., STRETCH:VISIBILITY], visibility)


class LandmarkReader:
    """Answers landmark queries with one detector.

    A detector under "context" attention is asked a fixed set of places on each part, and landmarks are read off the
    spline through them: so a landmark is a function of (crop, part, FPALP) alone, and smooth in the FPALP. One under
    "joint" attention (the paper's) is asked exactly what is wanted.

    Args:
        detector: in evaluation mode.
        flip_test: whether every answer is the mean of the crop's and of the mirrored crop's: more exact, at a higher
            cost.
        sparse: whether curves are fixed by fewer places, which is faster; see `PartSpline.of_part`.
    """

    def __init__(self, detector: AnswersQueries, flip_test: bool = False, sparse: bool = False) -> None:
        self.detector = detector
        self.flip_test = flip_test
        self._parts = load_registry().parts
        self._splines = {name: PartSpline.of_part(part, sparse) for name, part in self._parts.items()}
        self._evaluator = PartSplines(self._splines)
        self._queries: dict[tuple[str, ...], tuple[Tensor, Tensor]] = {}

    def encode(self, crops: Tensor, parts: Sequence[str] | None = None) -> EncodedCrops:
        """Encode crops (batch, 3, size, size) for `read`: under `flip_test` the mirrored ones follow the plain ones.

        Args:
            crops: as for `Detector.encode`.
            parts: whose curves are asked in the same pass, which is faster; the answers are the same but for rounding.
                None asks for none, and lets each `read` ask.

        Raises:
            ConfigError: A part has no vector.
        """
        both = torch.cat([crops, crops.flip(-1)]) if self.flip_test else crops
        if not parts or self.detector.config.attention == "joint":
            return self.detector.encode(both)
        asked = self._ask_each(*self._curve_queries(tuple(parts)), len(crops))
        return replace(self.detector.encode(both, asked), parts=tuple(parts))

    def read(
        self,
        encoded: EncodedCrops,
        parts: Sequence[str],
        fpalps: Sequence[float],
        curves: Curves | None = None,
        vs: Sequence[float | None] = (),
        alone: bool = False,
    ) -> Reading:
        """Answer queries.

        Args:
            encoded: from `encode`, or crops joined in its order.
            parts, fpalps: what is asked, (landmarks,) each; on a surface its name and the u.
            curves: what an earlier read of the same crops has learnt; empty, it is filled.
            vs: (landmarks,) the v on surfaces, None on curves; empty where all are on curves.
            alone: whether nothing else will be asked of these crops: only the curves of `parts` are read, which is
                faster; they are those of all parts but for rounding.

        Raises:
            ConfigError: A part has no vector, or the weights cannot answer surfaces.
        """
        on_surface = np.array([v is not None for v in vs], dtype=bool)
        if on_surface.any():
            return self._read_mixed(encoded, parts, fpalps, curves if curves is not None else {}, vs)
        if self.detector.config.attention == "joint":
            values = self._decode(encoded, parts, fpalps)
        else:
            # Raises for a part that has no vector.
            asked = tuple(dict.fromkeys(parts))
            self.detector.part_ids(asked)
            curves = {} if curves is None else curves
            self._complete(curves, encoded, asked if alone else self.known_parts)
            values = self._evaluator.evaluate(curves, parts, np.asarray(fpalps, dtype=np.float64))
        values[..., LOG_SCALE] += self._log_factors(parts)
        return Reading.of_values(values)

    def _read_mixed(
        self,
        encoded: EncodedCrops,
        parts: Sequence[str],
        fpalps: Sequence[float],
        curves: Curves,
        vs: Sequence[float | None],
    ) -> Reading:
        """Answer queries of curves and of surfaces."""
        vertices = self.read_vertices(encoded, curves)
        values = np.empty((vertices.shape[0], len(parts), vertices.shape[-1]))
        surface = [row for row, v in enumerate(vs) if v is not None]
        curve = [row for row, v in enumerate(vs) if v is None]
        uv = np.array([(fpalps[row], vs[row]) for row in surface], dtype=np.float64)
        values[:, surface] = self._surfaces.mesh.weights([parts[row] for row in surface], uv) @ vertices
        if curve:
            self.detector.part_ids(tuple(dict.fromkeys(parts[row] for row in curve)))
            at = np.array([fpalps[row] for row in curve])
            on_curves = [parts[row] for row in curve]
            values[:, curve] = self._evaluator.evaluate(curves, on_curves, at)
            values[:, curve, LOG_SCALE] += self._log_factors(on_curves)
        return Reading.of_values(values)

    def _log_factors(self, parts: Sequence[str]) -> FloatArray:
        """Return (landmarks,) the logarithms of what expected errors on parts are multiplied by."""
        factors = self.detector.error_factors
        logarithms: FloatArray = np.log([factors.get(part, 1.0) for part in parts])
        return logarithms

    def read_vertices(self, encoded: EncodedCrops, curves: Curves | None = None) -> FloatArray:
        """Return (batch, VERTICES, 5) of the mesh's vertices: x, y (crop units), log scale and stretch.

        Args:
            encoded: from `encode`, or crops joined in its order.
            curves: what an earlier read of the same crops has learnt; filled.

        Raises:
            ConfigError: the weights have not learnt surfaces, or attend jointly.
        """
        if self.detector.config.attention == "joint":
            raise ConfigError("surfaces need weights whose answers do not depend on company: not joint attention")
        curves = {} if curves is None else curves
        if MESH not in curves:
            self._complete(curves, encoded, self.known_parts)
            curves[MESH] = self._surfaces.read_vertices(
                encoded, lambda parts, fpalps: self._evaluator.evaluate(curves, parts, fpalps)
            )
        return curves[MESH]

    def _complete(self, curves: Curves, encoded: EncodedCrops, parts: Sequence[str]) -> None:
        """Read the curves of parts that are not known yet."""
        missing = tuple(part for part in parts if part not in curves)
        if missing:
            curves.update(self._read_curves(encoded, missing))

    def _read_curves(self, encoded: EncodedCrops, parts: tuple[str, ...]) -> dict[str, FloatArray]:
        """Ask for parts at once: in a fixed company an answer is the same to the last bit, whatever is wanted."""
        splines = [self._splines[part] for part in parts]
        if encoded.answers is not None and encoded.parts == parts:
            values = self._join_channels(encoded.answers)
        else:
            values = self._decode_queries(encoded, *self._curve_queries(parts))
        ends = np.cumsum([spline.samples for spline in splines])
        samples = np.split(values[:, : ends[-1]], ends[:-1], axis=1)
        return {part: spline.fit @ some for part, spline, some in zip(parts, splines, samples, strict=True)}

    def _curve_queries(self, parts: tuple[str, ...]) -> tuple[Tensor, Tensor]:
        """What fixes curves of parts, in whole blocks of rows; made once: the detector keeps what it makes of it."""
        if parts in self._queries:
            return self._queries[parts]
        splines = {part: self._splines[part] for part in parts}
        each = [part for part, spline in splines.items() for _ in range(spline.samples)]
        fpalps = np.concatenate([spline.sample_fpalps for spline in splines.values()]).tolist()
        padding = -len(each) % ROW_BLOCK
        made = self._make_queries([*each, *each[:1] * padding], [*fpalps, *fpalps[:1] * padding])
        # All parts, which are asked first and most, and some others.
        self._queries = dict([*self._queries.items()][: MOST_COMPANIES - 1]) | {parts: made}
        return made

    @cached_property
    def _surfaces(self) -> SurfaceReader:
        """Made when a surface is first asked."""
        return SurfaceReader(self.detector, self.flip_test)

    @cached_property
    def known_parts(self) -> tuple[str, ...]:
        """The parts that the detector can be asked for: a part of the user's language may lack its vector."""
        return tuple(part for part in self._splines if part not in self.detector.parts_without_vector)

    def _decode(self, encoded: EncodedCrops, parts: Sequence[str], fpalps: Sequence[float]) -> FloatArray:
        """Return (batch, landmarks, channels) of the detector itself, float64."""
        return self._decode_queries(encoded, *self._make_queries(parts, fpalps))

    def _make_queries(self, parts: Sequence[str], fpalps: Sequence[float]) -> tuple[Tensor, Tensor]:
        """Return part ids and FPALPs (landmarks,) on the device; under `flip_test` (2, landmarks), mirrored below."""
        ids = self.detector.part_ids(parts)
        places = torch.tensor(fpalps, dtype=torch.float32)
        if self.flip_test:
            mirrored = [self._parts[part] for part in parts]
            turned = [
                fpalp if part.mirror_sum is None else float(part.mirror_sum) - fpalp
                for part, fpalp in zip(mirrored, fpalps, strict=True)
            ]
            turned = [f % 1.0 if part.is_closed else f for part, f in zip(mirrored, turned, strict=True)]
            ids = torch.stack([ids, self.detector.part_ids([part.mirror for part in mirrored])])
            places = torch.stack([places, torch.tensor(turned, dtype=torch.float32)])
        return ids.to(self.detector.device), places.to(self.detector.device)

    def _decode_queries(self, encoded: EncodedCrops, ids: Tensor, places: Tensor) -> FloatArray:
        """Return (batch, landmarks, channels) of queries as `_make_queries` gives them."""
        asked = self._ask_each(ids, places, encoded.batch // 2 if self.flip_test else encoded.batch)
        return self._join_channels(self.detector.decode(encoded, *asked))

    def _ask_each(self, ids: Tensor, places: Tensor, crops: int) -> tuple[Tensor, Tensor]:
        """Return queries as `_make_queries` gives them for so many plain crops: mirrored crops have their own."""
        if not self.flip_test:
            return ids, places
        return ids.repeat_interleave(crops, dim=0), places.repeat_interleave(crops, dim=0)

    def _join_channels(self, decoded: Decoded) -> FloatArray:
        """Return (batch, landmarks, channels) of answers, those of a crop and of its mirror image made one."""
        values = join_channels(decoded)
        return mean_over_mirror(values) if self.flip_test else values
