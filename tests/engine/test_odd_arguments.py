"""Arguments of the wrong kind: a typed error that says what is wanted, and no other."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from faceql import parse
from faceql.engine import (
    Answer,
    EncodedImage,
    Engine,
    Face,
    Measures,
    Photo,
    VideoFile,
    VideoFrame,
    WholePhoto,
    YuNetFinder,
    crop_answer,
    cut_out,
    read_frames,
    read_photo,
    write_region_instruction,
)
from faceql.engine.video_writer import VideoWriter
from faceql.errors import (
    CheckpointError,
    ConfigError,
    FaceQLError,
    ImageError,
    NoSuchFaceError,
    QueryError,
    VideoError,
)

MANY_DIGITS = "9" * 5000


@pytest.fixture(scope="module")
def encoded(shipped_engine: Engine, astronaut_path) -> EncodedImage:
    return shipped_engine.encode(astronaut_path)


@pytest.mark.parametrize(
    "boxes", [5, 0, True, "abcd", b"abcd", [5], [(10**400, 0, 1, 1)], [(10**5000, 0, 1, 1)], [None], [(1, 2, 3, 4j)]],
    ids=range(10),
)  # fmt: skip
def test_boxes_that_are_none(shipped_engine: Engine, encoded: EncodedImage, boxes: object) -> None:
    with pytest.raises(ImageError, match="boxes is a list of"):
        shipped_engine.ask(encoded, "chin", boxes=boxes)


@pytest.mark.parametrize(
    "faces",
    [
        5,
        True,
        b"all",
        ["all"],
        MANY_DIGITS,
        f"face {MANY_DIGITS}",
        f"{MANY_DIGITS}th largest",
        f"{MANY_DIGITS} largest",
    ],
    ids=range(8),
)
def test_faces_that_are_none(shipped_engine: Engine, encoded: EncodedImage, faces: object) -> None:
    with pytest.raises(ConfigError, match="faces must be"):
        shipped_engine.ask(encoded, "chin", faces=faces)
    with pytest.raises(NoSuchFaceError):
        shipped_engine.ask(encoded, "chin", faces="face " + "9" * 900)


@pytest.mark.parametrize("text", [None, 5, b"", b"chin", ["chin"]])
def test_an_instruction_is_text(shipped_engine: Engine, encoded: EncodedImage, text: object) -> None:
    with pytest.raises(ConfigError, match="an instruction is text"):
        parse(text)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="an instruction is text"):
        shipped_engine.ask(encoded, text)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="an instruction is text"):
        shipped_engine.ask_many([encoded], text)  # type: ignore[arg-type]


@pytest.mark.parametrize("images", [None, 5, "photo.jpg", b"photo"])
def test_many_photos_are_a_list(shipped_engine: Engine, images: object) -> None:
    with pytest.raises(ConfigError, match="a list of photos"):
        shipped_engine.ask_many(images, "chin")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="batch must be"):
        shipped_engine.ask_many([], "chin", batch="x")  # type: ignore[arg-type]


def test_what_an_answer_is_asked(shipped_engine: Engine, encoded: EncodedImage) -> None:
    answer = shipped_engine.ask(encoded, "lips as a polygon")
    for scale in ("x", None, 1e9, float("nan"), 0):
        with pytest.raises(ImageError, match="scale"):
            answer.draw(scale=scale)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="feather"):
        answer.mask("lips", feather="x")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="from a dict"):
        Answer.from_dict(5)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="weights is"):
        Engine("cpu", weights=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        f"{MANY_DIGITS[:3900]} points on the left eye",
        f"left eye at 0.{MANY_DIGITS[:3900]}",
        f"WFLW points 1 to {MANY_DIGITS[:3900]}",
        f"nose tip of face {MANY_DIGITS[:3900]}",
        f"left_eye * {MANY_DIGITS}",
        f"left_eye @ 0.{MANY_DIGITS}",
        f"wflw[1 .. {MANY_DIGITS}]",
        f"left_eye | face {MANY_DIGITS}",
        "٣" * 3900 + " points on the left eye",
        "wflw[" + ",".join(["1 .. 98"] * 4000) + "]",
        "left_eye * 60000; right_eye * 60000",
    ],
    ids=range(11),
)
def test_numbers_beyond_all_bounds(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text, limit=100_000)


class Unwritable:
    """Cannot even show itself."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


