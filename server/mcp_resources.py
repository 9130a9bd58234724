"""Resources, completions and the prompt: the language to read up on, and the files that tools made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import Completion, PromptReference, ResourceTemplateReference
from pydantic import Field

from . import mcp_texts as texts
from .answers import AnswerModel
from .made_files import FILES
from .mcp_calls import Calls

MAX_COMPLETIONS = 100


def add_resources(server: MCPServer[Any], calls: Calls) -> None:
    """Offer the language guide, the parts and layouts, the files that were made, and the makeup prompt."""
    listed = calls.service.list_parts()
    parts = {part.name: part for part in listed.parts}
    surfaces = {surface.name: surface for surface in listed.surfaces}
    layouts = {layout.name: layout for layout in listed.layouts}

    @server.resource(
        "faceql://guide",
        title="The faceql language",
        description="How to write instructions, by example; short.",
        mime_type="text/markdown",
    )
    def guide() -> str:
        return texts.write_guide(list(parts), list(surfaces), [layout.title for layout in layouts.values()])

    @server.resource(
        "faceql://parts",
        title="Face parts, surfaces and layouts",
        description="Every face part with its curve, every surface, every layout, as JSON.",
        mime_type="application/json",
    )
    def list_parts() -> str:
        return listed.model_dump_json()

    @server.resource(
        "faceql://parts/{part}",
        title="A face part or surface",
        description="One face part or surface: its curve or where it lies, what else it is called.",
        mime_type="application/json",
    )
    def describe_part(part: str) -> str:
        return write_entry({**parts, **surfaces}, part, "part or surface")

    @server.resource(
        "faceql://layouts/{layout}",
        title="A layout",
        description="One dataset's template of landmarks.",
        mime_type="application/json",
    )
    def describe_layout(layout: str) -> str:
        return write_entry(layouts, layout, "layout")

    @server.resource(
        FILES + "{key}",
        title="A file that a tool made",
        description="A mask, a crop or a table, by the link a tool returned; kept in memory for a while.",
        mime_type="application/octet-stream",
    )
    def read_file(key: str) -> str | bytes:
        made = calls.files.get(key)
        if made is None:
            raise ResourceNotFoundError("there is no such file: it has ended or never was; call the tool again")
        return made.content

    @server.prompt(
        title="Makeup regions",
        description="Find where a makeup product goes on the face in a photo.",
    )
    def makeup_regions(
        product: Annotated[
            str, Field(description=f"One of {', '.join(texts.MAKEUP)}; anything else asks for all of them")
        ] = "all",
    ) -> str:
        return texts.write_makeup_prompt(product)

    async def complete(ref: Any, argument: Any, context: Any) -> Completion | None:
        choices: dict[str, list[str]] = {
            "part": [*parts, *surfaces],
            "layout": list(layouts),
            "product": ["all", *texts.MAKEUP],
        }
        is_ours = isinstance(ref, PromptReference | ResourceTemplateReference)
        return pick_completions(choices.get(argument.name, []) if is_ours else [], argument.value)

    # The SDK's decorator has no types.
    server.completion()(complete)  # type: ignore[no-untyped-call]


def write_entry(entries: Mapping[str, AnswerModel], name: str, kind: str) -> str:
    """Return a part, a surface or a layout as JSON.

    Raises:
        ResourceNotFoundError: There is none of that name.
    """
    entry = entries.get(name.replace("_", " ").lower()) or entries.get(name.lower())
    if entry is None:
        raise ResourceNotFoundError(f"there is no such {kind}; there are {', '.join(entries)}")
    return json.dumps(entry.model_dump(mode="json"), ensure_ascii=False)


def pick_completions(choices: list[str], typed: str) -> Completion:
    """Return the choices that go on from what is typed: those that begin with it first, then those that hold it."""
    wanted = typed.strip().lower()
    fits = [choice for choice in choices if wanted in choice.lower()]
    fits.sort(key=lambda choice: not choice.lower().startswith(wanted))
    return Completion(values=fits[:MAX_COMPLETIONS], total=len(fits), has_more=len(fits) > MAX_COMPLETIONS)
