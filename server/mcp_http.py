"""The MCP server over streamable HTTP, behind the same guards as the HTTP service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from .http_guards import LOOPBACK_HOSTS, BodyGuard, CrowdGuard, HostGuard, KeyGuard, RequestLog
from .mcp_dropping import DropVanished
from .service import Service


def build_mcp_app(
    server: MCPServer[Any], service: Service, *, api_keys: Sequence[str] = (), hosts: Iterable[str] = LOOPBACK_HOSTS
) -> ASGIApp:
    """Return the ASGI app that serves MCP at /mcp; see `build_http_app` for the arguments."""
    limits = service.limits
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
