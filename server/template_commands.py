"""`faceql template build` and `faceql template register`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared_options import json_option

if TYPE_CHECKING:
    from ..model.data.packs import AnnotatedFaces

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("template")
def template_group() -> None:
    """The unified template, and new layouts on it."""


@template_group.command("build")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (human68, human98_dev).")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for template.md, .json and .png.")
@json_option
def build_command(data: Path, out: Path | None, as_json: bool) -> None:
    """Build the unified template T_U: mean shapes, clusters, Table 7 and the FPALPs of Eq. 8."""
    from ..model.template.template_report import to_json, to_markdown
    from ..model.template.unified import build_template
    from ..querylang.registry import load_registry

    template = build_template(load_template_sets(data), load_registry())
    click.echo(to_json(template) if as_json else to_markdown(template))
    if out is not None:
        from ..engine.template_picture import draw_template

        out.mkdir(parents=True, exist_ok=True)
        (out / "template.md").write_text(to_markdown(template) + "\n", "utf-8")
        (out / "template.json").write_text(to_json(template) + "\n", "utf-8")
        draw_template(template).save(out / "template.png")
        click.echo(f"wrote {out / 'template.md'}, .json and .png", err=True)


def load_template_sets(data: Path) -> list[AnnotatedFaces]:
    """Return the faces of the packs that people have annotated."""
    from ..model.data.packs import load_human68, load_human98

    return [*load_human68(data / "human68"), load_human98(data / "human98_dev")]
