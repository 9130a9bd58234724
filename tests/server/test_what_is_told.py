"""Visibility, outlines and how many faces were found: told by every interface as the engine tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import torch
from click.testing import CliRunner
from mcp import Client
from starlette.testclient import TestClient

from faceql.engine import Answer, Engine
from faceql.model.checkpoint import LoadedDetector, save_detector
from faceql.model.visibility import VisibilityHead
from faceql.server.cli import format_answer, main
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.mcp_server import build_mcp_server
from faceql.server.service import Service

from .conftest import FixedFinder, make_detector

LIPS = "lips as a mask"


@pytest.fixture(scope="module")
def weights() -> LoadedDetector:
    detector = make_detector()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        detector.visibility = VisibilityHead(detector.config)
        for parameter in detector.visibility.judge.parameters():
            torch.nn.init.normal_(parameter, std=0.7)
    return LoadedDetector(detector.eval(), "judging", {})


@pytest.fixture(scope="module")
def engine(weights: LoadedDetector) -> Engine:
    return Engine("cpu", weights, face_finder=FixedFinder(), find_upright=False)


@pytest.fixture
def service(engine: Engine, limits: Limits) -> Iterator[Service]:
    service = Service(lambda: engine, limits)
    yield service
    service.close()


@pytest.fixture
def want(engine: Engine, photo: bytes) -> Answer:
    answer = engine.ask(photo, LIPS)
    assert answer.is_seen is not None
    assert 0 < answer.is_seen.sum() < len(answer)
    return answer


def ask_mcp(service: Service, root: Path, **arguments: object) -> dict:
    async def run():
        async with Client(build_mcp_server(service, ImageSources(service.limits, [root]))) as client:
            return await client.call_tool("ask_landmarks", {"image": "photo.png", **arguments})

    return anyio.run(run).structured_content


def test_http_tells_it(service: Service, photo: bytes, want: Answer) -> None:
    client = TestClient(build_http_app(service, ImageSources(service.limits)), base_url="http://localhost")
    asked = client.post("/v1/ask", params={"instruction": LIPS}, content=photo, headers={"content-type": "image/png"})
    (answer,) = asked.json()["answers"]
    assert Answer.from_dict(answer) == want
    assert answer["faces_found"] == 2
    assert any("2 faces were found" in note for note in answer["notes"])
    assert answer["outlines"][0]["holes"] == [[*range(12, 20)]]
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert set(schemas["VisibilityAnswer"]["required"]) == {"seen", "hidden", "turned_away", "outside"}
    assert "faces_found" in schemas["FullAnswer"]["required"]
    told = client.post("/v1/parse", json={"instruction": "visible points of the jaw"}).json()
    assert (told["visible_only"], told["count"]) == (True, None)
    asked = client.post("/v1/ask", params={"instruction": "2,001 visible points of the jaw"}, content=photo,
                        headers={"content-type": "image/png"})  # fmt: skip
    assert asked.json()["code"] == "too_many", "before they are laid out"


def test_mcp_tells_it_compactly_and_in_full(service: Service, tmp_path: Path, photo: bytes, want: Answer) -> None:
    (tmp_path / "photo.png").write_bytes(photo)
    short = ask_mcp(service, tmp_path, instruction=LIPS)
    assert short["faces_found"] == 2
    reasons = [p.visibility.reason if not p.visibility.is_seen else None for p in want if p.visibility is not None]
    found: list[str | None] = []
    for group in short["groups"]:
        found += [group.get("not_seen", {}).get(str(i)) for i in range(len(group["points"]))]
    assert found == reasons
    assert [outline["shape"] for outline in short["outlines"]] == ["polygon"]
    full = ask_mcp(service, tmp_path, instruction=LIPS, detail="full")
    assert Answer.from_dict(full) == want
    page = ask_mcp(service, tmp_path, instruction=LIPS, limit=15)
    assert page["outlines"] == [], "half a ring is none"
    seen = ask_mcp(service, tmp_path, instruction="only the visible points of the lips")
    assert seen["count"] == want.is_seen.sum()


def test_the_command_line_tells_it(weights: LoadedDetector, want: Answer, photo: bytes, tmp_path: Path) -> None:
    lines = format_answer(want).splitlines()
    rows = [line for line in lines if line.startswith("  ")]
    for row, point in zip(rows, want.points, strict=True):
        assert point.visibility is not None
        assert row.endswith(" px") == point.visibility.is_seen
        assert point.visibility.is_seen or row.endswith(f" px  {point.visibility.reason}")
    assert any(line.startswith("note: 2 faces were found") for line in lines)
    file, picture = tmp_path / "judging.safetensors", tmp_path / "photo.png"
    save_detector(file, weights.detector, "judging", {})
    picture.write_bytes(photo)
    arguments = ["ask", str(picture), LIPS, "--whole", "--json", "--weights", str(file), "--device", "cpu"]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    told = json.loads(result.output)
    assert told["faces_found"] == 1
    assert all(sum(point["visibility"].values()) == pytest.approx(1, abs=3e-4) for point in told["points"])
