"""The bundle for Claude Desktop: what it holds, that it starts, and that the public tool takes it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner
from mcp import Client
from mcp.client.stdio import StdioServerParameters, get_default_environment, stdio_client

from faceql import __version__
from faceql.server.cli import main

from .conftest import ASTRONAUT

VALIDATE = ["npx", "--yes", "@anthropic-ai/mcpb@2.1.2", "validate"]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    done = CliRunner().invoke(main, ["bundle", str(folder / "faceql.mcpb")])
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(folder / "faceql.mcpb") as bundle:
        bundle.extractall(folder / "in")
    return folder / "in"


def test_the_bundle_starts_and_offers_the_tools_it_lists(unpacked: Path) -> None:
    manifest = json.loads((unpacked / "manifest.json").read_text("utf-8"))
    assert manifest["version"] == __version__
    assert f"faceql=={__version__}" in (unpacked / "pyproject.toml").read_text("utf-8")
    *_, entry, root, folder = manifest["server"]["mcp_config"]["args"]
    assert entry == manifest["server"]["entry_point"]
    assert (root, folder) == ("--root", "${user_config.folder}")

    async def run():
        # As the client starts it, but in this environment in place of one that uv makes.
        server = StdioServerParameters(
            command=sys.executable,
            args=[str(unpacked / entry), "--root", str(ASTRONAUT.parent)],
            env={**get_default_environment(), "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        )
        async with Client(stdio_client(server)) as client:
            tools = (await client.list_tools()).tools
            return tools, await client.call_tool("list_images", {})

    tools, images = anyio.run(run)
    assert [tool.name for tool in tools] == [tool["name"] for tool in manifest["tools"]]
    assert all(tool["description"] for tool in manifest["tools"])
    assert images.structured_content["count"] == 2


def test_a_bundle_has_its_ending(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["bundle", str(tmp_path / "faceql.zip")])
    assert done.exit_code == 2
    assert ".mcpb" in done.output
    missing = CliRunner().invoke(main, ["bundle", str(tmp_path / "no" / "faceql.mcpb")])
    assert missing.exit_code == 2
    assert "cannot be written" in missing.output


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npx") is None, reason="npx is not installed")
def test_the_public_tool_takes_the_manifest(unpacked: Path) -> None:
    done = subprocess.run(
        [*VALIDATE, "manifest.json"], cwd=unpacked, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passes" in done.stdout
