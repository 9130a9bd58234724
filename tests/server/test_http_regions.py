"""Masks, measures, crops, normalised coordinates: in every form of request, the engine's own."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from faceql.engine import Answer, Engine
from faceql.errors import ConfigError
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.service import Service

from .conftest import ASTRONAUT, check_problem

PNG = {"Content-Type": "image/png"}
LIPS = "61 points on the outer lip; 61 points on the inner lip"


@pytest.fixture(scope="module")
def client(service: Service, limits: Limits) -> Iterator[TestClient]:
    with TestClient(build_http_app(service, ImageSources(limits)), base_url="http://localhost") as client:
        yield client


@pytest.fixture(scope="module")
def shipped_client() -> Iterator[TestClient]:
    """The shipped weights: those of other tests know no surfaces."""
    service = Service(lambda: Engine("cpu"))
    with TestClient(build_http_app(service, ImageSources(Limits())), base_url="http://localhost") as client:
        yield client


def test_what_is_no_region_is_told_in_the_words_that_were_sent(client: TestClient, photo: bytes) -> None:
    for region, words in {
        "the face": "'face contour; forehead' is most of a face",
        "300W layout": "'300W layout'",
    }.items():
        told = client.post("/v1/mask", content=photo, params={"region": region}, headers=PNG)
        detail = check_problem(told, "setting")["detail"]
        assert words in detail
        assert repr(region) in detail
        assert "face_contour" not in detail


def test_no_number_is_no_number(client: TestClient, photo: bytes) -> None:
    for path, name in (("/v1/mask", "feather"), ("/v1/crop", "margin")):
        told = client.post(path, content=photo, params={"region": "lips", name: "nan"}, headers=PNG)
        assert check_problem(told, "invalid_request")["detail"] == f"{name}: must be a number"


def ask_in_every_form(client: TestClient, path: str, photo: bytes, options: dict, **text_options: object) -> list:
    """Ask by JSON, by form and by the raw image; `text_options` stand for those that are no text in JSON."""
    texts = {key: value for key, value in options.items() if key not in ("boxes", "distances")} | text_options
    return [
        client.post(path, json={"image": {"base64": base64.b64encode(photo).decode()}, **options}),
        client.post(path, files={"image": photo}, data=texts),
        client.post(path, content=photo, params=texts, headers=PNG),
    ]


def test_masks_in_every_form(client: TestClient, engine: Engine, photo: bytes) -> None:
    want = np.rint(engine.ask(photo, LIPS, faces="all").mask("lips", feather=1.5) * 255)
    for response in ask_in_every_form(client, "/v1/mask", photo, {"region": "lips", "faces": "all", "feather": 1.5}):
        assert response.headers["content-type"] == "image/png", response.text
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(response.content))), want)
    for options in ({"format": "rle"}, {}):
        headers = {**PNG, "Accept": "image/png" if options else "application/json"}
        told = client.post("/v1/mask", content=photo, params={"region": "lips", **options}, headers=headers).json()
        counts = told["rle"]["counts"]
        bits = np.repeat(np.arange(len(counts)) % 2, counts).reshape(told["rle"]["size"], order="F")
        mask = np.rint(engine.ask(photo, LIPS).mask("lips") * 255)
        np.testing.assert_array_equal(bits, mask >= 128)
        assert told["area_px"] == pytest.approx(mask.sum() / 255, abs=0.1)
        x0, y0, x1, y1 = (round(value) for value in told["box"])
        assert mask[y0 : y1 + 1, x0 : x1 + 1].sum() == mask.sum()
    her_left = client.post("/v1/mask", content=photo, params={"region": "her left eye", "format": "rle"}, headers=PNG)
    assert her_left.json()["region"].startswith("right_eye")


def test_measures_in_every_form(client: TestClient, engine: Engine, photo: bytes) -> None:
    pairs = [["left mouth corner", "nose tip"], ["middle of mouth", "chin"]]
    options = {"distances": pairs, "faces": "all", "units": "px"}
    asked = ask_in_every_form(client, "/v1/measure", photo, options, distance=["|".join(pair) for pair in pairs])
    for response in asked:
        told = response.json()
        assert told == asked[0].json()
        for face, measures in zip(told["measured"], engine.measure(photo, faces="all"), strict=True):
            assert face["measures"] == pytest.approx(measures.to_dict("px"), abs=1e-3)
            assert face["distances"][0]["value"] == pytest.approx(measures.distance(*pairs[0]), abs=1e-3)
    (by_eyes,) = client.post("/v1/measure", content=photo, headers=PNG).json()["measured"]
    assert by_eyes["measures"] == pytest.approx(engine.measure(photo)[0].to_dict(), abs=1e-3)
    wrong = client.post("/v1/measure", content=photo, params={"distance": "lips|chin"}, headers=PNG)
    assert "single points" in check_problem(wrong, "invalid_request")["detail"]
    check_problem(
        client.post("/v1/measure", content=photo, params={"distance": "chin"}, headers=PNG), "invalid_request"
    )


def test_crops_in_every_form(client: TestClient, photo: bytes) -> None:
    options = {"region": "left eye", "faces": "face 2", "size": 90, "margin": 0.5, "upright": False}
    pictures = [response.content for response in ask_in_every_form(client, "/v1/crop", photo, options)]
    assert pictures[0] == pictures[1] == pictures[2]
    assert max(Image.open(io.BytesIO(pictures[0])).size) == 90
    jpeg = client.post("/v1/crop", content=photo, headers={**PNG, "Accept": "image/jpeg"})
    assert Image.open(io.BytesIO(jpeg.content)).format == "JPEG"
    told = client.post("/v1/crop", content=photo, params={**options, "format": "json"}, headers=PNG).json()
    assert base64.b64decode(told["png"]) == pictures[0]
    assert told["face"]["number"] == 2
    assert np.array(told["matrix"]).shape == (2, 3)
    check_problem(client.post("/v1/crop", content=photo, params={"faces": "all"}, headers=PNG), "invalid_request")
    check_problem(client.post("/v1/crop", content=photo, params={"region": "ear"}, headers=PNG), "unknown_part")


@pytest.mark.parametrize("region", ["left cheek", "skin", "left eye and left cheek", "outline of the forehead"])
def test_surfaces_are_cut_out_too(shipped_client: TestClient, region: str) -> None:
    told = shipped_client.post(
        "/v1/crop", content=ASTRONAUT.read_bytes(), params={"region": region, "size": 64, "format": "json"}, headers=PNG
    )
    assert told.status_code == 200, told.text
    size = told.json()["crop_size"]
    assert max(size.values()) == 64
    assert min(size.values()) > 20


@pytest.mark.parametrize("region", ["left cheek", "skin", "cheeks", "T-zone"])
def test_surfaces_are_masked(shipped_client: TestClient, region: str) -> None:
    options = {"region": region, "format": "rle"}
    told = shipped_client.post("/v1/mask", content=ASTRONAUT.read_bytes(), params=options, headers=PNG)
    assert told.json()["area_px"] > 1000


def test_what_is_left_out_of_a_region_is_cut_out_of_its_mask(shipped_client: TestClient) -> None:
    def measure_area(region: str) -> float:
        options = {"region": region, "format": "rle"}
        told = shipped_client.post("/v1/mask", content=ASTRONAUT.read_bytes(), params=options, headers=PNG)
        return told.json()["area_px"]

    # Her mouth is open: the teeth are no lips.
    assert measure_area("lips without the mouth opening") == measure_area("lips") < 0.7 * measure_area("outer lip")


@pytest.mark.parametrize("region", ["apple of the cheek", "a grid of 4 by 5 on the forehead"])
def test_places_on_surfaces_are_cut_out(shipped_client: TestClient, region: str) -> None:
    options = {"region": region, "size": 64, "format": "json"}
    told = shipped_client.post("/v1/crop", content=ASTRONAUT.read_bytes(), params=options, headers=PNG)
    assert told.status_code == 200, told.text


def test_normalised_coordinates(client: TestClient, engine: Engine, photo: bytes) -> None:
    want = engine.ask(photo, "lips")
    size = np.array([320, 200])
    for options in ({}, {"detail": "concise"}):
        params = {"instruction": "lips", "units": "normalized", **options}
        (told,) = client.post("/v1/ask", content=photo, params=params, headers=PNG).json()["answers"]
        assert "(1, 1)" in told["frame"]
        points = (
            [point for group in told["groups"] for point in group["points"]]
            if options
            else [(point["x"], point["y"]) for point in told["points"]]
        )
        np.testing.assert_allclose(np.array(points) * size - 0.5, want.xy, atol=0.06 if options else 1e-3)
        box = np.array(told["faces"][0]["box"]).reshape(2, 2) * size - 0.5
        np.testing.assert_allclose(box.ravel(), want.faces[0].box, atol=0.06)
        if not options:
            with pytest.raises(ConfigError, match="normalized"):
                Answer.from_dict(told)
    # In a table as well, of one instruction and of several.
    for asked in (["lips"], ["lips", "lips"]):
        table = client.post(
            "/v1/ask",
            content=photo,
            params={"instruction": asked, "units": "normalized"},
            headers={**PNG, "Accept": "text/csv"},
        ).text
        rows = list(csv.DictReader(io.StringIO(table)))
        assert len(rows) == len(asked) * len(want)
        points = np.array([(float(row["x"]), float(row["y"])) for row in rows[-len(want) :]])
        np.testing.assert_allclose(points * size - 0.5, want.xy, atol=1e-3)
        assert [row["name"] for row in rows[-len(want) :]] == [point.name for point in want]


def test_where_an_opened_image_is_and_how_much_more_may_be_asked(
    client: TestClient, photo: bytes, limits: Limits
) -> None:
    opened = client.post("/v1/images", content=photo, headers=PNG)
    assert opened.headers["location"] == f"/v1/images/{opened.json()['handle']}"
    assert client.get(opened.headers["location"]).status_code == 200
    assert opened.headers["ratelimit-policy"] == f'"at-work";q={limits.requests_per_client};qu="concurrent-requests"'
    assert opened.headers["ratelimit"] == f'"at-work";r={limits.requests_per_client - 1}'


def test_long_answers_are_packed(client: TestClient, photo: bytes) -> None:
    params = {"instruction": "500 points on the jaw"}
    packed = client.post("/v1/ask", content=photo, params=params, headers=PNG)
    assert packed.headers["content-encoding"] == "gzip"
    plain = client.post("/v1/ask", content=photo, params=params, headers={**PNG, "Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) < 0.4 * len(plain.content)


def test_pages_of_a_site_that_is_named_may_ask(own_service: Service, limits: Limits, photo: bytes) -> None:
    keys, site = ["a-long-random-key-1"], "https://app.example.org"
    app = build_http_app(own_service, ImageSources(limits), api_keys=keys, origins=[site])
    with TestClient(app, base_url="http://localhost") as client:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, x-api-key"}
        # A browser sends no key with its first question.
        preflight = client.options("/v1/ask", headers={"Origin": site, **asked})
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == site
        headers = {**PNG, "Origin": site, "X-Api-Key": keys[0]}
        told = client.post("/v1/ask?instruction=chin", content=photo, headers=headers)
        assert told.headers["access-control-allow-origin"] == site
        assert "location" in told.headers["access-control-expose-headers"].lower()
        missing = client.post("/v1/ask?instruction=chin", content=photo, headers={**PNG, "Origin": site})
        assert (missing.status_code, missing.headers["access-control-allow-origin"]) == (401, site)
        for other in ("https://evil.example", "http://app.example.org", "https://app.example.org.evil.example"):
            refused = client.post("/v1/ask?instruction=chin", content=photo, headers={**headers, "Origin": other})
            check_problem(refused, "origin", 403)
            assert "access-control-allow-origin" not in refused.headers
