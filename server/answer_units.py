"""Answers in pixels, or as shares of the photo."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..engine import Answer

Units = Literal["px", "normalized"]
NORMALIZED_FRAME = (
    "shares of the upright photo's width and height: (0, 0) is its top-left corner, (1, 1) its bottom-right"
)


def normalize_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer whose points and boxes are shares of the photo's width and height; errors stay pixels.

    A corner of the photo is a corner of the picture here, half a pixel out from the centre of the pixel there.
    """
    share = partial(find_share, width=answer["image_size"]["width"], height=answer["image_size"]["height"])
    changed = answer | {"frame": NORMALIZED_FRAME, "units": "normalized"}
    changed["faces"] = [face | {"box": share(*face["box"][:2]) + share(*face["box"][2:])} for face in answer["faces"]]
    if answer.get("points") is not None:
        changed["points"] = [
            point | dict(zip("xy", share(point["x"], point["y"]), strict=True)) for point in answer["points"]
        ]
    if answer.get("groups") is not None:
        changed["groups"] = [
            group | {"points": [share(x, y) for x, y in group["points"]]} for group in answer["groups"]
        ]
    return changed


def find_share(x: float, y: float, *, width: int, height: int) -> list[float]:
    """Return a place, in pixels of a photo of this size, as shares of its width and height."""
    return [round((x + 0.5) / width, 6), round((y + 0.5) / height, 6)]


def write_json(answer: Answer, units: Units, *, indent: int | None = None) -> str:
    """Return an answer as JSON: `Answer.to_json`, or with its places as `normalize_answer` has them."""
    if units == "px":
        return answer.to_json(indent=indent)
    return json.dumps(normalize_answer(answer.to_dict()), ensure_ascii=False, indent=indent)


def write_csv(answer: Answer, units: Units) -> str:
    """Return an answer's CSV, its x and y in pixels or as `normalize_answer` has them; errors stay pixels."""
    if units == "px":
        return answer.to_csv()
    height, width = answer.image_size
    heading, *rows = csv.reader(io.StringIO(answer.to_csv()))
    at_x, at_y = heading.index("x"), heading.index("y")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    for row in rows:
        shares = find_share(float(row[at_x]), float(row[at_y]), width=width, height=height)
        writer.writerow(row[:at_x] + [str(share) for share in shares] + row[at_y + 1 :])
    return text.getvalue()
