"""What is made of an answer: measures, masks and cut-outs of a face, planned before the photo is read."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import Field

from ..errors import ConfigError, InvalidRequestError
from .answers import AnswerModel, FaceAnswer, ImageSize, describe_faces

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..engine import Answer, CutOut
    from ..querylang.query import Query
    from .ask_queue import Asked

MeasureUnits = Literal["iod", "px"]
WHOLE_FACE = "face"
NAMED_BY_PICTURE = (
    "measures and places are named by the picture: left_eye_openness is of the eye on its left, the person's right"
)


class Distance(AnswerModel):
    """How far two places are apart."""

    start: str = Field(description="canonical form of the first place")
    end: str
    value: float


class FaceMeasures(AnswerModel):
    """The measures of one face."""

    face: int = Field(description="index into `faces`")
    measures: dict[str, float] = Field(
        description="openness of eyes and mouth are height over width, 0 when shut; roll is degrees clockwise; "
        "left is the left of the picture"
    )
    distances: list[Distance] = Field(default=[], description="those asked for, in their order")


class MeasuresAnswer(AnswerModel):
    """Measures of faces."""

    units: MeasureUnits = Field(
        description="of lengths (areas: its square); iod is the distance of the outer eye corners"
    )
    image_size: ImageSize
    model_version: str
    notes: list[str]
    faces: list[FaceAnswer]
    measured: list[FaceMeasures]
    shown: list[int] | None = Field(default=None, description="[first, end) of `faces`, where they come in pages")
    hint: str | None = Field(default=None, description="to agents: what else there is")


class RunLengths(AnswerModel):
    """A mask of 0 and 1 as COCO counts it: runs of 0 and 1 in turn, 0 first, column by column."""

    size: list[int] = Field(description="[height, width]", min_length=2, max_length=2)
    counts: list[int]


class MaskAnswer(AnswerModel):
    """A region of a face as pixels."""

    region: str = Field(description="canonical form")
    image_size: ImageSize
    model_version: str
    notes: list[str]
    faces: list[FaceAnswer]
    area_px: float = Field(description="pixels covered, those of the edge in part")
    box: list[float] | None = Field(description="[x0, y0, x1, y1] of the pixels covered; null where there are none")
    rle: RunLengths | None = None
    hint: str | None = Field(default=None, description="to agents: what else there is")


class CropAnswer(AnswerModel):
    """A piece of a photo."""

    region: str
    face: FaceAnswer
    image_size: ImageSize
    crop_size: ImageSize
    angle: float = Field(description="degrees clockwise by which the face leaned and was turned back")
    matrix: list[list[float]] = Field(
        description="2 x 3, pixels of the photo to pixels of the crop: matrix @ (x, y, 1)"
    )
    model_version: str
    notes: list[str]
    hint: str | None = Field(default=None, description="to agents: what else there is")


ParseText = Callable[[str], "Query"]


@dataclass(frozen=True, slots=True)
class MeasurePlan:
    """What to ask for measures.

    Attributes:
        queries: What all measures need, and, if there is need, points of their own that distances end at.
        distances: The two places of each distance, in canonical form.
        further: The places that the second query asks for.
    """

    queries: tuple[Query, ...]
    distances: tuple[tuple[str, str], ...]
    further: tuple[str, ...]


def plan_measures(parse: ParseText, distances: Sequence[Sequence[str]]) -> MeasurePlan:
    """Return what to ask for the usual measures and these distances.

    Args:
        parse: Reads an instruction.
        distances: Pairs of places in words ("left mouth corner", "nose tip").

    Raises:
        QueryError: A place cannot be understood.
        InvalidRequestError: It is not one point.
    """
    from ..engine import MEASURES_INSTRUCTION

    usual = parse(MEASURES_INSTRUCTION)
    measured = {landmark.part for landmark in usual}
    pairs, further = [], []
    for number, pair in enumerate(distances):
        queries = [parse(text) for text in pair]
        for text, query in zip(pair, queries, strict=True):
            if query.count != 1:
                count = "no fixed number of" if query.count is None else query.count
                found = f"a distance is between two single points, and {text[:80]!r} is {count} points"
                raise InvalidRequestError([{"loc": ["distances", str(number)], "msg": found}])
        pairs.append((queries[0].canonical, queries[1].canonical))
        # What lies on a curve that is asked anyway is taken off it.
        further += [query.canonical for query in queries if query.landmarks[0].part not in measured]
    places = tuple(dict.fromkeys(further))
    return MeasurePlan((usual, parse("; ".join(places))) if places else (usual,), tuple(pairs), places)


def describe_measures(answers: Sequence[Answer], plan: MeasurePlan, units: MeasureUnits) -> MeasuresAnswer:
    """Return the measures of every face of the answers to a plan."""
    from ..engine import Measures

    answer = answers[0]
    measured = []
    for index in range(len(answer.faces)):
        measures = Measures(answer, index)
        # The places of the second query are not put among the others: measures should not depend on what else is asked.
        points = {place: Measures(answers[1], index).point(place) for place in plan.further}
        places = [place for pair in plan.distances for place in pair if place not in points]
        points |= {place: measures.point(place) for place in places}
        unit = measures.interocular_px if units == "iod" else 1.0
        distances = [
            Distance(start=a, end=b, value=round(math.dist(points[a], points[b]) / unit, 4)) for a, b in plan.distances
        ]
        values = {name: round(value, 4) for name, value in measures.to_dict(units).items()}
        measured.append(FaceMeasures(face=index, measures=values, distances=distances))
    head = describe_head(answer)
    if answer.query.perspective == "subject":
        head["notes"].append(NAMED_BY_PICTURE)
    return MeasuresAnswer(units=units, measured=measured, **head)


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """What to ask for a region: the query alone, and the region in canonical form."""

    queries: tuple[Query]
    region: str


PlanT = TypeVar("PlanT", MeasurePlan, RegionPlan)
SubjectT = TypeVar("SubjectT")


async def ask_planned(
    plan_what: Callable[[ParseText, SubjectT], PlanT],
    subject: SubjectT,
    parse: ParseText,
    ask: Callable[[tuple[Query, ...]], Awaitable[Asked]],
) -> tuple[PlanT, Asked]:
    """Plan what is to be asked, before the photo is read, and ask it.

    Args:
        plan_what: `plan_measures`, `plan_mask` or `plan_crop`.
        subject: What it plans for: distances, or a region.
        parse: Reads an instruction.
        ask: Answers queries on the photo.

    Raises:
        QueryError: The words cannot be understood; and whatever else the plan and the ask raise.
    """
    plan = await asyncio.to_thread(plan_what, parse, subject)
    return plan, await ask(plan.queries)


def plan_mask(parse: ParseText, region: str) -> RegionPlan:
    """Return what to ask for the mask of a region.

    Raises:
        QueryError: The words cannot be understood.
        ConfigError: The region is no region.
    """
    from ..engine import write_region_instruction

    understood = write_region(parse, region)
    try:
        instruction = write_region_instruction(understood)
    except ConfigError:
        # In the words that were sent: what they mean may be a long line of parts.
        whole = "; 'face contour; forehead' is most of a face" if "face" in region.lower().split() else ""
        raise ConfigError(
            "a mask is of surfaces, parts or stretches of parts, each once ('lips', 'left cheek; left eye'), not of "
            f"{region[:80]!r}{whole}"
        ) from None
    return RegionPlan((parse(instruction),), understood)


def write_region(parse: ParseText, region: str) -> str:
    """Return the canonical text of a region."""
    from ..engine.regions import read_region

    return read_region(region, parse).canonical.removesuffix(" | polygon")


def paint_region(answer: Answer, plan: RegionPlan, feather: float) -> npt.NDArray[np.uint8]:
    """Return the mask of a region of all faces of an answer: (height, width), 0 outside to 255 inside."""
    import numpy as np

    return np.rint(answer.mask(plan.region, feather=feather) * 255).astype(np.uint8)


def describe_mask(answer: Answer, plan: RegionPlan, mask: npt.NDArray[np.uint8], *, with_rle: bool) -> MaskAnswer:
    """Return what is to be said of a mask."""
    import numpy as np

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = [float(value) for value in (columns[0], rows[0], columns[-1], rows[-1])] if len(rows) else None
    return MaskAnswer(
        region=plan.region,
        area_px=round(float(mask.sum(dtype=np.int64)) / 255, 1),
        box=box,
        rle=count_runs(mask) if with_rle else None,
        **describe_head(answer),
    )


def count_runs(mask: npt.NDArray[np.uint8]) -> RunLengths:
    """Return a mask as COCO's run lengths; a pixel counts as covered from one half on."""
    import numpy as np

    flat = np.concatenate([[False], mask.ravel(order="F") >= 128])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    counts = np.diff(np.concatenate([[0], edges, [mask.size]]))
    return RunLengths(size=list(mask.shape), counts=counts.tolist())


