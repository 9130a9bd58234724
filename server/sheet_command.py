"""`faceql sheet`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .folder_results import list_photos
from .shared_options import backend_option, weights_option
from .writing import write_picture

if TYPE_CHECKING:
    from ..engine import Backend


@click.command("sheet")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("instruction")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The picture to write.")
@click.option("--tile", type=click.IntRange(64, 2048), default=256, show_default=True, help="Side of a tile, pixels.")
@click.option("--columns", type=click.IntRange(1, 100), default=8, show_default=True, help="Tiles in a row.")
@click.option("--limit", type=click.IntRange(1, 2000), default=60, show_default=True, help="At most so many tiles.")
@click.option("--device", default="auto", show_default=True)
@weights_option
@backend_option
def sheet_command(
    folder: Path,
    instruction: str,
    out: Path,
    tile: int,
    columns: int,
    limit: int,
    device: str,
    weights: Path | None,
    backend: Backend,
) -> None:
    """Draw INSTRUCTION on the faces of every photo below FOLDER, as one contact sheet.

    Points that are not seen are hollow. Of a folder with faces for training (with a labels.npz) those kept apart are
    shown, spread over all of them.
    """
    from PIL import Image

    from ..engine import Engine
    from ..engine.sheet import make_sheet

    if out.suffix.lower() not in Image.registered_extensions():
        raise click.BadParameter(f"{str(out)!r} does not end as a picture does (.png, .jpg)", param_hint="--out")
    photos = choose_kept_apart(folder, limit) or [folder / name for name in list_photos(folder)]
    if not photos:
        raise click.UsageError(f"there is no photo in {str(folder)!r}")
    engine = Engine(device, weights, backend=backend)
    sheet = make_sheet(engine, photos, instruction, tile=tile, columns=columns, limit=limit)
    for photo, reason in sheet.skipped:
        click.echo(f"skipped {photo.name}: {reason}", err=True)
    write_picture(out, sheet.picture)
    click.echo(f"{len(sheet.shown)} photos in {out}, {len(sheet.skipped)} skipped")


def choose_kept_apart(folder: Path, limit: int) -> list[Path]:
    """Return evenly spread pictures of a pack's faces that are never learnt from; none where it is no pack."""
    import numpy as np

    if not (folder / "labels.npz").is_file():
        return []
    with np.load(folder / "labels.npz") as labels:
        is_apart = labels["is_val"] if "is_val" in labels else np.ones(len(labels["names"]), dtype=bool)
    rows = np.flatnonzero(is_apart)
    chosen = rows[np.linspace(0, len(rows) - 1, min(limit, len(rows))).round().astype(int)]
    return [folder / "images" / f"{row:05d}.jpg" for row in chosen.tolist()]
