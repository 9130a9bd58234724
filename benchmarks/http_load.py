"""How much a server answers under many clients, against a loop over `engine.ask`: python benchmarks/http_load.py

Starts `faceql serve` with the shipped weights and asks it with as many clients at once as there are requests, each
with a photo of its own; compares every answer with the engine's, and prints requests a second of both.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import numpy as np
import torch
from PIL import Image

from faceql.engine import Answer, Engine

PHOTO = Path(__file__).parents[1] / "examples" / "astronaut.jpg"


def make_photos(count: int) -> list[bytes]:
    """Return photos that differ: one, turned a little further each time."""
    photos = []
    for index in range(count):
        stream = io.BytesIO()
        Image.open(PHOTO).rotate(0.3 * index).save(stream, "JPEG")
        photos.append(stream.getvalue())
    return photos


async def ask(address: tuple[str, int], photo: bytes, text: str, told: list[float] | None = None) -> Answer:
    """Return the answer; who is told to come again does, and notes it in `told`."""
    head = f"POST /v1/ask?instruction={quote(text)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
    while True:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(f"{head}Content-Length: {len(photo)}\r\nConnection: close\r\n\r\n".encode() + photo)
        answered, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        if b" 200 " in answered[:20]:
            return Answer.from_dict(json.loads(body)["answers"][0])
        problem = json.loads(body)
        if told is None or "retry_after" not in problem:
            raise SystemExit(body.decode())
        told.append(problem["retry_after"])
        await asyncio.sleep(problem["retry_after"])


def wait_until_ready(address: tuple[str, int]) -> None:
    """Return when the server has loaded its model, and has answered once."""
    while True:
        with suppress(HTTPError), urlopen("http://{}:{}/readyz".format(*address)):
            break
        time.sleep(1)
    asyncio.run(ask(address, make_photos(1)[0], "pupils"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the model, in both")
    parser.add_argument("--device", default="cpu", help="of the model, in both")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    photos = make_photos(20)
    asks = [(photos[i % 20], f"{1 + i // 20} points on the outer lip") for i in range(args.clients)]
    engine = Engine(args.device)
    engine.ask(*asks[0])
    started = time.perf_counter()
    wants = [engine.ask(photo, text) for photo, text in asks]
    print(f"loop over engine.ask: {len(asks) / (time.perf_counter() - started):.1f}/s")

    command = [sys.executable, "-m", "faceql.server.cli", "serve", "--port", "0", "--device", args.device]
    server = subprocess.Popen([*command, "--threads", str(args.threads)], stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    found = next(filter(None, (re.search(r"listening at http://([\d.]+):(\d+)", line) for line in server.stderr)))
    drain = subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
    address = found[1], int(found[2])

    told: list[float] = []

    async def ask_all() -> list[Answer]:
        return await asyncio.gather(*(ask(address, photo, text, told) for photo, text in asks))

    try:
        wait_until_ready(address)
        started = time.perf_counter()
        answers = asyncio.run(ask_all())
        spent = time.perf_counter() - started
        print(f"{len(asks)} clients at once: {len(asks) / spent:.1f}/s, {len(told)} times told to come again")
    finally:
        server.terminate()
        drain.wait()
    same = sum(np.array_equal(answer.xy, want.xy) for answer, want in zip(answers, wants, strict=True))
    print(f"{same} of {len(asks)} answers are the engine's to the last bit")


if __name__ == "__main__":
    main()
