"""`faceql train` and `faceql eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared_options import flip_test_option

if TYPE_CHECKING:
    from ..model.checkpoint import LoadedDetector
    from ..model.crops import CropFrame
    from ..model.data.packs import AnnotatedFaces

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("train")
@click.argument("recipe")
@click.option("--data", type=FOLDER, help="Folder of the face packs (human68, auto).")
@click.option("--datasets", type=FILE, help="Instead of --data: a TOML file of datasets to fuse (docs/datasets.md).")
@click.option("--run", type=click.Path(path_type=Path), required=True, help="Folder of the run; an old one goes on.")
@click.option("--precision", default="32-true", show_default=True, help='Fabric\'s; "bf16-mixed" on CUDA.')
@click.option("--devices", default=1, show_default=True, help="How many devices.")
@click.option("--threads", type=int, help="CPU threads; all by default.")
@click.option("--start", type=FILE, help="Weights to begin from instead of ImageNet's.")
@click.option("--relabelled", type=FILE, help="What `faceql relabel` wrote: a detector as a further teacher of auto.")
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
) -> None:
    """Train RECIPE (a shipped name or a TOML file), or go on with it where --run left off."""
    import torch

    from ..model.training.loop import train
    from ..model.training.recipe import load_recipe
    from ..model.training.sets import load_fused_faces, load_training_faces

    if threads:
        torch.set_num_threads(threads)
    plan = load_recipe(recipe)
    if data is not None and datasets is None:
        faces = load_training_faces(data, plan, relabelled)
    elif datasets is not None and data is None and relabelled is None:
        faces = load_fused_faces(datasets, plan)
    else:
        raise click.UsageError("give --data, and with it --relabelled if you like, or --datasets instead")
    path = train(plan, faces, run, precision=precision, devices=devices, start=start)
    click.echo(f"wrote {path}")


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
        f"{loaded.version} {errors.detector:.2f}%, their mean {errors.mean:.2f}%"
    )
    count = relabel_auto(loaded.detector, data, out, loaded.version)
    click.echo(f"wrote {out}: {count} faces")


@click.command("eval")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (human68, human98_dev).")
@click.option("--weights", type=FILE, help="A checkpoint; the shipped one by default.")
@click.option(
    "--crops",
    type=click.Choice(["engine", "annotation"]),
    default="engine",
    show_default=True,
    help="Crop as the engine does, or by the annotated points, as in training.",
)
@click.option("--device", default="cpu", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of Markdown.")
@click.option(
    "--consistency", is_flag=True, help="Also how steady the answers are: mirrored, noise, curves, occluders."
)
@click.option("--card", type=FILE, help="Also write the Markdown between the marks of this model card.")
@flip_test_option
def eval_command(
    data: Path,
    weights: Path | None,
    crops: str,
    device: str,
    as_json: bool,
    consistency: bool,
    card: Path | None,
    flip_test: bool,
) -> None:
    """Evaluate a checkpoint on human68's validation faces and on the hard 98-point faces."""
    from ..model.checkpoint import load_detector
    from ..model.data.packs import load_human68, load_human98
    from ..model.evaluation.card import write_evaluation
    from ..model.evaluation.consistency import Consistency, measure_consistency
    from ..model.evaluation.predict import landmark_frames
    from ..model.evaluation.report import Evaluation, evaluate_faces
    from ..model.reader import LandmarkReader
    from ..querylang.registry import load_registry

    loaded = load_detector(weights, device)
    reader = LandmarkReader(loaded.detector, flip_test)
    layouts = load_registry().layouts
    _, validation = load_human68(data / "human68")
    hard = load_human98(data / "human98_dev")
    reports: list[Evaluation | Consistency] = []
    texts = []
    for faces, layout, points, subsets in (
        (validation, layouts["300w"], validation.frame_points, split_human68(validation)),
        (hard, layouts["wflw"], hard.points, [split_by_condition(name) for name in hard.names]),
    ):
        frames, missed = engine_frames(faces, loaded) if crops == "engine" else (landmark_frames(faces), 0)
        evaluation = evaluate_faces(reader, faces, points, frames, layout, subsets)
        reports.append(evaluation)
        note = f" ({missed} faces not found: cropped round the picture's middle)" if missed else ""
        mirror = ", the mean with the mirrored crop's answers (--flip-test)" if flip_test else ""
        texts.append(f"{evaluation.to_markdown()}\n\nCrops by the {crops}{note}. Weights {loaded.version}{mirror}.")
        if consistency and faces is validation:
            steadiness = measure_consistency(reader, faces, points, frames, layout)
            reports.append(steadiness)
            texts.append(steadiness.to_markdown())
    markdown = "\n\n".join(texts)
    if card is not None:
        write_evaluation(card, markdown)
    click.echo("[" + ",\n".join(report.to_json() for report in reports) + "]" if as_json else markdown)


def engine_frames(faces: AnnotatedFaces, loaded: LoadedDetector) -> tuple[list[CropFrame], int]:
    """Return each face's crop frame as the engine cuts it, and how many faces its finder did not find.

    The packs' pictures hold one annotated face in their middle, so the found face nearest the middle is taken; where
    none is found, a box of half the picture's side stands for it.
    """
    from ..engine.encoding import FaceEncoder
    from ..engine.faces import Face, default_face_finder

    finder = default_face_finder()
    encoder = FaceEncoder(loaded.detector, loaded.detector.device)
    frames, missed = [], 0
    for row in range(len(faces)):
        picture = faces.read_image(row)
        height, width = picture.shape[:2]
        middle = ((width - 1) / 2, (height - 1) / 2)
        found = finder.find(picture)
        if found:
            face = min(found, key=lambda f: abs(f.center[0] - middle[0]) + abs(f.center[1] - middle[1]))
        else:
            missed += 1
            face = Face((width / 4, height / 4, 3 * width / 4, 3 * height / 4))
        frames.append(encoder.encode([(picture, face)])[0].frame)
    return frames, missed


def split_human68(faces: AnnotatedFaces) -> list[list[str]]:
    """Return each face's subsets: its source, and for adults how far the head is turned and tilted."""
    from ..model.evaluation.metrics import roll_degrees, turned_share

    subsets = []
    for name, turned, roll in zip(
        faces.names, turned_share(faces.frame_points), roll_degrees(faces.frame_points, "300w"), strict=True
    ):
        found = split_by_source(name)
        if "adults" in found:
            found.append(f"adults, head {'frontal' if turned < 0.1 else 'turned' if turned < 0.25 else 'far turned'}")
            if abs(roll) > 15:
                found.append("adults, head tilted over 15 degrees")
        subsets.append(found)
    return subsets


def split_by_source(name: str) -> list[str]:
    """Return the subsets of a human68 name such as "helen/100032540_1"."""
    source = name.split("/")[0]
    return ["infants"] if source == "inf" else ["adults", f"adults: {source}"]


def split_by_condition(name: str) -> list[str]:
    """Return the subsets of a human98 name such as "wflw/144/illumination+makeup"."""
    return name.split("/")[-1].split("+")
