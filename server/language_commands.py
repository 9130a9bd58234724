"""Commands about the language: `faceql parse`, `faceql parts`, `faceql layouts`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

from ..errors import QueryError
from ..querylang.describe import describe_layouts, describe_parts, describe_places
from ..querylang.parse import parse

# pydantic is imported where JSON is asked for: the text answers should come at once.
if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..querylang.query import Perspective

MOST_POINTS_SHOWN = 200


@click.command("parse")
@click.argument("instruction")
@click.option(
    "--perspective",
    type=click.Choice(["viewer", "subject"]),
    default="viewer",
    show_default=True,
    help="Whose left plain 'left' is.",
)
@click.option("--ids-from", type=click.IntRange(0, 1), default=1, show_default=True, help="First id of a layout.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def parse_command(instruction: str, perspective: str, ids_from: int, as_json: bool) -> None:
    """Show what INSTRUCTION asks for: canonical text, explanation, points and notes."""
    try:
        query = parse(instruction, perspective=cast("Perspective", perspective), ids_from=ids_from)
    except QueryError as error:
        if not as_json:
            raise
        from ..querylang.wire import WireQueryError

        click.echo(WireQueryError.of(error).model_dump_json(indent=2))
        raise SystemExit(2) from None
    if as_json:
        from ..querylang.wire import WireQuery

        click.echo(WireQuery.of(query).model_dump_json(indent=2))
        return
    click.echo(query.explain())
    for index, landmark in zip(range(MOST_POINTS_SHOWN), query, strict=False):
        click.echo(f"{index + 1:5d}  {landmark.part}  {landmark.fpalp}")
    if query.count is not None and query.count > MOST_POINTS_SHOWN:
        click.echo(f"  ... and {query.count - MOST_POINTS_SHOWN:,} more")


@click.command("parts")
@click.option("--places", is_flag=True, help="List sub-parts and named places as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def parts_command(places: bool, as_json: bool) -> None:
    """List the face parts that can be asked for, with their other names."""
    if as_json:
        from ..querylang.wire import list_parts

        echo_models(list_parts())
        return
    for part in describe_parts():
        click.echo(f"{part.name}  ({part.kind}, {part.unified_count} points)")
        if part.curve:
            click.echo(f"    {part.curve}")
        if part.other_names:
            click.echo(f"    also: {', '.join(part.other_names)}")
    if places:
        for place in describe_places():
            means = [text for text in (place.alone, place.left, place.right) if text]
            click.echo(f"{', '.join(place.names)}: {' | '.join(means)}")


@click.command("layouts")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def layouts_command(as_json: bool) -> None:
    """List the layouts that can be asked for."""
    if as_json:
        from ..querylang.wire import list_layouts

        echo_models(list_layouts())
        return
    for layout in describe_layouts():
        numbering = "" if layout.own_numbering else " (numbered as in the paper; the dataset's files number otherwise)"
        click.echo(f"{layout.name}: {layout.title}, {layout.size} points{numbering}")
        click.echo(f"    {', '.join(layout.parts)}")


def echo_models(models: Sequence[BaseModel]) -> None:
    click.echo(json.dumps([model.model_dump(mode="json") for model in models], indent=2))
