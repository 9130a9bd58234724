"""The MCP server: the service as tools, resources and a prompt for agents."""

from __future__ import annotations

import asyncio
import base64
import functools
import io
import json
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ParamSpec

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, ImageContent, TextContent, ToolAnnotations
from pydantic import BaseModel, Field

from .. import __version__
from ..errors import FaceQLError
from ..querylang.registry import load_registry
from . import mcp_texts as texts
from .answers import (
    Detail,
    DrawingAnswer,
    ImageAnswer,
    ImageSize,
    LandmarkAnswer,
    ParseAnswer,
    PartsAnswer,
    Perspective,
    describe_image,
    describe_query,
    page_answer,
)
from .ask_queue import Asked
from .error_kinds import ERROR_KINDS, describe_error, error_code
from .image_sources import ImageSources
from .image_store import is_handle
from .mcp_checks import CheckedServer, give_error
from .mcp_closing import add_close_tool
from .service import Service

MAX_DRAWING_SIDE = 2048
# A path cannot be this long, so longer text is base64 whose data: head was forgotten.
MAX_PATH_LENGTH = 4096

Photo = Annotated[str, Field(description=texts.IMAGE, min_length=1)]
Instruction = Annotated[str, Field(description=texts.INSTRUCTION, max_length=20_000)]
Faces = Annotated[str | None, Field(description=texts.FACES, max_length=100)]
FaceBox = Annotated[list[float], Field(min_length=4, max_length=4)]
Boxes = Annotated[list[FaceBox] | None, Field(description=texts.BOXES, max_length=64)]
Whose = Annotated[Perspective, Field(description=texts.PERSPECTIVE)]
IdsFrom = Annotated[int, Field(description=texts.IDS_FROM, ge=0, le=1)]
P = ParamSpec("P")
ToolFunction = Callable[P, Awaitable[CallToolResult]]


def give_result(answer: BaseModel, *content: ImageContent) -> CallToolResult:
    """Return a tool's result: structured, and the same as compact JSON text for clients that read only text."""
    structured = answer.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(structured, ensure_ascii=False, separators=(",", ":"))
    return CallToolResult(content=[*content, TextContent(type="text", text=text)], structured_content=structured)


def tell_errors(function: ToolFunction[P]) -> ToolFunction[P]:
    """Make a tool tell its errors as MCP knows them, with all that an agent needs to mend the call."""

    @functools.wraps(function)
    async def tool(*args: P.args, **kwargs: P.kwargs) -> CallToolResult:
        try:
            return await function(*args, **kwargs)
        except FaceQLError as error:
            kind = ERROR_KINDS[error_code(error)]
            if kind.mcp_code is not None:
                raise MCPError(kind.mcp_code, describe_error(error)["message"], {"code": error_code(error)}) from error
            return give_error(error)

    return tool


class Tools:
    """The tools' work, apart from how they are described.

    Args:
        service: Answers.
        sources: Reads the images that clients name.
    """

    def __init__(self, service: Service, sources: ImageSources) -> None:
        self._service = service
        self._sources = sources

    async def read_image(self, image: str) -> tuple[Any, str | None]:
        """Return what the service takes for a photo, and its handle if it is one."""
        if is_handle(image):
            return self._service.images.get(image).encoded, image
        if image.startswith("data:") or len(image) > MAX_PATH_LENGTH:
            return await asyncio.to_thread(self._sources.read_base64, image), None
        if image.lower().startswith(("https:", "http:")):
            return await self._sources.read_url(image), None
        return await asyncio.to_thread(self._sources.read_path, image), None

    async def ask(
        self,
        image: str,
        instructions: list[str],
        ctx: Context[Any, Any],
        *,
        faces: str | None = None,
        boxes: list[list[float]] | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
    ) -> tuple[Asked, str | None]:
        """Answer instructions on an image, telling the client how far it is."""
        ends = self._service.find_end(None)
        # Before the image: a mistake in the text should cost nothing.
        queries = await asyncio.to_thread(
            self._service.parse_all, instructions, perspective=perspective, ids_from=ids_from, ends=ends
        )
        await ctx.report_progress(0, 2, "reading the image")
        photo, handle = await self.read_image(image)
        waiting = "finding the face" if self._service.is_ready else "waiting for the model to be loaded"
        await ctx.report_progress(1, 2, waiting)
        seconds = max(0.0, ends - time.monotonic())
        asked = await self._service.ask_async(photo, queries, faces=faces, boxes=boxes, seconds=seconds)
        await ctx.report_progress(2, 2, "answered")
        self._service.metrics.observe_points(sum(map(len, asked.answers)))
        return asked, handle


