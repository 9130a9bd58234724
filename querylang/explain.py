"""What a query means, in words a person would say."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from .called import load_called
from .canonical import write_fpalp, write_number
from .portions import name_size
from .runs import SURFACE_RUNS, CurveRun, LayoutRun, PlaceRun, Run
from .surface_runs import CENTER, WHOLE, Box, GridRun, OutlineRun, SpotRun, SurfaceRun

if TYPE_CHECKING:
    from .query import Query

LONGEST_LIST = 12
"""More places than that are counted, not named."""


def explain_query(query: Query) -> str:
    """Return what was understood: a sentence, whose left it is, the notes, the canonical text."""
    whose = "the picture" if query.perspective == "viewer" else "the person"
    lines = [
        write_sentence(query),
        f"Plain left and right were read as those of {whose}; parts are named by the picture.",
    ]
    lines += [f"Note: {note}." for note in query.notes]
    lines.append(f"Canonical: {query.canonical}")
    return "\n".join(lines)


def write_sentence(query: Query) -> str:
    """Return the points in one sentence ("10 points on the left upper eyelid, then 10 on the left lower eyelid.")."""
    clauses = []
    for index, run in enumerate(query.runs):
        clause = explain_run(run, query, is_first=index == 0)
        if query.shapes and query.shapes[index]:
            clause += " cut out" if query.shapes[index] == "hole" else f" as a {query.shapes[index]}"
        clauses.append(clause)
    sentence = ", then ".join(clauses)
    if len(query.runs) > 1 and query.laid_out is not None:
        sentence += f": {query.laid_out} points in all"
    if query.shape and not query.shapes:
        sentence += f", as a {query.shape}"
    if query.visible_only:
        sentence += ", only those that are seen"
    if query.faces != "largest":
        sentence += f", {explain_faces(query.faces)}"
    return sentence[0].upper() + sentence[1:] + "."


def explain_run(run: Run, query: Query, *, is_first: bool = True) -> str:
    """Return one run as a clause."""
    registry = query.registry
    if isinstance(run, LayoutRun):
        layout = registry.layouts[run.layout]
        if run.count == layout.size:
            return f"all {layout.size} landmarks of {layout.title}"
        if layout.names:
            return f"{layout.title}'s {join_words([layout.names[i - 1] for i in run.ids])}"
        return f"landmark{'s' if run.count != 1 else ''} {join_ids(run, layout.first_id)} of {layout.title}"
    if isinstance(run, SURFACE_RUNS):
        return explain_surface_run(run)
    if isinstance(run, PlaceRun):
        return explain_places(run, query)
    if run.count == 1:
        return explain_places(PlaceRun(run.part, (run.first,)), query)
    return explain_curve(run, query, is_first)


def explain_surface_run(run: SurfaceRun) -> str:
    """Return a run on a surface as a clause."""
    if isinstance(run, SpotRun):
        if run.places == (CENTER,):
            return f"the centre of the {run.surface}"
        if len(run.places) > LONGEST_LIST:
            return f"{len(run.places)} places on the {run.surface}"
        return f"the {run.surface} at {join_words([f'({write_number(u)}, {write_number(v)})' for u, v in run.places])}"
    where = name_box(run.surface, run.box)
    if isinstance(run, GridRun):
        return f"a grid of {run.rows} rows by {run.columns} columns on {where}"
    if isinstance(run, OutlineRun):
        spacing = " at equal distances" if run.spacing == "arc" else ""
        return f"{run.count} points along the outline of {where}{spacing}"
    return f"the centre of {where}" if run.count == 1 else f"{run.count} points spread over {where}"


def name_box(surface: str, box: Box) -> str:
    """Return what a portion of a surface is called ("the upper third of the forehead"), or its corners."""
    left, top, right, bottom = box
    if box == WHOLE:
        return f"the {surface}"
    across, down = right - left, bottom - top
    if name_size(min(across, down)) != "portion" and max(across, down) == 1:
        low, size, ends = (top, down, ("upper", "lower")) if across == 1 else (left, across, ("left", "right"))
        which = {Fraction(0): ends[0], 1 - size: ends[1]}.get(low)
        if which is not None:
            return f"the {which} {name_size(size)} of the {surface}"
    corners = [f"({write_number(u)}, {write_number(v)})" for u, v in ((left, top), (right, bottom))]
    return f"the {surface} from {corners[0]} to {corners[1]}"


def explain_places(run: PlaceRun, query: Query) -> str:
    part = query.registry.parts[run.part]
    if part.is_point:
        return join_words([f"the {run.part}"] * len(run.places))
    names = load_called().places
    if len(run.places) > LONGEST_LIST:
        return f"{len(run.places)} places along the {run.part}"
    called = [names.get((run.part, place % 1 if part.is_closed else place)) for place in run.places]
    if all(called):
        return join_words([f"the {name}" for name in called])
    places = join_words([write_fpalp(place, part.steps) for place in run.places])
    return f"the {run.part} at {places}"


def explain_curve(run: CurveRun, query: Query, is_first: bool) -> str:
    where = name_stretch(run, query)
    removed = " (some are left out)" if run.removed else ""
    if run.pixels is not None:
        return f"a point every {float(run.pixels):g} pixels along {where}{removed}"
    points = f"{run.count} points" if is_first else f"{run.count}"
    spacing = " at equal distances" if run.spacing == "arc" else ""
    ends = ", without its ends" if run.ends == "neither" else ""
    return f"{points} on {where}{ends}{spacing}{removed}"


def name_stretch(run: CurveRun, query: Query) -> str:
    """Return what a stretch is called, or from which place to which it goes."""
    part = query.registry.parts[run.part]
    stretches, places = load_called().stretches, load_called().places
    if run.ends == "first" and abs(run.stop - run.start) == 1 and not (run.start == 0 and run.stop == 1):
        way = "clockwise" if run.stop > run.start else "counter-clockwise"
        start = places.get((run.part, run.start % 1), write_fpalp(run.start % 1, part.steps))
        return f"the {run.part}, {way} from {'the ' if not start[0].isdigit() else ''}{start}"
    if (name := stretches.get((run.part, run.start, run.stop))) is not None:
        return f"the {name}"
    if (name := stretches.get((run.part, run.stop, run.start))) is not None:
        return f"the {name}, backwards"

    def name_end(place: object) -> str:
        own = places.get((run.part, place % 1 if part.is_closed else place))  # type: ignore[operator, arg-type]
        return f"the {own}" if own else write_fpalp(place, part.steps)  # type: ignore[arg-type]

    return f"the {run.part} from {name_end(run.start)} to {name_end(run.stop)}"


def join_ids(run: LayoutRun, first_id: int) -> str:
    from .canonical import write_ids

    return write_ids([number + first_id - 1 for number in run.ids]).replace(" .. ", " to ")


def join_words(words: list[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    if len(words) > LONGEST_LIST:
        return f"{', '.join(words[:3])} and {len(words) - 3} more"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def explain_faces(faces: str) -> str:
    """Return which faces, as a person would say."""
    if faces == "all":
        return "on every face"
    if faces.replace(" ", "").isdigit():
        numbers = faces.split()
        return f"on face{'s' if len(numbers) > 1 else ''} {join_words(numbers)} from the left"
    if faces[0].isdigit():
        return f"on the {faces} faces"
    return f"on the {faces} face"
