"""The parts and layouts, checked by symmetry and by the sizes the datasets publish."""

from fractions import Fraction

import pytest

from faceql.errors import ConfigError
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.registry import load_registry, read_layout, read_parts

REGISTRY = load_registry()


@pytest.mark.parametrize("name", list(REGISTRY.layouts))
def test_mirror_of_a_layout_is_the_layout(name):
    places = {REGISTRY.canonical_place(q) for q in REGISTRY.layouts[name].landmarks}
    assert {REGISTRY.mirror(q) for q in places} == places


@pytest.mark.parametrize("part", list(REGISTRY.parts.values()), ids=lambda part: part.name)
def test_mirroring_twice_changes_nothing(part):
    for fpalp in (*part.unified_fpalps, Fraction(2, 7) if not part.is_point else Fraction(0)):
        place = REGISTRY.canonical_place(LandmarkQuery(part.name, fpalp))
        assert REGISTRY.mirror(REGISTRY.mirror(place)) == place
    assert part.name.replace("left", "right") == part.mirror.replace("left", "right")


@pytest.mark.parametrize(("name", "size"), [("300w", 68), ("wflw", 98), ("aflw", 19), ("cofw", 29), ("unified", 100)])
def test_sizes(name, size):
    assert REGISTRY.layouts[name].size == size


def test_unified_layout_is_wflw_and_the_ends_of_the_nose_boundary():
    wflw, unified = REGISTRY.layouts["wflw"].landmarks, REGISTRY.layouts["unified"].landmarks
    ends = [LandmarkQuery("nose boundary", Fraction(i)) for i in (0, 1)]
    assert [q for q in unified if q not in ends] == list(wflw)


def test_corners_of_300w():
    landmarks = REGISTRY.layouts["300w"].landmarks
    assert landmarks[8] == LandmarkQuery("face contour", Fraction(1, 2))
    assert landmarks[36] == LandmarkQuery("left eye", Fraction(0))
    assert landmarks[45] == LandmarkQuery("right eye", Fraction(1, 2))
    assert REGISTRY.mirror(landmarks[36]) == landmarks[45]
    assert landmarks[54] == LandmarkQuery("outer lip", Fraction(1, 2))


def test_printed_fpalps_differ_only_on_the_right_eyebrow():
    for layout in REGISTRY.layouts.values():
        repaired = [q.part for q, f in zip(layout.landmarks, layout.printed_fpalps, strict=True) if q.fpalp != f]
        assert set(repaired) <= {"right eyebrow"}
    cofw = REGISTRY.layouts["cofw"]
    assert cofw.printed_fpalps[5:9] == (0, Fraction(2, 9), Fraction(1, 2), Fraction(7, 9))
    assert [q.fpalp * 18 for q in cofw.landmarks[5:9]] == [17, 4, 8, 12]


def test_bad_parts_are_refused():
    with pytest.raises(ConfigError, match="kind"):
        read_parts([{"name": "left ear", "kind": "round"}])


@pytest.mark.parametrize(("part", "fpalp", "reason"), [("ear", "0", "unknown part"), ("left eye", "9/8", "outside")])
def test_bad_layouts_are_refused(part, fpalp, reason):
    table = {"size": 1, "title": "X", "run": [{"first_id": 1, "part": part, "fpalps": [fpalp]}]}
    with pytest.raises(ConfigError, match=reason):
        read_layout("x", table, REGISTRY.parts)
