"""What docs/ says of answers and of other tools' indices holds."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from faceql.model.surface_mesh import border_edges, load_surface_mesh
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
        assert len(landmarks) >= 10


# Numbers of MediaPipe's face_mesh_connections; those of the two sides mirror each other.
LIPS = {0, 13, 14, 17, *(37, 39, 40, 61, 78, 80, 81, 82, 84, 87, 88, 91, 95, 146, 178, 181, 185, 191)}
LIPS |= {267, 269, 270, 291, 308, 310, 311, 312, 314, 317, 318, 321, 324, 375, 402, 405, 409, 415}
GROUPS = {
    "LIPS": LIPS,
    "LEFT_EYE": {249, 263, 362, 373, 374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466},
    "RIGHT_EYE": {7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246},
    "LEFT_EYEBROW": {276, 282, 283, 285, 293, 295, 296, 300, 334, 336},
    "RIGHT_EYEBROW": {46, 52, 53, 55, 63, 65, 66, 70, 105, 107},
    "NOSE": {1, 2, 4, 5, 6, 19, 45, 48, 64, 94, 97, 98, 115, 168, 195, 197, 220, 275, 278, 294, 326, 327, 344, 440},
    "TESSELATION": set(range(468)),
}


@pytest.mark.parametrize("group", GROUPS)
def test_mediapipes_groups_are_all_there_by_number(group: str) -> None:
    (numbered,) = (words for name, words in rows("MediaPipe") if name == f"FACEMESH_{group}" and "mediapipe" in words)
    (run,) = parse(numbered).runs
    assert {number - 1 for number in run.ids} == GROUPS[group]
    assert len(run.ids) == len(GROUPS[group])


def test_mediapipes_oval_is_the_edge_of_the_mesh() -> None:
    mesh = load_surface_mesh()
    (numbered,) = (words for name, words in rows("MediaPipe") if name == "FACEMESH_FACE_OVAL")
    (run,) = parse(numbered).runs
    ring = [number - 1 for number in run.ids]
    edges = {tuple(sorted(pair)) for pair in zip(ring, ring[1:] + ring[:1], strict=True)}
    assert len(edges) == 36
    assert edges <= set(border_edges(mesh.triangles))


def test_every_group_of_mediapipes_has_an_instruction() -> None:
    told = [name for name, _ in rows("MediaPipe")]
    groups = [*GROUPS, "FACE_OVAL", "LEFT_IRIS", "RIGHT_IRIS", "CONTOURS"]
    assert all(any(re.match(rf"FACEMESH_{group}\b", name) for name in told) for group in groups)


def test_mediapipes_pairs_mirror_each_other() -> None:
    registry = load_registry()
    for indices, instruction in rows("MediaPipe"):
        landmarks = parse(instruction).landmarks
        if len(landmarks) == 2 and not instruction.startswith("inner lip at"):
            first, second = (registry.canonical_place(landmark) for landmark in landmarks)
            assert registry.mirror(first) == second, indices
