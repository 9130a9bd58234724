"""From landmark encodings to coordinates: query initialisation and refinement (paper, Eq. 2-7)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .attention import AnchoredAttention, DeformableAttention, KeysValues
from .config import DetectorConfig
from .position_encoding import encode_positions


class ImageMemory(NamedTuple):
    """What the decoder needs of an image, computed once.

    Attributes:
        cells: (batch, cells, dim), the features of the level that Eq. 2 attends over.
        cell_centers: (cells, 2) crop units.
        level_values: for each level (batch * heads, head_dim, height, width).
    """

    cells: Tensor
    cell_centers: Tensor
    level_values: tuple[Tensor, ...]


LARGEST_STRETCH = 1.5
"""Of each component; together they allow an ellipse eight times as long as it is wide."""


OFFSET_UNIT = 1 / 32
"""Crop units by which a refinement's output of 1 moves a point.

The optimiser's steps are of one size for every weight: in crop units each would move all points by several pixels, and
that noise drowns what a refinement learns.
"""


class ContextMemory(NamedTuple):
    """The context's keys and values in one decoder layer: of its queries (Eq. 3) and its encodings (Eq. 5)."""

    queries: KeysValues
    encodings: KeysValues


class DecodedLayers(NamedTuple):
    """What a decode gives.

    Attributes:
        coordinates: every layer's (layers + 1, batch, landmarks, 2), C_0 first.
        log_scale: (batch, landmarks), see `Decoded`.
        stretch: (batch, landmarks, 2), see `Decoded`.
    """

    coordinates: Tensor
    log_scale: Tensor
    stretch: Tensor


