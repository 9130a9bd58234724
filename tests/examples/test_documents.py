"""What docs/ says of answers and of other tools' indices holds."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from faceql.querylang.parse import parse
from faceql.querylang.registry import load_registry

ROOT = Path(__file__).parents[2]
TABLE_ROW = re.compile(r"^\| (?P<indices>[^|]+?) \| `(?P<instruction>[^`]+)` \|", re.MULTILINE)


def rows(heading: str) -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "migration.md").read_text("utf-8")
    section = text.split(f"## {heading}")[1].split("\n## ")[0]
    return TABLE_ROW.findall(section)


@pytest.mark.parametrize("name", ["answers.md", "migration.md", "motion.md"])
def test_the_examples_print_what_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / name).read_text("utf-8"), re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, name, name, 0)
    told: list[str] = []
    failed, tried = doctest.DocTestRunner().run(test, out=told.append)
    assert tried > 2
    assert failed == 0, "".join(told)


@pytest.mark.parametrize(("indices", "instruction"), rows("dlib"))
def test_dlibs_indices_are_300w_points_from_zero(indices: str, instruction: str) -> None:
    numbers = [int(number) for number in re.findall(r"\d+", indices)]
    if " to " in indices:
        numbers = list(range(numbers[0], numbers[1] + 1))
    layout = load_registry().layouts["300w"].landmarks
    assert list(parse(instruction).landmarks) == [layout[number] for number in numbers]


@pytest.mark.parametrize(("indices", "instruction"), rows("MediaPipe"))
def test_mediapipes_indices_have_a_point_each(indices: str, instruction: str) -> None:
    numbers = re.findall(r"\d+", indices)
    landmarks = parse(instruction).landmarks
    if numbers:
        assert len(landmarks) == len(set(landmarks)) == len(numbers)
    else:
        assert len(landmarks) >= 20


def test_mediapipes_pairs_mirror_each_other() -> None:
    registry = load_registry()
    for indices, instruction in rows("MediaPipe"):
        landmarks = parse(instruction).landmarks
        if len(landmarks) == 2 and not instruction.startswith("inner lip at"):
            first, second = (registry.canonical_place(landmark) for landmark in landmarks)
            assert registry.mirror(first) == second, indices
