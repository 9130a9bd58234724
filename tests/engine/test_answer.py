"""Answers: immutable, written down and read back whole, drawn where they lie."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import pickle
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Answer, Face, Photo
from faceql.engine.curves import Place
from faceql.engine.names import PLACE_NAMES, name_places
from faceql.engine.outlines import count_runs, join_outlines
from faceql.engine.palette import OTHER_COLOR, PART_COLORS, part_color
from faceql.errors import ConfigError, ImageError, NoSuchFaceError
from faceql.querylang.parse import parse
from faceql.querylang.registry import load_registry
from faceql.querylang.surfaces import load_surfaces

HEIGHT, WIDTH = 90, 120
GREY = 90


def make_answer(text: str, xy: list[tuple[float, float]], num_faces: int = 1) -> Answer:
    """Return an answer on a grey photo whose points lie where they are told, the same for every face but moved."""
    query = parse(text)
    places = [Place(landmark.part, float(landmark.fpalp)) for landmark in query.landmarks] * num_faces
    moves = [np.array(xy, np.float32) + np.float32(50 * face) for face in range(num_faces)]
    pixels = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    parts = tuple(place.part for place in places)
    face_index = np.repeat(np.arange(num_faces), len(xy))
    runs = count_runs(query, len(parts), num_faces)
    return Answer(
        query=query,
        perspective="viewer",
        parts=parts,
        fpalps=np.array([place.fpalp for place in places]),
        names=name_places(places),
        xy=np.concatenate(moves),
        expected_error=np.linspace(0.7, 3.1, len(places), dtype=np.float32),
        error_ellipses=np.linspace((1.4, 0.35, -30), (6.2, 1.55, 80), len(places), dtype=np.float32),
        face_index=face_index,
        outlines=join_outlines(query, parts, runs.tolist(), face_index.tolist()),
        faces=tuple(Face((50.0 * i, 50.0 * i, 50.0 * i + 40, 50.0 * i + 40), 0.875, i + 1) for i in range(num_faces)),
        image_size=(HEIGHT, WIDTH),
        model_version="hand-made",
        notes=('a note with ü, <tags> & "quotes"',),
        photo=Photo(pixels),
    )


@pytest.fixture
def two_faces() -> Answer:
    return make_answer(
        "left mouth corner; left pupil; outer lip @ 0.1, 0.2", [(10.1, 20.2), (5, 6), (7.25, 1e-3), (30, 31)], 2
    )


RING = [(20.0, 20.0), (60.0, 20.0), (60.0, 60.0), (20.0, 60.0)]


def test_points_one_by_one(two_faces: Answer) -> None:
    first, *_, last = two_faces.points
    assert (first.part, first.fpalp, first.name, first.face) == ("outer lip", 0.0, "left mouth corner", 0)
    assert first.xy == pytest.approx((10.1, 20.2))
    assert last.face == 1
    assert last.name == "outer lip at 0.2"
    assert last.xy == pytest.approx((80, 81))
    assert last.expected_error == pytest.approx(3.1)


def test_strokes_part_runs_by_part_and_face(two_faces: Answer) -> None:
    runs = [(s.part, s.face, s.start, s.stop) for s in two_faces.strokes]
    assert runs == [
        ("outer lip", 0, 0, 1),
        ("left pupil", 0, 1, 2),
        ("outer lip", 0, 2, 4),
        ("outer lip", 1, 4, 5),
        ("left pupil", 1, 5, 6),
        ("outer lip", 1, 6, 8),
    ]


def test_an_answer_cannot_be_changed(two_faces: Answer) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        two_faces.notes = ()  # type: ignore[misc]
    for array in (two_faces.xy, two_faces.fpalps, two_faces.expected_error, two_faces.face_index):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        hash(two_faces)


def test_arrays_of_other_lengths_make_no_answer(two_faces: Answer) -> None:
    with pytest.raises(ConfigError, match="other lengths"):
        dataclasses.replace(two_faces, xy=np.zeros((3, 2), np.float32))


def test_json_round_trip(two_faces: Answer) -> None:
    text = two_faces.to_json()
    again = Answer.from_json(text)
    assert again == two_faces
    assert again.to_json() == text
    assert again.query == two_faces.query
    for name in ("xy", "expected_error", "error_ellipses", "fpalps", "face_index"):
        np.testing.assert_array_equal(getattr(again, name), getattr(two_faces, name))
        assert getattr(again, name).dtype == getattr(two_faces, name).dtype
    assert again.faces == two_faces.faces
    data = json.loads(text)
    assert data["schema_version"] == 3
    assert data["image_size"] == {"height": HEIGHT, "width": WIDTH}
    assert data["points"][0]["x"] == 10.1  # as few digits as the float32 needs


def test_answers_are_equal_by_what_they_say(two_faces: Answer) -> None:
    assert two_faces == dataclasses.replace(two_faces, photo=None)
    assert two_faces != dataclasses.replace(two_faces, model_version="other")
    assert two_faces != dataclasses.replace(two_faces, xy=two_faces.xy + 1)
    assert pickle.loads(pickle.dumps(two_faces)) == two_faces


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", "{}", '{"schema_version": 1}', '{"schema_version": 2}', '{"schema_version": 2, "canonical": "x"}'],
)
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Answer.from_json(text)


@pytest.mark.parametrize("change", [{"points": [{}]}, {"faces": [{"box": [1]}]}, {"points": 3}, {"image_size": None}])
def test_a_damaged_answer_is_refused(two_faces: Answer, change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="not an answer"):
        Answer.from_dict(two_faces.to_dict() | change)


def test_csv_holds_the_same_numbers(two_faces: Answer) -> None:
    rows = list(csv.DictReader(io.StringIO(two_faces.to_csv())))
    assert len(rows) == 8
    np.testing.assert_array_equal(np.array([(r["x"], r["y"]) for r in rows], np.float32), two_faces.xy)
    assert [r["name"] for r in rows] == list(two_faces.names)
    assert [int(r["face"]) for r in rows] == two_faces.face_index.tolist()


def test_shares_of_the_photo_on_request(two_faces: Answer) -> None:
    told = two_faces.to_dict(units="normalized")
    corner = np.array([told["points"][0]["x"], told["points"][0]["y"]])
    np.testing.assert_allclose(corner * (WIDTH, HEIGHT) - 0.5, (10.1, 20.2), atol=1e-4)
    np.testing.assert_allclose(told["faces"][1]["box"], [50.5 / 120, 50.5 / 90, 90.5 / 120, 90.5 / 90], atol=1e-6)
    assert (told["units"], told["points"][0]["expected_error"]) == (
        "normalized",
        two_faces.to_dict()["points"][0]["expected_error"],
    )
    assert json.loads(two_faces.to_json(units="normalized")) == told
    rows = list(csv.DictReader(io.StringIO(two_faces.to_csv(units="normalized"))))
    assert [(float(row["x"]), float(row["y"])) for row in rows] == [
        (point["x"], point["y"]) for point in told["points"]
    ]
    assert [row["expected_error"] for row in rows] == [
        row["expected_error"] for row in csv.DictReader(io.StringIO(two_faces.to_csv()))
    ]
    assert two_faces.to_dict(units="px") == two_faces.to_dict()
    for write in (two_faces.to_dict, two_faces.to_json, two_faces.to_csv):
        with pytest.raises(ConfigError, match="'inches'"):
            write(units="inches")
    with pytest.raises(ConfigError, match="read from pixels"):
        Answer.from_dict(told)


def test_pts_counts_pixels_from_one(two_faces: Answer) -> None:
    lines = two_faces.to_pts(face=1).splitlines()
    assert lines[:3] == ["version: 1", "n_points: 4", "{"]
    assert lines[3] == "61.1000 71.2000"
    assert lines[-1] == "}"
    assert len(lines) == 8
    with pytest.raises(NoSuchFaceError):
        two_faces.to_pts(face=2)


SVG = "{http://www.w3.org/2000/svg}"


def test_svg_has_a_dot_for_each_point(two_faces: Answer) -> None:
    root = ET.fromstring(two_faces.to_svg())
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    layer = root.find(f"{SVG}g")
    assert layer is not None
    assert layer.get("transform") == "translate(0.5 0.5)"
    dots = list(root.iter(f"{SVG}circle"))
    places = [(float(d.get("cx", "nan")), float(d.get("cy", "nan"))) for d in dots]
    np.testing.assert_allclose(places, two_faces.xy, atol=1e-3)
    assert [d.findtext(f"{SVG}title") for d in dots] == list(two_faces.names)


@pytest.mark.parametrize("shape", ["polygon", "polyline"])
def test_svg_has_the_shape_that_is_asked(shape: str) -> None:
    answer = make_answer(f"outer_lip * 4 | {shape}", RING)
    (drawn,) = ET.fromstring(answer.to_svg()).iter(f"{SVG}{shape}")
    assert drawn.get("points") == "20.000,20.000 60.000,20.000 60.000,60.000 20.000,60.000"


def pixel(image: Image.Image, x: float, y: float) -> np.ndarray:
    return np.array(image.getpixel((round(x), round(y))), dtype=int)


def test_dots_lie_on_their_points_in_the_parts_color() -> None:
    answer = make_answer("outer_lip * 4", RING)
    drawn = answer.draw(legend=False)
    assert drawn.size == (WIDTH, HEIGHT)
    changed = (np.asarray(drawn) != GREY).any(axis=2)
    for x, y in RING:
        around = changed[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4]
        rows, columns = np.nonzero(around)
        assert (rows.mean(), columns.mean()) == pytest.approx((3, 3))
    assert not changed[30:50].any()
    large = answer.draw(scale=8, legend=False)
    assert large.size == (8 * WIDTH, 8 * HEIGHT)
    for x, y in RING:
        assert pixel(large, (x + 0.5) * 8 - 0.5, (y + 0.5) * 8 - 0.5).tolist() == list(part_color("outer lip"))


def test_a_polygon_is_filled_and_a_polyline_stays_open() -> None:
    polygon = make_answer("outer_lip * 4 | polygon", RING).draw(scale=4, legend=False)
    polyline = make_answer("outer_lip * 4 | polyline", RING).draw(scale=4, legend=False)
    inside, closing_edge = (40 * 4, 40 * 4), (20.4 * 4, 40 * 4)
    assert (pixel(polygon, *inside) != GREY).any()
    assert (pixel(polygon, *inside) != part_color("outer lip")).any()
    assert (pixel(polyline, *inside) == GREY).all()
    assert (pixel(polygon, *closing_edge) == part_color("outer lip")).all()
    assert (pixel(polyline, *closing_edge) == GREY).all()


def test_expected_errors_are_drawn_as_their_ellipses() -> None:
    answer = make_answer("nose tip", [(60, 45)])
    answer = dataclasses.replace(answer, error_ellipses=np.array([[20, 6, 90]], np.float32))
    plain, with_errors = answer.draw(legend=False), answer.draw(legend=False, errors=True)
    for x, y, is_drawn in ((60, 65, True), (60, 55, True), (60, 68, False), (66, 45, True), (69, 45, False)):
        assert (pixel(plain, x, y) == GREY).all()
        assert (pixel(with_errors, x, y) != GREY).any() == is_drawn
    # The outline is the strongest.
    assert np.abs(pixel(with_errors, 60, 65) - GREY).sum() > np.abs(pixel(with_errors, 60, 57) - GREY).sum()


def test_the_legend_names_parts_where_it_fits_and_hides_no_point() -> None:
    answer = make_answer("outer_lip * 4; left_eye * 4", RING + RING)
    assert answer.draw() == answer.draw(legend=False), "120 x 90 has no room for letters"
    large, bare = answer.draw(scale=6), answer.draw(scale=6, legend=False)
    assert large != bare
    corners = [(x, y) for x in (2, 118) for y in (2, 88)]
    assert sum((pixel(large, 6 * x, 6 * y) != GREY).any() for x, y in corners) <= 1
    for x, y in RING:
        place = ((x + 0.5) * 6 - 0.5, (y + 0.5) * 6 - 0.5)
        assert (pixel(large, *place) == pixel(bare, *place)).all()


def test_points_outside_the_photo_are_not_drawn() -> None:
    far = make_answer("outer_lip * 4 | polygon", [(-500, -500), (-400, -500), (-400, -400), (9e4, 9e4)])
    assert far.draw(errors=True).size == (WIDTH, HEIGHT)


def test_drawing_leaves_the_photo_as_it_is() -> None:
    answer = make_answer("outer_lip * 4; left_eye * 4", RING + RING)
    other = Image.new("RGB", (WIDTH, HEIGHT), "white")
    answer.draw()
    answer.draw(other)
    assert answer.photo is not None
    assert (answer.photo.pixels == GREY).all()
    assert other.getextrema() == ((255, 255),) * 3


def test_what_cannot_be_drawn_says_so(two_faces: Answer) -> None:
    read = Answer.from_json(two_faces.to_json())
    with pytest.raises(ImageError, match=r"give draw\(image\)"):
        read.draw()
    assert read.draw(Image.new("L", (WIDTH, HEIGHT))).size == (WIDTH, HEIGHT)
    with pytest.raises(ImageError, match="120 x 90, not 90 x 120"):
        read.draw(Image.new("RGB", (HEIGHT, WIDTH)))
    for scale in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ImageError, match="scale"):
            two_faces.draw(scale=scale)


def test_every_part_and_every_surface_has_a_color_of_its_own() -> None:
    known = {*load_registry().parts, *load_surfaces()}
    assert set(PART_COLORS) == known
    assert len({*PART_COLORS.values(), OTHER_COLOR}) == len(known) + 1


@pytest.mark.parametrize(("place", "name"), PLACE_NAMES.items())
def test_a_places_name_asks_for_that_place(place: tuple[str, object], name: str) -> None:
    (landmark,) = parse(name).landmarks
    assert (landmark.part, landmark.fpalp) == place


def test_a_place_without_a_name_is_called_by_its_part_and_asks_for_itself() -> None:
    (name,) = name_places([Place("outer lip", 0.125)])
    assert name == "outer lip at 0.125"
    (landmark,) = parse(name).landmarks
    assert (landmark.part, landmark.fpalp) == ("outer lip", 0.125)
