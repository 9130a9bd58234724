"""`faceql eval`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ConfigError
from .model_commands import FILE, FOLDER
from .shared_options import WEIGHTS_FILE, flip_test_option, precision_option

if TYPE_CHECKING:
    from ..engine import Precision
    from ..model.crops import CropFrame
    from ..model.data.datasets.catalogue import Dataset
    from ..model.data.packs import AnnotatedFaces
    from ..model.evaluation.comparison import FittedSystem, SystemScores
    from ..model.evaluation.report import Evaluation
    from ..model.reader import LandmarkReader


@click.command("eval")
@click.option("--data", type=FOLDER, help="Folder of the face packs (human68, human98_dev, merl68).")
@click.option("--datasets", type=FILE, help="A TOML file of datasets (docs/datasets.md).")
@click.option("--weights", type=WEIGHTS_FILE, help='A checkpoint, or "fast"; the default one by default.')
@click.option(
    "--crops",
    type=click.Choice(["engine", "annotation"]),
    default="engine",
    show_default=True,
    help="Crop as the engine does, or by the annotated points, as in training.",
)
@click.option(
    "--against",
    multiple=True,
    type=click.Choice(["mediapipe", "dlib"]),
    help="Another system on the same crops, where it is installed; may be repeated.",
)
@click.option("--device", default="cpu", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of Markdown.")
@click.option(
    "--consistency", is_flag=True, help="Also how steady the answers are: mirrored, noise, curves, occluders."
)
@click.option(
    "--degraded", is_flag=True, help="Also how true expected errors are on blurred, cut and half hidden copies."
)
@click.option("--surfaces", is_flag=True, help="Also how surfaces lie, on sets with MediaPipe's mesh.")
@click.option("--groups", is_flag=True, help="Also by age and group of people, on the photos of the pack auto.")
@click.option("--card", type=FILE, help="Also write the Markdown between the marks of this model card.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also write report.md (with every landmark), report.json and the plots of cumulative errors to this folder.",
)
@flip_test_option
@precision_option
def eval_command(
    data: Path | None,
    datasets: Path | None,
    weights: Path | None,
    crops: str,
    against: tuple[str, ...],
    device: str,
    as_json: bool,
    consistency: bool,
    degraded: bool,
    surfaces: bool,
    groups: bool,
    card: Path | None,
    out: Path | None,
    flip_test: bool,
    precision: Precision,
) -> None:
    """Evaluate a checkpoint on the test faces of the packs (--data), of datasets (--datasets), or of both."""
    from ..engine.annotated_crops import find_annotated_crops
    from ..engine.backends import load_backend
    from ..engine.finders import default_face_finder
    from ..model.detector import Detector
    from ..model.evaluation.card import write_evaluation
    from ..model.evaluation.groups import format_groups, measure_groups
    from ..model.evaluation.predict import landmark_frames
    from ..model.evaluation.report import format_overview
    from ..model.reader import LandmarkReader

    if groups and data is None:
        raise ConfigError("--groups needs --data: the pack auto has the photos whose names tell ages")
    # As the engine prepares it: what is evaluated is what answers.
    detector, version, _ = load_backend("torch", device, weights, precision)
    assert isinstance(detector, Detector)

    def find_crops(faces: AnnotatedFaces) -> tuple[list[CropFrame], int]:
        if crops == "annotation":
            return landmark_frames(faces), 0
        return find_annotated_crops(faces, detector, default_face_finder())

    reader = LandmarkReader(detector, flip_test, sparse=precision != "float32")
    mirror = ", the mean with the mirrored crop's answers (--flip-test)" if flip_test else ""
    rounding = "" if precision == "float32" else f", computed in {precision}"
    origin = f"Weights {version}{mirror}{rounding}."
    found = load_sources(data, datasets)
    tests = [faces for dataset in found for faces in whole_test(dataset)]
    if not tests:
        raise ConfigError("none of these datasets has test faces")
    rivals = fit_rivals(against, found, tests)
    sections: list[Section] = []
    evaluations: list[Evaluation] = []
    for faces in tests:
        frames, missed = find_crops(faces)
        note = f" ({missed} faces not found: cropped by annotation)" if missed else ""
        evaluation, scores, section = evaluate_set(
            reader, faces, frames, rivals, f"Crops by the {crops}{note}. {origin}"
        )
        evaluations.append(evaluation)
        sections.append(section)
        if consistency and faces is tests[0]:
            sections.append(measure_steadiness(reader, faces, frames))
        if degraded:
            sections.append(measure_copies(reader, faces, frames))
        if surfaces and faces.mesh is not None:
            sections.append(look_at_surfaces(reader, faces, frames))
        if out is not None:
            save_plots(out, faces, evaluation, scores)
    if groups:
        assert data is not None
        measured = measure_groups(reader, data / "auto", find_crops)
        sections.append(Section(format_groups(measured), [asdict(group) for group in measured]))
    told = [each for section in sections for each in section.plain]
    if len(tests) > 1:
        sections.insert(0, Section(format_overview(evaluations), []))
        told += tell_together(evaluations)
    markdown = "\n\n".join(section.text for section in sections)
    plain = json.dumps(told, indent=2)
    if card is not None:
        write_evaluation(card, markdown)
    if out is not None:
        full = "\n\n".join(section.text + section.details for section in sections)
        (out / "report.md").write_text(full + "\n", encoding="utf-8")
        (out / "report.json").write_text(plain + "\n", encoding="utf-8")
    click.echo(plain if as_json else markdown)


@dataclass(frozen=True)
class Section:
    """A part of what is printed.

    Attributes:
        text: Markdown.
        plain: the same for JSON.
        details: Markdown that only the report in a folder adds.
    """

    text: str
    plain: list[Any]
    details: str = ""


def evaluate_set(
    reader: LandmarkReader, faces: AnnotatedFaces, frames: list[CropFrame], rivals: list[FittedSystem], origin: str
) -> tuple[Evaluation, list[SystemScores], Section]:
    """Evaluate a detector and other systems on one set; `origin` says whose crops and weights these are."""
    from ..model.evaluation.comparison import compare_system, format_comparison
    from ..model.evaluation.report import evaluate_faces

    evaluation = evaluate_faces(reader, faces, frames)
    text, plain = f"{evaluation.to_markdown()}\n\n{origin}", evaluation.to_dict()
    scores = [each for rival in rivals for each in compare_system(rival, faces, frames, evaluation.predicted)]
    if scores:
        text += f"\n\n{format_comparison(scores)}"
        plain["against"] = [to_plain(each) for each in scores]
    return evaluation, scores, Section(text, [plain], f"\n\n{evaluation.landmarks_to_markdown()}")


def tell_together(evaluations: list[Evaluation]) -> list[dict[str, Any]]:
    """Return, for JSON, how expected errors tell the true ones over the faces of all sets, if they share landmarks."""
    from ..model.evaluation.report import score_together

    together = score_together(evaluations)
    if together is None:
        return []
    scores, faces, landmarks = together
    return [{"set_name": "all sets", "faces": faces, "landmarks": landmarks, "expected_error": asdict(scores)}]


def measure_steadiness(reader: LandmarkReader, faces: AnnotatedFaces, frames: list[CropFrame]) -> Section:
    """Measure how steady the answers on a set are.

    Raises:
        ConfigError: its points are no whole layout.
    """
    from ..model.evaluation.consistency import measure_consistency
    from ..querylang.registry import load_registry

    if not faces.layout:
        raise ConfigError(f"--consistency needs a set whose points are a layout, and {faces.name} is none")
    layout = load_registry().layouts[faces.layout]
    steadiness = measure_consistency(reader, faces, faces.points, frames, layout)
    return Section(steadiness.to_markdown(), [asdict(steadiness)])


def measure_copies(reader: LandmarkReader, faces: AnnotatedFaces, frames: list[CropFrame]) -> Section:
    """Measure how true the expected errors are on degraded copies of a set."""
    from ..model.evaluation.degraded import format_degraded, measure_degraded

    scores = measure_degraded(reader, faces, frames)
    return Section(format_degraded(faces.name, scores), [asdict(one) for one in scores])


def look_at_surfaces(reader: LandmarkReader, faces: AnnotatedFaces, frames: list[CropFrame]) -> Section:
    """Measure how surfaces lie on a set whose faces have MediaPipe's mesh."""
    from ..model.evaluation.surfaces import measure_surfaces

    found = measure_surfaces(reader, faces, frames)
    return Section(found.to_markdown(), [asdict(found)])


