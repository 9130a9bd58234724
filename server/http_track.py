"""`/v1/track`: frames in and answers out over a WebSocket, always to the newest frame.

The client's first message is what it asks (`TrackRequest`, as JSON text), every further one an image file, as bytes. A
frame that comes while another is at work takes the place of the one that waited: answers skip frames, and are never
late. The limits are those of the other endpoints.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from pydantic import Field
from starlette.datastructures import Headers
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..engine.answer_units import Units, find_share, is_normalized, share_box
from ..engine.ask_settings import AskSettings
from ..errors import FaceQLError, ImageError, InvalidRequestError, ServiceError
from ..querylang.query import Query
from .answers import Perspective
from .error_kinds import describe_error
from .http_guards import UNKNOWN_KEY, read_host, read_key, urlsplit_host
from .http_requests import ClientModel, IdsFrom, Instruction, read_model
from .limits import Limits
from .service import Service

if TYPE_CHECKING:
    from ..engine import FrameAnswer, Photo, VideoFrame

logger = logging.getLogger("faceql.server.http")
IDLE_SECONDS = 30.0
REFUSED, TRY_LATER, NORMAL = 1008, 1013, 1000


class TrackRequest(ClientModel):
    """What is asked of every frame."""

    instruction: Instruction
    faces: str | None = Field(default=None, max_length=100, description="which faces; told once, then kept")
    perspective: Perspective = "viewer"
    ids_from: IdsFrom = 1
    units: Units = Field(default="px", description='of points and boxes: "normalized" are shares of the frame')
    smooth: bool = Field(default=True, description="whether points are smoothed over time")
    key: str | None = Field(default=None, max_length=1000, description="the API key, where no header can be sent")


class Door:
    """Who may come in: the checks that `HostGuard` and `KeyGuard` make of other requests."""

    def __init__(self, hosts: Iterable[str], origins: Sequence[str], api_keys: Sequence[str]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origins)
        self._digests = [hashlib.sha256(key.encode()).digest() for key in api_keys]

    def is_welcome(self, headers: Headers) -> bool:
        """Whether the server is meant, and no other site's page asks."""
        if "*" in self._hosts:
            return True
        hosts, origin = headers.getlist("host"), headers.get("origin")
        if len(hosts) != 1 or read_host(hosts[0]) not in self._hosts:
            return False
        return origin is None or urlsplit_host(origin) in self._hosts or bool({"*", origin} & self._origins)

    def check_key(self, headers: Headers, given: str | None) -> None:
        """Check the key of a header, or of the first message.

        Raises:
            ServiceError: It is missing or wrong ("unauthorized").
        """
        if not self._digests:
            return
        header = read_key(headers)
        key = header.encode("latin-1") if header else (given or "").encode()
        digest = hashlib.sha256(key).digest()
        if not sum(hmac.compare_digest(digest, known) for known in self._digests):
            told = UNKNOWN_KEY if key else "send an API key, as a header or as key in the first message"
            raise ServiceError("unauthorized", told)


