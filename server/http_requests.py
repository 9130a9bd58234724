"""Requests over HTTP: one model, read from JSON, a multipart form, or an image as the raw body."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ..engine.answer_units import Units
from ..engine.ask_settings import AskSettings
from ..errors import InvalidRequestError, ServiceError
from .answers import Detail, Perspective
from .error_kinds import read_validation_error
from .json_bounds import BYTE_ORDER_MARK

Instruction = Annotated[str, Field(max_length=20_000)]
FaceBox = Annotated[list[float], Field(min_length=4, max_length=4, description="[x0, y0, x1, y1]")]
# A number, not Literal[0, 1]: in a form or a query it comes as text.
IdsFrom = Annotated[int, Field(ge=0, le=1, description="the first id of a layout's landmarks")]
ModelT = TypeVar("ModelT", bound="ClientModel")


class ClientModel(BaseModel):
    """The base: a field that is not known is an error, not a typing mistake that goes unseen."""

    model_config = ConfigDict(extra="forbid")


class ImageReference(ClientModel):
    """Where the image is: exactly one of the three."""

    handle: str | None = Field(default=None, max_length=100, description="from POST /v1/images")
    base64: str | None = Field(default=None, description="the image file in base64, with or without a data: head")
    url: str | None = Field(default=None, max_length=2000, description="https, where the operator allows the host")

    @model_validator(mode="after")
    def check_one(self) -> ImageReference:
        if sum(value is not None for value in (self.handle, self.base64, self.url)) != 1:
            raise ValueError("give exactly one of handle, base64 and url")
        return self


class PhotoOptions(ClientModel):
    """What goes with a photo, however it is sent."""

    boxes: list[FaceBox] | None = Field(
        default=None, max_length=64, description="face boxes in pixels of the photo, in place of finding faces"
    )
    deadline_ms: int | None = Field(default=None, ge=1, le=600_000, description="after this the answer is of no use")

    @property
    def settings(self) -> AskSettings:
        """What the engine is told."""
        return AskSettings(boxes=self.boxes)


class FaceOptions(PhotoOptions):
    """Which faces, and how words are read: the same for everything that is asked."""

    faces: str | None = Field(default=None, max_length=100, description="which faces, over what the instruction says")
    perspective: Perspective = Field(default="viewer", description='whose left plain "left" is')
    ids_from: IdsFrom = 1

    @property
    def settings(self) -> AskSettings:
        """What the engine is told."""
        return AskSettings(self.faces, self.boxes, self.perspective, self.ids_from)


class AskOptions(FaceOptions):
    """How instructions are read and answered."""

    instruction: Instruction | None = Field(default=None, description="what to locate")
    instructions: list[Instruction] | None = Field(default=None, min_length=1, description="several, answered in order")
    units: Units = Field(
        default="px",
        description='of points and boxes that come back: "normalized" are shares of the photo',
    )
    detail: Detail = Field(default="full", description="concise groups points by part and rounds them")

    @model_validator(mode="after")
    def check_instructions(self) -> AskOptions:
        if (self.instruction is None) == (self.instructions is None):
            raise ValueError("give either instruction or instructions")
        return self

    @property
    def settings(self) -> AskSettings:
        """What the engine is told."""
        return replace(super().settings, units=self.units)

    @property
    def texts(self) -> list[str]:
        """The instructions, however many were given."""
        return self.instructions if self.instructions is not None else [self.instruction or ""]


class DrawOptions(AskOptions):
    """How an answer is drawn."""

    format: Literal["png", "jpeg", "svg"] | None = Field(
        default=None, description="over the Accept header; svg is the overlay alone, of the photo's size"
    )
    max_side: int = Field(default=4096, ge=16, le=4096, description="longer side of a png or jpeg at most")
    legend: bool = True
    show_errors: bool = Field(default=False, description="circle each point with its expected error")

    @model_validator(mode="after")
    def check_one_instruction(self) -> DrawOptions:
        if len(self.texts) != 1:
            raise ValueError("one drawing shows one instruction")
        return self


class ImageMixin(ClientModel):
    """A request that says in JSON where its image is."""

    image: ImageReference


class AskRequest(AskOptions, ImageMixin):
    """POST /v1/ask as JSON."""


class DrawRequest(DrawOptions, ImageMixin):
    """POST /v1/draw as JSON."""


class OpenRequest(PhotoOptions, ImageMixin):
    """POST /v1/images as JSON."""


class ParseRequest(ClientModel):
    """POST /v1/parse."""

    instruction: Instruction
    perspective: Perspective = "viewer"
    ids_from: IdsFrom = 1
    detail: Detail = Field(default="concise", description="full lists every landmark")


# What JSON has as lists, and the field of a form or query that is repeated instead.
LIST_FIELDS = {"instructions": "instruction", "boxes": "box", "distances": "distance"}
# So many that a form with several is told what is wrong with it; the body is bounded already.
MAX_FILES = 512
EXTENDED_NAME = re.compile(rb"filename\*=utf-8'[^']*'([^;\s]*)", re.IGNORECASE)


async def read_photo_request(
    request: Request, json_model: type[ClientModel], options_model: type[ModelT]
) -> tuple[ImageReference | bytes, ModelT]:
    """Return where the image is, or its bytes, and the options of a request in any of the three forms.

    In a form and in the query, which goes with a form and a raw body, `instruction`, `box` ("x0,y0,x1,y1") and
    `distance` ("nose tip|chin") may be repeated.

    Raises:
        ServiceError: It is of another content type ("media_type"), cannot be read ("malformed"), or is not of the
            right form (`InvalidRequestError`).
    """
    content_type = read_content_type(request)
    if content_type == "application/json":
        refuse_query(request)
        parsed: Any = read_model(json_model, await request.body())
        options = options_model.model_construct(**{name: getattr(parsed, name) for name in options_model.model_fields})
        return parsed.image, options
    if content_type == "multipart/form-data":
        image, fields = read_form([*request.query_params.multi_items(), *await read_form_items(request)])
        return image, validate(options_model, fields)
    if content_type.startswith("image/") or content_type == "application/octet-stream":
        return await request.body(), validate(options_model, collect_fields(request.query_params.multi_items()))
    raise ServiceError(
        "media_type", "send application/json, multipart/form-data with a file `image`, or the image itself as image/*"
    )


def refuse_query(request: Request) -> None:
    """Check that nothing stands in the query, where all is said in JSON.

    Raises:
        InvalidRequestError: Something does.
    """
    if request.query_params:
        message = "is not read beside JSON: put it into the body"
        raise InvalidRequestError([{"loc": ["query", name[:50]], "msg": message} for name in request.query_params])


def read_content_type(request: Request) -> str:
    """Return the media type of a request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of a form: its bytes, and the name that it was sent under."""

    data: bytes
    name: str | None


async def read_form_items(request: Request) -> list[tuple[str, FormFile | str]]:
    """Return the fields of a multipart form in their order; its files are in memory.

    Raises:
        ServiceError: It cannot be read, or is cut short ("malformed").
    """
    parser = MemoryFormParser(
        request.headers, request.stream(), max_files=MAX_FILES, max_fields=200, max_part_size=64 * 1024
    )
    try:
        form = await parser.parse()
        try:
            if not parser.is_whole:
                # Its last photo would be missing without a word.
                raise ServiceError("malformed", "the form is cut short: its closing boundary is missing")
            return [
                (name, FormFile(await value.read(), value.filename) if isinstance(value, UploadFile) else value)
                for name, value in form.multi_items()
            ]
        finally:
            await form.close()
            parser.close_rest()
    except (MultiPartException, UnicodeDecodeError, ValueError, KeyError):
        raise ServiceError("malformed", "the form cannot be read as multipart/form-data") from None


class MemoryFormParser(MultiPartParser):
    """Keeps uploaded files in memory: starlette's own writes those over a megabyte to disk."""

    spool_max_size = 0  # of a spooled file: no limit
    is_whole = False

    def on_end(self) -> None:
        """Remember that the form has come to its end."""
        self.is_whole = True

    def close_rest(self) -> None:
        """Close the file that a form was cut short in, which is in no list of its parts."""
        for file in self._files_to_close_on_error:
            file.close()

    def on_headers_finished(self) -> None:
        """Take a file for one whose name comes in RFC 5987's form alone, as older clients send all but ASCII."""
        disposition = self._current_part.content_disposition or b""
        if (found := EXTENDED_NAME.search(disposition)) and b"filename=" not in disposition:
            name = unquote_to_bytes(found[1]).replace(b'"', b"_")
            self._current_part.content_disposition = EXTENDED_NAME.sub(
                lambda _: b'filename="' + name + b'"', disposition, count=1
            )
        super().on_headers_finished()


