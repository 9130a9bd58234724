"""Only what is seen, as a flag of the query."""

import pytest

import faceql

SAME = [
    ("only the visible points of the jaw", "face_contour * 33 | visible"),
    ("the visible part of the jawline", "face_contour * 33 | visible"),
    ("the visible jawline", "face_contour * 33 | visible"),
    ("jawline, hidden points left out", "face_contour * 33 | visible"),
    ("the jaw without the occluded points", "face_contour * 33 | visible"),
    ("300W layout, visible landmarks only", "300w | visible"),
    ("visible landmarks only, 300W", "300w | visible"),
    ("10 points on the visible part of the jawline", "face_contour * 10 | visible"),
    ("left eye and pupils that are visible", "left_eye * 8; left_pupil; right_pupil | visible"),
    ("visible part of the jaw as a polyline, leftmost face", "face_contour * 33 | polyline, visible, face leftmost"),
    ("12 points on the outer lip at equal distances, visible points only", "outer_lip * 12 | arc, visible"),
]


@pytest.mark.parametrize(("text", "canonical"), SAME)
def test_it_is_said_in_many_ways(text: str, canonical: str) -> None:
    query = faceql.parse(text)
    assert query.visible_only
    assert query == faceql.parse(canonical)
    assert query.canonical == canonical
    assert "only those that are seen" in query.explain()


def test_it_is_part_of_what_is_asked_and_changes_no_place() -> None:
    plain, visible = faceql.parse("300W"), faceql.parse("visible points of 300W")
    assert not plain.visible_only
    assert plain != visible
    assert plain.landmarks == visible.landmarks
    assert (plain.count, visible.count) == (68, None), "how many are seen only the picture tells"
    assert visible.laid_out == 68


@pytest.mark.parametrize("text", ["visible landmarks only", "hidden points left out"])
def test_alone_it_asks_for_nothing(text: str) -> None:
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse(text)
    assert caught.value.code == "no_part"


def test_the_picture_of_a_visible_face_stays_a_face() -> None:
    assert not faceql.parse("pupils of the second visible face").visible_only
