"""Surfaces in canonical text: places, spread points, grids and outlines; and the mesh's numbers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import faceql
from faceql.errors import ConfigError, QueryError
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.query import Query
from faceql.querylang.registry import load_registry, read_layout
from faceql.querylang.runs import keep_every, pick_points, reverse_run, space_by_distance
from faceql.querylang.surface_runs import GridRun, OutlineRun, SpotRun, SpreadRun, spread_points
from faceql.querylang.surfaces import load_surfaces

SURFACES = load_surfaces()
HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "canonical", "count", "first"),
    [
        ("left_cheek[0.3, 0.6]", None, 1, ("left cheek", "3/10", "3/5")),
        ("left_cheek", "left_cheek[0.5, 0.5]", 1, ("left cheek", "1/2", "1/2")),
        ("left_cheek * 1", "left_cheek[0.5, 0.5]", 1, ("left cheek", "1/2", "1/2")),
        ("left_cheek * 20", None, 20, ("left cheek", "1/6", "1/12")),
        ("forehead * 7", None, 7, ("forehead", "1/14", "1/2")),
        ("forehead grid 4 5", None, 20, ("forehead", "1/10", "1/8")),
        ("left_cheek outline * 24", None, 24, ("left cheek", "0", "0")),
        ("glabella outline", "glabella outline * 24", 24, ("glabella", "0", "0")),
        ("nose_back outline * 8 | arc", None, 8, ("nose back", "0", "0")),
        ("left_cheek outline * 24 | polygon", None, 24, ("left cheek", "0", "0")),
        ("left_cheek[1/3, 1]; left_cheek[0, 0.125]; left_eye * 4", None, 6, ("left cheek", "1/3", "1")),
        ("chin_surface * 3 | all faces", None, 3, ("chin surface", "1/6", "1/2")),
        ("forehead[0 .. 1, 0 .. 1/3] * 12", None, 12, ("forehead", "1/24", "1/6")),
        ("left_cheek[0.5 .. 1, 0 .. 1] grid 2 2", None, 4, ("left cheek", "5/8", "1/4")),
        ("left_cheek[0.5 .. 1, 0.2 .. 1] outline * 12 | arc", None, 12, ("left cheek", "1/2", "1/5")),
        ("forehead[0 .. 1, 0 .. 1/3]", "forehead[0.5, 1/6]", 1, ("forehead", "1/2", "1/6")),
    ],
)
def test_canonical_text_of_surfaces(text: str, canonical: str | None, count: int, first: tuple[str, str, str]) -> None:
    query = faceql.parse(text)
    assert query.canonical == (canonical or text)
    assert faceql.parse(query.canonical) == query
    assert len(query.landmarks) == query.count == count
    assert query.landmarks[0] == LandmarkQuery(first[0], Fraction(first[1]), Fraction(first[2]))
    assert query.explain()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("left_cheek[0.3, 1.6]", "fpalp_range"),
        ("left_cheek[0.3]", "fpalp_range"),
        ("left_cheek[0.3 .. 0.6, 0.1]", "fpalp_range"),
        ("left_cheek[0.6 .. 0.3, 0 .. 1] * 4", "fpalp_range"),
        ("left_cheek[0 .. 1, 0.5 .. 0.5] * 4", "fpalp_range"),
        ("left_cheek[0.3, 0.6] outline", "contradiction"),
        ("left_cheek(0.3 .. 0.6)", "syntax"),
        ("left_cheek @ 0.3", "syntax"),
        ("left_cheek density 2", "syntax"),
        ("left_cheek[0.3, 0.6] * 5", "contradiction"),
        ("left_cheek * 0", "count"),
        ("left_cheek * 2.5", "count"),
        ("forehead grid 0 5", "count"),
        ("forehead grid 1000 5000", "count"),
        ("left_eye grid 4 5", "syntax"),
        ("left_eye outline * 4", "syntax"),
        ("left_eye * 4; except left_cheek", "contradiction"),
    ],
)
def test_what_no_surface_can_be_asked(text: str, code: str) -> None:
    with pytest.raises(QueryError) as caught:
        faceql.parse(text)
    assert caught.value.code == code


@given(st.sampled_from(list(SURFACES)), st.integers(1, 300))
def test_spread_points_lie_evenly(name: str, count: int) -> None:
    surface = SURFACES[name]
    spots = list(spread_points(surface, count).spots())
    assert len(set(spots)) == count
    assert all(0 < u < 1 and 0 < v < 1 for u, v in spots)
    if count > 1:
        columns = SpreadRun(name, count, surface.aspect).columns
        assert sum(columns) == count
        assert max(columns) - min(columns) <= 1


def test_cells_of_many_points_are_nearly_square() -> None:
    for surface in SURFACES.values():
        columns = SpreadRun(surface.name, 400, surface.aspect).columns
        assert 0.75 < float(surface.aspect) / (max(columns) / len(columns)) < 1.35


def test_an_outline_goes_once_round_from_the_upper_left() -> None:
    spots = list(OutlineRun("forehead", 8).spots())
    assert spots == [(0, 0), (HALF, 0), (1, 0), (1, HALF), (1, 1), (HALF, 1), (0, 1), (0, HALF)]


def test_points_on_a_portion_are_those_of_the_whole_shrunk() -> None:
    whole = GridRun("forehead", 3, 4)
    portion = faceql.parse("3 by 4 grid on the lower quarter of the forehead").runs[0]
    shrunk = [(u, Fraction(3, 4) + v / 4) for u, v in whole.spots()]
    assert isinstance(portion, GridRun)
    assert list(portion.spots()) == shrunk
    # A long thin portion has more columns than rows.
    spread = faceql.parse("16 points on the lower quarter of the left cheek").runs[0]
    assert isinstance(spread, SpreadRun)
    assert len(spread.columns) < max(spread.columns)


def test_what_a_portion_is_called() -> None:
    assert "the upper third of the forehead" in faceql.parse("forehead[0 .. 1, 0 .. 1/3] * 4").explain()
    assert "the right quarter of the left cheek" in faceql.parse("left_cheek[3/4 .. 1, 0 .. 1] outline").explain()
    assert "from (0.1, 0.05) to (0.7, 0.3)" in faceql.parse("left cheekbone, 4 points").explain()
    notes = faceql.parse("chin as a mask").notes
    assert any("chin surface" in note for note in notes)


def test_evenly_spread_points_offer_no_other_spacing() -> None:
    assert not any(
        "equal distances" in note for note in faceql.parse("20 evenly spaced points on the left cheek").notes
    )
    assert any("| arc" in note for note in faceql.parse("20 evenly spaced points on the jaw").notes)


def test_runs_on_surfaces_are_picked_and_turned() -> None:
    grid = GridRun("forehead", 2, 3)
    spots = list(grid.spots())
    assert reverse_run(grid) == SpotRun("forehead", tuple(spots[::-1]))
    assert keep_every([grid], 2) == [SpotRun("forehead", tuple(spots[::2]))]
    assert pick_points([grid], [-1]) == [SpotRun("forehead", (spots[-1],))]
    assert space_by_distance(OutlineRun("forehead", 9)) == OutlineRun("forehead", 9, "arc")
    assert Query("", (OutlineRun("forehead", 9),)) != Query("", (OutlineRun("forehead", 9, "arc"),))


def test_mirroring_a_place_twice_changes_nothing() -> None:
    registry = load_registry()
    for surface in SURFACES.values():
        place = LandmarkQuery(surface.name, Fraction(1, 3), Fraction(1, 7))
        twin = registry.mirror(place)
        assert twin == LandmarkQuery(surface.mirror, Fraction(2, 3), Fraction(1, 7))
        assert registry.mirror(twin) == place
        assert registry.canonical_place(place) == place
    assert SURFACES["right temple"].area != SURFACES["left temple"].area


def test_the_meshs_numbers_count_from_0() -> None:
    query = faceql.parse("mediapipe[33, 133, 263]")
    assert query.canonical == "mediapipe[33, 133, 263]"
    assert query.landmarks == (
        LandmarkQuery("left eye", Fraction(0)),
        LandmarkQuery("left eye", HALF),
        LandmarkQuery("right eye", HALF),
    )
    assert faceql.parse("MediaPipe 33, 133, 263") == query
    assert faceql.parse("FaceMesh 468").count == 468
    assert len(faceql.parse("all points of MediaPipe").landmarks) == 468
    assert "33, 133 and 263" in faceql.parse("mediapipe[33, 133, 263]").explain().replace(
        "33, 133, 263", "33, 133 and 263"
    )
    with pytest.raises(QueryError, match="0 to 467"):
        faceql.parse("mediapipe[468]")


@pytest.mark.parametrize("place", ["left_ear [0.1, 0.2]", "left_cheek @ 0.5", "left_eye [0.1, 0.2]", "left eye @ 0"])
def test_bad_places_of_a_layout_are_refused(place: str) -> None:
    with pytest.raises(ConfigError, match="not a place"):
        read_layout("x", {"title": "X", "size": 1, "places": [place]}, load_registry().parts)
    with pytest.raises(ConfigError, match="size = 2"):
        read_layout("x", {"title": "X", "size": 2, "places": ["forehead [0.1, 0.2]"]}, load_registry().parts)
