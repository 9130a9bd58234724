"""Agents that go away, and agents that are done with a photo: nothing of theirs is kept."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.mcp_http import build_mcp_app
from faceql.server.mcp_server import build_mcp_server
from faceql.server.service import Service

from .conftest import GatedEngine

ARGUMENTS = {"image": "photo.png", "instruction": "chin"}


@pytest.fixture
def served(gated: GatedEngine, photo: bytes, tmp_path: Path) -> Iterator[tuple[Service, int]]:
    """A service whose engine never answers, behind a real MCP server over HTTP."""
    (tmp_path / "photo.png").write_bytes(photo)
    limits = Limits()
    service = Service(lambda: gated, limits)
    app = build_mcp_app(build_mcp_server(service, ImageSources(limits, [tmp_path])), service)
    opened = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    yield service, opened.getsockname()[1]
    gated.gate.set()
    server.should_exit = True
    thread.join(20)
    service.close()
    opened.close()


async def wait_until(is_so) -> None:
    with anyio.fail_after(10):
        while not is_so():
            await anyio.sleep(0.01)


class Cable:
    """A TCP proxy that can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, other_writer]
        await asyncio.gather(copy(reader, other_writer), copy(other_reader, writer))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("way", ["cancels", "is cut off"])
def test_work_of_an_agent_that_goes_away_is_dropped(served: tuple[Service, int], mode: str, way: str) -> None:
    service, port = served

    reached = threading.Event()

    async def use(cable: Cable, http: httpx2.AsyncClient) -> None:
        transport = streamable_http_client(f"http://127.0.0.1:{cable.port}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "ask_landmarks", ARGUMENTS)
            await wait_until(lambda: service._queue._unanswered == 1)
            reached.set()
            if way == "is cut off":
                cable.cut()
            tasks.cancel_scope.cancel()

    async def run() -> None:
        async with Cable(port) as cable, httpx2.AsyncClient(timeout=30) as http:
            # The client says in many ways that its connection broke.
            with contextlib.suppress(Exception):
                await use(cable, http)
            assert reached.is_set()
            await wait_until(lambda: service._queue._unanswered == 0)

    anyio.run(run)


def test_an_image_is_opened_once_and_closed_for_good(service: Service, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(photo)

    async def run() -> None:
        async with Client(build_mcp_server(service, ImageSources(Limits(), [tmp_path]))) as client:
            opened = [await client.call_tool("open_image", {"image": "photo.png"}) for _ in range(3)]
            (handle,) = {result.structured_content["handle"] for result in opened}
            closed = await client.call_tool("close_image", {"handle": handle})
            assert closed.structured_content == {"closed": handle, "open_images": 0}
            again = await client.call_tool("close_image", {"handle": handle})
            assert again.is_error
            assert again.structured_content["error"]["code"] == "unknown_handle"

    anyio.run(run)
