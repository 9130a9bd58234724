"""What the interfaces answer: one set of models for HTTP and MCP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..engine.answer_units import Units

if TYPE_CHECKING:
    from ..engine import Answer, Face
    from ..querylang.describe import LayoutListing, PartListing, SurfaceListing
    from ..querylang.landmarks import LandmarkQuery
    from ..querylang.query import Query
    from .image_store import OpenImage

Detail = Literal["concise", "full"]
Perspective = Literal["viewer", "subject"]
Point = Annotated[list[float], Field(min_length=2, max_length=2, description="[x, y] in pixels of the photo")]


V_TEXT = "on a surface the place from top to bottom, 0 to 1; absent on a curve"


def is_none(value: object) -> bool:
    """Return whether a field holds nothing, so that it is left out."""
    return value is None


class AnswerModel(BaseModel):
    """The base: nothing beside the fields that are named."""

    model_config = ConfigDict(extra="forbid")


class ImageSize(AnswerModel):
    """Size of the upright photo."""

    height: int = Field(description="pixels")
    width: int = Field(description="pixels")


class FaceAnswer(AnswerModel):
    """A face that was answered for."""

    box: list[float] = Field(description="[x0, y0, x1, y1] in pixels of the photo", min_length=4, max_length=4)
    score: float | None = Field(description="how sure the face finder is, 0..1; null for a box that was given")
    number: int = Field(description='its place from the left, from 1: say "face 2" to ask for it')
    angle: float = Field(description="degrees clockwise by which it is turned; of an open image, as its finder tells")
    doubtful: bool = Field(
        description="whether it may be no face at all: too much error is expected; false until it is asked about"
    )


class VisibilityAnswer(AnswerModel):
    """How likely a point is each of these; in all 1. From 0.5 on it counts as seen."""

    seen: float
    hidden: float = Field(description="behind something: hair, a hand, glasses")
    turned_away: float = Field(description="on the side of the face that is turned from the camera")
    outside: float = Field(description="outside the photo")


class OutlineAnswer(AnswerModel):
    """A ring or a line that was asked for."""

    face: int = Field(description="index into `faces`")
    shape: Literal["polygon", "polyline"] = Field(description="a polygon's last point joins its first")
    points: list[int] = Field(description="indices into the whole answer's points, along it")
    holes: list[list[int]] = Field(description="of a polygon, the rings that are cut out of it")


class LandmarkPoint(AnswerModel):
    """One landmark, in full."""

    face: int = Field(description="index into `faces`")
    part: str = Field(description="face part; left is the left of the picture")
    fpalp: float = Field(description="place along the part's curve, 0 to 1; on a surface from left to right")
    v: float | None = Field(default=None, description=V_TEXT, exclude_if=is_none)
    name: str = Field(description='its own name ("left mouth corner"), or part and place')
    x: float
    y: float
    expected_error: float = Field(description="how far off it is likely to be, pixels of the photo")
    error_ellipse: list[float] = Field(
        description="its shape: longer and shorter semi-axis in pixels, the longer one's degrees clockwise from x",
        min_length=3,
        max_length=3,
    )
    visibility: VisibilityAnswer | None = Field(description="null where the weights do not tell")


class LandmarkGroup(AnswerModel):
    """Consecutive points on one part of one face, compact."""

    face: int = Field(description="index into `faces`")
    part: str = Field(description="face part; left is the left of the picture")
    points: list[Point] = Field(description="in the order asked")
    names: dict[str, str] | None = Field(
        default=None, description="index into this group's points -> name, for the points that have a name of their own"
    )
    expected_error: float = Field(description="median over the group, pixels of the photo")
    not_seen: dict[str, Literal["hidden", "turned away", "outside the photo"]] | None = Field(
        default=None,
        description="index into this group's points -> why it is probably not seen, for those that are not",
    )


class AnswerHead(AnswerModel):
    """What every answer about a photo says."""

    canonical: str = Field(description="the instruction as it was understood, in the query language's canonical form")
    perspective: Perspective = Field(description='whose left plain "left" was read as')
    shape: Literal["polygon", "polyline"] | None = Field(description="what the points are for, if that was asked")
    image_size: ImageSize
    frame: str = Field(description="the coordinate frame of every point and box")
    model_version: str
    notes: list[str] = Field(description="readings that were chosen, and things worth knowing about the photo")
    faces_found: int = Field(description="how many faces the photo has, with those that were not asked about")
    faces: list[FaceAnswer]
    hint: str | None = Field(default=None, description="to agents: faces that were found and not answered for")
    units: Units | None = Field(default=None, description="of points and boxes, where they are not pixels")


class FullAnswer(AnswerHead):
    """An answer with every landmark in full: `faceql.engine.Answer.to_dict()`, which `from_dict` reads back."""

    schema_version: int
    instruction: str = Field(description="as it was given")
    outlines: list[OutlineAnswer] = Field(description="the rings and lines that were asked for")
    points: list[LandmarkPoint] = Field(description="in the order asked, face by face")


class LandmarkAnswer(AnswerHead):
    """An answer in either detail: `groups` when concise, `points` when full."""

    schema_version: int
    instruction: str | None = Field(default=None, description="detail full: as it was given")
    count: int = Field(description="points in the whole answer, all faces together")
    shown: list[int] = Field(
        description="[first, end): which of them are here; ask with offset=end for the rest", min_length=2, max_length=2
    )
    outlines: list[OutlineAnswer] = Field(
        description="the rings and lines that were asked for and whose points are all here"
    )
    groups: list[LandmarkGroup] | None = Field(default=None, description="detail concise")
    points: list[LandmarkPoint] | None = Field(default=None, description="detail full")
    handle: str | None = Field(default=None, description="the image handle that was asked")


class DrawingAnswer(AnswerHead):
    """What was drawn, beside the picture itself."""

    count: int = Field(description="points drawn, all faces together")
    drawing_size: ImageSize
    scale: float = Field(description="drawing pixels per photo pixel")


class LandmarkPlace(AnswerModel):
    """Where a landmark lies on the face, before any photo."""

    part: str
    fpalp: float = Field(description="place along the part's curve, 0 to 1; on a surface from left to right")
    v: float | None = Field(default=None, description=V_TEXT, exclude_if=is_none)


class ParseAnswer(AnswerModel):
    """What an instruction means, before any photo."""

    canonical: str = Field(description="the same query in canonical form: parses back to it under any setting")
    count: int | None = Field(description="points on each face; null where only the picture tells")
    parts: list[str] = Field(description="the face parts asked about, in order")
    spacing: Literal["fpalp", "arc"] = Field(description='"arc" where distances in the picture are asked')
    faces: str = Field(description="which faces it asks about")
    shape: Literal["polygon", "polyline"] | None
    visible_only: bool = Field(description="whether points that are not seen are left out of the answer")
    perspective: Perspective
    notes: list[str]
    explanation: str = Field(description="what was understood, for people")
    landmarks: list[LandmarkPlace] | None = Field(
        default=None, description="detail full: every landmark, in the order asked"
    )
    shown: list[int] | None = Field(default=None, description="[first, end) of `landmarks`, where they come in pages")


class ImageAnswer(AnswerModel):
    """An open image."""

    handle: str = Field(description="give it in place of the image")
    expires_at: datetime = Field(description="when the handle ends and the photo is forgotten (UTC)")
    lifetime_seconds: float = Field(description="seconds left")
    image_size: ImageSize
    frame: str
    faces: list[FaceAnswer] = Field(description="from left to right")
    notes: list[str]


class PartAnswer(AnswerModel):
    """A face part."""

    name: str
    kind: Literal["open", "closed", "point"]
    unified_count: int = Field(description="points it gets when no number is asked")
    curve: str = Field(description="where FPALP 0 lies and which way the curve runs")
    other_names: list[str] = Field(description="what else it may be called")


class LayoutAnswer(AnswerModel):
    """A dataset's template of landmarks."""

    name: str
    title: str
    size: int
    ids: str = Field(description="how its landmarks are numbered")
    parts: list[str]


