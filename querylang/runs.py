"""Runs: how the points of a query lie, without laying them out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from typing import Literal

from .landmarks import LandmarkQuery
from .pieces import CurvePiece, Patch, Piece, Place, Stretch
from .registry import Registry
from .surface_runs import GridRun, OutlineRun, Spot, SpotRun, SpreadRun, SurfaceRun, lies_within

Ends = Literal["both", "neither", "first"]
Spacing = Literal["fpalp", "arc"]


@dataclass(frozen=True, slots=True)
class CurveRun:
    """Points along a stretch of one part.

    Attributes:
        part: Plain part name.
        start, stop: The stretch as FPALPs, in the order asked; past 1 it wraps on a closed part.
        count: How many points; None where only the picture tells ("every 5 px").
        ends: "both" ends included, "neither", or only the "first" (a whole closed curve).
        spacing: "fpalp" for equal FPALP steps, "arc" for equal distances in the picture.
        pixels: Distance between points in pixels of the photo, from the start on; None unless asked.
        removed: Ranges of FPALPs whose points are dropped after they are laid out (arc only).
    """

    part: str
    start: Fraction
    stop: Fraction
    count: int | None
    ends: Ends = "both"
    spacing: Spacing = "fpalp"
    pixels: Fraction | None = None
    removed: tuple[tuple[Fraction, Fraction], ...] = ()

    @property
    def step(self) -> Fraction:
        """FPALP from one point to the next."""
        count = self.count or 1
        spaces = {"both": count - 1, "neither": count + 1, "first": count}[self.ends]
        return (self.stop - self.start) / spaces if spaces else Fraction(0)

    @property
    def first(self) -> Fraction:
        """FPALP of the first point."""
        if self.ends == "neither":
            return self.start + self.step
        if self.ends == "both" and self.count == 1:
            return (self.start + self.stop) / 2
        return self.start

    def fpalps(self) -> Iterator[Fraction]:
        """Yield the FPALPs in order (equal steps, also where the picture decides the distances)."""
        first, step = self.first, self.step
        return (first + i * step for i in range(self.count or 0))

    def fpalp_floats(self, is_closed: bool) -> list[float]:
        """Return the FPALPs in order, each the nearest float, of a closed part in 0..1: far faster than fraction by
        fraction."""
        first, step = self.first, self.step
        whole = math.lcm(first.denominator, step.denominator)
        start, rise = (value.numerator * (whole // value.denominator) for value in (first, step))
        parts = range(start, start + (self.count or 0) * rise, rise) if rise else [start] * (self.count or 0)
        # Division of whole numbers rounds once, however long they are.
        return [(part % whole if is_closed else part) / whole for part in parts]

    def take(self, indices: range) -> CurveRun:
        """Return the run of the points at some indices."""
        first, count = self.first + indices.start * self.step, len(indices)
        stop = first + (count - 1) * indices.step * self.step
        return replace(self, start=first, stop=stop, count=count, ends="both")


@dataclass(frozen=True, slots=True)
class PlaceRun:
    """Explicit places on one part, in order."""

    part: str
    places: tuple[Fraction, ...]

    @property
    def count(self) -> int:
        return len(self.places)

    def take(self, indices: Iterable[int]) -> PlaceRun:
        """Return the run of the places at some indices."""
        return PlaceRun(self.part, tuple(self.places[i] for i in indices))


@dataclass(frozen=True, slots=True)
class LayoutRun:
    """Landmarks of a dataset's layout, by ids from 1, in order."""

    layout: str
    ids: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.ids)

    def take(self, indices: Iterable[int]) -> LayoutRun:
        """Return the run of the landmarks at some indices."""
        return LayoutRun(self.layout, tuple(self.ids[i] for i in indices))


Run = CurveRun | PlaceRun | LayoutRun | SurfaceRun
SURFACE_RUNS = (SpotRun, GridRun, SpreadRun, OutlineRun)


def lay_out(runs: Sequence[Run], registry: Registry) -> Iterator[LandmarkQuery]:
    """Yield the landmarks of runs in order; those the picture decides are left out."""
    for run in runs:
        if isinstance(run, LayoutRun):
            landmarks = registry.layouts[run.layout].landmarks
            for number in run.ids:
                yield landmarks[number - 1]
        elif isinstance(run, SURFACE_RUNS):
            for u, v in run.spots():
                yield LandmarkQuery(run.surface, u, v)
        else:
            closed = registry.parts[run.part].is_closed
            places = run.places if isinstance(run, PlaceRun) else run.fpalps()
            for place in places:
                yield LandmarkQuery(run.part, place % 1 if closed else place)


