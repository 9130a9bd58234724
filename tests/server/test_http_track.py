"""`/v1/track`: frames in, answers to the newest one out, within the limits of the other endpoints."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from faceql.engine import Engine
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.service import Service

from .conftest import ASTRONAUT

KEY = "a key of sixteen or more letters"


def make_jpeg(shift: int = 0) -> bytes:
    """Return a portrait, moved aside by some pixels."""
    stream = io.BytesIO()
    Image.open(ASTRONAUT).crop((100 + shift, 20, 340 + shift, 220)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


@pytest.fixture(scope="module")
def shipped() -> Engine:
    return Engine("cpu")


def connect(engine: Engine, *, api_keys: tuple[str, ...] = (), **limits: object) -> TestClient:
    service = Service(lambda: engine, Limits(**({"decode_seconds": None} | limits)))
    sources = ImageSources(service.limits)
    return TestClient(build_http_app(service, sources, api_keys=api_keys, hosts=("testserver",)))


@pytest.fixture(scope="module")
def client(shipped: Engine) -> Iterator[TestClient]:
    with connect(shipped, image_bytes=100_000) as client:
        yield client


def test_each_frame_is_answered_with_identities(client: TestClient) -> None:
    with client.websocket_connect("/v1/track") as socket:
        socket.send_json({"instruction": "30 points on the outer lip as a polygon"})
        assert "outer_lip" in socket.receive_json()["canonical"]
        seen = []
        for index in range(4):
            socket.send_bytes(make_jpeg(2 * index))
            seen.append(socket.receive_json())
    assert [answer["frame"] for answer in seen] == [0, 1, 2, 3]
    assert [answer["dropped"] for answer in seen] == [0] * 4
    assert [[face["identity"] for face in answer["faces"]] for answer in seen] == [[1]] * 4
    assert [answer["faces"][0]["how"] for answer in seen] == ["found", "tracked", "tracked", "tracked"]
    assert seen[0]["size"] == [240, 200]
    (face,) = seen[0]["faces"]
    assert np.abs(np.mean(face["xy"], axis=0) - (126, 130)).max() < 15
    assert seen[0]["strokes"] == [[0, 0, 30, "outer lip"]]
    assert seen[0]["outlines"] == [{"face": 0, "shape": "polygon", "points": list(range(30)), "holes": []}]
    assert len(face["xy"]) == 30
    times = [answer["time"] for answer in seen]
    assert times == sorted(set(times))


def test_an_empty_choice_of_faces_is_none(client: TestClient) -> None:
    with client.websocket_connect("/v1/track") as socket:
        socket.send_json({"instruction": "pupils", "faces": ""})
        assert "left_pupil" in socket.receive_json()["canonical"]
        socket.send_bytes(make_jpeg(0))
        assert len(socket.receive_json()["faces"]) == 1


def test_shares_of_the_frame_on_request(client: TestClient) -> None:
    told = []
    for units in ("px", "normalized"):
        with client.websocket_connect("/v1/track") as socket:
            socket.send_json({"instruction": "pupils", "units": units})
            socket.receive_json()
            socket.send_bytes(make_jpeg())
            told.append(socket.receive_json())
    (want,), (got,) = (answer["faces"] for answer in told)
    size = np.array([240, 200])
    np.testing.assert_allclose(np.array(got["xy"]) * size - 0.5, want["xy"], atol=0.06)
    np.testing.assert_allclose((np.array(got["box"]).reshape(2, 2) * size - 0.5).ravel(), want["box"], atol=0.06)
    assert [answer.get("units") for answer in told] == [None, "normalized"]


def test_frames_are_dropped_and_the_newest_is_answered(client: TestClient) -> None:
    with client.websocket_connect("/v1/track") as socket:
        socket.send_json({"instruction": "pupils"})
        socket.receive_json()
        for index in range(12):
            socket.send_bytes(make_jpeg(index))
        answers = []
        while not answers or answers[-1]["frame"] < 11:
            answers.append(socket.receive_json())
    assert len(answers) < 12
    assert answers[-1]["dropped"] == 12 - len(answers)
    assert len(answers[-1]["faces"]) == 1


def test_a_bad_frame_is_told_and_the_next_one_answered(client: TestClient) -> None:
    with client.websocket_connect("/v1/track") as socket:
        socket.send_json({"instruction": "pupils"})
        socket.receive_json()
        told = []
        for data in (b"no image", bytes(200_000), make_jpeg()):
            socket.send_bytes(data)
            told.append(socket.receive_json())
    assert [answer.get("error", {}).get("code") for answer in told] == ["image", "too_large", None]
    assert len(told[2]["faces"]) == 1


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"instruction": "3 points per unicorn"}', "unknown_words"),
        ('{"instruction": "pupils", "faces": "prettiest"}', "setting"),
        ('{"instruction": "pupils", "colour": 1}', "invalid_request"),
        ("no json", "malformed"),
        ("[]", "invalid_request"),
        (b"bytes", "malformed"),
        ('{"instruction": "30000 points on the jaw"}', "too_many"),
    ],
)
def test_what_cannot_be_asked_is_told_and_ends(client: TestClient, first: str | bytes, code: str) -> None:
    with client.websocket_connect("/v1/track") as socket:
        (socket.send_text if isinstance(first, str) else socket.send_bytes)(first)
        told = socket.receive_json()
        if "canonical" in told:
            told = socket.receive_json()
        assert told["error"]["code"] == code
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()


@pytest.mark.parametrize("headers", [{"Host": "elsewhere.example"}, {"Origin": "https://evil.example"}])
def test_other_sites_and_names_are_kept_out(client: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/v1/track", headers=headers):
        pass


def test_a_key_is_asked_for_in_a_header_or_the_first_message(shipped: Engine) -> None:
    asked = {"instruction": "pupils"}
    with connect(shipped, api_keys=(KEY,)) as client:
        for headers, first, is_let_in in (
            ({}, asked, False),
            ({}, asked | {"key": "wrong"}, False),
            ({"X-Api-Key": "wrong"}, asked | {"key": KEY}, False),
            ({}, asked | {"key": KEY}, True),
            ({"Authorization": f"Bearer {KEY}"}, asked, True),
        ):
            with client.websocket_connect("/v1/track", headers=headers) as socket:
                socket.send_json(first)
                told = socket.receive_json()
                assert ("canonical" in told) == is_let_in
                assert is_let_in or told["error"]["code"] == "unauthorized"
                # A wrong one does not read like a missing one.
                is_given = "wrong" in (*headers.values(), first.get("key"))
                assert is_let_in or told["error"]["message"].startswith("this API key" if is_given else "send an API")


def test_who_waits_for_an_answer_is_not_idle_and_who_sends_nothing_is_left(
    shipped: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer waits for the model to be loaded, however long that takes."""
    monkeypatch.setattr("faceql.server.http_track.IDLE_SECONDS", 0.3)

    def load() -> Engine:
        time.sleep(1.5)
        return shipped

    service = Service(load, Limits(decode_seconds=None))
    app = build_http_app(service, ImageSources(service.limits), hosts=("testserver",))
    with TestClient(app) as client, client.websocket_connect("/v1/track") as socket:
        socket.send_json({"instruction": "pupils"})
        socket.receive_json()
        socket.send_bytes(make_jpeg())
        assert socket.receive_json()["frame"] == 0
        assert socket.receive_json()["error"]["code"] == "too_slow"


