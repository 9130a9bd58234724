"""How many photos and faces a second an engine answers when it is given many, and the memory that takes:

    python benchmarks/throughput.py [--device cuda] [--photos 256] [--batch 1 16 64]

prints photos a second of `ask_many` from JPEG files to 68 points, by batch; faces a second of photos whose boxes are
given, so without the finder; faces a second of a photo of sixteen faces; and the peak of memory, of this process and of
the CUDA device.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from faceql.engine import Engine

PHOTO = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
BOX = (178.0, 62.0, 267.0, 172.0)
INSTRUCTION = "the 300W layout"
ROWS = 4


def make_photos(count: int) -> list[bytes]:
    """Return JPEG files that differ: one photo, turned a little further each time."""
    photos = []
    with Image.open(PHOTO) as photo:
        for index in range(count):
            stream = io.BytesIO()
            photo.rotate(20 * index / count).save(stream, "JPEG")
            photos.append(stream.getvalue())
    return photos


def make_crowd() -> np.ndarray:
    """Return a photo of sixteen faces."""
    face = np.asarray(Image.open(PHOTO).crop((100, 10, 356, 266)))
    return np.tile(face, (ROWS, ROWS, 1))


def rate(work: Callable[[], int]) -> float:
    """Return how many of what work counts are done a second, the second time it is done."""
    work()
    started = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - started)


def ask_all(engine: Engine, photos: list[bytes], batch: int) -> int:
    return sum(len(outcome.get().faces) for outcome in engine.ask_many(photos, INSTRUCTION, batch=batch))


def ask_boxes(engine: Engine, pixels: np.ndarray, count: int, batch: int) -> int:
    for start in range(0, count, batch):
        photos = [engine.encode(pixels, boxes=[BOX]) for _ in range(start, min(start + batch, count))]
        engine.encode_faces((photo, 0) for photo in photos)
        for photo in photos:
            engine.ask(photo, INSTRUCTION)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--photos", type=int, default=256)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--threads", type=int, help="CPU threads; all by default")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    engine = Engine(args.device)
    print(f"{engine.model_version} on {engine.device}, {torch.get_num_threads()} threads, {args.photos} photos")
    photos = make_photos(args.photos)
    pixels = np.asarray(Image.open(PHOTO))
    for batch in args.batch:
        whole = rate(lambda batch=batch: ask_all(engine, photos, batch))
        boxed = rate(lambda batch=batch: ask_boxes(engine, pixels, args.photos, batch))
        print(f"batch {batch:3}: {whole:8.1f} photos/s with the finder, {boxed:8.1f} faces/s of given boxes")
    crowd = make_crowd()
    faces = rate(lambda: len(engine.ask(crowd, INSTRUCTION, faces="all").faces))
    print(f"a photo of {ROWS * ROWS} faces, {crowd.shape[1]} x {crowd.shape[0]}: {faces:.1f} faces/s with the finder")
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(f"peak memory: {kilobytes / 1000:.0f} MB of this process")
    if engine.device.type == "cuda":
        held, reserved = torch.cuda.max_memory_allocated() / 1e6, torch.cuda.max_memory_reserved() / 1e6
        print(f"peak memory: {held:.0f} MB of the device in tensors, {reserved:.0f} MB reserved")


if __name__ == "__main__":
    main()
