"""All that was tried to break faceql, tried again: python benchmarks/trust.py [PART ...] [--share 0.1]

Parts: texts, files, server, crowds, folders, handles; all by default, which takes half an hour of two cores.
Each prints what was tried, the worst that was seen, and what is wrong; the command fails if anything is.

    texts     mutated instructions are parsed: untyped errors, the slowest
    files     mutated image files and bombs are decoded: untyped errors, the slowest
    server    bombs, huge texts and half-open connections against `faceql serve`, and a client that asks meanwhile
    crowds    clients at once, who come again when told to: answers lost or mixed; SIGTERM with asks in flight
    folders   `faceql ask FOLDER` ended by kill -9 and by a full disk: lines lost
    handles   one photo opened again and again: memory, handles
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
from hostile_files import make_bombs, mutated_files
from http_load import make_photos
from trust_server import BOX, Server, ask, ask_steadily, exchange, get, post, read_points

from faceql.engine.images import read_photo
from faceql.errors import FaceQLError, ImageError
from faceql.querylang.parse import parse

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "examples" / "astronaut.jpg"
MEGABYTE = 1_000_000


class Report:
    """Prints figures, and remembers what is wrong."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def tell(self, text: str) -> None:
        print(text, flush=True)

    def check(self, is_right: bool, text: str) -> None:
        print(("  " if is_right else "! ") + text, flush=True)
        if not is_right:
            self.wrong.append(text)


