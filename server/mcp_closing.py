"""The tool `close_image`: an agent that is done with a photo has it forgotten."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field

from ..errors import FaceQLError
from .mcp_checks import give_error
from .service import Service

DESCRIPTION = "Forget a photo that open_image keeps: its handle ends for all."


class ClosedAnswer(BaseModel):
    """What is left open."""

    closed: str = Field(description="the handle")
    open_images: int = Field(description="images that are still open on this server")


def add_close_tool(server: MCPServer[Any], service: Service) -> None:
    """Offer `close_image`."""
    annotations = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)

    @server.tool(title="Close photo", description=DESCRIPTION, annotations=annotations)
    async def close_image(
        handle: Annotated[str, Field(description="img_...", max_length=100)],
    ) -> Annotated[CallToolResult, ClosedAnswer]:
        try:
            service.images.forget(handle)
        except FaceQLError as error:
            return give_error(error)
        closed = ClosedAnswer(closed=handle, open_images=len(service.images))
        content = TextContent(type="text", text=closed.model_dump_json())
        return CallToolResult(content=[content], structured_content=closed.model_dump())
