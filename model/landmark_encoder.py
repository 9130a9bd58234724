"""Image-agnostic landmark encodings (paper, Eq. 1)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .config import DetectorConfig

SENTENCE_DIM = 384
"""Values in an all-MiniLM-L6-v2 sentence vector."""


def fpalp_features(fpalps: Tensor, is_closed: Tensor, harmonics: int) -> Tensor:
    """Describe FPALPs by smooth, low-frequency features.

    A closed part gets sin and cos of 2 pi k f, so that 1 is 0; an open one f and sin of pi k f (paper.md). The two
    kinds fill columns of their own.

    Args:
        fpalps: (..., landmarks) float.
        is_closed: (..., landmarks) bool.
        harmonics: k runs from 1 to this.

    Returns:
        (..., landmarks, 3 * harmonics + 1) float32.
    """
    f = fpalps.to(torch.float32)[..., None]
    k = torch.arange(1, harmonics + 1, device=fpalps.device, dtype=torch.float32)
    turn = 2 * math.pi * k * f
    periodic = torch.cat([turn.sin(), turn.cos()], dim=-1)
    straight = torch.cat([f, (math.pi * k * f).sin()], dim=-1)
    closed = is_closed[..., None].to(torch.float32)
    return torch.cat([periodic * closed, straight * (1 - closed)], dim=-1)


class LandmarkEncoder(nn.Module):
    """Eq. 1: the sum of the encoded FPALP and the encoded part name.

    Part names are a closed list, so their SentenceBERT vectors are a buffer of the weights and no text encoder runs
    at ask time.
    """

    part_vectors: Tensor
    part_is_closed: Tensor

    def __init__(self, config: DetectorConfig, part_is_closed: Sequence[bool]) -> None:
        super().__init__()
        self.harmonics = config.harmonics
        num_parts = len(part_is_closed)
        self.register_buffer("part_is_closed", torch.tensor(part_is_closed, dtype=torch.bool))
        if config.part_vectors == "sentence":
            self.register_buffer("part_vectors", torch.zeros(num_parts, SENTENCE_DIM))
            self.encode_part: nn.Module = nn.Linear(SENTENCE_DIM, config.dim)
        else:
            self.part_vectors = nn.Parameter(torch.randn(num_parts, config.dim))
            self.encode_part = nn.Identity()
        self.encode_fpalp = nn.Sequential(
            nn.Linear(3 * config.harmonics + 1, config.dim),
            nn.ReLU(),
            nn.Linear(config.dim, config.dim),
            nn.ReLU(),
            nn.Linear(config.dim, config.dim),
        )

    def forward(self, part_ids: Tensor, fpalps: Tensor) -> Tensor:
        """Return E_IA (..., landmarks, dim) for part_ids (..., landmarks) and fpalps (..., landmarks)."""
        features = fpalp_features(fpalps, self.part_is_closed[part_ids], self.harmonics)
        encodings: Tensor = self.encode_fpalp(features) + self.encode_part(self.part_vectors)[part_ids]
        return encodings


def place_features(places: Tensor, harmonics: int) -> Tensor:
    """Describe 2-D FPALPs (..., 2) as open curves' FPALPs are, u and v each: (..., 2 * (1 + 2 * harmonics)) float32.

    Each gives itself, and sin and cos of pi k times it.
    """
    at = places.to(torch.float32)[..., None]  # (..., 2, 1)
    turn = math.pi * at * torch.arange(1, harmonics + 1, device=places.device, dtype=torch.float32)
    return torch.cat([at, turn.sin(), turn.cos()], dim=-1).flatten(-2)


class SurfaceEncoder(nn.Module):
    """Eq. 1 for places on surfaces (paper, A.8): the sum of the encoded (u, v) and the encoded surface name.

    Names share the parts' projection, so that what it learnt of "left" and "nose" serves both.
    """

    surface_vectors: Tensor

    def __init__(self, config: DetectorConfig, num_surfaces: int) -> None:
        super().__init__()
        self.harmonics = config.harmonics
        if config.part_vectors == "sentence":
            self.register_buffer("surface_vectors", torch.zeros(num_surfaces, SENTENCE_DIM))
        else:
            self.surface_vectors = nn.Parameter(torch.randn(num_surfaces, config.dim))
        width = 2 * (1 + 2 * config.harmonics)
        # What a place means differs from surface to surface, so the name enters the layers too.
        self.mix_name = nn.Linear(self.surface_vectors.shape[-1], config.dim)
        self.encode_place = nn.Linear(width, config.dim)
        self.encode_both = nn.Sequential(
            nn.ReLU(),
            nn.Linear(config.dim, config.dim),
            nn.ReLU(),
            nn.Linear(config.dim, config.dim),
        )

    def forward(self, surface_ids: Tensor, places: Tensor, encode_part: nn.Module) -> Tensor:
        """Return E_IA (..., landmarks, dim) for surface_ids (..., landmarks) and places (..., landmarks, 2)."""
        features = self.encode_place(place_features(places, self.harmonics))
        named = self.mix_name(self.surface_vectors)[surface_ids]
        encodings: Tensor = self.encode_both(features + named) + encode_part(self.surface_vectors)[surface_ids]
        return encodings
