"""Make-up on a clip: a look on every frame, steady from frame to frame, and how much it flickers.

python examples/makeup_motion.py in.mp4 examples/looks/evening.toml out.mp4 --sheet frames.png

Needs `pip install "faceql[video]"`. Printed is by how much each mask, and all paint, changes from one frame to the next
once the face's own motion (shift, turn and growth, told by all its points together) is taken out: the median and the
worst frame, per cent of the mask; a mask that is laid elsewhere in the grid of pixels has changed by 2. What is left is
expression, a head that turns aside, and flicker. `--raw` paints each frame by itself, to compare.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
from makeup import around, make_up, read_look
from makeup_face import INSTRUCTION, MadeFace
from PIL import Image

import faceql
from faceql.engine import FrameAnswer, VideoFile
from faceql.engine.video_writer import VideoWriter

REGIONS = ("lips", "eyebrows", "upper_eyelid_surfaces", "cheeks")
STEADY_SECONDS = 0.4
"""Skin and light change no faster than that."""
SOFT_PX = 1.0
"""Masks are compared with edges as soft as paint's."""
TILE = 240

FloatArray = npt.NDArray[np.float32]


class SteadyLook:
    """What is told of faces from their last frames together: skin tone, lamp, and which points are seen."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str, FloatArray]] = {}
        self._time = -math.inf
        self._weight = 1.0

    def begin(self, frame: FrameAnswer) -> faceql.Answer:
        """Return a frame's answer with the visibility steadied; faces that are gone are forgotten."""
        self._weight = 1 - math.exp(-(frame.time - self._time) / STEADY_SECONDS)
        self._time = frame.time
        self._known = {identity: self._known.get(identity, {}) for identity in frame.identities}
        answer = frame.answer
        if answer.visibility is None:
            return answer
        visibility = answer.visibility.copy()
        for face, identity in enumerate(frame.identities):
            own = answer.face_index == face
            visibility[own] = self._mix(identity, "seen", visibility[own])
        return replace(answer, visibility=visibility)

    def steady(self, made: MadeFace, identity: int) -> MadeFace:
        """Return a face of the frame with its skin tone and its lamp steadied."""
        usual = self._mix(identity, "usual", np.float32(made.usual_skin))
        return made.steadied(float(usual), self._mix(identity, "lamp", made.lamp))

    def _mix(self, identity: int, name: str, value: FloatArray) -> FloatArray:
        known = self._known[identity]
        known[name] = known[name] + self._weight * (value - known[name]) if name in known else value
        return known[name]


@dataclass(frozen=True, eq=False)
class Painted:
    """A frame that was made up.

    Attributes:
        frame: Its answer.
        plain, pixels: Before and after, (height, width, 3) uint8.
    """

    frame: FrameAnswer
    plain: npt.NDArray[np.uint8]
    pixels: npt.NDArray[np.uint8]


def paint_clip(engine: faceql.Engine, clip: Path, look_path: Path, raw: bool = False) -> Iterator[Painted]:
    """Yield the frames of a clip with a look on every face."""
    look, steady = read_look(look_path), SteadyLook()
    for frame in engine.track(clip, INSTRUCTION, faces="all", smooth=not raw, keep_photos=True):
        plain = frame.answer.photo.pixels
        if raw:
            yield Painted(frame, plain, make_up(plain, frame.answer, look))
            continue
        answer = steady.begin(frame)
        pixels = make_up(
            plain, answer, look, lambda made, names=frame.identities: steady.steady(made, names[made.face])
        )
        yield Painted(frame, plain, pixels)


class Flicker:
    """Measures what of make-up changes between frames, without the face's motion."""

    def __init__(self) -> None:
        self.changes: dict[str, list[float]] = {name: [] for name in (*REGIONS, "paint")}
        self._before: dict[int, tuple[npt.NDArray[np.float64], dict[str, FloatArray]]] = {}

    def add(self, painted: Painted) -> None:
        """Compare a frame with the one before it."""
        answer, now = painted.frame.answer, {}
        paint = (painted.pixels.astype(np.float32) - painted.plain).mean(axis=2)
        for face, identity in enumerate(painted.frame.identities):
            points = answer.xy[answer.face_index == face].astype(np.float64)
            fields = {name: answer.mask(name, face=face, feather=SOFT_PX) for name in REGIONS} | {"paint": paint}
            now[identity] = points, fields
            if identity in self._before and not painted.frame.is_cut:
                old_points, old = self._before[identity]
                for name, field in fields.items():
                    moved = move(old[name], old_points, points)
                    weight = float(np.abs(field).sum())
                    if weight:
                        self.changes[name].append(100 * float(np.abs(field - moved).sum()) / weight)
        self._before = now

    def __str__(self) -> str:
        told = [
            f"{name.replace('_', ' ')} {np.median(some):.1f} ({max(some):.1f})"
            for name, some in self.changes.items()
            if some
        ]
        return f"changed between frames, per cent, median (worst): {', '.join(told)}" if told else "nothing to compare"


def move(field: FloatArray, before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> FloatArray:
    """Return a field (height, width) moved as points (N, 2) were: shifted, turned and grown."""
    old, new = before @ (1, 1j), after @ (1, 1j)
    around_old, around_new = old - old.mean(), new - new.mean()
    back = complex((around_old * around_new.conj()).sum() / (np.abs(around_new) ** 2).sum())
    shift = complex(old.mean() - back * new.mean())
    # Pillow calls the outer corner of the first pixel (0, 0).
    corner = shift + 0.5 + 0.5j - back * (0.5 + 0.5j)
    matrix = (back.real, -back.imag, corner.real, back.imag, back.real, corner.imag)
    height, width = field.shape
    picture = Image.fromarray(field, "F").transform(
        (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
    )
    return np.asarray(picture)


def main(clip: Path, look: Path, out: Path, sheet: Path | None = None, raw: bool = False) -> Flicker:
    """Write the clip made up, its sound kept, and say how much the make-up flickers; return that."""
    video, flicker, tiles = VideoFile(clip), Flicker(), []
    frames = paint_clip(faceql.Engine(), clip, look, raw)
    first = next(frames)
    height, width = first.plain.shape[:2]
    count = 0
    with VideoWriter(out, (width, height), video.fps, video) as writer:
        for painted in chain([first], frames):
            picture = Image.fromarray(painted.pixels)
            writer.add(picture, painted.frame.time)
            flicker.add(painted)
            count += 1
            if sheet is not None and painted.frame.identities:
                box = around(painted.frame.answer.faces[0].box, 0.15, picture.size)
                tiles.append(picture.crop(box).resize((TILE, TILE), Image.Resampling.LANCZOS))
    print(f"{count} frames; {flicker}")
    if sheet is not None:
        lay_out(tiles).save(sheet)
    return flicker


def lay_out(tiles: list[Image.Image], columns: int = 6, most: int = 30) -> Image.Image:
    """Return frames in a row after each other, from the middle of the clip."""
    start = max(0, (len(tiles) - most) // 2)
    shown = tiles[start : start + most]
    picture = Image.new("RGB", (columns * TILE, -(-len(shown) // columns) * TILE))
    for number, tile in enumerate(shown):
        picture.paste(tile, (number % columns * TILE, number // columns * TILE))
    return picture


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("look", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sheet", type=Path, help="faces of thirty frames in a row, as a picture")
    parser.add_argument("--raw", action="store_true", help="each frame by itself, to compare")
    arguments = parser.parse_args()
    main(arguments.clip, arguments.look, arguments.out, arguments.sheet, arguments.raw)