def build_mcp_server(service: Service, sources: ImageSources) -> MCPServer[Any]:
    """Return the MCP server over a service; the model is loaded once a client has been greeted."""
    server = CheckedServer(
        "faceql",
        title="faceql: ask a face for landmarks",
        description="Face landmarks from plain-English instructions.",
        instructions=texts.INSTRUCTIONS,
        version=__version__,
        log_level="WARNING",
        middleware=[load_behind(service)],
    )
    annotations = ToolAnnotations(
        read_only_hint=True,
        destructive_hint=False,
        idempotent_hint=True,
        open_world_hint=bool(sources.allowed_hosts),
    )
    tools = Tools(service, sources)
    limits = service.limits

    @server.tool(title="Locate face landmarks", description=texts.ASK, annotations=annotations)
    @tell_errors
    async def ask_landmarks(
        ctx: Context[Any, Any],
        image: Photo,
        instruction: Instruction,
        detail: Annotated[
            Detail, Field(description="concise groups points by part; full tells all of each")
        ] = "concise",
        faces: Faces = None,
        boxes: Boxes = None,
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
        offset: Annotated[int, Field(description="the first point to return", ge=0)] = 0,
        limit: Annotated[int, Field(description="the most points to return", ge=1, le=2000)] = limits.concise_points,
    ) -> Annotated[CallToolResult, LandmarkAnswer]:
        asked, handle = await tools.ask(
            image, [instruction], ctx, faces=faces, boxes=boxes, perspective=perspective, ids_from=ids_from
        )
        return give_result(page_answer(asked.answers[0], detail, offset=offset, limit=limit, handle=handle))

    @server.tool(title="Check an instruction", description=texts.PARSE, annotations=annotations)
    @tell_errors
    async def parse_instruction(
        instruction: Instruction,
        detail: Annotated[Detail, Field(description="full lists every landmark")] = "concise",
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
    ) -> Annotated[CallToolResult, ParseAnswer]:
        query = await asyncio.to_thread(service.parse, instruction, perspective=perspective, ids_from=ids_from)
        return give_result(await asyncio.to_thread(describe_query, query, detail))

    @server.tool(title="List face parts and layouts", description=texts.LIST, annotations=annotations)
    @tell_errors
    async def list_parts() -> Annotated[CallToolResult, PartsAnswer]:
        return give_result(service.list_parts())

    @server.tool(title="Open a photo for several asks", description=texts.OPEN, annotations=annotations)
    @tell_errors
    async def open_image(
        ctx: Context[Any, Any], image: Photo, boxes: Boxes = None
    ) -> Annotated[CallToolResult, ImageAnswer]:
        asked, _ = await tools.ask(image, [], ctx, boxes=boxes)
        opened = service.keep(asked.image)
        return give_result(describe_image(opened, service.images.seconds_left(opened)))

    @server.tool(title="Draw landmarks on the photo", description=texts.DRAW, annotations=annotations)
    @tell_errors
    async def draw_landmarks(
        ctx: Context[Any, Any],
        image: Photo,
        instruction: Instruction,
        max_side: Annotated[
            int, Field(description="the drawing's longer side is at most this, pixels", ge=64, le=MAX_DRAWING_SIDE)
        ] = 768,
        show_errors: Annotated[bool, Field(description="circle each point with its expected error")] = False,
        legend: Annotated[bool, Field(description="name the parts in a corner")] = True,
        faces: Faces = None,
        boxes: Boxes = None,
        perspective: Whose = "viewer",
        ids_from: IdsFrom = 1,
    ) -> Annotated[CallToolResult, DrawingAnswer]:
        asked, _ = await tools.ask(
            image, [instruction], ctx, faces=faces, boxes=boxes, perspective=perspective, ids_from=ids_from
        )
        answer = asked.answers[0]
        scale = min(1.0, max_side / max(answer.image_size))
        png, size = await asyncio.to_thread(draw_png, answer, scale, show_errors=show_errors, legend=legend)
        head = answer.to_dict()
        del head["points"], head["outlines"], head["schema_version"], head["instruction"]
        drawn = DrawingAnswer.model_validate(head | {"count": len(answer), "drawing_size": size, "scale": scale})
        return give_result(
            drawn, ImageContent(type="image", data=base64.b64encode(png).decode("ascii"), mime_type="image/png")
        )

    add_close_tool(server, service)
    add_resources(server, service)
    return server


def add_resources(server: MCPServer[Any], service: Service) -> None:
    """Offer the language guide, the parts table and the makeup prompt."""

    @server.resource(
        "faceql://guide",
        title="The faceql language",
        description="How to write instructions, with examples; every part and layout.",
        mime_type="text/markdown",
    )
    def guide() -> str:
        return texts.write_guide(load_registry())

    @server.resource(
        "faceql://parts",
        title="Face parts and layouts",
        description="Every face part with its curve, every layout, as JSON.",
        mime_type="application/json",
    )
    def parts() -> str:
        return service.list_parts().model_dump_json()

    @server.prompt(
        title="Makeup regions",
        description="Find where a makeup product goes on the face in a photo.",
    )
    def makeup_regions(
        product: Annotated[
            str, Field(description=f"One of {', '.join(texts.MAKEUP)}; anything else asks for all of them")
        ] = "all",
    ) -> str:
        return texts.write_makeup_prompt(product)


def load_behind(service: Service) -> Any:
    """Return middleware that begins to load the model once the first message has been answered."""

    async def start_loading(ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        result = await call_next(ctx)
        service.start_loading()
        return result

    return start_loading


def draw_png(answer: Any, scale: float, *, show_errors: bool, legend: bool) -> tuple[bytes, ImageSize]:
    """Return an answer drawn on its photo as PNG, and the drawing's size."""
    picture = answer.draw(scale=scale, errors=show_errors, legend=legend)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue(), ImageSize(height=picture.height, width=picture.width)
