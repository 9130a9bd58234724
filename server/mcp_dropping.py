"""Dropping what an agent asked for when its connection breaks, where the protocol itself would go on with it.

Under the session-based versions of MCP a broken connection does not cancel a call, because a client might fetch the
answer later. This server keeps no answers, so nobody ever could: the call is cancelled as the client itself would.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class DropVanished:
    """Cancels a session's call when the client that waits for it hangs up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not has_session(scope):
            await self._app(scope, receive, send)
            return
        body = b""
        is_answered = False

        async def watch_in() -> Message:
            nonlocal body
            message = await receive()
            if message["type"] == "http.request":
                body += message.get("body", b"")
            elif not is_answered:
                self._cancel(scope, body)
            return message

        async def watch_out(message: Message) -> None:
            nonlocal is_answered
            await send(message)
            is_answered = message["type"] == "http.response.body" and not message.get("more_body", False)

        await self._app(scope, watch_in, watch_out)

    def _cancel(self, scope: Scope, body: bytes) -> None:
        number = read_number(body)
        if number is not None:
            task = asyncio.create_task(self._send_cancel(scope, number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send_cancel(self, scope: Scope, number: int | str) -> None:
        """Give the session the notification that a client sends to cancel a call."""
        message = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}
        body = json.dumps(message).encode()
        headers = [
            (name, value) for name, value in scope["headers"] if name not in (b"content-length", b"content-type")
        ]
        headers += [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
        is_given = False

        async def give() -> Message:
            nonlocal is_given
            if is_given:
                await asyncio.Event().wait()
            is_given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def ignore(message: Message) -> None:
            pass

        await self._app({**scope, "headers": headers, "state": {}}, give, ignore)


def has_session(scope: Scope) -> bool:
    return any(name == b"mcp-session-id" for name, _ in scope["headers"])


def read_number(body: bytes) -> int | str | None:
    """Return the id of a call, None if the message is no call."""
    try:
        message: Any = json.loads(body)
    except ValueError:
        return None
    number = message.get("id") if isinstance(message, dict) and message.get("method") == "tools/call" else None
    return number if isinstance(number, int | str) else None