NO_WORDS = [None, True, 5, 1.5, b"left eye", ["left eye"], {}, np.array("x"), object(), Path("left eye"), Unwritable()]
NO_INDEX = [True, 1.5, float("nan"), "0", b"", [0], (), np.zeros(3), torch.zeros(3), np.float32(0), Unwritable()]
NO_NUMBER = [True, float("nan"), float("inf"), -1, 10**400, "1", b"", [1], np.zeros(2), 1j, None, Unwritable()]
NO_CHOICE = [
    None,
    True,
    5,
    "",
    "a\nb",
    "x" * 9000,
    b"rgb",
    ["rgb"],
    np.zeros(0),
    np.zeros(2),
    torch.zeros(3),
    Unwritable(),
]


@pytest.fixture(scope="module")
def answer(shipped_engine: Engine, encoded: EncodedImage) -> Answer:
    text = "60 points on the outer lip; 60 on the inner lip; 24 per eye; nose bridge; a grid of 4 by 5 on the forehead"
    return shipped_engine.ask(encoded, text)


def refuse(
    call: Callable[[Any], object], values: list[Any], match: str, error: type[FaceQLError] = ConfigError
) -> None:
    """Check that each value is refused, shortly, by a typed error that says what is wanted."""
    for value in values:
        with pytest.raises(error, match=match) as caught:
            call(value)
        assert len(str(caught.value)) < 1200


@pytest.mark.parametrize(
    "call",
    [
        lambda answer, value: answer.find(value),
        lambda answer, value: answer.curve(value),
        lambda answer, value: answer.polyline(value),
        lambda answer, value: answer.polygon(value),
        lambda answer, value: answer.mesh(value),
        lambda answer, value: answer.grid(value),
        lambda answer, value: Measures(answer).point(value),
        lambda answer, value: Measures(answer).distance("nose tip", value),
        lambda answer, value: Measures(answer).angle("nose tip", value, "left eye outer corner"),
        lambda answer, value: Measures(answer).length(value),
        lambda answer, value: Measures(answer).area(value),
        lambda _, value: write_region_instruction(value),
    ],
)
def test_places_are_told_in_words(answer: Answer, call: Callable[[Answer, Any], object]) -> None:
    refuse(lambda value: call(answer, value), NO_WORDS, "in words, such as 'left eye'")


def test_masks_are_of_words_or_of_what_was_asked(answer: Answer) -> None:
    refuse(answer.mask, NO_WORDS[1:], "in words, such as 'left eye'")
    with pytest.raises(ConfigError, match="asked for no polygon"):
        answer.mask(None)


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (lambda answer, face: answer.find("left eye", face=face), NoSuchFaceError),
        (lambda answer, face: answer.mesh("forehead", face=face), NoSuchFaceError),
        (lambda answer, face: answer.grid("forehead", face=face), NoSuchFaceError),
        (lambda answer, face: answer.to_pts(face), NoSuchFaceError),
        (lambda answer, face: Measures(answer, face), NoSuchFaceError),
        (lambda answer, face: answer.curve("left eye", face=face), FaceQLError),
        (lambda answer, face: answer.mask("lips", face=face), FaceQLError),
    ],
)
def test_faces_of_an_answer_are_counted(
    answer: Answer, call: Callable[[Answer, Any], object], missing: type[FaceQLError]
) -> None:
    refuse(lambda face: call(answer, face), NO_INDEX, "an index into the answer's faces")
    refuse(lambda face: call(answer, face), [1, -1, 10**300], "there is no index", missing)
    call(answer, np.int64(0))


