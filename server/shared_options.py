"""Options that several commands share, and errors as JSON where JSON was asked for."""

from __future__ import annotations

import gc
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CheckpointError, FaceQLError
from ..loading import pause_gc

if TYPE_CHECKING:
    from ..engine import Engine

SHIPPED_WEIGHTS = ("default", "fast")
"""As `model.checkpoint.SHIPPED` has them, which would import torch."""

_AS_JSON = "faceql.as_json"


def remember_json(ctx: click.Context, param: click.Parameter, is_json: bool) -> bool:
    """Let `echo_error` know, whatever goes wrong later."""
    ctx.meta[_AS_JSON] = is_json
    return is_json


class Amount(click.FloatRange):
    """A number in a range; "nan" lies in none, though it is less and more than no bound."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


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
    type=Amount(0, min_open=True),
    help="Call a face doubtful where the expected error of a first look is more than this share of its size "
    "[default: 0.055].",
)
ids_from_option = click.option(
    "--ids-from", type=click.IntRange(0, 1), default=1, show_default=True, help="First id of a layout's landmarks."
)
units_option = click.option(
    "--units",
    type=click.Choice(["px", "normalized"]),
    default="px",
    show_default=True,
    help="Of points and boxes where answers are written as data: pixels, or shares of the photo's width and height.",
)
backend_option = click.option(
    "--backend",
    type=click.Choice(["torch", "onnxruntime", "openvino"]),
    default="torch",
    show_default=True,
    help="What runs the model; onnxruntime and openvino, on the CPU, answer up to 1e-3 px apart and start fast on what "
    "`faceql export` wrote; openvino is the fastest of them.",
)
precision_option = click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="In which the image encoder computes; bfloat16 is faster where the processor has it, and answers some tenths "
    "of a pixel apart: it fixes curves by fewer places too.",
)
WEIGHTS_HELP = (
    'Other weights than the default ones: "fast" for the small detector that is shipped too, or a checkpoint; with '
    "--backend onnxruntime or openvino also what `faceql export` wrote."
)


class WeightsPath(click.Path):
    """A path, or the name of a shipped checkpoint, whatever file is called so here."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value) in SHIPPED_WEIGHTS:
            return Path(value)
        return super().convert(value, param, ctx)


WEIGHTS_FILE = WeightsPath(exists=True, dir_okay=False, path_type=Path)
weights_option = click.option("--weights", type=WeightsPath(path_type=Path), help=WEIGHTS_HELP)


def echo_error(ctx: click.Context, error: FaceQLError) -> None:
    """Print an error: as text to the error stream, or, with --json, as the other interfaces tell it, to the output."""
    if not ctx.meta.get(_AS_JSON):
        click.echo(str(error), err=True)
        return
    from .error_kinds import tell_error

    told = tell_error(error)
    if isinstance(error, CheckpointError):  # here the caller is the operator
        told["error"]["message"] = str(error)
    click.echo(json.dumps(told, indent=2))


def make_engine(*, device: str, weights: Path | None, whole: bool, **options: Any) -> Engine:
    """Return the engine of `faceql ask`, in this process or in another.

    Args:
        device: As `Engine` takes it.
        weights: The same.
        whole: Whether a photo is one face.
        options: The others, as `Engine` takes them.

    Raises:
        CheckpointError: The weights cannot be loaded.
        ConfigError: An option is wrong.
    """
    with pause_gc():
        from ..engine import Engine, WholePhoto
    # Nothing of it is ever garbage, and looking for some when the process ends takes a second.
    gc.freeze()
    return Engine(device, weights, face_finder=WholePhoto() if whole else None, **options)
