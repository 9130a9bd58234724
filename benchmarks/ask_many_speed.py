"""Measure how many photos a second `Engine.ask_many` answers, and how busy it keeps the cores.

    python benchmarks/ask_many_speed.py [--photos 48] [--threads 2] [--weights fast] [--backend openvino]

makes a folder of copies of the example photo, 1600 x 1200 in JPEG, and prints photos a second, the processor time of
each, and how many cores were at work on average, beside the same photos asked one by one.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from faceql.engine import Engine

PHOTO = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
INSTRUCTION = "the 300W layout"
SIZE = (1600, 1200)


def write_photos(folder: Path, count: int) -> list[Path]:
    """Write copies of the example photo and return their paths."""
    photo = Image.open(PHOTO).convert("RGB").resize((SIZE[0], SIZE[0])).crop((0, 0, *SIZE))
    paths = [folder / f"{number:04}.jpg" for number in range(count)]
    for path in paths:
        photo.save(path, quality=90)
    return paths


def measure(name: str, work: Callable[[], int]) -> float:
    """Print what some work on photos costs, and return photos a second; the work returns how many were answered."""
    started, used = time.perf_counter(), time.process_time()
    count = work()
    seconds, used = time.perf_counter() - started, time.process_time() - used
    speed = count / seconds
    print(f"{name:12}{speed:8.1f} photos/s {1000 * used / count:8.1f} ms of one core each {used / seconds:6.2f} cores")
    return speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=48)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights")
    parser.add_argument("--backend", choices=("torch", "onnxruntime", "openvino"), default="torch")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    engine = Engine("cpu", args.weights, backend=args.backend)
    print(f"{engine.model_version}, {args.threads} threads, {args.photos} photos of {SIZE[0]} x {SIZE[1]}")
    with tempfile.TemporaryDirectory() as folder:
        paths = write_photos(Path(folder), args.photos)
        # Some backends make plans for what comes often.
        for path in paths[:3]:
            engine.ask(path, INSTRUCTION)
        list(engine.ask_many(paths[:6], INSTRUCTION))
        one_by_one = measure("one by one", lambda: sum(len(engine.ask(path, INSTRUCTION)) > 0 for path in paths))
        together = measure(
            "ask_many", lambda: sum(one.answer is not None for one in engine.ask_many(paths, INSTRUCTION))
        )
    print(f"ask_many is {together / one_by_one:.2f} times as fast")


if __name__ == "__main__":
    main()
