"""A program that a user of faceql writes, for pyright: all that is public, used as the README and docs/ do."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import assert_type

import numpy as np
import numpy.typing as npt
from PIL import Image

import faceql
from faceql.engine import Face, Landmark, Measures, Outcome, PartCurve, Photo, YuNetFinder, read_photo


def ask(path: Path, pixels: npt.NDArray[np.float32], opened: io.BytesIO) -> str:
    engine = faceql.Engine("cpu", flip_test=True, face_finder=YuNetFinder())
    photo = engine.encode(path)
    assert_type(photo, faceql.EncodedImage)
    assert_type(photo.image_size, tuple[int, int])
    for image in (path, str(path), path.read_bytes(), pixels, opened, path.open("rb"), Image.open(path), photo):
        assert_type(engine.ask(image, "pupils", boxes=[(1, 2, 3, 4)], faces="all"), faceql.Answer)
    answer = engine.ask(photo, "4 points per eyebrow", perspective="subject")
    points: npt.NDArray[np.float32] = np.asarray(answer)
    assert_type(answer.xy, npt.NDArray[np.float32])
    assert_type(answer[0], Landmark)
    assert_type(answer["left eyebrow"], tuple[Landmark, ...])
    for point in answer:
        assert_type(point.xy, tuple[float, float])
        assert_type(point.v, float | None)
    assert_type(answer.curve("left eyebrow"), PartCurve)
    assert_type(answer.mask("left eyebrow", feather=2), npt.NDArray[np.float32])
    assert_type(answer.draw(scale=2).size, tuple[int, int])
    assert_type(answer.faces, tuple[Face, ...])
    assert_type(engine.measure(photo), tuple[Measures, ...])
    for outcome in engine.ask_many([path, pixels], "pupils"):
        assert_type(outcome, Outcome)
        assert_type(outcome.get(), faceql.Answer)
    assert_type(faceql.Answer.from_json(answer.to_json()), faceql.Answer)
    print(answer.to_dataframe("pandas"))
    return f"{len(points)} {answer.to_csv()}"


def understand(text: str) -> list[Fraction]:
    try:
        query = faceql.parse(text, perspective="viewer", ids_from=0)
    except faceql.QueryError as error:
        assert_type(error.span, tuple[int, int])
        print(error.message, error.suggestion, error.code)
        return []
    assert_type(query, faceql.Query)
    assert_type(query.count, int | None)
    return [landmark.fpalp for landmark in query.landmarks]


def find(photo: Photo) -> list[Face]:
    class Finder:
        def find(self, photo: npt.NDArray[np.uint8]) -> list[Face]:
            return [Face((0, 0, float(photo.shape[1]), float(photo.shape[0])))]

    engine = faceql.Engine(face_finder=Finder())
    return list(engine.encode(read_photo(photo)).faces)


def ask_server(path: Path) -> faceql.Answer:
    client = faceql.Client("http://127.0.0.1:8000", key="key")
    return client.ask(client.open(path), "pupils")
