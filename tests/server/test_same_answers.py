"""One set of cases through every interface: the command line, folders, MCP, HTTP and its client answer alike."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import anyio
import numpy as np
import pytest
from click.testing import CliRunner
from mcp import Client
from mcp.server import MCPServer
from starlette.testclient import TestClient

import faceql
from faceql.engine import Answer, Engine
from faceql.errors import FaceQLError
from faceql.querylang.parse import parse
from faceql.server.cli import main
from faceql.server.error_kinds import describe_error
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


@pytest.fixture(scope="module")
def http(service: Service) -> TestClient:
    return TestClient(build_http_app(service, ImageSources(Limits())), base_url="http://localhost")


@pytest.fixture(scope="module")
def mcp(service: Service) -> MCPServer:
    return build_mcp_server(service, ImageSources(Limits(), [ASTRONAUT.parent]))


@pytest.fixture(scope="module")
def client(plain_server: str) -> faceql.Client:
    return faceql.Client(plain_server)


def outcome(data: dict) -> dict:
    """An answer, or an error's code with what it says and where."""
    if "code" in data:
        return {key: data.get(key) for key in ("code", "span", "suggestion", "problems")}
    return {key: value for key, value in data.items() if key not in ("count", "shown", "handle", "hint")}


def ask_engine(engine: Engine, case: dict) -> dict | None:
    if "code" in case:
        return None
    return engine.ask(ASTRONAUT, case["instruction"], **read_settings(case)).to_dict(units=case.get("units", "px"))


def read_settings(case: dict) -> dict:
    """What Python is told in the call; the units are those of writing an answer down."""
    return {key: value for key, value in case.items() if key not in ("instruction", "units", "code")}


def ask_client(client: faceql.Client, case: dict) -> dict:
    try:
        answer = client.ask(ASTRONAUT, case["instruction"], **read_settings(case))
    except FaceQLError as error:
        return outcome(describe_error(error))
    return answer.to_dict(units=case.get("units", "px"))


def run_command(*args: str) -> dict:
    result = CliRunner().invoke(main, args, catch_exceptions=False)
    data = json.loads(result.stdout)
    assert result.stderr == ""
    assert result.exit_code == (2 if "error" in data else 0)
    return data


def options_of(case: dict, *names: str) -> list[str]:
    return [text for name in names if name in case for text in (f"--{name.replace('_', '-')}", str(case[name]))]


def ask_command_line(case: dict, weights: Path) -> dict:
    args = ["ask", str(ASTRONAUT), case["instruction"], "--json", "--device", "cpu", "--weights", str(weights)]
    for box in case.get("boxes", []):
        args += ["--box", ",".join(map(str, box))]
    data = run_command(*args, *options_of(case, "faces", "perspective", "ids_from", "units"))
    return outcome(data.get("error", data))


def ask_folder(case: dict, weights: Path, folder: Path) -> dict:
    """The line of a folder's only photo, or what the command says of an instruction that cannot be asked of any."""
    shutil.copy(ASTRONAUT, folder)
    out = folder / "results.jsonl"
    args = ["ask", str(folder), case["instruction"], "--out", str(out), "--device", "cpu", "--weights", str(weights)]
    result = CliRunner().invoke(main, args + options_of(case, "faces", "perspective", "ids_from", "units"))
    if not out.exists() or not out.read_text():
        return {"told": result.stderr}
    data = json.loads(out.read_text("utf-8"))
    return outcome(data.get("error") or data["answer"])


def call_mcp(server: MCPServer, tool: str, **arguments: object) -> dict:
    async def run():
        async with Client(server) as client:
            return await client.call_tool(tool, arguments)

    data = anyio.run(run).structured_content
    return data.get("error", data)


def ask_mcp(case: dict, server: MCPServer) -> dict:
    arguments = {key: value for key, value in case.items() if key != "code"}
    return outcome(call_mcp(server, "ask_landmarks", image="astronaut.jpg", detail="full", **arguments))


def ask_http(case: dict, http: TestClient) -> dict:
    body = {"image": {"base64": IMAGE}, **{key: value for key, value in case.items() if key != "code"}}
    data = http.post("/v1/ask", json=body).json()
    return outcome(data["answers"][0] if "answers" in data else data)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['instruction'][:40]!r}")
def test_every_door_answers_alike(
    case: dict, mcp: MCPServer, http: TestClient, real_engine: Engine, small_weights: Path, client: faceql.Client
) -> None:
    want = ask_engine(real_engine, case)
    by_mcp, by_http = ask_mcp(case, mcp), ask_http(case, http)
    by_command_line = ask_command_line(case, small_weights)
    assert by_mcp == by_http == by_command_line == ask_client(client, case)
    if want is None:
        assert by_http["code"] == case["code"]
    else:
        assert by_http == want
        if "units" not in case:
            assert Answer.from_dict(by_mcp).to_dict() == want


@pytest.mark.parametrize(
    "case", [case for case in CASES if "boxes" not in case], ids=lambda case: f"{case['instruction'][:40]!r}"
)
def test_a_folder_answers_as_http_does(case: dict, http: TestClient, small_weights: Path, tmp_path: Path) -> None:
    by_http, by_folder = ask_http(case, http), ask_folder(case, small_weights, tmp_path)
    if "told" in by_folder:
        assert by_http["problems"][0]["message"] in by_folder["told"]
    else:
        assert by_folder == by_http


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['instruction'][:40]!r}")
def test_every_door_parses_alike(case: dict, mcp: MCPServer, http: TestClient) -> None:
    options = {key: value for key, value in case.items() if key in ("instruction", "perspective", "ids_from")}
    by_mcp = outcome(call_mcp(mcp, "parse_instruction", detail="full", **options))
    by_http = outcome(http.post("/v1/parse", json={"detail": "full", **options}).json())
    data = run_command("parse", case["instruction"], "--json", *options_of(case, "perspective", "ids_from"))
    assert by_mcp == by_http == outcome(data.get("error", data))
    assert "canonical" in by_mcp or by_mcp["code"] == case["code"]


def test_every_door_lists_alike(mcp: MCPServer, http: TestClient) -> None:
    by_mcp = call_mcp(mcp, "list_parts")
    for kind in ("parts", "surfaces", "layouts"):
        assert by_mcp[kind] == http.get(f"/v1/{kind}").json() == run_command(kind, "--json")


def test_ids_count_from_0_in_python_too(real_engine: Engine) -> None:
    text = "300W points 0 to 2"
    want = real_engine.ask(ASTRONAUT, parse(text, ids_from=0))
    assert real_engine.ask(ASTRONAUT, text, ids_from=0) == want
    (outcome,) = real_engine.ask_many([ASTRONAUT], text, ids_from=0)
    assert outcome.get().query == want.query
    np.testing.assert_array_equal(outcome.get().xy, want.xy)
