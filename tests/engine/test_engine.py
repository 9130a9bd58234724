"""The ask, from photo to answer, with a small detector of random weights: what holds whatever the weights are."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from faceql.engine import Answer, Engine, Face, WholePhoto
from faceql.engine.backends import choose_device
from faceql.errors import ConfigError, ImageError, NoFaceError, NoSuchFaceError, QueryError
from faceql.model.checkpoint import LoadedDetector
from faceql.model.detector import Detector
from faceql.querylang.parse import parse

BOX = (178.0, 62.0, 267.0, 172.0)  # the astronaut's face


class Finds:
    """A face finder that finds what it is told, and counts how often it is asked."""

    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        self.faces = [Face(box, 0.9) for box in boxes]
        self.calls = 0

    def find(self, photo: np.ndarray) -> list[Face]:
        self.calls += 1
        return self.faces


def make_engine(detector: Detector, *boxes: tuple[float, float, float, float]) -> Engine:
    return Engine("cpu", LoadedDetector(detector, "random", {}), face_finder=Finds(*boxes), find_upright=False)


SMALL, LARGE, MEDIUM = (10, 300, 60, 350), (200, 50, 300, 170), (400, 200, 480, 280)


def test_an_answer_says_what_it_is(engine: Engine, astronaut_path: Path) -> None:
    answer = engine.ask(astronaut_path, "4 points per eyebrow")
    assert answer.xy.shape == (8, 2)
    assert answer.xy.dtype == np.float32
    assert answer.parts == ("left eyebrow",) * 4 + ("right eyebrow",) * 4
    np.testing.assert_array_equal(answer.fpalps, [0, 0.25, 0.5, 0.75] * 2)
    assert answer.names[0] == "left eyebrow tail"
    assert answer.names[1] == "left eyebrow at 0.25"
    assert answer.image_size == (512, 512)
    assert answer.model_version == engine.model_version == "random"
    assert answer.query == parse("4 points per eyebrow")
    assert answer.perspective == "viewer"
    (face,) = answer.faces
    assert face.number == 1
    np.testing.assert_allclose(face.box, BOX, atol=8)
    assert (answer.expected_error > 0).all()
    points = list(answer)
    assert len(points) == len(answer) == 8
    assert points[5].part == "right eyebrow"
    assert points[5].xy == tuple(answer.xy[5].tolist())


def test_every_way_in_gives_the_same_answer(engine: Engine, astronaut: np.ndarray) -> None:
    stream = io.BytesIO()
    Image.fromarray(astronaut).save(stream, "PNG")
    want = engine.ask(astronaut, "WFLW").xy
    sources = [
        (stream.getvalue(), "rgb"),
        (Image.fromarray(astronaut), "rgb"),
        (astronaut[:, :, ::-1], "bgr"),
        (engine.encode(astronaut), "rgb"),
    ]
    for source, color in sources:
        np.testing.assert_array_equal(engine.ask(source, "WFLW", color=color).xy, want)


def test_a_photo_turned_by_exif_is_answered_upright(engine: Engine, astronaut: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.fromarray(np.rot90(astronaut)).save(stream, "PNG", exif=exif)
    answer = engine.ask(stream.getvalue(), "pupils")
    np.testing.assert_array_equal(answer.xy, engine.ask(astronaut, "pupils").xy)
    assert answer.notes == ("turned by its EXIF orientation 6: coordinates are in the upright photo",)


def test_a_point_is_the_same_alone_and_in_company(engine: Engine, astronaut: np.ndarray) -> None:
    image = engine.encode(astronaut)
    many = engine.ask(image, "1000 points on the outer lip; left pupil; 500 points on the face contour")
    alone = engine.ask(image, "left pupil")
    crop_px = 256 / (0.92 * 1.35 * np.sqrt(many.faces[0].area))
    assert np.abs(many.xy[1000] - alone.xy[0]).max() * crop_px < 1e-4


def test_moving_the_photo_moves_the_points(engine: Engine, astronaut: np.ndarray) -> None:
    canvas = np.full((900, 1000, 3), 40, np.uint8)
    canvas[300:812, 400:912] = astronaut
    here = engine.ask(astronaut, "300W", boxes=[BOX])
    there = engine.ask(canvas, "300W", boxes=[tuple(v + d for v, d in zip(BOX, (400, 300) * 2, strict=True))])
    np.testing.assert_allclose(there.xy - here.xy, np.broadcast_to([400, 300], (68, 2)), atol=2e-3)
    np.testing.assert_allclose(there.expected_error, here.expected_error, rtol=1e-4)


def test_enlarging_the_photo_enlarges_coordinates_and_errors(engine: Engine, astronaut: np.ndarray) -> None:
    k = 4
    smooth = np.asarray(Image.fromarray(astronaut).filter(ImageFilter.GaussianBlur(4)))
    large = np.asarray(Image.fromarray(smooth).resize((512 * k, 512 * k), Image.Resampling.BICUBIC))
    box = tuple((v + 0.5) * k - 0.5 for v in BOX)
    here, there = engine.ask(smooth, "300W", boxes=[BOX]), engine.ask(large, "300W", boxes=[box])
    side = BOX[2] - BOX[0]
    distances = np.linalg.norm((there.xy + 0.5) / k - 0.5 - here.xy, axis=1)
    assert distances.mean() < 0.01 * side
    np.testing.assert_allclose(there.expected_error / k, here.expected_error, rtol=0.05)


def test_a_face_is_found_once_and_encoded_when_asked(detector: Detector, astronaut: np.ndarray) -> None:
    finder = Finds(SMALL, LARGE)
    engine = Engine("cpu", LoadedDetector(detector, "random", {}), face_finder=finder, find_upright=False)
    image = engine.encode(astronaut)
    assert (finder.calls, detector.encodes) == (1, 0)
    for _ in range(3):
        engine.ask(image, "pupils")
    assert (finder.calls, detector.encodes) == (1, 1)
    engine.ask(image, "pupils", faces="all")
    assert (finder.calls, detector.encodes) == (1, 2)


def test_faces_are_answered_one_after_the_other(detector: Detector, astronaut: np.ndarray) -> None:
    engine = make_engine(detector, MEDIUM, LARGE, SMALL)
    image = engine.encode(astronaut)
    assert [face.box for face in image.faces] == [SMALL, LARGE, MEDIUM]
    answer = engine.ask(image, "pupils and nose tip of every face")
    assert answer.face_index.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert answer.parts == ("left pupil", "right pupil", "nose bridge") * 3
    assert [face.number for face in answer.faces] == [1, 2, 3]
    for number in (1, 2, 3):
        one = engine.ask(image, "pupils and nose tip", faces=f"face {number}")
        assert one.faces == answer.faces[number - 1 : number]
        np.testing.assert_array_equal(one.xy, answer.xy[answer.face_index == number - 1])


def test_an_answer_for_one_of_several_says_how_many_were_found(detector: Detector, astronaut: np.ndarray) -> None:
    engine = make_engine(detector, MEDIUM, LARGE, SMALL)
    note = "3 faces were found, and this is the largest: ask for 'every face' or 'face 2' for others"
    largest = engine.ask(astronaut, "pupils")
    assert (largest.faces_found, len(largest.faces)) == (3, 1)
    assert note in largest.notes
    assert Answer.from_json(largest.to_json()).faces_found == 3
    for chosen in ({"faces": "all"}, {"faces": "leftmost"}, {"boxes": [LARGE]}):
        answer = engine.ask(astronaut, "pupils", **chosen)
        assert answer.faces_found == (1 if "boxes" in chosen else 3)
        assert note not in answer.notes
    assert make_engine(detector, LARGE).ask(astronaut, "pupils").notes == ()


@pytest.mark.parametrize(
    ("instruction", "faces", "boxes"),
    [
        ("pupils", None, [LARGE]),
        ("pupils of the smallest face", None, [SMALL]),
        ("pupils of the leftmost face", None, [SMALL]),
        ("pupils of the rightmost face", None, [MEDIUM]),
        ("pupils of the second largest face", None, [MEDIUM]),
        ("pupils of face 2", None, [LARGE]),
        ("pupils of everyone", None, [SMALL, LARGE, MEDIUM]),
        ("pupils", "second largest", [MEDIUM]),
        ("pupils of face 2", "smallest", [SMALL]),
        ("pupils of everyone", "largest", [LARGE]),
    ],
)
def test_the_instruction_or_the_caller_chooses_faces(
    detector: Detector,
    astronaut: np.ndarray,
    instruction: str,
    faces: str | None,
    boxes: list[tuple[float, ...]],
) -> None:
    answer = make_engine(detector, MEDIUM, LARGE, SMALL).ask(astronaut, instruction, faces=faces)
    assert [face.box for face in answer.faces] == boxes


def test_boxes_replace_finding_and_keep_their_order(detector: Detector, astronaut: np.ndarray) -> None:
    engine = make_engine(detector)
    given = [MEDIUM, SMALL, LARGE]
    answer = engine.ask(astronaut, "pupils", boxes=given)
    assert [face.box for face in answer.faces] == given
    assert [face.number for face in answer.faces] == [3, 1, 2]
    assert all(face.score is None for face in answer.faces)
    assert [f.box for f in engine.ask(astronaut, "pupils", boxes=given, faces="largest").faces] == [LARGE]
    assert [f.box for f in engine.ask(astronaut, "pupils of face 1", boxes=given).faces] == [SMALL]
    encoded = engine.encode(astronaut, boxes=given)
    np.testing.assert_array_equal(engine.ask(encoded, "pupils").xy, answer.xy)


def test_boxes_beside_an_encoded_image_hold_for_that_ask(engine: Engine, astronaut: np.ndarray) -> None:
    image = engine.encode(astronaut)
    other = engine.ask(image, "pupils", boxes=[LARGE])
    assert other.faces[0].box == LARGE
    np.testing.assert_array_equal(other.xy, engine.ask(astronaut, "pupils", boxes=[LARGE]).xy)
    assert engine.ask(image, "pupils").faces[0].box == image.faces[0].box


def test_no_face_and_no_such_face(detector: Detector, astronaut: np.ndarray) -> None:
    with pytest.raises(NoFaceError, match=r"512 x 512 pixels \(searched\).*give its box"):
        make_engine(detector).ask(astronaut, "pupils")
    with pytest.raises(NoSuchFaceError, match="only one face"):
        make_engine(detector, LARGE).ask(astronaut, "pupils of face 3")
    empty = make_engine(detector).encode(astronaut)
    assert empty.faces == ()


def test_the_real_finder_sees_no_face_in_grass(engine: Engine) -> None:
    with pytest.raises(NoFaceError, match=r"80 x 60 pixels \(searched with .* at 80 px .* steps of 45 degrees\); if"):
        engine.ask(np.full((60, 80, 3), 120, np.uint8), "pupils")


def test_the_whole_photo_as_a_face(detector: Detector, astronaut: np.ndarray) -> None:
    engine = Engine("cpu", LoadedDetector(detector, "random", {}), face_finder=WholePhoto())
    assert engine.ask(astronaut, "pupils").faces[0].box == (-0.5, -0.5, 511.5, 511.5)


def test_a_mistake_in_the_text_shows_before_the_photo_is_read(engine: Engine) -> None:
    with pytest.raises(QueryError) as caught:
        engine.ask("no such photo.jpg", "5 points on the left ear")
    assert caught.value.code == "unknown_part"
    with pytest.raises(ImageError, match="there is no file"):
        engine.ask("no such photo.jpg", "pupils")


def test_a_parsed_query_is_as_good_as_its_text(engine: Engine, astronaut: np.ndarray) -> None:
    text = "10 points from left chin to jaw end"
    np.testing.assert_array_equal(engine.ask(astronaut, parse(text)).xy, engine.ask(astronaut, text).xy)


def test_the_subjects_left_is_the_pictures_right(engine: Engine, astronaut: np.ndarray) -> None:
    image = engine.encode(astronaut)
    own = engine.ask(image, "left pupil", perspective="subject")
    assert own.parts == ("right pupil",)
    assert own.perspective == "subject"
    np.testing.assert_array_equal(own.xy, engine.ask(image, "right pupil").xy)


def test_an_encoded_image_of_other_weights_is_refused(detector: Detector, astronaut: np.ndarray) -> None:
    image = Engine("cpu", LoadedDetector(detector, "older", {})).encode(astronaut)
    with pytest.raises(ConfigError, match="encoded by older, asked of random: encode again"):
        Engine("cpu", LoadedDetector(detector, "random", {})).ask(image, "pupils")


def test_many_threads_get_the_answers_of_one(engine: Engine, astronaut: np.ndarray) -> None:
    texts = ["pupils", "WFLW", "30 points on the face contour", "outer lip", "nose tip", "4 points per eyebrow"]
    want = {text: engine.ask(engine.encode(astronaut), text).xy for text in texts}
    image = engine.encode(astronaut)
    got: list[tuple[str, np.ndarray]] = []

    def ask_all(first: int) -> None:
        for i in range(len(texts)):
            text = texts[(first + i) % len(texts)]
            got.append((text, engine.ask(image, text).xy))

    threads = [threading.Thread(target=ask_all, args=(first,)) for first in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(texts) ** 2
    for text, xy in got:
        np.testing.assert_array_equal(xy, want[text])


def test_asking_leaves_the_encoded_image_and_the_array_as_they_were(engine: Engine, astronaut: np.ndarray) -> None:
    array = astronaut.copy()
    image = engine.encode(array)
    array[:] = 0
    np.testing.assert_array_equal(engine.ask(image, "WFLW").xy, engine.ask(astronaut, "WFLW").xy)


@pytest.mark.parametrize("device", ["cuda:99", "warp drive", "", 3.5])
def test_a_device_that_is_not_there_is_a_setting_error(device: str) -> None:
    with pytest.raises(ConfigError, match="device must be"):
        choose_device(device)


def test_large_photos_can_be_refused(detector: Detector, astronaut: np.ndarray) -> None:
    engine = Engine("cpu", LoadedDetector(detector, "random", {}), max_pixels=512 * 512 - 1)
    with pytest.raises(ImageError, match="too large"):
        engine.encode(astronaut)
