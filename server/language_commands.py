"""Commands about the language: `faceql parse`, `faceql parts`, `faceql surfaces`, `faceql layouts`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import click

from ..querylang.describe import describe_layouts, describe_parts, describe_places, describe_surfaces
from ..querylang.parse import parse
from .shared_options import ids_from_option, json_option, perspective_option

# pydantic is imported where JSON is asked for: the text answers should come at once.
if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..querylang.query import Perspective
    from .answers import PartsAnswer

MOST_POINTS_SHOWN = 200


@click.command("parse")
@click.argument("instruction")
@perspective_option
@ids_from_option
@json_option
def parse_command(instruction: str, perspective: Perspective, ids_from: int, as_json: bool) -> None:
    """Show what INSTRUCTION asks for: canonical text, explanation, points and notes."""
    query = parse(instruction, perspective=perspective, ids_from=ids_from)
    if as_json:
        from .answers import describe_query

        click.echo(describe_query(query, "full").model_dump_json(indent=2))
        return
    click.echo(query.explain())
    for index, landmark in zip(range(MOST_POINTS_SHOWN), query, strict=False):
        click.echo(f"{index + 1:5d}  {landmark.part}  {landmark.fpalp}")
    if query.laid_out is not None and query.laid_out > MOST_POINTS_SHOWN:
        click.echo(f"  ... and {query.laid_out - MOST_POINTS_SHOWN:,} more")


@click.command("parts")
@click.option("--places", is_flag=True, help="List sub-parts and named places as well.")
@json_option
def parts_command(places: bool, as_json: bool) -> None:
    """List the face parts that can be asked for, with their other names."""
    if as_json:
        echo_models(list_parts().parts)
        return
    for part in describe_parts():
        click.echo(f"{part.name}  ({part.kind}, {part.unified_count} points)")
        if part.curve:
            click.echo(f"    {part.curve}")
        if part.other_names:
            click.echo(f"    also: {', '.join(part.other_names)}")
    if places:
        for place in describe_places():
            means = [f"{features}: {text}" if features else text for features, text in place.means.items()]
            click.echo(f"{', '.join(place.names)} = {' | '.join(means)}")


@click.command("surfaces")
@json_option
def surfaces_command(as_json: bool) -> None:
    """List the surfaces of the face that can be asked for."""
    if as_json:
        echo_models(list_parts().surfaces)
        return
    for surface in describe_surfaces():
        click.echo(f"{surface.name}: {surface.area}")
        if surface.other_names:
            click.echo(f"    also: {', '.join(surface.other_names)}")


@click.command("layouts")
@json_option
def layouts_command(as_json: bool) -> None:
    """List the layouts that can be asked for."""
    if as_json:
        echo_models(list_parts().layouts)
        return
    for layout in describe_layouts():
        numbering = "" if layout.own_numbering else " (numbered as in the paper; the dataset's files number otherwise)"
        click.echo(f"{layout.name}: {layout.title}, {layout.size} points{numbering}")
        click.echo(f"    {', '.join(layout.parts)}")


def list_parts() -> PartsAnswer:
    """Return what every interface lists."""
    from .limits import LOCAL_LIMITS
    from .service import Service

    def load_engine() -> NoReturn:
        raise AssertionError("a listing needs no engine")

    return Service(load_engine, LOCAL_LIMITS).list_parts()


def echo_models(models: Sequence[BaseModel]) -> None:
    click.echo(json.dumps([model.model_dump(mode="json") for model in models], indent=2))
