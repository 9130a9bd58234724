"""The training loop, on Lightning Fabric.

Fabric rather than Accelerate: it leaves the loop ours and plain, takes one device, many (DDP) and bf16 by the same
two calls, and asks for no configuration files. Runs resume exactly: every batch is drawn from a generator seeded by
(seed, step, rank), so the step number is all the random state there is.
"""

from __future__ import annotations

import copy
import csv
import math
import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from ...errors import ConfigError
from ..checkpoint import load_detector, save_detector
from ..data.batches import TrainingBatch, draw_batch
from ..data.curves import AnnotationScheme
from ..data.surface_targets import SurfaceTargets
from ..detector import Detector
from ..evaluation.metrics import normalized_errors
from ..evaluation.predict import landmark_frames, predict_landmarks
from ..landmark_encoder import SurfaceEncoder
from ..reader import LandmarkReader
from ..surface_shape import fit_shape
from ..visibility import VisibilityHead
from .asking import AskingDetector, StepLosses, ask_batch, sum_losses
from .calibration import calibrate_expected_error, calibrate_surfaces
from .chain import CHECKPOINT
from .pretrained import carry_over, initialize_detector
from .recipe import Recipe, Stage
from .sets import TrainingFaces, TrainingSet, gather_meshes

# The paper lowers its rate from the 25th of 32 epochs.
STEP_AT = 24 / 32

LOG_COLUMNS = (
    "step", "pictures", "seconds", "pictures_per_second", "learning_rate", "image_size",
    "coordinate_loss", "scale_loss", "validation_nme", "validation_nme_infants", "surface_loss", "visibility_loss",
)  # fmt: skip


