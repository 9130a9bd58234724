"""The SDK's server, with what an agent gets wrong in a call told as every other mistake is: by code and field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from mcp.server import MCPServer
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, GetPromptResult, InputRequiredResult, TextContent, Tool
from pydantic import AnyUrl, ValidationError

from ..errors import FaceQLError, InvalidRequestError, QueryError
from .error_kinds import read_validation_error, tell_error
from .intents import hint_at_intent
from .mcp_asking import InputNeededError
from .schemas import trim_input_schema, trim_output_schema


class CheckedServer(MCPServer[Any]):
    """Refuses arguments that no tool has, never sends back what was sent, and describes its tools in few words.

    Args:
        find_media: Returns the media type of a resource; None where it is the one that the resource was added with.
        arguments: As the SDK's server takes them.
    """

    def __init__(self, *arguments: Any, find_media: Callable[[str], str | None], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._find_media = find_media

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Any, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        contents = await super().read_resource(uri, context)
        media = self._find_media(str(uri))
        if media is None or isinstance(contents, InputRequiredResult):
            return contents
        return [replace(content, mime_type=media) for content in contents]

    async def list_tools(self) -> list[Tool]:
        tools = await super().list_tools()
        for tool in tools:
            tool.input_schema = trim_input_schema(tool.input_schema)
            if tool.output_schema is not None:
                tool.output_schema = trim_output_schema(tool.output_schema)
        return tools

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        for tool in await self.list_tools():
            if tool.name == name:
                known = set(tool.input_schema["properties"])
                if unknown := sorted(set(arguments) - known):
                    hint = f"there is no such argument; there are {', '.join(sorted(known)) or 'none'}"
                    return give_error(InvalidRequestError([{"loc": [x[:50]], "msg": hint} for x in unknown[:20]]))
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                return give_error(read_validation_error(error.__cause__))
            if isinstance(error.__cause__, InputNeededError):
                return error.__cause__.result
            raise

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Any, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        known = [prompt.name for prompt in await self.list_prompts()]
        if name not in known:
            raise MCPError(INVALID_PARAMS, f"there is no such prompt; there is {', '.join(known)}")
        return await super().get_prompt(name, arguments, context)


def give_error(error: FaceQLError, tool: str | None = None, asked: Mapping[str, Any] | None = None) -> CallToolResult:
    """Return an error as a tool's result; words of the instruction stand inside JSON strings and nowhere else.

    Args:
        error: What is wrong.
        tool: Which tool was called.
        asked: With which arguments.
    """
    told = tell_error(error)
    if isinstance(error, QueryError):
        if (hint := hint_at_intent(error.text, "mcp", asked=tool)) is not None:
            told["error"]["hint"] = hint
        texts = (asked or {}).get("instructions") or []
        if error.text in texts:
            told["error"]["instruction_index"] = texts.index(error.text)
    text = json.dumps(told, ensure_ascii=True, separators=(",", ":"))
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=told, is_error=True)