class Places:
    """Bounds how many are tracked for at once, of all clients and of one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, client: str) -> Iterator[None]:
        """Hold a place.

        Raises:
            ServiceError: There is none ("busy", "too_many_requests").
        """
        if self._taken.total() >= self._limits.tracks:
            raise ServiceError("busy", "too many cameras are tracked", retry_after=5.0)
        if self._taken[client] >= self._limits.tracks_per_client:
            raise ServiceError("too_many_requests", "you track with too many cameras", retry_after=5.0)
        self._taken[client] += 1
        try:
            yield
        finally:
            self._taken[client] -= 1


class Session:
    """One client's frames on their way to answers; its own thread works on them.

    Args:
        service: Answers.
        socket: To the client.
        query: What is asked of every frame.
        asked: How.
    """

    def __init__(self, service: Service, socket: WebSocket, query: Query, asked: TrackRequest) -> None:
        self._service = service
        self._socket = socket
        self._query = query
        self._asked = asked
        self._loop = asyncio.get_running_loop()
        self._came = threading.Condition()
        self._newest: tuple[int, float, bytes] | None = None
        self._is_closed = False
        self._count = self._dropped = self._at_work = 0
        self._owed = 0
        self._last_time = 0.0
        self._started = time.monotonic()
        self.answered = 0
        self.ended = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="faceql-track", daemon=True)
        self._thread.start()

    def put(self, data: bytes) -> None:
        """Take a frame's image file; one that still waits is dropped."""
        with self._came:
            self._dropped += self._newest is not None
            self._owed += self._newest is None
            self._newest = (self._count, time.monotonic() - self._started, data)
            self._count += 1
            self._came.notify()

    @property
    def owes_answer(self) -> bool:
        """Whether a frame waits for its answer: then it is the client who waits."""
        return self._owed > 0

    def close(self) -> None:
        """Work on no further frame."""
        with self._came:
            self._is_closed = True
            self._came.notify()

    def _work(self) -> None:
        try:
            engine = self._service.wait_for_engine()
            for frame in engine.track(
                self._read_frames(), self._query, smooth=self._asked.smooth, faces=self._asked.faces or None
            ):
                self._check_size(frame)
                self._tell(self._describe(frame))
                self.answered += 1
                self._service.metrics.observe_points(len(frame.answer))
        except FaceQLError as error:
            with suppress(Exception):
                self._tell({"error": describe_error(error)})
        except Exception:
            if not self._is_closed:
                logger.exception("unexpected error")
        finally:
            self._loop.call_soon_threadsafe(self.ended.set)

    def _read_frames(self) -> Iterator[VideoFrame]:
        """Yield the newest frame, again and again, until the session is closed."""
        from ..engine import VideoFrame

        while True:
            with self._came:
                self._came.wait_for(lambda: self._newest is not None or self._is_closed)
                if self._is_closed or self._newest is None:
                    return
                (self._at_work, moment, data), self._newest = self._newest, None
            try:
                photo = self._read(data)
            except (ImageError, ServiceError) as error:
                self._tell({"frame": self._at_work, "error": describe_error(error)})
                continue
            self._last_time = max(moment, self._last_time + 1e-3)
            yield VideoFrame(photo, self._last_time, is_color_known=True)

    def _read(self, data: bytes) -> Photo:
        limits = self._service.limits
        if len(data) > limits.image_bytes:
            raise ServiceError("too_large", f"the image is larger than {limits.image_bytes:,} bytes")
        if limits.decode_seconds is None:
            from ..engine import read_photo

            return read_photo(data, max_pixels=limits.pixels)
        from .decoders import decode_apart

        return decode_apart(
            data,
            max_pixels=limits.pixels,
            seconds=limits.decode_seconds,
            ends=time.monotonic() + limits.deadline_seconds,
            lent=[],
        )

    def _check_size(self, frame: FrameAnswer) -> None:
        if len(frame.answer.faces) > self._service.limits.faces:
            raise ServiceError("too_many_faces", f"more than {self._service.limits.faces} faces are followed")
        if len(frame.answer) > self._service.limits.points:
            raise ServiceError("too_large", f"an answer has more than {self._service.limits.points:,} points")

    def _describe(self, frame: FrameAnswer) -> dict[str, Any]:
        """Return a frame's answer, compact: coordinates in tenths of a pixel, or as shares of the frame."""
        answer = frame.answer
        height, width = answer.image_size
        is_shares = is_normalized(self._asked.units)
        place = partial(find_share, width=width, height=height) if is_shares else round_place
        each = []
        for index, (face, identity, how) in enumerate(zip(answer.faces, frame.identities, frame.how, strict=True)):
            points = answer.xy[answer.face_index == index]
            each.append(
                {
                    "identity": identity,
                    "how": how,
                    "box": share_box(face.box, place),
                    "xy": [place(x, y) for x, y in points.tolist()],
                    "doubtful": face.doubtful,
                }
            )
        return {
            "frame": self._at_work,
            "time": round(frame.time, 3),
            "size": [width, height],
            "is_cut": frame.is_cut,
            "faces": each,
            "strokes": [[stroke.face, stroke.start, stroke.stop, stroke.part] for stroke in answer.strokes],
            "outlines": [asdict(outline) for outline in answer.outlines],
            "dropped": self._dropped,
            "notes": list(answer.notes),
            **({"units": "normalized"} if is_shares else {}),
        }

    def _tell(self, message: dict[str, Any]) -> None:
        """Send a message and wait until the client takes it in: answers to one that does not read are not piled up."""
        sending = asyncio.run_coroutine_threadsafe(self._socket.send_text(json.dumps(message)), self._loop)
        sending.result(self._service.limits.upload_seconds)
        with self._came:
            self._owed -= 1


