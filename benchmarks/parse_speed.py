"""How fast the language is: python benchmarks/parse_speed.py

Prints the median time of a parse over distinct ordinary instructions (each parsed once, after one other parse), the
worst of them, and the time from the start of a process to its first parse.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import faceql

CASES = Path(__file__).parents[1] / "tests" / "cases"
STARTS = 10


def read_texts() -> list[str]:
    """Return the distinct instructions of the cases that have an answer, of ordinary length."""
    texts: dict[str, None] = {}
    for path in sorted(CASES.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            case = json.loads(line)
            if "error" not in case["expect"] and len(case["text"]) < 200:
                texts[case["text"]] = None
    return list(texts)


def time_parses(texts: list[str]) -> list[float]:
    """Return the seconds each instruction takes."""
    faceql.parse("left eye")
    seconds = []
    for text in texts:
        start = time.perf_counter()
        try:
            faceql.parse(text)
        except faceql.QueryError:
            continue
        seconds.append(time.perf_counter() - start)
    return seconds


def time_starts(code: str) -> float:
    """Return the median seconds from starting a process with some code to its end."""
    seconds = []
    for _ in range(STARTS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


if __name__ == "__main__":
    taken = time_parses(read_texts())
    print(
        f"{len(taken)} instructions: median {1000 * statistics.median(taken):.2f} ms, worst {1000 * max(taken):.1f} ms"
    )
    bare = time_starts("pass")
    first = time_starts("import faceql; faceql.parse('4 points per eyebrow')")
    print(f"process start to first parse {1000 * first:.0f} ms (of which Python itself {1000 * bare:.0f} ms)")
