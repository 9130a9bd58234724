"""Tools that answer instructions with points: ask, draw, parse, list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from mcp.server import MCPServer
from mcp.types import CallToolResult, ImageContent, ResourceLink, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field

from ..engine.answer_units import Units, is_normalized, normalize_answer
from ..engine.ask_settings import AskSettings
from . import mcp_texts as texts
from .answers import (
    Detail,
    DrawingAnswer,
    ImageSize,
    ParseAnswer,
    PartsAnswer,
    describe_query,
    page_answer,
)
from .ask_queue import Asked
from .derived import WHOLE_FACE, find_region
from .intents import hint_at_intent
from .mcp_arguments import (
    Boxes,
    Faces,
    IdsFrom,
    Instruction,
    Instructions,
    Offset,
    OneInstruction,
    Photo,
    Seconds,
    Whose,
    tell_errors,
)
from .mcp_asking import Ctx
from .mcp_calls import Calls, choose_texts, hint_at_more
from .mcp_results import PictureFormat, fit_page, give_picture, give_result, link_file
from .mcp_video import RangeAsk, answer_range, check_range_arguments, read_span

if TYPE_CHECKING:
    from ..engine import Answer

MAX_DRAWING_SIDE = 2048
MAX_ZOOM = 12.0
FILE_MEDIA = {"csv": "text/csv", "json": "application/json", "svg": "image/svg+xml"}
KINDS = ("parts", "surfaces", "layouts")

MaxSide = Annotated[
    int, Field(description="the drawing's longer side is at most this, pixels", ge=64, le=MAX_DRAWING_SIDE)
]
Crop = Annotated[str | None, Field(description=texts.CROP, max_length=500)]
Files = Annotated[
    list[Literal["csv", "json", "svg"]] | None,
    Field(description='Also the whole answer as files to read by link: "csv", "json", "svg".', max_length=3),
]


class AskResult(BaseModel):
    """The answer to one instruction, a `LandmarkAnswer`; or to several, as `answers`."""

    model_config = ConfigDict(extra="allow")

    answers: list[dict[str, Any]] = []
    canonical: str = ""
    count: int = 0
    shown: list[int] = []
    groups: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    outlines: list[dict[str, Any]] = []
    faces_found: int = 0
    faces: list[dict[str, Any]] = []
    image_size: dict[str, int] = {}
    notes: list[str] = []
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DrawingStyle:
    """How a drawing is made.

    Attributes:
        form: JPEG, or PNG at some eight times the bytes.
        max_side: Its longer side at most, pixels.
        crop: The region it shows; None for the whole photo.
        show_errors: Whether expected errors are circled.
        legend: Whether parts are named in a corner.
    """

    form: PictureFormat = "jpeg"
    max_side: int = 768
    crop: str | None = None
    show_errors: bool = False
    legend: bool = True


def add_point_tools(server: MCPServer[Any], calls: Calls, annotations: ToolAnnotations) -> None:
    """Offer the tools."""
    limits = calls.service.limits

    @server.tool(title="Locate face landmarks", description=texts.ASK, annotations=annotations)
    @tell_errors
    async def ask_landmarks(
        ctx: Ctx,
        image: Photo,
        instruction: OneInstruction = None,
        instructions: Instructions = None,
        seconds: Seconds = None,
        detail: Annotated[
            Detail, Field(description="concise groups points by part; full tells all of each")
        ] = "concise",
        draw: Annotated[bool, Field(description="also return the photo with the points drawn, to look at")] = False,
        crop: Crop = None,
        files: Files = None,
        units: Annotated[Units, Field(description=texts.POINT_UNITS)] = "px",
        faces: Faces = None,
        boxes: Boxes = None,
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
        offset: Offset = 0,
        limit: Annotated[int, Field(description="the most points to return", ge=1, le=2000)] = limits.concise_points,
    ) -> Annotated[CallToolResult, AskResult]:
        texts_asked = choose_texts(instruction, instructions)
        # Who names what is to be seen close up wants to see it.
        draw = draw or crop is not None
        settings = AskSettings(faces, boxes, perspective, ids_from, units=units)
        span = read_span(image, seconds)
        if span is not None and not span.is_moment:
            check_range_arguments(draw=draw, crop=crop, instructions=instructions, boxes=boxes, files=files)
            endings = tuple(dict.fromkeys(files or ["csv"]))
            return await answer_range(
                calls, ctx, RangeAsk(image, texts_asked[0], settings, span, detail, limit, endings)
            )
        wanted: list[Any] = [*texts_asked]
        shown = crop if crop is not None and crop.strip().lower() != WHOLE_FACE else None
        if shown is not None:
            wanted.append(calls.parse(shown, settings))
        asked, handle = await calls.ask(ctx, image, wanted, settings, at=None if span is None else span.start)
        answers = asked.answers[: len(texts_asked)]
        content: list[ImageContent | ResourceLink] = []
        if draw:
            style = DrawingStyle(crop=crop)
            pictures = await asyncio.to_thread(draw_all, asked, len(texts_asked), style)
            content += [picture for picture, _, _ in pictures]
        if files:
            content += await asyncio.to_thread(make_files, calls, answers, files, units)

        def write_page(most: int) -> dict[str, Any]:
            pages = []
            for answer in answers:
                page = page_answer(answer, detail, offset=offset, limit=most, handle=handle)
                hint = hint_at_more(asked.image, answer, faces)
                told = page.model_dump(mode="json", exclude_defaults=True)
                pages.append((normalize_answer(told) if is_normalized(units) else told) | hint)
            return pages[0] if instructions is None else {"answers": pages}

        return give_result(await asyncio.to_thread(fit_page, write_page, limit), *content)

    @server.tool(title="Draw landmarks on the photo", description=texts.DRAW, annotations=annotations)
    @tell_errors
    async def draw_landmarks(
        ctx: Ctx,
        image: Photo,
        instruction: Instruction,
        crop: Crop = None,
        max_side: MaxSide = 768,
        format: Annotated[PictureFormat, Field(description="png is lossless and some eight times larger")] = "jpeg",
        show_errors: Annotated[bool, Field(description="circle each point with its expected error")] = False,
        legend: Annotated[bool, Field(description="name the parts in a corner")] = True,
        faces: Faces = None,
        boxes: Boxes = None,
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
    ) -> Annotated[CallToolResult, DrawingAnswer]:
        settings = AskSettings(faces, boxes, perspective, ids_from)
        wanted: list[Any] = [instruction]
        if crop is not None and crop.strip().lower() != WHOLE_FACE:
            wanted.append(calls.parse(crop, settings))
        asked, _ = await calls.ask(ctx, image, wanted, settings)
        style = DrawingStyle(format, max_side, crop, show_errors, legend)
        ((picture, size, scale),) = await asyncio.to_thread(draw_all, asked, 1, style)
        answer = asked.answers[0]
        head = page_answer(answer, "concise", limit=0).model_dump(include=set(DrawingAnswer.model_fields))
        drawn = DrawingAnswer.model_validate(head | {"count": len(answer), "drawing_size": size, "scale": scale})
        return give_result(
            drawn.model_dump(mode="json", exclude_defaults=True) | hint_at_more(asked.image, answer, faces), picture
        )

    @server.tool(title="Check an instruction", description=texts.PARSE, annotations=annotations)
    @tell_errors
    async def parse_instruction(
        instruction: Instruction,
        detail: Annotated[Detail, Field(description="full lists every landmark")] = "concise",
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
        offset: Offset = 0,
        limit: Annotated[int, Field(description="the most landmarks to list", ge=1, le=2000)] = limits.concise_points,
    ) -> Annotated[CallToolResult, ParseAnswer]:
        query = await asyncio.to_thread(
            calls.parse, instruction, AskSettings(perspective=perspective, ids_from=ids_from)
        )
        whole = await asyncio.to_thread(describe_query, query, detail)
        data = whole.model_dump(mode="json", exclude_defaults=True)
        hint = hint_at_intent(instruction, "mcp", is_answered=True)
        data["notes"] += [hint] if hint else []
        landmarks: list[Any] = data.get("landmarks", [])

        def write_page(most: int) -> dict[str, Any]:
            if detail == "concise":
                return data
            listed = landmarks[offset : offset + most]
            return data | {"landmarks": listed, "shown": [min(offset, len(landmarks)), offset + len(listed)]}

        return give_result(await asyncio.to_thread(fit_page, write_page, limit))

    @server.tool(title="List face parts and layouts", description=texts.LIST, annotations=annotations)
    @tell_errors
    async def list_parts(
        kind: Annotated[Literal["all", "parts", "surfaces", "layouts"], Field(description="which ones")] = "all",
        contains: Annotated[str, Field(description="in their names", max_length=100)] = "",
        offset: Offset = 0,
    ) -> Annotated[CallToolResult, PartsPage]:
        return give_result(list_entries(calls.service.list_parts(), kind, contains, offset))


class PartsPage(PartsAnswer):
    """Some of the parts, surfaces and layouts."""

    examples: list[str] = Field(default=[], description="with the first page: instructions to learn from")
    count: int = Field(description="entries that fit")
    shown: list[int] = Field(description="[first, end) of them", min_length=2, max_length=2)


def list_entries(listed: PartsAnswer, kind: str, contains: str, offset: int) -> dict[str, Any]:
    """Return a page of what there is, in the order parts, surfaces, layouts; examples come with the first."""
    whole = listed.model_dump(mode="json", exclude_defaults=True)
    kinds = KINDS if kind == "all" else (kind,)
    wanted = contains.strip().lower().replace("_", " ")
    entries = [
        (name, entry)
        for name in kinds
        for entry in whole[name]
        if any(wanted in called.lower() for called in (entry["name"], *entry.get("other_names", ())))
    ]
    start = min(offset, len(entries))

    def write_page(most: int) -> dict[str, Any]:
        page = entries[start : start + most]
        found = {name: [entry for its, entry in page if its == name] for name in KINDS}
        examples = {"examples": whole["examples"]} if start == 0 and not wanted else {}
        return found | examples | {"count": len(entries), "shown": [start, start + len(page)]}

    return fit_page(write_page, max(1, len(entries)))


def draw_all(asked: Asked, count: int, style: DrawingStyle) -> list[tuple[ImageContent, ImageSize, float]]:
    """Return the first `count` answers drawn, each with the drawing's size and its pixels a photo pixel.

    An answer behind those tells where the region lies that is to be shown.
    """
    from ..engine import crop_answer

    drawings = []
    for answer in asked.answers[:count]:
        shown = answer
        if style.crop is not None:
            *_, last = asked.answers
            region = find_region(last if len(asked.answers) > count else answer, WHOLE_FACE)
            shown = crop_answer(answer, region)
        drawings.append(draw_answer(shown, style, count))
    return drawings


def draw_answer(answer: Answer, style: DrawingStyle, count: int) -> tuple[ImageContent, ImageSize, float]:
    """Return an answer drawn on its photo, one of `count`; a crop is enlarged, a whole photo only made smaller."""
    longer = max(answer.image_size)
    scale = min(MAX_ZOOM if style.crop is not None else 1.0, style.max_side / longer)
    drawing = answer.draw(scale=scale, errors=style.show_errors, legend=style.legend)
    content, sent = give_picture(drawing, style.form, count)
    size = ImageSize(height=sent.height, width=sent.width)
    return content, size, scale * sent.width / drawing.width


def make_files(calls: Calls, answers: tuple[Answer, ...], endings: Sequence[str], units: Units) -> list[ResourceLink]:
    """Return links to whole answers as files; the drawing is of the photo's size in any units."""
    links = []
    for number, answer in enumerate(answers, start=1):
        for ending in dict.fromkeys(endings):
            text = write_file(answer, ending, units)
            made = calls.files.add(text.encode(), FILE_MEDIA[ending], ending)
            points = f"{len(answer)} point{'s' if len(answer) != 1 else ''}"
            links.append(link_file(made, f"answer {number}.{ending}", f"{points}, {FILE_MEDIA[ending]}"))
    return links


def write_file(answer: Answer, ending: str, units: Units) -> str:
    """Return a whole answer as text of one of `FILE_MEDIA`."""
    if ending == "csv":
        return answer.to_csv(units=units)
    if ending == "svg":
        return answer.to_svg()
    return answer.to_json(units=units)
