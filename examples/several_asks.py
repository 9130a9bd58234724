"""Ask one photo several things, encoding it once, and put the answers side by side.

python examples/several_asks.py docs/several_asks.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

import faceql

PHOTO = Path(__file__).parent / "astronaut.jpg"
INSTRUCTIONS = (
    "4 points per eyebrow",
    "10 points from left chin to jaw end",
    "40 points on the outer lip as a polygon, 60 on each eye as a polygon",
    "the 300W layout",
)
SCALE = 4
MARGIN = 0.35


def zoom(answer: faceql.Answer) -> Image.Image:
    """Return the answer drawn, enlarged and cut to the face's surroundings."""
    x0, y0, x1, y1 = answer.faces[0].box
    margin = MARGIN * (y1 - y0)
    around = (x0 - margin, y0 - margin / 2, x1 + margin, y1 + margin / 2)
    return answer.draw(scale=SCALE, legend=False).crop(tuple(round(SCALE * side) for side in around))


def main(path: Path) -> None:
    """Write the answers, side by side, to a picture."""
    engine = faceql.Engine()
    photo = engine.encode(PHOTO)
    pictures = [zoom(engine.ask(photo, instruction)) for instruction in INSTRUCTIONS]
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width * len(pictures), height))
    for column, picture in enumerate(pictures):
        sheet.paste(picture, (column * width, 0))
    sheet.save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