def load_sources(data: Path | None, datasets: Path | None) -> list[Dataset]:
    """Return the packs of a folder and the datasets of a TOML file.

    Raises:
        ConfigError: neither is given, or one cannot be read.
    """
    from ..model.data.datasets.catalogue import DatasetSettings, load_dataset, load_datasets

    if data is None and datasets is None:
        raise ConfigError("nothing to evaluate on: give --data (the packs' folder), --datasets (a TOML file), or both")
    found = []
    if data is not None:
        packs = [*EVALUATED_PACKS, *(pack for pack in FURTHER_PACKS if (data / pack).is_dir())]
        for pack in packs:
            found.append(load_dataset(pack, DatasetSettings(kind="pack", folder=data / pack)))
    if datasets is not None:
        found += load_datasets(datasets).values()
    return found


def whole_test(dataset: Dataset) -> list[AnnotatedFaces]:
    """Return a dataset's whole test set, whose subsets it names itself; human68's are split by pose too."""
    from ..model.evaluation.subsets import split_human68

    first = next(iter(dataset.tests.values()), None)
    if first is None:
        return []
    if dataset.settings.kind == "pack" and first.layout == "300w" and first.visibility is None:
        first = replace(first, subsets=tuple(map(tuple, split_human68(first))))
    return [first]


