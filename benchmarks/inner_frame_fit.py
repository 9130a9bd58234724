"""Fit and check the crops of layouts without a jaw line: python benchmarks/inner_frame_fit.py --data PACKS.

The crops of AFLW's and COFW's faces must be those that 300W's 68 points would give. On human68's training faces both
are known: the constants of `model/data/datasets/layout_faces.py` are fitted there, and what is left is printed beside
the jitter that training adds anyway.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

import numpy as np

from faceql.model.data.augmentation import AugmentationConfig
from faceql.model.data.datasets import aflw, cofw
from faceql.model.data.datasets.layout_faces import frame_inner_points
from faceql.model.data.packs import load_human68
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_registry

# human68 does not annotate the brows' inner ends: the upper corner beside each stands for it.
STAND_INS = {
    ("left eyebrow", Fraction(1, 2)): Fraction(4, 9),
    ("right eyebrow", Fraction(17, 18)): Fraction(0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the face packs")
    faces, _ = load_human68(parser.parse_args().data / "human68")
    column = {landmark: i for i, landmark in enumerate(faces.scheme.landmarks)}
    whole = faces.points[np.isfinite(faces.points).all(axis=(1, 2))]
    true = whole[:, :68]
    true_low, true_high = true.min(axis=1), true.max(axis=1)
    for layout, nose_tip, top in (("aflw", aflw.NOSE_TIP, aflw.TOP_OUTWARD), ("cofw", cofw.NOSE_TIP, 0.0)):
        landmarks = load_registry().layouts[layout].landmarks
        asked = [LandmarkQuery(q.part, STAND_INS.get((q.part, q.fpalp), q.fpalp)) for q in landmarks]
        tip = [i for i, q in enumerate(asked) if q in column].index(nose_tip)
        points = whole[:, [column[q] for q in asked if q in column]]
        low, high = points.min(axis=1), points.max(axis=1)
        side = (high - low).max(axis=1)
        turn = (points[:, tip, 0] - (low + high)[:, 0] / 2) / side
        outward = np.concatenate([(low - true_low)[:, 0], (true_high - high)[:, 0]]) / np.tile(side, 2)
        known = np.stack([np.ones(2 * len(side)), np.concatenate([turn, -turn])], axis=1)
        (jaw_outward, jaw_turn), *_ = np.linalg.lstsq(known, outward, rcond=None)
        top_outward = np.median((low - true_low)[:, 1] / side)
        print(f"{layout}: jaw outward {jaw_outward:.3f}, with the turn {jaw_turn:.3f}, top outward {top_outward:.3f}")
        box = frame_inner_points(points, tip, top)
        report("  as built in", box[:, 0], box[:, 1], true_low, true_high)
        report("  points' own box", low, high, true_low, true_high)
    jitter = AugmentationConfig()
    print(f"jitter of training: scale {jitter.scale_spread}, shift {jitter.shift_spread}")


def report(name: str, low: np.ndarray, high: np.ndarray, true_low: np.ndarray, true_high: np.ndarray) -> None:
    """Print how crops differ from the 68 points': logarithm of the side, centre in sides; median and spread."""
    true_side = (true_high - true_low).max(axis=1)
    scale = np.log((high - low).max(axis=1) / true_side)
    shift = ((low + high) - (true_low + true_high)) / 2 / true_side[:, None]
    print(
        f"{name}: scale {np.median(scale):+.3f}, spread {scale.std():.3f}; "
        f"shift x {np.median(shift[:, 0]):+.3f}, spread {shift[:, 0].std():.3f}; "
        f"y {np.median(shift[:, 1]):+.3f}, spread {shift[:, 1].std():.3f}"
    )


if __name__ == "__main__":
    main()
