"""Options that several commands share, and errors as JSON where JSON was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..errors import CheckpointError, FaceQLError

_AS_JSON = "faceql.as_json"


def remember_json(ctx: click.Context, param: click.Parameter, is_json: bool) -> bool:
    """Let `echo_error` know, whatever goes wrong later."""
    ctx.meta[_AS_JSON] = is_json
    return is_json


json_option = click.option(
    "--json", "as_json", is_flag=True, callback=remember_json, is_eager=True,
    help="Print everything as JSON; of an error too, with its code and span.",
)  # fmt: skip
perspective_option = click.option(
    "--perspective",
    type=click.Choice(["viewer", "subject"]),
    default="viewer",
    show_default=True,
    help='Whose left plain "left" is: the one who looks at the photo, or the person in it.',
)
flip_test_option = click.option(
    "--flip-test",
    is_flag=True,
    help="Answer with the mean of the photo's and of its mirror image's points: more exact, at a higher cost.",
)
doubtful_option = click.option(
    "--doubtful-above",
    type=click.FloatRange(0, min_open=True),
    help="Call a face doubtful where the expected error of a first look is more than this share of its size "
    "[default: 0.055].",
)
ids_from_option = click.option(
    "--ids-from", type=click.IntRange(0, 1), default=1, show_default=True, help="First id of a layout's landmarks."
)
backend_option = click.option(
    "--backend",
    type=click.Choice(["torch", "onnxruntime"]),
    default="torch",
    show_default=True,
    help="What runs the model; onnxruntime, on the CPU, answers up to 1e-3 px apart and starts fast on what `faceql "
    "export` wrote.",
)
WEIGHTS_HELP = "Another checkpoint than the shipped one; with --backend onnxruntime also what `faceql export` wrote."
weights_option = click.option("--weights", type=click.Path(path_type=Path), help=WEIGHTS_HELP)


def echo_error(ctx: click.Context, error: FaceQLError) -> None:
    """Print an error: as text to the error stream, or, with --json, as the doors tell it, to the output."""
    if not ctx.meta.get(_AS_JSON):
        click.echo(str(error), err=True)
        return
    from .error_kinds import tell_error

    told = tell_error(error)
    if isinstance(error, CheckpointError):  # here the caller is the operator
        told["error"]["message"] = str(error)
    click.echo(json.dumps(told, indent=2))
