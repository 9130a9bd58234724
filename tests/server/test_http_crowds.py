"""Who is let in over HTTP, and what those are told who are not: keys, crowds, deadlines."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from starlette.testclient import TestClient

from faceql.engine import Engine
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.service import Service

from .conftest import check_problem

KEY = "correct-horse-battery"


def test_a_full_service_says_when_to_come_back(gated, photo: bytes) -> None:
    service = Service(lambda: gated, Limits(queued_asks=1))
    with TestClient(build_http_app(service, ImageSources(Limits())), base_url="http://localhost") as client:
        service.submit(photo, ["chin"])
        assert gated.entered.wait(20)
        service.submit(photo, ["chin"])
        png = {"Content-Type": "image/png"}
        body = check_problem(client.post("/v1/ask?instruction=chin", content=photo, headers=png), "busy", 503)
        assert body["retry_after"] >= 1
        gated.gate.set()


@pytest.mark.parametrize(
    ("limits", "code", "status"),
    [(Limits(requests_per_client=1), "too_many_requests", 429), (Limits(requests=1), "busy", 503)],
)
def test_a_crowd_is_told_when_to_come_back(gated, photo: bytes, limits: Limits, code: str, status: int) -> None:
    with (
        TestClient(
            build_http_app(Service(lambda: gated, limits), ImageSources(limits)), base_url="http://localhost"
        ) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        png = {"Content-Type": "image/png"}
        first = pool.submit(client.post, "/v1/ask?instruction=chin", content=photo, headers=png)
        assert gated.entered.wait(20)
        body = check_problem(client.get("/v1/parts"), code, status)
        assert body["retry_after"] >= 1
        assert client.get("/healthz").status_code == 200
        gated.gate.set()
        assert first.result(20).status_code == 200
        assert client.get("/v1/parts").status_code == 200


def test_a_deadline(gated, photo: bytes) -> None:
    service = Service(lambda: gated)
    with TestClient(build_http_app(service, ImageSources(Limits())), base_url="http://localhost") as client:
        png = {"Content-Type": "image/png"}
        response = client.post("/v1/ask?instruction=chin&deadline_ms=100", content=photo, headers=png)
        check_problem(response, "deadline", 504)
        gated.gate.set()


def test_api_keys(engine: Engine, limits: Limits) -> None:
    app = build_http_app(Service(lambda: engine, limits), ImageSources(limits), api_keys=["another-long-key-1", KEY])
    with TestClient(app, base_url="http://localhost") as client:
        for headers in ({}, {"X-Api-Key": KEY[:-1]}, {"Authorization": f"Basic {KEY}"}, {"X-Api-Key": ""}):
            response = client.get("/v1/parts", headers=headers)
            check_problem(response, "unauthorized", 401)
            assert response.headers["www-authenticate"].startswith("Bearer")
        for headers in ({"X-Api-Key": KEY}, {"Authorization": f"bearer {KEY}"}):
            assert client.get("/v1/parts", headers=headers).status_code == 200
        for path in ("/", "/healthz", "/playground/playground.js"):
            assert client.get(path).status_code == 200
        assert client.get("/metrics").status_code == 401


def test_a_key_may_hold_any_letters(engine: Engine) -> None:
    key = "schl\u00fcssel-und-schloss"
    app = build_http_app(Service(lambda: engine), ImageSources(Limits()), api_keys=[key])
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/v1/parts", headers={"X-Api-Key": key.encode()}).status_code == 200


def test_the_work_of_a_client_that_hangs_up_is_given_up(gated, photo: bytes) -> None:
    service = Service(lambda: gated)
    app = build_http_app(service, ImageSources(Limits()))
    scope = {
        "type": "http", "method": "POST", "path": "/v1/ask", "query_string": b"instruction=chin",
        "headers": [(b"host", b"localhost"), (b"content-type", b"image/png")], "http_version": "1.1", "scheme": "http",
        "server": ("localhost", 80), "client": ("1.2.3.4", 5), "root_path": "", "raw_path": b"/v1/ask",
    }  # fmt: skip
    sent: list[dict] = []

    async def hang_up() -> None:
        messages = [{"type": "http.request", "body": photo, "more_body": False}]

        async def receive() -> dict:
            if messages:
                return messages.pop()
            while service._queue.depth == 0:
                await anyio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            sent.append(message)

        with anyio.fail_after(10):
            await app(scope, receive, send)

    first = service.submit(photo, ["chin"])
    assert gated.entered.wait(20)
    anyio.run(hang_up)
    assert sent[0]["status"] == 499
    gated.gate.set()
    assert first.result(20)
    service.close(20)
    assert gated.asks == 1


class SlowEngine:
    """An engine of known speed."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds

    def encode(self, image, *, boxes=None, color="rgb"):
        return self._engine.encode(image, boxes=boxes, color=color)

    def encode_faces(self, wanted) -> None:
        time.sleep(self._seconds * len(wanted))
        self._engine.encode_faces(wanted)

    def ask(self, image, query, *, faces=None):
        return self._engine.ask(image, query, faces=faces)


@pytest.mark.slow
def test_what_is_accepted_is_answered_in_time(engine: Engine, photo: bytes) -> None:
    """What cannot be answered in time is refused at once, not after its deadline."""
    service = Service(lambda: SlowEngine(engine, 0.1), Limits(deadline_seconds=5.0))
    with TestClient(build_http_app(service, ImageSources(Limits())), base_url="http://localhost") as client:

        def ask(_: int) -> tuple[int, float]:
            started = time.monotonic()
            response = client.post("/v1/ask?instruction=chin", content=photo, headers={"Content-Type": "image/png"})
            return response.status_code, time.monotonic() - started

        for number in range(8):
            assert ask(number)[0] == 200
        with ThreadPoolExecutor(60) as pool:
            told = list(pool.map(ask, range(60)))
    statuses = [status for status, _ in told]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) > 0
    assert max(seconds for status, seconds in told if status == 503) < 1.5
