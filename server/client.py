"""A client of the HTTP service: the same answers as `Engine`, from another machine.

It asks with the standard library alone, and holds what comes back in the engine's own types.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, overload
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from ..engine.ask_settings import DEFAULT_SETTINGS, AskSettings, Boxes
from ..errors import (
    ConfigError,
    FaceQLError,
    ImageError,
    InvalidRequestError,
    NoFaceError,
    NoSuchFaceError,
    Problem,
    QueryError,
    ServiceError,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    from ..engine import Answer, ImageSource
    from ..engine.images import ColorOrder
    from .answers import Perspective

MOST_WAIT = 30.0
_PHOTO_ERRORS = {"image": ImageError, "no_face": NoFaceError, "no_such_face": NoSuchFaceError, "setting": ConfigError}


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """A photo that is open on the server: give it in place of the photo.

    Attributes:
        handle: Its handle.
        details: What the server told of it: faces, size, when it ends.

    Examples:
        >>> photo = client.open("examples/astronaut.jpg")
        >>> photo.handle.startswith("img_"), len(photo.details["faces"])
        (True, 1)
    """

    handle: str
    details: Mapping[str, Any]


class Client:
    """Asks a `faceql serve` as `Engine` is asked; errors are the engine's own. One client serves many threads.

    Args:
        url: Where the server is, "http://127.0.0.1:8000".
        key: Its API key, if it asks for one.
        seconds: The longest to wait for an answer.
        retries: How often a request is sent again that the server is too busy for, when it says so.

    Raises:
        ConfigError: The URL is none of a server.

    Examples:
        >>> client = faceql.Client(url)
        >>> client.ask("examples/astronaut.jpg", "left pupil").xy.shape
        (1, 2)
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8000", *, key: str | None = None, seconds: float = 60.0, retries: int = 3
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigError(f"a server's URL looks like http://127.0.0.1:8000, not {url!r}")
        self._url = url.rstrip("/")
        self._key = key
        self._seconds = seconds
        self._retries = retries

    @overload
    def ask(
        self,
        image: ImageSource | RemoteImage,
        instruction: str,
        *,
        faces: str | None = None,
        boxes: Boxes | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
        color: ColorOrder = "rgb",
    ) -> Answer: ...
    @overload
    def ask(
        self,
        image: ImageSource | RemoteImage,
        instruction: list[str] | tuple[str, ...],
        *,
        faces: str | None = None,
        boxes: Boxes | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
        color: ColorOrder = "rgb",
    ) -> list[Answer]: ...
    def ask(
        self,
        image: ImageSource | RemoteImage,
        instruction: str | list[str] | tuple[str, ...],
        *,
        faces: str | None = None,
        boxes: Boxes | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
        color: ColorOrder = "rgb",
    ) -> Answer | list[Answer]:
        """Answer an instruction on a photo, or several in one request; see `Engine.ask`.

        Returns:
            The answer, or one for each instruction, in pixels: `to_dict`, `to_json` and `to_csv` take `units`. Without
            its photo: give `draw` one.

        Raises:
            QueryError, NoFaceError, NoSuchFaceError, ImageError, ConfigError: As `Engine.ask`.
            ServiceError: The server turned the request away, or cannot be reached ("unreachable").

        Examples:
            >>> pupils, nose = client.ask("examples/astronaut.jpg", ["pupils", "nose tip"])
            >>> len(pupils), len(nose)
            (2, 1)
        """
        from ..engine import Answer

        texts = list_instructions(instruction)
        settings = collect_settings(AskSettings(faces, boxes, perspective, ids_from))
        body = self._post("/v1/ask", image, {"instructions": texts, **settings}, color)
        answers = [Answer.from_dict(answer) for answer in json.loads(body)["answers"]]
        return answers[0] if isinstance(instruction, str) else answers

    def measure(
        self,
        image: ImageSource | RemoteImage,
        *,
        distances: Sequence[tuple[str, str]] = (),
        units: str = "iod",
        faces: str | None = None,
        boxes: Boxes | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
        color: ColorOrder = "rgb",
    ) -> dict[str, Any]:
        """Return the measures of faces as /v1/measure tells them; for the options and errors see `ask`.

        Examples:
            >>> sorted(client.measure("examples/astronaut.jpg"))[:3]
            ['faces', 'image_size', 'measured']
        """
        asked = {
            "distances": [list(pair) for pair in distances],
            "units": units,
            **collect_settings(AskSettings(faces, boxes, perspective, ids_from)),
        }
        return cast(dict[str, Any], json.loads(self._post("/v1/measure", image, asked, color)))

    def mask(
        self,
        image: ImageSource | RemoteImage,
        region: str,
        *,
        feather: float = 0.0,
        faces: str | None = None,
        boxes: Boxes | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
        color: ColorOrder = "rgb",
    ) -> npt.NDArray[np.uint8]:
        """Return how much of each pixel a region covers, (height, width) 0..255; for the errors see `ask`.

        Examples:
            >>> client.mask("examples/astronaut.jpg", "lips").shape
            (512, 512)
        """
        import numpy as np

        settings = collect_settings(AskSettings(faces, boxes, perspective, ids_from))
        asked = {"region": region, "feather": feather, "format": "png", **settings}
        return np.asarray(read_picture(self._post("/v1/mask", image, asked, color)))

    def crop(
        self,
        image: ImageSource | RemoteImage,
        region: str = "face",
        *,
        size: int = 256,
        margin: float = 0.25,
        upright: bool = True,
        faces: str | None = None,
        boxes: Boxes | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
        color: ColorOrder = "rgb",
    ) -> Image.Image:
        """Return a region of one face, cut out upright; for the errors see `ask`.

        Examples:
            >>> max(client.crop("examples/astronaut.jpg", "mouth", size=200).size)
            200
        """
        settings = collect_settings(AskSettings(faces, boxes, perspective, ids_from))
        asked = {"region": region, "size": size, "margin": margin, "upright": upright, "format": "png", **settings}
        return read_picture(self._post("/v1/crop", image, asked, color))

    def parse(self, instruction: str, *, perspective: Perspective = "viewer", ids_from: int = 1) -> dict[str, Any]:
        """Return what an instruction means, as /v1/parse tells it.

        Raises:
            QueryError: It cannot be understood.
            ServiceError: As for `ask`.

        Examples:
            >>> client.parse("4 points per eyebrow")["canonical"]
            'left_eyebrow * 4; right_eyebrow * 4'
        """
        asked = {"instruction": instruction, "perspective": perspective, "ids_from": ids_from, "detail": "full"}
        body = self._send("/v1/parse", json.dumps(asked).encode(), "application/json", [instruction])
        return cast(dict[str, Any], json.loads(body))

    def open(self, image: ImageSource, *, boxes: Boxes | None = None, color: ColorOrder = "rgb") -> RemoteImage:
        """Open a photo on the server, for many asks; `close` forgets it before its time. For the errors see `ask`.

        Examples:
            >>> photo = client.open("examples/astronaut.jpg")
            >>> len(client.ask(photo, "the 300W layout"))
            68
        """
        details = json.loads(self._post("/v1/images", image, collect_settings(AskSettings(boxes=boxes)), color))
        return RemoteImage(details["handle"], details)

    def close(self, image: RemoteImage) -> None:
        """Forget an open photo on the server now.

        Raises:
            ServiceError: It has ended already ("unknown_handle"), or as for `ask`.

        Examples:
            >>> client.close(client.open("examples/astronaut.jpg"))
        """
        self._send(f"/v1/images/{image.handle}", None, None, [], method="DELETE")

    def _post(self, path: str, image: ImageSource | RemoteImage, options: dict[str, Any], color: ColorOrder) -> bytes:
        texts = list(options.get("instructions", []))
        if isinstance(image, RemoteImage):
            body = json.dumps({"image": {"handle": image.handle}, **options}).encode()
            return self._send(path, body, "application/json", texts)
        query = urlencode(flatten_options(options), doseq=True)
        return self._send(f"{path}?{query}", read_bytes(image, color), "application/octet-stream", texts)

    def _send(
        self, path: str, body: bytes | None, content_type: str | None, texts: list[str], method: str = "POST"
    ) -> bytes:
        headers = {"Accept": "*/*"}
        if content_type is not None:
            headers["Content-Type"] = content_type
        if self._key is not None:
            headers["X-Api-Key"] = self._key
        for attempt in range(self._retries + 1):
            try:
                with urlopen(Request(self._url + path, body, headers, method=method), timeout=self._seconds) as answer:
                    return cast(bytes, answer.read())
            except HTTPError as error:
                told = read_problem(error, texts)
                wait = told.retry_after if isinstance(told, ServiceError) else None
                if error.code not in (429, 503) or wait is None or attempt == self._retries:
                    raise told from None
                time.sleep(min(wait, MOST_WAIT))
            except (URLError, TimeoutError, ConnectionError) as error:
                reason = getattr(error, "reason", error)
                raise ServiceError("unreachable", f"there is no answer from {self._url}: {reason}") from error
        raise AssertionError("the last attempt returns or raises")


