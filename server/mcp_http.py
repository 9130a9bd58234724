"""The MCP server over streamable HTTP, behind the same guards as the HTTP service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import ServiceError
from .http_guards import LOOPBACK_HOSTS, BodyGuard, CrowdGuard, HostGuard, KeyGuard, RequestLog
from .mcp_dropping import DropVanished
from .problems import problem_response
from .service import Service

JSON_SPACE = b" \t\r\n"
HEAD = 1024
"""Bytes in which a message begins: nobody needs more space before it."""


def build_mcp_app(
    server: MCPServer[Any], service: Service, *, api_keys: Sequence[str] = (), hosts: Iterable[str] = LOOPBACK_HOSTS
) -> ASGIApp:
    """Return the ASGI app that serves MCP at /mcp; see `build_http_app` for the arguments."""
    limits = service.limits
    add_health_checks(server, service)
    app: ASGIApp = server.streamable_http_app(
        max_request_body_size=limits.image_bytes * 4 // 3 + 256 * 1024,
        # HostGuard checks Host and Origin, for ports and names alike.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    app = DropVanished(app)
    app = MessageGuard(app)
    app = BodyGuard(app, limits)
    app = CrowdGuard(app, limits)
    app = KeyGuard(app, api_keys)
    app = HostGuard(app, hosts)
    return RequestLog(app, service.metrics)


class MessageGuard:
    """Refuses what is no object, and so no message: batches too, which MCP has no more.

    The body is whole: `BodyGuard` has read it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_message = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == "/mcp"
        if not is_message or "json" not in Headers(scope=scope).get("content-type", ""):
            await self._app(scope, receive, send)
            return
        first = await receive()
        if first["type"] == "http.request" and not first["body"][:HEAD].lstrip(JSON_SPACE).startswith(b"{"):
            error = ServiceError("malformed", "the body is one JSON-RPC message, an object; batches are not taken")
            await problem_response(error)(scope, receive, send)
            return
        given = [first]

        async def replay() -> Message:
            return given.pop() if given else await receive()

        del first
        await self._app(scope, replay, send)


def add_health_checks(server: MCPServer[Any], service: Service) -> None:
    """Mount what operators and orchestrators ask, as the HTTP service has it."""

    async def tell_health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def tell_readiness(_: Request) -> Response:
        service.start_loading()
        try:
            service.check_ready()
        except ServiceError as error:
            return problem_response(error)
        return JSONResponse({"status": "ready"})

    for path, tell in (("/healthz", tell_health), ("/readyz", tell_readiness)):
        server.custom_route(path, methods=["GET"])(tell)
