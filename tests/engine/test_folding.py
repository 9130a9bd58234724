"""Folded batch norms and packed convolutions change no answer by more than a thousandth of a pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from faceql.engine import Engine
from faceql.engine.folding import fold_batch_norms
from faceql.engine.packing import PackedConvolution, PackedLiteNet, can_pack, pack_convolutions
from faceql.model.checkpoint import load_detector
from faceql.model.lite_net import LiteNet, PaddedConvolution


def test_answers_stay_within_a_thousandth_of_a_pixel(shipped_engine: Engine, astronaut: np.ndarray) -> None:
    plain = Engine("cpu", load_detector(None, torch.device("cpu")))
    for photo in (astronaut, np.rot90(astronaut)):
        want, got = (
            plain.ask(photo, "WFLW; 200 points on the outer lip"),
            shipped_engine.ask(photo, "WFLW; 200 points on the outer lip"),
        )
        np.testing.assert_allclose(got.xy, want.xy, atol=1e-3)


def test_every_norm_of_the_shipped_encoder_is_folded_once() -> None:
    body = load_detector(None, torch.device("cpu")).detector.image_encoder.body
    before = sum(isinstance(module, torch.nn.BatchNorm2d) for module in body.modules())
    assert before > 40
    assert fold_batch_norms(body) == before
    assert fold_batch_norms(body) == 0


def test_every_convolution_of_the_shipped_encoder_is_packed_once(shipped_engine: Engine) -> None:
    assert can_pack(), "oneDNN's operators have changed: asks cost a tenth more until PackedConvolution follows"
    encoder = load_detector(None, torch.device("cpu")).detector.image_encoder
    before = sum(isinstance(module, torch.nn.Conv2d) for module in encoder.modules())
    # Batch norms that are still there stay in the way.
    assert pack_convolutions(encoder, 224) == len(encoder.laterals)
    fold_batch_norms(encoder.body)
    assert pack_convolutions(encoder, 224) == before - len(encoder.laterals)
    assert pack_convolutions(encoder, 224) == 0
    assert not any(isinstance(module, torch.nn.Conv2d) for module in encoder.modules())


@pytest.mark.parametrize("activation", [torch.nn.Identity(), torch.nn.ReLU(), torch.nn.ReLU6()])
@pytest.mark.parametrize("groups", [1, 6])
@pytest.mark.parametrize("padding", [0, 1, "same"])
def test_a_packed_convolution_does_what_the_plain_one_does(
    activation: torch.nn.Module, groups: int, padding: int | str
) -> None:
    torch.manual_seed(3)
    shape = {"in_channels": 6, "out_channels": 12, "kernel_size": 3, "stride": 2, "groups": groups}
    conv = PaddedConvolution(**shape) if padding == "same" else torch.nn.Conv2d(**shape, padding=padding)
    packed = PackedConvolution(conv, activation)
    for batch, side in ((1, 8), (3, 11)):
        x = 9 * torch.randn(batch, 6, side, side).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            torch.testing.assert_close(packed(x), activation(conv(x)), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_packed_network_gives_the_plain_ones_levels_and_leaves_its_input(dtype: torch.dtype) -> None:
    torch.manual_seed(5)
    net = LiteNet(1.0, (1, 2, 3, 4)).eval()
    for norm in net.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.running_mean.normal_(0, 0.1)
            norm.weight.data.uniform_(0.5, 1.0)
    fold_batch_norms(net)
    packed = PackedLiteNet(net, dtype, 64)
    for batch, side in ((1, 64), (2, 64), (1, 50)):
        x = torch.randn(batch, 3, side, side).contiguous(memory_format=torch.channels_last)
        before = x.clone()
        with torch.inference_mode():
            levels = packed(x)
            for want, got in zip(net(x), levels, strict=True):
                assert got.dtype == torch.float32
                error = float((got - want).abs().max() / want.abs().max())
                assert error < (1e-5 if dtype == torch.float32 else 0.05)
        assert torch.equal(x, before)


def test_other_modules_stay_as_they_are() -> None:
    body = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).eval()
    assert fold_batch_norms(body) == 0
