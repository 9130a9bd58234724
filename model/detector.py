"""The landmark detector: crops in, any number of landmarks out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ConfigError
from ..querylang.registry import load_registry
from ..querylang.surfaces import load_surfaces
from .attention import KeysValues, split_map_heads
from .config import DetectorConfig
from .decoder import ContextMemory, DecodedLayers, Decoder, ImageMemory
from .image_encoder import ImageEncoder
from .landmark_encoder import LandmarkEncoder, SurfaceEncoder
from .position_encoding import cell_centers
from .surface_shape import SurfaceShape
from .visibility import VisibilityHead

ROW_BLOCK = 16
"""Landmarks are decoded in multiples of this."""

MOST_KEPT = 4
"""Sets of queries whose encodings are kept: the context's, and those of the places that fix all curves."""


@dataclass(frozen=True)
class Decoded:
    """Landmarks of a batch of crops.

    Attributes:
        coordinates: (batch, landmarks, 2) float32 as (x, y), crop units.
        log_scale: (batch, landmarks) float32, natural logarithm of the expected error in pixels of a 256 crop.
        stretch: (batch, landmarks, 2) float32, (u, v) of the error's shape: its covariance is that of a circle times
            the matrix exponential of [[u, v], [v, -u]], whose determinant is 1; crop axes.
        visibility: (batch, landmarks, 4) float32, logits of what `Visibility` lists; None where that was not learnt.
    """

    coordinates: Tensor
    log_scale: Tensor
    stretch: Tensor
    visibility: Tensor | None = None


@dataclass(frozen=True)
class EncodedCrops:
    """All that depends on the crops alone; every later decode reuses it.

    Attributes:
        memory: image features, projected for the decoder.
        context: the decoded context's memory in each layer; None under joint attention.
        context_layers: where the context's own landmarks lie; None under joint attention.
        company: (batch, width), what they tell of the visibility of others; None where landmarks are judged alone.
        answers: those to what was asked along with the encoding; None where nothing was.
        parts: whose curves those are, as `LandmarkReader` asks for them.
    """

    memory: ImageMemory
    context: tuple[ContextMemory, ...] | None
    context_layers: DecodedLayers | None
    company: Tensor | None = None
    answers: Decoded | None = None
    parts: tuple[str, ...] = ()

    @property
    def batch(self) -> int:
        return self.memory.cells.shape[0]


