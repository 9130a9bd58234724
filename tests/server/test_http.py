"""The HTTP service in-process: every route, every form of request, every kind of error."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from faceql.engine import Answer, AskSettings, Engine
from faceql.errors import CheckpointError
from faceql.server.http_app import build_http_app
from faceql.server.http_docs import AskAnswer
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.service import Service

from .conftest import check_problem, make_photo


@pytest.fixture(scope="module")
def client(service: Service, limits: Limits) -> Iterator[TestClient]:
    with TestClient(build_http_app(service, ImageSources(limits)), base_url="http://localhost") as client:
        yield client


def encode(photo: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(photo).decode()}


def test_json_form_and_raw_body_get_the_engines_answer(client: TestClient, engine: Engine, photo: bytes) -> None:
    want = engine.ask(photo, "her left eyebrow, 9 points", faces="face 2")
    options = {"instruction": "her left eyebrow, 9 points", "faces": "face 2"}
    responses = [
        client.post("/v1/ask", json={"image": encode(photo), **options}),
        client.post("/v1/ask", files={"image": ("a.png", photo, "image/png")}, data=options),
        client.post("/v1/ask", content=photo, params=options, headers={"Content-Type": "image/png"}),
    ]
    for response in responses:
        assert response.status_code == 200, response.text
        (answer,) = response.json()["answers"]
        assert Answer.from_dict(answer) == want
        assert answer == want.to_dict()


def test_every_option_in_every_form(client: TestClient, service: Service, photo: bytes) -> None:
    """Those of a form or a query come as text."""
    options = {"instruction": "300W points 0 to 3", "ids_from": 0, "perspective": "subject", "detail": "concise",
               "faces": "leftmost", "deadline_ms": 15_000}  # fmt: skip
    png = {"Content-Type": "image/png"}
    for response in (
        client.post("/v1/ask", json={"image": encode(photo), **options}),
        client.post("/v1/ask", files={"image": photo}, data=options),
        client.post("/v1/ask", content=photo, params=options, headers=png),
    ):
        assert response.status_code == 200, response.text
        (answer,) = response.json()["answers"]
        assert answer["canonical"] == service.parse("300W points 1 to 4", AskSettings(perspective="subject")).canonical
        assert answer["perspective"] == "subject"
        assert answer["count"] == 4
    drawn = {"max_side": 100, "legend": False, "show_errors": True, "format": "png", "instruction": "chin"}
    pictures = [
        client.post("/v1/draw", json={"image": encode(photo), **drawn}).content,
        client.post("/v1/draw", files={"image": photo}, data=drawn).content,
        client.post("/v1/draw", content=photo, params=drawn, headers=png).content,
    ]
    assert Image.open(io.BytesIO(pictures[0])).size == (100, 62)
    assert pictures[0] == pictures[1] == pictures[2]


def test_many_instructions_are_answered_in_order(client: TestClient, engine: Engine, photo: bytes) -> None:
    texts = ["pupils", "5 points on the nose bridge", "mouth corners of every face"]
    wants = [engine.ask(photo, text) for text in texts]
    by_json = client.post("/v1/ask", json={"image": encode(photo), "instructions": texts}).json()
    by_query = client.post(
        "/v1/ask", content=photo, params={"instruction": texts}, headers={"Content-Type": "application/octet-stream"}
    ).json()
    by_form = client.post("/v1/ask", files={"image": photo}, data={"instruction": texts}).json()
    for body in (by_json, by_query, by_form):
        assert [Answer.from_dict(answer) for answer in body["answers"]] == wants


def test_boxes_in_every_form(client: TestClient, engine: Engine, photo: bytes) -> None:
    boxes = [[10, 20, 90, 120.5], [100, 20, 190, 120]]
    want = engine.ask(photo, "chin", boxes=boxes).to_dict()
    texts = [",".join(map(str, box)) for box in boxes]
    for response in (
        client.post("/v1/ask", json={"image": encode(photo), "instruction": "chin", "boxes": boxes}),
        client.post("/v1/ask", files={"image": photo}, data={"instruction": "chin", "box": texts}),
        client.post("/v1/ask", content=photo, params={"instruction": "chin", "box": texts},
                    headers={"Content-Type": "image/png"}),
    ):  # fmt: skip
        assert response.json()["answers"] == [want]


def test_concise_is_grouped(client: TestClient, engine: Engine, photo: bytes) -> None:
    body = {"image": encode(photo), "instruction": "mouth corners; chin", "detail": "concise"}
    (answer,) = client.post("/v1/ask", json=body).json()["answers"]
    assert [group["part"] for group in answer["groups"]] == ["outer lip", "face contour"]
    points = [point for group in answer["groups"] for point in group["points"]]
    np.testing.assert_allclose(points, engine.ask(photo, "mouth corners; chin").xy, atol=0.051)
    assert answer["image_size"] == {"height": 200, "width": 320}


def test_a_handle_lives_and_dies(client: TestClient, engine: Engine) -> None:
    photo = make_photo(111)  # nobody else has it open: one handle serves all who opened the same pixels
    opened = client.post("/v1/images", content=photo, headers={"Content-Type": "image/png"})
    assert opened.status_code == 201
    handle = opened.json()["handle"]
    assert re.fullmatch(r"img_[\w-]{22}", handle)
    assert opened.json()["lifetime_seconds"] > 800
    assert opened.json()["expires_at"].endswith("Z")
    body = {"image": {"handle": handle}, "instruction": "lips"}
    assert client.post("/v1/ask", json=body).json()["answers"] == [engine.ask(photo, "lips").to_dict()]
    form = client.post("/v1/ask", files={"handle": (None, handle), "instruction": (None, "lips")})
    assert form.json() == client.post("/v1/ask", json=body).json()
    assert client.get(f"/v1/images/{handle}").json()["faces"] == opened.json()["faces"]
    assert client.delete(f"/v1/images/{handle}").status_code == 204
    for response in (
        client.post("/v1/ask", json=body),
        client.get(f"/v1/images/{handle}"),
        client.delete(f"/v1/images/{handle}"),
    ):
        check_problem(response, "unknown_handle", 404)


def test_drawings(client: TestClient, engine: Engine, photo: bytes) -> None:
    want = engine.ask(photo, "outer lip as a polygon")
    body = {"image": encode(photo), "instruction": "outer lip as a polygon"}
    png = client.post("/v1/draw", json=body)
    assert png.headers["content-type"] == "image/png"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png.content))), np.asarray(want.draw()))
    small = client.post("/v1/draw", json={**body, "max_side": 160, "legend": False, "show_errors": True})
    drawn = np.asarray(Image.open(io.BytesIO(small.content)))
    np.testing.assert_array_equal(drawn, np.asarray(want.draw(scale=0.5, legend=False, errors=True)))
    stream = io.BytesIO()
    Image.new("RGB", (5000, 400), "grey").save(stream, "PNG")
    large = client.post("/v1/draw", json={"image": encode(stream.getvalue()), "instruction": "chin"})
    assert Image.open(io.BytesIO(large.content)).size == (4096, 328)
    svg = client.post("/v1/draw", files={"image": photo}, data={**body, "image": None, "format": "svg"})
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert svg.text == want.to_svg()


def test_parse_parts_and_layouts(client: TestClient, service: Service) -> None:
    parsed = client.post("/v1/parse", json={"instruction": "10 points from left chin to jaw end", "detail": "full"})
    query = service.parse("10 points from left chin to jaw end")
    assert parsed.json()["canonical"] == query.canonical
    assert parsed.json()["count"] == 10
    assert parsed.json()["landmarks"] == [{"part": q.part, "fpalp": float(q.fpalp)} for q in query]
    assert [p["name"] for p in client.get("/v1/parts").json()] == [p.name for p in service.list_parts().parts]
    assert {x["name"]: x["size"] for x in client.get("/v1/layouts").json()}["wflw"] == 98


def test_a_mistake_in_the_instruction(client: TestClient, photo: bytes) -> None:
    text = "10 points along the noze"
    for response in (
        client.post("/v1/parse", json={"instruction": text}),
        client.post("/v1/ask", json={"image": encode(photo), "instruction": text}),
        client.post("/v1/draw", json={"image": encode(photo), "instruction": text}),
    ):
        body = check_problem(response, "unknown_part", 422)
        start, stop = body["span"]
        assert "noze" in text[start:stop] == body["problems"][0]["quote"]
        assert "nose" in body["suggestion"]
    several = client.post("/v1/ask", json={"image": encode(photo), "instructions": ["chin", text]})
    assert check_problem(several, "unknown_part")["instruction_index"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"image": {"base64": "@@"}}, "invalid_request"),
        ({"image": {"base64": "AAAA"}}, "image"),
        ({"image": {"handle": "img_x"}}, "unknown_handle"),
        ({"image": {"url": "https://example.org/a.png"}}, "image_source"),
        ({"image": {"path": "/etc/passwd"}}, "invalid_request"),
        ({"image": {}}, "invalid_request"),
        ({"image": {"handle": "img_x", "base64": "AAAA"}}, "invalid_request"),
        ({"image": {"base64": "A" * 280_000}}, "too_large"),
        ({"instruction": None}, "invalid_request"),
        ({"instructions": ["chin"]}, "invalid_request"),
        ({"instruction": None, "instructions": ["chin"] * 5}, "invalid_request"),
        ({"instruction": "2001 points on the lips"}, "too_many"),
        ({"faces": "face 7"}, "no_such_face"),
        ({"faces": "prettiest"}, "setting"),
        ({"boxes": [[5, 5, 1, 1]]}, "image"),
        ({"boxes": [[5, 5, 1]]}, "invalid_request"),
        ({"perspective": "mirror"}, "invalid_request"),
        ({"unknown": 1}, "invalid_request"),
        ({"deadline_ms": 0}, "invalid_request"),
    ],
)
def test_requests_that_are_refused(client: TestClient, photo: bytes, change: dict, code: str) -> None:
    body = {"image": encode(photo), "instruction": "chin"} | change
    check_problem(client.post("/v1/ask", json=body), code)


def test_bodies_that_cannot_be_read(client: TestClient, photo: bytes, black_photo: bytes) -> None:
    json_type = {"Content-Type": "application/json"}
    check_problem(client.post("/v1/ask", content=b"{", headers=json_type), "malformed", 400)
    check_problem(client.post("/v1/ask", content=b"x", headers={"Content-Type": "text/plain"}), "media_type", 415)
    check_problem(client.post("/v1/ask", content=b"x"), "media_type", 415)
    check_problem(client.post("/v1/parse", content=b"{}", headers={"Content-Type": "text/plain"}), "media_type", 415)
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for content in (b"--y\r\n", b"", b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--"):
        assert client.post("/v1/ask", content=content, headers=form).status_code in (400, 422)
    check_problem(client.post("/v1/ask", files={"image": photo}), "invalid_request")
    png = {"Content-Type": "image/png"}
    twice = client.post("/v1/ask", content=photo, params=[("faces", "all"), ("faces", "1")], headers=png)
    check_problem(twice, "invalid_request")
    check_problem(client.post("/v1/ask?instruction=chin", content=black_photo, headers=png), "no_face")
    check_problem(client.post("/v1/ask?instruction=chin", content=b"", headers=png), "image")
    check_problem(client.get("/nowhere"), "not_found", 404)
    check_problem(client.get("/v1/ask"), "method", 405)


def test_what_was_sent_is_not_echoed(client: TestClient) -> None:
    secret = "c2VjcmV0LXBob3Rv" * 4
    response = client.post("/v1/ask", json={"image": {"base64": secret, "url": secret}, "instruction": "chin"})
    check_problem(response, "invalid_request")
    assert secret[:16] not in response.text


def test_health_readiness_and_metrics(own_service: Service, photo: bytes) -> None:
    client = TestClient(build_http_app(own_service, ImageSources(own_service.limits)), base_url="http://localhost")
    assert client.get("/healthz").json() == {"status": "ok"}
    client.post("/v1/ask?instruction=pupils", content=photo, headers={"Content-Type": "image/png"})
    assert client.get("/readyz").json() == {"status": "ready"}
    client.post("/v1/parse", json={"instruction": "no such thing"})
    text = client.get("/metrics").text
    assert 'faceql_requests_total{method="POST",route="/v1/ask",status="200"} 1' in text
    assert "faceql_points_total 2" in text
    assert re.search(r'faceql_errors_total\{code="\w+"\} 1', text)
    assert 'faceql_batch_requests_bucket{le="1.0"} 1' in text
    assert "faceql_ready 1" in text
    assert re.fullmatch(r"(#.*\n|[a-z_]+(\{[^}]*\})? [-+.e\d]+\n)*", text)


def test_readiness_while_and_after_loading(engine: Engine) -> None:
    import threading

    gate = threading.Event()
    service = Service(lambda: gate.wait(20) and engine)
    with TestClient(build_http_app(service, ImageSources(Limits())), base_url="http://localhost") as client:
        check_problem(client.get("/readyz"), "loading", 503)
        assert client.get("/healthz").status_code == 200
        assert client.post("/v1/parse", json={"instruction": "chin"}).status_code == 200
        gate.set()

    def refuse() -> Engine:
        raise CheckpointError("no weights at /secret")

    service = Service(refuse)
    with TestClient(build_http_app(service, ImageSources(Limits())), base_url="http://localhost") as client:
        while service.loading_error is None:
            pass
        response = client.get("/readyz")
        check_problem(response, "checkpoint", 500)
        assert "secret" not in response.text


def test_request_ids_and_headers(client: TestClient) -> None:
    own = client.get("/healthz", headers={"X-Request-Id": "trace-1234_abc"})
    assert own.headers["x-request-id"] == "trace-1234_abc"
    for bad in ("short", "x" * 65, "with space and more", 'quote"-injection'):
        given = client.get("/healthz", headers={"X-Request-Id": bad}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{16}", given)
    assert own.headers["x-content-type-options"] == "nosniff"
    assert own.headers["cache-control"] == "no-store"


def test_cors_is_off(client: TestClient) -> None:
    preflight = client.options(
        "/v1/ask", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert preflight.status_code >= 400
    for response in (
        preflight,
        client.get("/v1/parts"),
        client.get("/v1/parts", headers={"Origin": "http://localhost"}),
    ):
        assert not [name for name in response.headers if name.startswith("access-control")]


def test_logs_hold_neither_images_nor_coordinates_nor_words(client: TestClient, photo: bytes, caplog) -> None:
    caplog.set_level("DEBUG")
    body = {
        "image": encode(photo),
        "instruction": "3 points on the secret lips",
        "boxes": [[11.25, 12.5, 99.75, 130.5]],
    }
    client.post("/v1/ask", json=body)
    body["instruction"] = "3 points on the outer lip"
    assert client.post("/v1/ask", json=body).status_code == 200
    lines = [record.getMessage() + json.dumps(getattr(record, "data", {})) for record in caplog.records]
    ours = [record.data for record in caplog.records if record.name == "faceql.server.http"]
    assert [data["status"] for data in ours] == [422, 200]
    assert all(set(data) == {"request_id", "method", "route", "status", "ms", "bytes_in", "bytes_out"} for data in ours)
    for text in ("secret", "lip", "11.25", "99.75", body["image"]["base64"][:40]):
        assert not any(text in line for line in lines)


def test_the_openapi_document_is_whole(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/ask", "/v1/draw", "/v1/parse", "/v1/images", "/v1/images/{handle}", "/v1/images/{handle}/photo",
        "/v1/parts", "/v1/surfaces", "/v1/layouts", "/v1/measure", "/v1/mask", "/v1/crop",
        "/v1/batches", "/v1/batches/{batch}", "/v1/batches/{batch}/results",
        "/healthz", "/readyz", "/metrics",
    }  # fmt: skip
    for path in ("/v1/ask", "/v1/draw", "/v1/images"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        assert set(content) == {"application/json", "multipart/form-data", "image/*"}
        assert content["application/json"]["examples"]
    assert "ProblemDetails" in document["components"]["schemas"]


def test_the_examples_of_the_openapi_document_are_true(client: TestClient, service: Service, photo: bytes) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    handle = client.post("/v1/images", content=photo, headers={"Content-Type": "image/png"}).json()["handle"]
    for path in ("/v1/ask", "/v1/draw", "/v1/parse", "/v1/measure", "/v1/mask", "/v1/crop"):
        for example in paths[path]["post"]["requestBody"]["content"]["application/json"]["examples"].values():
            body = example["value"] | ({"image": {"handle": handle}} if "image" in example["value"] else {})
            assert client.post(path, json=body).status_code == 200
    answers = paths["/v1/ask"]["post"]["responses"]
    answer = AskAnswer.model_validate(answers["200"]["content"]["application/json"]["example"]).answers[0]
    assert service.parse(answer.instruction).canonical == answer.canonical
    wrong = client.post("/v1/parse", json={"instruction": "10 points along the noze"}).json()
    assert wrong == answers["422"]["content"]["application/problem+json"]["example"]
    told = client.post("/v1/parse", json={"instruction": "10 points from left chin to jaw end as a polyline"}).json()
    example = paths["/v1/parse"]["post"]["responses"]["200"]["content"]["application/json"]["example"]
    # Documents leave out what is null.
    assert example == {name: value for name, value in told.items() if value is not None}
