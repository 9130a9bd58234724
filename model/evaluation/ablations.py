"""Ablations at small scale: runs that differ from one another in one thing, on the project's packs.

Every run has the same budget, crop size and seed (recipes `ablation-*.toml`), so that what differs in the tables is
what was changed; the figures are of short runs and say nothing about a finished detector.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ...querylang.registry import load_registry
from ..checkpoint import LoadedDetector
from ..data.packs import load_human68, load_human98
from ..detector import EncodedCrops
from ..reader import Curves, LandmarkReader, Reading
from .metrics import FloatArray, inter_ocular, normalized_errors
from .predict import landmark_frames, predict_landmarks
from .scores import mean_error

PACKS = ("human68", "human98_dev", "auto")


@dataclass(frozen=True)
class Ablation:
    """One run.

    Attributes:
        recipe: a shipped recipe's name; the run's folder is named after it.
        what: in what it differs from the run it is compared with.
        against: the recipe of that run.
        layouts: the layouts whose labels train; all by default.
    """

    recipe: str
    what: str
    against: str = "ablation-base"
    layouts: tuple[str, ...] = ()


ABLATIONS = (
    Ablation(
        "ablation-base",
        "SentenceBERT part vectors, 300W and WFLW labels fused, context-anchored attention, EfficientNet-Lite0 from "
        "ImageNet",
    ),
    Ablation("ablation-learned", "learned part vectors (Table 5)"),
    Ablation("ablation-300w", "300W labels alone (Table 4)", layouts=("300w",)),
    Ablation("ablation-joint", "the paper's joint attention (Eq. 3, 5)"),
    Ablation("ablation-lite0-scratch", "EfficientNet-Lite0 from random weights, 3.0 M parameters"),
    Ablation(
        "ablation-resnet10t-scratch",
        "ResNet10-T from random weights, 4.9 M (Table 6a)",
        against="ablation-lite0-scratch",
    ),
    Ablation(
        "ablation-resnet18-scratch",
        "ResNet18 from random weights, 11.2 M (Table 6a)",
        against="ablation-lite0-scratch",
    ),
)


@dataclass(frozen=True)
class TrainedAblation:
    """A finished run and its errors.

    Attributes:
        ablation: which.
        version: of the checkpoint.
        training: what the checkpoint says of its own training.
        errors: (faces,) mean inter-ocular error of each face, by set of faces and points.
    """

    ablation: Ablation
    version: str
    training: Mapping[str, object]
    errors: Mapping[str, FloatArray]


class PlainReader(LandmarkReader):
    """Asks a detector exactly what is wanted, whatever its attention: a run on 300W's labels knows no whole curves."""

    def read(
        self,
        encoded: EncodedCrops,
        parts: Sequence[str],
        fpalps: Sequence[float],
        curves: Curves | None = None,
        vs: Sequence[float | None] = (),
        alone: bool = False,
    ) -> Reading:
        values = self._decode(encoded, parts, fpalps)
        return Reading.of_values(values)


def evaluate_ablation(ablation: Ablation, loaded: LoadedDetector, data: Path) -> TrainedAblation:
    """Measure a run on human68's validation faces and on the hard 98-point faces, crops by annotation.

    WFLW's points that 300W lacks (other FPALPs, the brows' lower edges, the pupils) are also counted apart: they lie
    between and beyond the points of a run on 300W's labels.
    """
    layouts = load_registry().layouts
    _, validation = load_human68(data / "human68")
    hard = load_human98(data / "human98_dev")
    own = set(layouts["300w"].landmarks)
    unseen = np.array([landmark not in own for landmark in layouts["wflw"].landmarks])
    infants = np.array([name.startswith("inf/") for name in validation.names])
    reader = PlainReader(loaded.detector)
    predicted68, _ = predict_landmarks(reader, validation, landmark_frames(validation), layouts["300w"].landmarks)
    points68 = validation.frame_points
    errors68 = normalized_errors(predicted68, points68, inter_ocular(points68, "300w")).mean(axis=1)
    predicted98, _ = predict_landmarks(reader, hard, landmark_frames(hard), layouts["wflw"].landmarks)
    errors98 = normalized_errors(predicted98, hard.points, inter_ocular(hard.points, "wflw"))
    errors = {
        "human68 adults": errors68[~infants],
        "human68 infants": errors68[infants],
        "human98, 98 points": errors98.mean(axis=1),
        f"human98, {unseen.sum()} points 300W lacks": errors98[:, unseen].mean(axis=1),
    }
    return TrainedAblation(ablation, loaded.version, loaded.training, errors)


