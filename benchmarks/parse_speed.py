"""How fast the language is: python benchmarks/parse_speed.py

Prints, each text parsed once in this fresh process after one other parse: the median, the 90th percentile and the
maximum over the distinct instructions of tests/cases, answered or refused, with the slowest five; the texts of 4,000
characters that cost most (tests/cases/worst.toml); and the time from the start of a process to its first parse.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import faceql

CASES = Path(__file__).parents[1] / "tests" / "cases"
LENGTH = 4000
SLOWEST = 5
STARTS = 5
FIRST = "import faceql; faceql.parse('4 points per eyebrow')"
CANONICAL = "import faceql; faceql.parse('left_eyebrow * 4; right_eyebrow * 4')"


def read_texts() -> list[str]:
    """Return the distinct instructions of all cases, in the order of the files."""
    texts: dict[str, None] = {}
    for path in sorted(CASES.glob("[low]*.jsonl")):
        for line in path.read_text("utf-8").split("\n"):
            if line.strip():
                texts[json.loads(line)["text"]] = None
    return list(texts)


def read_worst() -> dict[str, str]:
    """Return the texts of the greatest length by name: each piece repeated, its repetitions counted."""
    pieces = tomllib.loads((CASES / "worst.toml").read_text("utf-8"))
    return {
        f"{kind}: {name}": "".join(piece.replace("{n}", str(n)) for n in range(LENGTH // len(piece) + 1))[:LENGTH]
        for kind, named in pieces.items()
        for name, piece in named.items()
    }


def time_parse(text: str) -> float:
    """Return the milliseconds one text takes, answered or refused."""
    start = time.perf_counter()
    with contextlib.suppress(faceql.QueryError):
        faceql.parse(text)
    return 1000 * (time.perf_counter() - start)


def describe(taken: Mapping[str, float]) -> str:
    """Return the median, the 90th percentile and the maximum of some milliseconds."""
    values = list(taken.values())
    ninetieth = statistics.quantiles(values, n=10)[-1]
    return f"median {statistics.median(values):.2f} ms, 90% within {ninetieth:.2f} ms, maximum {max(values):.1f} ms"


def show_slowest(taken: Mapping[str, float]) -> None:
    """Print the slowest texts, each on one line."""
    for text in sorted(taken, key=lambda text: -taken[text])[:SLOWEST]:
        print(f"  {taken[text]:8.1f} ms  {text[:100]!r}")


def time_start(code: str) -> float:
    """Return the milliseconds from starting a process with some code to its end, the best of several."""
    best = float("inf")
    for _ in range(STARTS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        best = min(best, time.perf_counter() - start)
    return 1000 * best


def main() -> None:
    """Print everything."""
    faceql.parse("left eye")
    taken = {text: time_parse(text) for text in read_texts()}
    print(f"{len(taken)} instructions: {describe(taken)}; the slowest:")
    show_slowest(taken)
    worst = {name: time_parse(text) for name, text in read_worst().items()}
    print(f"{len(worst)} texts of {LENGTH:,} characters: {describe(worst)}; the slowest:")
    show_slowest(worst)
    first, canonical, bare = time_start(FIRST), time_start(CANONICAL), time_start("pass")
    print(f"process start to first parse {first:.0f} ms, to first canonical parse {canonical:.0f} ms, of which")
    print(f"Python itself {bare:.0f} ms (best of {STARTS})")


if __name__ == "__main__":
    main()
