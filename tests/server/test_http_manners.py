"""What clients of all kinds expect of an HTTP service: methods, Accept, keys, and errors in words they know."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator

import pytest
from PIL import Image
from starlette.testclient import TestClient

from faceql.engine import Engine
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.service import Service

from .conftest import check_problem

PNG = {"Content-Type": "image/png"}
JSON = {"Content-Type": "application/json"}


def make_grey(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (width, height), 128).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def client(service: Service, limits: Limits) -> Iterator[TestClient]:
    with TestClient(build_http_app(service, ImageSources(limits)), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def handle(client: TestClient, photo: bytes) -> str:
    return client.post("/v1/images", content=photo, headers=PNG).json()["handle"]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'{"instruction": "chin",}', b"[" * 100_000])
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/parse"])
def test_a_body_that_is_no_json_cannot_be_read(client: TestClient, path: str, body: bytes) -> None:
    problem = check_problem(client.post(path, content=body, headers=JSON), "malformed", 400)
    assert "JSON" in problem["detail"]
    check_problem(client.post(path, content=b"[]", headers=JSON), "invalid_request", 422)


@pytest.mark.parametrize(
    "body", [b"[" + b"[]," * 60_000 + b"[]]", b'{"instruction": "chin"' + b', "a": 1' * 60_000 + b"}"]
)
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/parse"])
def test_json_of_very_many_pieces_is_refused_before_it_is_parsed(client: TestClient, path: str, body: bytes) -> None:
    """27 MB of empty lists took 5 s of the event loop, and 2 GB."""
    problem = check_problem(client.post(path, content=body, headers=JSON), "malformed", 400)
    assert "pieces" in problem["detail"]


def test_json_may_begin_with_a_byte_order_mark(client: TestClient) -> None:
    told = client.post("/v1/parse", content=b'\xef\xbb\xbf{"instruction": "chin"}', headers=JSON)
    assert told.json()["count"] == 1


def test_a_file_whose_name_is_not_ascii(client: TestClient, photo: bytes) -> None:
    """Both ways in which clients send it."""
    for name in ('filename="фото.png"', "filename*=UTF-8''%d1%84%d0%be%22%d1%82%d0%be.png"):
        body = f'--XX\r\nContent-Disposition: form-data; name="image"; {name}\r\n\r\n'.encode() + photo
        body += b'\r\n--XX\r\nContent-Disposition: form-data; name="instruction"\r\n\r\nchin\r\n--XX--\r\n'
        form = {"Content-Type": "multipart/form-data; boundary=XX"}
        assert client.post("/v1/ask", content=body, headers=form).status_code == 200


def test_two_images_in_a_form_are_told_apart_from_a_broken_one(client: TestClient, photo: bytes) -> None:
    files = [("image", photo), ("image", photo)]
    problem = check_problem(client.post("/v1/ask", files=files, data={"instruction": "chin"}), "invalid_request")
    assert problem["detail"] == "image: one image a request, and here are 2"


@pytest.mark.parametrize(
    ("name", "value", "instead"), [("instructions", "chin", "instruction"), ("boxes", "1,2,3,4", "box")]
)
def test_lists_in_a_form_are_fields_that_are_repeated(
    client: TestClient, photo: bytes, name: str, value: str, instead: str
) -> None:
    told = client.post("/v1/ask", files=[("image", photo)], data={"instruction": "chin", name: value})
    detail = check_problem(told, "invalid_request")["detail"]
    assert detail == f"{name}: in a form or a query each is a field {instead!r}, which may be repeated"
    several = client.post("/v1/ask", files=[("image", photo)], data={"instruction": ["chin", "pupils"]}).json()
    assert [len(answer["points"]) for answer in several["answers"]] == [1, 2]
    told = client.post("/v1/ask", files=[("image", photo)], data={"instruction": "chin", "faces": ["all", "largest"]})
    assert check_problem(told, "invalid_request")["detail"] == "faces: may stand once"


def test_head_is_get_without_its_body(client: TestClient, handle: str) -> None:
    for path in ("/", "/healthz", "/v1/parts", "/openapi.json", "/playground/sample.jpg", f"/v1/images/{handle}"):
        head, get = client.head(path), client.get(path)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.headers["content-length"] == get.headers["content-length"]
    assert client.head("/nowhere").status_code == 404
    assert client.head("/v1/ask").status_code == 405


def test_numbers_have_no_more_digits_than_they_mean(client: TestClient) -> None:
    box = [178.7, 61.89999999999999, 266.7, 172.3]
    wide = make_grey(640, 400)
    opened = client.post("/v1/images", content=wide, params={"box": ",".join(map(str, box))}, headers=PNG).json()
    assert opened["faces"][0]["box"] == [178.7, 61.9, 266.7, 172.3]
    params = {"instruction": "chin", "box": ",".join(map(str, box))}
    for detail in ("full", "concise"):
        told = client.post("/v1/ask", content=wide, params={**params, "detail": detail}, headers=PNG).json()
        assert told["answers"][0]["faces"][0]["box"] == [178.7, 61.9, 266.7, 172.3]


def test_a_photo_of_too_many_pixels_is_told_in_english(client: TestClient) -> None:
    problem = check_problem(client.post("/v1/images", content=make_grey(4000, 4000), headers=PNG), "image")
    assert problem["detail"].startswith("the image is too large: 4000 x 4000, more than 4,000,000 pixels")
    assert check_problem(client.post("/v1/images", content=b"", headers=PNG), "image")["detail"] == "the image is empty"


def test_a_bomb_is_told_by_the_limit_that_holds(engine: Engine) -> None:
    """Pillow gives up by itself at 179 megapixels, in the first of the lanes in which a photo is tried."""
    bomb = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(bomb, "PNG")
    app = build_http_app(Service(lambda: engine), ImageSources(Limits()))
    with TestClient(app, base_url="http://localhost") as client:
        told = client.post("/v1/images", content=bomb.getvalue(), headers=PNG)
    detail = check_problem(told, "image")["detail"]
    assert detail == "the image is too large: 20000 x 10000, more than 40,000,000 pixels"


def test_a_form_that_is_cut_short_is_not_answered_in_part(client: TestClient, photo: bytes) -> None:
    body = b'--XX\r\nContent-Disposition: form-data; name="instruction"\r\n\r\nchin\r\n'
    body += b'--XX\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + photo + b"\r\n"
    second = b'--XX\r\nContent-Disposition: form-data; name="image"; filename="b.png"\r\n\r\n' + photo[:400]
    form = {"Content-Type": "multipart/form-data; boundary=XX"}
    for path, sent in (("/v1/ask", body), ("/v1/batches", body + second)):
        detail = check_problem(client.post(path, content=sent, headers=form), "malformed", 400)["detail"]
        assert detail == "the form is cut short: its closing boundary is missing"
    assert client.post("/v1/ask", content=body + b"--XX--\r\n", headers=form).status_code == 200


PYTHON_WORDS = ("Value error", "Input should", "Extra inputs", "List should", "String should", "Field required",
                "after validation", "None", "boxes=[", "unable to parse", "Traceback", "(5.0,", "True")  # fmt: skip


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"image": {}}, "image: give exactly one of handle, base64 and url"),
        ({"image": "x"}, "image: must be an object"),
        ({"instruction": None}, "the body: give either instruction or instructions"),
        ({"instruction": 5}, "instruction: must be text"),
        ({"instruction": "x" * 20_001}, "instruction: must have 20000 characters at most"),
        ({"instruction": None, "instructions": []}, "instructions: must have 1 item or more, and has 0"),
        ({"boxes": [[5, 5, 1]]}, "boxes.0: must have 4 items or more, and has 3"),
        ({"boxes": [[1, 2, 3, 4, 5]]}, "boxes.0: must have 4 items at most, and has 5"),
        ({"boxes": [[1, 2, 3, "a"]]}, "boxes.0.3: must be a number"),
        ({"boxes": 5}, "boxes: must be a list"),
        ({"boxes": []}, "boxes is empty: give x0, y0, x1, y1 for each face, or leave it out to find the faces"),
        ({"boxes": [[5, 5, 1, 1]]}, "a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1, not 5, 5, 1, 1"),
        ({"perspective": "mirror"}, "perspective: must be 'viewer' or 'subject'"),
        ({"unknown": 1}, "unknown: there is no such field"),
        ({"deadline_ms": 0}, "deadline_ms: must be 1 or more"),
        ({"deadline_ms": 700_000}, "deadline_ms: must be 600000 at most"),
        ({"deadline_ms": "x"}, "deadline_ms: must be a whole number"),
        ({"deadline_ms": 1.5}, "deadline_ms: must be a whole number"),
    ],
)
def test_errors_speak_no_python(client: TestClient, handle: str, change: dict, detail: str) -> None:
    body = {"image": {"handle": handle}, "instruction": "chin"} | change
    response = client.post("/v1/ask", json=body)
    assert response.json()["detail"] == detail
    assert not [word for word in PYTHON_WORDS if word in response.text]


def test_no_face_and_nowhere_speak_no_python_either(client: TestClient, black_photo: bytes) -> None:
    for response in (
        client.post("/v1/ask?instruction=chin", content=black_photo, headers=PNG),
        client.post("/v1/draw", json={"image": {"base64": "AAAA"}, "instructions": ["chin", "lips"], "legend": "x"}),
        client.post("/v1/ask", files={"image": black_photo}, data={"instruction": "chin", "box": "1,2"}),
        client.get("/nowhere"),
        client.get("/v1/ask"),
    ):
        assert response.status_code >= 400
        assert not [word for word in PYTHON_WORDS if word in response.text], response.text
    assert client.get("/nowhere").json()["detail"] == "there is nothing at this path; /docs lists what is served"
    wrong = client.get("/v1/ask")
    assert wrong.json()["detail"] == "POST is served here, not GET"
    assert wrong.headers["allow"] == "POST"


def test_a_wrong_key_does_not_read_like_a_missing_one(own_service: Service, limits: Limits) -> None:
    app = build_http_app(own_service, ImageSources(limits), api_keys=["a-long-random-key-1"])
    with TestClient(app, base_url="http://localhost") as client:
        missing = check_problem(client.get("/v1/parts"), "unauthorized", 401)["detail"]
        wrong = client.get("/v1/parts", headers={"X-Api-Key": "a-long-random-key-2"})
        detail = check_problem(wrong, "unauthorized", 401)["detail"]
        assert "a-long-random-key-2" not in wrong.text
        assert missing == "send an API key, as Authorization: Bearer KEY or X-Api-Key: KEY"
        assert detail == "this API key is not one of this server's"
        assert wrong.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        basic = client.get("/v1/parts", headers={"Authorization": "Basic YTpi"})
        assert "Bearer" in check_problem(basic, "unauthorized", 401)["detail"]
        assert client.get("/v1/parts", headers={"Authorization": "bearer a-long-random-key-1"}).status_code == 200
        # What stays open without a key is open with a wrong one too.
        assert client.get("/healthz", headers={"X-Api-Key": "a-long-random-key-2"}).status_code == 200


def test_accept_chooses_what_comes_back(client: TestClient, engine: Engine, photo: bytes, handle: str) -> None:
    body = {"image": {"handle": handle}, "instruction": "lips as polygons"}
    want = engine.ask(photo, "lips as polygons")

    def ask(accept: str, path: str = "/v1/ask"):
        response = client.post(path, json=body, headers={"Accept": accept})
        assert response.headers.get("vary", "").startswith("Accept") or response.status_code != 200
        return response

    assert ask("text/csv").text == want.to_csv()
    assert ask("text/csv").headers["content-type"] == "text/csv; charset=utf-8"
    assert ask("image/svg+xml").text == want.to_svg()
    assert ask("image/png").content[:4] == b"\x89PNG"
    assert ask("image/jpeg").content[:3] == b"\xff\xd8\xff"
    for accept in (
        "*/*",
        "application/json",
        "text/html, */*;q=0.1",
        "application/*",
        "text/csv;q=0.2, application/json",
    ):
        assert ask(accept).json()["answers"] == [want.to_dict()]
    assert ask("text/*").text == want.to_csv()
    assert ask("application/json;q=0, */*").text == want.to_csv()
    assert ask("image/svg+xml", "/v1/draw").text == want.to_svg()
    assert ask("*/*", "/v1/draw").content[:4] == b"\x89PNG"
    problem = check_problem(ask("application/xml"), "not_acceptable", 406)
    assert "application/json, text/csv, image/png, image/svg+xml, image/jpeg" in problem["detail"]
    # What is asked by name goes over what is asked by header.
    drawn = client.post("/v1/draw", json={**body, "format": "svg"}, headers={"Accept": "image/png"})
    assert drawn.text == want.to_svg()


def test_several_answers_in_one_table_say_whose_row_it_is(client: TestClient, handle: str) -> None:
    body = {"image": {"handle": handle}, "instructions": ["pupils", "mouth corners"]}
    rows = list(csv.DictReader(io.StringIO(client.post("/v1/ask", json=body, headers={"Accept": "text/csv"}).text)))
    assert [row["instruction"] for row in rows] == ["0", "0", "1", "1"]
    assert [row["name"] for row in rows] == ["left pupil", "right pupil", "left mouth corner", "right mouth corner"]
    check_problem(client.post("/v1/ask", json=body, headers={"Accept": "image/svg+xml"}), "invalid_request", 422)


def test_the_openapi_document_says_how_a_key_is_sent(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer"},
        "api_key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    }
    assert {"bearer": []} in document["security"]
    assert {} in document["security"]
    for path in ("/healthz", "/readyz"):
        assert document["paths"][path]["get"]["security"] == []


def test_a_face_of_a_crowd_is_asked_by_its_number(client: TestClient) -> None:
    wide = make_grey(1300, 100)
    boxes = [f"{10 + 20 * i},10,{25 + 20 * i},30" for i in range(64)]
    params = {"instruction": "pupils, face 21", "box": boxes}
    response = client.post("/v1/ask", content=wide, params=params, headers=PNG)
    assert response.status_code == 200, response.text
    told = response.json()["answers"][0]
    assert [face["number"] for face in told["faces"]] == [21]
    assert client.post(
        "/v1/ask", content=wide, params={**params, "instruction": "pupils, face 64"}, headers=PNG
    ).is_success


def test_an_open_image_is_shown_upright_to_those_who_cannot_read_it(client: TestClient) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.radial_gradient("L").resize((300, 200)).convert("RGB").save(stream, "TIFF", exif=exif, compression="tiff_lzw")
    handle = client.post("/v1/images", content=stream.getvalue(), headers={"Content-Type": "image/tiff"}).json()[
        "handle"
    ]
    png = client.get(f"/v1/images/{handle}/photo")
    assert (png.headers["content-type"], Image.open(io.BytesIO(png.content)).size) == ("image/png", (200, 300))
    jpeg = client.get(f"/v1/images/{handle}/photo?max_side=150", headers={"Accept": "image/jpeg"})
    assert (jpeg.headers["content-type"], Image.open(io.BytesIO(jpeg.content)).size) == ("image/jpeg", (100, 150))
    check_problem(client.get(f"/v1/images/{handle}/photo", headers={"Accept": "text/html"}), "not_acceptable", 406)
    check_problem(client.get("/v1/images/img_x/photo"), "unknown_handle", 404)
    check_problem(client.get(f"/v1/images/{handle}/photo?max_side=5"), "invalid_request", 422)


def test_http_hints_at_what_is_no_point(client: TestClient) -> None:
    for text, route in (("crop the mouth", "/v1/crop"), ("eye openness", "/v1/measure"), ("10 on the noze", None)):
        told = client.post("/v1/parse", json={"instruction": text}).json()
        assert route in told["hint"] if route else "hint" not in told


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, identity", "x-own"])
def test_a_packed_body_is_refused_for_what_it_is(client: TestClient, photo: bytes, coding: str) -> None:
    """It was taken for the image itself, which "cannot be read"."""
    for path, content, kind in (
        ("/v1/ask?instruction=chin", photo, PNG),
        ("/v1/parse", b'{"instruction": "chin"}', JSON),
    ):
        told = client.post(path, content=gzip.compress(content), headers={**kind, "Content-Encoding": coding})
        assert "Content-Encoding" in check_problem(told, "media_type", 415)["detail"]
        assert told.headers["accept-encoding"] == "identity"
        assert client.post(path, content=content, headers={**kind, "Content-Encoding": "Identity"}).status_code == 200


@pytest.mark.parametrize(
    ("accept", "is_packed"),
    [("gzip", True), ("gzip;q=0", False), ("GZIP; q=0.5", True), ("br, gzip;q=0.0", False), ("*;q=0.1", True),
     ("identity", False), ("", False), ("*, gzip;q=0", False), ("gzipped", False)],
)  # fmt: skip
def test_answers_are_packed_for_those_who_take_it(client: TestClient, accept: str, is_packed: bool) -> None:
    told = client.get("/v1/parts", headers={"Accept-Encoding": accept})
    assert told.headers.get("content-encoding") == ("gzip" if is_packed else None)
    assert "Accept-Encoding" in told.headers["vary"]


def test_a_form_and_the_query_are_read_together(client: TestClient, photo: bytes) -> None:
    """The query was ignored without a word."""
    files = {"image": ("a.png", photo)}
    told = client.post("/v1/ask?instruction=chin", files=files, data={"faces": "all"})
    assert len(told.json()["answers"][0]["faces"]) == 2
    for url in ("/v1/ask?faces=largest", "/v1/ask?colour=red"):
        check_problem(client.post(url, files=files, data={"instruction": "chin", "faces": "all"}), "invalid_request")
    told = client.post("/v1/batches?instruction=chin", files=files)
    assert told.status_code == 202


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/parse", "/v1/batches", "/v1/images"])
def test_options_beside_json_are_refused(client: TestClient, handle: str, path: str) -> None:
    """They were ignored without a word."""
    body = {"instruction": "chin", "image": {"handle": handle}}
    told = client.post(f"{path}?faces=all", json=body)
    assert check_problem(told, "invalid_request", 422)["errors"][0]["loc"] == ["query", "faces"]


def test_what_is_not_of_the_right_form_names_its_field(client: TestClient, handle: str) -> None:
    for asked, field in (({"image": {"base64": "@@@"}, "instruction": "chin"}, "image"),
                         ({"image": {"handle": handle}, "instructions": ["chin"] * 17}, "instructions")):  # fmt: skip
        problem = check_problem(client.post("/v1/ask", json=asked), "invalid_request", 422)
        assert problem["errors"][0]["loc"] == [field]


def test_any_picture_is_a_png(client: TestClient, handle: str) -> None:
    for path in ("/v1/ask", "/v1/draw"):
        told = client.post(
            path, json={"image": {"handle": handle}, "instruction": "chin"}, headers={"Accept": "image/*"}
        )
        assert told.headers["content-type"] == "image/png"
