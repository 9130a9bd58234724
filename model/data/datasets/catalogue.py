"""The datasets of a TOML file: a table a dataset, each with its kind and its folder."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ....errors import ConfigError
from ..packs import AnnotatedFaces
from .aflw import load_aflw
from .cofw import load_cofw, load_cofw68
from .merl_rav import POSES, load_merl_rav
from .packs import load_pack
from .w300 import load_w300
from .wflw import ATTRIBUTES, keep_extra, load_wflw, reduce_to_68

Kind = Literal["pack", "300w", "wflw", "wflw68", "wflw_e", "aflw19", "cofw", "cofw68", "merl_rav"]


class DatasetSettings(BaseModel):
    """One table of the file.

    Attributes:
        kind: the format of the files.
        folder: where they are; a relative path starts at the TOML file's folder.
        share: how often training draws from the dataset, relative to the others' shares; 0 leaves it out.
        weight: of its points in the loss; None: 1 for human labels, the recipe's `auto_weight` for others.
        human: whether people placed the points; None: as the kind knows.
        pictures: where COFW's pictures, which its files hold inside, are written; by default `pictures` in the folder.
        largest_disagreement: the pack `auto` leaves out faces whose teachers differ more (inter-ocular units).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    folder: Path
    share: float = Field(default=1.0, ge=0)
    weight: float | None = Field(default=None, gt=0)
    human: bool | None = None
    pictures: Path | None = None
    largest_disagreement: float = 0.08


@dataclass(frozen=True)
class Dataset:
    """A dataset's faces.

    Attributes:
        name: its table in the file.
        settings: that table.
        train: what may be trained on, one scheme each; empty where the dataset is for tests alone.
        tests: the test sets by name; the first holds all test faces, the others are subsets of it.
        is_human: whether people placed the points.
    """

    name: str
    settings: DatasetSettings
    train: tuple[AnnotatedFaces, ...]
    tests: Mapping[str, AnnotatedFaces]
    is_human: bool


def read_catalogue(path: Path) -> dict[str, DatasetSettings]:
    """Read the tables of a datasets file, without the datasets.

    Raises:
        ConfigError: the file is missing or wrong; the message names the table and the key.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; docs/datasets.md shows how such a file looks") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not tables:
        raise ConfigError(f"{path} names no dataset; docs/datasets.md shows how such a file looks")
    catalogue = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name} stands outside a table; each dataset is a table of its own, [name]")
        try:
            settings = DatasetSettings.model_validate(table)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise ConfigError(f"{path}: [{name}] {key}: {first['msg']}") from error
        folder = path.parent / settings.folder.expanduser()
        pictures = folder / "pictures" if settings.pictures is None else path.parent / settings.pictures.expanduser()
        catalogue[name] = settings.model_copy(update={"folder": folder, "pictures": pictures})
    return catalogue


def load_dataset(name: str, settings: DatasetSettings) -> Dataset:
    """Read one dataset's files.

    Raises:
        ConfigError: a file is missing or not as published.
    """
    if not settings.folder.is_dir():
        raise ConfigError(f"[{name}]: {settings.folder} is no folder; give the one that holds the dataset's files")
    is_human = True
    if settings.kind == "pack":
        train, tests, is_human = load_pack(settings.folder, settings.largest_disagreement)
    else:
        train, tests = load_files(settings)
    if settings.human is not None:
        is_human = settings.human
    return Dataset(name, settings, train, tests, is_human)


def load_datasets(path: Path) -> dict[str, Dataset]:
    """Read every dataset of a TOML file, by name.

    Raises:
        ConfigError: the file, or a file of a dataset, is missing or wrong. To go on without the datasets that are
            missing, call `read_catalogue` and then `load_dataset` for each.
    """
    return {name: load_dataset(name, settings) for name, settings in read_catalogue(path).items()}


def split_tests(faces: AnnotatedFaces, subsets: tuple[str, ...]) -> dict[str, AnnotatedFaces]:
    """Return all test faces as "full", and each subset that has a face."""
    tests = {"full": faces}
    for subset in subsets:
        keep = np.array([subset in found for found in faces.subsets])
        if keep.any():
            tests[subset] = faces.subset(keep, f"{faces.name} {subset}")
    return tests


def load_files(settings: DatasetSettings) -> tuple[tuple[AnnotatedFaces, ...], dict[str, AnnotatedFaces]]:
    """Read what a dataset of any kind but "pack" has for training and for tests.

    Raises:
        ConfigError: a file is missing or not as published.
    """
    folder, pictures = settings.folder, settings.pictures or settings.folder / "pictures"
    match settings.kind:
        case "300w":
            return (load_w300(folder, "train"),), split_tests(load_w300(folder, "full"), ("common", "challenge"))
        case "wflw":
            return (load_wflw(folder, "train"),), split_tests(load_wflw(folder, "test"), ATTRIBUTES)
        case "wflw68":
            return (), split_tests(reduce_to_68(load_wflw(folder, "test")), ATTRIBUTES)
        case "wflw_e":
            return (), split_tests(keep_extra(load_wflw(folder, "test")), ATTRIBUTES)
        case "aflw19":
            return (load_aflw(folder, "train"),), split_tests(load_aflw(folder, "test"), ("frontal",))
        case "cofw":
            return (load_cofw(folder, "train", pictures),), split_tests(load_cofw(folder, "test", pictures), ())
        case "cofw68":
            return (), split_tests(load_cofw68(folder, pictures), ())
        case "merl_rav":
            return (load_merl_rav(folder, "train"),), split_tests(load_merl_rav(folder, "test"), POSES)
    raise AssertionError(settings.kind)
