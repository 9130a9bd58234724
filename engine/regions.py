"""What words say about an answer: which of its points lie there, and which pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ..errors import ConfigError, NoSuchPointError, QueryError
from ..querylang.parse import parse
from ..querylang.query import Query
from ..querylang.registry import load_registry
from ..querylang.runs import SURFACE_RUNS, CurveRun, LayoutRun, PlaceRun, Run, lay_out
from ..querylang.surface_runs import SpotRun, SurfaceRun
from .arguments import check_words, read_index, read_number, show
from .part_curve import FloatArray, PartCurve
from .raster import clip_window, cover_rings
from .surface_regions import find_named, patches_of, pick_face, surface_pieces

if TYPE_CHECKING:
    from .answer import Answer

IndexArray = npt.NDArray[np.int64]

TOLERANCE = 1e-6
REGION_POINTS = 61


def find_points(answer: Answer, where: str, face: int | None) -> IndexArray:
    """Return the indices of an answer's points that lie where words say; see `Answer.find`."""
    check_words(where)
    if face is not None:
        face = pick_face(answer, face)
    is_asked = np.ones(len(answer), dtype=bool) if face is None else answer.face_index == face
    name = " ".join(where.replace("_", " ").split())
    by_name = np.array([own == name for own in answer.names], dtype=bool)
    if not by_name.any():
        by_name = lie_on(answer, parse(where).runs)
    return np.flatnonzero(by_name & is_asked).astype(np.int64)


def lie_on(answer: Answer, runs: Sequence[Run]) -> npt.NDArray[np.bool_]:
    """Return for each point whether it lies on a stretch or at a place of these runs."""
    registry = load_registry()
    parts = np.array(answer.parts, dtype=object)
    inside = np.zeros(len(answer), dtype=bool)
    for run in runs:
        if isinstance(run, SURFACE_RUNS):
            inside |= lie_on_surface(answer, run)
        elif isinstance(run, CurveRun):
            low, high = sorted((float(run.start), float(run.stop)))
            turns = (-1, 0, 1) if registry.parts[run.part].is_closed else (0,)
            on_part = parts == run.part
            for turn in turns:
                at = answer.fpalps + turn
                inside |= on_part & (at >= low - TOLERANCE) & (at <= high + TOLERANCE)
        else:
            for place in lay_out([run], registry):
                inside |= (parts == place.part) & (np.abs(answer.fpalps - float(place.fpalp)) < TOLERANCE)
    return inside


def lie_on_surface(answer: Answer, run: SurfaceRun) -> npt.NDArray[np.bool_]:
    """Return for each point whether it lies on the portion of a surface that a run is on, or at its places."""
    at = np.stack([answer.fpalps, answer.vs], axis=1)
    if isinstance(run, SpotRun):
        spots = np.array(run.places, dtype=np.float64)
        near = np.any(np.abs(at[:, None] - spots[None]).max(axis=2) < TOLERANCE, axis=1)
    else:
        low, high = np.array(run.box, dtype=np.float64).reshape(2, 2)
        near = ((at >= low - TOLERANCE) & (at <= high + TOLERANCE)).all(axis=1)
    inside: npt.NDArray[np.bool_] = near & (np.array(answer.parts, dtype=object) == run.surface)
    return inside


def fit_curve(answer: Answer, where: str, face: int) -> PartCurve:
    """Return the curve through an answer's points on one part, or a stretch of it; see `Answer.curve`."""
    check_words(where)
    face = read_index(face)
    runs = parse(where).runs
    if len(runs) != 1 or not isinstance(runs[0], CurveRun):
        raise ConfigError(f"a curve is a part that is no point, or one stretch of it, not {where!r}")
    return fit_run(answer, runs[0], where, face)


def fit_run(answer: Answer, run: CurveRun, where: str, face: int) -> PartCurve:
    """Return the curve through an answer's points on a run's stretch of one face."""
    index = np.flatnonzero(lie_on(answer, [run]) & (answer.face_index == face))
    if not len(index):
        raise NoSuchPointError(describe_missing(answer, where, face))
    return PartCurve.through(
        run.part,
        face,
        answer.fpalps[index],
        answer.xy[index].astype(np.float64),
        is_closed=load_registry().parts[run.part].is_closed,
        may_close=abs(run.stop - run.start) >= 1,
    )


Region = tuple[FloatArray, list[FloatArray]]
"""A ring (N, 2), and the rings that are cut out of it."""