class Detector(nn.Module):
    """Answers landmark queries on face crops (paper, Eq. 1-7, context-anchored as in paper.md).

    Under "context" attention a landmark's answer is a function of (crop, part, FPALP) alone.

    Attributes:
        visibility: tells whether points are seen; None where that was not learnt.
        surface_shape: what the meshes that surfaces lie on look like; None where they were not learnt.
        surface_encoder: makes places on surfaces queries; None where they were not learnt.
        error_factors: by part, what a `LandmarkReader` multiplies the expected errors of its curve by; a part that is
            not named keeps its own. `Decoded` tells them as they were learnt.
    """

    context_part_ids: Tensor
    context_fpalps: Tensor

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        parts = load_registry().parts
        self.part_names = tuple(parts)
        self.parts_without_vector: frozenset[str] = frozenset()
        self.surface_names = tuple(load_surfaces())
        self.image_encoder = ImageEncoder(config)
        self.landmark_encoder = LandmarkEncoder(config, [part.is_closed for part in parts.values()])
        self.decoder = Decoder(config)
        self.visibility: VisibilityHead | None = None
        self.surface_encoder: SurfaceEncoder | None = None
        self.surface_shape: SurfaceShape | None = None
        self.error_factors: dict[str, float] = {}
        self._keeps_constants = False
        self._kept: tuple[tuple[Tensor, Tensor, Tensor], ...] = ()
        self.register_buffer("context_part_ids", self.part_ids([part for part, _ in config.context]), persistent=False)
        fpalps = [float(Fraction(fpalp)) for _, fpalp in config.context]
        self.register_buffer("context_fpalps", torch.tensor(fpalps, dtype=torch.float32), persistent=False)

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.context_part_ids.device

    def keep_constants(self) -> None:
        """Keep what depends on the weights alone from one call to the next; the weights change no more."""
        self._keeps_constants = self.decoder.initializer.keeps_places = True

    def encode_landmarks(self, part_ids: Tensor, fpalps: Tensor) -> Tensor:
        """Return E_IA (batch or 1, landmarks, dim) of queries (landmarks,) or (batch, landmarks).

        Of the very tensors that were asked lately it is kept, if constants are: nobody may have changed them.
        """
        kept = self._kept
        for ids, places, encodings in kept:
            if ids is part_ids and places is fpalps:
                return encodings
        count = part_ids.shape[-1]
        made: Tensor = self.landmark_encoder(part_ids.reshape(-1, count), fpalps.reshape(-1, count))
        if self._keeps_constants:
            self._kept = ((part_ids, fpalps, made), *kept)[:MOST_KEPT]
        return made

    def part_ids(self, parts: Sequence[str]) -> Tensor:
        """Return the numbers (landmarks,) of part names; KeyError names one that this detector lacks.

        Raises:
            ConfigError: A part was added by the user's language, and no vector of it is stored or can be made here.
        """
        for part in parts:
            if part in self.parts_without_vector:
                raise ConfigError(
                    f"the weights hold no vector of the part {part!r}, and none can be made without SentenceBERT: "
                    "pip install 'faceql[train]'"
                )
        index = {name: number for number, name in enumerate(self.part_names)}
        return torch.tensor([index[part] for part in parts], dtype=torch.long)

    def surface_ids(self, surfaces: Sequence[str]) -> Tensor:
        """Return the numbers (landmarks,) of surfaces' names; KeyError names one that there is not."""
        index = {name: number for number, name in enumerate(self.surface_names)}
        return torch.tensor([index[surface] for surface in surfaces], dtype=torch.long)

    def encode(self, crops: Tensor, asked: tuple[Tensor, Tensor] | None = None) -> EncodedCrops:
        """Do all the work that needs no query.

        Args:
            crops: (batch, 3, size, size) RGB 0..255, uint8 or float; the detector was trained at
                `config.image_size`.
            asked: part ids and FPALPs, as for `decode_queries`, that are answered in the same pass, which costs less
                than one for them; joint attention has no such pass.
        """
        memory = remember(self.image_encoder(crops), self.config)
        if self.config.attention == "joint":
            return EncodedCrops(memory, None, None)
        context = self.encode_landmarks(self.context_part_ids, self.context_fpalps)
        others = None if asked is None else self.encode_landmarks(*asked)
        return self._meet(memory, context, others)

    def _meet(self, memory: ImageMemory, context: Tensor, others: Tensor | None) -> EncodedCrops:
        """Decode the context, and other landmarks with it; E_IA (batch or 1, landmarks, dim) of each."""
        count = context.shape[1]
        everyone = context
        if others is not None:
            everyone = torch.cat([context.expand(others.shape[0], -1, -1), others], dim=1)
        queries, coordinates, memories = self.decoder.refine(memory, everyone, count)
        layers = self.decoder.predict(queries, coordinates)
        company = logits = None
        if self.visibility is not None:
            own, alone = self.visibility.look(queries, coordinates[-1], memory.level_values)
            company = self.visibility.meet(coordinates[-1][:, :count], layers.log_scale[:, :count], alone[:, :count])
            if others is not None:
                logits = self.visibility.conclude(own[:, count:], alone[:, count:], others, company)
        if others is None:
            return EncodedCrops(memory, memories, layers, company)
        xy, log_scale, stretch = (x[:, count:] for x in (coordinates[-1], layers.log_scale, layers.stretch))
        answers = Decoded(xy, log_scale, stretch, logits)
        return EncodedCrops(memory, keep_context(memories, count), keep_layers(layers, count), company, answers)

    def decode_layers(self, encoded: EncodedCrops, part_ids: Tensor, fpalps: Tensor) -> DecodedLayers:
        """Return every layer's coordinates, for training and for study; arguments as for `decode`."""
        encodings = self.encode_landmarks(part_ids, fpalps)
        queries, coordinates, _ = self.decoder.refine(encoded.memory, encodings, encoded.context)
        return self.decoder.predict(queries, coordinates)

    def decode(self, encoded: EncodedCrops, part_ids: Tensor, fpalps: Tensor) -> Decoded:
        """Answer queries.

        Args:
            encoded: from `encode`.
            part_ids: long, from `part_ids`: (landmarks,), or (batch, landmarks) where each crop is asked its own.
            fpalps: float, 0..1, of the same shape.
        """
        count = part_ids.shape[-1]
        part_ids, fpalps = pad_queries(encoded, part_ids, fpalps)
        return keep_first(self.decode_queries(encoded, part_ids, fpalps), count)

    def decode_queries(self, encoded: EncodedCrops, part_ids: Tensor, fpalps: Tensor) -> Decoded:
        """Answer queries as they are, in blocks of whatever size; arguments as for `decode`."""
        return self._answer(encoded, self.encode_landmarks(part_ids, fpalps))

    def decode_surfaces(self, encoded: EncodedCrops, surface_ids: Tensor, places: Tensor) -> Decoded:
        """Answer queries of surfaces.

        Args:
            encoded: from `encode`.
            surface_ids: long, from `surface_ids`: (landmarks,), or (batch, landmarks).
            places: their (u, v), (..., landmarks, 2) float, 0..1.

        Raises:
            ConfigError: the weights have not learnt them.
        """
        count = surface_ids.shape[-1]
        padding = len_padding(encoded, count)
        ids, at = functional.pad(surface_ids, (0, padding)), functional.pad(places, (0, 0, 0, padding))
        encodings = self.encode_surfaces(ids.reshape(-1, count + padding), at.reshape(-1, count + padding, 2))
        return keep_first(self._answer(encoded, encodings), count)

    def _answer(self, encoded: EncodedCrops, encodings: Tensor) -> Decoded:
        """Answer queries whose E_IA (batch or 1, landmarks, dim) are given."""
        queries, coordinates, _ = self.decoder.refine(encoded.memory, encodings, encoded.context)
        layers = self.decoder.predict(queries, coordinates)
        seen = None
        if self.visibility is not None:
            values = encoded.memory.level_values
            seen = self.visibility(queries, coordinates[-1], encodings, values, encoded.company)
        return Decoded(layers.coordinates[-1], layers.log_scale, layers.stretch, seen)

    def encode_surfaces(self, surface_ids: Tensor, places: Tensor) -> Tensor:
        """Return E_IA (..., landmarks, dim) of surface_ids (..., landmarks) and places (..., landmarks, 2).

        Raises:
            ConfigError: the weights have not learnt surfaces.
        """
        if self.surface_encoder is None:
            raise ConfigError("these weights do not know surfaces: train them by a recipe with a surface_weight")
        encodings: Tensor = self.surface_encoder(surface_ids, places, self.landmark_encoder.encode_part)
        return encodings

    def decode_visibility(self, encoded: EncodedCrops, part_ids: Tensor, fpalps: Tensor) -> Tensor:
        """Return (batch, landmarks, 4) float32: how likely each point is what `Visibility` lists; arguments as above.

        Raises:
            ConfigError: the weights have not learnt it.
        """
        logits = self.decode(encoded, part_ids, fpalps).visibility
        if logits is None:
            raise ConfigError("these weights do not tell whether points are seen: train them by train-visibility")
        return logits.softmax(dim=-1)