def compare(errors: FloatArray, others: FloatArray) -> tuple[float, float, float]:
    """Return the mean difference of two runs' errors on the same faces and its 95% bootstrap interval, in %."""
    difference = mean_error(errors - others)
    return difference.nme, difference.low, difference.high


def hash_packs(data: Path) -> dict[str, str]:
    """Return the SHA-256 of each pack's labels.npz that there is."""
    paths = {name: data / name / "labels.npz" for name in PACKS}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items() if path.is_file()}


def format_ablations(trained: Sequence[TrainedAblation], not_run: Mapping[str, str], digests: Mapping[str, str]) -> str:
    """Return the Markdown tables: errors, differences on the same faces, and what was trained on what.

    Args:
        trained: finished runs.
        not_run: why, by recipe.
        digests: of the data files.
    """
    rows = {run.ablation.recipe: run for run in trained}
    columns = list(trained[0].errors) if trained else []
    head = "| run | " + " | ".join(f"{name} (n = {len(trained[0].errors[name])})" for name in columns) + " |"
    rule = "|---" * (1 + len(columns)) + "|"
    lines = ["NME, % of inter-ocular, with 95% bootstrap intervals over faces; crops by annotation.", ""]
    if trained:
        lines += [head, rule]
    for ablation in ABLATIONS:
        if run := rows.get(ablation.recipe):
            cells = [str(mean_error(errors)) for errors in run.errors.values()]
            lines.append(f"| {ablation.recipe}: {ablation.what} | {' | '.join(cells)} |")
    pairs = [(run, rows[run.ablation.against]) for run in trained if run.ablation.against in rows]
    pairs = [(run, other) for run, other in pairs if run is not other]
    if pairs:
        lines += [
            "",
            "Difference on the same faces, points of % of inter-ocular, with 95% paired bootstrap intervals; positive "
            "is worse. The intervals tell faces apart, not seeds.",
            "",
            head.replace("| run |", "| run, against |"),
            rule,
        ]
    for run, other in pairs:
        cells = [
            "{:+.2f} ({:+.2f} to {:+.2f})".format(*compare(errors, other.errors[name]))
            for name, errors in run.errors.items()
        ]
        lines.append(f"| {run.ablation.recipe}, {other.ablation.recipe} | {' | '.join(cells)} |")
    if trained:
        lines += ["", "| run | version | seed | devices | pictures | seconds | sets |", "|---" * 7 + "|"]
    for run in trained:
        told = run.training
        names = told.get("sets")
        sets = ", ".join(map(str, names)) if isinstance(names, list) else "-"
        lines.append(
            f"| {run.ablation.recipe} | {run.version} | {told.get('seed')} | {told.get('devices')} | "
            f"{told.get('pictures')} | {told.get('seconds')} | {sets} |"
        )
    if not_run:
        lines += ["", *(f"- {recipe} was not run: {why}" for recipe, why in not_run.items())]
    lines += ["", *(f"- {name}/labels.npz: SHA-256 {digest}" for name, digest in digests.items())]
    return "\n".join(lines)


def ablations_to_json(
    trained: Sequence[TrainedAblation], not_run: Mapping[str, str], digests: Mapping[str, str]
) -> str:
    """Return the same as JSON, NME in %."""
    rows = {run.ablation.recipe: run for run in trained}
    runs = {}
    for recipe, run in rows.items():
        other = rows.get(run.ablation.against)
        nme = {}
        for name, errors in run.errors.items():
            nme[name] = {"faces": len(errors), **asdict(mean_error(errors))}
            if other is not None and other is not run:
                nme[name] |= dict(
                    zip(("difference", "difference_low", "difference_high"), compare(errors, other.errors[name]),
                        strict=True)
                )  # fmt: skip
        runs[recipe] = {
            "what": run.ablation.what,
            "against": run.ablation.against,
            "version": run.version,
            "training": dict(run.training),
            "errors": nme,
        }
    return json.dumps({"runs": runs, "not_run": dict(not_run), "labels_sha256": dict(digests)}, indent=2)