def test_no_choice_of_faces_is_passed_over(shipped_engine: Engine, encoded: EncodedImage) -> None:
    # What is false is not what is left out: face 0 was the largest.
    for faces in (0, "", [], {}, b"", np.zeros(2)):
        with pytest.raises(ConfigError, match="faces must be"):
            shipped_engine.ask(encoded, "chin", faces=faces)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="faces must be"):
            shipped_engine.track([encoded.photo], "chin", faces=faces)  # type: ignore[arg-type]


def test_settings_are_words_of_a_few(shipped_engine: Engine, encoded: EncodedImage, answer: Answer) -> None:
    refuse(lambda color: shipped_engine.ask(encoded, "chin", color=color), NO_CHOICE, "color must be")
    refuse(lambda color: read_photo(encoded.photo, color=color), NO_CHOICE, "color must be")
    refuse(lambda color: read_frames([], color=color), NO_CHOICE, "color must be")
    refuse(lambda side: shipped_engine.ask(encoded, "chin", perspective=side), NO_CHOICE, "perspective must be")
    refuse(lambda start: shipped_engine.ask(encoded, "chin", ids_from=start), [2, "1", np.zeros(3), None], "ids_from")
    refuse(lambda units: answer.to_dict(units=units), NO_CHOICE, "units must be")
    refuse(lambda unit: Measures(answer).length("outer lip", unit), NO_CHOICE, "unit must be")
    refuse(Measures(answer).eye_openness, NO_CHOICE, "an eye is")
    refuse(answer.to_dataframe, NO_CHOICE[1:], "library must be")
    refuse(lambda backend: Engine("cpu", backend=backend), NO_CHOICE, "backend must be")
    refuse(lambda precision: Engine("cpu", precision=precision), NO_CHOICE, "precision must be")
    refuse(Engine, [None, "", "gpu9", np.zeros(0), np.zeros(2), 10**39, Unwritable()], "device must be")
    refuse(lambda runtime: YuNetFinder(runtime=runtime), [*NO_CHOICE, "opnvino"], "runtime must be")


def test_numbers_are_numbers(shipped_engine: Engine, encoded: EncodedImage, answer: Answer) -> None:
    curve = answer.curve("outer lip")
    refuse(lambda feather: answer.mask("lips", feather=feather), NO_NUMBER, "feather must be")
    refuse(curve.dense, [*NO_NUMBER, 0], "step_px must be")
    refuse(curve.sample, [*NO_NUMBER, 0, 10**9], "count")
    refuse(
        lambda batch: shipped_engine.ask_many([], "chin", batch=batch),
        [0, -1, True, 1.5, "16", None, np.zeros(2)],
        "batch must be",
    )
    refuse(lambda every: shipped_engine.track([], "chin", search_every=every), [0, None, 1.5, "6"], "search_every")
    refuse(lambda fps: read_frames([], fps=fps), [*NO_NUMBER[:10], 0], "fps must be")
    no_pixels = [True, 0, -1, 1.5, float("nan"), float("inf"), "1", b"", None, np.zeros(2), Unwritable()]
    refuse(lambda most: read_photo(encoded.photo, max_pixels=most), no_pixels, "max_pixels must be")
    refuse(lambda most: Engine("cpu", max_pixels=most), [0, float("nan"), "many"], "max_pixels must be")
    refuse(lambda share: Engine("cpu", doubtful_above=share), NO_NUMBER[:10], "doubtful_above must be")
    refuse(YuNetFinder, [*NO_NUMBER, 1.5], "min_score must be")
    refuse(lambda indent: answer.to_json(indent=indent), [-1, 1.5, "x", []], "indent must be")
    refuse(lambda number: answer.to_coco(image_id=number), [None, -1, "x", 1.5], "image_id must be")
    refuse(lambda name: answer.to_coco(file_name=name), [5, b"x", Path("x")], "file_name is text")


