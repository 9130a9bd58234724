"""Which points are seen: from the head of the weights and the photo's edge to every form of an answer."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import pickle
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from faceql.engine import Answer, Engine
from faceql.engine.visibility import PointVisibility, count_unseen, settle_outside
from faceql.errors import ConfigError
from faceql.model.checkpoint import LoadedDetector
from faceql.model.visibility import VisibilityHead

BOXES = [(180, 64, 266, 172)]
SVG = "{http://www.w3.org/2000/svg}"
SEEN, HIDDEN, TURNED = (0.9, 0.1, 0, 0), (0.2, 0.5, 0.2, 0.1), (0.4, 0.1, 0.5, 0)


@pytest.fixture
def judging(detector) -> Engine:
    """An engine of random weights that judges points, each differently."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        detector.visibility = VisibilityHead(detector.config)
        for parameter in detector.visibility.judge.parameters():
            torch.nn.init.normal_(parameter, std=0.7)
    return Engine("cpu", LoadedDetector(detector.eval(), "judging", {}), find_upright=False)


@pytest.fixture
def judged(drawn_answer) -> Answer:
    """Six points on a drawn lip: four seen, one hidden, one turned away."""
    answer = drawn_answer("outer_lip * 6")
    visibility = np.array([SEEN, SEEN, HIDDEN, SEEN, TURNED, SEEN], dtype=np.float32)
    return dataclasses.replace(answer, visibility=visibility)


def test_the_photos_edge_settles_what_is_outside() -> None:
    likely_outside = np.tile([0.2, 0.2, 0.1, 0.5], (4, 1))
    xy = np.array([(50.0, 50.0), (3.0, 50.0), (-0.6, 50.0), (50.0, 99.6)])
    settled = settle_outside(likely_outside, xy, np.full(4, 5.0), (100, 200))
    # Well inside it cannot be; near the edge the detector is asked; beyond it there is nothing to ask.
    np.testing.assert_allclose(settled[0], (0.4, 0.4, 0.2, 0), atol=1e-4)
    np.testing.assert_allclose(settled[1], likely_outside[1])
    assert settled[2].tolist() == settled[3].tolist() == [0, 0, 0, 1]
    assert count_unseen(settled) == "1 hidden, 3 outside the photo"


def test_an_answer_tells_which_points_are_seen(judging: Engine, astronaut: np.ndarray) -> None:
    answer = judging.ask(astronaut, "the 300W layout", boxes=BOXES)
    assert answer.visibility is not None
    assert answer.is_seen is not None
    assert answer.visibility.shape == (68, 4)
    np.testing.assert_allclose(answer.visibility.sum(axis=1), 1, atol=3e-4)
    assert 0 < answer.is_seen.sum() < 68, "of random weights, but no constant"
    point = answer.points[5]
    assert isinstance(point.visibility, PointVisibility)
    assert point.visibility == pytest.approx(answer.visibility[5])
    # In no company but its own a point is judged the same.
    alone = judging.ask(astronaut, answer.names[5], boxes=BOXES)
    np.testing.assert_array_equal(alone.visibility, answer.visibility[5:6])
    unseen = 68 - answer.is_seen.sum()
    assert f"{unseen} of 68 points are probably not seen: {count_unseen(answer.visibility)}" in answer.notes


def test_weights_without_the_head_tell_nothing(engine: Engine, astronaut: np.ndarray) -> None:
    answer = engine.ask(astronaut, "pupils", boxes=BOXES)
    assert answer.visibility is None
    assert answer.is_seen is None
    assert answer.points[0].visibility is None
    assert json.loads(answer.to_json())["points"][0]["visibility"] is None
    assert Answer.from_json(answer.to_json()).visibility is None
    with pytest.raises(ConfigError, match="do not tell which points are seen"):
        engine.ask(astronaut, "only the visible points of the jaw", boxes=BOXES)


def test_the_mirrored_crop_is_asked_too(detector, judging: Engine, astronaut: np.ndarray) -> None:
    weights = LoadedDetector(detector, "judging", {})
    mean = Engine("cpu", weights, find_upright=False, flip_test=True).ask(astronaut, "300W", boxes=BOXES)
    plain = judging.ask(astronaut, "300W", boxes=BOXES)
    assert mean.visibility is not None
    np.testing.assert_allclose(mean.visibility.sum(axis=1), 1, atol=3e-4)
    assert np.abs(mean.visibility - plain.visibility).max() > 0.005


