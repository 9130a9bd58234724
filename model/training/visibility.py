"""Teaching a finished detector which points are seen: its head alone learns, so no point moves."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn import functional

from ..data.packs import AnnotatedFaces
from ..data.visibility_labels import draw_judged_batch
from ..detector import Detector
from ..visibility import VisibilityHead

BATCH_SIZE = 16
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-2


def teach_visibility(detector: Detector, faces: AnnotatedFaces, pictures: int, seed: int = 0) -> list[float]:
    """Give a detector a new head for visibility, learnt on faces that have it; the rate falls to nothing.

    Args:
        detector: in evaluation mode; gets its `visibility`.
        faces: whose points people marked as seen, hidden or turned away.
        pictures: how many crops are seen.
        seed: of the head and the crops; the same gives the same head.

    Returns:
        The loss of each step.
    """
    torch.manual_seed(seed)
    detector.visibility = head = VisibilityHead(detector.config).to(detector.device)
    optimizer = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    landmarks = faces.scheme.landmarks
    part_ids = detector.part_ids([landmark.part for landmark in landmarks]).to(detector.device)
    fpalps = torch.tensor([float(landmark.fpalp) for landmark in landmarks], device=detector.device)
    losses = []
    steps = math.ceil(pictures / BATCH_SIZE)
    for step in range(steps):
        rate = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = draw_judged_batch(faces, BATCH_SIZE, detector.config.image_size, np.random.default_rng([seed, step]))
        with torch.no_grad():
            encoded = detector.encode(batch.crops.to(detector.device))
            encodings = detector.landmark_encoder(part_ids[None], fpalps[None])
            queries, coordinates, _ = detector.decoder.refine(encoded.memory, encodings, encoded.context)
        logits = head(queries, coordinates[-1], encoded.memory.level_values)
        loss = functional.cross_entropy(logits.flatten(0, 1), batch.visibility.to(detector.device).flatten())
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(float(loss.detach()))
    head.eval()
    return losses
