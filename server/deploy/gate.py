"""The gate: takes requests, lets a replica answer each, and another one where that replica dies over it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...errors import ServiceError
from ..http_app import ClientGoneError, give_up_with_client
from ..limits import Limits
from ..problems import problem_response

logger = logging.getLogger("faceql.server.deploy")
MOST_TRIES = 3
"""Replicas that one request may bring down before it is refused."""
NEEDS_A_WEBSOCKET_SERVER = 1008
FORWARDED = frozenset(
    (
        "type",
        "asgi",
        "http_version",
        "method",
        "scheme",
        "path",
        "raw_path",
        "query_string",
        "headers",
        "client",
        "server",
    )
)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request on its way to a replica: its ASGI scope, plain values alone, and its whole body."""

    scope: dict[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def call_app(app: ASGIApp, request: HttpRequest) -> HttpAnswer:
    """Return what an app answers to a request; cancelling it is what a client does that hangs up."""
    given: bytes | None = request.body
    start: Message = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        nonlocal given
        if given is None:
            await asyncio.Event().wait()
        body, given = given or b"", None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(dict(request.scope), receive, send)
    headers = [(bytes(name), bytes(value)) for name, value in start["headers"]]
    return HttpAnswer(start["status"], headers, b"".join(parts))


class Gate:
    """An ASGI app that has replicas answer.

    It holds each request until it is answered, so one whose replica dies is given to another: asks change nothing, and
    may be worked on twice. A request over which MOST_TRIES replicas died is refused, or it would bring down all.

    Args:
        replicas: The deployment that answers.
        limits: Bounds; the deadline is over all tries.
    """

    def __init__(self, replicas: DeploymentHandle, limits: Limits) -> None:
        self._replicas = replicas
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": NEEDS_A_WEBSOCKET_SERVER, "reason": "use `faceql serve`"})
            return
        request = Request(scope, receive)
        plain = {name: scope[name] for name in FORWARDED & scope.keys()}
        asked = HttpRequest(plain, await request.body())
        try:
            answer = await give_up_with_client(request, self._answer(asked))
        except ClientGoneError:
            return
        except ServiceError as error:
            await problem_response(error)(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        """Return a replica's answer.

        Raises:
            ServiceError: All are at work ("busy"), it takes too long ("deadline"), or replicas died over it
                ("internal").
        """
        # A batch is known to the replica alone that works on it.
        of_batch = request.scope["path"].startswith("/v1/batches/")
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                for _ in range(MOST_TRIES):
                    try:
                        return await (self._ask_all(request) if of_batch else self._replicas.answer.remote(request))
                    except (ActorDiedError, ActorUnavailableError):
                        logger.warning("a replica died over a request, which is given to another")
        except (BackPressureError, DeploymentUnavailableError):
            raise ServiceError("busy", "too many requests wait for a replica", retry_after=2.0) from None
        except TimeoutError:
            raise ServiceError("deadline", "the answer was not ready in time", retry_after=5.0) from None
        except RayError:
            logger.exception("unexpected error")
            raise ServiceError("internal", "something went wrong here") from None
        raise ServiceError("internal", f"{MOST_TRIES} replicas died over this request")

    async def _ask_all(self, request: HttpRequest) -> HttpAnswer:
        """Return the answer of the replica that knows what is asked about, or one that says so."""
        answers: list[HttpAnswer] = await self._replicas.broadcast("answer", request).results_async()
        return min(answers, key=lambda answer: answer.status == 404)
