"""Routes for batches: send many photos, ask how far they are, read the results as lines of JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import FastAPI, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from ..errors import InvalidRequestError, ServiceError
from . import http_docs as docs
from .ask_queue import Asked
from .batches import Batch, Batches, State
from .http_answers import describe_answers
from .http_requests import (
    AskOptions,
    FormFile,
    ImageReference,
    collect_fields,
    read_content_type,
    read_form_items,
    read_model,
    refuse_query,
    validate,
)
from .service import Service

JSONL = "application/jsonl"
AskOne = Callable[[Any, AskOptions], Awaitable[tuple[Asked, str | None]]]


class BatchRequest(AskOptions):
    """POST /v1/batches as JSON; a form has the files themselves, each as `image`."""

    images: Annotated[list[ImageReference], Field(min_length=1)]


class BatchAnswer(BaseModel):
    """How far a batch is."""

    batch: str = Field(description="its name")
    state: State
    count: int = Field(description="photos")
    done: int = Field(description="photos that are answered, in their order; of those `failed` have an error")
    failed: int


def add_batch_routes(app: FastAPI, service: Service, batches: Batches, ask: AskOne) -> None:
    """Mount the routes; `ask` answers the options' instructions on one image."""

    def answer_with(options: AskOptions) -> Callable[[Any], Awaitable[dict[str, Any]]]:
        async def answer(photo: Any) -> dict[str, Any]:
            asked, handle = await ask(photo, options)
            limit = service.limits.points
            return {"answers": await asyncio.to_thread(describe_answers, asked, options, handle=handle, limit=limit)}

        return answer

    @app.post("/v1/batches", status_code=202, **docs.describe_batch(BatchRequest, AskOptions, BatchAnswer))
    async def start_batch(request: Request, response: Response) -> BatchAnswer:
        """Answer instructions on many photos, one after the other; the answer comes at once and says where to look."""
        photos, names, options = await read_batch_request(request)
        # Now, not photo by photo.
        await asyncio.to_thread(service.parse_all, options.texts, options.settings)
        batch = batches.start(photos, names, answer_with(options))
        response.headers["Location"] = f"/v1/batches/{batch.key}"
        return describe_batch(batch)

    @app.get("/v1/batches/{batch}", **docs.HANDLE)
    async def describe_batch_progress(batch: str) -> BatchAnswer:
        """Tell how far a batch is."""
        return describe_batch(batches.get(batch))

    @app.get("/v1/batches/{batch}/results", **docs.RESULTS)
    async def read_batch_results(batch: str) -> Response:
        """Give the results so far: a line of JSON for each photo, its index, its name, and `answers` or `error`."""
        lines = batches.get(batch).lines
        return Response("".join(line + "\n" for line in lines), media_type=JSONL)

    @app.delete("/v1/batches/{batch}", status_code=204, **docs.HANDLE)
    async def stop_batch(batch: str) -> Response:
        """Stop a batch and forget it."""
        batches.remove(batch)
        return Response(status_code=204)


def describe_batch(batch: Batch) -> BatchAnswer:
    """Return what is told of a batch."""
    return BatchAnswer(
        batch=batch.key, state=batch.state, count=len(batch.names), done=len(batch.lines), failed=batch.failed
    )


async def read_batch_request(request: Request) -> tuple[list[Any], list[str], AskOptions]:
    """Return a batch's photos, their names, and the options for all of them.

    Raises:
        ServiceError: The request is of another content type ("media_type"), cannot be read ("malformed"), or is not of
            the right form (`InvalidRequestError`).
    """
    content_type = read_content_type(request)
    if content_type == "application/json":
        refuse_query(request)
        asked = read_model(BatchRequest, await request.body())
        options = AskOptions.model_construct(**{name: getattr(asked, name) for name in AskOptions.model_fields})
        return list(asked.images), [str(index) for index in range(len(asked.images))], options
    if content_type != "multipart/form-data":
        raise ServiceError("media_type", "send multipart/form-data with several files `image`, or application/json")
    items = [*request.query_params.multi_items(), *await read_form_items(request)]
    files = [value for name, value in items if name == "image" and isinstance(value, FormFile)]
    if not files:
        raise InvalidRequestError([{"loc": ["image"], "msg": "send one or more files named image"}])
    fields = collect_fields([(name, str(value)) for name, value in items if not isinstance(value, FormFile)])
    names = [(file.name or str(index))[:255] for index, file in enumerate(files)]
    return [file.data for file in files], names, validate(AskOptions, fields)