def plan_crop(parse: ParseText, region: str) -> RegionPlan:
    """Return what to ask to cut a region of a face out of the photo, upright; "face" is the whole of it.

    Raises:
        QueryError: The words cannot be understood.
    """
    from ..engine import MEASURES_INSTRUCTION, UPRIGHT_INSTRUCTION

    if region.strip().lower() == WHOLE_FACE:
        return RegionPlan((parse(MEASURES_INSTRUCTION),), WHOLE_FACE)
    understood = write_region(parse, region)
    upright = parse(UPRIGHT_INSTRUCTION).canonical
    return RegionPlan((parse(f"{understood}; {upright}"),), understood)


def pick_one_face(answer: Answer) -> Answer:
    """Return the answer, if it is of one face.

    Raises:
        InvalidRequestError: It is of several.
    """
    if len(answer.faces) > 1:
        message = f'one crop shows one face, and {len(answer.faces)} are asked for: say which ("face 2")'
        raise InvalidRequestError([{"loc": ["faces"], "msg": message}])
    return answer


def find_region(answer: Answer, region: str, face: int | None = None) -> npt.NDArray[np.float64]:
    """Return an answer's points (N, 2) in a region; "face" is all of them."""
    import numpy as np

    if region == WHOLE_FACE:
        index = np.arange(len(answer)) if face is None else np.flatnonzero(answer.face_index == face)
    else:
        index = answer.find(region, face=face)
    if not len(index):
        raise ConfigError(f"there is nothing of {region!r} to cut out")
    points: npt.NDArray[np.float64] = answer.xy[index].astype(np.float64)
    return points


def cut_region(answer: Answer, plan: RegionPlan, *, face: int, size: int, margin: float, upright: bool) -> CutOut:
    """Return the piece of the photo that holds a region of one face.

    Raises:
        ConfigError: The size or the margin is out of range.
    """
    from ..engine import cut_out

    points = find_region(answer, plan.region, face)
    return cut_out(answer, points, face=face, size=size, margin=margin, upright=upright)


def describe_crop(answer: Answer, plan: RegionPlan, face: int, cut: CutOut) -> CropAnswer:
    """Return what is to be said of a piece of a photo."""
    head = describe_head(answer)
    return CropAnswer(
        region=plan.region,
        face=head.pop("faces")[face],
        crop_size=ImageSize(height=cut.picture.height, width=cut.picture.width),
        angle=round(cut.angle, 2),
        matrix=[[round(value, 6) for value in row] for row in cut.matrix.tolist()],
        **head,
    )


def describe_head(answer: Answer) -> dict[str, Any]:
    """Return what every result about a photo says."""
    height, width = answer.image_size
    return {
        "image_size": ImageSize(height=height, width=width),
        "model_version": answer.model_version,
        "notes": list(answer.notes),
        "faces": describe_faces(answer.faces),
    }
