"""Measure where the annotated face lies in the face finder's box, on the training faces of human68.

    python benchmarks/face_finder_fit.py --data PACKS

prints the medians that `faceql.model.crops` uses to turn a found box into the detector's crop, and the spreads that
the augmentation has to cover. The unit is the square root of the box's area.
"""

import argparse
import math
from pathlib import Path

import numpy as np

from faceql.engine.finders import YuNetFinder
from faceql.model.data.packs import load_human68


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds human68")
    parser.add_argument("--every", type=int, default=2, help="use every n-th face")
    args = parser.parse_args()
    faces, _ = load_human68(args.data / "human68")
    finder = YuNetFinder()
    rows, missed = [], 0
    for index in range(0, len(faces), args.every):
        picture = faces.read_image(index)
        low, high = faces.frame_points[index].min(axis=0), faces.frame_points[index].max(axis=0)
        center = (low + high) / 2
        found = finder.find(picture)
        if not found:
            missed += 1
            continue
        face = min(found, key=lambda f: float(np.hypot(*(np.array(f.center) - center))))
        extent = math.sqrt(face.area)
        shift = (center - np.array(face.center)) / extent
        rows.append((shift[0], shift[1], float((high - low).max()) / extent))
    table = np.array(rows)
    print(f"faces {len(rows)}, not found {missed}")
    print("            2%    16%    50%    84%    98%  spread")
    for name, column in zip(("shift x", "shift y", "scale"), table.T, strict=True):
        quantiles = np.percentile(column, [2, 16, 50, 84, 98])
        print(f"{name:8s}" + "".join(f"{value:7.3f}" for value in quantiles) + f"{column.std():8.3f}")


if __name__ == "__main__":
    main()
