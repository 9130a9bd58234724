"""One table for all interfaces: every error code, its HTTP status, and how MCP tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import (
    CheckpointError,
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
    from pydantic import ValidationError

INTERNAL_ERROR = -32603
_NUMBER, _WHOLE, _OBJECT, _FLAG = "must be a number", "must be a whole number", "must be an object", "must be yes or no"
_VALIDATION = {
    "extra_forbidden": "there is no such field",
    "missing": "is missing",
    "string_type": "must be text",
    "string_too_long": "must have {max_length} character(s) at most",
    "string_too_short": "must have {min_length} character(s) or more",
    "string_pattern_mismatch": "must look like {pattern}",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} at most",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "list_type": "must be a list",
    "too_long": "must have {max_length} item(s) at most, and has {actual_length}",
    "too_short": "must have {min_length} item(s) or more, and has {actual_length}",
}


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """How one error code is told.

    Attributes:
        status: HTTP status.
        title: What it is, the same for every occurrence (RFC 9457).
        mcp_code: JSON-RPC code of a protocol error; None for a tool error, which the agent reads and mends.
    """

    status: int
    title: str
    mcp_code: int | None = None


_INSTRUCTION = {
    "empty": "The instruction is empty",
    "too_long": "The instruction is too long",
    "syntax": "The instruction has no meaning as it stands",
    "unknown_words": "The instruction holds words that are not part of the language",
    "unknown_part": "There is no such face part",
    "unknown_layout": "There is no such layout",
    "id_range": "The layout has no such landmark",
    "fpalp_range": "A place along a part lies outside it",
    "count": "The count makes no sense there",
    "too_many": "Too many points are asked for",
    "no_part": "No face part is named",
    "range_across_parts": "A range must lie on one part",
    "contradiction": "The instruction contradicts itself",
    "ambiguous": "The instruction can be read in several ways",
    "nothing_left": "No point is left after what is excluded",
    "face": "The face is named in a way that cannot be",
}

ERROR_KINDS: dict[str, ErrorKind] = {code: ErrorKind(422, title) for code, title in _INSTRUCTION.items()} | {
    # The photo.
    "image": ErrorKind(422, "The image cannot be used"),
    "no_face": ErrorKind(422, "No face was found"),
    "no_such_face": ErrorKind(422, "The photo has no such face"),
    "too_many_faces": ErrorKind(422, "Too many faces are asked for"),
    "image_source": ErrorKind(403, "The image may not be read from there"),
    "image_fetch": ErrorKind(422, "The image could not be fetched"),
    "unknown_handle": ErrorKind(404, "There is no such handle"),
    # The request.
    "setting": ErrorKind(422, "A setting is wrong"),
    "invalid_request": ErrorKind(422, "The request is not of the right form"),
    "malformed": ErrorKind(400, "The request cannot be read"),
    "unauthorized": ErrorKind(401, "An API key is needed"),
    "origin": ErrorKind(403, "The request came from another site's page"),
    "host": ErrorKind(421, "The request was meant for another host"),
    "not_found": ErrorKind(404, "There is nothing here"),
    "method": ErrorKind(405, "This method is not served here"),
    "not_acceptable": ErrorKind(406, "The answer has no such form"),
    "too_slow": ErrorKind(408, "The request took too long to arrive"),
    "too_large": ErrorKind(413, "The request is too large"),
    "media_type": ErrorKind(415, "This kind of content is not understood"),
    "too_many_requests": ErrorKind(429, "Too many requests at once from one client"),
    # The service.
    "internal": ErrorKind(500, "Something went wrong here", INTERNAL_ERROR),
    "checkpoint": ErrorKind(500, "The model cannot be loaded", INTERNAL_ERROR),
    "busy": ErrorKind(503, "Too much work is waiting"),
    "loading": ErrorKind(503, "The model is still being loaded"),
    "closing": ErrorKind(503, "The service is shutting down"),
    "unreachable": ErrorKind(502, "The server cannot be reached"),
    "deadline": ErrorKind(504, "The answer was not ready in time"),
}


def error_code(error: FaceQLError) -> str:
    """Return the code of an error, a key of ERROR_KINDS."""
    match error:
        case QueryError() | ServiceError():
            return error.code
        case NoFaceError():
            return "no_face"
        case NoSuchFaceError():
            return "no_such_face"
        case ImageError():
            return "image"
        case CheckpointError():
            return "checkpoint"
        case ConfigError():
            return "setting"
    return "internal"


def describe_error(error: FaceQLError) -> dict[str, Any]:
    """Return what programs need of an error: code, message, and span, suggestion and the rest where it has them.

    The instruction comes back only inside "problems", as the quoted words each problem is about.
    """
    described: dict[str, Any] = {"code": error_code(error), "message": str(error)}
    if isinstance(error, CheckpointError):  # it names files
        described["message"] = "the model cannot be loaded; the server's log says why"
    if isinstance(error, QueryError):
        described["message"] = error.message
        described["span"] = list(error.span)
        described["suggestion"] = error.suggestion
        described["problems"] = [describe_problem(problem, error.text) for problem in error.problems]
    if isinstance(error, InvalidRequestError):
        described["errors"] = error.errors
    if isinstance(error, ServiceError) and error.retry_after is not None:
        described["retry_after"] = error.retry_after
    return described


def read_validation_error(error: ValidationError) -> InvalidRequestError:
    """Return what pydantic found wrong with a request, without what was sent."""
    found = error.errors(include_url=False, include_input=False)[:20]
    return InvalidRequestError(
        [{"loc": [str(step)[:50] for step in item["loc"]], "msg": phrase_validation(dict(item))} for item in found]
    )


def phrase_validation(item: dict[str, Any]) -> str:
    """Return one of pydantic's findings in words that name no type of Python's."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    phrase = _VALIDATION.get(kind)
    if phrase is None:
        return str(item["msg"])
    is_one = context.get("min_length", context.get("max_length")) == 1
    return phrase.format(**context).replace("(s)", "" if is_one else "s")


def tell_error(error: FaceQLError) -> dict[str, Any]:
    """Return an error as the command line and MCP tell it."""
    return {"error": {"title": ERROR_KINDS[error_code(error)].title, **describe_error(error)}}


def describe_problem(problem: Problem, text: str) -> dict[str, Any]:
    """Return one mistake of an instruction as data; `quote` holds the words at fault, shortened."""
    start, stop = problem.span
    quote = text[start:stop]
    return {
        "code": problem.code,
        "message": problem.message,
        "span": [start, stop],
        "quote": quote if len(quote) <= 120 else quote[:119] + "…",
        "suggestion": problem.suggestion,
    }
