"""What a detector is made of; stored with its weights."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _check_fraction(text: str) -> str:
    Fraction(text)
    return text


def _check_scale(scale: float) -> float:
    if scale not in (4, 2, 1, 0.5):
        raise ValueError(f"a pyramid scale is 4, 2, 1 or 0.5, not {scale}")
    return scale


PyramidScale = Annotated[float, AfterValidator(_check_scale)]
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
        encoder: the name of a timm model that supports `features_only`.
        feature_indices: which of its feature levels are used, finest first.
        block_counts: how many blocks each stage of an EfficientNet-Lite keeps, the first ones; empty, all. A last
            stage without blocks hands on what the stage before it gives.
        pyramid_scales: for an encoder of one map (a plain ViT), the sizes at which that map is used, finest first, as
            multiples of its own: 4, 2, 1 or 0.5; empty for an encoder with levels of its own.
        pixel_mean, pixel_std: of the encoder's input, 0..255.
        query_level: index among the levels of the level whose cells Eq. 2 attends over.
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
    block_counts: tuple[Annotated[int, Field(ge=0)], ...] = ()
    pyramid_scales: tuple[PyramidScale, ...] = ()
    pixel_mean: tuple[float, float, float] = (127.0, 127.0, 127.0)
    pixel_std: tuple[float, float, float] = (128.0, 128.0, 128.0)
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

    @property
    def encoder_size(self) -> dict[str, Any]:
        """What timm must know of the crop: a plain ViT is built for one size."""
        return {"img_size": self.image_size} if self.pyramid_scales else {}

    @property
    def num_levels(self) -> int:
        """How many feature maps the decoder looks at."""
        return len(self.pyramid_scales or self.feature_indices)
