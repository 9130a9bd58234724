"""`faceql reproduce`: the paper's tables and figure, and the ablations at small scale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from .model_commands import FOLDER

if TYPE_CHECKING:
    from ..model.evaluation.ablations import Ablation


@click.group("reproduce")
def reproduce_group() -> None:
    """Run an experiment of the paper where its data are at hand, and say what could not be run."""


@reproduce_group.command("ablations")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (human68, human98_dev, auto).")
@click.option("--runs", type=click.Path(path_type=Path), required=True, help="Folder of the runs; finished ones stay.")
@click.option("--devices", default=1, show_default=True, help="Processes of each run, as torchrun has them.")
@click.option("--threads", default=1, show_default=True, help="CPU threads of each process.")
@click.option("--only", multiple=True, metavar="RECIPE", help="This run alone; may be repeated.")
@click.option("--seed", type=int, help="Another seed than the recipes'; its runs lie beside the others.")
@click.option("--no-train", is_flag=True, help="Evaluate what is there.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the tables to this file too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of Markdown.")
def ablations_command(
    data: Path,
    runs: Path,
    devices: int,
    threads: int,
    only: tuple[str, ...],
    seed: int | None,
    no_train: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Train the short runs that are missing, evaluate all, and compare them.

    One recipe each with the same budget and seed: part vectors, fused or single layout, attention, encoder sizes.
    """
    from ..model.checkpoint import load_detector
    from ..model.evaluation.ablations import (
        ABLATIONS,
        ablations_to_json,
        evaluate_ablation,
        format_ablations,
        hash_packs,
    )

    names = [ablation.recipe for ablation in ABLATIONS]
    if unknown := [name for name in only if name not in names]:
        raise ConfigError(f"no ablation {unknown[0]!r}; there are: {', '.join(names)}")
    trained, not_run = [], {}
    for ablation in ABLATIONS:
        if only and ablation.recipe not in only:
            not_run[ablation.recipe] = "not asked for (--only)"
            continue
        run = runs / (ablation.recipe if seed is None else f"{ablation.recipe}-seed{seed}")
        checkpoint = run / "detector.safetensors"
        if not checkpoint.is_file() and not no_train:
            train_ablation(ablation, data, run, devices, threads, seed)
        if checkpoint.is_file():
            trained.append(evaluate_ablation(ablation, load_detector(checkpoint), data))
        else:
            not_run[ablation.recipe] = f"no {checkpoint}, and --no-train was given"
    digests = hash_packs(data)
    text = (ablations_to_json if as_json else format_ablations)(trained, not_run, digests)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    click.echo(text)


def train_ablation(ablation: Ablation, data: Path, run: Path, devices: int, threads: int, seed: int | None) -> None:
    """Train one run in processes of its own, so that memory and process groups end with it.

    Raises:
        ConfigError: the training failed; what it printed is on the error stream.
    """
    command = [sys.executable, "-m"]
    if devices > 1:
        command += ["torch.distributed.run", "--standalone", "--nproc-per-node", str(devices), "-m", "--"]
    command += ["faceql.server.cli", "train", ablation.recipe, "--data", str(data), "--run", str(run)]
    command += ["--devices", str(devices), "--threads", str(threads)]
    command += [argument for layout in ablation.layouts for argument in ("--layouts", layout)]
    command += [] if seed is None else ["--seed", str(seed)]
    click.echo(" ".join(command), err=True)
    status = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if status:
        raise ConfigError(f"training {ablation.recipe} failed with status {status}; what it printed stands above")
