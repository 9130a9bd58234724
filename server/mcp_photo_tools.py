"""Tools about photos: which there are, and opening one for several asks."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.types import CallToolResult, ToolAnnotations
from PIL import Image
from pydantic import Field

from ..engine.ask_settings import AskSettings
from ..errors import ServiceError
from . import mcp_texts as texts
from .answers import AnswerModel, ImageAnswer, describe_image
from .image_listing import find_images
from .mcp_arguments import Boxes, Offset, Photo, tell_errors
from .mcp_asking import Ctx
from .mcp_calls import Calls
from .mcp_results import fit_page, give_result


class ListedImage(AnswerModel):
    """An image file."""

    path: str = Field(description="below its root: give it as `image`")
    bytes: int
    width: int | None = None
    height: int | None = None


class ImagesAnswer(AnswerModel):
    """The image files that may be read."""

    roots: list[str] = Field(description="the folders that may be read")
    count: int
    shown: list[int] = Field(description="[first, end)", min_length=2, max_length=2)
    images: list[ListedImage]
    notes: list[str]


def add_photo_tools(server: MCPServer[Any], calls: Calls, annotations: ToolAnnotations) -> None:
    """Offer the tools."""

    @server.tool(title="List the photos that can be read", description=texts.LIST_IMAGES, annotations=annotations)
    @tell_errors
    async def list_images(
        ctx: Ctx,
        contains: Annotated[str, Field(description='only paths that hold this ("party/") or fit ("*.png")')] = "",
        offset: Offset = 0,
        limit: Annotated[int, Field(description="the most images to list", ge=1, le=500)] = 50,
    ) -> Annotated[CallToolResult, ImagesAnswer]:
        roots = await calls.list_roots(ctx)
        if not roots:
            raise ServiceError("image_source", texts.NO_ROOTS)
        found, is_whole = await asyncio.to_thread(find_images, roots)
        wanted = [(path, name) for path, name in found if fits_name(name.lower(), contains.lower())]
        notes = [] if is_whole else ["there are too many files to look at all of them: some are missing here"]

        def write_page(most: int) -> dict[str, Any]:
            listed = [describe_file(path, name) for path, name in wanted[offset : offset + most]]
            start = min(offset, len(wanted))
            page = ImagesAnswer(
                roots=[str(root) for root in roots],
                count=len(wanted),
                shown=[start, start + len(listed)],
                images=listed,
                notes=notes,
            )
            return page.model_dump(mode="json", exclude_none=True)

        return give_result(await asyncio.to_thread(fit_page, write_page, limit))

    @server.tool(title="Open a photo for several asks", description=texts.OPEN, annotations=annotations)
    @tell_errors
    async def open_image(ctx: Ctx, image: Photo, boxes: Boxes = None) -> Annotated[CallToolResult, ImageAnswer]:
        asked, _ = await calls.ask(ctx, image, [], AskSettings(boxes=boxes))
        service = calls.service
        opened = service.keep(asked.image)
        whole = describe_image(opened, service.images.seconds_left(opened)).model_dump(mode="json")

        def write_page(most: int) -> dict[str, Any]:
            left_out = len(whole["faces"]) - most
            notes = [f"{left_out} more faces are left out of this list"] if left_out > 0 else []
            return whole | {"faces": whole["faces"][:most], "notes": whole["notes"] + notes}

        return give_result(fit_page(write_page, max(1, len(whole["faces"]))))


def fits_name(name: str, wanted: str) -> bool:
    """Return whether a path holds a text, or is as a pattern with * says."""
    return fnmatchcase(name, wanted) if "*" in wanted else wanted in name


def describe_file(path: Path, name: str) -> ListedImage:
    """Return what a list says of an image file; of one that cannot be read, its name and size."""
    size = path.stat().st_size
    try:
        with Image.open(path) as image:
            return ListedImage(path=name, bytes=size, width=image.width, height=image.height)
    except Exception:  # decoders raise anything at all on damaged files
        return ListedImage(path=name, bytes=size)
