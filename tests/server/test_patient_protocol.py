"""Connections that would be held for ever, against a server of bytes in this process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from faceql.server.patient_protocol import PatientProtocol

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
# More than the kernel's buffers take in on the client's behalf.
LARGE = bytes(30_000_000)


class ImpatientProtocol(PatientProtocol):
    head_seconds = 0.3
    reading_seconds = 0.3
    max_connections = 3


async def serve_large(scope, receive, send) -> None:
    length = str(len(LARGE)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": LARGE})


def run_against(client: Callable[[int, ServerState], Awaitable[None]]) -> None:
    async def run() -> None:
        config = Config(serve_large, log_config=None, lifespan="off")
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: ImpatientProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        async with server:
            await asyncio.wait_for(client(server.sockets[0].getsockname()[1], state), 20)

    asyncio.run(run())


async def wait_until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.01)


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize("head", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_does_not_end_is_not_waited_for(head: bytes) -> None:
    async def client(port: int, state: ServerState) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        assert await reader.read() == b""
        await close(writer)

    run_against(client)


def test_an_answer_that_is_not_read_is_not_held() -> None:
    async def client(port: int, state: ServerState) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(GET)
            await wait_until(lambda: bool(state.connections))
            await wait_until(lambda: not state.connections)

    run_against(client)


def test_an_answer_that_is_read_steadily_comes_whole() -> None:
    async def client(port: int, state: ServerState) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        taken = 0
        while taken < len(LARGE):
            piece = await reader.read(2**17)
            assert piece
            taken += len(piece)
            await asyncio.sleep(0.005)  # a second or more in all: several times the server's patience
        await close(writer)

    run_against(client)


def test_a_crowd_is_told_when_to_come_back() -> None:
    async def client(port: int, state: ServerState) -> None:
        others = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await wait_until(lambda: len(state.connections) == 4)
        writer.write(GET)
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 2\r\n" in answer.lower()
        assert b'"code": "busy"' in answer
        for _, other in [*others, (reader, writer)]:
            await close(other)

    run_against(client)
