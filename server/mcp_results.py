"""Results of tools: within a budget of tokens and bytes, with files as links."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mcp.types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent
from pydantic import BaseModel

from .made_files import MadeFile
from .pictures import fit_picture
from .token_budget import MAX_TOKENS, count_tokens

if TYPE_CHECKING:
    from PIL import Image

PictureFormat = Literal["jpeg", "png"]
# Of all in a result: clients stop at a megabyte, and base64 takes a third more.
MAX_PICTURE_BYTES = 600_000
T = TypeVar("T")


def write_json(data: object) -> str:
    """Return data as compact JSON text."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def give_result(answer: BaseModel | dict[str, Any], *content: ContentBlock) -> CallToolResult:
    """Return a tool's result: structured, and the same as compact JSON text for clients that read only text."""
    structured = answer if isinstance(answer, dict) else answer.model_dump(mode="json", exclude_defaults=True)
    text = TextContent(type="text", text=write_json(structured))
    return CallToolResult(content=[*content, text], structured_content=structured)


def fit_page(write_page: Callable[[int], dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return the largest page that fits the budget of tokens.

    Args:
        write_page: Makes a page of at most so many entries.
        limit: The most entries that are wanted.
    """
    page = write_page(limit)
    while limit > 1 and (tokens := count_tokens(write_json(page))) > MAX_TOKENS:
        limit = max(1, min(limit - 1, int(limit * MAX_TOKENS / tokens)))
        page = write_page(limit)
    return page


def give_picture(picture: Image.Image, form: PictureFormat, count: int = 1) -> tuple[ImageContent, Image.Image]:
    """Return a picture as clients show it, made smaller where it would be too many bytes, and what became of it.

    Args:
        picture: One of `count` in a result.
        form: Its kind of file.
        count: How many share the bytes.
    """
    media = f"image/{form}"
    data, picture = fit_picture(picture, media, MAX_PICTURE_BYTES // count)
    return ImageContent(type="image", data=base64.b64encode(data).decode("ascii"), mime_type=media), picture


def link_file(made: MadeFile, name: str, description: str) -> ResourceLink:
    """Return a link to a made file, which the client reads as a resource."""
    return ResourceLink(
        type="resource_link", uri=made.uri, name=name, description=description, mime_type=made.media,
        size=len(made.data),
    )  # fmt: skip
