"""One set of cases through every door: the command line, MCP and HTTP answer alike."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner
from mcp import Client
from starlette.testclient import TestClient

from faceql.engine import Answer, Engine
from faceql.server.cli import main
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.mcp_server import build_mcp_server
from faceql.server.service import Service

from .conftest import ASTRONAUT

CASES = json.loads((Path(__file__).parent / "door_cases.json").read_text("utf-8"))
IMAGE = base64.b64encode(ASTRONAUT.read_bytes()).decode()


@pytest.fixture(scope="module")
def real_engine(small_weights: Path) -> Engine:
    """The small detector with the real face finder, as the command line gets it."""
    return Engine("cpu", small_weights)


@pytest.fixture(scope="module")
def service(real_engine: Engine) -> Service:
    return Service(lambda: real_engine)


def outcome(data: dict) -> dict:
    """An answer, or an error's code with where and what to do."""
    if "points" in data:
        keys = set(data) - {"count", "shown", "handle"}
        return {key: data[key] for key in keys}
    return {key: data.get(key) for key in ("code", "span", "suggestion")}


def ask_engine(engine: Engine, case: dict) -> dict | None:
    if "code" in case:
        return None
    return engine.ask(
        ASTRONAUT, case["instruction"], faces=case.get("faces"), boxes=case.get("boxes"),
        perspective=case.get("perspective", "viewer"),
    ).to_dict()  # fmt: skip


def ask_command_line(case: dict, weights: Path) -> tuple[int, str, str]:
    args = ["ask", str(ASTRONAUT), case["instruction"], "--json", "--device", "cpu", "--weights", str(weights)]
    for box in case.get("boxes", []):
        args += ["--box", ",".join(map(str, box))]
    for option in ("faces", "perspective"):
        if option in case:
            args += [f"--{option}", case[option]]
    result = CliRunner().invoke(main, args, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def ask_mcp(case: dict, service: Service) -> dict:
    async def run():
        async with Client(build_mcp_server(service, ImageSources(Limits(), [ASTRONAUT.parent]))) as client:
            arguments = {key: value for key, value in case.items() if key != "code"}
            return await client.call_tool("ask_landmarks", {"image": "astronaut.jpg", "detail": "full", **arguments})

    result = anyio.run(run)
    return outcome(result.structured_content.get("error", result.structured_content))


def ask_http(case: dict, service: Service) -> dict:
    client = TestClient(build_http_app(service, ImageSources(Limits())), base_url="http://localhost")
    body = {"image": {"base64": IMAGE}, **{key: value for key, value in case.items() if key != "code"}}
    data = client.post("/v1/ask", json=body).json()
    return outcome(data["answers"][0] if "answers" in data else data)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['instruction'][:40]!r}")
def test_every_door_answers_alike(case: dict, service: Service, real_engine: Engine, small_weights: Path) -> None:
    want = ask_engine(real_engine, case)
    by_mcp, by_http = ask_mcp(case, service), ask_http(case, service)
    status, stdout, stderr = ask_command_line(case, small_weights)
    assert by_mcp == by_http
    if want is None:
        assert by_http["code"] == case["code"]
        assert status == 2
        assert stdout == ""
        if by_http["suggestion"]:
            assert by_http["suggestion"] in stderr
    else:
        assert by_http == want
        assert status == 0
        assert json.loads(stdout) == want
        assert Answer.from_dict(by_mcp).to_dict() == want
