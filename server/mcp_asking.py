"""Asking the client back in the midst of a call: for its roots, and which reading of an instruction is meant.

Both generations of the protocol are spoken: until 2025-11-25 the server sends requests of its own during the call, from
2026-07-28 on the call ends with what is wanted and comes again with the answers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import Context
from mcp.types import (
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequest,
    InputRequiredResult,
    InputResponse,
    ListRootsRequest,
    ListRootsResult,
)
from mcp.types.version import is_version_at_least

from ..errors import QueryError
from ..querylang.query import Query
from ..querylang.readings import OTHER_READING
from .image_sources import read_file_name
from .service import Service

ROOTS, READING = "roots", "reading"
COMES_AGAIN = "2026-07-28"
Ctx = Context[Any, Any]


class InputNeededError(Exception):
    """The call must come again with what is wanted.

    Attributes:
        result: What the client is told.
    """

    def __init__(self, requests: dict[str, InputRequest]) -> None:
        super().__init__(", ".join(requests))
        self.result = InputRequiredResult(input_requests=requests)


async def ask_client(ctx: Ctx, requests: dict[str, InputRequest]) -> dict[str, InputResponse]:
    """Return the client's answers to requests that it can answer.

    Raises:
        InputNeededError: The call must come again with them.
    """
    version = ctx.protocol_version
    if version is not None and is_version_at_least(version, COMES_AGAIN):
        given = ctx.input_responses or {}
        if missing := {key: request for key, request in requests.items() if key not in given}:
            raise InputNeededError(missing | {key: requests[key] for key in requests if key in given})
        return {key: given[key] for key in requests}
    answers: dict[str, InputResponse] = {}
    for key, request in requests.items():
        if isinstance(request, ListRootsRequest):
            answers[key] = await ctx.session.send_request(request, ListRootsResult)
        elif isinstance(request, ElicitRequest) and isinstance(request.params, ElicitRequestFormParams):
            answers[key] = await ctx.session.elicit_form(
                request.params.message, request.params.requested_schema, ctx.request_id
            )
    return answers


def can_list_roots(ctx: Ctx) -> bool:
    """Return whether the client tells its roots."""
    return ctx.client_capabilities is not None and ctx.client_capabilities.roots is not None


def can_choose(ctx: Ctx) -> bool:
    """Return whether the client can let someone choose in a form."""
    able = ctx.client_capabilities.elicitation if ctx.client_capabilities is not None else None
    return able is not None and (able.form is not None or able.url is None)


def read_roots(answer: InputResponse | None) -> tuple[Path, ...]:
    """Return the folders of this machine that a client named as its roots."""
    if not isinstance(answer, ListRootsResult):
        return ()
    names = [read_file_name(str(root.uri)) for root in answer.roots if str(root.uri).startswith("file:")]
    return tuple(Path(os.path.realpath(name)) for name in names if name and os.path.isdir(name))


def list_readings(queries: Iterable[Query]) -> tuple[Query, list[str]] | None:
    """Return the first query that has further readings, with the canonical texts of all of them, its own first."""
    for query in queries:
        others = [note.removeprefix(OTHER_READING) for note in query.notes if note.startswith(OTHER_READING)]
        if others:
            return query, [query.canonical, *others]
    return None


def ask_reading(service: Service, query: Query, readings: list[str]) -> ElicitRequest:
    """Return the question which reading of an instruction is meant."""
    meanings = "\n".join(f"- {text}: {explain_reading(service, text)}" for text in readings)
    message = f"{query.text[:300]!r} can be read in {len(readings)} ways:\n{meanings}"
    choice = {"type": "string", "title": "Reading", "enum": readings}
    schema = {"type": "object", "properties": {READING: choice}, "required": [READING]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def explain_reading(service: Service, canonical: str) -> str:
    """Return a reading in a line of words."""
    try:
        return " ".join(service.parse(canonical).explain().split())[:300]
    except QueryError:
        return canonical


def choose_reading(answer: InputResponse | None, readings: list[str]) -> str | None:
    """Return the reading that was chosen; None where nobody chose."""
    if isinstance(answer, ElicitResult) and answer.action == "accept" and answer.content:
        chosen = answer.content.get(READING)
        return chosen if isinstance(chosen, str) and chosen in readings else None
    return None
