"""Where the milliseconds of a first ask go, with the arithmetic and the bytes of each piece.

    python benchmarks/ask_profile.py [--threads 1] [--rounds 30] [--weights fast] [--precision bfloat16]

prints a table of the pieces of a first ask of 68 points on the example photo, the least processor time of several
rounds, and beside it what this processor does at best: matrix products of float32 and of bfloat16, and copying memory.
Bytes are those of each operation's operands and results, whether they come from memory or from a cache.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from faceql.engine import Engine
from faceql.engine.finders import Pyramid, shrink
from faceql.engine.images import read_photo
from faceql.engine.packing import PackedLiteNet
from faceql.engine.yunet import STRIDES, YuNet, fill_up, keep_surest, read_level, run_in_pytorch
from faceql.model.checkpoint import load_detector
from faceql.model.crops import CropFrame
from faceql.model.lite_net import LiteNet

PHOTO = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
BOX = (178.0, 62.0, 267.0, 172.0)
INSTRUCTION = "the 300W layout"
FINDER_SIDE = 320
MATRIX = 1024
COPIED = 64_000_000


class Piece(NamedTuple):
    """A piece of the work, and the same as plain PyTorch does it, for counting; None where that is the same."""

    name: str
    work: Callable[[], Any]
    plain: Callable[[], Any] | None = None


class Traffic(TorchDispatchMode):
    """Counts the bytes that operations read and write; views cost nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not any(returned.alias_info for returned in func._schema.returns):
            tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, torch.Tensor)]
            self.bytes += sum(tensor.nbytes for tensor in tensors)
        return result


