"""Answers in other tools' forms: COCO's keypoints and supervision's type."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from faceql.engine import Answer
from faceql.errors import ConfigError


def test_coco_has_an_annotation_for_each_face(drawn_answer) -> None:
    answer = drawn_answer("300W", lambda p: p, lambda p: p + np.array([30, 0]), size=(220, 240))
    data = json.loads(json.dumps(answer.to_coco(image_id=7, file_name="a.jpg")))
    assert data["images"] == [{"id": 7, "width": 240, "height": 220, "file_name": "a.jpg"}]
    (category,) = data["categories"]
    assert category["keypoints"] == list(answer.names[:68])
    assert [a["id"] for a in data["annotations"]] == [1, 2]
    for index, annotation in enumerate(data["annotations"]):
        rows = np.array(annotation["keypoints"]).reshape(-1, 3)
        np.testing.assert_array_equal(rows[:, :2].astype(np.float32), answer.xy[answer.face_index == index])
        assert (rows[:, 2] == 2).all()
        assert annotation["num_keypoints"] == 68
        assert annotation["category_id"] == category["id"]
        x0, y0, x1, y1 = answer.faces[index].box
        assert annotation["bbox"] == [x0 + 0.5, y0 + 0.5, x1 - x0, y1 - y0]


def test_a_point_outside_the_photo_is_not_visible(drawn_answer) -> None:
    answer = drawn_answer("mouth corners", lambda p: p - (100, 0))
    assert answer.to_coco()["annotations"][0]["keypoints"][2::3] == [1, 2]


def test_the_skeleton_joins_neighbours_and_closes_rings(drawn_answer) -> None:
    skeleton = drawn_answer("nose bridge; left eye; left pupil").to_coco()["categories"][0]["skeleton"]
    bridge, eye = [[1, 2], [2, 3], [3, 4]], [[5, 6], [6, 7], [7, 8], [8, 9], [9, 10], [10, 11], [11, 12], [12, 5]]
    assert skeleton == bridge + eye


def test_supervision_gets_an_array_for_each_face(drawn_answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", SimpleNamespace(KeyPoints=lambda **named: named))
    answer = drawn_answer("300W", lambda p: p, lambda p: p + 30)
    made = answer.to_supervision()
    np.testing.assert_array_equal(made["xy"], answer.xy.reshape(2, 68, 2))
    assert made["xy"].flags.writeable
    assert made["class_id"].tolist() == [0, 0]


def test_supervision_itself_takes_what_it_gets(drawn_answer) -> None:
    supervision = pytest.importorskip("supervision")
    points = drawn_answer("300W", lambda p: p, lambda p: p + 30).to_supervision()
    assert isinstance(points, supervision.KeyPoints)
    assert points.xy.shape == (2, 68, 2)
    assert len(points) == 2


def test_what_supervision_cannot_take_says_so(drawn_answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(ConfigError, match="pip install supervision"):
        drawn_answer("300W").to_supervision()
    uneven = drawn_answer("every 20 px along the face contour")
    data = uneven.to_dict()
    data["faces"] = data["faces"] * 2
    with pytest.raises(ConfigError, match="as many points of every face"):
        Answer.from_dict(data).to_supervision()
