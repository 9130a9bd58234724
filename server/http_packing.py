"""Answers packed for those who take it, and packed bodies refused."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from ..errors import ServiceError
from .accept import read_range


class PackAnswers(GZipMiddleware):
    """Packs long answers by gzip, where Accept-Encoding takes that: its weights and its `*` count, as in RFC 9110."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            told = Headers(scope=scope).get("accept-encoding", "")
            others = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope["headers"] = [*others, *([(b"accept-encoding", b"gzip")] if takes_gzip(told) else [])]
        await super().__call__(scope, receive, send)


def takes_gzip(accept: str) -> bool:
    """Return whether an Accept-Encoding header takes gzip."""
    weights = dict(map(read_range, accept.split(",")))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def check_coding(headers: Headers) -> None:
    """Check that a body comes as it is.

    Raises:
        ServiceError: It is packed ("media_type").
    """
    codings = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    if any(name not in ("", "identity") for name in codings):
        raise ServiceError(
            "media_type", "send the body as it is, without a Content-Encoding: photos are packed already"
        )
