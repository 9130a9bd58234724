"""The servers as processes of their own: MCP over stdio and streamable HTTP, and HTTP over a socket."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from .conftest import ASTRONAUT

COMMAND = [sys.executable, "-m", "faceql.server.cli"]
KEY = "correct-horse-battery"


def run_server(*args: object) -> tuple[subprocess.Popen, str]:
    """Start a server at a free port; return it and its address."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, args), "--port", "0", "--device", "cpu", "--threads", "1"],
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if found := re.search(r"listening at (http://[\d.:]+)", line):
            return process, found[1]
    raise AssertionError(f"the server ended with {process.wait()}")


def stop_server(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.fixture(scope="module")
def mcp_server(small_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    keys = tmp_path_factory.mktemp("keys") / "keys.txt"
    keys.write_text(f"{KEY}\n")
    process, address = run_server("mcp", "--transport", "http", "--root", ASTRONAUT.parent, "--weights", small_weights,
                                  "--api-key-file", keys)  # fmt: skip
    yield address
    stop_server(process)


def test_mcp_over_stdio(small_weights: Path) -> None:
    args = [
        "mcp",
        "--root",
        str(ASTRONAUT.parent),
        "--weights",
        str(small_weights),
        "--device",
        "cpu",
        "--threads",
        "1",
    ]
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "faceql.server.cli", *args])

    async def run() -> None:
        async with Client(parameters, mode="legacy") as client:
            assert client.server_info.name == "faceql"
            tools = await client.list_tools()
            assert len(tools.tools) == 10
            mistake = await client.call_tool("parse_instruction", {"instruction": "5 points on the left ear"})
            assert mistake.is_error
            opened = await client.call_tool("open_image", {"image": "astronaut.jpg"})
            handle = opened.structured_content["handle"]
            for instruction in ("4 points per eyebrow", "mouth corners"):
                result = await client.call_tool("ask_landmarks", {"image": handle, "instruction": instruction})
                assert not result.is_error, result.content
                assert result.structured_content["image_size"] == {"height": 512, "width": 512}

    anyio.run(run)


