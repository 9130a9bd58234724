"""Laying a query out on a face: which places are asked of the detector, in order."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..errors import Problem, QueryError
from ..querylang.query import Query
from ..querylang.registry import load_registry
from ..querylang.runs import CurveRun
from ..querylang.runs import lay_out as lay_out_runs
from ..querylang.surface_runs import OutlineRun, walk_round
from .curves import Locate, Place, count_steps, space_by_step, space_evenly, trace_curve, wrap_fpalp

MAX_POINTS = 100_000
OUTLINE_PIECES = 512


def lay_out(query: Query, locate: Locate) -> tuple[Place, ...]:
    """Return the query's places on one face, in the order asked; see `lay_out_each`."""
    return tuple(place for places in lay_out_each(query, locate) for place in places)


def lay_out_each(query: Query, locate: Locate) -> list[list[Place]]:
    """Return the places of each of the query's runs on one face, in the order asked.

    Args:
        query: What is asked.
        locate: Where the detector sees places on this face, for distances that only the picture tells.

    Raises:
        QueryError: Steps so small that there are more than 100,000 points, or an exception leaves none.
    """
    each: list[list[Place]] = []
    registry = load_registry()
    for run in query.runs:
        if isinstance(run, CurveRun) and run.spacing == "arc":
            each.append(place_at_distances(run, registry.parts[run.part].is_closed, query, locate))
        elif isinstance(run, OutlineRun) and run.spacing == "arc":
            each.append(list(place_round(run, locate)))
        elif isinstance(run, CurveRun):
            each.append([Place(run.part, at) for at in run.fpalp_floats(registry.parts[run.part].is_closed)])
        else:
            each.append(
                [
                    Place(q.part, float(q.fpalp), None if q.v is None else float(q.v))
                    for q in lay_out_runs([run], registry)
                ]
            )
    if not any(each):
        raise refuse(query, "nothing_left", "no point is left on this face")
    return each


def place_at_distances(run: CurveRun, is_closed: bool, query: Query, locate: Locate) -> list[Place]:
    """Return a run's places, whose distances are measured in the picture."""
    curve = trace_curve(run.part, float(run.start), float(run.stop), is_closed, locate)
    if run.pixels is not None:
        step_px = float(run.pixels)
        if count_steps(curve, step_px, run.ends) > MAX_POINTS:
            raise refuse(query, "too_many", f"a point every {step_px:g} px of this photo is over {MAX_POINTS:,} points")
        fpalps = space_by_step(curve, step_px, run.ends)
    else:
        fpalps = space_evenly(curve, run.count or 0, run.ends)
    turns = (-1, 0, 1, 2) if is_closed else (0,)
    # A little wider, for the rounding of an end that is left out by name.
    removed = [(float(low) + turn - 1e-9, float(high) + turn + 1e-9) for low, high in run.removed for turn in turns]
    return [
        Place(run.part, wrap_fpalp(fpalp, is_closed))
        for fpalp in fpalps.tolist()
        if not any(low <= fpalp <= high for low, high in removed)
    ]


def place_round(run: OutlineRun, locate: Locate) -> list[Place]:
    """Return an outline's places at equal distances in the picture."""
    shares = [Fraction(i, OUTLINE_PIECES) for i in range(OUTLINE_PIECES + 1)]
    spots = [walk_round(share % 1, run.box) for share in shares]
    points = locate([Place(run.surface, float(u), float(v)) for u, v in spots])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    wanted = np.interp(np.arange(run.count) / run.count * along[-1], along, [float(share) for share in shares])
    at = [walk_round(Fraction(share), run.box) for share in wanted.tolist()]
    return [Place(run.surface, float(u), float(v)) for u, v in at]


def refuse(query: Query, code: str, message: str) -> QueryError:
    """Return an error about the whole instruction that only the picture could tell."""
    return QueryError(query.text, [Problem(code, message, (0, len(query.text)))])
