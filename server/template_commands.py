"""`faceql template build` and `faceql template register`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from .shared_options import WEIGHTS_FILE, json_option
from .writing import write_file

if TYPE_CHECKING:
    from ..model.data.packs import AnnotatedFaces
    from ..model.template.dense_curves import DenseCurves, FloatArray
    from ..model.template.new_layout import NewLayout
    from ..querylang.registry import Layout, Registry

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(file_okay=False, path_type=Path)


@click.group("template")
def template_group() -> None:
    """The unified template, and new layouts on it."""


@template_group.command("build")
@click.option("--data", type=FOLDER, help="Folder of the face packs (human68, human98_dev).")
@click.option("--datasets", type=FILE, help="TOML file of datasets, instead of --data; see docs/datasets.md.")
@click.option("--out", type=OUT, help="Folder for template.md, .json and .png.")
@json_option
def build_command(data: Path | None, datasets: Path | None, out: Path | None, as_json: bool) -> None:
    """Build the unified template T_U: mean shapes, clusters, Table 7 and the FPALPs of Eq. 8."""
    from ..model.template.template_report import to_json, to_markdown
    from ..model.template.unified import build_template
    from ..querylang.registry import load_registry

    template = build_template(load_template_sets(data, datasets), load_registry())
    click.echo(to_json(template) if as_json else to_markdown(template))
    if out is not None:
        from ..engine.template_picture import draw_template

        out.mkdir(parents=True, exist_ok=True)
        (out / "template.md").write_text(to_markdown(template) + "\n", "utf-8")
        (out / "template.json").write_text(to_json(template) + "\n", "utf-8")
        draw_template(template).save(out / "template.png")
        click.echo(f"wrote {out / 'template'}.md, .json and .png", err=True)


def load_template_sets(data: Path | None, datasets: Path | None) -> list[AnnotatedFaces]:
    """Return the faces of the packs that people have annotated, or all that a file of datasets trains and tests on."""
    from ..model.data.datasets.catalogue import load_datasets
    from ..model.data.packs import load_human68, load_human98

    if datasets is not None and data is None:
        loaded = load_datasets(datasets).values()
        return [faces for dataset in loaded for faces in (*dataset.train, *list(dataset.tests.values())[:1])]
    if data is None or datasets is not None:
        raise click.UsageError("give either --data or --datasets")
    return [*load_human68(data / "human68"), load_human98(data / "human98_dev")]


@template_group.command("flatten")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (auto).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="surface_places.json.")
@click.option("--layout", type=click.Path(dir_okay=False, path_type=Path), help="Also the mesh's vertices as a layout.")
def flatten_command(data: Path, out: Path, layout: Path | None) -> None:
    """Flatten every surface of the face into the unit square, from the mesh of frontal faces."""
    from ..model.data.teacher98 import load_teacher98
    from ..model.template.flattening import flatten_mesh, to_layout, to_text
    from ..querylang.registry import load_registry

    faces = load_teacher98(data / "auto")
    if faces.mesh is None:
        raise ConfigError(f"{data / 'auto'} has no mesh478")
    table = flatten_mesh(faces.mesh, faces.points, faces.scheme, load_registry())
    out.write_text(to_text(table), "utf-8")
    if layout is not None:
        layout.write_text(to_layout(table), "utf-8")
    for name, entry in table["surfaces"].items():
        click.echo(f"{name}: {len(entry['places'])} vertices, aspect {entry['aspect']}")


@template_group.command("surfaces")
@click.argument("picture", type=click.Path(dir_okay=False, path_type=Path))
def surfaces_command(picture: Path) -> None:
    """Draw the surfaces on the mean face."""
    from ..engine.surface_picture import draw_surfaces

    if picture.suffix.lower() != ".png":
        raise click.BadParameter(f"{str(picture)!r} does not end in .png", param_hint="PICTURE")
    write_file(picture, lambda aside: draw_surfaces().quantize(128).save(aside, "PNG", optimize=True))
    click.echo(f"wrote {picture}", err=True)


@template_group.command("register")
@click.option("--points", type=FILE, help="Faces annotated in the new layout: .npz or .json with points, see the docs.")
@click.option("--images", type=FOLDER, help="Folder of the faces' pictures; the detector finds the parts on them.")
@click.option("--known", help="Instead of pictures: the layout of the file's 'known' points, such as 300w.")
@click.option("--data", type=FOLDER, help="Folder of the face packs, instead of --points.")
@click.option("--pack", help="Which pack: human68, human98_dev, auto.")
@click.option("--layout", "array", help="Which of its arrays is the new layout: points, mesh478, teacher98, ...")
@click.option(
    "--by",
    type=click.Choice(["pictures", "points"]),
    default="pictures",
    show_default=True,
    help="Of a pack: the detector on its pictures, or its own points in a known layout.",
)
@click.option("--faces", "count", type=click.IntRange(5), default=150, show_default=True, help="At most so many faces.")
@click.option("--name", help="The new layout's name in the language.")
@click.option("--compare", help="A layout of the registry in the same numbering, to compare with.")
@click.option("--out", type=OUT, help="Folder for NAME.toml (a language file), .md, .json and .png.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--weights", type=WEIGHTS_FILE, help='A checkpoint, or "fast"; the default one by default.')
@json_option
def register_command(
    points: Path | None,
    images: Path | None,
    known: str | None,
    data: Path | None,
    pack: str | None,
    array: str | None,
    by: str,
    count: int,
    name: str | None,
    compare: str | None,
    out: Path | None,
    device: str,
    weights: Path | None,
    as_json: bool,
) -> None:
    """Place a new layout's landmarks on the parts, from faces annotated in it.

    The faces' parts are known from their pictures, which the detector reads, or from points in a layout that is known.
    """
    from ..model.template.new_layout import read_pack_layout, read_points_file
    from ..model.template.registration import register_layout
    from ..model.template.registration_report import to_json, to_markdown
    from ..querylang.language import load_language

    registry = load_language().registry
    if (points is None) == (data is None):
        raise click.UsageError("give either --points, or --data with --pack and --layout")
    if points is not None:
        source = read_points_file(points, images, known, count)
    elif data is None or pack is None or array is None:
        raise click.UsageError("--data needs --pack and --layout")
    else:
        source = read_pack_layout(data / pack, array, count)
    title = name or source.name
    if out is not None and (title in registry.layouts or load_language().lexicon.find(title)):
        raise ConfigError(f"{title!r} has a meaning in the language already: give the new layout another --name")
    compare = compare or source.truth
    truth = find_layout(registry, compare, source.points) if compare else None
    if known is not None or by == "points":
        curves, way = read_curves(source, registry)
    else:
        curves, way = detect_curves(source, registry, device, weights)
    registration = register_layout(source.points, curves, registry)
    markdown = to_markdown(registration, title, way, truth)
    told = to_json(registration, title, way, truth)
    click.echo(told if as_json else markdown)
    if out is not None:
        from ..engine.registration_picture import draw_registration
        from ..model.template.layout_file import to_language_file

        out.mkdir(parents=True, exist_ok=True)
        (out / f"{title}.toml").write_text(to_language_file(registration, title, title), "utf-8")
        (out / f"{title}.md").write_text(markdown + "\n", "utf-8")
        (out / f"{title}.json").write_text(told + "\n", "utf-8")
        draw_registration(registration).save(out / f"{title}.png")
        click.echo(f"wrote {out / title}.toml, .md, .json and .png", err=True)


def find_layout(registry: Registry, name: str, points: FloatArray) -> Layout:
    """Return a layout by name that points (faces, landmarks, 2) may be of.

    Raises:
        ConfigError: there is none, or it is of another size.
    """
    if name not in registry.layouts:
        raise ConfigError(f"there is no layout {name!r}: the layouts are {', '.join(registry.layouts)}")
    layout = registry.layouts[name]
    if points.shape[1] != layout.size:
        raise ConfigError(f"{layout.title} has {layout.size} landmarks, but the points have {points.shape[1]}")
    return layout


def read_curves(source: NewLayout, registry: Registry) -> tuple[DenseCurves, str]:
    """Return the faces' parts as their known points tell them, and how to say that.

    Raises:
        ConfigError: the faces have no known points, or not of that layout.
    """
    from ..model.template.dense_curves import make_dense_curves

    if source.known is None or source.known_layout is None:
        raise ConfigError(f"the faces of {source.name} have no points in a layout that is known: use their pictures")
    layout = find_layout(registry, source.known_layout, source.known)
    return make_dense_curves(layout.landmarks, source.known, registry), f"their points in {layout.title}'s layout"


def detect_curves(source: NewLayout, registry: Registry, device: str, weights: Path | None) -> tuple[DenseCurves, str]:
    """Return the faces' parts as the detector sees them in the pictures, and how to say that."""
    from ..engine.annotated_crops import find_annotated_crops
    from ..engine.finders import default_face_finder
    from ..model.checkpoint import load_detector
    from ..model.template.dense_curves import detect_dense_curves

    loaded = load_detector(weights, device)
    faces = source.to_faces()
    frames, missed = find_annotated_crops(faces, loaded.detector, default_face_finder())
    note = f" ({missed} faces not found: cropped round their points)" if missed else ""
    return detect_dense_curves(loaded.detector, faces, frames, registry), f"weights {loaded.version}{note}"
