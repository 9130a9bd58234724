"""Errors over HTTP: problem details (RFC 9457)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from ..errors import FaceQLError, ServiceError
from .error_kinds import ERROR_KINDS, describe_error

MEDIA_TYPE = "application/problem+json"


class InstructionProblem(BaseModel):
    """One mistake in an instruction."""

    code: str
    message: str
    span: list[int] = Field(description="the words at fault, half-open indices into the instruction as given")
    quote: str = Field(description="those words")
    suggestion: str | None


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457), with what a program needs to mend it."""

    type: str = Field(description="urn:faceql:problem:<code>")
    title: str
    status: int
    detail: str
    code: str = Field(description="a stable word; the list is in docs/http.md")
    span: list[int] | None = Field(default=None, description="of the first mistake in the instruction")
    suggestion: str | None = Field(default=None, description="what may have been meant")
    problems: list[InstructionProblem] | None = Field(default=None, description="every mistake in the instruction")
    instruction_index: int | None = Field(default=None, description="which of several instructions is at fault")
    hint: str | None = Field(default=None, description="what answers an instruction that asks for no points")
    retry_after: float | None = Field(default=None, description="seconds, as in the Retry-After header")
    errors: list[dict[str, Any]] | None = Field(default=None, description="which fields of the request are wrong")


def problem_response(error: FaceQLError, *, headers: Mapping[str, str] | None = None, **members: Any) -> Response:
    """Return an error as problem details; further members go beside those the error has."""
    described = describe_error(error)
    message = described.pop("message")
    kind = ERROR_KINDS[described["code"]]
    body = {
        "type": f"urn:faceql:problem:{described['code']}",
        "title": kind.title,
        "status": kind.status,
        "detail": message,
        **described,
        **{name: value for name, value in members.items() if value is not None},
    }
    sent = dict(headers or {})
    if isinstance(error, ServiceError) and error.retry_after is not None:
        sent["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if kind.status == 401:
        sent.setdefault("WWW-Authenticate", "Bearer")
    return Response(json.dumps(body, ensure_ascii=True), kind.status, sent, MEDIA_TYPE)
