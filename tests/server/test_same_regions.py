"""One set of cases of masks, crops and measures: HTTP, the Python client and MCP answer alike."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import anyio
import numpy as np
import pytest
from mcp import Client as McpClient
from mcp.server import MCPServer
from mcp.types import ImageContent
from PIL import Image

import faceql
from faceql.engine import Engine
from faceql.errors import FaceQLError
from faceql.server.error_kinds import error_code
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.mcp_server import build_mcp_server
from faceql.server.service import Service

from .conftest import ASTRONAUT

CASES = json.loads((Path(__file__).parent / "region_cases.json").read_text("utf-8"))
TOOLS = {"mask": "mask_region", "crop": "crop_face", "measure": "measure_face"}
LISTED = {"mask": ("region", "area_px", "box"), "crop": ("region", "crop_size", "angle", "matrix"),
          "measure": ("units", "measured")}  # fmt: skip


@pytest.fixture(scope="module")
def client(plain_server: str) -> faceql.Client:
    return faceql.Client(plain_server)


@pytest.fixture(scope="module")
def mcp_server(small_weights: Path) -> MCPServer:
    service = Service(lambda: Engine("cpu", small_weights))
    return build_mcp_server(service, ImageSources(Limits(), [ASTRONAUT.parent]))


def ask_http(client: faceql.Client, case: dict) -> dict:
    form = {"mask": {"format": "rle"}, "crop": {"format": "json"}, "measure": {}}[case["path"]]
    body = {"image": {"base64": base64.b64encode(ASTRONAUT.read_bytes()).decode()}, **form, **case["options"]}
    return json.loads(client._send(f"/v1/{case['path']}", json.dumps(body).encode(), "application/json", []))


def ask_client(client: faceql.Client, case: dict) -> object:
    options = dict(case["options"])
    match case["path"]:
        case "mask":
            return client.mask(ASTRONAUT, options.pop("region"), **options)
        case "crop":
            return np.asarray(client.crop(ASTRONAUT, options.pop("region", "face"), **options))
        case _:
            return client.measure(ASTRONAUT, **options)


def ask_mcp(server: MCPServer, case: dict) -> tuple[dict, list]:
    form = {"mask": {"show": "rle"}, "crop": {"size": 256, "margin": 0.25}, "measure": {}}[case["path"]]

    async def run():
        async with McpClient(server) as mcp:
            return await mcp.call_tool(TOOLS[case["path"]], {"image": ASTRONAUT.name, **form, **case["options"]})

    result = anyio.run(run)
    return result.structured_content, result.content


def without_nothing(value: object) -> object:
    """MCP leaves out lists that are empty."""
    if isinstance(value, list):
        return [without_nothing(item) for item in value]
    return {key: item for key, item in value.items() if item != []} if isinstance(value, dict) else value


def read_rle(rle: dict) -> np.ndarray:
    flat = np.repeat(np.arange(len(rle["counts"])) % 2, rle["counts"])
    return flat.reshape(rle["size"], order="F").astype(bool)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['path']} {case['options']}"[:60])
def test_every_interface_answers_alike(case: dict, client: faceql.Client, mcp_server: MCPServer) -> None:
    by_mcp, content = ask_mcp(mcp_server, case)
    if "code" in case:
        assert by_mcp["error"]["code"] == case["code"]
        for ask in (ask_http, ask_client):
            with pytest.raises(FaceQLError) as caught:
                ask(client, case)
            assert error_code(caught.value) == case["code"]
        return
    by_http, by_client = ask_http(client, case), ask_client(client, case)
    for name in LISTED[case["path"]]:
        assert by_mcp[name] == without_nothing(by_http[name])
    if case["path"] == "mask":
        assert by_mcp["rle"] == by_http["rle"]
        np.testing.assert_array_equal(read_rle(by_http["rle"]), by_client >= 128)
    elif case["path"] == "crop":
        shown = Image.open(io.BytesIO(base64.b64decode(by_http["png"])))
        np.testing.assert_array_equal(np.asarray(shown), by_client)
        (picture,) = (block for block in content if isinstance(block, ImageContent))
        assert Image.open(io.BytesIO(base64.b64decode(picture.data))).size == shown.size
    else:
        assert by_client == by_http
        # Whoever asks by the person's left would take left_eye_openness for the person's.
        is_told = any("left_eye_openness" in note for note in by_http["notes"])
        assert is_told == (case["options"].get("perspective") == "subject")
        assert by_mcp["notes"] == by_http["notes"]
