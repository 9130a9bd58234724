"""Tools about the face as a whole: measures, masks and crops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from mcp.server import MCPServer
from mcp.types import CallToolResult, ContentBlock, ToolAnnotations
from pydantic import Field

from ..engine.ask_settings import AskSettings
from . import mcp_texts as texts
from .ask_queue import Asked
from .derived import (
    CropAnswer,
    MaskAnswer,
    MeasuresAnswer,
    MeasureUnits,
    ParseText,
    PlanT,
    SubjectT,
    ask_planned,
    cut_region,
    describe_crop,
    describe_mask,
    describe_measures,
    paint_region,
    pick_one_face,
    plan_crop,
    plan_mask,
    plan_measures,
)
from .mcp_arguments import Boxes, Faces, IdsFrom, Offset, Photo, Region, Whose, tell_errors
from .mcp_asking import Ctx
from .mcp_calls import Calls, hint_at_faces
from .mcp_results import fit_page, give_picture, give_result, link_file, write_json
from .pictures import write_picture
from .token_budget import MAX_TOKENS, count_tokens

if TYPE_CHECKING:
    from ..querylang.query import Query

Pair = Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=2, max_length=2)]


def add_region_tools(server: MCPServer[Any], calls: Calls, annotations: ToolAnnotations) -> None:
    """Offer the tools."""

    async def ask_plan(
        ctx: Ctx,
        image: str,
        settings: AskSettings,
        plan_what: Callable[[ParseText, SubjectT], PlanT],
        subject: SubjectT,
    ) -> tuple[PlanT, Asked]:
        async def ask(queries: tuple[Query, ...]) -> Asked:
            asked, _ = await calls.ask(ctx, image, queries, settings)
            return asked

        return await ask_planned(plan_what, subject, lambda text: calls.parse(text, settings), ask)

    @server.tool(title="Measure a face", description=texts.MEASURE, annotations=annotations)
    @tell_errors
    async def measure_face(
        ctx: Ctx,
        image: Photo,
        distances: Annotated[list[Pair] | None, Field(description=texts.DISTANCES, max_length=64)] = None,
        units: Annotated[MeasureUnits, Field(description=texts.UNITS)] = "iod",
        faces: Faces = None,
        boxes: Boxes = None,
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
        offset: Offset = 0,
    ) -> Annotated[CallToolResult, MeasuresAnswer]:
        settings = AskSettings(faces, boxes, perspective, ids_from)
        plan, asked = await ask_plan(ctx, image, settings, plan_measures, distances or [])
        answer = asked.answers[0]
        told = await asyncio.to_thread(describe_measures, asked.answers, plan, units)
        whole = told.model_dump(mode="json", exclude_defaults=True) | hint_at_faces(asked.image, answer, faces)

        def write_page(most: int) -> dict[str, Any]:
            stop = min(offset + most, len(whole["faces"]))
            return whole | {"measured": whole["measured"][offset:stop], "shown": [min(offset, stop), stop]}

        return give_result(fit_page(write_page, len(answer.faces)))

    @server.tool(title="Cut a face or a part of it out of the photo", description=texts.CUT, annotations=annotations)
    @tell_errors
    async def crop_face(
        ctx: Ctx,
        image: Photo,
        region: Annotated[Region, Field(description=texts.CROP_REGION)] = "face",
        size: Annotated[int, Field(description="the crop's longer side, pixels", ge=16, le=2048)] = 384,
        margin: Annotated[float, Field(description="on every side, in longer sides of the region", ge=0, le=4)] = 0.2,
        upright: Annotated[bool, Field(description="turn the face upright")] = True,
        faces: Faces = None,
        boxes: Boxes = None,
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
    ) -> Annotated[CallToolResult, CropAnswer]:
        settings = AskSettings(faces, boxes, perspective, ids_from)
        plan, asked = await ask_plan(ctx, image, settings, plan_crop, region)
        answer = pick_one_face(asked.answers[0])

        def cut() -> tuple[CropAnswer, list[ContentBlock]]:
            piece = cut_region(answer, plan, face=0, size=size, margin=margin, upright=upright)
            shown, _ = give_picture(piece.picture, "jpeg")
            made = calls.files.add(write_picture(piece.picture, "image/png"), "image/png", "png")
            told = describe_crop(answer, plan, 0, piece)
            return told, [shown, link_file(made, "crop.png", "the crop without loss")]

        told, content = await asyncio.to_thread(cut)
        return give_result(
            told.model_dump(mode="json", exclude_defaults=True) | hint_at_faces(asked.image, answer, faces), *content
        )

    @server.tool(title="Mask a region of a face", description=texts.MASK, annotations=annotations)
    @tell_errors
    async def mask_region(
        ctx: Ctx,
        image: Photo,
        region: Region,
        feather: Annotated[
            float, Field(description="softens the edge: a Gaussian's sigma, pixels", ge=0, le=200)
        ] = 0.0,
        show: Annotated[
            Literal["nothing", "mask", "rle"],
            Field(description='what comes back beside the link: the mask as a picture, or COCO\'s run lengths ("rle")'),
        ] = "nothing",
        faces: Faces = None,
        boxes: Boxes = None,
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
    ) -> Annotated[CallToolResult, MaskAnswer]:
        settings = AskSettings(faces, boxes, perspective, ids_from)
        plan, asked = await ask_plan(ctx, image, settings, plan_mask, region)
        (answer,) = asked.answers

        def paint() -> tuple[MaskAnswer, list[ContentBlock]]:
            from PIL import Image

            mask = paint_region(answer, plan, feather)
            picture = Image.fromarray(mask)
            made = calls.files.add(write_picture(picture, "image/png"), "image/png", "png")
            link = link_file(made, "mask.png", "grey: 0 outside, 255 inside, of the photo's size")
            told = describe_mask(answer, plan, mask, with_rle=show == "rle")
            if told.rle is not None and count_tokens(write_json(told.rle.counts)) > MAX_TOKENS // 2:
                told.rle = None
                told.notes.append("the run lengths are too long for a result: read the mask by its link")
            return told, [give_picture(picture, "png")[0], link] if show == "mask" else [link]

        told, content = await asyncio.to_thread(paint)
        return give_result(
            told.model_dump(mode="json", exclude_defaults=True) | hint_at_faces(asked.image, answer, faces), *content
        )
