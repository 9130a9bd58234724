"""faceql's MCP server with what the public conformance suite calls by name beside its own tools.

`python conformance_server.py WEIGHTS` serves it as `faceql mcp --transport http` is served: the same class of server,
the same guards, the same protocol. So the suite's scenarios try all that stands between a client and a tool.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
import wave
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    SamplingMessage,
    TextContent,
    TextResourceContents,
)

from faceql.engine import Engine
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.mcp_asking import Ctx
from faceql.server.mcp_http import build_mcp_app
from faceql.server.mcp_server import build_mcp_server
from faceql.server.serve_commands import open_socket, run_uvicorn, write_url
from faceql.server.service import Service


def write_silence() -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
    return stream.getvalue()


RED_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)
IMAGE = ImageContent(type="image", data=base64.b64encode(RED_PIXEL).decode(), mime_type="image/png")
AUDIO = AudioContent(type="audio", data=base64.b64encode(write_silence()).decode(), mime_type="audio/wav")
PAUSE = 0.05
DEFAULTS = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
CHOICES = ["option1", "option2", "option3"]
TITLED = [{"const": f"value{number}", "title": f"Choice {number}"} for number in (1, 2, 3)]
ENUMS = {
    "untitledSingle": {"type": "string", "enum": CHOICES},
    "titledSingle": {"type": "string", "oneOf": TITLED},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": CHOICES}},
    "titledMulti": {"type": "array", "items": {"anyOf": TITLED}},
}
PERSON = {"username": {"type": "string"}, "email": {"type": "string"}}


def write_resource(uri: str, text: str, mime_type: str = "text/plain") -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


def say(*content: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=x) if isinstance(x, str) else x for x in content])


def add_content_tools(server: MCPServer[Any]) -> None:
    """Tools that give back each kind of content, or an error."""

    @server.tool(description="Called by the conformance suite.")
    async def test_simple_text() -> CallToolResult:
        return say("This is a simple text response for testing.")

    @server.tool(description="Called by the conformance suite.")
    async def test_image_content() -> CallToolResult:
        return say(IMAGE)

    @server.tool(description="Called by the conformance suite.")
    async def test_audio_content() -> CallToolResult:
        return say(AUDIO)

    @server.tool(description="Called by the conformance suite.")
    async def test_embedded_resource() -> CallToolResult:
        return say(write_resource("test://embedded-resource", "This is an embedded resource content."))

    @server.tool(description="Called by the conformance suite.")
    async def test_multiple_content_types() -> CallToolResult:
        mixed = write_resource("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")
        return say("Multiple content types test:", IMAGE, mixed)

    @server.tool(description="Called by the conformance suite.")
    async def test_error_handling() -> CallToolResult:
        raise ValueError("This tool intentionally returns an error for testing")


def add_asking_tools(server: MCPServer[Any]) -> None:
    """Tools that talk with the client while they work."""

    @server.tool(description="Called by the conformance suite.")
    async def test_tool_with_progress(ctx: Ctx) -> CallToolResult:
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
            await asyncio.sleep(PAUSE)
        return say("done")

    @server.tool(description="Called by the conformance suite.")
    async def test_sampling(ctx: Ctx, prompt: str) -> CallToolResult:
        message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
        told = await ctx.session.create_message([message], max_tokens=100, related_request_id=ctx.request_id)
        return say(f"LLM response: {told.content}")

    async def elicit(ctx: Ctx, message: str, fields: dict[str, Any], required: list[str]) -> CallToolResult:
        schema = {"type": "object", "properties": fields, "required": required}
        told = await ctx.session.elicit_form(message, schema, ctx.request_id)
        return say(f"Elicitation completed: action={told.action}, content={json.dumps(told.content)}")

    @server.tool(description="Called by the conformance suite.")
    async def test_elicitation(ctx: Ctx, message: str) -> CallToolResult:
        return await elicit(ctx, message, PERSON, list(PERSON))

    @server.tool(description="Called by the conformance suite.")
    async def test_elicitation_sep1034_defaults(ctx: Ctx) -> CallToolResult:
        return await elicit(ctx, "Who are you?", DEFAULTS, [])

    @server.tool(description="Called by the conformance suite.")
    async def test_elicitation_sep1330_enums(ctx: Ctx) -> CallToolResult:
        return await elicit(ctx, "Choose", ENUMS, [])


def add_fixture_resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        return RED_PIXEL

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def template_data(id: str) -> str:
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def add_fixture_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(description="A simple prompt")
    def test_simple_prompt() -> str:
        return "This is a simple prompt for testing."

    @server.prompt(description="A prompt with arguments")
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt(description="A prompt with a resource in it")
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803
        resource = write_resource(resourceUri, "Embedded resource content for testing.")
        return [UserMessage(resource), UserMessage("Please process the embedded resource above.")]

    @server.prompt(description="A prompt with an image in it")
    def test_prompt_with_image() -> list[UserMessage]:
        return [UserMessage(IMAGE), UserMessage("Please analyze the image above.")]


def main(weights: Path) -> None:
    limits = Limits()
    service = Service(lambda: Engine("cpu", weights), limits)
    server = build_mcp_server(service, ImageSources(limits))
    for add in (add_content_tools, add_asking_tools, add_fixture_resources, add_fixture_prompts):
        add(server)
    opened = open_socket("127.0.0.1", 0)
    print(f"listening at {write_url('127.0.0.1', opened)}/mcp", file=sys.stderr, flush=True)
    run_uvicorn(build_mcp_app(server, service), opened, limits)
    service.close(seconds=5.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
