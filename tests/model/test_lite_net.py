"""Our EfficientNet-Lite is timm's, tensor by tensor."""

from __future__ import annotations

import pytest
import timm
import torch

from faceql.errors import ConfigError
from faceql.model.config import DetectorConfig
from faceql.model.image_encoder import ImageEncoder
from faceql.model.lite_net import DEPTHS, LiteNet


@pytest.mark.parametrize("name", DEPTHS)
def test_it_answers_as_timms_does_with_the_same_weights(name: str) -> None:
    torch.manual_seed(0)
    theirs = timm.create_model(name, features_only=True, out_indices=(1, 2, 3, 4)).eval()
    ours = LiteNet(DEPTHS[name], (1, 2, 3, 4)).eval()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    for side in (96, 33):
        x = torch.randn(2, 3, side, side)
        with torch.inference_mode():
            for want, got in zip(theirs(x), ours(x), strict=True):
                torch.testing.assert_close(got, want)


def test_coarser_levels_than_are_wanted_are_not_made() -> None:
    net = LiteNet(1.0, (1, 2))
    assert [tuple(level.shape[1:]) for level in net(torch.zeros(1, 3, 64, 64))] == [(24, 16, 16), (40, 8, 8)]
    assert len(net.blocks) == 3


def test_stages_can_keep_fewer_blocks() -> None:
    whole, fewer = LiteNet(1.1, (1, 2, 3, 4)), LiteNet(1.1, (1, 2, 3, 4), (1, 1, 1, 1, 1, 1, 0))
    assert fewer.widths == [24, 40, 112, 192]
    # What is kept has the names that it has in the whole.
    assert set(fewer.state_dict()) < set(whole.state_dict())
    assert [level.shape[1] for level in fewer(torch.zeros(1, 3, 64, 64))] == fewer.widths


@pytest.mark.parametrize("counts", [(1, 1, 1), (1, 0, 1, 1, 1, 1, 1)])
def test_block_counts_fit_the_stages(counts: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="block_counts"):
        LiteNet(1.0, (1, 2, 3, 4), counts)


def test_other_encoders_have_no_block_counts() -> None:
    with pytest.raises(ConfigError, match="tf_efficientnet_lite0"):
        ImageEncoder(DetectorConfig(encoder="resnet10t", block_counts=(1, 1)))