def read_form(items: list[tuple[str, FormFile | str]]) -> tuple[ImageReference | bytes, dict[str, Any]]:
    """Return a form's image, a file or a handle, and its other fields."""
    files = [value for name, value in items if name == "image" and isinstance(value, FormFile)]
    if len(files) > 1:
        raise InvalidRequestError([{"loc": ["image"], "msg": f"one image a request, and here are {len(files)}"}])
    fields = collect_fields([(name, str(value)) for name, value in items if name not in ("image", "handle")])
    handle = next((value for name, value in items if name == "handle"), None)
    if files and handle is None:
        return files[0].data, fields
    if isinstance(handle, str) and not files:
        return validate(ImageReference, {"handle": handle}), fields
    raise InvalidRequestError([{"loc": ["image"], "msg": "send one file named image, or the field handle"}])


def collect_fields(items: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields of a form or query; what may be repeated as lists."""
    fields: dict[str, Any] = {}
    for name, value in items:
        if name == "box":
            fields.setdefault("boxes", []).append(value.split(","))
        elif name == "distance":
            fields.setdefault("distances", []).append(value.split("|"))
        elif name == "instruction" and name in fields:
            fields["instructions"] = [fields.pop("instruction"), value]
        elif name == "instruction" and "instructions" in fields:
            fields["instructions"].append(value)
        elif name in LIST_FIELDS:
            message = f"in a form or a query each is a field {LIST_FIELDS[name]!r}, which may be repeated"
            raise InvalidRequestError([{"loc": [name], "msg": message}])
        elif name in fields:
            raise InvalidRequestError([{"loc": [name[:50]], "msg": "may stand once"}])
        else:
            fields[name] = value
    return fields


def read_model(model: type[ModelT], body: bytes, what: str = "the body") -> ModelT:
    """Return a model read from JSON; `what` that is called in an error.

    Raises:
        ServiceError: It is no JSON ("malformed"), or not of the right form (`InvalidRequestError`).
    """
    try:
        # Some editors and shells put the mark before what they send.
        return model.model_validate_json(body.removeprefix(BYTE_ORDER_MARK))
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_input=False)
        if first["type"] == "json_invalid":
            raise ServiceError("malformed", f"{what} is no JSON: {first['ctx']['error']}") from None
        raise read_validation_error(error) from None


def validate(model: type[ModelT], fields: dict[str, Any]) -> ModelT:
    """Return a model of fields that are text.

    Raises:
        ServiceError: They are not of the right form (`InvalidRequestError`).
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise read_validation_error(error) from None
