"""Say for every face of photos whether eyes and mouth are open: blink and speech detection from two ratios.

python examples/openness.py examples/astronaut.jpg
"""

from __future__ import annotations

import sys

import faceql
from faceql.engine import MEASURES_INSTRUCTION, Measures

# An open eye is about a third as high as wide, a shut one a tenth; between people it differs, so over a video compare
# with the same person's own usual value.
EYE_SHUT = 0.18
MOUTH_OPEN = 0.15


def describe(measures: Measures) -> str:
    """Return one face's state in words and numbers."""
    left, right = measures.eye_openness("left eye"), measures.eye_openness("right eye")
    mouth = measures.mouth_openness
    eyes = {0: "eyes open", 1: "one eye shut", 2: "eyes shut"}[(left < EYE_SHUT) + (right < EYE_SHUT)]
    lips = "mouth open" if mouth > MOUTH_OPEN else "mouth shut"
    return f"{eyes} ({left:.2f}, {right:.2f}), {lips} ({mouth:.2f}), head leans {measures.roll:+.0f} degrees"


def main(paths: list[str]) -> None:
    """Print a line for each face of each photo; a photo that cannot be answered gets the reason."""
    engine = faceql.Engine()
    for outcome in engine.ask_many(paths, MEASURES_INSTRUCTION, faces="all"):
        path = paths[outcome.index]
        if outcome.error is not None:
            print(f"{path}: {outcome.error}")
        else:
            answer = outcome.get()
            for face, found in enumerate(answer.faces):
                print(f"{path}, face {found.number}: {describe(Measures(answer, face))}")


if __name__ == "__main__":
    main(sys.argv[1:])
