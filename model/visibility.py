"""Whether a point is seen, hidden by something, turned away, or outside the photo (paper, A.7; paper.md, point 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import DetectorConfig

CLASSES = 4
"""Of `Visibility`."""
SUMMARY, JOINED, TRAITS = 96, 64, 32
"""Widths of what the context says of a crop, of where a landmark's own features meet it, and of what it is told by its
place on the face."""
DROPOUT = 0.3
DESCRIBED = 3 + CLASSES
"""Numbers that describe a landmark of the context: its place in the face, its log scale, its logits."""


class Company(nn.Module):
    """What the fixed context tells of a crop, for each landmark: hair, a hand or a turned head hide points together.

    It sees the context alone and never what else is asked, so that a judgement stays a function of (crop, part, FPALP).

    Attributes:
        factor: of all logits, for their calibration: the context's own, which it reads, stay as it learnt them.
    """

    factor: Tensor

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        described = DESCRIBED * len(config.context)
        self.summarize = nn.Sequential(
            nn.BatchNorm1d(described, momentum=0.05),
            nn.Linear(described, SUMMARY),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(SUMMARY, SUMMARY),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
        )
        # What lies there matters less than where it is: each class has traits that a place has more or less of.
        self.tell_traits = nn.Linear(SUMMARY, CLASSES * TRAITS)
        self.place_traits = nn.Linear(config.dim, TRAITS)
        self.norm = nn.LayerNorm(2 * config.dim)
        self.join_own = nn.Linear(2 * config.dim, JOINED)
        self.join_summary = nn.Linear(SUMMARY, JOINED, bias=False)
        self.judge = nn.Sequential(nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(JOINED, CLASSES))
        # A head that gets company first judges as it did alone.
        self.alone_weights = nn.Parameter(torch.ones(CLASSES))
        self.trait_weights = nn.Parameter(torch.zeros(CLASSES))
        last = self.judge[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.register_buffer("factor", torch.ones(()))

    def forward(self, own: Tensor, alone: Tensor, encodings: Tensor, summary: Tensor) -> Tensor:
        """Return logits (batch, landmarks, CLASSES).

        Args:
            own: (batch, landmarks, 2 * dim), the landmarks' queries and hidden features.
            alone: (batch, landmarks, CLASSES), their logits before they have company.
            encodings: E_IA (batch or 1, landmarks, dim).
            summary: (batch, SUMMARY), of `summarize`.
        """
        told = self.tell_traits(summary).unflatten(-1, (CLASSES, TRAITS))  # (batch, classes, traits)
        by_place = self.place_traits(encodings.float()) @ told.transpose(1, 2)  # (batch, landmarks, classes)
        joined = self.join_own(self.norm(own)) + self.join_summary(summary)[:, None]
        logits: Tensor = self.alone_weights * alone + self.judge(joined) + self.trait_weights * by_place
        return self.factor * logits


def describe_context(coordinates: Tensor, log_scale: Tensor, logits: Tensor) -> Tensor:
    """Return (batch, DESCRIBED * context): how the context's landmarks lie and what each alone says of itself.

    Args:
        coordinates: (batch, context, 2), crop units.
        log_scale: (batch, context).
        logits: (batch, context, CLASSES).
    """
    # No point learns to lie where it would be judged better.
    coordinates, log_scale = coordinates.detach().float(), log_scale.detach().float()
    shape = coordinates - coordinates.mean(dim=1, keepdim=True)
    told = logits - logits.mean(dim=-1, keepdim=True)
    return torch.cat([shape.flatten(1), log_scale, told.flatten(1)], dim=1)


class VisibilityHead(nn.Module):
    """Judges a landmark by its last query, by the image features where it lies, and by what the context tells.

    It reads what the coordinates are made of and gives nothing back, so that learning it moves no point.

    Attributes:
        company: None in weights that are older than it, and under joint attention: each landmark is judged alone.
    """

    def __init__(self, config: DetectorConfig, *, in_company: bool = False) -> None:
        super().__init__()
        width = config.dim * (1 + config.num_levels)
        self.norm = nn.LayerNorm(width)
        self.judge = nn.Sequential(nn.Linear(width, config.dim), nn.ReLU(), nn.Linear(config.dim, CLASSES))
        self.company = Company(config) if in_company else None

    def look(self, queries: Tensor, coordinates: Tensor, level_values: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Judge each landmark alone.

        Args:
            queries: LQ_n (batch, landmarks, dim).
            coordinates: C_n (batch, landmarks, 2), crop units; beyond the crop its border's features stand.
            level_values: for each level (batch * heads, head_dim, height, width).

        Returns:
            Its queries and hidden features (batch, landmarks, 2 * dim), and logits (batch, landmarks, CLASSES).
        """
        batch, landmarks, dim = queries.shape
        heads = level_values[0].shape[0] // batch
        # Head by head, as the maps lie: joining a map's heads would copy it.
        grid = (2 * coordinates.float() - 1).repeat_interleave(heads, dim=0)[:, :, None]
        sampled = []
        for values in level_values:
            found = functional.grid_sample(
                values.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
            )  # (batch * heads, head_dim, landmarks, 1)
            sampled.append(found.reshape(batch, dim, landmarks).transpose(1, 2))
        with torch.autocast(queries.device.type, enabled=False):
            expand, activate, decide = self.judge
            hidden = activate(expand(self.norm(torch.cat([queries.float(), *sampled], dim=-1))))
            return torch.cat([queries.float(), hidden], dim=-1), decide(hidden)

    def meet(self, coordinates: Tensor, log_scale: Tensor, logits: Tensor) -> Tensor | None:
        """Return the summary (batch, SUMMARY) of the context; None where each landmark is judged alone.

        Args:
            coordinates, log_scale: of the context's own landmarks; as for `describe_context`.
            logits: of `look`.
        """
        if self.company is None:
            return None
        described = describe_context(coordinates, log_scale, logits)
        with torch.autocast(coordinates.device.type, enabled=False):
            summary: Tensor = self.company.summarize(described)
        return summary

    def conclude(self, own: Tensor, alone: Tensor, encodings: Tensor, summary: Tensor | None) -> Tensor:
        """Return logits (batch, landmarks, CLASSES), float32.

        Args:
            own, alone: of `look`.
            encodings: E_IA (batch or 1, landmarks, dim).
            summary: of `meet`; None judges each landmark alone.
        """
        if self.company is None or summary is None:
            return alone
        with torch.autocast(own.device.type, enabled=False):
            logits: Tensor = self.company(own, alone, encodings, summary)
        return logits

    def forward(
        self,
        queries: Tensor,
        coordinates: Tensor,
        encodings: Tensor,
        level_values: tuple[Tensor, ...],
        summary: Tensor | None,
    ) -> Tensor:
        """Return logits (batch, landmarks, CLASSES), float32.

        Args:
            queries, coordinates, level_values: as for `look`.
            encodings, summary: as for `conclude`.
        """
        return self.conclude(*self.look(queries, coordinates, level_values), encodings, summary)

    def divide_logits(self, temperature: float) -> None:
        """Divide its logits, in place."""
        last = self.judge[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            if self.company is not None:
                self.company.factor.div_(temperature)
                return
            last.weight.div_(temperature)
            last.bias.div_(temperature)
