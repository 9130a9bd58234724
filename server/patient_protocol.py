"""uvicorn's HTTP/1.1 protocol with patience that ends, for clients that send or read slowly, and for crowds."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import ServiceError
from .absolute_form import OriginConnection
from .half_open import HalfOpen
from .problems import problem_response

ANSWERED_IN_EVERY_CROWD = ("/healthz", "/readyz")
# A client that reads an answer slower than this, in bytes a second, is taken for one that does not read.
SLOWEST_READING = 4096


async def tell_busy(scope: Scope, receive: Receive, send: Send) -> None:
    """Turn a request away where there are too many connections."""
    error = ServiceError("busy", "too many connections are open", retry_after=2.0)
    await problem_response(error, headers={"Connection": "close"})(scope, receive, send)


async def refuse_two_lengths(scope: Scope, receive: Receive, send: Send) -> None:
    """Turn away a request whose end two readers could see at two places (RFC 9112, 6.1)."""
    error = ServiceError("malformed", "a request has Content-Length or Transfer-Encoding, not both")
    await problem_response(error, headers={"Connection": "close"})(scope, receive, send)


class PatientProtocol(H11Protocol):
    """Closes connections that would otherwise be held for ever.

    Attributes:
        head_seconds: A request head that is not whole after this closes the connection.
        reading_seconds: How often it is looked whether a client takes in its answer; one that hardly does is cut off.
        max_connections: Requests on connections above this number are turned away, but for health checks.
        half_open: The connections of all servers of this process that have not sent a head: of too many of one client
            the oldest is cut off.
    """

    head_seconds = 10.0
    reading_seconds = 20.0
    max_connections = 768
    half_open: ClassVar[HalfOpen[PatientProtocol]] = HalfOpen()
    _head_timer: asyncio.TimerHandle | None = None
    _reading_timer: asyncio.TimerHandle | None = None

    def __init__(self, config: Config, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        most = config.h11_max_incomplete_event_size
        self.conn = OriginConnection(h11.SERVER) if most is None else OriginConnection(h11.SERVER, most)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._head_timer is None and not self._is_in_request():
            self._await_head()
        super().data_received(data)
        if self._is_in_request():
            self._stop_awaiting_head()

    def handle_events(self) -> None:
        # uvicorn's own answer to a crowd is plain text that does not say when to come back.
        self.app = self._answer
        super().handle_events()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope["headers"]}
        is_crowd = len(self.connections) > self.max_connections and scope["path"] not in ANSWERED_IN_EVERY_CROWD
        app: Any = self.config.loaded_app
        if {b"content-length", b"transfer-encoding"} <= names:
            app = refuse_two_lengths
        elif is_crowd:
            app = tell_busy
        await app(scope, receive, send)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        # From here on another protocol has the connection, and a crowd is told in it.
        self._stop_awaiting_head()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as every other error is answered."""
        response = problem_response(
            ServiceError("malformed", "this is not an HTTP/1.1 request that can be read"),
            headers={"Connection": "close", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"},
        )
        head = h11.Response(status_code=400, headers=response.raw_headers, reason=b"Bad Request")
        for event in (head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_awaiting_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_awaiting_head()
        self._stop_awaiting_reading()
        super().connection_lost(exc)

    @property
    def _client_name(self) -> str:
        return self.client[0] if self.client else ""

    def _is_in_request(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def _await_head(self) -> None:
        for superfluous in self.half_open.add(self._client_name, self):
            # Closing would wait for what is still to be sent.
            superfluous.transport.abort()
        self._head_timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _stop_awaiting_head(self) -> None:
        self.half_open.discard(self._client_name, self)
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _await_reading(self) -> None:
        held = self.transport.get_write_buffer_size()
        self._reading_timer = self.loop.call_later(self.reading_seconds, self._check_reading, held)

    def _check_reading(self, held_before: int) -> None:
        taken = held_before - self.transport.get_write_buffer_size()
        if taken < SLOWEST_READING * self.reading_seconds:
            # Closing would wait for what is still to be sent, for ever.
            self.transport.abort()
        else:
            self._await_reading()

    def _stop_awaiting_reading(self) -> None:
        if self._reading_timer is not None:
            self._reading_timer.cancel()
            self._reading_timer = None