def count(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the arithmetic operations (10^9) of convolutions and matrix products, and the bytes (10^6)."""
    flops, traffic = FlopCounterMode(display=False), Traffic()
    with flops:
        work()
    with traffic:
        work()
    return flops.get_total_flops() / 1e9, traffic.bytes / 1e6


def least_ms(works: list[Callable[[], Any]], rounds: int) -> list[float]:
    """Return the least processor time of each, milliseconds; one after the other, so that all see the same machine."""
    least = [float("inf")] * len(works)
    for work in works:
        work()
    for _ in range(rounds):
        for row, work in enumerate(works):
            started = time.process_time()
            work()
            least[row] = min(least[row], time.process_time() - started)
    return [1000 * each for each in least]


def list_finder(photo: np.ndarray) -> list[Piece]:
    """Return the finder's pieces."""
    picture = fill_up(shrink(photo, (FINDER_SIDE, FINDER_SIDE)))
    given = torch.from_numpy(picture).to(torch.float32, memory_format=torch.channels_last)
    levels, counted = run_in_pytorch(picture), YuNet()

    def read() -> None:
        keep_surest(
            np.concatenate([read_level(level[0], stride, 0.7) for level, stride in zip(levels, STRIDES, strict=True)])
        )

    return [
        Piece("finder: photo made small", lambda: fill_up(Pyramid(photo).at(FINDER_SIDE / max(photo.shape)))),
        Piece("finder: network", lambda: run_in_pytorch(picture), lambda: counted(given)),
        Piece("finder: boxes", read),
    ]


def list_encoder(encoder: Any, plain: Any, crops: torch.Tensor) -> list[Piece]:
    """Return the image encoder's pieces."""
    x = (crops.to(torch.float32) - encoder.pixel_mean) / encoder.pixel_std
    body, counted = encoder.body, plain.body
    assert isinstance(body, PackedLiteNet)
    assert isinstance(counted, LiteNet)
    pieces = [Piece("encoder: stem", lambda x=x: body.run_stem(x), lambda x=x: counted.run_steps(x))]
    packed, x = body.run_stem(x), counted.run_steps(x)
    for number, stage in enumerate(counted.blocks):
        # A block may overwrite what it is given, but a stage's first does not.
        pieces.append(
            Piece(
                f"encoder: stage {number + 1}, {tuple(x.shape[1:])}",
                lambda at=packed, n=number: body.run_stage(n, at),
                lambda at=x, stage=stage: stage(at),
            )
        )
        packed, x = body.run_stage(number, packed), stage(x)
    levels = body((crops.to(torch.float32) - encoder.pixel_mean) / encoder.pixel_std)
    pieces.append(
        Piece("encoder: laterals and top-down sums", lambda: encoder.merge(levels), lambda: plain.merge(levels))
    )
    return pieces


def list_pieces(engine: Engine, weights: str | None, photo: np.ndarray) -> list[Piece]:
    """Return all pieces of a first ask."""
    faces = engine._encoder
    detector, reader = faces._detector, faces._reader
    plain = load_detector(None if weights is None else Path(weights)).detector
    frame = CropFrame.from_face_box(BOX)
    crops = faces._cut([photo], [frame])
    encoded, counted = detector.encode(crops), plain.encode(crops)
    context = (detector.context_part_ids, detector.context_fpalps)
    ids, places = reader._curve_queries(reader.known_parts)
    asked = detector.encode_landmarks(ids, places)
    queries, coordinates, _ = detector.decoder.refine(encoded.memory, asked, encoded.context)
    image = engine.encode(photo)
    engine.ask(image, INSTRUCTION)
    layer = detector.decoder.layers[0]

    def decode_context(model: Any, of: Any) -> Callable[[], Any]:
        return lambda: model.decoder(of.memory, model.encode_landmarks(*context), None)

    return [
        *list_finder(photo),
        Piece("cut", lambda: faces._cut([photo], [frame])),
        *list_encoder(detector.image_encoder, plain.image_encoder, crops),
        Piece("decoder: context, 38 landmarks", decode_context(detector, encoded), decode_context(plain, counted)),
        Piece(
            f"decoder: Eq. 2, {len(ids)} landmarks over {encoded.memory.cells.shape[1]:,} cells",
            lambda: detector.decoder.initializer(encoded.memory, asked),
        ),
        Piece(
            "decoder: Eq. 3 to 7",
            lambda: layer(queries, coordinates[0], asked, encoded.memory.level_values, encoded.context[0]),
        ),
        Piece("decoder: expected errors", lambda: detector.decoder.predict(queries, coordinates)),
        Piece(
            "decoder: visibility",
            lambda: detector.visibility(queries, coordinates[-1], asked, encoded.memory.level_values, encoded.company),
        ),
        Piece("instruction, splines and answer", lambda: engine.ask(image, INSTRUCTION)),
    ]


def print_best() -> None:
    """Print what this processor does at best."""
    for dtype in (torch.float32, torch.bfloat16):
        a = torch.randn(MATRIX, MATRIX).to(dtype)
        (ms,) = least_ms([lambda a=a: a @ a], 10)
        print(f"matrix products of {MATRIX} x {MATRIX}, {dtype}: {2 * MATRIX**3 / ms / 1e6:.0f} GFLOP/s")
    source, target = torch.zeros(COPIED, dtype=torch.uint8), torch.zeros(COPIED, dtype=torch.uint8)
    (ms,) = least_ms([lambda: target.copy_(source)], 10)
    print(f"copying {COPIED / 1e6:.0f} MB: {2 * COPIED / ms / 1e6:.0f} GB/s read and written")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--weights")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    engine = Engine("cpu", args.weights, precision=args.precision)
    photo = read_photo(PHOTO).pixels
    print(f"{engine.model_version}, {args.precision}, {args.threads} threads, least of {args.rounds} rounds")
    with torch.inference_mode():
        pieces = list_pieces(engine, args.weights, photo)
        whole = Piece("all, by Engine.ask", lambda: engine.ask(photo, INSTRUCTION))
        times = least_ms([piece.work for piece in (*pieces, whole)], args.rounds)
        print("\n| piece | ms | GFLOP | MB | GFLOP/s |\n|---|---|---|---|---|")
        for piece, ms in zip((*pieces, whole), times, strict=True):
            # What is packed is counted as plain PyTorch does it.
            gflop, mb = count(piece.plain or piece.work) if piece is not whole else (0.0, 0.0)
            speed = f"{gflop / ms * 1000:.0f}" if gflop else ""
            print(f"| {piece.name} | {ms:.2f} | {gflop or 0:.3f} | {mb:.1f} | {speed} |")
        print(f"\nthe pieces together {sum(times[:-1]):.1f} ms of processor time\n")
        print_best()


if __name__ == "__main__":
    main()
