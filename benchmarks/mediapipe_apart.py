"""How far the places of docs/migration.md lie from MediaPipe's vertices.

    python benchmarks/mediapipe_apart.py --data PACKS [--faces 60] [--update]

For each row of the table that names single vertices, the median over faces of `human68` that were kept apart, of their
distance from the points that the instruction beside them gets; in inter-ocular distances, outer corner to outer corner
as the mesh has them. `--update` writes it into the table's last column.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from faceql import Engine, FaceQLError

TABLE = Path(__file__).parents[1] / "docs" / "migration.md"
ROW = re.compile(r"^\| (\d[\d, ]*)( \([a-z ]+\))? \| `([^`]+)` \| ([\d.]+) \|$", re.MULTILINE)
CORNERS = (33, 263)


def measure(folder: Path, most: int, rows: list[tuple[list[int], str]]) -> tuple[list[float], int]:
    """Return the median distance of each row, and of how many faces."""
    labels = np.load(folder / "labels.npz")
    meshes: npt.NDArray[np.float64] = labels["mesh478"].astype(np.float64)
    engine = Engine("cpu")
    asked = "; ".join(instruction for _, instruction in rows)
    vertices = np.concatenate([numbers for numbers, _ in rows])
    kept = np.flatnonzero(labels["is_val"])
    apart = []
    # Evenly from all of its sources, which lie one after the other.
    for face in kept[np.linspace(0, len(kept) - 1, most).round().astype(int)].tolist():
        try:
            points = engine.ask(folder / "images" / f"{face:05d}.jpg", asked).xy
        except FaceQLError:
            continue
        wide = np.linalg.norm(np.diff(meshes[face, CORNERS, :], axis=0))
        apart.append(np.linalg.norm(points - meshes[face, vertices], axis=1) / wide)
    ends = np.cumsum([len(numbers) for numbers, _ in rows])[:-1]
    medians = [float(np.median(some)) for some in np.split(np.stack(apart), ends, axis=1)]
    return medians, len(apart)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the face packs")
    parser.add_argument("--faces", type=int, default=60)
    parser.add_argument("--update", action="store_true", help="write them into docs/migration.md")
    arguments = parser.parse_args()
    page = TABLE.read_text("utf-8")
    found = list(ROW.finditer(page))
    rows = [([int(number) for number in row[1].split(",")], row[3]) for row in found]
    medians, faces = measure(arguments.data / "human68", arguments.faces, rows)
    print(f"median of {faces} faces, inter-ocular distances; as the page has it")
    for row, median in zip(found, medians, strict=True):
        print(f"{row[1]}{row[2] or ''}: {median:.2f} ({row[4]})")
    if arguments.update:
        told = iter(medians)
        page = ROW.sub(lambda row: row[0].replace(f"| {row[4]} |", f"| {next(told):.2f} |"), page)
        TABLE.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
