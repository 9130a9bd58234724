"""The starting points of training; their packages come with the `train` extra."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from faceql.errors import ConfigError
from faceql.model.config import DetectorConfig
from faceql.model.detector import Detector
from faceql.model.training.pretrained import (
    encode_part_names,
    initialize_detector,
    load_lite0_weights,
    map_lite0_weights,
)

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.jpg"

# ImageNet numbers that suit the portrait: crash helmet, football helmet, military uniform, missile, projectile,
# space shuttle.
HELMET_AND_ROCKET = {518, 560, 652, 657, 744, 812}


def test_the_mapped_encoder_gives_the_classifiers_features() -> None:
    source = load_lite0_weights()
    whole = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    whole.load_state_dict(dict(zip(whole.state_dict(), source.values(), strict=True)))
    detector = Detector(DetectorConfig(part_vectors="learned"))
    initialize_detector(detector)
    photo = np.asarray(Image.open(PHOTO).convert("RGB").resize((224, 224)), dtype=np.float32)
    x = (torch.from_numpy(photo).permute(2, 0, 1)[None] - 127) / 128
    with torch.no_grad():
        features = detector.eval().image_encoder.body(x)
        head = whole.eval().forward_head(whole.bn2(whole.conv_head(features[-1])))
        direct = whole(x)
    assert torch.allclose(head, direct, atol=1e-4)
    # An encoder with the tensors in the wrong places would see noise.
    assert set(direct[0].topk(5).indices.tolist()) & HELMET_AND_ROCKET


def test_a_mapping_that_does_not_fit_is_refused() -> None:
    source = load_lite0_weights()
    target = Detector(DetectorConfig(encoder="resnet10t", part_vectors="learned")).image_encoder.body.state_dict()
    with pytest.raises(ConfigError, match="tensors"):
        map_lite0_weights(source, target)


def test_sentence_vectors_tell_sides_apart() -> None:
    vectors = encode_part_names(["left eye", "right eye", "outer lip"])
    assert vectors.shape == (3, 384)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert vectors[0] @ vectors[1] < 0.99
