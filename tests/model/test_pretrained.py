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
    carry_over,
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


def vit_detector() -> Detector:
    """A detector on a plain ViT, whose one map becomes three levels."""
    scales = (2, 1, 0.5)
    config = DetectorConfig(
        encoder="vit_tiny_patch16_224", feature_indices=(11,), pyramid_scales=scales, image_size=64,
        part_vectors="learned", dim=32, num_heads=4, feedforward_dim=32,
    )  # fmt: skip
    return Detector(config).eval()


def test_a_plain_vit_gives_a_pyramid_and_answers() -> None:
    detector = vit_detector()
    crops = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        maps = detector.image_encoder(crops)
        decoded = detector.decode(detector.encode(crops), detector.part_ids(["left eye"] * 3), torch.rand(3))
    assert [tuple(m.shape) for m in maps] == [(2, 32, 8, 8), (2, 32, 4, 4), (2, 32, 2, 2)]
    assert decoded.coordinates.shape == (2, 3, 2)


@pytest.mark.parametrize("encoder", ["vit", "resnet"])
def test_encoder_weights_come_from_a_file(encoder: str, tmp_path: Path) -> None:
    name = "vit_tiny_patch16_224" if encoder == "vit" else "resnet10t"
    sized = {"img_size": 64} if encoder == "vit" else {}
    torch.manual_seed(7)
    whole = timm.create_model(name, num_classes=5, **sized)
    path = tmp_path / "encoder.pt"
    torch.save({"state_dict": whole.state_dict()}, path)
    small = {"part_vectors": "learned", "dim": 32, "num_heads": 4, "feedforward_dim": 32}
    detector = vit_detector() if encoder == "vit" else Detector(DetectorConfig(encoder=name, **small))
    initialize_detector(detector, str(path))
    body = detector.image_encoder.body.state_dict()
    assert body
    for key, tensor in body.items():
        assert torch.equal(tensor, whole.state_dict()[key.removeprefix("model.")]), key


def test_weights_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file"):
        initialize_detector(vit_detector(), str(tmp_path / "farl.pth"))
    broken = tmp_path / "broken.pth"
    broken.write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="vit_tiny"):
        initialize_detector(vit_detector(), str(broken))


def test_a_mapping_that_does_not_fit_is_refused() -> None:
    source = load_lite0_weights()
    target = Detector(DetectorConfig(encoder="resnet10t", part_vectors="learned")).image_encoder.body.state_dict()
    with pytest.raises(ConfigError, match="tensors"):
        map_lite0_weights(source, target)


@pytest.mark.slow
def test_sentence_vectors_tell_sides_apart() -> None:
    vectors = encode_part_names(["left eye", "right eye", "outer lip"])
    assert vectors.shape == (3, 384)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert vectors[0] @ vectors[1] < 0.99


def test_an_efficientnet_grows_and_first_answers_as_before() -> None:
    torch.manual_seed(11)
    given = Detector(DetectorConfig(part_vectors="learned")).eval()
    for module in given.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.bias)
    grown = Detector(DetectorConfig(part_vectors="learned", encoder="tf_efficientnet_lite1")).eval()
    assert carry_over(given, grown) == ()
    crops = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    for before, after in zip(given.image_encoder(crops), grown.image_encoder(crops), strict=True):
        assert torch.equal(before, after)
    grown.image_encoder(crops)[0].square().mean().backward()
    new = grown.image_encoder.body.blocks[2][2]
    assert new.bn3.weight.grad.abs().sum() > 0


def test_a_wider_efficientnet_is_not_grown_into() -> None:
    given = Detector(DetectorConfig(part_vectors="learned"))
    wider = Detector(DetectorConfig(part_vectors="learned", encoder="tf_efficientnet_lite2"))
    with pytest.raises(ConfigError, match="tf_efficientnet_lite0 cannot begin a tf_efficientnet_lite2"):
        carry_over(given, wider)
