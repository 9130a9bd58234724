"""Shapes: which runs of a query are rings, what is cut out of them, and which are lines.

In: runs and what each is said to be; out: the role of each, by which an engine joins points to rings and lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from .counting import make_default
from .pieces import Stretch
from .registry import Registry
from .runs import SURFACE_RUNS, CurveRun, LayoutRun, Run, merge_places

Shape = Literal["polygon", "polyline"]
RunShape = Literal["polygon", "polyline", "hole"]
"""What is said of a run; a "hole" is cut out of the polygon before it."""
Segment = tuple[RunShape | None, list[Run]]
"""Runs that one ask laid out, and the shape that they were asked for as."""
Role = Literal["polygon", "polyline", "hole", "back"]
"""What a run does; the ring of the polygon before it goes "back" along this one."""


def find_roles(runs: Sequence[Run], shapes: Sequence[RunShape | None]) -> tuple[Role | None, ...]:
    """Return what each run does: an inner lip right after an outer one bounds the same lip.

    A whole inner lip is a hole of the outer one; a stretch of it is the way back of the ring that goes along the
    stretch of the outer lip on the same side.
    """
    roles: list[Role | None] = []
    for index, (run, shape) in enumerate(zip(runs, shapes, strict=True)):
        role: Role | None = shape
        if shape == "polygon" and index and roles[-1] == "polygon":
            role = pair_lips(runs[index - 1], run) or shape
        roles.append(role)
    return tuple(roles)


def pair_lips(outer: Run, inner: Run) -> Literal["hole", "back"] | None:
    """Return what an inner lip is to the outer one before it; None where they are not the two edges of one lip."""
    if not (isinstance(outer, CurveRun) and isinstance(inner, CurveRun)):
        return None
    if (outer.part, inner.part) != ("outer lip", "inner lip") or is_ring(outer) != is_ring(inner):
        return None
    if is_ring(outer):
        return "hole"
    apart = abs(outer.start + outer.stop - inner.start - inner.stop) / 2
    return "back" if min(apart, abs(apart - 1)) < Fraction(1, 4) else None


def is_ring(run: CurveRun) -> bool:
    """Whether a run of a closed part goes all the way round."""
    return abs(run.stop - run.start) == 1 or run.ends == "first"


def merge_shaped(
    runs: Sequence[Run], shapes: Sequence[RunShape | None]
) -> tuple[tuple[Run, ...], tuple[RunShape | None, ...]]:
    """Return runs with neighbouring places of one part and shape put together, and the shape of each."""
    merged: list[Run] = []
    own: list[RunShape | None] = []
    for run, shape in zip(runs, shapes, strict=True):
        joined = merge_places([merged[-1], run]) if merged and own[-1] == shape else []
        if len(joined) == 1:
            merged[-1] = joined[0]
        else:
            merged.append(run)
            own.append(shape)
    return tuple(merged), tuple(own)


def settle_shapes(
    runs: Sequence[Run], shapes: Sequence[RunShape | None]
) -> tuple[Shape | None, tuple[RunShape | None, ...]]:
    """Return the shape of all runs, and the shape of each where one word does not tell them all."""
    said = set(shapes)
    if said <= {"polygon", "hole"} and "polygon" in said:
        # What the lips are to each other needs no word.
        plain: list[RunShape | None] = ["polygon"] * len(runs)
        is_told = find_roles(runs, shapes) == find_roles(runs, plain)
        return "polygon", () if is_told else tuple(shapes)
    if len(said) == 1:
        (only,) = said
        return (only, ()) if only != "hole" else (None, ())
    return None, tuple(shapes)


def has_loose_hole(shapes: Sequence[RunShape | None]) -> bool:
    """Whether a hole stands where no polygon is right before it."""
    return any(
        shape == "hole" and (index == 0 or shapes[index - 1] not in ("polygon", "hole"))
        for index, shape in enumerate(shapes)
    )


def find_thin(runs: Sequence[Run], shapes: Sequence[RunShape | None]) -> int | None:
    """Return the index of the first run of a ring of fewer than three points; None where there is none."""
    roles = find_roles(runs, shapes)
    rings: list[tuple[int, int]] = []
    for index, (run, role) in enumerate(zip(runs, roles, strict=True)):
        if role is None or role == "polyline":
            continue
        # How many points of a layout are on a part, or how many steps of pixels there are, is not known here.
        count = 3 if isinstance(run, LayoutRun) or run.count is None else run.count
        is_same = index > 0 and role == roles[index - 1] and part_of(run) == part_of(runs[index - 1])
        if is_same or role == "back":
            start, total = rings.pop()
            rings.append((start, total + count))
        else:
            rings.append((index, count))
    return next((start for start, total in rings if total < 3), None)


def part_of(run: Run) -> str:
    """Return the part of a run, of a layout its name."""
    if isinstance(run, SURFACE_RUNS):
        return run.surface
    return run.layout if isinstance(run, LayoutRun) else run.part


CONTAINS = {"outer lip": ("inner lip",), "face contour": ("outer lip", "inner lip")}
"""Which parts lie wholly inside the polygon of another."""


def cut_holes(runs: Sequence[Run], parts: Sequence[str], registry: Registry) -> list[tuple[RunShape, list[Run]]] | None:
    """Return the runs of polygons with parts cut out of them, as runs of one shape each; None if they hold none.

    Args:
        runs: The polygons.
        parts: Whole closed parts that are left out.
        registry: Tells how many points a part has.
    """
    cut: list[tuple[RunShape, list[Run]]] = []
    is_cut = False
    for index, run in enumerate(runs):
        edge = pair_lips(runs[index - 1], run) if index else None
        if isinstance(run, CurveRun) and run.part in parts and edge is not None:
            # The lip ends there as it is.
            is_cut = True
        elif not isinstance(run, CurveRun) or run.part in parts:
            return None
        cut.append(("polygon", [run]))
        following = runs[index + 1] if index + 1 < len(runs) else None
        if edge is None and (following is None or pair_lips(run, following) is None):
            holes = find_holes(run, parts, registry)
            is_cut = is_cut or bool(holes)
            cut += [("hole", [hole]) for hole in holes]
    return cut if is_cut else None


def find_holes(run: CurveRun, parts: Sequence[str], registry: Registry) -> list[Run]:
    """Return the parts that lie inside the polygon of a whole part, each with its usual points."""
    if abs(run.stop - run.start) != 1 and not is_ring(run):
        return []
    inside = [part for part in CONTAINS.get(run.part, ()) if part in parts]
    # What is cut out has no hole of its own.
    wanted = [part for part in inside if not any(part in CONTAINS.get(other, ()) for other in inside)]
    found = (make_default(Stretch(part, Fraction(0), Fraction(1), is_whole=True), registry) for part in wanted)
    return [hole for hole in found if hole is not None]
