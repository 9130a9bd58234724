"""Twenty things that people ask an agent, each within a number of calls, through the SDK's own client.

A task in `tests/cases/agent_tasks.jsonl` says what is asked (`task`), how many calls may be needed (`most_calls`), a
way that does it (`calls`; one that `fails` names the error's code, and what its message `points_at`) and what the last
result must hold (`holds`; `content.image` and `content.link` are the picture and the file that come with it).
"""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server import MCPServer
from mcp.types import TextResourceContents
from PIL import Image

from faceql.engine import Engine
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.mcp_server import build_mcp_server
from faceql.server.service import Service
from faceql.server.token_budget import MAX_TOKENS, count_tokens

EXAMPLES = Path(__file__).parents[2] / "examples"
TASKS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "agent_tasks.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def service() -> Service:
    engine = Engine("cpu")
    return Service(lambda: engine)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "photos"
    (folder / "holiday").mkdir(parents=True)
    for name in ("astronaut.jpg", "hopper.jpg"):
        shutil.copy(EXAMPLES / name, folder / name)
    astronaut, hopper = (Image.open(EXAMPLES / name).convert("RGB") for name in ("astronaut.jpg", "hopper.jpg"))
    pair = Image.new("RGB", (1000, 512))
    pair.paste(astronaut)
    pair.paste(hopper.resize((480, round(480 * hopper.height / hopper.width))), (520, 0))
    pair.save(folder / "pair.jpg", quality=92)
    hopper.save(folder / "holiday" / "anna.jpg")
    return folder


@pytest.fixture(scope="module")
def server(service: Service, photos: Path) -> MCPServer:
    return build_mcp_server(service, ImageSources(Limits(), [photos]))


def look_up(data: Any, path: str) -> Any:
    for step in path.split("."):
        if step == "*":
            return [look_up(item, path.partition("*.")[2]) for item in data]
        data = data[int(step)] if isinstance(data, list) else data[step]
    return data


def check(found: Any, hold: dict[str, Any]) -> None:
    (how,) = set(hold) - {"at"}
    want = hold[how]
    does_hold = {
        "is": lambda: found == want,
        "between": lambda: want[0] <= found <= want[1],
        "holds": lambda: set(want) <= set(found),
        "has": lambda: want in found,
        "ends": lambda: found.endswith(want),
        "length": lambda: len(found) == want,
    }[how]()
    assert does_hold, f"{hold['at']} is {found!r}, and should {how} {want!r}"


async def describe_content(client: Client, result: Any) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for block in result.content:
        if block.type == "image":
            size = Image.open(io.BytesIO(base64.b64decode(block.data))).size
            content["image"] = {"type": block.mime_type, "width": size[0], "height": size[1]}
        elif block.type == "resource_link":
            (read,) = (await client.read_resource(str(block.uri))).contents
            assert read.mime_type == block.mime_type
            data = read.text.encode() if isinstance(read, TextResourceContents) else base64.b64decode(read.blob)
            assert len(data) == block.size
            content["link"] = {"type": block.mime_type, "lines": len(data.splitlines())}
            if block.mime_type.startswith("image/"):
                content["link"]["width"] = Image.open(io.BytesIO(data)).width
    return content


async def do_task(client: Client, task: dict[str, Any]) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    content: dict[str, Any] = {}
    for call in task["calls"]:
        arguments = {
            key: results[int(value[1])][value[3:-1]] if isinstance(value, str) and value.startswith("{") else value
            for key, value in call["arguments"].items()
        }
        result = await client.call_tool(call["tool"], arguments)
        assert sum(count_tokens(block.text) for block in result.content if block.type == "text") <= MAX_TOKENS + 500
        assert len(result.model_dump_json()) < 1_000_000
        results.append(dict(result.structured_content))
        if "fails" in call:
            assert result.is_error
            assert results[-1]["error"]["code"] == call["fails"]
            assert call.get("points_at", "") in str(results[-1])
        else:
            assert not result.is_error, result.content
            content = await describe_content(client, result)
    return results[-1] | {"content": content}


def test_there_are_twenty() -> None:
    assert len(TASKS) == 20
    assert len({task["task"] for task in TASKS}) == 20


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["task"][:40])
def test_a_task_is_done_in_few_calls(task: dict[str, Any], server: MCPServer) -> None:
    async def run() -> dict[str, Any]:
        async with Client(server) as client:
            return await do_task(client, task)

    assert len(task["calls"]) <= task["most_calls"]
    done = anyio.run(run)
    for hold in task["holds"]:
        check(look_up(done, hold["at"]), hold)
