"""`faceql bundle`: the MCP server as an .mcpb file, which Claude Desktop installs with a click."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import click

from .. import __version__
from ..errors import ConfigError

ICON_SIZE = 512
# Dots of a face about the middle of the icon: x, y and radius, in 24ths of its side.
ICON_DOTS = (
    (8, 9.5, 1.7),
    (16, 9.5, 1.7),
    (7, 14.5, 1),
    (9.3, 16.8, 1),
    (12, 17.6, 1),
    (14.7, 16.8, 1),
    (17, 14.5, 1),
)
ENTRY = "src/server.py"
START = '''"""Starts faceql's MCP server for the client that unpacked this bundle."""

import sys

from faceql.server.cli import main

main(["mcp", *sys.argv[1:]])
'''
PROJECT = f"""[project]
name = "faceql-bundle"
version = "{__version__}"
requires-python = ">=3.11,<3.15"
dependencies = ["faceql=={__version__}"]
"""


@click.command("bundle")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def bundle_command(out: Path) -> None:
    """Write the MCP server as OUT.mcpb, for Claude Desktop.

    The bundle holds no code and no weights: the client's uv installs this version of faceql when it is first started.
    """
    if out.suffix != ".mcpb":
        raise ConfigError(f"a bundle's name ends in .mcpb, not {out.name!r}")
    manifest = write_manifest(asyncio.run(list_tools()))
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("manifest.json", json.dumps(manifest, indent=2) + "\n")
            bundle.writestr("pyproject.toml", PROJECT)
            bundle.writestr(ENTRY, START)
            bundle.writestr("icon.png", draw_icon())
    except OSError as error:
        raise ConfigError(f"{str(out)!r} cannot be written: {error.strerror}") from error
    click.echo(f"bundle: {out} ({out.stat().st_size:,} bytes)")


async def list_tools() -> list[dict[str, str]]:
    """Return the server's tools as the manifest lists them: the first sentence of each."""
    from .image_sources import ImageSources
    from .limits import Limits
    from .mcp_server import build_mcp_server
    from .service import Service

    def load_engine() -> Any:
        raise ConfigError("a list of tools needs no model")

    service = Service(load_engine)
    try:
        tools = await build_mcp_server(service, ImageSources(Limits())).list_tools()
    finally:
        service.close()
    return [{"name": tool.name, "description": (tool.description or "").partition("\n\n")[0]} for tool in tools]


def write_manifest(tools: list[dict[str, str]]) -> dict[str, Any]:
    """Return the bundle's manifest."""
    return {
        "manifest_version": "0.4",
        "name": "faceql",
        "display_name": "faceql",
        "version": __version__,
        "description": "Face landmarks, measures, masks and crops from plain English, on your own machine.",
        "author": {"name": "The faceql authors"},
        "license": "Apache-2.0",
        "icon": "icon.png",
        "keywords": ["face landmarks", "computer vision"],
        "server": {
            "type": "uv",
            "entry_point": ENTRY,
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", ENTRY, "--root", "${user_config.folder}"],
            },
        },
        "user_config": {
            "folder": {
                "type": "directory",
                "title": "Photos",
                "description": "The folder whose photos may be read; no photo leaves this machine.",
                "required": True,
                "default": "${HOME}/Pictures",
            }
        },
        "compatibility": {"platforms": ["linux", "win32", "darwin"], "runtimes": {"python": ">=3.11,<3.15"}},
        "tools": tools,
    }


def draw_icon() -> bytes:
    """Return the icon as PNG, transparent about its disc."""
    from PIL import Image, ImageDraw

    side = ICON_SIZE * 4  # drawn larger and reduced, for smooth edges
    picture = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(picture)
    for x, y, radius, color in ((12, 12, 11, "#1f6feb"), *((*dot, "white") for dot in ICON_DOTS)):
        scaled = [round(value * side / 24) for value in (x - radius, y - radius, x + radius, y + radius)]
        draw.ellipse(scaled, fill=color)
    stream = io.BytesIO()
    picture.reduce(4).save(stream, "PNG", optimize=True)
    return stream.getvalue()
