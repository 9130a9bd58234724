"""Arguments of the wrong kind: a typed error that says what is wanted, and no other."""

from __future__ import annotations

import pytest

from faceql import parse
from faceql.engine import Answer, EncodedImage, Engine
from faceql.errors import ConfigError, ImageError, NoSuchFaceError, QueryError

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
