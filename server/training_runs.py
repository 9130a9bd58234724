"""Training runs in processes of their own, and chains of runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import click

from ..errors import ConfigError
from ..model.training.chain import (
    CALIBRATED_CHECKPOINT,
    CHECKPOINT,
    MEAN_CHECKPOINT,
    SEEING_CHECKPOINT,
    Step,
)

COMMANDS = {
    SEEING_CHECKPOINT: "train-visibility",
    CALIBRATED_CHECKPOINT: "calibrate",
}
"""What makes these of a run's weights."""


def run_command(arguments: Sequence[str], devices: int = 1) -> None:
    """Run a faceql command in processes of its own, so that memory and process groups end with it.

    Args:
        arguments: without the `faceql`.
        devices: how many processes, as torchrun has them.

    Raises:
        ConfigError: it failed; what it printed is on the error stream.
    """
    command = [sys.executable, "-m"]
    if devices > 1:
        command += ["torch.distributed.run", "--standalone", "--nproc-per-node", str(devices), "-m", "--"]
    command += ["faceql.server.cli", *arguments]
    click.echo(" ".join(command), err=True)
    status = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if status:
        raise ConfigError(f"faceql {' '.join(arguments[:2])} failed with status {status}; what it printed stands above")


def run_training(recipe: str, data: Path, run: Path, devices: int, threads: int, further: Sequence[str] = ()) -> None:
    """Train a recipe in processes of its own; `further` are more options of `faceql train`.

    Raises:
        ConfigError: the training failed.
    """
    arguments = ["train", recipe, "--data", str(data), "--run", str(run)]
    run_command([*arguments, "--devices", str(devices), "--threads", str(threads), *further], devices)


def make_weights(steps: Sequence[Step], data: Path, runs: Path, devices: int, threads: int) -> Path:
    """Do what of a chain's steps is not done yet, each in RUNS/<run>; a run that was stopped goes on.

    Returns:
        The last step's checkpoint.

    Raises:
        ConfigError: a step failed.
    """

    checkpoints = {step.run: runs / step.run / step.checkpoint for step in steps}
    runs.mkdir(parents=True, exist_ok=True)
    for step in steps:
        run = runs / step.run
        if (run / step.checkpoint).is_file():
            click.echo(f"{run / step.checkpoint} is there", err=True)
            continue
        further = ["--start", str(checkpoints[step.start])] if step.start else []
        if step.mean_of:
            further += ["--start", str(average_runs(step, checkpoints, run))]
        if step.relabelled_by:
            teacher = runs / step.relabelled_by
            labels = runs / f"relabelled-by-{teacher.name}.npz"
            if not labels.is_file():
                weights = str(teacher / CHECKPOINT)
                run_command(["relabel", "--data", str(data), "--weights", weights, "--out", str(labels)])
            further += ["--relabelled", str(labels)]
        if step.is_turned:
            if not (runs / "turned" / "labels.npz").is_file():
                run_command(["turn", "--data", str(data), "--out", str(runs / "turned")])
            further += ["--turned", str(runs / "turned")]
        run_training(step.recipe, data, run, devices, threads, further)
        for before, name in pairwise(step.files):
            made_of = ["--data", str(data), "--weights", str(run / before), "--out", str(run / name)]
            if name == SEEING_CHECKPOINT:
                made_of += ["--pictures", str(step.visibility_pictures), "--threads", str(threads)]
            run_command([COMMANDS[name], *made_of])
    return checkpoints[steps[-1].run]


def average_runs(step: Step, checkpoints: Mapping[str, Path], run: Path) -> Path:
    """Write the mean that a step begins from into its run's folder, and return its path.

    Raises:
        ConfigError: the checkpoints do not fit one another.
    """
    mean = run / MEAN_CHECKPOINT
    if mean.is_file():
        return mean
    run.mkdir(parents=True, exist_ok=True)
    shares = [argument for name, share in step.mean_of for argument in ("--of", str(checkpoints[name]), str(share))]
    run_command(["average", *shares, "--out", str(mean)])
    return mean
