"""Rings, holes and lines: what a query says of them."""

import pytest

import faceql
from faceql.querylang.query import Query


def roles(text: str) -> list[tuple[str, str | None]]:
    query = faceql.parse(text)
    return [(run.part, role) for run, role in zip(query.runs, query.roles, strict=True)]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("upper lip as a polygon", [("outer lip", "polygon"), ("inner lip", "back")]),
        ("lips as a mask", [("outer lip", "polygon"), ("inner lip", "hole")]),
        ("lips without the mouth opening as a polygon", [("outer lip", "polygon"), ("inner lip", "hole")]),
        ("lips as a mask, without the mouth opening", [("outer lip", "polygon"), ("inner lip", "hole")]),
        ("outer lip without the inner lip, filled", [("outer lip", "polygon"), ("inner lip", "hole")]),
        ("face contour without the lips as a mask", [("face contour", "polygon"), ("outer lip", "hole")]),
        ("inner lip and outer lip as polygons", [("inner lip", "polygon"), ("outer lip", "polygon")]),
        ("upper lip as a polyline", [("outer lip", "polyline"), ("inner lip", "polyline")]),
        ("lips", [("outer lip", None), ("inner lip", None)]),
        (
            "upper lip and lower lip as polygons, 20 points each",
            [("outer lip", "polygon"), ("inner lip", "back"), ("outer lip", "polygon"), ("inner lip", "back")],
        ),
        (
            "lips and eyes without the mouth opening, as polygons",
            [("outer lip", "polygon"), ("inner lip", "hole"), ("left eye", "polygon"), ("right eye", "polygon")],
        ),
        (
            "left eye as a polygon and the jaw, 20 points",
            [("left eye", "polygon"), ("face contour", None)],
        ),
    ],
)
def test_what_each_run_does(text: str, want: list[tuple[str, str | None]]) -> None:
    assert roles(text) == want
    query = faceql.parse(text)
    again = faceql.parse(query.canonical)
    assert again == query
    assert again.roles == query.roles


def test_a_hole_is_written_where_it_is_not_told_by_the_parts() -> None:
    query = faceql.parse("face contour without the lips as a mask")
    assert query.canonical == "face_contour * 33 | polygon; outer_lip * 12 | hole"
    assert query.shape == "polygon"
    assert "12 on the outer lip cut out" in query.explain()


def test_without_a_shape_an_exception_only_removes() -> None:
    assert faceql.parse("lips without the mouth opening").canonical == "outer_lip * 12"


@pytest.mark.parametrize(
    "text",
    [
        "left pupil as a polygon",
        "mouth corners as a polygon",
        "left eye and pupil as polygons",
        "2 points on the left eye as a polygon",
        "left_pupil | polygon",
        "outer_lip * 2 | polygon",
        "left_eye * 8; nose_bridge @ 1 | polygon",
        "inner_lip * 8 | hole",
        "left_eye * 8 | polyline; inner_lip * 8 | hole",
    ],
)
def test_a_point_is_no_polygon_and_a_hole_needs_one(text: str) -> None:
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse(text)
    assert caught.value.code == "contradiction"


def test_the_patients_left_pupil_says_which_it_is() -> None:
    query = faceql.parse("the patient's left pupil")
    assert query.canonical == "right_pupil"
    assert query.notes == ("left is the person's own, as the words say, and lies on the picture's right",)


def test_shapes_stand_for_themselves_in_a_query_that_is_put_together() -> None:
    runs = faceql.parse("lips").runs
    apart = Query("", runs, shape="polygon", shapes=("polygon", "hole"))
    assert apart.roles == Query("", runs, shape="polygon").roles