def test_places_on_a_curve_are_numbers(answer: Answer) -> None:
    curve = answer.curve("outer lip")
    wrong = [None, "x", "0.5", b"0.5", [[0.5]], [float("nan")], float("inf"), [None], {}, object(), 1j, [10**400]]
    for call in (curve.at, curve.tangents, curve.normals, curve.fpalps_at):
        refuse(call, wrong, "a list of")
    assert curve.at(0.5).shape == (1, 2)
    assert curve.at([]).shape == (0, 2)


def test_points_to_cut_out_are_points(answer: Answer) -> None:
    wrong = [None, [], np.zeros((0, 2)), np.zeros((3, 3)), np.full((2, 2), np.nan), "x", [(1, None)], 5, [(10**400, 0)]]
    refuse(lambda points: cut_out(answer, points), wrong, "points is a list of")
    refuse(lambda points: crop_answer(answer, points), wrong, "points is a list of")
    refuse(lambda size: cut_out(answer, answer.xy, size=size), [0, 15, 4097, 1e9, "256", None, float("nan")], "size")
    refuse(lambda margin: cut_out(answer, answer.xy, margin=margin), [*NO_NUMBER, 5], "margin")
    refuse(lambda margin: crop_answer(answer, answer.xy, margin=margin), NO_NUMBER, "margin")
    with pytest.raises(NoSuchFaceError):
        cut_out(answer, answer.xy, face=1)


def test_a_map_has_a_size(answer: Answer) -> None:
    patch = answer.mesh("forehead")
    wrong = [None, 5, (), (1,), (1, 2, 3), (0, 5), (-1, 5), (1.5, 2), ("a", "b"), "ab", (10**9, 10**9), (10**400, 1)]
    refuse(patch.uv_map, wrong, "size is|must be a whole number|more than")


def test_one_photo_is_not_many(shipped_engine: Engine, encoded: EncodedImage, astronaut: np.ndarray) -> None:
    # Its rows, lines or bytes were taken for photos, and each found to hold no face.
    single = [
        astronaut,
        astronaut[:, :, 0],
        encoded.photo,
        io.BytesIO(b"x"),
        {"a.jpg": 1},
        bytearray(b"x"),
        Path("x.jpg"),
    ]
    refuse(lambda photos: shipped_engine.ask_many(photos, "chin"), [*single, encoded], "list of photos")
    not_moving = [thing for thing in single if not isinstance(thing, Path)]
    refuse(lambda photos: shipped_engine.track(photos, "chin"), [*not_moving, None, True, 1.5], "list of photos")
    (outcome,) = shipped_engine.ask_many(astronaut[None], "chin")
    assert len(outcome.get()) == 1


def test_what_is_encoded_ahead_is_a_face_of_a_photo(shipped_engine: Engine, encoded: EncodedImage) -> None:
    for wanted in (None, 5, "ab", [5], [(encoded,)], [(encoded, 0, 0)], [("x", 0)], encoded, [encoded]):
        with pytest.raises(ConfigError, match="what is to be encoded is"):
            shipped_engine.encode_faces(wanted)  # type: ignore[arg-type]
    refuse(lambda index: shipped_engine.encode_faces([(encoded, index)]), NO_INDEX, "an index")
    refuse(lambda index: shipped_engine.encode_faces([(encoded, index)]), [1, -1], "no index", NoSuchFaceError)


class Finder:
    def __init__(self, found: object) -> None:
        self.found = found

    def find(self, photo: np.ndarray) -> Any:
        return self.found


NO_FACES = [
    None,
    5,
    [None],
    [(1, 2, 30, 40)],
    [Face((1, 2, float("nan"), 40))],
    [Face((30, 2, 1, 40))],
    [Face((1, 2, 1, 40))],
    [Face((1, 2, 30))],  # type: ignore[arg-type]
    [Face("abcd")],  # type: ignore[arg-type]
    [Face((0, 0, 10**400, 4))],
]


def test_a_finder_finds_faces(astronaut: np.ndarray) -> None:
    refuse(lambda finder: Engine("cpu", face_finder=finder), [5, "yunet", b"", [], {}, YuNetFinder], "face_finder is")
    engine = Engine("cpu", face_finder=Finder([]))
    for found in NO_FACES:
        engine._face_finder = Finder(found)
        with pytest.raises(ConfigError, match=r"face_finder\.find"):
            engine.encode(astronaut)


