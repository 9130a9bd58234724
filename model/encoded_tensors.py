"""Encoded crops as tensors with names: what an exported encoder gives and an exported decoder takes."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from .attention import KeysValues
from .config import DetectorConfig
from .decoder import ContextMemory, DecodedLayers
from .detector import EncodedCrops, remember

# Where the context's own landmarks lie: given by an encoder, not asked for by a decoder.
CONTEXT_ANSWERS = ("context_coordinates", "context_log_scale", "context_stretch")
COMPANY = "company"
"""Of `EncodedCrops`, where there is one."""


def name_tensors(encoded: EncodedCrops, config: DetectorConfig) -> dict[str, Tensor]:
    """Return all that encoded crops hold, by name, in a fixed order.

    Returns:
        `level_0` and on (batch, dim, height, width), finest first; under context attention also, for each decoder
        layer, `context_0_query_keys`, `context_0_query_values`, `context_0_encoding_keys`,
        `context_0_encoding_values` (batch or 1, heads, context, head_dim), and the last layer's
        `context_coordinates`, `context_log_scale` and `context_stretch` as in `Decoded`, where they are known; and
        `company` (batch, width), where landmarks are judged by it.
    """
    tensors = {
        f"level_{level}": values.reshape(encoded.batch, config.dim, *values.shape[-2:])
        for level, values in enumerate(encoded.memory.level_values)
    }
    for layer, context in enumerate(encoded.context or ()):
        for kind, pair in (("query", context.queries), ("encoding", context.encodings)):
            tensors[f"context_{layer}_{kind}_keys"] = pair.keys
            tensors[f"context_{layer}_{kind}_values"] = pair.values
    if encoded.context_layers is not None:
        layers = encoded.context_layers
        tensors |= zip(CONTEXT_ANSWERS, (layers.coordinates[-1], layers.log_scale, layers.stretch), strict=True)
    if encoded.company is not None:
        tensors[COMPANY] = encoded.company
    return tensors


def list_names(config: DetectorConfig, *, has_company: bool = False) -> list[str]:
    """Return the names that `name_tensors` gives what a detector of this configuration has encoded."""
    names = [f"level_{level}" for level in range(config.num_levels)]
    if config.attention == "joint":
        return names
    ends = ("query_keys", "query_values", "encoding_keys", "encoding_values")
    names += [f"context_{layer}_{end}" for layer in range(config.num_decoder_layers) for end in ends]
    return [*names, *CONTEXT_ANSWERS, *([COMPANY] if has_company else [])]


def gather_tensors(
    tensors: Mapping[str, Tensor], config: DetectorConfig, centers: Tensor | None = None
) -> EncodedCrops:
    """Return the encoded crops of what `name_tensors` returned; `context_layers` then has the last layer alone.

    Args:
        tensors: By name.
        config: The detector's.
        centers: As for `remember`.
    """
    memory = remember([tensors[f"level_{level}"] for level in range(config.num_levels)], config, centers)
    if config.attention == "joint":
        return EncodedCrops(memory, None, None)

    def pair(layer: int, kind: str) -> KeysValues:
        return KeysValues(tensors[f"context_{layer}_{kind}_keys"], tensors[f"context_{layer}_{kind}_values"])

    context = tuple(
        ContextMemory(pair(layer, "query"), pair(layer, "encoding")) for layer in range(config.num_decoder_layers)
    )
    company = tensors.get(COMPANY)
    if CONTEXT_ANSWERS[0] not in tensors:
        return EncodedCrops(memory, context, None, company)
    coordinates, log_scale, stretch = (tensors[name] for name in CONTEXT_ANSWERS)
    return EncodedCrops(memory, context, DecodedLayers(coordinates[None], log_scale, stretch), company)
