"""What a plain install brings, by megabyte, and what of it an ask loads: python benchmarks/install_size.py

prints every package that faceql requires, and what those require, largest first: what it takes on disk here, and
whether a first ask on the CPU imports anything of it. What is not required (extras) is not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

PHOTO = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
ASK = """
import json, sys
import faceql
faceql.Engine("cpu").ask(sys.argv[1], "pupils")
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
MB = 1e6
SMALL_MB = 1.0


def gather(requirements: list[str], found: dict[str, metadata.Distribution]) -> None:
    """Add the distributions of requirements, and of what they require, that are installed."""
    for text in requirements:
        wanted = Requirement(text)
        name = wanted.name.lower().replace("_", "-")
        if name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        found[name] = metadata.distribution(name)
        gather(found[name].requires or [], found)


def measure_size(distribution: metadata.Distribution) -> float:
    """Return what a distribution's files take, bytes, without what Python has compiled of them."""
    paths = [Path(str(distribution.locate_file(file))) for file in distribution.files or []]
    return sum(path.stat().st_size for path in paths if path.suffix != ".pyc" and path.is_file())


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    found: dict[str, metadata.Distribution] = {}
    gather(metadata.requires("faceql") or [], found)
    told = subprocess.run([sys.executable, "-c", ASK, str(PHOTO)], check=True, capture_output=True, text=True).stdout
    homes = metadata.packages_distributions()
    loaded = {name.lower().replace("_", "-") for module in json.loads(told) for name in homes.get(module, [])}
    sizes = {name: measure_size(distribution) / MB for name, distribution in found.items()}
    print("| package | MB | an ask loads it |")
    print("|---|---:|---|")
    small = [name for name, size in sizes.items() if size < SMALL_MB]
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if size >= SMALL_MB:
            print(f"| {name} {found[name].version} | {size:.0f} | {'yes' if name in loaded else 'no'} |")
    print(f"| {len(small)} others under {SMALL_MB:.0f} MB | {sum(sizes[name] for name in small):.0f} | |")
    used = sum(size for name, size in sizes.items() if name in loaded)
    print(f"\n{len(sizes)} packages, {sum(sizes.values()):.0f} MB; of it {used:.0f} MB are packages that an ask loads")


if __name__ == "__main__":
    main()
