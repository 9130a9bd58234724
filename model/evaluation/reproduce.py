"""The paper's tables, ours beside the printed figures, as far as datasets and checkpoints are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import CheckpointError, ConfigError
from ...querylang.registry import Registry, load_registry
from ..checkpoint import LoadedDetector, load_detector
from ..data.datasets.catalogue import Dataset, DatasetSettings, load_dataset
from ..data.packs import AnnotatedFaces
from ..reader import LandmarkReader
from ..template.unified import build_template
from ..training.chain import CHECKPOINT
from .metrics import FloatArray, normalized_errors
from .paper_tables import Column, PaperTable, Run, load_paper_tables
from .predict import landmark_frames, predict_landmarks
from .scores import MeanError, mean_error, measure_normalizers, nanmean, own_normalizer

LAYOUT_OF_KIND = {"300w": "300w", "wflw": "wflw", "aflw19": "aflw"}
"""The layouts of the datasets that the paper trains on."""


@dataclass(frozen=True)
class Cell:
    """A figure of ours: the mean error, and whether points of parts that training never saw are left out."""

    error: MeanError
    is_partial: bool
    faces: int

    def __str__(self) -> str:
        return f"{self.error}{'*' if self.is_partial else ''}"


@dataclass(frozen=True)
class OurRow:
    """A row of ours: its name, its cells, and why each missing one could not be run."""

    name: str
    paper_row: int | None
    cells: tuple[Cell | None, ...]
    why: tuple[str, ...]


class DatasetsAtHand:
    """The datasets of a file, each read when a table first needs it."""

    def __init__(self, catalogue: Mapping[str, DatasetSettings], source: str) -> None:
        self.catalogue = catalogue
        self.source = source
        self._loaded: dict[str, Dataset | ConfigError] = {}

    def find(self, kind: str) -> Dataset:
        """Return the first dataset of a kind.

        Raises:
            ConfigError: there is none, or its files are missing or wrong.
        """
        if kind not in self._loaded:
            try:
                name = next((name for name, told in self.catalogue.items() if told.kind == kind), None)
                if name is None:
                    raise ConfigError(f'no dataset of kind "{kind}" {self.source}')
                self._loaded[kind] = load_dataset(name, self.catalogue[name])
            except ConfigError as error:
                self._loaded[kind] = error
        found = self._loaded[kind]
        if isinstance(found, ConfigError):
            raise found
        return found


@dataclass
class Checkpoint:
    """Weights with what they were trained on; predictions are kept, for several tables ask for the same set."""

    name: str
    loaded: LoadedDetector
    run: Run | None
    errors: dict[str, tuple[FloatArray, bool]] = field(default_factory=dict)

    def face_errors(self, faces: AnnotatedFaces) -> tuple[FloatArray, bool]:
        """Return (faces,) errors under the set's own normaliser, and whether unseen parts were left out."""
        if faces.name not in self.errors:
            predicted, _ = predict_landmarks(
                LandmarkReader(self.loaded.detector), faces, landmark_frames(faces), faces.scheme.landmarks
            )
            length = measure_normalizers(faces)[own_normalizer(faces)]
            seen = self.seen_parts()
            keep = np.array([seen is None or landmark.part in seen for landmark in faces.scheme.landmarks])
            errors = normalized_errors(predicted, faces.points, length)[:, keep]
            self.errors[faces.name] = nanmean(errors, axis=1), not bool(keep.all())
        return self.errors[faces.name]

    def seen_parts(self) -> set[str] | None:
        """Return the parts of the layouts that trained the run; None where nothing is left out."""
        if self.run is None:
            return None
        layouts = load_registry().layouts
        return {q.part for kind in self.run.datasets for q in layouts[LAYOUT_OF_KIND[kind]].landmarks}


def measure(checkpoint: Checkpoint, faces: AnnotatedFaces, test: str, whole: str) -> Cell:
    """Return a checkpoint's error on a set's faces, or on one of its subsets.

    Raises:
        ConfigError: no face is in the subset.
    """
    errors, is_partial = checkpoint.face_errors(faces)
    rows = [row for row in range(len(faces)) if test == whole or test in faces.subsets[row]]
    known = errors[rows][np.isfinite(errors[rows])]
    if len(known) == 0:
        raise ConfigError(f"no face of {faces.name} is in {test}")
    return Cell(mean_error(known), is_partial, len(known))


