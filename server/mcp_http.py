"""The MCP server over streamable HTTP, behind the same guards as the HTTP service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from ..errors import ServiceError
from .http_guards import LOOPBACK_HOSTS, BodyGuard, CrowdGuard, HostGuard, KeyGuard, RequestLog
from .mcp_dropping import DropVanished
from .problems import problem_response
from .service import Service


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
    app = BodyGuard(app, limits)
    app = CrowdGuard(app, limits)
    app = KeyGuard(app, api_keys)
    app = HostGuard(app, hosts)
    return RequestLog(app, service.metrics)


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
