"""What every HTTP request passes through before its route: ASGI layers, outermost first.

`RequestLog` names, times and logs it; `HostGuard` keeps other sites' pages out; `KeyGuard` asks for an API key;
`CrowdGuard` bounds how many are at work; `BodyGuard` bounds how large and how slow a body may be.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from traceback import extract_tb
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import ConfigError, ServiceError
from .http_packing import check_coding
from .json_bounds import check_json_pieces
from .limits import Limits
from .metrics import Metrics
from .problems import problem_response

logger = logging.getLogger("faceql.server.http")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
OPEN_PATHS = ("/", "/docs", "/client.js", "/healthz", "/readyz")
MIN_KEY_LENGTH = 16
UNKNOWN_KEY = "this API key is not one of this server's"
CLIENT_CLOSED_REQUEST = 499
POLICY = "at-work"
FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: time, level, event, and what was given as `extra={"data": ...}`.

    Of an exception it tells the type and the stack, not the message: that might quote what was sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "data", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = describe_exception(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def describe_exception(error: BaseException) -> list[str]:
    """Return an exception and its causes, the last raised first: each type with the places it passed."""
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < 5:
        frames = [
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(cause.__traceback__)
        ]
        lines.append(f"{type(cause).__qualname__}: {' > '.join(frames[-12:])}")
        cause = cause.__cause__ or cause.__context__
    return lines


class RequestLog:
    """Gives each request an id, answers what nobody caught with a plain 500, and logs one line without its content.

    Logged are: id, method, route (the pattern, never the path or query), status, milliseconds, bytes in and out.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        # Taken over only if it can do no harm in a log or a header.
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "OTHER"
        started = time.monotonic()
        status, bytes_in, bytes_out = CLIENT_CLOSED_REQUEST, 0, 0

        async def count_in() -> Message:
            nonlocal bytes_in
            message = await receive()
            bytes_in += len(message.get("body", b""))
            return message

        async def count_out(message: Message) -> None:
            nonlocal status, bytes_out
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in FIXED_HEADERS.items():
                    headers.setdefault(name, value)
            bytes_out += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, count_in, count_out)
        except Exception:
            logger.exception("unexpected error", extra={"data": {"request_id": request_id}})
            if status != CLIENT_CLOSED_REQUEST:
                raise
            self._metrics.observe_error("internal")
            error = ServiceError("internal", "something went wrong here; the request's id finds it in the log")
            await problem_response(error)(scope, receive, count_out)
        finally:
            seconds = time.monotonic() - started
            route = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.observe_request(method, route, status, seconds)
            data = {
                "request_id": request_id,
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "bytes_in": bytes_in,
                "bytes_out": bytes_out,
            }
            logger.info("request", extra={"data": data})


KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})


