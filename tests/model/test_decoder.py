import itertools
import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from faceql.model.decoder import DecoderLayer, ImageMemory
from faceql.model.detector import Detector
from faceql.model.position_encoding import cell_centers, encode_positions

from .conftest import make_detector
from .test_attention import attend_by_loops


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def detector() -> Detector:
    return make_detector().double()


@pytest.fixture(scope="module")
def memory(detector: Detector, crops: Tensor) -> ImageMemory:
    float_detector = make_detector()
    with torch.no_grad():
        memory = float_detector.encode(crops).memory
    return ImageMemory(
        memory.cells.double(),
        memory.cell_centers,
        tuple(values.double() for values in memory.level_values),
    )


def normalize(norm: torch.nn.LayerNorm, x: Tensor) -> Tensor:
    mean = sum(x.tolist()) / len(x)
    spread = math.sqrt(sum((v - mean) ** 2 for v in x.tolist()) / len(x) + norm.eps)
    return (x - mean) / spread * norm.weight + norm.bias


def test_cell_centers_row_by_row() -> None:
    centers = cell_centers(2, 4, torch.device("cpu"))
    assert centers[0].tolist() == [0.125, 0.25]
    assert centers[1].tolist() == [0.375, 0.25]
    assert centers[4].tolist() == [0.125, 0.75]


def test_position_encoding_against_a_loop() -> None:
    found = encode_positions(torch.tensor([[0.3, 0.8]]), 16)[0]
    expected = []
    for value in (0.3, 0.8):
        waves = [math.pi * 128 ** (i / 3) * value for i in range(4)]
        expected += [math.sin(w) for w in waves] + [math.cos(w) for w in waves]
    assert found.tolist() == pytest.approx(expected, abs=1e-4)


def test_eq_2_against_loops(detector: Detector, memory: ImageMemory) -> None:
    initializer = detector.decoder.initializer
    encodings = torch.randn(3, 32, generator=torch.Generator().manual_seed(1)).double()
    queries, coordinates = initializer(memory, encodings[None])
    temperature = math.exp(float(initializer.log_temperature)) / math.sqrt(32)
    batch, cells = memory.cells.shape[:2]
    keys = initializer.keys(memory.cells, memory.cell_centers)
    for b, landmark in itertools.product(range(batch), range(3)):
        scores = [float(keys[b, :, c] @ encodings[landmark]) * temperature for c in range(cells)]
        weights = [math.exp(s - max(scores)) for s in scores]
        total = sum(weights)
        expected_xy = sum(w / total * memory.cell_centers[c] for c, w in enumerate(weights))
        expected_query = sum(w / total * memory.cells[b, c] for c, w in enumerate(weights))
        # The softmax itself runs in float32, as under autocast.
        assert torch.allclose(coordinates[b, landmark], expected_xy, atol=1e-5)
        assert torch.allclose(queries[b, landmark].double(), expected_query, atol=1e-4)


def test_first_coordinates_cannot_leave_the_crop(detector: Detector, memory: ImageMemory) -> None:
    encodings = 100 * torch.randn(50, 32).double()
    _, coordinates = detector.decoder.initializer(memory, encodings[None])
    low, high = memory.cell_centers.min(), memory.cell_centers.max()
    assert (coordinates >= low - 1e-6).all()
    assert (coordinates <= high + 1e-6).all()


def refine_by_loops(
    layer: DecoderLayer, x: Tensor, place_at: Tensor, own: Tensor, others: list, encodings: list, memory: ImageMemory
) -> tuple[Tensor, Tensor]:
    """Eq. 3-7 for one landmark of the first crop, in float64, one vector at a time."""
    place = layer.encode_reference(encode_positions(place_at, layer.dim).to(x.dtype))
    seen = [*others, (x, place)]
    normed = [normalize(layer.norms[0], query) for query, _ in seen]
    keys = [n + at for n, (_, at) in zip(normed, seen, strict=True)]
    x = x + attend_by_loops(layer.self_attention, normed[-1] + place, keys, normed)
    values = [v[: layer.image_attention.num_heads] for v in memory.level_values]
    looked = layer.image_attention(
        (normalize(layer.norms[1], x) + place)[None, None].float(), place_at[None, None].float(), values
    )
    x = x + looked[0, 0]
    x = x + attend_by_loops(
        layer.encoding_attention, normalize(layer.norms[2], x), [*encodings, own], [*encodings, own]
    )
    hidden = layer.feedforward[0](normalize(layer.norms[3], x))
    x = x + layer.feedforward[2](torch.stack([max(v, v * 0) for v in hidden]))
    out = normalize(layer.norm_out, x)
    inner = layer.predict_offset[0](out)
    return x, place_at + layer.predict_offset[2](torch.stack([max(v, v * 0) for v in inner])) / 32


