"""How far splines through few points miss the points between: python benchmarks/sparse_curves.py --data PACKS.

WFLW's human points of `human98_dev` are the truth; a layout's own points are read off them, and a spline through those
is compared with WFLW's points on the same stretch.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from faceql.model.data.curves import apply_targets, make_scheme, target_matrix
from faceql.model.data.packs import load_human98
from faceql.model.evaluation.metrics import inter_ocular
from faceql.querylang.registry import load_registry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the face packs")
    faces = load_human98(parser.parse_args().data / "human98_dev")
    registry = load_registry()
    normalizer = inter_ocular(faces.points, "wflw")[:, None]
    print("miss at WFLW's points between, % of inter-ocular, mean over faces; dense: used as targets between")
    for layout in ("aflw", "cofw", "300w"):
        landmarks = registry.layouts[layout].landmarks
        to_layout = target_matrix(faces.scheme, [q.part for q in landmarks], [float(q.fpalp) for q in landmarks])
        known = apply_targets(to_layout, faces.points)
        for curve in make_scheme(landmarks, registry).curves:
            low, high = curve.reach
            between = [
                column
                for column, q in enumerate(faces.scheme.landmarks)
                if q.part == curve.part and low < q.fpalp < high and float(q.fpalp) not in curve.fpalps
            ]
            at = [float(faces.scheme.landmarks[column].fpalp) for column in between]
            spline = np.einsum("lc,fcd->fld", curve.weights(at), known[:, curve.columns])
            miss = 100 * np.linalg.norm(spline - faces.points[:, between], axis=-1) / normalizer
            if not np.isfinite(miss).any():  # nothing between, or a point that WFLW lacks
                continue
            print(
                f"{layout} {curve.part}, {len(curve.columns)} points, {'dense' if curve.is_dense else 'not dense'}: "
                f"mean {np.nanmean(miss):.1f}, worst {np.nanmean(miss, axis=0).max():.1f}"
            )


if __name__ == "__main__":
    main()
