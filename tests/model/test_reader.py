"""Landmarks read off the splines through a detector's answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from faceql.model.detector import Detector, join_crops, select_crop
from faceql.model.part_splines import PartSpline, PartSplines
from faceql.model.reader import LandmarkReader
from faceql.querylang.registry import Part, load_registry

PARTS = load_registry().parts
ASKED = ["left eye", "face contour", "left pupil", "left eyebrow", "left eye", "nose boundary"]
AT = [0.1, 0.3, 0.0, 0.2, 0.9, 1.0]


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("part", [part for part in PARTS.values() if not part.is_point], ids=lambda part: part.name)
def test_a_spline_keeps_what_is_one(part: Part, sparse: bool) -> None:
    """Any values of the spline's own kind come back exactly from its samples, between them too."""
    spline = PartSpline.of_part(part, sparse)
    controls = np.random.default_rng(0).normal(size=(spline.controls, 2))
    fitted = spline.fit @ (spline.weights(spline.sample_fpalps) @ controls)
    at = np.linspace(0, 1, 77)
    np.testing.assert_allclose(spline.weights(at) @ fitted, spline.weights(at) @ controls, atol=1e-9)
    splines = PartSplines({"another": PartSpline(6, 9, False), "it": spline})
    values = splines.evaluate({"it": controls[None]}, ["it"] * len(at), at)
    np.testing.assert_allclose(values[0], spline.weights(at) @ controls, atol=1e-12)
    np.testing.assert_allclose(spline.weights(at).sum(axis=1), 1)


def test_sparse_curves_are_fixed_by_three_fifths_of_the_places() -> None:
    counts = [sum(PartSpline.of_part(part, sparse).samples for part in PARTS.values()) for sparse in (False, True)]
    assert counts == [166, 96]


def test_weights_are_those_of_scipys_b_splines() -> None:
    at = np.linspace(0, 0.999, 50)
    open_part, closed = PartSpline(9, 14, False), PartSpline(9, 9, True)
    knots = np.arange(-3, 6 + 4) / 6
    np.testing.assert_allclose(open_part.weights(at), BSpline.design_matrix(at, knots, 3).toarray(), atol=1e-12)
    want = BSpline.design_matrix(at, np.arange(-3, 9 + 4) / 9, 3).toarray()
    want[:, :3] += want[:, 9:]
    np.testing.assert_allclose(closed.weights(at), want[:, :9], atol=1e-12)
    np.testing.assert_allclose(closed.weights(at + 1), closed.weights(at), atol=1e-9)


def test_a_landmark_does_not_depend_on_what_else_is_asked(small_detector: Detector, crops: torch.Tensor) -> None:
    reader = LandmarkReader(small_detector)
    encoded = reader.encode(crops)
    with torch.inference_mode():
        together = reader.read(encoded, ASKED, AT)
        curves: dict[str, np.ndarray] = {}
        for i, (part, fpalp) in enumerate(zip(ASKED, AT, strict=True)):
            alone = reader.read(encoded, [part], [fpalp], curves)
            np.testing.assert_array_equal(alone.coordinates[:, 0], together.coordinates[:, i])
            np.testing.assert_array_equal(alone.log_scale[:, 0], together.log_scale[:, i])
    assert set(curves) == set(PARTS)
    assert together.coordinates.shape == (2, 6, 2)
    assert together.stretch.shape == (2, 6, 2)


@pytest.mark.parametrize("flip_test", [False, True])
def test_curves_that_come_with_the_encoding_are_those_read_later(
    small_detector: Detector, crops: torch.Tensor, monkeypatch: pytest.MonkeyPatch, flip_test: bool
) -> None:
    reader = LandmarkReader(small_detector, flip_test)
    with torch.inference_mode():
        later = reader.read(reader.encode(crops), ASKED, AT)
        encoded = reader.encode(crops, reader.known_parts)
        halves = [join_crops([select_crop(encoded, row) for row in range(i, encoded.batch, 2)]) for i in range(2)]
        others = reader.read(reader.encode(crops, ["left eye"]), ASKED, AT)
        monkeypatch.setattr(small_detector, "decode", None)
        along = reader.read(encoded, ASKED, AT)
        each = [reader.read(half, ASKED, AT).coordinates for half in halves]
    np.testing.assert_allclose(along.coordinates, later.coordinates, atol=1e-6)
    np.testing.assert_allclose(along.log_scale, later.log_scale, atol=1e-5)
    np.testing.assert_array_equal(np.concatenate(each), along.coordinates)
    np.testing.assert_allclose(others.coordinates, later.coordinates, atol=1e-6)


def test_what_was_read_is_not_decoded_again(
    small_detector: Detector, crops: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = LandmarkReader(small_detector)
    encoded = reader.encode(crops)
    curves: dict[str, np.ndarray] = {}
    with torch.inference_mode():
        first = reader.read(encoded, ["left eye", "nose bridge"], [0.2, 0.5], curves)
        monkeypatch.setattr(small_detector, "decode", None)
        again = reader.read(encoded, ["nose bridge", "left eye"], [0.5, 0.2], curves)
    np.testing.assert_array_equal(again.coordinates, first.coordinates[:, ::-1])


def test_joint_attention_is_asked_exactly_what_is_wanted(joint_detector: Detector, crops: torch.Tensor) -> None:
    reader = LandmarkReader(joint_detector)
    with torch.inference_mode():
        encoded = reader.encode(crops)
        found = reader.read(encoded, ASKED, AT)
        want = joint_detector.decode(encoded, joint_detector.part_ids(ASKED), torch.tensor(AT))
    np.testing.assert_allclose(found.coordinates, want.coordinates, atol=1e-6)


@pytest.mark.parametrize("kind", ["context", "joint"])
def test_flip_test_is_the_mean_with_the_mirrored_crop(
    kind: str, small_detector: Detector, joint_detector: Detector, crops: torch.Tensor
) -> None:
    detector = small_detector if kind == "context" else joint_detector
    parts, mirrored = ["left eye", "right pupil", "face contour"], ["right eye", "left pupil", "face contour"]
    with torch.inference_mode():
        plain = LandmarkReader(detector)
        one = plain.read(plain.encode(crops), parts, [0.125, 0, 0.25])
        other = plain.read(plain.encode(crops.flip(-1)), mirrored, [0.375, 0, 0.75])
        both = LandmarkReader(detector, flip_test=True)
        found = both.read(both.encode(crops), parts, [0.125, 0, 0.25])
    turned = other.coordinates * (-1, 1) + (1, 0)
    np.testing.assert_allclose(found.coordinates, (one.coordinates + turned) / 2, atol=1e-4)
    np.testing.assert_allclose(found.log_scale, (one.log_scale + other.log_scale) / 2, atol=1e-3)
    np.testing.assert_allclose(found.stretch, (one.stretch + other.stretch * (1, -1)) / 2, atol=1e-3)