def fit_rivals(names: tuple[str, ...], found: list[Dataset], tests: list[AnnotatedFaces]) -> list[FittedSystem]:
    """Return the other systems, fitted on training faces.

    Raises:
        ConfigError: one is not installed, or there are no training faces.
    """
    if not names:
        return []
    from ..model.evaluation.comparison import FittedSystem, choose_training
    from ..model.evaluation.other_systems import OTHER_SYSTEMS

    systems = [OTHER_SYSTEMS[name]() for name in dict.fromkeys(names)]
    training = choose_training([faces for dataset in found if dataset.is_human for faces in dataset.train], tests)
    return [FittedSystem(system, training) for system in systems]


def to_plain(scores: SystemScores) -> dict[str, Any]:
    """Return plain values for JSON."""
    told = asdict(scores)
    del told["face_errors"]
    return told


def save_plots(out: Path, faces: AnnotatedFaces, evaluation: Evaluation, scores: list[SystemScores]) -> None:
    """Draw the cumulative errors of all systems, and of faceql by subset."""
    from ..model.evaluation.ced import draw_ced

    out.mkdir(parents=True, exist_ok=True)
    own = evaluation.scores
    stem = "-".join(("ced", *faces.name.split()))
    title = f"{faces.name}, {faces.layout or len(own.landmarks)} points, {len(faces)} faces"
    curves = {f"faceql ({len(own.landmarks)} points)": own.face_errors}
    curves |= {f"{each.title}, {each.how} ({each.points} points)": each.face_errors for each in scores}
    draw_ced(curves, title, own.normalizer).save(out / f"{stem}.png")
    members = {name: [row for row, names in enumerate(faces.subsets) if name in names] for name in own.subsets}
    by_subset = {
        f"{name} ({len(rows)})": own.face_errors[rows] for name, rows in members.items() if len(rows) >= LEAST_PLOTTED
    }
    if by_subset:
        draw_ced(by_subset, f"{title}, by subset", own.normalizer).save(out / f"{stem}-subsets.png")


EVALUATED_PACKS = ("human68", "human98_dev")
FURTHER_PACKS = ("merl68",)
"""Of the packs under --data, what is evaluated on, and what else where it is there."""

LEAST_PLOTTED = 10
"""A subset of fewer faces has no curve to speak of."""