def region_rings(answer: Answer, where: str, face: int) -> list[Region]:
    """Return the rings that a region of one face fills, each with those that are cut out of it.

    "lips" are the outer lip without the mouth opening; a stretch of the outer and one of the inner lip ("upper lip")
    are one ring along both; every other part is filled, an open one up to the chord between its ends; a surface is
    filled up to its sides.
    """
    check_words(where)
    if surfaces := find_named(where):
        return surface_pieces(answer, surfaces, where, face)
    query = read_region(where)
    surfaces = patches_of(query.runs, where)
    check_region(query, where)
    stretches = [(run, role) for run, role in zip(query.runs, query.roles, strict=True) if isinstance(run, CurveRun)]
    regions: list[Region] = surface_pieces(answer, surfaces, where, face) if surfaces else []
    for run, role in stretches:
        line = fit_run(answer, run, where, face).dense()
        if role == "hole":
            regions[-1][1].append(line)
        elif role == "back":
            ring, holes = regions.pop()
            regions.append((np.concatenate([ring, line[::-1]]), holes))
        else:
            regions.append((line, []))
    return regions


def read_region(where: str, read: Callable[[str], Query] = parse) -> Query:
    """Return the query of words that name a region: what is left out of it is cut out.

    Args:
        where: The words.
        read: Parses them.

    Raises:
        QueryError: The words cannot be understood.
    """
    try:
        return read(f"{where} as a polygon")
    except QueryError:
        # Canonical text, or a mistake that is better told of the words alone.
        query = read(where)
    return replace(query, shape="polygon")


def check_region(query: Query, where: str) -> None:
    """Refuse what is no region.

    Raises:
        ConfigError: It is none.
    """
    parts = [run.part for run in query.runs if isinstance(run, CurveRun)]
    if any(isinstance(run, PlaceRun | LayoutRun) for run in query.runs) or len(set(parts)) < len(parts):
        raise ConfigError(f"a region is surfaces, parts or stretches of parts, each once, not {where!r}")


def write_region_instruction(where: str) -> str:
    """Return the instruction whose answer has points enough for the mask of a region.

    Raises:
        QueryError: The words cannot be understood.
        ConfigError: The region is no region.

    Examples:
        >>> write_region_instruction("lips"), write_region_instruction("left cheek")
        ('outer_lip * 61; inner_lip * 61', 'left_cheek')
        >>> engine.ask(photo, write_region_instruction("lips")).mask("lips").shape
        (512, 512)
    """
    check_words(where)
    named = find_named(where)
    query = None if named else read_region(where)
    if query is not None:
        check_region(query, where)
    runs = () if query is None else query.runs
    # One place on a surface, and the answer holds the whole mesh.
    surfaces = dict.fromkeys(surface for surface, _ in named or patches_of(runs, where))
    parts = dict.fromkeys(run.part for run in runs if isinstance(run, CurveRun))
    if not parts and not surfaces:
        raise ConfigError(f"a region is surfaces, parts or stretches of parts, each once, not {where!r}")
    asked = [surface.replace(" ", "_") for surface in surfaces]
    return "; ".join(asked + [f"{part.replace(' ', '_')} * {REGION_POINTS}" for part in parts])


def describe_missing(answer: Answer, where: str, face: int) -> str:
    """Return what to do about points that an answer does not hold."""
    if not 0 <= face < len(answer.faces):
        return f"the answer has {len(answer.faces)} face(s): there is no index {show(face)}"
    return f"the answer holds no points on {where!r}: ask for them too"


def paint_mask(answer: Answer, where: str | None, face: int | None, feather: float) -> npt.NDArray[np.float32]:
    """Return how much of each pixel a region covers, (height, width) 0..1; see `Answer.mask`."""
    feather = read_number("feather", feather, "a number of pixels from 0 up", may_be_low=True)
    if face is not None:
        face = read_index(face)
    height, width = answer.image_size
    mask = np.zeros((height, width), dtype=np.float32)
    wanted = range(len(answer.faces)) if face is None else [face]
    if where is None:
        regions = [region for index in wanted for region in outline_rings(answer, index)]
        if not regions:
            raise ConfigError("the instruction asked for no polygon: say which region")
    else:
        regions = [region for index in wanted for region in region_rings(answer, where, index)]
    for ring, holes in regions:
        paint_rings(mask, ring, holes, feather)
    return mask


def outline_rings(answer: Answer, face: int) -> list[Region]:
    """Return the polygons that an answer's instruction asks for on one face, each with what is cut out of it."""
    xy = answer.xy.astype(np.float64)
    polygons = [one for one in answer.outlines if one.shape == "polygon" and one.face == face]
    return [(xy[list(one.points)], [xy[list(hole)] for hole in one.holes]) for one in polygons]


def paint_rings(mask: npt.NDArray[np.float32], ring: FloatArray, cut: Sequence[FloatArray], feather: float) -> None:
    """Fill a ring into a mask, without the rings that are cut out."""
    window = clip_window(ring, 1 + 3 * feather, (mask.shape[0], mask.shape[1]))
    if window is None:
        return
    left, top, right, bottom = window
    cover = cover_rings([ring, *cut], window)
    if feather > 0:
        blurred = Image.fromarray(np.rint(cover * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(feather))
        cover = np.asarray(blurred) / 255
    target = mask[top:bottom, left:right]
    np.maximum(target, cover.astype(np.float32), out=target)
