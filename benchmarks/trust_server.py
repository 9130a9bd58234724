"""A server process to attack, and clients that do: for `trust.py`."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

Address = tuple[str, int]
BOX = "178,62,267,172"


class Server:
    """`faceql serve` at a free port, and the most memory that it and its children held at once."""

    def __init__(self, *options: str) -> None:
        command = [
            sys.executable,
            "-m",
            "faceql.server.cli",
            "serve",
            "--port",
            "0",
            "--device",
            "cpu",
            "--threads",
            "1",
        ]
        self.process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        found = next(
            filter(None, (re.search(r"listening at http://([\d.]+):(\d+)", line) for line in self.process.stderr))
        )
        self.address: Address = found[1], int(found[2])
        self._drain = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=subprocess.DEVNULL)
        self.peak_bytes = 0
        self._is_over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def __enter__(self) -> Server:
        deadline = time.monotonic() + 300
        while asyncio.run(get(self.address, "/readyz"))[0] != 200:
            if time.monotonic() > deadline:
                raise SystemExit("the server does not become ready")
            time.sleep(0.2)
        self.peak_bytes = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> float:
        """Tell the server to stop, and return the seconds it took."""
        started = time.monotonic()
        self._is_over.set()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._drain.wait(10)
        return time.monotonic() - started

    def count_bytes(self) -> int:
        """Return the memory that the server and its children hold now."""
        return sum(map(read_memory, [self.process.pid, *list_children(self.process.pid)]))

    def _watch(self) -> None:
        while not self._is_over.wait(0.05):
            self.peak_bytes = max(self.peak_bytes, self.count_bytes())


def list_children(pid: int) -> list[int]:
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def read_memory(pid: int) -> int:
    try:
        # Pages of its own: what processes share is counted once.
        return 4096 * (lambda pages: int(pages[1]) - int(pages[2]))(Path(f"/proc/{pid}/statm").read_text().split())
    except OSError:
        return 0


async def exchange(address: Address, request: bytes, seconds: float = 120) -> tuple[int, bytes]:
    """Send bytes, and return the status and the body that come back."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(*address)
        try:
            writer.write(request)
            await writer.drain()
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
    found = re.match(rb"HTTP/1\.1 (\d+)", head)
    return int(found[1]) if found else 0, body


async def get(address: Address, path: str) -> tuple[int, bytes]:
    return await exchange(address, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())


async def post(address: Address, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return await exchange(address, f"{head}Connection: close\r\n\r\n".encode() + body)


async def ask(address: Address, photo: bytes, text: str, *, box: str | None = None) -> tuple[int, bytes]:
    return await post(
        address, f"/v1/ask?instruction={quote(text)}" + (f"&box={box}" if box else ""), photo, "image/any"
    )


def read_points(body: bytes) -> list[tuple[float, float]]:
    return [(point["x"], point["y"]) for point in json.loads(body)["answers"][0]["points"]]


async def ask_steadily(address: Address, photo: bytes, is_over: asyncio.Event) -> list[tuple[int, float]]:
    """Ask one small question after the other until it is over; return each one's status and seconds."""
    found = []
    while not is_over.is_set():
        started = time.monotonic()
        status, _ = await ask(address, photo, "pupils", box=BOX)
        found.append((status, time.monotonic() - started))
        await asyncio.sleep(0.05)
    return found