class SurfaceAnswer(AnswerModel):
    """A surface of the face: a patch of skin, a lid, a lip."""

    name: str
    area: str = Field(description="where it lies")
    other_names: list[str] = Field(description="what else it may be called")


class PartsAnswer(AnswerModel):
    """Every face part, surface and layout there is."""

    parts: list[PartAnswer]
    surfaces: list[SurfaceAnswer]
    layouts: list[LayoutAnswer]
    examples: list[str] = Field(description="instructions to learn the language from")


def describe_answer(answer: Answer) -> FullAnswer:
    """Return an engine's answer as the interfaces give it in full."""
    return FullAnswer.model_validate(answer.to_dict())


def page_answer(
    answer: Answer, detail: Detail, *, offset: int = 0, limit: int, handle: str | None = None
) -> LandmarkAnswer:
    """Return a page of an answer: points `offset` to at most `offset + limit`."""
    full = answer.to_dict()
    points: list[dict[str, Any]] = full.pop("points")
    start = min(offset, len(points))
    shown = points[start : start + limit]
    here = range(start, start + len(shown))
    outlines = [one for one in full["outlines"] if {*one["points"], *chain(*one["holes"])} <= set(here)]
    head = full | {"outlines": outlines, "count": len(points), "shown": [here.start, here.stop], "handle": handle}
    if detail == "full":
        return LandmarkAnswer.model_validate(head | {"points": shown})
    del head["instruction"]
    return LandmarkAnswer.model_validate(head | {"groups": group_points(shown)} | round_boxes(head))