def remember(levels: Sequence[Tensor], config: DetectorConfig, centers: Tensor | None = None) -> ImageMemory:
    """Return what the decoder needs of an image whose feature maps (batch, dim, height, width) are given.

    Args:
        levels: The maps.
        config: The detector's.
        centers: The cells' centres, if they are at hand.
    """
    cells = levels[config.query_level]
    return ImageMemory(
        cells=cells.flatten(2).transpose(1, 2),  # (batch, cells, dim)
        cell_centers=cell_centers(cells.shape[-2], cells.shape[-1], cells.device) if centers is None else centers,
        level_values=tuple(split_map_heads(level, config.num_heads) for level in levels),
    )


def len_padding(encoded: EncodedCrops, count: int) -> int:
    """Return how many queries fill up whole blocks of ROW_BLOCK, where answers are to be independent.

    Matrix products round a row alike in any company only if they see whole blocks of rows.
    """
    return 0 if encoded.context is None else -count % ROW_BLOCK


def pad_queries(encoded: EncodedCrops, part_ids: Tensor, fpalps: Tensor) -> tuple[Tensor, Tensor]:
    """Return queries (..., landmarks) filled up; see `len_padding`."""
    padding = len_padding(encoded, part_ids.shape[-1])
    if not padding:
        return part_ids, fpalps
    return functional.pad(part_ids, (0, padding)), functional.pad(fpalps, (0, padding))


def keep_first(decoded: Decoded, count: int) -> Decoded:
    """Return the answers to the first queries."""
    return map_answers(decoded, lambda x: x[:, :count])