def measure_column(checkpoint: Checkpoint, sets: DatasetsAtHand, column: Column) -> Cell:
    """Return a checkpoint's error in a column of a table.

    Raises:
        ConfigError: the test set is not there.
    """
    dataset = sets.find(column.kind)
    whole = next(iter(dataset.tests))
    return measure(checkpoint, dataset.tests[whole], column.test, whole)


class Checkpoints:
    """The checkpoints of a folder of runs, each read when first needed, and one more: the shipped one or the user's."""

    def __init__(self, runs: Path | None, weights: Path | None, device: str) -> None:
        self.runs, self.device = runs, device
        loaded = load_detector(weights, device)
        self.extra = Checkpoint(f"faceql, {loaded.version}", loaded, None)
        self._found: dict[str, Checkpoint | str] = {}

    def find(self, name: str) -> Checkpoint | str:
        """Return a run's checkpoint, or why there is none."""
        if name not in self._found:
            run = load_paper_tables().runs[name]
            changed = f" with {run.changes}" if run.changes else ""
            how = (
                f"train {run.recipe}{changed} by faceql train --datasets, on a file of the kinds "
                f"{', '.join(run.datasets)}, into {name} of the --runs folder"
            )
            if self.runs is None:
                self._found[name] = f"no checkpoint, for --runs was not given; {how}"
            else:
                path = self.runs / name / CHECKPOINT
                try:
                    self._found[name] = Checkpoint(name, load_detector(path, self.device), run)
                except CheckpointError as error:
                    self._found[name] = f"no checkpoint ({error}); {how}"
        return self._found[name]

    def found(self, names: set[str]) -> list[Checkpoint]:
        """Return those of the named runs that are there, and the extra one."""
        runs = [self.find(name) for name in sorted(names) if name]
        return [*(run for run in runs if isinstance(run, Checkpoint)), self.extra]


def fill_table(table: PaperTable, sets: DatasetsAtHand, checkpoints: Checkpoints) -> list[OurRow]:
    """Return our rows of a table: one for each of the paper's own, and one of the extra checkpoint, in any case."""

    def fill(name: str, place: int | None, checkpoint: Checkpoint | str) -> OurRow:
        cells: list[Cell | None] = []
        why: list[str] = []
        if isinstance(checkpoint, str):
            return OurRow(name, place, (None,) * len(table.columns), (checkpoint,))
        for column in table.columns:
            try:
                cells.append(measure_column(checkpoint, sets, column))
            except ConfigError as error:
                cells.append(None)
                why.append(f"{column.title}: {error}")
        return OurRow(name, place, tuple(cells), tuple(why))

    rows = []
    for place, row in enumerate(table.rows):
        if row.run:
            found = checkpoints.find(row.run)
            version = "" if isinstance(found, str) else f", {found.loaded.version}"
            method = row.method.removeprefix("Ours ").strip("()")
            rows.append(fill(f"ours: {method} ({row.run}{version})", place, found))
    return [*rows, fill(checkpoints.extra.name, None, checkpoints.extra)]


def format_table(table: PaperTable, ours: list[OurRow]) -> str:
    """Return a table as Markdown: the paper's figures, ours beneath them, and what could not be run."""
    lines = [
        f"### {table.title}",
        "",
        "| method | " + " | ".join(column.title for column in table.columns) + " |",
        "|---" * (1 + len(table.columns)) + "|",
    ]
    of_row = {row.paper_row: row for row in ours}
    for place, printed in enumerate(table.rows):
        lines.append(f"| paper: {printed.method} | {' | '.join(printed.values)} |")
        if place in of_row:
            lines.append(format_row(of_row[place]))
    lines += [format_row(row) for row in ours if row.paper_row is None]
    lines += ["", "NME %; ours with 95% bootstrap intervals over faces, crops by annotation. * without the points of "
              "parts that training never saw."]  # fmt: skip
    if table.note:
        lines.append(table.note)
    missing = [f"- {row.name}: {why}" for row in ours for why in row.why]
    if missing:
        lines += ["", "Not run:", "", *missing]
    return "\n".join(lines)