class HostGuard:
    """Refuses requests meant for another host, and browsers' requests from another site's page.

    That is what stops DNS rebinding: a page whose name was made to resolve to this machine still names itself.

    Args:
        hosts: Host names without port; "*" lets all through.
        origins: Other sites whose pages may ask ("https://app.example.org"); "*" for all.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], origins: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "*" not in self._hosts:
            headers = Headers(scope=scope)
            hosts, origin = headers.getlist("host"), headers.get("origin")
            if len(hosts) != 1 or read_host(hosts[0]) not in self._hosts:
                await problem_response(ServiceError("host", "this server goes by another name"))(scope, receive, send)
                return
            if origin is not None and not self._is_welcome(origin):
                error = ServiceError("origin", "pages of other sites may not use this server")
                await problem_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_welcome(self, origin: str) -> bool:
        return urlsplit_host(origin) in self._hosts or "*" in self._origins or origin in self._origins


def read_host(text: str) -> str:
    """Return the host name of a Host header, without port and brackets; "" if it is none."""
    return urlsplit_host(f"http://{text}") if not set("/\\@?# ") & set(text) else ""


def urlsplit_host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def check_keys(keys: Sequence[str]) -> None:
    """Refuse keys that could be guessed.

    Raises:
        ConfigError: One is too short.
    """
    if any(len(key) < MIN_KEY_LENGTH for key in keys):
        raise ConfigError(f"an API key has at least {MIN_KEY_LENGTH} characters")


class KeyGuard:
    """Asks for an API key in `Authorization: Bearer` or `X-Api-Key`, compared in constant time.

    The playground's page and the health checks stay open.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[str]) -> None:
        check_keys(keys)
        self._app = app
        self._digests = [hashlib.sha256(key.encode()).digest() for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._digests:
            is_open = scope["path"] in OPEN_PATHS or scope["path"].startswith("/playground/")
            # Headers come decoded as Latin-1; a key file is UTF-8.
            key = read_key(Headers(scope=scope))
            digest = hashlib.sha256(key.encode("latin-1")).digest()
            # All of them, whichever fits: the time tells nothing.
            fits = sum(hmac.compare_digest(digest, known) for known in self._digests)
            if fits:
                scope["client_key"] = digest
            elif not is_open:
                await refuse_key(is_given=bool(key))(scope, receive, send)
                return
        await self._app(scope, receive, send)


def refuse_key(*, is_given: bool) -> Response:
    """Return the answer to a request whose key is missing, or not one of the server's (RFC 6750)."""
    if not is_given:
        hint = "send an API key, as Authorization: Bearer KEY or X-Api-Key: KEY"
        return problem_response(ServiceError("unauthorized", hint))
    error = ServiceError("unauthorized", UNKNOWN_KEY)
    return problem_response(error, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def read_key(headers: Headers) -> str:
    """Return the API key of a request, "" if it brings none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


class CrowdGuard:
    """Bounds the requests at work, of all clients (503) and of one (429); health checks always pass.

    Every answer tells in RateLimit headers (draft-ietf-httpapi-ratelimit-headers) how many more its client may have at
    work.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._at_work: Counter[Any] = Counter()
        self._policy = f'"{POLICY}";q={limits.requests_per_client};qu="concurrent-requests"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        client = scope.get("client_key") or (scope.get("client") or ("",))[0]
        if self._at_work.total() >= self._limits.requests:
            error = ServiceError("busy", "too many requests are at work", retry_after=2.0)
            await problem_response(error)(scope, receive, send)
            return
        if self._at_work[client] >= self._limits.requests_per_client:
            error = ServiceError("too_many_requests", "you have too many requests at work", retry_after=1.0)
            limits = {"RateLimit-Policy": self._policy, "RateLimit": f'"{POLICY}";r=0;t=1'}
            await problem_response(error, headers=limits)(scope, receive, send)
            return
        self._at_work[client] += 1

        async def send_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                left = self._limits.requests_per_client - self._at_work[client]
                headers["RateLimit-Policy"] = self._policy
                headers["RateLimit"] = f'"{POLICY}";r={left}'
            await send(message)

        try:
            await self._app(scope, receive, send_limits)
        finally:
            self._at_work[client] -= 1
            if not self._at_work[client]:
                del self._at_work[client]


class HeadAsGet:
    """Answers HEAD as GET is answered, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, send_head)
        finally:
            # The log, which is further out, names the route.
            scope["route"] = asked.get("route")


class BodyGuard:
    """Reads the body before anything is done with it: not too large, not too slow, and not too many at once."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        # base64 in JSON, and some room for what stands around the image.
        self._max_body = limits.image_bytes * 4 // 3 + 256 * 1024
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        body = bytearray()
        size = 0
        try:
            try:
                async with asyncio.timeout(self._limits.upload_seconds):
                    is_whole = await self._read(scope, receive, body)
            except TimeoutError:
                error = ServiceError("too_slow", "the body took too long to arrive")
                await problem_response(error, headers={"Connection": "close"})(scope, receive, send)
                return
            except ServiceError as error:
                headers = {"Connection": "close"}
                if error.code == "media_type":
                    headers["Accept-Encoding"] = "identity"
                await problem_response(error, headers=headers)(scope, receive, send)
                return
            if not is_whole:
                return  # the client hung up
            # One copy in memory, not two: whoever takes it has it.
            whole: bytes | None = bytes(body)
            size = len(body)
            body.clear()

            async def replay() -> Message:
                nonlocal whole
                if whole is None:
                    return await receive()
                given, whole = whole, None
                return {"type": "http.request", "body": given, "more_body": False}

            await self._app(scope, replay, send)
        finally:
            self._held -= len(body) or size

    async def _read(self, scope: Scope, receive: Receive, body: bytearray) -> bool:
        """Read the whole body; False if the client hung up before its end.

        Raises:
            ServiceError: It is packed ("media_type"), too large, JSON of too many pieces, or too many bodies are held
                ("too_large", "malformed", "busy").
        """
        check_coding(Headers(scope=scope))
        max_body = self._limits.batch_bytes if scope["path"] == "/v1/batches" else self._max_body
        too_large = ServiceError("too_large", f"the body is larger than {max_body:,} bytes")
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > max_body:
            raise too_large
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            chunk = message.get("body", b"")
            if len(body) + len(chunk) > max_body:
                raise too_large
            if self._held + len(chunk) > self._limits.uploaded_bytes:
                raise ServiceError("busy", "too many uploads at once", retry_after=2.0)
            body += chunk
            self._held += len(chunk)
            if not message.get("more_body", False):
                if "json" in Headers(scope=scope).get("content-type", ""):
                    check_json_pieces(body, self._limits.json_pieces)
                return True