def map_answers(decoded: Decoded, change: Callable[[Tensor], Tensor]) -> Decoded:
    """Return answers each of whose tensors (batch, landmarks, ...) was changed."""
    visibility = None if decoded.visibility is None else change(decoded.visibility)
    return Decoded(change(decoded.coordinates), change(decoded.log_scale), change(decoded.stretch), visibility)


def keep_context(memories: Sequence[ContextMemory], count: int) -> tuple[ContextMemory, ...]:
    """Return the memory of the first landmarks, in each layer; their encodings are the same for every crop."""

    def keep(pair: KeysValues, crops: int | None) -> KeysValues:
        return KeysValues(pair.keys[:crops, :, :count], pair.values[:crops, :, :count])

    return tuple(ContextMemory(keep(memory.queries, None), keep(memory.encodings, 1)) for memory in memories)


def keep_layers(layers: DecodedLayers, count: int) -> DecodedLayers:
    """Return what is known of the first landmarks."""
    return DecodedLayers(layers.coordinates[:, :, :count], layers.log_scale[:, :count], layers.stretch[:, :count])


def select_crop(encoded: EncodedCrops, index: int) -> EncodedCrops:
    """Return one crop of a batch as a batch of one, with memory of its own."""
    memory = encoded.memory
    batch = encoded.batch

    def pick(x: Tensor) -> Tensor:
        # Values carry batch * heads in front, encodings a batch of 1 that serves every crop.
        return x if x.shape[0] == 1 and batch > 1 else x.reshape(batch, -1, *x.shape[1:])[index].clone()

    def pick_pair(pair: KeysValues) -> KeysValues:
        return KeysValues(pick(pair.keys), pick(pair.values))

    picked = ImageMemory(
        cells=pick(memory.cells),
        cell_centers=memory.cell_centers,
        level_values=tuple(pick(values) for values in memory.level_values),
    )
    if encoded.context is None or encoded.context_layers is None:
        return EncodedCrops(picked, None, None)
    return EncodedCrops(
        picked,
        tuple(ContextMemory(pick_pair(c.queries), pick_pair(c.encodings)) for c in encoded.context),
        DecodedLayers(
            encoded.context_layers.coordinates[:, index : index + 1],
            encoded.context_layers.log_scale[index : index + 1],
            encoded.context_layers.stretch[index : index + 1],
        ),
        None if encoded.company is None else pick(encoded.company),
        None if encoded.answers is None else map_answers(encoded.answers, lambda x: x[index : index + 1]),
        encoded.parts,
    )


def join_crops(encoded: Sequence[EncodedCrops]) -> EncodedCrops:
    """Return the crops of several batches, of which the same was asked, as one batch."""
    if len(encoded) == 1:
        return encoded[0]
    memories = [some.memory for some in encoded]

    def join_pairs(pairs: Sequence[KeysValues]) -> KeysValues:
        return KeysValues(torch.cat([pair.keys for pair in pairs]), torch.cat([pair.values for pair in pairs]))

    memory = ImageMemory(
        cells=torch.cat([one.cells for one in memories]),
        cell_centers=memories[0].cell_centers,
        level_values=tuple(torch.cat(levels) for levels in zip(*(one.level_values for one in memories), strict=True)),
    )
    contexts = [some.context for some in encoded if some.context is not None]
    layers = [some.context_layers for some in encoded if some.context_layers is not None]
    companies = [some.company for some in encoded if some.company is not None]
    if not contexts:
        return EncodedCrops(memory, None, None)
    return EncodedCrops(
        memory,
        tuple(
            # The encodings are the same for every crop.
            ContextMemory(join_pairs([one.queries for one in each]), each[0].encodings)
            for each in zip(*contexts, strict=True)
        ),
        DecodedLayers(
            torch.cat([one.coordinates for one in layers], dim=1),
            torch.cat([one.log_scale for one in layers]),
            torch.cat([one.stretch for one in layers]),
        ),
        torch.cat(companies) if companies else None,
        join_answers([some.answers for some in encoded]),
        encoded[0].parts,
    )


def join_answers(answers: Sequence[Decoded | None]) -> Decoded | None:
    """Return the answers of several batches as one; None unless all have some."""
    known = [each for each in answers if each is not None]
    if len(known) < len(answers):
        return None
    seen = [each.visibility for each in known if each.visibility is not None]
    return Decoded(
        torch.cat([each.coordinates for each in known]),
        torch.cat([each.log_scale for each in known]),
        torch.cat([each.stretch for each in known]),
        torch.cat(seen) if seen else None,
    )