def format_row(row: OurRow) -> str:
    cells = ["not run" if cell is None else str(cell) for cell in row.cells]
    return f"| {row.name} | {' | '.join(cells)} |"


def format_clusters(sets: DatasetsAtHand, data: Path | None) -> str:
    """Return Table 7: the paper's distances beside ours, and what could not be run.

    Ours come of the unified template of AFLW-19, 300W and WFLW (their training faces), and, as a proxy, of the packs
    human68 and auto, whose 98 points no person placed.
    """
    printed = load_paper_tables().clusters
    registry = load_registry()
    columns: dict[str, dict[str, str]] = {"paper": {row.method: row.values[0] for row in printed.rows}}
    missing = []
    datasets: list[AnnotatedFaces] = []
    for kind in LAYOUT_OF_KIND:
        try:
            datasets += sets.find(kind).train
        except ConfigError as error:
            missing.append(f"- {kind}: {error}")
    scale = {}
    if not missing:
        columns["ours"], scale["ours"] = measure_clusters(datasets, registry)
    if data is not None:
        packs = [faces for pack in ("human68", "auto")
                 for faces in load_dataset(pack, DatasetSettings(kind="pack", folder=data / pack)).train]  # fmt: skip
        name = "proxy: human68 and auto"
        columns[name], scale[name] = measure_clusters(packs, registry)
    lines = [f"### {printed.title}", "", "| part | " + " | ".join(columns) + " |", "|---" * (1 + len(columns)) + "|"]
    for part in registry.parts:
        if any(part in column for column in columns.values()):
            lines.append(f"| {part} | {' | '.join(column.get(part, '-') for column in columns.values())} |")
    lines += ["", "The paper does not say how large a face its pixels measure."]
    lines += [
        f"{name}: pixels of a template {size:.0f} px between the outer eye corners." for name, size in scale.items()
    ]
    if missing:
        lines += ["", "Not run: ours, for the template needs all three datasets.", "", *missing]
    return "\n".join(lines)


def measure_clusters(sets: Sequence[AnnotatedFaces], registry: Registry) -> tuple[dict[str, str], float]:
    """Return each part's mean distance inside clusters as text, and the template's inter-ocular distance, pixels."""
    template = build_template(sets, registry)
    found = {part: f"{distance:.2f}" for part, (distance, _) in template.intra_cluster_distances().items()}
    return found, template.inter_ocular_px


def format_proxies(data: Path, checkpoints: list[Checkpoint]) -> str:
    """Return what the face packs say of the same checkpoints: other faces, so no figure here is the paper's."""
    lines = [
        "### Proxies at hand",
        "",
        "Faces of the packs, NOT the paper's test sets: they tell checkpoints apart, and are not to be set beside the "
        "paper's figures.",
        "",
    ]
    columns = list(proxy_columns(data))
    titles = [f"{name} (n = {len(rows)})" for name, _, rows in columns]
    lines += ["| checkpoint | " + " | ".join(titles) + " |", "|---" * (1 + len(titles)) + "|"]
    for checkpoint in checkpoints:
        cells = []
        for _, faces, rows in columns:
            errors, is_partial = checkpoint.face_errors(faces)
            cells.append(str(Cell(mean_error(errors[rows]), is_partial, len(rows))))
        lines.append(f"| {checkpoint.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def proxy_columns(data: Path) -> Iterator[tuple[str, AnnotatedFaces, list[int]]]:
    """Yield a title, faces and rows of the packs' test faces."""
    for pack in ("human68", "human98_dev"):
        dataset = load_dataset(pack, DatasetSettings(kind="pack", folder=data / pack))
        faces = next(iter(dataset.tests.values()))
        if pack == "human98_dev":
            yield "human98_dev, 98 points", faces, list(range(len(faces)))
        else:
            for subset in ("adults", "infants"):
                rows = [row for row, names in enumerate(faces.subsets) if subset in names]
                if rows:
                    yield f"human68 validation, {subset}, 68 points", faces, rows
