"""Batches over HTTP: many photos, progress, results as lines of JSON, within bounds."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from faceql.engine import Engine
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.service import Service

from .conftest import check_problem, make_photo

LIMITS = Limits(points=2000, batch_images=6, batches=1, batch_result_bytes=20_000)


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[TestClient]:
    app = build_http_app(Service(lambda: engine, LIMITS), ImageSources(LIMITS))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def wait_for_end(client: TestClient, place: str) -> dict:
    for _ in range(200):
        told = client.get(place).json()
        if told["state"] != "working":
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def read_lines(client: TestClient, place: str) -> list[dict]:
    response = client.get(f"{place}/results")
    assert response.headers["content-type"].startswith("application/jsonl")
    return [json.loads(line) for line in response.text.splitlines()]


def test_photos_are_answered_in_order_and_a_bad_one_stops_none(
    client: TestClient, engine: Engine, black_photo: bytes
) -> None:
    photos = [make_photo(1), black_photo, make_photo(2), b"no image"]
    files = [("image", (f"{index}.png", photo, "image/png")) for index, photo in enumerate(photos)]
    started = client.post("/v1/batches", files=files, data={"instruction": ["pupils", "chin"], "faces": "all"})
    assert started.status_code == 202
    place = started.headers["location"]
    assert place == f"/v1/batches/{started.json()['batch']}"
    assert wait_for_end(client, place) == {**started.json(), "state": "done", "done": 4, "failed": 2}
    lines = read_lines(client, place)
    assert [(line["index"], line["name"]) for line in lines] == [(i, f"{i}.png") for i in range(4)]
    for index in (0, 2):
        want = [engine.ask(photos[index], text, faces="all").to_dict() for text in ("pupils", "chin")]
        assert lines[index]["answers"] == want
    assert [lines[index]["error"]["code"] for index in (1, 3)] == ["no_face", "image"]
    assert client.delete(place).status_code == 204
    check_problem(client.get(place), "unknown_handle", 404)
    check_problem(client.get(f"{place}/results"), "unknown_handle", 404)


def test_a_batch_in_json(client: TestClient, engine: Engine, photo: bytes) -> None:
    handle = client.post("/v1/images", content=photo, headers={"Content-Type": "image/png"}).json()["handle"]
    images = [{"handle": handle}, {"base64": base64.b64encode(photo).decode()}, {"handle": "img_x"}]
    started = client.post("/v1/batches", json={"images": images, "instruction": "lips", "detail": "concise"})
    wait_for_end(client, started.headers["location"])
    lines = read_lines(client, started.headers["location"])
    assert lines[0]["answers"][0]["groups"] == lines[1]["answers"][0]["groups"]
    assert lines[2]["error"]["code"] == "unknown_handle"


def test_what_a_batch_may_not_be(client: TestClient, photo: bytes) -> None:
    files = [("image", photo)] * 7
    check_problem(client.post("/v1/batches", files=files, data={"instruction": "chin"}), "too_large", 413)
    check_problem(client.post("/v1/batches", files=files[:1], data={"instruction": "noze"}), "unknown_part", 422)
    check_problem(client.post("/v1/batches", files=files[:1]), "invalid_request", 422)
    check_problem(client.post("/v1/batches", files={"other": photo}, data={"instruction": "chin"}), "invalid_request")
    check_problem(client.post("/v1/batches", json={"images": [], "instruction": "chin"}), "invalid_request")
    check_problem(client.post("/v1/batches", content=photo, headers={"Content-Type": "image/png"}), "media_type")


def test_results_that_grow_too_large_are_refused(client: TestClient, photo: bytes) -> None:
    started = client.post("/v1/batches", files=[("image", photo)] * 4, data={"instruction": "80 points on the jaw"})
    wait_for_end(client, started.headers["location"])
    lines = read_lines(client, started.headers["location"])
    assert "answers" in lines[0]
    assert lines[-1]["error"]["code"] == "too_large"


def test_no_more_batches_than_may_be_and_one_that_is_stopped(gated, photo: bytes) -> None:
    service = Service(lambda: gated, LIMITS)
    with TestClient(build_http_app(service, ImageSources(LIMITS)), base_url="http://localhost") as client:
        asked = {"files": [("image", photo)] * 3, "data": {"instruction": "chin"}}
        first = client.post("/v1/batches", **asked)
        assert gated.entered.wait(20)
        assert client.get(first.headers["location"]).json()["state"] == "working"
        check_problem(client.post("/v1/batches", **asked), "busy", 503)
        assert client.delete(first.headers["location"]).status_code == 204
        second = client.post("/v1/batches", **asked)
        gated.gate.set()
        assert wait_for_end(client, second.headers["location"])["failed"] == 0