def is_arc(run: Run) -> bool:
    """Return whether a run's points lie at equal distances in the picture."""
    return isinstance(run, CurveRun | OutlineRun) and run.spacing == "arc"


def merge_places(runs: Sequence[Run]) -> list[Run]:
    """Return the runs with neighbouring places of one part put together."""
    merged: list[Run] = []
    for run in map(as_place, runs):
        last = merged[-1] if merged else None
        if isinstance(run, PlaceRun) and isinstance(last, PlaceRun) and last.part == run.part:
            merged[-1] = PlaceRun(run.part, last.places + run.places)
        elif isinstance(run, SpotRun) and isinstance(last, SpotRun) and last.surface == run.surface:
            merged[-1] = SpotRun(run.surface, last.places + run.places)
        else:
            merged.append(run)
    return merged


def as_place(run: Run) -> Run:
    """Return a run of one point of a curve as its place, any other as it is."""
    if not isinstance(run, CurveRun) or run.count != 1 or run.spacing != "fpalp" or run.removed:
        return run
    return PlaceRun(run.part, (run.first - 1 if run.first > 1 else run.first,))


def reverse_run(run: Run) -> Run:
    """Return the run with its order turned."""
    if isinstance(run, CurveRun) and not (run.ends == "first" and run.spacing == "fpalp" and run.count):
        return replace(run, start=run.stop, stop=run.start)
    return run.take(range((run.count or 0) - 1, -1, -1))


def keep_every(runs: Sequence[Run], step: int) -> list[Run]:
    """Return every step-th point of runs taken as one ordered set, from the first."""
    kept: list[Run] = []
    offset = 0
    for run in runs:
        count = run.count or 0
        if indices := range(-offset % step, count, step):
            kept.append(run.take(indices))
        offset += count
    return kept


def pick_points(runs: Sequence[Run], indices: Sequence[int]) -> list[Run] | None:
    """Return the points at indices of runs taken as one ordered set (negative: from the end), None where one lacks.

    Those in a row on one run stay one.
    """
    total = sum(run.count or 0 for run in runs)
    found = [index + total if index < 0 else index for index in indices]
    if any(not 0 <= index < total for index in found):
        return None
    picked: list[Run] = []
    for _, group in groupby(enumerate(found), lambda pair: pair[1] - pair[0]):
        in_row = [index for _, index in group]
        start = 0
        for run in runs:
            inside = [index - start for index in in_row if start <= index < start + (run.count or 0)]
            if inside:
                picked.append(run.take(range(inside[0], inside[-1] + 1)))
            start += run.count or 0
    return picked


def drop_index(runs: Sequence[Run], index: int) -> list[Run]:
    """Return runs without the point at an index (negative: from the end)."""
    index += sum(run.count or 0 for run in runs) if index < 0 else 0
    kept: list[Run] = []
    for run in runs:
        count = run.count or 0
        parts = [range(index), range(index + 1, count)] if 0 <= index < count else [range(count)]
        kept += [run if len(part) == count else run.take(part) for part in parts if part]
        index -= count
    return kept


def remove_pieces(run: Run, pieces: Sequence[Piece], registry: Registry) -> list[Run]:
    """Return what is left of a run when the points on pieces of parts are removed."""
    if isinstance(run, CurveRun):
        left: list[Run] = [run]
        for piece in pieces:
            if piece.part == run.part and not isinstance(piece, Patch):
                left = [kept for one in left for kept in remove_piece(one, piece, registry)]
        return left
    patches = [piece for piece in pieces if isinstance(piece, Patch)]
    if isinstance(run, SURFACE_RUNS):
        return remove_patches(run, patches)
    exact = {key_of(piece.part, piece.fpalp, registry) for piece in pieces if isinstance(piece, Place)}
    stretches = [piece for piece in pieces if isinstance(piece, Stretch)]

    def is_gone(one: LandmarkQuery) -> bool:
        if one.v is not None:
            return any(patch.part == one.part and holds_spot(patch, (one.fpalp, one.v)) for patch in patches)
        if key_of(one.part, one.fpalp, registry) in exact:
            return True
        return any(lies_on(one.part, one.fpalp, piece, registry) for piece in stretches if piece.part == one.part)

    if isinstance(run, PlaceRun):
        places = tuple(f for f in run.places if not is_gone(LandmarkQuery(run.part, f)))
        return [PlaceRun(run.part, places)] if places else []
    landmarks = registry.layouts[run.layout].landmarks
    ids = tuple(i for i in run.ids if not is_gone(landmarks[i - 1]))
    return [LayoutRun(run.layout, ids)] if ids else []