class Trainer:
    """One run of a recipe in a folder that holds its state, log and result."""

    def __init__(
        self,
        recipe: Recipe,
        faces: TrainingFaces,
        run: Path,
        *,
        precision: str,
        devices: int,
        start: Path | None,
    ) -> None:
        self.recipe, self.faces, self.run = recipe, faces, run
        self.fabric = Fabric(accelerator="auto", devices=devices, precision=precision)  # type: ignore[arg-type]
        self.fabric.launch()
        self.fabric.seed_everything(recipe.seed, verbose=False)
        detector = make_learner(recipe)
        initialize_detector(detector, recipe.encoder_weights if start is None else "none")
        self.fresh: frozenset[str] = frozenset()
        if start is not None:
            anew = carry_over(load_detector(start).detector, detector)
            self.fresh = frozenset(name for name in detector.state_dict() if name.startswith(anew))
            if anew:
                self.fabric.print(f"{start} does not hold {', '.join(anew)}: they start anew")
        if recipe.surface_weight and detector.surface_shape is None:
            detector.surface_shape = fit_shape(gather_meshes(faces))
        if recipe.start_share and start is None:
            raise ConfigError(f"{recipe.name} keeps a share of the weights it goes on from: give them by --start")
        self.start = copy.deepcopy(detector).requires_grad_(False) if recipe.start_share else None
        optimizer = torch.optim.AdamW(
            self.group_parameters(detector),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
        )
        self.average = copy.deepcopy(detector).requires_grad_(False).eval()
        choose_learners(detector, recipe.stages[0])
        self.stage = recipe.stages[0]
        self.model, self.optimizer = self.fabric.setup(AskingDetector(detector), optimizer)
        self.average.to(self.fabric.device)
        self.step = 0
        self.pictures = 0
        self.seconds = 0.0
        self._surface_targets: dict[int, SurfaceTargets] = {}
        self._resume()

    def group_parameters(self, detector: Detector) -> list[dict[str, object]]:
        """Return the optimiser's groups: the image encoder, the modules that start anew, and the rest."""
        groups: dict[str, list[nn.Parameter]] = {"rest": [], "body": [], "fresh": []}
        for name, parameter in detector.named_parameters():
            kind = "body" if name.startswith("image_encoder.body.") else "fresh" if name in self.fresh else "rest"
            groups[kind].append(parameter)
        factors = {"body": self.recipe.encoder_rate_factor, "fresh": self.recipe.fresh_rate_factor, "rest": 1.0}
        return [{"params": group, "factor": factors[kind]} for kind, group in groups.items() if group]

    @property
    def detector(self) -> Detector:
        detector = self.model.module.detector
        assert isinstance(detector, Detector)
        return detector

    @property
    def state_path(self) -> Path:
        return self.run / "state.pt"

    def _resume(self) -> None:
        if not self.state_path.is_file():
            return
        state = torch.load(self.state_path, map_location=self.fabric.device, weights_only=True)
        if state["recipe"] != self.recipe.model_dump_json():
            raise ConfigError(f"{self.run} holds a run of another recipe; choose another --run folder")
        names = state.get("sets", self.faces.names)  # runs of earlier versions do not tell
        if names != self.faces.names:
            raise ConfigError(
                f"{self.run} holds a run on {', '.join(names)}, not {', '.join(self.faces.names)}; choose another --run"
            )
        self.detector.load_state_dict(state["detector"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.pictures, self.seconds = state["step"], state["pictures"], state["seconds"]

    def save(self) -> None:
        """Write the run's whole state, so that a kill at any time loses only what came after."""
        if not self.fabric.is_global_zero:
            return
        state = {
            "recipe": self.recipe.model_dump_json(),
            "sets": self.faces.names,
            "detector": self.detector.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "pictures": self.pictures,
            "seconds": self.seconds,
        }
        partial = self.state_path.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self.state_path)

    def learning_rate(self) -> float:
        """Return the decoder's rate now: a linear rise, then the recipe's way down."""
        recipe = self.recipe
        if self.pictures < recipe.warmup_pictures:
            return recipe.learning_rate * (self.pictures + recipe.batch_size) / recipe.warmup_pictures
        progress = (self.pictures - recipe.warmup_pictures) / max(1, recipe.total_pictures - recipe.warmup_pictures)
        if recipe.schedule == "step":
            return recipe.learning_rate * (1.0 if progress < STEP_AT else 0.1)
        return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))

    def draw(self) -> tuple[TrainingBatch, TrainingSet]:
        """Draw this step's batch; return it and its set."""
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, self.step, self.fabric.global_rank])
        stage = recipe.stage_at(self.pictures)
        # The same on every rank: each step trains on one scheme.
        drawn = self.faces.draw(stage, np.random.default_rng([recipe.seed, self.step]))
        detector = recipe.detector
        context = [
            (self.detector.part_names[part], fpalp)
            for part, fpalp in zip(
                self.detector.context_part_ids.tolist(), self.detector.context_fpalps.tolist(), strict=True
            )
        ]
        batch = draw_batch(
            drawn.faces,
            context if detector.attention == "context" else (),
            batch_size=recipe.batch_size,
            image_size=stage.image_size,
            count_annotated=recipe.count_annotated,
            count_random=recipe.count_random,
            count_triplets=recipe.count_triplets,
            augmentation=recipe.augmentation,
            rng=rng,
            count_surface=recipe.count_surface,
            surfaces=self.surface_targets(drawn.faces.scheme),
        )
        return batch, drawn

    def surface_targets(self, scheme: AnnotationScheme) -> SurfaceTargets | None:
        """Return what makes the targets of surfaces, once for each scheme; None where none is learnt."""
        if not self.recipe.surface_weight:
            return None
        key = id(scheme)
        if key not in self._surface_targets:
            self._surface_targets[key] = SurfaceTargets(scheme)
        return self._surface_targets[key]

    def train_step(self) -> StepLosses:
        """Do one optimiser step; return its losses."""
        batch, drawn = self.draw()
        # What dropout draws hangs on the step's number too.
        rng = np.random.default_rng([self.recipe.seed, self.step, self.fabric.global_rank])
        torch.manual_seed(int(rng.integers(2**62)))
        rate = self.learning_rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        self.model.train()
        self._enter_stage(self.recipe.stage_at(self.pictures))
        asked = ask_batch(self.model, self.detector, batch, self.fabric.device)
        scale_weight = self.recipe.scale_weight if drawn.is_human or not self.faces.human else 0.0
        losses = sum_losses(asked, batch, self.recipe, scale_weight)
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(drawn.weight * losses.total)
        self.fabric.clip_gradients(self.model, self.optimizer, max_norm=self.recipe.gradient_clip)
        self.optimizer.step()
        self._update_average()
        self.step += 1
        self.pictures += self.recipe.batch_size * self.fabric.world_size
        return losses

    def _enter_stage(self, stage: Stage) -> None:
        """Let learn what the stage says; DDP must be told anew which gradients to wait for."""
        if stage == self.stage:
            return
        detector, before, self.stage = self.detector, self.stage, stage
        if (before.frozen, before.learns) != (stage.frozen, stage.learns):
            choose_learners(detector, stage)
            self.model = self.fabric.setup_module(AskingDetector(detector))

    def _update_average(self) -> None:
        decay = min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step))
        move_towards(self.average, self.detector, 1 - decay)

    def validate(self) -> dict[str, float]:
        """Return mean inter-ocular NME in % on the validation faces, infants apart if any, crops by annotation."""
        faces = self.faces.validation
        landmarks = faces.scheme.landmarks
        size = self.recipe.stage_at(self.pictures).image_size
        predicted, _ = predict_landmarks(
            LandmarkReader(self.average), faces, landmark_frames(faces), landmarks, image_size=size
        )
        assert faces.inter_ocular_px is not None
        errors = 100 * normalized_errors(predicted, faces.points, faces.inter_ocular_px)
        infants = np.array(["infants" in subsets for subsets in faces.subsets or ((),) * len(faces)])
        found = {"validation_nme": float(np.nanmean(errors[~infants]))}
        if infants.any():
            found["validation_nme_infants"] = float(np.nanmean(errors[infants]))
        return found

    def fit(
        self, *, log_every_s: float, save_every_s: float, validate_every_s: float, stop_after_s: float = math.inf
    ) -> None:
        """Train to the end of the recipe, or as long as there is time, saving, logging and validating by the clock."""
        self.run.mkdir(parents=True, exist_ok=True)
        total = self.recipe.total_pictures
        losses: list[tuple[float, ...]] = []
        mark, mark_pictures = time.monotonic(), self.pictures
        saved = validated = mark
        stop_at = mark + stop_after_s
        is_last = self.pictures >= total
        checked = ""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, disable=not self.fabric.is_global_zero) as progress:
            task = progress.add_task(self.recipe.name, total=total, completed=self.pictures)
            while not is_last:
                done = self.train_step()
                losses.append((done.coordinate, done.scale, done.surface, done.visibility))
                now = time.monotonic()
                is_last = self.pictures >= total or now >= stop_at
                if now - mark >= log_every_s or is_last:
                    self.seconds += now - mark
                    speed = (self.pictures - mark_pictures) / (now - mark)
                    row = dict(
                        zip((*LOG_COLUMNS[6:8], *LOG_COLUMNS[10:]), mean_known(losses), strict=True),
                        pictures_per_second=round(speed, 2),
                    )
                    if now - validated >= validate_every_s or is_last:
                        row.update(self.validate())
                        validated = time.monotonic()
                    self._log(row)
                    checked = f"NME {row['validation_nme']:.2f}%" if "validation_nme" in row else checked
                    text = f"{self.recipe.name} {speed:.1f} img/s loss {row['coordinate_loss']:.3f} {checked}"
                    progress.update(task, completed=self.pictures, description=text)
                    losses, mark, mark_pictures = [], time.monotonic(), self.pictures
                if now - saved >= save_every_s or is_last:
                    self.save()
                    saved = time.monotonic()
        self.export(self.run / CHECKPOINT)

    def _log(self, row: dict[str, float]) -> None:
        if not self.fabric.is_global_zero:
            return
        path = self.run / "log.csv"
        is_new = not path.exists()
        full = {
            "step": self.step,
            "pictures": self.pictures,
            "seconds": round(self.seconds),
            "learning_rate": round(self.learning_rate(), 8),
            "image_size": self.recipe.stage_at(self.pictures).image_size,
            **row,
        }
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, LOG_COLUMNS)
            if is_new:
                writer.writeheader()
            writer.writerow(full)

    def export(self, path: Path) -> None:
        """Write the averaged weights as a checkpoint, their expected errors calibrated on the validation faces.

        A share of the weights that the run began from stays, if the recipe says so.
        """
        if self.fabric.is_global_zero:
            detector = copy.deepcopy(self.average)
            if self.start is not None:
                move_towards(detector, self.start.to(self.fabric.device), self.recipe.start_share, self.fresh)
            factor = calibrate_expected_error(detector, self.faces.validation)
            has_meshes = detector.surface_shape is not None and self.faces.validation.mesh is not None
            surface_factor = calibrate_surfaces(detector, self.faces.validation) if has_meshes else None
            training: dict[str, object] = {
                "recipe": self.recipe.name,
                "seed": self.recipe.seed,
                "devices": self.fabric.world_size,
                "pictures": self.pictures,
                "seconds": round(self.seconds),
                "sets": self.faces.names,
                "expected_error_factor": factor,
                **({} if surface_factor is None else {"surface_error_factor": surface_factor}),
            }
            version = f"faceql-{self.recipe.name}-{self.step}"
            save_detector(path, detector, version, training, is_half=self.recipe.is_half)