def try_texts(report: Report, share: float) -> None:
    """Mutate the instructions of the tests' cases, and parse what comes out."""
    texts = [
        text
        for path in sorted((ROOT / "tests" / "cases").glob("[low]*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
        if isinstance(text := json.loads(line).get("text") or json.loads(line).get("instruction"), str)
    ]
    rng = np.random.default_rng(1)
    count = max(100, int(60_000 * share))
    worst, worst_text, kinds = 0.0, "", Counter[str]()
    for _ in range(count):
        text = mutate_text(texts, rng)
        started = time.process_time()
        try:
            parse(text)
            kinds["understood"] += 1
        except FaceQLError:
            kinds["refused"] += 1
        except Exception as error:
            kinds[type(error).__name__] += 1
            report.check(False, f"{type(error).__name__} on {text!r:.200}")
        if (spent := time.process_time() - started) > worst:
            worst, worst_text = spent, text
    report.tell(f"texts: {count:,} mutated of {len(texts):,}: {dict(kinds)}")
    report.check(worst < 1.0, f"slowest {worst * 1000:.0f} ms, of {len(worst_text):,} characters")
    for name, text in HUGE_TEXTS.items():
        started = time.process_time()
        try:
            parse(text, limit=20_000)
            told = "understood"
        except FaceQLError as error:
            told = getattr(error, "code", "refused")
        spent = time.process_time() - started
        report.check(spent < 1.0, f"{name}, {len(text):,} characters: {told}, {spent * 1000:.0f} ms")


HUGE_TEXTS = {
    "1,420 canonical statements": "; ".join(["left_eye[0 .. 1/2] * 3"] * 1420),
    "196,000 canonical characters": "; ".join(["left_eye[0 .. 1/2] * 3"] * 8167),
    "ids far over the limit": "wflw[" + ",".join(["1 .. 98"] * 4000) + "]",
    "a number of 5,000 digits": "left_eye * " + "9" * 5000,
    "a number of 3,900 digits in words": "9" * 3900 + " points on the left eye",
    "4,000 characters of one word": "eye " * 1000,
}


def mutate_text(texts: list[str], rng: np.random.Generator) -> str:
    """Return an instruction with words swapped, cut, doubled, joined with another's, or with strange characters."""
    text = texts[int(rng.integers(len(texts)))]
    for _ in range(int(rng.integers(1, 6))):
        words = text.split(" ")
        at = int(rng.integers(len(words)))
        match int(rng.integers(7)):
            case 0:
                words.insert(at, words[int(rng.integers(len(words)))])
            case 1:
                del words[at]
            case 2:
                words[at] = words[at][::-1]
            case 3:
                words[at:at] = texts[int(rng.integers(len(texts)))].split(" ")
            case 4:
                words[at] += str(rng.choice(list("();:,.[]*@|-'\"\0\u202e\u00e9\U0001f600\ud800½٣")))
            case 5:
                words = words * int(rng.integers(1, 4))
            case _:
                words[at] = str(int(rng.integers(10**9)) ** int(rng.integers(1, 40)))
        text = " ".join(words)[:5000]
    return text


def try_files(report: Report, share: float) -> None:
    """Decode mutated files, and bombs."""
    count = max(50, int(1500 * share))
    worst, kinds = 0.0, Counter[str]()
    for data in mutated_files(count, seed=2):
        started = time.process_time()
        try:
            read_photo(data, max_pixels=1_000_000)
            kinds["read"] += 1
        except ImageError:
            kinds["refused"] += 1
        except Exception as error:
            kinds[type(error).__name__] += 1
            report.check(False, f"{type(error).__name__}: {error}")
        worst = max(worst, time.process_time() - started)
    report.tell(f"files: {count:,} mutated: {dict(kinds)}")
    report.check(worst < 2.0, f"slowest {worst * 1000:.0f} ms")
    for name, data in make_bombs().items():
        started = time.process_time()
        try:
            told = "read, {} x {}".format(*read_photo(data, max_pixels=40_000_000).size[::-1])
        except ImageError:
            told = "refused"
        report.tell(f"  {name}, {len(data) / 1000:,.0f} kB: {told}, {time.process_time() - started:.2f} s")


def try_server(report: Report, share: float) -> None:
    """Attack a server while a client asks small questions."""
    photo = PHOTO.read_bytes()
    bombs = make_bombs()
    with Server() as server:
        base = server.count_bytes()
        attacks: dict[str, Callable[[], Awaitable[str | None]]] = {
            f"24 at once: {name}": lambda data=data: repeat_ask(server, data) for name, data in bombs.items()
        }
        attacks["nothing"] = lambda: asyncio.sleep(3)
        attacks["16 instructions of 900 statements, deadline 1 s, 8 at once"] = lambda: ask_huge_texts(server, photo)
        attacks["900 half-open connections"] = lambda: hold_half_open(server, report)
        report.tell(f"server: {base / MEGABYTE:.0f} MB at rest")
        for name, attack in attacks.items():
            server.peak_bytes = 0
            started = time.monotonic()
            told, small = asyncio.run(attack_and_ask(server, photo, attack))
            answered = [seconds for status, seconds in small if status == 200]
            report.check(
                len(answered) == len(small),
                f"{name}: {told or 'done'} in {time.monotonic() - started:.1f} s; meanwhile {len(answered)} of "
                f"{len(small)} small asks answered, the slowest in {max(answered, default=float('nan')):.2f} s; "
                f"{server.peak_bytes / MEGABYTE:.0f} MB at most",
            )
        report.check(server.process.poll() is None, "the server lives")
        for bomb in bombs.values():
            asyncio.run(send_and_leave(server, bomb))
        seconds = server.stop()
        report.check(
            server.process.returncode == 0 and seconds < 15, f"SIGTERM with all bombs at work: ended in {seconds:.1f} s"
        )


async def attack_and_ask(
    server: Server, photo: bytes, attack: Callable[[], object]
) -> tuple[object, list[tuple[int, float]]]:
    is_over = asyncio.Event()
    asking = asyncio.create_task(ask_steadily(server.address, photo, is_over))
    try:
        told = await attack()
    finally:
        is_over.set()
    return told, await asking


async def repeat_ask(server: Server, data: bytes, times: int = 24) -> str:
    answers = await asyncio.gather(*(ask(server.address, data, "pupils") for _ in range(times)))
    return ", ".join(f"{count} x {status}" for status, count in Counter(status for status, _ in answers).items())


async def ask_huge_texts(server: Server, photo: bytes) -> str:
    _, opened = await post(server.address, "/v1/images", photo, "image/jpeg")
    text = "; ".join(f"left_eye[0 .. 1/{2 + i % 97}] * 1" for i in range(700))
    body = {"image": {"handle": json.loads(opened)["handle"]}, "instructions": [text] * 16, "deadline_ms": 1000}
    started = time.monotonic()
    answers = await asyncio.gather(
        *(post(server.address, "/v1/ask", json.dumps(body).encode(), "application/json") for _ in range(8))
    )
    return f"{Counter(status for status, _ in answers)} in {time.monotonic() - started:.1f} s"


async def hold_half_open(server: Server, report: Report) -> str:
    held = []
    for _ in range(900):
        try:
            held.append(await asyncio.wait_for(asyncio.open_connection(*server.address), 5))
            held[-1][1].write(b"GET / HT")
        except OSError:
            break
    await asyncio.sleep(2)
    status, _ = await get(server.address, "/healthz")
    report.check(status == 200, f"/healthz beside {len(held)} half-open connections: {status}")
    for _, writer in held:
        writer.transport.abort()
    return "held"


async def send_and_leave(server: Server, data: bytes) -> None:
    head = "POST /v1/ask?instruction=chin HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/any\r\n"
    head += f"Content-Length: {len(data)}\r\n\r\n"
    _, writer = await asyncio.open_connection(*server.address)
    writer.write(head.encode() + data)
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.transport.abort()


def try_crowds(report: Report, share: float) -> None:
    """Ask with many clients at once, and stop a server with asks in flight."""
    clients = max(20, int(300 * share))
    photos = make_photos(20)
    asks = [(photos[i % 20], f"{1 + i // 20} points on the outer lip") for i in range(clients)]
    with Server() as server:
        wants = [read_points(asyncio.run(ask(server.address, photo, text, box=BOX))[1]) for photo, text in asks]

        refusals = Counter[int]()

        async def ask_until_taken(photo: bytes, text: str) -> tuple[int, bytes]:
            """Ask again, when the refusal says to, until the server takes the request."""
            while True:
                status, body = await ask(server.address, photo, text, box=BOX)
                if status not in (429, 503):
                    return status, body
                refusals[status] += 1
                await asyncio.sleep(json.loads(body).get("retry_after") or 1.0)

        async def ask_all() -> list[tuple[int, bytes]]:
            return await asyncio.gather(*(ask_until_taken(photo, text) for photo, text in asks))

        started = time.monotonic()
        answers = asyncio.run(ask_all())
        seconds = time.monotonic() - started
        statuses = Counter(status for status, _ in answers)
        mixed = sum(
            status == 200 and read_points(body) != want for (status, body), want in zip(answers, wants, strict=True)
        )
        told = f"{dict(statuses)} in {seconds:.1f} s, {sum(refusals.values())} times told to come again"
        report.tell(f"crowds: {clients} clients at once: {told}")
        report.check(statuses[200] == clients, f"{clients - statuses[200]} that were taken are lost")
        report.check(mixed == 0, f"{mixed} mixed up")
        report.check(asyncio.run(stop_amid(server, photos)) == 40, "40 of 40 in flight answered after SIGTERM")


async def stop_amid(server: Server, photos: list[bytes]) -> int:
    tasks = [asyncio.create_task(ask(server.address, photos[i % 20], "lips", box=BOX)) for i in range(40)]
    await asyncio.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    return sum(isinstance(answer, tuple) and answer[0] == 200 for answer in answers)


def try_folders(report: Report, share: float) -> None:
    """End `faceql ask FOLDER` in the middle, again and again, and count the lines."""
    count = max(6, int(40 * share))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "photos"
        folder.mkdir()
        for index, photo in enumerate(make_photos(count)):
            (folder / f"{index:03}.jpg").write_bytes(photo)
        command = [
            sys.executable,
            "-m",
            "faceql.server.cli",
            "ask",
            str(folder),
            "4 points per eyebrow",
            "--device",
            "cpu",
        ]
        for ending in ("jsonl", "csv"):
            whole = Path(name) / f"whole.{ending}"
            subprocess.run([*command, "--out", str(whole)], capture_output=True, check=True)
            lines = sorted(whole.read_bytes().splitlines())
            size = whole.stat().st_size
            out = Path(name) / f"killed.{ending}"
            kills = kill_again_and_again([*command, "--out", str(out)], out, size)
            report.check(
                sorted(out.read_bytes().splitlines()) == lines, f"folders: {kills} times kill -9, .{ending} whole"
            )
            out = Path(name) / f"full.{ending}"
            tries = fill_disk_again_and_again([*command, "--out", str(out)], out, size, report)
            report.check(
                sorted(out.read_bytes().splitlines()) == lines, f"folders: {tries} times a full disk, .{ending} whole"
            )


def kill_again_and_again(command: list[str], out: Path, size: int) -> int:
    kills = 0
    for share in (0.1, 0.3, 0.5, 0.8):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (out.exists() and out.stat().st_size >= share * size):
            time.sleep(0.005)
        process.kill()
        process.wait()
        kills += 1
    subprocess.run(command, capture_output=True, check=True)
    return kills


def fill_disk_again_and_again(command: list[str], out: Path, size: int, report: Report) -> int:
    tries = 0
    for share in (0.2, 0.6, 0.9):

        def limit_files(most: int = int(share * size)) -> None:
            # Stands for a full disk: the system takes no byte beyond.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit_files)
        tries += 1
        if done.returncode != 2 or "Traceback" in done.stderr or "cannot write" not in done.stderr:
            report.check(False, f"a full disk ends with {done.returncode}: {done.stderr[-300:]}")
    subprocess.run(command, capture_output=True, check=True)
    return tries


def try_handles(report: Report, share: float) -> None:
    """Open one photo 80 times beside another."""
    photo = PHOTO.read_bytes()
    other = make_photos(2)[1]
    with Server() as server:
        asyncio.run(post(server.address, "/v1/images", photo, "image/jpeg"))
        first = json.loads(asyncio.run(post(server.address, "/v1/images", other, "image/jpeg"))[1])["handle"]

        def open_again(times: int) -> set[str]:
            posts = (asyncio.run(post(server.address, "/v1/images", photo, "image/jpeg"))[1] for _ in range(times))
            return {json.loads(body)["handle"] for body in posts}

        # The first ones fill what a server keeps to work with.
        handles = open_again(30)
        base = server.count_bytes()
        handles |= open_again(max(10, int(80 * share)))
        grown = server.count_bytes() - base
        report.check(len(handles) == 1, f"handles: {len(handles)} of one photo opened {max(10, int(80 * share))} times")
        report.check(grown < 60 * MEGABYTE, f"grown by {grown / MEGABYTE:.0f} MB")
        status = asyncio.run(get(server.address, f"/v1/images/{first}"))[0]
        report.check(status == 200, f"another image stays open: {status}")
        double = b"POST /v1/parse HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        double += b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        status, body = asyncio.run(exchange(server.address, double))
        report.check((status, json.loads(body)["code"]) == (400, "malformed"), f"two lengths in one request: {status}")


PARTS: dict[str, Callable[[Report, float], None]] = {
    "texts": try_texts,
    "files": try_files,
    "server": try_server,
    "crowds": try_crowds,
    "folders": try_folders,
    "handles": try_handles,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--share", type=float, default=1.0, help="of the numbers that are tried")
    args = parser.parse_args()
    report = Report()
    for name in args.parts or PARTS:
        PARTS[name](report, args.share)
    print("nothing is wrong" if not report.wrong else f"{len(report.wrong)} wrong")
    raise SystemExit(bool(report.wrong))


if __name__ == "__main__":
    main()