def remove_patches(run: SurfaceRun, patches: Sequence[Patch]) -> list[Run]:
    """Return what is left of a run when its points on surfaces, or on portions or at places of them, are removed."""
    own = [patch for patch in patches if patch.part == run.surface]
    kept = [i for i, spot in enumerate(run.spots() if own else ()) if not any(holds_spot(one, spot) for one in own)]
    if not own or len(kept) == run.count:
        return [run]
    return [run.take(kept)] if kept else []


def holds_spot(patch: Patch, spot: Spot) -> bool:
    """Whether a place of its surface lies on a patch."""
    return spot == patch.spot if patch.spot is not None else lies_within(spot, patch.box)


def key_of(part: str, fpalp: Fraction, registry: Registry) -> tuple[str, Fraction]:
    """Return what two names of one place have in common: on a closed part 0 and 1 are one place."""
    return part, fpalp % 1 if registry.parts[part].is_closed else fpalp


def remove_piece(run: Run, piece: CurvePiece, registry: Registry) -> list[Run]:
    """Return what is left of a run of a curve when the points on a piece of its part are removed."""
    if not isinstance(run, CurveRun):
        return remove_pieces(run, [piece], registry)
    low, high = bounds(piece)
    if run.spacing == "arc":
        if registry.parts[run.part].is_closed and high - low >= 1:
            return []
        if covers(low, high, run):
            return []
        return [run if (low, high) in run.removed else replace(run, removed=(*run.removed, (low, high)))]
    return remove_range(run, low, high, registry)


def covers(low: Fraction, high: Fraction, run: CurveRun) -> bool:
    start, stop = min(run.start, run.stop), max(run.start, run.stop)
    return any(low + k <= start and stop <= high + k for k in (-1, 0, 1))


def bounds(piece: CurvePiece) -> tuple[Fraction, Fraction]:
    if isinstance(piece, Place):
        return piece.fpalp, piece.fpalp
    return min(piece.start, piece.stop), max(piece.start, piece.stop)


def lies_on(part: str, fpalp: Fraction, piece: CurvePiece, registry: Registry) -> bool:
    """Whether a place lies on a piece, its ends included."""
    if part != piece.part:
        return False
    low, high = bounds(piece)
    if not registry.parts[part].is_closed:
        return low <= fpalp <= high
    return any(low <= fpalp % 1 + k <= high for k in (-1, 0, 1, 2))


def remove_range(run: CurveRun, low: Fraction, high: Fraction, registry: Registry) -> list[Run]:
    """Drop the points of an equal-step run whose FPALP lies in low..high, by index arithmetic."""
    count, first, step = run.count or 0, run.first, run.step
    if not step:
        inside = lies_on(run.part, first, Stretch(run.part, low, high), registry)
        return [] if inside else [run]
    gone: list[tuple[int, int]] = []
    shifts = range(-3, 4) if registry.parts[run.part].is_closed else range(1)
    for shift in shifts:
        a, b = (low + shift - first) / step, (high + shift - first) / step
        begin, end = max(0, ceil(min(a, b))), min(count - 1, floor(max(a, b)))
        if begin <= end:
            gone.append((begin, end))
    kept: list[Run] = []
    at = 0
    for begin, end in [*sorted(gone), (count, count)]:
        if begin > at:
            if at == 0 and begin == count:
                return [run]
            kept.append(run.take(range(at, begin)))
        at = max(at, end + 1)
    return kept


def space_by_distance(run: Run) -> Run:
    """Turn a run of equal FPALP steps into one of equal distances in the picture."""
    if isinstance(run, OutlineRun):
        return replace(run, spacing="arc")
    if isinstance(run, CurveRun) and run.count != 1:
        return CurveRun(run.part, run.start, run.stop, run.count, run.ends, "arc", run.pixels, run.removed)
    return run