def mean_known(losses: Sequence[tuple[float, ...]]) -> list[float]:
    """Return the means of columns over the rows that are numbers; NaN where none is."""
    columns = np.array(losses).T
    return [float(column[np.isfinite(column)].mean()) if np.isfinite(column).any() else math.nan for column in columns]


def make_learner(recipe: Recipe) -> Detector:
    """Return a recipe's detector with the modules that its losses teach."""
    detector = Detector(recipe.detector)
    if recipe.surface_weight:
        detector.surface_encoder = SurfaceEncoder(recipe.detector, len(detector.surface_names))
    if recipe.visibility_weight:
        detector.visibility = VisibilityHead(recipe.detector, in_company=recipe.detector.attention == "context")
    return detector


def choose_learners(detector: Detector, stage: Stage) -> None:
    """Free what learns in a stage, and hold the rest."""
    detector.requires_grad_(not stage.learns)
    for name in stage.learns:
        detector.get_submodule(name).requires_grad_(True)
    if not stage.learns:
        detector.image_encoder.freeze_body(stage.frozen)


@torch.no_grad()
def move_towards(weights: Detector, other: Detector, share: float, but: Collection[str] = ()) -> None:
    """Bring a detector's weights nearer to another's by a share of the way, in place, but for the tensors named."""
    for (name, own), wanted in zip(weights.state_dict().items(), other.state_dict().values(), strict=True):
        if name in but:
            continue
        if own.is_floating_point():
            own.lerp_(wanted, share)
        else:
            own.copy_(wanted)


def train(
    recipe: Recipe,
    faces: TrainingFaces,
    run: Path,
    *,
    precision: str = "32-true",
    devices: int = 1,
    start: Path | None = None,
    stop_after_s: float = math.inf,
) -> Path:
    """Train a recipe, or go on with it where its run folder left off.

    Args:
        recipe: what to train.
        faces: what is trained on.
        run: folder for state, log and result; made if missing.
        precision: Fabric's, "bf16-mixed" on CUDA.
        devices: how many to use.
        start: weights to begin from instead of ImageNet's.
        stop_after_s: stop after so many seconds of training; another call goes on.

    Returns:
        The exported checkpoint, of what is trained by then.
    """
    run.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(recipe, faces, run, precision=precision, devices=devices, start=start)
    trainer.fit(log_every_s=60, save_every_s=300, validate_every_s=480, stop_after_s=stop_after_s)
    return run / CHECKPOINT
