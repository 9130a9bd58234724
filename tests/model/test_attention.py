import itertools
import math
from collections.abc import Iterator

import pytest
import torch

from faceql.model.attention import AnchoredAttention, DeformableAttention, sample_deformable, split_map_heads


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture
def attention() -> AnchoredAttention:
    torch.manual_seed(0)
    return AnchoredAttention(dim=12, num_heads=3).double()


def attend_by_loops(attention: AnchoredAttention, query: torch.Tensor, keys: list, values: list) -> torch.Tensor:
    """One query vector over lists of key and value inputs, head by head."""
    heads, size = attention.num_heads, query.shape[0] // attention.num_heads
    q = attention.project_query(query)
    mixed = []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = [float(q[part] @ attention.project_key(k)[part]) / math.sqrt(size) for k in keys]
        top = max(scores)
        weights = [math.exp(s - top) for s in scores]
        total = sum(weights)
        mixed.append(sum(w / total * attention.project_value(v)[part] for w, v in zip(weights, values, strict=True)))
    return attention.project_out(torch.cat(mixed))


def test_joint_attention_against_loops(attention: AnchoredAttention) -> None:
    x, v = torch.randn(2, 5, 12).double(), torch.randn(2, 5, 12).double()
    found = attention.attend(x, attention.keys_values(x, v))
    for batch, row in itertools.product(range(2), range(5)):
        expected = attend_by_loops(attention, x[batch, row], list(x[batch]), list(v[batch]))
        assert torch.allclose(found[batch, row], expected, atol=1e-12)


def test_anchored_attention_sees_the_context_and_itself(attention: AnchoredAttention) -> None:
    context, asked = torch.randn(2, 4, 12).double(), torch.randn(2, 6, 12).double()
    found = attention.attend_anchored(
        asked, attention.keys_values(asked, asked), attention.keys_values(context, context)
    )
    for batch, row in itertools.product(range(2), range(6)):
        seen = [*context[batch], asked[batch, row]]
        expected = attend_by_loops(attention, asked[batch, row], seen, seen)
        assert torch.allclose(found[batch, row], expected, atol=1e-12)


def sample_bilinear(values: torch.Tensor, x: float, y: float) -> torch.Tensor:
    """Sample (channels, height, width) at crop units (x, y), zero outside; cell centres lie at (i + 0.5) / size."""
    channels, height, width = values.shape
    column, row = x * width - 0.5, y * height - 0.5
    total = torch.zeros(channels, dtype=values.dtype)
    for i, j in itertools.product((math.floor(row), math.floor(row) + 1), (math.floor(column), math.floor(column) + 1)):
        if 0 <= i < height and 0 <= j < width:
            total += (1 - abs(row - i)) * (1 - abs(column - j)) * values[:, i, j]
    return total


def test_deformable_sampling_against_loops() -> None:
    torch.manual_seed(1)
    batch, landmarks, heads, points, head_dim = 2, 3, 2, 4, 5
    shapes = [(6, 7), (3, 4)]
    maps = [torch.randn(batch, heads * head_dim, h, w).double() for h, w in shapes]
    values = [split_map_heads(m, heads) for m in maps]
    locations = torch.rand(batch, landmarks, heads, len(shapes), points, 2).double() * 1.4 - 0.2
    weights = torch.rand(batch, landmarks, heads, len(shapes), points).double()
    found = sample_deformable(values, locations, weights)
    for b, n, h in itertools.product(range(batch), range(landmarks), range(heads)):
        expected = torch.zeros(head_dim).double()
        for level, p in itertools.product(range(len(shapes)), range(points)):
            own = maps[level][b, h * head_dim : (h + 1) * head_dim]
            x, y = locations[b, n, h, level, p].tolist()
            expected += weights[b, n, h, level, p] * sample_bilinear(own, x, y)
        assert torch.allclose(found[b, n, h * head_dim : (h + 1) * head_dim], expected, atol=1e-12)


def test_eq_4_against_loops() -> None:
    torch.manual_seed(2)
    attention = DeformableAttention(dim=8, num_heads=2, num_levels=2, num_points=3)
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    maps = [torch.randn(1, 8, 8, 6), torch.randn(1, 8, 4, 3)]
    query, place = torch.randn(1, 2, 8), torch.rand(1, 2, 2)
    found = attention(query, place, [split_map_heads(m, 2) for m in maps])
    for n in range(2):
        offsets = attention.predict_offsets(query[0, n]).reshape(2, 2, 3, 2)
        scores = attention.predict_weights(query[0, n]).reshape(2, 6)
        heads = []
        for h in range(2):
            weights = [math.exp(float(s)) for s in scores[h]]
            mixed = torch.zeros(4)
            for level, p in itertools.product(range(2), range(3)):
                height, width = maps[level].shape[-2:]
                x = float(place[0, n, 0] + offsets[h, level, p, 0] / width)
                y = float(place[0, n, 1] + offsets[h, level, p, 1] / height)
                own = maps[level][0, h * 4 : (h + 1) * 4]
                mixed += weights[level * 3 + p] / sum(weights) * sample_bilinear(own, x, y)
            heads.append(mixed)
        expected = attention.project_out(torch.cat(heads))
        assert torch.allclose(found[0, n], expected, atol=1e-5)
