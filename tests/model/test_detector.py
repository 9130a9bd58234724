import os
from collections.abc import Iterator

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from faceql.model.config import DetectorConfig
from faceql.model.detector import Detector, select_crop

from .conftest import make_detector


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def many(detector: Detector, count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(0, len(detector.part_names), (count,), generator=generator)
    return ids, torch.rand(count, generator=generator)


def test_a_point_alone_is_the_same_among_a_thousand(small_detector: Detector, crops: Tensor) -> None:
    encoded = small_detector.encode(crops)
    ids, fpalps = many(small_detector, 1000)
    together = small_detector.decode(encoded, ids, fpalps)
    for row in (0, 17, 999):
        alone = small_detector.decode(encoded, ids[row : row + 1], fpalps[row : row + 1])
        assert (alone.coordinates[:, 0] - together.coordinates[:, row]).abs().max() * 256 < 1e-4
        assert torch.allclose(alone.log_scale[:, 0], together.log_scale[:, row], atol=1e-5)


def test_order_permutes_the_answer(small_detector: Detector, crops: Tensor, asked: tuple[list[str], Tensor]) -> None:
    parts, fpalps = asked
    encoded = small_detector.encode(crops)
    ids = small_detector.part_ids(parts)
    order = torch.randperm(len(parts), generator=torch.Generator().manual_seed(1))
    straight = small_detector.decode(encoded, ids, fpalps).coordinates
    shuffled = small_detector.decode(encoded, ids[order], fpalps[order]).coordinates
    assert (straight[:, order] - shuffled).abs().max() * 256 < 1e-4


def test_joint_attention_depends_on_the_company(
    joint_detector: Detector, crops: Tensor, asked: tuple[list[str], Tensor]
) -> None:
    parts, fpalps = asked
    encoded = joint_detector.encode(crops)
    ids = joint_detector.part_ids(parts)
    together = joint_detector.decode(encoded, ids, fpalps).coordinates[:, 0]
    alone = joint_detector.decode(encoded, ids[:1], fpalps[:1]).coordinates[:, 0]
    assert encoded.context is None
    assert (together - alone).abs().max() * 256 > 0.01


def test_the_context_is_decoded_as_its_own_questions_would_be_jointly(small_detector: Detector, crops: Tensor) -> None:
    encoded = small_detector.encode(crops)
    assert encoded.context_layers is not None
    encodings = small_detector.landmark_encoder(small_detector.context_part_ids, small_detector.context_fpalps)[None]
    layers, _ = small_detector.decoder(encoded.memory, encodings, None)
    assert torch.equal(layers.coordinates, encoded.context_layers.coordinates)
    assert encoded.context_layers.coordinates.shape[2] == len(small_detector.config.context) == 38


def test_crops_of_a_batch_do_not_mix(small_detector: Detector, crops: Tensor, asked: tuple[list[str], Tensor]) -> None:
    parts, fpalps = asked
    ids = small_detector.part_ids(parts)
    batch = small_detector.encode(crops)
    both = small_detector.decode(batch, ids, fpalps).coordinates
    for index in range(2):
        single = small_detector.decode(small_detector.encode(crops[index : index + 1]), ids, fpalps).coordinates
        picked = small_detector.decode(select_crop(batch, index), ids, fpalps).coordinates
        assert (single[0] - both[index]).abs().max() * 256 < 3e-3
        assert (picked[0] - both[index]).abs().max() * 256 < 3e-3


@pytest.mark.parametrize("size", [48, 64, 80])
def test_any_crop_size_answers(small_detector: Detector, size: int) -> None:
    crops = torch.zeros(1, 3, size, size, dtype=torch.uint8)
    decoded = small_detector.decode(small_detector.encode(crops), *many(small_detector, 5))
    assert decoded.coordinates.shape == (1, 5, 2)
    assert decoded.log_scale.shape == (1, 5)
    assert decoded.coordinates.isfinite().all()


def test_a_part_it_lacks_is_named(small_detector: Detector) -> None:
    with pytest.raises(KeyError, match="left ear"):
        small_detector.part_ids(["left ear"])


@pytest.mark.parametrize("encoder", ["resnet18", "mobilenetv3_small_100"])
def test_other_encoders_fit(encoder: str) -> None:
    detector = make_detector(encoder=encoder)
    decoded = detector.decode(detector.encode(torch.zeros(1, 3, 64, 64)), *many(detector, 3))
    assert decoded.coordinates.shape == (1, 3, 2)


def test_settings_are_checked() -> None:
    with pytest.raises(ValidationError, match="fourier"):
        DetectorConfig(fourier=3)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="context"):
        DetectorConfig(context=(("left eye", "a half"),))


def test_autocast_keeps_coordinates_in_float32(
    small_detector: Detector, crops: Tensor, asked: tuple[list[str], Tensor]
) -> None:
    parts, fpalps = asked
    ids = small_detector.part_ids(parts)
    exact = small_detector.decode(small_detector.encode(crops), ids, fpalps)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = small_detector.decode(small_detector.encode(crops), ids, fpalps)
    assert rough.coordinates.dtype == torch.float32
    assert rough.log_scale.dtype == torch.float32
    assert (rough.coordinates - exact.coordinates).abs().max() < 0.1


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu(crops: Tensor, asked: tuple[list[str], Tensor]) -> None:
    parts, fpalps = asked
    detector = make_detector()
    ids = detector.part_ids(parts)
    here = detector.decode(detector.encode(crops), ids, fpalps).coordinates
    # "cpu" tries the test where there is no GPU.
    device = os.environ.get("FACEQL_GPU", "cuda")
    detector.to(device)
    there = detector.decode(detector.encode(crops.to(device)), ids.to(device), fpalps.to(device)).coordinates.cpu()
    assert (here - there).abs().max() * 256 < 0.05


def test_each_crop_may_be_asked_its_own(
    small_detector: Detector, crops: torch.Tensor, asked: tuple[list[str], torch.Tensor]
) -> None:
    parts, fpalps = asked
    ids = small_detector.part_ids(parts)
    encoded = small_detector.encode(crops)
    turned = ids.flip(0), fpalps.flip(0)
    both = small_detector.decode(encoded, torch.stack([ids, turned[0]]), torch.stack([fpalps, turned[1]]))
    for row, (row_ids, row_fpalps) in enumerate(((ids, fpalps), turned)):
        one = small_detector.decode(encoded, row_ids, row_fpalps)
        assert torch.allclose(both.coordinates[row], one.coordinates[row], atol=1e-5)
        assert torch.allclose(both.log_scale[row], one.log_scale[row], atol=1e-5)
