"""Rings with holes, and which points they go through."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest

from faceql.engine import Answer, Engine
from faceql.engine.palette import part_color
from faceql.errors import ConfigError

SVG = "{http://www.w3.org/2000/svg}"
Draw = Callable[..., Answer]
# On the drawn face: the lips lie at (100, 150), the outer one 30 by 16, the inner one 22 by 6.
MIDDLE, ON_LIP, ON_SKIN = (100, 150), (100, 160), (100, 100)


def is_filled(answer: Answer, at: tuple[int, int]) -> bool:
    """Whether a mask, a drawing and COCO's segmentation all fill a pixel, or none of them does."""
    x, y = at
    by_mask = bool(answer.mask()[y, x] > 0.5)
    drawn = np.asarray(answer.draw(scale=4, legend=False), dtype=int)
    assert (np.abs(drawn[4 * y + 2, 4 * x + 2] - 90).sum() > 0) == by_mask
    segmentation = answer.to_coco()["annotations"][0]["segmentation"]
    if isinstance(segmentation, dict):
        height, width = segmentation["size"]
        runs = np.repeat(np.arange(len(segmentation["counts"])) % 2 == 1, segmentation["counts"])
        assert runs.reshape(width, height).T[y, x] == by_mask
    return by_mask


def test_an_upper_lip_is_one_ring(drawn_answer: Draw) -> None:
    answer = drawn_answer("upper lip as a polygon")
    (outline,) = answer.outlines
    # Along the outer edge there, the inner edge back.
    assert outline.points == (*range(7), *range(11, 6, -1))
    assert is_filled(answer, (100, 139))
    assert not is_filled(answer, MIDDLE)
    assert not is_filled(answer, ON_LIP)
    (ring,) = ET.fromstring(answer.to_svg()).iter(f"{SVG}polygon")
    assert len((ring.get("points") or "").split()) == 12
    assert len(answer.to_coco()["annotations"][0]["segmentation"][0]) == 2 * 12


@pytest.mark.parametrize(
    "text", ["lips as a mask, 100 points", "100 points on the lips without the mouth opening, filled"]
)
def test_lips_leave_the_mouth_opening_out(drawn_answer: Draw, text: str) -> None:
    answer = drawn_answer(text)
    (outline,) = answer.outlines
    assert [len(ring) for ring in outline.rings] == [60, 40]
    assert is_filled(answer, ON_LIP)
    assert not is_filled(answer, MIDDLE)
    (path,) = ET.fromstring(answer.to_svg()).iter(f"{SVG}path")
    assert (path.get("fill-rule"), (path.get("d") or "").count("Z")) == ("evenodd", 2)
    told = json.loads(answer.to_json())["outlines"]
    assert told == [{"face": 0, "shape": "polygon", "points": [*range(60)], "holes": [[*range(60, 100)]]}]
    area = answer.to_coco()["annotations"][0]["area"]
    assert area == pytest.approx(np.pi * (30 * 16 - 22 * 6), rel=0.02)
    assert Answer.from_json(answer.to_json()).outlines == answer.outlines


def test_a_face_without_the_lips_has_a_hole(drawn_answer: Draw) -> None:
    answer = drawn_answer("face contour without the lips as a polygon")
    assert is_filled(answer, ON_SKIN)
    assert not is_filled(answer, ON_LIP)
    assert not is_filled(answer, MIDDLE)


def test_each_shape_is_of_its_own_thing(drawn_answer: Draw) -> None:
    answer = drawn_answer("outer lip polygon; upper lid of the left eye polyline; pupils")
    assert [(one.shape, answer.parts[one.points[0]], len(one.points)) for one in answer.outlines] == [
        ("polygon", "outer lip", 12),
        ("polyline", "left eye", 5),
    ]
    assert is_filled(answer, MIDDLE)
    drawn = answer.draw(scale=4, legend=False)
    between = (answer.xy[12] + answer.xy[13]) / 2
    pixel = tuple(((between + 0.5) * 4 - 0.5).round().astype(int).tolist())
    assert drawn.getpixel(pixel) == part_color("left eye")
    svg = ET.fromstring(answer.to_svg())
    assert len(list(svg.iter(f"{SVG}polygon"))) == len(list(svg.iter(f"{SVG}polyline"))) == 1
    assert len(list(svg.iter(f"{SVG}circle"))) == 2, "the pupils, which are of no shape"


def test_every_face_has_its_own_rings(drawn_answer: Draw) -> None:
    answer = drawn_answer("lips as polygons", lambda p: p, lambda p: p + np.array([210, 0]), size=(220, 430))
    assert [(one.face, one.points[0], one.holes[0][0]) for one in answer.outlines] == [(0, 0, 12), (1, 20, 32)]
    assert answer.mask()[150, 100] == answer.mask()[150, 310] == 0
    assert answer.mask(face=1)[160, 100] == 0
    assert answer.mask(face=1)[160, 310] == 1


def test_words_of_a_mask_cut_out_too(drawn_answer: Draw) -> None:
    answer = drawn_answer("60 points on the outer lip; 60 on the inner lip; 60 on the face contour")
    lips, without = answer.mask("lips"), answer.mask("outer lip without the mouth opening")
    np.testing.assert_array_equal(lips, without)
    assert lips[150, 100] == 0
    skin = answer.mask("face contour without the lips")
    assert (skin[150, 100], skin[160, 100], skin[100, 100]) == (0, 0, 1)
    with pytest.raises(ConfigError, match="asked for no polygon"):
        answer.mask()


def test_an_outline_through_points_that_are_not_there_is_refused(drawn_answer: Draw) -> None:
    data = drawn_answer("outer lip as a polygon").to_dict()
    data["outlines"][0]["points"][0] = 12
    with pytest.raises(ConfigError, match="outlines through others"):
        Answer.from_dict(data)


def test_distances_that_the_picture_decides_still_join(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    answer = shipped_engine.ask(astronaut, "a point every 4 px along the outer lip as a polygon; jaw as a polyline")
    ring, line = answer.outlines
    assert (ring.shape, line.shape) == ("polygon", "polyline")
    assert [answer.parts[one.points[0]] for one in (ring, line)] == ["outer lip", "face contour"]
    assert len(ring.points) + len(line.points) == len(answer)
