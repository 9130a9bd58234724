"""The command line: `faceql`."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import __version__
from ..engine.ask_settings import AskSettings
from ..errors import ConfigError, FaceQLError, ImageError
from .bundle_command import bundle_command
from .calibrate_command import calibrate_command
from .eval_command import eval_command
from .export_command import export_command
from .folder_results import RESULT_ENDINGS
from .language_commands import layouts_command, parse_command, parts_command, surfaces_command
from .model_commands import (
    average_command,
    relabel_command,
    train_command,
    train_visibility_command,
    turn_command,
)
from .reproduce_commands import reproduce_group
from .serve_commands import mcp_command, serve_command
from .shared_options import (
    Amount,
    backend_option,
    doubtful_option,
    echo_error,
    flip_test_option,
    ids_from_option,
    json_option,
    make_engine,
    perspective_option,
    precision_option,
    units_option,
    weights_option,
)
from .sheet_command import sheet_command
from .template_commands import template_group
from .track_command import track_command
from .writing import write_file, write_picture

# The engine is imported inside the commands: torch takes seconds, `faceql --help` should not.
if TYPE_CHECKING:
    from ..engine import Answer, Backend, Precision
    from ..engine.answer_units import Units
    from ..querylang.query import Perspective

TABLE_ENDING = ".parquet"
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".svg")

DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""What the system says where nothing more can be written; a pipe that was closed is another matter."""

PATH_ERRORS = frozenset({errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})
"""What it says of a file that cannot be where it was told to be."""

EXTRAS = dict.fromkeys(("lightning_fabric", "rich", "scipy", "h5py"), "train") | dict.fromkeys(
    ("ray", "pyarrow", "fsspec"), "ray"
)
"""The extra that brings a module which some commands need."""


class CommandGroup(click.Group):
    """Prints an error that the caller can mend as text, or as JSON with --json, and exits with 2; no stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FaceQLError as error:
            echo_error(ctx, error)
            ctx.exit(2)
        except OSError as error:
            # Of standard output, or of a file that nobody wrote with care.
            is_of_a_path = error.errno in PATH_ERRORS and error.filename is not None
            if error.errno not in DISK_ERRORS and not is_of_a_path:
                raise
            what = f"open {str(error.filename)!r}" if is_of_a_path else "write"
            echo_error(ctx, ConfigError(f"cannot {what}: {error.strerror}"))
            ctx.exit(2)
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            echo_error(ctx, ConfigError(f"{error.name} is not installed: pip install 'faceql[{EXTRAS[error.name]}]'"))
            ctx.exit(2)


def read_box_texts(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> list[tuple[float, ...]]:
    """Return the boxes of texts "x0,y0,x1,y1"."""
    boxes: list[tuple[float, ...]] = []
    for text in texts:
        try:
            box: tuple[float, ...] = tuple(float(number) for number in text.split(","))
        except ValueError:
            box = ()
        if len(box) != 4:
            raise click.BadParameter(f"{text!r} is not four numbers x0,y0,x1,y1")
        boxes.append(box)
    return boxes


def check_ending(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that could not be saved before work is spent on it."""
    endings = (*PICTURE_ENDINGS, *RESULT_ENDINGS, TABLE_ENDING)
    if path is not None and path.suffix.lower() not in endings:
        raise click.BadParameter(f"{str(path)!r} must end in {', '.join(endings)}")
    if path is not None and path.is_dir() and path.suffix.lower() != TABLE_ENDING:
        raise click.BadParameter(f"{str(path)!r} is a folder")
    return path


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="faceql")
def main() -> None:
    """Ask a face for landmarks in plain words."""


