"""The service: the same answers as the engine, within its limits."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from faceql.engine import AskSettings, Engine
from faceql.errors import CheckpointError, ConfigError, ImageError, NoFaceError, QueryError, ServiceError
from faceql.server.error_kinds import ERROR_KINDS, describe_error, error_code
from faceql.server.image_store import ImageStore
from faceql.server.limits import Limits
from faceql.server.serve_commands import make_service
from faceql.server.service import EXAMPLES, Service

from .conftest import GatedEngine, check_refused, make_photo


def test_it_answers_what_the_engine_answers(service: Service, engine: Engine, photo: bytes) -> None:
    texts = ["4 points per eyebrow", "nose tip of every face", "her left eyebrow, 9 points"]
    asked = service.ask(photo, texts)
    assert list(asked.answers) == [engine.ask(photo, text) for text in texts]
    boxes = [(10.0, 10.0, 90.0, 120.0)]
    (answer,) = service.ask(photo, ["left pupil"], AskSettings("face 1", boxes, "subject")).answers
    assert answer == engine.ask(photo, "left pupil", boxes=boxes, faces="face 1", perspective="subject")
    assert answer.parts == ("right pupil",)


def test_an_open_image_is_encoded_once(engine: Engine, gated: GatedEngine, photo: bytes, limits: Limits) -> None:
    gated.gate.set()
    service = Service(lambda: gated, limits)
    image = service.keep(service.ask(photo, []).image)
    assert gated.batches == [1]
    held = image.encoded.nbytes
    answer = service.ask(service.images.get(image.handle).encoded, ["lips"]).answers[0]
    assert answer == engine.ask(photo, "lips")
    assert image.encoded.nbytes == held
    service.close()


def test_requests_that_wait_together_are_encoded_together(gated: GatedEngine, engine: Engine, limits: Limits) -> None:
    """And the company changes no bit of an answer."""
    service = Service(lambda: gated, limits)
    photos = [make_photo(seed) for seed in range(6)]
    first = service.submit(photos[0], ["pupils"])
    assert gated.entered.wait(20)
    rest = [service.submit(photo, [f"{n} points on the left eye"]) for n, photo in enumerate(photos[1:], start=2)]
    deadline = time.monotonic() + 20
    while service._queue._jobs.qsize() < 5:  # all are read, and wait for the engine
        assert time.monotonic() < deadline
        time.sleep(0.01)
    gated.gate.set()
    assert first.result(20).answers[0] == engine.ask(photos[0], "pupils")
    for n, (photo, future) in enumerate(zip(photos[1:], rest, strict=True), start=2):
        assert future.result(20).answers[0] == engine.ask(photo, f"{n} points on the left eye")
    assert gated.batches == [1, 5]
    service.close()


def test_one_bad_request_leaves_its_neighbours_alone(gated: GatedEngine, engine: Engine, photo: bytes) -> None:
    service = Service(lambda: gated)
    first = service.submit(photo, ["pupils"])
    assert gated.entered.wait(20)
    good, bad, faceless = (
        service.submit(photo, ["chin"]),
        service.submit(b"no image", ["chin"]),
        service.submit(photo, ["chin"], AskSettings(faces="face 9")),
    )
    gated.gate.set()
    assert good.result(20).answers[0] == engine.ask(photo, "chin")
    assert isinstance(bad.exception(20), ImageError)
    assert error_code(faceless.exception(20)) == "no_such_face"
    assert first.result(20)
    service.close()


def test_a_full_queue_turns_requests_away(gated: GatedEngine, photo: bytes) -> None:
    service = Service(lambda: gated, Limits(queued_asks=2))
    service.submit(photo, ["chin"])
    assert gated.entered.wait(20)
    waiting = [service.submit(photo, ["chin"]) for _ in range(2)]
    with pytest.raises(ServiceError, match="2 requests are waiting") as caught:
        service.submit(photo, ["chin"])
    assert caught.value.code == "busy"
    assert caught.value.retry_after >= 1
    gated.gate.set()
    assert all(len(future.result(20).answers) == 1 for future in waiting)
    assert service.ask(photo, ["chin"]).answers
    service.close()


def test_the_queue_is_bounded_in_bytes_too(gated: GatedEngine, photo: bytes) -> None:
    service = Service(lambda: gated, Limits(queued_bytes=len(photo) + 10))
    service.submit(photo, ["chin"])
    assert gated.entered.wait(20)
    service.submit(photo, ["chin"])
    with pytest.raises(ServiceError) as caught:
        service.submit(photo, ["chin"])
    assert caught.value.code == "busy"
    gated.gate.set()
    service.close(20)


def test_a_deadline_ends_the_wait_and_spares_the_engine(gated: GatedEngine, photo: bytes) -> None:
    service = Service(lambda: gated)
    service.submit(photo, ["chin"])
    assert gated.entered.wait(20)
    started = time.monotonic()
    with pytest.raises(ServiceError, match="not ready in time") as caught:
        service.ask(photo, ["chin"], seconds=0.5)
    assert caught.value.code == "deadline"
    assert time.monotonic() - started < 5
    late = service.submit(photo, ["chin"], seconds=0.8)
    # What has no hope is not taken at all.
    check_refused("busy", lambda: service.submit(photo, ["chin"], seconds=0.01))
    given_up = service.submit(photo, ["chin"])
    assert given_up.cancel()
    time.sleep(0.9)
    gated.gate.set()
    assert error_code(late.exception(20)) == "deadline"
    service.close(20)
    assert gated.asks == 1


def test_closing_answers_those_that_wait_and_takes_no_more(gated: GatedEngine, photo: bytes) -> None:
    service = Service(lambda: gated)
    futures = [service.submit(photo, ["chin"]) for _ in range(3)]
    assert gated.entered.wait(20)
    threading.Timer(0.2, gated.gate.set).start()
    service.close(20)
    assert all(future.done() and future.exception() is None for future in futures)
    with pytest.raises(ServiceError) as caught:
        service.submit(photo, ["chin"])
    assert caught.value.code == "closing"


@pytest.mark.parametrize(
    ("photo_size", "texts", "options", "code"),
    [
        ((320, 200), ["2001 points on the left eye"], {}, "too_many"),
        ((320, 200), ["1500 points on the left eye", "600 points on the left eye"], {}, "too_many"),
        ((320, 200), ["1500 points on the left eye of every face"], {}, "too_many"),
        ((320, 200), ["chin"] * 5, {}, "invalid_request"),
        ((320, 200), ["face contour every 0.0005 pixels"], {}, "too_many"),
        ((320, 200), ["chin"], {"faces": "prettiest"}, "setting"),
        ((320, 200), ["chin"], {"boxes": [(5, 5, 1, 1)]}, "image"),
        ((320, 200), ["chin"], {"boxes": [(1 + i, 1, 50, 50) for i in range(9)]}, "too_many_faces"),
        ((2000, 2001), ["chin"], {}, "image"),
    ],
)
def test_limits(service: Service, photo_size, texts: list[str], options: dict, code: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the code says which
        service.ask(make_photo(1, *photo_size), texts, AskSettings(**options))
    assert error_code(caught.value) == code
    assert error_code(caught.value) in ERROR_KINDS


def test_too_many_instructions_cost_no_parsing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "parse", lambda *args, **kwargs: pytest.fail("parsed"))
    with pytest.raises(ServiceError, match="instructions: 5 at once, and 4 at most"):
        service.parse_all(["chin"] * 5)


def test_many_faces_stop_at_the_first_that_is_too_much(gated: GatedEngine, photo: bytes, limits: Limits) -> None:
    """Only the picture tells how many points "every 0.002 pixels" are."""
    gated.gate.set()
    service = Service(lambda: gated, limits)
    with pytest.raises(ServiceError) as caught:
        service.ask(
            photo, ["face contour every 0.002 pixels"], AskSettings(boxes=[(i, 10, 150 + i, 180) for i in range(8)])
        )
    assert caught.value.code == "too_many"
    assert gated.asks == 1
    service.close()


def test_nothing_is_loaded_for_a_parse_or_a_list() -> None:
    def refuse() -> Engine:
        raise AssertionError("loaded")

    service = Service(refuse)
    assert service.parse("4 points per eyebrow").count == 8
    assert {part.name for part in service.list_parts().parts} >= {"face contour", "outer lip", "left pupil"}
    assert {layout.name: layout.size for layout in service.list_parts().layouts}["300w"] == 68
    with pytest.raises(QueryError):
        service.ask(b"", ["no such thing"])
    assert service.loading_error is None


def test_every_example_is_understood(service: Service) -> None:
    for text in EXAMPLES:
        query = service.parse(text)
        assert service.parse(query.canonical) == query


def test_a_model_that_cannot_be_loaded_is_told_to_everyone(photo: bytes) -> None:
    def refuse() -> Engine:
        raise CheckpointError("no weights")

    service = Service(refuse)
    for _ in range(2):
        with pytest.raises(CheckpointError, match="no weights"):
            service.ask(photo, ["chin"])
    assert not service.is_ready
    assert isinstance(service.loading_error, CheckpointError)


def test_the_operators_mistake_is_not_the_callers(photo: bytes, caplog: pytest.LogCaptureFixture) -> None:
    service, _ = make_service((), (), device="cuda:99", weights=None, threads=None, handle_minutes=1.0, flip_test=False)
    with pytest.raises(CheckpointError, match="device must be") as caught:
        service.ask(photo, ["chin"])
    assert ERROR_KINDS[error_code(caught.value)].status == 500
    assert "device must be" in caplog.text  # the log says why
    assert describe_error(caught.value)["message"] == "the model cannot be loaded; the server's log says why"


@pytest.mark.slow
def test_a_server_runs_the_backend_it_was_told(exported: Path, photo: bytes) -> None:
    options = {"device": "auto", "weights": exported, "threads": None, "handle_minutes": 1.0, "flip_test": False}
    service, _ = make_service((), (), **options, backend="onnxruntime")
    (answer,) = service.ask(photo, ["chin"], AskSettings(boxes=[(180, 64, 266, 172)])).answers
    assert answer.model_version == "faceql-made+01234567"
    service.close()
    service, _ = make_service((), (), **options)
    with pytest.raises(CheckpointError, match='runs with backend "onnxruntime" or "openvino"'):
        service.ask(photo, ["chin"])
    service.close()


def test_a_failure_of_the_engine_is_told_without_its_text(engine: Engine, gated: GatedEngine, photo: bytes) -> None:
    gated.gate.set()
    gated.ask = lambda *args, **kwargs: 1 / 0
    service = Service(lambda: gated)
    with pytest.raises(ServiceError) as caught:
        service.ask(photo, ["chin"])
    assert caught.value.code == "internal"
    assert "division" not in str(caught.value)


def test_handles_end_by_time_number_and_bytes(engine: Engine, photo: bytes) -> None:
    now = [0.0]
    encoded = [engine.encode(make_photo(seed)) for seed in range(4)]
    store = ImageStore(seconds=10, max_images=3, max_bytes=10 * encoded[0].nbytes, clock=lambda: now[0])
    handles = [store.add(image).handle for image in encoded]
    assert len(set(handles)) == 4
    assert len(store) == 3
    with pytest.raises(ServiceError) as caught:
        store.get(handles[0])
    assert caught.value.code == "unknown_handle"
    store.get(handles[1])  # used last: handles[2] goes first when room is needed
    assert store.seconds_left(store.get(handles[3])) == 10
    now[0] = 9.9
    assert store.get(handles[3]).encoded is encoded[3]
    now[0] = 10.0
    store.forget_ended()
    assert len(store) == 0
    assert store.nbytes == 0
    tight = ImageStore(seconds=10, max_images=9, max_bytes=2 * encoded[0].nbytes)
    for image in encoded:
        tight.add(image)
    assert len(tight) == 2
    with pytest.raises(ServiceError, match="more memory"):
        ImageStore(seconds=10, max_images=9, max_bytes=100).add(encoded[0])


def test_an_ended_image_is_forgotten_without_being_asked_for(engine: Engine, photo: bytes) -> None:
    service = Service(lambda: engine, Limits(handle_seconds=0.2))
    service.keep(service.ask(photo, []).image)
    store = service.images
    deadline = time.monotonic() + 10
    while store._images and time.monotonic() < deadline:  # what is held, not what would be given out
        time.sleep(0.05)
    assert not store._images
    service.close()


def test_errors_are_described_for_programs() -> None:
    text = "5 points on the left ear"
    with pytest.raises(QueryError) as caught:
        Service(lambda: None).parse(text)
    described = describe_error(caught.value)
    assert described["code"] == "unknown_part"
    start, stop = described["span"]
    assert "ear" in text[start:stop]
    assert described["problems"][0]["quote"] == text[start:stop]
    assert describe_error(ServiceError("busy", "m", retry_after=3))["retry_after"] == 3
    for error, code in (
        (NoFaceError("x"), "no_face"),
        (ImageError("x"), "image"),
        (ConfigError("x"), "setting"),
    ):
        assert describe_error(error) == {"code": code, "message": "x"}


@pytest.mark.slow
def test_a_photo_that_is_opened_again_keeps_its_handle(service: Service, photo: bytes) -> None:
    other = service.keep(service.ask(make_photo(2), []).image)
    opened = [service.keep(service.ask(photo, []).image) for _ in range(80)]
    assert {image.handle for image in opened} == {opened[0].handle} != {other.handle}
    assert len(service.images) == 2
    assert service.images.nbytes == other.encoded.nbytes + opened[0].encoded.nbytes
    assert service.images.get(other.handle).encoded is other.encoded
    assert opened[-1].ends >= opened[0].ends
    boxed = service.keep(service.ask(photo, [], AskSettings(boxes=[(1, 1, 99, 99)])).image)
    assert boxed.handle not in (opened[0].handle, other.handle)
    # Closed by one of those who opened it; forgotten by all.
    service.images.remove(opened[0].handle)
    assert service.images.get(opened[0].handle).opens == 79
    service.images.forget(opened[0].handle)
    with pytest.raises(ServiceError, match="no image is open"):
        service.images.get(opened[0].handle)
    assert service.keep(service.ask(photo, []).image).handle != opened[0].handle
