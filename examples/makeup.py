"""Make-up on a photo: layers of a look, read from a TOML file, painted with the engine's masks, curves and surfaces.

python examples/makeup.py examples/astronaut.jpg docs/makeup.png --look examples/looks/evening.toml
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from makeup_face import INSTRUCTION, MadeFace, look_at
from makeup_layers import Layer, read_layer
from makeup_light import from_linear, to_linear
from PIL import Image

import faceql

LOOKS = Path(__file__).parent / "looks"


def read_look(path: Path) -> list[Layer]:
    """Return the layers of a look, in the order in which they are laid on.

    Raises:
        ValueError: The file is no look; the message says where.
    """
    tables = tomllib.loads(path.read_text("utf-8")).get("layer", [])
    if not tables:
        raise ValueError(f"{path}: a look has [[layer]] tables")
    layers = []
    for number, table in enumerate(tables, 1):
        try:
            layers.append(read_layer(table))
        except ValueError as error:
            raise ValueError(f"{path}, layer {number}: {error}") from None
    return layers


def make_up(
    photo: npt.NDArray[np.uint8],
    answer: faceql.Answer,
    look: Sequence[Layer],
    steady: Callable[[MadeFace], MadeFace] = lambda made: made,
) -> npt.NDArray[np.uint8]:
    """Return the photo, (height, width, 3) uint8, with a look on every face of an answer to `INSTRUCTION`.

    `steady` may change what is known of each face before it is painted, as `makeup_motion.py` does.
    """
    plain = to_linear(photo)
    light = plain.copy()
    for face in range(len(answer.faces)):
        made = steady(look_at(answer, face, plain))
        left, top, right, bottom = made.window
        window = light[top:bottom, left:right]
        for layer in look:
            window = layer.apply(window, made)
        light[top:bottom, left:right] = window
    painted = from_linear(light)
    # What no layer touched stays to the bit.
    return np.where(np.abs(light - plain).max(axis=-1, keepdims=True) > 1e-6, painted, photo)


def main(photo_path: Path, out: Path, look: Path) -> None:
    """Write the photo before and after, side by side, cut to the largest face."""
    layers = read_look(look)
    engine = faceql.Engine()
    encoded = engine.encode(photo_path)
    (face,) = engine.ask(encoded, "nose tip", faces="largest").faces
    # Upright, as the engine has it.
    photo = Image.fromarray(encoded.photo.pixels)
    photo = photo.crop(around(face.box, 0.7, photo.size))
    # A small face is made up on an enlarged photo: lines thinner than a pixel would be grey.
    scale = max(1, round(400 / face.area**0.5))
    photo = photo.resize((photo.width * scale, photo.height * scale), Image.Resampling.LANCZOS)
    answer = engine.ask(photo, INSTRUCTION)
    painted = Image.fromarray(make_up(np.asarray(photo), answer, layers))
    window = around(answer.faces[0].box, 0.25, photo.size)
    before, after = photo.crop(window), painted.crop(window)
    sheet = Image.new("RGB", (2 * before.width, before.height))
    sheet.paste(before, (0, 0))
    sheet.paste(after, (before.width, 0))
    sheet.save(out)


def around(box: tuple[float, float, float, float], margin: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return what of a photo of a size (width, height) lies about a box, with a margin in widths of the box."""
    x0, y0, x1, y1 = box
    wider = margin * (x1 - x0)
    left, top = max(0, round(x0 - wider)), max(0, round(y0 - wider))
    return left, top, min(size[0], round(x1 + wider)), min(size[1], round(y1 + wider))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--look", type=Path, default=LOOKS / "evening.toml")
    arguments = parser.parse_args()
    try:
        main(arguments.photo, arguments.out, arguments.look)
    except (faceql.FaceQLError, ValueError, OSError) as error:
        sys.exit(str(error))
