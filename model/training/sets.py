"""The sets that training draws from: the packs of a data folder, or any mix of datasets (paper, A.9)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ConfigError
from ..data.datasets.catalogue import load_datasets
from ..data.datasets.packs import load_pack
from ..data.merl68 import load_merl68
from ..data.packs import AnnotatedFaces, load_auto
from ..data.surface_targets import SurfaceTargets
from ..data.teacher98 import load_teacher98
from ..data.turned_pack import load_turned
from ..surface_mesh import VERTICES, FloatArray
from .recipe import Recipe, Stage
from .relabel import read_relabelled

LARGEST_VALIDATION = 400
"""Faces that a run is checked on, at most: a check comes every few minutes."""

LARGEST_MESH_SET = 3000
"""Faces of a set that tell what meshes look like, at most."""

TEACHER_PACKS = {f"teacher98 of {pack}": pack for pack in ("auto", "auto98", "merl68")}
"""Sets with the 98 points of `teacher98`, and the packs that have them."""

INFANTS = "infants of human68"
"""The set of infants alone, for a recipe that draws them more often than their number."""

PACK_SETS = ("human68", INFANTS, "merl68", "auto68", "auto98", *TEACHER_PACKS)
"""What a recipe's `shares` may name; `auto68` and `auto98` are the pack `auto` by the mesh's teachers."""


@dataclass(frozen=True)
class TrainingSet:
    """Faces of one scheme.

    Attributes:
        faces: what is drawn from.
        share: how often, relative to the other sets whose labels are of the same kind.
        weight: of its points in the loss.
        is_human: whether people placed the points. Only those teach the expected error, if there are
            any: how far an answer is from another program's says little of how far it is from the truth.
    """

    faces: AnnotatedFaces
    share: float
    weight: float
    is_human: bool


@dataclass(frozen=True)
class TrainingFaces:
    """The sets that training draws from, and the one that it is checked on.

    Attributes:
        human: sets whose points people placed.
        auto: sets with automatic labels.
        validation: faces with the landmarks of a layout.
        turned: faces turned to the side, with the human labels that turned with them; None where no stage wants them.
    """

    human: tuple[TrainingSet, ...]
    auto: tuple[TrainingSet, ...]
    validation: AnnotatedFaces
    turned: TrainingSet | None = None

    @property
    def names(self) -> list[str]:
        """Names of the sets that are trained on."""
        turned = () if self.turned is None else (self.turned,)
        return [one.faces.name for one in (*self.human, *self.auto, *turned)]

    def draw(self, stage: Stage, choice: np.random.Generator) -> TrainingSet:
        """Choose a batch's set: human or automatic by the stage's share, then by the sets' own shares.

        Where one kind has no set, all batches are of the other.
        """
        is_human = choice.random() < stage.human_share
        if is_human and self.turned is not None and stage.turned_share and choice.random() < stage.turned_share:
            return self.turned
        sets = (self.human or self.auto) if is_human else (self.auto or self.human)
        shares = np.array([one.share for one in sets])
        # Equal shares draw a whole number: so a run of the packs goes on as it began.
        is_even = bool((shares == shares[0]).all())
        return sets[int(choice.choice(len(sets), p=None if is_even else shares / shares.sum()))]


def gather_meshes(faces: TrainingFaces) -> FloatArray:
    """Return meshes (faces, VERTICES, 2) of training faces, their edges on the labelled curves; NaN where none fits."""
    found = [np.zeros((0, VERTICES, 2))]
    for one in (*faces.human, *faces.auto):
        if one.faces.mesh is not None:
            some = one.faces.thin_out(LARGEST_MESH_SET)
            assert some.mesh is not None
            found.append(SurfaceTargets(some.scheme).correct(some.mesh, some.points))
    return np.concatenate(found)


def load_training_faces(
    data: Path, recipe: Recipe, relabelled: Path | None = None, turned: Path | None = None
) -> TrainingFaces:
    """Load the packs under a data folder that the recipe's `shares` name; `human68` always, for its validation faces.

    Args:
        data: the folder.
        recipe: tells what is used.
        relabelled: a file of `faceql relabel`: a detector as a further teacher of `auto`.
        turned: a pack of `faceql turn`, for a recipe that wants turned faces.

    Raises:
        ConfigError: a pack is missing, or the recipe names a set that there is not.
    """
    shares = recipe.shares
    if unknown := [name for name in shares if name not in PACK_SETS]:
        raise ConfigError(f"recipe {recipe.name}: no set {unknown[0]!r}; there are: {', '.join(PACK_SETS)}")
    if (turned is not None) != any(stage.turned_share for stage in recipe.stages):
        raise ConfigError("a recipe with a turned_share needs --turned PACK (of `faceql turn`), and no other takes it")
    train, tests, _ = load_pack(data / "human68", recipe.largest_disagreement)
    human = list(train)
    if INFANTS in shares:
        human.append(choose_infants(human[0]))
    if "merl68" in shares:
        human.append(load_merl68(data / "merl68")[0])
    auto: list[AnnotatedFaces] = []
    if any(stage.human_share < 1 for stage in recipe.stages):
        if {"auto68", "auto98"} & set(shares):
            teacher = read_relabelled(relabelled) if relabelled is not None else None
            auto += load_auto(data / "auto", recipe.largest_disagreement, teacher)
        auto += [load_teacher98(data / pack) for name, pack in TEACHER_PACKS.items() if name in shares]

    def choose(sets: list[AnnotatedFaces], weight: float, is_human: bool) -> tuple[TrainingSet, ...]:
        return tuple(TrainingSet(faces, shares[faces.name], weight, is_human) for faces in sets if faces.name in shares)

    return TrainingFaces(
        human=choose(human, 1.0, is_human=True),
        auto=choose(auto, recipe.auto_weight, is_human=False),
        validation=tests["validation"],
        # Depth that a mesh guessed moved them: they are trusted as automatic labels are.
        turned=None if turned is None else TrainingSet(load_turned(turned), 1.0, recipe.auto_weight, is_human=True),
    )


def choose_infants(faces: AnnotatedFaces) -> AnnotatedFaces:
    """Return the infants among `human68`'s faces.

    Raises:
        ConfigError: there are none.
    """
    is_infant = np.array([name.startswith("inf/") for name in faces.names])
    if not is_infant.any():
        raise ConfigError(f"{faces.name} has no infants to train on, which the recipe's shares name")
    return faces.subset(is_infant, INFANTS)


def load_fused_faces(path: Path, recipe: Recipe) -> TrainingFaces:
    """Load the datasets of a TOML file for training on all of them, one scheme a batch.

    A dataset of several schemes (the pack `auto`) divides its share among them. A run is checked on test faces of the
    file's first dataset that has any.

    Raises:
        ConfigError: a dataset is missing or wrong, or none has faces to train on, or none to check on.
    """
    if any(stage.turned_share for stage in recipe.stages):
        raise ConfigError(f"{recipe.name} wants faces of `faceql turn`, which only --data with --turned gives")
    human: list[TrainingSet] = []
    auto: list[TrainingSet] = []
    validation = None
    for dataset in load_datasets(path).values():
        settings = dataset.settings
        if validation is None and dataset.tests:
            validation = next(iter(dataset.tests.values()))
        if settings.share == 0:
            continue
        weight = settings.weight
        if weight is None:
            weight = 1.0 if dataset.is_human else recipe.auto_weight
        for faces in dataset.train:
            (human if dataset.is_human else auto).append(
                TrainingSet(faces, settings.share / len(dataset.train), weight, dataset.is_human)
            )
    if not human and not auto:
        raise ConfigError(f"{path}: no dataset has faces to train on and a share over 0")
    if validation is None:
        raise ConfigError(f"{path}: no dataset has test faces to check the run on; add one, with share = 0 if need be")
    return TrainingFaces(tuple(human), tuple(auto), validation.thin_out(LARGEST_VALIDATION))
