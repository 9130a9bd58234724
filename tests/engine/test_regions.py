"""What words say about an answer: its points there, polygons, masks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from faceql.errors import ConfigError, NoSuchPointError, QueryError

LIPS = "60 points on the outer lip; 60 on the inner lip"


def test_points_are_found_by_name_part_and_phrase(drawn_answer) -> None:
    answer = drawn_answer("300W; pupils", lambda p: p, lambda p: p + 300)
    assert answer.find("left eye", face=0).tolist() == list(range(36, 42))
    assert answer.find("left_eye").tolist() == [*range(36, 42), *range(36 + 70, 42 + 70)]
    assert answer.find("tip of the nose", face=0).tolist() == [30]
    assert answer.find("upper half of the left eye", face=0).tolist() == [36, 37, 38, 39]
    assert answer.find("lips", face=0).tolist() == list(range(48, 68))
    assert answer.find("300W points 1 to 5", face=0).tolist() == [0, 1, 2, 3, 4]
    assert answer.find("left pupil").tolist() == [68, 138]
    assert answer.find("middle of mouth").tolist() == []


def test_an_answer_is_indexed_by_number_and_by_words(drawn_answer) -> None:
    answer = drawn_answer("300W; pupils")
    assert answer[0].name == "left jaw end"
    assert answer[-1].part == "right pupil"
    (corner,) = answer["left mouth corner"]
    assert corner.xy == pytest.approx((70, 150))
    assert [point.part for point in answer["eyes"]] == ["left eye"] * 6 + ["right eye"] * 6
    with pytest.raises(NoSuchPointError, match="'middle of mouth': ask"):
        answer["middle of mouth"]
    with pytest.raises(LookupError):
        answer["middle of mouth"]
    with pytest.raises(QueryError, match="no face part covers"):
        answer["left ear"]
    with pytest.raises(IndexError):
        answer[70]


def test_a_place_is_found_across_the_start_of_a_closed_part(drawn_answer) -> None:
    answer = drawn_answer("outer_lip[9/12 .. 15/12] * 7; outer lip @ 0.5")
    assert answer.find("outer_lip[11/12 .. 13/12] * 9").tolist() == [2, 3, 4]


def test_polylines_and_polygons_follow_the_curve(drawn_answer) -> None:
    answer = drawn_answer("outer_lip[1 .. 0] * 12; nose bridge; left eye; face contour")
    line, ring = answer.polyline("outer lip"), answer.polygon("outer lip")
    np.testing.assert_array_equal(line[:-1], ring)
    np.testing.assert_array_equal(line[-1], ring[0])
    np.testing.assert_allclose(ring[0], (70, 150), atol=1e-4)
    assert answer.polyline("nose bridge").shape == (4, 2)
    assert answer.polygon("face contour").shape == (33, 2)
    with pytest.raises(NoSuchPointError, match="three points or more"):
        drawn_answer("nose bridge @ 0, 1").polygon("nose bridge")


def test_a_mask_covers_its_ellipse(drawn_answer) -> None:
    answer = drawn_answer(LIPS)
    mask = answer.mask("outer lip")
    assert mask.shape == answer.image_size
    assert mask.dtype == np.float32
    assert mask.sum() == pytest.approx(math.pi * 30 * 16, rel=0.003)
    rows, columns = np.nonzero(mask)
    assert ((columns * mask[rows, columns]).sum() / mask.sum(), (rows * mask[rows, columns]).sum() / mask.sum()) == (
        pytest.approx((100, 150), abs=0.02)
    )
    assert 0 < ((mask > 0) & (mask < 1)).sum() < 200, "anti-aliased at the edge and nowhere else"


def test_the_mouth_opening_is_cut_out_of_the_lips(drawn_answer) -> None:
    answer = drawn_answer(LIPS)
    lips, opening = answer.mask("lips"), answer.mask("mouth opening")
    assert lips[150, 100] == 0
    assert opening[150, 100] == 1
    assert lips[150 - 11, 100] == 1
    np.testing.assert_allclose(lips + opening, answer.mask("outer lip"), atol=0.02)


def test_one_lip_lies_between_both_curves(drawn_answer) -> None:
    answer = drawn_answer(LIPS)
    upper, lower = answer.mask("upper lip"), answer.mask("lower lip")
    half = (math.pi * 30 * 16 - math.pi * 22 * 6) / 2
    assert upper.sum() == pytest.approx(half, rel=0.02)
    assert lower.sum() == pytest.approx(half, rel=0.02)
    assert upper[139, 100] == 1
    assert upper[161, 100] == 0
    assert lower[161, 100] == 1


def test_an_open_part_is_closed_by_its_chord(drawn_answer) -> None:
    mask = drawn_answer("face contour").mask("jawline")
    assert mask.sum() == pytest.approx(math.pi * 90 * 110 / 2, rel=0.01)
    assert mask[70, 100] == 0


def test_masks_of_several_faces_come_together_or_alone(drawn_answer) -> None:
    answer = drawn_answer(LIPS, lambda p: p, lambda p: p - (0, 100))
    both, one = answer.mask("outer lip"), answer.mask("outer lip", face=1)
    assert both.sum() == pytest.approx(2 * one.sum(), rel=0.01)
    assert one[50, 100] == 1
    assert one[150, 100] == 0


def test_feathering_softens_the_edge_and_keeps_the_middle(drawn_answer) -> None:
    answer = drawn_answer("60 points on the face contour")
    sharp, soft = answer.mask("face contour"), answer.mask("face contour", feather=4)
    assert soft[120, 100] == pytest.approx(1, abs=0.01)
    edge = (80 + 110, 100)
    assert sharp[edge[0] + 4, 100] == 0
    assert 0 < soft[edge[0] + 4, 100] < 0.5
    assert soft.sum() == pytest.approx(sharp.sum(), rel=0.02)
    with pytest.raises(ConfigError, match="feather"):
        answer.mask("face contour", feather=-1)


def test_a_mask_of_a_face_beyond_the_border_is_cut_there(drawn_answer) -> None:
    answer = drawn_answer(LIPS, lambda p: p - (100, 0))
    assert answer.mask("outer lip").sum() == pytest.approx(math.pi * 30 * 16 / 2, rel=0.03)
    assert drawn_answer(LIPS, lambda p: p + 5000).mask("lips", feather=2).sum() == 0


def test_what_is_no_region_says_so(drawn_answer) -> None:
    answer = drawn_answer("60 points on the outer lip; pupils")
    with pytest.raises(NoSuchPointError, match="no points on 'lips'"):
        answer.mask("lips")
    with pytest.raises(ConfigError, match="a region is surfaces, parts"):
        answer.mask("pupils")
    with pytest.raises(NoSuchPointError, match="no index 3"):
        answer.mask("outer lip", face=3)
