"""Connections that would be held for ever, against a server of bytes in this process."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.server import ServerState

from faceql.server.half_open import HalfOpen
from faceql.server.patient_protocol import PatientProtocol

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
# More than the kernel's buffers take in on the client's behalf.
LARGE = bytes(30_000_000)


class ImpatientProtocol(PatientProtocol):
    head_seconds = 0.3
    reading_seconds = 0.3
    max_connections = 3
    half_open = HalfOpen(per_client=4, total=6, patience=0.05)


async def serve_large(scope, receive, send) -> None:
    length = str(len(LARGE)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": LARGE})


async def tell_request(scope, receive, send) -> None:
    """Answer with what an app is told of a request."""
    told = {name: scope[name] for name in ("path", "raw_path", "query_string")}
    told["host"] = [value for name, value in scope["headers"] if name == b"host"]
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000, "reason": str(told["raw_path"])})
        return
    body = repr(told).encode()
    headers = [(b"connection", b"close"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def run_against(client: Callable[[int, ServerState], Awaitable[None]], app: ASGIApp = serve_large) -> None:
    async def run() -> None:
        config = Config(app, ws="wsproto", log_config=None, lifespan="off")
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


def test_a_crowd_does_not_hide_that_the_server_lives() -> None:
    async def client(port: int, state: ServerState) -> None:
        others = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await wait_until(lambda: len(state.connections) == 4)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        for _, other in [*others, (reader, writer)]:
            await close(other)

    run_against(client)


def test_a_burst_in_one_turn_of_the_loop_is_bounded_too() -> None:
    async def client(port: int, state: ServerState) -> None:
        sockets = []
        for _ in range(40):  # the server, in the same loop, sees them all at once
            sockets.append(socket.socket())
            sockets[-1].setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sockets[-1].connect(("127.0.0.1", port))
        await asyncio.sleep(0.1)
        assert len(state.connections) <= 6
        for opened in sockets:
            opened.close()

    run_against(client)


def test_of_many_half_open_connections_the_oldest_are_cut_off() -> None:
    async def client(port: int, state: ServerState) -> None:
        opened = []
        for _ in range(12):
            opened.append(await asyncio.open_connection("127.0.0.1", port))
            await asyncio.sleep(0.02)
        await wait_until(lambda: len(state.connections) <= 6)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        for _, other in [*opened, (reader, writer)]:
            await close(other)
        await wait_until(lambda: not state.connections)
        assert len(ImpatientProtocol.half_open) == 0

    run_against(client)


def test_every_client_has_its_own_share_and_a_moment() -> None:
    now = [0.0]
    waiting: HalfOpen[str] = HalfOpen(per_client=2, total=5, patience=1.0, clock=lambda: now[0])
    assert [waiting.add("a", name) for name in ("a1", "a2", "a3", "a4")] == [[], [], [], []]
    assert waiting.add("b", "b1") == []
    now[0] = 2.0
    assert waiting.add("a", "a5") == ["a1", "a2", "a3"]
    waiting.discard("a", "a1")
    assert len(waiting) == 3
    assert waiting.add("c", "c1") == []
    assert waiting.add("c", "c2") == []
    # Whoever has most gives way.
    assert waiting.add("c", "c3") == ["c1"]
    for client, name in [("a", "a4"), ("a", "a5"), ("b", "b1"), ("c", "c2"), ("c", "c3")]:
        waiting.discard(client, name)
    assert len(waiting) == 0


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    ],
    ids=["tls", "space", "length of 5000 digits", "length, coding", "coding, length", "two lengths"],
)
def test_what_is_no_request_gets_problem_details_and_is_closed(request_bytes: bytes) -> None:
    async def client(port: int, state: ServerState) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_bytes + b"\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        await close(writer)
        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"content-type: application/problem+json" in head.lower()
        assert b"connection: close" in head.lower()
        assert json.loads(body)["code"] == "malformed"

    run_against(client)


async def exchange(port: int, head: bytes) -> tuple[bytes, bytes]:
    """Send a request's head, and return the answer's head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + b"\r\n\r\n")
    answer, _, body = (await reader.read()).partition(b"\r\n\r\n")
    await close(writer)
    return answer, body


@pytest.mark.parametrize(
    ("head", "host", "raw_path", "query"),
    [
        (b"GET http://other/v1/a%20b?c=d HTTP/1.1\r\nHost: x", b"other", b"/v1/a%20b", b"c=d"),
        (b"GET HTTPS://Other:81/ HTTP/1.1\r\nHost: x", b"Other:81", b"/", b""),
        (b"GET http://other HTTP/1.1\r\nHost: x", b"other", b"/", b""),
        (b"GET http://other?c=http://d/ HTTP/1.1\r\nHost: x", b"other", b"/", b"c=http://d/"),
        (b"GET http://[::1]:8000/a HTTP/1.0", b"[::1]:8000", b"/a", b""),
        (b"GET /http://other/a HTTP/1.1\r\nHost: x", b"x", b"/http://other/a", b""),
    ],
    ids=["a path and a query", "letters and a port", "no path", "a query alone", "HTTP/1.0", "a path that looks alike"],
)
def test_a_target_may_name_the_whole_address(head: bytes, host: bytes, raw_path: bytes, query: bytes) -> None:
    """As clients write it to a proxy (RFC 9112, 3.2.2); its host goes over the header's."""

    async def client(port: int, state: ServerState) -> None:
        told = ast.literal_eval((await exchange(port, head))[1].decode())
        path = raw_path.decode().replace("%20", " ")
        assert told == {"path": path, "raw_path": raw_path, "query_string": query, "host": [host]}

    run_against(client, tell_request)


def test_a_whole_address_without_a_host_is_no_request() -> None:
    async def client(port: int, state: ServerState) -> None:
        head, body = await exchange(port, b"GET http:///v1/parts HTTP/1.1\r\nHost: x")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert json.loads(body)["code"] == "malformed"

    run_against(client, tell_request)


def test_a_websocket_may_be_opened_by_its_whole_address() -> None:
    async def client(port: int, state: ServerState) -> None:
        head = (
            b"GET http://other/v1/track HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        assert b"b'/v1/track'" in await reader.readuntil(b"'/v1/track'")
        await close(writer)

    run_against(client, tell_request)