def test_no_more_are_tracked_at_once_than_the_limits_say(shipped: Engine) -> None:
    with connect(shipped, tracks=2, tracks_per_client=1) as client, client.websocket_connect("/v1/track") as first:
        first.send_json({"instruction": "pupils"})
        first.receive_json()
        with client.websocket_connect("/v1/track") as second:
            assert second.receive_json()["error"]["code"] == "too_many_requests"


def test_a_server_as_users_start_it_tracks(plain_server: str) -> None:
    websocket = pytest.importorskip("websocket", reason="websocket-client comes with selenium")
    socket = websocket.create_connection(
        plain_server.replace("http", "ws") + "/v1/track", timeout=120, suppress_origin=True
    )
    socket.send(json.dumps({"instruction": "pupils"}))
    assert "canonical" in json.loads(socket.recv())
    for index in range(2):
        socket.send_binary(make_jpeg(index))
        told = json.loads(socket.recv())
        assert told.get("frame") == index, told
    socket.close()


@pytest.mark.parametrize("pieces", [1, 8])
def test_who_sends_too_much_learns_why_it_is_cut_off(plain_server: str, pieces: int) -> None:
    """Though it sends on, and reads only then; the others are served on."""
    websocket = pytest.importorskip("websocket", reason="websocket-client comes with selenium")
    address = plain_server.replace("http", "ws") + "/v1/track"
    with ExitStack() as opened:
        large, other = (websocket.create_connection(address, timeout=60, suppress_origin=True) for _ in range(2))
        for socket in (large, other):
            opened.callback(socket.shutdown)
            socket.send(json.dumps({"instruction": "pupils"}))
            assert "canonical" in json.loads(socket.recv())
        for index in range(pieces):
            opcode = websocket.ABNF.OPCODE_BINARY if index == 0 else websocket.ABNF.OPCODE_CONT
            piece = bytes(48_000_000 // pieces)
            large.send_frame(websocket.ABNF.create_frame(piece, opcode, fin=int(index == pieces - 1)))
        code, data = large.recv_data(control_frame=True)
        assert code == websocket.ABNF.OPCODE_CLOSE
        assert int.from_bytes(data[:2], "big") == 1009
        assert data[2:].decode() == f"a frame is larger than {Limits().image_bytes:,} bytes"
        other.send_binary(make_jpeg())
        assert json.loads(other.recv())["frame"] == 0
