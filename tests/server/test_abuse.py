"""A server process under load and under clients that hang up, send slowly or lie."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import torch

from faceql.engine import Engine

from .conftest import make_photo

CLIENTS = 200
PHOTOS = 20


@pytest.fixture(scope="module")
def server(small_weights: Path) -> Iterator[tuple[str, int]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "faceql.server.cli", "serve", "--port", "0", "--weights", str(small_weights),
         "--device", "cpu", "--threads", "1"], stderr=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    for line in process.stderr:
        if found := re.search(r"listening at http://([\d.]+):(\d+)", line):
            break
    drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
    address = found[1], int(found[2])
    deadline = time.monotonic() + 60
    while b" 200 " not in exchange(address, b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield address
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stderr.close()
    drain.wait(10)


def exchange(address: tuple[str, int], request: bytes, seconds: float = 30) -> bytes:
    """Send bytes and return all that comes back until the server closes."""
    with socket.create_connection(address, timeout=seconds) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def make_request(photo: bytes, instruction: str, box: str) -> bytes:
    path = f"/v1/ask?instruction={quote(instruction)}&box={box}"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: {len(photo)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + photo


def is_alive(address: tuple[str, int]) -> bool:
    return b" 200 " in exchange(address, make_request(make_photo(0), "chin", "10,10,100,120")).partition(b"\r\n")[0]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As the server's engine runs: on more threads sums come in another order, which a second cut of a face by random
    weights makes visible."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_200_clients_get_each_their_own_answer(server: tuple[str, int], small_weights: Path) -> None:
    """No answer is lost or mixed up; the throughput, and how many were worked on together, are printed.

    On two cores photos are read no faster than the engine answers, so few are.
    """
    engine = Engine("cpu", small_weights)
    photos = [make_photo(seed) for seed in range(PHOTOS)]
    box = [30.0, 20.0, 150.0, 150.0]
    asks = [(photos[i % PHOTOS], f"{1 + i // PHOTOS} points on the {('left eye', 'outer lip')[i % 2]}")
            for i in range(CLIENTS)]  # fmt: skip
    started = time.perf_counter()
    wants = [engine.ask(photo, text, boxes=[box]) for photo, text in asks]
    loop_seconds = time.perf_counter() - started

    async def ask(photo: bytes, text: str) -> dict:
        for attempt in range(20):
            reader, writer = await asyncio.open_connection(*server)
            writer.write(make_request(photo, text, ",".join(map(str, box))))
            await writer.drain()
            answer = await reader.read()
            writer.close()
            head, _, body = answer.partition(b"\r\n\r\n")
            if b" 503 " not in head.split(b"\r\n")[0]:
                assert b" 200 " in head.split(b"\r\n")[0], answer
                return json.loads(body)["answers"][0]
            await asyncio.sleep(0.2 * (attempt + 1))
        raise AssertionError("turned away 20 times")

    async def ask_all() -> list[dict]:
        return await asyncio.gather(*(ask(photo, text) for photo, text in asks))

    started = time.perf_counter()
    answers = asyncio.run(ask_all())
    seconds = time.perf_counter() - started
    for answer, want in zip(answers, wants, strict=True):
        assert answer["canonical"] == want.query.canonical
        points = np.array([(point["x"], point["y"]) for point in answer["points"]])
        np.testing.assert_allclose(points, want.xy, atol=1e-3)
    metrics = exchange(server, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").decode()
    rounds = int(re.search(r"faceql_batch_requests_count (\d+)", metrics)[1])
    print(f"\nloop over engine.ask: {CLIENTS / loop_seconds:.1f}/s; {CLIENTS} clients: {CLIENTS / seconds:.1f}/s; "
          f"{rounds} rounds of the engine")  # fmt: skip


def test_clients_that_hang_up(server: tuple[str, int]) -> None:
    request = make_request(make_photo(3), "2000 points on the face contour", "10,10,100,120")
    for cut in (10, 120, len(request) // 2, len(request)):
        for _ in range(5):
            with socket.create_connection(server, timeout=10) as connection:
                connection.sendall(request[:cut])
    assert is_alive(server)


def test_clients_that_lie(server: tuple[str, int]) -> None:
    photo = make_photo(4)
    head = b"POST /v1/ask?instruction=chin HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    close = b"Connection: close\r\n"
    lies = {
        "two lengths": head + close + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "length and chunks": head + close + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a length with a sign": head + close + b"Content-Length: +5\r\n\r\nabcde",
        "a broken chunk": head + close + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
        "no image": head + close + b"Content-Length: 5\r\n\r\nabcde",
        "folded header": b"GET /v1/parts HTTP/1.1\r\nHost: localhost\r\nX-A: a\r\n b\r\n" + close + b"\r\n",
        "space before colon": b"GET /v1/parts HTTP/1.1\r\nHost: localhost\r\nX-A : a\r\n" + close + b"\r\n",
        "two hosts": b"GET /v1/parts HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n" + close + b"\r\n",
        "no host": b"GET /v1/parts HTTP/1.1\r\n" + close + b"\r\n",
        "absolute": b"GET http://169.254.169.254/ HTTP/1.1\r\nHost: localhost\r\n" + close + b"\r\n",
        "huge head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
        "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + photo,
        "a huge promise": head + close + b"Content-Length: 999999999999\r\n\r\n",
    }
    for name, request in lies.items():
        try:
            answer = exchange(server, request)
        except ConnectionError:
            continue
        first = answer.partition(b"\r\n")[0]
        assert re.match(rb"HTTP/1\.1 4\d\d ", first) or (name == "folded header" and b" 200 " in first), (name, first)
    assert is_alive(server)


@pytest.mark.slow
def test_clients_that_send_slowly_are_cut_off(server: tuple[str, int]) -> None:
    slow_head, slow_body = (socket.create_connection(server, timeout=60) for _ in range(2))
    slow_body.sendall(b"POST /v1/parse HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
    started = time.monotonic()
    ended: dict[str, float] = {}
    while len(ended) < 2 and time.monotonic() - started < 45:
        for name, connection in (("head", slow_head), ("body", slow_body)):
            if name not in ended:
                try:
                    connection.sendall(b"G" if name == "head" else b" ")
                    connection.settimeout(0.2)
                    if not connection.recv(1000):
                        ended[name] = time.monotonic() - started
                except TimeoutError:
                    pass
                except ConnectionError:
                    ended[name] = time.monotonic() - started
    slow_head.close()
    slow_body.close()
    assert ended["head"] < 15
    assert ended["body"] < 30
    assert is_alive(server)
