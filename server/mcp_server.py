"""The MCP server: the service as tools, resources and a prompt for agents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server import MCPServer
from mcp.types import Icon, ToolAnnotations

from .. import __version__
from . import mcp_texts as texts
from .image_sources import ImageSources
from .mcp_calls import Calls
from .mcp_checks import CheckedServer
from .mcp_closing import add_close_tool
from .mcp_photo_tools import add_photo_tools
from .mcp_point_tools import add_point_tools
from .mcp_region_tools import add_region_tools
from .mcp_resources import add_resources
from .service import Service


def build_mcp_server(service: Service, sources: ImageSources, *, honours_roots: bool = False) -> MCPServer[Any]:
    """Return the MCP server over a service; the model is loaded once a client has been greeted.

    Args:
        service: Answers.
        sources: Reads the images that clients name.
        honours_roots: Whether a client's roots may be read where the operator gave none; see `Calls`.
    """
    calls = Calls(service, sources, honours_roots=honours_roots)
    server = CheckedServer(
        "faceql",
        find_media=calls.find_media,
        title="faceql: ask a face for landmarks",
        description="Face landmarks, measures, masks and crops from plain-English instructions.",
        instructions=texts.INSTRUCTIONS,
        icons=[Icon(src=texts.ICON, mime_type="image/svg+xml", sizes=["any"])],
        version=__version__,
        log_level="WARNING",
        middleware=[load_behind(service)],
    )
    annotations = ToolAnnotations(read_only_hint=True, open_world_hint=bool(sources.allowed_hosts))
    add_point_tools(server, calls, annotations)
    add_photo_tools(server, calls, annotations)
    add_region_tools(server, calls, annotations)
    add_close_tool(server, service)
    add_resources(server, calls)
    return server


def load_behind(service: Service) -> Any:
    """Return middleware that begins to load the model once the first message has been answered."""

    async def start_loading(ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        result = await call_next(ctx)
        service.start_loading()
        return result

    return start_loading