@main.command("ask")
@click.argument("image")
@click.argument("instruction")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    callback=check_ending,
    help="Draw the answer on the photo and save it (.png, .jpg, .webp), or the overlay alone (.svg); of a folder, "
    "write the answers (.jsonl, .csv; .parquet with --ray).",
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print one row of CSV for each point.")
@units_option
@click.option(
    "--faces",
    metavar="WHICH",
    help='Which: largest (default), smallest, leftmost, rightmost, middle, all, "face 2", "second largest".',
)
@click.option(
    "--box",
    "boxes",
    metavar="X0,Y0,X1,Y1",
    callback=read_box_texts,
    multiple=True,
    help="A face's box in pixels of the photo instead of finding faces; may be repeated.",
)
@click.option("--whole", is_flag=True, help="Take the whole photo for one face instead of finding faces.")
@perspective_option
@ids_from_option
@click.option("--errors", is_flag=True, help="Draw each point's expected error as its ellipse.")
@click.option("--overwrite", is_flag=True, help="Of a folder: begin anew instead of going on with --out.")
@click.option("--retry-failed", is_flag=True, help="Of a folder: ask photos again that had no answer.")
@click.option(
    "--ray",
    "ray_address",
    metavar="ADDRESS",
    help='Have a Ray cluster answer: "local" (this machine), "auto" (the one it belongs to), or where it is.',
)
@click.option("--actors", type=click.IntRange(1), help="With --ray: engines; as many as there is room for by default.")
@click.option("--gpus-each", type=Amount(0), help="With --ray: the share of a GPU that an engine takes.")
@click.option("--device", default="auto", show_default=True, help='"auto", "cpu", "cuda", "cuda:1", ...')
@weights_option
@backend_option
@precision_option
@flip_test_option
@doubtful_option
def ask_command(
    image: str,
    instruction: str,
    out: Path | None,
    as_json: bool,
    as_csv: bool,
    units: Units,
    faces: str | None,
    boxes: list[tuple[float, ...]],
    whole: bool,
    perspective: Perspective,
    ids_from: int,
    errors: bool,
    overwrite: bool,
    retry_failed: bool,
    ray_address: str | None,
    actors: int | None,
    gpus_each: float | None,
    device: str,
    weights: Path | None,
    backend: Backend,
    precision: Precision,
    flip_test: bool,
    doubtful_above: float | None,
) -> None:
    """Answer INSTRUCTION ("4 points per eyebrow") on the photo IMAGE ("-" reads it from standard input).

    IMAGE may be a folder: every photo below it is answered into --out results.jsonl or .csv, bad ones are skipped and
    told, and the same command goes on after a stop. With --ray it may be a glob, a Parquet table, or in a store (s3://).
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    if whole and boxes:
        raise click.UsageError("--whole and --box exclude each other")
    engine_options: dict[str, Any] = {
        "flip_test": flip_test,
        "backend": backend,
        "precision": precision,
        "doubtful_above": doubtful_above,
    }
    load_engine = partial(make_engine, device=device, weights=weights, whole=whole, **engine_options)
    asked_as = AskSettings(faces, boxes or None, perspective, ids_from, units=units)
    many: dict[str, Any] = {
        "asked": asked_as,
        "overwrite": overwrite,
        "retry_failed": retry_failed,
        "settings": {"flip-test": flip_test, "whole": whole, "backend": backend, "precision": precision},
    }
    is_many = ray_address is not None or os.path.isdir(image)
    if is_many and (boxes or as_json or as_csv or errors):
        raise click.UsageError("--box, --json, --csv and --errors are for one photo, not for a folder")
    if units != "px" and not (is_many or as_json or as_csv):
        raise click.UsageError("of one photo --units goes with --json or --csv")
    if ray_address is not None:
        from .deploy.ray_ask import ask_on_ray

        room: dict[str, Any] = {"address": ray_address, "actors": actors, "gpus_each": gpus_each, "device": device}
        raise SystemExit(ask_on_ray(image, instruction, out, load_engine, **room, **many))
    if actors is not None or gpus_each is not None:
        raise click.UsageError("--actors and --gpus-each go with --ray")
    if os.path.isdir(image):
        from .folder_command import ask_folder

        raise SystemExit(ask_folder(Path(image), instruction, out, load_engine, **many))
    if out is not None and out.suffix.lower() in (*RESULT_ENDINGS, TABLE_ENDING):
        raise click.UsageError(f"an --out that ends in {out.suffix} is for many photos; --json and --csv print")
    check_photo_name(image, instruction)
    from .limits import LOCAL_LIMITS
    from .service import Service

    service = Service(load_engine, LOCAL_LIMITS)
    photo = sys.stdin.buffer.read() if image == "-" else image
    try:
        asked = service.ask(photo, [instruction], asked_as)
    finally:
        # A thread that is still about when the interpreter ends can abort the process.
        service.close(seconds=5.0)
    (answer,) = asked.answers
    if out is not None:
        save_picture(answer, out, errors=errors)
    if as_json:
        click.echo(answer.to_json(indent=2, units=units))
    elif as_csv:
        click.echo(answer.to_csv(units=units), nl=False)
    else:
        click.echo(format_answer(answer))
        if out is not None:
            click.echo(f"drawing: {out}")


def check_photo_name(image: str, instruction: str) -> None:
    """Refuse what beginners give for a photo, by words that say what to do.

    Raises:
        ImageError: It is a URL.
        click.UsageError: Photo and instruction have changed places.
    """
    if image.lower().startswith(("http://", "https://")):
        raise ImageError("faceql ask reads files, and fetches nothing: curl -s URL | faceql ask - INSTRUCTION")
    if image != "-" and not os.path.exists(image) and os.path.exists(instruction):
        raise click.UsageError(f"the photo comes first: faceql ask {shlex.join([instruction, image])}")


def save_picture(answer: Answer, path: Path, *, errors: bool) -> None:
    """Draw the answer to a file; its ending chooses the format."""
    if path.suffix.lower() == ".svg":
        write_file(path, lambda aside: aside.write_text(answer.to_svg(), encoding="utf-8"))
    else:
        write_picture(path, answer.draw(errors=errors))


def format_answer(answer: Answer) -> str:
    """Return the answer as text for people: one line a point, faces and notes around them."""
    height, width = answer.image_size
    lines = [
        f"{answer.query.canonical}",
        f"photo {width} x {height}, (0, 0) the centre of its top-left pixel; left is the left of the picture",
    ]
    lines += [f"note: {note}" for note in answer.notes]
    name_width = max((len(point.name) for point in answer.points), default=0)
    shown = None
    for point in answer.points:
        if point.face != shown:
            shown = point.face
            face = answer.faces[shown]
            box = ", ".join(f"{value:.0f}" for value in face.box)
            lines.append(f"face {face.number}: box {box}{', doubtful' if face.doubtful else ''}")
        x, y = point.xy
        unseen = point.visibility is not None and not point.visibility.is_seen
        reason = f"  {point.visibility.reason}" if unseen and point.visibility is not None else ""
        lines.append(f"  {point.name:<{name_width}}  {x:8.2f} {y:8.2f}  +- {point.expected_error:.2f} px{reason}")
    lines.append(f"{len(answer)} point{'s' if len(answer) != 1 else ''} by {answer.model_version}")
    return "\n".join(lines)


main.add_command(track_command)
main.add_command(parse_command)
main.add_command(parts_command)
main.add_command(surfaces_command)
main.add_command(layouts_command)
main.add_command(train_command)
main.add_command(train_visibility_command)
main.add_command(average_command)
main.add_command(calibrate_command)
main.add_command(eval_command)
main.add_command(relabel_command)
main.add_command(turn_command)
main.add_command(reproduce_group)
main.add_command(export_command)
main.add_command(sheet_command)
main.add_command(template_group)
main.add_command(serve_command)
main.add_command(mcp_command)
main.add_command(bundle_command)


def run() -> None:
    """Run the command line as a program of its own.

    `faceql ask` has said all it has to say when it is done: its process ends then and there, where taking PyTorch down
    piece by piece takes a second.
    """
    try:
        main()
    except SystemExit as end:
        if sys.argv[1:2] == ["ask"] and isinstance(end.code, int):
            with contextlib.suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(end.code)
        raise


if __name__ == "__main__":
    run()