def round_boxes(head: dict[str, Any]) -> dict[str, Any]:
    return {"faces": [face | {"box": [round(value, 1) for value in face["box"]]} for face in head["faces"]]}


def group_points(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return consecutive points of one part and face as groups, coordinates rounded to a tenth of a pixel."""
    groups: list[dict[str, Any]] = []
    errors: list[float] = []
    for point in points:
        if not groups or (groups[-1]["face"], groups[-1]["part"]) != (point["face"], point["part"]):
            errors = []
            groups.append({"face": point["face"], "part": point["part"], "points": [], "names": {}, "not_seen": {}})
        group = groups[-1]
        if (reason := why_not_seen(point)) is not None:
            group["not_seen"][str(len(group["points"]))] = reason
        is_own_name = point.get("v") is None and point["name"] not in (
            point["part"],
            f"{point['part']} at {point['fpalp']:.4g}",
        )
        if is_own_name:
            group["names"][str(len(group["points"]))] = point["name"]
        group["points"].append([round(point["x"], 1), round(point["y"], 1)])
        errors.append(point["expected_error"])
        group["expected_error"] = round(sorted(errors)[len(errors) // 2], 2)
    for group in groups:
        group["names"] = group["names"] or None
        group["not_seen"] = group["not_seen"] or None
    return groups


def why_not_seen(point: dict[str, Any]) -> str | None:
    """Return why a point of an answer's plain data is probably not seen; None if it is, or nobody tells."""
    from ..engine import PointVisibility

    if point["visibility"] is None:
        return None
    visibility = PointVisibility(**point["visibility"])
    return None if visibility.is_seen else visibility.reason


def describe_query(query: Query, detail: Detail = "concise") -> ParseAnswer:
    """Return what a query asks for."""
    return ParseAnswer(
        canonical=query.canonical,
        count=query.count,
        parts=list(dict.fromkeys(landmark.part for landmark in query)),
        spacing=query.spacing,
        faces=query.faces,
        shape=query.shape,
        visible_only=query.visible_only,
        perspective=query.perspective,
        notes=list(query.notes),
        explanation=query.explain(),
        landmarks=[describe_place(landmark) for landmark in query] if detail == "full" else None,
    )


def describe_place(landmark: LandmarkQuery) -> LandmarkPlace:
    """Return where a landmark lies on the face."""
    v = None if landmark.v is None else float(landmark.v)
    return LandmarkPlace(part=landmark.part, fpalp=float(landmark.fpalp), v=v)


def describe_image(image: OpenImage, seconds_left: float) -> ImageAnswer:
    """Return what a client needs to know of an image it opened."""
    from ..engine.plain_data import FRAME

    height, width = image.encoded.image_size
    return ImageAnswer(
        handle=image.handle,
        expires_at=image.expires_at,
        lifetime_seconds=round(max(0.0, seconds_left), 1),
        image_size=ImageSize(height=height, width=width),
        frame=FRAME,
        faces=describe_faces(image.encoded.faces),
        notes=list(image.encoded.photo.notes),
    )


def describe_faces(faces: Sequence[Face]) -> list[FaceAnswer]:
    """Return faces as the interfaces tell them."""
    return [
        FaceAnswer(
            box=[round(value, 3) for value in face.box],
            score=face.score,
            number=face.number,
            angle=face.angle,
            doubtful=face.doubtful,
        )
        for face in faces
    ]


def describe_part(part: PartListing) -> PartAnswer:
    """Return a part of the language."""
    return PartAnswer(
        name=part.name,
        kind=part.kind,
        unified_count=part.unified_count,
        curve=part.curve,
        other_names=list(part.other_names),
    )


def describe_surface(surface: SurfaceListing) -> SurfaceAnswer:
    """Return a surface of the language."""
    return SurfaceAnswer(name=surface.name, area=surface.area, other_names=list(surface.other_names))


def describe_layout(layout: LayoutListing) -> LayoutAnswer:
    """Return a layout of the language."""
    own = "as in the dataset's own files" if layout.own_numbering else "as in the paper's table, not as in its files"
    return LayoutAnswer(
        name=layout.name,
        title=layout.title,
        size=layout.size,
        ids=f"1 to {layout.size}, {own}",
        parts=list(layout.parts),
    )