def test_initialize_is_answered_within_two_seconds(small_weights: Path) -> None:
    """Processor seconds, so that a busy machine does not decide: what is done before the answer is what counts."""
    process = subprocess.Popen(
        [*COMMAND, "mcp", "--weights", str(small_weights), "--device", "cpu"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    try:
        process.stdin.write(json.dumps(hello) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        assert answer["result"]["serverInfo"]["name"] == "faceql"
        assert sum(map(int, ticks)) / 100 < 2.0
    finally:
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_mcp_over_http_asks_for_its_key(mcp_server: str) -> None:
    assert httpx2.post(f"{mcp_server}/mcp", json={}).status_code == 401

    async def run(mode: str) -> None:
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as http:
            transport = streamable_http_client(f"{mcp_server}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                result = await client.call_tool("ask_landmarks", {"image": "astronaut.jpg", "instruction": "pupils"})
                assert [group["part"] for group in result.structured_content["groups"]] == ["left pupil", "right pupil"]

    for mode in ("legacy", "auto"):
        anyio.run(run, mode)


@pytest.mark.parametrize("version", [None, "2025-06-18", "2026-07-28"])
@pytest.mark.parametrize(
    "body", [b"[]", b' [{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', b"3", b"null", b"", b"no"]
)
def test_mcp_over_http_refuses_what_is_no_message(mcp_server: str, version: str | None, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    headers |= {"Authorization": f"Bearer {KEY}"} | ({} if version is None else {"MCP-Protocol-Version": version})
    response = httpx2.post(f"{mcp_server}/mcp", content=body, headers=headers)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert (told["code"], told["detail"]) == (
        "malformed",
        "the body is one JSON-RPC message, an object; batches are not taken",
    )


def test_mcp_over_http_tells_operators_that_it_lives(mcp_server: str) -> None:
    """As `faceql serve` does: without a key, and in the same words."""
    assert httpx2.get(f"{mcp_server}/healthz").json() == {"status": "ok"}
    deadline = time.monotonic() + 60
    while (told := httpx2.get(f"{mcp_server}/readyz")).status_code != 200 and time.monotonic() < deadline:
        assert (told.status_code, told.json()["code"]) == (503, "loading")
        time.sleep(0.2)
    assert told.json() == {"status": "ready"}


def test_mcp_over_http_refuses_other_hosts_and_origins(mcp_server: str) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        response = httpx2.post(f"{mcp_server}/mcp", json={}, headers={"Authorization": f"Bearer {KEY}", **headers})
        assert response.status_code in (403, 421)


def test_http_over_a_socket(plain_server: str) -> None:
    with httpx2.Client(base_url=plain_server, timeout=60) as client:
        deadline = time.monotonic() + 60
        while client.get("/readyz").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        response = client.post(
            "/v1/ask",
            content=ASTRONAUT.read_bytes(),
            params={"instruction": "pupils"},
            headers={"Content-Type": "image/jpeg"},
        )
        assert response.status_code == 200
        assert len(response.json()["answers"][0]["points"]) == 2
        assert "server" not in response.headers


def test_a_target_that_names_the_whole_address_is_served_and_guarded(plain_server: str, mcp_server: str) -> None:
    """As clients write it to a proxy; it was taken for a path, and not found."""

    def ask(server: str, line: str) -> bytes:
        host, port = server.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(f"{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return connection.makefile("rb").read()

    answer = ask(plain_server, f"GET {plain_server}/v1/parts")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"left eyebrow"' in answer
    assert ask(plain_server, "GET http://evil.example/v1/parts").startswith(b"HTTP/1.1 421 ")
    assert ask(plain_server, "GET http://me@localhost/v1/parts").startswith(b"HTTP/1.1 421 ")
    assert ask(mcp_server, f"POST {mcp_server}/mcp").startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("command", ["serve", "mcp --transport http"])
def test_a_port_in_use_is_told(plain_server: str, command: str) -> None:
    port = plain_server.rpartition(":")[2]
    done = subprocess.run(
        [*COMMAND, *command.split(), "--port", port], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"port {port} is in use at 127.0.0.1: choose another with --port, or stop what listens there"
    ]


def test_a_server_ends_without_taking_everything_down(small_weights: Path) -> None:
    """Python's own end costs a second of processor time once torch is loaded: ten seconds of a busy machine's."""
    process, address = run_server("serve", "--weights", small_weights)
    try:
        while httpx2.get(f"{address}/readyz").status_code != 200:
            time.sleep(0.1)
        process.stderr.close()
        process.send_signal(signal.SIGTERM)
        before = read_processor_seconds(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        process.kill()
    assert os.waitstatus_to_exitcode(status) == 0
    assert usage.ru_utime + usage.ru_stime - before < 0.4


def read_processor_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("stop", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_server_that_is_told_to_stop_answers_what_is_at_work(small_weights: Path, stop: signal.Signals) -> None:
    process, address = run_server("serve", "--weights", small_weights)
    host, port = address.removeprefix("http://").split(":")
    photo = ASTRONAUT.read_bytes()
    head = "POST /v1/ask?instruction=pupils HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
    head += f"Content-Length: {len(photo)}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode() + photo[:1000])
        time.sleep(0.5)
        process.send_signal(stop)
        while True:  # no more are let in
            try:
                socket.create_connection((host, int(port)), timeout=5).close()
            except ConnectionError:
                break
            time.sleep(0.05)
        connection.sendall(photo[1000:])
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b'"fpalp"') == 2
    log = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert "Traceback" not in log
    events = [json.loads(line) for line in log.splitlines()]
    assert [event["status"] for event in events if event["event"] == "request"] == [200]
