"""What a detector is made of; stored with its weights."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _check_fraction(text: str) -> str:
    Fraction(text)
    return text


FpalpText = Annotated[str, AfterValidator(_check_fraction)]

# Spread points that tell where everything is: every fourth contour point, the ends and middles of the other curves.
DEFAULT_CONTEXT: tuple[tuple[str, str], ...] = (
    *(("face contour", f"{i}/32") for i in range(0, 33, 4)),
    *(("left eyebrow", f"{i}/18") for i in (0, 4, 8, 13)),
    *(("right eyebrow", f"{i}/18") for i in (0, 4, 8, 13)),
    ("nose bridge", "0"),
    ("nose bridge", "1"),
    *(("nose boundary", f"{i}/6") for i in (1, 3, 5)),
    *(("left eye", f"{i}/8") for i in (0, 2, 4, 6)),
    *(("right eye", f"{i}/8") for i in (0, 2, 4, 6)),
    *(("outer lip", f"{i}/12") for i in (0, 3, 6, 9)),
    *(("inner lip", f"{i}/8") for i in (2, 6)),
    ("left pupil", "0"),
    ("right pupil", "0"),
)


class DetectorConfig(BaseModel):
    """Settings of one detector.

    Attributes:
        encoder: a timm model name that supports `features_only`.
        feature_indices: which of its feature levels are used, finest first.
        query_level: index among them of the level whose cells Eq. 2 attends over.
        image_size: side of the square crop in pixels.
        dim: d of the paper.
        attention: "context" (an answer does not depend on what else was asked; paper.md) or "joint" (the paper's
            Eq. 3 and 5, where all asked landmarks see each other).
        part_vectors: "sentence" (SentenceBERT) or "learned".
        harmonics: how many sines of the FPALP enter Eq. 1.
        context: the fixed (part, FPALP) queries that every decode carries in "context" attention.
        freeze_batch_norm: keep the encoder's batch statistics as they came.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str = "tf_efficientnet_lite0"
    feature_indices: tuple[int, ...] = (1, 2, 3, 4)
    query_level: int = 1
    image_size: int = Field(default=160, ge=32, le=1024)
    dim: int = Field(default=128, ge=8)
    num_heads: int = Field(default=8, ge=1)
    num_points: int = Field(default=4, ge=1)
    num_decoder_layers: int = Field(default=3, ge=1)
    feedforward_dim: int = Field(default=512, ge=1)
    attention: Literal["context", "joint"] = "context"
    part_vectors: Literal["sentence", "learned"] = "sentence"
    harmonics: int = Field(default=3, ge=1)
    context: tuple[tuple[str, FpalpText], ...] = DEFAULT_CONTEXT
    freeze_batch_norm: bool = True
