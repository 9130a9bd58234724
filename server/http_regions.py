"""Routes about the face as a whole: masks, measures and crops."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import FastAPI, Request
from pydantic import Field
from starlette.responses import Response

from . import http_docs as docs
from .accept import choose_media
from .ask_queue import Asked
from .derived import (
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
from .http_answers import JPEG, JSON, PNG, vary
from .http_requests import FaceOptions, ImageMixin, ImageReference, read_photo_request
from .pictures import write_picture
from .service import Service

if TYPE_CHECKING:
    from ..querylang.query import Query

Place = Annotated[str, Field(max_length=200)]
Pair = Annotated[list[Place], Field(min_length=2, max_length=2, description="two places in words")]
Region = Annotated[str, Field(max_length=2000, description='"lips", "left eye", "upper lip", "face contour", ...')]


class MeasureOptions(FaceOptions):
    """What is measured, and in which unit."""

    distances: list[Pair] = Field(default=[], max_length=64, description="pairs of single places to measure between")
    units: MeasureUnits = Field(default="iod", description='of lengths: "iod", between the outer eye corners, or "px"')


class MaskOptions(FaceOptions):
    """Which region, and in which form its mask comes."""

    region: Region
    feather: float = Field(
        default=0.0, ge=0, le=200, allow_inf_nan=False, description="softens the edge: a Gaussian's sigma, pixels"
    )
    format: Literal["png", "rle"] | None = Field(
        default=None, description="over the Accept header; rle is JSON with COCO's run lengths"
    )


class CropOptions(FaceOptions):
    """Which region of which face is cut out, and how large."""

    region: Region = "face"
    size: int = Field(default=256, ge=16, le=4096, description="the crop's longer side, pixels")
    margin: float = Field(
        default=0.25, ge=0, le=4, allow_inf_nan=False, description="on every side, in longer sides of the region"
    )
    upright: bool = Field(default=True, description="turn the face upright")
    format: Literal["png", "jpeg", "json"] | None = Field(
        default=None, description="over the Accept header; json has the PNG in base64 and the matrix"
    )


class MeasureRequest(MeasureOptions, ImageMixin):
    """POST /v1/measure as JSON."""


class MaskRequest(MaskOptions, ImageMixin):
    """POST /v1/mask as JSON."""


class CropRequest(CropOptions, ImageMixin):
    """POST /v1/crop as JSON."""


MASK_FORMS = {"png": PNG, "rle": JSON}
CROP_FORMS = {"png": PNG, "jpeg": JPEG, "json": JSON}
Image = ImageReference | bytes
AskQueries = Callable[[Request, Image, FaceOptions, "tuple[Query, ...]"], Awaitable[Asked]]


def add_region_routes(app: FastAPI, service: Service, ask: AskQueries) -> None:
    """Mount the routes; `ask` answers queries on an image, or gives up with the client."""

    async def ask_plan(
        request: Request,
        image: Image,
        options: FaceOptions,
        plan_what: Callable[[ParseText, SubjectT], PlanT],
        subject: SubjectT,
    ) -> tuple[PlanT, Asked]:
        def parse(text: str) -> Query:
            return service.parse(text, options.settings)

        return await ask_planned(plan_what, subject, parse, lambda queries: ask(request, image, options, queries))

    @app.post(
        "/v1/measure", **docs.describe_route(MeasureRequest, MeasureOptions, docs.MEASURE_EXAMPLES, docs.MEASURED)
    )
    async def measure_faces(request: Request) -> Response:
        """Measure faces: openness of eyes and mouth, roll, widths, lengths, areas, and distances between places."""
        image, options = await read_photo_request(request, MeasureRequest, MeasureOptions)
        plan, asked = await ask_plan(request, image, options, plan_measures, options.distances)
        told = await asyncio.to_thread(describe_measures, asked.answers, plan, options.units)
        return Response(write_model(told), media_type=JSON)

    @app.post("/v1/mask", **docs.describe_route(MaskRequest, MaskOptions, docs.MASK_EXAMPLES, docs.MASKED))
    async def mask_region(request: Request) -> Response:
        """Tell which pixels a region of the face covers: grey PNG, or JSON with COCO's run lengths."""
        image, options = await read_photo_request(request, MaskRequest, MaskOptions)
        form = choose_form(request, options, MASK_FORMS)
        plan, asked = await ask_plan(request, image, options, plan_mask, options.region)

        def write() -> Response:
            from PIL import Image

            (answer,) = asked.answers
            mask = paint_region(answer, plan, options.feather)
            if form == PNG:
                return vary(Response(write_picture(Image.fromarray(mask), PNG), media_type=PNG))
            told = describe_mask(answer, plan, mask, with_rle=True)
            return vary(Response(write_model(told), media_type=JSON))

        return await asyncio.to_thread(write)

    @app.post("/v1/crop", **docs.describe_route(CropRequest, CropOptions, docs.CROP_EXAMPLES, docs.CROPPED))
    async def crop_face(request: Request) -> Response:
        """Cut a face or a part of it out of the photo, upright: PNG, JPEG, or JSON with the matrix."""
        image, options = await read_photo_request(request, CropRequest, CropOptions)
        form = choose_form(request, options, CROP_FORMS)
        plan, asked = await ask_plan(request, image, options, plan_crop, options.region)

        def write() -> Response:
            answer = pick_one_face(asked.answers[0])
            cut = cut_region(answer, plan, face=0, size=options.size, margin=options.margin, upright=options.upright)
            if form != JSON:
                return vary(Response(write_picture(cut.picture, form), media_type=form))
            told = describe_crop(answer, plan, 0, cut).model_dump(mode="json", exclude_none=True)
            told["png"] = base64.b64encode(write_picture(cut.picture, PNG)).decode("ascii")
            return vary(Response(json.dumps(told), media_type=JSON))

        return await asyncio.to_thread(write)


def choose_form(request: Request, options: MaskOptions | CropOptions, forms: dict[str, str]) -> str:
    """Return the media type that a request names, or else what its client takes.

    Raises:
        ServiceError: There is none that it takes ("not_acceptable").
    """
    if options.format is not None:
        return forms[options.format]
    return choose_media(request.headers.get("accept"), tuple(forms.values()))


def write_model(model: Any) -> str:
    """Return a model as JSON text, without what it has no value for."""
    text: str = model.model_dump_json(exclude_none=True)
    return text
