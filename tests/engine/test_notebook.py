"""What Jupyter shows of answers, photos and queries, and answers as arrays and tables."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import math
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import faceql
from faceql.engine import Answer, Engine
from faceql.errors import ConfigError

from .test_answer import HEIGHT, RING, WIDTH, make_answer


class Cells(HTMLParser):
    """The text of a table's cells, the sources of pictures, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.pictures: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(str(dict(attrs)["src"]))
            return
        self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data


def shown_picture(html: str) -> Image.Image:
    (source,) = Cells(html).pictures
    return Image.open(io.BytesIO(base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))))


def test_an_answer_shows_its_drawing_its_points_and_what_was_understood() -> None:
    answer = make_answer("outer_lip * 4; left pupil", [*RING, (12.3, 4.5)])
    html = answer._repr_html_()
    table = Cells(html)
    assert table.open == []
    assert table.cells[-6:] == ["1", "left pupil", "12.3", "4.5", "3.1", ""]
    assert "5 points in pixels of the photo, 120 x 90, by hand-made" in html
    assert "4 points on the outer lip" in html.lower()
    # Small photos are enlarged, and the drawing is on them.
    picture = shown_picture(html)
    assert picture.width > WIDTH
    assert picture.height > HEIGHT
    assert len(set(picture.resize((60, 45)).convert("L").tobytes())) > 20


def test_what_others_wrote_is_no_html() -> None:
    answer = make_answer("left pupil", [(5, 6)])
    assert "&lt;tags&gt; &amp; &quot;quotes&quot;" in answer._repr_html_()
    query = dataclasses.replace(faceql.parse("left pupil"), text="<script>", notes=("<b>",))
    assert not {"<script>", "<b>"} & set(re.findall(r"<\w+>", query._repr_html_()))


def test_long_answers_are_shown_in_part() -> None:
    html = make_answer("outer_lip * 40", [(float(i), 2.0 * i) for i in range(40)])._repr_html_()
    assert len(Cells(html).cells) == 12 * 6
    assert "and 28 more" in html


def test_without_a_photo_there_is_the_table_alone() -> None:
    answer = dataclasses.replace(make_answer("left pupil", [(5, 6)]), photo=None)
    assert Cells(answer._repr_html_()).pictures == []
    assert answer._repr_png_() is None


def test_a_small_face_in_a_large_photo_is_shown_large(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    large = np.full((1500, 2000, 3), 128, np.uint8)
    large[700:1212, 1100:1612] = astronaut
    photo = shipped_engine.encode(large)
    (face,) = photo.faces
    answer = shipped_engine.ask(photo, "mouth corners")
    drawn = Image.open(io.BytesIO(answer._repr_png_() or b""))
    assert max(drawn.size) <= 640
    # The face takes most of the answer's picture, and is a small part of the photo's.
    assert drawn.width < 2 * MOST * (face.box[2] - face.box[0])
    whole = Image.open(io.BytesIO(photo._repr_png_()))
    assert whole.size == (640, 480)
    x, y = (round((value + 0.5) * 0.32) for value in face.center)
    left, top, right, bottom = (round((value + 0.5) * 0.32 - 0.5) for value in face.box)
    assert np.asarray(whole)[y, left].tolist() == np.asarray(whole)[top, x].tolist() == [255, 179, 0]
    assert np.asarray(whole)[y, right].tolist() == np.asarray(whole)[bottom, x].tolist() == [255, 179, 0]
    cells = Cells(photo._repr_html_()).cells
    assert cells[0] == "1"
    assert [float(value) for value in cells[1].split(",")] == pytest.approx(face.box, abs=0.5)


MOST = 3.0


def test_a_photo_without_a_face_says_so(shipped_engine: Engine) -> None:
    photo = shipped_engine.encode(np.full((60, 80, 3), 90, np.uint8))
    assert "no face was found" in photo._repr_html_()
    assert shown_picture(photo._repr_html_()).size == (80, 60)


def test_a_query_shows_what_was_understood() -> None:
    html = faceql.parse("her left eyebrow, 5 points", perspective="subject")._repr_html_()
    assert "5 points on the right eyebrow" in html
    assert "<code>right_eyebrow * 5</code>" in html
    assert "the person&#x27;s" in html or "the person's" in html


def test_an_answer_is_an_array_of_its_points() -> None:
    answer = make_answer("outer_lip * 4", RING)
    array = np.asarray(answer)
    np.testing.assert_array_equal(array, answer.xy)
    assert array.dtype == np.float32
    assert not array.flags.writeable
    own = np.array(answer, dtype=float)
    own += 1
    np.testing.assert_array_equal(own - 1, answer.xy)
    np.testing.assert_allclose(np.mean(answer, axis=0), (40, 40))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_table_holds_what_the_csv_does(library: str) -> None:
    pytest.importorskip(library)
    answer = make_answer("left mouth corner; left pupil; outer lip @ 0.1", [(10.1, 20.2), (5, 6), (7.25, 1e-3)], 2)
    frame = answer.to_dataframe(library)  # type: ignore[arg-type]
    assert type(frame).__module__.partition(".")[0] == library
    rows = list(csv.DictReader(io.StringIO(answer.to_csv())))
    columns = list(rows[0])
    assert list(frame.columns) == [*columns[:4], "v", *columns[4:]]
    for i, row in enumerate(rows):
        for name in columns:
            value = frame[name][i]
            if row[name] == "":
                assert math.isnan(value)
            elif isinstance(value, str):
                assert value == row[name]
            else:
                assert value == pytest.approx(float(row[name]), rel=1e-6), name
    assert np.isnan(np.asarray(frame["v"])).all()
    # Of its own: changing it must not change the answer.
    assert np.asarray(frame["x"]) is not answer.xy


def test_points_on_surfaces_and_whether_they_are_seen_are_in_the_table(
    shipped_engine: Engine, astronaut: np.ndarray
) -> None:
    pytest.importorskip("pandas")
    answer = shipped_engine.ask(astronaut, "a grid of 2 by 2 on the forehead; pupils")
    frame = answer.to_dataframe()
    assert frame.v[:4].notna().all()
    assert frame.v[4:].isna().all()
    assert (frame[["seen", "hidden", "turned_away", "outside"]].sum(axis=1) - 1).abs().max() < 1e-3
    assert frame.groupby("part").x.mean()["left pupil"] == pytest.approx(answer.xy[4, 0])


def test_a_table_wants_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = make_answer("left pupil", [(5, 6)])
    for name in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(ConfigError, match=f"{name} is not installed: pip install {name}"):
            answer.to_dataframe(name)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="pandas or polars is not installed: pip install pandas"):
        answer.to_dataframe()
    with pytest.raises(ConfigError, match="pandas"):
        answer.to_dataframe("numpy")  # type: ignore[arg-type]


def test_an_empty_answer_shows_and_tabulates() -> None:
    empty = make_answer("left pupil", [(5, 6)])
    cut = {name: getattr(empty, name)[:0] for name in ("parts", "fpalps", "names", "xy", "expected_error", "vs")}
    answer = Answer(
        **{
            **{field.name: getattr(empty, field.name) for field in dataclasses.fields(empty)},
            **cut,
            "error_ellipses": empty.error_ellipses[:0],
            "face_index": empty.face_index[:0],
        }
    )
    assert "0 points" in answer._repr_html_()
    assert np.asarray(answer).shape == (0, 2)