class QueryInitializer(nn.Module):
    """Eq. 2: every landmark attends over all image cells.

    Attributes:
        keeps_places: whether the cells' encoded places, which depend on the weights alone, are kept from one call to
            the next; only for weights that no longer change.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.encode_cell_place = nn.Linear(dim, dim)
        self.log_temperature = nn.Parameter(torch.zeros(()))
        self.keeps_places = False
        self._places: Tensor | None = None

    def keys(self, cells: Tensor, centers: Tensor) -> Tensor:
        """Return (batch, dim, cells): the features (batch, cells, dim) with sine encodings of the cells' centres added.

        Cells come last, as they lie in memory.
        """
        if not self.keeps_places:
            return cells.transpose(1, 2) + self._encode_places(centers)
        if self._places is None or self._places.shape[1] != centers.shape[0]:
            self._places = self._encode_places(centers)
        return cells.transpose(1, 2) + self._places

    def _encode_places(self, centers: Tensor) -> Tensor:
        waves = encode_positions(centers, self.encode_cell_place.in_features)
        places: Tensor = self.encode_cell_place(waves.to(self.encode_cell_place.weight.dtype))
        return places.T.contiguous()

    def forward(self, memory: ImageMemory, encodings: Tensor) -> tuple[Tensor, Tensor]:
        """Return the first landmark queries and their first coordinates.

        Every landmark attends over all image cells; its query and its position are the attention-weighted means of
        the features and of the cell centres. Scaled by 1/sqrt(d) and a learnt temperature (paper.md).

        Args:
            memory: the image.
            encodings: E_IA (batch or 1, landmarks, dim).

        Returns:
            LQ_0 (batch, landmarks, dim) and C_0 (batch, landmarks, 2) as (x, y), crop units, float32. C_0 is a
            convex mean of cell centres, so it cannot leave the crop.
        """
        scale = self.log_temperature.exp() / math.sqrt(encodings.shape[-1])
        with torch.autocast(encodings.device.type, enabled=False):
            keys = self.keys(memory.cells, memory.cell_centers).float()
            scores = (encodings.float() * scale) @ keys
            attention = scores.softmax(dim=-1)  # (batch, landmarks, cells)
            queries: Tensor = attention @ memory.cells.float()
            return queries, mean_place(attention, memory.cell_centers)


def mean_place(weights: Tensor, centers: Tensor) -> Tensor:
    """Return (batch, landmarks, 2): the means of a square map's cell centres.

    Summed by columns and by rows: over thousands of cells at once float32 loses a thousandth of a pixel, each
    runtime another.

    Args:
        weights: (batch, landmarks, cells), row by row.
        centers: (cells, 2) crop units.
    """
    side = math.isqrt(weights.shape[-1])
    cells = weights.reshape(*weights.shape[:-1], side, side)
    columns, rows = cells.sum(dim=-2), cells.sum(dim=-1)  # (batch, landmarks, side) each
    x = (columns * centers[:side, 0]).sum(dim=-1) / columns.sum(dim=-1)
    y = (rows * centers[::side, 1]).sum(dim=-1) / rows.sum(dim=-1)
    return torch.stack([x, y], dim=-1)


class DecoderLayer(nn.Module):
    """One refinement (Eq. 3-7), with the norm before each step."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        dim = config.dim
        self.dim = dim
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(4))
        self.encode_reference = nn.Linear(dim, dim)
        self.self_attention = AnchoredAttention(dim, config.num_heads)
        self.image_attention = DeformableAttention(dim, config.num_heads, config.num_levels, config.num_points)
        self.encoding_attention = AnchoredAttention(dim, config.num_heads)
        self.feedforward = nn.Sequential(
            nn.Linear(dim, config.feedforward_dim), nn.ReLU(), nn.Linear(config.feedforward_dim, dim)
        )
        self.norm_out = nn.LayerNorm(dim)
        self.predict_offset = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 2))
        last = self.predict_offset[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(
        self,
        queries: Tensor,
        reference_points: Tensor,
        encodings: Tensor,
        level_values: tuple[Tensor, ...],
        context: ContextMemory | int,
    ) -> tuple[Tensor, Tensor, ContextMemory]:
        """Refine queries once.

        Args:
            queries: LQ_{i-1} (batch, landmarks, dim).
            reference_points: C_{i-1} (batch, landmarks, 2), crop units.
            encodings: E_IA (batch or 1, landmarks, dim).
            level_values: the image's features, split into heads.
            context: what each query sees beside itself: how many of the first ones, or a memory of others.

        Returns:
            LQ_i, C_i and the memory that these queries make as a context.
        """
        place = self.encode_reference(encode_positions(reference_points, self.dim))
        # Eq. 3
        x = self.norms[0](queries)
        own_queries = self.self_attention.keys_values(x + place, x)
        if isinstance(context, int):
            queries = queries + self.self_attention.attend_first(x + place, own_queries, context)
        else:
            queries = queries + self.self_attention.attend_anchored(x + place, own_queries, context.queries)
        # Eq. 4
        x = self.norms[1](queries)
        queries = queries + self.image_attention(x + place, reference_points, level_values)
        # Eq. 5
        x = self.norms[2](queries)
        own_encodings = self.encoding_attention.keys_values(encodings, encodings)
        if isinstance(context, int):
            queries = queries + self.encoding_attention.attend_first(x, own_encodings, context)
        else:
            queries = queries + self.encoding_attention.attend_anchored(x, own_encodings, context.encodings)
        # Eq. 6
        queries = queries + self.feedforward(self.norms[3](queries))
        # Eq. 7
        with torch.autocast(queries.device.type, enabled=False):
            coordinates = reference_points + OFFSET_UNIT * self.predict_offset(self.norm_out(queries.float()))
        return queries, coordinates, ContextMemory(own_queries, own_encodings)


class Decoder(nn.Module):
    """Query initialisation and `num_decoder_layers` refinements."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.initializer = QueryInitializer(config.dim)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_decoder_layers))
        self.predict_log_scale = nn.Sequential(
            nn.LayerNorm(config.dim), nn.Linear(config.dim, config.dim), nn.ReLU(), nn.Linear(config.dim, 1)
        )
        self.predict_stretch = nn.Sequential(
            nn.LayerNorm(config.dim), nn.Linear(config.dim, config.dim), nn.ReLU(), nn.Linear(config.dim, 2)
        )
        last = self.predict_stretch[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def refine(
        self, memory: ImageMemory, encodings: Tensor, context: tuple[ContextMemory, ...] | int | None
    ) -> tuple[Tensor, Tensor, tuple[ContextMemory, ...]]:
        """Return the last queries (batch, landmarks, dim), every layer's coordinates, C_0 first, and the memories.

        Args:
            memory: the image.
            encodings: E_IA (batch or 1, landmarks, dim).
            context: what each landmark sees beside itself: the memories of others, or how many of the first ones;
                None for all of them. Their memories, the first in order, then serve as a context.
        """
        if context is None:
            context = encodings.shape[1]
        queries, coordinates = self.initializer(memory, encodings)
        all_coordinates, memories = [coordinates], []
        for index, layer in enumerate(self.layers):
            queries, coordinates, own = layer(
                queries,
                # Gradients stop between layers, as in Deformable DETR (the paper is silent).
                coordinates.detach(),
                encodings,
                memory.level_values,
                context if isinstance(context, int) else context[index],
            )
            all_coordinates.append(coordinates)
            memories.append(own)
        return queries, torch.stack(all_coordinates), tuple(memories)

    def forward(
        self, memory: ImageMemory, encodings: Tensor, context: tuple[ContextMemory, ...] | None
    ) -> tuple[DecodedLayers, tuple[ContextMemory, ...]]:
        """Decode landmarks and return their memories too; see `refine`."""
        queries, coordinates, memories = self.refine(memory, encodings, context)
        return self.predict(queries, coordinates), memories

    def predict(self, queries: Tensor, coordinates: Tensor) -> DecodedLayers:
        """Return what the last queries say of the errors, beside every layer's coordinates; both as `refine` gives."""
        with torch.autocast(queries.device.type, enabled=False):
            log_scale = self.predict_log_scale(queries.float()).squeeze(-1)
            stretch = LARGEST_STRETCH * self.predict_stretch(queries.float()).tanh()
        return DecodedLayers(coordinates, log_scale, stretch)
