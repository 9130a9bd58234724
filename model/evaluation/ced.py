"""Cumulative error distributions as pictures, drawn with Pillow so that evaluation needs no plotting library."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .metrics import FloatArray, area_under_ced

WIDTH, HEIGHT = 960, 640  # without the legend
LEFT, TOP, RIGHT, BOTTOM = 84, 56, 28, 72
SUPERSAMPLING = 2
# Told apart by hue and by lightness (Okabe and Ito 2008), as printed in grey too.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31", "#6a3d9a", "#999999")
ROW = 24
INK, GRID = "#222222", "#d8d8d8"


def draw_ced(curves: Mapping[str, FloatArray], title: str, normalizer: str, threshold: float = 0.10) -> Image.Image:
    """Draw the share of faces whose error is at most x, for x from 0 to the threshold.

    Args:
        curves: each system's or subset's errors (faces,), shares of the normaliser; NaN does not count.
        title: over the plot.
        normalizer: what the errors are shares of, for the axis.
        threshold: right end of the axis.

    Returns:
        An RGB picture 960 wide; the legend beneath the plot gives mean error and the area under the curve up to the
        threshold.
    """
    k = SUPERSAMPLING
    height = HEIGHT + ROW * len(curves) + 8
    picture = Image.new("RGB", (WIDTH * k, height * k), "white")
    draw = ImageDraw.Draw(picture)
    font, small = ImageFont.load_default(17 * k), ImageFont.load_default(15 * k)
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(error: float, share: float) -> tuple[float, float]:
        return (LEFT + plot_width * error / threshold) * k, (TOP + plot_height * (1 - share)) * k

    for tick in range(11):
        error, share = threshold * tick / 10, tick / 10
        draw.line([place(error, 0), place(error, 1)], fill=GRID, width=k)
        draw.line([place(0, share), place(threshold, share)], fill=GRID, width=k)
        x, y = place(error, 0)
        draw.text((x, y + 8 * k), f"{100 * error:g}", INK, small, anchor="mt")
        x, y = place(0, share)
        draw.text((x - 8 * k, y), f"{100 * share:.0f}", INK, small, anchor="rm")
    draw.rectangle([place(0, 1), place(threshold, 0)], outline=INK, width=k)
    draw.text((WIDTH * k / 2, 14 * k), title, INK, font, anchor="mt")
    draw.text((place(threshold / 2, 0)[0], (HEIGHT - 34) * k), f"mean error of a face, % of {normalizer}", INK, font,
              anchor="mt")  # fmt: skip
    draw.text((14 * k, 40 * k), "% of faces", INK, small, anchor="lb")
    labels = []
    for number, (name, errors) in enumerate(curves.items()):
        known = np.sort(errors[np.isfinite(errors)])
        color = COLORS[number % len(COLORS)]
        at = np.searchsorted(known, threshold, side="right")
        steps = [(0.0, 0.0)]
        for rank, error in enumerate(known[:at]):
            steps += [(float(error), rank / len(known)), (float(error), (rank + 1) / len(known))]
        steps.append((threshold, at / len(known)))
        draw.line([place(*step) for step in steps], fill=color, width=3 * k, joint="curve")
        area = area_under_ced(known, threshold)
        labels.append((color, f"{name}: NME {100 * known.mean():.2f}%, AUC@{100 * threshold:g} {area:.3f}"))
    for number, (color, text) in enumerate(labels):
        y = (HEIGHT + ROW * number + ROW / 2) * k
        draw.line([(LEFT * k, y), ((LEFT + 30) * k, y)], fill=color, width=4 * k)
        draw.text(((LEFT + 40) * k, y), text, INK, small, anchor="lm")
    return picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