@pytest.mark.parametrize("company", ["a memory", "the first ones", "each other"])
def test_eq_3_to_7_against_loops(memory: ImageMemory, company: str) -> None:
    detector = make_detector()
    layer = detector.decoder.layers[0]
    generator = torch.Generator().manual_seed(4)
    one = ImageMemory(
        memory.cells[:1].float(),
        memory.cell_centers,
        tuple(values[:4].float() for values in memory.level_values),
    )
    queries, places = torch.randn(1, 7, 32, generator=generator), torch.rand(1, 7, 2, generator=generator)
    encodings = torch.randn(7, 32, generator=generator)
    if company == "a memory":
        *_, context = layer(queries[:, :3], places[:, :3], encodings[None, :3], one.level_values, 3)
        rest = layer(queries[:, 3:], places[:, 3:], encodings[None, 3:], one.level_values, context)
        found_queries, found_places = (torch.cat([torch.full_like(x[:, :3], math.nan), x], dim=1) for x in rest[:2])
    else:
        count = 3 if company == "the first ones" else 7
        found_queries, found_places, _ = layer(queries, places, encodings[None], one.level_values, count)
    for row in range(3 if company == "a memory" else 0, 7):
        others = [i for i in range(7 if company == "each other" else 3) if i != row]
        expected_query, expected_place = refine_by_loops(
            layer,
            queries[0, row],
            places[0, row],
            encodings[row],
            [(queries[0, i], layer.encode_reference(encode_positions(places[0, i], 32))) for i in others],
            [encodings[i] for i in others],
            one,
        )
        assert torch.allclose(found_queries[0, row], expected_query, atol=2e-5)
        assert torch.allclose(found_places[0, row], expected_place, atol=2e-5)


def test_each_layer_starts_from_the_last_ones_coordinates(crops: Tensor) -> None:
    detector = make_detector()
    encoded = detector.encode(crops)
    ids, fpalps = detector.part_ids(["left eye"]), torch.tensor([0.25])
    layers = detector.decode_layers(encoded, ids, fpalps).coordinates
    assert layers.shape == (4, 2, 1, 2)
    assert encoded.context is not None
    encodings = detector.landmark_encoder(ids, fpalps)[None]
    queries, coordinates = detector.decoder.initializer(encoded.memory, encodings)
    for index, layer in enumerate(detector.decoder.layers):
        assert torch.equal(layers[index], coordinates)
        queries, coordinates, _ = layer(
            queries, coordinates, encodings, encoded.memory.level_values, encoded.context[index]
        )
    assert torch.equal(layers[3], coordinates)


def test_gradients_stop_between_layers(crops: Tensor) -> None:
    with torch.enable_grad():
        detector = make_detector(num_decoder_layers=2)
        encoded = detector.encode(crops)
        layers = detector.decode_layers(encoded, detector.part_ids(["nose bridge"]), torch.tensor([0.5]))
        layers.coordinates[2].sum().backward()
        first, last = (layer.predict_offset[2].bias.grad for layer in detector.decoder.layers)
    assert last is not None
    assert first is None or not first.any()


def test_kept_places_change_no_key(crops: Tensor) -> None:
    plain, keeping = make_detector(), make_detector()
    keeping.decoder.initializer.keeps_places = True
    smaller = torch.nn.functional.interpolate(crops.float(), scale_factor=0.5)
    for some in (crops, crops, smaller):
        memory = plain.encode(some).memory
        first, second = (one.decoder.initializer.keys(memory.cells, memory.cell_centers) for one in (plain, keeping))
        assert torch.equal(first, second)
