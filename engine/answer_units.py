"""Places in pixels, or as shares of the photo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from .arguments import check_choice

Units = Literal["px", "normalized"]
NORMALIZED_FRAME = (
    "shares of the upright photo's width and height: (0, 0) is its top-left corner, (1, 1) its bottom-right; "
    "expected errors are in pixels"
)


def is_normalized(units: Units) -> bool:
    """Return whether places are shares of the photo.

    Raises:
        ConfigError: There are no such units.
    """
    check_choice("units", units, ("px", "normalized"))
    return units == "normalized"


def normalize_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer whose points and boxes are shares of the photo's width and height; errors stay pixels.

    A corner of the photo is a corner of the picture here, half a pixel out from the centre of the pixel there.

    Args:
        answer: Plain data with its `image_size` and `faces`, its `points` as `Answer.to_dict` has them or its `groups`
            as a page of an answer has them.
    """
    share = partial(find_share, width=answer["image_size"]["width"], height=answer["image_size"]["height"])
    changed = {**answer, "frame": NORMALIZED_FRAME, "units": "normalized"}
    changed["faces"] = [face | {"box": share_box(face["box"], share)} for face in answer["faces"]]
    if answer.get("points") is not None:
        changed["points"] = [
            point | dict(zip("xy", share(point["x"], point["y"]), strict=True)) for point in answer["points"]
        ]
    if answer.get("groups") is not None:
        changed["groups"] = [
            group | {"points": [share(x, y) for x, y in group["points"]]} for group in answer["groups"]
        ]
    return changed


def share_box(box: Sequence[float], share: Callable[[float, float], list[float]]) -> list[float]:
    """Return a box (x0, y0, x1, y1), its corners as `share` gives them."""
    return share(*box[:2]) + share(*box[2:])


def find_share(x: float, y: float, *, width: int, height: int) -> list[float]:
    """Return a place, in pixels of a photo of this size, as shares of its width and height."""
    return [round((x + 0.5) / width, 6), round((y + 0.5) / height, 6)]
