"""Teaching a finished detector which points are seen: its head alone learns, so no point moves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data.packs import AnnotatedFaces
from ..data.visibility_labels import JudgedBatch, draw_judged_batch
from ..detector import Detector, EncodedCrops
from ..visibility import VisibilityHead, describe_context

BATCH_SIZE = 16
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-2

COMPANY_BATCH_SIZE = 64
COMPANY_PASSES = 12
"""Over the crops: what the frozen detector makes of them is kept, so a pass takes seconds."""
COMPANY_WEIGHT_DECAY = 5e-2


def teach_visibility(detector: Detector, faces: AnnotatedFaces, pictures: int, seed: int = 0) -> list[float]:
    """Teach a detector's head for visibility on faces that have it; the rates fall to nothing.

    One that has no head gets one that judges each landmark alone; a head that is there stays as it is. Under context
    attention the head then learns anew what the context tells it.

    Args:
        detector: in evaluation mode; its `visibility` changes.
        faces: whose points people marked as seen, hidden or turned away.
        pictures: how many crops are seen by each of the two.
        seed: of the head and the crops; the same gives the same head.

    Returns:
        The loss of each step.
    """
    torch.manual_seed(seed)
    losses = []
    if detector.visibility is None or detector.config.attention == "joint":
        losses += teach_alone(detector, faces, pictures, seed)
    if detector.config.attention == "context":
        losses += teach_company(detector, faces, pictures, seed)
    return losses


def teach_alone(detector: Detector, faces: AnnotatedFaces, pictures: int, seed: int) -> list[float]:
    """Give a detector a new head that judges each landmark alone; see `teach_visibility`."""
    detector.visibility = head = VisibilityHead(detector.config).to(detector.device)
    learner = Learner(head, math.ceil(pictures / BATCH_SIZE), WEIGHT_DECAY)
    for step in range(learner.steps):
        batch, encoded, queries, coordinates = look_at_batch(detector, faces, [seed, step], BATCH_SIZE)
        _, logits = head.look(queries, coordinates, encoded.memory.level_values)
        learner.learn(logits, batch.visibility.to(detector.device))
    head.eval()
    return learner.losses


def teach_company(detector: Detector, faces: AnnotatedFaces, pictures: int, seed: int) -> list[float]:
    """Teach a detector's head what the context tells, and leave what it judges alone; see `teach_visibility`."""
    assert detector.visibility is not None
    detector.visibility.company = None
    seen = look_at_faces(detector, faces, pictures, seed)
    alone, head = detector.visibility, VisibilityHead(detector.config, in_company=True).to(detector.device)
    head.norm, head.judge = alone.norm, alone.judge
    company = head.company
    assert company is not None
    count = len(seen.known)
    learner = Learner(company, COMPANY_PASSES * math.ceil(count / COMPANY_BATCH_SIZE), COMPANY_WEIGHT_DECAY)
    company.train()
    for _ in range(COMPANY_PASSES):
        for some in torch.split(torch.randperm(count).to(detector.device), COMPANY_BATCH_SIZE):
            summary = company.summarize(seen.described[some])
            logits = company(seen.own[some].float(), seen.alone[some], seen.encodings, summary)
            learner.learn(logits, seen.known[some])
    detector.visibility = head.eval()
    return learner.losses


@dataclass(frozen=True)
class SeenFaces:
    """What a detector makes of crops, all that company is learnt from.

    Attributes:
        own: (crops, columns, 2 * dim) float16, the landmarks' queries and hidden features.
        alone: (crops, columns, CLASSES), the logits of each landmark alone.
        described: (crops, DESCRIBED * context), the context's landmarks.
        known: (crops, columns) long, of `Visibility`.
        encodings: E_IA (1, columns, dim).
    """

    own: Tensor
    alone: Tensor
    described: Tensor
    known: Tensor
    encodings: Tensor


@torch.no_grad()
def look_at_faces(detector: Detector, faces: AnnotatedFaces, pictures: int, seed: int) -> SeenFaces:
    """Draw crops of faces and return what a detector makes of them."""
    head = detector.visibility
    assert head is not None
    context = detector.encode_landmarks(detector.context_part_ids, detector.context_fpalps)
    found: list[tuple[Tensor, ...]] = []
    for step in range(math.ceil(pictures / BATCH_SIZE)):
        batch, encoded, queries, coordinates = look_at_batch(detector, faces, [seed, step], BATCH_SIZE)
        values = encoded.memory.level_values
        own, alone = head.look(queries, coordinates, values)
        company, lie, _ = detector.decoder.refine(encoded.memory, context, None)
        log_scale = detector.decoder.predict(company, lie).log_scale
        described = describe_context(lie[-1], log_scale, head.look(company, lie[-1], values)[1])
        found.append((own.half(), alone, described, batch.visibility.to(detector.device)))
    own, alone, described, known = (torch.cat(pieces) for pieces in zip(*found, strict=True))
    return SeenFaces(own, alone, described, known, encode_columns(detector, faces))


@torch.no_grad()
def look_at_batch(
    detector: Detector, faces: AnnotatedFaces, seed: list[int], size: int
) -> tuple[JudgedBatch, EncodedCrops, Tensor, Tensor]:
    """Return a batch of crops, encoded, and the last queries and coordinates of the faces' columns."""
    batch = draw_judged_batch(faces, size, detector.config.image_size, np.random.default_rng(seed))
    encoded = detector.encode(batch.crops.to(detector.device))
    encodings = encode_columns(detector, faces)
    queries, coordinates, _ = detector.decoder.refine(encoded.memory, encodings, encoded.context)
    return batch, encoded, queries, coordinates[-1]


@torch.no_grad()
def encode_columns(detector: Detector, faces: AnnotatedFaces) -> Tensor:
    """Return E_IA (1, columns, dim) of the landmarks that the faces' columns are."""
    landmarks = faces.scheme.landmarks
    part_ids = detector.part_ids([landmark.part for landmark in landmarks]).to(detector.device)
    fpalps = torch.tensor([float(landmark.fpalp) for landmark in landmarks], device=detector.device)
    encodings: Tensor = detector.landmark_encoder(part_ids[None], fpalps[None])
    return encodings


class Learner:
    """An optimiser of what judges, whose rate falls to nothing.

    Attributes:
        losses: of each step.
    """

    def __init__(self, module: nn.Module, steps: int, weight_decay: float) -> None:
        self.steps = steps
        self.losses: list[float] = []
        self.optimizer = torch.optim.AdamW(module.parameters(), lr=LEARNING_RATE, weight_decay=weight_decay)

    def learn(self, logits: Tensor, known: Tensor) -> None:
        """Do one step on logits (batch, columns, CLASSES) of points (batch, columns) of `Visibility`."""
        for group in self.optimizer.param_groups:
            group["lr"] = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * len(self.losses) / self.steps))
        loss = functional.cross_entropy(logits.flatten(0, 1), known.flatten())
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.optimizer.step()
        self.losses.append(float(loss.detach()))
