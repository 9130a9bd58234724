"""The canonical text of a query: short, in the viewer's terms, and read back as the same query."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from .pieces import Place, Stretch
from .registry import Registry
from .runs import SURFACE_RUNS, CurveRun, LayoutRun, PlaceRun, Run, as_place, is_arc
from .surface_runs import WHOLE, GridRun, SpotRun, SpreadRun, SurfaceRun


def write_number(value: Fraction) -> str:
    """Return 0.25 for a short decimal, else k/N."""
    if value.denominator == 1:
        return str(value.numerator)
    below = value.denominator
    while below % 2 == 0:
        below //= 2
    while below % 5 == 0:
        below //= 5
    if below == 1 and 1000 % value.denominator == 0:
        return f"{float(value):.3f}".rstrip("0")
    return f"{value.numerator}/{value.denominator}"


def write_fpalp(value: Fraction, steps: int) -> str:
    """Return an FPALP over the steps of its part's unified layout where it is one of them."""
    if value.denominator == 1:
        return str(value.numerator)
    if steps and (value * steps).denominator == 1:
        return f"{value * steps}/{steps}"
    return write_number(value)


def write_ids(ids: Sequence[int]) -> str:
    """Return ids with runs of three and more as "37 .. 42"."""
    texts: list[str] = []
    i = 0
    while i < len(ids):
        j = i
        for step in (1, -1):
            k = i
            while k + 1 < len(ids) and ids[k + 1] - ids[k] == step:
                k += 1
            j = max(j, k)
        if j - i >= 2:
            texts.append(f"{ids[i]} .. {ids[j]}")
            i = j + 1
        else:
            texts.append(str(ids[i]))
            i += 1
    return ", ".join(texts)


def write_run(run: Run, registry: Registry) -> str:
    """Return the canonical text of one run, without flags."""
    return "; ".join(write_items(run, registry))


def write_items(run: Run, registry: Registry) -> list[str]:
    """Return the canonical items of one run, without flags: several for places on a surface or at a point part."""
    run = as_place(run)
    if isinstance(run, LayoutRun):
        layout = registry.layouts[run.layout]
        if run.ids == tuple(range(1, layout.size + 1)):
            return [run.layout]
        return [f"{run.layout}[{write_ids([number + layout.first_id - 1 for number in run.ids])}]"]
    if isinstance(run, SURFACE_RUNS):
        return write_surface_items(run)
    part = registry.parts[run.part]
    name = run.part.replace(" ", "_")
    if isinstance(run, PlaceRun):
        if part.is_point and not any(run.places):
            return [name] * len(run.places)
        places = [place - 1 if place > 1 else place for place in run.places]
        return [f"{name} @ {', '.join(write_fpalp(place, part.steps) for place in places)}"]
    if part.is_point:
        return [name]
    count = "" if run.count is None else f" * {run.count}"
    if run.start == 0 and run.stop == 1 and run.ends == ("first" if part.is_closed else "both"):
        return [name + count]
    opening = "(" if run.ends == "neither" else "["
    closing = "]" if run.ends == "both" else ")"
    start, stop = write_fpalp(run.start, part.steps), write_fpalp(run.stop, part.steps)
    return [f"{name}{opening}{start} .. {stop}{closing}{count}"]


def write_surface_items(run: SurfaceRun) -> list[str]:
    """Return the canonical items of a run on a surface, without flags."""
    name = run.surface.replace(" ", "_")
    if isinstance(run, SpotRun):
        return [f"{name}[{write_number(u)}, {write_number(v)}]" for u, v in run.places]
    if isinstance(run, SpreadRun) and run.count == 1:
        return write_surface_items(SpotRun(run.surface, tuple(run.spots())))
    if run.box != WHOLE:
        left, top, right, bottom = map(write_number, run.box)
        name += f"[{left} .. {right}, {top} .. {bottom}]"
    if isinstance(run, GridRun):
        return [f"{name} grid {run.rows} {run.columns}"]
    return [f"{name} * {run.count}" if isinstance(run, SpreadRun) else f"{name} outline * {run.count}"]


def write_query(
    runs: Sequence[Run],
    shape: str | None,
    faces: str,
    registry: Registry,
    shapes: Sequence[str | None] = (),
    *,
    visible: bool = False,
) -> str:
    """Return the canonical text of a whole query.

    Args:
        runs: Its runs.
        shape: The shape of all of them.
        faces: The faces.
        registry: Parts and layouts.
        shapes: The shape of each run, where one word does not tell them all.
        visible: Whether only points that are seen are wanted.
    """
    texts: list[str] = []
    for index, run in enumerate(runs):
        flags = []
        if is_arc(run):
            pixels = run.pixels if isinstance(run, CurveRun) else None
            flags.append("arc" if pixels is None else f"every {write_number(pixels)} px")
        if shapes and shapes[index]:
            flags.append(str(shapes[index]))
        said = " | " + ", ".join(flags) if flags else ""
        texts += [item + said for item in write_items(run, registry)]
        if isinstance(run, CurveRun):
            texts += [f"except {write_removed(run, low, high, registry)}" for low, high in run.removed]
    ending = [shape] if shape and not shapes else []
    if visible:
        ending.append("visible")
    if faces != "largest":
        ending.append(write_faces(faces))
    text = "; ".join(texts)
    if not ending:
        return text
    bar = ", " if texts and " | " in texts[-1] else " | "
    return text + bar + ", ".join(ending)


def write_removed(run: CurveRun, low: Fraction, high: Fraction, registry: Registry) -> str:
    if low == high:
        return write_run(PlaceRun(run.part, (low,)), registry)
    return write_run(CurveRun(run.part, low, high, None), registry)


def write_faces(faces: str) -> str:
    if faces == "all":
        return "all faces"
    if faces.isdigit():
        return f"face {faces}"
    if faces.replace(" ", "").isdigit():
        return f"faces {faces}"
    if faces[0].isdigit():
        return f"{faces} faces"
    if " " in faces:
        return f"{faces} face"
    return f"face {faces}"


def write_piece(piece: Stretch | Place, registry: Registry) -> str:
    """Return the canonical text of a piece without a count."""
    if isinstance(piece, Place):
        return write_run(PlaceRun(piece.part, (piece.fpalp,)), registry)
    closed = registry.parts[piece.part].is_closed
    return write_run(
        CurveRun(piece.part, piece.start, piece.stop, None, "first" if piece.is_whole and closed else "both"), registry
    )
