"""uvicorn's WebSocket protocol with a close that a client learns of: why it was, though it was still sending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, ClassVar

import wsproto
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto import events
from wsproto.connection import ConnectionType

from .limits import MIB

TOO_LARGE = 1009
CLOSE_SECONDS = 10.0
"""What is still sent is thrown away for so long: closed at once, the system resets a connection with unread data, and
the client never reads the reason."""


class BoundedConnection(wsproto.WSConnection):
    """The protocol's own state, without the rest of a message that is too large.

    Args:
        max_size: The most bytes of a message.
        refuse: Is called at one that is larger; from then on only the client's close is told of.
    """

    def __init__(self, max_size: int, refuse: Callable[[], None]) -> None:
        super().__init__(connection_type=ConnectionType.SERVER)
        self._max_size = max_size
        self._refuse = refuse
        self._size = 0
        self._is_refused = False

    def events(self) -> Generator[events.Event, None, None]:
        for event in super().events():
            if isinstance(event, events.Message) and not self._is_refused:
                self._size += len(event.data)
                self._is_refused = self._size > self._max_size
                if self._is_refused:
                    self._refuse()
                elif event.message_finished:
                    self._size = 0
            if not self._is_refused or isinstance(event, events.CloseConnection):
                yield event


class PatientWebSocket(WSProtocol):
    """Refuses messages that are too large with a close and its reason, as `max_size` has it.

    Attributes:
        max_size: The most bytes of a message.
    """

    max_size: ClassVar[int] = 20 * MIB

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_refused = False
        self._is_left = asyncio.Event()
        self.conn = BoundedConnection(self.max_size, self._refuse)
        # uvicorn closes when the app has ended.
        self._answer, self.app = self.app, self._answer_and_wait

    async def _answer_and_wait(self, scope: Any, receive: Any, send: Any) -> None:
        await self._answer(scope, receive, send)
        if self._is_refused:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_left.wait(), CLOSE_SECONDS)

    def _refuse(self) -> None:
        self._is_refused = self.close_sent = True
        reason = f"a frame is larger than {self.max_size:,} bytes"
        self.queue.put_nowait({"type": "websocket.disconnect", "code": TOO_LARGE, "reason": reason})
        self.transport.write(self.conn.send(events.CloseConnection(code=TOO_LARGE, reason=reason)))
        self.transport.resume_reading()

    def handle_close(self, event: events.CloseConnection) -> None:
        if self._is_refused:
            self._is_left.set()
        else:
            super().handle_close(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_left.set()
        super().connection_lost(exc)
