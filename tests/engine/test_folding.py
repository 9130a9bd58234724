"""Folded batch norms change no answer by more than a thousandth of a pixel."""

from __future__ import annotations

import numpy as np
import torch

from faceql.engine import Engine
from faceql.engine.folding import fold_batch_norms
from faceql.model.checkpoint import load_detector


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


def test_other_modules_stay_as_they_are() -> None:
    body = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).eval()
    assert fold_batch_norms(body) == 0