def round_place(x: float, y: float) -> list[float]:
    """Return a place in tenths of a pixel."""
    return [round(x, 1), round(y, 1)]


def add_track_route(
    app: FastAPI, service: Service, *, api_keys: Sequence[str], hosts: Iterable[str], origins: Sequence[str]
) -> None:
    """Mount the WebSocket; arguments as `build_http_app` has them."""
    door, places = Door(hosts, origins, api_keys), Places(service.limits)

    @app.websocket("/v1/track")
    async def track_faces(socket: WebSocket) -> None:
        """Answer one instruction on every frame that a client sends."""
        if not door.is_welcome(socket.headers):
            await socket.close(REFUSED)
            return
        await socket.accept()
        client = socket.client.host if socket.client else ""
        with suppress(WebSocketDisconnect, RuntimeError):
            try:
                with places.take(client):
                    await serve_session(socket, service, door)
            except FaceQLError as error:
                service.metrics.observe_error(describe_error(error)["code"])
                await socket.send_text(json.dumps({"error": describe_error(error)}))
                is_crowd = isinstance(error, ServiceError) and error.retry_after is not None
                await socket.close(TRY_LATER if is_crowd else REFUSED)


async def serve_session(socket: WebSocket, service: Service, door: Door) -> None:
    """Read what is asked, then frames, until the client has enough.

    Raises:
        FaceQLError: It may not ask, or what it asks cannot be answered.
        WebSocketDisconnect: The client hung up.
    """
    asked = await read_request(socket, service.limits)
    door.check_key(socket.headers, asked.key)
    query = await asyncio.to_thread(
        service.parse,
        asked.instruction,
        AskSettings(perspective=asked.perspective, ids_from=asked.ids_from),
    )
    await socket.send_text(json.dumps({"canonical": query.canonical, "notes": list(query.notes)}))
    session = Session(service, socket, query, asked)
    started = time.monotonic()
    try:
        while not session.ended.is_set():
            data = await receive_frame(socket, session)
            if data is not None:
                session.put(data)
    finally:
        session.close()
        seconds = time.monotonic() - started
        told = {"route": "/v1/track", "seconds": round(seconds, 1), "answered": session.answered}
        logger.info("tracked", extra={"data": told})
    await socket.close(NORMAL)


async def read_request(socket: WebSocket, limits: Limits) -> TrackRequest:
    """Return the first message.

    Raises:
        InvalidRequestError: It is not of the right form.
        ServiceError: It is no text or no JSON, or did not come ("malformed", "too_slow").
    """
    try:
        async with asyncio.timeout(limits.head_seconds):
            message = await socket.receive()
    except TimeoutError:
        raise ServiceError("too_slow", "the first message, what is asked, did not come") from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", NORMAL))
    text = message.get("text")
    if text is None:
        raise ServiceError("malformed", "the first message is what is asked, as JSON text; frames come after it")
    return read_model(TrackRequest, text.encode(), what="the first message")


async def receive_frame(socket: WebSocket, session: Session) -> bytes | None:
    """Return the next frame's image file; None when the session has ended.

    Raises:
        InvalidRequestError: A message is text.
        ServiceError: None came for a while, though all were answered ("too_slow").
        WebSocketDisconnect: The client hung up.
    """
    receiving, ending = asyncio.ensure_future(socket.receive()), asyncio.ensure_future(session.ended.wait())
    try:
        while not (receiving.done() or ending.done()):
            was_owed = session.owes_answer
            await asyncio.wait({receiving, ending}, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not (receiving.done() or ending.done() or was_owed or session.owes_answer):
                raise ServiceError("too_slow", f"no frame came for {IDLE_SECONDS:.0f} seconds")
        if not receiving.done():
            return None
        message = receiving.result()
    finally:
        receiving.cancel()
        ending.cancel()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", NORMAL))
    data: bytes | None = message.get("bytes")
    if data is None:
        raise InvalidRequestError([{"loc": ["frame"], "msg": "is an image file, as bytes, not text"}])
    return data
