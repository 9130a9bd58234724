"""The tools' arguments as agents read them, and how a tool tells its errors."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Annotated, ParamSpec

from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult
from pydantic import Field

from ..errors import FaceQLError
from . import mcp_texts as texts
from .answers import Perspective
from .error_kinds import ERROR_KINDS, describe_error, error_code
from .mcp_checks import give_error

Photo = Annotated[str, Field(description=texts.IMAGE, min_length=1)]
InstructionText = Annotated[str, Field(max_length=20_000)]
Instruction = Annotated[InstructionText, Field(description=texts.INSTRUCTION)]
OneInstruction = Annotated[InstructionText | None, Field(description=texts.INSTRUCTION)]
Instructions = Annotated[
    list[InstructionText] | None,
    Field(description="Several instructions in one call, in place of `instruction`.", min_length=1),
]
Faces = Annotated[str | None, Field(description=texts.FACES, max_length=100)]
FaceBox = Annotated[list[float], Field(min_length=4, max_length=4)]
Boxes = Annotated[list[FaceBox] | None, Field(description=texts.BOXES, max_length=64)]
Whose = Annotated[Perspective, Field(description=texts.PERSPECTIVE)]
IdsFrom = Annotated[int, Field(description=texts.IDS_FROM, ge=0, le=1)]
Region = Annotated[str, Field(description=texts.REGION, max_length=500)]
Seconds = Annotated[list[float] | None, Field(description=texts.SECONDS, min_length=1, max_length=3)]
Offset = Annotated[int, Field(description="the first entry to return", ge=0)]
P = ParamSpec("P")
ToolFunction = Callable[P, Awaitable[CallToolResult]]


def tell_errors(function: ToolFunction[P]) -> ToolFunction[P]:
    """Make a tool tell its errors as MCP knows them, with all that an agent needs to mend the call."""

    @functools.wraps(function)
    async def tool(*args: P.args, **kwargs: P.kwargs) -> CallToolResult:
        try:
            return await function(*args, **kwargs)
        except FaceQLError as error:
            kind = ERROR_KINDS[error_code(error)]
            if kind.mcp_code is not None:
                raise MCPError(kind.mcp_code, describe_error(error)["message"], {"code": error_code(error)}) from error
            return give_error(error, function.__name__, kwargs)

    return tool
