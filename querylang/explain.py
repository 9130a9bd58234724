"""What a query means, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .canonical import write_fpalp
from .runs import LayoutRun, PlaceRun, Run

if TYPE_CHECKING:
    from .query import Query


def explain_query(query: Query) -> str:
    """Return what was understood, for people: the perspective, every run of points, the notes."""
    whose = "the picture" if query.perspective == "viewer" else "the person"
    lines = [f"Plain left and right were read as those of {whose}; parts are named in the viewer's terms."]
    lines += [f"- {explain_run(run, query)}" for run in query.runs]
    if query.count is not None:
        points = f"{query.count} point" + ("s" if query.count != 1 else "")
        lines.append(f"{points} on each face asked for: {explain_faces(query.faces)}.")
    else:
        lines.append(f"The picture decides how many points; faces: {explain_faces(query.faces)}.")
    if query.shape:
        lines.append(f"To be drawn as a {query.shape}.")
    lines += [f"Note: {note}." for note in query.notes]
    lines.append(f"Canonical: {query.canonical}")
    return "\n".join(lines)


def explain_run(run: Run, query: Query) -> str:
    registry = query.registry
    if isinstance(run, LayoutRun):
        layout = registry.layouts[run.layout]
        if run.count == layout.size:
            return f"all {layout.size} landmarks of {layout.title}"
        return f"{run.count} landmark{'s' if run.count != 1 else ''} of {layout.title}"
    part = registry.parts[run.part]
    if isinstance(run, PlaceRun):
        if part.is_point:
            return f"the {run.part}"
        return f"the {run.part} at {', '.join(write_fpalp(place, part.steps) for place in run.places)}"
    where = f"the {run.part}"
    if run.start != 0 or run.stop != 1:
        where += f" from {write_fpalp(run.start, part.steps)} to {write_fpalp(run.stop, part.steps)}"
    if run.pixels is not None:
        return f"a point every {float(run.pixels):g} pixels along {where}"
    spacing = "at equal distances" if run.spacing == "arc" else "at equal FPALP steps"
    removed = " (some are left out)" if run.removed else ""
    return f"{run.count} points along {where}, {spacing}{removed}"


def explain_faces(faces: str) -> str:
    if faces == "all":
        return "all of them"
    return f"number {faces} from the left" if faces.isdigit() else f"the {faces}"
