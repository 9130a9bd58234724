"""One training step's forward pass and losses: curves, surfaces and whether points are seen, asked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data.batches import TrainingBatch
from ..decoder import DecodedLayers
from ..detector import Detector
from .losses import landmark_loss, smoothness_loss, stretch_loss
from .recipe import Recipe


class Asked(NamedTuple):
    """What a detector answered.

    Attributes:
        landmarks: the context's landmarks and the asked ones.
        surfaces: the asked places on surfaces; None where none was asked.
        visibility: (batch, judged, CLASSES) logits of the first asked landmarks; None where none is judged.
    """

    landmarks: DecodedLayers
    surfaces: DecodedLayers | None
    visibility: Tensor | None


class AskingDetector(nn.Module):
    """Wraps a detector so that one forward call answers the context and all that is asked (as DDP needs)."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(
        self, crops: Tensor, part_ids: Tensor, fpalps: Tensor, surface_ids: Tensor, places: Tensor, judged: int
    ) -> Asked:
        detector = self.detector
        encoded = detector.encode(crops)
        encodings = detector.landmark_encoder(part_ids[None], fpalps[None])
        count = part_ids.shape[0]
        if surface_ids.shape[0]:
            encodings = torch.cat([encodings, detector.encode_surfaces(surface_ids[None], places[None])], dim=1)
        queries, coordinates, _ = detector.decoder.refine(encoded.memory, encodings, encoded.context)
        landmarks = detector.decoder.predict(queries[:, :count], coordinates[:, :, :count])
        surfaces = visibility = None
        if surface_ids.shape[0]:
            surfaces = detector.decoder.predict(queries[:, count:], coordinates[:, :, count:])
        if judged and detector.visibility is not None:
            lie = coordinates[-1, :, :judged].detach()
            visibility = detector.visibility(
                queries[:, :judged], lie, encodings[:, :judged], encoded.memory.level_values, encoded.company
            )
        if encoded.context_layers is not None:
            context = encoded.context_layers
            landmarks = DecodedLayers(
                torch.cat([context.coordinates, landmarks.coordinates], dim=2),
                torch.cat([context.log_scale, landmarks.log_scale], dim=1),
                torch.cat([context.stretch, landmarks.stretch], dim=1),
            )
        return Asked(landmarks, surfaces, visibility)


@dataclass(frozen=True)
class StepLosses:
    """A step's loss and, for the log, what it is made of.

    Attributes:
        total: what is minimised.
        coordinate, scale: of the curves.
        surface: the coordinate loss of surfaces; NaN where the batch has none.
        visibility: NaN where the batch has none.
    """

    total: Tensor
    coordinate: float
    scale: float
    surface: float
    visibility: float


def ask_batch(model: nn.Module, detector: Detector, batch: TrainingBatch, device: torch.device) -> Asked:
    """Return what a wrapped detector answers to a batch."""
    judged = 0 if batch.visibility is None else batch.visibility.shape[1]
    asked: Asked = model(
        batch.crops.to(device),
        detector.part_ids(batch.parts).to(device),
        batch.fpalps.to(device),
        detector.surface_ids(batch.surfaces).to(device),
        batch.places.to(device),
        judged,
    )
    return asked


def sum_losses(asked: Asked, batch: TrainingBatch, recipe: Recipe, scale_weight: float) -> StepLosses:
    """Return the recipe's sum of a batch's losses.

    Args:
        asked: the answers.
        batch: what they should have been.
        recipe: tells the weights.
        scale_weight: of the expected errors of curves on this batch.
    """
    device = asked.landmarks.log_scale.device
    layers, targets, weights = asked.landmarks, batch.targets.to(device), batch.weights.to(device)
    coordinate, scale = landmark_loss(layers, targets, weights)
    total = coordinate + scale_weight * (scale + stretch_loss(layers, targets, weights))
    if batch.count_triplets:
        total = total + recipe.smoothness_weight * smoothness_loss(layers, targets, weights, batch.count_triplets)
    surface = visibility = torch.tensor(float("nan"))
    if asked.surfaces is not None:
        lie, trust = batch.surface_targets.to(device), batch.surface_weights.to(device)
        found, error = landmark_loss(asked.surfaces, lie, trust)
        # Nobody places points on surfaces, so the mesh's labels teach their expected errors too.
        shape = recipe.scale_weight * (error + stretch_loss(asked.surfaces, lie, trust))
        total = total + recipe.surface_weight * (found + shape)
        surface = found if bool(trust.any()) else surface
    if asked.visibility is not None and batch.visibility is not None:
        visibility = functional.cross_entropy(
            asked.visibility.flatten(0, 1), batch.visibility.to(asked.visibility.device).flatten()
        )
        total = total + recipe.visibility_weight * visibility
    parts = (coordinate, scale, surface, visibility)
    return StepLosses(total, *(float(part.detach()) for part in parts))