def collect_settings(settings: AskSettings) -> dict[str, Any]:
    """Return the settings that differ from what the server takes anyway.

    Raises:
        ConfigError, ImageError: One is wrong, as the engine says it.
    """
    from ..engine.choosing import no_choice, read_edges

    if settings.faces is not None and not isinstance(settings.faces, str):
        raise no_choice(settings.faces)
    settings.check()
    told: dict[str, Any] = {
        name: getattr(settings, name)
        for name in ("faces", "perspective", "ids_from")
        if getattr(settings, name) != getattr(DEFAULT_SETTINGS, name)
    }
    if settings.boxes is not None:
        told["boxes"] = read_edges(settings.boxes)
    return told


def list_instructions(instruction: str | list[str] | tuple[str, ...]) -> list[str]:
    """Return the instructions of an ask.

    Raises:
        ConfigError: There is none, or one is no text.
    """
    texts = list(instruction) if isinstance(instruction, list | tuple) else [instruction]
    for text in texts:
        if not isinstance(text, str):
            raise ConfigError(f"an instruction is text, not {type(text).__name__}")
    if not texts:
        raise ConfigError("there is no instruction in the list")
    return texts


def flatten_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return options as a query has them: lists as a field that is repeated."""
    flat = {key: value for key, value in options.items() if key not in ("instructions", "boxes", "distances")}
    flat["instruction"] = options.get("instructions", [])
    flat["box"] = [",".join(map(repr, box)) for box in options.get("boxes", [])]
    flat["distance"] = ["|".join(pair) for pair in options.get("distances", [])]
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in flat.items()}


def read_bytes(image: ImageSource, color: ColorOrder) -> bytes:
    """Return a photo as the bytes of an image file; an array or a PIL image as PNG.

    Raises:
        ImageError: The file cannot be read, or it is no photo.
        ConfigError: `color` is neither "rgb" nor "bgr".
    """
    if color not in ("rgb", "bgr"):
        raise ConfigError(f'color must be "rgb" or "bgr", not {color!r}')
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if isinstance(image, str | os.PathLike):
        try:
            with open(image, "rb") as stream:
                return stream.read()
        except FileNotFoundError as error:
            raise ImageError(f"there is no file {os.fspath(image)!r}") from error
        except IsADirectoryError as error:
            raise ImageError(f"{os.fspath(image)!r} is a folder") from error
        except OSError as error:
            raise ImageError(f"{os.fspath(image)!r} cannot be read: {error.strerror}") from error
    from PIL import Image

    from ..engine.images import OpenFile, read_open_file, read_photo
    from .pictures import write_picture

    if isinstance(image, OpenFile):
        return read_open_file(image)
    return write_picture(Image.fromarray(read_photo(image, color=color).pixels), "image/png")


def read_picture(data: bytes) -> Image.Image:
    """Return the picture of a PNG."""
    import io

    from PIL import Image

    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def read_problem(error: HTTPError, texts: list[str]) -> FaceQLError:
    """Return what a server's problem details tell, as the error that the engine would have raised."""
    try:
        told = json.loads(error.read())
        code, message = str(told["code"]), str(told["detail"])
    except (ValueError, KeyError, TypeError):
        return ServiceError("unreachable", f"the server answered {error.code}, and not as faceql does")
    if told.get("problems"):
        found = [
            Problem(item["code"], item["message"], (item["span"][0], item["span"][1]), item["suggestion"])
            for item in told["problems"]
        ]
        index = told.get("instruction_index") or 0
        return QueryError(texts[index] if index < len(texts) else "", found)
    if told.get("errors"):
        return InvalidRequestError(told["errors"])
    if code in _PHOTO_ERRORS:
        return _PHOTO_ERRORS[code](message)
    return ServiceError(code, message, retry_after=told.get("retry_after"))
