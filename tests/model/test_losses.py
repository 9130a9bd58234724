import math

import pytest
import torch

from faceql.model.decoder import DecodedLayers
from faceql.model.training.losses import landmark_loss, smoothness_loss, stretch_loss, wing_loss


def test_wing_loss_against_its_definition() -> None:
    for x in (-30.0, -10.0, -3.0, 0.0, 0.5, 9.99, 10.0, 25.0):
        c = 10 - 10 * math.log(1 + 10 / 2)
        expected = 10 * math.log(1 + abs(x) / 2) if abs(x) < 10 else abs(x) - c
        assert float(wing_loss(torch.tensor(x))) == pytest.approx(expected, rel=1e-6)


def test_coordinate_loss_sums_layers_and_leaves_out_the_unknown() -> None:
    torch.manual_seed(0)
    layers = DecodedLayers(
        torch.rand(4, 2, 3, 2, dtype=torch.float64), torch.zeros(2, 3, dtype=torch.float64), torch.zeros(2, 3, 2)
    )
    targets = torch.rand(2, 3, 2, dtype=torch.float64)
    weights = torch.tensor([[1.0, 0.0, 0.5], [1.0, 1.0, 0.0]], dtype=torch.float64)
    total = 0.0
    for layer in range(4):
        for face in range(2):
            for landmark in range(3):
                axes = [
                    float(wing_loss(256 * (layers.coordinates[layer, face, landmark, a] - targets[face, landmark, a])))
                    for a in range(2)
                ]
                total += float(weights[face, landmark]) * sum(axes) / 2
    found, _ = landmark_loss(layers, targets, weights)
    assert float(found) == pytest.approx(total / 3.5)


def test_the_scale_loss_is_least_at_the_expected_error() -> None:
    errors_px = torch.tensor([1.0, 2.0, 6.0])
    coordinates = torch.zeros(1, 3, 1, 2)
    coordinates[0, :, 0, 0] = errors_px / 256
    scales = torch.linspace(0.5, 8, 751)
    losses = []
    for scale in scales:
        layers = DecodedLayers(coordinates, torch.full((3, 1), math.log(float(scale))), torch.zeros(3, 1, 2))
        losses.append(float(landmark_loss(layers, torch.zeros(3, 1, 2), torch.ones(3, 1))[1]))
    assert float(scales[losses.index(min(losses))]) == pytest.approx(float(errors_px.mean()), abs=0.02)


def test_the_scale_loss_does_not_move_coordinates() -> None:
    coordinates = torch.rand(2, 1, 4, 2, requires_grad=True)
    scale = torch.zeros(1, 4, requires_grad=True)
    _, scale_loss = landmark_loss(
        DecodedLayers(coordinates, scale, torch.zeros(1, 4, 2)), torch.zeros(1, 4, 2), torch.ones(1, 4)
    )
    scale_loss.backward()
    assert coordinates.grad is None
    assert scale.grad is not None
    assert scale.grad.abs().min() > 0


def test_smoothness_sees_bends_and_not_shifts() -> None:
    targets = torch.tensor([[[0.1, 0.2], [0.2, 0.25], [0.3, 0.3]]]).repeat(2, 2, 1)
    weights = torch.ones(2, 6)
    scale = torch.zeros(2, 6)
    shifted = DecodedLayers((targets + 0.05)[None], scale, torch.zeros(*scale.shape, 2))
    assert float(smoothness_loss(shifted, targets, weights, 1)) == pytest.approx(0, abs=1e-4)
    bent = targets.clone()
    bent[0, 4] += torch.tensor([1.0, -2.0]) / 256  # the middle of the last triplet of the first face
    layers = DecodedLayers(torch.stack([targets, bent]), scale, torch.zeros(*scale.shape, 2))
    # |second difference| is (2, 4) px, its mean over x and y 3; the mean over two faces, one triplet each, 1.5.
    assert float(smoothness_loss(layers, targets, weights, 1)) == pytest.approx(1.5, rel=1e-4)
    assert float(smoothness_loss(layers, targets, weights, 2)) == pytest.approx(0.75, rel=1e-4)
    weights[0, 3] = 0  # a triplet with an unknown member does not count
    assert float(smoothness_loss(layers, targets, weights, 1)) == pytest.approx(0, abs=1e-4)


def test_the_stretch_loss_is_least_at_the_shape_of_the_errors() -> None:
    """Errors four times as long as wide, along a line 30 degrees below the x axis."""
    generator = torch.Generator().manual_seed(0)
    angle = math.radians(30)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    errors = (torch.randn(1, 4000, 2, generator=generator) * torch.tensor([4.0, 1.0])) @ turn.T / 256

    def loss(elongation: float, direction: float) -> float:
        u, v = math.log(elongation) * math.cos(2 * direction), math.log(elongation) * math.sin(2 * direction)
        stretch = torch.tensor([u, v]).expand(1, 4000, 2)
        layers = DecodedLayers(errors[None], torch.zeros(1, 4000), stretch)
        return float(stretch_loss(layers, torch.zeros(1, 4000, 2), torch.ones(1, 4000)))

    best = loss(4.0, angle)
    for elongation, direction in ((1.0, angle), (2.0, angle), (8.0, angle), (4.0, angle + 0.3), (4.0, -angle)):
        assert loss(elongation, direction) > best + 0.005


def test_unknown_points_do_not_shape_the_stretch() -> None:
    stretch = torch.zeros(1, 2, 2, requires_grad=True)
    layers = DecodedLayers(torch.tensor([[[[0.1, 0.0], [0.0, 0.1]]]]), torch.zeros(1, 2), stretch)
    stretch_loss(layers, torch.zeros(1, 2, 2), torch.tensor([[1.0, 0.0]])).backward()
    assert stretch.grad is not None
    assert stretch.grad[0, 0].abs().sum() > 0
    assert stretch.grad[0, 1].abs().sum() == 0
