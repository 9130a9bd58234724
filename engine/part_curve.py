"""A smooth curve through an answer's points on one face part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, NoSuchPointError
from .arguments import read_number, read_whole, show
from .number_lists import read_numbers

FloatArray = npt.NDArray[np.float64]

# Beyond this gap between neighbours the points of a closed part do not go all the way round.
LARGEST_GAP = 0.3
TRACE_PIECES = 512
MOST_DENSE = 20_000
MOST_SAMPLED = 1_000_000


@dataclass(frozen=True, eq=False)
class PartCurve:
    """A smooth parametric curve, by FPALP, through points on one part of one face; pixels of the photo.

    Between neighbours it is a cubic that passes through both, and its direction never jumps. It is as good as the
    points are dense: some 12 on an eye, 20 on a lip, 30 on the contour leave less than a tenth of a pixel on a face of
    200 px.

    Attributes:
        part: The face part.
        face: Index into the answer's `faces`.
        fpalps: (points,) rising; on a stretch through the start of a closed part they run past 1.
        xy: (points, 2) float64, the points themselves.
        is_ring: Whether the curve closes; then the last point joins the first.

    Examples:
        >>> brow = engine.ask(photo, "40 points on the left eyebrow").curve("left eyebrow")
        >>> brow.part, brow.is_ring
        ('left eyebrow', True)
    """

    part: str
    face: int
    fpalps: FloatArray
    xy: FloatArray
    is_ring: bool

    @classmethod
    def through(
        cls, part: str, face: int, fpalps: FloatArray, xy: FloatArray, *, is_closed: bool, may_close: bool = True
    ) -> PartCurve:
        """Return the curve through points in any order; a place that comes twice counts once.

        Args:
            part: The face part.
            face: Index into the answer's `faces`.
            fpalps: (points,).
            xy: (points, 2), pixels of the photo.
            is_closed: Whether the part is closed. The curve then is a ring if the points go all the way round, and
                else the stretch that they cover, which may pass through the part's start.
            may_close: False keeps points that go nearly all the way round a stretch.

        Raises:
            NoSuchPointError: There are fewer than two places.
        """
        at, first = np.unique(np.round(fpalps % 1.0 if is_closed else fpalps, 9), return_index=True)
        points = np.asarray(xy, dtype=np.float64)[first]
        if len(at) < 2:
            raise NoSuchPointError(
                f"a curve needs two points or more and there is {len(at) or 'none'} on the {part}: "
                f"ask for more of it ('60 points on the {part}')"
            )
        is_ring = False
        if is_closed:
            gaps = np.diff(at, append=at[0] + 1)
            is_ring = may_close and len(at) > 2 and bool(gaps.max() < LARGEST_GAP)
            if not is_ring:
                start = (int(gaps.argmax()) + 1) % len(at)
                at = np.concatenate([at[start:], at[:start] + 1])
                points = np.roll(points, -start, axis=0)
        return cls(part, face, at, points, is_ring)

    @property
    def start(self) -> float:
        """FPALP where the curve begins.

        Examples:
            >>> answer.curve("outer lip").start
            0.0
        """
        return float(self.fpalps[0])

    @property
    def stop(self) -> float:
        """FPALP where it ends; of a ring, one turn after its beginning.

        Examples:
            >>> answer.curve("outer lip").stop
            1.0
        """
        return float(self._knots[-1])

    @property
    def length_px(self) -> float:
        """Its length, once round for a ring.

        Examples:
            >>> 80 < answer.curve("outer lip").length_px < 130
            True
        """
        return float(self._trace[1][-1])

    def at(self, fpalps: npt.ArrayLike) -> FloatArray:
        """Return the points (N, 2) at FPALPs (N,); of an open curve those beyond an end are that end.

        Raises:
            ConfigError: They are no finite numbers.

        Examples:
            >>> left, right = answer.curve("outer lip").at([0, 0.5])
            >>> bool(left[0] < right[0])
            True
        """
        h, share, p0, p1, m0, m1 = self._pieces(fpalps)
        s2, s3 = share**2, share**3
        points: FloatArray = (
            (2 * s3 - 3 * s2 + 1) * p0 + (s3 - 2 * s2 + share) * h * m0 + (3 * s2 - 2 * s3) * p1 + (s3 - s2) * h * m1
        )
        return points

    def tangents(self, fpalps: npt.ArrayLike) -> FloatArray:
        """Return unit vectors (N, 2) along the curve at FPALPs (N,), in the sense of rising FPALPs.

        Raises:
            ConfigError: They are no finite numbers.

        Examples:
            >>> np.linalg.norm(answer.curve("left eye").tangents([0.1, 0.2]), axis=1).round(6)
            array([1., 1.])
        """
        h, share, p0, p1, m0, m1 = self._pieces(fpalps)
        s2 = share**2
        along = (6 * s2 - 6 * share) * (p0 - p1) / h + (3 * s2 - 4 * share + 1) * m0 + (3 * s2 - 2 * share) * m1
        length = np.linalg.norm(along, axis=1, keepdims=True)
        # Where the curve stands still, the way from one neighbour to the other.
        along = np.where(length > 1e-12, along, p1 - p0)
        length = np.linalg.norm(along, axis=1, keepdims=True)
        return np.asarray(along / np.where(length > 1e-12, length, 1.0))

    def normals(self, fpalps: npt.ArrayLike) -> FloatArray:
        """Return unit vectors (N, 2) across the curve: the tangents turned clockwise as seen.

        On rings that run over the upper edge first (eyes, lips) they point inwards.

        Examples:
            >>> down = answer.curve("outer lip").normals([0.25])[0]  # the upper edge's middle
            >>> bool(down[1] > 0.9)
            True
        """
        x, y = self.tangents(fpalps).T
        return np.stack([-y, x], axis=1)

    def sample(self, count: int) -> FloatArray:
        """Return points (count, 2) at equal distances along the curve.

        An open curve's ends are the first and the last of them; a ring's last lies one distance before its first.

        Raises:
            ConfigError: `count` is no whole number from 1 to 1,000,000.

        Examples:
            >>> answer.curve("left eye").sample(100).shape
            (100, 2)
        """
        return self.at(self.sample_fpalps(count))

    def sample_fpalps(self, count: int) -> FloatArray:
        """Return the FPALPs (count,) of `sample`.

        Examples:
            >>> answer.curve("left eye").sample_fpalps(4).shape
            (4,)
        """
        count = read_whole("count", count, 1)
        if count > MOST_SAMPLED:
            raise ConfigError(f"count is {MOST_SAMPLED:,} points at most, not {show(count)}")
        shares = np.arange(count) / count if self.is_ring else np.linspace(0, 1, count)
        return self.fpalps_at(shares * self.length_px)

    def fpalps_at(self, distances: npt.ArrayLike) -> FloatArray:
        """Return the FPALPs (N,) at distances (N,) from the start along the curve, pixels of the photo.

        Raises:
            ConfigError: They are no finite numbers.

        Examples:
            >>> lip = answer.curve("outer lip")
            >>> lip.fpalps_at([0, lip.length_px])
            array([0., 1.])
        """
        fpalps, along = self._trace
        return np.interp(read_numbers("distances", distances), along, fpalps).reshape(np.shape(distances))

    def dense(self, step_px: float = 0.5) -> FloatArray:
        """Return points along the whole curve, at most a step apart, 20,000 at most: what to draw or to fill.

        Raises:
            ConfigError: The step is no number above 0.

        Examples:
            >>> len(answer.curve("outer lip").dense(step_px=0.25)) > 300
            True
        """
        step_px = read_number("step_px", step_px, "a number of pixels above 0, such as 0.5")
        wanted = min(self.length_px / step_px, MOST_DENSE)
        pieces = max(int(np.ceil(wanted)), len(self.fpalps), 2)
        return self.sample(min(pieces, MOST_DENSE))

    @cached_property
    def _knots(self) -> FloatArray:
        return np.append(self.fpalps, self.fpalps[0] + 1) if self.is_ring else self.fpalps

    @cached_property
    def _slopes(self) -> tuple[FloatArray, FloatArray]:
        """Return the knots' points and derivatives: of the parabola through each knot and its neighbours."""
        points = np.vstack([self.xy, self.xy[:1]]) if self.is_ring else self.xy
        h = np.diff(self._knots)[:, None]
        secants = np.diff(points, axis=0) / h
        if len(points) == 2:
            return points, np.vstack([secants, secants])
        inner = (h[1:] * secants[:-1] + h[:-1] * secants[1:]) / (h[1:] + h[:-1])
        if self.is_ring:
            seam = (h[0] * secants[-1] + h[-1] * secants[0]) / (h[0] + h[-1])
            return points, np.vstack([seam, inner, seam])
        first = secants[0] + h[0] * (secants[0] - secants[1]) / (h[0] + h[1])
        last = secants[-1] + h[-1] * (secants[-1] - secants[-2]) / (h[-1] + h[-2])
        return points, np.vstack([first, inner, last])

    @cached_property
    def _trace(self) -> tuple[FloatArray, FloatArray]:
        """Return FPALPs along the whole curve, and the distance from the start to each."""
        fpalps = np.unique(np.concatenate([np.linspace(self._knots[0], self._knots[-1], TRACE_PIECES), self._knots]))
        steps = np.linalg.norm(np.diff(self.at(fpalps), axis=0), axis=1)
        return fpalps, np.concatenate([[0.0], np.cumsum(steps)])

    def _pieces(self, fpalps: npt.ArrayLike) -> tuple[FloatArray, ...]:
        """Return, for each FPALP, its piece's width, the share of it gone, and the piece's ends and derivatives."""
        knots = self._knots
        f = read_numbers("fpalps", fpalps)
        if self.is_ring:
            f = knots[0] + (f - knots[0]) % 1.0
        f = np.clip(f, knots[0], knots[-1])
        index = np.clip(np.searchsorted(knots, f, side="right") - 1, 0, len(knots) - 2)
        points, slopes = self._slopes
        h = (knots[index + 1] - knots[index])[:, None]
        share = (f - knots[index])[:, None] / h
        return h, share, points[index], points[index + 1], slopes[index], slopes[index + 1]