def test_a_finder_takes_pixels() -> None:
    wrong = [
        None, 5, "photo.jpg", b"", [], np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8), Image.new("RGB", (4, 4)), Photo(np.zeros((4, 4, 3), np.uint8)), Unwritable(),
    ]  # fmt: skip
    for finder in (YuNetFinder(), WholePhoto()):
        refuse(finder.find, wrong, "a finder takes a photo", ImageError)


def test_a_photo_has_pixels() -> None:
    wrong = [
        None, 5, "photo.jpg", b"", [], np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3)),
        Image.new("RGB", (4, 4)), Path("photo.jpg"), Unwritable(),
    ]  # fmt: skip
    refuse(Photo, wrong, "a Photo has pixels", ImageError)
    own = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="read-only"):
        Photo(own).pixels[0] = 1
    own[0] = 1


def test_videos_are_paths(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="PyAV is missing: pip install 'faceql[video]'")
    refuse(VideoFile, [None, 5, b"clip.mp4", [], np.zeros(2), io.BytesIO(), Unwritable()], "told by its path")
    refuse(VideoFile, ["", "a\nb", "nul\0", "x" * 9000, tmp_path, tmp_path / "missing.mp4"], ".", VideoError)
    refuse(lambda at: list(read_frames([VideoFrame(np.zeros((4, 4, 3), np.uint8), at)])), NO_NUMBER[4:], "the time of")


def test_videos_are_written_of_sizes_rates_and_times(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="PyAV is missing: pip install 'faceql[video]'")
    path = tmp_path / "clip.mp4"
    for size in ((0, 48), (-2, 48), (1.5, 48), (64, None), (10**6, 48), (64, 10**400)):
        refuse(lambda wrong: VideoWriter(path, wrong, 25), [size], "the width|the height|at most")
    refuse(lambda fps: VideoWriter(path, (64, 48), fps), [*NO_NUMBER, 0], "fps must be")
    picture = Image.new("RGB", (64, 48))
    with VideoWriter(path, (64, 48), 1e12) as writer:
        refuse(lambda at: writer.add(picture, at), [*NO_NUMBER[:3], *NO_NUMBER[4:]], "time must be")
        writer.add(picture, 0.0)
    assert [frame.time for frame in VideoFile(path).read()] == [0.0]


def test_weights_whose_name_no_file_can_have() -> None:
    refuse(lambda weights: Engine("cpu", weights), ["x" * 9000, "nul\0", "", "a\nb"], ".", CheckpointError)
    refuse(lambda weights: Engine("cpu", weights), [b"fast", ["fast"], Unwritable()], "weights is")
    with pytest.raises(ImageError, match="File name too long") as caught:
        read_photo("x" * 9000)
    assert len(str(caught.value)) < 1200


def test_an_answer_is_read_back_with_its_own_photo(answer: Answer) -> None:
    data = answer.to_dict()
    other = Photo(np.zeros((9, 9, 3), np.uint8))
    refuse(
        lambda photo: Answer.from_dict(data, photo), [5, "x", np.zeros((512, 512, 3), np.uint8), other], "is not about"
    )
    refuse(lambda mesh: Answer.from_dict(data, vertices=mesh), [5, "x", [], np.zeros((1, 467, 2))], "vertices are")
    refuse(Answer.from_json, [None, 5, [], "", "{", "[]", "[" * 100_000, b"\xff"], "JSON")
    assert Answer.from_dict(data, answer.photo, answer.vertices) == answer
    refuse(Measures, [None, 5, "x", data], "measures are taken of an answer")
    for picture in (5, "x.jpg", np.zeros((512, 512, 3), np.uint8)):
        with pytest.raises(ImageError, match="a PIL image"):
            answer.draw(picture)  # type: ignore[arg-type]
