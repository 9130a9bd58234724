"""A picture of a registered layout: its mean shape over the parts' curves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from ..model.template.registration import RegisteredLandmark, Registration
from ..querylang.landmarks import LandmarkQuery
from .palette import part_color
from .template_picture import OVERSAMPLING, PAPER_COLOR, SIDE_PX

FloatArray = npt.NDArray[np.float64]

MARGIN_PX = 48
OFF_COLOR = (120, 124, 132)


def draw_registration(registration: Registration) -> Image.Image:
    """Return a square picture of SIDE_PX of a face that looks straight ahead.

    Lines are the parts' curves, discs the layout's landmarks: in their part's colour, tied to their place on it by a
    line, or grey rings where they lie on no part.
    """
    places, paths = registration.paths
    everything = np.concatenate([paths, registration.shape])
    low, high = np.nanmin(everything, axis=0), np.nanmax(everything, axis=0)
    scale = (SIDE_PX - 2 * MARGIN_PX) / float((high - low).max())

    def to_picture(points: FloatArray) -> FloatArray:
        moved: FloatArray = ((points - (low + high) / 2) * scale + SIDE_PX / 2) * OVERSAMPLING
        return moved

    picture = Image.new("RGB", (SIDE_PX * OVERSAMPLING,) * 2, PAPER_COLOR)
    draw = ImageDraw.Draw(picture)
    for part, members in groupby(range(len(places)), lambda number: places[number].part):
        path = to_picture(paths[list(members)])
        if registration.registry.parts[part].is_closed:
            path = np.concatenate([path, path[:1]])
        for start, end in pairwise(path):
            draw.line((*start.tolist(), *end.tolist()), fill=part_color(part), width=2 * OVERSAMPLING)
    for landmark in registration.landmarks:
        x, y = to_picture(registration.shape[landmark.index]).tolist()
        if not np.isfinite(x + y):
            continue
        radius = (5.0 if landmark.is_on_part else 3.0) * OVERSAMPLING
        around = (x - radius, y - radius, x + radius, y + radius)
        if not landmark.is_on_part:
            draw.ellipse(around, outline=OFF_COLOR, width=OVERSAMPLING)
            continue
        x1, y1 = to_picture(paths[nearest_place(landmark, places)]).tolist()
        draw.line((x, y, x1, y1), fill=part_color(landmark.part), width=OVERSAMPLING)
        draw.ellipse(around, fill=part_color(landmark.part), outline=PAPER_COLOR, width=OVERSAMPLING)
    return picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)


def nearest_place(landmark: RegisteredLandmark, places: Sequence[LandmarkQuery]) -> int:
    """Return the number of the known place that is nearest to where a landmark was registered."""
    own = [number for number, place in enumerate(places) if place.part == landmark.part]
    return min(own, key=lambda number: abs(places[number].fpalp - landmark.fpalp))
