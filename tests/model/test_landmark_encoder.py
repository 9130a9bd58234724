import math

import pytest
import torch

from faceql.model.detector import Detector
from faceql.model.landmark_encoder import fpalp_features

from .conftest import make_detector


def test_features_are_periodic_on_closed_parts_only() -> None:
    f = torch.tensor([0.0, 1.0, 0.0, 1.0])
    closed = torch.tensor([True, True, False, False])
    features = fpalp_features(f, closed, harmonics=3)
    assert torch.allclose(features[0], features[1], atol=1e-5)
    assert not torch.allclose(features[2], features[3], atol=0.5)


def test_features_against_a_plain_loop() -> None:
    for fpalp, closed in ((0.3, True), (0.8, False)):
        expected = [0.0] * 10
        for k in range(1, 4):
            if closed:
                expected[k - 1] = math.sin(2 * math.pi * k * fpalp)
                expected[3 + k - 1] = math.cos(2 * math.pi * k * fpalp)
            else:
                expected[6] = fpalp
                expected[6 + k] = math.sin(math.pi * k * fpalp)
        found = fpalp_features(torch.tensor([fpalp]), torch.tensor([closed]), harmonics=3)[0]
        # Columns: sines, cosines, then f and its sines.
        assert found.tolist() == pytest.approx(expected, abs=1e-6)


def test_eq_1_is_the_sum_of_the_two_encodings(small_detector: Detector) -> None:
    encoder = small_detector.landmark_encoder.double()
    ids = small_detector.part_ids(["left eye", "face contour", "left eye"])
    fpalps = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
    found = encoder.encode_fpalp(fpalp_features(fpalps, encoder.part_is_closed[ids], 3).double()) + encoder.encode_part(
        encoder.part_vectors[ids]
    )
    for row, (number, fpalp) in enumerate(zip(ids.tolist(), fpalps.tolist(), strict=True)):
        hidden = fpalp_features(torch.tensor([fpalp]), encoder.part_is_closed[number : number + 1], 3)[0].double()
        for layer in encoder.encode_fpalp:
            if isinstance(layer, torch.nn.Linear):
                hidden = torch.stack([(w * hidden).sum() + b for w, b in zip(layer.weight, layer.bias, strict=True)])
            else:
                hidden = torch.stack([x if x > 0 else 0 * x for x in hidden])
        name = encoder.part_vectors[number]
        text = torch.stack(
            [(w * name).sum() + b for w, b in zip(encoder.encode_part.weight, encoder.encode_part.bias, strict=True)]
        )
        assert torch.allclose(found[row], hidden + text, atol=1e-6)
    small_detector.float()


def test_part_vectors_can_be_learnt() -> None:
    learned = make_detector(part_vectors="learned")
    names = [name for name, _ in learned.named_parameters()]
    assert "landmark_encoder.part_vectors" in names
    fixed = make_detector()
    assert "landmark_encoder.part_vectors" not in [name for name, _ in fixed.named_parameters()]
    assert "landmark_encoder.part_vectors" in fixed.state_dict()