def test_only_visible_points_are_kept(judging: Engine, astronaut: np.ndarray) -> None:
    everything = judging.ask(astronaut, "the 300W layout", boxes=BOXES)
    answer = judging.ask(astronaut, "the 300W layout, visible landmarks only", boxes=BOXES)
    kept = np.flatnonzero(everything.is_seen)
    np.testing.assert_array_equal(answer.xy, everything.xy[kept])
    np.testing.assert_array_equal(answer.visibility, everything.visibility[kept])
    assert answer.names == tuple(everything.names[i] for i in kept)
    assert answer.is_seen is not None
    assert answer.is_seen.all()
    assert f"{68 - len(kept)} of 68 points are left out, as probably not seen" in answer.notes[-1]
    assert Answer.from_json(answer.to_json()) == answer
    assert pickle.loads(pickle.dumps(answer)) == answer


def test_nothing_left_is_an_answer_without_points(detector, judging: Engine, astronaut: np.ndarray) -> None:
    with torch.no_grad():
        detector.visibility.judge[-1].bias.copy_(torch.tensor([-90.0, 90.0, 0.0, 0.0]))
    answer = judging.ask(astronaut, "only the visible points of the jaw as a polygon", boxes=BOXES)
    assert len(answer) == 0
    assert len(answer.faces) == 1
    assert "no point is left, as probably not seen: 33 hidden" in answer.notes[-1]
    assert answer.outlines == ()
    assert Answer.from_json(answer.to_json()) == answer
    assert answer.to_csv().count("\n") == 1
    assert answer.to_coco()["annotations"][0]["num_keypoints"] == 0
    assert answer.draw().size == (512, 512)
    assert ET.fromstring(answer.to_svg()).find(f".//{SVG}circle") is None


def test_a_line_breaks_where_a_point_is_left_out(drawn_answer) -> None:
    from faceql.engine.outlines import keep_points

    line = drawn_answer("face_contour * 9 | polyline").outlines
    kept = np.array([True, True, True, False, True, True, False, True, False])
    assert [outline.points for outline in keep_points(line, kept)] == [(0, 1, 2), (3, 4)]


def test_every_format_tells_it(judged: Answer) -> None:
    data = json.loads(judged.to_json())
    assert data["points"][2]["visibility"] == {"seen": 0.2, "hidden": 0.5, "turned_away": 0.2, "outside": 0.1}
    np.testing.assert_array_equal(Answer.from_json(judged.to_json()).visibility, judged.visibility)
    rows = list(csv.DictReader(io.StringIO(judged.to_csv())))
    assert [float(row["seen"]) for row in rows] == pytest.approx([0.9, 0.9, 0.2, 0.9, 0.4, 0.9])
    assert judged.to_coco()["annotations"][0]["keypoints"][2::3] == [2, 2, 1, 2, 1, 2]
    dots = list(ET.fromstring(judged.to_svg()).iter(f"{SVG}circle"))
    assert [dot.get("fill") for dot in dots] == [None, None, "none", None, "none", None]
    assert [dot.findtext(f"{SVG}title", "").partition(" (")[2] for dot in dots][2:5] == ["hidden)", "", "turned away)"]


def test_what_is_not_told_is_left_empty(drawn_answer) -> None:
    row = next(csv.DictReader(io.StringIO(drawn_answer("pupils").to_csv())))
    assert (row["seen"], row["outside"]) == ("", "")


def test_points_that_are_not_seen_are_hollow(judged: Answer) -> None:
    drawn = np.asarray(judged.draw(scale=8, legend=False), dtype=int)
    plain = np.asarray(dataclasses.replace(judged, visibility=None).draw(scale=8, legend=False), dtype=int)
    middles = ((judged.xy + 0.5) * 8 - 0.5).round().astype(int)
    for (x, y), is_seen in zip(middles, judged.is_seen, strict=True):
        assert (plain[y, x] != 90).any()
        assert (drawn[y, x] != 90).any() == is_seen
        # A ring is left of it.
        assert (drawn[y - 20 : y + 21, x - 20 : x + 21] != 90).any()


def test_an_older_answer_is_read(judged: Answer) -> None:
    data = judged.to_dict() | {"schema_version": 2}
    del data["outlines"], data["faces_found"]
    for point in data["points"]:
        del point["visibility"]
    assert Answer.from_dict(data) == dataclasses.replace(judged, visibility=None)


def test_a_covered_mouth_is_hidden(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    photo = astronaut.copy()
    photo[126:190, 160:290] = (70, 110, 60)
    plain, covered = (shipped_engine.ask(some, "lips", boxes=BOXES) for some in (astronaut, photo))
    assert plain.is_seen is not None
    assert plain.is_seen.mean() > 0.9
    assert covered.visibility is not None
    assert covered.visibility[:, 1].mean() > 0.6
    left = shipped_engine.ask(photo, "only the visible points of the lips and the eyes", boxes=BOXES)
    assert {part.split()[-1] for part in left.parts} == {"eye"}
